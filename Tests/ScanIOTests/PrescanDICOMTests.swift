import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

@Suite struct PrescanDICOMTests {
  @Test func `a whole image passes and its geometry is told`() throws {
    let report = try Prescan.scan(SampleDICOM.file())
    #expect(report.format == .dicom)
    #expect(report.transferSyntaxUID == UID.explicitVRLittleEndian)
    #expect(report.geometry == PixelGeometry(rows: 16, columns: 12, frames: 3, bitsAllocated: 16))
    #expect(report.warnings.isEmpty)
  }

  @Test(arguments: SampleDICOM.Syntax.allCases) func `a file cut anywhere is refused, or flagged between two elements`(
    syntax: SampleDICOM.Syntax
  ) throws {
    let whole = SampleDICOM.file(syntax: syntax)
    #expect(try Prescan.scan(whole).warnings.isEmpty)
    var flagged = 0
    for length in 1..<whole.count {
      if let report = try? Prescan.scan(Array(whole[..<length])) {
        #expect(report.warnings.contains(.truncated), "cut to \(length) of \(whole.count) bytes")
        flagged += 1
      }
    }
    // Behind each of the twelve elements before Pixel Data; a deflate stream has no such places.
    #expect(syntax == .deflated ? flagged == 0 : flagged >= 12)
    #expect(throws: PrescanError.self) { try Prescan.scan(Array(whole.dropLast(SampleDICOM.Syntax.deflated == syntax ? 8 : 4))) }
  }

  @Test func `the message of a cut file says what to do`() {
    let whole = SampleDICOM.file()
    let error = #expect(throws: PrescanError.self) { try Prescan.scan(Array(whole.dropLast(100))) }
    #expect(error?.code == "dicom.truncated")
    #expect(
      error?.description
        == "(7FE0,0010): the DICOM file is cut off: it ends before its own structure says it should. "
        + "Copy or export the file again from its source; this copy is incomplete.")
  }

  @Test func `a file without meta and preamble passes with a warning`() throws {
    let report = try Prescan.scan(ExplicitStream.encode(SampleDICOM.image()))
    #expect(report.isMetaMissing && report.isPreambleMissing)
    #expect(report.warnings == [.metaMissing])
    #expect(report.guessedTransferSyntaxUID == UID.explicitVRLittleEndian)
  }

  @Test func `a file without meta, cut anywhere, is refused or flagged`() {
    let whole = ExplicitStream.encode(SampleDICOM.image())
    for length in 1..<whole.count {
      guard let report = try? Prescan.scan(Array(whole[..<length])) else { continue }
      #expect(report.warnings == [.metaMissing, .truncated] && report.geometry == nil, "cut to \(length)")
    }
  }

  @Test(arguments: [("-1", true), ("0", true), ("few", true), ("0.5", true), ("1\\2", true), ("1", false), ("", false), (" 1 ", false)])
  func `a Number of Frames that is none is told of`(text: String, isTold: Bool) throws {
    var image = SampleDICOM.image()
    image.set(.numberOfFrames, .IS, text: text)
    image.set(Element(.pixelData, .OW, .bytes([UInt8](repeating: 1, count: 16 * 12 * 2))))
    let report = try Prescan.scan(SampleDICOM.file(image))
    #expect(report.warnings == (isTold ? [.frameCount] : []))
    #expect(report.geometry?.frames == 1)
  }

  @Test func `an object that ends before its Pixel Data is read with a flag`() throws {
    var image = SampleDICOM.image()
    image.remove(.pixelData)
    #expect(try Prescan.scan(SampleDICOM.file(image)).warnings == [.truncated])
    // Rows alone promise an image, whatever the class.
    var plan = Dataset()
    plan.set(.sopClassUID, .UI, text: "1.2.840.10008.5.1.4.1.1.481.5")
    #expect(try Prescan.scan(SampleDICOM.file(plan)).warnings.isEmpty)
    plan.set(.rows, us: 16)
    #expect(try Prescan.scan(SampleDICOM.file(plan)).warnings == [.truncated])
    // Without any class nothing tells that no image was promised.
    var nameless = Dataset()
    nameless.set(.patientName, .PN, text: "ZZFAKE^PATIENT")
    let bytes = ExplicitStream.encode(nameless)
    #expect(try Prescan.scan(SampleDICOM.head(sopClass: "") + bytes).warnings == [.truncated])
  }

  @Test(arguments: [SampleDICOM.Syntax.explicit, .implicit, .bigEndian, .encapsulated]) func `what follows Pixel Data and is no attribute is left out`(
    syntax: SampleDICOM.Syntax
  ) throws {
    let whole = SampleDICOM.file(syntax: syntax)
    for tail in ["ZZFAKE^PATIENT, a name", "\0\0\0\0\0\0\0\0\0\0\0\0ZZFAKE", String(decoding: SampleDICOM.head(), as: UTF8.self)] {
      let report = try Prescan.scan(whole + Array(tail.utf8))
      #expect(report.warnings == [.trailingBytes], "\(tail.prefix(20))")
      #expect(report.paddingBytes == tail.utf8.count)
    }
    // Too short for an attribute: the rest of one may have been cut off.
    #expect(try Prescan.scan(whole + [0xFC, 0xFF, 0xFC, 0xFF]).warnings == [.truncated])
  }

  @Test(arguments: [SampleDICOM.Syntax.explicit, .implicit, .bigEndian]) func `zeros behind the last element are padding, also without pixels`(
    syntax: SampleDICOM.Syntax
  ) throws {
    var plan = Dataset()
    plan.set(.sopClassUID, .UI, text: "1.2.840.10008.5.1.4.1.1.481.5")
    plan.set(.patientName, .PN, text: "ZZFAKE^PATIENT")
    let whole = SampleDICOM.file(plan, syntax: syntax)
    for count in [1, 7, 8, 13, 512] {
      let report = try Prescan.scan(whole + [UInt8](repeating: 0, count: count))
      #expect(report.warnings.isEmpty && report.count == 2, "\(count) zeros")
    }
  }

  @Test func `garbage behind the last element of an object without pixels is refused without its bytes as a tag`() {
    var plan = Dataset()
    plan.set(.sopClassUID, .UI, text: "1.2.840.10008.5.1.4.1.1.481.5")
    plan.set(.patientName, .PN, text: "ZZFAKE^PATIENT")
    // "Quarlsborough", a fake name, would read as (7551,6C72).
    for garbage in [Array("Quarlsborough, fake".utf8), Array("QuarSQ\0\0lsbo".utf8), [0x51, 0x75, 0x61, 0x72, 0xFF, 0xFF, 0xFF, 0x7F]] {
      for file in [SampleDICOM.file(plan), SampleDICOM.file(plan, syntax: .implicit)] {
        let error = #expect(throws: PrescanError.self) { try Prescan.scan(file + garbage) }
        #expect(error?.place?.hasPrefix("byte ") == true && error?.description.contains("7551") == false, "\(error?.description ?? "")")
      }
    }
  }

  @Test func `a text file is no scan, whatever its name`() {
    let text = Array(String(repeating: "This is a report about a patient.\n", count: 40).utf8)
    #expect(throws: PrescanError.unknownFormat) { try Prescan.scan(text) }
    #expect(throws: PrescanError.empty) { try Prescan.scan([UInt8]()) }
    #expect(
      PrescanError.unknownFormat.description
        == "this is not a DICOM, TIFF or PNG file. Give DICOM, TIFF or PNG files, and leave other files out of the folder.")
  }

  @Test(arguments: [20_000, 100_000], [true, false]) func `nesting bombs are refused without recursion`(depth: Int, hasLength: Bool) {
    let bytes = SampleDICOM.head() + SampleDICOM.nested(depth: depth, hasLength: hasLength)
    #expect(throws: PrescanError.tooDeep(limit: 64, tag: .sourceImageSequence)) { try Prescan.scan(bytes) }
  }

  @Test func `a nesting bomb hidden in private values of implicit VR is refused`() {
    var content: [UInt8] = []
    for _ in 0..<20_000 {
      // (0009,1001) with a known length, holding one item.
      content =
        [0x09, 0, 1, 0x10] + SampleDICOM.word32(content.count + 8) + [0xFE, 0xFF, 0, 0xE0] + SampleDICOM.word32(content.count) + content
      if content.count > 400_000 { break }
    }
    let bytes = SampleDICOM.head(UID.implicitVRLittleEndian) + content
    #expect(throws: PrescanError.self) { try Prescan.scan(bytes) }
  }

  @Test func `nesting up to the limit passes`() throws {
    let sop: [UInt8] = [0x08, 0, 0x16, 0, 0x55, 0x49, 2, 0, 0x31, 0]
    let report = try Prescan.scan(SampleDICOM.head(sopClass: "1.2") + sop + SampleDICOM.nested(depth: 64, hasLength: false))
    #expect(report.geometry == nil)
  }

  @Test func `claims larger than memory are refused before anything is allocated`() {
    for (rows, columns, frames) in [
      (65_535, 65_535, "1"), (512, 512, "99999999"), (65_535, 65_535, "9223372036854775807"), (1, 1, "1e300"),
    ] {
      var image = SampleDICOM.image()
      image.set(.rows, us: UInt16(rows))
      image.set(.columns, us: UInt16(columns))
      image.set(.numberOfFrames, .IS, text: frames)
      #expect(throws: PrescanError.tooLarge(.dicom, limitBytes: 1 << 30)) { try Prescan.scan(SampleDICOM.file(image)) }
    }
  }

  @Test func `pixel data shorter than its claims is refused, longer is a warning`() throws {
    var image = SampleDICOM.image()
    image.set(Element(.pixelData, .OW, .bytes([UInt8](repeating: 1, count: 16 * 12 * 3 * 2 - 2))))
    #expect(throws: PrescanError.pixelShort(expectedBytes: 1152, foundBytes: 1150)) { try Prescan.scan(SampleDICOM.file(image)) }
    image.set(Element(.pixelData, .OW, .bytes([UInt8](repeating: 1, count: 16 * 12 * 3 * 2 + 64))))
    #expect(try Prescan.scan(SampleDICOM.file(image)).warnings == [.pixelLong])
  }

  @Test(arguments: [Tag.rows, .columns, .bitsAllocated, .samplesPerPixel]) func `zero dimensions are refused`(tag: Tag) {
    var image = SampleDICOM.image()
    image.set(tag, us: 0)
    #expect(throws: PrescanError.pixelAttributes(.dicom)) { try Prescan.scan(SampleDICOM.file(image)) }
  }

  @Test func `a length of nearly 4 GiB is refused`() {
    for length in [0x7FFF_FFFF, 0xFFFF_FFFE, 0x8000_0000] {
      let bytes = SampleDICOM.head() + [0x10, 0, 0x10, 0, 0x4F, 0x42, 0, 0] + SampleDICOM.word32(length) + [0, 0]
      #expect(throws: PrescanError.truncated(.dicom, place: "(0010,0010)")) { try Prescan.scan(bytes) }
    }
  }

  @Test func `more elements or items than the limits are refused`() {
    var limits = PrescanLimits()
    limits.elements = 10
    #expect(throws: PrescanError.tooMany(.dicom, what: .elements, limit: 10)) { try Prescan.scan(SampleDICOM.file(), limits: limits) }
    limits = PrescanLimits()
    limits.items = 5
    var image = SampleDICOM.image()
    image.set(.sourceImageSequence, sequence: [Dataset](repeating: Dataset(), count: 6))
    #expect(throws: PrescanError.tooMany(.dicom, what: .items, limit: 5)) { try Prescan.scan(SampleDICOM.file(image), limits: limits) }
  }

  @Test func `a deflate bomb is refused`() {
    let zeros = SampleDICOM.deflate([UInt8](repeating: 0, count: 20 << 20))
    #expect(zeros.count < 50_000)
    let bytes = SampleDICOM.head(UID.deflatedExplicitVRLittleEndian) + zeros
    var limits = PrescanLimits()
    limits.inflatedBytes = 10 << 20
    #expect(throws: PrescanError.deflateTooLarge(limitBytes: 10 << 20)) { try Prescan.scan(bytes, limits: limits) }
    // By its ratio alone.
    limits = PrescanLimits()
    limits.inflateFreeBytes = 4 << 20
    #expect(throws: PrescanError.deflateTooLarge(limitBytes: 512 << 20)) { try Prescan.scan(bytes, limits: limits) }
    // Zeros behind a dataset: a page of them is padding.
    #expect(throws: PrescanError.deflateTooLarge(limitBytes: 1 << 20)) { try Prescan.scan(bytes) }
    let padded = ExplicitStream.encode(SampleDICOM.image()) + [UInt8](repeating: 0, count: 4096)
    let report = try? Prescan.scan(SampleDICOM.head(UID.deflatedExplicitVRLittleEndian) + SampleDICOM.deflate(padded))
    #expect(report?.warnings.isEmpty == true)
    let noise = SampleDICOM.head(UID.deflatedExplicitVRLittleEndian) + [UInt8](repeating: 0xFF, count: 100)
    #expect(throws: PrescanError.deflateDamaged) { try Prescan.scan(noise) }
  }

  @Test func `RLE segment offsets outside the frame are refused`() throws {
    var frame = [UInt8](repeating: 0, count: 100)
    frame[0] = 2
    frame[4] = 64
    frame[8] = 80
    func file(_ frame: [UInt8]) -> [UInt8] {
      var image = SampleDICOM.image()
      image.remove(.numberOfFrames)
      image.set(Element(.pixelData, .OB, .fragments([[], frame])))
      return SampleDICOM.file(image, transferSyntax: "1.2.840.10008.1.2.5")
    }
    #expect(throws: Never.self) { try Prescan.scan(file(frame)) }
    for (index, value) in [(0, 16), (0, 0), (4, 63), (8, 100), (8, 64), (11, 0x80)] {
      var bad = frame
      bad[index] = UInt8(value)
      #expect(throws: PrescanError.rleHeader(frame: 1)) { try Prescan.scan(file(bad)) }
    }
  }

  @Test func `fewer fragments than frames mean a cut file`() {
    var image = SampleDICOM.image()
    image.set(Element(.pixelData, .OB, .fragments([[], [1, 2], [3, 4]])))
    let bytes = SampleDICOM.file(image, transferSyntax: "1.2.840.10008.1.2.4.90")
    #expect(throws: PrescanError.truncated(.dicom, place: "(7FE0,0010)")) { try Prescan.scan(bytes) }
  }

  @Test(arguments: [[1, 2], [0xFF, 0xD8], [0xFF, 0xD8, 0xFF, 0xDB, 0, 1], [0xFF, 0xD8, 0xFF, 0x01, 0, 4, 0, 0], [0xFF, 0xD8, 1, 2, 3, 4]] as [[UInt8]])
  func `what does not begin like a JPEG is not given to its decoder`(fragment: [UInt8]) {
    var image = SampleDICOM.image()
    image.set(Element(.pixelData, .OB, .fragments([[], fragment, [3, 4], [5, 6]])))
    let bytes = SampleDICOM.file(image, transferSyntax: "1.2.840.10008.1.2.4.70")
    #expect { try Prescan.scan(bytes) } throws: { ($0 as? PrescanError)?.code == "dicom.structure" }
  }

  @Test func `a missing last delimiter is a warning, zeros behind the pixels are padding`() throws {
    var image = SampleDICOM.image()
    image.set(Element(.pixelData, .OB, .fragments([[], [1, 2], [3, 4], [5, 6]])))
    let encapsulated = SampleDICOM.file(image, transferSyntax: "1.2.840.10008.1.2.4.90")
    #expect(try Prescan.scan(Array(encapsulated.dropLast(8))).warnings == [.truncated])
    #expect(try Prescan.scan(SampleDICOM.file() + [0, 0, 0]).warnings == [])
    #expect(try Prescan.scan(SampleDICOM.file() + [1, 2, 3]).warnings == [.truncated])
  }

  @Test(arguments: SampleDICOM.Syntax.allCases) func `random damage never traps`(syntax: SampleDICOM.Syntax) {
    var random = SplitMix64(seed: 11)
    var bytes = SampleDICOM.file(SampleDICOM.rich(), syntax: syntax)
    for round in 0..<10_000 {
      var saved: [(Int, UInt8)] = []
      for _ in 0...round % 3 { saved += random.mutate(&bytes) }
      _ = try? Prescan.scan(bytes)
      for (index, byte) in saved.reversed() { bytes[index] = byte }
    }
  }
}
