import ArgumentParser
import Diagnostics
import Foundation
import ScanIO
import ScanModel

/// `scanforge inspect FILE…`: what a file is, without a workspace.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what DICOM, TIFF and PNG files are: size, depth, encoding, and a hash of their stored samples.",
    discussion:
      "Reads only. Exit 1 when a file cannot be read or decoded; the others are still shown. sha256Pixels covers the stored words before any LUT."
  )

  @OptionGroup var common: CommonOptions

  @Argument(help: "Files to look at.", completion: .file())
  var files: [String]

  func run() throws {
    try common.perform { console in
      let reports = inspectAll(console)
      console.finish()
      for report in reports where !common.json { InspectText.lines(of: report).forEach(console.say) }
      console.result(Output(files: reports))
      // Nothing but the surroundings failed (a missing file): exit 3, after the reports.
      let failures = reports.compactMap(\.failureKind)
      if !failures.isEmpty, failures.allSatisfy({ $0 == .surroundings }) { throw ExitCode(FailureKind.surroundings.exitCode) }
      return failures.isEmpty
    }
  }

  private struct Output: Encodable { var files: [InspectReport] }

  /// Inspects in parallel, as many files at once as there are workers; results in the caller's order.
  private func inspectAll(_ console: Console) -> [InspectReport] {
    let stage = "inspect"
    let reader = ScanReader(pool: DecodeWorkerPool(workers: common.threadCount))
    console.progress(.began(stage: stage, total: files.count, unit: "files"))
    let results = InspectResults(count: files.count)
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = common.threadCount
    for (index, file) in files.enumerated() {
      queue.addOperation {
        results.set(index, InspectReport(path: file, reader: reader))
        console.progress(.advanced(stage: stage, done: results.done))
      }
    }
    queue.waitUntilAllOperationsAreFinished()
    console.progress(.ended(stage: stage, summary: "\(files.count) files"))
    return results.all
  }
}

/// Reports by position, filled from several threads.
private final class InspectResults: @unchecked Sendable {
  private let lock = NSLock()
  private var reports: [InspectReport?]

  init(count: Int) { reports = Array(repeating: nil, count: count) }

  func set(_ index: Int, _ report: InspectReport) { lock.withLock { reports[index] = report } }
  var done: Int { lock.withLock { reports.count { $0 != nil } } }
  var all: [InspectReport] { lock.withLock { reports.compactMap { $0 } } }
}

/// A report for people.
enum InspectText {
  static func lines(of report: InspectReport) -> [String] {
    var lines = [report.file]
    var parts: [String] = []
    if let format = report.format { parts.append(format.rawValue.uppercased()) }
    if let modality = report.modality { parts.append(modality) }
    if let rows = report.rows, let columns = report.columns {
      parts.append("\(rows) x \(columns)" + (report.frames.map { $0 > 1 ? " x \($0) frames" : "" } ?? ""))
    }
    if let samples = report.samplesPerPixel, samples > 1 { parts.append("\(samples) samples per pixel") }
    if let bits = report.bitsAllocated {
      let stored = report.bitsStored.map { $0 == bits ? "" : " (\($0) stored)" } ?? ""
      parts.append("\(bits) bits\(stored)\(report.isFloat ? " float" : report.signed == true ? " signed" : "")")
    }
    if let photometric = report.photometric { parts.append(photometric) }
    if !parts.isEmpty { lines.append("  " + parts.joined(separator: ", ")) }
    if let syntax = report.transferSyntax { lines.append("  transfer syntax \(syntax)") }
    if let low = report.min, let high = report.max { lines.append("  stored values \(low) to \(high)") }
    if let digest = report.sha256Pixels { lines.append("  sha256 of the stored words \(digest)") }
    if !report.warnings.isEmpty { lines.append("  warnings: " + report.warnings.map(\.rawValue).joined(separator: ", ")) }
    if let error = report.error { lines.append("  error \(error.code): \(error.message)") }
    return lines
  }
}
