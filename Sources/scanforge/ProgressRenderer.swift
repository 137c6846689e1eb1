import Diagnostics
import Foundation
import Synchronization

/// Draws progress on standard error: a bar with rate and time left on a terminal, a line now and then elsewhere, JSON lines, or nothing.
final class ProgressRenderer: Sendable {
  private enum Style { case bar, lines, json, none }

  private struct State {
    var stage = ""
    var unit = ""
    var total: Int?
    var done = 0
    var began = Date()
    var lastDrawn = Date.distantPast
    var measures: [(name: String, value: Double)] = []
    var isLineDirty = false
  }

  private let style: Style
  private let logLevel: LogLevel
  private let state = Mutex(State())

  init(mode: ProgressMode, logLevel: LogLevel) {
    switch mode {
    case .auto: style = isatty(2) == 1 ? .bar : .lines
    case .bar: style = .bar
    case .json: style = .json
    case .none: style = .none
    }
    self.logLevel = logLevel
  }

  func receive(_ event: ProgressEvent) {
    if style == .json { return writeJSON(event) }
    state.withLock { state in
      switch event {
      case .began(let stage, let total, let unit):
        state = State(stage: stage, unit: unit, total: total, began: Date())
        if style == .lines { emit("\(stage): started\(total.map { ", \($0) \(unit)" } ?? "")\n") }
      case .advanced(let stage, let done):
        if stage != state.stage { state = State(stage: stage, began: Date()) }
        state.done = done
        draw(&state, force: false)
      case .measured(_, let name, let value):
        if let index = state.measures.firstIndex(where: { $0.name == name }) {
          state.measures[index].value = value
        } else {
          state.measures.append((name, value))
        }
        draw(&state, force: false)
      case .note(let stage, let text):
        if logLevel != .error, logLevel != .warning, style != .none { line(&state, stage, text) }
      case .warning(let stage, let text):
        if logLevel != .error { line(&state, stage, "warning: " + text) }
      case .ended(let stage, let summary):
        clear(&state)
        if style != .none, logLevel != .error { emit("\(stage): \(summary) (\(ProgressRenderer.duration(Date().timeIntervalSince(state.began))))\n") }
        state.stage = ""
      }
    }
  }

  /// Removes a half-drawn bar so that other output starts on a clean line.
  func clearLine() { state.withLock { clear(&$0) } }

  private func line(_ state: inout State, _ stage: String, _ text: String) {
    clear(&state)
    emit(stage.isEmpty ? "\(text)\n" : "\(stage): \(text)\n")
  }

  private func clear(_ state: inout State) {
    if state.isLineDirty { emit("\r\u{1B}[2K") }
    state.isLineDirty = false
  }

  private func draw(_ state: inout State, force: Bool) {
    guard style == .bar || style == .lines else { return }
    let now = Date()
    let interval = style == .bar ? 0.1 : 15.0
    guard force || now.timeIntervalSince(state.lastDrawn) >= interval else { return }
    if style == .lines, now.timeIntervalSince(state.began) < 5 { return }
    state.lastDrawn = now
    let text = ProgressRenderer.text(state.stage, state.done, state.total, state.unit, now.timeIntervalSince(state.began), state.measures)
    if style == .bar {
      emit("\r\u{1B}[2K" + text)
      state.isLineDirty = true
    } else {
      emit(text + "\n")
    }
  }

  /// `train  [#####...............]  250/1000 steps  12.5/s  1m00s left  loss 0.412`
  static func text(
    _ stage: String, _ done: Int, _ total: Int?, _ unit: String, _ seconds: TimeInterval, _ measures: [(name: String, value: Double)]
  ) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    var parts = [stage]
    if let total, total > 0 {
      let filled = min(20, done * 20 / total)
      parts.append("[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]")
      parts.append("\(done)/\(total) \(unit)")
    } else {
      parts.append("\(done) \(unit)")
    }
    parts.append(String(format: rate >= 10 ? "%.0f/s" : "%.2f/s", rate))
    if let total, rate > 0, total > done { parts.append(duration(Double(total - done) / rate) + " left") }
    for measure in measures { parts.append("\(measure.name) " + String(format: "%.4g", measure.value)) }
    return parts.joined(separator: "  ")
  }

  /// `42s`, `3m07s`, `2h05m`.
  static func duration(_ seconds: TimeInterval) -> String {
    let whole = Int(max(0, min(seconds, 1e7)).rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m" + String(format: "%02ds", whole % 60) }
    return "\(whole / 3600)h" + String(format: "%02dm", whole % 3600 / 60)
  }

  private func writeJSON(_ event: ProgressEvent) {
    var object: [String: any Sendable] = [:]
    switch event {
    case .began(let stage, let total, let unit):
      object = ["event": "began", "stage": stage, "unit": unit]
      if let total { object["total"] = total }
    case .advanced(let stage, let done): object = ["event": "advanced", "stage": stage, "done": done]
    case .measured(let stage, let name, let value):
      object = ["event": "measured", "stage": stage, "name": name]
      if value.isFinite { object["value"] = value }
    case .note(let stage, let text): object = ["event": "note", "stage": stage, "text": text]
    case .warning(let stage, let text): object = ["event": "warning", "stage": stage, "text": text]
    case .ended(let stage, let summary): object = ["event": "ended", "stage": stage, "summary": summary]
    }
    guard let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]) else { return }
    emit(String(decoding: data, as: UTF8.self) + "\n")
  }

  private func emit(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}
