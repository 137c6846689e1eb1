import ScanModel

/// Reads words of a `PixelBuffer` as numbers, masking bits above Bits Stored (PS3.5 section 8.1.1: they may hold anything).
struct StoredSamples {
  private let buffer: PixelBuffer
  private let mask: UInt64
  private let signBit: UInt64

  init(_ buffer: PixelBuffer) {
    self.buffer = buffer
    let stored = min(max(buffer.bitsStored, 1), buffer.bitsAllocated)
    mask = stored >= 64 ? .max : (1 << UInt64(stored)) - 1
    signBit = buffer.isSigned && stored < 64 ? 1 << UInt64(stored - 1) : 0
  }

  /// Smallest and largest number that the stored bits can express; floats: what the frame holds.
  var range: ClosedRange<Double> {
    if buffer.isFloat { return 0...1 }
    let stored = min(max(buffer.bitsStored, 1), buffer.bitsAllocated)
    let span = Double(sign: .plus, exponent: stored, significand: 1)
    return buffer.isSigned ? -span / 2...span / 2 - 1 : 0...span - 1
  }

  /// One sample of every pixel of a frame.
  func values(frame: Int, sample: Int) -> [Float] {
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
