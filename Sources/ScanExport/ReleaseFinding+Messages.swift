package import ScanCatalog

extension ReleaseFinding {
  /// `{"finding": code, "what": …, "artifacts": ids, "patients": pseudonyms}`
  package var json: CanonicalJSON {
    .object([
      "finding": .string(code.rawValue), "what": .string(what), "artifacts": .array(artifacts.map { .integer($0.rawValue) }),
      "patients": .array(patients.map { .string($0) }),
    ])
  }

  /// One line: the sentence, and the first patients by pseudonym.
  package var line: String {
    guard !patients.isEmpty else { return what }
    return "\(what) (\(patients.prefix(3).joined(separator: ", "))\(patients.count > 3 ? " …" : ""))"
  }

  /// What to do about it.
  var remedy: String {
    switch code {
    case .splitLeak: "Train again on the training part alone, generate anew, and leave the leaked items out with --query."
    case .memorized: "See scanforge audit leaks; generate with another seed, or leave the copies out with --query."
    case .terms: "See scanforge audit terms; leave these items out with --query."
    case .withdrawn: "Train again without the patient, and leave these items out with --query."
    }
  }
}
