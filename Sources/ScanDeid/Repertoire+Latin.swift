extension Repertoire {
  /// The parts of ISO 8859 whose upper half follows no block of Unicode, as PS3.3 Table C.12-2 admits them.
  enum Latin: UInt8, CaseIterable {
    case iso8859_2, iso8859_3, iso8859_4, iso8859_9, iso8859_15

    /// The Defined Term of Specific Character Set, which is also the registration number of the set.
    var name: String {
      switch self {
      case .iso8859_2: "ISO_IR 101"
      case .iso8859_3: "ISO_IR 109"
      case .iso8859_4: "ISO_IR 110"
      case .iso8859_9: "ISO_IR 148"
      case .iso8859_15: "ISO_IR 203"
      }
    }

    /// The final byte of `ESC - F`, which calls the set into G1 (PS3.3 Table C.12-3).
    var finalByte: UInt8 {
      switch self {
      case .iso8859_2: 0x42
      case .iso8859_3: 0x43
      case .iso8859_4: 0x44
      case .iso8859_9: 0x4D
      case .iso8859_15: 0x62
      }
    }

    /// The character of a byte of A0 or more; `_` where the set has none, or a space.
    func scalar(_ byte: UInt8) -> Unicode.Scalar { Latin.scalars[Int(rawValue)][Int(byte) - 0xA0] }

    private static let scalars: [[Unicode.Scalar]] = allCases.map { Array($0.characters.filter { $0 != "\n" }.unicodeScalars) }

    /// A0 to CF, then D0 to FF. ISO/IEC 8859-2:1999, -3:1999, -4:1998, -9:1999, -15:1999.
    private var characters: String {
      switch self {
      case .iso8859_2:
        """
        _Ą˘Ł¤ĽŚ§¨ŠŞŤŹ_ŽŻ°ą˛ł´ľśˇ¸šşťź˝žżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎ
        ĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙
        """
      case .iso8859_3:
        """
        _Ħ˘£¤_Ĥ§¨İŞĞĴ__Ż°ħ²³´µĥ·¸ışğĵ½_żÀÁÂ_ÄĊĈÇÈÉÊËÌÍÎÏ
        _ÑÒÓÔĠÖ×ĜÙÚÛÜŬŜßàáâ_äċĉçèéêëìíîï_ñòóôġö÷ĝùúûüŭŝ˙
        """
      case .iso8859_4:
        """
        _ĄĸŖ¤ĨĻ§¨ŠĒĢŦ_Ž¯°ą˛ŗ´ĩļˇ¸šēģŧŊžŋĀÁÂÃÄÅÆĮČÉĘËĖÍÎĪ
        ĐŅŌĶÔÕÖ×ØŲÚÛÜŨŪßāáâãäåæįčéęëėíîīđņōķôõö÷øųúûüũū˙
        """
      case .iso8859_9:
        """
        _¡¢£¤¥¦§¨©ª«¬_®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ
        ĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ
        """
      case .iso8859_15:
        """
        _¡¢£€¥Š§š©ª«¬_®¯°±²³Žµ¶·ž¹º»ŒœŸ¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ
        ÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ
        """
      }
    }
  }
}
