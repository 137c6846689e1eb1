import Diagnostics
package import ScanCatalog
import ScanIO
import ScanModel

/// `imagefolder/SPLIT/LABEL/*.png`: 8-bit grey, a folder per label, as torchvision and Hugging Face read it.
///
/// `metadata.csv` tells for each file the window (`window_low`, `window_high` in modality units) that became 0 and 255.
package struct ImageFolderExport: ExportFormat {
  package static let name = "imagefolder"
  package static let fileExtension = "png"
  /// Normalized slices stand for the acquired images they came from.
  package static let defaultQueries = [
    ArtifactQuery(origins: [.derived], kinds: [.slice]), ArtifactQuery(origins: [.enhanced, .generated], kinds: [.image]),
  ]

  package init() {}

  package func encode(_ item: ExportItem, _ bytes: [UInt8]) throws -> [ExportedImage] {
    let scan = try ScanReader().read(bytes, source: Redacted("object"))
    let attributes = item.record.attributes
    return try (0..<max(1, scan.pixels?.frames ?? 1)).map { frame in
      let picture = try EightBitPicture(scan, attributes: attributes, frame: frame)
      let notice =
        switch item.record.origin {
        case .generated: PNGWriter.syntheticNotice
        case .enhanced: PNGWriter.enhancedNotice
        case .acquired, .derived: "De-identified. For research, not for diagnosis."
        }
      let png = try PNGWriter.encode(
        picture.pixels, photometric: .monochrome2, spacing: attributes.spacingMillimeters, texts: ["Software": "ScanForge", "Description": notice])
      return ExportedImage(bytes: png, columns: picture.columns)
    }
  }
}
