import CZlib

/// A ZIP container of stored members, at most 4 GiB.
package enum StoredZip {
  package static func bytes(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let checksum = bytes.withUnsafeBytes { crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count)) }
      let offset = UInt32(file.count)
      // Version 2.0, no flags, stored, 1980-01-01.
      let facts = word(20) + word(0) + word(0) + word(0) + word(0x21) + long(UInt32(checksum)) + long(UInt32(bytes.count)) + long(UInt32(bytes.count))
      let title = Array(name.utf8)
      file += long(0x0403_4B50) + facts + word(UInt16(title.count)) + word(0) + title + bytes
      directory += long(0x0201_4B50) + word(20) + facts + word(UInt16(title.count)) + word(0) + word(0) + word(0) + word(0) + long(0) + long(offset) + title
    }
    let start = UInt32(file.count)
    let count = UInt16(members.count)
    return file + directory + long(0x0605_4B50) + word(0) + word(0) + word(count) + word(count) + long(UInt32(directory.count)) + long(start) + word(0)
  }

  private static func word(_ value: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }
  private static func long(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
