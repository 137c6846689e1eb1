/// Schema version 2: who signs, and the files of each run. Frozen: a later change is a new migration.
enum Migration0002Trust {
  static let identifier = "0002_Trust"

  /// `signing_key` names every key that may sign a head of this log. `run_file` binds `runs/<id>/`: an event holds
  /// SHA-256(salt || canonical row) of each file, so that a withdrawal can empty the row (docs/decisions/0013).
  static let sql = """
    PRAGMA user_version = 2;

    CREATE TABLE signing_key (
      public_key TEXT PRIMARY KEY CHECK (length(public_key) = 64 AND public_key NOT GLOB '*[^0-9a-f]*'),
      event_seq INTEGER NOT NULL REFERENCES event (seq)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE run_file (
      run_id INTEGER NOT NULL REFERENCES run (id),
      name TEXT NOT NULL,
      bytes INTEGER NOT NULL CHECK (bytes >= 0),
      sha256 TEXT CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
      salt BLOB CHECK (length(salt) = 16),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      PRIMARY KEY (run_id, name),
      CHECK ((sha256 IS NULL) = (salt IS NULL))
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER signing_key_append_only_update BEFORE UPDATE ON signing_key
      BEGIN SELECT RAISE(ABORT, 'signing_key is append-only'); END;
    CREATE TRIGGER signing_key_append_only_delete BEFORE DELETE ON signing_key
      BEGIN SELECT RAISE(ABORT, 'signing_key is append-only'); END;
    CREATE TRIGGER run_file_append_only_update BEFORE UPDATE ON run_file
      WHEN NEW.run_id IS NOT OLD.run_id OR NEW.name IS NOT OLD.name OR NEW.event_seq IS NOT OLD.event_seq
        OR NOT (NEW.bytes = 0 AND NEW.sha256 IS NULL AND NEW.salt IS NULL)
      BEGIN SELECT RAISE(ABORT, 'run_file is append-only; it may only be emptied'); END;
    CREATE TRIGGER run_file_append_only_delete BEFORE DELETE ON run_file
      BEGIN SELECT RAISE(ABORT, 'run_file is append-only'); END;
    """
}
