"""A forger who knows the catalog: changes rows, then makes leaves, summaries, roots and the chain agree again, as far as he is told to."""
import hashlib, json, os, shutil, sqlite3

from workspace import Place


def sql(workspace, *statements, checks=False):
    """Runs statements without triggers, checks and foreign keys, then puts the triggers back."""
    db = sqlite3.connect(f"{workspace}/catalog.sqlite", isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute(f"PRAGMA ignore_check_constraints = {0 if checks else 1}")
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        statement(db) if callable(statement) else db.execute(statement)
    for _, text in triggers:
        db.execute(text)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def rechain(db):
    previous = bytes(32)
    bodies = [body for (body,) in db.execute("SELECT body FROM event ORDER BY seq")]
    db.execute("DELETE FROM event")
    for seq, body in enumerate(bodies, 1):
        digest = hashlib.sha256(previous + body.encode()).digest()
        db.execute("INSERT INTO event VALUES (?, ?, ?, ?)", (seq, body, previous, digest))
        previous = digest


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def merkle(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:half]) + merkle(leaves[half:])).digest()


def forge(db, artifact=None, depth="chain"):
    """Makes leaves (depth row), summaries and roots (depth root) and the chain (depth chain) agree with changed rows."""
    names = [row[1] for row in db.execute("PRAGMA table_info(artifact)")]
    renamed = {}
    for values in db.execute("SELECT * FROM artifact ORDER BY id").fetchall():
        row = dict(zip(names, values))
        if artifact and row["id"] != artifact or row["salt"] is None:
            continue
        parents = db.execute("SELECT p.leaf, d.role FROM derivation d JOIN artifact p ON p.id = d.parent WHERE d.child = ?", (row["id"],)).fetchall()
        edges = hashlib.sha256("".join(sorted(f"{leaf.hex()} {role}\n" for leaf, role in parents)).encode()).digest() if parents else None
        body = {name: row[name] for name in ("attributes", "bytes", "kind", "label", "media", "origin", "sha256")}
        body |= {"edges": edges and edges.hex(), "key": row["key"].hex(), "patient": row["patient_id"], "run": row["run_id"]}
        body["split"] = row["split"] if row["patient_id"] is None else None
        leaf = hashlib.sha256(row["salt"] + canonical(body).encode()).digest()
        renamed[row["leaf"].hex()] = leaf.hex()
        db.execute("UPDATE artifact SET leaf = ?, edges = ? WHERE id = ?", (leaf, edges, row["id"]))
    if depth == "row":
        return
    summarize(db)
    for seq, body in db.execute("SELECT seq, body FROM event ORDER BY seq").fetchall():
        event = json.loads(body)
        batch = event.get("artifacts")
        if event["type"] == "artifacts.recorded":
            body = body.replace(batch["root"], root(db, "SELECT leaf FROM artifact WHERE id BETWEEN ? AND ? ORDER BY id", batch["first"], batch["first"] + batch["count"] - 1))
        elif event["type"] == "memorization.checked":
            body = body.replace(event["root"], checks_root(db, seq))
        else:
            for old, new in renamed.items():
                body = body.replace(old, new)
        db.execute("UPDATE event SET body = ? WHERE seq = ?", (body, seq))
    if depth == "chain":
        rechain(db)


def root(db, query, *values):
    return merkle([leaf for (leaf,) in db.execute(query, values)]).hex()


def number(value):
    """As ECMAScript prints it (RFC 8785): figures here are between 1e-6 and 1e21."""
    return str(int(value)) if value == int(value) else repr(value)


def checks_root(db, event):
    rows = db.execute("SELECT a.leaf, m.distance, m.baseline, m.score, m.flagged FROM memorization_check m JOIN artifact a ON a.id = m.artifact WHERE m.event_seq = ? ORDER BY m.artifact", (event,))
    return merkle([hashlib.sha256(leaf + f"[{','.join(map(number, figures))}]".encode()).digest() for leaf, *figures in rows]).hex()


def summarize(db):
    """dataset_patient and dataset_terms anew from the edges, in the order in which collections were recorded."""
    db.execute("DELETE FROM dataset_patient"), db.execute("DELETE FROM dataset_terms")
    for (collection,) in db.execute("SELECT id FROM artifact WHERE kind IN ('dataset', 'export') ORDER BY id").fetchall():
        above, seen = [parent for (parent,) in db.execute("SELECT DISTINCT parent FROM derivation WHERE child = ?", (collection,))], set()
        counts, items = ({}, {}), set(above)
        while above:
            artifact = above.pop()
            if artifact in seen:
                continue
            seen.add(artifact)
            kind, patient, terms = db.execute("SELECT kind, patient_id, attributes ->> '$.terms' FROM artifact WHERE id = ?", (artifact,)).fetchone()
            for count, value in zip(counts, (patient, terms)):
                if value is not None:
                    count[value] = count.get(value, 0) + (artifact in items)
            if kind in ("dataset", "export"):
                for count, table, column in zip(counts, ("dataset_patient", "dataset_terms"), ("patient", "terms")):
                    for (value,) in db.execute(f"SELECT {column} FROM {table} WHERE dataset = ?", (artifact,)):
                        count.setdefault(value, 0)
            else:
                above += [parent for (parent,) in db.execute("SELECT parent FROM derivation WHERE child = ?", (artifact,))]
        for count, table in zip(counts, ("dataset_patient", "dataset_terms")):
            db.executemany(f"INSERT INTO {table} VALUES ({collection}, ?, ?)", count.items())


def generated_as_real(db, depth):
    target = db.execute("SELECT max(id) FROM artifact WHERE origin = 'generated' AND kind = 'image'").fetchone()[0]
    patient, split = db.execute("SELECT patient_id, split FROM patient_split LIMIT 1").fetchone()
    db.execute("UPDATE artifact SET origin = 'acquired', patient_id = ?, split = ? WHERE id = ?", (patient, split, target))
    forge(db, None if depth == "chain" else target, depth)


def swap_edges(db):
    (a, mother), (b, father) = db.execute("SELECT child, min(parent) FROM derivation GROUP BY child HAVING count(*) = 1 ORDER BY child LIMIT 2").fetchall()
    for child, parent in ((a, father), (b, mother)):
        db.execute("UPDATE derivation SET parent = ? WHERE child = ?", (parent, child))


def cut_tail(db, events):
    last = db.execute("SELECT max(seq) FROM event").fetchone()[0] - events
    gone = f"(SELECT id FROM artifact WHERE event_seq > {last})"
    db.execute(f"DELETE FROM derivation WHERE child IN {gone}")
    db.execute(f"DELETE FROM artifact_content WHERE artifact IN {gone}")
    db.execute(f"UPDATE content_reach SET artifact = min(artifact, (SELECT max(id) FROM artifact WHERE event_seq <= {last}))")
    for table in ("dataset_patient", "dataset_terms"):
        db.execute(f"DELETE FROM {table} WHERE dataset IN {gone}")
    for table in ("memorization_check", "artifact", "patient", "patient_split", "split_rule", "model_file", "stage", "signing_key", "run_file", "run"):
        db.execute(f"DELETE FROM {table} WHERE event_seq > {last}")
    db.execute(f"DELETE FROM event WHERE seq > {last}")
    ended = {json.loads(body)["run"] for (body,) in db.execute("SELECT body FROM event WHERE body ->> '$.type' = 'run.ended'")}
    for (run_id,) in db.execute("SELECT id FROM run").fetchall():
        if run_id not in ended:
            db.execute("UPDATE run SET ended_ms = NULL, exit = NULL WHERE id = ?", (run_id,))


def bomb(w):
    """Events of a forger that name 10^15 artifacts, in a chain that agrees."""
    def change(db):
        seq, previous = db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        last = db.execute("SELECT max(id) FROM artifact").fetchone()[0]
        for first, count in ((last + 1, 10**15), (last + 1 + 10**15, 2**63 - 1 - 10**15 - last)):
            seq += 1
            body = canonical({"artifacts": {"count": count, "first": first, "root": "00" * 32}, "patients": [], "run": 1, "type": "artifacts.recorded"})
            digest = hashlib.sha256(previous + body.encode()).digest()
            db.execute("INSERT INTO event VALUES (?, ?, ?, ?)", (seq, body, previous, digest))
            previous = digest
    sql(w, change)


def deep(w, cyclic):
    def change(db):
        count = 200_000
        last = db.execute("SELECT max(id) FROM artifact").fetchone()[0]
        db.execute("BEGIN")
        db.executemany("INSERT INTO derivation VALUES (?, ?, 'source')", ((last + 1 + i, last + i) for i in range(count)))
        if cyclic:
            db.execute("INSERT INTO derivation VALUES (?, ?, 'source')", (last, last + count))
        db.execute("COMMIT")
    sql(w, change)


def schema(statement):
    def attack(w):
        db = sqlite3.connect(f"{w}/catalog.sqlite", isolation_level=None)
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA writable_schema = ON")
        db.execute(statement)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    return attack


def unfolded(w, statement):
    """Leaves a statement in the write-ahead log, as a program leaves it that was killed."""
    path = f"{w}/catalog.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall() if "event" not in statement else []:
        db.execute(f"DROP TRIGGER {name}")
    db.execute(statement)
    for end in ("", "-wal"):
        shutil.copy(path + end, f"{Place.root}/kept{end}")
    db.close()
    for end in ("", "-wal"):
        shutil.copy(f"{Place.root}/kept{end}", path + end)


def edit(column, value, where):
    return lambda w: sql(w, f"UPDATE artifact SET {column} = {value} WHERE id = (SELECT max(id) FROM artifact WHERE {where})")


def exchange(table, column, one, other):
    """Swaps a column of two rows."""
    def change(db):
        (a,), (b,) = (db.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone() for row in (one, other))
        db.execute(f"UPDATE {table} SET {column} = NULL WHERE rowid = {one}") if column == "sha256" else None
        for row, value in ((other, a), (one, b)):
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
    return lambda w: sql(w, change)


def forged_consent(db):
    names = [row[1] for row in db.execute("PRAGMA table_info(patient)")]
    row = dict(zip(names, db.execute("SELECT * FROM patient ORDER BY id LIMIT 1").fetchone()))
    body = canonical({"consent": "research", "id": row["id"], "pseudonym": row["pseudonym"]})
    db.execute("UPDATE patient SET consent = 'research', leaf = ? WHERE id = ?", (hashlib.sha256(row["salt"] + body.encode()).digest(), row["id"]))


def swapped_pseudonyms(db):
    (a, one), (b, other) = db.execute("SELECT id, pseudonym FROM patient LIMIT 2").fetchall()
    for id, name in ((a, "P0"), (b, one), (a, other)):
        db.execute("UPDATE patient SET pseudonym = ? WHERE id = ?", (name, id))


def without_triggers(w):
    db = sqlite3.connect(f"{w}/catalog.sqlite", isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.close()
