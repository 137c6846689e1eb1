/// Checks a whole pipeline before any file is opened.
package enum Planner {
  /// Walks the stages in order; the first that lacks something ends the plan.
  ///
  /// - Throws: `PlanError` with the line of the stage.
  package static func check(_ spec: PipelineSpec) throws(PlanError) {
    var state = PlanState()
    for step in spec.steps { try step.stage.plan(&state, at: step.position) }
    if state.hasInput && !state.isDeidentified, let last = spec.steps.last {
      throw .needs(
        stage: "The pipeline", what: "a deidentify stage: scans are never kept as they came", remedy: "Add - deidentify: { profile: basic } after ingest.",
        last.position)
    }
  }
}
