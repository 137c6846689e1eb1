package import ScanDeid

/// A reason why an item must not leave the workspace.
package struct ReleaseFinding: Sendable, Equatable {
  package enum Code: String, Sendable, CaseIterable {
    /// A held-out patient reached the item over any number of steps, models included.
    case splitLeak = "split.leak"
    /// A patient has items in two parts of the selection.
    case dividedPatient = "split.dividedPatient"
    /// An item shows what one of another part of the workspace shows, says `audit splits`.
    case lookAlike = "split.look_alike"
    /// A generated image is a copy of a training image, says `audit leaks`.
    case memorized = "release.memorized"
    /// The terms of an image, or of those that a model learned from, forbid it.
    case terms = "release.terms"
    /// The item is a withdrawn patient's, or a model made it that learned from one.
    case withdrawn = "release.withdrawn"

    /// What to do about it.
    var remedy: String {
      switch self {
      case .splitLeak: "Train again on the training part alone, generate anew, and leave the leaked items out with --query."
      case .dividedPatient: "Run scanforge audit verify: a patient belongs to one part."
      case .lookAlike: "Give both to one patient (ingest --subject-from), or leave such images out with --leave-out-look-alikes."
      case .memorized: "Generate with another seed, or train for fewer steps or on more images; scanforge audit leaks looks again."
      case .terms: "Leave these items out with --query; scanforge audit terms tells which terms govern what."
      case .withdrawn: "Train again without the patient and generate anew."
      }
    }
  }

  package let code: Code
  /// One sentence; names patients by pseudonym, items by number.
  package let what: String
  package var artifact: ArtifactID?
  package var patient: Pseudonym?

  package init(_ code: Code, _ what: String, artifact: ArtifactID? = nil, patient: Pseudonym? = nil) {
    self.code = code
    self.what = what
    self.artifact = artifact
    self.patient = patient
  }

  /// `{"finding": code, "what": …}` and the places that are known.
  package var json: CanonicalJSON {
    var members: [String: CanonicalJSON] = ["finding": .string(code.rawValue), "what": .string(what)]
    if let artifact { members["artifact"] = .integer(artifact.rawValue) }
    if let patient { members["patient"] = .string(patient.text) }
    return .object(members)
  }

  /// The first three, for a message.
  package static func digest(_ findings: [ReleaseFinding]) -> String {
    findings.prefix(3).map(\.what).joined(separator: "; ") + (findings.count > 3 ? "; …" : "")
  }

  /// What to do about all of them.
  package static func remedies(_ findings: [ReleaseFinding]) -> String {
    let codes = Set(findings.map(\.code))
    return Code.allCases.filter(codes.contains).map(\.remedy).joined(separator: " ")
  }
}

/// What the checks before an export found, and what they could not look at.
package struct ReleaseReview: Sendable, Equatable {
  package var findings: [ReleaseFinding] = []
  /// Names of checks that were not done.
  package var notChecked: [String] = []
}

extension Catalog {
  /// Whether the items of `selection` may leave together: every check that an export asks for, in the order of their listing.
  package func releaseReview(of selection: [ArtifactRecord]) throws -> ReleaseReview {
    var isSearched = true
    let alike = try lookAlikes(among: selection)
    let leaks = try splitFindings(selection) + alike.findings
    let findings = try leaks + copies(among: selection, isWhole: &isSearched) + refusedByTerms(among: selection)
    return ReleaseReview(
      findings: findings + withdrawn(among: selection),
      notChecked: [alike.isWhole ? nil : "lookAlikes", isSearched ? nil : "memorization"].compactMap(\.self))
  }

  /// Held-out patients behind items of another part, and patients of two parts.
  private func splitFindings(_ selection: [ArtifactRecord]) throws -> [ReleaseFinding] {
    let parts = Dictionary(selection.map { ($0.id, $0.split) }) { first, _ in first }
    let leaks = try splitLeaks().filter { parts[$0.artifact] != nil }.map { leak in
      ReleaseFinding(
        .splitLeak,
        "patient \(leak.patient?.text ?? "(erased)") of \(leak.patientSplit.rawValue) reached artifact \(leak.artifact)"
          + (leak.artifactSplit.map { " of \($0.rawValue)" } ?? ""), artifact: leak.artifact, patient: leak.patient)
    }
    var found: [Pseudonym: Set<Split?>] = [:]
    for record in selection { if let patient = record.patient { found[patient, default: []].insert(record.split) } }
    let divided = found.filter { $0.value.count > 1 }.keys.sorted()
    return leaks + divided.map { ReleaseFinding(.dividedPatient, "patient \($0.text) has items in two parts", patient: $0) }
  }
}
