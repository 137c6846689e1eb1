package import ForgeGAN
package import ForgeNN
import ScanModel

/// What to train and for how long: the options of the train stage and of the train verb.
package struct TrainingOptions: Sendable, Equatable {
  /// Name in the registry: `cgan`, `srgan` …
  package var model: String
  /// Name in the workspace.
  package var name: String
  package var steps: Int?
  package var minutes: Double?
  package var stopAfter: Int?
  /// Side of the images in pixels; for super-resolution the side of a high-resolution crop.
  package var size: Int?
  package var seed: UInt64?
  /// `train` unless said otherwise; nil for all.
  package var split: String?
  /// Batches whose gradients make one step; 1 unless said otherwise.
  package var accumulate: Int?
  /// Steps between two looks at the model; nil for as often as costs little.
  package var probeEvery: Int?
  /// How often a training that fails goes back to its best checkpoint; `TrainingPlan.defaultReturns` unless said otherwise.
  package var returns: Int?
  /// False: detectors warn, and the training goes on; true unless said otherwise.
  package var heedFindings: Bool?
  /// The model's own options.
  package var extra: JSON

  package init(
    model: String, name: String? = nil, steps: Int? = nil, minutes: Double? = nil, stopAfter: Int? = nil, size: Int? = nil, seed: UInt64? = nil,
    split: String? = "train", accumulate: Int? = nil, probeEvery: Int? = nil, returns: Int? = nil, extra: JSON = .object([:])
  ) {
    self.model = model
    self.name = name ?? model
    self.steps = steps
    self.minutes = minutes
    self.stopAfter = stopAfter
    self.size = size
    self.seed = seed
    self.split = split
    self.accumulate = accumulate
    self.probeEvery = probeEvery
    self.returns = returns
    self.extra = extra
  }

  /// Decodes the keys of a train stage beside `model`; keys that are not the stage's own are the model's, and the model checks them.
  package init(_ reader: inout OptionReader, model: String) throws(PlanError) {
    let name = try reader.string("name")
    if let name, !TrainingOptions.isName(name) {
      throw .outOfRange(key: "name", allowed: "letters, digits, dot, - and _, beginning with a letter or digit", reader.positionOf("name"))
    }
    let steps = try reader.int("steps", in: 1...100_000_000)
    let minutes = try reader.double("minutes", in: 0.01...100_000)
    let stopAfter = try reader.int("stopAfter", in: 1...100_000_000)
    let size = try reader.int("size", in: 8...4096)
    let seed = try reader.int("seed", in: 0...Int.max)
    let split = try reader.choice("split", of: ["train", "val", "test", "all"]) ?? "train"
    self.init(
      model: model, name: name, steps: steps, minutes: minutes, stopAfter: stopAfter, size: size, seed: seed.map(UInt64.init),
      split: split == "all" ? nil : split)
    accumulate = try reader.int("accumulate", in: 1...1024)
    probeEvery = try reader.int("probeEvery", in: 1...100_000_000)
    returns = try reader.int("returns", in: 0...100)
    heedFindings = try reader.bool("heedFindings")
    extra = .object(try reader.remainingValues())
  }

  /// Decodes and checks a train stage.
  package init(_ reader: inout OptionReader) throws(PlanError) {
    guard let model = try reader.choice("model", of: ModelRegistry.names) else { throw reader.missing("model") }
    try self.init(&reader, model: model)
    guard steps != nil || minutes != nil else {
      throw .needs(stage: "train", what: "an end", remedy: "Add steps: N or minutes: M.", reader.position)
    }
    do {
      try check()
    } catch {
      throw .needs(stage: "train", what: "other options: \(error.what)", remedy: error.remedy, reader.position)
    }
  }

  /// A model's name is a folder's name.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 100 else { return false }
    func isPlain(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }
    return isPlain(first) && text.utf8.allSatisfy { isPlain($0) || [45, 46, 95].contains($0) }
  }

  /// Checks the model's own options without data. What follows from the size is told of the size.
  package func check() throws(ForgeGANError) {
    if model == "srgan", let size {
      let sides = SRGAN.Configuration.patchSides
      let allowed = sides.lowerBound * superResolutionFactor...sides.upperBound * superResolutionFactor
      guard sides.contains(size / superResolutionFactor) else {
        throw .badOption("size", model: model, reason: "must be a whole number in \(allowed.lowerBound)...\(allowed.upperBound) with factor \(superResolutionFactor)")
      }
    }
    try ModelRegistry.entry(model).check(modelOptions)
    for name in condition where ScanAttribute(rawValue: name) == nil {
      throw .badOption("condition", model: model, reason: "must be among \(ScanAttribute.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  /// Names of the attributes that the model is to be conditioned on beside the label.
  var condition: [String] {
    let value = extra.objectValue?["condition"]
    return value?.stringValue.map { [$0] } ?? value?.arrayValue?.compactMap(\.stringValue) ?? []
  }

  /// 1 for one that the model refuses.
  private var superResolutionFactor: Int { max(1, extra.objectValue?["factor"]?.integerValue ?? 2) }

  /// The model's options with the size put where the model wants it.
  package var modelOptions: JSON {
    guard case .object(var values) = extra, let size else { return extra }
    if model == "srgan" {
      values["patch"] = .integer(max(1, size / superResolutionFactor))
    } else {
      values["size"] = .integer(size)
    }
    return .object(values)
  }

  package var budgetText: String {
    switch (steps, minutes) {
    case (let steps?, _): "\(steps) steps"
    case (nil, let minutes?): "\(minutes) minutes"
    default: "no end"
    }
  }

  /// Everything that decides the result, as canonical text.
  package var canonical: String { parameters.text() }

  package var parameters: JSON {
    var values: [String: JSON] = ["model": .string(model), "name": .string(name), "options": modelOptions]
    if let steps { values["steps"] = .integer(steps) }
    if let minutes { values["minutes"] = .number(minutes) }
    if let stopAfter { values["stopAfter"] = .integer(stopAfter) }
    if let seed { values["seed"] = .string(String(seed)) }
    values["split"] = .string(split ?? "all")
    if let accumulate { values["accumulate"] = .integer(accumulate) }
    if let probeEvery { values["probeEvery"] = .integer(probeEvery) }
    if let returns { values["returns"] = .integer(returns) }
    if let heedFindings { values["heedFindings"] = .bool(heedFindings) }
    return .object(values)
  }
}
