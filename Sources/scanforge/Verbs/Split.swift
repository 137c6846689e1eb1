import ArgumentParser
import Diagnostics
import Foundation
import ScanCatalog
import ScanDeid

struct SplitVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split", abstract: "Divide the patients into train, val and test.",
    discussion: """
      By rank of a keyed hash of patient and seed, before anything learns; recorded, and never changed. Patients that come later are \
      assigned by the recorded thresholds when split runs again.
      """)

  @Option(help: "Part for training.") var train: Double?
  @Option(help: "Part for validation.") var val: Double = 0
  @Option(help: "Part that is held out (default: what is left; 0.2 when --train is not given).") var test: Double?
  @Option(help: "Seed of the ranks.") var seed: UInt64 = 0
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let fractions = try Self.fractions(train: train, val: val, test: test)
      let catalog = try Catalog(Workspace.open(at: common.workspaceURL), mode: .readWrite)
      try catalog.checkSplit(fractions, seed: Int64(bitPattern: seed))
      let (key, _) = try catalog.pseudonymKey(for: "split", makesOne: false)
      let parts = Dictionary(uniqueKeysWithValues: fractions.parts.map { ($0.split.rawValue, CanonicalJSON.number($0.fraction)) })
      let run = try catalog.beginRun(op: "split", parameters: .object(parts), seed: Int64(bitPattern: seed))
      let report = try run.split(fractions, seed: seed, key: key)
      try run.finish()
      let counts = ScanCatalog.Split.allCases.compactMap { part in report.patients[part].map { (part.rawValue, $0) } }
      console.say("\(report.assigned) patients assigned. Now " + counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + ".")
      console.result([
        "ok": CanonicalJSON.bool(true), "assigned": .integer(Int64(report.assigned)),
        "patients": .object(Dictionary(uniqueKeysWithValues: counts.map { ($0.0, .integer(Int64($0.1))) })),
      ])
      return true
    }
  }

  /// What is not given is what the others leave.
  private static func fractions(train: Double?, val: Double, test: Double?) throws -> SplitFractions {
    // Rounded to 12 digits: 1 - 0.8 is 0.19999999999999996, and the recorded rule should say 0.2.
    func rest(_ value: Double) -> Double { (value * 1e12).rounded() / 1e12 }
    switch (train, test) {
    case (let train?, let test?): return try SplitFractions(train: train, val: val, test: test)
    case (let train?, nil): return try SplitFractions(train: train, val: val, test: rest(1 - train - val))
    case (nil, let test?): return try SplitFractions(train: rest(1 - test - val), val: val, test: test)
    case (nil, nil): return try SplitFractions(train: rest(0.8 - val), val: val, test: 0.2)
    }
  }
}
