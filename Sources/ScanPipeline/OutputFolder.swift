package import Foundation
import ScanIO

/// Where results may go.
package enum OutputFolder {
  /// Refuses a folder inside a workspace, whose contents are recorded one by one, and one that an input would read back.
  ///
  /// - Throws: `PipelineError.outputInsideWorkspace`, `.outputInsideInput`.
  package static func check(_ output: URL, inputs: [URL] = []) throws(PipelineError) {
    let target = resolved(output)
    var folder = target
    while folder != "/" && !folder.isEmpty {
      if isWorkspace(folder) { throw .outputInsideWorkspace }
      folder = (folder as NSString).deletingLastPathComponent
    }
    for input in inputs.map(resolved) where (target + "/").hasPrefix(input + "/") { throw .outputInsideInput }
  }

  /// The folder holds a catalog and its objects.
  static func isWorkspace(_ folder: String) -> Bool {
    let files = FileManager.default
    return files.fileExists(atPath: folder + "/catalog.sqlite") && files.fileExists(atPath: folder + "/objects")
  }

  /// Absolute, with the links of the part that exists followed.
  private static func resolved(_ url: URL) -> String {
    var existing = url.standardizedFileURL
    var rest: [String] = []
    while !FileManager.default.fileExists(atPath: existing.path), existing.path != "/" {
      rest.insert(existing.lastPathComponent, at: 0)
      existing.deleteLastPathComponent()
    }
    return rest.reduce(existing.resolvingSymlinksInPath().path) { ($0 as NSString).appendingPathComponent($1) }
  }

  /// Writes a file unless it is there already with the same bytes; never over another one.
  ///
  /// - Throws: `PipelineError.outputExists`, `FileWriteError`.
  static func write(_ bytes: [UInt8], to url: URL) throws {
    if let present = try? Data(contentsOf: url) {
      guard present.elementsEqual(bytes) else { throw PipelineError.outputExists }
      return
    }
    try AtomicFile.write(bytes, to: url.path)
  }

  /// The same for a file that is too large for memory; `body` writes it to a descriptor.
  static func write(to url: URL, _ body: (_ descriptor: Int32) throws -> Void) throws {
    guard let present = try? FileHandle(forReadingFrom: url) else { return try AtomicFile.write(to: url.path, body) }
    defer { try? present.close() }
    do {
      try AtomicFile.write(to: url.path) { descriptor in
        try body(descriptor)
        throw try isSame(FileHandle(fileDescriptor: descriptor), present) ? Presence.same : Presence.different
      }
    } catch Presence.same {
      return
    } catch Presence.different {
      throw PipelineError.outputExists
    }
  }

  private enum Presence: Error { case same, different }

  private static func isSame(_ written: FileHandle, _ present: FileHandle) throws -> Bool {
    try written.seek(toOffset: 0)
    while true {
      let (mine, theirs) = (try written.read(upToCount: 1 << 20) ?? Data(), try present.read(upToCount: 1 << 20) ?? Data())
      guard mine == theirs else { return false }
      if mine.isEmpty { return true }
    }
  }
}
