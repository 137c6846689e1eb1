import ArgumentParser
import Foundation
import ScanCatalog
import Synchronization

struct CatalogGCVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove what is in no row: objects of a killed writer, files of models and runs that were never recorded.",
    discussion: "What was recorded and changed stays: it is evidence. How much was removed is an event.")

  @Flag(help: "Only say what would be removed.") var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let catalog = try Catalog(Workspace.open(at: common.workspaceURL), mode: .readWrite)
      let leftovers = try Leftovers(in: catalog)
      if !dryRun { try leftovers.remove(from: catalog) }
      let counts = leftovers.counts
      console.say("\(dryRun ? "Would remove" : "Removed") \(leftovers.count) unrecorded things (\(leftovers.bytes) bytes).")
      for place in Leftovers.Place.allCases { if let count = counts[place] { console.say("  \(place.rawValue): \(count)") } }
      var members: [String: CanonicalJSON] = [
        "ok": .bool(true), "removed": .integer(dryRun ? 0 : Int64(leftovers.count)), "found": .integer(Int64(leftovers.count)),
        "bytes": .integer(leftovers.bytes),
      ]
      for place in Leftovers.Place.allCases { members[place.rawValue] = .integer(Int64(counts[place] ?? 0)) }
      console.result(members)
      return true
    }
  }
}

struct CatalogBackupVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the catalog into a new file, while others may write.",
    discussion: """
      By SQLite's backup interface. Objects, models and keys are not in it: they are plain files, to be copied before the catalog. To go back, put \
      the file in the place of catalog.sqlite while nothing else runs; audit verify then says what came later.
      """)

  @Argument(help: "New file.") var file: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let url = URL(fileURLWithPath: file)
      let catalog = try Catalog.openForReading(at: common.workspaceURL)
      let isRecorded = catalog.recordCopy(.backup, to: url, telling: console)
      let events = try catalog.backUp(to: url)
      console.say("Backed up \(events) events.")
      console.result(["ok": CanonicalJSON.bool(true), "events": .integer(events), "recorded": .bool(isRecorded)])
      return true
    }
  }
}

extension Catalog {
  /// Records where a copy goes, and says when that cannot be recorded: a withdrawal will not know of it.
  func recordCopy(_ kind: CatalogCopy.Kind, to file: URL, telling console: Console) -> Bool {
    guard !FileManager.default.fileExists(atPath: file.path) else { return false }
    let isRecorded = recordCopy(kind, to: file)
    if !isRecorded { console.warn("the workspace cannot be written now, so that this copy exists is not recorded: a withdrawal will not list it") }
    return isRecorded
  }
}

struct CatalogEventsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Export the event log, with the rows that it binds, as lines of JSON.",
    discussion: "catalog rebuild makes a catalog of it. It holds what the catalog holds, pseudonyms included, and a withdrawal does not reach it.")

  @Argument(help: "New file.") var file: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let url = URL(fileURLWithPath: file)
      let catalog = try Catalog.openForReading(at: common.workspaceURL)
      let isRecorded = catalog.recordCopy(.events, to: url, telling: console)
      let (events, rows) = try catalog.exportEvents(to: url)
      console.say("Exported \(events) events, \(rows) rows in all.")
      console.result(["ok": CanonicalJSON.bool(true), "events": .integer(events), "rows": .integer(rows), "recorded": .bool(isRecorded)])
      return true
    }
  }
}

struct CatalogRebuildVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild", abstract: "Make the catalog again from an event export, when it is lost or damaged.",
    discussion: """
      Every row is compared with the events first; with a finding (exit 1) nothing is replaced. The catalog that was there is kept beside the new one. \
      Run audit verify afterwards, and catalog gc for what came after the export.
      """)

  @Argument(help: "File that catalog events wrote.") var file: String
  @Flag(help: "Replace a catalog that can be read, too.") var replace = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let findings = Mutex<[AuditFinding]>([])
      let outcome = try CatalogRebuild.run(common.workspaceURL, from: URL(fileURLWithPath: file), replaces: replace) { finding in
        findings.withLock { $0.append(finding) }
        console.say("\(finding.code.rawValue): \(finding.what)")
      }
      guard let outcome else {
        console.say("Nothing was replaced: the export does not agree with itself or with the workspace's anchors.")
        console.result(["ok": CanonicalJSON.bool(false), "findings": .array(findings.withLock { $0 }.map(\.json))])
        return false
      }
      console.say("Rebuilt from \(outcome.events) events, \(outcome.rows) rows in all.")
      if let name = outcome.replaced { console.say("The catalog that was there is now \(name).") }
      if outcome.lostEvents > 0 { console.say("The workspace's anchors know \(outcome.lostEvents) later events: what they recorded is lost.") }
      console.result([
        "ok": CanonicalJSON.bool(true), "events": .integer(Int64(outcome.events)), "rows": .integer(Int64(outcome.rows)),
        "lostEvents": .integer(outcome.lostEvents), "replaced": outcome.replaced.map { .string($0) } ?? .null,
      ])
      return true
    }
  }
}
