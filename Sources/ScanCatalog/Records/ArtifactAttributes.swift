package import ScanDeid
package import ScanModel

/// What is known about an artifact beyond the public columns: canonical JSON in `artifact.attributes`, under its leaf hash.
///
/// The typed properties are views on `values`; a stage may add keys of its own. Never an identified value.
package struct ArtifactAttributes: Sendable, Equatable {
  package var values: [String: CanonicalJSON]

  package init(_ values: [String: CanonicalJSON] = [:]) { self.values = values }

  package var rows: Int? { get { integer("rows") } set { set("rows", newValue) } }
  package var columns: Int? { get { integer("columns") } set { set("columns", newValue) } }
  package var frames: Int? { get { integer("frames") } set { set("frames", newValue) } }
  /// Frame of the parent image that this slice was taken from, from 0.
  package var frame: Int? { get { integer("frame") } set { set("frame", newValue) } }
  /// Meaningful bits of a stored sample.
  package var bitsStored: Int? { get { integer("bitsStored") } set { set("bitsStored", newValue) } }
  /// DICOM Modality.
  package var modality: String? { get { text("modality") } set { set("modality", newValue) } }
  package var bodyPart: String? { get { text("bodyPart") } set { set("bodyPart", newValue) } }
  package var sex: String? { get { text("sex") } set { set("sex", newValue) } }
  /// Decade, `040-049`; `090+` from 90 on.
  package var ageBand: String? { get { text("ageBand") } set { set("ageBand", newValue) } }
  /// One of the four above; nil also for a text that is none of its values.
  package subscript(attribute: ScanAttribute) -> String? {
    get { text(attribute.rawValue).flatMap(attribute.value) }
    set { set(attribute.rawValue, newValue) }
  }
  /// Which of the four the generator of an image was told, as opposed to what all of its training images were.
  package var conditions: [ScanAttribute] {
    get { (values["conditions"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(ScanAttribute.init) } }
    set { values["conditions"] = newValue.isEmpty ? nil : .array(newValue.map { .string($0.rawValue) }) }
  }
  /// Manufacturer and model of the scanner.
  package var scanner: String? { get { text("scanner") } set { set("scanner", newValue) } }
  /// Series Instance UID after de-identification.
  package var seriesInstanceUID: String? { get { text("seriesInstanceUID") } set { set("seriesInstanceUID", newValue) } }
  /// SOP Instance UID after de-identification.
  package var sopInstanceUID: String? { get { text("sopInstanceUID") } set { set("sopInstanceUID", newValue) } }
  /// Licence or consent terms of the source.
  package var terms: String? { get { text("terms") } set { set("terms", newValue) } }
  /// Came with Synthetic Data YES: artificial before it came here, and so is what is made from it.
  package var isSynthetic: Bool {
    get { values["synthetic"]?.boolValue ?? false }
    set { values["synthetic"] = newValue ? .bool(true) : nil }
  }
  /// Seed of a generated image; a decimal text beyond 2^53.
  package var seed: Int64? { get { values["seed"]?.integerValue } set { values["seed"] = newValue.map { .whole($0) } } }
  /// Number of a generated image within its seed, from 0.
  package var sampleIndex: Int? { get { integer("sampleIndex") } set { set("sampleIndex", newValue) } }
  /// Enlargement of a super-resolved image.
  package var scale: Double? { get { values["scale"]?.numberValue } set { values["scale"] = newValue.map { .number($0) } } }

  package var spacingMillimeters: SpacingMillimeters? {
    get {
      guard let pair = values["spacingMillimeters"]?.arrayValue, pair.count == 2, let row = pair[0].numberValue, let column = pair[1].numberValue
      else { return nil }
      return SpacingMillimeters(row: row, column: column)
    }
    set { values["spacingMillimeters"] = newValue.map { .array([.number($0.row), .number($0.column)]) } }
  }

  /// The window, in modality units, that an 8-bit picture of this image should use.
  package var window: WindowSetting? {
    get {
      guard let pair = values["window"]?.arrayValue, pair.count == 2, let center = pair[0].numberValue, let width = pair[1].numberValue
      else { return nil }
      return WindowSetting(center: Float(center), width: Float(width))
    }
    set { values["window"] = newValue.map { .array([.number(Double($0.center)), .number(Double($0.width))]) } }
  }

  /// Modality units of the lowest and the highest stored word: word w means `low + (high - low) * w / maximum`.
  package var intensity: ClosedRange<Double>? {
    get {
      guard let pair = values["intensity"]?.arrayValue, pair.count == 2, let low = pair[0].numberValue, let high = pair[1].numberValue, low <= high
      else { return nil }
      return low...high
    }
    set { values["intensity"] = newValue.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } }
  }

  /// What de-identification did to this instance.
  package var deidentification: DeidentificationRecord? {
    get {
      guard let object = values["deidentification"], let edition = object["edition"]?.stringValue else { return nil }
      return DeidentificationRecord(
        edition: edition, options: (object["options"]?.arrayValue ?? []).compactMap(\.stringValue),
        counts: (object["counts"]?.objectValue ?? [:]).compactMapValues { $0.integerValue.map(Int.init) },
        risks: (object["risks"]?.arrayValue ?? []).compactMap(\.stringValue))
    }
    set {
      values["deidentification"] = newValue.map { record in
        .object([
          "edition": .string(record.edition), "options": .array(record.options.map { .string($0) }),
          "counts": .object(record.counts.mapValues { .integer(Int64($0)) }), "risks": .array(record.risks.map { .string($0) }),
        ])
      }
    }
  }

  /// How a slice was normalized: the parameters of its `normalize` run.
  package var normalization: CanonicalJSON? { get { values["normalization"] } set { values["normalization"] = newValue } }

  package var json: CanonicalJSON { .object(values) }

  private func integer(_ key: String) -> Int? { values[key]?.integerValue.map(Int.init) }
  private func text(_ key: String) -> String? { values[key]?.stringValue }
  private mutating func set(_ key: String, _ value: Int?) { values[key] = value.map { .integer(Int64($0)) } }
  private mutating func set(_ key: String, _ value: String?) { values[key] = value.map { .string($0) } }
}
