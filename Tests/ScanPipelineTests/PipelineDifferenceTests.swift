import Diagnostics
import Foundation
import ScanCatalog
import ScanPipeline
import Synchronization
import TestSupport
import Testing

/// `run --resume` of a pipeline that is not the one that was begun.
struct PipelineDifferenceTests {
  private static func yaml(seed: Int = 3, size: Int = 32, from: String = "scans", train: Double = 0.75) -> String {
    """
    name: mine
    seed: \(seed)
    stages:
      - ingest:     { from: \(from) }
      - deidentify: { profile: basic }
      - normalize:  { intensity: auto, size: \(size) }
      - split:      { train: \(train), test: \(1 - train) }

    """
  }

  private func context(_ root: URL, notes: @escaping @Sendable (String) -> Void = { _ in }) throws -> RunContext {
    try RunContext(workspace: root.appendingPathComponent("w"), seed: 3, threads: 1) { event in
      if case .note(_, let text) = event { notes(text) }
    }
  }

  /// As a run leaves it that was killed after the first three stages.
  private func begin(_ root: URL) throws {
    let spec = try PipelineSpec(yaml: Self.yaml())
    let context = try context(root)
    let runner = Runner(spec, context: context)
    for position in 0..<3 { try runner.finish(position, StageOutcome(summary: "done"), attempt: 1) }
    try context.catalog.closeConnections()
  }

  @Test(arguments: [
    (yaml(seed: 4), "seed 3 (now 4)"), (yaml(from: "others"), "stage 1 ingest: from hash"), (yaml(size: 64), "stage 3 normalize: size 32 (now 64)"),
    (yaml(seed: 4, size: 64), "seed 3 (now 4), stage 3 normalize: size 32 (now 64)"),
  ])
  func `what differs from the pipeline that was begun is told`(yaml: String, told: String) throws {
    let root = try TestData.temporaryFolder("resume")
    defer { try? FileManager.default.removeItem(at: root) }
    try begin(root)
    let runner = Runner(try PipelineSpec(yaml: yaml), context: try context(root))
    let error = #expect(throws: PipelineError.self) { try runner.run(resume: true) }
    #expect(error?.what.hasPrefix("The pipeline mine was begun with \(told)") == true, "\(error?.what ?? "")")
    #expect(error?.what.contains("others") == false && error?.what.contains("scans") == false)
  }

  @Test func `where nothing was begun, resume says so`() throws {
    let root = try TestData.temporaryFolder("resume")
    defer { try? FileManager.default.removeItem(at: root) }
    let told = Mutex<[String]>([])
    let context = try context(root) { text in told.withLock { $0.append(text) } }
    _ = try? Runner(try PipelineSpec(yaml: Self.yaml()), context: context).run(resume: true)
    #expect(told.withLock { $0 }.contains("nothing to resume: mine begins anew"))
  }
}
