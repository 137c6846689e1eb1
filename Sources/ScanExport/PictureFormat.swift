import Diagnostics
package import ScanCatalog
import ScanIO
import ScanModel

/// A layout of 8-bit PNG pictures: grey, or the colors that an acquired image has.
///
/// Columns `window_low` and `window_high` tell which values (modality units) became 0 and 255.
package protocol PictureFormat: ExportFormat {}

extension PictureFormat {
  /// Normalized slices stand for the acquired images they came from.
  package static var defaultQueries: [ArtifactQuery] {
    [ArtifactQuery(origins: [.derived], kinds: [.slice]), ArtifactQuery(origins: [.enhanced, .generated], kinds: [.image])]
  }

  package func encode(_ item: ExportItem, from objects: ObjectStore) throws -> [ExportedImage] {
    let scan = try ScanReader().read(objects.read(item.sha256), source: Redacted("object"))
    let attributes = item.record.attributes
    return try (0..<max(1, scan.pixels?.frames ?? 1)).map { frame in
      let picture = try EightBitPicture(scan, attributes: attributes, frame: frame)
      let png = try PNGWriter.encode(
        picture.pixels, photometric: picture.photometric, spacing: attributes.spacingMillimeters,
        // The object's hash: what `audit lineage` takes, also where the picture has left its folder.
        texts: ["Software": "ScanForge", "Description": Self.notice(of: item), "Source": "sha256:\(item.sha256.hex)"])
      return ExportedImage(bytes: png, fileExtension: "png", columns: picture.columns)
    }
  }

  private static func notice(of item: ExportItem) -> String {
    if item.isGenerated { return PNGWriter.syntheticNotice }
    if item.record.origin == .enhanced { return PNGWriter.enhancedNotice }
    return item.isSynthetic ? PNGWriter.syntheticSourceNotice : "De-identified. For research, not for diagnosis."
  }
}
