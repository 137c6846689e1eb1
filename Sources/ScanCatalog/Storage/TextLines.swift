package import Foundation
import Glibc

/// Lines of a text file, read in pieces.
package struct TextLines: ~Copyable {
  private let descriptor: Int32
  private let longest: Int
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  /// - Parameter longest: bytes; a longer line reads as an empty one, and is the last.
  /// - Throws: `CatalogError.noSuchFile`, `noPermission`, `notAFile`.
  package init(_ url: URL, longest: Int = .max) throws {
    // A pipe would be waited for.
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw errno == ENOENT ? CatalogError.noSuchFile : CatalogError.noPermission }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CatalogError.notAFile
    }
    self.init(descriptor: descriptor, longest: longest)
  }

  /// Takes the descriptor over.
  ///
  /// - Parameter longest: bytes; a longer line reads as an empty one, and is the last.
  init(descriptor: Int32, longest: Int = .max) {
    self.descriptor = descriptor
    self.longest = longest
  }

  deinit { close(descriptor) }

  /// The bytes of the next line and whether a line feed ended it; nil after the last one.
  mutating func nextBytes() throws -> (bytes: ArraySlice<UInt8>, isEnded: Bool)? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return (buffer[start..<end], true)
      }
      if buffer.count - start > longest {
        isAtEnd = true
        buffer = []
        start = 0
        return ([], true)
      }
      if isAtEnd {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        return (buffer[start...], false)
      }
      searched = buffer.count - start
      buffer.removeFirst(start)
      start = 0
      try fill()
    }
  }

  /// The next line; one that is not UTF-8 is empty.
  package mutating func next() throws -> String? {
    try nextBytes().map { String(validating: $0.bytes, as: UTF8.self) ?? "" }
  }

  private mutating func fill() throws {
    let size = 1 << 20
    let old = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: size))
    let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + old, size) }
    guard count >= 0 || errno == EINTR else { throw DurableFile.failure("read") }
    buffer.removeLast(size - max(0, count))
    isAtEnd = count == 0
  }
}
