import ScanDeid

/// Checks of a release beside that of the split: copies of training images, terms, withdrawals.
extension Catalog {
  /// Generated images that `audit leaks` takes for copies.
  ///
  /// - Parameter isWhole: set to false when it has not looked at all of them.
  func copies(among selection: [ArtifactRecord], isWhole: inout Bool) throws -> [ReleaseFinding] {
    let generated = selection.filter { $0.origin == .generated && $0.kind == .image }.map(\.id)
    let checks = try memorizationChecks(of: generated)
    isWhole = checks.count == generated.count
    return checks.values.filter(\.isFlagged).sorted { $0.artifact < $1.artifact }.map { check in
      ReleaseFinding(.memorized, "generated artifact \(check.artifact) is a copy of a training image", artifact: check.artifact)
    }
  }

  /// Items whose own terms, or those of the images behind a model, keep them in the workspace: one finding for each reason.
  func refusedByTerms(among selection: [ArtifactRecord]) throws -> [ReleaseFinding] {
    let terms = try terms(of: selection.map(\.id))
    var reasons: [String: [ArtifactID]] = [:]
    for record in selection {
      guard let refusal = terms[record.id]?.refusal(of: record.origin) else { continue }
      reasons["\(refusal.terms): \(refusal.rule.meaning)", default: []].append(record.id)
    }
    return reasons.sorted { $0.key < $1.key }.map { reason, items in
      ReleaseFinding(.terms, "terms of \(items.count) items forbid it (\(reason))", artifact: items.min())
    }
  }

  /// Items of patients who have withdrawn, and what models made that learned from them.
  func withdrawn(among selection: [ArtifactRecord]) -> [ReleaseFinding] {
    selection.filter { $0.state == .withdrawn || $0.state == .tainted }.map { record in
      ReleaseFinding(.withdrawn, "artifact \(record.id) goes back to a patient who has withdrawn", artifact: record.id)
    }
  }
}
