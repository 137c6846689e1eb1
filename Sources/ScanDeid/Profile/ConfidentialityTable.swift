package import ScanModel

/// PS3.15 Table E.1-1: what the Basic Profile and each Option do to every attribute.
package enum ConfidentialityTable {
  /// An action code of the table.
  package enum Code: String, Sendable, CaseIterable {
    /// Replace with a non-empty dummy.
    case dummy = "D"
    /// Replace with an empty value, or a dummy.
    case empty = "Z"
    /// Remove.
    case remove = "X"
    /// Keep; a sequence is kept with its items cleaned.
    case keep = "K"
    /// Clean: replace with values of similar meaning that do not identify.
    case clean = "C"
    /// Replace by a UID that is the same for the same input.
    case uid = "U"
    case emptyOrDummy = "Z/D"
    case removeOrEmpty = "X/Z"
    case removeOrDummy = "X/D"
    case removeEmptyOrDummy = "X/Z/D"
    /// A sequence of references: remove, empty, or keep with UIDs replaced.
    case references = "X/Z/U*"
  }

  /// The option columns, in the order of the table.
  package static let columns: [DeidOption] = [
    .retainSafePrivate, .retainUIDs, .retainDeviceIdentity, .retainInstitutionIdentity, .retainPatientCharacteristics,
    .retainLongitudinalFullDates, .retainLongitudinalModifiedDates, .cleanDescriptors, .cleanStructuredContent, .cleanGraphics,
  ]

  package struct Row: Sendable, Equatable {
    package let basic: Code
    /// K or C of the option columns that are not blank.
    package let options: [DeidOption: Code]
    /// VR in PS3.6; UN where the table covers more than one.
    package let vr: VR
  }

  /// Which attributes a row covers.
  package enum Coverage: Sendable, Hashable {
    case tag(Tag)
    /// (50xx,xxxx)
    case curves
    /// (60xx,3000)
    case overlayData
    /// (60xx,4000)
    case overlayComments
    /// Every odd group.
    case privateGroups
  }

  /// The row that covers `tag`; nil for attributes that the table leaves alone.
  package static func row(for tag: Tag) -> Row? { coverage(of: tag).flatMap { parsed[$0] } }

  package static var all: [Coverage: Row] { parsed }

  private static func coverage(of tag: Tag) -> Coverage? {
    if tag.isPrivate { return .privateGroups }
    switch tag.group & 0xFF00 {
    case 0x5000 where tag.group <= 0x50FF: return .curves
    case 0x6000 where tag.element == 0x3000: return .overlayData
    case 0x6000 where tag.element == 0x4000: return .overlayComments
    default: return .tag(tag)
    }
  }

  /// Parsed on first use, once.
  private static let parsed: [Coverage: Row] = {
    var table: [Coverage: Row] = [:]
    for record in TableText.records(rows) {
      let fields = record.split(separator: "|", omittingEmptySubsequences: false)
      precondition(fields.count == 4, "Table E.1-1: a row has \(fields.count) fields")
      guard let basic = Code(rawValue: String(fields[1])) else { preconditionFailure("Table E.1-1: code \(fields[1])") }
      var options: [DeidOption: Code] = [:]
      for (letter, option) in zip(fields[2], columns) where letter != "." { options[option] = Code(rawValue: String(letter)) }
      let vr = VR(rawValue: String(fields[3].prefix(2))) ?? .UN
      table[coverage(named: fields[0])] = Row(basic: basic, options: options, vr: vr)
    }
    return table
  }()

  private static func coverage(named name: Substring) -> Coverage {
    switch name {
    case "50xxxxxx": return .curves
    case "60xx3000": return .overlayData
    case "60xx4000": return .overlayComments
    case "private": return .privateGroups
    default:
      guard let packed = UInt32(name, radix: 16) else { preconditionFailure("Table E.1-1: tag \(name)") }
      return .tag(Tag(packed: packed))
    }
  }
}
