import Glibc

/// An event as the replay takes it in. The kinds that a long log consists of stand here with no more than the replay keeps of them.
enum ReplayStep {
  case keyUsed(KeyUse.Act, fingerprint: String)
  /// `row`: SHA-256 of the canonical JSON of the run. `register`: of a withdrawal, what it says of the register of the withdrawn.
  case runBegan(id: Int64, row: ContentDigest, register: WithdrawnRegister.Extent?)
  case runEnded(run: Int64, endedMilliseconds: Int64, exit: Int64)
  case recorded(run: Int64, first: Int64, count: Int64, root: ContentDigest, patients: [(id: Int64, leaf: ContentDigest)])
  case other(CatalogEvent)

  var isFirst: Bool { if case .other(.created) = self { true } else { false } }

  /// Reads a body; nil when it is not one that this version writes, letter for letter.
  init?(body: UnsafeBufferPointer<UInt8>) {
    if let step = ReplayStep(plain: body) {
      self = step
    } else if let text = String(validating: body, as: UTF8.self), let event = CatalogEvent(body: text), let step = ReplayStep(event) {
      self = step
    } else {
      return nil
    }
  }

  private init?(_ event: CatalogEvent) {
    switch event {
    case .keyUsed(let use): self = .keyUsed(use.act, fingerprint: use.fingerprint)
    case .runBegan(let run):
      guard let id = run["id"]?.integerValue else { return nil }
      let register = run["op"]?.stringValue == "withdraw" ? WithdrawnRegister.Extent(parameters: run["params"]?.stringValue) : nil
      self = .runBegan(id: id, row: ContentDigest(ofText: run.text), register: register)
    case .runEnded(let run, let ended, let exit): self = .runEnded(run: run, endedMilliseconds: ended, exit: exit)
    case .recorded(let run, let first, let count, let root, let patients):
      self = .recorded(run: run, first: first, count: count, root: root, patients: patients)
    default: self = .other(event)
    }
  }
}

/// The four commonest kinds but for withdrawals, read in one pass without a tree of JSON. Texts beyond ASCII and numbers of more than 15 digits are left to the other
/// way, so whatever is read here is letter for letter what would be written.
extension ReplayStep {
  private init?(plain body: UnsafeBufferPointer<UInt8>) {
    var reader = PlainReader(body)
    guard let step = Self.keyUse(&reader) ?? Self.runBegin(&reader) ?? Self.runEnd(&reader) ?? Self.record(&reader), reader.isAtEnd else { return nil }
    self = step
  }

  private static func keyUse(_ reader: inout PlainReader) -> ReplayStep? {
    guard reader.take(#"{"act":"#), let act = reader.word().flatMap(KeyUse.Act.init), reader.take(#","actor":"#), reader.text(),
      reader.take(#","build_sha256":"#), reader.text(), reader.take(#","fingerprint":"#), let fingerprint = reader.word(), reader.take(#","host":"#), reader.text(), reader.take(#","purpose":"#), reader.text(), reader.take(#","time_ms":"#),
      reader.integer() != nil, reader.take(#","type":"key.used"}"#)
    else { return nil }
    return .keyUsed(act, fingerprint: fingerprint)
  }

  private static func runBegin(_ reader: inout PlainReader) -> ReplayStep? {
    guard reader.take(#"{"run":"#) else { return nil }
    let start = reader.position
    guard reader.take(#"{"actor":"#), reader.text(), reader.take(#","build_sha256":"#), reader.text(), reader.take(#","determinism":"#),
      reader.text(), reader.take(#","device":"#), reader.text(), reader.take(#","host":"#), reader.text(), reader.take(#","id":"#),
      let id = reader.integer(), reader.take(#","op":"#), reader.word().map({ $0 != "withdraw" }) ?? false, reader.take(#","params":"#), reader.text(), reader.take(#","seed":"#),
      reader.take("null") || reader.integer() != nil, reader.take(#","started_ms":"#), reader.integer() != nil,
      reader.take(#","tool_version":"#), reader.text(), reader.take("}")
    else { return nil }
    let row = ContentDigest(ofBytes: UnsafeRawBufferPointer(reader.bytes(from: start)))
    return reader.take(#","type":"run.began"}"#) ? .runBegan(id: id, row: row, register: nil) : nil
  }

  private static func runEnd(_ reader: inout PlainReader) -> ReplayStep? {
    guard reader.take(#"{"ended_ms":"#), let ended = reader.integer(), reader.take(#","exit":"#), let exit = reader.integer(),
      reader.take(#","run":"#), let run = reader.integer(), reader.take(#","type":"run.ended"}"#)
    else { return nil }
    return .runEnded(run: run, endedMilliseconds: ended, exit: exit)
  }

  private static func record(_ reader: inout PlainReader) -> ReplayStep? {
    guard reader.take(#"{"artifacts":{"count":"#), let count = reader.integer(), reader.take(#","first":"#), let first = reader.integer(),
      reader.take(#","root":"#), let root = reader.digest(), reader.take(#"},"patients":["#)
    else { return nil }
    var patients: [(id: Int64, leaf: ContentDigest)] = []
    while patients.isEmpty ? reader.take("[") : reader.take(",[") {
      guard let id = reader.integer(), reader.take(","), let leaf = reader.digest(), reader.take("]") else { return nil }
      patients.append((id, leaf))
    }
    guard reader.take(#"],"run":"#), let run = reader.integer(), reader.take(#","type":"artifacts.recorded"}"#) else { return nil }
    return .recorded(run: run, first: first, count: count, root: root, patients: patients)
  }
}

/// Goes through canonical JSON whose form is known. What does not fit leaves the position where it was or, within a value, anywhere.
private struct PlainReader {
  private let all: UnsafeBufferPointer<UInt8>
  private(set) var position = 0

  init(_ all: UnsafeBufferPointer<UInt8>) { self.all = all }

  var isAtEnd: Bool { position == all.count }

  func bytes(from start: Int) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: all[start..<position]) }

  mutating func take(_ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard all.count - position >= count, memcmp(all.baseAddress! + position, literal.utf8Start, count) == 0 else { return false }
    position += count
    return true
  }

  /// A string of ASCII whose escapes are those that canonical JSON has for quotes, backslashes and the five controls with a letter.
  mutating func text() -> Bool {
    guard take("\"") else { return false }
    while position < all.count {
      let byte = all[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return true }
      guard byte >= 0x20, byte < 0x80 else { return false }
      if byte == UInt8(ascii: "\\"), !takeEscape() { return false }
    }
    return false
  }

  /// A string as `text`, without escapes.
  mutating func word() -> String? {
    let start = position + 1
    guard text() else { return nil }
    let letters = UnsafeBufferPointer(rebasing: all[start..<position - 1])
    return letters.contains(UInt8(ascii: "\\")) ? nil : String(decoding: letters, as: UTF8.self)
  }

  private mutating func takeEscape() -> Bool {
    guard position < all.count else { return false }
    defer { position += 1 }
    switch all[position] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return true
    default: return false
    }
  }

  /// At most 15 digits, which a JSON number holds exactly.
  mutating func integer() -> Int64? {
    let isNegative = take("-")
    let start = position
    var value: Int64 = 0
    while position < all.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(all[position]), position - start < 16 {
      value = value * 10 + Int64(all[position] - UInt8(ascii: "0"))
      position += 1
    }
    let digits = position - start
    guard (1...15).contains(digits), digits == 1 || all[start] != UInt8(ascii: "0"), !(isNegative && value == 0) else { return nil }
    return isNegative ? -value : value
  }

  /// A string of 64 lower-case hexadecimal digits.
  mutating func digest() -> ContentDigest? {
    guard all.count - position >= 66, take("\"") else { return nil }
    let digits = UnsafeBufferPointer(rebasing: all[position..<position + 64])
    guard digits.allSatisfy(ContentDigest.isHexDigit), let digest = ContentDigest(hexDigits: digits) else { return nil }
    position += 64
    return take("\"") ? digest : nil
  }
}
