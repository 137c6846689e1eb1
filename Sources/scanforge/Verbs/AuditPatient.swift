import ArgumentParser
import Foundation
import ScanCatalog
import ScanDeid
import ScanPipeline

struct AuditPatientVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "patient", abstract: "Every image, model, generated image and export that a patient's images went into.",
    discussion: """
      Also what left: each export with its format, folder, host and time, and which of its files are still found there. All is counted; of each \
      kind the first --limit are listed, and "complete" in the JSON says whether that is all.
      """)

  @Argument(help: "Pseudonym, or patient number (all that is left of a withdrawn patient's name).") var patient: String
  @Option(help: "List at most so many of each kind.") var limit = 1000
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000000.") }
  }

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      let report = try PatientWithdrawal(PatientArgument.parse(patient), in: catalog, limit: limit).plan()
      PatientArgument.say(report, console)
      console.result(PatientArgument.json(report))
      return true
    }
  }
}

/// The patient of `audit patient` and `audit withdraw`, and how what is known of one is told.
enum PatientArgument {
  /// - Throws: `CatalogError.unknownPatient`.
  static func parse(_ text: String) throws -> PatientName {
    guard let name = PatientName(text) else { throw CatalogError.unknownPatient("of that name") }
    return name
  }

  static func say(_ report: PatientWithdrawal.Report, _ console: Console) {
    guard let trace = report.trace else { return console.say("This patient has withdrawn; nothing of that name is left.") }
    console.say("patient \(trace.patient)  \(trace.pseudonym?.text ?? "(erased)")  \(trace.isWithdrawn ? "withdrawn" : "active")  \(trace.consent ?? "")")
    func list(_ title: String, _ count: Int, _ records: [ArtifactRecord]) {
      console.say("\(count) \(title)")
      for record in records.prefix(20) { console.say("  \(record.summary)") }
      if count > min(20, records.count) {
        console.say("  … and \(count - min(20, records.count)) more; --json lists \(count > records.count ? "the first \(records.count)" : "all")")
      }
    }
    list("images of the patient's own", trace.counts.images, trace.images)
    list("models that learned from them", trace.counts.models, trace.models)
    list("images that those models made", trace.counts.made, trace.made)
    let redactions = trace.exports.count(where: \.isRedacted)
    console.say("\(trace.counts.exports - redactions) exports")
    for contents in report.exports {
      let export = contents.export
      let time = Date(timeIntervalSince1970: Double(export.startedMilliseconds) / 1000).formatted(.iso8601)
      console.say(
        "  \(export.isRedacted ? "of it now known" : "\(time) on \(export.host)"): \(export.format ?? "export") to \(export.place ?? "(not recorded)"); "
          + "\(contents.files.count) files of the patient, \(contents.files.count { $0.found != nil }) found there; \(contents.fromModels) from models")
      for file in contents.files.prefix(20) { console.say("    \(file.path)\(file.found == nil ? "" : "  (still there)")") }
      for document in contents.documents { console.say("    \(document.path)  (names the patient)") }
    }
    if !report.copies.isEmpty { console.say("\(report.copies.count) copies of the catalog since the patient came in") }
    for copy in report.copies { console.say("  \(copy.kind.rawValue) on \(copy.host): \(copy.place)\(copy.isThere ? "  (still there)" : "")") }
  }

  private static func json(_ counts: PatientTrace.Counts) -> CanonicalJSON {
    .object([
      "images": .integer(Int64(counts.images)), "models": .integer(Int64(counts.models)), "datasets": .integer(Int64(counts.datasets)),
      "generated": .integer(Int64(counts.made)), "exports": .integer(Int64(counts.exports)),
    ])
  }

  static func json(_ report: PatientWithdrawal.Report) -> [String: CanonicalJSON] {
    let trace = report.trace
    func records(_ list: [ArtifactRecord]?) -> CanonicalJSON { .array((list ?? []).map(\.json)) }
    return [
      "ok": .bool(true), "state": .string(report.state.rawValue), "patient": trace.map { .integer($0.patient) } ?? .null,
      "pseudonym": trace?.pseudonym.map { .string($0.text) } ?? .null, "withdrawn": .bool(trace?.isWithdrawn ?? true),
      "consent": trace?.consent.map { .string($0) } ?? .null, "split": trace?.split.map { .string($0.rawValue) } ?? .null,
      "complete": .bool(trace?.isComplete ?? true),
      "counts": trace.map { json($0.counts) } ?? .null,
      "images": records(trace?.images), "models": records(trace?.models), "datasets": records(trace?.datasets),
      "generated": records(trace?.made), "runFiles": .array(report.runFiles.map { .string($0) }),
      "copies": .array(
        report.copies.map {
          .object([
            "kind": .string($0.kind.rawValue), "to": .string($0.place), "host": .string($0.host),
            "startedMilliseconds": .integer($0.startedMilliseconds), "found": .bool($0.isThere),
          ])
        }), "residue": .array(report.residue.map { .string($0) }),
      "exports": .array(
        report.exports.map { contents in
          .object([
            "sha256": contents.export.record.sha256.map { .string($0.hex) } ?? .null, "format": contents.export.format.map { .string($0) } ?? .null,
            "to": contents.export.place.map { .string($0) } ?? .null, "host": .string(contents.export.host),
            "startedMilliseconds": .integer(contents.export.startedMilliseconds), "redacted": .bool(contents.export.isRedacted),
            "fromModels": .integer(Int64(contents.fromModels)), "documents": .array(contents.documents.map { .string($0.path) }),
            "files": .array(
              contents.files.map {
                .object(["path": .string($0.path), "sha256": .string($0.sha256), "found": $0.found.map { .string($0.path) } ?? .null])
              }),
          ])
        }),
    ]
  }
}
