package import ScanCatalog
import ScanDeid
import ScanModel

/// One item with what the columns of every format need.
package struct ExportItem: Sendable {
  package let record: ArtifactRecord
  package let sha256: ContentDigest
  /// Weights that it was made with; nil for acquired and derived images.
  package let model: ContentDigest?
  /// The image that a super-resolved one was made from.
  package let source: ContentDigest?
  /// A label map of the same size, for formats that ask for one.
  package let mask: ArtifactRecord?
  /// See `Catalog.activityDigest`.
  package let run: ContentDigest
  /// Rank of its label among all labels of the selection (whatever its part), in byte order.
  package let labelIndex: Int?

  /// Made by a generator from noise: has no patient.
  package var isGenerated: Bool { record.origin == .generated }

  /// Some or all content was made artificially: generated, super-resolved, or made from an image that came so
  /// (docs/decisions/0006-synthetic-marking.md).
  package var isSynthetic: Bool { record.origin == .generated || record.origin == .enhanced || record.attributes.isSynthetic }

  /// `train`, `val`, `test` or `unassigned`.
  package var part: String { record.split?.rawValue ?? "unassigned" }

  /// The label, or `unlabelled`.
  package var labelName: String { record.label?.name ?? "unlabelled" }

  /// The same as one part of a path.
  package var labelFolder: String { record.label?.folderName ?? "unlabelled" }
}

/// An encoded image and what is recorded beside it.
package struct ExportedImage: Sendable {
  package var bytes: [UInt8]
  /// Without a dot.
  package var fileExtension: String
  /// Columns beyond the common ones, by name.
  package var columns: [String: CanonicalJSON] = [:]
  /// Series Instance UID for DICOM, so that no series mixes real and synthetic.
  package var series: String?
  /// What Synthetic Data of a DICOM file says; nil for formats without such a mark, which say what the item is.
  package var mark: Bool?
  /// Files that belong to the image, named by its stem and a suffix.
  package var companions: [(suffix: String, bytes: [UInt8])] = []
}

/// An image that has its place in the export.
package struct ExportedFile: Sendable {
  package let item: ExportItem
  /// Below the export root.
  package var path: String
  package let sha256: ContentDigest
  package let byteCount: Int
  package let isSynthetic: Bool
  /// Columns beyond the common ones.
  package var columns: [String: CanonicalJSON]

  /// Columns that every format has, in their order; `label` and `patient` are empty where there is none.
  package static let commonColumns = [
    "path", "sha256", "label", "split", "origin", "synthetic", "patient", "model_sha256", "seed", "run",
  ]

  /// The common columns by name. A seed is text: it may have more digits than a JSON number keeps.
  package var common: [String: CanonicalJSON] {
    let record = item.record
    return [
      "path": .string(path), "sha256": .string(sha256.hex), "label": .string(record.label?.name ?? ""),
      "split": .string(record.split?.rawValue ?? ""), "origin": .string(record.origin.rawValue), "synthetic": .bool(isSynthetic),
      "patient": .string(record.patient?.text ?? ""), "model_sha256": .string(item.model?.hex ?? ""),
      "seed": .string(record.attributes.seed.map(String.init) ?? ""), "run": .string(item.run.hex),
    ]
  }

  /// The common columns and the format's own.
  package var allColumns: [String: CanonicalJSON] { common.merging(columns) { common, _ in common } }
}

/// Everything that an export holds, for the documents about it.
package struct ExportedSet {
  package let format: String
  package let catalog: Catalog
  /// In the export's order.
  package let files: [ExportedFile]
  /// `metadata.csv`
  package let metadata: [UInt8]

  /// The part of `path` below the format's folder.
  func relative(_ file: ExportedFile) -> String { String(file.path.dropFirst(format.count + 1)) }

  /// Parts that have files, in the order train, val, test, unassigned.
  var parts: [String] {
    let present = Set(files.map(\.item.part))
    return (Split.allCases.map(\.rawValue) + ["unassigned"]).filter(present.contains)
  }

  /// Licence and consent terms of the items, sorted.
  var terms: [String] { Set(files.compactMap(\.item.record.attributes.terms)).sorted() }
}
