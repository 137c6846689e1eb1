import Diagnostics
import ScanDeid
import ScanModel

/// What a batch did, in counts; what `scanforge deidentify --json` prints. No path and no value of an identified file.
package struct DeidentifySummary: Sendable, Encodable {
  package struct FailedItem: Sendable, Encodable {
    package let number: Int
    /// Keyed id of the source.
    package let id: String
    package let code: String
    package let message: String
  }

  package let profile: String
  /// Edition of PS3.15 Table E.1-1.
  package let edition: String
  package let options: [String]
  /// Tells keys apart; nil for a key that was dropped.
  package let keyFingerprint: String?
  package let files: Int
  package let skipped: SkippedInputs
  package private(set) var written = 0
  /// Outputs that were there already, byte for byte.
  package private(set) var unchanged = 0
  package private(set) var failed = 0
  /// Of those that failed, the ones that were read and held back: their output still held an identifier of their input.
  package private(set) var quarantined = 0
  package private(set) var patients = 0
  /// Attributes by action, over all files.
  package private(set) var actions: [String: Int] = [:]
  /// Files by risk of their pixels: `burnedIn`, `face`, `overlayBits`.
  package private(set) var risks: [String: Int] = [:]
  /// How many released files were read with which `ScanWarning`.
  package private(set) var warnings = ScanWarningTally()
  package private(set) var failures: [FailedItem] = []
  package internal(set) var isInterrupted = false
  private var seen: Set<Pseudonym> = []

  package var ok: Bool { failed == 0 && !isInterrupted }

  init(deidentifier: Deidentifier, hasLastingKey: Bool, files: Int, skipped: SkippedInputs) {
    profile = deidentifier.profile.rawValue
    edition = Deidentifier.edition
    options = deidentifier.options.map(\.rawValue).sorted()
    keyFingerprint = hasLastingKey ? deidentifier.key.fingerprint : nil
    self.files = files
    self.skipped = skipped
  }

  mutating func add(
    _ outcome: OutputTree.Outcome, _ patient: Pseudonym, _ record: DeidentificationRecord, warnings scanWarnings: [ScanWarning]
  ) {
    warnings.add(scanWarnings)
    switch outcome {
    case .written: written += 1
    case .unchanged: unchanged += 1
    }
    if seen.insert(patient).inserted { patients += 1 }
    actions.merge(record.counts, uniquingKeysWith: +)
    for risk in record.risks { risks[risk, default: 0] += 1 }
  }

  mutating func addFailure(number: Int, id: String, _ error: any ExplainedError) {
    failed += 1
    switch error as? DeidError {
    case .identifiersRemain, .pixelStream: quarantined += 1
    default: break
    }
    failures.append(FailedItem(number: number, id: id, code: error.code, message: error.description))
  }

  private enum Key: String, CodingKey {
    case ok, profile, edition, options, keyFingerprint, files, skipped, written, unchanged, failed, quarantined, patients, actions, risks,
      warnings, failures, interrupted
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(ok, forKey: .ok)
    try container.encode(profile, forKey: .profile)
    try container.encode(edition, forKey: .edition)
    try container.encode(options, forKey: .options)
    try container.encode(keyFingerprint, forKey: .keyFingerprint)
    try container.encode(files, forKey: .files)
    try container.encode(skipped, forKey: .skipped)
    try container.encode(written, forKey: .written)
    try container.encode(unchanged, forKey: .unchanged)
    try container.encode(failed, forKey: .failed)
    try container.encode(quarantined, forKey: .quarantined)
    try container.encode(patients, forKey: .patients)
    try container.encode(actions, forKey: .actions)
    try container.encode(risks, forKey: .risks)
    try container.encode(warnings.counts, forKey: .warnings)
    try container.encode(failures, forKey: .failures)
    try container.encode(isInterrupted, forKey: .interrupted)
  }
}
