import Diagnostics
import Foundation
import ScanDeid
import ScanIO
import ScanModel

/// Where the mask of an image comes from: whole numbers on the image's grid, such as 0 and 1 for background and lesion.
package enum MaskSource: Sendable, Equatable {
  case none
  /// A folder with a mask for each image: the image's path below its own input, with any extension.
  case folder(String)
  /// A CSV file with the columns path and mask (both relative to the file).
  case csv(String)

  /// The CSV file that is read.
  var table: String? { if case .csv(let path) = self { path } else { nil } }

  /// `folder:DIR`, `csv:FILE`; nil for anything else.
  package init?(_ text: String) {
    if text.hasPrefix("folder:"), text.count > 7 {
      self = .folder(String(text.dropFirst(7)))
    } else if text.hasPrefix("csv:"), text.count > 4 {
      self = .csv(String(text.dropFirst(4)))
    } else {
      return nil
    }
  }
}

/// Which file is whose mask.
struct MaskSheet: Sendable {
  /// By the image's real path (CSV), or by its path below its input without extension (folder).
  private let files: [String: String]
  private let isFolder: Bool
  /// Real paths of all masks, which are no images even where they lie among them.
  private let masks: Set<String>

  /// - Throws: `CSVError`, `InputError` when file or folder cannot be used.
  init(_ source: MaskSource) throws {
    var files: [String: String] = [:]
    switch source {
    case .none: isFolder = false
    case .folder(let path):
      isFolder = true
      // Of several files of one stem the first in byte order.
      for item in try InputCollector.collect([path]).items.reversed() {
        files[Self.stem(item.relativePath.revealed)] = Self.real(item.path.revealed)
      }
    case .csv(let path):
      isFolder = false
      let url = URL(fileURLWithPath: path)
      let table = try CSVTable(contentsOf: url)
      let (image, mask) = (try table.column("path"), try table.column("mask"))
      let folder = url.deletingLastPathComponent().path
      for row in table.rows where !row[mask].isEmpty { files[Self.real(row[image], in: folder)] = Self.real(row[mask], in: folder) }
    }
    self.files = files
    masks = Set(files.values)
  }

  /// The mask of an image; nil when it has none.
  func mask(of item: InputItem) -> String? {
    files.isEmpty ? nil : files[key(of: item)]
  }

  /// What to tell a user whose masks lie elsewhere than the images do; nil when each one has its image.
  func warning(among items: [InputItem]) -> String? {
    let unused = Set(files.keys).subtracting(items.map(key)).count
    guard unused > 0 else { return nil }
    let place = isFolder ? "an image's path below its own input is looked for below the masks' folder" : "paths are relative to the CSV file's folder"
    return "\(unused) of \(files.count) masks belong to no image; \(place)"
  }

  private func key(of item: InputItem) -> String { isFolder ? Self.stem(item.relativePath.revealed) : Self.real(item.path.revealed) }

  /// The images among `items`, numbered anew.
  func images(_ items: [InputItem]) -> [InputItem] {
    guard !masks.isEmpty else { return items }
    return items.filter { !masks.contains(Self.real($0.path.revealed)) }.enumerated().map {
      InputItem(number: $0 + 1, path: $1.path, relativePath: $1.relativePath)
    }
  }

  private static func stem(_ path: String) -> String { (path as NSString).deletingPathExtension }

  private static func real(_ path: String, in folder: String? = nil) -> String {
    URL(fileURLWithPath: path, relativeTo: folder.map { URL(fileURLWithPath: $0, isDirectory: true) }).standardizedFileURL
      .resolvingSymlinksInPath().path
  }
}

/// Why a mask does not go in. It fails its image: an image without its mask would look like one that has none.
enum MaskError: ExplainedError, Equatable {
  case notWholeNumbers
  case otherSize(mask: [Int], image: [Int])

  var kind: FailureKind { .item }
  var code: String {
    switch self {
    case .notWholeNumbers: "mask.notWholeNumbers"
    case .otherSize: "mask.otherSize"
    }
  }
  var what: String {
    switch self {
    case .notWholeNumbers: "the mask has colors or fractions, not one whole number for each pixel"
    case .otherSize(let mask, let image): "the mask has \(Self.text(mask)), its image \(Self.text(image))"
    }
  }
  var remedy: String {
    switch self {
    case .notWholeNumbers: "Save it as grey TIFF or PNG of 8 or 16 bits with a number for each class."
    case .otherSize: "Give the mask that belongs to this image."
    }
  }
  private static func text(_ size: [Int]) -> String { "\(size[0]) rows, \(size[1]) columns, \(size[2]) frames" }
}

/// Reads masks. Nothing but their numbers goes on: a mask file's own metadata may identify someone.
enum MaskReader {
  /// - Returns: a TIFF of the mask's words.
  /// - Throws: `MaskError`, and what the reader throws.
  static func encode(_ path: String, for clean: CleanScan) throws -> [UInt8] {
    let scan = try ScanReader.read(path: path)
    guard let pixels = scan.pixels, let image = clean.pixels, pixels.samplesPerPixel == 1, !pixels.isFloat, pixels.bitsAllocated <= 32,
      [.monochrome1, .monochrome2].contains(scan.photometric ?? .monochrome2)
    else { throw MaskError.notWholeNumbers }
    let (size, wanted) = ([pixels.rows, pixels.columns, pixels.frames], [image.rows, image.columns, image.frames])
    guard size == wanted else { throw MaskError.otherSize(mask: size, image: wanted) }
    return try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)
  }
}
