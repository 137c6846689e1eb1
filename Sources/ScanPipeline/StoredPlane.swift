import Diagnostics
import PixelMath
import ScanCatalog
import ScanImaging
import ScanIO
import ScanModel

/// A recorded slice or generated image, read back as it is learned from.
struct StoredPlane: Sendable {
  /// In -1...1.
  let plane: Plane
  let depth: SliceDepth

  /// - Throws: `CatalogError` when the object is gone or changed, `ImagingError` when it is no grey picture of 8 or 16 bits.
  init(_ record: ArtifactRecord, in catalog: Catalog) throws {
    guard let digest = record.sha256 else { throw CatalogError.unknownArtifact("artifact \(record.id)") }
    let scan = try ScanReader().read(catalog.objects.read(digest), source: Redacted("object"))
    guard let pixels = scan.pixels, let depth = SliceDepth(rawValue: pixels.bitsAllocated), let plane = depth.decode(pixels) else {
      throw ImagingError.unsupportedDepth(bits: scan.pixels?.bitsAllocated ?? 0)
    }
    (self.plane, self.depth) = (plane, depth)
  }
}
