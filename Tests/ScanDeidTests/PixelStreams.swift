import Diagnostics
import ScanDeid
import ScanModel

/// Small images of each encoding that decoders take, with places for a text.
enum PixelStreams {
  static let token = "zqcomment"
  static let text = Array("\(token) read".utf8)

  static let jpeg = "1.2.840.10008.1.2.4.50"
  static let jpegLossless = "1.2.840.10008.1.2.4.70"
  static let jpeg2000 = "1.2.840.10008.1.2.4.90"
  static let rle = "1.2.840.10008.1.2.5"

  static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
  }

  static func big32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
  static func little32(_ value: Int) -> [UInt8] { big32(value).reversed() }

  static func clean(_ fragments: [[UInt8]], _ transferSyntaxUID: String, table: [UInt8] = [], _ change: (inout Dataset) -> Void = { _ in })
    throws -> CleanScan
  {
    var dataset = Planted.instance()
    dataset.set(.rows, us: 8)
    dataset.set(.columns, us: 8)
    dataset.set(Element(.pixelData, .OB, .fragments([table] + fragments)))
    change(&dataset)
    return try Deidentifier(key: Planted.key).clean(
      RawScan(source: .init("memory"), format: .dicom, dataset: dataset, transferSyntaxUID: transferSyntaxUID))
  }

  static func fragments(_ scan: CleanScan) -> [[UInt8]] {
    guard case .fragments(let fragments)? = scan.dataset[.pixelData]?.value else { return [] }
    return fragments
  }

  // MARK: JPEG

  /// A grey image of 8x8 samples, all alike: a DC difference of 0 and an end of block, each a single 0 bit; the rest of the byte is 1.
  static func jpegImage(
    beforeFrame: [UInt8] = [], beforeScan: [UInt8] = [], quantization: [UInt8] = [UInt8](repeating: 1, count: 64), behindData: [UInt8] = [],
    behindImage: [UInt8] = []
  ) -> [UInt8] {
    let one: [UInt8] = [1] + [UInt8](repeating: 0, count: 15) + [0]
    let head = [[0xFF, 0xD8], beforeFrame, segment(0xDB, [0] + quantization), segment(0xC0, [8, 0, 8, 0, 8, 1, 1, 0x11, 0])]
    let codes: [UInt8] = [0x00] + one + [0x10] + one
    let scan = [segment(0xC4, codes), beforeScan, segment(0xDA, [1, 1, 0, 0, 63, 0]), [0x3F], behindData, [0xFF, 0xD9], behindImage]
    return Array((head + scan).joined())
  }

  // MARK: JPEG 2000

  static func jpeg2000Image(main: [UInt8] = [], tile: [UInt8] = [], behindImage: [UInt8] = []) -> [UInt8] {
    let size: [UInt8] = [0, 0] + [8, 8, 0, 0, 8, 8, 0, 0].flatMap(big32) + [0, 1, 7, 1, 1]
    let coding: [UInt8] = [0, 0, 0, 1, 0, 0, 4, 4, 0, 1]
    let parts: [[UInt8]] = [[0xFF, 0x4F], segment(0x51, size), segment(0x52, coding), segment(0x5C, [0x40, 0x40]), main]
    let header = Array(parts.joined())
    let data: [UInt8] = [0xFF, 0x93, 0x80, 1, 2, 3]
    let place: [UInt8] = [0, 0] + big32(12 + tile.count + data.count) + [0, 1]
    return header + segment(0x90, place) + tile + data + [0xFF, 0xD9] + behindImage
  }

  static func box(_ type: String, _ content: [UInt8]) -> [UInt8] { big32(8 + content.count) + Array(type.utf8) + content }

  static func jp2(_ extra: [UInt8], header: [UInt8] = []) -> [UInt8] {
    let brands = Array("jp2 \0\0\0\0jp2 ".utf8)
    let image: [UInt8] = big32(8) + big32(8) + [0, 1, 7, 7, 0, 0]
    let inner = [box("ihdr", image), box("colr", [1, 0, 0, 0, 0, 0, 17]), header]
    let boxes = [
      box("jP  ", [0x0D, 0x0A, 0x87, 0x0A]), box("ftyp", brands), extra, box("jp2h", Array(inner.joined())), box("jp2c", jpeg2000Image()),
    ]
    return Array(boxes.joined())
  }

  // MARK: RLE

  /// 64 cells of one value, as one segment.
  static func rleFrame(header: [UInt8] = [UInt8](repeating: 0, count: 56), gap: [UInt8] = [], behind: [UInt8] = []) -> [UInt8] {
    little32(1) + little32(64 + gap.count) + header + gap + [UInt8(257 - 64), 9] + behind
  }
}
