import GRDB
package import ScanDeid

/// Everything in the catalog that a patient's images went into, over any number of steps.
package struct PatientTrace: Sendable, Equatable {
  /// `patient.id`: random, and all that is left of a patient's name after a withdrawal.
  package let patient: Int64
  /// nil after a withdrawal.
  package let pseudonym: Pseudonym?
  package let isWithdrawn: Bool
  package let consent: String?
  package let split: Split?
  /// The patient's own: acquired images, slices, masks, super-resolved images. This and the lists below hold the first ones, by id.
  package let images: [ArtifactRecord]
  package let datasets: [ArtifactRecord]
  /// Weights, descriptions and training states that learned from them.
  package let models: [ArtifactRecord]
  /// Made by those models: generated images and grids, and super-resolved images of other patients.
  package let made: [ArtifactRecord]
  package let exports: [Export]
  /// How many there are of each.
  package let counts: Counts
  /// SHA-256 of all the models.
  package let modelContents: Set<String>
  /// Runs that read the patient's images or made something of them: what their folders hold may show the patient.
  package let runs: Set<RunID>

  package struct Counts: Sendable, Equatable {
    package let images: Int
    package let datasets: Int
    package let models: Int
    package let made: Int
    package let exports: Int
  }

  /// Whether every list is whole.
  package var isComplete: Bool {
    counts == Counts(images: images.count, datasets: datasets.count, models: models.count, made: made.count, exports: exports.count)
  }

  package struct Export: Sendable, Equatable {
    package let record: ArtifactRecord
    /// It holds images of the patient's own, not only what models made.
    package let holdsOwn: Bool
    /// What left, when, on which host and to which folder.
    package let format: String?
    package let place: String?
    package let host: String
    package let startedMilliseconds: Int64
    /// An export of before with the items of withdrawn patients left out; nothing left the workspace.
    package let isRedacted: Bool
  }
}

/// How a patient is named on a command line.
package enum PatientName: Sendable, Equatable, CustomStringConvertible {
  case pseudonym(Pseudonym)
  /// `patient.id`
  case number(Int64)

  package var description: String {
    switch self {
    case .pseudonym(let pseudonym): pseudonym.text
    case .number(let number): String(number)
    }
  }

  /// - Returns: nil when `text` is neither a pseudonym nor a number.
  package init?(_ text: String) {
    if let pseudonym = Pseudonym(stored: text) {
      self = .pseudonym(pseudonym)
    } else if let number = Int64(text), number > 0 {
      self = .number(number)
    } else {
      return nil
    }
  }
}

extension Catalog {
  /// Everything below a patient's images is walked through and counted; memory grows with `limit` alone.
  ///
  /// - Parameters:
  ///   - limit: at most so many of each kind are listed.
  ///   - listsAllOwn: the patient's own images and the exports are listed whole all the same.
  /// - Returns: nil when the catalog knows no such patient.
  package func trace(of patient: PatientName, limit: Int = .max, listsAllOwn: Bool = false) throws -> PatientTrace? {
    try read { db in
      let select = "SELECT p.*, s.split FROM patient p LEFT JOIN patient_split s ON s.patient_id = p.id WHERE"
      let found =
        switch patient {
        case .pseudonym(let pseudonym): try Row.fetchOne(db, sql: "\(select) p.pseudonym = ?", arguments: [pseudonym.text])
        case .number(let id): try Row.fetchOne(db, sql: "\(select) p.id = ?", arguments: [id])
        }
      guard let row = found else { return nil }
      let touched = try TouchedByPatient(row["id"], db)
      let ownLimit = listsAllOwn ? Int.max : limit
      let (datasets, models) = (TouchedByPatient.Part.others([.dataset]), TouchedByPatient.Part.others([.model, .checkpoint]))
      let (made, exports) = (TouchedByPatient.Part.others([.image, .slice, .mask, .grid]), TouchedByPatient.Part.others([.export]))
      let trace = PatientTrace(
        patient: row["id"], pseudonym: (row["pseudonym"] as String?).flatMap { Pseudonym(stored: $0) },
        isWithdrawn: row["state"] as String == ArtifactState.withdrawn.rawValue, consent: row["consent"],
        split: (row["split"] as String?).flatMap { Split(rawValue: $0) },
        images: try touched.records(.own, limit: ownLimit), datasets: try touched.records(datasets, limit: limit),
        models: try touched.records(models, limit: limit), made: try touched.records(made, limit: limit),
        exports: try touched.records(exports, limit: ownLimit).compactMap { try Self.export($0, of: row["id"], db) },
        counts: .init(
          images: try touched.count(.own), datasets: try touched.count(datasets), models: try touched.count(models), made: try touched.count(made),
          exports: try touched.count(exports)),
        modelContents: try touched.contents(models), runs: try touched.runs())
      try touched.drop()
      return trace
    }
  }

  private static func export(_ record: ArtifactRecord, of patient: Int64, _ db: Database) throws -> PatientTrace.Export? {
    guard let run = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [record.run.rawValue]).map(RunRecord.init(row:)) else {
      return nil
    }
    let holdsOwn = try Bool.fetchOne(db, sql: LineageQuery.holdsPatient, arguments: [record.id.rawValue, patient]) ?? false
    let parameters = CanonicalJSON(parsing: run.params)
    let attributes = record.attributes.values
    return PatientTrace.Export(
      record: record, holdsOwn: holdsOwn,
      format: (parameters?["format"] ?? attributes["format"])?.stringValue, place: (parameters?["to"] ?? attributes["folder"])?.stringValue,
      host: run.host, startedMilliseconds: run.startedMilliseconds, isRedacted: attributes["redacts"] != nil)
  }
}
