import Foundation
import ScanDeid
import ScanIO

/// The files that lead back from new ids to old: `uid_mapping.csv` and `patid_mapping.csv`, mode 0600. They never travel with the output.
struct MappingFiles {
  let mapping = IdentifierMapping()
  private let folder: String

  /// Takes up what earlier runs wrote there, so that no row is lost.
  init(folder: String) throws {
    self.folder = folder
    if access(folder, F_OK) != 0 {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }
    if let text = try? String(contentsOfFile: uidPath, encoding: .utf8) { mapping.readUIDs(text) }
    if let text = try? String(contentsOfFile: patientPath, encoding: .utf8) { mapping.readPatients(text) }
  }

  func write() throws(FileWriteError) {
    try AtomicFile.write(Array(mapping.uidCSV.utf8), to: uidPath, mode: 0o600)
    try AtomicFile.write(Array(mapping.patientCSV.utf8), to: patientPath, mode: 0o600)
  }

  private var uidPath: String { folder + "/uid_mapping.csv" }
  private var patientPath: String { folder + "/patid_mapping.csv" }
}
