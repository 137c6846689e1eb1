import Foundation
import ScanCatalog

/// An export in the catalog: an artifact of kind `export` below its items, so that a withdrawal finds it and where it went.
struct ExportRecord {
  let request: ExportRequest
  /// Without links.
  let root: URL
  let items: [ExportItem]
  /// `metadata.csv`, which is the artifact's object.
  let metadata: [UInt8]

  /// Records the export, then has it take its place. A program that is killed in between has recorded an export that never left, which
  /// is the harmless way round; the same request again finds the row.
  ///
  /// - Returns: the artifact.
  func record(in catalog: Catalog, placing place: () throws -> Void) throws -> ArtifactID {
    var parameters: [String: CanonicalJSON] = [
      "format": .string(request.format), "query": request.query.map { .string($0.text) } ?? .null,
      "split": request.split.map { .string($0.rawValue) } ?? .null, "to": .string(root.path),
    ]
    if request.leavesOutLookAlikes { parameters["leftOut"] = .string("lookAlikes") }
    let run = try catalog.beginRun(op: "export", parameters: .object(parameters))
    let object = try catalog.objects.store(unownedBytes: metadata)
    let masks = items.compactMap { $0.mask?.id }
    let artifact = try run.record(
      .computed(
        object, kind: .export, media: "text/csv", from: (items.map(\.record.id) + masks).map { (.recorded($0), "exported") },
        attributes: attributes))
    do {
      try place()
    } catch {
      try run.finish(exit: 3)
      throw error
    }
    try run.finish()
    return artifact
  }

  /// What left.
  private var attributes: ArtifactAttributes {
    var attributes = ArtifactAttributes()
    attributes.values["format"] = .string(request.format)
    attributes.values["items"] = .integer(Int64(items.count))
    attributes.values["synthetic"] = .integer(Int64(items.count(where: \.isSynthetic)))
    return attributes
  }
}
