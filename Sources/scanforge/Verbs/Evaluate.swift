import ArgumentParser
import Diagnostics
import Foundation
import ScanCatalog
import ScanPipeline

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare synthetic or super-resolved images with real ones, honestly.",
    discussion: """
      Every figure of a set is printed with the extractor, the hash of its weights and the numbers of images. A set is a folder (an image's \
      label is the name of the folder that it lies in) or images of the workspace as key=value,… over label, split, origin, modality, run.
      """)

  @Option(help: "Real images that the model never saw: FOLDER or QUERY.")
  var real: String

  @Option(help: "Synthetic images: FOLDER or QUERY. Files named as a real one (or with _xN added) are also compared with it pixel by pixel.")
  var synthetic: String

  @Option(help: "What the model was trained on: FOLDER or QUERY. Without it half of the real images teaches the classifier, and memorization is not measured.")
  var training: String?

  @Option(help: "Side in pixels to which images are brought (default: that of the synthetic images).")
  var size: Int?

  @Option(help: "Steps of each classifier.")
  var classifierSteps = 600

  @Option(help: "Neighbours of precision, recall, density and coverage.")
  var neighbours = 5

  @Option(help: "Seed of the classifiers.")
  var seed: UInt64 = 1

  @Flag(help: "Do not train a classifier on the synthetic images.")
  var skipUtility = false

  @Option(name: .customLong("extractor"), help: "Safetensors file with weights of one more extractor: a VGG network's with torchvision's names, or a classifier trained here (repeatable).")
  var extractors: [String] = []

  @Option(help: "File for the weights of the classifier that the real images teach, for --extractor of later evaluations.")
  var keepClassifier: String?

  @Option(help: "HTML file for the report, with pictures.")
  var report: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let size, !(16...1024).contains(size) { throw ValidationError("--size must be 16 to 1024.") }
    guard (1...100_000).contains(classifierSteps) else { throw ValidationError("--classifier-steps must be 1 to 100000.") }
    guard (1...50).contains(neighbours) else { throw ValidationError("--neighbours must be 1 to 50.") }
    if let report, report == keepClassifier { throw ValidationError("--report and --keep-classifier must name two files.") }
  }

  private struct Result: Encodable {
    let ok: Bool
    let report: String?
    let classifier: String?
    let failed: Int
    let evaluation: CanonicalJSON
  }

  func run() throws {
    try common.perform { console in
      let sources = try [real, synthetic, training].map { try $0.map { try EvaluationSource($0) } }
      let folders = sources.compactMap { if case .folder(let url) = $0 { url } else { nil } }
      for file in [report, keepClassifier].compactMap(\.self) { try ReportFile.check(URL(fileURLWithPath: file), inputs: folders) }
      let needsCatalog = sources.contains { if case .query = $0 { true } else { false } }
      let catalog = needsCatalog ? try Catalog.openForReading(at: common.workspaceURL) : nil
      var sets: [EvaluationImages?] = []
      for (source, role) in zip(sources, ["real", "synthetic", "training"]) {
        sets.append(
          try source.map { try EvaluationImages($0, role: role, catalog: catalog, threads: common.threadCount, progress: console.progress) })
      }
      guard let realSet = sets[0], let syntheticSet = sets[1] else { return false }
      var plan = EvaluationPlan()
      (plan.side, plan.neighbours, plan.seed, plan.measuresUtility) = (size, neighbours, seed, !skipUtility)
      plan.classifierSteps = classifierSteps
      plan.extractors = extractors.map { URL(fileURLWithPath: $0) }
      let evaluation = try Evaluator(plan, threads: common.threadCount, progress: console.progress).evaluate(
        real: realSet, synthetic: syntheticSet, training: sets[2])
      for line in evaluation.lines { console.say(line) }
      if let report {
        try EvaluationReport(evaluation, real: realSet, synthetic: syntheticSet, training: sets[2]).write(to: URL(fileURLWithPath: report))
        console.say("  \(report)")
      }
      if let keepClassifier {
        if let weights = evaluation.classifierWeights { try ReportFile.write(Array(weights), to: URL(fileURLWithPath: keepClassifier)) }
        console.say(evaluation.classifierWeights == nil ? "No classifier was trained, so none is kept." : "  \(keepClassifier)")
      }
      console.say("For research, not for diagnosis.")
      let failed = sets.compactMap { $0?.failures }.reduce(0, +)
      let good = failed == 0 && !evaluation.isSuspect
      console.result(Result(ok: good, report: report, classifier: evaluation.classifierWeights.flatMap { _ in keepClassifier }, failed: failed, evaluation: evaluation.json))
      return good
    }
  }
}
