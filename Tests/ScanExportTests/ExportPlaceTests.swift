import Diagnostics
import Foundation
import ScanCatalog
import ScanExport
import ScanModel
import TestSupport
import Testing

/// Where an export goes: names, folders that are there, other writers.
@Suite(.serialized)
struct ExportPlaceTests {
  /// Names that a file system, a shell or an archive may stumble over. The first two look alike and differ in their bytes.
  static let odd = [
    "caf\u{E9}", "cafe\u{301}", "CON", ".hidden", ".scanforge-export-x", " blanks ", "a, \"b\"", "50% #1?", "metadata.csv", "unlabelled",
    "~",
    "-rf", "日本", String(repeating: "x", count: 100), "a|b", "<script>",
  ]

  @Test func `odd labels are folders of their own, in every format and in the manifest`() throws {
    let workspace = try ItemWorkspace()
    for label in Self.odd { try workspace.add(label: label) }
    for format in ExportRegistry.names where !ExportRegistry.masked.contains(format) {
      #expect(try workspace.export(format).items == Self.odd.count)
    }
    let folders = try FileManager.default.contentsOfDirectory(atPath: workspace.out.appendingPathComponent("imagefolder/train").path)
    #expect(Set(folders.map { Array($0.utf8) }) == Set(Self.odd.compactMap { Label($0)?.folderName }.map { Array($0.utf8) }))
    #expect(try workspace.manifestComplaints() == "")
    let listed = try workspace.text("MANIFEST.sha256").split(separator: "\n").count
    let files = try workspace.paths().filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: workspace.out.appendingPathComponent(path).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }
    #expect(listed == files.count - 1)
  }

  @Test func `a folder of two workspaces is refused, one of one workspace is not`() throws {
    let (first, second) = (try ItemWorkspace(), try ItemWorkspace())
    try first.add(label: "a")
    try second.add(label: "b")
    try first.export("imagefolder")
    try first.export("dicom")
    #expect(throws: ExportError.otherWorkspace("imagefolder")) { try second.export("hf", to: first.out) }
    #expect(try first.paths().contains { $0.hasPrefix("hf") } == false)
    #expect(try first.manifestComplaints() == "")
    // A table that was edited is no longer this workspace's.
    let table = first.out.appendingPathComponent("dicom/metadata.csv")
    try Data("x".utf8).write(to: table)
    #expect(throws: ExportError.otherWorkspace("dicom")) { try first.export("imagefolder") }
    #expect(try first.export("dicom").items == 1)
    #expect(ExportError.otherWorkspace("").kind.exitCode == 2)
  }

  @Test func `an export that was killed looks unfinished and can be done again`() throws {
    let workspace = try ItemWorkspace()
    try workspace.add(label: "a")
    try workspace.export("imagefolder")
    let before = try workspace.paths()
    // As a kill between the manifest's removal and the swap leaves it.
    try FileManager.default.removeItem(at: workspace.out.appendingPathComponent("MANIFEST.sha256"))
    try FileManager.default.createDirectory(
      at: workspace.out.appendingPathComponent(".scanforge-export-0/train"), withIntermediateDirectories: true)
    try workspace.export("imagefolder")
    #expect(try workspace.paths() == before)
    #expect(try workspace.manifestComplaints() == "")
  }

  @Test func `two writers of one folder do not meet`() throws {
    let workspace = try ItemWorkspace()
    try workspace.add()
    try workspace.export("imagefolder")
    let descriptor = open(workspace.out.path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    #expect(throws: ExportError.busy) { try workspace.export("hf") }
    flock(descriptor, LOCK_UN)
    #expect(try workspace.export("hf").items == 1)
  }

  @Test func `an export is recorded before it can be seen, with where it went`() throws {
    let workspace = try ItemWorkspace()
    try workspace.add()
    let report = try workspace.export("imagefolder")
    let record = try workspace.catalog.artifact(report.artifact)
    #expect(try workspace.destination(of: record) == workspace.out.path)
    #expect(record.attributes.values["items"] == .integer(1))
    // The same again is the same row; another folder is another export.
    #expect(try workspace.export("imagefolder").artifact == report.artifact)
    #expect(try workspace.export("imagefolder", to: workspace.folder.appendingPathComponent("else")).artifact != report.artifact)
    // A folder that cannot take its place: the row is there, and nothing to see.
    let blocked = workspace.folder.appendingPathComponent("blocked")
    try FileManager.default.createDirectory(at: blocked.appendingPathComponent("MANIFEST.sha256/x"), withIntermediateDirectories: true)
    #expect(throws: CatalogError.self) { try workspace.export("imagefolder", to: blocked) }
    #expect(!FileManager.default.fileExists(atPath: blocked.appendingPathComponent("imagefolder").path))
    #expect(try workspace.catalog.artifacts(ArtifactQuery(kinds: [.export])).contains { try workspace.destination(of: $0) == blocked.path })
  }

  @Test(arguments: ["imagefolder", "dicom"]) func `a label that is no folder's name is written otherwise, and the table has it as it is`(format: String) throws {
    let workspace = try ItemWorkspace()
    let labels = ["CT/MR", "..", "100 %", "plain"]
    for label in labels { try workspace.add(label: label) }
    try workspace.export(format)
    let folders = try Set(workspace.paths().filter { $0.hasPrefix("\(format)/train/") }.map { $0.split(separator: "/")[2] })
    #expect(folders == ["CT%2FMR", "%2E%2E", "100 %25", "plain"])
    let lines = try workspace.text("\(format)/metadata.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    #expect(lines.map { String($0[2]) }.sorted() == labels.sorted())
    for line in lines { #expect(line[0].split(separator: "/")[2].removingPercentEncoding == String(line[2])) }
  }
}
