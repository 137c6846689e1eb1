import Foundation
package import ScanCatalog
import ScanDeid

/// Takes a patient out of a workspace: images, names and hashes go; leaves, edges and a tombstone stay, so that history still verifies.
///
/// `execute` may be cut off at any point and run again; run once more after its end it changes nothing.
package struct PatientWithdrawal {
  /// What a withdrawal touches, or did touch.
  package struct Report: Sendable {
    package enum State: String, Sendable {
      case planned, done, wasDone
    }
    package let state: State
    /// nil when a finished withdrawal was asked for by its pseudonym, which names nobody any more.
    package let trace: PatientTrace?
    package let exports: [ExportTrail]
    /// Below the workspace.
    package let runFiles: [String]
    package let removedObjects: Int
  }

  package let catalog: Catalog
  package let name: PatientName

  package init(_ name: PatientName, in catalog: Catalog) {
    self.name = name
    self.catalog = catalog
  }

  private func key() throws -> PseudonymKey { try catalog.pseudonymKey(for: "withdraw", makesOne: false).key }

  /// What `execute` would do. Needs no key and no right to write.
  ///
  /// - Throws: `CatalogError.unknownPatient`.
  package func plan() throws -> Report {
    guard let trace = try catalog.trace(of: name) else { return try finished() }
    if trace.pseudonym == nil { return report(.wasDone, trace) }
    return report(.planned, trace, exports: try contents(trace), files: try RunLeftovers(of: trace, in: catalog))
  }

  /// - Throws: `CatalogError`, `KeyFileError` when the pseudonym key is not there.
  package func execute() throws -> Report {
    guard let trace = try catalog.trace(of: name) else {
      let report = try finished()
      try catalog.scrub()
      return report
    }
    guard let pseudonym = trace.pseudonym else {
      try catalog.scrub()
      return report(.wasDone, trace)
    }
    let contents = try contents(trace)
    let leftovers = try RunLeftovers(of: trace, in: catalog)
    try register(trace, pseudonym)
    let run = try catalog.beginRun(op: "withdraw", parameters: .object(["patient": .integer(trace.patient)]))
    try redactExports(trace, pseudonym, run)
    try run.markWithdrawn(trace)
    try leftovers.remove()
    let removed = try run.purgeObjects(of: trace)
    try run.finish()
    try run.erase(trace)
    return report(.done, trace, exports: contents, files: leftovers, removed: removed)
  }

  /// Nobody of that name is left. The register may know that there was.
  private func finished() throws -> Report {
    guard case .pseudonym(let pseudonym) = name, let key = try? key(),
      try WithdrawnRegister(catalog.workspace, key: key).contains(pseudonym)
    else { throw CatalogError.unknownPatient("\(name)") }
    return report(.wasDone, nil)
  }

  /// First of all: from here on the patient does not come in again.
  private func register(_ trace: PatientTrace, _ pseudonym: Pseudonym) throws {
    var register = try WithdrawnRegister(catalog.workspace, key: key())
    // A picture that someone else has as well, such as an empty one, stays theirs.
    let acquired = trace.images.filter { $0.origin == .acquired }.compactMap(\.sha256)
    try register.add(pseudonym, acquired.filter { try catalog.artifacts(sha256: $0).allSatisfy { $0.patient == pseudonym } })
  }

  /// The metadata of an export names all its patients: the others' lines go into a copy, which later questions find.
  private func redactExports(_ trace: PatientTrace, _ pseudonym: Pseudonym, _ run: RunHandle) throws {
    let own = Set(trace.images.map(\.id))
    let contents = Set(trace.images.compactMap { $0.sha256?.hex })
    for export in trace.exports where export.holdsOwn && export.record.state != .withdrawn {
      guard let bytes = try ExportTrail.redacted(export, of: pseudonym, contents: contents, in: catalog) else { continue }
      let items = try catalog.parents(of: export.record.id).filter { !own.contains($0.record.id) }
      guard !items.isEmpty else { continue }
      var attributes = export.record.attributes
      attributes.values["redacts"] = .integer(export.record.id.rawValue)
      attributes.values["folder"] = export.place.map { .string($0) }
      try run.record(
        .computed(
          catalog.objects.store(unownedBytes: bytes), kind: .export, media: export.record.media,
          from: items.map { (.recorded($0.record.id), $0.role) }, attributes: attributes))
    }
  }

  /// The exports that show the patient or what models made. An original that a copy stands for says where it went, the copy which files.
  private func contents(_ trace: PatientTrace) throws -> [ExportTrail] {
    let models = Set(trace.models.compactMap { $0.sha256?.hex })
    return try trace.exports.filter { !$0.isRedacted || $0.record.state == .active }
      .map { try ExportTrail($0, of: trace.pseudonym, models: models, in: catalog) }
  }

  private func report(
    _ state: Report.State, _ trace: PatientTrace?, exports: [ExportTrail] = [], files: RunLeftovers? = nil, removed: Int = 0
  ) -> Report {
    let root = catalog.workspace.root.path + "/"
    return Report(
      state: state, trace: trace, exports: exports,
      runFiles: (files.map { $0.files + $0.shards } ?? []).map { $0.path.hasPrefix(root) ? String($0.path.dropFirst(root.count)) : $0.lastPathComponent },
      removedObjects: removed)
  }
}
