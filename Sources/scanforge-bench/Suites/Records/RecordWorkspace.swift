import Foundation
import ScanCatalog
import ScanDeid
import ScanModel

/// A workspace with many rows and few bytes, as a bench makes it: patients with slices, data sets, models, generated images.
///
/// Rows differ by patient and attributes, so every leaf and key is new and random.
struct RecordWorkspace {
  enum Contents {
    /// All images share small objects, which are there.
    case shared
    /// Each image has a SHA-256 of its own, whose object is not there: rows alone are measured.
    case own
  }

  let root: URL
  let catalog: Catalog
  private(set) var patients: [Pseudonym] = []
  private(set) var slices: [ArtifactID] = []
  private(set) var generated: [ArtifactID] = []
  private let contents: Contents
  private var random = SystemRandomNumberGenerator()

  init(in folder: URL, contents: Contents) throws {
    self.contents = contents
    root = folder.appendingPathComponent("workspace")
    catalog = try Catalog.openOrCreate(at: root)
  }

  /// Records about `rows` artifacts, 4000 at a time: per patient 20 images with a slice each, every 100 patients a model of their slices and
  /// images of it.
  ///
  /// - Returns: number of artifacts.
  mutating func fill(rows: Int) throws -> Int {
    let run = try catalog.beginRun(op: "ingest", parameters: .object(["bench": .integer(Int64(rows))]), seed: 1)
    var count = 0
    var group: [ArtifactID] = []
    while count < rows {
      var drafts: [ArtifactDraft] = []
      for _ in 0..<100 { drafts += try images(after: drafts.count) }
      let ids = try record(drafts, run)
      count += ids.count
      let own = stride(from: 1, to: ids.count, by: 2).map { ids[$0] }
      slices += own
      group += own
      if patients.count % 100 == 0 || count >= rows {
        count += try learn(from: group, run, patients.count)
        group = []
      }
    }
    try run.finish()
    return count
  }

  /// 20 images of a new patient with their slices, as drafts from number `first` on.
  private mutating func images(after first: Int) throws -> [ArtifactDraft] {
    let patient = Pseudonym(stored: "P" + String(String(patients.count + 1 << 60, radix: 16).suffix(16)))!
    patients.append(patient)
    let image = try objects("image", of: .patient(patient), count: 20)
    let slice = try objects("slice", of: .patient(patient), count: 20)
    return (0..<20).flatMap { index in
      let attributes = ArtifactAttributes([
        "frame": .integer(Int64(index)), "modality": .string("CT"), "rows": .integer(512), "columns": .integer(512), "terms": .string("research"),
      ])
      return [
        .acquired(image[index], media: "application/dicom", label: Label("head"), attributes: attributes),
        ArtifactDraft.derived(
          slice[index], media: "image/tiff", from: [(.draft(first + 2 * index), "source")], label: Label("head"), attributes: attributes),
      ]
    }
  }

  private mutating func objects(_ text: String, of subject: StoredObject.Subject, count: Int) throws -> [StoredObject] {
    guard contents == .shared else {
      return (0..<count).map { _ in
        let digest = withUnsafeBytes(of: (random.next(), random.next(), random.next(), random.next()) as (UInt64, UInt64, UInt64, UInt64)) {
          ContentDigest(bytes: $0)
        }
        return catalog.objects.placed(digest!, bytes: 524_288, of: subject)
      }
    }
    let bytes = Array(text.utf8)
    let object =
      switch subject {
      case .patient(let patient): try catalog.objects.store(bytes, of: patient)
      case .nobody: try catalog.objects.store(unownedBytes: bytes)
      }
    return Array(repeating: object, count: count)
  }

  private func record(_ drafts: [ArtifactDraft], _ run: RunHandle) throws -> [ArtifactID] {
    contents == .own ? try run.recordPlaced(drafts) : try run.record(drafts)
  }

  /// A data set, a model of it, 200 images of that.
  private mutating func learn(from items: [ArtifactID], _ run: RunHandle, _ number: Int) throws -> Int {
    let dataset = try run.recordDataset(items)
    let weights = try catalog.objects.store(unownedBytes: Array("weights \(number)".utf8))
    let model = try run.record(
      .computed(weights, kind: .model, media: "application/octet-stream", from: [(.recorded(dataset), "trainingSet")]))
    let image = try objects("generated \(number)", of: .nobody, count: 200)
    let ids = try record(
      (0..<200).map { index in
        .generated(
          image[index], media: "image/tiff", from: [(.recorded(model), "generator")], label: Label("head"),
          attributes: ArtifactAttributes(["sampleIndex": .integer(Int64(index))]))
      }, run)
    generated += ids
    return ids.count + 2
  }
}

/// A folder that is gone afterwards.
enum BenchFolder {
  static func with<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("scanforge-bench-\(getpid())", isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
