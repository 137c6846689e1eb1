/// A classic little-endian TIFF of one grey page, with texts of the kind that cameras and microscopes leave in real files.
struct PhantomTIFF {
  let size: Int
  /// 8 or 16.
  let bits: Int
  let words: [UInt8]
  let pixelsPerCentimeter: Double
  /// Text entries by tag: 270 description, 305 software, 306 date, 315 artist, 316 host, 700 XMP, 65000 and up private.
  var texts: [Int: String] = [:]

  func encoded() -> [UInt8] {
    let resolution = [Int((pixelsPerCentimeter * 1000).rounded()), 1000]
    var entries: [(tag: Int, type: Int, count: Int, content: [UInt8])] = [
      (256, 4, 1, word(size, 4)), (257, 4, 1, word(size, 4)), (258, 3, 1, word(bits, 2)), (259, 3, 1, word(1, 2)), (262, 3, 1, word(1, 2)),
      (277, 3, 1, word(1, 2)), (278, 4, 1, word(size, 4)), (279, 4, 1, word(words.count, 4)),
      (282, 5, 1, resolution.flatMap { word($0, 4) }),
      (283, 5, 1, resolution.flatMap { word($0, 4) }), (296, 3, 1, word(3, 2)), (273, 4, 1, word(0, 4)),
    ]
    for (tag, text) in texts {
      // XMP is a byte array, the others are ASCII with a final NUL.
      let content = Array(text.utf8) + (tag == 700 ? [] : [0])
      entries.append((tag, tag == 700 ? 1 : 2, content.count, content))
    }
    entries.sort { $0.tag < $1.tag }

    let arrays = 8 + 2 + entries.count * 12 + 4
    let arrayBytes = entries.reduce(0) { $0 + ($1.content.count > 4 ? $1.content.count + $1.content.count % 2 : 0) }
    var directory = word(entries.count, 2)
    var tail: [UInt8] = []
    for entry in entries {
      directory += word(entry.tag, 2) + word(entry.type, 2) + word(entry.count, 4)
      if entry.tag == 273 {
        directory += word(arrays + arrayBytes, 4)
      } else if entry.content.count > 4 {
        directory += word(arrays + tail.count, 4)
        tail += entry.content + (entry.content.count % 2 == 0 ? [] : [0])
      } else {
        directory += entry.content + [UInt8](repeating: 0, count: 4 - entry.content.count)
      }
    }
    return [0x49, 0x49, 42, 0] + word(8, 4) + directory + word(0, 4) + tail + words
  }

  private func word(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
