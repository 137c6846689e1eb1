import CZlib
import Foundation
import ScanModel

/// DICOM files made in memory, by code that shares nothing with the pre-scan.
enum SampleDICOM {
  enum Syntax: CaseIterable, Sendable { case explicit, implicit, bigEndian, deflated, encapsulated }

  static func word32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  /// Preamble, magic and a minimal File Meta Information.
  static func head(_ transferSyntax: String = UID.explicitVRLittleEndian, sopClass: String = UID.mrImageStorage) -> [UInt8] {
    var meta = Dataset()
    meta.set(Tag(0x0002, 0x0002), .UI, text: sopClass)
    meta.set(.transferSyntaxUID, .UI, text: transferSyntax)
    let elements = ExplicitStream.encode(meta)
    return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + [2, 0, 0, 0, 0x55, 0x4C, 4, 0] + word32(elements.count) + elements
  }

  /// 16 x 12 pixels, 3 frames, 16 bits.
  static func image() -> Dataset {
    var image = Dataset()
    image.set(.sopClassUID, .UI, text: UID.mrImageStorage)
    image.set(.sopInstanceUID, .UI, text: "2.25.1")
    image.set(.modality, .CS, text: "MR")
    image.set(.patientName, .PN, text: "ZZFAKE^PATIENT")
    image.set(.samplesPerPixel, us: 1)
    image.set(.photometricInterpretation, .CS, text: "MONOCHROME2")
    image.set(.numberOfFrames, .IS, text: "3")
    image.set(.rows, us: 16)
    image.set(.columns, us: 12)
    image.set(.bitsAllocated, us: 16)
    image.set(.bitsStored, us: 12)
    image.set(.pixelRepresentation, us: 0)
    image.set(Element(.pixelData, .OW, .bytes((0..<16 * 12 * 3 * 2).map { UInt8(truncatingIfNeeded: $0 * 37 + 1) })))
    return image
  }

  /// `image` with sequences, private blocks and long values.
  static func rich() -> Dataset {
    var inner = Dataset()
    inner.set(.codeValue, .SH, text: "121322")
    var outer = image()
    outer.remove(.pixelData)
    outer.set(.purposeOfReferenceCodeSequence, sequence: [inner, inner])
    var image = image()
    image.set(.sourceImageSequence, sequence: [outer, inner])
    image.set(Tag(0x0009, 0x0010), .LO, text: "FAKE VENDOR")
    image.set(Element(Tag(0x0009, 0x1001), .UN, .bytes(Array(repeating: 9, count: 40))))
    return image
  }

  static func file(_ dataset: Dataset = image(), transferSyntax: String = UID.explicitVRLittleEndian) -> [UInt8] {
    head(transferSyntax) + ExplicitStream.encode(dataset)
  }

  static func file(_ dataset: Dataset = image(), syntax: Syntax) -> [UInt8] {
    switch syntax {
    case .explicit: return file(dataset)
    case .implicit: return head(UID.implicitVRLittleEndian) + plain(dataset, isBigEndian: false)
    case .bigEndian: return head(UID.explicitVRBigEndian) + plain(dataset, isBigEndian: true)
    case .deflated: return head(UID.deflatedExplicitVRLittleEndian) + deflate(ExplicitStream.encode(dataset))
    case .encapsulated:
      var dataset = dataset
      dataset.set(Element(.pixelData, .OB, .fragments([[], [0xFF, 0xD8, 0xFF, 0xC3] + Array(repeating: 7, count: 86), Array(repeating: 8, count: 90), [9, 9]])))
      return file(dataset, transferSyntax: "1.2.840.10008.1.2.4.70")
    }
  }

  /// Sequences in sequences, `depth` of them, around nothing.
  static func nested(depth: Int, hasLength: Bool) -> [UInt8] {
    let tag: [UInt8] = [0x08, 0, 0x12, 0x21, 0x53, 0x51, 0, 0]
    let item: [UInt8] = [0xFE, 0xFF, 0, 0xE0]
    var head: [UInt8] = []
    var tail: [UInt8] = []
    for level in 0..<depth {
      if hasLength {
        let inner = (depth - 1 - level) * 20
        head += tag + word32(inner + 8) + item + word32(inner)
      } else {
        head += tag + word32(0xFFFF_FFFF) + item + word32(0xFFFF_FFFF)
        tail += [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
      }
    }
    return head + tail
  }

  static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1024)
    let count = input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = uInt(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = uInt(target.count)
        CZlib.deflate(&stream, Z_FINISH)
        return target.count - Int(stream.avail_out)
      }
    }
    deflateEnd(&stream)
    return Array(output[..<count])
  }

  /// Implicit VR Little Endian, or Explicit VR Big Endian with known lengths.
  private static func plain(_ dataset: Dataset, isBigEndian: Bool) -> [UInt8] {
    func order(_ bytes: [UInt8]) -> [UInt8] { isBigEndian ? bytes.reversed() : bytes }
    func tag(_ tag: Tag) -> [UInt8] {
      order([UInt8(truncatingIfNeeded: tag.group), UInt8(tag.group >> 8)])
        + order([UInt8(truncatingIfNeeded: tag.element), UInt8(tag.element >> 8)])
    }
    var bytes: [UInt8] = []
    for element in dataset.elements {
      var value: [UInt8]
      switch element.value {
      case .bytes(let plain):
        value = plain
        if isBigEndian, element.vr == .US || element.vr == .OW {
          for index in stride(from: 0, to: value.count - 1, by: 2) { value.swapAt(index, index + 1) }
        }
      case .sequence(let items):
        value = items.flatMap { item in
          let content = plain(item, isBigEndian: isBigEndian)
          return tag(Tag(0xFFFE, 0xE000)) + order(word32(content.count)) + content
        }
      case .fragments: value = []
      }
      bytes += tag(element.tag)
      if isBigEndian {
        bytes += Array(element.vr.rawValue.utf8)
        bytes += element.vr.hasLongLength ? [0, 0] + order(word32(value.count)) : order(Array(word32(value.count).prefix(2)))
      } else {
        bytes += word32(value.count)
      }
      bytes += value
    }
    return bytes
  }
}
