import Diagnostics
import Foundation
import ScanCatalog
import ScanDeid
import ScanExport
import ScanIO
import ScanModel
import TestSupport
import Testing

@Suite(.serialized)
struct ExporterTests {
  @Test func `exporting twice gives the same bytes`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    for format in ExportRegistry.names {
      _ = try example.export(format, to: "first")
      _ = try example.export(format, to: "second")
    }
    #expect(try example.files("first") == example.files("second"))
    let before = try example.files("first")
    for format in ExportRegistry.names { _ = try example.export(format, to: "first") }
    #expect(try example.files("first") == before)
    #expect(try CatalogAudit(example.catalog).verify { Issue.record("\($0)") }.ok)
  }

  @Test func `the manifest covers all formats of the root and sha256sum agrees`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    _ = try example.export("imagefolder")
    _ = try example.export("dicom")
    let files = try example.files()
    let manifest = String(decoding: try #require(files["MANIFEST.sha256"]), as: UTF8.self)
    let paths = manifest.split(separator: "\n").map { String($0.dropFirst(66)) }
    #expect(paths == paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(Set(paths) == Set(files.keys).subtracting(["MANIFEST.sha256"]))
    let checked = try Program.run(
      "/usr/bin/sha256sum", ["--check", "--strict", "--quiet", "MANIFEST.sha256"], in: example.folder.appendingPathComponent("out"))
    #expect(checked.exitCode == 0, "\(checked.errors)")
    try Data("x".utf8).write(to: example.folder.appendingPathComponent("out/dicom/metadata.csv"))
    let damaged = try Program.run(
      "/usr/bin/sha256sum", ["--check", "--strict", "--quiet", "MANIFEST.sha256"], in: example.folder.appendingPathComponent("out"))
    #expect(damaged.exitCode == 1)
  }

  @Test func `imagefolder has a folder per part and label, and each picture once`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    let report = try example.export("imagefolder")
    #expect(report.items == 7)
    // Three generated images and a super-resolved one.
    #expect(report.synthetic == 4)
    #expect(report.splits == ["train": 6, "test": 1])
    #expect(report.notChecked == ["lookAlikes", "memorization"])
    let pictures = try example.files().keys.filter { $0.hasSuffix(".png") }
    let folders = Dictionary(grouping: pictures) { ($0 as NSString).deletingLastPathComponent }.mapValues(\.count)
    #expect(folders == ["imagefolder/train/a, \"quoted\"": 1, "imagefolder/train/b": 5, "imagefolder/test/b": 1])
  }

  @Test func `a normalized slice keeps its order and its window`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    _ = try example.export("imagefolder", query: "origin=derived,split=test")
    let files = try example.files()
    let path = try #require(files.keys.first { $0.hasSuffix(".png") })
    let scan = try ScanReader().read([UInt8](try #require(files[path])), source: Redacted("test"))
    // 16-bit words 4369 n + 32 are 17 n + 0.12 of 255.
    let expected: [UInt8] = (0..<16).map { UInt8(17 * $0) }
    #expect(try #require(scan.pixels).words == expected)
    let table = String(decoding: try #require(files["imagefolder/metadata.csv"]), as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(table[0] == "path,sha256,label,split,origin,synthetic,patient,model_sha256,seed,run,window_high,window_low,artifact_sha256")
    let row = table[1].split(separator: ",", omittingEmptySubsequences: false)
    #expect(row[0] == path[...])
    #expect(row[1] == ContentDigest(of: [UInt8](try #require(files[path]))).hex[...])
    #expect(row[2...6] == ["b", "test", "derived", "false", example.patients[2].text[...]][...])
    #expect(row[10...11] == ["3000", "-1000"][...])
  }

  @Test func `every DICOM file says whether it is synthetic`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    let report = try example.export("dicom")
    #expect(report.items == 7)
    var series: [String: Set<String>] = [:]
    var counts: [String: Int] = [:]
    for (path, bytes) in try example.files() where path.hasSuffix(".dcm") {
      let scan = try ScanReader().read([UInt8](bytes), source: Redacted("test"))
      let mark = try #require(scan.dataset.text(.syntheticData), "\(path)")
      counts[mark, default: 0] += 1
      series[try #require(scan.dataset.text(.seriesInstanceUID)), default: []].insert(mark)
      let patient = try #require(scan.dataset.text(.patientID))
      #expect(scan.pixels != nil)
      if patient.hasPrefix("SYN") {
        #expect(mark == "YES" && scan.dataset[.sourceImageSequence] == nil)
      } else {
        // A super-resolved image is marked too, and stays its patient's.
        #expect(patient.hasPrefix("P0") && (mark == "YES") == (scan.dataset[.sourceImageSequence] != nil))
      }
    }
    #expect(counts == ["YES": 4, "NO": 3])
    #expect(series.values.allSatisfy { $0.count == 1 })
    let enhanced = try example.files().filter { $0.key.hasSuffix(".dcm") }.compactMap {
      try? ScanReader().read([UInt8]($0.value), source: Redacted("test"))
    }
    .filter { $0.dataset[.sourceImageSequence] != nil }
    #expect(enhanced.count == 1)
    let referenced = try #require(enhanced[0].dataset.items(.sourceImageSequence).first?.text(.referencedSOPInstanceUID))
    let all = try example.files().values.compactMap {
      try? ScanReader().read([UInt8]($0), source: Redacted("test")).dataset.text(.sopInstanceUID)
    }
    #expect(all.contains(referenced))
  }

  @Test func `synthetic CT pixels are in Hounsfield units`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    _ = try example.export("dicom", query: "origin=generated")
    let (_, bytes) = try #require(try example.files().filter { $0.key.hasSuffix(".dcm") }.min { $0.key < $1.key })
    let pixels = try #require(try ScanReader().read([UInt8](bytes), source: Redacted("test")).pixels)
    #expect(pixels.isSigned)
    let values = stride(from: 0, to: pixels.words.count, by: 2).map {
      Int16(bitPattern: UInt16(pixels.words[$0]) | UInt16(pixels.words[$0 + 1]) << 8)
    }
    #expect(values.allSatisfy { (-1000...3000).contains($0) })
    #expect(Set(values).count > 4)
  }

  @Test func `a leaked held-out patient stops the export`() throws {
    let example = try ExportWorkspace(trainsOnTest: true)
    defer { example.remove() }
    let findings = try #require(#expect(throws: ExportError.self) { try example.export("imagefolder") }?.findings)
    // Three generated images and the super-resolved one.
    #expect(findings.count == 4)
    #expect(findings.allSatisfy { $0.code == .splitLeak && $0.patient == example.patients[2] })
    #expect(!FileManager.default.fileExists(atPath: example.folder.appendingPathComponent("out").path))
    // What the leak did not reach may leave.
    #expect(try example.export("imagefolder", query: "origin=derived").items == 3)
    #expect(ExportError.refused(findings).kind.exitCode == 1)
  }

  @Test func `an export is an artifact below its items and leads back to them`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    let report = try example.export("imagefolder")
    #expect(try example.catalog.parents(of: report.artifact).count == report.items)
    let file = try #require(try example.files().filter { $0.key.hasPrefix("imagefolder/test/") }.first)
    let source = try ExportIndex.artifactDigest(ofExported: ContentDigest(of: [UInt8](file.value)), in: example.catalog)
    #expect(try source == example.catalog.artifact(example.slices[2]).sha256)
    #expect(try ExportIndex.artifactDigest(ofExported: .zero, in: example.catalog) == nil)
  }

  @Test func `what no export made is not touched`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    let foreign = example.folder.appendingPathComponent("out/imagefolder/notes.txt")
    try FileManager.default.createDirectory(at: foreign.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: foreign)
    #expect(throws: ExportError.folderNotOurs("imagefolder")) { try example.export("imagefolder") }
    #expect(try example.files() == ["imagefolder/notes.txt": Data("mine".utf8)])
    #expect(throws: ExportError.insideWorkspace) { try example.export("imagefolder", to: "workspace/out") }
    #expect(throws: ExportError.unknownFormat("gif", known: ExportRegistry.names)) { try example.export("gif") }
    #expect(throws: ExportError.nothingToExport("imagefolder")) { try example.export("imagefolder", query: "label=none") }
    #expect(throws: ExportError.nothingToExport("imagefolder")) { try example.export("imagefolder", split: .val) }
  }

  @Test func `a missing object leaves nothing that looks finished`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    let digest = try #require(try example.catalog.artifact(example.slices[0]).sha256)
    try FileManager.default.removeItem(at: example.catalog.objects.url(of: digest))
    #expect(throws: CatalogError.objectMissing(digest)) { try example.export("imagefolder") }
    #expect(try example.files().isEmpty)
  }

  @Test func `the run column does not depend on the workspace`() throws {
    let (first, second) = (try ExportWorkspace(), try ExportWorkspace())
    defer {
      first.remove()
      second.remove()
    }
    for format in ExportRegistry.names {
      _ = try first.export(format)
      _ = try second.export(format)
    }
    #expect(try first.files() == second.files())
  }
}
