/// Value representations. PS3.5 section 6.2.
package enum VR: String, Sendable, CaseIterable {
  case AE, AS, AT, CS, DA, DS, DT, FL, FD, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH, SL, SQ, SS, ST, SV, TM, UC, UI, UL, UN, UR, US, UT, UV

  /// VRs whose Explicit VR encoding has two reserved bytes and a 32-bit length (PS3.5 table 7.1-1).
  package var hasLongLength: Bool {
    switch self {
    case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .SV, .UC, .UN, .UR, .UT, .UV: true
    default: false
    }
  }

  /// The value is text in some character repertoire.
  package var isText: Bool {
    switch self {
    case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .LT, .PN, .SH, .ST, .TM, .UC, .UI, .UR, .UT: true
    default: false
    }
  }

  /// The value's text depends on Specific Character Set (PS3.5 section 6.1.2.3).
  package var usesSpecificCharacterSet: Bool {
    switch self {
    case .LO, .LT, .PN, .SH, .ST, .UC, .UT: true
    default: false
    }
  }

  /// The byte that pads an odd value to even length.
  package var paddingByte: UInt8 {
    switch self {
    case .UI, .OB, .UN: 0
    default: isText ? 0x20 : 0
    }
  }
}
