import ScanModel

/// What a profile with its options does to an attribute, before its Type is known.
enum ProfileAction: Sendable, Equatable {
  /// An action of the Basic Profile; compound codes wait for the Type.
  case basic(ConfidentialityTable.Code)
  case keep
  /// Shift dates by the patient's days; what is no date takes the Basic Profile's action.
  case shiftDates(otherwise: ConfidentialityTable.Code)
  /// Keep known medical words; when none is left, the Basic Profile's action.
  case cleanText(otherwise: ConfidentialityTable.Code)
  /// Keep a sequence with the texts in it cleaned.
  case cleanItems
  case cleanApplicationEntity
  case cleanGraphics
  case cleanPrivate
}

/// Table E.1-1 folded over a set of options: one look-up per attribute.
struct ProfileActions: Sendable {
  let options: Set<DeidOption>
  private let byTag: [UInt32: ProfileAction]
  let curves: ProfileAction
  let overlays: ProfileAction
  let privateAttributes: ProfileAction

  init(options: Set<DeidOption>) {
    self.options = options
    var byTag: [UInt32: ProfileAction] = [:]
    var others: [ConfidentialityTable.Coverage: ProfileAction] = [:]
    for (coverage, row) in ConfidentialityTable.all {
      let action = ProfileActions.fold(row, options)
      if case .tag(let tag) = coverage { byTag[tag.packed] = action } else { others[coverage] = action }
    }
    self.byTag = byTag
    curves = others[.curves] ?? .basic(.remove)
    overlays = others[.overlayData] ?? .basic(.remove)
    privateAttributes = others[.privateGroups] ?? .basic(.remove)
  }

  /// The action for a standard attribute outside the repeating groups; nil when the table leaves it alone.
  func action(for tag: Tag) -> ProfileAction? { byTag[tag.packed] }

  /// C goes before K: where two options disagree, the one that protects more decides.
  private static func fold(_ row: ConfidentialityTable.Row, _ options: Set<DeidOption>) -> ProfileAction {
    let chosen = row.options.filter { options.contains($0.key) }
    if let option = chosen.filter({ $0.value == .clean }).keys.min() {
      switch option {
      case .retainSafePrivate: return .cleanPrivate
      case .cleanGraphics: return .cleanGraphics
      case .cleanStructuredContent: return .cleanItems
      case .retainDeviceIdentity: return .cleanApplicationEntity
      case .retainLongitudinalModifiedDates: return .shiftDates(otherwise: row.basic)
      default: return row.vr == .SQ ? .cleanItems : .cleanText(otherwise: row.basic)
      }
    }
    return chosen.isEmpty ? .basic(row.basic) : .keep
  }
}

extension ConfidentialityTable.Code {
  /// The single action that a code means for an attribute of this Type.
  ///
  /// The first letter unless the Type forbids it: X needs Type 3, Z needs Type 3 or 2. Without a known Type the first letter. Sequences of
  /// references (X/Z/U*) are always kept with their UIDs replaced, which is allowed for every Type and keeps them useful.
  package func resolved(_ requirement: AttributeTypes.Requirement?) -> ConfidentialityTable.Code {
    switch self {
    case .removeOrEmpty:
      switch requirement {
      case .required: .dummy
      case .mayBeEmpty: .empty
      default: .remove
      }
    case .removeOrDummy: requirement == .required || requirement == .mayBeEmpty ? .dummy : .remove
    case .removeEmptyOrDummy:
      switch requirement {
      case .required: .dummy
      case .mayBeEmpty: .empty
      default: .remove
      }
    case .emptyOrDummy, .empty: requirement == .required ? .dummy : .empty
    default: self
    }
  }
}
