import Foundation
import ScanCatalog
import ScanModel

/// What leaves: the records that a request names, with what the columns of every format need.
struct ExportSelection {
  let catalog: Catalog
  let request: ExportRequest
  let format: any ExportFormat.Type

  /// Part, content, and the id for equal contents: the labels of a part stand mixed, as a reader of a stream wants them.
  private static func order(_ record: ArtifactRecord) -> [String] {
    [record.split?.rawValue ?? "unassigned", record.sha256?.hex ?? "", String(format: "%020lld", record.id.rawValue)]
  }

  /// - Returns: also what was not looked at, and the records that were left out since they look like one of another part.
  /// - Throws: `ExportError.nothingToExport`, `.needsMasks`, `.notCompared`, `.refused`.
  func items() throws -> (items: [ExportItem], notChecked: [String], leftOut: [ArtifactRecord]) {
    let whole = try records()
    let chosen = request.split.map { split in whole.filter { $0.split == split } } ?? whole
    guard !chosen.isEmpty else { throw ExportError.nothingToExport(format.name) }
    let masks = format.needsMasks ? try catalog.masks(of: chosen.map(\.id)) : [:]
    let fitting = format.needsMasks ? chosen.filter { masks[$0.id] != nil } : chosen
    guard !fitting.isEmpty else { throw ExportError.needsMasks(format.name) }
    let (records, leftOut) = try withoutLookAlikes(fitting)
    guard !records.isEmpty else { throw ExportError.nothingToExport(format.name) }
    let review = try catalog.releaseReview(of: records + records.compactMap { masks[$0.id] })
    guard review.findings.isEmpty else { throw ExportError.refused(review.findings) }
    // Parts that are exported one at a time have one numbering of labels.
    let labels = Set(whole.compactMap(\.label)).sorted()
    let ranks = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var runs: [RunID: ContentDigest] = [:]
    let items = try records.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }.map { record in
      guard let sha256 = record.sha256 else { throw ExportError.unreadableItem(number: Int(record.id.rawValue)) }
      let run = try runs[record.run] ?? catalog.activityDigest(of: record.run)
      runs[record.run] = run
      let isModelled = record.origin == .enhanced || record.origin == .generated
      let parents = isModelled ? try catalog.parents(of: record.id).map(\.record) : []
      return ExportItem(
        record: record, sha256: sha256, model: parents.first { $0.kind == .model }?.sha256,
        source: parents.first { [.image, .slice].contains($0.kind) }?.sha256, mask: masks[record.id], run: run,
        labelIndex: record.label.flatMap { ranks[$0] })
    }
    return (items, review.notChecked, leftOut)
  }

  private func withoutLookAlikes(_ records: [ArtifactRecord]) throws -> (kept: [ArtifactRecord], leftOut: [ArtifactRecord]) {
    guard request.leavesOutLookAlikes else { return (records, []) }
    let alike = try catalog.lookAlikes(among: records)
    guard alike.isWhole else { throw ExportError.notCompared }
    return (records.filter { !alike.items.contains($0.id) }, records.filter { alike.items.contains($0.id) })
  }

  /// Of all parts.
  private func records() throws -> [ArtifactRecord] {
    var queries = format.defaultQueries
    if let query = request.query {
      // Without an origin or a kind the query narrows what the format exports anyway.
      queries = query.origins.isEmpty && query.kinds.isEmpty ? queries.map { $0.narrowed(by: query) } : [query]
    }
    let images: Set<ArtifactKind> = [.image, .slice]
    var seen: Set<ArtifactID> = []
    let all = try queries.flatMap { try catalog.artifacts($0) }.filter { images.contains($0.kind) && seen.insert($0.id).inserted }
    return request.query?.runs.isEmpty == false ? all : try catalog.current(all)
  }
}
