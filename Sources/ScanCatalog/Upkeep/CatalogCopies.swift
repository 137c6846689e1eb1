package import Foundation
import GRDB

/// A file outside the catalog that holds what the catalog holds: a withdrawal must be able to say where it went.
package struct CatalogCopy: Sendable, Equatable {
  /// The verb that makes it.
  package enum Kind: String, Sendable, CaseIterable {
    case backup, events, bundle, report
  }

  package let kind: Kind
  package let place: String
  package let host: String
  package let startedMilliseconds: Int64
  let run: RunID

  /// On this machine, by its path.
  package var isThere: Bool { FileManager.default.fileExists(atPath: place) }
}

extension Catalog {
  /// Records, before it is made, that a copy goes to `file`: a record of one that was never made is the harmless way round.
  ///
  /// - Returns: false where that cannot be recorded: on read-only media, and while another program writes.
  package func recordCopy(_ kind: CatalogCopy.Kind, to file: URL) -> Bool {
    do {
      let writer = try mode == .readWrite ? self : Catalog(workspace, mode: .readWrite, patienceSeconds: 0, clock: clock)
      try writer.beginRun(op: kind.rawValue, parameters: .object(["to": .string(file.standardizedFileURL.path)])).finish()
      return true
    } catch { return false }
  }

  /// Copies that were made since `run`, oldest first.
  package func copies(since run: RunID) throws -> [CatalogCopy] {
    try runs().filter { $0.id >= run }.compactMap { record in
      guard let kind = CatalogCopy.Kind(rawValue: record.op), let place = CanonicalJSON(parsing: record.params)?["to"]?.stringValue else { return nil }
      return CatalogCopy(kind: kind, place: place, host: record.host, startedMilliseconds: record.startedMilliseconds, run: record.id)
    }
  }
}
