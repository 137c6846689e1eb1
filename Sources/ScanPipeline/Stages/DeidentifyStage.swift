package import ScanDeid

/// De-identifies every input and stores it as an `acquired` artifact.
///
/// YAML: `deidentify: { profile: basic, options: [retainPatientCharacteristics, …] }`
package struct DeidentifyStage: Stage {
  package static let name = "deidentify"
  package static let isDivisible = true

  package var options: Set<DeidOption>

  package init(options: Set<DeidOption>) { self.options = options }

  package init(_ reader: inout OptionReader) throws(PlanError) {
    _ = try reader.choice("profile", of: ["basic"])
    var options: Set<DeidOption> = []
    for name in try reader.strings("options") ?? [] {
      guard let option = DeidOption(rawValue: name) else {
        throw .outOfRange(key: "options", allowed: "among \(DeidOption.allCases.map(\.rawValue).joined(separator: ", "))", reader.positionOf("options"))
      }
      options.insert(option)
    }
    self.init(options: options)
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    guard state.hasInput else { throw .needs(stage: "deidentify", what: "ingest before it", remedy: "Add - ingest: { from: FOLDER } first.", position) }
    guard !state.isDeidentified else {
      throw .needs(stage: "deidentify", what: "to be the only one of its kind", remedy: "Put all options into one deidentify stage.", position)
    }
    state.isDeidentified = true
  }

  package func run(_ context: RunContext) throws -> StageOutcome { try Admission(options: options, context: context).run() }

  package var fingerprint: String { "deidentify: basic \(options.map(\.rawValue).sorted())" }
  package var summary: String { "PS3.15 Basic Profile" + (options.isEmpty ? "" : " with " + options.map(\.rawValue).sorted().joined(separator: ", ")) }
}
