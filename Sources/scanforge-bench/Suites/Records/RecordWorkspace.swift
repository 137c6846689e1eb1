import Foundation
import ScanCatalog
import ScanDeid
import ScanModel

/// A workspace with many rows and few bytes, as a bench makes it: patients with slices, data sets, models, generated images.
///
/// All images share one small object; rows differ by patient and attributes, so every leaf and key is new and random.
struct RecordWorkspace {
  let root: URL
  let catalog: Catalog
  private(set) var patients: [Pseudonym] = []
  private(set) var slices: [ArtifactID] = []
  private(set) var generated: [ArtifactID] = []

  init(in folder: URL) throws {
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
      let ids = try run.record(drafts)
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
    let image = try catalog.objects.store(Array("image".utf8), of: patient)
    let slice = try catalog.objects.store(Array("slice".utf8), of: patient)
    return (0..<20).flatMap { index in
      let attributes = ArtifactAttributes([
        "frame": .integer(Int64(index)), "modality": .string("CT"), "rows": .integer(512), "columns": .integer(512), "terms": .string("research"),
      ])
      return [
        .acquired(image, media: "application/dicom", label: Label("head"), attributes: attributes),
        ArtifactDraft.derived(
          slice, media: "image/tiff", from: [(.draft(first + 2 * index), "source")], label: Label("head"), attributes: attributes),
      ]
    }
  }

  /// A data set, a model of it, 200 images of that.
  private mutating func learn(from items: [ArtifactID], _ run: RunHandle, _ number: Int) throws -> Int {
    let dataset = try run.recordDataset(items)
    let weights = try catalog.objects.store(unownedBytes: Array("weights \(number)".utf8))
    let model = try run.record(
      .computed(weights, kind: .model, media: "application/octet-stream", from: [(.recorded(dataset), "trainingSet")]))
    let image = try catalog.objects.store(unownedBytes: Array("generated \(number)".utf8))
    let ids = try run.record(
      (0..<200).map { index in
        .generated(
          image, media: "image/tiff", from: [(.recorded(model), "generator")], label: Label("head"),
          attributes: ArtifactAttributes(["sampleIndex": .integer(Int64(index))]))
      })
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
