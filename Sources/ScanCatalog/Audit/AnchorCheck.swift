/// Compares the log with anchors while it is read: the given one, and the workspace's own.
///
/// The hashes compared are made anew from the bodies of all events, so a changed, removed or reordered event before an anchor is found
/// here also where the stored hashes were left alone.
final class AnchorCheck {
  private struct Candidate {
    /// nil for a file that is no anchor.
    let anchor: Anchor?
    /// How the finding calls it.
    let name: String
    var isReached = false
    var agrees = false
  }

  private var candidates: [Candidate] = []
  private var places: [Int64: [Int]] = [:]
  private(set) var lastSequence: Int64 = 0
  private let fingerprint: String?

  /// - Parameters:
  ///   - given: the anchor that was kept elsewhere.
  ///   - fingerprint: of the key that must have signed `given`, when the auditor noted it.
  init(given: AuditRequest.GivenAnchor?, fingerprint: String?, kept: [(name: String, anchor: Anchor?)]) {
    self.fingerprint = fingerprint
    isGiven = given != nil
    if let given { candidates.append(Candidate(anchor: given.anchor, name: "the anchor")) }
    candidates += kept.enumerated().map { Candidate(anchor: $1.anchor, name: "entry \($0 + 1) of anchors") }
    for (index, candidate) in candidates.enumerated() {
      if let sequence = candidate.anchor?.sequence { places[sequence, default: []].append(index) }
    }
  }

  private let isGiven: Bool

  /// Takes in event `seq`.
  ///
  /// - Parameters:
  ///   - hash: made from the bodies of all events up to it.
  ///   - counts: artifacts, patients and runs that those events record.
  func observe(_ seq: Int64, hash: ContentDigest, counts: @autoclosure () -> (Int64, Int64, Int64)) {
    lastSequence = max(lastSequence, seq)
    for index in places[seq] ?? [] {
      guard let anchor = candidates[index].anchor else { continue }
      candidates[index].isReached = true
      candidates[index].agrees = hash == anchor.head && counts() == (anchor.artifacts, anchor.patients, anchor.runs)
    }
  }

  /// What is wrong, at most one finding for each anchor.
  ///
  /// - Parameter signers: keys that the log names; empty when it names none.
  func findings(signers: Set<Signer>) -> [AuditFinding] {
    candidates.enumerated().compactMap { index, candidate in
      let name = candidate.name
      guard let anchor = candidate.anchor else { return AuditFinding(.anchorMismatch, "\(name) is not one that scanforge wrote") }
      func finding(_ code: AuditFinding.Code, _ what: String) -> AuditFinding { AuditFinding(code, what, event: anchor.sequence) }
      guard anchor.isGenuine else { return finding(.anchorMismatch, "\(name) was changed: its signature does not hold") }
      if isGiven, index == 0, let fingerprint, fingerprint != anchor.signer.fingerprint {
        return finding(.anchorMismatch, "\(name) was signed by another key than the one with the fingerprint that was given")
      }
      guard signers.isEmpty || signers.contains(anchor.signer) else {
        return finding(.anchorMismatch, "\(name) was signed by a key that this workspace never had")
      }
      if anchor.sequence > lastSequence {
        return finding(
          .anchorRollback, "\(name) knows \(anchor.sequence) events and the log has \(lastSequence): it was cut or set back to an earlier state")
      }
      guard candidate.agrees else {
        return finding(.anchorMismatch, "\(name) and the log disagree about the events up to \(anchor.sequence): they were rewritten")
      }
      return nil
    }
  }

  /// For a catalog that cannot be read at all.
  var unreadable: [AuditFinding] {
    candidates.prefix(isGiven ? 1 : 0).map {
      AuditFinding(.anchorMismatch, "\($0.name) cannot be compared: the catalog cannot be read", event: $0.anchor?.sequence)
    }
  }
}
