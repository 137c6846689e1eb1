import Foundation
import ScanIO

/// Stored words of an image that is too large for memory, in a file without a name that goes with the process.
final class PixelSpool {
  private let descriptor: Int32
  private let rowBytes: Int
  private let sampleBytes: Int

  /// - Parameters:
  ///   - folder: whose disk holds the words until they are written to their place.
  ///   - columns: of the image; rows follow from what is written.
  init(in folder: URL, columns: Int, sampleBytes: Int) throws(FileWriteError) {
    let path = AtomicFile.temporaryPath(in: folder.path)
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
    unlink(path)
    rowBytes = columns * sampleBytes
    self.sampleBytes = sampleBytes
  }

  deinit { close(descriptor) }

  /// Puts the words of a piece of a row in their place.
  func write(_ words: UnsafeRawBufferPointer, row: Int, column: Int) throws(FileWriteError) {
    var done = 0
    while done < words.count {
      let count = pwrite(descriptor, words.baseAddress! + done, words.count - done, off_t(row * rowBytes + column * sampleBytes + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileWriteError(errno: errno)
      }
      done += count
    }
  }

  /// Fills `output` with the words from a byte offset on; false when they are not all there.
  func read(_ offset: Int, _ output: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < output.count {
      let count = pread(descriptor, output.baseAddress! + done, output.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
