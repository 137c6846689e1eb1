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
  /// The file's name without its ending; for pairing alone, never shown. Empty for images of a workspace.
  let stems: [String]
  /// What −1...1 was in the file, by image; for pairing alone, so empty for images of a workspace.
  let ranges: [ClosedRange<Float>]
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

  private struct Item {
    let planes: [Plane]
    var ranges: [ClosedRange<Float>] = []
    let label: Label?
    let attributes: ArtifactAttributes
    let stem: String
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
      let normal = try (0..<pixels.frames).map { frame in
        let slice = try Slice(
          pixels: pixels, photometric: scan.photometric, dataset: scan.dataset, frame: frame, spacingMillimeters: scan.spacingMillimeters)
        return try Normalizer(intensity: .auto, size: nil).normalize(slice)
      }
      return Item(
        planes: normal.map(\.plane), ranges: normal.map(\.window.bounds), label: Label.ofFolder(url.deletingLastPathComponent().lastPathComponent),
        attributes: ArtifactAttributes(describing: scan), stem: url.deletingPathExtension().lastPathComponent)
    }
  }

  private init(_ query: ArtifactQuery, in catalog: Catalog, role: String, threads: Int, progress: @escaping ProgressSink) throws {
    var query = query
    if query.kinds.isEmpty { query.kinds = query.origins == [.generated] ? [.image] : [.slice] }
    try self.init(TrainingSlices.records(query, in: catalog), role: role, threads: threads, progress: progress) { record in
      Item(planes: [try StoredPlane(record, in: catalog).plane], label: record.label, attributes: record.attributes, stem: "")
    }
  }

  private init<Source>(
    _ sources: [Source], role: String, threads: Int, progress: @escaping ProgressSink, read: (Source) throws -> Item
  ) throws {
    let stage = "read \(role)"
    progress(.began(stage: stage, total: sources.count, unit: "images"))
    var (planes, labels, stems, ranges, failures): ([Plane], [Label?], [String], [ClosedRange<Float>], Int) = ([], [], [], [], 0)
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
          stems += item.planes.map { _ in item.stem }
          ranges += item.ranges
        } catch {
          try ItemPolicy.check(error)
          failures += 1
          progress(.warning(stage: stage, text: "image \(start + offset + 1): \(ItemMessage.text(error))"))
        }
      }
      progress(.advanced(stage: stage, done: min(start + 128, sources.count)))
    }
    (self.planes, self.labels, self.stems, self.ranges, self.failures) = (planes, labels, stems, ranges, failures)
    self.attributes = attributes
    progress(.ended(stage: stage, summary: "\(planes.count) images"))
  }

  private init(planes: [Plane], labels: [Label?], attributes: [[ScanAttribute: String]]) {
    (self.planes, self.labels, self.attributes, stems, ranges, failures) = (planes, labels, attributes, [], [], 0)
  }

  /// The images at `indexes`, without names.
  func subset(_ indexes: [Int]) -> EvaluationImages {
    EvaluationImages(planes: indexes.map { planes[$0] }, labels: indexes.map { labels[$0] }, attributes: indexes.map { attributes[$0] })
  }

  /// The images of which `attribute` is known, its value in the label's place.
  func labelled(by attribute: ScanAttribute) -> EvaluationImages {
    let known = planes.indices.filter { attributes[$0][attribute] != nil }
    return EvaluationImages(
      planes: known.map { planes[$0] }, labels: known.map { attributes[$0][attribute].flatMap { Label($0) } }, attributes: known.map { attributes[$0] })
  }

  /// An image in the units of its file.
  func stored(_ index: Int) -> Plane {
    let (plane, range) = (planes[index], ranges[index])
    let half = (range.upperBound - range.lowerBound) / 2
    return Plane(rows: plane.rows, columns: plane.columns, values: plane.values.map { range.lowerBound + ($0 + 1) * half })
  }

  /// The side that all images share; nil when they differ or are not square.
  var side: Int? {
    let side = planes.first.map(\.rows)
    return planes.allSatisfy { $0.rows == side && $0.columns == side } ? side : nil
  }

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

/// Why images cannot be evaluated.
package enum EvaluationError: ExplainedError, Equatable {
  case noSuchSource
  case empty(role: String)
  case tooFew(role: String, count: Int, least: Int)
  /// The synthetic images differ in size and no size was asked for.
  case mixedSizes
  /// So many of the real images are training images.
  case notHeldOut(Int, of: Int)
  /// A super-resolved image and the real image of its name have different sizes: rows and columns.
  case pairSizes(Int, found: [Int], expected: [Int])
  case reportExists
  case reportInsideInput

  package var kind: FailureKind { .request }

  package var code: String {
    switch self {
    case .noSuchSource: "evaluate.noSuchSource"
    case .empty: "evaluate.empty"
    case .tooFew: "evaluate.tooFew"
    case .mixedSizes: "evaluate.mixedSizes"
    case .notHeldOut: "evaluate.notHeldOut"
    case .pairSizes: "evaluate.pairSizes"
    case .reportExists: "evaluate.reportExists"
    case .reportInsideInput: "evaluate.reportInsideInput"
    }
  }

  package var what: String {
    switch self {
    case .noSuchSource: "A set of images is neither an existing folder nor a query"
    case .empty(let role): "The \(role) set holds no image"
    case .tooFew(let role, let count, let least): "The \(role) set holds \(count) images; figures of a set need \(least)"
    case .mixedSizes: "The synthetic images have different sizes"
    case .notHeldOut(let count, let all): "\(count) of the \(all) real images are training images, and too few are left to compare with"
    case .pairSizes(_, let found, let expected):
      "The super-resolved image has \(found[0]) x \(found[1]) pixels, the real image of its name \(expected[0]) x \(expected[1])"
    case .reportExists: "The report exists already"
    case .reportInsideInput: "The report would lie inside a folder of images that is read"
    }
  }

  package var place: String? { if case .pairSizes(let number, _, _) = self { "synthetic image \(number)" } else { nil } }

  package var remedy: String {
    switch self {
    case .noSuchSource: "Check the path, or name images of the workspace as key=value,… over label, split, origin, modality, run."
    case .empty: "Name a folder of DICOM, TIFF or PNG files, or a query that matches images."
    case .tooFew: "Give more images."
    case .mixedSizes: "Choose one with --size."
    case .notHeldOut: "Name as real images some that the model has not learned from."
    case .pairSizes: "Name as real images the originals of the size that the results have; images are counted in the order of their paths."
    case .reportExists: "Choose another file, or remove it."
    case .reportInsideInput: "Choose a file outside the folders of images."
    }
  }
}
