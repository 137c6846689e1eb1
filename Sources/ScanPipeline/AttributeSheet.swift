import Foundation
import ForgeGAN
import ScanDeid
import ScanModel

/// A CSV file with a row per generated image, for a model that is conditioned on attributes: `path,label` and a column for each, in the form that
/// `ingest --label-from csv:FILE` reads. Does nothing for a model of labels alone.
struct AttributeSheet {
  static let fileName = "attributes.csv"

  private let attributes: [ScanAttribute]
  /// By path.
  private var rows: [String: [String]] = [:]

  init(_ known: [ImageAttribute]) { attributes = known.compactMap { ScanAttribute(rawValue: $0.name) } }

  mutating func append(_ path: String, _ scan: SyntheticScan) {
    rows[path] = [path, scan.label?.name ?? ""] + attributes.map { scan.attributes[$0] ?? "" }
  }

  /// The file with the rows of earlier requests to the folder whose images are there; nil for a model of labels alone.
  ///
  /// - Throws: `PipelineError.outputExists` when `url` is something else.
  func bytes(addingTo url: URL) throws -> [UInt8]? {
    guard !attributes.isEmpty else { return nil }
    let header = ["path", "label"] + attributes.map(\.column)
    var rows = rows
    if FileManager.default.fileExists(atPath: url.path) {
      guard let known = try? CSVTable(contentsOf: url), known.header == header else { throw PipelineError.outputExists }
      let folder = url.deletingLastPathComponent()
      for row in known.rows where rows[row[0]] == nil && FileManager.default.fileExists(atPath: folder.appendingPathComponent(row[0]).path) {
        rows[row[0]] = row
      }
    }
    let lines = [header] + rows.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    return lines.flatMap { Array($0.map(CSVTable.field).joined(separator: ",").utf8) + [0x0A] }
  }
}
