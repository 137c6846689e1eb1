/// A volume of numbers with its place in space.
package struct NIfTIVolume: Sendable {
  /// What a voxel is stored as, with the standard's codes.
  package enum Samples: Sendable {
    case float32([Float])
    /// Little-endian words of 8, 16 or 32 bits.
    case integers(words: [UInt8], bits: Int, isSigned: Bool)
  }

  /// Fastest first: columns, rows, frames.
  package let columns: Int
  package let rows: Int
  package let frames: Int
  package let samples: Samples
  /// Millimeters between columns, rows and frames; 0 where unknown.
  package let spacingMillimeters: [Float]
  /// Three rows of four numbers that take (column, row, frame, 1) to millimeters right, anterior, superior; nil when the place is not known.
  package let affine: [[Float]]?

  package init(columns: Int, rows: Int, frames: Int, samples: Samples, spacingMillimeters: [Float], affine: [[Float]]?) {
    self.columns = columns
    self.rows = rows
    self.frames = frames
    self.samples = samples
    self.spacingMillimeters = spacingMillimeters
    self.affine = affine
  }
}

/// One-file NIfTI-1 (`.nii`), not compressed, little-endian, two-dimensional for a single frame.
///
/// Source: the NIfTI-1 header definition (nifti1.h of the NIfTI Data Format Working Group, 2007).
package enum NIfTIWriter {
  static let headerBytes = 352

  /// What a description says of where the voxels come from, after DICOM's Synthetic Data (0008,001C): the format has no such field of its own.
  package static func mark(isSynthetic: Bool) -> String { "SyntheticData=\(isSynthetic ? "YES" : "NO")" }

  /// - Returns: nil when a side is longer than the header's 16-bit numbers, or the number of samples is not that of the sides.
  package static func encode(_ volume: NIfTIVolume, description: String) -> [UInt8]? {
    let sides = [volume.columns, volume.rows, volume.frames]
    guard sides.allSatisfy({ (1...Int(Int16.max)).contains($0) }), volume.spacingMillimeters.count == 3 else { return nil }
    let count = sides.reduce(1, *)
    let (code, bits, words): (Int16, Int, [UInt8])
    switch volume.samples {
    case .float32(let values):
      (code, bits) = (16, 32)
      words = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    case .integers(let stored, let width, let isSigned):
      guard let known = integerCode(width, isSigned) else { return nil }
      (code, bits, words) = (known, width, stored)
    }
    guard words.count == count * bits / 8 else { return nil }
    var header = Header()
    header.put(Int32(348), at: 0)
    let dimensions: [Int16] = [volume.frames > 1 ? 3 : 2, Int16(volume.columns), Int16(volume.rows), Int16(volume.frames), 1, 1, 1, 1]
    for (index, dimension) in dimensions.enumerated() { header.put(dimension, at: 40 + 2 * index) }
    header.put(code, at: 70)
    header.put(Int16(bits), at: 72)
    // pixdim: the sign of the qform's handedness, then the spacings; 1 of an unknown unit where there is none.
    let pixdim = [1] + volume.spacingMillimeters.map { $0 > 0 ? $0 : 1 } + [1, 1, 1, 1]
    for (index, value) in pixdim.enumerated() { header.put(value, at: 76 + 4 * index) }
    header.put(Float(headerBytes), at: 108)
    header.put(Float(1), at: 112)
    // NIFTI_UNITS_MM
    header.bytes[123] = volume.spacingMillimeters[0] > 0 ? 2 : 0
    header.put(description, at: 148, limit: 79)
    if let affine = volume.affine {
      header.put(Int16(1), at: 254)
      for (row, values) in affine.enumerated() {
        for (column, value) in values.enumerated() { header.put(value, at: 280 + 16 * row + 4 * column) }
      }
    }
    header.put("n+1", at: 344, limit: 3)
    return header.bytes + words
  }

  private static func integerCode(_ bits: Int, _ isSigned: Bool) -> Int16? {
    switch (bits, isSigned) {
    case (8, false): 2
    case (16, true): 4
    case (32, true): 8
    case (8, true): 256
    case (16, false): 512
    case (32, false): 768
    default: nil
    }
  }

  private struct Header {
    /// The header and the four bytes that say that no extension follows.
    var bytes = [UInt8](repeating: 0, count: NIfTIWriter.headerBytes)

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
      withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    mutating func put(_ value: Float, at offset: Int) { put(value.bitPattern, at: offset) }

    /// ASCII; what is not becomes `?`.
    mutating func put(_ text: String, at offset: Int, limit: Int) {
      let ascii = text.unicodeScalars.prefix(limit).map { (0x20...0x7E).contains($0.value) ? UInt8($0.value) : UInt8(ascii: "?") }
      bytes.replaceSubrange(offset..<offset + ascii.count, with: ascii)
    }
  }
}
