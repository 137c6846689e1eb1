/// What a scan tells of its making and of its patient without naming anyone; what models can be conditioned on beside the label.
///
/// The raw value is the key in `artifact.attributes` and in YAML.
package enum ScanAttribute: String, Sendable, CaseIterable, Codable {
  /// DICOM Modality: `CT`.
  case modality
  /// DICOM Body Part Examined: `CHEST`.
  case bodyPart
  /// DICOM Patient's Sex: `F`, `M`, `O`.
  case sex
  /// Patient's Age as a decade: `040-049`; `090+` for all from 90 on.
  case ageBand

  /// Column of a CSV file and of an export's metadata.
  package var column: String {
    switch self {
    case .modality: "modality"
    case .bodyPart: "body_part"
    case .sex: "sex"
    case .ageBand: "age_band"
    }
  }

  /// What `value` accepts, for messages.
  package var form: String {
    switch self {
    case .modality, .bodyPart: "1 to 16 capital letters, digits, spaces or underscores"
    case .sex: "F, M or O"
    case .ageBand: "a decade such as 040-049, or 090+"
    }
  }

  /// `text` as it is recorded: capital letters, no surrounding spaces; nil when it is no value of this attribute.
  package func value(_ text: String) -> String? {
    let scalars = text.unicodeScalars.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    let trimmed = String(String.UnicodeScalarView(scalars)).uppercased()
    switch self {
    case .modality, .bodyPart:
      let isPlain = trimmed.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || $0 == 0x20 || $0 == 0x5F }
      return isPlain && (1...16).contains(trimmed.utf8.count) ? trimmed : nil
    case .sex: return ["F", "M", "O"].contains(trimmed) ? trimmed : nil
    case .ageBand: return AgeBand(trimmed)?.text
    }
  }
}

/// Ten years of age. From 90 on there is one band: so few people are that old that an age could name one.
package struct AgeBand: Sendable, Equatable {
  /// 0, 10, … 90; 90 stands for all from 90 on.
  package let decade: Int

  private init(years: Int) { decade = min(years / 10 * 10, 90) }

  /// From DICOM's form of an age (`044Y`, `007M`): months, weeks and days are years of 12 months, 52 weeks, 365 days. PS3.5 section 6.2, AS.
  package init?(age: String) {
    guard age.utf8.count == 4, age.utf8.dropLast().allSatisfy({ (48...57).contains($0) }), let number = Int(age.dropLast()) else { return nil }
    switch age.last {
    case "Y": self.init(years: number)
    case "M": self.init(years: number / 12)
    case "W": self.init(years: number / 52)
    case "D": self.init(years: number / 365)
    default: return nil
    }
  }

  /// From `text`; bands beyond 90 as earlier versions wrote them are the last.
  package init?(_ text: String) {
    if text == "090+" {
      self.init(years: 90)
      return
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 3 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let first = Int(parts[0]), let last = Int(parts[1]), first % 10 == 0, last == first + 9
    else { return nil }
    self.init(years: first)
  }

  /// `040-049`, `090+`.
  package var text: String {
    func padded(_ value: Int) -> String { String(repeating: "0", count: 3 - String(value).utf8.count) + String(value) }
    return decade == 90 ? "090+" : "\(padded(decade))-\(padded(decade + 9))"
  }

  /// The middle of the band in DICOM's form, for an image of nobody: `045Y`; `090Y` for the last.
  package var age: String { decade == 90 ? "090Y" : "0\(decade / 10)5Y" }
}
