/// What each image of a batch is to show: a class, and a value of each attribute that the model knows.
package struct Conditions: Sendable, Equatable {
  /// One class per image.
  package var labels: [Int32]
  /// For each attribute one value per image; 0 for unknown.
  package var attributes: [[Int32]]

  package init(labels: [Int32], attributes: [[Int32]] = []) {
    precondition(attributes.allSatisfy { $0.count == labels.count }, "conditions: an attribute has not one value per image")
    self.labels = labels
    self.attributes = attributes
  }

  /// Images.
  package var count: Int { labels.count }

  /// Those of the images at `indexes`, in that order.
  package func at(_ indexes: some Sequence<Int>) -> Conditions {
    let indexes = Array(indexes)
    return Conditions(labels: indexes.map { labels[$0] }, attributes: attributes.map { values in indexes.map { values[$0] } })
  }

  /// The same for another set of images behind this one.
  package func twice() -> Conditions { Conditions(labels: labels + labels, attributes: attributes.map { $0 + $0 }) }
}

/// How many classes there are, and how many values each attribute has.
package struct ConditionKinds: Sendable, Equatable {
  package struct Attribute: Sendable, Equatable {
    /// A part of its parameters' names.
    package var name: String
    /// Unknown included.
    package var values: Int

    package init(name: String, values: Int) {
      self.name = name
      self.values = values
    }
  }

  package var classes: Int
  package var attributes: [Attribute]

  package init(classes: Int, attributes: [Attribute] = []) {
    self.classes = classes
    self.attributes = attributes
  }
}
