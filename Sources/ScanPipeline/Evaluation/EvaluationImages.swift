package import Diagnostics
package import Foundation
import ForgeGAN
package import PixelMath
package import ScanCatalog
import ScanDeid
import ScanImaging
import ScanIO
package import ScanModel

/// Where images to evaluate come from.
package enum EvaluationSource: Sendable {
  /// A file or folder of DICOM, TIFF and PNG; an image's label is the name of the folder that it lies in.
  case folder(URL)
  /// Slices and generated images of the workspace.
  case query(ArtifactQuery)

  /// An existing path, else a query (`key=value,…`).
  package init(_ text: String) throws {
    if FileManager.default.fileExists(atPath: text) {
      self = .folder(URL(fileURLWithPath: text))
    } else if text.contains("=") {
      self = .query(try ArtifactQuery(parsing: text))
    } else {
      throw EvaluationError.noSuchSource
    }
  }
}

/// Images as an evaluation sees them: planes in −1...1 with labels, read without a workspace or from one. Nothing of a patient is kept.
package struct EvaluationImages: Sendable {
  package let planes: [Plane]
  /// nil where an image has none.
  package let labels: [Label?]
  /// What is known of each image beside its label.
  package let attributes: [[ScanAttribute: String]]
  /// Where each image comes from.
  let origins: [Origin]
  /// Files that could not be read.
  package let failures: Int

  package var count: Int { planes.count }

  /// Reads everything that `source` names.
  ///
  /// - Parameters:
  ///   - role: what the set is called in messages: `real`, `synthetic`, `training`.
  ///   - catalog: for a query.
  package init(_ source: EvaluationSource, role: String, catalog: Catalog?, threads: Int, progress: @escaping ProgressSink) throws {
    switch source {
    case .folder(let url): try self.init(folder: url, role: role, threads: threads, progress: progress)
    case .query(let query):
      guard let catalog else { throw EvaluationError.noSuchSource }
      try self.init(query, in: catalog, role: role, threads: threads, progress: progress)
    }
    guard !planes.isEmpty else { throw EvaluationError.empty(role: role) }
  }

  struct Origin: Sendable {
    /// What may be shown: the image's identifier in the workspace, else its number in the order of paths.
    let place: String
    /// What pairs are made by; nil for images of a workspace.
    let file: OriginFile?
  }

  struct OriginFile: Sendable {
    /// The file's name without its ending; never shown.
    let stem: String
    /// What −1...1 was in the file.
    let range: ClosedRange<Float>
    /// Whether pixels have 8 bits at most.
    let isNarrow: Bool
  }

  private struct Item {
    let planes: [Plane]
    /// By plane; empty for images of a workspace.
    var files: [OriginFile] = []
    let label: Label?
    let attributes: ArtifactAttributes
    var identifier: String?
  }

  private init(folder: URL, role: String, threads: Int, progress: @escaping ProgressSink) throws {
    let (files, _) = try Intake(inputs: [folder]).files()
    // DICOM goes through the profile before anything looks at it; the key is forgotten with the run. Sex and age stay for counts by band.
    let deidentifier = try Deidentifier(options: [.retainPatientCharacteristics], key: PseudonymKey.random())
    try self.init(files, role: role, threads: threads, progress: progress) { file in
      let url = URL(fileURLWithPath: file.path.revealed)
      let raw = try ScanReader().read(path: url.path)
      let scan = try deidentifier.clean(raw)
      guard let pixels = scan.pixels else { throw ImagingError.unsupportedDepth(bits: 0) }
      let stem = url.deletingPathExtension().lastPathComponent
      let normal = try (0..<pixels.frames).map { frame in
        let slice = try Slice(
          pixels: pixels, photometric: scan.photometric, dataset: scan.dataset, frame: frame, spacingMillimeters: scan.spacingMillimeters)
        let (plane, window, _) = try Normalizer(intensity: .auto, size: nil).normalize(slice)
        let isNarrow = slice.storedRange.upperBound - slice.storedRange.lowerBound < 256
        return (plane: plane, file: OriginFile(stem: stem, range: window.bounds, isNarrow: isNarrow))
      }
      return Item(
        planes: normal.map(\.plane), files: normal.map(\.file), label: Label.ofFolder(url.deletingLastPathComponent().lastPathComponent),
        attributes: ArtifactAttributes(describing: scan))
    }
  }

  private init(_ query: ArtifactQuery, in catalog: Catalog, role: String, threads: Int, progress: @escaping ProgressSink) throws {
    var query = query
    if query.kinds.isEmpty { query.kinds = query.origins == [.generated] ? [.image] : [.slice] }
    try self.init(TrainingSlices.records(query, in: catalog), role: role, threads: threads, progress: progress) { record in
      Item(planes: [try StoredPlane(record, in: catalog).plane], label: record.label, attributes: record.attributes, identifier: "artifact \(record.id)")
    }
  }

  private init<Source>(
    _ sources: [Source], role: String, threads: Int, progress: @escaping ProgressSink, read: (Source) throws -> Item
  ) throws {
    let stage = "read \(role)"
    progress(.began(stage: stage, total: sources.count, unit: "images"))
    var (planes, labels, origins, failures): ([Plane], [Label?], [Origin], Int) = ([], [], [], 0)
    var attributes: [[ScanAttribute: String]] = []
    for start in stride(from: 0, to: sources.count, by: 128) {
      if Interruption.isRequested { throw PipelineError.interrupted }
      let batch = Array(sources[start..<min(start + 128, sources.count)])
      for (offset, result) in Concurrent.map(batch, threads: threads, { source in Result { try read(source) } }).enumerated() {
        do {
          let item = try result.get()
          planes += item.planes
          labels += item.planes.map { _ in item.label }
          let known = ScanAttribute.allCases.compactMap { attribute in item.attributes[attribute].map { (attribute, $0) } }
          attributes += item.planes.map { _ in Dictionary(uniqueKeysWithValues: known) }
          let place = item.identifier ?? "image \(start + offset + 1)"
          origins += item.planes.indices.map { Origin(place: place, file: $0 < item.files.count ? item.files[$0] : nil) }
        } catch {
          try ItemPolicy.check(error)
          failures += 1
          progress(.warning(stage: stage, text: "image \(start + offset + 1): \(ItemMessage.text(error))"))
        }
      }
      progress(.advanced(stage: stage, done: min(start + 128, sources.count)))
    }
    (self.planes, self.labels, self.origins, self.failures) = (planes, labels, origins, failures)
    self.attributes = attributes
    progress(.ended(stage: stage, summary: "\(planes.count) images"))
  }

  private init(planes: [Plane], labels: [Label?], attributes: [[ScanAttribute: String]], origins: [Origin]) {
    (self.planes, self.labels, self.attributes, self.origins, failures) = (planes, labels, attributes, origins, 0)
  }

  /// The images at `indexes`.
  func subset(_ indexes: [Int]) -> EvaluationImages { subset(indexes) { labels[$0] } }

  /// The images of which `attribute` is known, its value in the label's place.
  func labelled(by attribute: ScanAttribute) -> EvaluationImages {
    subset(planes.indices.filter { attributes[$0][attribute] != nil }) { attributes[$0][attribute].flatMap { Label($0) } }
  }

  private func subset(_ indexes: [Int], label: (Int) -> Label?) -> EvaluationImages {
    EvaluationImages(
      planes: indexes.map { planes[$0] }, labels: indexes.map(label), attributes: indexes.map { attributes[$0] }, origins: indexes.map { origins[$0] })
  }

  /// An image in the units of its file, whose range is `range`.
  func stored(_ index: Int, _ range: ClosedRange<Float>) -> Plane {
    let plane = planes[index]
    let half = (range.upperBound - range.lowerBound) / 2
    return Plane(rows: plane.rows, columns: plane.columns, values: plane.values.map { range.lowerBound + ($0 + 1) * half })
  }

  /// The rows and columns that all images share; nil when they differ.
  var commonSize: [Int]? {
    guard let first = planes.first else { return nil }
    return planes.allSatisfy { $0.rows == first.rows && $0.columns == first.columns } ? [first.rows, first.columns] : nil
  }

  /// The side that all images share; nil when they differ or are not square.
  var side: Int? { commonSize.flatMap { $0[0] == $0[1] ? $0[0] : nil } }

  /// The names of the labels, in byte order.
  var labelNames: [String] { Set(labels.compactMap(\.self)).sorted().map(\.name) }

  /// The images of one side for a network, those with a label alone when `names` are given.
  ///
  /// - Parameter names: label names by index; an image whose label is not among them is left out.
  func networkImages(side: Int, names: [String]? = nil) -> InMemoryImages {
    let indexes = planes.indices.filter { index in names.map { $0.contains(labels[index]?.name ?? "") } ?? true }
    let classes = indexes.map { index in Int32(names?.firstIndex { $0 == labels[index]?.name } ?? 0) }
    let pixels = indexes.flatMap { index -> [Float] in
      let plane = planes[index]
      return plane.rows == side && plane.columns == side ? plane.values : plane.fitted(to: side).plane.values
    }
    return InMemoryImages(size: side, pixels: pixels, labels: classes, labelNames: names ?? ["image"])
  }
}
