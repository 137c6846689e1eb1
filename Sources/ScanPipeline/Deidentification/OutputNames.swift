import ScanDeid
import ScanIO
import ScanModel

/// How de-identified objects become files: their bytes, and names made of new ids alone.
struct OutputNames {
  /// Names that this batch has given already.
  private var given: Set<String> = []

  /// Publishes under `path`, or under `path` with `-2`, `-3` … when another object of this batch has the name: some sources give two images
  /// one SOP Instance UID. Since a batch has an order, a repeated run gives the same names.
  ///
  /// - Returns: the name that was given, and whether it is new.
  /// - Throws: `OutputConflict` when the name was taken before this batch by other content.
  mutating func publish(_ staged: OutputTree.Staged, as path: String, in tree: OutputTree) throws -> (path: String, outcome: OutputTree.Outcome) {
    var candidate = path
    var number = 1
    while given.contains(candidate), !tree.isPublished(staged, as: candidate) {
      number += 1
      let dot = path.lastIndex(of: ".") ?? path.endIndex
      candidate = path[..<dot] + "-\(number)" + path[dot...]
    }
    let outcome = try tree.publish(staged, as: candidate)
    given.insert(candidate)
    return (candidate, outcome)
  }

  /// Takes note of a name that an earlier run of this batch gave.
  mutating func add(_ path: String) { given.insert(path) }

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
