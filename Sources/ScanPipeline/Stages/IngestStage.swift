import Foundation

/// Names the scans that go in. They are counted here and read by `deidentify`: nothing identified is ever kept.
///
/// YAML: `ingest: { from: PATH | [PATH…], labelFrom: folder | csv:FILE | attribute:KEYWORD, subjectFrom: folder | csv:FILE | prefix:C,
/// maskFrom: folder:DIR | csv:FILE, terms: TAG, onItemError: continue | stop }`
package struct IngestStage: Stage {
  package static let name = "ingest"
  package static let isDivisible = true

  package var from: [String]
  package var labels: LabelSource
  package var subjects: SubjectSource
  package var masks: MaskSource
  package var terms: String?
  package var stopsOnItemError: Bool

  package init(
    from: [String], labels: LabelSource, subjects: SubjectSource = .standard, masks: MaskSource = .none, terms: String? = nil,
    stopsOnItemError: Bool = false
  ) {
    self.from = from
    self.labels = labels
    self.subjects = subjects
    self.masks = masks
    self.terms = terms
    self.stopsOnItemError = stopsOnItemError
  }

  package init(_ options: inout OptionReader) throws(PlanError) {
    guard let from = try options.strings("from"), !from.isEmpty else { throw options.missing("from") }
    var labels = LabelSource.none
    if let text = try options.string("labelFrom") {
      guard let source = LabelSource(text) else {
        throw .outOfRange(key: "labelFrom", allowed: "folder, csv:FILE or attribute:KEYWORD", options.positionOf("labelFrom"))
      }
      labels = source
    }
    var subjects = SubjectSource.standard
    if let text = try options.string("subjectFrom") {
      guard let source = SubjectSource(text) else {
        throw .outOfRange(key: "subjectFrom", allowed: "folder, csv:FILE or prefix:CHARACTER", options.positionOf("subjectFrom"))
      }
      subjects = source
    }
    var masks = MaskSource.none
    if let text = try options.string("maskFrom") {
      guard let source = MaskSource(text) else {
        throw .outOfRange(key: "maskFrom", allowed: "folder:DIR or csv:FILE", options.positionOf("maskFrom"))
      }
      masks = source
    }
    let onItemError = try options.choice("onItemError", of: ["continue", "stop"])
    self.init(
      from: from, labels: labels, subjects: subjects, masks: masks, terms: try options.string("terms"),
      stopsOnItemError: onItemError == "stop")
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    if state.hasInput {
      throw .needs(
        stage: "ingest", what: "to be the only one of its kind", remedy: "List all folders under one ingest: from: [a, b].", position)
    }
    state.hasInput = true
    state.hasMasks = masks != .none
  }

  package func run(_ context: RunContext) throws -> StageOutcome {
    context.intake = Intake(
      inputs: from.map { URL(fileURLWithPath: $0) }, labels: labels, subjects: subjects, masks: masks, terms: terms,
      stopsOnItemError: stopsOnItemError)
    let count = try context.intake.items().count
    return StageOutcome(summary: "\(count) files found", figures: ["files": Double(count)])
  }

  package var summary: String { "read \(from.count) folder(s) or file(s)" }
}
