import ForgeGAN
import Foundation

/// What the live view of a training shows, and the page itself: self-contained, no script, no network. It holds the model's name, figures
/// and the sample sheet; no path, no time of a scan, nothing of a patient but the pixels that a sheet may show.
package struct LivePage: Sendable {
  package enum Status: Sendable, Equatable {
    case running, finished, stopped
    case failed(String)
  }

  /// Seconds after which a browser loads the page again.
  private static let refreshSeconds = 5

  let name: String
  let model: String
  let plannedSteps: Int?
  let plannedMinutes: Double?
  let began = Date()

  var status = Status.running
  var firstStep = 0
  var step = 0
  var losses: [(name: String, curve: Curve)] = []
  var record = TrainingRecord()
  var sheet: (png: Data, step: Int, columns: [String])?
  /// The table of the end.
  var table: [String] = []

  package init(name: String, model: String, plannedSteps: Int?, plannedMinutes: Double?) {
    self.name = name
    self.model = model
    self.plannedSteps = plannedSteps
    self.plannedMinutes = plannedMinutes
  }

  mutating func add(_ values: [String: Double], step: Int) {
    self.step = step
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      if let index = losses.firstIndex(where: { $0.name == name }) {
        losses[index].curve.add(value, step: step)
      } else {
        var curve = Curve()
        curve.add(value, step: step)
        losses.append((name, curve))
      }
    }
  }

  func html(now: Date) -> String {
    let refresh = status == .running ? "<meta http-equiv=\"refresh\" content=\"\(LivePage.refreshSeconds)\">" : ""
    return """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\(refresh)
      <title>\(HTMLText.escaped(name)): \(word)</title><link rel="icon" href="data:,"><style>
      body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:72rem;padding:0 1rem;color:#1c2430;background:#fff}
      h1{font-size:1.5rem;margin-bottom:.2rem}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:1rem}
      figure{margin:.6rem 0}figcaption{font-weight:600}svg{width:100%;background:#fafbfc}svg text{font-size:11px;fill:#56606e}
      .legend{font-size:.85rem}.bar{height:.8rem;background:#e6eaf0;border-radius:.4rem;overflow:hidden}.bar div{height:100%;background:#3b6ea5}
      .warning{color:#a40000;font-weight:600}.note{color:#56606e;font-size:.9rem}img{image-rendering:pixelated;max-width:100%;background:#000}
      pre{font-size:.85rem;background:#f3f6f9;padding:.6rem;overflow:auto}
      </style></head><body>
      <h1>\(HTMLText.escaped(name)) (\(HTMLText.escaped(model))): \(word)</h1>
      <div class="bar"><div style="width:\(Int(100 * share(now)))%"></div></div><p>\(HTMLText.escaped(position(now)))</p>
      \(warnings())\(ending())<div class="charts">\(charts())</div>\(samples())
      <p class="note">Written \(LivePage.time(now)) UTC. For research, not for diagnosis.</p></body></html>

      """
  }

  private var word: String {
    switch status {
    case .running: "training"
    case .finished: "finished"
    case .stopped: "stopped"
    case .failed: "failed"
    }
  }

  private func share(_ now: Date) -> Double {
    if let plannedSteps { return min(1, Double(step) / Double(plannedSteps)) }
    if status == .finished { return 1 }
    return min(1, now.timeIntervalSince(began) / ((plannedMinutes ?? 1) * 60))
  }

  /// `1200 of 2000 steps, 12.5 steps/s, about 1 min left.`
  private func position(_ now: Date) -> String {
    guard step > 0 else {
      let plan = plannedSteps.map { "of \($0) planned" } ?? plannedMinutes.map { String(format: "of %g planned minutes", $0) } ?? ""
      return "No step yet \(plan)." + (status == .running ? " The first figures come with the first report." : "")
    }
    var text = "\(step)\(plannedSteps.map { " of \($0)" } ?? "") steps"
    let seconds = now.timeIntervalSince(began)
    guard status == .running, seconds > 0, step > firstStep else { return text + "." }
    let rate = Double(step - firstStep) / seconds
    text += String(format: rate >= 10 ? ", %.0f steps/s" : ", %.2f steps/s", rate)
    let left = plannedSteps.map { Double($0 - step) / rate } ?? (plannedMinutes ?? 0) * 60 - seconds
    return text
      + ", about \(LivePage.duration(max(0, left))) left. If the time below stands still, the training was cut off: run the same command with --resume."
  }

  private func warnings() -> String {
    var lines = record.returns.map { "Went back: \($0.sentence)." } + record.warnings.map { "Warning: \($0.sentence)." }
    if case .failed(let text) = status { lines.append(text) }
    return lines.map { "<p class=\"warning\">\(HTMLText.escaped($0))</p>" }.joined()
  }

  private func ending() -> String {
    let hint = status == .stopped ? "<p>Stopped before its end. Run the same command with --resume to go on.</p>" : ""
    return hint + (table.isEmpty ? "" : "<pre>\(HTMLText.escaped(table.joined(separator: "\n")))</pre>")
  }

  private func charts() -> String {
    let returns = record.returns.map(\.step)
    let told = [SaturationDetector.rightOnReal, SaturationDetector.rightOnFake]
    var plots = [
      CurvePlot(title: "Losses", curves: losses.filter { !told.contains($0.name) }, returns: returns),
      CurvePlot(title: "Share that the discriminator tells right", curves: losses.filter { told.contains($0.name) }, returns: returns),
    ]
    for (title, names) in [
      ("Distance to real images (KID, random-cnn)", ["kid"]),
      ("Variety (similarity: MS-SSIM of pairs)", ["recall", "precision", "similarity", "realSimilarity", "duplicates"]),
      ("Error on fixed patches", ["validation", "bicubic"]),
    ] {
      plots.append(CurvePlot(title: title, curves: names.map { ($0, looks($0)) }.filter { !$0.1.points.isEmpty }, returns: returns))
    }
    return plots.map { $0.svg() }.joined()
  }

  private func looks(_ figure: String) -> Curve {
    var curve = Curve()
    for look in record.looks { if let value = look.result.figures[figure] { curve.add(value, step: look.step) } }
    return curve
  }

  private func samples() -> String {
    guard let sheet else { return "" }
    let columns = sheet.columns.isEmpty ? "" : " Columns: \(sheet.columns.joined(separator: ", "))."
    let title = sheet.step > 0 ? "Samples at step \(sheet.step)" : "Samples before the first step: the untrained model"
    let kept = sheet.step == record.keptStep ? ", the model that is kept" : ""
    return """
      <h2>\(title)\(kept)</h2><p class="note">\(HTMLText.escaped(columns))</p>\
      <img alt="samples at step \(sheet.step)" src="data:image/png;base64,\(sheet.png.base64EncodedString())">
      """
  }

  private static func time(_ date: Date) -> String {
    let seconds = Int(date.timeIntervalSince1970) % 86_400
    return String(format: "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
  }

  private static func duration(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds)) s" : seconds < 5400 ? "\(Int((seconds / 60).rounded())) min" : String(format: "%.1f h", seconds / 3600)
  }
}
