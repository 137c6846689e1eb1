/// `artifact.id`.
package struct ArtifactID: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
  package let rawValue: Int64
  package init(rawValue: Int64) { self.rawValue = rawValue }
  package static func < (a: ArtifactID, b: ArtifactID) -> Bool { a.rawValue < b.rawValue }
  package var description: String { String(rawValue) }
}

/// `run.id`.
package struct RunID: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
  package let rawValue: Int64
  package init(rawValue: Int64) { self.rawValue = rawValue }
  package static func < (a: RunID, b: RunID) -> Bool { a.rawValue < b.rawValue }
  package var description: String { String(rawValue) }
}

/// What an artifact is for.
package enum ArtifactKind: String, Sendable, CaseIterable {
  /// A whole image: a de-identified instance, a generated or super-resolved image.
  case image
  /// One normalized two-dimensional slice, ready to learn from.
  case slice
  case mask
  /// `model.safetensors` or `model.json`: what generate and upscale use.
  case model
  /// `state.safetensors`: what resume uses.
  case checkpoint
  /// The set of items that a model learned from, as one node between them and the model.
  case dataset
  /// A picture of many samples.
  case grid
  /// The manifest of an export.
  case export
}

/// Where the content came from. Only `generated` has no patient.
package enum ArtifactOrigin: String, Sendable, CaseIterable {
  case acquired, derived, enhanced, generated
}

/// The only mutable column of `artifact`; each change is an event.
package enum ArtifactState: String, Sendable, CaseIterable {
  case active
  /// A newer file took its place; its object may be gone.
  case superseded
  /// A model that learned from a patient who has withdrawn.
  case tainted
  /// The patient has withdrawn; object and hash are gone.
  case withdrawn
}

/// Part of a data set. A patient is in one part, for ever.
package enum Split: String, Sendable, CaseIterable {
  case train, val, test
}

/// How exactly a run can be repeated.
package enum Determinism: String, Sendable, CaseIterable {
  /// The same bytes on any machine.
  case bitwise
  /// The same bytes on this device only.
  case device
  case none
}
