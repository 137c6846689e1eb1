package import Foundation
package import ScanIO

/// Where results may go.
package enum OutputFolder {
  /// Refuses what is no folder, a folder inside a workspace, whose contents are recorded one by one, one that an input would read back, and
  /// one that may not be written.
  ///
  /// - Parameter key: a file that must not lie inside an input either.
  /// - Throws: `PipelineError.outputNotAFolder`, `.outputInsideWorkspace`, `.outputInsideInput`, `.keyInsideInput`; `OutputError`.
  package static func check(_ output: URL, inputs: [URL] = [], key: URL? = nil) throws {
    guard isFolderOrFree(output) else { throw PipelineError.outputNotAFolder }
    let target = resolved(output)
    var folder = target
    while folder != "/" && !folder.isEmpty {
      if isWorkspace(folder) { throw PipelineError.outputInsideWorkspace }
      folder = (folder as NSString).deletingLastPathComponent
    }
    let sources = inputs.map(resolved)
    if sources.contains(where: { holds($0, target) }) { throw PipelineError.outputInsideInput }
    if let key, sources.contains(where: { holds($0, resolved(key)) }) { throw PipelineError.keyInsideInput }
    try checkWritable(output)
  }

  /// Refuses a folder that takes no files, or that cannot be made, before any work is done for it.
  ///
  /// - Throws: `OutputError`.
  package static func checkWritable(_ folder: URL) throws(OutputError) {
    var place = folder.standardizedFileURL
    while access(place.path, F_OK) != 0, place.path != "/" { place.deleteLastPathComponent() }
    if access(place.path, W_OK | X_OK) != 0 { throw OutputError(FileWriteError(errno: errno), at: place.path) }
  }

  /// Whether a folder has that name, or nobody, and the nearest thing above it that exists is a folder.
  package static func isFolderOrFree(_ url: URL) -> Bool {
    var place = url.standardizedFileURL
    var status = stat()
    while true {
      if stat(place.path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
      // A link to nowhere has the name and leads to no folder; below a file there is nothing.
      if lstat(place.path, &status) == 0 { return false }
      guard errno == ENOENT || errno == ENOTDIR, place.path != "/" else { return true }
      place.deleteLastPathComponent()
    }
  }

  /// `path` is `folder` or lies inside it; both resolved.
  static func holds(_ folder: String, _ path: String) -> Bool {
    path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
  }

  /// The folder holds a catalog and its objects.
  static func isWorkspace(_ folder: String) -> Bool {
    let files = FileManager.default
    return files.fileExists(atPath: folder + "/catalog.sqlite") && files.fileExists(atPath: folder + "/objects")
  }

  /// Absolute, with the links of the part that exists followed.
  static func resolved(_ url: URL) -> String {
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
