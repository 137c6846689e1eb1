import Dispatch
import Foundation
import Glibc
import Synchronization

/// Reads the files of a shard's folder, which may come from anywhere: no link is followed and nothing but regular files is opened, whatever the
/// names say.
struct ShardObjects {
  private let url: URL

  init(_ url: URL) { self.url = url }

  private var folder: String { url.lastPathComponent }

  /// Opens a file of the folder for reading.
  ///
  /// - Parameter path: names of folders and the file, none of them taken from the shard's log.
  /// - Returns: nil when it is not there.
  /// - Throws: `ShardError.unusableFile`.
  func openFile(_ path: String...) throws -> Int32? {
    var place = Glibc.open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    for (index, name) in path.enumerated() where place >= 0 {
      let kind = index == path.count - 1 ? O_NONBLOCK : O_DIRECTORY
      let next = openat(place, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind)
      let code = errno
      close(place)
      errno = code
      place = next
    }
    guard place >= 0 else {
      if errno == ENOENT { return nil }
      throw ShardError.unusableFile(folder: folder, file: path.joined(separator: "/"))
    }
    var status = stat()
    guard fstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(place)
      throw ShardError.unusableFile(folder: folder, file: path.joined(separator: "/"))
    }
    return place
  }

  /// Opens an object.
  ///
  /// - Throws: `ShardError.objectMissing`, `.unusableFile`.
  func open(_ digest: ContentDigest) throws -> Int32 {
    let hex = digest.hex
    guard let descriptor = try openFile("objects", String(hex.prefix(2)), String(hex.dropFirst(2))) else {
      throw ShardError.objectMissing(folder: folder, digest)
    }
    return descriptor
  }

  /// Hashes the objects with many threads.
  ///
  /// - Parameter objects: hashes with lengths.
  /// - Throws: `ShardError` of the first object that is not what it should be.
  func verify(_ objects: [ContentDigest: Int64], threads: Int) throws {
    let all = objects.sorted { $0.key < $1.key }
    let next = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, all.count))) { _ in
      while failure.withLock({ $0 == nil }) {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < all.count else { return }
        do {
          let descriptor = try open(all[index].key)
          defer { close(descriptor) }
          guard try ObjectStore.digest(reading: descriptor) == (all[index].key, all[index].value) else {
            throw ShardError.objectModified(folder: folder, all[index].key)
          }
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Copies an object into the catalog's store, hashing it once more on the way: the folder may have changed since it was verified.
  func admit(_ item: ShardItem, to store: ObjectStore) throws -> StoredObject {
    let descriptor = try open(item.sha256)
    defer { close(descriptor) }
    let object = try store.store(copying: descriptor, of: item.subject)
    guard object.sha256 == item.sha256, object.bytes == item.bytes else {
      unlink(object.staged.path)
      throw ShardError.objectModified(folder: folder, item.sha256)
    }
    return object
  }
}
