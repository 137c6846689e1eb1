import Foundation
import TestSupport

/// One small run of the whole pipeline, made once and shared by the tests; those that change something work on a copy.
enum SmallRun {
  /// The folder with `phantoms/`, `pipeline.yaml`, `workspace/` and `out/`.
  static let folder: URL = {
    do {
      let folder = try TestData.temporaryFolder("end-to-end")
      let made = try Program.run("make-phantoms", ["phantoms", "--patients", "3", "--slices", "6", "--size", "64", "--tiff-patients", "2"], in: folder)
      precondition(made.exitCode == 0, "make-phantoms failed: \(made.errors)")
      try pipeline.write(to: folder.appendingPathComponent("pipeline.yaml"), atomically: true, encoding: .utf8)
      return folder
    } catch {
      preconditionFailure("the small run cannot be set up: \(error)")
    }
  }()

  /// The result of `run pipeline.yaml --workspace workspace --json`.
  static let result: Program.Result = {
    do {
      return try Program.run(arguments: ["run", "pipeline.yaml", "--workspace", "workspace", "--json", "--threads", "2"])
    } catch {
      preconditionFailure("the small run cannot start: \(error)")
    }
  }()

  static let pipeline = """
    name: small
    seed: 3
    stages:
      - ingest:       { from: [phantoms/dicom, phantoms/tiff], labelFrom: "csv:phantoms/labels.csv" }
      - deidentify:   { profile: basic }
      - normalize:    { intensity: auto }
      - split:        { train: 0.75, test: 0.25 }
      - train:        { model: cgan, size: 32, steps: 4, batch: 4, width: 4, latent: 8 }
      - generate:     { model: cgan, perLabel: 3 }
      - train:        { model: srgan, factor: 2, size: 32, steps: 6, batch: 2, width: 4, blocks: 1, discriminatorWidth: 4 }
      - superResolve: { model: srgan, split: test }
      - export:       { to: out, format: [imagefolder, dicom] }
    """

  /// A copy of everything, workspace included; the caller removes it.
  static func copy() throws -> URL {
    _ = result
    let copy = try TestData.temporaryFolder("end-to-end-copy")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      try FileManager.default.copyItem(at: folder.appendingPathComponent(name), to: copy.appendingPathComponent(name))
    }
    return copy
  }
}

extension Program {
  /// Runs `scanforge` in the small run's folder.
  static func run(arguments: [String]) throws -> Result { try run("scanforge", arguments, in: SmallRun.folder) }
}

/// All regular files below a folder.
func files(below folder: URL) -> [URL] {
  guard let walker = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey], options: []) else { return [] }
  return walker.compactMap { $0 as? URL }.filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true }
}
