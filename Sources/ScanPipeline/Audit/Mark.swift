import Diagnostics
import Foundation
import ScanCatalog
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
    ["dcm", "jsonl", "png", "tar", "tif", "tiff"].contains((path as NSString).pathExtension.lowercased())
  }

  /// The marks of a file: of an archive one for each picture in it.
  static func read(_ file: URL, path: String) throws -> [Mark] {
    guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else { throw CatalogError.noPermission }
    switch (path as NSString).pathExtension.lowercased() {
    case "dcm": return [dicom([UInt8](data), path)]
    case "png": return [text(data, path, place: "PNG Description")]
    case "tif", "tiff": return [text(data, path, place: "TIFF ImageDescription")]
    case "jsonl": return lines(data, below: (path as NSString).deletingLastPathComponent)
    case "tar": return archive(data, path)
    default: return []
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

  /// `metadata.jsonl` of Hugging Face's image folders: a line per file beside it.
  private static func lines(_ data: Data, below folder: String) -> [Mark] {
    String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
      guard let json = CanonicalJSON(parsing: String(line)), let name = json["file_name"]?.stringValue else { return nil }
      return metadata(json, "\(folder)/\(name)", place: "metadata.jsonl")
    }
  }

  /// The pictures of a WebDataset shard, and the metadata of each.
  private static func archive(_ data: Data, _ path: String) -> [Mark] {
    members(data).compactMap { member in
      if member.name.hasSuffix(".png") { return text(member.bytes, "\(path)/\(member.name)", place: "PNG Description") }
      guard member.name.hasSuffix(".json"), let json = CanonicalJSON(parsing: String(decoding: member.bytes, as: UTF8.self)) else { return nil }
      return metadata(json, "\(path)/\(member.name.dropLast(4))png", place: member.name)
    }
  }

  private static func metadata(_ json: CanonicalJSON, _ path: String, place: String) -> Mark {
    Mark(path: path, says: json["synthetic"]?.boolValue, place: place, isRequired: true, isPicture: false)
  }

  /// Members of a USTAR archive (POSIX.1-1988): 512-byte headers, contents padded to 512.
  private static func members(_ data: Data) -> [(name: String, bytes: Data)] {
    var found: [(name: String, bytes: Data)] = []
    var offset = data.startIndex
    while offset + 512 <= data.endIndex {
      let header = data[offset..<offset + 512]
      func field(_ start: Int, _ length: Int) -> String {
        String(decoding: header[header.startIndex + start..<header.startIndex + start + length].prefix { $0 != 0 }, as: UTF8.self)
      }
      let name = field(0, 100)
      guard !name.isEmpty, let size = Int(field(124, 12).trimmingCharacters(in: .whitespaces), radix: 8), size >= 0,
        size <= data.endIndex - offset - 512
      else { break }
      let prefix = field(345, 155)
      let start = offset + 512
      found.append((prefix.isEmpty ? name : "\(prefix)/\(name)", data[start..<start + size]))
      offset = start + (size + 511) / 512 * 512
    }
    return found
  }
}
