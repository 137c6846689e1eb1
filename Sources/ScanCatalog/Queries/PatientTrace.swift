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
  /// The patient's own: acquired images, slices, masks, super-resolved images.
  package let images: [ArtifactRecord]
  package let datasets: [ArtifactRecord]
  /// Weights, descriptions and training states that learned from them.
  package let models: [ArtifactRecord]
  /// Made by those models: generated images and grids, and super-resolved images of other patients.
  package let made: [ArtifactRecord]
  package let exports: [Export]

  /// Runs that read the patient's images or made something of them: what their folders hold may show the patient.
  package var runs: Set<RunID> { Set((images + datasets + models + made).map(\.run)) }

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
  /// - Returns: nil when the catalog knows no such patient.
  package func trace(of patient: PatientName) throws -> PatientTrace? {
    try read { db in
      let select = "SELECT p.*, s.split FROM patient p LEFT JOIN patient_split s ON s.patient_id = p.id WHERE"
      let found =
        switch patient {
        case .pseudonym(let pseudonym): try Row.fetchOne(db, sql: "\(select) p.pseudonym = ?", arguments: [pseudonym.text])
        case .number(let id): try Row.fetchOne(db, sql: "\(select) p.id = ?", arguments: [id])
        }
      guard let row = found else { return nil }
      let own = try Int64.fetchAll(db, sql: LineageQuery.imagesOfPatient, arguments: [row["id"] as Int64])
      let seeds = CanonicalJSON.array(own.map { .integer($0) }).text
      let all = try Int64.fetchAll(db, sql: LineageQuery.descendants, arguments: [seeds, Int64.max])
      let isOwn = Set(own)
      let below = try all.filter { !isOwn.contains($0) }.compactMap { try Self.artifact(ArtifactID(rawValue: $0), db) }
      return PatientTrace(
        patient: row["id"], pseudonym: (row["pseudonym"] as String?).flatMap { Pseudonym(stored: $0) },
        isWithdrawn: row["state"] as String == ArtifactState.withdrawn.rawValue, consent: row["consent"],
        split: (row["split"] as String?).flatMap { Split(rawValue: $0) },
        images: try own.compactMap { try Self.artifact(ArtifactID(rawValue: $0), db) }, datasets: below.filter { $0.kind == .dataset },
        models: below.filter { $0.kind == .model || $0.kind == .checkpoint },
        made: below.filter { [.image, .slice, .mask, .grid].contains($0.kind) },
        exports: try below.filter { $0.kind == .export }.compactMap { try Self.export($0, holding: isOwn, db) })
    }
  }

  private static func export(_ record: ArtifactRecord, holding own: Set<Int64>, _ db: Database) throws -> PatientTrace.Export? {
    guard let run = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [record.run.rawValue]).map(RunRecord.init(row:)) else {
      return nil
    }
    let items = try Int64.fetchAll(db, sql: "SELECT parent FROM derivation WHERE child = ?", arguments: [record.id.rawValue])
    let parameters = CanonicalJSON(parsing: run.params)
    let attributes = record.attributes.values
    return PatientTrace.Export(
      record: record, holdsOwn: items.contains(where: own.contains),
      format: (parameters?["format"] ?? attributes["format"])?.stringValue, place: (parameters?["to"] ?? attributes["folder"])?.stringValue,
      host: run.host, startedMilliseconds: run.startedMilliseconds, isRedacted: attributes["redacts"] != nil)
  }
}
