import ScanModel

/// What may still identify in pixels, which no attribute rule reaches. Rules of thumb that err towards a warning.
package enum PixelRisk: String, Sendable, CaseIterable {
  /// Text may be burned in.
  case burnedIn
  /// A head scan from which a face can be rendered.
  case face
  /// Unused high bits of Pixel Data held an overlay plane, which may show text.
  case overlayBits

  static func assess(_ dataset: Dataset) -> [PixelRisk] {
    guard dataset[.pixelData] != nil || dataset[.rows] != nil else { return [] }
    var risks: [PixelRisk] = []
    if mayShowText(dataset) { risks.append(.burnedIn) }
    if mayShowFace(dataset) { risks.append(.face) }
    let overlays = dataset.elements.filter { (0x6000...0x60FF).contains($0.tag.group) }
    let planes = Set(overlays.filter { $0.tag.element == 0x0040 || $0.tag.element == 0x0010 }.map(\.tag.group))
    if planes.contains(where: { group in !overlays.contains { $0.tag == Tag(group, 0x3000) } }) { risks.append(.overlayBits) }
    return risks
  }

  /// Modalities and classes whose equipment writes names, dates or annotations into the image.
  private static func mayShowText(_ dataset: Dataset) -> Bool {
    if dataset.text(.burnedInAnnotation) == "YES" { return true }
    if textModalities.contains(dataset.text(.modality) ?? "") { return true }
    let sopClass = dataset.text(.sopClassUID) ?? ""
    if textClasses.contains(where: { sopClass == $0 || sopClass.hasPrefix($0 + ".") }) { return true }
    if let conversion = dataset.text(.conversionType), conversion != "SYN" { return true }
    let type = dataset.texts(.imageType).map { $0.uppercased() }
    return type.contains { value in
      ["SCREEN", "CAPTURE", "DOSE", "REPORT", "PROTOCOL", "SECONDARY CAPTURE"].contains { value.contains($0) }
    }
  }

  private static let textModalities: Set<String> = [
    "US", "IVUS", "DX", "CR", "MG", "PX", "IO", "RG", "XA", "RF", "ES", "GM", "SM", "XC", "OT", "SC", "OP", "OCT", "OPT", "DOC", "ECG",
    "HC", "BDUS",
    "DMS", "EPS", "BMD",
  ]

  private static let textClasses = [
    "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.77.1",
    "1.2.840.10008.5.1.4.1.1.104",
  ]

  private static func mayShowFace(_ dataset: Dataset) -> Bool {
    guard ["CT", "MR", "PT", "NM"].contains(dataset.text(.modality) ?? "") else { return false }
    var words = [dataset.text(.bodyPartExamined) ?? ""]
    for tag in [Tag.studyDescription, .seriesDescription, Tag(0x0018, 0x1030), Tag(0x0032, 0x1060)] {
      words.append(dataset.text(tag) ?? "")
    }
    for item in dataset.items(Tag(0x0008, 0x2218)) { words.append(item.text(.codeMeaning) ?? "") }
    let text = words.joined(separator: " ").uppercased()
    return headWords.contains { text.contains($0) }
  }

  private static let headWords = [
    "HEAD", "BRAIN", "SKULL", "FACE", "FACIAL", "CRANI", "ORBIT", "SINUS", "MAXILL", "MANDIB", "JAW", "TMJ", "NEURO", "CEREB", "PITUIT",
    "KOPF", "SCHAEDEL", "TETE", "CABEZA", "WHOLEBODY", "WHOLE BODY",
  ]
}
