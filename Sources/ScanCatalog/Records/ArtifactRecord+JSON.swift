import ScanDeid
import ScanModel

extension ArtifactRecord {
  /// The public columns by name, with the pseudonym as `patient`.
  package var json: CanonicalJSON {
    .object([
      "id": .integer(id.rawValue), "sha256": sha256.map { .string($0.hex) } ?? .null, "kind": .string(kind.rawValue),
      "origin": .string(origin.rawValue), "bytes": .integer(bytes), "media": .string(media), "label": label.map { .string($0.name) } ?? .null,
      "split": split.map { .string($0.rawValue) } ?? .null, "patient": patient.map { .string($0.text) } ?? .null,
      "run": .integer(run.rawValue), "state": .string(state.rawValue),
    ])
  }

  /// One line for people.
  package var summary: String {
    let facts = [
      sha256.map { String($0.hex.prefix(16)) } ?? "(erased)", "\(kind)", "\(origin)", label?.name, split?.rawValue, patient?.text, "run \(run)",
      state == .active ? nil : state.rawValue,
    ]
    return facts.compactMap { $0 }.joined(separator: "  ")
  }
}
