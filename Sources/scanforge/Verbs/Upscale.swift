import ArgumentParser
import Diagnostics
import Foundation
import ScanIO
import ScanPipeline

struct Upscale: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Super-resolve DICOM, TIFF and PNG files or folders of them.",
    discussion: "DICOM input is de-identified first. Depth, spacing, windows and format are kept right. Works without a workspace when MODEL is a file.")

  @Argument(help: "Files and folders.")
  var inputs: [String]

  @Option(help: "Model name in the workspace, model folder, or model.safetensors file.")
  var model: String

  @Option(help: "Folder for the results; names start with the input's.")
  var output: String

  @Option(help: "Arithmetic of the convolutions: fp32, or int16 where there are kernels for it (faster; at least 65 dB to fp32).")
  var precision = "fp32"

  @Option(help: "Rounds that make the result agree with the input when made small again, 0 to 64 (default: what the model says, 4 for new ones).")
  var backProjections: Int?

  @Flag(help: "Mean over the eight flips and transpositions: a little truer, eight times as slow.")
  var ensemble = false

  @Flag(help: "Beside each single grey image a picture of the detail that its input cannot tell (STEM_x2.detail.png).")
  var detailMap = false

  @Flag(help: "Keep the prepared weights beside the model file, for a quicker start the next time.")
  var storePlan = false

  @Option(name: .customLong("option"), help: "De-identification option (repeatable).")
  var options: [String] = []

  @Option(help: "File with the pseudonym key (default: the workspace's, else a key for this run only).")
  var key: String?

  @Option(help: "What a failing item does: continue or stop.")
  var onItemError = "continue"

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard InferencePrecision(rawValue: precision) != nil else { throw ValidationError("--precision must be fp32 or int16.") }
    guard ["continue", "stop"].contains(onItemError) else { throw ValidationError("--on-item-error must be continue or stop.") }
    guard backProjections.map(RefinementRequest.allowedBackProjections.contains) ?? true else {
      throw ValidationError("--back-projections must be 0 to 64.")
    }
    _ = try DeidOptionArguments.parse(options)
  }

  private struct Result: Encodable {
    let ok: Bool
    let images: Int
    let failed: Int
    /// Files read with a warning, by its code.
    let warnings: [String: Int]
    let output: String
    /// Rounds of back-projection that were done.
    let backProjections: Int
    /// Over the images with a detail map, the largest root mean square of the detail as a share of the image's range; missing without maps.
    let largestDetail: Double?
    /// Convolutions by the arithmetic that they ran in.
    let arithmetic: [String: Int]
  }

  func run() throws {
    try common.perform { console in
      // Before a key is made for nothing.
      try OutputFolder.check(
        URL(fileURLWithPath: output), inputs: inputs.map { URL(fileURLWithPath: $0) }, key: key.map { URL(fileURLWithPath: $0) })
      DecodeWorkerPool.shared.prestart()
      let source = try ModelSource(model, workspace: common.workspaceURL)
      var files = UpscaledFiles(
        inputs: inputs.map { URL(fileURLWithPath: $0) }, output: URL(fileURLWithPath: output), options: try DeidOptionArguments.parse(options),
        stopsOnItemError: onItemError == "stop", threads: common.threadCount)
      files.addsDetailMaps = detailMap
      if storePlan, source.isCatalogued { throw ValidationError("--store-plan needs a model file outside of a workspace.") }
      if storePlan { try PlanStorage.check(beside: source.url) }
      let upscaler = try ImageUpscaler(
        model: source.url, precision: InferencePrecision(rawValue: precision) ?? .fp32,
        refinement: RefinementRequest(backProjections: backProjections, isEnsemble: ensemble), storesPlan: storePlan)
      let outcome = try files.write(
        upscaler, key: try source.key(file: key, progress: console.progress), progress: console.progress)
      console.say(outcome.summary)
      for place in outcome.places { console.say("  \(place)") }
      console.say("Super-resolved: fine detail is estimated by a model. For research, not for diagnosis.")
      console.result(
        Result(
          ok: outcome.failedItems == 0, images: Int(outcome.figures["enhanced"] ?? 0), failed: outcome.failedItems,
          warnings: ScanWarningTally.counts(in: [outcome.figures]), output: URL(fileURLWithPath: output).path,
          backProjections: upscaler.backProjections, largestDetail: outcome.figures["largestDetail"],
          arithmetic: InferencePrecision.arithmetic(in: outcome.figures)))
      return outcome.failedItems == 0
    }
  }
}
