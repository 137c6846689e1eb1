package import PixelMath
package import ScanModel

/// Reads words of a `PixelBuffer` as numbers, masking bits above Bits Stored (PS3.5 section 8.1.1: they may hold anything).
package struct StoredSamples {
  private let buffer: PixelBuffer
  private let mask: UInt64
  private let signBit: UInt64

  package init(_ buffer: PixelBuffer) {
    self.buffer = buffer
    let stored = min(max(buffer.bitsStored, 1), buffer.bitsAllocated)
    mask = stored >= 64 ? .max : (1 << UInt64(stored)) - 1
    signBit = buffer.isSigned && stored < 64 ? 1 << UInt64(stored - 1) : 0
  }

  /// Smallest and largest number that the stored bits can express; floats: what the frame holds.
  package var range: ClosedRange<Double> {
    if buffer.isFloat { return 0...1 }
    let stored = min(max(buffer.bitsStored, 1), buffer.bitsAllocated)
    let span = Double(sign: .plus, exponent: stored, significand: 1)
    return buffer.isSigned ? -span / 2...span / 2 - 1 : 0...span - 1
  }

  /// One sample of every pixel of a frame.
  package func values(frame: Int, sample: Int) -> [Float] {
    let pixels = buffer.rows * buffer.columns
    let width = buffer.bytesPerSample
    let step = buffer.isPlanar ? width : width * buffer.samplesPerPixel
    let start = frame * buffer.bytesPerFrame + (buffer.isPlanar ? sample * pixels * width : sample * width)
    return buffer.words.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: pixels) { output, count in
        for pixel in 0..<pixels {
          let offset = start + pixel * step
          let value: Float
          switch width {
          case 1: value = integer(UInt64(bytes[offset]))
          case 2: value = integer(UInt64(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))))
          case 4:
            let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            value = buffer.isFloat ? Float(bitPattern: word) : integer(UInt64(word))
          default:
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            value = buffer.isFloat ? Float(Double(bitPattern: word)) : integer(word)
          }
          output.initializeElement(at: pixel, to: value)
        }
        count = pixels
      }
    }
  }

  private func integer(_ word: UInt64) -> Float {
    let masked = word & mask
    if signBit != 0, masked & signBit != 0 { return Float(Int64(bitPattern: masked | ~mask)) }
    return buffer.isSigned && mask == .max ? Float(Int64(bitPattern: masked)) : Float(masked)
  }
}

/// Writes planes of numbers as stored words of the same kind as a source image, rounded and clipped to what its stored bits can hold.
package struct StoredSampleWriter {
  package private(set) var buffer: PixelBuffer
  private let range: ClosedRange<Double>

  /// - Parameters:
  ///   - rows: extents of the new image; frames, samples, depth, sign and plane order are the source's.
  package init(like source: PixelBuffer, rows: Int, columns: Int) {
    buffer = source
    buffer.rows = rows
    buffer.columns = columns
    buffer.words = []
    range = StoredSamples(source).range
    buffer.words = [UInt8](repeating: 0, count: buffer.bytesPerFrame * buffer.frames)
  }

  package mutating func write(_ plane: Plane, frame: Int, sample: Int) {
    precondition(plane.rows == buffer.rows && plane.columns == buffer.columns, "StoredSampleWriter: a plane of another size")
    let pixels = buffer.rows * buffer.columns
    let width = buffer.bytesPerSample
    let step = buffer.isPlanar ? width : width * buffer.samplesPerPixel
    let start = frame * buffer.bytesPerFrame + (buffer.isPlanar ? sample * pixels * width : sample * width)
    let (low, high, isFloat) = (range.lowerBound, range.upperBound, buffer.isFloat)
    buffer.words.withUnsafeMutableBytes { bytes in
      for pixel in 0..<pixels {
        let value = plane.values[pixel]
        let offset = start + pixel * step
        if isFloat {
          if width == 4 {
            bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: offset, as: UInt32.self)
          } else {
            bytes.storeBytes(of: Double(value).bitPattern.littleEndian, toByteOffset: offset, as: UInt64.self)
          }
          continue
        }
        let whole = Int64(min(max(Double(value).rounded(.toNearestOrEven), low), min(high, 0x1p62)))
        for byte in 0..<width { bytes[offset + byte] = UInt8(truncatingIfNeeded: whole >> Int64(8 * byte)) }
      }
    }
  }
}
