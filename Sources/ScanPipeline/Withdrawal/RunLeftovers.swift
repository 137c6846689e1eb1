import ForgeGAN
import Foundation
import Glibc
import ScanCatalog

/// Files below `runs/` that may show a patient or hold what was learned from one: all that runs left which read the images, and the training
/// states of models that are not finished.
struct RunLeftovers {
  /// Regular files, sorted.
  let files: [URL]

  init(of trace: PatientTrace, in catalog: Catalog) throws {
    let runs = trace.runs
    var folders: [URL] = runs.map { catalog.workspace.runs.appendingPathComponent(String($0.rawValue), isDirectory: true) }
    for run in try catalog.runs() where runs.contains(run.id) && run.op == "train" {
      guard let name = CanonicalJSON(parsing: run.params)?["training"]?["name"]?.stringValue else { continue }
      folders.append(ModelTrainer.workingFolder(of: name, in: catalog.workspace).url)
    }
    files = folders.flatMap(Self.files).sorted { $0.path < $1.path }
  }

  func remove() throws {
    for file in files where unlink(file.path) != 0 && errno != ENOENT { throw DurableFile.failure("unlink") }
    try DurableFile.sync(Set(files.map { $0.deletingLastPathComponent() }))
  }

  private static func files(below folder: URL) -> [URL] {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return paths.map { folder.appendingPathComponent($0) }.filter { url in
      var status = stat()
      return lstat(url.path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
    }
  }
}
