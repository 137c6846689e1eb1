import ScanDeid
import ScanModel
import Testing

/// Where the walks through compressed pixels see that a picture breaks off.
@Suite struct PixelEndTests {
  private typealias P = PixelStreams

  /// Bits as text, most significant first, filled up with ones; FF00 stands for FF.
  private static func data(_ bits: String) -> [UInt8] {
    let digits = bits.filter { $0 != " " }
    let filled = digits + String(repeating: "1", count: (8 - digits.count % 8) % 8)
    return stride(from: 0, to: filled.count, by: 8).flatMap { offset -> [UInt8] in
      let byte = UInt8(filled.dropFirst(offset).prefix(8), radix: 2) ?? 0
      return byte == 0xFF ? [byte, 0] : [byte]
    }
  }

  /// A progressive image of two blocks (ISO/IEC 10918-1 annex G) in four scans: DC, its last bit, AC, its last bits.
  ///
  /// Codes: DC `0` no difference. AC `0` end of block, `10` end of two blocks, `110` a coefficient, `1110` another after one zero.
  private static let progressive: [[UInt8]] = {
    func table(_ kind: UInt8, _ counts: [UInt8], _ symbols: [UInt8]) -> [UInt8] {
      P.segment(0xC4, [kind] + counts + [UInt8](repeating: 0, count: 16 - counts.count) + symbols)
    }
    let head = [
      [0xFF, 0xD8], P.segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)), P.segment(0xC2, [8, 0, 8, 0, 16, 1, 1, 0x11, 0]),
      table(0x00, [1], [0]), table(0x10, [1, 1, 1, 1], [0x00, 0x10, 0x01, 0x11]),
    ]
    func scan(_ first: UInt8, _ last: UInt8, _ bits: UInt8, _ code: String) -> [UInt8] {
      P.segment(0xDA, [1, 1, 0, first, last, bits]) + data(code)
    }
    return [
      Array(head.joined()), scan(0, 0, 0x01, "0 0"), scan(0, 0, 0x10, "1 0"),
      // Block 1: coefficient 1, then 3, then its end; block 2: its end.
      scan(1, 63, 0x01, "110 1  1110 0  0   0"),
      // Block 1: a new coefficient 2, with a bit for 1 before it, then a bit for 3 and the end; block 2: a new coefficient after one zero.
      scan(1, 63, 0x10, "110 1 1  0 1   1110 1  0"),
    ]
  }()

  private func warns(_ fragments: [[UInt8]], _ syntax: String, _ change: (inout Dataset) -> Void = { _ in }) throws -> Bool {
    do {
      return try P.clean(fragments, syntax, change).warnings.contains(.truncated)
    } catch DeidError.pixelStream {
      return true
    }
  }

  @Test func `progressive scans are walked to the last bit of the last block`() throws {
    let parts = Self.progressive
    let whole = Array(parts.joined())
    let wide: (inout Dataset) -> Void = { $0.set(.columns, us: 16) }
    #expect(try !warns([whole + [0xFF, 0xD9]], P.jpeg, wide))
    #expect(try !warns([whole], P.jpeg, wide))
    #expect(P.fragments(try P.clean([whole + [0xFF, 0xD9]], P.jpeg, wide))[1] == whole + [0xFF, 0xD9])
    for place in 1..<whole.count {
      let rest = Array(whole[..<place])
      #expect(try warns([rest], P.jpeg, wide), "cut at \(place) of \(whole.count)")
      #expect(try warns([rest + [0xFF, 0xD9]], P.jpeg, wide), "cut and marked at \(place) of \(whole.count)")
    }
    #expect(try warns([whole + [0xFF, 0xD9]], P.jpeg), "more blocks than the attributes have samples for")
    // Scans that never come: the file ends as a whole one does.
    for left in 1..<parts.count { #expect(try warns([Array(parts[..<left].joined()) + [0xFF, 0xD9]], P.jpeg, wide), "\(left) parts") }
  }

  @Test func `text behind the data of a progressive scan is overwritten`() throws {
    var parts = Self.progressive
    parts[2] += P.text
    let clean = P.fragments(try P.clean([Array(parts.joined()) + [0xFF, 0xD9]], P.jpeg) { $0.set(.columns, us: 16) })[1]
    #expect(Planted.occurrences(of: P.token, in: clean) == 0)
    #expect(clean.count == parts.joined().count + 2)
  }

  @Test func `an image with a component or a height that never comes breaks off`() throws {
    let image = P.jpegImage()
    #expect(try !warns([image], P.jpeg))
    #expect(try !warns([Array(image.dropLast(2))], P.jpeg), "without its end marker")
    #expect(try warns([Array(image.dropLast(3)) + [0, 0]], P.jpeg), "its data are zeros, as padding is")
    let frame = P.segment(0xC0, [8, 0, 8, 0, 8, 1, 1, 0x11, 0])
    func replaced(_ new: [UInt8], behindData: [UInt8] = []) -> [UInt8] {
      let image = P.jpegImage(behindData: behindData)
      let place = image.indices.first { image[$0...].starts(with: frame) } ?? 0
      return Array(image[..<place]) + new + Array(image[(place + frame.count)...])
    }
    #expect(try warns([replaced(P.segment(0xC0, [8, 0, 8, 0, 8, 2, 1, 0x11, 0, 2, 0x11, 0]))], P.jpeg), "two components, one scan")
    #expect(try warns([replaced(P.segment(0xC0, [8, 0, 16, 0, 8, 1, 1, 0x11, 0]))], P.jpeg), "two blocks, one coded")
    let late = P.segment(0xC0, [8, 0, 0, 0, 8, 1, 1, 0x11, 0])
    #expect(try warns([replaced(late)], P.jpeg), "no number of lines")
    #expect(try !warns([replaced(late, behindData: P.segment(0xDC, [0, 8]))], P.jpeg), "lines told behind the scan")
  }

  @Test func `JPEG 2000 has all of its tiles and tile-parts`() throws {
    let image = P.jpeg2000Image()
    #expect(try !warns([image], P.jpeg2000))
    #expect(try !warns([Array(image.dropLast(2))], P.jpeg2000), "without its end marker")
    for place in 2..<image.count - 2 {
      let rest = Array(image[..<place])
      #expect(try warns([rest], P.jpeg2000), "cut at \(place) of \(image.count)")
      #expect(try warns([rest + [0xFF, 0xD9]], P.jpeg2000), "cut and marked at \(place) of \(image.count)")
      #expect(try warns([rest + [UInt8](repeating: 0, count: image.count - place)], P.jpeg2000), "filled from \(place) of \(image.count) on")
    }
    // The tile-part again: as another part of the same tile, and as another tile.
    let part = image.indices.first { image[$0...].starts(with: [0xFF, 0x90]) } ?? 0
    let (head, body) = (Array(image[..<part]), Array(image[part...].dropLast(2)))
    func tiled(_ parts: [(tile: UInt8, told: UInt8)], width: UInt8 = 8) -> [UInt8] {
      var head = head
      // Xsiz and XTsiz of SIZ, which begins at byte 2.
      head[2 + 4 + 5] = width
      let bodies = parts.flatMap { tile, told in
        var body = body
        (body[5], body[11]) = (tile, told)
        return body
      }
      return head + bodies + [0xFF, 0xD9]
    }
    #expect(try !warns([tiled([(0, 2), (0, 2)])], P.jpeg2000))
    #expect(try warns([tiled([(0, 2)])], P.jpeg2000), "one part of two")
    #expect(try !warns([tiled([(0, 1), (1, 1)], width: 16)], P.jpeg2000))
    #expect(try warns([tiled([(0, 1)], width: 16)], P.jpeg2000), "one tile of two")
  }

  @Test func `encodings that nobody follows to their end are told`() throws {
    let arithmetic = P.jpegImage(beforeFrame: []).map { $0 == 0xC0 ? 0xC9 : $0 }
    let jpegXL: [UInt8] = [0xFF, 0x0A, 1, 2, 3, 4]
    for (frame, syntax) in [(arithmetic, P.jpeg), (jpegXL, "1.2.840.10008.1.2.4.110"), ([0, 0, 1, 0xB3], "1.2.840.10008.1.2.4.100")] {
      #expect(try P.clean([frame], syntax).warnings == [.unchecked])
    }
    #expect(try P.clean([Array(arithmetic.dropLast(2))], P.jpeg).warnings == [.truncated])
    #expect(try P.clean([P.jpegImage()], P.jpeg).warnings.isEmpty)
  }

  @Test func `an empty frame is a missing picture`() throws {
    for syntax in [P.jpeg, P.jpeg2000] { #expect(try warns([[0, 0]], syntax)) }
  }
}
