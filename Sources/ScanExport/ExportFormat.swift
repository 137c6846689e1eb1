package import ScanCatalog

/// A layout that other programs read. One file per format, and one line in `ExportRegistry`.
package protocol ExportFormat: Sendable {
  /// Value of `--format` and name of the folder under the export root.
  static var name: String { get }

  /// What is exported when the query names neither origin nor kind: each picture once.
  static var defaultQueries: [ArtifactQuery] { get }

  /// Only items with a mask are exported.
  static var needsMasks: Bool { get }

  init()

  /// Folder of an item's file below the format's folder, without slashes at its ends; empty for the format's folder itself.
  func folder(of item: ExportItem) -> String

  /// The file of one item (several for a multi-frame image).
  ///
  /// Deterministic: no times, no paths, no workspace ids. Called on several threads.
  func encode(_ item: ExportItem, from objects: ObjectStore) throws -> [ExportedImage]

  /// What puts the encoded images in their places.
  func writer(_ staging: ExportStaging) -> any ExportWriter

  /// Columns that depend on where a file went, beyond those that `encode` gave.
  func columns(of file: ExportedFile) -> [String: CanonicalJSON]

  /// Files about the whole export, written after the images.
  func documents(_ contents: ExportedSet) throws -> [ExportDocument]
}

extension ExportFormat {
  package static var needsMasks: Bool { false }
  package func folder(of item: ExportItem) -> String { "\(item.part)/\(item.labelFolder)" }
  package func writer(_ staging: ExportStaging) -> any ExportWriter { FileWriter(staging: staging) }
  package func columns(of file: ExportedFile) -> [String: CanonicalJSON] { [:] }
  package func documents(_ contents: ExportedSet) throws -> [ExportDocument] { [] }
}

/// Puts encoded images in their places, one after the other in the export's order.
package protocol ExportWriter {
  /// - Parameters:
  ///   - file: what is recorded of the image; its path is not known yet.
  ///   - stem: path below the format's folder, without extension.
  /// - Returns: the image's path below the format's folder.
  mutating func write(_ image: ExportedImage, as file: ExportedFile, stem: String) throws -> String

  /// Ends what is still open.
  mutating func finish() throws
}

/// A file per image.
package struct FileWriter: ExportWriter {
  let staging: ExportStaging

  package func write(_ image: ExportedImage, as file: ExportedFile, stem: String) throws -> String {
    let path = "\(stem).\(image.fileExtension)"
    try staging.write(image.bytes, to: path)
    for companion in image.companions { try staging.write(companion.bytes, to: "\(stem)\(companion.suffix)") }
    return path
  }

  package func finish() {}
}

/// A file of an export that is no image: a card, a data list, a provenance document.
package struct ExportDocument: Sendable {
  /// Below the format's folder.
  package let path: String
  package let bytes: [UInt8]

  init(_ path: String, _ text: String) {
    self.path = path
    bytes = Array(text.utf8)
  }
}

package enum ExportRegistry {
  /// All formats in the order of `--help`.
  package static let formats: [any ExportFormat.Type] = [
    ImageFolderExport.self, HuggingFaceExport.self, MONAIExport.self, DICOMExport.self, WebDatasetExport.self, PROVExport.self,
    ROCrateExport.self, CroissantExport.self,
  ]

  package static var names: [String] { formats.map { $0.name } }

  /// Those that export only items with a mask.
  package static var masked: [String] { formats.filter { $0.needsMasks }.map { $0.name } }

  /// - Throws: `ExportError.unknownFormat`.
  package static func format(named name: String) throws -> any ExportFormat {
    guard let type = formats.first(where: { $0.name == name }) else { throw ExportError.unknownFormat(name, known: names) }
    return type.init()
  }
}
