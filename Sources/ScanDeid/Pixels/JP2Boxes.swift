/// The boxes of JP2 files (ISO/IEC 15444-1 annex I) and JPEG XL containers (18181-2) around a codestream: those that decoding needs stay.
///
/// Any other box (XML, UUID, URL, intellectual property, EXIF …) becomes a `free` box of zeros, which readers skip.
struct JP2Boxes {
  private var stream: StreamBytes
  let shape: RLEText.Shape?

  static func clean(_ stream: inout StreamBytes, _ range: Range<Int>, _ shape: RLEText.Shape?) -> Bool {
    var boxes = JP2Boxes(stream: stream, shape: shape)
    let isWhole = boxes.walk(range, isHeader: false)
    stream = boxes.stream
    return isWhole
  }

  private mutating func walk(_ range: Range<Int>, isHeader: Bool) -> Bool {
    var position = range.lowerBound
    while position + 8 <= range.upperBound, let length = stream.word32(position) {
      var head = 8
      var end = position + length
      if length == 1 {
        guard stream.word32(position + 8) == 0, let low = stream.word32(position + 12) else { return false }
        head = 16
        end = position + low
      } else if length == 0 {
        // Zeros behind the last box are padding.
        guard stream.word32(position + 4) != 0 else { break }
        end = range.upperBound
      }
      guard end >= position + head, end <= range.upperBound else { return false }
      guard box(position + 4, position + head..<end, isHeader) else { return false }
      position = end
    }
    stream.fill(position..<range.upperBound, with: 0)
    return true
  }

  private mutating func box(_ type: Int, _ body: Range<Int>, _ isHeader: Bool) -> Bool {
    switch String(decoding: stream[type..<type + 4], as: UTF8.self) {
    case "jP  ", "JXL ":
      keep(4, of: body)
      stream.put([0x0D, 0x0A, 0x87, 0x0A].prefix(body.count), at: body.lowerBound)
    case "ftyp": compatibility(body)
    case "jp2h" where !isHeader: return walk(body, isHeader: true)
    case "jp2c": return stream.word16(body.lowerBound) == 0xFF4F && JPEG2000Text.clean(&stream, body, shape)
    case "jxlc", "jxlp": stream.isUnchecked = true
    case "jxll": keep(1, of: body)
    case "ihdr" where isHeader: keep(14, of: body)
    case "bpcc" where isHeader:
      // A depth of up to 38 bits less 1, and a sign, for each component.
      if stream[body].contains(where: { $0 & 0x7F > 37 }) { stream.fill(body, with: 7) }
    case "pclr" where isHeader: palette(body)
    case "cmap" where isHeader: keep(body.count / 4 * 4, of: body)
    case "cdef" where isHeader: keep(2 + 6 * (stream.word16(body.lowerBound) ?? 0), of: body)
    case "colr" where isHeader: color(body)
    default:
      stream.put(Array("free".utf8), at: type)
      stream.fill(body, with: 0)
    }
    return true
  }

  private mutating func keep(_ count: Int, of body: Range<Int>) {
    if count < body.count { stream.fill(body.lowerBound + count..<body.upperBound, with: 0) }
  }

  /// Brand, version, compatible brands.
  private mutating func compatibility(_ body: Range<Int>) {
    let brands: Set = ["jp2 ", "jpx ", "jpm ", "jph ", "jpxb", "jxl "]
    for offset in stride(from: body.lowerBound, to: body.upperBound - 3, by: 4) where offset != body.lowerBound + 4 {
      if !brands.contains(String(decoding: stream[offset..<offset + 4], as: UTF8.self)) { stream.put(Array("jp2 ".utf8), at: offset) }
    }
    if body.count >= 8 { stream.fill(body.lowerBound + 4..<body.lowerBound + 8, with: 0) }
    keep(body.count / 4 * 4, of: body)
  }

  /// Number of entries, number of columns, a depth for each column, then entries.
  private mutating func palette(_ body: Range<Int>) {
    guard let entries = stream.word16(body.lowerBound), body.count > 3 else { return }
    let columns = Int(stream[body.lowerBound + 2])
    guard body.count >= 3 + columns else { return }
    let width = (0..<columns).reduce(0) { $0 + (Int(stream[body.lowerBound + 3 + $1] & 0x7F) + 8) / 8 }
    keep(3 + columns + entries * width, of: body)
  }

  /// Method 1 names a color space by number, method 2 holds an ICC profile.
  private mutating func color(_ body: Range<Int>) {
    guard body.count >= 3 else { return }
    switch stream[body.lowerBound] {
    case 1: keep(7, of: body)
    case 2: stream.replace(body.lowerBound + 3..<body.upperBound, by: ICCProfile.cleaned)
    default: keep(3, of: body)
    }
  }
}
