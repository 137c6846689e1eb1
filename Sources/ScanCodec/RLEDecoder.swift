import ScanModel

/// DICOM RLE (PS3.5 annex G). Own code, because DCMTK 3.6.7 reads outside the frame when a header's offsets are wrong.
enum RLEDecoder {
  /// Decodes one frame.
  ///
  /// - Parameters:
  ///   - frame: header of 64 bytes and up to 15 segments.
  ///   - cells: bytes that each segment must give.
  ///   - samples: samples per pixel; `out` is color by pixel.
  ///   - wordBytes: bytes per sample; segments come most significant byte first.
  static func decode(
    _ frame: UnsafeRawBufferPointer, cells: Int, samples: Int, wordBytes: Int, into out: UnsafeMutableRawBufferPointer
  ) throws(CodecError) {
    guard frame.count >= 64 else { throw .damaged(.dicom, "An RLE frame is shorter than its header") }
    let count = Int(word(frame, 0))
    guard count == samples * wordBytes else { throw .damaged(.dicom, "An RLE frame has another number of segments than its samples need") }
    guard count <= 15 else { throw .unsupported(.dicom, "RLE frames with more than 15 segments do not exist") }
    for segment in 0..<count {
      let start = Int(word(frame, 4 * (segment + 1)))
      let end = segment + 1 < count ? Int(word(frame, 4 * (segment + 2))) : frame.count
      guard start >= 64, start <= end, end <= frame.count else { throw .damaged(.dicom, "An RLE segment lies outside its frame") }
      let sample = segment / wordBytes
      let byte = wordBytes - 1 - segment % wordBytes
      try expand(
        UnsafeRawBufferPointer(rebasing: frame[start..<end]), cells: cells, first: sample * wordBytes + byte, stride: samples * wordBytes,
        into: out)
    }
  }

  /// PackBits: a count byte n gives n + 1 literal bytes (n < 128), one byte 257 − n times (n > 128), or nothing (n = 128).
  private static func expand(
    _ packed: UnsafeRawBufferPointer, cells: Int, first: Int, stride: Int, into out: UnsafeMutableRawBufferPointer
  ) throws(CodecError) {
    var read = 0
    var written = 0
    while written < cells {
      guard read < packed.count else { throw .damaged(.dicom, "An RLE segment ends before its frame is full") }
      let control = Int(packed[read])
      read += 1
      if control < 128 {
        let run = min(control + 1, cells - written)
        guard run <= packed.count - read else { throw .damaged(.dicom, "An RLE segment ends before its frame is full") }
        for offset in 0..<run { out[first + (written + offset) * stride] = packed[read + offset] }
        read += control + 1
        written += run
      } else if control > 128 {
        guard read < packed.count else { throw .damaged(.dicom, "An RLE segment ends before its frame is full") }
        let run = min(257 - control, cells - written)
        for offset in 0..<run { out[first + (written + offset) * stride] = packed[read] }
        read += 1
        written += run
      }
    }
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
