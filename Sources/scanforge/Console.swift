import Diagnostics
import Foundation
import Synchronization

/// Where a verb's words go: results to standard output, progress and notes to standard error.
///
/// With `--json`, standard output holds the one object that `result` prints (or the lines of `streamLine`), nothing else.
final class Console: Sendable {
  let json: Bool
  private let renderer: ProgressRenderer

  init(json: Bool, progress: ProgressMode, logLevel: LogLevel) {
    self.json = json
    renderer = ProgressRenderer(mode: progress, logLevel: logLevel)
  }

  /// Hand this to library calls.
  var progress: ProgressSink {
    let renderer = renderer
    return { renderer.receive($0) }
  }

  /// A line for people; silent with `--json`.
  func say(_ line: String) {
    guard !json else { return }
    renderer.clearLine()
    Console.write(line + "\n", to: 1)
  }

  /// The JSON object of `--json` (sorted keys, one line); silent without it.
  func result(_ value: some Encodable) {
    guard json else { return }
    streamLine(value)
  }

  /// One JSON line on standard output, for verbs whose contract is a stream (`audit verify --json`).
  func streamLine(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("Console: a result that does not encode") }
    renderer.clearLine()
    Console.write(String(decoding: data, as: UTF8.self) + "\n", to: 1)
  }

  /// A warning on standard error; also with `--json`.
  func warn(_ text: String) { renderer.receive(.warning(stage: "", text: text)) }

  /// Ends the progress display.
  func finish() { renderer.clearLine() }

  /// Whether results were lost on their way to standard output.
  static var hasLostOutput: Bool { outputFailed.load(ordering: .relaxed) }

  static func writeError(_ line: String) { write(line + "\n", to: 2) }

  private static let outputFailed = Atomic<Bool>(false)

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        // A reader that has seen enough (| head) is no failure; a full disk is.
        if descriptor == 1, errno != EPIPE { outputFailed.store(true, ordering: .relaxed) }
        return
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
