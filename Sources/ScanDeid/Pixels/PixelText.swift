package import ScanModel

/// Takes texts out of Pixel Data, its offset tables and its color profiles, without touching a sample.
package enum PixelText {
  /// - Returns: how often, by the names that the record uses, and whether a picture breaks off before all of its samples are there.
  /// - Throws: `DeidError.pixelStream`.
  static func remove(from dataset: inout Dataset, transferSyntaxUID: String) throws(DeidError) -> (counts: [String: Int], breaksOff: Bool) {
    var counts: [String: Int] = [:]
    var breaksOff = false
    if case .fragments(let items)? = dataset[.pixelData]?.value {
      let cleaned = try EncapsulatedPixels.cleaned(items, transferSyntaxUID: transferSyntaxUID, of: dataset)
      breaksOff = cleaned.breaksOff
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
    return (counts, breaksOff)
  }

  /// Whether compressed pixel data breaks off before all samples of all frames are there, or cannot be followed to its end. Decoders fill what is
  /// missing with anything, and many say nothing.
  package static func breaksOff(_ dataset: Dataset, transferSyntaxUID: String) -> Bool {
    guard case .fragments(let items)? = dataset[.pixelData]?.value else { return false }
    do throws(DeidError) {
      return try EncapsulatedPixels.cleaned(items, transferSyntaxUID: transferSyntaxUID, of: dataset).breaksOff
    } catch {
      return true
    }
  }
}
