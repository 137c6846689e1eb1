import Foundation
package import ScanDeid

/// `keys/withdrawn`: keyed hashes of patients who have withdrawn and of their images, so that neither comes in again.
///
/// One line of 64 hexadecimal digits each, sorted. A line says nothing without the workspace's pseudonym key.
package struct WithdrawnRegister: Sendable {
  private let file: URL
  private let key: PseudonymKey
  private var lines: Set<String>

  package static let fileName = "withdrawn"

  /// - Throws: `CatalogError` when the file is there and cannot be read.
  package init(_ workspace: Workspace, key: PseudonymKey) throws {
    file = workspace.keys.appendingPathComponent(Self.fileName)
    self.key = key
    lines = []
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { throw CatalogError.noPermission }
    lines = Set(text.split(separator: "\n").map(String.init))
  }

  /// The register of a workspace in which someone has withdrawn; nil elsewhere, without asking for the key.
  ///
  /// - Throws: `KeyFileError` when the key is not there: without it a patient could come back unseen.
  static func ifAny(_ workspace: Workspace) throws -> WithdrawnRegister? {
    guard FileManager.default.fileExists(atPath: workspace.keys.appendingPathComponent(fileName).path) else { return nil }
    return try WithdrawnRegister(workspace, key: PseudonymKey.load(workspace.keys.appendingPathComponent("pseudonym.key").path))
  }

  package func contains(_ patient: Pseudonym) -> Bool { contains(patient.text) }
  package func contains(_ content: ContentDigest) -> Bool { contains(content.hex) }

  /// As for the hash of `bytes`, which is not taken while nobody has withdrawn.
  package func contains(contentOf bytes: [UInt8]) -> Bool { !lines.isEmpty && contains(ContentDigest(of: bytes)) }

  private func contains(_ text: String) -> Bool { !lines.isEmpty && lines.contains(key.withdrawalMark(of: text)) }

  /// Adds a patient and the contents of the images, durably.
  package mutating func add(_ patient: Pseudonym, _ contents: [ContentDigest]) throws {
    let marks = Set(([patient.text] + contents.map(\.hex)).map { key.withdrawalMark(of: $0) })
    guard !marks.isSubset(of: lines) else { return }
    lines.formUnion(marks)
    try DurableFile.replace(file, with: Array((lines.sorted().joined(separator: "\n") + "\n").utf8))
  }
}
