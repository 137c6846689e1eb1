import ForgeNN
package import Foundation

/// Losses of a training as JSON lines, one per step: `{"losses":{"discriminator":0.9},"step":40}`.
///
/// No times stand in it, so the log of a resumed training equals that of an uninterrupted one: lines beyond the step where a resumed
/// training begins are dropped.
package final class LossLog {
  private let handle: FileHandle
  private var pending = Data()

  /// - Parameter step: where the training begins; 0 begins a new log.
  package init(_ url: URL, from step: Int) throws(ForgeGANError) {
    do {
      var kept = ""
      if step > 0, let old = try? String(contentsOf: url, encoding: .utf8) {
        for line in old.split(separator: "\n") {
          if let record = try? JSON.parse(String(line)), let written = record["step"]?.integerValue, written <= step { kept += line + "\n" }
        }
      }
      try Data(kept.utf8).write(to: url, options: .atomic)
      handle = try FileHandle(forWritingTo: url)
      try handle.seekToEnd()
    } catch {
      throw .logUnwritable(reason: "the file system refused")
    }
  }

  deinit { try? handle.close() }

  package func record(_ measures: [Measure], step: Int) {
    let losses = Dictionary(measures.map { ($0.name, JSON.number(Double($0.value))) }, uniquingKeysWith: { $1 })
    pending += Data((JSON.object(["losses": .object(losses), "step": .integer(step)]).text() + "\n").utf8)
  }

  /// Writes what has been recorded; called before each checkpoint, so that the log never lacks steps that a state has.
  package func flush() throws(ForgeGANError) {
    guard !pending.isEmpty else { return }
    do { try handle.write(contentsOf: pending) } catch { throw .logUnwritable(reason: "the file system refused") }
    pending = Data()
  }
}
