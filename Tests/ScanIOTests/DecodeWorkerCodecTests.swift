import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// What goes in comes out: samples through every encoding, and attributes untouched by it.
@Suite struct DecodeWorkerCodecTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    var samples = 1
    var bits = 16
    var stored: Int?
    var isSigned = false
    var frames = 1
    var columns = 10
    var testDescription: String {
      "\(samples) x \(bits)(\(stored ?? bits)) \(isSigned ? "signed" : "unsigned") \(frames) frames, \(columns) columns"
    }

    var dataset: Dataset {
      DecodeSamples.dataset(columns: columns, frames: frames, samples: samples, bits: bits, stored: stored, isSigned: isSigned)
    }
  }

  static let samples: [Sample] = [
    Sample(), Sample(bits: 8), Sample(isSigned: true), Sample(stored: 12), Sample(samples: 3, bits: 8),
    Sample(samples: 3, bits: 8, frames: 2),
    Sample(frames: 3), Sample(bits: 8, columns: 11),
  ]
  static let native = [
    UID.implicitVRLittleEndian, UID.explicitVRLittleEndian, UID.explicitVRBigEndian, UID.deflatedExplicitVRLittleEndian,
  ]
  static let rle = "1.2.840.10008.1.2.5"
  static let jpegLossless = "1.2.840.10008.1.2.4.70"
  static let jpegLS = "1.2.840.10008.1.2.4.80"

  @Test(arguments: samples, native + [rle, jpegLossless])
  func `samples survive every lossless transfer syntax`(sample: Sample, transferSyntax: String) throws {
    let original = sample.dataset
    let expected = Array(
      try #require(original[.pixelData]?.bytes).prefix(14 * sample.columns * sample.frames * sample.samples * sample.bits / 8))
    let scan = try DecodeSamples.read(DecodeSamples.file(original, transferSyntax))
    let pixels = try #require(scan.pixels)
    #expect(pixels.words == expected)
    #expect(
      pixels.rows == 14 && pixels.columns == sample.columns && pixels.frames == sample.frames && pixels.samplesPerPixel == sample.samples)
    #expect(pixels.bitsAllocated == sample.bits && pixels.bitsStored == sample.stored ?? sample.bits && pixels.isSigned == sample.isSigned)
    #expect(scan.fileTransferSyntaxUID == transferSyntax)
    #expect(scan.transferSyntaxUID == (Self.native.contains(transferSyntax) ? UID.explicitVRLittleEndian : transferSyntax))
    #expect(scan.dataset.text(.patientName) == "ZZFAKE^PATIENT")
    #expect(scan.warnings.isEmpty)
  }

  @Test func `samples survive JPEG-LS`() throws {
    let original = DecodeSamples.smooth()
    let scan = try DecodeSamples.read(DecodeSamples.file(original, Self.jpegLS))
    #expect(scan.pixels?.words == original[.pixelData]?.bytes)
    #expect(scan.transferSyntaxUID == Self.jpegLS)
  }

  @Test(arguments: native, [32, 64])
  func `words of 32 and 64 bits survive both byte orders`(transferSyntax: String, bits: Int) throws {
    let original = DecodeSamples.dataset(bits: bits)
    // DCMTK's big-endian writer knows words of 16 bits; the shim exchanges their halves.
    let scan = try DecodeSamples.read(DecodeSamples.file(original, transferSyntax))
    #expect(scan.pixels?.words == original[.pixelData]?.bytes)
  }

  @Test(arguments: native) func `the dataset does not depend on the transfer syntax`(transferSyntax: String) throws {
    var original = DecodeSamples.dataset()
    original.set(.sourceImageSequence, sequence: [DecodeSamples.dataset(rows: 2, columns: 2)])
    let scan = try DecodeSamples.read(DecodeSamples.file(original, transferSyntax))
    #expect(scan.dataset == original)
  }

  @Test func `without pixels encapsulated data stays as it is`() throws {
    let bytes = try DecodeSamples.file(DecodeSamples.dataset(), Self.jpegLossless)
    let scan = try DecodeSamples.read(bytes, pixels: false)
    #expect(scan.pixels == nil)
    guard case .fragments(let fragments)? = scan.dataset[.pixelData]?.value else {
      Issue.record("Pixel Data is not encapsulated")
      return
    }
    #expect(fragments.count == 2 && fragments[1].starts(with: [0xFF, 0xD8]))
  }

  @Test func `planes first become color by pixel`() throws {
    var planar = DecodeSamples.dataset(samples: 3, bits: 8)
    let pixels = 14 * 10
    let byPixel = try #require(planar[.pixelData]?.bytes)
    let byPlane = (0..<3).flatMap { sample in (0..<pixels).map { byPixel[$0 * 3 + sample] } }
    planar.set(.planarConfiguration, us: 1)
    planar.set(Element(.pixelData, .OW, .bytes(byPlane)))
    let scan = try DecodeSamples.read(SampleDICOM.file(planar))
    #expect(scan.pixels?.words == byPixel)
  }

  @Test func `bits packed eight to a byte become one byte each`() throws {
    var packed = DecodeSamples.dataset(rows: 3, columns: 7, frames: 2, bits: 8)
    packed.set(.bitsAllocated, us: 1)
    packed.set(.bitsStored, us: 1)
    packed.set(.highBit, us: 0)
    packed.set(Element(.pixelData, .OB, .bytes([0b1010_0101, 0xFF, 0, 0b1100_0011, 0b10, 0])))
    let scan = try DecodeSamples.read(SampleDICOM.file(packed))
    let bits: [UInt8] = [0b1010_0101, 0xFF, 0, 0b1100_0011, 0b10, 0].flatMap { byte in (0..<8).map { UInt8(byte >> $0 & 1) } }
    #expect(scan.pixels?.words == Array(bits.prefix(3 * 7 * 2)))
    #expect(scan.pixels?.bitsAllocated == 8 && scan.pixels?.bitsStored == 1)
  }

  @Test func `twelve packed bits become sixteen`() throws {
    var packed = DecodeSamples.dataset(rows: 1, columns: 4)
    packed.set(.bitsAllocated, us: 12)
    packed.set(.bitsStored, us: 12)
    packed.set(.highBit, us: 11)
    // 0x123, 0xABC, 0x001, 0xFFF, least significant bits first.
    packed.set(Element(.pixelData, .OW, .bytes([0x23, 0xC1, 0xAB, 0x01, 0xF0, 0xFF])))
    let scan = try DecodeSamples.read(SampleDICOM.file(packed))
    #expect(scan.pixels?.words == [0x23, 0x01, 0xBC, 0x0A, 0x01, 0x00, 0xFF, 0x0F])
  }

  @Test func `halved chroma is repeated`() throws {
    var halved = DecodeSamples.dataset(rows: 1, columns: 4, samples: 3, bits: 8)
    halved.set(.photometricInterpretation, .CS, text: "YBR_FULL_422")
    halved.set(Element(.pixelData, .OB, .bytes([1, 2, 100, 200, 3, 4, 101, 201])))
    let scan = try DecodeSamples.read(SampleDICOM.file(halved))
    #expect(scan.pixels?.words == [1, 100, 200, 2, 100, 200, 3, 101, 201, 4, 101, 201])
    #expect(scan.photometric == .other("YBR_FULL_422"))
  }

  @Test func `negative samples without sign bits above are extended, unsigned ones are left alone`() throws {
    for isSigned in [true, false] {
      var dirty = DecodeSamples.dataset(rows: 1, columns: 2, stored: 12, isSigned: isSigned)
      dirty.set(Element(.pixelData, .OW, .bytes([0xFF, 0x0F, 0x01, 0x70])))
      let scan = try DecodeSamples.read(SampleDICOM.file(dirty))
      #expect(scan.pixels?.words == (isSigned ? [0xFF, 0xFF, 0x01, 0x00] : [0xFF, 0x0F, 0x01, 0x70]))
      #expect(scan.warnings == [.dirtyBits])
    }
  }

  @Test func `float pixel data keeps its words`() throws {
    var floats = DecodeSamples.dataset(rows: 2, columns: 2)
    floats.remove(.pixelData)
    let words = [Float(-1.5), 0, 3.25, 1e30].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    floats.set(.bitsAllocated, us: 32)
    floats.set(Element(.floatPixelData, .OF, .bytes(words)))
    let scan = try DecodeSamples.read(SampleDICOM.file(floats))
    #expect(scan.pixels?.words == words)
    #expect(scan.pixels?.isFloat == true && scan.pixels?.bitsAllocated == 32)
  }

  @Test(arguments: [8, 16, 32, 64], [UInt32(1), 2, 3])
  func `TIFF words survive strips, deflate and predictors`(bits: Int, format: UInt32) throws {
    guard format != 3 || bits >= 32 else { return }
    let words = DecodeSamples.words(count: 30 * 20, bits: bits)
    for predictor in [Int32(1), format == 3 ? 3 : 2] {
      let bytes = try DecodeSamples.tiff(
        rows: 30, columns: 20, bits: bits, format: format, deflate: true, predictor: predictor, perCentimeter: 25, words: words)
      let scan = try DecodeSamples.read(bytes)
      let pixels = try #require(scan.pixels)
      #expect(pixels.words == words)
      #expect(pixels.rows == 30 && pixels.columns == 20 && pixels.bitsAllocated == bits && pixels.isFloat == (format == 3))
      #expect(scan.spacingMillimeters == [0.4, 0.4])
    }
  }

  @Test(arguments: [8, 16], [UInt32(0), 2, 4, 6])
  func `PNG words survive`(bits: Int, color: UInt32) throws {
    let samples = [0: 1, 2: 3, 4: 2, 6: 4][color]!
    let words = DecodeSamples.words(count: 9 * 7 * samples, bits: bits)
    let scan = try DecodeSamples.read(DecodeSamples.png(rows: 9, columns: 7, bits: bits, color: color, words: words))
    #expect(scan.pixels?.words == words)
    #expect(scan.pixels?.samplesPerPixel == samples)
    #expect(scan.spacingMillimeters == [0.5, 0.5])
  }
}
