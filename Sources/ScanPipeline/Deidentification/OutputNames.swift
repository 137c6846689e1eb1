import ScanDeid
import ScanIO
import ScanModel

/// How a de-identified object becomes a file: its bytes, and a name made of new ids alone.
enum OutputNames {
  /// `PATIENT/STUDY/SERIES/INSTANCE.ext`. TIFF and PNG have no study: their middle folders are the same for all.
  static func path(of scan: CleanScan) -> String {
    let study = component(scan.dataset.text(.studyInstanceUID), otherwise: "no-study")
    let series = component(scan.dataset.text(.seriesInstanceUID), otherwise: "no-series")
    let instance = component(scan.dataset.text(.sopInstanceUID) ?? scan.instance, otherwise: scan.instance)
    return "\(scan.patient.text)/\(study)/\(series)/\(instance).\(fileExtension(scan.format))"
  }

  static func encode(_ scan: CleanScan) throws -> [UInt8] {
    switch scan.format {
    case .dicom: try DICOMWriter.encode(scan)
    case .tiff: try TIFFWriter.encode(scan)
    case .png: try PNGWriter.encode(scan)
    }
  }

  private static func fileExtension(_ format: ScanFormat) -> String {
    switch format {
    case .dicom: "dcm"
    case .tiff: "tif"
    case .png: "png"
    }
  }

  /// UIDs that an option kept come from the file, and a file may hold anything.
  private static func component(_ uid: String?, otherwise: String) -> String {
    guard let uid, !uid.isEmpty, uid.utf8.count <= 64, uid.utf8.allSatisfy({ (48...57).contains($0) || $0 == 0x2E }), uid.first != "."
    else {
      return otherwise
    }
    return uid
  }
}
