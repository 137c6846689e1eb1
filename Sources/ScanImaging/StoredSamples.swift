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
    let (rows, columns) = (buffer.rows, buffer.columns)
    return [Float](unsafeUninitializedCapacity: rows * columns) { output, count in
      for row in 0..<rows {
        read(row: row, frame: frame, sample: sample, into: UnsafeMutableBufferPointer(rebasing: output[row * columns..<(row + 1) * columns]))
      }
      count = rows * columns
    }
  }

  /// One sample of every pixel of a row; `output` has a float per column.
  package func read(row: Int, frame: Int, sample: Int, into output: UnsafeMutableBufferPointer<Float>) {
    let place = SamplePlace(buffer, row: row, frame: frame, sample: sample)
    buffer.words.withUnsafeBytes { bytes in
      for column in 0..<buffer.columns {
        let offset = place.start + column * place.step
        let value: Float
        switch place.width {
        case 1: value = integer(UInt64(bytes[offset]))
        case 2: value = integer(UInt64(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))))
        case 4:
          let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
          value = buffer.isFloat ? Float(bitPattern: word) : integer(UInt64(word))
        default:
          let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
          value = buffer.isFloat ? Float(Double(bitPattern: word)) : integer(word)
        }
        output.initializeElement(at: column, to: value)
      }
    }
  }

  private func integer(_ word: UInt64) -> Float {
    let masked = word & mask
    if signBit != 0, masked & signBit != 0 { return Float(Int64(bitPattern: masked | ~mask)) }
    return buffer.isSigned && mask == .max ? Float(Int64(bitPattern: masked)) : Float(masked)
  }
}

/// Where one sample of a row lies in a buffer's words.
private struct SamplePlace {
  let start: Int
  let step: Int
  let width: Int

  init(_ buffer: PixelBuffer, row: Int, frame: Int, sample: Int) {
    width = buffer.bytesPerSample
    step = buffer.isPlanar ? width : width * buffer.samplesPerPixel
    let plane = buffer.rows * buffer.columns * width
    start = frame * buffer.bytesPerFrame + (buffer.isPlanar ? sample * plane : sample * width) + row * buffer.columns * step
  }
}

/// Turns numbers into stored words of the same kind as a source image's, rounded and clipped to what its stored bits can hold.
package struct StoredWords: Sendable {
  private let range: ClosedRange<Double>
  private let width: Int
  private let isFloat: Bool

  package init(like source: PixelBuffer) {
    range = StoredSamples(source).range
    width = source.bytesPerSample
    isFloat = source.isFloat
  }

  /// Writes each value at `step` bytes after the one before, little-endian.
  package func encode(_ values: UnsafeBufferPointer<Float>, to bytes: UnsafeMutableRawBufferPointer, offset: Int = 0, step: Int) {
    for (index, value) in values.enumerated() {
      let at = offset + index * step
      if isFloat {
        if width == 4 {
          bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: at, as: UInt32.self)
        } else {
          bytes.storeBytes(of: Double(value).bitPattern.littleEndian, toByteOffset: at, as: UInt64.self)
        }
        continue
      }
      let whole = Int64(min(max(Double(value).rounded(.toNearestOrEven), range.lowerBound), min(range.upperBound, 0x1p62)))
      for byte in 0..<width { bytes[at + byte] = UInt8(truncatingIfNeeded: whole >> Int64(8 * byte)) }
    }
  }
}

/// Collects rows of numbers as the stored words of an image like a source image.
package struct StoredSampleWriter {
  package private(set) var buffer: PixelBuffer
  private let words: StoredWords

  /// - Parameters:
  ///   - rows: extents of the new image; frames, samples, depth, sign and plane order are the source's.
  package init(like source: PixelBuffer, rows: Int, columns: Int) {
    buffer = source
    buffer.rows = rows
    buffer.columns = columns
    buffer.words = []
    words = StoredWords(like: source)
    buffer.words = [UInt8](repeating: 0, count: buffer.bytesPerFrame * buffer.frames)
  }

  /// Writes `values` from column `column` of a row on.
  package mutating func write(_ values: UnsafeBufferPointer<Float>, row: Int, column: Int, frame: Int, sample: Int) {
    precondition(row < buffer.rows && column + values.count <= buffer.columns, "StoredSampleWriter: a piece outside the image")
    let place = SamplePlace(buffer, row: row, frame: frame, sample: sample)
    buffer.words.withUnsafeMutableBytes { words.encode(values, to: $0, offset: place.start + column * place.step, step: place.step) }
  }
}
