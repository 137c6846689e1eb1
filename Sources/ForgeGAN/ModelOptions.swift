package import ForgeNN

/// Reads a model's options strictly: each key must be known, of the right type and in range; what is left out has a default.
package struct ModelOptions {
  private let model: String
  private let members: [String: JSON]
  private var known: [String] = []
  private var failure: ForgeGANError?

  package init(_ options: JSON, model: String) throws(ForgeGANError) {
    self.model = model
    switch options {
    case .object(let members): self.members = members
    case .null: members = [:]
    default: throw .badOption("options", model: model, reason: "must be a mapping of names to values")
    }
  }

  package mutating func integer(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
    known.append(key)
    guard let given = members[key] else { return value }
    guard let number = given.integerValue, range.contains(number) else {
      return fail(key, "must be a whole number in \(range.lowerBound)...\(range.upperBound)", value)
    }
    return number
  }

  package mutating func integer(_ key: String, default value: Int, among choices: [Int]) -> Int {
    known.append(key)
    guard let given = members[key] else { return value }
    guard let number = given.integerValue, choices.contains(number) else {
      return fail(key, "must be one of \(choices.map(String.init).joined(separator: ", "))", value)
    }
    return number
  }

  package mutating func number(_ key: String, default value: Double, in range: ClosedRange<Double>) -> Double {
    known.append(key)
    guard let given = members[key] else { return value }
    guard let number = given.doubleValue, range.contains(number) else {
      return fail(key, "must be a number in \(range.lowerBound)...\(range.upperBound)", value)
    }
    return number
  }

  package mutating func flag(_ key: String, default value: Bool) -> Bool {
    known.append(key)
    guard let given = members[key] else { return value }
    guard let flag = given.boolValue else { return fail(key, "must be true or false", value) }
    return flag
  }

  package mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, default value: Choice) -> Choice
  where Choice.RawValue == String {
    known.append(key)
    guard let given = members[key] else { return value }
    guard let name = given.stringValue, let choice = Choice(rawValue: name) else {
      return fail(key, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))", value)
    }
    return choice
  }

  package mutating func text(_ key: String) -> String? {
    known.append(key)
    guard let given = members[key] else { return nil }
    guard let text = given.stringValue, !text.isEmpty else { return fail(key, "must be a text", nil) }
    return text
  }

  /// A text or a list of different texts.
  package mutating func texts(_ key: String) -> [String] {
    known.append(key)
    guard let given = members[key] else { return [] }
    let texts = given.stringValue.map { [$0] } ?? given.arrayValue?.compactMap(\.stringValue) ?? []
    guard !texts.isEmpty, texts.count == given.arrayValue?.count ?? 1, Set(texts).count == texts.count, !texts.contains("") else {
      return fail(key, "must be a text or a list of different texts", [])
    }
    return texts
  }

  /// Whether the user said something about `key`.
  package func isGiven(_ key: String) -> Bool { members[key] != nil }

  /// Refuses `key` with `reason` unless a rule between options holds.
  package mutating func require(_ holds: Bool, _ key: String, _ reason: String) {
    if !holds { fail(key, reason, ()) }
  }

  private mutating func fail<Value>(_ key: String, _ reason: String, _ value: Value) -> Value {
    if failure == nil { failure = .badOption(key, model: model, reason: reason) }
    return value
  }

  /// Throws the first thing that was wrong, or names a key that nobody asked for.
  package func finish() throws(ForgeGANError) {
    if let unknown = members.keys.filter({ !known.contains($0) }).min() {
      throw .unknownOption(unknown, model: model, known: known)
    }
    if let failure { throw failure }
  }
}
