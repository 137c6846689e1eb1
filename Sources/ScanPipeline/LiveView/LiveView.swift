package import ForgeGAN
import ForgeNN
package import Foundation
import Glibc

/// Keeps `live.html` and the PNG sheets of a run up to date while a training runs, on a thread of its own: the training hands over what
/// happened and goes on, however slow the disk is. A page that cannot be written is left out without a word.
package final class LiveView: @unchecked Sendable {
  /// Seconds between two versions of the page.
  private static let interval = 2.0
  /// How long the end waits for the last version.
  private static let patience = 5.0

  package let page: URL
  private let folder: URL
  private let condition = NSCondition()
  // Guarded by `condition`:
  private var state: LivePage
  private var sheets: [SampleSheet] = []
  private var isDirty = true
  private var isEnding = false
  private var hasEnded = false
  private var written: [URL] = []

  package init(_ state: LivePage, in folder: URL) {
    self.state = state
    self.folder = folder
    page = folder.appendingPathComponent("live.html")
    let thread = Thread { [self] in work() }
    thread.name = "live view"
    thread.start()
  }

  package func receive(_ event: TrainingEvent) {
    // The log of a training that goes on is read here, before its first step.
    var history: [([String: Double], Int)] = []
    if case .began(_, _, let log?) = event { history = LiveView.means(of: log) }
    change { state in
      switch event {
      case .began(let step, let record, _):
        state.record = record
        for (values, step) in history { state.add(values, step: step) }
        (state.firstStep, state.step) = (step, step)
      case .measured(let step, let values): state.add(values, step: step)
      case .looked(let record): state.record = record
      case .wentBack(let record):
        state.record = record
        state.step = record.returns.last?.to ?? state.step
      case .sampled: break
      }
    }
    if case .sampled(let sheet) = event {
      condition.withLock {
        sheets.append(sheet)
        isDirty = true
        condition.broadcast()
      }
    }
  }

  /// Writes the last version and ends the thread; waits a few seconds at most.
  package func finish(_ status: LivePage.Status, step: Int? = nil, table: [String] = []) {
    change { state in
      state.status = status
      state.step = step ?? state.step
      state.table = table
    }
    let end = Date().addingTimeInterval(LiveView.patience)
    condition.withLock {
      isEnding = true
      condition.broadcast()
      while !hasEnded, condition.wait(until: end) {}
    }
  }

  /// The sheets that were written, oldest first.
  package var sheetFiles: [URL] { condition.withLock { written } }

  private func change(_ body: (inout LivePage) -> Void) {
    condition.withLock {
      body(&state)
      isDirty = true
      condition.broadcast()
    }
  }

  private func work() {
    while true {
      condition.lock()
      while !isDirty, !isEnding { condition.wait() }
      let (news, isLast) = (sheets, isEnding)
      sheets = []
      isDirty = false
      condition.unlock()

      for sheet in news { show(sheet) }
      LiveView.replace(page, with: condition.withLock { state }.html(now: Date()))

      condition.lock()
      if isLast {
        hasEnded = true
        condition.broadcast()
        condition.unlock()
        return
      }
      let next = Date().addingTimeInterval(LiveView.interval)
      while !isEnding, condition.wait(until: next) {}
      condition.unlock()
    }
  }

  private func show(_ sheet: SampleSheet) {
    guard let (url, png) = try? SampleSheetWriter.write(sheet, to: folder) else { return }
    condition.withLock {
      state.sheet = (png, sheet.step, sheet.columnTitles)
      written.append(url)
    }
  }

  /// The old page or the new one, whole. Not synced: it is worth nothing after a power cut.
  private static func replace(_ url: URL, with text: String) {
    let partial = url.deletingLastPathComponent().appendingPathComponent(".live.html.partial")
    guard (try? Data(text.utf8).write(to: partial)) != nil else { return }
    rename(partial.path, url.path)
  }

  /// Losses of a log, means of a few hundred stretches.
  private static func means(of log: URL) -> [([String: Double], Int)] {
    guard let text = try? String(contentsOf: log, encoding: .utf8) else { return [] }
    let records = text.split(separator: "\n").compactMap { try? JSON.parse(String($0)) }.filter { $0["losses"] != nil }
    let length = max(1, records.count / 400)
    return stride(from: 0, to: records.count, by: length).map { start in
      let stretch = records[start..<min(records.count, start + length)]
      var sums: [String: (sum: Double, count: Double)] = [:]
      for record in stretch {
        for (name, value) in record["losses"]?.objectValue ?? [:] {
          let old = sums[name] ?? (0, 0)
          sums[name] = (old.sum + (value.doubleValue ?? 0), old.count + 1)
        }
      }
      return (sums.mapValues { $0.sum / $0.count }, stretch.last?["step"]?.integerValue ?? 0)
    }
  }
}
