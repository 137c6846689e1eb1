import GRDB

/// Schema version 4: no index over random values is kept while rows come in (docs/decisions/0017). Frozen: a later change is a new migration.
enum Migration0004Scale {
  static let identifier = "0004_Scale"

  static func migrate(_ db: Database) throws {
    try db.execute(sql: "PRAGMA user_version = 4")
    try db.execute(sql: sql)
    try ContentIndex.catchUp(db)
  }

  /// `artifact` as before but for two things: `key` and `leaf` are unique by what they are, without an index each. `artifact_request` finds a key by
  /// patient and edges, which are part of it. `artifact_content` finds a SHA-256 by its first 12 digits, for artifacts up to `content_reach`.
  private static let sql = """
    CREATE TABLE artifact_4 (
      id INTEGER PRIMARY KEY CHECK (id >= 1),
      sha256 TEXT CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
      kind TEXT NOT NULL CHECK (kind IN ('image', 'slice', 'mask', 'model', 'checkpoint', 'dataset', 'grid', 'export')),
      origin TEXT NOT NULL CHECK (origin IN ('acquired', 'derived', 'enhanced', 'generated')),
      bytes INTEGER NOT NULL CHECK (bytes >= 0),
      media TEXT NOT NULL,
      label TEXT,
      split TEXT CHECK (split IN ('train', 'val', 'test')),
      patient_id INTEGER REFERENCES patient (id),
      run_id INTEGER NOT NULL REFERENCES run (id),
      state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'superseded', 'tainted', 'withdrawn')),
      attributes TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)),
      key BLOB CHECK (length(key) = 32),
      salt BLOB CHECK (length(salt) = 16),
      leaf BLOB NOT NULL CHECK (length(leaf) = 32),
      edges BLOB CHECK (length(edges) = 32),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      CHECK (state = 'withdrawn' OR (sha256 IS NOT NULL AND key IS NOT NULL AND salt IS NOT NULL)),
      CHECK (origin != 'generated' OR patient_id IS NULL),
      CHECK (origin = 'generated' OR kind NOT IN ('image', 'slice', 'mask') OR patient_id IS NOT NULL),
      CHECK (kind NOT IN ('model', 'checkpoint', 'dataset', 'grid', 'export') OR patient_id IS NULL)
    ) STRICT;
    INSERT INTO artifact_4 SELECT id, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, key, salt, leaf,
      edges, event_seq FROM artifact ORDER BY id;
    DROP TABLE artifact;
    ALTER TABLE artifact_4 RENAME TO artifact;
    CREATE INDEX artifact_request ON artifact (patient_id, edges, key);
    CREATE INDEX artifact_run ON artifact (run_id);

    CREATE TABLE artifact_content (
      prefix TEXT NOT NULL,
      artifact INTEGER NOT NULL,
      PRIMARY KEY (prefix, artifact)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE content_reach (artifact INTEGER PRIMARY KEY) STRICT;
    INSERT INTO content_reach VALUES (0);

    CREATE TRIGGER artifact_append_only_delete BEFORE DELETE ON artifact
      BEGIN SELECT RAISE(ABORT, 'artifact is append-only'); END;
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
