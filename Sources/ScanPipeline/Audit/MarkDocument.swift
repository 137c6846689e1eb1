import Foundation
import ScanCatalog

/// A document of an export that tells of each of its files whether it is synthetic: `metadata.jsonl`, `datalist.json`, `prov.json`,
/// `ro-crate-metadata.json`. Of `croissant.json` the field that leads to the table.
struct MarkDocument {
  private enum Kind {
    case lines, datalist, prov, crate, croissant
  }

  private let kind: Kind
  private let path: String
  private let folder: String

  /// nil for any other file.
  init?(_ path: String) {
    let kinds: [String: Kind] = [
      "metadata.jsonl": .lines, "datalist.json": .datalist, "prov.json": .prov, "ro-crate-metadata.json": .crate, "croissant.json": .croissant,
    ]
    guard let kind = kinds[(path as NSString).lastPathComponent] else { return nil }
    (self.kind, self.path, folder) = (kind, path, (path as NSString).deletingLastPathComponent)
  }

  /// Whether the document must tell of the file at `path`.
  func covers(_ path: String) -> Bool { kind != .croissant && path.hasPrefix(folder + "/") }

  /// The document that the folder of a format has at its top; nil for a format without one.
  static func required(of format: String) -> String? {
    let names = ["croissant": "croissant.json", "monai": "datalist.json", "prov": "prov.json", "rocrate": "ro-crate-metadata.json"]
    return names[format].map { "\(format)/\($0)" }
  }

  /// nil when it, or one of its lines, is no JSON.
  func marks(_ data: Data) -> [Mark]? {
    let text = String(decoding: data, as: UTF8.self)
    if kind == .lines {
      let lines = text.split(separator: "\n").map { CanonicalJSON(parsing: String($0)) }
      guard !lines.contains(nil) else { return nil }
      return lines.compactMap { $0 }.compactMap { mark($0, at: $0["file_name"]?.stringValue) }
    }
    guard let json = CanonicalJSON(parsing: text) else { return nil }
    switch kind {
    case .lines: return []
    case .datalist:
      return (json.objectValue ?? [:]).values.flatMap { $0.arrayValue ?? [] }.compactMap { mark($0, at: $0["image"]?.stringValue) }
    case .crate: return (json["@graph"]?.arrayValue ?? []).filter { $0["synthetic"] != nil }.compactMap { mark($0, at: $0["@id"]?.stringValue) }
    case .prov:
      return (json["entity"]?.objectValue ?? [:]).values.filter { Self.texts($0["kind"]).contains("image") }.flatMap { entity in
        let says = Self.texts(entity["synthetic"])
        return Self.texts(entity["path"]).map { told(says.isEmpty ? nil : says.contains("true"), of: $0) }
      }
    case .croissant:
      let fields = (json["recordSet"]?.arrayValue ?? []).flatMap { $0["field"]?.arrayValue ?? [] }
      let leads = fields.contains { $0["source"]?["extract"]?["column"]?.stringValue == "synthetic" }
      return [Mark(path: path, says: leads ? true : nil, place: "field synthetic", isRequired: true, isPicture: false)]
    }
  }

  /// One JSON document about the file at `path`, as it stands beside a picture in an archive.
  static func mark(_ data: Data, _ path: String, place: String) -> Mark {
    let json = CanonicalJSON(parsing: String(decoding: data, as: UTF8.self))
    return Mark(path: path, says: json?["synthetic"]?.boolValue, place: place, isRequired: true, isPicture: false)
  }

  private func mark(_ json: CanonicalJSON, at name: String?) -> Mark? { name.map { told(json["synthetic"]?.boolValue, of: "\(folder)/\($0)") } }

  private func told(_ says: Bool?, of file: String) -> Mark {
    Mark(path: file, says: says, place: (path as NSString).lastPathComponent, isRequired: true, isPicture: false)
  }

  /// A text, or all texts of a list.
  private static func texts(_ json: CanonicalJSON?) -> [String] { json?.stringValue.map { [$0] } ?? json?.arrayValue?.compactMap(\.stringValue) ?? [] }
}
