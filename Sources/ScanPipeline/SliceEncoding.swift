package import PixelMath
package import ScanModel

/// How a plane in -1...1 is kept as whole numbers: 0 is -1, the largest number is 1.
package enum SliceDepth: Int, Sendable, Codable {
  case eight = 8
  case sixteen = 16

  /// Largest number of the depth.
  package var maximum: Float { self == .eight ? 255 : 65535 }

  /// Grey words, rounded to nearest (ties to even), clipped.
  package func encode(_ plane: Plane) -> PixelBuffer {
    let maximum = maximum
    var words: [UInt8] = []
    words.reserveCapacity(plane.values.count * rawValue / 8)
    for value in plane.values {
      let scaled = ((min(max(value, -1), 1) + 1) * (maximum / 2)).rounded(.toNearestOrEven)
      let word = UInt16(min(scaled, maximum))
      words.append(UInt8(truncatingIfNeeded: word))
      if self == .sixteen { words.append(UInt8(word >> 8)) }
    }
    return PixelBuffer(rows: plane.rows, columns: plane.columns, bitsAllocated: rawValue, words: words)
  }

  /// - Returns: nil unless `pixels` is one grey frame of this depth.
  package func decode(_ pixels: PixelBuffer) -> Plane? {
    guard pixels.bitsAllocated == rawValue, pixels.samplesPerPixel == 1, !pixels.isFloat, pixels.frames >= 1 else { return nil }
    let count = pixels.rows * pixels.columns
    guard pixels.words.count >= count * rawValue / 8 else { return nil }
    let gain = 2 / maximum
    var values = [Float](repeating: 0, count: count)
    for index in 0..<count {
      let word = self == .eight ? UInt16(pixels.words[index]) : UInt16(pixels.words[2 * index]) | UInt16(pixels.words[2 * index + 1]) << 8
      values[index] = Float(word) * gain - 1
    }
    return Plane(rows: pixels.rows, columns: pixels.columns, values: values)
  }
}
