/// One step of a pipeline: an adapter that decodes options, calls a tower and writes lineage. No algorithm lives in a stage.
package protocol Stage: Sendable {
  /// The YAML key.
  static var name: String { get }

  /// Whether `--shard` divides it: what becomes of an item depends on nothing but the item.
  static var isDivisible: Bool { get }

  /// Decodes the options strictly. Opens no file.
  init(_ options: inout OptionReader) throws(PlanError)

  /// Checks what the stage needs of the ones before it and notes what it leaves. Opens no file.
  func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError)

  /// Does the work.
  func run(_ context: RunContext) throws -> StageOutcome

  /// All options that change the result, as canonical text: a finished stage is skipped on resume only when this is the same.
  var fingerprint: String { get }

  /// One line for `run --dry-run`.
  var summary: String { get }
}

extension Stage {
  package static var isDivisible: Bool { false }
  package var fingerprint: String { "\(Self.name): \(self)" }
}

/// What a stage did, for people and for `--json`.
package struct StageOutcome: Sendable, Codable, Equatable {
  /// One sentence with figures.
  package var summary: String
  /// Counts and figures by name.
  package var figures: [String: Double]
  /// Items that failed; above zero the program ends with exit 1.
  package var failedItems: Int
  /// Where to look, relative to the current folder or absolute; what the user may open.
  package var places: [String]
  /// More lines for people, of one width per column.
  package var table: [String]

  package init(summary: String, figures: [String: Double] = [:], failedItems: Int = 0, places: [String] = [], table: [String] = []) {
    self.summary = summary
    self.figures = figures
    self.failedItems = failedItems
    self.places = places
    self.table = table
  }
}

/// What is known to exist at a point of the plan.
package struct PlanState: Sendable {
  package var hasInput = false
  package var hasMasks = false
  package var isDeidentified = false
  package var isNormalized = false
  package var isSplit = false
  package var hasGenerated = false
  package var hasEnhanced = false
  /// Name -> kind (`cgan`, `srgan`) of the models trained so far.
  package var models: [String: String] = [:]

  package init() {}

  /// - Throws: `PlanError.needs` unless ingest and deidentify came before.
  func requireClean(_ stage: String, _ position: PlanError.Position) throws(PlanError) {
    guard hasInput else { throw .needs(stage: stage, what: "ingest before it", remedy: "Add - ingest: { from: FOLDER } first.", position) }
    guard isDeidentified else {
      throw .needs(
        stage: stage, what: "deidentify before it: nothing is used as it came",
        remedy: "Add - deidentify: { profile: basic } after ingest.",
        position)
    }
  }

  var trainedModels: String { models.isEmpty ? "none" : models.keys.sorted().joined(separator: ", ") }
}
