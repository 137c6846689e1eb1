import Foundation
import TestSupport
import Testing

/// `audit report` on a real pipeline run.
@Suite(.serialized) struct AuditEvidenceTests {
  /// Reports and bundles are recorded, so each test has a workspace of its own.
  private let home: URL

  init() throws { home = try SmallRun.copy() }

  private func run(_ arguments: [String]) throws -> Program.Result {
    try Program.run("scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: home)
  }

  @Test func `the report is one page without references to anything else`() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let folder = try TestData.temporaryFolder("report")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("report.html")
    let result = try run(["audit", "report", "--to", file.path])
    #expect(result.exitCode == 0, "\(result.errors)")
    let page = try String(contentsOf: file, encoding: .utf8)
    for part in ["Data sheet", "Lineage", "<svg", "Balance", "Checks", "Memorization: not checked", "Runs", "data:image/png;base64,"] {
      #expect(page.contains(part), "\(part) is missing")
    }
    for reference in ["src=\"http", "href=", "<script", "@import", "url("] { #expect(!page.contains(reference)) }
    #expect(page.components(separatedBy: "<svg")[1].contains("9 generated"))
    // It shows patients' pictures.
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o077 } == 0)
    // Never over another file.
    #expect(try run(["audit", "report", "--to", file.path]).exitCode == 2)
  }
}
