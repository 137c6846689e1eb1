package import ForgeNN

extension Conditions {
  /// The same with attributes of some images made unknown, so that the generator can make images of which something is not known.
  ///
  /// With half of `share` an image loses all attributes at once, with the other half each attribute is lost by itself. Dropping conditions is how Ho and Salimans 2021 train one network for both.
  ///
  /// - Parameter draws: uniform in 0..<1, one per image and then one per attribute and image.
  package func forgetting(_ share: Double, draws: [Float]) -> Conditions {
    precondition(draws.count == count * (1 + attributes.count), "forgetting: \(draws.count) draws for \(count) images")
    let limit = Float(share / 2)
    var result = self
    for (place, values) in attributes.enumerated() {
      result.attributes[place] = values.indices.map { image in
        draws[image] < limit || draws[(place + 1) * count + image] < limit ? 0 : values[image]
      }
    }
    return result
  }
}
