import Foundation
import ScanIO

/// A hidden folder in the output folder of `generate` in which files wait until all of them are there.
///
/// As `ExportStaging` does for a format, the unit is the folder of a label: it takes its name when the work is done, and holds what one request
/// makes. What a killed program leaves begins with a dot and goes when the next one begins.
final class GenerationStaging {
  private static let prefix = ".scanforge-generate-"

  private let root: URL
  private let staged: URL
  /// Holds the root's lock.
  private let descriptor: Int32

  /// Makes the root when there is none, and locks it until this value goes.
  ///
  /// - Parameters:
  ///   - folders: those that files will come to, below the root.
  ///   - isExpected: whether a file of that path below the root will come.
  /// - Throws: `PipelineError.outputExists` when one of the folders holds something else, `.outputNotAFolder`, `.outputBusy`; `FileWriteError`.
  init(root: URL, folders: Set<String>, isExpected: (_ path: String) -> Bool) throws {
    self.root = root
    staged = root.appendingPathComponent(Self.prefix + UUID().uuidString, isDirectory: true)
    try AtomicFile.makeFolder(root.path)
    descriptor = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw PipelineError.outputBusy }
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: root.path)) ?? [] where name.hasPrefix(Self.prefix) {
      try? files.removeItem(at: root.appendingPathComponent(name))
    }
    for folder in folders {
      let place = root.appendingPathComponent(folder)
      guard OutputFolder.isFolderOrFree(place) else { throw PipelineError.outputNotAFolder }
      let present = (try? files.contentsOfDirectory(atPath: place.path)) ?? []
      guard present.allSatisfy({ $0.hasPrefix(".") || isExpected("\(folder)/\($0)") }) else { throw PipelineError.outputExists }
    }
    try AtomicFile.makeFolder(staged.path)
  }

  deinit { close(descriptor) }

  /// - Parameter name: below the root.
  func write(_ bytes: [UInt8], to name: String) throws {
    let place = staged.appendingPathComponent(name)
    try AtomicFile.makeFolder(place.deletingLastPathComponent().path)
    try AtomicFile.write(bytes, to: place.path)
  }

  /// Gives all files their names.
  ///
  /// - Parameter sheet: a file that takes the place of the one that is there.
  /// - Throws: `PipelineError.outputExists` before any file has its name; `FileWriteError`.
  func place(replacing sheet: (name: String, bytes: [UInt8])?) throws {
    let files = FileManager.default
    let entries = try files.contentsOfDirectory(atPath: staged.path).sorted()
    for entry in entries {
      let place = staged.appendingPathComponent(entry).path
      let names = (try? files.contentsOfDirectory(atPath: place)).map { $0.map { "\(entry)/\($0)" } } ?? [entry]
      for name in names where files.fileExists(atPath: root.appendingPathComponent(name).path) {
        let (new, present) = (staged.appendingPathComponent(name).path, root.appendingPathComponent(name).path)
        guard files.contentsEqual(atPath: new, andPath: present) else { throw PipelineError.outputExists }
      }
    }
    if let sheet { try AtomicFile.write(sheet.bytes, to: root.appendingPathComponent(sheet.name).path) }
    // A label's folder that is not there yet is seen with all that is in it.
    for entry in entries { try move(entry) }
  }

  private func move(_ entry: String) throws {
    let (source, target) = (staged.appendingPathComponent(entry).path, root.appendingPathComponent(entry).path)
    if rename(source, target) == 0 { return }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw FileWriteError(errno: errno) }
    for name in try FileManager.default.contentsOfDirectory(atPath: source) {
      guard rename("\(source)/\(name)", "\(target)/\(name)") == 0 else { throw FileWriteError(errno: errno) }
    }
  }

  func discard() { try? FileManager.default.removeItem(at: staged) }
}
