package import ScanModel

/// Takes texts out of Pixel Data, its offset tables and its color profiles, without touching a sample.
package enum PixelText {
  /// - Returns: how often, by the names that the record uses, and what is wrong with the end of a picture.
  /// - Throws: `DeidError.pixelStream`.
  static func remove(from dataset: inout Dataset, transferSyntaxUID: String) throws(DeidError) -> (counts: [String: Int], warnings: [ScanWarning]) {
    var counts: [String: Int] = [:]
    var warnings: [ScanWarning] = []
    if case .fragments(let items)? = dataset[.pixelData]?.value {
      let cleaned = try EncapsulatedPixels.cleaned(items, transferSyntaxUID: transferSyntaxUID, of: dataset)
      warnings = cleaned.warnings
      if cleaned.overwritten > 0 {
        dataset.set(Element(.pixelData, .OB, .fragments(cleaned.fragments)))
        counts["codestreamBlanked"] = cleaned.overwritten
      }
    }
    if FragmentGroups.mendTables(of: &dataset) { counts["offsetTableReplaced"] = 1 }
    if let pixelData = dataset[.pixelData], let image = PixelExcess.removed(from: dataset) {
      dataset.set(Element(.pixelData, pixelData.vr, .bytes(image)))
      counts["pixelExcessRemoved"] = 1
    }
    return (counts, warnings)
  }

  /// `.truncated` for compressed pixel data that breaks off before all samples of all frames are there, or cannot be followed to its end; decoders
  /// fill what is missing with anything, and many say nothing. `.unchecked` where it could do so unseen.
  package static func warnings(of dataset: Dataset, transferSyntaxUID: String) -> [ScanWarning] {
    guard case .fragments(let items)? = dataset[.pixelData]?.value else { return [] }
    do throws(DeidError) {
      return try EncapsulatedPixels.cleaned(items, transferSyntaxUID: transferSyntaxUID, of: dataset).warnings
    } catch {
      return [.truncated]
    }
  }

  /// The frames that are JPEG 2000 or HTJ2K by their first bytes, of those that the attributes ask for: each in one piece.
  package static func jpeg2000Frames(of dataset: Dataset) -> [[UInt8]] {
    guard case .fragments(let items)? = dataset[.pixelData]?.value else { return [] }
    let frames = dataset.frameCount.frames
    return FragmentGroups.make(items, frames: frames).ranges.prefix(frames).lazy
      .map { $0.count == 1 ? items[$0.lowerBound] : Array(items[$0].joined()) }
      .filter { $0.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) || $0.starts(with: [0, 0, 0, 12, 0x6A, 0x50]) }
  }
}
