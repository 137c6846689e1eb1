package import Diagnostics
import Foundation
import ScanDeid
import ScanIO

/// The files that lead back from new ids to old: `uid_mapping.csv` and `patid_mapping.csv`, mode 0600. They never travel with the output.
struct MappingFiles {
  let mapping = IdentifierMapping()
  private let folder: String

  /// Takes up what earlier runs wrote there, so that no row is lost, and makes sure that more can be written.
  init(folder: String) throws(MappingFileError) {
    self.folder = folder
    if access(folder, F_OK) != 0 {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw .unwritable
      }
    }
    if let text = try MappingFiles.text(of: uidPath) { mapping.readUIDs(text) }
    if let text = try MappingFiles.text(of: patientPath) { mapping.readPatients(text) }
    // Permissions alone would not tell of a disk that is read-only or full.
    let probe = AtomicFile.temporaryPath(in: folder)
    defer { unlink(probe) }
    guard (try? AtomicFile.write([0], to: probe, mode: 0o600)) != nil else { throw .unwritable }
  }

  /// - Throws: `OutputError`.
  func write() throws {
    try OutputError.naming(folder) {
      try AtomicFile.write(Array(mapping.uidCSV.utf8), to: uidPath, mode: 0o600)
      try AtomicFile.write(Array(mapping.patientCSV.utf8), to: patientPath, mode: 0o600)
    }
  }

  /// nil when there is no such file. One that is there and cannot be read must not be written over: its rows would be lost.
  private static func text(of path: String) throws(MappingFileError) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw .unreadable
    }
    return text
  }

  private var uidPath: String { folder + "/uid_mapping.csv" }
  private var patientPath: String { folder + "/patid_mapping.csv" }
}

/// Why the mapping cannot be kept. Found before any scan is opened: without it the way back to the patients would be lost.
package enum MappingFileError: ExplainedError, Equatable {
  case notAFolder
  case unwritable
  case unreadable

  package var kind: FailureKind { self == .notAFolder ? .request : .surroundings }

  package var code: String {
    switch self {
    case .notAFolder: "mapping.notAFolder"
    case .unwritable: "mapping.unwritable"
    case .unreadable: "mapping.unreadable"
    }
  }

  package var what: String {
    switch self {
    case .notAFolder: "the mapping's folder, or a part of its path, is there already and is not a folder"
    case .unwritable: "the mapping cannot be written"
    case .unreadable: "a mapping of an earlier run is there and cannot be read"
    }
  }

  package var remedy: String {
    switch self {
    case .notAFolder: "Name a folder with --mapping; uid_mapping.csv and patid_mapping.csv are written into it."
    case .unwritable: "Check the folder's permissions and the free space, or name another folder with --mapping. Nothing was written."
    case .unreadable: "Check uid_mapping.csv and patid_mapping.csv in that folder, or name another folder with --mapping. Nothing was written."
    }
  }
}
