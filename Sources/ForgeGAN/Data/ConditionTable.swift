package import ForgeNN
import ForgeTensor

/// What a model's images are conditioned on beside their label, and how often which combination was in its training set.
package struct ConditionTable: Sendable, Equatable {
  /// A label with a value of each attribute, 0 for unknown.
  package struct Combination: Sendable, Equatable {
    package var label: Int32
    package var values: [Int32]
    /// Training images.
    package var count: Int
  }

  package let attributes: [ImageAttribute]
  /// Those that occur, in order of label and values.
  package let combinations: [Combination]

  /// Of a model of labels alone.
  package static let none = ConditionTable(attributes: [], combinations: [])

  private init(attributes: [ImageAttribute], combinations: [Combination]) {
    self.attributes = attributes
    self.combinations = combinations
  }

  package init(labels: [Int32], _ columns: [AttributeColumn]) {
    guard !columns.isEmpty else {
      self = .none
      return
    }
    let keys = labels.indices.map { image in [labels[image]] + columns.map { $0.indexes[image] } }
    let counts = Dictionary(keys.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key.lexicographicallyPrecedes($1.key) }
    self.init(
      attributes: columns.map(\.attribute),
      combinations: counts.map { Combination(label: $0.key[0], values: Array($0.key.dropFirst()), count: $0.value) })
  }

  /// Gives each image that leaves attributes open the values of a training image that agrees with it in its label and in all that is not open.
  /// So a set shows what the training set did. Where no training image agrees, open stays unknown.
  ///
  /// Image i depends on the seed, `firstIndex + i` and its own conditions alone.
  package func completed(_ conditions: Conditions, seed: UInt64, firstIndex: Int = 0) -> Conditions {
    guard !attributes.isEmpty else { return conditions }
    let draws = RandomStream(seed: seed, named: "generate attributes").uniform([conditions.count], counter: UInt64(firstIndex)).values
    var candidates: [[Int32]: [Combination]] = [:]
    var result = conditions
    for image in 0..<conditions.count {
      let key = [conditions.labels[image]] + conditions.attributes.map { $0[image] }
      guard key.dropFirst().contains(0) else { continue }
      let agreeing: [Combination] = candidates[key] ?? combinations.filter { one in
        one.label == key[0] && zip(one.values, key.dropFirst()).allSatisfy { $1 == 0 || $0 == $1 }
      }
      candidates[key] = agreeing
      var place = Int(Double(draws[image]) * Double(agreeing.reduce(0) { $0 + $1.count }))
      for one in agreeing {
        place -= one.count
        if place < 0 {
          for number in attributes.indices { result.attributes[number][image] = one.values[number] }
          break
        }
      }
    }
    return result
  }

  /// How many of the images are of combinations that no training image had: what these show is a guess.
  package func unseen(in conditions: Conditions) -> Int {
    guard !attributes.isEmpty else { return 0 }
    let seen = Set(combinations.map { [$0.label] + $0.values })
    return (0..<conditions.count).count { image in !seen.contains([conditions.labels[image]] + conditions.attributes.map { $0[image] }) }
  }
}

extension ConditionTable {
  /// The members that a model's description has of it; none for a model of labels alone.
  var members: [String: JSON] {
    guard !attributes.isEmpty else { return [:] }
    return [
      "conditions": .array(attributes.map { ["name": .string($0.name), "values": .array($0.values.map(JSON.string))] }),
      "combinations": .array(
        combinations.map { one in .array(([Int(one.label)] + one.values.map(Int.init) + [one.count]).map(JSON.integer)) }),
    ]
  }

  /// - Returns: nil when the members of `description` are none of ours.
  init?(_ description: JSON, labels: Int) {
    var attributes: [ImageAttribute] = []
    for condition in description["conditions"]?.arrayValue ?? [] {
      let values = condition["values"]?.arrayValue
      guard let name = condition["name"]?.stringValue, !name.isEmpty, let known = values?.compactMap(\.stringValue), !known.isEmpty,
        known.count == values?.count
      else { return nil }
      attributes.append(ImageAttribute(name: name, values: known))
    }
    guard Set(attributes.map(\.name)).count == attributes.count else { return nil }
    var combinations: [Combination] = []
    for item in description["combinations"]?.arrayValue ?? [] {
      let numbers = (item.arrayValue ?? []).compactMap(\.integerValue)
      guard numbers.count == attributes.count + 2, (0..<labels).contains(numbers[0]), (1..<1 << 32).contains(numbers[numbers.count - 1]),
        zip(attributes, numbers.dropFirst()).allSatisfy({ (0...$0.values.count).contains($1) })
      else { return nil }
      combinations.append(
        Combination(label: Int32(numbers[0]), values: numbers.dropFirst().dropLast().map(Int32.init), count: numbers[numbers.count - 1]))
    }
    self.init(attributes: attributes, combinations: combinations)
  }
}
