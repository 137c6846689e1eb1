import CZlib
import Glibc

/// Writes a ZIP container of stored members to a file, piece by piece: members need not fit into memory, and may be larger than 4 GiB.
///
/// Every member has ZIP64 sizes, since its length is not known when it begins. Source: PKWARE's APPNOTE 6.3.10, 4.3 and 4.5.3. No times.
package struct StoredZipWriter {
  private struct Member {
    let name: [UInt8]
    let offset: UInt64
    var bytes: UInt64 = 0
    var checksum: UInt = 0
  }

  private let descriptor: Int32
  private var members: [Member] = []
  private var waiting: [UInt8] = []
  /// Where `waiting` goes.
  private var position: UInt64 = 0

  /// - Parameter descriptor: an empty file, open for writing.
  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Ends the member before and begins one.
  package mutating func begin(_ name: String) throws {
    try endMember()
    members.append(Member(name: Array(name.utf8), offset: position))
    try put(header(of: members[members.count - 1]))
  }

  /// Appends to the member that was begun last.
  package mutating func write(_ bytes: some Collection<UInt8>) throws {
    let bytes = Array(bytes)
    precondition(!members.isEmpty, "StoredZipWriter: bytes without a member")
    members[members.count - 1].bytes += UInt64(bytes.count)
    members[members.count - 1].checksum = bytes.withUnsafeBytes { piece in
      crc32(members[members.count - 1].checksum, piece.bindMemory(to: UInt8.self).baseAddress, UInt32(piece.count))
    }
    try put(bytes)
  }

  /// Writes the directory.
  ///
  /// - Returns: length of the file.
  package mutating func finish() throws -> UInt64 {
    try endMember()
    let start = position
    for member in members {
      try put(
        long(0x0201_4B50) + word(45) + facts(member) + word(UInt16(member.name.count)) + word(28) + word(0) + word(0) + word(0) + long(0)
          + long(.max) + member.name + word(1) + word(24) + quad(member.bytes) + quad(member.bytes) + quad(member.offset))
    }
    let (count, length) = (UInt64(members.count), position - start)
    let end = position
    try put(long(0x0606_4B50) + quad(44) + word(45) + word(45) + long(0) + long(0) + quad(count) + quad(count) + quad(length) + quad(start))
    try put(long(0x0706_4B50) + long(0) + quad(end) + long(1))
    try put(long(0x0605_4B50) + word(0) + word(0) + word(.max) + word(.max) + long(.max) + long(.max) + word(0))
    try flush()
    return position
  }

  private func header(of member: Member) -> [UInt8] {
    long(0x0403_4B50) + facts(member) + word(UInt16(member.name.count)) + word(20) + member.name + word(1) + word(16) + quad(member.bytes)
      + quad(member.bytes)
  }

  /// Version 4.5, UTF-8 names, stored, 1980-01-01, checksum; the sizes stand in the ZIP64 field.
  private func facts(_ member: Member) -> [UInt8] {
    word(45) + word(0x800) + word(0) + word(0) + word(0x21) + long(UInt32(truncatingIfNeeded: member.checksum)) + long(.max) + long(.max)
  }

  /// Now that they are known, length and checksum go into the header.
  private mutating func endMember() throws {
    guard let last = members.last else { return }
    try flush()
    try Self.write(header(of: last), to: descriptor, at: last.offset)
  }

  private mutating func put(_ bytes: [UInt8]) throws {
    waiting += bytes
    position += UInt64(bytes.count)
    if waiting.count > 1 << 20 { try flush() }
  }

  private mutating func flush() throws {
    try Self.write(waiting, to: descriptor, at: position - UInt64(waiting.count))
    waiting.removeAll(keepingCapacity: true)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, at position: UInt64) throws {
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(position) + off_t(done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw FileWriteError(errno: errno) }
        done += count
      }
    }
  }

  private func word(_ value: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }
  private func long(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  private func quad(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
