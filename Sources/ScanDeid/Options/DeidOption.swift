/// An Option of the Basic Application Level Confidentiality Profile, PS3.15 section E.3, by its name on the command line.
package enum DeidOption: String, Sendable, CaseIterable, Comparable, Codable {
  case cleanDescriptors, cleanGraphics, cleanPixelData, cleanRecognizableVisualFeatures, cleanStructuredContent
  case retainDeviceIdentity, retainInstitutionIdentity, retainLongitudinalFullDates, retainLongitudinalModifiedDates
  case retainPatientCharacteristics, retainSafePrivate, retainUIDs

  package static func < (a: DeidOption, b: DeidOption) -> Bool { a.rawValue < b.rawValue }

  /// CID 7050 code value, scheme DCM.
  package var codeValue: String {
    switch self {
    case .cleanPixelData: "113101"
    case .cleanRecognizableVisualFeatures: "113102"
    case .cleanGraphics: "113103"
    case .cleanStructuredContent: "113104"
    case .cleanDescriptors: "113105"
    case .retainLongitudinalFullDates: "113106"
    case .retainLongitudinalModifiedDates: "113107"
    case .retainPatientCharacteristics: "113108"
    case .retainDeviceIdentity: "113109"
    case .retainUIDs: "113110"
    case .retainSafePrivate: "113111"
    case .retainInstitutionIdentity: "113112"
    }
  }

  /// CID 7050 code meaning.
  package var codeMeaning: String {
    switch self {
    case .cleanPixelData: "Clean Pixel Data Option"
    case .cleanRecognizableVisualFeatures: "Clean Recognizable Visual Features Option"
    case .cleanGraphics: "Clean Graphics Option"
    case .cleanStructuredContent: "Clean Structured Content Option"
    case .cleanDescriptors: "Clean Descriptors Option"
    case .retainLongitudinalFullDates: "Retain Longitudinal Temporal Information Full Dates Option"
    case .retainLongitudinalModifiedDates: "Retain Longitudinal Temporal Information Modified Dates Option"
    case .retainPatientCharacteristics: "Retain Patient Characteristics Option"
    case .retainDeviceIdentity: "Retain Device Identity Option"
    case .retainUIDs: "Retain UIDs Option"
    case .retainSafePrivate: "Retain Safe Private Option"
    case .retainInstitutionIdentity: "Retain Institution Identity Option"
    }
  }

  /// What the option does here, one sentence; shown by `deidentify --help` and compared with docs/deidentification.md.
  package func describeActions() -> String {
    switch self {
    case .cleanPixelData: "Not built yet: blanks text burned into the pixels."
    case .cleanRecognizableVisualFeatures: "Not built yet: makes faces in head volumes unrecognizable."
    case .cleanGraphics: "Keeps vector graphics without their text, and overlay planes that are regions of interest."
    case .cleanStructuredContent: "Keeps structured content with its codes and numbers; of its texts, known medical words alone."
    case .cleanDescriptors: "Keeps of descriptions and comments the known medical words, units and sequence names alone."
    case .retainLongitudinalFullDates: "Keeps dates and times as they are."
    case .retainLongitudinalModifiedDates: "Shifts all dates of a patient by one secret number of whole days; keeps times."
    case .retainPatientCharacteristics: "Keeps sex, age, size, weight and the like; of allergies and states, known medical words alone."
    case .retainDeviceIdentity: "Keeps serial numbers, station names and device UIDs; replaces AE titles consistently."
    case .retainUIDs: "Keeps UIDs and references as they are."
    case .retainSafePrivate: "Keeps the private attributes of Table E.3.10-1."
    case .retainInstitutionIdentity: "Keeps name, address and department of the institution."
    }
  }
}
