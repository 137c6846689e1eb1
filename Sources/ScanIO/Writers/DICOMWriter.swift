package import ScanDeid
import ScanModel

/// DICOM files of de-identified, super-resolved and synthetic images: our own preamble and File Meta Information, Explicit VR Little
/// Endian, or the source's encapsulated transfer syntax where its fragments are kept. PS3.10 section 7.1. Deterministic.
///
/// DICOMWriter+Enhanced.swift and DICOMWriter+Synthetic.swift say what the derived objects hold; docs/decisions has the reasons.
package enum DICOMWriter {
  /// Identifies this writer in File Meta Information: a UID of PS3.5 annex B.2, made once.
  package static let implementationClassUID = "2.25.41799900533052902460274019050540326766"
  package static let implementationVersionName = "SCANFORGE_1"

  /// The de-identified object as it is, Pixel Data untouched.
  ///
  /// - Throws: `.missingAttribute` without SOP Class UID or SOP Instance UID.
  package static func encode(_ scan: CleanScan) throws(ScanWriteError) -> [UInt8] {
    try file(scan.dataset, transferSyntaxUID: scan.transferSyntaxUID)
  }

  /// Zeros for a preamble, `DICM`, group 0002, dataset.
  static func file(_ dataset: Dataset, transferSyntaxUID: String) throws(ScanWriteError) -> [UInt8] {
    guard let sopClass = dataset.text(.sopClassUID) else { throw .missingAttribute(.sopClassUID) }
    guard let instance = dataset.text(.sopInstanceUID) else { throw .missingAttribute(.sopInstanceUID) }
    var meta = Dataset()
    meta.set(Element(Tag(0x0002, 0x0001), .OB, .bytes([0, 1])))
    meta.set(Tag(0x0002, 0x0002), .UI, text: sopClass)
    meta.set(Tag(0x0002, 0x0003), .UI, text: instance)
    meta.set(.transferSyntaxUID, .UI, text: transferSyntaxUID)
    meta.set(Tag(0x0002, 0x0012), .UI, text: implementationClassUID)
    meta.set(Tag(0x0002, 0x0013), .SH, text: implementationVersionName)
    let elements = ExplicitStream.encode(meta)
    var body = dataset
    for element in dataset.elements where element.tag.group <= 2 { body.remove(element.tag) }
    if case .fragments? = body[.pixelData]?.value, let data = body[.pixelData] { body.set(Element(.pixelData, .OB, data.value)) }

    var bytes = [UInt8](repeating: 0, count: 128)
    bytes += Array("DICM".utf8)
    // The group length is written by hand: everywhere else it is retired.
    bytes += [0x02, 0x00, 0x00, 0x00, 0x55, 0x4C, 0x04, 0x00]
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: elements.count >> (8 * $0)) }
    bytes += elements
    bytes += ExplicitStream.encode(body)
    return bytes
  }

  /// A code of the DICOM Controlled Terminology (PS3.16 annex D).
  static func code(_ value: String, _ meaning: String) -> Dataset {
    var code = Dataset()
    code.set(.codeValue, .SH, text: value)
    code.set(.codingSchemeDesignator, .SH, text: "DCM")
    code.set(.codeMeaning, .LO, text: meaning)
    return code
  }

  /// This program as contributing equipment with a purpose of PS3.16 CID 7005.
  static func equipment(_ purpose: Dataset) -> Dataset {
    var item = Dataset()
    item.set(.manufacturer, .LO, text: "ScanForge")
    item.set(.manufacturerModelName, .LO, text: "ScanForge")
    item.set(.softwareVersions, .LO, text: implementationVersionName)
    item.set(.purposeOfReferenceCodeSequence, sequence: [purpose])
    return item
  }

  /// DS text of at most 16 characters (PS3.5 section 6.2), with as many digits as fit.
  package static func decimal(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let exact = "\(value)"
    if exact.utf8.count <= 16 { return exact.hasSuffix(".0") ? String(exact.dropLast(2)) : exact }
    // Sign, point and whole digits take their share of the 16 characters; the rest is decimals.
    let magnitude = abs(value)
    if (1e-3..<1e13).contains(magnitude) {
      var decimals = 13
      var bound = 10.0
      while magnitude >= bound {
        decimals -= 1
        bound *= 10
      }
      var scale = 1.0
      for _ in 0..<max(0, decimals) { scale *= 10 }
      let rounded = "\(Double(Int64(value * scale + (value < 0 ? -0.5 : 0.5))) / scale)"
      if rounded.utf8.count <= 16 { return rounded }
    }
    // Nine digits with an exponent always fit.
    return "\(Float(value))"
  }

  /// At most `limit` characters of text in the default repertoire.
  static func text(_ text: String, limit: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
  }

  /// Rows, columns, samples, bits and signedness of `pixels`, and its words as native Pixel Data.
  static func setPixels(_ pixels: PixelBuffer, photometric: String, in dataset: inout Dataset) throws(ScanWriteError) {
    guard pixels.hasWholeWords else { throw .pixelCount(.dicom) }
    guard !pixels.isFloat, [8, 16, 32].contains(pixels.bitsAllocated), pixels.rows <= 0xFFFF, pixels.columns <= 0xFFFF,
      (1...pixels.bitsAllocated).contains(pixels.bitsStored)
    else {
      throw .unsupportedSamples(.dicom, bits: pixels.bitsAllocated, isSigned: pixels.isSigned, isFloat: pixels.isFloat)
    }
    dataset.set(.samplesPerPixel, us: UInt16(pixels.samplesPerPixel))
    dataset.set(.photometricInterpretation, .CS, text: photometric)
    if pixels.samplesPerPixel > 1 { dataset.set(.planarConfiguration, us: 0) } else { dataset.remove(.planarConfiguration) }
    dataset.set(.rows, us: UInt16(pixels.rows))
    dataset.set(.columns, us: UInt16(pixels.columns))
    dataset.set(.bitsAllocated, us: UInt16(pixels.bitsAllocated))
    dataset.set(.bitsStored, us: UInt16(pixels.bitsStored))
    dataset.set(.highBit, us: UInt16(pixels.bitsStored - 1))
    dataset.set(.pixelRepresentation, us: pixels.isSigned ? 1 : 0)
    if pixels.frames > 1 || dataset[.numberOfFrames] != nil { dataset.set(.numberOfFrames, .IS, text: "\(pixels.frames)") }
    let words = pixels.interleaved().words
    dataset.set(Element(.pixelData, pixels.bitsAllocated > 8 ? .OW : .OB, .bytes(words)))
    for tag in [Tag.floatPixelData, .doubleFloatPixelData] { dataset.remove(tag) }
  }
}
