import ScanModel

/// How the bytes of a dataset's texts are read, from Specific Character Set (PS3.3 section C.12.1.1.2): as far as it takes to see where
/// characters begin and which ones are alike.
struct Repertoire: Sendable, Hashable {
  fileprivate enum High: Hashable {
    /// UTF-8 where the bytes are that, else ISO 8859-1.
    case western
    /// GBK and GB18030: characters of 2 or 4 bytes whose later bytes may be ASCII's.
    case gb18030
    /// One byte a character, in the order of a block of Unicode.
    case block(first: UInt8, scalar: UInt32)
    /// One byte a character, by a table.
    case latin(Latin)
    /// Two bytes a character: the Korean and Chinese sets of ISO 2022.
    case pairs

    static let cyrillic = High.block(first: 0xA0, scalar: 0x400)
    static let greek = High.block(first: 0xB4, scalar: 0x384)
    static let arabic = High.block(first: 0xC1, scalar: 0x621)
    static let hebrew = High.block(first: 0xE0, scalar: 0x5D0)
    static let thai = High.block(first: 0xA1, scalar: 0xE01)
    static let kana = High.block(first: 0xA1, scalar: 0xFF61)
  }

  private let high: High

  static let western = Repertoire([])

  /// - Parameter names: the values of Specific Character Set; the first is in force where a value begins.
  init(_ names: [String]) {
    let codes = names.map { $0.replacing("ISO 2022 IR ", with: "ISO_IR ") }
    func has(_ name: String) -> Bool { codes.contains(name) }
    high =
      if has("GB18030") || has("GBK") { .gb18030 }
      else if let latin = Latin.allCases.first(where: { has($0.name) }) { .latin(latin) }
      else if has("ISO_IR 144") { .cyrillic }
      else if has("ISO_IR 126") { .greek }
      else if has("ISO_IR 127") { .arabic }
      else if has("ISO_IR 138") { .hebrew }
      else if has("ISO_IR 166") { .thai }
      else if has("ISO_IR 13") { .kana }
      else { .western }
  }

  /// That of `dataset`; `outer` in an item without a Specific Character Set of its own.
  init(of dataset: Dataset, in outer: Repertoire = .western) {
    self = dataset[.specificCharacterSet].map { Repertoire($0.texts) } ?? outer
  }

  /// One character of a text.
  enum Character {
    case scalar(Unicode.Scalar)
    /// A character of a set of 2-byte characters, as bytes of its own that are no ASCII.
    case wide([UInt8])
    /// An escape sequence: no character.
    case escape
  }

  /// Where in a text the reader is.
  struct State {
    /// An escape sequence called 2-byte characters into the place of ASCII (ISO 2022, G0).
    fileprivate(set) var isWide = false
    /// The set that an escape sequence called into the place of the bytes above 7F (G1).
    fileprivate var upper: High?

    /// Whether ASCII bytes have to be shown to the repertoire, too.
    var isShifted: Bool { isWide || upper != nil }
  }

  /// The character at `index` and its length in bytes.
  func character(at index: Int, _ bytes: [UInt8], _ state: inout State) -> (Character, Int) {
    let lead = bytes[index]
    if lead == 0x1B { return (.escape, escape(at: index, bytes, &state)) }
    // What separates values, components and lines ends every escape (PS3.5 section 6.1.2.5.3).
    if lead < 0x20 { state = State() }
    let next = index + 1 < bytes.count ? bytes[index + 1] : 0
    if state.isWide, (0x21...0x7E).contains(lead), (0x21...0x7E).contains(next) { return (Repertoire.wide([lead | 0x80, next | 0x80]), 2) }
    guard lead >= 0x80 else {
      if [0x3D, 0x5C, 0x5E].contains(lead) { state.upper = nil }
      return (.scalar(Unicode.Scalar(lead)), 1)
    }
    switch state.upper ?? high {
    case .gb18030:
      if (0x30...0x39).contains(next), index + 3 < bytes.count { return (Repertoire.wide(Array(bytes[index..<index + 4])), 4) }
      if next >= 0x40, next != 0x7F { return (Repertoire.wide([lead, next]), 2) }
    case .block(let first, let scalar):
      if lead >= first, let scalar = Unicode.Scalar(scalar + UInt32(lead - first)) { return (.scalar(scalar), 1) }
    case .latin(let latin):
      if lead >= 0xA0 { return (.scalar(latin.scalar(lead)), 1) }
    case .pairs:
      if lead > 0xA0, next > 0xA0 { return (Repertoire.wide([lead, next]), 2) }
    case .western: break
    }
    return utf8(at: index, bytes)
  }

  /// The pieces between the bytes for which `isSeparator` holds; bytes inside a 2-byte character are none. Empty pieces are left out.
  func split(_ bytes: some Sequence<UInt8>, _ isSeparator: (UInt8) -> Bool) -> [[UInt8]] {
    let bytes = Array(bytes)
    var pieces: [[UInt8]] = []
    var start = 0
    var index = 0
    var state = State()
    while index < bytes.count {
      let (character, length) = character(at: index, bytes, &state)
      if length == 1, case .scalar = character, isSeparator(bytes[index]) {
        if index > start { pieces.append(Array(bytes[start..<index])) }
        start = index + 1
      }
      index += length
    }
    if start < bytes.count { pieces.append(Array(bytes[start...])) }
    return pieces
  }

  private static func wide(_ bytes: [UInt8]) -> Character {
    // The mark keeps apart what the cleared bit joins: a second byte of 41 and of C1.
    .wide(bytes.enumerated().flatMap { $0.offset == 0 ? [$0.element] : [$0.element < 0x80 ? 0xF5 : 0xF6, 0x80 | ($0.element & 0x7F)] })
  }

  /// ESC, intermediate bytes 20-2F, a final byte. PS3.3 table C.12-3 and C.12-4.
  private func escape(at index: Int, _ bytes: [UInt8], _ state: inout State) -> Int {
    var end = index + 1
    while end < bytes.count, (0x20...0x2F).contains(bytes[end]) { end += 1 }
    guard end < bytes.count else { return bytes.count - index }
    let intermediate = bytes[index + 1..<end]
    switch intermediate.first {
    case 0x24:
      // ESC $ @, ESC $ B and ESC $ ( D go to G0; ESC $ ) x to G1, whose bytes are above 7F.
      state.isWide = intermediate.count == 1 || intermediate.last == 0x28
      if !state.isWide { state.upper = .pairs }
    case 0x28: state.isWide = false
    case 0x29: state.upper = bytes[end] == 0x49 ? .kana : nil
    case 0x2D: state.upper = Repertoire.upper(finalByte: bytes[end])
    default: break
    }
    return end + 1 - index
  }

  /// What `ESC - F` calls. PS3.3 Table C.12-3.
  private static func upper(finalByte: UInt8) -> High? {
    switch finalByte {
    case 0x46: .greek
    case 0x47: .arabic
    case 0x48: .hebrew
    case 0x4C: .cyrillic
    case 0x54: .thai
    default: Latin.allCases.first { $0.finalByte == finalByte }.map(High.latin)
    }
  }

  /// The text, when every character of it has a scalar.
  func string(_ bytes: [UInt8]) -> String? {
    var scalars = String.UnicodeScalarView()
    var index = 0
    var state = State()
    while index < bytes.count {
      let (character, length) = character(at: index, bytes, &state)
      guard case .scalar(let scalar) = character else { return nil }
      scalars.append(scalar)
      index += length
    }
    return String(scalars)
  }

  private func utf8(at index: Int, _ bytes: [UInt8]) -> (Character, Int) {
    let lead = bytes[index]
    let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
    if length > 1, index + length <= bytes.count,
      let text = String(validating: bytes[index..<index + length], as: UTF8.self), let scalar = text.unicodeScalars.first
    {
      return (.scalar(scalar), length)
    }
    return (.scalar(Unicode.Scalar(lead)), 1)
  }
}
