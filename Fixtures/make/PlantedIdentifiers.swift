import ScanModel

/// The fake identifiers that are planted in the phantom files, each one long and like nothing else, so that a test can search every byte of an
/// output for it. None belongs to a person.
struct PlantedIdentifiers {
  /// In order of planting, each once.
  private(set) var texts: [String] = []
  /// Dates are too short to search for in arbitrary bytes; they are listed apart.
  private(set) var dates: [String] = []
  private var known: Set<String> = []
  private let random: PhantomRandom

  init(random: PhantomRandom) { self.random = random }

  /// `ZZPLANTED`, what it is and whose: at most 16 characters for four letters, so that it fits SH, CS and AE.
  mutating func token(_ what: String, _ patient: String) -> String { noted("ZZPLANTED\(what)\(patient)") }

  /// A UID outside the standard's root, the same for the same role.
  mutating func uid(_ role: String) -> String {
    let number = random.stream(role).bits(0) % 900_000_000_000_000_000 + 100_000_000_000_000_000
    return noted("1.3.6.1.4.1.99999.\(number)")
  }

  mutating func date(_ text: String) -> String {
    if !dates.contains(text) { dates.append(text) }
    return text
  }

  /// A date with time and fraction is long enough to search for.
  mutating func dateTime(_ text: String) -> String { noted(text) }

  private mutating func noted(_ text: String) -> String {
    if known.insert(text).inserted { texts.append(text) }
    return text
  }
}
