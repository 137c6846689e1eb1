package import Diagnostics
package import Foundation
import ForgeGAN
package import ScanDeid
import ScanCatalog

/// A model named on the command line: in the workspace, or a folder or file of its own.
package struct ModelSource {
  package let url: URL
  package let name: String
  /// The catalog of the workspace that it was found in; nil for a file.
  private let catalog: Catalog?

  /// Whether the model's folder belongs to a workspace's catalog, which knows every file in it.
  package var isCatalogued: Bool { catalog != nil }

  /// - Parameter text: an existing file or folder wins over a name in the workspace.
  /// - Throws: `PipelineError.noModel` when it is neither; `CatalogError` for a workspace that cannot be read, or a model that was
  ///   changed or is tainted.
  package init(_ text: String, workspace: URL) throws {
    let path = URL(fileURLWithPath: text)
    if FileManager.default.fileExists(atPath: path.path) {
      url = path
      name = path.deletingPathExtension().lastPathComponent
      catalog = nil
      try Self.refuseTainted(path, name: name, near: workspace)
    } else {
      do {
        let catalog = try Catalog.openForReading(at: workspace)
        url = try catalog.verifiedModel(named: text).folder
        self.catalog = catalog
      } catch CatalogError.notAWorkspace {
        throw PipelineError.noModel(text, hasWorkspace: false)
      } catch CatalogError.noSuchModel, CatalogError.modelName {
        throw PipelineError.noModel(text, hasWorkspace: true)
      }
      name = text
    }
  }

  /// A file of weights is refused where a catalog says that they are tainted: the named workspace's, or that of the folder that the file lies in.
  private static func refuseTainted(_ path: URL, name: String, near workspace: URL) throws {
    let file = ModelFolder.modelFile(path).resolvingSymlinksInPath()
    let home = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let catalogs = [workspace, home].compactMap { try? Catalog.openForReading(at: $0) }
    guard !catalogs.isEmpty, let (digest, _) = try? ObjectStore.digest(of: file) else { return }
    for catalog in catalogs where try catalog.artifacts(sha256: digest).contains(where: { $0.state == .tainted }) {
      throw CatalogError.modelTainted(name)
    }
  }

  /// The pseudonym key for inputs: the given file's, the workspace's, or one for this run only.
  package func key(file: String?, progress: ProgressSink) throws -> PseudonymKey {
    if let file { return try PseudonymKey.loadOrCreate(file).key }
    if let catalog { return try catalog.pseudonymKey(for: "upscale").key }
    progress(.note(stage: "key", text: "identifiers are replaced under a key for this run only; give --key FILE for the same ones again"))
    return PseudonymKey.random()
  }
}
