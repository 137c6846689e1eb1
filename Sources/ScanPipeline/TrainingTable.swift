package import ForgeGAN
import ForgeNN
import Foundation

/// What a training did, as a few lines for a terminal.
package struct TrainingTable {
  private let summary: TrainingSummary

  private static let figures = ["kid", "recall", "precision", "similarity", "realSimilarity", "duplicates", "validation", "bicubic"]
  private static let largestRows = 8

  package init(_ summary: TrainingSummary) { self.summary = summary }

  package var lines: [String] {
    let record = summary.record
    var lines = [
      "steps \(summary.steps)"
        + String(
          format: "   time %.0f s   images/s %.0f   looks %.1f %% of the time", summary.secondsOfThisRun, summary.imagesPerSecond,
          100 * summary.probeSeconds / max(summary.secondsOfThisRun, 1e-9))
    ]
    if !summary.losses.isEmpty {
      lines.append(
        "losses " + summary.losses.sorted { $0.key < $1.key }.map { String(format: "%@ %.3f", $0.key, $0.value) }.joined(separator: "   "))
    }
    let names = TrainingTable.figures.filter { name in record.looks.contains { $0.result.figures[name] != nil } }
    if !names.isEmpty {
      lines.append(row("step", names))
      for look in looksShown {
        lines.append(row("\(look.step)", names.map { look.result.figures[$0].map { String(format: "%.4g", $0) } ?? "" }))
      }
    }
    if let best = record.best, let result = best.result {
      let extractor = record.criterion?["extractor"]?.stringValue.map { name in
        " [\(name) \(record.criterion?["sha256"]?.stringValue?.prefix(12) ?? ""), \(record.criterion?["real"]?.integerValue ?? 0) real, "
          + "\(record.criterion?["generated"]?.integerValue ?? 0) generated]"
      }
      let score = result.score.map { String(format: ", %@ %.4g", record.criterion?["figure"]?.stringValue ?? "score", $0) } ?? ""
      lines.append("best checkpoint: step \(best.step)\(score)\(extractor ?? "")")
    }
    lines += record.warnings.map { "warning at step \($0.step): \($0.finding.text)" }
    lines += record.returns.map { "went back at step \($0.step) to \($0.to): \($0.finding.text)" }
    return lines
  }

  /// Looks at even distances, the first, the last and the best among them.
  private var looksShown: [TrainingRecord.Look] {
    let looks = summary.record.looks
    let count = min(looks.count, TrainingTable.largestRows)
    var shown = Set((0..<count).map { count == 1 ? 0 : $0 * (looks.count - 1) / (count - 1) })
    if let best = summary.record.best, let place = looks.lastIndex(where: { $0.step == best.step && $0.result == best.result }) { shown.insert(place) }
    return shown.sorted().map { looks[$0] }
  }

  private func row(_ first: String, _ rest: [String]) -> String {
    ([first] + rest).map { String(repeating: " ", count: max(0, 15 - $0.count)) + $0 }.joined()
  }
}
