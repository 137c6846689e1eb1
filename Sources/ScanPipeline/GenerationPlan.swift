package import ForgeGAN
package import ForgeNN
package import ScanModel

/// How many images of which labels to make.
package enum GenerationAmount: Sendable, Equatable, CustomStringConvertible {
  /// Of each label, and of each combination of the values asked for.
  case perLabel(Int)
  /// Spread over the labels and combinations, the first ones getting one more.
  case count(Int)
  /// Spread over the combinations.
  case label(String, count: Int)

  package var description: String {
    switch self {
    case .perLabel(let count): "\(count) images per label"
    case .count(let count): "\(count) images"
    case .label(let label, let count): "\(count) images of \(label)"
    }
  }
}

/// Values of one attribute that images are to show.
package struct AttributeChoice: Sendable, Equatable {
  package let attribute: ScanAttribute
  /// In the order of the request; never empty.
  package let values: [String]

  /// - Parameter texts: values as the user wrote them.
  /// - Returns: nil when there are none. Each is spelled as it is recorded; what is no value of the attribute is left for the model to refuse.
  package init?(_ attribute: ScanAttribute, _ texts: [String]) {
    guard !texts.isEmpty else { return nil }
    self.attribute = attribute
    var values: [String] = []
    for text in texts.map({ attribute.value($0) ?? $0 }) where !values.contains(text) { values.append(text) }
    self.values = values
  }
}

/// Which images to make: labels, and for each of them every combination of the values asked for. An attribute that is not asked for is drawn
/// as it was in the training set, given the rest.
package struct GenerationPlan: Sendable, Equatable, CustomStringConvertible {
  package var amount: GenerationAmount
  /// In the order of `ScanAttribute`, each at most once.
  package var choices: [AttributeChoice]

  package init(_ amount: GenerationAmount, _ choices: [AttributeChoice] = []) {
    self.amount = amount
    self.choices = choices
  }

  package var description: String {
    ([amount.description] + choices.map { "\($0.attribute.rawValue) \($0.values.joined(separator: ", "))" }).joined(separator: "; ")
  }

  /// What each image is to show, in order: label by label, the last attribute's values changing first.
  ///
  /// - Throws: `ForgeGANError.unknownLabel`, `.notConditioned`, `.unknownValue`.
  package func conditions(for generator: CGANGenerator, seed: UInt64) throws -> Conditions {
    var combinations = [[Int32](repeating: 0, count: generator.attributes.count)]
    for choice in choices {
      let place = try generator.attribute(named: choice.attribute.rawValue)
      let indexes = try choice.values.map { try generator.attributes[place].index(of: $0) }
      combinations = combinations.flatMap { combination in
        indexes.map { index in
          var next = combination
          next[place] = index
          return next
        }
      }
    }
    let labels: [Int32] =
      if case .label(let name, _) = amount { [try generator.label(named: name)] } else { generator.labelNames.indices.map(Int32.init) }
    let rows = labels.flatMap { label in combinations.map { (label, $0) } }
    let counts = rows.indices.map { row in
      switch amount {
      case .perLabel(let count): count
      case .count(let count), .label(_, let count): count / rows.count + (row < count % rows.count ? 1 : 0)
      }
    }
    let all = zip(rows, counts).flatMap { row, count in [(Int32, [Int32])](repeating: row, count: count) }
    let asked = Conditions(labels: all.map(\.0), attributes: generator.attributes.indices.map { place in all.map { $0.1[place] } })
    return generator.description.conditions.completed(asked, seed: seed)
  }
}

extension CGANGenerator {
  /// The values of image `index` that are known, by attribute.
  func values(of conditions: Conditions, at index: Int) -> [ScanAttribute: String] {
    var values: [ScanAttribute: String] = [:]
    for (kind, indexes) in zip(attributes, conditions.attributes) where indexes[index] > 0 {
      if let attribute = ScanAttribute(rawValue: kind.name) { values[attribute] = kind.values[Int(indexes[index]) - 1] }
    }
    return values
  }
}
