import ScanModel

/// ICC profiles (ICC.1:2022, and version 2) without their texts: descriptions, makers, models, dates and what nobody needs for color.
///
/// Structure, curves, matrices and tables stay where they are. A text stays when it is made of words that profiles are commonly described by.
struct ICCProfile {
  private var bytes: [UInt8]
  private var isChanged = false
  /// Parts that a tag has accounted for.
  private var known: [Range<Int>] = []

  /// As many bytes as came; nil when they are no profile.
  static func cleaned(_ bytes: [UInt8]) -> [UInt8]? {
    var profile = ICCProfile(bytes: bytes)
    return profile.clean() ? profile.bytes : nil
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) } }
  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private mutating func fill(_ range: Range<Int>, with filler: UInt8 = 0) {
    guard range.lowerBound < range.upperBound, bytes[range].contains(where: { $0 != filler }) else { return }
    for index in range { bytes[index] = filler }
    isChanged = true
  }

  private mutating func clean() -> Bool {
    guard bytes.count >= 132, text(36..<40) == "acsp" else { return false }
    let size = word(0)
    let count = word(128)
    // Elements are padded; a profile that says it is longer than it is was cut off.
    guard size <= bytes.count, (1...100).contains(count), 132 + 12 * count <= size else { return false }
    fill(size..<bytes.count)
    known = [0..<132 + 12 * count]
    for index in 0..<count {
      let entry = 132 + 12 * index
      let (start, length) = (word(entry + 4), word(entry + 8))
      guard start >= 132 + 12 * count, length >= 8, start <= size, length <= size - start else { return false }
      let range = start..<start + length
      if !Self.tags.contains(text(entry..<entry + 4)) {
        // Unknown tags may hold anything; a text that says nothing is legal under any name.
        for (offset, byte) in "text\0\0\0\0".utf8.enumerated() where bytes[start + offset] != byte {
          bytes[start + offset] = byte
          isChanged = true
        }
        for offset in 0..<4 where !(0x20...0x7E).contains(bytes[entry + offset]) { bytes[entry + offset] = 0x20 }
        if isTextLike(entry) { for (offset, byte) in "none".utf8.enumerated() { bytes[entry + offset] = byte } }
        fill(start + 8..<start + length)
      } else if !known.contains(range) {
        element(range)
      }
      known.append(range)
    }
    cleanGaps(size)
    cleanHeader()
    return true
  }

  /// A private tag's name is four bytes of anything.
  private func isTextLike(_ entry: Int) -> Bool { !Self.retiredTags.contains(text(entry..<entry + 4)) }

  /// One tag's data, by its type.
  private mutating func element(_ range: Range<Int>) {
    let start = range.lowerBound
    fill(start + 4..<start + 8)
    let length = range.count
    func long(_ offset: Int) -> Int { offset + 4 <= length ? word(start + offset) : 0 }
    func short(_ offset: Int) -> Int { offset + 2 <= length ? Int(bytes[start + offset]) << 8 | Int(bytes[start + offset + 1]) : 0 }
    switch text(start..<start + 4) {
    case "XYZ ", "sf32": keep((length - 8) / 4 * 4 + 8, range)
    case "curv": keep(12 + 2 * long(8), range)
    case "para": keep(12 + 4 * [1, 3, 4, 5, 7][min(4, short(8))], range)
    case "sig ": keep(12, range)
    case "chrm": keep(12 + 8 * short(8), range)
    case "mft1", "mft2", "mAB ", "mBA ": break
    case "meas", "view": keep(36, range)
    case "text": words(start + 8..<range.upperBound)
    case "desc":
      let end = min(range.upperBound, start + 12 + max(0, long(8)))
      if start + 12 < end { words(start + 12..<end) }
      fill(min(end, range.upperBound)..<range.upperBound)
    case "mluc": localized(range)
    default: fill(min(start + 8, range.upperBound)..<range.upperBound)
    }
  }

  private mutating func keep(_ count: Int, _ range: Range<Int>) {
    if count < range.count { fill(range.lowerBound + count..<range.upperBound) }
  }

  /// ASCII; spaces, and a NUL at the end, when any of its words is not a common one.
  private mutating func words(_ range: Range<Int>) {
    let parts = bytes[range].split { !IdentifierSet.isAlphanumeric($0) }
    guard !parts.allSatisfy({ Self.vocabulary.contains(String(decoding: $0, as: UTF8.self).lowercased()) }) else { return }
    fill(range.lowerBound..<range.upperBound - 1, with: 0x20)
    fill(range.upperBound - 1..<range.upperBound)
  }

  /// Multi-localized Unicode: records of language, country, length and offset, then UTF-16.
  private mutating func localized(_ range: Range<Int>) {
    let start = range.lowerBound
    guard range.count >= 16, word(start + 12) == 12, word(start + 8) <= 64, word(start + 8) * 12 + 16 <= range.count else {
      return fill(start + 8..<range.upperBound)
    }
    let strings = start + 16 + 12 * word(start + 8)
    var isCommon = true
    var used = [start..<strings]
    for record in stride(from: start + 16, to: strings, by: 12) {
      let (length, offset) = (word(record + 4), word(record + 8))
      guard length <= range.count, offset <= range.count - length, offset >= strings - start, length % 2 == 0 else {
        return fill(start + 8..<range.upperBound)
      }
      let string = start + offset..<start + offset + length
      used.append(string)
      let letters = stride(from: string.lowerBound, to: string.upperBound, by: 2).map { bytes[$0] == 0 ? bytes[$0 + 1] : 0xFF }
      isCommon =
        isCommon
        && letters.split { !IdentifierSet.isAlphanumeric($0) }.allSatisfy {
          Self.vocabulary.contains(String(decoding: $0, as: UTF8.self).lowercased())
        }
      for index in record..<record + 4 where !IdentifierSet.isLetter(bytes[index]) { bytes[index] = 0x61 }
    }
    let isGapless = (strings..<range.upperBound).allSatisfy { index in bytes[index] == 0 || used.contains { $0.contains(index) } }
    guard !isCommon || !isGapless else { return }
    for index in strings..<range.upperBound {
      let blank: UInt8 = (index - strings) % 2 == 0 ? 0 : 0x20
      isChanged = isChanged || bytes[index] != blank
      bytes[index] = blank
    }
  }

  /// Bytes that no tag accounts for.
  private mutating func cleanGaps(_ size: Int) {
    var end = 0
    for range in known.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > end { fill(end..<range.lowerBound) }
      end = max(end, range.upperBound)
    }
    fill(min(end, size)..<size)
  }

  /// CMM, platform, maker, model, creator: signatures that are registered widely, or nothing. A date that is one. Reserved bytes are 0.
  private mutating func cleanHeader() {
    for offset in [4, 40, 48, 52, 80] where !Self.signatures.contains(text(offset..<offset + 4)) { fill(offset..<offset + 4) }
    let limits = [24: 1980...2100, 26: 0...12, 28: 0...31, 30: 0...24, 32: 0...60, 34: 0...60]
    let isDate = limits.allSatisfy { $0.value.contains(Int(bytes[$0.key]) << 8 | Int(bytes[$0.key + 1])) }
    if !isDate { fill(24..<36) }
    fill(100..<128)
    fill(56..<63)
    // The id is the MD5 of the rest; 0 when not computed.
    if isChanged || TextRun.longest(in: bytes[84..<100]) >= 8 { fill(84..<100) }
  }

  private static let tags: Set<String> = [
    "desc", "cprt", "wtpt", "bkpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC", "kTRC", "chad", "chrm", "lumi", "meas", "view", "vued",
    "tech", "dmnd", "dmdd", "A2B0", "A2B1", "A2B2", "B2A0", "B2A1", "B2A2", "gamt", "pre0", "pre1", "pre2", "rig0", "rig2",
  ]

  private static let retiredTags: Set<String> = [
    "calt", "targ", "scrd", "scrn", "pseq", "psid", "ncl2", "dscm", "vcgt", "none", "mmod", "ndin", "ciis", "resp",
  ]

  private static let signatures: Set<String> = [
    "\0\0\0\0", "HP  ", "IEC ", "sRGB", "ADBE", "APPL", "appl", "lcms", "MSFT", "KCMS", "SGI ", "SUNW", "none", "argl", "NONE", "Lino",
    "UCCM", "GOOG", "*nix",
  ]

  private static let vocabulary: Set<String> = [
    "srgb", "iec61966", "iec", "61966", "2", "1", "0", "3", "4", "5", "6", "7", "8", "9", "adobe", "rgb", "1998", "copyright", "c",
    "hewlett", "packard", "company",
    "international", "electrotechnical", "commission", "public", "domain", "no", "use", "freely", "display", "p3", "gray", "grey", "gamma",
    "dot", "gain", "generic",
    "profile", "d50", "d65", "reference", "viewing", "condition", "in", "default", "colour", "color", "space", "http", "www", "ch", "apple",
    "inc",
    "all", "rights", "reserved", "consortium", "built", "built-in", "artifex", "google", "wg", "linear", "icc", "v2", "v4", "perceptual",
    "appearance", "the",
    "and", "to", "of", "by", "software", "crt", "lcd", "monitor", "matrix", "curves", "microsoft", "corporation", "srgb2014", "systems",
    "incorporated", "kodak",
    "e", "romm", "prophoto", "ecirgb", "bt", "709", "2020", "rec", "white", "point", "luminance", "with", "ps3", "14", "gsdf", "2016",
    "2015", "2009", "2014",
  ]
}
