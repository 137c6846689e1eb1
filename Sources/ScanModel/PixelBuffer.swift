/// Stored sample words of all frames of an image, before any LUT, rescale or color conversion.
///
/// `words` are little-endian, native width, C order (frame, row, column, sample). TIFF pages with separate planes keep the
/// planes first (sample, row, column), and `isPlanar` says so.
package struct PixelBuffer: Sendable, Equatable {
  package var rows: Int
  package var columns: Int
  package var frames: Int
  package var samplesPerPixel: Int
  /// Width of a word in `words`: 8, 16, 32 or 64 bits.
  package var bitsAllocated: Int
  /// Meaningful low bits of a word; `<= bitsAllocated`.
  package var bitsStored: Int
  package var isSigned: Bool
  package var isFloat: Bool
  package var isPlanar: Bool
  package var words: [UInt8]

  package init(
    rows: Int, columns: Int, frames: Int = 1, samplesPerPixel: Int = 1, bitsAllocated: Int, bitsStored: Int? = nil, isSigned: Bool = false,
    isFloat: Bool = false, isPlanar: Bool = false, words: [UInt8]
  ) {
    self.rows = rows
    self.columns = columns
    self.frames = frames
    self.samplesPerPixel = samplesPerPixel
    self.bitsAllocated = bitsAllocated
    self.bitsStored = bitsStored ?? bitsAllocated
    self.isSigned = isSigned
    self.isFloat = isFloat
    self.isPlanar = isPlanar
    self.words = words
  }

  package var bytesPerSample: Int { bitsAllocated / 8 }
  package var samplesPerFrame: Int { rows * columns * samplesPerPixel }
  package var bytesPerFrame: Int { samplesPerFrame * bytesPerSample }
}
