import ScanCatalog

extension CanonicalJSON {
  /// The canonical value with a line for each member, for documents that people look at; ends with a line end.
  var indented: String {
    var text = ""
    write(to: &text, margin: "")
    return text + "\n"
  }

  private func write(to text: inout String, margin: String) {
    let inner = margin + "  "
    switch self {
    case .array(let values) where !values.isEmpty:
      text += "[\n"
      for (index, value) in values.enumerated() {
        text += inner
        value.write(to: &text, margin: inner)
        text += index < values.count - 1 ? ",\n" : "\n"
      }
      text += margin + "]"
    case .object(let members) where !members.isEmpty:
      text += "{\n"
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      for (index, member) in sorted.enumerated() {
        text += "\(inner)\(CanonicalJSON.string(member.key).text): "
        member.value.write(to: &text, margin: inner)
        text += index < sorted.count - 1 ? ",\n" : "\n"
      }
      text += margin + "}"
    default: text += self.text
    }
  }
}
