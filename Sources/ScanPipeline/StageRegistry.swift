/// All stages, one line each.
package enum StageRegistry {
  package static let stages: [any Stage.Type] = [
    IngestStage.self,
    DeidentifyStage.self,
    NormalizeStage.self,
    SplitStage.self,
    TrainStage.self,
    GenerateStage.self,
    SuperResolveStage.self,
    ExportStage.self,
  ]
}
