package import ScanModel

/// (0028,0120) and (0028,0121): stored values that mean "no image here". PS3.3 C.7.5.1.1.2.
package struct PixelPadding {
  private let range: ClosedRange<Float>?

  package init(_ dataset: Dataset, signed: Bool) {
    func value(_ tag: Tag) -> Float? {
      guard let bytes = dataset[tag]?.bytes, bytes.count >= 2 else { return nil }
      // The VR is US or SS by Pixel Representation, whatever a writer put there.
      let word = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
      return signed ? Float(Int16(bitPattern: word)) : Float(word)
    }
    guard let first = value(.pixelPaddingValue) else {
      range = nil
      return
    }
    let limit = value(.pixelPaddingRangeLimit) ?? first
    range = min(first, limit)...max(first, limit)
  }

  package var isPresent: Bool { range != nil }
  package func contains(_ value: Float) -> Bool { range?.contains(value) ?? false }
}
