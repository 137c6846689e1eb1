package import Foundation

/// Where tests find data that is not part of the repository.
package enum TestData {
  /// The repository's root.
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The optional folder of reference values and real scans beside the clone (`SCANFORGE_SHARED` overrides); nil when absent.
  package static let shared: URL? = {
    let environment = ProcessInfo.processInfo.environment["SCANFORGE_SHARED"]
    let folder = environment.map { URL(fileURLWithPath: $0) } ?? root.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent("reference").path) ? folder : nil
  }()

  /// `shared/<path>` when it exists; else prints what is skipped, once per path, and gives nil.
  package static func shared(_ path: String, for purpose: String) -> URL? {
    if let url = shared?.appendingPathComponent(path), FileManager.default.fileExists(atPath: url.path) { return url }
    print("SKIPPED: \(purpose): shared/\(path) is not there")
    return nil
  }

  /// A fresh folder of this process. The caller removes it, so that a long run does not fill the disk; what a failing or trapping test leaves
  /// goes when the process ends, and what a killed one leaves when the next begins.
  package static func temporaryFolder(_ name: String = "scanforge") throws -> URL {
    let url = TemporaryFolders.root.appendingPathComponent("\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }
}
