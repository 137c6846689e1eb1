extension IdentifierCollector {
  /// Every word in it is a medical or another harmless word, a number under 5 digits, or what this profile itself writes.
  static func isCommon(_ value: [UInt8]) -> Bool {
    let words = value.split { !IdentifierSet.isAlphanumeric($0) }
    return words.allSatisfy { word in
      let text = String(decoding: word, as: UTF8.self)
      return MedicalVocabulary.contains(text) || commonWords.contains(text) || word.count < 2
        || (word.count < 5 && word.allSatisfy(IdentifierSet.isDigit))
    }
  }

  /// Attributes that name an organization, a place, a residence or a station: each of their words identifies.
  static let worded: Set<UInt32> = [
    0x0008_0080, 0x0008_0081, 0x0008_0092, 0x0008_0094, 0x0008_1010, 0x0008_1040, 0x0010_0021, 0x0010_1040, 0x0010_2152, 0x0010_2154,
    0x0010_2155, 0x0010_2299, 0x0012_0010, 0x0012_0031, 0x0012_0060, 0x0012_0081, 0x0032_1020, 0x0032_1033, 0x0038_001E, 0x0038_0300,
    0x0038_0400, 0x0040_0010, 0x0040_0011,
    0x0040_0242, 0x0040_0243, 0x0040_1005, 0x0040_1102, 0x0040_2009, 0x0040_4036, 0x0040_A027, 0x0040_A353, 0x0088_0910, 0x4008_011A,
  ]

  static let commonWords: Set<String> = [
    "anonymized", "anonymised", "anonymous", "anon", "unknown", "unspecified", "none", "null", "other", "patient", "person", "subject",
    "study",
    "series", "doctor", "hospital", "clinic", "department", "center", "centre", "university", "medical", "radiology", "default",
    "undefined",
    "original", "derived", "primary", "secondary", "monochrome", "siemens", "philips", "canon", "toshiba", "hitachi", "fujifilm", "agfa",
    "kodak",
    "hologic", "healthcare", "systems", "electric", "general", "united", "imaging", "about", "blank", "basic", "application",
    "confidentiality",
    "profile", "clean", "retain", "option", "scanforge", "identifying", "equipment", "identification", "removed", "modified", "unmodified",
    "structured", "graphics", "descriptors", "longitudinal", "temporal", "information", "full", "dates", "characteristics", "identity",
    "institution", "device", "safe", "private", "uids", "version", "station", "scanner", "from", "with", "the",
    "admin", "user", "operator", "service", "staff", "physician", "technologist", "technician", "tech", "nurse", "street", "north", "south",
    "east", "west", "healthineers", "shimadzu", "samsung", "neusoft", "mindray", "carestream", "konica", "minolta", "esaote", "bruker",
    "elekta", "varian", "magnetom", "somatom", "biograph", "avanto", "skyra", "prisma", "verio", "aera", "vida", "symphony", "espree",
    "trio",
    "sola", "definition", "sensation", "emotion", "perspective", "force", "syngo", "numaris", "artis", "axiom", "mobilett", "ysio",
    "acuson", "ingenia", "achieva", "intera", "brilliance", "ingenuity", "iqon", "gyroscan", "signa", "genesis", "discovery", "optima",
    "revolution", "lightspeed", "brightspeed", "hispeed", "logiq", "vivid", "voluson", "aquilion", "vantage", "titan", "aplio",
    "selenia", "senographe", "dimensions",
  ]
}
