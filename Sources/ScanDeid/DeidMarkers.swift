import ScanModel

/// The attributes that say what was done, written last. PS3.15 section E.1.1; codes of PS3.16 CID 7050 and CID 7005.
enum DeidMarkers {
  static func write(into dataset: inout Dataset, options: Set<DeidOption>, showsFace: Bool) {
    dataset.set(.patientIdentityRemoved, .CS, text: "YES")
    let methods = ["PS3.15 \(ConfidentialityTable.edition) Basic Profile"] + options.sorted().map { String($0.codeMeaning.prefix(64)) }
    dataset.set(.deidentificationMethod, .LO, text: methods.joined(separator: "\\"))
    let codes = [code("113100", "Basic Application Confidentiality Profile")] + options.sorted().map { code($0.codeValue, $0.codeMeaning) }
    dataset.set(.deidentificationMethodCodeSequence, sequence: codes)
    dataset.set(.longitudinalTemporalInformationModified, .CS, text: temporal(options))
    if showsFace { dataset.set(.recognizableVisualFeatures, .CS, text: "YES") }
    var equipment = dataset.items(.contributingEquipmentSequence)
    if !equipment.contains(item) { equipment.append(item) }
    dataset.set(.contributingEquipmentSequence, sequence: equipment)
  }

  static func temporal(_ options: Set<DeidOption>) -> String {
    if options.contains(.retainLongitudinalFullDates) { return "UNMODIFIED" }
    return options.contains(.retainLongitudinalModifiedDates) ? "MODIFIED" : "REMOVED"
  }

  /// This program, as the equipment that de-identified.
  static let item: Dataset = {
    var item = Dataset()
    item.set(.manufacturer, .LO, text: "ScanForge")
    item.set(.manufacturerModelName, .LO, text: "ScanForge")
    item.set(.softwareVersions, .LO, text: "PS3.15 \(ConfidentialityTable.edition)")
    item.set(.purposeOfReferenceCodeSequence, sequence: [code("109104", "De-identifying Equipment")])
    return item
  }()

  private static func code(_ value: String, _ meaning: String) -> Dataset {
    var code = Dataset()
    code.set(.codeValue, .SH, text: value)
    code.set(.codingSchemeDesignator, .SH, text: "DCM")
    code.set(.codeMeaning, .LO, text: meaning)
    return code
  }
}
