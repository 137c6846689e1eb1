package import Diagnostics
package import Foundation
import ForgeGAN
import ForgeNN
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
  /// which; an npz has them as arrays.
  ///
  /// The files are seen when all of them are there (`GenerationStaging`), and the folder of a label holds the images of one request: what an
  /// earlier one made there must be what this one makes. A program that is killed leaves nothing that looks finished.
  /// - Throws: `PipelineError.outputExists` when a label's folder holds something else, `.stopped`; `OutputError`.
  package func write(_ request: GenerationPlan, generator: ImageGenerator, progress: @escaping ProgressSink) throws -> StageOutcome {
    KernelTable.threads = threads
    try OutputFolder.check(folder)
    // Before a folder is made for nothing.
    let bytes = try generator.bytes(of: request)
    if format == .npz, bytes > 4_000_000_000 { throw PipelineError.archiveTooLarge }
    // The words, their array and the file.
    if format == .npz { try MemoryShortage.check("an npz file of these images", needs: 3 * bytes, remedy: "Ask for fewer images, or for tiff, png or dicom.") }
    let labels = format == .npz ? [] : try generator.conditions(of: request).labels.map { Label(generator.generator.labelNames[Int($0)])?.folderName }
    return try OutputError.naming(folder.path) {
      let staging = try GenerationStaging(root: folder, folders: Set(labels.map { $0 ?? Self.unlabelled })) { path in
        // The digits before the ending say which image it is.
        guard let index = Int(path.split(separator: "-").last?.prefix { $0.isNumber } ?? ""), labels.indices.contains(index) else { return false }
        return path == name(of: labels[index], index: index)
      }
      defer { staging.discard() }
      return try write(request, generator, into: staging, progress)
    }
  }

  private func write(
    _ request: GenerationPlan, _ generator: ImageGenerator, into staging: GenerationStaging, _ progress: @escaping ProgressSink
  ) throws -> StageOutcome {
    var archive = format == .npz ? ImageArchive(size: generator.generator.size, bits: generator.facts.depth.rawValue) : nil
    var sheet = AttributeSheet(generator.generator.attributes)
    let count: Int
    do {
      count = try generator.generate(request, progress: progress, isCancelled: { Interruption.isRequested }) { items in
        for item in items {
          if archive != nil {
            archive?.append(item.scan.pixels, label: item.scan.label?.name ?? "", attributes: item.scan.columns)
          } else {
            let name = name(of: item.scan.label?.folderName, index: item.index)
            try staging.write(try encoded(item, generator), to: name)
            sheet.append(name, item.scan)
          }
        }
      }
    } catch PipelineError.interrupted {
      throw PipelineError.stopped
    }
    if let archive { try staging.write(archive.bytes(labelNames: generator.generator.labelNames), to: Self.archiveName) }
    let rows = format == .npz ? nil : try sheet.bytes(addingTo: folder.appendingPathComponent(AttributeSheet.fileName))
    try staging.place(replacing: rows.map { (AttributeSheet.fileName, $0) })
    return StageOutcome(summary: "\(count) synthetic images", figures: generator.figures(count: count), places: [folder.path])
  }

  private static let archiveName = "generated.npz"
  private static let unlabelled = "unlabelled"

  /// `LABEL/LABEL-000012.tif`, with the label as a folder's name.
  private func name(of label: String?, index: Int) -> String {
    let (label, digits) = (label ?? Self.unlabelled, String(index))
    let ending = format == .dicom ? "dcm" : format == .png ? "png" : "tif"
    return "\(label)/\(label)-" + String(repeating: "0", count: max(0, 6 - digits.count)) + "\(digits).\(ending)"
  }

  private func encoded(_ item: ImageGenerator.Item, _ generator: ImageGenerator) throws -> [UInt8] {
    switch format {
    case .dicom: try DICOMWriter.encode(generator.dicomScan(item), identifiers: SyntheticIdentifiers(run: generator.identity, index: item.index))
    case .png: try PNGWriter.encode(item.scan)
    case .tiff, .npz: try TIFFWriter.encode(item.scan)
    }
  }
}

extension SyntheticScan {
  /// What it shows, by column.
  fileprivate var columns: [String: String] { Dictionary(uniqueKeysWithValues: attributes.map { ($0.column, $1) }) }
}
