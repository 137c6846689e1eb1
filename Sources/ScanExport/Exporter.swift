package import Diagnostics
package import Foundation
package import ScanCatalog
import ScanImaging
import Synchronization

/// What to export.
package struct ExportRequest: Sendable {
  package var format: String
  package var root: URL
  /// nil: what the format exports by default.
  package var query: ArtifactQuery?
  package var split: Split?
  /// All formats that are written to `root` in one go. What they replace need not be this workspace's present state.
  package var renewed: Set<String>
  /// Leave out what looks like an item of another part instead of refusing it.
  package var leavesOutLookAlikes: Bool

  package init(
    format: String, root: URL, query: ArtifactQuery? = nil, split: Split? = nil, renewing renewed: Set<String> = [], leavesOutLookAlikes: Bool = false
  ) {
    self.format = format
    self.leavesOutLookAlikes = leavesOutLookAlikes
    self.renewed = renewed.union([format])
    self.root = root
    self.query = query
    self.split = split
  }
}

/// What an export left.
package struct ExportReport: Sendable {
  package let format: String
  /// Folder of the format, below the root.
  package let folder: URL
  package let files: Int
  package let items: Int
  /// Items by part.
  package let splits: [String: Int]
  package let synthetic: Int
  /// The artifact that stands for this export.
  package let artifact: ArtifactID
  /// What nobody looked at.
  package let notChecked: [String]
  /// What was left out since it looks like an item of another part.
  package let leftOut: [ArtifactRecord]
}

/// Writes a training set that other programs read, and records that it did.
///
/// The same state of the workspace gives the same bytes. Nothing is written when the catalog says that an item must not leave.
package struct Exporter: Sendable {
  package let catalog: Catalog
  package let threads: Int
  package let progress: ProgressSink

  package init(_ catalog: Catalog, threads: Int = ProcessInfo.processInfo.activeProcessorCount, progress: @escaping ProgressSink = { _ in })
  {
    self.catalog = catalog
    self.threads = max(1, threads)
    self.progress = progress
  }

  /// - Throws: `ExportError`, `CatalogError`.
  package func export(_ request: ExportRequest) throws -> ExportReport {
    let format = try ExportRegistry.format(named: request.format)
    let name = type(of: format).name
    let root = request.root.standardizedFileURL.resolvingSymlinksInPath()
    guard !(root.path + "/").hasPrefix(catalog.workspace.root.path + "/") else { throw ExportError.insideWorkspace }
    let (items, notChecked, leftOut) = try ExportSelection(catalog: catalog, request: request, format: type(of: format)).items()
    let staging = try ExportStaging(root: root, format: name, renewing: request.renewed, catalog: catalog)
    do {
      let files = try write(items, format, staging)
      try Self.refuseMixedSeries(files)
      let metadata = Array(ExportMetadata.text(of: files.map(\.file)).utf8)
      let contents = ExportedSet(format: name, catalog: catalog, files: files.map(\.file), metadata: metadata)
      for document in try format.documents(contents) { try staging.write(document.bytes, to: document.path) }
      try staging.write(metadata, to: ExportStaging.metadataName)
      let record = ExportRecord(request: request, root: root, items: items, metadata: metadata)
      // First recorded, then seen: no export is in a folder that the catalog knows nothing of.
      let artifact = try record.record(in: catalog) { try staging.place() }
      progress(.ended(stage: "export", summary: "\(items.count) images as \(name)"))
      return ExportReport(
        format: name, folder: root.appendingPathComponent(name, isDirectory: true), files: files.count, items: items.count,
        splits: Dictionary(grouping: items, by: \.part).mapValues(\.count), synthetic: items.count(where: \.isSynthetic),
        artifact: artifact, notChecked: notChecked, leftOut: leftOut)
    } catch {
      staging.discard()
      throw error
    }
  }

  private typealias Written = (file: ExportedFile, series: String?)

  /// Encodes on all threads, some items at a time, and writes in order.
  private func write(_ items: [ExportItem], _ format: any ExportFormat, _ staging: ExportStaging) throws -> [Written] {
    progress(.began(stage: "export", total: items.count, unit: "images"))
    var writer = format.writer(staging)
    var names = ExportNames()
    var written: [Written] = []
    for start in stride(from: 0, to: items.count, by: 16 * threads) {
      let batch = Array(items[start..<min(start + 16 * threads, items.count)])
      for (item, images) in zip(batch, try encode(batch, format)) {
        let stem = names.stem(for: item, in: format.folder(of: item))
        for (index, image) in images.enumerated() {
          var file = ExportedFile(
            item: item, path: "", sha256: ContentDigest(of: image.bytes), byteCount: image.bytes.count, isSynthetic: image.mark ?? item.isSynthetic,
            columns: item.attributeColumns.merging(image.columns) { $1 })
          let suffix = images.count > 1 ? String(format: "-%04d", index) : ""
          file.path = "\(type(of: format).name)/\(try writer.write(image, as: file, stem: stem + suffix))"
          file.columns.merge(format.columns(of: file)) { first, _ in first }
          written.append((file, image.series))
        }
      }
      progress(.advanced(stage: "export", done: start + batch.count))
    }
    try writer.finish()
    return written
  }

  private func encode(_ items: [ExportItem], _ format: any ExportFormat) throws -> [[ExportedImage]] {
    let results = Mutex([[ExportedImage]?](repeating: nil, count: items.count))
    let failure = Mutex<(any Error)?>(nil)
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, items.count)) { _ in
      while failure.withLock({ $0 == nil }) {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < items.count else { return }
        do {
          let images: [ExportedImage]
          do {
            images = try format.encode(items[index], from: catalog.objects)
          } catch is ImagingError {
            // Its own sentence does not say which item: palette colors, for one.
            throw items[index].unreadable
          }
          results.withLock { $0[index] = images }
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return results.withLock { $0.compactMap { $0 } }
  }

  private static func refuseMixedSeries(_ written: [Written]) throws {
    var marks: [String: Bool] = [:]
    for (file, series) in written {
      guard let series else { continue }
      guard marks.updateValue(file.isSynthetic, forKey: series) ?? file.isSynthetic == file.isSynthetic else {
        throw ExportError.mixedSeries
      }
    }
  }
}

/// Names of files: the first 16 digits of the content's hash; equal ones of a folder are numbered.
struct ExportNames {
  private var used: [[UInt8]: Int] = [:]

  /// - Parameter folder: may be empty.
  mutating func stem(for item: ExportItem, in folder: String) -> String {
    let name = (folder.isEmpty ? "" : folder + "/") + item.sha256.hex.prefix(16)
    let count = used[Array(name.utf8), default: 0]
    used[Array(name.utf8)] = count + 1
    return count == 0 ? name : "\(name)-\(count + 1)"
  }
}
