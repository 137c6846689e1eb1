import Foundation

/// Text as it is compared: lower case, without diacritics and without everything that is neither letter nor digit, so that
/// `MRN-X-44 77` and `mrnx4477` are alike. Remembers where each byte came from.
///
/// Letters outside ASCII that have no ASCII base stay as their UTF-8 bytes, those of 2-byte sets as bytes that stand for them.
struct FoldedText {
  /// A stretch of digits or of letters with no sign between.
  struct Run {
    let range: Range<Int>
    let isDigits: Bool
  }

  private(set) var units: [UInt8] = []
  /// Source bytes of each unit.
  private(set) var sources: [Range<Int>] = []
  /// How many signs were skipped before each unit; equal for neighbours that touch.
  private(set) var gaps: [Int] = []

  init(_ bytes: [UInt8], _ repertoire: Repertoire = .western) {
    units.reserveCapacity(bytes.count)
    sources.reserveCapacity(bytes.count)
    gaps.reserveCapacity(bytes.count)
    var gap = 0
    var index = 0
    var state = Repertoire.State()
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80, byte != 0x1B, !state.isShifted {
        if IdentifierSet.isAlphanumeric(byte) {
          append(IdentifierSet.lower(byte), index..<index + 1, gap)
        } else {
          gap += 1
        }
        index += 1
        continue
      }
      let (character, length) = repertoire.character(at: index, bytes, &state)
      defer { index += length }
      let scalar: Unicode.Scalar
      switch character {
      case .escape: continue
      case .wide(let folded):
        append(folded, index..<index + length, gap)
        continue
      case .scalar(let read): scalar = read
      }
      // The half-width voicing marks of JIS X 0201 combine only when decomposed.
      if scalar.properties.canonicalCombiningClass != .notReordered || scalar.value == 0xFF9E || scalar.value == 0xFF9F {
        if let last = sources.last, last.upperBound == index { sources[sources.count - 1] = last.lowerBound..<index + length }
      } else {
        let folded = FoldedText.folded(scalar)
        if folded.isEmpty { gap += 1 } else { append(folded, index..<index + length, gap) }
      }
    }
  }

  private mutating func append(_ folded: [UInt8], _ source: Range<Int>, _ gap: Int) {
    for unit in folded { append(unit, source, gap) }
  }

  private mutating func append(_ unit: UInt8, _ source: Range<Int>, _ gap: Int) {
    units.append(unit)
    sources.append(source)
    gaps.append(gap)
  }

  /// The source bytes of a range of units, with the signs between them.
  func source(of range: Range<Int>) -> Range<Int> { sources[range.lowerBound].lowerBound..<sources[range.upperBound - 1].upperBound }

  /// The unit that touches unit `index` on its left; 0 for none.
  func before(_ index: Int) -> UInt8 { index > 0 && gaps[index - 1] == gaps[index] ? units[index - 1] : 0 }

  /// The unit that touches the end of a range on its right; 0 for none.
  func after(_ end: Int) -> UInt8 { end < units.count && gaps[end] == gaps[end - 1] ? units[end] : 0 }

  /// The units with a space wherever signs stood.
  var spaced: [UInt8] {
    var bytes: [UInt8] = []
    for (index, unit) in units.enumerated() {
      if index > 0, gaps[index] != gaps[index - 1] { bytes.append(0x20) }
      bytes.append(unit)
    }
    return bytes
  }

  /// Stretches of letters and digits that touch.
  var words: [Range<Int>] { stretches { gaps[$0 - 1] == gaps[$0] } }

  /// Words, cut where digits and letters meet.
  var runs: [Run] {
    stretches { gaps[$0 - 1] == gaps[$0] && IdentifierSet.isDigit(units[$0 - 1]) == IdentifierSet.isDigit(units[$0]) }
      .map { Run(range: $0, isDigits: IdentifierSet.isDigit(units[$0.lowerBound])) }
  }

  /// Digits without regard to signs between them.
  var digitRuns: [Range<Int>] {
    stretches { IdentifierSet.isDigit(units[$0 - 1]) == IdentifierSet.isDigit(units[$0]) }
      .filter { IdentifierSet.isDigit(units[$0.lowerBound]) }
  }

  private func stretches(_ continues: (Int) -> Bool) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    for index in units.indices.dropFirst() where !continues(index) {
      ranges.append(start..<index)
      start = index
    }
    if !units.isEmpty { ranges.append(start..<units.count) }
    return ranges
  }

  /// Base letters that no decomposition gives, in lower case; the final form of sigma is a sigma.
  private static let bases: [Unicode.Scalar: String] = [
    "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k",
    "ς": "σ",
  ]

  private static func folded(_ scalar: Unicode.Scalar) -> [UInt8] {
    var folded: [UInt8] = []
    for scalar in String(scalar).decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
      let properties = scalar.properties
      if scalar.isASCII {
        if IdentifierSet.isAlphanumeric(UInt8(scalar.value)) { folded.append(UInt8(scalar.value)) }
      } else if let base = bases[scalar] {
        folded += base.utf8
      } else if properties.numericType == .decimal, let value = properties.numericValue, (0...9).contains(value) {
        folded.append(0x30 + UInt8(value))
      } else if properties.canonicalCombiningClass == .notReordered, properties.isAlphabetic || properties.numericType != nil {
        // Hiragana is written in Katakana, too.
        let isHiragana = (0x3041...0x3096).contains(scalar.value)
        folded += String(isHiragana ? Unicode.Scalar(scalar.value + 0x60) ?? scalar : scalar).utf8
      }
    }
    return folded
  }
}
