/// Schema version 5: what `merge` has admitted. Frozen: a later change is a new migration.
enum Migration0005Shard {
  static let identifier = "0005_Shard"
  static let version = 5

  /// `shard_run` says which run holds what the shards of a work did, so that a merge that was cut off goes on. `shard` says which shards are in;
  /// `content` is a keyed hash of what they recorded (docs/decisions/0018).
  static let sql = """
    PRAGMA user_version = 5;

    CREATE TABLE shard_run (
      job TEXT NOT NULL CHECK (length(job) = 64 AND job NOT GLOB '*[^0-9a-f]*'),
      position INTEGER NOT NULL CHECK (position >= 0),
      run_id INTEGER NOT NULL UNIQUE REFERENCES run (id),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      PRIMARY KEY (job, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE shard (
      job TEXT NOT NULL CHECK (length(job) = 64 AND job NOT GLOB '*[^0-9a-f]*'),
      number INTEGER NOT NULL CHECK (number >= 0),
      count INTEGER NOT NULL CHECK (count > number),
      content TEXT NOT NULL CHECK (length(content) = 64 AND content NOT GLOB '*[^0-9a-f]*'),
      event_seq INTEGER NOT NULL REFERENCES event (seq),
      PRIMARY KEY (job, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER shard_run_append_only_update BEFORE UPDATE ON shard_run
      BEGIN SELECT RAISE(ABORT, 'shard_run is append-only'); END;
    CREATE TRIGGER shard_run_append_only_delete BEFORE DELETE ON shard_run
      BEGIN SELECT RAISE(ABORT, 'shard_run is append-only'); END;
    CREATE TRIGGER shard_append_only_update BEFORE UPDATE ON shard
      BEGIN SELECT RAISE(ABORT, 'shard is append-only'); END;
    CREATE TRIGGER shard_append_only_delete BEFORE DELETE ON shard
      BEGIN SELECT RAISE(ABORT, 'shard is append-only'); END;
    """
}
