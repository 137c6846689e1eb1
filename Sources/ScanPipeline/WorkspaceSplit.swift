import Foundation
import ScanCatalog
import ScanDeid

extension RunContext {
  /// Assigns patients to parts by rank of HMAC(patient, seed); splits that the user's label file gave are kept.
  package func split(train: Double, val: Double, test: Double) throws -> StageOutcome {
    let fractions = try SplitFractions(train: train, val: val, test: test)
    let seed = Int64(truncatingIfNeeded: self.seed)
    try catalog.checkSplit(fractions, seed: seed)
    let key = try key(for: "split")
    let run = try catalog.beginRun(
      op: "split", parameters: .object(["train": .number(train), "val": .number(val), "test": .number(test)]), seed: seed)
    let report = try run.split(fractions, seed: self.seed, key: key)
    try run.finish()
    let parts = Split.allCases.compactMap { part in report.patients[part].map { "\(part.rawValue) \($0)" } }
    return StageOutcome(
      summary: "patients: \(parts.joined(separator: ", ")); \(report.assigned) assigned now",
      figures: Dictionary(uniqueKeysWithValues: report.patients.map { ($0.key.rawValue, Double($0.value)) }))
  }
}
