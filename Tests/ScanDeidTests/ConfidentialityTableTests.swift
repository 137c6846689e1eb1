import Foundation
import ScanDeid
import ScanModel
import TestSupport
import Testing

struct ConfidentialityTableTests {
  @Test func `the table has the counts that were published for edition 2026d`() {
    let counts = ConfidentialityTable.all.values.reduce(into: [String: Int]()) { $0[$1.basic.rawValue, default: 0] += 1 }
    #expect(
      counts == ["X": 417, "D": 93, "U": 55, "Z": 42, "X/D": 23, "X/Z": 11, "X/Z/D": 8, "Z/D": 6, "X/Z/U*": 2])
    #expect(ConfidentialityTable.all.count == 657)
    #expect(SafePrivateAttributes.count == 479)
  }

  @Test func `pattern rows cover their groups`() throws {
    for tag in [
      Tag(0x5000, 0x3000), Tag(0x501E, 0x0010), Tag(0x6000, 0x3000), Tag(0x60FE, 0x4000), Tag(0x0009, 0x1001), Tag(0x7FE1, 0x1010),
    ] {
      let row = try #require(ConfidentialityTable.row(for: tag))
      #expect(row.basic == .remove)
    }
    #expect(ConfidentialityTable.row(for: Tag(0x6000, 0x0010)) == nil)
    #expect(ConfidentialityTable.row(for: .rows) == nil)
    #expect(ConfidentialityTable.row(for: .patientID)?.basic == .emptyOrDummy)
  }

  @Test func `the literal equals the transcription it was made from`() throws {
    guard let url = TestData.shared("dicom/ps3.15-table-E.1-1.csv", for: "comparing Table E.1-1 with its source") else { return }
    let lines = try CSV.rows(url)
    let header = lines[0]
    let columns = [
      "retain_safe_private", "retain_uids", "retain_device_identity", "retain_institution_identity", "retain_patient_characteristics",
      "retain_longitudinal_full_dates", "retain_longitudinal_modified_dates", "clean_descriptors", "clean_structured_content",
      "clean_graphics",
    ]
    #expect(lines.count == 658)
    for line in lines.dropFirst() {
      let row = Dictionary(uniqueKeysWithValues: zip(header, line))
      let name = try #require(row["tag"])
      let coverage: ConfidentialityTable.Coverage
      switch name {
      case "(50xx,xxxx)": coverage = .curves
      case "(60xx,3000)": coverage = .overlayData
      case "(60xx,4000)": coverage = .overlayComments
      case _ where name.hasPrefix("(gggg"): coverage = .privateGroups
      default: coverage = .tag(Tag(packed: try #require(UInt32(name.filter { !"(),".contains($0) }, radix: 16))))
      }
      let found = try #require(ConfidentialityTable.all[coverage], "\(name)")
      #expect(found.basic.rawValue == row["basic"])
      for (column, option) in zip(columns, ConfidentialityTable.columns) {
        #expect(found.options[option]?.rawValue ?? "" == row[column], "\(name) \(column)")
      }
      if let vr = row["vr"], vr.count == 2 { #expect(found.vr.rawValue == vr) }
    }
  }

  @Test func `the safe private list equals the transcription it was made from`() throws {
    guard let url = TestData.shared("dicom/ps3.15-table-E.3.10-1-safe-private.csv", for: "comparing Table E.3.10-1 with its source") else {
      return
    }
    for line in try CSV.rows(url).dropFirst() {
      let group = try #require(UInt16(line[0], radix: 16))
      let element = try #require(UInt8(line[1].dropFirst(2), radix: 16))
      let vr = SafePrivateAttributes.vr(creator: line[2], group: group, element: element)
      #expect(vr?.rawValue == (line[3].isEmpty ? "UN" : String(line[3].prefix(2))), "\(line)")
    }
  }

  @Test func `the Types of every SOP class equal the tables they were made from`() throws {
    let names = ["sop-class-iod", "iod-modules", "module-attribute-types"]
    let urls = names.compactMap { TestData.shared("dicom/\($0).csv", for: "comparing attribute Types with their source") }
    guard urls.count == 3 else { return }
    let (classes, uses, types) = (try CSV.rows(urls[0]), try CSV.rows(urls[1]), try CSV.rows(urls[2]))
    let mandatory = Dictionary(grouping: uses.dropFirst().filter { $0[2] == "M" }, by: { $0[0] }).mapValues { $0.map { $0[1] } }
    let ofModule = Dictionary(grouping: types.dropFirst(), by: { $0[0] })
    var compared = 0
    for line in classes.dropFirst() {
      var dataset = Dataset()
      dataset.set(.sopClassUID, .UI, text: line[0])
      // Only mandatory modules: nothing else is in the dataset. The strictest wins.
      var expected: [String: Int] = [:]
      for module in mandatory[line[1]] ?? [] {
        for entry in ofModule[module] ?? [] where entry[1].isEmpty {
          guard let packed = UInt32(entry[3], radix: 16), let type = Int(entry[4].prefix(1)) else { continue }
          guard ConfidentialityTable.row(for: Tag(packed: packed))?.basic.rawValue.contains("/") == true else { continue }
          expected[entry[3]] = min(expected[entry[3]] ?? type, type)
        }
      }
      for (tag, type) in expected {
        let found = AttributeTypes.requirement(of: [try #require(UInt32(tag, radix: 16))], in: dataset)
        #expect(found?.rawValue == type, "\(line[1]) \(tag)")
        compared += 1
      }
    }
    #expect(compared > 1000)
  }

  @Test func `a conditional module counts only when the instance uses it`() {
    var dataset = Planted.instance()
    let agent: UInt32 = 0x0018_0010
    #expect(AttributeTypes.requirement(of: [agent], in: dataset) == nil)
    dataset.set(Tag(packed: agent), .LO, text: "BARIUM")
    #expect(AttributeTypes.requirement(of: [agent], in: dataset) == .mayBeEmpty)
  }

  @Test(arguments: [
    (ConfidentialityTable.Code.removeOrEmpty, "X", "Z", "D"), (.removeOrDummy, "X", "D", "D"), (.removeEmptyOrDummy, "X", "Z", "D"),
    (.emptyOrDummy, "Z", "Z", "D"), (.empty, "Z", "Z", "D"), (.remove, "X", "X", "X"), (.dummy, "D", "D", "D"), (.uid, "U", "U", "U"),
  ])
  func `compound codes are settled by the Type`(code: ConfidentialityTable.Code, optional: String, mayBeEmpty: String, required: String) {
    #expect(code.resolved(nil).rawValue == optional)
    #expect(code.resolved(.optional).rawValue == optional)
    #expect(code.resolved(.mayBeEmpty).rawValue == mayBeEmpty)
    #expect(code.resolved(.required).rawValue == required)
  }
}

/// Rows of a comma-separated file with quoted fields.
enum CSV {
  static func rows(_ url: URL) throws -> [[String]] {
    try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline).map { line in
      var fields = [""]
      var isQuoted = false
      for character in line {
        if character == "\"" {
          isQuoted.toggle()
        } else if character == ",", !isQuoted {
          fields.append("")
        } else {
          fields[fields.count - 1].append(character)
        }
      }
      return fields
    }
  }
}
