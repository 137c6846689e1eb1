package import Foundation
package import ScanDeid

extension ShardFolder {
  /// Folders of shards in the workspace that hold images of `patient`: a withdrawal removes them. Those elsewhere are their owner's to remove.
  package static func folders(of patient: Pseudonym, in workspace: Workspace) throws -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: workspace.shards.path)) ?? []
    let text = Data(patient.text.utf8)
    return try names.sorted().map { workspace.shards.appendingPathComponent($0, isDirectory: true) }.filter { url in
      guard let descriptor = try ShardObjects(url).openFile(logName) else { return false }
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      // A pseudonym may lie across two pieces.
      var end = Data()
      while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
        if (end + piece).range(of: text) != nil { return true }
        end = piece.suffix(text.count)
      }
      return false
    }
  }
}
