import ArgumentParser
import Diagnostics
import Foundation
import ScanDeid
import ScanPipeline

struct Ingest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "De-identify scans, normalize them and put them into the workspace.",
    discussion: "Takes DICOM, TIFF and PNG files and folders. Nothing identified is stored. Failing items are counted and named by number.")

  @Argument(help: "Files and folders.")
  var inputs: [String]

  @Option(help: "Where labels come from: folder, csv:FILE (columns path,label,subject,split,modality,body_part,sex,age_band), attribute:KEYWORD.")
  var labelFrom: String?

  @Option(help: "Where the subject of a TIFF or PNG comes from: folder, csv:FILE, prefix:CHARACTER (default: each file is its own).")
  var subjectFrom: String?

  @Option(help: "Where the mask of an image comes from: folder:DIR (same paths as the inputs), csv:FILE (columns path,mask).")
  var maskFrom: String?

  @Option(help: "Licence or consent of these scans, a word that flows down to everything made from them.")
  var terms: String?

  @Option(help: "Profile: basic.")
  var profile = "basic"

  @Option(name: .customLong("option"), help: "De-identification option of PS3.15 (repeatable), such as retainPatientCharacteristics.")
  var options: [String] = []

  @Option(help: "Grey scale: auto, file, percentiles, stored, or CENTER,WIDTH.")
  var intensity = "auto"

  @Option(help: "Side of the slices in pixels (default: their own).")
  var size: Int?

  @Option(help: "What a failing item does: continue or stop.")
  var onItemError = "continue"

  @OptionGroup var sharding: ShardOptions

  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    let ok: Bool
    let files: Int
    let images: Int
    let masks: Int
    let slices: Int
    let failed: Int
    /// Files read with a warning, by its code.
    let warnings: [String: Int]
    let workspace: String
  }

  func validate() throws { _ = try stages() }

  /// The three stages that the verb runs.
  private func stages() throws -> [any Stage] {
    guard profile == "basic" else { throw ValidationError("--profile must be basic.") }
    guard ["continue", "stop"].contains(onItemError) else { throw ValidationError("--on-item-error must be continue or stop.") }
    if let size, !(8...4096).contains(size) { throw ValidationError("--size must be 8 to 4096.") }
    var labels = LabelSource.none
    if let labelFrom {
      guard let source = LabelSource(labelFrom) else {
        throw ValidationError("--label-from must be folder, csv:FILE or attribute:KEYWORD with a DICOM keyword.")
      }
      labels = source
    }
    var subjects = SubjectSource.standard
    if let subjectFrom {
      guard let source = SubjectSource(subjectFrom) else {
        throw ValidationError("--subject-from must be folder, csv:FILE or prefix:CHARACTER.")
      }
      subjects = source
    }
    var masks = MaskSource.none
    if let maskFrom {
      guard let source = MaskSource(maskFrom) else { throw ValidationError("--mask-from must be folder:DIR or csv:FILE.") }
      masks = source
    }
    return [
      IngestStage(from: inputs, labels: labels, subjects: subjects, masks: masks, terms: terms, stopsOnItemError: onItemError == "stop"),
      DeidentifyStage(options: try DeidOptionArguments.parse(options)),
      try normalize(),
    ]
  }

  private func normalize() throws -> NormalizeStage {
    guard let stage = NormalizeStage(intensity: intensity, size: size) else {
      throw ValidationError("--intensity must be \(NormalizeStage.intensityNames.joined(separator: ", ")) or CENTER,WIDTH.")
    }
    return stage
  }

  func run() throws {
    try common.perform { console in
      // Before a workspace or a key is made for nothing.
      _ = try Intake(inputs: inputs.map { URL(fileURLWithPath: $0) }).items()
      if let work = try sharding.work(common, console) { return console.conclude(try work.run(stages(), seed: 0), sharding) }
      let context = try RunContext(workspace: common.workspaceURL, seed: 0, threads: common.threadCount, progress: console.progress)
      let outcomes = try stages().map { stage in
        let outcome = try stage.run(context)
        console.say("\(type(of: stage).name): \(outcome.summary)")
        return outcome
      }
      let failed = outcomes.map(\.failedItems).reduce(0, +)
      func figure(_ name: String) -> Int { Int(outcomes.compactMap { $0.figures[name] }.last ?? 0) }
      console.result(
        Result(
          ok: failed == 0, files: figure("files"), images: figure("images"), masks: figure("masks"), slices: figure("slices"),
          failed: failed,
          warnings: ScanWarningTally.counts(in: outcomes.map(\.figures)), workspace: common.workspaceURL.path))
      console.say("For research, not for diagnosis. Next: scanforge split, scanforge train --list")
      return failed == 0
    }
  }
}

/// The `--option` arguments of ingest, deidentify and upscale.
enum DeidOptionArguments {
  static func parse(_ names: [String]) throws -> Set<DeidOption> {
    var options: Set<DeidOption> = []
    for name in names {
      guard let option = DeidOption(rawValue: name) else {
        throw ValidationError("There is no option \(name). Known: \(DeidOption.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      options.insert(option)
    }
    return options
  }
}
