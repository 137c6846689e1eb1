import ForgeNN
package import Foundation

/// Losses of a training as JSON lines, one per step: `{"losses":{"discriminator":0.9},"step":40}`, and one per return to a checkpoint:
/// `{"finding":"…","return":300,"step":412}`; the steps after it count on from there.
///
/// No times stand in it, so the log of a resumed training equals that of an uninterrupted one: lines beyond the state where a resumed
/// training begins are dropped.
package final class LossLog {
  /// Lines that the state has behind it and the log lacks.
  package let missing: Int
  private let handle: FileHandle
  private var pending = Data()

  /// - Parameters:
  ///   - lines: how many lines the state has behind it; 0 begins a new log.
  ///   - step: steps that the state has. A log that began later than its training has fewer lines, and ends there; what is no line of a log
  ///     is left out.
  package init(_ url: URL, keeping lines: Int, step: Int) throws(ForgeGANError) {
    do {
      var kept: [Substring] = []
      if lines > 0, let old = try? String(contentsOf: url, encoding: .utf8) {
        kept = old.split(separator: "\n").prefix(lines).filter { LossLog.step($0) != nil }
        while let last = kept.last, (LossLog.step(last) ?? .max) > step, !last.contains("\"return\":") { kept.removeLast() }
      }
      missing = lines - kept.count
      try Data(kept.map { $0 + "\n" }.joined().utf8).write(to: url, options: .atomic)
      handle = try FileHandle(forWritingTo: url)
      try handle.seekToEnd()
    } catch {
      throw .logUnwritable(reason: "the file system refused")
    }
  }

  deinit { try? handle.close() }

  package func record(_ measures: [Measure], step: Int) {
    let losses = Dictionary(measures.map { ($0.name, JSON.number(Double($0.value))) }, uniquingKeysWith: { $1 })
    append(["losses": .object(losses), "step": .integer(step)])
  }

  package func record(_ back: TrainingRecord.Return) {
    append(["finding": .string(back.finding.text), "return": .integer(back.to), "step": .integer(back.step)])
  }

  /// Writes what has been recorded; called before each checkpoint, so that the log never lacks steps that a state has.
  package func flush() throws(ForgeGANError) {
    guard !pending.isEmpty else { return }
    do { try handle.write(contentsOf: pending) } catch { throw .logUnwritable(reason: "the file system refused") }
    pending = Data()
  }

  private func append(_ line: JSON) { pending += Data((line.text() + "\n").utf8) }

  private static func step(_ line: Substring) -> Int? { (try? JSON.parse(String(line)))?["step"]?.integerValue }
}
