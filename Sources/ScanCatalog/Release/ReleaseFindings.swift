import ScanDeid

/// Why some artifacts must not leave the workspace.
package struct ReleaseFinding: Sendable, Equatable {
  package enum Code: String, Sendable, CaseIterable {
    /// A held-out patient reached an item of another part, or a patient is in two parts.
    case splitLeak = "release.split_leak"
    /// A generated image is a copy of a training image.
    case memorized = "release.memorized"
    /// The terms of an image, or of those a model learned from, forbid it.
    case terms = "release.terms"
    /// A patient behind the model has withdrawn, or the item is the patient's.
    case withdrawn = "release.withdrawn"
  }

  package let code: Code
  /// One sentence.
  package let what: String
  /// The artifacts that it is about, by id.
  package let artifacts: [ArtifactID]
  /// Pseudonyms of the patients that it is about.
  package let patients: [String]
}

/// What stands against a release, and what nobody has looked at.
package struct ReleaseReview: Sendable, Equatable {
  /// Empty: it may leave.
  package let findings: [ReleaseFinding]
  /// `memorization`: nobody compared the generated images with the training images.
  package let notChecked: [String]
}

extension Catalog {
  /// Everything in the catalog that forbids a release of these artifacts.
  package func releaseFindings(of records: [ArtifactRecord]) throws -> ReleaseReview {
    let findings = try [leaks(among: records), withdrawn(records)].compactMap(\.self)
    return ReleaseReview(findings: findings, notChecked: records.contains { $0.origin == .generated } ? ["memorization"] : [])
  }

  private func leaks(among records: [ArtifactRecord]) throws -> ReleaseFinding? {
    let ids = Set(records.map(\.id))
    let leaks = try splitLeaks().filter { ids.contains($0.artifact) }
    var parts: [String: Set<Split?>] = [:]
    for record in records { if let patient = record.patient { parts[patient.text, default: []].insert(record.split) } }
    let divided = Set(parts.filter { $0.value.count > 1 }.keys)
    let patients = Set(leaks.compactMap { $0.patient?.text }).union(divided).sorted()
    guard !patients.isEmpty else { return nil }
    let artifacts = Set(leaks.map(\.artifact)).union(records.filter { $0.patient.map { divided.contains($0.text) } ?? false }.map(\.id))
      .sorted()
    return ReleaseFinding(
      code: .splitLeak, what: "held-out patients reached \(artifacts.count) items of another part", artifacts: artifacts, patients: patients
    )
  }

  private func withdrawn(_ records: [ArtifactRecord]) throws -> ReleaseFinding? {
    let gone = records.filter { $0.state == .withdrawn || $0.state == .tainted }.map(\.id)
    guard !gone.isEmpty else { return nil }
    return ReleaseFinding(
      code: .withdrawn, what: "\(gone.count) items come from a patient who has withdrawn", artifacts: gone, patients: [])
  }
}
