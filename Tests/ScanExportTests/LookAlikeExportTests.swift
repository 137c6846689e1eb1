import Diagnostics
import Foundation
import ScanCatalog
import ScanDeid
import ScanExport
import TestSupport
import Testing

/// Exports of images that look like one of another part of the workspace.
@Suite(.serialized)
struct LookAlikeExportTests {
  /// Three training images and two held-out ones; the first of each look alike.
  private func workspace() throws -> (ItemWorkspace, held: ArtifactID, other: ArtifactID) {
    let workspace = try ItemWorkspace()
    let training = try (0..<3).map { _ in try workspace.add(label: "a") }
    let held = try (0..<2).map { _ in try workspace.add(label: "a", split: .test) }
    let check = LookAlikeCheck(pairs: [.init(held: held[0], other: training[0])], through: try workspace.catalog.newestArtifact(), threshold: 0.98)
    try workspace.catalog.record(check)
    return (workspace, held[0], training[0])
  }

  private func request(_ workspace: ItemWorkspace, split: Split? = nil, leavesOut: Bool) -> ExportRequest {
    ExportRequest(format: "dicom", root: workspace.out, split: split, leavesOutLookAlikes: leavesOut)
  }

  @Test(arguments: [nil, Split.train, .test]) func `an image is refused for its like in another part, selected or not, or left out`(split: Split?) throws {
    let (workspace, held, other) = try workspace()
    let exporter = Exporter(workspace.catalog, threads: 1)
    let error = #expect(throws: ExportError.self) { try exporter.export(request(workspace, split: split, leavesOut: false)) }
    #expect(error?.findings.map(\.code) == [.lookAlike])
    let report = try exporter.export(request(workspace, split: split, leavesOut: true))
    let (all, alike) = split == nil ? (5, [other, held]) : split == .train ? (3, [other]) : (2, [held])
    #expect(report.leftOut.map(\.id).sorted() == alike.sorted() && report.items == all - alike.count)
    #expect(report.notChecked == ["memorization"] || report.notChecked.isEmpty)
  }

  @Test func `what was not compared cannot be left out`() throws {
    let (workspace, _, _) = try workspace()
    try workspace.add(label: "a")
    #expect(throws: ExportError.notCompared) { try Exporter(workspace.catalog, threads: 1).export(request(workspace, leavesOut: true)) }
    #expect(ExportError.notCompared.kind.exitCode == 2)
  }
}
