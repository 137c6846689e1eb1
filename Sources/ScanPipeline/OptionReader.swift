package import ForgeNN
package import Yams

/// Reads one mapping of the YAML strictly: every value is asked for by name and type, and what nobody asked for is an error.
///
/// Positions in errors are those of the offending value.
package struct OptionReader {
  package let section: String
  package let position: PlanError.Position
  fileprivate let values: [(key: String, node: Node)]
  fileprivate var asked: [String] = []

  /// - Throws: `PlanError.wrongType` when `node` is not a mapping (an empty node counts as an empty mapping), `.duplicateKey`.
  package init(_ node: Node, section: String) throws(PlanError) {
    self.section = section
    position = PlanError.Position(node)
    var values: [(key: String, node: Node)] = []
    if let mapping = node.mapping {
      for (key, value) in mapping {
        let name = key.string ?? ""
        if values.contains(where: { $0.key == name }) { throw .duplicateKey(name, in: section, PlanError.Position(key)) }
        values.append((name, value))
        keyPositions[name] = PlanError.Position(key)
      }
    } else if !(node.scalar?.string.isEmpty ?? false) && node.null == nil {
      throw .wrongType(key: section, expected: "a mapping of options", position)
    }
    self.values = values
  }

  private var keyPositions: [String: PlanError.Position] = [:]

  package mutating func has(_ key: String) -> Bool { node(key) != nil }

  package mutating func string(_ key: String) throws(PlanError) -> String? {
    guard let node = node(key) else { return nil }
    guard let scalar = node.scalar, !scalar.string.isEmpty else { throw .wrongType(key: key, expected: "a text", PlanError.Position(node)) }
    return scalar.string
  }

  package mutating func strings(_ key: String) throws(PlanError) -> [String]? {
    guard let node = node(key) else { return nil }
    if let scalar = node.scalar, !scalar.string.isEmpty { return [scalar.string] }
    guard let sequence = node.sequence else { throw .wrongType(key: key, expected: "a text or a list of texts", PlanError.Position(node)) }
    var result: [String] = []
    for item in sequence {
      guard let scalar = item.scalar, !scalar.string.isEmpty else { throw .wrongType(key: key, expected: "a list of texts", PlanError.Position(item)) }
      result.append(scalar.string)
    }
    return result
  }

  package mutating func int(_ key: String, in range: ClosedRange<Int>) throws(PlanError) -> Int? {
    guard let node = node(key) else { return nil }
    guard let value = node.scalar.flatMap({ Int($0.string) }) else { throw .wrongType(key: key, expected: "a whole number", PlanError.Position(node)) }
    guard range.contains(value) else {
      throw .outOfRange(key: key, allowed: "\(range.lowerBound) to \(range.upperBound)", PlanError.Position(node))
    }
    return value
  }

  package mutating func double(_ key: String, in range: ClosedRange<Double>) throws(PlanError) -> Double? {
    guard let node = node(key) else { return nil }
    guard let value = node.scalar.flatMap({ Double($0.string) }), value.isFinite else {
      throw .wrongType(key: key, expected: "a number", PlanError.Position(node))
    }
    guard range.contains(value) else {
      throw .outOfRange(key: key, allowed: "\(range.lowerBound) to \(range.upperBound)", PlanError.Position(node))
    }
    return value
  }

  package mutating func bool(_ key: String) throws(PlanError) -> Bool? {
    guard let node = node(key) else { return nil }
    switch node.scalar?.string {
    case "true": return true
    case "false": return false
    default: throw .wrongType(key: key, expected: "true or false", PlanError.Position(node))
    }
  }

  /// One of `allowed`.
  package mutating func choice(_ key: String, of allowed: [String]) throws(PlanError) -> String? {
    guard let value = try string(key) else { return nil }
    guard allowed.contains(value) else { throw .outOfRange(key: key, allowed: "one of \(allowed.joined(separator: ", "))", positionOf(key)) }
    return value
  }

  /// A nested mapping; the caller finishes it.
  package mutating func section(_ key: String) throws(PlanError) -> OptionReader? {
    guard let node = node(key) else { return nil }
    return try OptionReader(node, section: key)
  }

  /// The position of `key`'s value, or of the mapping when there is none.
  package func positionOf(_ key: String) -> PlanError.Position {
    values.first { $0.key == key }.map { PlanError.Position($0.node) } ?? position
  }

  package func missing(_ key: String) -> PlanError { .missingKey(key, in: section, position) }

  /// Fails on the first key that no one asked for.
  package func finish() throws(PlanError) {
    for (key, _) in values where !asked.contains(key) {
      throw .unknownKey(key, in: section, known: asked.sorted(), keyPositions[key] ?? position)
    }
  }

  private mutating func node(_ key: String) -> Node? {
    if !asked.contains(key) { asked.append(key) }
    return values.first { $0.key == key }?.node
  }
}

extension PlanError.Position {
  package init(_ node: Node) {
    self.init(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
  }
}

extension OptionReader {
  /// Everything that was not asked for as JSON: whole numbers, numbers, true, false, texts, and lists of these.
  package mutating func remainingValues() throws(PlanError) -> [String: JSON] {
    var result: [String: JSON] = [:]
    for (key, node) in values where !asked.contains(key) {
      asked.append(key)
      if let sequence = node.sequence {
        var items: [JSON] = []
        for item in sequence { items.append(try scalar(item, of: key)) }
        result[key] = .array(items)
      } else {
        result[key] = try scalar(node, of: key)
      }
    }
    return result
  }

  private func scalar(_ node: Node, of key: String) throws(PlanError) -> JSON {
    guard let text = node.scalar?.string else {
      throw .wrongType(key: key, expected: "a single value or a list of them", PlanError.Position(node))
    }
    if let whole = Int(text) { return .integer(whole) }
    if let number = Double(text), number.isFinite { return .number(number) }
    return text == "true" || text == "false" ? .bool(text == "true") : .string(text)
  }
}
