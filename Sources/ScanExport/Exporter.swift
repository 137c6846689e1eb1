package import Diagnostics
package import Foundation
package import ScanCatalog
import ScanDeid
import ScanModel
import Synchronization

/// What to export.
package struct ExportRequest: Sendable {
  package var format: String
  package var root: URL
  /// nil: what the format exports by default.
  package var query: ArtifactQuery?
  package var split: Split?

  package init(format: String, root: URL, query: ArtifactQuery? = nil, split: Split? = nil) {
    self.format = format
    self.root = root
    self.query = query
    self.split = split
  }
}

/// What an export left.
package struct ExportReport: Sendable {
  package let format: String
  /// Folder of the format, below the root.
  package let folder: URL
  package let files: Int
  package let items: Int
  /// Items by part.
  package let splits: [String: Int]
  package let synthetic: Int
  /// The artifact that stands for this export.
  package let artifact: ArtifactID
  /// What nobody looked at.
  package let notChecked = ["memorization"]
}

/// Writes a training set that other programs read, and records that it did.
///
/// The same state of the workspace gives the same bytes. Nothing is written when a held-out patient reached an item of another part.
package struct Exporter: Sendable {
  package let catalog: Catalog
  package let threads: Int
  package let progress: ProgressSink

  package init(_ catalog: Catalog, threads: Int = ProcessInfo.processInfo.activeProcessorCount, progress: @escaping ProgressSink = { _ in }) {
    self.catalog = catalog
    self.threads = threads
    self.progress = progress
  }

  /// - Throws: `ExportError`, `CatalogError`.
  package func export(_ request: ExportRequest) throws -> ExportReport {
    let format = try ExportRegistry.format(named: request.format)
    let name = type(of: format).name
    let root = request.root.standardizedFileURL.resolvingSymlinksInPath()
    guard !(root.path + "/").hasPrefix(catalog.workspace.root.path + "/") else { throw ExportError.insideWorkspace }
    let records = try records(for: request, type(of: format))
    guard !records.isEmpty else { throw ExportError.nothingToExport(name) }
    try refuseLeaks(among: records)
    let items = try items(of: records)

    let staging = try ExportStaging(root: root, format: name)
    do {
      let written = try write(items, format, staging)
      let metadata = try self.metadata(written, format: name)
      try staging.write(metadata, to: ExportStaging.metadataName)
      try staging.place(files: written.flatMap { $0.files.map(\.path) } + [ExportStaging.metadataName])
      let artifact = try record(request, items, metadata)
      progress(.ended(stage: "export", summary: "\(items.count) images as \(name)"))
      return ExportReport(
        format: name, folder: root.appendingPathComponent(name, isDirectory: true), files: written.reduce(0) { $0 + $1.files.count },
        items: items.count, splits: Dictionary(grouping: items) { Self.split($0.record) }.mapValues(\.count),
        synthetic: items.filter(\.isSynthetic).count, artifact: artifact)
    } catch {
      staging.discard()
      throw error
    }
  }

  // MARK: What

  private func records(for request: ExportRequest, _ format: any ExportFormat.Type) throws -> [ArtifactRecord] {
    var queries = format.defaultQueries
    if let query = request.query {
      // Without an origin or a kind the query narrows what the format exports anyway.
      queries = query.origins.isEmpty && query.kinds.isEmpty ? queries.map { $0.narrowed(by: query) } : [query]
    }
    if let split = request.split { queries = queries.map { $0.narrowed(by: ArtifactQuery(splits: [split])) } }
    let images: Set<ArtifactKind> = [.image, .slice]
    var seen: Set<ArtifactID> = []
    let all = try queries.flatMap { try catalog.artifacts($0) }.filter { images.contains($0.kind) && seen.insert($0.id).inserted }
    let current = request.query?.runs.isEmpty == false ? all : try catalog.current(all)
    return current.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }
  }

  /// Part, label, content, and the id for equal contents.
  private static func order(_ record: ArtifactRecord) -> [String] {
    [split(record), label(record), record.sha256?.hex ?? "", String(format: "%020lld", record.id.rawValue)]
  }

  /// A patient of two parts, or a held-out patient behind an item of another part, over any number of steps.
  private func refuseLeaks(among records: [ArtifactRecord]) throws {
    let ids = Set(records.map(\.id))
    let leaks = try catalog.splitLeaks().filter { ids.contains($0.artifact) }
    var parts: [String: Set<String>] = [:]
    for record in records { if let patient = record.patient { parts[patient.text, default: []].insert(Self.split(record)) } }
    let divided = parts.filter { $0.value.count > 1 }.keys
    let patients = Set(leaks.compactMap { $0.patient?.text }).union(divided).sorted()
    guard patients.isEmpty else { throw ExportError.splitLeak(patients: patients, items: max(1, Set(leaks.map(\.artifact)).count)) }
  }

  private func items(of records: [ArtifactRecord]) throws -> [ExportItem] {
    var runs: [RunID: ContentDigest] = [:]
    return try records.map { record in
      let run = try runs[record.run] ?? catalog.activityDigest(of: record.run)
      runs[record.run] = run
      guard record.origin == .enhanced || record.origin == .generated else { return ExportItem(record: record, model: nil, source: nil, run: run) }
      let parents = try catalog.parents(of: record.id).map(\.record)
      return ExportItem(
        record: record, model: parents.first { $0.kind == .model }?.sha256,
        source: parents.first { [.image, .slice].contains($0.kind) }?.sha256, run: run)
    }
  }

  // MARK: Writing

  private struct Written: Sendable {
    let item: ExportItem
    let files: [(path: String, sha256: ContentDigest, columns: [String: String], series: String?)]
  }

  private func write(_ items: [ExportItem], _ format: any ExportFormat, _ staging: ExportStaging) throws -> [Written] {
    progress(.began(stage: "export", total: items.count, unit: "images"))
    let names = Self.names(items)
    for folder in Set(items.map { "\(Self.split($0.record))/\(Self.label($0.record))" }).sorted() { try staging.makeFolder(folder) }
    let results = Mutex([Written?](repeating: nil, count: items.count))
    let failure = Mutex<(any Error)?>(nil)
    let next = Atomic<Int>(0)
    let done = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < items.count, failure.withLock({ $0 == nil }) else { return }
        do {
          let written = try write(items[index], named: names[index], format, staging)
          results.withLock { $0[index] = written }
          progress(.advanced(stage: "export", done: done.wrappingAdd(1, ordering: .relaxed).newValue))
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let written = results.withLock { $0.compactMap { $0 } }
    var series: [String: Bool] = [:]
    for one in written {
      for file in one.files {
        guard let uid = file.series else { continue }
        guard series.updateValue(one.item.isSynthetic, forKey: uid) ?? one.item.isSynthetic == one.item.isSynthetic else {
          throw ExportError.mixedSeries
        }
      }
    }
    return written
  }

  private func write(_ item: ExportItem, named name: String, _ format: any ExportFormat, _ staging: ExportStaging) throws -> Written {
    guard let digest = item.record.sha256 else { throw ExportError.unreadableItem(number: Int(item.record.id.rawValue)) }
    let images = try format.encode(item, try catalog.objects.read(digest))
    let folder = "\(Self.split(item.record))/\(Self.label(item.record))"
    let files = try images.enumerated().map { index, image in
      let suffix = images.count > 1 ? String(format: "-%04d", index) : ""
      let path = "\(folder)/\(name)\(suffix).\(type(of: format).fileExtension)"
      try staging.write(image.bytes, to: path)
      return (path: path, sha256: ContentDigest(of: image.bytes), columns: item.attributeColumns.merging(image.columns) { $1 }, series: image.series)
    }
    return Written(item: item, files: files)
  }

  /// First 16 digits of the content's hash; equal ones of a folder are numbered.
  private static func names(_ items: [ExportItem]) -> [String] {
    var used: [String: Int] = [:]
    return items.map { item in
      let name = String((item.record.sha256?.hex ?? "").prefix(16))
      let count = used["\(split(item.record))/\(label(item.record))/\(name)", default: 0]
      used["\(split(item.record))/\(label(item.record))/\(name)"] = count + 1
      return count == 0 ? name : "\(name)-\(count + 1)"
    }
  }

  /// Columns of every format, then the format's own, then the hash that `audit lineage` takes.
  private func metadata(_ written: [Written], format: String) throws -> [UInt8] {
    let extra = Set(written.flatMap { $0.files.flatMap(\.columns.keys) }).sorted()
    var table = CSVTable(
      columns: ["path", "sha256", "label", "split", "origin", "synthetic", "patient", "model_sha256", "seed", "run"] + extra + ["artifact_sha256"])
    for one in written {
      let record = one.item.record
      for file in one.files {
        table.append(
          [
            "\(format)/\(file.path)", file.sha256.hex, record.label?.name ?? "", record.split?.rawValue ?? "", record.origin.rawValue,
            one.item.isSynthetic ? "true" : "false", record.patient?.text ?? "", one.item.model?.hex ?? "",
            record.attributes.seed.map(String.init) ?? "", one.item.run.hex,
          ] + extra.map { file.columns[$0] ?? "" } + [record.sha256?.hex ?? ""])
      }
    }
    return Array(table.text.utf8)
  }

  /// The export as an artifact below its items, so that a withdrawal finds it.
  private func record(_ request: ExportRequest, _ items: [ExportItem], _ metadata: [UInt8]) throws -> ArtifactID {
    let run = try catalog.beginRun(
      op: "export",
      parameters: .object([
        "format": .string(request.format), "query": request.query.map { .string($0.text) } ?? .null,
        "split": request.split.map { .string($0.rawValue) } ?? .null,
      ]))
    let object = try catalog.objects.store(unownedBytes: metadata)
    var attributes = ArtifactAttributes()
    attributes.values["format"] = .string(request.format)
    let artifact = try run.record(
      .computed(object, kind: .export, media: "text/csv", from: items.map { (.recorded($0.record.id), "exported") }, attributes: attributes))
    try run.finish()
    return artifact
  }

  private static func split(_ record: ArtifactRecord) -> String { record.split?.rawValue ?? "unassigned" }
  private static func label(_ record: ArtifactRecord) -> String { record.label?.name ?? "unlabelled" }
}
