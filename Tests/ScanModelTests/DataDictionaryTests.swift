import Foundation
import ScanModel
import TestSupport
import Testing

@Suite struct DataDictionaryTests {
  @Test func `a tag gives keyword, VR, VM and name`() throws {
    let entry = try #require(DataDictionary.entry(for: .patientName))
    #expect(entry.keyword == "PatientName")
    #expect(entry.vr == .PN)
    #expect(entry.vm == "1")
    #expect(entry.name == "Patient's Name")
    #expect(!entry.isRetired)
  }

  @Test func `repeating groups are found in every group of the range and not in odd ones`() throws {
    #expect(try #require(DataDictionary.entry(for: Tag(0x6002, 0x3000))).keyword == "OverlayData")
    #expect(try #require(DataDictionary.entry(for: Tag(0x601E, 0x0010))).keyword == "OverlayRows")
    #expect(try #require(DataDictionary.entry(for: Tag(0x5004, 0x3000))).keyword == "CurveData")
    #expect(DataDictionary.entry(for: Tag(0x6001, 0x3000)) == nil)
  }

  @Test func `the VR of an implicit stream follows the dictionary`() {
    #expect(DataDictionary.implicitVR(of: .pixelData) == .OW)
    #expect(DataDictionary.implicitVR(of: .sourceImageSequence) == .SQ)
    #expect(DataDictionary.implicitVR(of: Tag(0x0009, 0x0010)) == .LO)
    #expect(DataDictionary.implicitVR(of: Tag(0x0009, 0x1001)) == .UN)
    #expect(DataDictionary.implicitVR(of: Tag(0x0010, 0x0000)) == .UL)
    #expect(DataDictionary.entry(for: .smallestImagePixelValue)?.vrs == [.US, .SS])
  }

  @Test func `keywords of the tags that the program names are the standard's`() throws {
    let named: [(String, Tag)] = [
      ("SyntheticData", .syntheticData), ("SOPInstanceUID", .sopInstanceUID), ("RescaleSlope", .rescaleSlope),
      ("ContributingEquipmentSequence", .contributingEquipmentSequence), ("SpatialLocationsPreserved", .spatialLocationsPreserved),
      ("LongitudinalTemporalInformationModified", .longitudinalTemporalInformationModified), ("PixelSpacing", .pixelSpacing),
    ]
    for (keyword, tag) in named { #expect(DataDictionary.tag(keyword: keyword) == tag, "\(keyword)") }
    #expect(DataDictionary.tag(keyword: "NoSuchKeyword") == nil)
  }

  @Test func `every row of the reference table is there`() throws {
    guard let url = TestData.shared("dicom/ps3.6-data-dictionary.csv", for: "data dictionary against its source") else { return }
    let lines = try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst()
    var checked = 0
    for line in lines {
      let fields = line.split(separator: ",", maxSplits: 4, omittingEmptySubsequences: false)
      guard let packed = UInt32(fields[0], radix: 16), fields[2] != "NONE" else { continue }
      let entry = try #require(DataDictionary.entry(for: Tag(packed: packed)), "\(fields[0])")
      #expect(entry.keyword == fields[1] && entry.vm == fields[3])
      #expect(entry.vrs.map(\.rawValue).joined(separator: " or ") == fields[2])
      if !entry.keyword.isEmpty { #expect(DataDictionary.tag(keyword: entry.keyword) == Tag(packed: packed)) }
      checked += 1
    }
    #expect(checked > 5_000)
  }
}
