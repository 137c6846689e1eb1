/// Signs that a tile-part's packets break off and were filled up (ISO/IEC 15444-1 annexes B and C, 15444-15).
///
/// What packets hold shows only in their decoding. But no two bytes of them are greater than FF8F, other than the markers of packets
/// (SOP, EPH), none ends with FF, and an empty packet is one byte of zero: more zeros at the end than the tile has packets are padding.
struct JPEG2000Packets {
  /// Zeros with which coded data itself may end.
  private static let spareZeros = 8

  private let size: JPEG2000Size
  private var layers = 1
  /// Of all resolutions of a component in a tile, at most.
  private var precincts = 0

  init(_ size: JPEG2000Size) { self.size = size }

  /// Takes the bytes of COD or COC from the number of levels on: levels, code-block size and style, transformation, precinct sizes.
  ///
  /// A precinct is as large as can be where no size is told (section B.6, table A.21).
  mutating func read(coding bytes: some Collection<UInt8>, hasPrecincts: Bool, layers: Int?) {
    let bytes = Array(bytes)
    let levels = min(32, Int(bytes.first ?? 0))
    let count = (0...levels).reduce(0) { sum, resolution in
      let exponents = hasPrecincts && bytes.count > 5 + resolution ? bytes[5 + resolution] : 0xFF
      // Tiles that do not begin at 0 can touch one precinct more.
      let along = [Int(exponents & 15), Int(exponents >> 4)].enumerated().map { axis, exponent in
        min(1 << 10, ((size.tileExtent[axis] >> (levels - resolution)) + 1) >> exponent + (size.tiles > 1 ? 2 : 1))
      }
      return sum + along[0] * along[1]
    }
    precincts = max(precincts, count)
    self.layers = max(self.layers, layers ?? 1)
  }

  /// - Parameter range: of the packets, within the stream.
  func breakOff(in stream: StreamBytes, _ range: Range<Int>) -> Bool {
    let range = range.clamped(to: 0..<stream.count)
    guard let last = range.last else { return false }
    if stream[last] == 0xFF { return true }
    var position = range.lowerBound
    while let found = stream.first(0xFF, from: position), found < last {
      if stream[found + 1] > 0x8F, ![0x91, 0x92].contains(stream[found + 1]) { return true }
      position = found + 1
    }
    var start = range.upperBound
    while start > range.lowerBound, stream[start - 1] == 0 { start -= 1 }
    return range.upperBound - start > precincts * layers * size.components + Self.spareZeros
  }
}
