import Foundation

/// Runs of letters and digits among bytes that are no text: how long they have to be to be no chance.
///
/// A byte of data without structure is a letter or digit once in 4 (62 of 256), so a run of n begins at a place with 0.242ⁿ.
enum TextRun {
  /// The longest run of letters and digits.
  static func longest(in bytes: some Collection<UInt8>) -> Int {
    var longest = 0
    var length = 0
    for byte in bytes {
      length = isText(byte) ? length + 1 : 0
      longest = max(longest, length)
    }
    return longest
  }

  /// The longest run of letters and digits among the last bytes of coded data, padding and empty packets (80) left out.
  static func atEnd(of bytes: some BidirectionalCollection<UInt8>) -> Int {
    var rest = bytes[...]
    while let last = rest.last, [0, 0x20, 0x80, 0xFF].contains(last) { rest = rest.dropLast() }
    return rest.reversed().prefix(while: isText).count
  }

  /// 0.25¹⁰ is one in a million scans.
  static let improbableAtEnd = 10

  /// Runs of text in numbers that chance gives to one in 100,000 values of this length: 0.242ⁿ · bytes < 10⁻⁵.
  ///
  /// Ramps are none: tables of colors and grey levels pass through the letters in order, with bytes doubled or not.
  static func improbable(in bytes: [UInt8]) -> [Range<Int>] {
    written(in: bytes, least: max(8, Int((log(Double(max(1, bytes.count)) * 1e5) / 1.418).rounded(.up))))
  }

  /// Whether a short table holds eight letters and digits in a row, as words have them.
  static func holdsText(_ bytes: [UInt8]) -> Bool { !written(in: bytes, least: 8).isEmpty }

  /// Runs of at least `least` letters and digits that are no ramp.
  static func written(in bytes: [UInt8], least: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    for index in 0...bytes.count {
      // Three alike in a row are no part of a word.
      let isAlike = index > 0 && index + 1 < bytes.count && bytes[index - 1] == bytes[index] && bytes[index] == bytes[index + 1]
      if index < bytes.count, !isAlike, isText(bytes[index]) { continue }
      if index - start >= least, isWritten(bytes[start..<index]) { runs.append(start..<index) }
      start = index + 1
    }
    return runs
  }

  /// Letters that go up and down, as in words, and are not the same ones again and again.
  private static func isWritten(_ run: ArraySlice<UInt8>) -> Bool {
    var turns = 0
    var last = 0
    for (a, b) in zip(run, run.dropFirst()) where a != b {
      let direction = b > a ? 1 : -1
      if last != 0, direction != last { turns += 1 }
      last = direction
    }
    let pairs = zip(run, run.dropFirst()).count { $0 == $1 }
    return turns >= 3 && Set(run).count >= 4 && pairs * 3 < run.count
  }

  static func isText(_ byte: UInt8) -> Bool { IdentifierSet.isDigit(byte) || IdentifierSet.isLetter(byte) }
}
