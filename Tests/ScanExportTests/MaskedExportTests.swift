import Diagnostics
import Foundation
import ScanCatalog
import ScanDeid
import ScanExport
import TestSupport
import Testing

/// monai: images with masks alone.
@Suite(.serialized)
struct MaskedExportTests {
  @Test func `images with a mask leave as pairs of NIfTI files with their place`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    #expect(try example.export("monai").items == 2)
    let files = try example.files()
    let text = try Self.compact(try #require(files["monai/datalist.json"]))
    let list = try #require(CanonicalJSON(parsing: text))
    #expect(list["training"]?.arrayValue?.count == 1)
    #expect(list["test"]?.arrayValue?.count == 1)
    let item = try #require(list["test"]?.arrayValue?.first)
    #expect(item["class_label"]?.stringValue == "b")
    #expect(item["patient"]?.stringValue == example.patients[2].text)
    #expect(item["synthetic"]?.boolValue == false)
    let image = try #require(item["image"]?.stringValue)
    let mask = try #require(item["label"]?.stringValue)
    let pixels = try #require(files["monai/\(image)"])
    let labels = try #require(files["monai/\(mask)"])
    #expect(ContentDigest(of: [UInt8](pixels)).hex == item["sha256"]?.stringValue)
    #expect(ContentDigest(of: [UInt8](labels)).hex == item["mask_sha256"]?.stringValue)
    #expect(item["mask_path"]?.stringValue == "monai/\(mask)")
    // Stored words 0, 40, 80 … + 2 with a rescale of 1 and -1000.
    let values = (0..<24).map { Self.float(pixels, 352 + 4 * $0) }
    let expected: [Float] = (0..<24).map { Float($0) * 40 + 2 - 1000 }
    #expect(values == expected)
    let outline: [UInt8] = (0..<24).map { $0 / 6 == 2 ? 1 : 0 }
    #expect(Array(labels[352...]) == outline)
    // One place for both: left and posterior become right and anterior, millimeters a column are 0.75 and a row 0.5.
    let place = (0..<12).map { Self.float(labels, 280 + 4 * $0) }
    let affine: [Float] = [-0.75, 0, 0, 10, 0, -0.5, 0, -20, 0, 0, 2.5, 30]
    #expect(place == affine)
    #expect(pixels[280..<328] == labels[280..<328])
  }

  @Test func `without any mask the request is wrong`() throws {
    let workspace = try ItemWorkspace()
    try workspace.add(label: "a")
    #expect(throws: ExportError.needsMasks("monai")) { try workspace.export("monai") }
    #expect(ExportError.needsMasks("monai").kind.exitCode == 2)
    #expect(ExportError.needsMasks("monai").what.contains("needs masks"))
    #expect(!FileManager.default.fileExists(atPath: workspace.out.path))
  }

  @Test func `masks are what a withdrawal of the export finds too`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    let report = try example.export("monai")
    let parents = try example.catalog.parents(of: report.artifact).map(\.record)
    #expect(parents.count(where: { $0.kind == .mask }) == 2 && parents.count(where: { $0.kind == .image }) == 2)
  }

  private static func float(_ data: Data, _ offset: Int) -> Float {
    var bits: UInt32 = 0
    for place in 0..<4 { bits |= UInt32(data[offset + place]) << UInt32(8 * place) }
    return Float(bitPattern: bits)
  }

  /// Canonical JSON of text with line ends.
  static func compact(_ data: Data) throws -> String {
    let object = try JSONSerialization.jsonObject(with: data)
    return String(
      decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]), as: UTF8.self)
  }
}
