package import Diagnostics
package import Foundation
import ForgeGAN
import ForgeTensor
import ScanDeid
import ScanIO
import ScanModel

/// Writes generated images as files: one per image in a folder per label, or one `.npz`.
package struct SyntheticFiles {
  package enum Format: String, Sendable, CaseIterable { case tiff, dicom, png, npz }

  package let folder: URL
  package let format: Format
  package let threads: Int

  package init(folder: URL, format: Format, threads: Int) {
    self.folder = folder
    self.format = format
    self.threads = threads
  }

  /// `LABEL/LABEL-000012.tif`; `generated.npz` for npz. Of a model that is conditioned on attributes, `attributes.csv` says which image shows
  /// which; an npz has them as arrays. A file of an image's name with other contents ends the work: images of two seeds are not mixed.
  package func write(_ request: GenerationPlan, generator: ImageGenerator, progress: @escaping ProgressSink) throws -> StageOutcome {
    KernelTable.threads = threads
    try OutputFolder.check(folder)
    // Before a folder is made for nothing.
    let bytes = try generator.bytes(of: request)
    if format == .npz, bytes > 4_000_000_000 { throw PipelineError.archiveTooLarge }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var archive = format == .npz ? ImageArchive(size: generator.generator.size, bits: generator.facts.depth.rawValue) : nil
    var sheet = AttributeSheet(generator.generator.attributes)
    let count = try generator.generate(request, progress: progress, isCancelled: { Interruption.isRequested }) { items in
      for item in items {
        if archive != nil {
          archive?.append(item.scan.pixels, label: item.scan.label?.name ?? "", attributes: item.scan.columns)
        } else {
          sheet.append(try write(item, generator), item.scan)
        }
      }
    }
    if let archive { try OutputFolder.write(archive.bytes(labelNames: generator.generator.labelNames), to: folder.appendingPathComponent("generated.npz")) }
    if format != .npz { try sheet.write(to: folder.appendingPathComponent(AttributeSheet.fileName)) }
    return StageOutcome(summary: "\(count) synthetic images", figures: generator.figures(count: count), places: [folder.path])
  }

  /// - Returns: the file's path within the folder.
  private func write(_ item: ImageGenerator.Item, _ generator: ImageGenerator) throws -> String {
    let label = item.scan.label?.folderName ?? "unlabelled"
    let place = folder.appendingPathComponent(label, isDirectory: true)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let digits = String(item.index)
    let stem = "\(label)-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    let (bytes, ending): ([UInt8], String) =
      switch format {
      case .dicom:
        (try DICOMWriter.encode(generator.dicomScan(item), identifiers: SyntheticIdentifiers(run: generator.identity, index: item.index)), "dcm")
      case .png: (try PNGWriter.encode(item.scan), "png")
      case .tiff, .npz: (try TIFFWriter.encode(item.scan), "tif")
      }
    try OutputFolder.write(bytes, to: place.appendingPathComponent("\(stem).\(ending)"))
    return "\(label)/\(stem).\(ending)"
  }
}

extension SyntheticScan {
  /// What it shows, by column.
  fileprivate var columns: [String: String] { Dictionary(uniqueKeysWithValues: attributes.map { ($0.column, $1) }) }
}
