import CDCMTK
import CSeeds
import ScanModel

/// DICOM objects of 8 x 8 pixels in every transfer syntax that the product reads, and objects without pixels.
enum DICOMSeeds {
  struct Failure: Error { let what: String }

  static func all() throws -> [(String, [UInt8])] {
    var seeds: [(String, [UInt8])] = []
    let rich = image(frames: 2, nested: true)
    seeds.append(("explicit", plain(rich)))
    seeds.append(("no-meta", ExplicitStream.encode(rich)))
    for (name, syntax) in [("implicit", "1.2.840.10008.1.2"), ("big-endian", "1.2.840.10008.1.2.2"), ("deflated", "1.2.840.10008.1.2.1.99")] {
      seeds.append((name, try encoded(rich, syntax)))
    }
    seeds.append(("rle", try encoded(image(frames: 2, nested: false), "1.2.840.10008.1.2.5")))
    seeds.append(("jpeg-lossless", try encoded(image(frames: 1, nested: false), "1.2.840.10008.1.2.4.70")))
    seeds.append(("jpeg-baseline", try encoded(image(frames: 1, nested: false, bits: 8, side: 16), "1.2.840.10008.1.2.4.50")))
    seeds.append(("jpeg-ls", try encoded(image(frames: 1, nested: false, bits: 8, side: 32), "1.2.840.10008.1.2.4.80")))
    seeds.append(("jpeg-2000", try jpeg2000()))
    seeds.append(("color-planes", plain(image(frames: 1, nested: false, bits: 8, samples: 3))))
    seeds.append(("one-bit", plain(oneBit())))
    seeds.append(("floats", plain(floats())))
    seeds.append(("report", plain(report())))
    for (name, term, patient) in characterSets { seeds.append((name, plain(text(term, patient)))) }
    return seeds
  }

  private static func image(frames: Int, nested: Bool, bits: Int = 16, side: Int = 8, samples: Int = 1) -> Dataset {
    var image = header(modality: "MR", sopClass: "1.2.840.10008.5.1.4.1.1.7")
    image.set(.samplesPerPixel, us: UInt16(samples))
    image.set(.photometricInterpretation, .CS, text: samples == 3 ? "RGB" : "MONOCHROME2")
    if samples == 3 { image.set(.planarConfiguration, us: 1) }
    if frames > 1 { image.set(.numberOfFrames, .IS, text: "\(frames)") }
    image.set(.rows, us: UInt16(side))
    image.set(.columns, us: UInt16(side))
    image.set(.bitsAllocated, us: UInt16(bits))
    image.set(.bitsStored, us: UInt16(bits == 16 ? 12 : bits))
    image.set(.highBit, us: UInt16(bits == 16 ? 11 : bits - 1))
    image.set(.pixelRepresentation, us: 0)
    if nested {
      var inner = Dataset()
      inner.set(.patientName, .PN, text: "ZZFAKE^INNER")
      inner.set(.referencedSOPInstanceUID, .UI, text: "2.25.77")
      var outer = Dataset()
      outer.set(.sourceImageSequence, sequence: [inner, inner])
      image.set(.sourceImageSequence, sequence: [outer, inner])
      image.set(Tag(0x0009, 0x0010), .LO, text: "FAKE VENDOR")
      image.set(Element(Tag(0x0009, 0x1001), .UN, .bytes(Array(repeating: 9, count: 12))))
      image.set(Tag(0x0009, 0x1002), sequence: [inner])
    }
    // Smooth: DCMTK's JPEG-LS encoder must not be given noise.
    let count = side * side * frames * samples
    let bytes = (0..<count).flatMap { index -> [UInt8] in
      let value = index % side + index / side
      return bits == 8 ? [UInt8(truncatingIfNeeded: value)] : [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8 & 15)]
    }
    image.set(Element(.pixelData, .OW, .bytes(bytes)))
    return image
  }

  private static func header(modality: String, sopClass: String) -> Dataset {
    var header = Dataset()
    header.set(.specificCharacterSet, .CS, text: "ISO_IR 100")
    header.set(.sopClassUID, .UI, text: sopClass)
    header.set(.sopInstanceUID, .UI, text: "2.25.31")
    header.set(.studyInstanceUID, .UI, text: "2.25.32")
    header.set(.seriesInstanceUID, .UI, text: "2.25.33")
    header.set(.studyDate, .DA, text: "19700102")
    header.set(.modality, .CS, text: modality)
    header.set(.patientName, .PN, text: "ZZFAKE^PATIENT")
    header.set(.patientID, .LO, text: "ZZFAKE01")
    header.set(.studyDescription, .LO, text: "About ZZFAKE")
    return header
  }

  private static func oneBit() -> Dataset {
    var mask = image(frames: 1, nested: false, bits: 8)
    mask.set(.bitsAllocated, us: 1)
    mask.set(.bitsStored, us: 1)
    mask.set(.highBit, us: 0)
    mask.set(Element(.pixelData, .OB, .bytes([0, 24, 60, 126, 126, 60, 24, 0])))
    return mask
  }

  private static func floats() -> Dataset {
    var map = image(frames: 1, nested: false)
    map.remove(.pixelData)
    map.set(.bitsAllocated, us: 32)
    map.set(Element(.floatPixelData, .OF, .bytes((0..<64).flatMap { [0, 0, UInt8($0), 0x3F] })))
    return map
  }

  private static func report() -> Dataset {
    var report = header(modality: "SR", sopClass: "1.2.840.10008.5.1.4.1.1.88.11")
    var text = Dataset()
    text.set(Tag(0x0040, 0xA010), .CS, text: "CONTAINS")
    text.set(Tag(0x0040, 0xA040), .CS, text: "TEXT")
    text.set(Tag(0x0040, 0xA160), .UT, text: "Told by ZZFAKE in 1970")
    report.set(Tag(0x0040, 0xA730), sequence: [text])
    return report
  }

  /// Defined terms of Specific Character Set and a made-up name in each (PS3.5 annexes H to K).
  private static let characterSets: [(String, String, [UInt8])] = [
    ("utf-8", "ISO_IR 192", Array("Zz\u{F6}fake^Qu\u{E9}".utf8)),
    ("japanese", "\\ISO 2022 IR 87", Array("ZZ^FAKE=".utf8) + [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x42]),
    ("korean", "\\ISO 2022 IR 149", Array("Zz^Fake=".utf8) + [0x1B, 0x24, 0x29, 0x43, 0xFB, 0xF3, 0x5E, 0xD1, 0xCE]),
    ("gb18030", "GB18030", Array("Zz^Fake=".utf8) + [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0x84, 0x31, 0x95, 0x33]),
    ("greek", "ISO_IR 126", [0xC4, 0xE9, 0xEF, 0xED, 0xF5, 0xF3, 0xE9, 0xEF, 0xF2]),
  ]

  /// Attributes that stay and are searched for the name, the numbers and the dates that go.
  private static func text(_ characterSet: String, _ patient: [UInt8]) -> Dataset {
    var object = header(modality: "OT", sopClass: "1.2.840.10008.5.1.4.1.1.66")
    object.set(.specificCharacterSet, .CS, text: characterSet)
    object.set(Element(.patientName, .PN, .bytes(Element.padded(patient, .PN))))
    object.set(Element(Tag(0x0018, 0x1020), .LO, .bytes(Element.padded(Array("v1 ".utf8) + patient + Array(" 02.01.1970".utf8), .LO))))
    object.set(Tag(0x0018, 0x0024), .SH, text: "of 2 Jan 1970")
    object.set(Tag(0x0018, 0x1030), .LO, text: "Chest 3 mm ZZFAKE01, 1970-01-02")
    object.set(Tag(0x0010, 0x0030), .DA, text: "19300405")
    object.set(Tag(0x0008, 0x002A), .DT, text: "19700102101112.5+0100")
    object.set(Tag(0x0010, 0x1010), .AS, text: "039Y")
    return object
  }

  private static func jpeg2000() throws -> [UInt8] {
    var count = 0
    guard let bytes = cseeds_make_jpeg2000(8, 12, &count) else { throw Failure(what: "JPEG 2000") }
    defer { cseeds_free(bytes) }
    var codestream = Array(UnsafeBufferPointer(start: bytes, count: count))
    if codestream.count % 2 == 1 { codestream.append(0) }
    var image = image(frames: 1, nested: false)
    image.set(Element(.pixelData, .OB, .fragments([[], codestream])))
    return plain(image, transferSyntax: "1.2.840.10008.1.2.4.90")
  }

  private static func plain(_ dataset: Dataset, transferSyntax: String = "1.2.840.10008.1.2.1") -> [UInt8] {
    var meta = Dataset()
    meta.set(Tag(0x0002, 0x0002), .UI, text: dataset.text(.sopClassUID) ?? "")
    meta.set(Tag(0x0002, 0x0003), .UI, text: dataset.text(.sopInstanceUID) ?? "")
    meta.set(.transferSyntaxUID, .UI, text: transferSyntax)
    let elements = ExplicitStream.encode(meta)
    let length = (0..<4).map { UInt8(truncatingIfNeeded: elements.count >> (8 * $0)) }
    return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + [2, 0, 0, 0, 0x55, 0x4C, 4, 0] + length + elements
      + ExplicitStream.encode(dataset)
  }

  private static func encoded(_ dataset: Dataset, _ transferSyntax: String) throws -> [UInt8] {
    var message = [CChar](repeating: 0, count: 256)
    let bytes = ExplicitStream.encode(dataset)
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    guard cdcm_start(&message, message.count) == 0,
      cdcm_encode(bytes, bytes.count, transferSyntax, &out, &count, &message, message.count) == 0
    else { throw Failure(what: transferSyntax) }
    defer { cdcm_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }
}
