import ScanModel

/// Words that descriptions and private attributes share with attributes that stay, though nobody is meant: `MPRAGE`, `thorax`, `BONEPLUS`.
///
/// A description that is taken away may have named somebody; a word of it that is none of these is looked for in everything that stays.
enum TechnicalVocabulary {
  /// - Parameter word: folded as in `FoldedText`: lower case, without diacritics.
  static func contains(_ word: String) -> Bool {
    if words.contains(word) { return true }
    let letters = Array(word.utf8)
    if letters.last == 0x73, words.contains(String(word.dropLast())) { return true }
    // Two of them written as one: `wholebody`, `knieseitlich`.
    guard (8...40).contains(letters.count) else { return false }
    return (4...letters.count - 4).contains { cut in
      words.contains(String(decoding: letters[..<cut], as: UTF8.self)) && words.contains(String(decoding: letters[cut...], as: UTF8.self))
    }
  }

  private static let words: Set<String> = {
    var words = MedicalVocabulary.words.union(IdentifierCollector.commonWords)
    for word in list.split(whereSeparator: { $0 == " " || $0 == "\n" }) { words.insert(String(word)) }
    for keyword in DataDictionary.keywords { insertWords(of: keyword, into: &words) }
    return words
  }()

  /// `ReferencedSOPInstanceUID` has the words referenced, instance.
  private static func insertWords(of keyword: String, into words: inout Set<String>) {
    var word: [UInt8] = []
    for byte in keyword.utf8 {
      if (65...90).contains(byte), let last = word.last, (97...122).contains(last) {
        if word.count >= 4 { words.insert(String(decoding: word.map(IdentifierSet.lower), as: UTF8.self)) }
        word = []
      }
      word.append(byte)
    }
    if word.count >= 4 { words.insert(String(decoding: word.map(IdentifierSet.lower), as: UTF8.self)) }
  }
}
