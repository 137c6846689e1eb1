package import ScanCatalog

/// A layout that other programs read. One file per format, and one line in `ExportRegistry`.
package protocol ExportFormat: Sendable {
  /// Value of `--format` and name of the folder under the export root.
  static var name: String { get }

  /// What is exported when the query names neither origin nor kind: each picture once.
  static var defaultQueries: [ArtifactQuery] { get }

  /// Extension of its image files, without a dot.
  static var fileExtension: String { get }

  init()

  /// The file of one item (several for a multi-frame image).
  ///
  /// Deterministic: no times, no paths, no workspace ids. Called on several threads.
  func encode(_ item: ExportItem, _ bytes: [UInt8]) throws -> [ExportedImage]
}

/// One item with what the columns of every format need.
package struct ExportItem: Sendable {
  package let record: ArtifactRecord
  /// Weights that it was made with; nil for acquired and derived images.
  package let model: ContentDigest?
  /// The image that a super-resolved one was made from.
  package let source: ContentDigest?
  /// See `Catalog.activityDigest`.
  package let run: ContentDigest

  /// Made by a generator from noise: has no patient.
  package var isGenerated: Bool { record.origin == .generated }

  /// Some or all content was made artificially: generated, or super-resolved (docs/decisions/0006-synthetic-marking.md).
  package var isSynthetic: Bool { record.origin == .generated || record.origin == .enhanced }
}

/// An encoded image and what is recorded beside it.
package struct ExportedImage: Sendable {
  package var bytes: [UInt8]
  /// Columns beyond the common ones, by name.
  package var columns: [String: String]
  /// Series Instance UID for DICOM, so that no series mixes real and synthetic.
  package var series: String?

  package init(bytes: [UInt8], columns: [String: String] = [:], series: String? = nil) {
    self.bytes = bytes
    self.columns = columns
    self.series = series
  }
}

package enum ExportRegistry {
  /// All formats in the order of `--help`.
  package static let formats: [any ExportFormat.Type] = [ImageFolderExport.self, DICOMExport.self]

  package static var names: [String] { formats.map { $0.name } }

  /// - Throws: `ExportError.unknownFormat`.
  package static func format(named name: String) throws -> any ExportFormat {
    guard let type = formats.first(where: { $0.name == name }) else { throw ExportError.unknownFormat(name, known: names) }
    return type.init()
  }
}
