import ForgeGAN
import ForgeNN
import Foundation

/// What `model.json` says beside the trainer's own description, and the sentence for people.
struct ModelSummary {
  let model: any GenerativeModel
  let options: TrainingOptions
  let set: TrainingSet
  /// Nil for a training that failed.
  var summary: TrainingSummary?
  var score: SuperResolutionScore?

  init(model: any GenerativeModel, options: TrainingOptions, set: TrainingSet) {
    self.model = model
    self.options = options
    self.set = set
  }

  func bytes(adding url: URL) throws -> [UInt8] {
    var values = (try? JSON.parse(String(decoding: Data(contentsOf: url), as: UTF8.self)))?.objectValue ?? [:]
    let own = values["training"]
    values["steps"] = own?["steps"]
    values["record"] = own?["record"]
    values["name"] = .string(options.name)
    values["training"] = options.parameters
    values["items"] = .integer(set.items.count)
    values["patients"] = .integer(set.patients)
    values["notice"] = "For research, not for diagnosis."
    if let score {
      values["heldOut"] = [
        "images": .integer(score.count), "psnr": .number(score.psnr), "ssim": .number(score.ssim),
        "bicubicPSNR": .number(score.bicubicPSNR),
        "bicubicSSIM": .number(score.bicubicSSIM),
      ]
    }
    return Array(JSON.object(values).text(pretty: true).utf8)
  }

  var sentence: String {
    guard let summary else { return options.name }
    var text = String(format: "%@: %d steps, %.0f images/s", options.name, summary.steps, summary.imagesPerSecond)
    for (name, value) in summary.losses.sorted(by: { $0.key < $1.key }) { text += String(format: ", %@ %.3f", name, value) }
    if let score {
      text += String(
        format: "; PSNR %.2f dB against bicubic %.2f dB (%+.2f), SSIM %.4f against %.4f, on %d held-out slices", score.psnr,
        score.bicubicPSNR,
        score.gain, score.ssim, score.bicubicSSIM, score.count)
    } else if options.model == "srgan" {
      text += "; no held-out slices to score"
    }
    if !summary.record.returns.isEmpty { text += "; went back to a checkpoint \(summary.record.returns.count) times" }
    if let last = summary.record.returns.last, last.isEnd { text += "; it ended with a failure, and the model is the best checkpoint, of step \(last.to)" }
    return text
  }

  var figures: [String: Double] {
    guard let summary else { return [:] }
    var figures = summary.losses
    for (name, value) in summary.record.looks.last?.result.figures ?? [:] { figures["look.\(name)"] = value }
    figures["returns"] = Double(summary.record.returns.count)
    if let best = summary.record.best, best.result != nil { figures["bestStep"] = Double(best.step) }
    figures["steps"] = Double(summary.steps)
    figures["imagesPerSecond"] = summary.imagesPerSecond
    figures["seconds"] = summary.secondsOfThisRun
    if let score {
      figures["psnr"] = score.psnr
      figures["bicubicPSNR"] = score.bicubicPSNR
      figures["heldOut"] = Double(score.count)
    }
    return figures
  }
}
