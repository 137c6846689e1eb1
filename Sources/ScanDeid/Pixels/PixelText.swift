import ScanModel

/// Takes texts out of Pixel Data, its offset tables and its color profiles, without touching a sample.
enum PixelText {
  /// - Returns: how often, by the names that the record uses.
  /// - Throws: `DeidError.pixelStream`.
  static func remove(from dataset: inout Dataset, transferSyntaxUID: String) throws(DeidError) -> [String: Int] {
    var counts: [String: Int] = [:]
    if case .fragments(let items)? = dataset[.pixelData]?.value {
      let cleaned = try EncapsulatedPixels.cleaned(items, transferSyntaxUID: transferSyntaxUID, of: dataset)
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
    return counts
  }
}
