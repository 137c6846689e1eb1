/// Schema version 1. Frozen: a later change is a new migration.
package enum Migration0001Initial {
  static let identifier = "0001_Initial"

  /// docs/cli.md, "Catalog schema", names the public tables and columns; the others bind rows to events.
  package static let sql = """
    CREATE TABLE event (
      seq INTEGER PRIMARY KEY CHECK (seq >= 1),
      body TEXT NOT NULL CHECK (json_valid(body)),
      prev BLOB NOT NULL CHECK (length(prev) = 32),
      hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
    ) STRICT;

    CREATE TABLE patient (
      id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
      pseudonym TEXT UNIQUE,
      consent TEXT,
      state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'withdrawn')),
      salt BLOB CHECK (length(salt) = 16),
      leaf BLOB NOT NULL UNIQUE CHECK (length(leaf) = 32),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      CHECK (state = 'withdrawn' OR (pseudonym IS NOT NULL AND salt IS NOT NULL))
    ) STRICT;

    CREATE TABLE run (
      id INTEGER PRIMARY KEY CHECK (id >= 1),
      op TEXT NOT NULL,
      tool_version TEXT NOT NULL,
      build_sha256 TEXT NOT NULL,
      params TEXT NOT NULL CHECK (json_valid(params)),
      seed INTEGER,
      actor TEXT NOT NULL,
      host TEXT NOT NULL,
      device TEXT NOT NULL,
      started_ms INTEGER NOT NULL,
      ended_ms INTEGER,
      exit INTEGER,
      determinism TEXT NOT NULL CHECK (determinism IN ('bitwise', 'device', 'none')),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      CHECK ((ended_ms IS NULL) = (exit IS NULL))
    ) STRICT;

    CREATE TABLE artifact (
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
      key BLOB UNIQUE CHECK (length(key) = 32),
      salt BLOB CHECK (length(salt) = 16),
      leaf BLOB NOT NULL UNIQUE CHECK (length(leaf) = 32),
      edges BLOB CHECK (length(edges) = 32),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      CHECK (state = 'withdrawn' OR (sha256 IS NOT NULL AND key IS NOT NULL AND salt IS NOT NULL)),
      CHECK (origin != 'generated' OR patient_id IS NULL),
      CHECK (origin = 'generated' OR kind NOT IN ('image', 'slice', 'mask') OR patient_id IS NOT NULL),
      CHECK (kind NOT IN ('model', 'checkpoint', 'dataset', 'grid', 'export') OR patient_id IS NULL)
    ) STRICT;
    CREATE INDEX artifact_sha256 ON artifact (sha256);
    CREATE INDEX artifact_patient ON artifact (patient_id);
    CREATE INDEX artifact_run ON artifact (run_id);

    CREATE TABLE derivation (
      child INTEGER NOT NULL REFERENCES artifact (id),
      parent INTEGER NOT NULL REFERENCES artifact (id),
      role TEXT NOT NULL,
      PRIMARY KEY (child, parent, role),
      CHECK (parent < child)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX derivation_parent ON derivation (parent);

    CREATE TABLE patient_split (
      patient_id INTEGER PRIMARY KEY REFERENCES patient (id),
      split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
      event_seq INTEGER NOT NULL REFERENCES event (seq)
    ) STRICT;

    CREATE TABLE split_rule (
      position INTEGER PRIMARY KEY CHECK (position >= 0),
      split TEXT NOT NULL UNIQUE CHECK (split IN ('train', 'val', 'test')),
      fraction REAL NOT NULL CHECK (fraction > 0 AND fraction <= 1),
      upper BLOB,
      seed INTEGER NOT NULL,
      event_seq INTEGER NOT NULL REFERENCES event (seq)
    ) STRICT;

    CREATE TABLE model_file (
      name TEXT NOT NULL,
      file TEXT NOT NULL,
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      artifact_id INTEGER NOT NULL REFERENCES artifact (id),
      PRIMARY KEY (name, file, event_seq)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE stage (
      pipeline TEXT NOT NULL,
      attempt INTEGER NOT NULL CHECK (attempt >= 1),
      position INTEGER NOT NULL CHECK (position >= 0),
      name TEXT NOT NULL,
      summary TEXT NOT NULL CHECK (json_valid(summary)),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      PRIMARY KEY (pipeline, attempt, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event
      BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
    CREATE TRIGGER event_append_only_delete BEFORE DELETE ON event
      BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
    CREATE TRIGGER derivation_append_only_update BEFORE UPDATE ON derivation
      BEGIN SELECT RAISE(ABORT, 'derivation is append-only'); END;
    CREATE TRIGGER derivation_append_only_delete BEFORE DELETE ON derivation
      BEGIN SELECT RAISE(ABORT, 'derivation is append-only'); END;
    CREATE TRIGGER artifact_append_only_delete BEFORE DELETE ON artifact
      BEGIN SELECT RAISE(ABORT, 'artifact is append-only'); END;
    CREATE TRIGGER artifact_append_only_update BEFORE UPDATE ON artifact
      WHEN NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.origin IS NOT OLD.origin OR NEW.bytes IS NOT OLD.bytes
        OR NEW.media IS NOT OLD.media OR NEW.label IS NOT OLD.label OR NEW.patient_id IS NOT OLD.patient_id OR NEW.run_id IS NOT OLD.run_id
        OR NEW.attributes IS NOT OLD.attributes OR NEW.leaf IS NOT OLD.leaf OR NEW.edges IS NOT OLD.edges
        OR NEW.event_seq IS NOT OLD.event_seq
        OR ((NEW.sha256 IS NOT OLD.sha256 OR NEW.key IS NOT OLD.key OR NEW.salt IS NOT OLD.salt)
          AND NOT (NEW.state = 'withdrawn' AND NEW.sha256 IS NULL AND NEW.key IS NULL AND NEW.salt IS NULL))
        OR (NEW.split IS NOT OLD.split AND NOT (OLD.split IS NULL
          AND NEW.split = (SELECT split FROM patient_split WHERE patient_id = NEW.patient_id)))
      BEGIN SELECT RAISE(ABORT, 'artifact is append-only; only state may change'); END;
    CREATE TRIGGER patient_append_only_delete BEFORE DELETE ON patient
      BEGIN SELECT RAISE(ABORT, 'patient is append-only'); END;
    CREATE TRIGGER patient_append_only_update BEFORE UPDATE ON patient
      WHEN NEW.id IS NOT OLD.id OR NEW.leaf IS NOT OLD.leaf OR NEW.event_seq IS NOT OLD.event_seq
        OR ((NEW.pseudonym IS NOT OLD.pseudonym OR NEW.salt IS NOT OLD.salt OR NEW.consent IS NOT OLD.consent)
          AND NOT (NEW.state = 'withdrawn' AND NEW.pseudonym IS NULL AND NEW.salt IS NULL AND NEW.consent IS NULL))
      BEGIN SELECT RAISE(ABORT, 'patient is append-only; only state may change'); END;
    CREATE TRIGGER run_append_only_delete BEFORE DELETE ON run
      BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
    CREATE TRIGGER run_append_only_update BEFORE UPDATE ON run
      WHEN OLD.ended_ms IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.op IS NOT OLD.op OR NEW.tool_version IS NOT OLD.tool_version
        OR NEW.build_sha256 IS NOT OLD.build_sha256 OR NEW.params IS NOT OLD.params OR NEW.seed IS NOT OLD.seed
        OR NEW.actor IS NOT OLD.actor OR NEW.host IS NOT OLD.host OR NEW.device IS NOT OLD.device OR NEW.started_ms IS NOT OLD.started_ms
        OR NEW.determinism IS NOT OLD.determinism OR NEW.event_seq IS NOT OLD.event_seq
      BEGIN SELECT RAISE(ABORT, 'run is append-only; only its end may be added'); END;
    CREATE TRIGGER patient_split_append_only_update BEFORE UPDATE ON patient_split
      BEGIN SELECT RAISE(ABORT, 'patient_split is append-only'); END;
    CREATE TRIGGER patient_split_append_only_delete BEFORE DELETE ON patient_split
      BEGIN SELECT RAISE(ABORT, 'patient_split is append-only'); END;
    CREATE TRIGGER split_rule_append_only_update BEFORE UPDATE ON split_rule
      BEGIN SELECT RAISE(ABORT, 'split_rule is append-only'); END;
    CREATE TRIGGER split_rule_append_only_delete BEFORE DELETE ON split_rule
      BEGIN SELECT RAISE(ABORT, 'split_rule is append-only'); END;
    CREATE TRIGGER model_file_append_only_update BEFORE UPDATE ON model_file
      BEGIN SELECT RAISE(ABORT, 'model_file is append-only'); END;
    CREATE TRIGGER model_file_append_only_delete BEFORE DELETE ON model_file
      BEGIN SELECT RAISE(ABORT, 'model_file is append-only'); END;
    CREATE TRIGGER stage_append_only_update BEFORE UPDATE ON stage
      BEGIN SELECT RAISE(ABORT, 'stage is append-only'); END;
    CREATE TRIGGER stage_append_only_delete BEFORE DELETE ON stage
      BEGIN SELECT RAISE(ABORT, 'stage is append-only'); END;
    """
}
