package import ScanDeid
import ScanIO
package import ScanModel

/// Bytes and media type of an image in its own format.
package enum ScanFileEncoder {
  package static func media(of format: ScanFormat) -> String {
    switch format {
    case .dicom: "application/dicom"
    case .tiff: "image/tiff"
    case .png: "image/png"
    }
  }

  package static func fileExtension(of format: ScanFormat) -> String {
    switch format {
    case .dicom: "dcm"
    case .tiff: "tif"
    case .png: "png"
    }
  }

  package static func encode(_ scan: CleanScan) throws -> (bytes: [UInt8], media: String) {
    let bytes =
      switch scan.format {
      case .dicom: try DICOMWriter.encode(scan)
      case .tiff: try TIFFWriter.encode(scan)
      case .png: try PNGWriter.encode(scan)
      }
    return (bytes, media(of: scan.format))
  }

  /// - Parameter identity: decides the fresh UIDs of a DICOM output.
  package static func encode(_ scan: EnhancedScan, identity: [UInt8]) throws -> (bytes: [UInt8], media: String) {
    let bytes =
      switch scan.source.format {
      case .dicom: try DICOMWriter.encode(scan, uids: DerivedUID(seed: identity), hasSyntheticContent: true)
      case .tiff: try TIFFWriter.encode(scan)
      case .png: try PNGWriter.encode(scan)
      }
    return (bytes, media(of: scan.source.format))
  }
}
