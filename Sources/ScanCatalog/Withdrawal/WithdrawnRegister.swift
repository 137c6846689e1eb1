import Foundation
package import ScanDeid

/// `keys/withdrawn`: keyed hashes of patients who have withdrawn and of their images, so that neither comes in again.
///
/// One line of 64 hexadecimal digits each; each withdrawal adds its own, sorted. A line says nothing without the workspace's pseudonym key.
package struct WithdrawnRegister: Sendable {
  private let file: URL
  private let key: PseudonymKey
  private var bytes: [UInt8] = []
  private var lines: Set<String> = []

  package static let fileName = "withdrawn"

  /// - Throws: `CatalogError` when the file is there and cannot be read.
  package init(_ workspace: Workspace, key: PseudonymKey) throws {
    file = workspace.keys.appendingPathComponent(Self.fileName)
    self.key = key
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    guard let data = try? Data(contentsOf: file) else { throw CatalogError.noPermission }
    bytes = [UInt8](data)
    lines = Set(String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  /// The register of a workspace in which someone has withdrawn; nil elsewhere, without asking for the key.
  ///
  /// - Throws: `KeyFileError` when the key is not there: without it a patient could come back unseen.
  static func ifAny(_ workspace: Workspace) throws -> WithdrawnRegister? {
    guard isThere(in: workspace) else { return nil }
    return try WithdrawnRegister(workspace, key: PseudonymKey.load(workspace.keys.appendingPathComponent("pseudonym.key").path))
  }

  /// Whether anybody has withdrawn here; asks for no key.
  package static func isThere(in workspace: Workspace) -> Bool {
    FileManager.default.fileExists(atPath: workspace.keys.appendingPathComponent(fileName).path)
  }

  package func contains(_ patient: Pseudonym) -> Bool { contains(patient.text) }
  package func contains(_ content: ContentDigest) -> Bool { contains(content.hex) }

  /// As for the hash of `bytes`, which is not taken while nobody has withdrawn.
  package func contains(contentOf bytes: [UInt8]) -> Bool { !lines.isEmpty && contains(ContentDigest(of: bytes)) }

  private func contains(_ text: String) -> Bool { !lines.isEmpty && lines.contains(key.withdrawalMark(of: text)) }

  /// Adds a patient and the contents of the images, durably.
  package mutating func add(_ patient: Pseudonym, _ contents: [ContentDigest]) throws {
    let marks = Set(([patient.text] + contents.map(\.hex)).map { key.withdrawalMark(of: $0) }).subtracting(lines)
    guard !marks.isEmpty else { return }
    lines.formUnion(marks)
    bytes += marks.sorted().flatMap { Array("\($0)\n".utf8) }
    try DurableFile.replace(file, with: bytes)
  }

  /// How far the file goes, and the hash of that much: what a withdrawal records of it. Lines that a later one adds do not change it.
  package struct Extent: Sendable, Equatable {
    package let bytes: Int
    package let sha256: ContentDigest

    init(of contents: some Sequence<UInt8>) {
      let contents = Array(contents)
      (bytes, sha256) = (contents.count, ContentDigest(of: contents))
    }

    /// From the parameters of a run.
    init?(parameters: String?) {
      guard let json = parameters.flatMap({ CanonicalJSON(parsing: $0) })?["register"], let bytes = json["bytes"]?.integerValue,
        let sha256 = json["sha256"]?.stringValue.flatMap({ ContentDigest(hex: $0) }), bytes >= 0
      else { return nil }
      (self.bytes, self.sha256) = (Int(bytes), sha256)
    }

    package var json: CanonicalJSON { .object(["bytes": .integer(Int64(bytes)), "sha256": .string(sha256.hex)]) }
  }

  package var extent: Extent { Extent(of: bytes) }
}
