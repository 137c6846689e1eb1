import ScanModel

/// Turns uncompressed pixel bytes of a DICOM file into words: one sample a word, color by pixel. PS3.5 section 8, PS3.3 C.7.6.3.1.
enum NativePixels {
  /// Reads samples of any width below 64 that stand bit after bit, least significant first, without gaps (PS3.5 section 8.1.1).
  ///
  /// - Parameter out: `count` words of `wordBytes` bytes.
  static func unpackBits(
    _ source: UnsafeRawBufferPointer, bits: Int, isSigned: Bool, count: Int, wordBytes: Int, into out: UnsafeMutableRawBufferPointer
  ) {
    if bits == 1 {
      for index in 0..<count { out[index] = source[index >> 3] >> UInt8(index & 7) & 1 }
      return
    }
    for index in 0..<count {
      var value: UInt64 = 0
      for bit in 0..<bits {
        let position = index * bits + bit
        value |= UInt64(source[position >> 3] >> UInt8(position & 7) & 1) << UInt64(bit)
      }
      if isSigned, value >> UInt64(bits - 1) & 1 == 1 { value |= ~UInt64(0) << UInt64(bits) }
      for byte in 0..<wordBytes { out[index * wordBytes + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    }
  }

  /// Planes first to color by pixel, for one frame.
  static func interleave(
    _ source: UnsafeRawBufferPointer, pixels: Int, samples: Int, wordBytes: Int, into out: UnsafeMutableRawBufferPointer
  ) {
    for sample in 0..<samples {
      for pixel in 0..<pixels {
        let from = (sample * pixels + pixel) * wordBytes
        let to = (pixel * samples + sample) * wordBytes
        for byte in 0..<wordBytes { out[to + byte] = source[from + byte] }
      }
    }
  }

  /// YBR_FULL_422, which holds Y0 Y1 Cb Cr for two pixels, to three 8-bit samples a pixel; the chroma of a pair is repeated.
  static func upsample422(_ source: UnsafeRawBufferPointer, pixels: Int, into out: UnsafeMutableRawBufferPointer) {
    for pair in 0..<pixels / 2 {
      let from = pair * 4
      let to = pair * 6
      out[to] = source[from]
      out[to + 1] = source[from + 2]
      out[to + 2] = source[from + 3]
      out[to + 3] = source[from + 1]
      out[to + 4] = source[from + 2]
      out[to + 5] = source[from + 3]
    }
  }

  /// True when bits above Bits Stored are not what they should be: zero, or for signed samples copies of the sign bit.
  static func hasDirtyBits(_ words: UnsafeRawBufferPointer, wordBytes: Int, bitsStored: Int, isSigned: Bool) -> Bool {
    switch wordBytes {
    case 1: hasDirtyBits(words, as: UInt8.self, bitsStored, isSigned)
    case 2: hasDirtyBits(words, as: UInt16.self, bitsStored, isSigned)
    case 4: hasDirtyBits(words, as: UInt32.self, bitsStored, isSigned)
    default: false
    }
  }

  /// Copies the sign bit of `bitsStored`-bit numbers into the bits above it; `out` may be `words`.
  static func extendSigns(
    _ words: UnsafeRawBufferPointer, wordBytes: Int, bitsStored: Int, into out: UnsafeMutableRawBufferPointer
  ) {
    switch wordBytes {
    case 1: extendSigns(words, as: Int8.self, bitsStored, out)
    case 2: extendSigns(words, as: Int16.self, bitsStored, out)
    default: extendSigns(words, as: Int32.self, bitsStored, out)
    }
  }

  private static func hasDirtyBits<Word: FixedWidthInteger>(
    _ words: UnsafeRawBufferPointer, as _: Word.Type, _ bitsStored: Int, _ isSigned: Bool
  ) -> Bool {
    guard bitsStored > 0, bitsStored < Word.bitWidth else { return false }
    let above = ~((Word(1) << Word(bitsStored)) - 1)
    let sign = Word(1) << Word(bitsStored - 1)
    for index in 0..<words.count / MemoryLayout<Word>.size {
      let word = words.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
      if word & above != (isSigned && word & sign != 0 ? above : 0) { return true }
    }
    return false
  }

  private static func extendSigns<Word: FixedWidthInteger & SignedInteger>(
    _ words: UnsafeRawBufferPointer, as _: Word.Type, _ bitsStored: Int, _ out: UnsafeMutableRawBufferPointer
  ) {
    let shift = Word.bitWidth - bitsStored
    for offset in stride(from: 0, to: words.count, by: MemoryLayout<Word>.size) {
      let word = words.loadUnaligned(fromByteOffset: offset, as: Word.self)
      out.storeBytes(of: (word << shift) >> shift, toByteOffset: offset, as: Word.self)
    }
  }
}
