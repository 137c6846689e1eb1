import CZlib
import ScanModel

/// PNG: signature, chunks with their checksums, image header. W3C PNG (Third Edition) chapters 5 and 11.
enum PrescanPNG {
  static func hasSignature(_ bytes: PrescanBytes) -> Bool { bytes.begins(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) }

  static func scan(_ bytes: PrescanBytes, limits: PrescanLimits) throws(PrescanError) -> PrescanReport {
    var report = PrescanReport(format: .png)
    var position = 8
    var dataBytes = 0
    while true {
      guard let length = bytes.word32(at: position, bigEndian: true), let name = bytes.text(at: position + 4, length: 4),
        let crc = readCRC(bytes, at: position, length: Int(length)), let body = bytes.slice(at: position + 4, length: Int(length) + 4)
      else { throw .truncated(.png, place: "byte \(position)") }
      guard length <= 0x7FFF_FFFF, name.unicodeScalars.allSatisfy({ ("A"..."Z").contains($0) || ("a"..."z").contains($0) }) else {
        throw .structure(.png, place: "byte \(position)")
      }
      report.count += 1
      guard report.count <= limits.chunks else { throw .tooMany(.png, what: .chunks, limit: limits.chunks) }
      if checksum(body) != crc {
        // A capital first letter marks a critical chunk; a damaged ancillary one is not read.
        guard let first = bytes.byte(at: position + 4), first & 0x20 != 0 else { throw .checksum(chunk: name) }
        report.warn(.decoder)
      }
      if report.count == 1 {
        guard name == "IHDR", length == 13 else { throw .structure(.png, place: "IHDR") }
        report.geometry = try header(bytes, at: position + 8, limits: limits)
      }
      position += Int(length) + 12
      if name == "IDAT" { dataBytes += Int(length) }
      if name == "IEND" { break }
    }
    guard dataBytes > 0 else { throw .structure(.png, place: "IDAT") }
    try limits.checkDensity(report.geometry, storedBytes: dataBytes, .png)
    return report
  }

  private static func readCRC(_ bytes: PrescanBytes, at position: Int, length: Int) -> UInt32? {
    bytes.word32(at: position + 8 + length, bigEndian: true)
  }

  private static func checksum(_ body: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(0, body.baseAddress?.assumingMemoryBound(to: Bytef.self), body.count))
  }

  private static func header(_ bytes: PrescanBytes, at offset: Int, limits: PrescanLimits) throws(PrescanError) -> PixelGeometry {
    guard let width = bytes.word32(at: offset, bigEndian: true), let height = bytes.word32(at: offset + 4, bigEndian: true),
      let depth = bytes.byte(at: offset + 8), let color = bytes.byte(at: offset + 9), let compression = bytes.byte(at: offset + 10),
      let filter = bytes.byte(at: offset + 11), let interlace = bytes.byte(at: offset + 12)
    else { throw .truncated(.png, place: "IHDR") }
    let depths: [UInt8: [UInt8]] = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]
    let samples: [UInt8: Int] = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]
    guard let allowed = depths[color], allowed.contains(depth), let count = samples[color], width > 0, height > 0, compression == 0,
      filter == 0,
      interlace <= 1
    else { throw .pixelAttributes(.png) }
    let geometry = PixelGeometry(
      rows: Int(height), columns: Int(width), frames: 1, samplesPerPixel: count, bitsAllocated: Int(depth), isEncapsulated: false)
    guard let decoded = geometry.decodedBytes, decoded <= limits.decodedBytes else {
      throw .tooLarge(.png, limitBytes: limits.decodedBytes)
    }
    return geometry
  }
}
