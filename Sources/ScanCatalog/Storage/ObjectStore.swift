import Crypto
package import Foundation
import Glibc
package import ScanDeid

/// Content-addressed files: `objects/ab/cdef…` holds the bytes whose SHA-256 is `abcdef…`, read-only, each content once.
///
/// Bytes arrive in two steps, so that a crash leaves an orphan at worst and never a row without its object: `store` writes a staging
/// file; `RunHandle.record` flushes the staging files of a batch, renames them into place, flushes the folders and then commits rows.
/// Nothing but de-identified data gets in: every way to `store` asks for a `CleanScan`, an `EnhancedScan`, a `SyntheticScan`, a
/// `Pseudonym`, or says that the bytes are nobody's (weights, manifests).
package struct ObjectStore: Sendable {
  package let workspace: Workspace

  package init(_ workspace: Workspace) { self.workspace = workspace }

  /// Bytes written from a de-identified scan.
  package func store(_ bytes: [UInt8], of scan: CleanScan) throws -> StoredObject { try stage(bytes, .patient(scan.patient)) }

  /// Bytes written from a super-resolved scan; they stay the patient's.
  package func store(_ bytes: [UInt8], of scan: EnhancedScan) throws -> StoredObject { try stage(bytes, .patient(scan.source.patient)) }

  /// Bytes of a super-resolved image that is too large for memory; `body` writes them to a descriptor.
  package func store(_ scan: EnhancedStream, writing body: (_ descriptor: Int32) throws -> Void) throws -> StoredObject {
    let staged = newStagingFile()
    do {
      try DurableFile.write(to: staged, mode: 0o400, body)
      let (digest, count) = try Self.digest(of: staged)
      return StoredObject(sha256: digest, bytes: count, subject: .patient(scan.source.patient), staged: staged)
    } catch {
      unlink(staged.path)
      throw error
    }
  }

  /// Bytes written from a generated image.
  package func store(_ bytes: [UInt8], of scan: SyntheticScan) throws -> StoredObject { try stage(bytes, .nobody) }

  /// Bytes derived from de-identified data of `patient`: a normalized slice, a mask.
  package func store(_ bytes: [UInt8], of patient: Pseudonym) throws -> StoredObject { try stage(bytes, .patient(patient)) }

  /// Bytes that describe or are computed over many items: model descriptions, data set roots, manifests.
  package func store(unownedBytes bytes: [UInt8]) throws -> StoredObject { try stage(bytes, .nobody) }

  /// The same for text that is too long for memory; `body` is handed what takes its lines.
  package func store(unownedLines body: ((_ line: String) throws -> Void) throws -> Void) throws -> StoredObject {
    let staged = newStagingFile()
    do {
      try DurableFile.write(to: staged, mode: 0o400) { descriptor in
        var waiting: [UInt8] = []
        func flush() throws {
          try waiting.withUnsafeBytes { try DurableFile.write($0, to: descriptor) }
          waiting.removeAll(keepingCapacity: true)
        }
        try body { line in
          waiting += line.utf8
          waiting.append(UInt8(ascii: "\n"))
          if waiting.count > 1 << 20 { try flush() }
        }
        try flush()
      }
      let (digest, count) = try Self.digest(of: staged)
      return StoredObject(sha256: digest, bytes: count, subject: .nobody, staged: staged)
    } catch {
      unlink(staged.path)
      throw error
    }
  }

  /// An object that the caller puts in place by itself, as for `RunHandle.recordPlaced`.
  package func placed(_ sha256: ContentDigest, bytes: Int64, of subject: StoredObject.Subject) -> StoredObject {
    StoredObject(sha256: sha256, bytes: bytes, subject: subject, staged: workspace.objects)
  }

  /// A copy of a file of weights; whoever goes on writing to the file changes nothing here.
  package func store(weights file: URL) throws -> StoredObject {
    let staged = newStagingFile()
    do {
      try DurableFile.copy(file, to: staged)
      let (digest, count) = try Self.digest(of: staged)
      return StoredObject(sha256: digest, bytes: count, subject: .nobody, staged: staged)
    } catch {
      unlink(staged.path)
      throw error
    }
  }

  /// A copy of an object that a shard of this workspace made; the shard's log, which needs the workspace's key, says whose it is.
  func store(copying descriptor: Int32, of subject: StoredObject.Subject) throws -> StoredObject {
    let staged = newStagingFile()
    do {
      var found: (ContentDigest, Int64) = (.zero, 0)
      try DurableFile.write(to: staged, mode: 0o400) { output in
        found = try Self.digest(reading: descriptor) { try DurableFile.write($0, to: output) }
      }
      return StoredObject(sha256: found.0, bytes: found.1, subject: subject, staged: staged)
    } catch {
      unlink(staged.path)
      throw error
    }
  }

  /// Where the bytes of `digest` are.
  package func url(of digest: ContentDigest) -> URL {
    let hex = digest.hex
    return workspace.objects.appendingPathComponent(String(hex.prefix(2)), isDirectory: true).appendingPathComponent(String(hex.dropFirst(2)))
  }

  /// All bytes of an object, hashed again: nothing is made from changed bytes.
  ///
  /// - Throws: `CatalogError.objectMissing`, `.objectModified`.
  package func read(_ digest: ContentDigest) throws -> [UInt8] {
    guard let data = try? Data(contentsOf: url(of: digest), options: .mappedIfSafe) else { throw CatalogError.objectMissing(digest) }
    let bytes = [UInt8](data)
    guard ContentDigest(of: bytes) == digest else { throw CatalogError.objectModified(digest) }
    return bytes
  }

  /// SHA-256 and length of a regular file, read in pieces of 1 MiB; symbolic links are not followed.
  package static func digest(of url: URL) throws -> (ContentDigest, Int64) {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw DurableFile.failure("open") }
    defer { close(descriptor) }
    return try digest(reading: descriptor)
  }

  /// As `digest(of:)`, from where the descriptor stands; `piece` is shown what was read.
  static func digest(reading descriptor: Int32, piece: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws -> (ContentDigest, Int64) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw DurableFile.failure("stat") }
    var hasher = SHA256()
    var total: Int64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(max(status.st_size, 1), 1 << 20)), alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DurableFile.failure("read") }
      if count == 0 { break }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      hasher.update(bufferPointer: bytes)
      try piece(bytes)
      total += Int64(count)
    }
    return (ContentDigest(finalizing: hasher), total)
  }

  /// Puts staged files in place, durably: contents first, then names.
  func publish(_ objects: [StoredObject]) throws {
    var waiting: [ContentDigest: URL] = [:]
    for object in objects {
      if let known = waiting[object.sha256] {
        if known != object.staged { unlink(object.staged.path) }
      } else if FileManager.default.fileExists(atPath: object.staged.path) {
        waiting[object.sha256] = object.staged
      } else if !FileManager.default.fileExists(atPath: url(of: object.sha256).path) {
        throw CatalogError.objectMissing(object.sha256)
      }
    }
    guard !waiting.isEmpty else { return }
    try DurableFile.sync(waiting.values)
    var folders: Set<URL> = []
    for (digest, file) in waiting {
      let destination = url(of: digest)
      let folder = destination.deletingLastPathComponent()
      if folders.insert(folder).inserted, mkdir(folder.path, 0o700) == 0 { folders.insert(workspace.objects) }
      try DurableFile.move(file, to: destination)
    }
    try DurableFile.sync(folders)
  }

  /// Removes what an interrupted writer left in staging. Only under the writer lock.
  func clearStaging() throws {
    try DurableFile.makeFolder(workspace.staging)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: workspace.staging.path)) ?? [] {
      unlink(workspace.staging.appendingPathComponent(name).path)
    }
  }

  private func stage(_ bytes: [UInt8], _ subject: StoredObject.Subject) throws -> StoredObject {
    let staged = newStagingFile()
    do {
      try DurableFile.write(bytes, to: staged, mode: 0o400)
    } catch {
      unlink(staged.path)
      throw error
    }
    return StoredObject(sha256: ContentDigest(of: bytes), bytes: Int64(bytes.count), subject: subject, staged: staged)
  }

  private func newStagingFile() -> URL { workspace.staging.appendingPathComponent(UUID().uuidString) }
}

/// Bytes that wait in staging, hashed, with whose data they are. Only `ObjectStore` makes one.
package struct StoredObject: Sendable, Equatable {
  package enum Subject: Sendable, Equatable {
    case patient(Pseudonym)
    case nobody
  }

  package let sha256: ContentDigest
  package let bytes: Int64
  package let subject: Subject
  let staged: URL

  fileprivate init(sha256: ContentDigest, bytes: Int64, subject: Subject, staged: URL) {
    self.sha256 = sha256
    self.bytes = bytes
    self.subject = subject
    self.staged = staged
  }
}
