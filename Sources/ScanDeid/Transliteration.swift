import Foundation

/// Greek and Cyrillic names as devices without these letters have them: ELOT 743 and ICAO Doc 9303, and the other letters that are usual.
enum Transliteration {
  /// Latin spellings of a text; none when it has no letter of these scripts.
  static func latin(_ text: String) -> [String] {
    let scalars = text.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars
      .filter { $0.properties.canonicalCombiningClass == .notReordered }
    guard scalars.contains(where: { (0x370...0x52F).contains($0.value) }) else { return [] }
    return [(letters, true), (letters.merging(variants) { $1 }, false)].map { table, isFull in
      var latin = ""
      var last: Unicode.Scalar?
      for scalar in scalars {
        switch (last, scalar) {
        // The Greek diphthong ou.
        case ("ο", "υ"): latin += "u"
        // Yurii and Yuri.
        case ("и", "и") where !isFull: break
        default: latin += table[scalar] ?? String(scalar)
        }
        last = scalar
      }
      return latin
    }
  }

  private static let letters: [Unicode.Scalar: String] = [
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x",
    "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o", "а": "a", "б": "b", "в": "v",
    "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu",
    "я": "ia", "і": "i", "є": "ie", "ґ": "g", "ђ": "d", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz",
  ]

  private static let variants: [Unicode.Scalar: String] = [
    "β": "b", "η": "e", "υ": "u", "φ": "ph", "χ": "h", "х": "h", "ц": "c", "ъ": "", "ю": "yu", "я": "ya", "г": "h", "ы": "i", "ж": "z", "є": "ye",
  ]
}
