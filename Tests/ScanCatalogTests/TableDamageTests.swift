import Foundation
import GRDB
import ScanCatalog
import TestSupport
import Testing

/// Damaged pages of the catalog: the table is named, and the others are still looked at.
struct TableDamageTests {
  private static let page = 4096

  /// Fills a page (from 1) with bytes that no B-tree has.
  private static func damaged(_ bytes: Data, page number: Int) -> Data {
    var bytes = bytes
    var random = SplitMix64(seed: UInt64(number))
    for place in (number - 1) * page..<number * page { bytes[place] = UInt8(truncatingIfNeeded: random.next() | 0x80) }
    return bytes
  }

  private static func roots(_ root: URL) throws -> [String: Int] {
    var roots: [String: Int] = [:]
    try ExampleWorkspace.tamper(root) { db in
      for row in try Row.fetchAll(db, sql: "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'") { roots[row["name"]] = row["rootpage"] }
    }
    return roots
  }

  @Test func `a damaged table is named and the others are gone on with`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let clean = try example.verify().summary
    let roots = try Self.roots(example.root)
    let bytes = try example.catalogBytes()
    for table in ["run", "patient", "event", "artifact", "derivation", "stage", "model_file", "run_file", "memorization_check", "shard"] {
      try example.restore(Self.damaged(bytes, page: try #require(roots[table])))
      let (findings, summary) = try example.verify()
      #expect(findings.filter { $0.code == .catalogUnreadable }.map(\.table) == [table], "\(table): \(findings)")
      #expect(!summary.ok && summary.notChecked["tables.damaged"]?.contains(table) == true)
      if table != "artifact" { #expect(summary.objects == clean.objects, "\(table)") }
      if table != "event" { #expect(summary.events == clean.events, "\(table)") }
      if !["event", "artifact", "derivation"].contains(table) { #expect(summary.artifacts == clean.artifacts && summary.edges == clean.edges, "\(table)") }
      // Nothing else is said to be wrong, but that a log without its end does not reach the kept anchors.
      #expect(findings.allSatisfy { $0.code == .catalogUnreadable || (table == "event" && $0.code == .anchorRollback) }, "\(table): \(findings)")
    }
  }

  @Test func `whatever page is damaged, the end is findings or an unreadable catalog`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let bytes = try example.catalogBytes()
    for page in 1...bytes.count / Self.page {
      try example.restore(Self.damaged(bytes, page: page))
      do {
        #expect(!(try example.verify().summary.ok), "page \(page)")
      } catch let error as CatalogError {
        guard case .unreadable = error else {
          Issue.record("page \(page): \(error)")
          continue
        }
      }
    }
  }
}
