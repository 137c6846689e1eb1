import Diagnostics
import Foundation
import ScanIO
import TestSupport
import Testing

@Suite struct WriterFileTests {
  @Test func `a file is written whole and nothing else is left`() throws {
    let folder = try TestData.temporaryFolder("atomic")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a.bin").path
    try AtomicFile.write([1, 2, 3], to: path)
    try AtomicFile.write([4, 5], to: path)
    #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == [4, 5])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.bin"])
  }

  @Test func `a missing folder is the surroundings' fault`() {
    #expect(throws: FileWriteError.folderMissing) { try AtomicFile.write([1], to: "/nonexistent-folder/x") }
    #expect(FileWriteError.folderMissing.kind.exitCode == 3)
  }

  @Test func `a full disk is told as such`() throws {
    // /dev/full answers every write with ENOSPC.
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    #expect(throws: FileWriteError.diskFull) { try AtomicFile.writeAll([1, 2, 3], to: full.fileDescriptor) }
    #expect(FileWriteError.diskFull.kind.exitCode == 3)
    #expect(
      FileWriteError.diskFull.description
        == "the disk is full or the quota is used up. Free some space or choose another output folder, then run the command again.")
  }

  @Test func `a failed write leaves no temporary file`() throws {
    let folder = try TestData.temporaryFolder("atomic")
    defer { try? FileManager.default.removeItem(at: folder) }
    // A folder with content cannot be replaced by a file.
    let target = folder.appendingPathComponent("target")
    try FileManager.default.createDirectory(at: target.appendingPathComponent("inner"), withIntermediateDirectories: true)
    #expect(throws: FileWriteError.self) { try AtomicFile.write([1], to: target.path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["target"])
  }
}
