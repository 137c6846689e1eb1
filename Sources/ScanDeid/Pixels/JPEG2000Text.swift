/// JPEG 2000 and HTJ2K codestreams (ISO/IEC 15444-1 annex A, 15444-15): of the main and tile-part headers stays what decoding needs.
///
/// Comments are overwritten. Packet lengths (PLT) and tile lengths (TLM) stay when they are true; segments that say nothing about decoding,
/// and unknown ones, become empty comments. Bytes behind a segment's last parameter and behind the image become 0.
struct JPEG2000Text {
  private var stream: StreamBytes
  private let shape: RLEText.Shape?
  private let end: Int
  private var position: Int
  /// The number of components; it decides how wide component numbers are.
  private var components = 1
  private var levels = 0
  private var packets: JPEG2000Packets?
  private var tiles = 0
  private var tileParts: [(tile: Int, length: Int)] = []
  /// Tile-parts of each tile, by its number: those that came, and how many there are when one of them tells.
  private var partsSeen: [Int: Int] = [:]
  private var partsTold: [Int: Int] = [:]
  private var tileLengths: [Range<Int>] = []
  private var packetLengths: [Range<Int>] = []
  private var isFollowed = true
  private var hasEnd = false
  private var quantizations: [(range: Range<Int>, isComponent: Bool)] = []

  private init(_ stream: StreamBytes, _ range: Range<Int>, _ shape: RLEText.Shape?) {
    self.stream = stream
    self.shape = shape
    end = range.upperBound
    position = range.lowerBound + 2
  }

  /// - Returns: false when something stands where a marker has to be, or text where step sizes or the last packets have to be.
  static func clean(_ stream: inout StreamBytes, _ range: Range<Int>, _ shape: RLEText.Shape?) -> Bool {
    var walk = JPEG2000Text(stream, range, shape)
    let isWhole = walk.run()
    stream = walk.stream
    return isWhole
  }

  private enum Marker {
    static let startOfTile = 0xFF90, startOfData = 0xFF93, endOfCodestream = 0xFFD9, comment = 0xFF64
    static let known: Set<Int> = [
      0xFF50, 0xFF51, 0xFF52, 0xFF53, 0xFF55, 0xFF56, 0xFF57, 0xFF58, 0xFF59, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF61, 0xFF63,
      comment,
      // Part 2: multiple component transformation.
      0xFF74, 0xFF75, 0xFF77, startOfTile, startOfData, endOfCodestream,
    ]
  }

  private mutating func run() -> Bool {
    while let marker = stream.word16(position), position + 2 <= end {
      switch marker {
      case Marker.endOfCodestream:
        stream.fill(min(position + 2, end)..<end, with: 0)
        position = end
        hasEnd = true
      case Marker.startOfTile:
        guard tilePart() else { return false }
      default:
        guard segment(marker, tileParts.isEmpty) else { return false }
      }
    }
    if isShort { stream.breaksOff = true }
    if position < end { stream.fill(position..<end, with: 0) }
    for range in tileLengths where !isTrue(tileLengths: range) { emptied(range) }
    mendQuantizations()
    return isFollowed
  }

  /// Tiles or parts of tiles are missing, or the last one's data ends as no data does: with the marker of the codestream's end, FF or padding.
  private var isShort: Bool {
    if partsSeen.count < tiles || tiles == 0 || partsSeen.contains(where: { $0.value < partsTold[$0.key] ?? 0 }) { return true }
    guard !hasEnd, position > 1, position <= end else { return position > end }
    return stream[position - 1] == 0 || stream[position - 1] == 0xFF || stream.word16(position - 2) == Marker.endOfCodestream
  }

  /// Start of Tile-part, the segments behind it, Start of Data, and the packets, which are left alone.
  private mutating func tilePart() -> Bool {
    guard let tile = stream.word16(position + 4), let length = stream.word32(position + 6), stream.word16(position + 2) == 10 else {
      return false
    }
    let start = position
    let told = start + 11 < end ? Int(stream[start + 11]) : 0
    position += 12
    packetLengths = []
    while let marker = stream.word16(position), position + 2 <= end {
      guard marker != Marker.startOfData else { break }
      guard marker != Marker.startOfTile, marker != Marker.endOfCodestream, segment(marker, false) else { return false }
    }
    position += 2
    // 0: up to the end of the codestream, whose marker cannot stand in packets.
    let dataEnd = length > 0 ? start + length : endOfCodestream(from: position)
    guard dataEnd >= position else { return position >= end }
    if position < end, TextRun.atEnd(of: stream[position..<min(dataEnd, end)]) >= TextRun.improbableAtEnd { isFollowed = false }
    if position < end, packets?.breakOff(in: stream, position..<min(dataEnd, end)) == true { stream.breaksOff = true }
    tileParts.append((tile, dataEnd - start))
    noteParts(of: tile, told: told)
    // Without a length only the packets' tell whether they are all there.
    if length == 0 {
      stream.isUnchecked = stream.isUnchecked || packetLengths.isEmpty
      if dataEnd == end || sum(packetLengths) > dataEnd - position { stream.breaksOff = true }
    }
    if !packetLengths.isEmpty, sum(packetLengths) != dataEnd - position { packetLengths.forEach { emptied($0) } }
    position = dataEnd
    return true
  }

  /// - Parameter told: the number of a tile's parts, which any of them may tell; 0 otherwise.
  private mutating func noteParts(of tile: Int, told: Int) {
    guard tile < tiles else { return }
    partsSeen[tile, default: 0] += 1
    partsTold[tile] = max(partsTold[tile] ?? 0, told)
  }

  private func endOfCodestream(from offset: Int) -> Int {
    var offset = offset
    while let found = stream.first(0xFF, from: offset), found + 1 < end {
      if stream[found + 1] == 0xD9 { return found }
      offset = found + 1
    }
    return end
  }

  /// One marker segment, from its marker.
  private mutating func segment(_ marker: Int, _ isMain: Bool) -> Bool {
    // Markers without parameters.
    if (0xFF30...0xFF3F).contains(marker) {
      position += 2
      return true
    }
    guard marker >= 0xFF01 else { return false }
    let length = stream.word16(position + 2) ?? 0
    var after = position + 2 + length
    if !Marker.known.contains(marker) {
      // Decoders look for the next marker that they know, two bytes at a time.
      if length < 2 || !Marker.known.contains(stream.word16(after) ?? 0) {
        guard let next = stride(from: position + 2, to: end - 1, by: 2).first(where: { Marker.known.contains(stream.word16($0) ?? 0) })
        else { return false }
        after = next
      }
      if after - position < 4 {
        position = after
        return true
      }
      stream.put([UInt8((after - position - 2) >> 8 & 0xFF), UInt8((after - position - 2) & 0xFF)], at: position + 2)
    } else if length < 2 {
      return false
    }
    after = min(after, end)
    clean(marker, position..<after, isMain)
    position = after
    return true
  }

  /// - Parameter range: with the marker and the length.
  private mutating func clean(_ marker: Int, _ range: Range<Int>, _ isMain: Bool) {
    let body = range.lowerBound + 4..<max(range.lowerBound + 4, range.upperBound)
    func byte(_ offset: Int) -> Int { body.lowerBound + offset < body.upperBound ? Int(stream[body.lowerBound + offset]) : 0 }
    let wide = components < 257 ? 1 : 2
    switch marker {
    case 0xFF51:
      let size = JPEG2000Size(stream, body)
      (components, tiles, packets) = (size.components, size.tiles, JPEG2000Packets(size))
      if let shape, !size.isSize(of: shape) { stream.isMismatched = true }
      keep(36 + 3 * components, of: body)
    case 0xFF50:
      let capabilities = stream.word32(body.lowerBound) ?? 0
      keep(4 + 2 * UInt32(truncatingIfNeeded: capabilities).nonzeroBitCount, of: body)
    case 0xFF52:
      levels = max(levels, byte(5))
      packets?.read(coding: stream[body].dropFirst(5), hasPrecincts: byte(0) & 1 == 1, layers: byte(2) << 8 | byte(3))
      keep(10 + (byte(0) & 1 == 1 ? byte(5) + 1 : 0), of: body)
    case 0xFF53:
      levels = max(levels, byte(wide + 1))
      packets?.read(coding: stream[body].dropFirst(wide + 1), hasPrecincts: byte(wide) & 1 == 1, layers: nil)
      keep(wide + 6 + (byte(wide) & 1 == 1 ? byte(wide + 1) + 1 : 0), of: body)
    case 0xFF5C: quantizations.append((body, false))
    case 0xFF5D: quantizations.append((body, true))
    case 0xFF5E: keep(wide + 2, of: body)
    case 0xFF5F: keep(body.count / (5 + 2 * wide) * (5 + 2 * wide), of: body)
    case 0xFF60, 0xFF61, 0xFF74, 0xFF75, 0xFF77: break
    case 0xFF55 where isMain: tileLengths.append(range)
    case 0xFF58 where !isMain: packetLengths.append(range)
    case 0xFF63: stream.fill(body, with: 0)
    case Marker.comment:
      if let registration = stream.word16(body.lowerBound), registration > 1 { stream.put([0, 1], at: body.lowerBound) }
      stream.fill(min(body.lowerBound + 2, body.upperBound)..<body.upperBound, with: 0x20)
    default: emptied(range)
    }
  }

  private mutating func keep(_ count: Int, of body: Range<Int>) {
    if count < body.count { stream.fill(body.lowerBound + count..<body.upperBound, with: 0) }
  }

  /// Makes a segment a comment that says nothing.
  private mutating func emptied(_ range: Range<Int>) {
    guard range.count >= 6 else { return stream.fill(range.lowerBound + 4..<max(range.lowerBound + 4, range.upperBound), with: 0) }
    stream.put([0xFF, 0x64], at: range.lowerBound)
    stream.put([0, 1], at: range.lowerBound + 4)
    stream.fill(range.lowerBound + 6..<range.upperBound, with: 0x20)
  }

  /// Step sizes behind those of the last subband: 3 a level and 1. Derived ones (style 1) have a single step.
  private mutating func mendQuantizations() {
    for (body, isComponent) in quantizations where !body.isEmpty {
      let head = (isComponent ? (components < 257 ? 1 : 2) : 0) + 1
      guard head <= body.count else { continue }
      let bands = 3 * min(levels, 32) + 1
      switch stream[body.lowerBound + head - 1] & 0x1F {
      case 0: keep(head + bands, of: body)
      case 1: keep(head + 2, of: body)
      default: keep(head + 2 * bands, of: body)
      }
      if TextRun.holdsText(Array(stream[body])) { isFollowed = false }
    }
  }

  /// TLM: Ztlm, Stlm, then a tile number of 0, 1 or 2 bytes and a length of 2 or 4 bytes for every tile-part.
  private func isTrue(tileLengths range: Range<Int>) -> Bool {
    guard tileLengths.count == 1, range.count >= 6, range.upperBound <= end else { return false }
    let style = Int(stream[range.lowerBound + 5])
    let (tileBytes, lengthBytes) = (style >> 4 & 3, style & 0x40 == 0 ? 2 : 4)
    guard range.count - 6 == tileParts.count * (tileBytes + lengthBytes) else { return false }
    var offset = range.lowerBound + 6
    for (index, part) in tileParts.enumerated() {
      let tile = (0..<tileBytes).reduce(0) { $0 << 8 | Int(stream[offset + $1]) }
      let length = (0..<lengthBytes).reduce(0) { $0 << 8 | Int(stream[offset + tileBytes + $1]) }
      guard length == part.length, tileBytes == 0 ? index == part.tile : tile == part.tile else { return false }
      offset += tileBytes + lengthBytes
    }
    return true
  }

  /// PLT: Zplt, then lengths in groups of seven bits, the last with the high bit clear.
  private func sum(_ segments: [Range<Int>]) -> Int {
    var (sum, number) = (0, 0)
    for segment in segments {
      for offset in segment.lowerBound + 5..<max(segment.lowerBound + 5, min(segment.upperBound, end)) {
        number = min(number << 7 | Int(stream[offset] & 0x7F), 1 << 40)
        if stream[offset] < 0x80 { (sum, number) = (sum + number, 0) }
      }
    }
    return sum
  }
}
