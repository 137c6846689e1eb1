import Crypto
import ScanDeid
import ScanIO
import ScanModel

/// How de-identified objects become files: their bytes, and names made of new ids alone.
struct OutputNames {
  /// Names that this batch has given already.
  private var given: Set<String> = []
  /// By name without a number: digests of the objects that compete for it, as far as they were read, and the names that they have.
  private var rivals: [String: (names: [SHA256.Digest: String], read: Int)] = [:]

  /// Publishes under `path`, or under `path` with `-2`, `-3` … when another object of this batch has the name: some sources give two images
  /// one SOP Instance UID. Since a batch has an order, a repeated run gives the same names.
  ///
  /// - Returns: the name that was given, and whether it is new.
  /// - Throws: `OutputConflict` when the name was taken before this batch by other content.
  mutating func publish(_ staged: OutputTree.Staged, as path: String, in tree: OutputTree) throws -> (path: String, outcome: OutputTree.Outcome) {
    let candidate = given.contains(path) ? try name(for: staged, besides: path, in: tree) : path
    let outcome = try tree.publish(staged, as: candidate)
    given.insert(candidate)
    return (candidate, outcome)
  }

  /// The name of the same bytes when they were published before, else the next that is free. Every published object is read once at most.
  private mutating func name(for staged: OutputTree.Staged, besides path: String, in tree: OutputTree) throws -> String {
    let digest = try tree.digest(of: staged)
    var (names, read) = rivals[path] ?? ([:], 0)
    defer { rivals[path] = (names, read) }
    while true {
      if let name = names[digest] { return name }
      let dot = path.lastIndex(of: ".") ?? path.endIndex
      let candidate = read == 0 ? path : path[..<dot] + "-\(read + 1)" + path[dot...]
      read += 1
      let isFree = !given.contains(candidate)
      names[isFree ? digest : try tree.digest(of: candidate)] = candidate
    }
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
