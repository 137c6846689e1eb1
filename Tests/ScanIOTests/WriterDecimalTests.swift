import ScanDeid
import ScanIO
import ScanModel
import Testing

@Suite struct WriterDecimalTests {
  /// DS of 16 characters through the one door there is: the spacing of a synthetic object.
  @Test(arguments: [0.7, 1.0 / 3.0, 0.001234567890123, 123.45678901234567, 1e-7 / 3, 98_765.432109876543, 1e12 / 7])
  func `decimal strings fit and keep the value`(value: Double) throws {
    let scan = SyntheticScan(
      pixels: SamplePixels.grey(bits: 8), label: nil, spacingMillimeters: SpacingMillimeters(row: value, column: 1), modality: "OT",
      window: nil,
      derivation: "")
    let dataset = try WriterDICOMTests.dataset(of: DICOMWriter.encode(scan, identifiers: SyntheticIdentifiers(run: [], index: 0)))
    let text = try #require(dataset.texts(.pixelSpacing).first)
    #expect(text.utf8.count <= 16)
    // Nine digits survive even where an exponent is needed.
    #expect(abs(try #require(Double(text)) - value) <= 1e-7 * value)
  }
}
