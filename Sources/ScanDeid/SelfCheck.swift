package import ScanModel

/// Looks for the identifiers of an input in what is about to be released: the last door, independent of the rules that came before.
///
/// Attributes are searched as encoded bytes for every identifier. Pixel Data is searched for those of 8 bytes and more: shorter ones occur
/// in any image by chance (a comment inside a JPEG codestream is found so).
package struct SelfCheck: Sendable {
  private let ofAttributes: IdentifierSet
  private let ofPixels: IdentifierSet

  init(identifiers: IdentifierSet, options: Set<DeidOption>) {
    // A date that an option keeps or moves may equal one that had to go.
    let keepsDates = !options.isDisjoint(with: [.retainLongitudinalFullDates, .retainLongitudinalModifiedDates])
    // Bare numbers of fewer than 8 digits are also plausible as measurements.
    let certain = identifiers.filter { token in
      if token.isDate, keepsDates { return false }
      return !token.isNumber || token.bytes.count >= 8
    }
    ofAttributes = certain
    ofPixels = certain.filter { $0.bytes.count >= 8 && !$0.isNumber }
  }

  /// The check for what `deidentifier` would release of `raw`.
  package init(of raw: RawScan, with deidentifier: Deidentifier) {
    self.init(identifiers: IdentifierSet(in: UnknownVR.resolved(raw.dataset), actions: deidentifier.actions), options: deidentifier.options)
  }

  /// How many places in the attributes and pixels of `clean` hold an identifier; 0 to be releasable.
  package func leaks(in clean: CleanScan) -> Int {
    var attributes = clean.dataset
    var pixels = 0
    for tag in [Tag.pixelData, .floatPixelData, .doubleFloatPixelData] {
      guard let element = attributes[tag] else { continue }
      switch element.value {
      case .bytes(let bytes): pixels += leaks(inPixels: bytes)
      case .fragments(let fragments): for fragment in fragments { pixels += leaks(inPixels: fragment) }
      case .sequence: break
      }
      attributes.remove(tag)
    }
    return leaks(in: ExplicitStream.encode(attributes)) + pixels
  }

  /// How many places in the bytes of a file without pixels hold an identifier.
  package func leaks(in bytes: [UInt8]) -> Int { ofAttributes.matches(in: bytes).count }

  private func leaks(inPixels bytes: [UInt8]) -> Int { ofPixels.matches(in: bytes).count }
}
