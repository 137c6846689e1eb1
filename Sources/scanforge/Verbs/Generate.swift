import ArgumentParser
import Diagnostics
import Foundation
import ScanModel
import ScanPipeline

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make labelled synthetic slices with a trained conditional model.",
    discussion: "MODEL is a name in the workspace or a model.safetensors file. Without --output the images go into the workspace. Image i depends on model, seed, i and what it is to show alone.")

  @Option(help: "Model name in the workspace, model folder, or model.safetensors file.")
  var model: String

  @Option(help: "Only this label (with --count).")
  var label: String?

  @Option(help: "Images per label, and per combination of the values below.")
  var perLabel: Int?

  @Option(help: "Images in all, spread over labels and combinations.")
  var count: Int?

  @Option(help: "Modality to show, where the model is conditioned on it (repeatable: each combination is made).")
  var modality: [String] = []

  @Option(help: "Body part to show (repeatable).")
  var bodyPart: [String] = []

  @Option(help: "Sex to show: F, M or O (repeatable).")
  var sex: [String] = []

  @Option(help: "Age band to show, such as 040-049 or 090+ (repeatable).")
  var ageBand: [String] = []

  @Option(help: "Seed.")
  var seed: UInt64 = 0

  @Option(help: "Redraw latent values beyond this: less variety, more likeliness.")
  var truncation: Float?

  @Option(help: "Arithmetic of the convolutions: fp32, or int16 where there are kernels for it.")
  var precision = "fp32"

  @Flag(help: "Keep the prepared weights beside the model file, for a quicker start the next time.")
  var storePlan = false

  @Option(help: "Folder for files; without it the images are recorded in the workspace.")
  var output: String?

  @Option(help: "tiff, dicom, png or npz.")
  var format = "tiff"

  @OptionGroup var sharding: ShardOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard ["tiff", "dicom", "png", "npz"].contains(format) else { throw ValidationError("--format must be tiff, dicom, png or npz.") }
    if perLabel != nil, count != nil || label != nil { throw ValidationError("Give --per-label alone, or --count, or --label with --count.") }
    if perLabel == nil, count == nil, label == nil { throw ValidationError("Say how many: --per-label N, --count N, or --label L --count N.") }
    for number in [perLabel, count].compactMap({ $0 }) where number < 1 || number > 10_000_000 {
      throw ValidationError("The number of images must be 1 to 10000000.")
    }
    if sharding.shard != nil, output != nil { throw ValidationError("--shard records for a merge; leave --output out.") }
    if storePlan, output == nil { throw ValidationError("--store-plan goes with --output and a model file.") }
    // Bands beyond 90 are read in older catalogs alone: an answer about 090+ would be none to who asks for one.
    if let wrong = ageBand.first(where: { ScanAttribute.ageBand.value($0) == "090+" && !$0.contains("090+") }) {
      throw ValidationError("--age-band \(wrong): from 90 years on there is one band. Use 090+.")
    }
    guard InferencePrecision(rawValue: precision) != nil else { throw ValidationError("--precision must be fp32 or int16.") }
    if let truncation, !(truncation > 0 && truncation.isFinite) { throw ValidationError("--truncation must be above 0.") }
  }

  private struct Result: Encodable {
    let ok: Bool
    let images: Int
    let places: [String]
    /// Convolutions by the arithmetic that they ran in.
    let arithmetic: [String: Int]
  }

  private var amount: GenerationAmount {
    if let perLabel { return .perLabel(perLabel) }
    if let label { return .label(label, count: count ?? 1) }
    return .count(count ?? 1)
  }

  private var request: GenerationPlan {
    let asked: [(ScanAttribute, [String])] = [(.modality, modality), (.bodyPart, bodyPart), (.sex, sex), (.ageBand, ageBand)]
    return GenerationPlan(amount, asked.compactMap { AttributeChoice($0, $1) })
  }

  func run() throws {
    let precision = InferencePrecision(rawValue: self.precision) ?? .fp32
    try common.perform { console in
      let outcome: StageOutcome
      if let output { try OutputFolder.check(URL(fileURLWithPath: output)) }
      // Before a workspace is made for nothing.
      let source = try ModelSource(model, workspace: common.workspaceURL)
      if let output {
        if storePlan, source.isCatalogued { throw ValidationError("--store-plan needs a model file outside of a workspace.") }
        if storePlan { try PlanStorage.check(beside: source.url) }
        let files = SyntheticFiles(
          folder: URL(fileURLWithPath: output), format: SyntheticFiles.Format(rawValue: format) ?? .tiff, threads: common.threadCount)
        let generator = try ImageGenerator(
          model: source.url, name: source.name, seed: seed, truncation: truncation, precision: precision, storesPlan: storePlan)
        outcome = try files.write(request, generator: generator, progress: console.progress)
      } else {
        guard source.isCatalogued else {
          throw ValidationError("A model file goes with --output DIR; without it only a model of the workspace, by its name.")
        }
        if let work = try sharding.work(common, console) {
          let options = "\(model); \(request); \(truncation.map { "\($0)" } ?? "-"); \(precision)"
          return console.conclude(
            try work.run("generate", options, seed: seed) { context in
              try context.generateIntoWorkspace(model: model, request, seed: seed, truncation: truncation, precision: precision)
            }, sharding)
        }
        let context = try RunContext(workspace: common.workspaceURL, seed: seed, threads: common.threadCount, progress: console.progress)
        outcome = try context.generateIntoWorkspace(model: model, request, seed: seed, truncation: truncation, precision: precision)
      }
      console.say(outcome.summary)
      for place in outcome.places { console.say("  \(place)") }
      console.say("Synthetic images. For research, not for diagnosis.")
      console.result(
        Result(
          ok: true, images: Int(outcome.figures["generated"] ?? 0), places: outcome.places,
          arithmetic: InferencePrecision.arithmetic(in: outcome.figures)))
      return true
    }
  }
}
