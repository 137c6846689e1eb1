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
