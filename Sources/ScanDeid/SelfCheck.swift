package import ScanModel

/// Looks for the identifiers of an input in what is about to be released: the last door, independent of the rules that came before.
///
/// Attributes are searched as encoded bytes for every identifier. Pixel Data and long binary values are searched as `IdentifierSearch` says,
/// for whatever chance does not explain.
package struct SelfCheck: Sendable {
  private let search: IdentifierSearch
  /// Words came in the other byte order, so texts in them were turned round on the way.
  private let wasBigEndian: Bool

  init(identifiers: IdentifierSet, options: Set<DeidOption>, wasBigEndian: Bool = false) {
    // A date that an option keeps or moves may equal one that had to go.
    let keepsDates = !options.isDisjoint(with: [.retainLongitudinalFullDates, .retainLongitudinalModifiedDates])
    search = IdentifierSearch(identifiers.tokens.filter { !($0.isDate && keepsDates) })
    self.wasBigEndian = wasBigEndian
  }

  /// The check for what `deidentifier` would release of `raw`.
  package init(of raw: RawScan, with deidentifier: Deidentifier) {
    self.init(
      identifiers: IdentifierSet(in: UnknownVR.resolved(raw.dataset), actions: deidentifier.actions), options: deidentifier.options,
      wasBigEndian: raw.fileTransferSyntaxUID == UID.explicitVRBigEndian)
  }

  /// How many places in the attributes and pixels of `clean` hold an identifier; 0 to be releasable.
  package func leaks(in clean: CleanScan) -> Int {
    var attributes = clean.dataset
    var hits = 0
    for tag in [Tag.pixelData, .floatPixelData, .doubleFloatPixelData] {
      guard let element = attributes[tag] else { continue }
      switch element.value {
      case .bytes(let bytes):
        hits += search.hits(in: bytes)
        if wasBigEndian { hits += search.hits(in: IdentifierSearch.swapped(bytes, element.vr.wordBytes)) }
      case .fragments(let fragments): for fragment in fragments { hits += search.hits(in: fragment) }
      case .sequence: break
      }
      attributes.remove(tag)
    }
    var binary = BinaryValues()
    let rest = binary.part(attributes) ?? attributes
    return leaks(in: ExplicitStream.encode(rest)) + hits + binary.views.reduce(0) { $0 + search.hits(in: $1) }
  }

  /// How many places in the bytes of a file without pixels hold an identifier.
  package func leaks(in bytes: [UInt8]) -> Int { search.occurrences(in: bytes) }
}

/// The binary values of a dataset, one behind the other, as texts may stand in them.
private struct BinaryValues {
  private var plain: [UInt8] = []
  private var swapped: [UInt8] = []

  /// As they stand, with the bytes of each word exchanged, and every second byte, as UTF-16 has its letters.
  var views: [[UInt8]] {
    let halves = (0..<2).map { first in
      [UInt8](unsafeUninitializedCapacity: plain.count / 2) { buffer, count in
        for index in 0..<plain.count / 2 { buffer[index] = plain[2 * index + first] }
        count = plain.count / 2
      }
    }
    return [plain, swapped] + halves
  }

  /// Takes the binary values of `dataset`, to any depth.
  ///
  /// - Returns: `dataset` without the long ones, in which words of four letters occur by chance; nil when it has none.
  mutating func part(_ dataset: Dataset) -> Dataset? {
    var rest = dataset
    var isShortened = false
    for element in dataset.elements {
      switch element.value {
      case .sequence(let items):
        let parts = items.map { part($0) }
        guard parts.contains(where: { $0 != nil }) else { continue }
        rest.set(Element(element.tag, .SQ, .sequence(zip(parts, items).map { $0 ?? $1 })))
        isShortened = true
      case .bytes(let bytes) where bytes.count >= 4 && !element.vr.isText:
        add(bytes, width: element.vr.wordBytes)
        guard bytes.count > 1024 else { continue }
        rest.remove(element.tag)
        isShortened = true
      case .bytes, .fragments: break
      }
    }
    return isShortened ? rest : nil
  }

  /// Zeros keep values apart and words in step.
  private mutating func add(_ bytes: [UInt8], width: Int) {
    let gap = repeatElement(UInt8(0), count: 8 + bytes.count % 2)
    plain += bytes
    plain += gap
    guard width > 1 else { return }
    swapped += IdentifierSearch.swapped(bytes, width)
    swapped += gap
  }
}

extension VR {
  /// Bytes that are exchanged as one when the byte order changes. PS3.5 section 7.3.
  var wordBytes: Int {
    switch self {
    case .AT, .OW, .SS, .US: 2
    case .FL, .OF, .OL, .SL, .UL: 4
    case .FD, .OD, .OV, .SV, .UV: 8
    default: 1
    }
  }
}
