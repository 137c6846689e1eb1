/// A POSIX.1-1988 (USTAR) archive of regular files: mode 0644, owner 0, time 0, so that equal contents are equal bytes.
struct TarArchive {
  private(set) var bytes: [UInt8] = []

  /// - Parameter name: at most 100 bytes.
  mutating func append(_ name: String, _ contents: [UInt8]) {
    precondition(name.utf8.count <= 100 && contents.count < 1 << 33, "TarArchive: a USTAR header has no room for this entry")
    bytes += Self.header(name, size: contents.count)
    bytes += contents
    bytes += [UInt8](repeating: 0, count: Self.padding(contents.count, to: 512))
  }

  /// With the two empty blocks that end an archive, filled up to whole records of 20 blocks.
  var closed: [UInt8] {
    let end = bytes.count + 1024
    return bytes + [UInt8](repeating: 0, count: 1024 + Self.padding(end, to: 10240))
  }

  private static func padding(_ count: Int, to unit: Int) -> Int { (unit - count % unit) % unit }

  private static func header(_ name: String, size: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) { block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
    func octal(_ value: Int, digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.utf8.count) + text
    }
    put(name, at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    // The checksum is taken with its own field as blanks.
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\u{0}00", at: 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
    return block
  }
}
