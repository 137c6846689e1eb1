import Diagnostics
import Foundation
import ScanCatalog
import ScanExport
import ScanIO
import ScanModel

/// What one exported picture says of itself.
struct Mark: Sendable {
  /// Below the export's root; a member of an archive goes on after the archive's own path.
  let path: String
  /// true: made artificially; nil: it says nothing.
  let says: Bool?
  /// Where the mark stands.
  let place: String
  /// Whether a file of this format can carry one, and so must.
  let isRequired: Bool

  /// false for a line of metadata that stands beside the picture.
  var isPicture = true

  static func canCarry(_ path: String) -> Bool {
    ["dcm", "nii", "png", "tar", "tif", "tiff"].contains((path as NSString).pathExtension.lowercased()) || MarkDocument(path) != nil
  }

  /// What a file says of itself, or of the files beside it: of an archive one mark for each picture in it, of a document one for each that it tells of.
  ///
  /// - Returns: nil for a document that is no JSON.
  static func read(_ file: URL, path: String) throws -> [Mark]? {
    guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else { throw CatalogError.noPermission }
    switch (path as NSString).pathExtension.lowercased() {
    case "dcm": return [dicom([UInt8](data), path)]
    case "png": return [text(data, path, place: "PNG Description")]
    case "tif", "tiff": return [text(data, path, place: "TIFF ImageDescription")]
    case "nii": return [volume(data, path)]
    case "tar": return archive(data, path)
    default:
      guard let document = MarkDocument(path) else { return [] }
      return document.marks(data)
    }
  }

  /// Synthetic Data (0008,001C). PS3.3 C.12.1.
  private static func dicom(_ bytes: [UInt8], _ path: String) -> Mark {
    let dataset = try? ScanReader().read(bytes, source: Redacted("export"), pixels: false).dataset
    let value = dataset?.text(.syntheticData)?.trimmingCharacters(in: .whitespaces)
    return Mark(path: path, says: value.flatMap { ["YES": true, "NO": false][$0] }, place: "Synthetic Data (0008,001C)", isRequired: true)
  }

  private static func text(_ data: Data, _ path: String, place: String) -> Mark {
    let notices = [PNGWriter.syntheticNotice, PNGWriter.syntheticSourceNotice, PNGWriter.enhancedNotice]
    let isMarked = notices.contains { data.range(of: Data($0.utf8)) != nil }
    // A real picture says that it is de-identified, or nothing.
    return Mark(path: path, says: isMarked ? true : nil, place: place, isRequired: false)
  }

  /// The header's description (nifti1.h, `descrip`, 80 bytes at 148), as `MONAIExport` fills it.
  private static func volume(_ data: Data, _ path: String) -> Mark {
    let description = data.count >= 228 ? String(decoding: data[data.startIndex + 148..<data.startIndex + 228].prefix { $0 != 0 }, as: UTF8.self) : ""
    let says = [true, false].first { description.contains(NIfTIWriter.mark(isSynthetic: $0)) }
    return Mark(path: path, says: says, place: "NIfTI description", isRequired: true)
  }

  /// The pictures of a WebDataset shard, and the metadata of each.
  private static func archive(_ data: Data, _ path: String) -> [Mark] {
    TarReader.members(data).flatMap { member -> [Mark] in
      if member.name.hasSuffix(".png") { return [text(member.bytes, "\(path)/\(member.name)", place: "PNG Description")] }
      guard member.name.hasSuffix(".json") else { return [] }
      return [MarkDocument.mark(member.bytes, "\(path)/\(member.name.dropLast(4))png", place: member.name)]
    }
  }
}
