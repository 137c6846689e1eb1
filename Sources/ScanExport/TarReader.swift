package import Foundation

/// The regular files of a USTAR archive (POSIX.1-1988): 512-byte headers, contents padded to 512.
///
/// Damaged archives end where they stop making sense.
package enum TarReader {
  package static func members(_ data: Data) -> [(name: String, bytes: Data)] {
    var found: [(name: String, bytes: Data)] = []
    var offset = data.startIndex
    while offset + 512 <= data.endIndex {
      let header = data[offset..<offset + 512]
      func field(_ start: Int, _ length: Int) -> String {
        String(decoding: header[header.startIndex + start..<header.startIndex + start + length].prefix { $0 != 0 }, as: UTF8.self)
      }
      let name = field(0, 100)
      guard !name.isEmpty, let size = Int(field(124, 12).trimmingCharacters(in: .whitespaces), radix: 8), size >= 0,
        size <= data.endIndex - offset - 512
      else { break }
      let prefix = field(345, 155)
      let start = offset + 512
      found.append((prefix.isEmpty ? name : "\(prefix)/\(name)", data[start..<start + size]))
      offset = start + (size + 511) / 512 * 512
    }
    return found
  }
}
