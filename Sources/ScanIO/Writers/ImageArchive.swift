import CZlib
package import ScanModel

/// A NumPy `.npz`: `images` uint8 or uint16 `[N, H, W]`, `labels` int64 `[N]`, `label_names` `[K]`, and for each attribute that images have its
/// values as text `[N]`, empty for unknown. Stored, not compressed; no times.
///
/// Source: NumPy enhancement proposal 1 (the .npy format, version 1.0) and PKWARE's APPNOTE for the ZIP container.
package struct ImageArchive {
  private let size: Int
  private let bits: Int
  private var words: [UInt8] = []
  private var labels: [String] = []
  private var attributes: [[String: String]] = []

  /// - Parameters:
  ///   - size: rows = columns of every image.
  ///   - bits: 8 or 16.
  package init(size: Int, bits: Int) {
    precondition(bits == 8 || bits == 16, "ImageArchive: \(bits) bits")
    self.size = size
    self.bits = bits
  }

  /// - Parameter attributes: by the name of their array.
  package mutating func append(_ pixels: PixelBuffer, label: String, attributes: [String: String] = [:]) {
    words += pixels.words
    labels.append(label)
    self.attributes.append(attributes)
  }

  package func bytes(labelNames: [String]) -> [UInt8] {
    let indexes = labels.flatMap { label -> [UInt8] in
      let index = Int64(labelNames.firstIndex(of: label) ?? -1)
      return withUnsafeBytes(of: index.littleEndian) { Array($0) }
    }
    var members: [(name: String, bytes: [UInt8])] = [
      ("images.npy", array(bits == 8 ? "|u1" : "<u2", [labels.count, size, size], words)),
      ("labels.npy", array("<i8", [labels.count], indexes)),
      ("label_names.npy", array(labelNames)),
    ]
    for name in Set(attributes.flatMap(\.keys)).sorted() { members.append(("\(name).npy", array(attributes.map { $0[name] ?? "" }))) }
    return StoredZip.bytes(members)
  }

  /// Unicode strings of NumPy are UTF-32, padded with NULs to the longest.
  private func array(_ texts: [String]) -> [UInt8] {
    let scalars = texts.map { Array($0.unicodeScalars) }
    let longest = max(1, scalars.map(\.count).max() ?? 1)
    let words = scalars.flatMap { text in
      (0..<longest).flatMap { index in withUnsafeBytes(of: (index < text.count ? text[index].value : 0).littleEndian) { Array($0) } }
    }
    return array("<U\(longest)", [texts.count], words)
  }

  private func array(_ type: String, _ shape: [Int], _ data: [UInt8]) -> [UInt8] {
    let extents = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(extents), }"
    // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let length = UInt16(header.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(truncatingIfNeeded: length), UInt8(length >> 8)] + Array(header.utf8) + data
  }
}

/// A ZIP container of stored members, at most 4 GiB.
enum StoredZip {
  static func bytes(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
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
