import ScanModel

/// The defined terms of Specific Character Set (PS3.3 section C.12.1.1.2): nothing else stays in it.
enum CharacterSetTerms {
  /// The known terms of `element`, as the standard writes them.
  static func mended(_ element: Element) -> Element {
    let values = element.texts
    // The first may be empty: the default repertoire.
    let known = values.enumerated().compactMap { $0.offset == 0 && $0.element.isEmpty ? "" : term($0.element) }
    return known == values ? element : Element(element.tag, .CS, text: known.allSatisfy(\.isEmpty) ? "" : known.joined(separator: "\\"))
  }

  /// `ISO-IR 100` and `iso_ir100` are often written for `ISO_IR 100`.
  private static func term(_ value: String) -> String? { terms[folded(value)] }

  private static func folded(_ value: String) -> String {
    String(value.uppercased().unicodeScalars.filter { ("A"..."Z").contains($0) || ("0"..."9").contains($0) }.map(Character.init))
  }

  private static let terms: [String: String] = {
    let numbers = [6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203]
    let names =
      numbers.flatMap { ["ISO_IR \($0)", "ISO 2022 IR \($0)"] } + [87, 159, 149, 58].map { "ISO 2022 IR \($0)" }
      + ["ISO_IR 192", "GB18030", "GBK"]
    return Dictionary(uniqueKeysWithValues: names.map { (folded($0), $0) })
  }()
}
