import Foundation
import ScanIO

/// Writes a training set that other programs read.
///
/// YAML: `export: { to: FOLDER, format: F | [F, …], split: S }`
package struct ExportStage: Stage {
  package static let name = "export"

  package var to: String
  package var formats: [String]
  package var split: String?

  package init(to: String, formats: [String], split: String?) {
    self.to = to
    self.formats = formats
    self.split = split
  }

  package init(_ options: inout OptionReader) throws(PlanError) {
    guard let to = try options.string("to") else { throw options.missing("to") }
    let formats = try options.strings("format") ?? ["imagefolder"]
    for format in formats where !RunContext.exportFormats.contains(format) {
      throw .outOfRange(key: "format", allowed: "among \(RunContext.exportFormats.joined(separator: ", "))", options.positionOf("format"))
    }
    self.init(to: to, formats: formats, split: try options.choice("split", of: ["train", "val", "test"]))
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    try state.requireClean("export", position)
    guard state.isNormalized else {
      throw .needs(stage: "export", what: "normalize before it", remedy: "Add - normalize: { intensity: auto } after deidentify.", position)
    }
    if !state.hasMasks, let masked = formats.first(where: RunContext.maskedFormats.contains) {
      throw .needs(
        stage: "export", what: "masks for \(masked)", remedy: "Add maskFrom: folder:DIR or csv:FILE to ingest, or leave \(masked) out.",
        position)
    }
    guard OutputFolder.isFolderOrFree(URL(fileURLWithPath: to)) else {
      throw .needs(
        stage: "export", what: "a folder to write to, and \(to) is none", remedy: "Name a folder; it is made when there is none.", position)
    }
    do {
      try OutputFolder.checkWritable(URL(fileURLWithPath: to))
    } catch {
      throw .needs(stage: "export", what: "a folder that takes files (\(error.path): \(error.what))", remedy: error.remedy, position)
    }
    guard state.isSplit else {
      throw .needs(stage: "export", what: "split before it", remedy: "Add - split: { train: 0.8, test: 0.2 } before export.", position)
    }
  }

  package func run(_ context: RunContext) throws -> StageOutcome {
    try context.export(to: URL(fileURLWithPath: to), formats: formats, split: split)
  }

  package var summary: String { "\(formats.joined(separator: ", ")) to \(to)" }
}
