import ForgeGAN
import Foundation
import Glibc
import ScanCatalog

/// What lies beside the catalog and may show a patient or hold what was learned from one: all that runs left which read the images, the training
/// states of models that are not finished, and the folders of shards with such images.
struct RunLeftovers {
  /// Regular files, sorted.
  let files: [URL]
  /// Folders.
  let shards: [URL]

  init(of trace: PatientTrace, in catalog: Catalog) throws {
    let runs = trace.runs
    var folders: [URL] = runs.map { catalog.workspace.runs.appendingPathComponent(String($0.rawValue), isDirectory: true) }
    for run in try catalog.runs() where runs.contains(run.id) && run.op == "train" {
      guard let name = CanonicalJSON(parsing: run.params)?["training"]?["name"]?.stringValue else { continue }
      folders.append(ModelTrainer.workingFolder(of: name, in: catalog.workspace).url)
    }
    files = folders.flatMap(Self.files).sorted { $0.path < $1.path }
    shards = try trace.pseudonym.map { try ShardFolder.folders(of: $0, in: catalog.workspace) } ?? []
  }

  func remove() throws {
    for file in files where unlink(file.path) != 0 && errno != ENOENT { throw DurableFile.failure("unlink") }
    for folder in shards { try FileManager.default.removeItem(at: folder) }
    try DurableFile.sync(Set((files + shards).map { $0.deletingLastPathComponent() }))
  }

  private static func files(below folder: URL) -> [URL] {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return paths.map { folder.appendingPathComponent($0) }.filter { url in
      var status = stat()
      return lstat(url.path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
    }
  }
}
