import GRDB

/// Schema version 3: what the auditor's questions need beyond edges. Frozen: a later change is a new migration.
enum Migration0003Auditor {
  static let identifier = "0003_Auditor"

  static func migrate(_ db: Database) throws {
    try db.execute(sql: "PRAGMA user_version = 3")
    try db.execute(sql: sql)
    for id in try Int64.fetchAll(db, sql: "SELECT id FROM artifact WHERE kind IN ('dataset', 'export') ORDER BY id") {
      try CollectionSummary.write(of: id, db)
    }
  }

  /// `dataset_patient` and `dataset_terms` sum up what stands above a data set or an export; they follow from the edges and are compared with
  /// them by `audit verify`. A row with `n` = 0 came through a model alone. The new trigger lets a withdrawal empty whatever tells of a person.
  private static let sql = """
    CREATE TABLE dataset_patient (
      dataset INTEGER NOT NULL REFERENCES artifact (id),
      patient INTEGER NOT NULL REFERENCES patient (id),
      n INTEGER NOT NULL CHECK (n >= 0),
      PRIMARY KEY (dataset, patient)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX dataset_patient_patient ON dataset_patient (patient);

    CREATE TABLE dataset_terms (
      dataset INTEGER NOT NULL REFERENCES artifact (id),
      terms TEXT NOT NULL,
      n INTEGER NOT NULL CHECK (n >= 0),
      PRIMARY KEY (dataset, terms)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE memorization_check (
      artifact INTEGER NOT NULL REFERENCES artifact (id),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      distance REAL NOT NULL,
      baseline REAL NOT NULL,
      score REAL NOT NULL,
      flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
      PRIMARY KEY (artifact, event_seq)
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER dataset_patient_append_only_update BEFORE UPDATE ON dataset_patient
      BEGIN SELECT RAISE(ABORT, 'dataset_patient is append-only'); END;
    CREATE TRIGGER dataset_patient_append_only_delete BEFORE DELETE ON dataset_patient
      BEGIN SELECT RAISE(ABORT, 'dataset_patient is append-only'); END;
    CREATE TRIGGER dataset_terms_append_only_update BEFORE UPDATE ON dataset_terms
      BEGIN SELECT RAISE(ABORT, 'dataset_terms is append-only'); END;
    CREATE TRIGGER dataset_terms_append_only_delete BEFORE DELETE ON dataset_terms
      BEGIN SELECT RAISE(ABORT, 'dataset_terms is append-only'); END;
    CREATE TRIGGER memorization_check_append_only_update BEFORE UPDATE ON memorization_check
      BEGIN SELECT RAISE(ABORT, 'memorization_check is append-only'); END;
    CREATE TRIGGER memorization_check_append_only_delete BEFORE DELETE ON memorization_check
      BEGIN SELECT RAISE(ABORT, 'memorization_check is append-only'); END;

    DROP TRIGGER artifact_append_only_update;
    CREATE TRIGGER artifact_append_only_update BEFORE UPDATE ON artifact
      WHEN NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.origin IS NOT OLD.origin OR NEW.media IS NOT OLD.media
        OR NEW.patient_id IS NOT OLD.patient_id OR NEW.run_id IS NOT OLD.run_id OR NEW.leaf IS NOT OLD.leaf OR NEW.edges IS NOT OLD.edges
        OR NEW.event_seq IS NOT OLD.event_seq
        OR ((NEW.sha256 IS NOT OLD.sha256 OR NEW.key IS NOT OLD.key OR NEW.salt IS NOT OLD.salt OR NEW.bytes IS NOT OLD.bytes
            OR NEW.label IS NOT OLD.label OR NEW.attributes IS NOT OLD.attributes)
          AND NOT (NEW.state = 'withdrawn' AND NEW.sha256 IS NULL AND NEW.key IS NULL AND NEW.salt IS NULL AND NEW.bytes = 0
            AND NEW.label IS NULL AND NEW.attributes = '{}'))
        OR (NEW.split IS NOT OLD.split AND NOT (OLD.split IS NULL
          AND NEW.split = (SELECT split FROM patient_split WHERE patient_id = NEW.patient_id)))
      BEGIN SELECT RAISE(ABORT, 'artifact is append-only; only state may change'); END;
    """
}
