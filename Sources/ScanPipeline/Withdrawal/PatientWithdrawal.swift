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
    /// Copies of the catalog that left since the patient came in: backups, event exports, bundles, reports.
    package var copies: [CatalogCopy] = []
    /// Files that someone put into the workspace and that name the patient still, below it; known after `execute`.
    package var residue: [String] = []
  }

  package let catalog: Catalog
  package let name: PatientName
  /// At most so many of each kind are listed; all are counted.
  package let limit: Int

  package init(_ name: PatientName, in catalog: Catalog, limit: Int = 1000) {
    self.name = name
    self.catalog = catalog
    self.limit = limit
  }

  private func key() throws -> PseudonymKey { try catalog.pseudonymKey(for: "withdraw", makesOne: false).key }

  /// What `execute` would do, with the first images and exports. Needs no key and no right to write; so whoever withdrew before is known by number alone.
  ///
  /// - Throws: `CatalogError.unknownPatient`.
  package func plan() throws -> Report {
    guard let trace = try catalog.trace(of: name, limit: limit) else { throw CatalogError.unknownPatient("\(name)") }
    if trace.pseudonym == nil { return try report(.wasDone, trace) }
    return try report(.planned, trace, exports: try contents(trace), files: try RunLeftovers(of: trace, in: catalog))
  }

  /// - Throws: `CatalogError`, `KeyFileError` when the pseudonym key is not there.
  package func execute() throws -> Report {
    guard let trace = try catalog.trace(of: name, limit: limit, listsAllOwn: true) else {
      let report = try finished()
      try catalog.scrub()
      return report
    }
    guard let pseudonym = trace.pseudonym else {
      try catalog.scrub()
      return try report(.wasDone, trace)
    }
    // Many small steps before anything is freed.
    try catalog.keepLogShort()
    let contents = try contents(trace)
    let leftovers = try RunLeftovers(of: trace, in: catalog)
    let registered = try register(trace, pseudonym)
    let run = try catalog.beginRun(
      op: "withdraw", parameters: .object(["patient": .integer(trace.patient), "register": registered.json]))
    try redactExports(trace, pseudonym, run)
    try run.markWithdrawn(trace)
    try leftovers.remove()
    let removed = try run.purgeObjects(of: trace)
    try run.finish()
    try run.erase(trace)
    var report = try report(.done, trace, exports: contents, files: leftovers, removed: removed)
    report.residue = residue(of: trace, pseudonym)
    return report
  }

  /// Nobody of that name is left. The register may know that there was.
  private func finished() throws -> Report {
    guard case .pseudonym(let pseudonym) = name, WithdrawnRegister.isThere(in: catalog.workspace), let key = try? key(),
      try WithdrawnRegister(catalog.workspace, key: key).contains(pseudonym)
    else { throw CatalogError.unknownPatient("\(name)") }
    return try report(.wasDone, nil)
  }

  /// First of all: from here on the patient does not come in again.
  private func register(_ trace: PatientTrace, _ pseudonym: Pseudonym) throws -> WithdrawnRegister.Extent {
    var register = try WithdrawnRegister(catalog.workspace, key: key())
    // A picture that someone else has as well, such as an empty one, stays theirs.
    let acquired = trace.images.filter { $0.origin == .acquired }.compactMap(\.sha256)
    try register.add(pseudonym, acquired.filter { try catalog.artifacts(sha256: $0).allSatisfy { $0.patient == pseudonym } })
    return register.extent
  }

  /// The metadata of an export names all its patients: the others' lines go into a copy, which later questions find.
  private func redactExports(_ trace: PatientTrace, _ pseudonym: Pseudonym, _ run: RunHandle) throws {
    let contents = Set(trace.images.compactMap { $0.sha256?.hex })
    for export in trace.exports where export.holdsOwn && export.record.state != .withdrawn {
      let items = try catalog.items(of: export.record.id, leavingOut: trace.patient)
      guard !items.isEmpty, let object = try ExportTrail.redacted(export, of: pseudonym, contents: contents, in: catalog) else { continue }
      var attributes = export.record.attributes
      attributes.values["redacts"] = .integer(export.record.id.rawValue)
      attributes.values["folder"] = export.place.map { .string($0) }
      try run.record(
        .computed(object, kind: .export, media: export.record.media, from: items.map { (.recorded($0.item), $0.role) }, attributes: attributes))
    }
  }

  /// The exports that show the patient or what models made. An original that a copy stands for says where it went, the copy which files.
  private func contents(_ trace: PatientTrace) throws -> [ExportTrail] {
    return try trace.exports.filter { !$0.isRedacted || $0.record.state == .active }
      .map { try ExportTrail($0, of: trace.pseudonym, models: trace.modelContents, in: catalog) }
  }

  private func report(
    _ state: Report.State, _ trace: PatientTrace?, exports: [ExportTrail] = [], files: RunLeftovers? = nil, removed: Int = 0
  ) throws -> Report {
    let root = catalog.workspace.root.path + "/"
    return Report(
      state: state, trace: trace, exports: exports,
      runFiles: (files.map { $0.files + $0.shards } ?? []).map { $0.path.hasPrefix(root) ? String($0.path.dropFirst(root.count)) : $0.lastPathComponent },
      removedObjects: removed, copies: try trace?.images.map(\.run).min().map { try catalog.copies(since: $0) } ?? [])
  }

  /// Everything in the workspace but objects, models and the catalog, which are clean now: a catalog that a rebuild put aside, for one.
  private func residue(of trace: PatientTrace, _ pseudonym: Pseudonym) -> [String] {
    let search = ByteSearch([pseudonym.text] + trace.images.compactMap { $0.sha256?.hex })
    let own = ["objects/", "models/", "catalog.sqlite"]
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: catalog.workspace.root.path)) ?? []
    return paths.filter { path in
      !own.contains { path.hasPrefix($0) && !path.hasPrefix("catalog.sqlite.") } && search.isHit(in: catalog.workspace.root.appendingPathComponent(path))
    }.sorted()
  }
}
