import ScanCatalog

/// `webdataset/SPLIT-%06d.tar`: shards of `KEY.png KEY.cls KEY.json`, the three files of a sample one after the other.
///
/// A path in `metadata.csv` goes on inside its shard. `KEY.cls` is the rank of the
/// label, -1 without one; `KEY.json` has the columns of every format. Source: the WebDataset format, version 0.2.
package struct WebDatasetExport: PictureFormat {
  package static let name = "webdataset"
  package init() {}

  package func folder(of item: ExportItem) -> String { item.part }
  package func writer(_ staging: ExportStaging) -> any ExportWriter { ShardWriter(staging: staging) }
}

/// Fills one archive after the other.
struct ShardWriter: ExportWriter {
  /// A shard ends after so many bytes or samples.
  static let shardBytes = 128 << 20
  static let shardSamples = 10_000

  let staging: ExportStaging
  private var archive = TarArchive()
  private var samples = 0
  private var part: String?
  private var number = 0

  init(staging: ExportStaging) { self.staging = staging }

  mutating func write(_ image: ExportedImage, as file: ExportedFile, stem: String) throws -> String {
    let item = file.item
    if item.part != part {
      try finish()
      (part, number) = (item.part, 0)
    } else if samples >= Self.shardSamples || archive.bytes.count + image.bytes.count > Self.shardBytes {
      try finish()
      number += 1
    }
    let key = String(stem.dropFirst(item.part.count + 1))
    let path = "\(name)/\(key).\(image.fileExtension)"
    var file = file
    file.path = "\(WebDatasetExport.name)/\(path)"
    archive.append("\(key).\(image.fileExtension)", image.bytes)
    archive.append("\(key).cls", Array("\(item.labelIndex ?? -1)".utf8))
    archive.append("\(key).json", Array(CanonicalJSON.object(file.allColumns).text.utf8))
    samples += 1
    return path
  }

  mutating func finish() throws {
    guard samples > 0 else { return }
    try staging.write(archive.closed, to: name)
    (archive, samples) = (TarArchive(), 0)
  }

  private var name: String {
    let digits = String(number)
    return "\(part ?? "")-\(String(repeating: "0", count: max(0, 6 - digits.utf8.count)))\(digits).tar"
  }
}
