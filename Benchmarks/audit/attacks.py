#!/usr/bin/env python3
"""Attacks a copy of a real workspace, one record at a time, and checks what `audit verify` says.

usage: attacks.py PROGRAM WORKSPACE [--only TEXT]

WORKSPACE has been through a whole pipeline (acquired, derived, generated and enhanced images, two models, an export); it is only read. Each attack
changes a fresh copy, then `audit verify` must give the exit code and at least the finding that is named, without and with an anchor that was taken
before. Read-only media and a full disk need the right to mount; without it they are skipped, and that is said.
"""
import argparse, glob, hashlib, json, os, random, shutil, signal, sqlite3, stat, subprocess, sys, tempfile, time

ROOT = None
PROGRAM = None


def run(*words, **options):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=options.pop("timeout", 300), **options)


def verify(workspace, *words):
    result = run("audit", "verify", "--workspace", workspace, "--json", "--progress", "none", *words)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return result.returncode, [line["finding"] for line in lines if "finding" in line], lines[-1] if lines else {}


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


def objects(workspace):
    return sorted(glob.glob(f"{workspace}/objects/??/*"))


def writable(path):
    """Breaks a hard link and allows writing, as an editor does."""
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data)
    return data


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
    """Makes leaves (depth row), roots (depth root) and the chain (depth chain) agree with changed rows."""
    names = [row[1] for row in db.execute("PRAGMA table_info(artifact)")]
    renamed = {}
    for values in db.execute("SELECT * FROM artifact ORDER BY id").fetchall():
        row = dict(zip(names, values))
        if artifact and row["id"] != artifact:
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
    for seq, body in db.execute("SELECT seq, body FROM event ORDER BY seq").fetchall():
        for old, new in renamed.items():
            body = body.replace(old, new)
        event = json.loads(body)
        if event["type"] == "artifacts.recorded":
            first, count = event["artifacts"]["first"], event["artifacts"]["count"]
            leaves = [leaf for (leaf,) in db.execute("SELECT leaf FROM artifact WHERE id BETWEEN ? AND ? ORDER BY id", (first, first + count - 1))]
            body = body.replace(event["artifacts"]["root"], merkle(leaves).hex())
        db.execute("UPDATE event SET body = ? WHERE seq = ?", (body, seq))
    if depth == "chain":
        rechain(db)


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
    for table in ("derivation",):
        db.execute(f"DELETE FROM {table} WHERE child IN (SELECT id FROM artifact WHERE event_seq > {last})")
    for table in ("artifact", "patient", "patient_split", "split_rule", "model_file", "stage", "signing_key", "run_file", "run"):
        db.execute(f"DELETE FROM {table} WHERE event_seq > {last}")
    db.execute(f"DELETE FROM event WHERE seq > {last}")
    ended = {json.loads(body)["run"] for (body,) in db.execute("SELECT body FROM event WHERE body ->> '$.type' = 'run.ended'")}
    for (run_id,) in db.execute("SELECT id FROM run").fetchall():
        if run_id not in ended:
            db.execute("UPDATE run SET ended_ms = NULL, exit = NULL WHERE id = ?", (run_id,))


def change_byte(path):
    data = bytearray(writable(path))
    data[len(data) // 2] ^= 1
    with open(path, "wb") as file:
        file.write(data)


def truncate(path):
    data = writable(path)
    with open(path, "wb") as file:
        file.write(data[: len(data) // 2])


def append(path):
    data = writable(path)
    with open(path, "ab") as file:
        file.write(b"\0")


def swap(a, b):
    os.rename(a, a + ".x"), os.rename(b, a), os.rename(a + ".x", b)


def link(path):
    os.rename(path, ROOT + "/elsewhere")
    os.symlink(ROOT + "/elsewhere", path)


def hard_link(path, other):
    os.unlink(path)
    os.link(other, path)


def in_place(path, make):
    os.unlink(path)
    make(path)


def plant(path, data=b"planted"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def plant_object(w):
    data = b"a planted object whose name is its hash"
    digest = hashlib.sha256(data).hexdigest()
    plant(f"{w}/objects/{digest[:2]}/{digest[2:]}", data)


def corrupt_page(w, page):
    size = 4096
    with open(f"{w}/catalog.sqlite", "r+b") as file:
        file.seek(page * size)
        file.write(random.Random(page).randbytes(size))


def overwrite(path, data):
    with open(path, "wb") as file:
        file.write(data)


def replaced_catalog(w):
    os.unlink(f"{w}/catalog.sqlite")
    other = f"{ROOT}/other"
    shutil.rmtree(other, ignore_errors=True)
    run("init", "--workspace", other)
    shutil.copy(f"{other}/catalog.sqlite", f"{w}/catalog.sqlite")


def edit(column, value, where):
    return lambda w: sql(w, f"UPDATE artifact SET {column} = {value} WHERE id = (SELECT max(id) FROM artifact WHERE {where})")


def model_file(w, name):
    return sorted(glob.glob(f"{w}/models/*/{name}"))[0]


def run_file(w):
    return sorted(path for path in glob.glob(f"{w}/runs/*/*") if os.path.isfile(path))[0]


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


# name, attack, expected finding, exit code, finding with an anchor (None: none is due)
MODIFIED, MISSING, SYMLINK, STRAY = "object.modified", "object.missing", "object.symlink", "object.unrecorded"
CHANGED, LINEAGE, EVENT, GAP, SCHEMA = "artifact.row_changed", "lineage.changed", "event.changed", "event.gap", "schema.changed"
BROKEN, MISMATCH, ROLLBACK = "catalog.unreadable", "anchor.mismatch", "anchor.rollback"
SLICE, MADE, LARGE = "kind = 'slice'", "origin = 'generated' AND kind = 'image'", "origin = 'enhanced'"
ATTACKS = [
    ("object: a byte", lambda w: change_byte(objects(w)[3]), MODIFIED, 1, None),
    ("object: truncated", lambda w: truncate(objects(w)[3]), MODIFIED, 1, None),
    ("object: emptied", lambda w: (writable(objects(w)[3]), overwrite(objects(w)[3], b"")), MODIFIED, 1, None),
    ("object: longer", lambda w: append(objects(w)[3]), MODIFIED, 1, None),
    ("object: deleted", lambda w: os.unlink(objects(w)[3]), MISSING, 1, None),
    ("object: two swapped", lambda w: swap(objects(w)[3], objects(w)[9]), MODIFIED, 1, None),
    ("object: symbolic link to itself elsewhere", lambda w: link(objects(w)[3]), SYMLINK, 1, None),
    ("object: hard link to another", lambda w: hard_link(objects(w)[3], objects(w)[9]), MODIFIED, 1, None),
    ("object: a folder in its place", lambda w: in_place(objects(w)[3], os.mkdir), SYMLINK, 1, None),
    ("object: a pipe in its place", lambda w: in_place(objects(w)[3], os.mkfifo), SYMLINK, 1, None),
    ("object: planted, named by its hash", plant_object, STRAY, 1, None),
    ("object: planted, any name", lambda w: plant(f"{w}/objects/00/name"), STRAY, 1, None),
    ("object: planted link", lambda w: os.symlink("/etc/passwd", f"{w}/objects/name"), SYMLINK, 1, None),
    ("objects: a folder replaced by a link", lambda w: link(os.path.dirname(objects(w)[3])), SYMLINK, 1, None),
    ("objects: the whole folder a link", lambda w: link(f"{w}/objects"), SYMLINK, 1, None),
    ("objects: all gone", lambda w: shutil.rmtree(f"{w}/objects"), MISSING, 1, None),
    ("model: weights, a byte", lambda w: change_byte(model_file(w, "model.safetensors")), MODIFIED, 1, None),
    ("model: description edited", lambda w: change_byte(model_file(w, "model.json")), MODIFIED, 1, None),
    ("model: state deleted", lambda w: os.unlink(model_file(w, "state.safetensors")), MISSING, 1, None),
    ("model: a file added", lambda w: plant(os.path.dirname(model_file(w, "model.json")) + "/more.json"), STRAY, 1, None),
    ("model: a folder added", lambda w: plant(f"{w}/models/other/model.safetensors"), STRAY, 1, None),
    ("run: a file changed", lambda w: change_byte(run_file(w)), MODIFIED, 1, None),
    ("run: a file deleted", lambda w: os.unlink(run_file(w)), MISSING, 1, None),
    ("run: a file added", lambda w: plant(os.path.dirname(run_file(w)) + "/more.csv"), STRAY, 1, None),
    ("run: a folder added", lambda w: plant(f"{w}/runs/777/x.csv"), STRAY, 1, None),
    ("run: a row changed", lambda w: sql(w, "UPDATE run SET actor = 'someone' WHERE id = 1"), "run.row_changed", 1, None),
    ("run: its end changed", lambda w: sql(w, "UPDATE run SET exit = 1 - exit WHERE id = 2"), "run.row_changed", 1, None),
    ("run: a row deleted", lambda w: sql(w, "DELETE FROM run WHERE id = 3"), "run.row_missing", 1, None),
    ("patient: pseudonym", lambda w: sql(w, "UPDATE patient SET pseudonym = 'P0123456789abcdef' WHERE id = (SELECT min(id) FROM patient)"), "patient.row_changed", 1, None),
    ("patient: state", lambda w: sql(w, "UPDATE patient SET state = 'withdrawn' WHERE id = (SELECT min(id) FROM patient)"), "patient.row_changed", 1, None),
    ("patient: deleted", lambda w: sql(w, "DELETE FROM patient WHERE id = (SELECT min(id) FROM patient)"), "patient.row_missing", 1, None),
    ("artifact: label", edit("label", "'other'", SLICE), CHANGED, 1, None),
    ("artifact: origin", edit("origin", "'acquired'", SLICE), CHANGED, 1, None),
    ("artifact: state", edit("state", "'tainted'", SLICE), CHANGED, 1, None),
    ("artifact: withdrawn without an event", edit("state", "'withdrawn', sha256 = NULL, salt = NULL, key = NULL", SLICE), CHANGED, 1, None),
    ("artifact: another hash", edit("sha256", f"'{'0' * 64}'", SLICE), CHANGED, 1, None),
    ("artifact: attributes", edit("attributes", "'{}'", SLICE), CHANGED, 1, None),
    ("artifact: another run", edit("run_id", "1", MADE), CHANGED, 1, None),
    ("artifact: deleted", lambda w: sql(w, "DELETE FROM artifact WHERE id = 7"), "artifact.row_missing", 1, None),
    ("artifact: added", lambda w: sql(w, "INSERT INTO artifact SELECT id + 100000, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, randomblob(32), salt, randomblob(32), edges, event_seq FROM artifact WHERE id = 7"), "artifact.row_unrecorded", 1, None),
    ("split: of an artifact", edit("split", "CASE split WHEN 'train' THEN 'test' ELSE 'train' END", SLICE), "split.changed", 1, None),
    ("split: of a patient, everywhere", lambda w: sql(w, "UPDATE patient_split SET split = 'train'", "UPDATE artifact SET split = 'train' WHERE patient_id IS NOT NULL"), "split.changed", 1, None),
    ("split: rule", lambda w: sql(w, "UPDATE split_rule SET fraction = 0.5"), "split.changed", 1, None),
    ("generated as real: the row", lambda w: sql(w, lambda db: generated_as_real(db, "row")), CHANGED, 1, None),
    ("generated as real: row, leaf and root", lambda w: sql(w, lambda db: generated_as_real(db, "root")), EVENT, 1, MISMATCH),
    ("generated as real: row, leaf, root and chain", lambda w: (sql(w, lambda db: generated_as_real(db, "chain")), shutil.rmtree(f"{w}/anchors")), None, 0, MISMATCH),
    ("edge: deleted", lambda w: sql(w, "DELETE FROM derivation WHERE child = (SELECT max(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: role", lambda w: sql(w, "UPDATE derivation SET role = 'other' WHERE child = (SELECT max(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: another parent", lambda w: sql(w, "UPDATE OR REPLACE derivation SET parent = 1 WHERE child = (SELECT max(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: added", lambda w: sql(w, "INSERT INTO derivation VALUES ((SELECT max(id) FROM artifact), 1, 'source')"), LINEAGE, 1, None),
    ("edge: two swapped", lambda w: sql(w, swap_edges), LINEAGE, 1, None),
    ("lineage: 200000 deep", lambda w: deep(w, False), LINEAGE, 1, None),
    ("lineage: a ring of 200000", lambda w: deep(w, True), LINEAGE, 1, None),
    ("event: body", lambda w: sql(w, "UPDATE event SET body = replace(body, '\"op\":\"train\"', '\"op\":\"tuned\"')"), EVENT, 1, MISMATCH),
    ("event: deleted", lambda w: sql(w, "DELETE FROM event WHERE seq = 9"), GAP, 1, MISMATCH),
    ("event: deleted, chain mended", lambda w: sql(w, "DELETE FROM event WHERE seq = 9", rechain), None, 1, MISMATCH),
    ("event: two swapped", lambda w: sql(w, "UPDATE event SET seq = -1 WHERE seq = 8", "UPDATE event SET seq = 8 WHERE seq = 9", "UPDATE event SET seq = 9 WHERE seq = -1"), EVENT, 1, MISMATCH),
    ("event: added at the end, wrong hash", lambda w: sql(w, "INSERT INTO event SELECT seq + 1, body, hash, randomblob(32) FROM event ORDER BY seq DESC LIMIT 1"), EVENT, 1, None),
    ("event: added in the middle, chain mended", lambda w: sql(w, "UPDATE event SET seq = -seq WHERE seq > 9", "UPDATE event SET seq = 1 - seq WHERE seq < 0", "INSERT INTO event SELECT 10, body, randomblob(32), randomblob(32) FROM event WHERE seq = 9", rechain), EVENT, 1, MISMATCH),
    ("event: a batch of 10^15 artifacts", bomb, "artifact.row_missing", 1, None),
    ("tail cut, chain only", lambda w: sql(w, "DELETE FROM event WHERE seq > (SELECT max(seq) - 5 FROM event)"), None, 1, ROLLBACK),
    ("tail cut, with all rows, objects collected", lambda w: (sql(w, lambda db: cut_tail(db, 5)), shutil.rmtree(f"{w}/anchors"), run("catalog", "gc", "--workspace", w)), None, 0, MISMATCH),
    ("schema: a trigger dropped", schema("DROP TRIGGER artifact_append_only_update"), SCHEMA, 1, None),
    ("schema: a trigger changed", schema("UPDATE sqlite_schema SET sql = replace(sql, 'DELETE ON event', 'DELETE ON event WHEN 0') WHERE name = 'event_append_only_delete'"), SCHEMA, 1, None),
    ("schema: an index dropped", schema("DROP INDEX derivation_parent"), SCHEMA, 1, None),
    ("schema: a table added", schema("CREATE TABLE more (a)"), SCHEMA, 1, None),
    ("schema: a view added", schema("CREATE VIEW seen AS SELECT * FROM artifact"), SCHEMA, 1, None),
    ("schema: a view in a table's place", lambda w: (schema("ALTER TABLE stage RENAME TO kept")(w), schema("CREATE VIEW stage AS SELECT * FROM kept")(w)), SCHEMA, 1, None),
    ("schema: a check taken out", schema("UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (parent < child)', 'CHECK (1)') WHERE name = 'derivation'"), SCHEMA, 1, None),
    ("schema: version", schema("PRAGMA user_version = 1"), SCHEMA, 1, None),
    ("schema: the log dropped", schema("DROP TABLE event"), SCHEMA, 1, ROLLBACK),
    ("catalog: missing", lambda w: os.unlink(f"{w}/catalog.sqlite"), BROKEN, 3, MISMATCH),
    ("catalog: empty", lambda w: overwrite(f"{w}/catalog.sqlite", b""), BROKEN, 3, MISMATCH),
    ("catalog: not SQLite", lambda w: overwrite(f"{w}/catalog.sqlite", b"nothing of the kind " * 500), BROKEN, 3, MISMATCH),
    ("catalog: half", lambda w: os.truncate(f"{w}/catalog.sqlite", os.path.getsize(f"{w}/catalog.sqlite") // 2), BROKEN, 3, MISMATCH),
    ("catalog: first page", lambda w: corrupt_page(w, 0), BROKEN, 3, MISMATCH),
    ("catalog: a link", lambda w: link(f"{w}/catalog.sqlite"), BROKEN, 3, MISMATCH),
    ("catalog: a pipe", lambda w: in_place(f"{w}/catalog.sqlite", os.mkfifo), BROKEN, 3, MISMATCH),
    ("catalog: another workspace's", replaced_catalog, STRAY, 1, MISMATCH),
    ("anchors: a kept copy edited", lambda w: change_byte(sorted(glob.glob(f"{w}/anchors/*"))[0]), MISMATCH, 1, None),
    ("keys: another signing key", lambda w: overwrite(f"{w}/keys/signing.key", os.urandom(32)), "key.row_changed", 1, None),
    ("nothing", lambda w: None, None, 0, None),
]


def attack_all(source, anchor, only):
    failures = 0
    for name, attack, finding, code, anchored in ATTACKS:
        if only and only not in name:
            continue
        workspace = ROOT + "/w"
        subprocess.run(["rm", "-rf", workspace, ROOT + "/elsewhere"], check=True)
        subprocess.run(["cp", "-a", source, workspace], check=True)
        attack(workspace)
        started = time.time()
        exit_code, findings, _ = verify(workspace)
        seconds = time.time() - started
        good = exit_code == code and (finding is None or finding in findings) and (code != 0 or not findings)
        exit_anchor, with_anchor, _ = verify(workspace, "--anchor", anchor)
        if anchored:
            good = good and any(f.startswith("anchor.") for f in with_anchor) and exit_anchor == max(code, 1)
            good = good and (anchored in with_anchor or anchored == MISMATCH and ROLLBACK in with_anchor)
        else:
            good = good and exit_anchor == code and (code == 0 or set(findings) <= set(with_anchor))
        failures += not good
        shown = ", ".join(f"{f}{'' if findings.count(f) == 1 else f' x {findings.count(f)}'}" for f in dict.fromkeys(findings)) or "-"
        extra = [f for f in dict.fromkeys(with_anchor) if f not in findings]
        print(f"{'ok  ' if good else 'FAIL'} {name}: exit {exit_code}, {shown}; with anchor: exit {exit_anchor}{', ' + ', '.join(extra) if extra else ''} ({seconds:.2f} s)", flush=True)
    return failures


def every_page(source):
    """Each page of the catalog made random: exit 3, or 1 with a finding; never 0, never a signal."""
    failures = silent = 0
    size = os.path.getsize(f"{source}/catalog.sqlite")
    codes = {}
    for page in range(0, size // 4096, max(1, size // 4096 // 60)):
        workspace = ROOT + "/w"
        subprocess.run(["rm", "-rf", workspace], check=True)
        subprocess.run(["cp", "-a", source, workspace], check=True)
        corrupt_page(workspace, page)
        code, findings, _ = verify(workspace)
        codes[code] = codes.get(code, 0) + 1
        # A page on the free list holds nothing.
        if code == 0:
            db = sqlite3.connect(f"{source}/catalog.sqlite")
            silent += db.execute("PRAGMA freelist_count").fetchone()[0] == 0
        if code not in (0, 1, 3):
            failures += 1
            print(f"FAIL page {page}: exit {code}, {findings}")
    print(f"{'ok  ' if not failures + silent else 'FAIL'} corrupt pages: exit codes {codes}")
    return failures + silent


def read_only(source, anchor):
    """A workspace on read-only media is verified, listed and anchored; a log that was not folded in is refused."""
    disk = ROOT + "/disk"
    os.makedirs(disk, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "none", disk], capture_output=True).returncode:
        print("skip read-only media: may not mount")
        return 0
    try:
        subprocess.run(["cp", "-a", source, disk + "/w"], check=True)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        code, findings, _ = verify(disk + "/w", "--anchor", anchor)
        listing = run("catalog", "list", "--workspace", disk + "/w")
        signed = run("audit", "anchor", ROOT + "/ro.json", "--workspace", disk + "/w")
        backup = run("catalog", "backup", ROOT + "/ro.sqlite", "--workspace", disk + "/w")
        writing = run("split", "--workspace", disk + "/w")
        good = (code, findings) == (0, []) and listing.returncode == signed.returncode == backup.returncode == 0 and writing.returncode == 3
        print(f"{'ok  ' if good else 'FAIL'} read-only media: verify {code} {findings}, list {listing.returncode}, anchor {signed.returncode}, backup {backup.returncode}, split {writing.returncode}: {writing.stderr.strip()}")
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        db = sqlite3.connect(disk + "/w/catalog.sqlite", isolation_level=None)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("CREATE TABLE more (a)")
        shutil.copytree(disk + "/w", disk + "/hot", symlinks=True)
        db.close()
        for name in glob.glob(disk + "/hot/catalog.sqlite-shm"):
            os.unlink(name)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        code, findings, _ = verify(disk + "/hot")
        hot = code == 3 or SCHEMA in findings
        print(f"{'ok  ' if hot else 'FAIL'} read-only media with a log that was not folded in: {code} {findings}")
        return (not good) + (not hot)
    finally:
        subprocess.run(["umount", "-l", disk])


def full_disk(images):
    """Ingest onto disks that fill up at different moments: exit 3, and after space was made the same command ends well."""
    failures = 0
    codes = []
    for megabytes in (1, 2, 3, 4, 6):
        disk = ROOT + f"/full{megabytes}"
        os.makedirs(disk, exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", disk], capture_output=True).returncode:
            print("skip full disk: may not mount")
            return 0
        try:
            command = ["ingest", images, "--label-from", "folder", "--workspace", disk + "/w", "--progress", "none"]
            first = run(*command)
            codes.append(first.returncode)
            bad = first.returncode not in (0, 3) or first.returncode and "disk is full" not in first.stderr
            subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
            again = run(*command)
            code, findings, _ = verify(disk + "/w")
            bad = bad or again.returncode != 0 or any(f != STRAY for f in findings)
            gc = run("catalog", "gc", "--workspace", disk + "/w")
            code, findings, _ = verify(disk + "/w")
            bad = bad or gc.returncode != 0 or (code, findings) != (0, [])
            if bad:
                failures += 1
                print(f"FAIL full disk of {megabytes} MB: {first.returncode} {first.stderr.strip()}; again {again.returncode} {again.stderr.strip()}; {code} {findings}")
        finally:
            subprocess.run(["umount", "-l", disk])
    print(f"{'ok  ' if not failures else 'FAIL'} full disk: exit codes {codes}, each rerun ended well")
    return failures


def killed(images, times):
    """kill -9 at random moments of an ingest; rows are whole, and the rerun ends like any other."""
    failures = 0
    workspace = ROOT + "/killed"
    subprocess.run(["rm", "-rf", workspace], check=True)
    command = ["ingest", images, "--label-from", "folder", "--workspace", workspace, "--progress", "none"]
    random.seed(1)
    for _ in range(times):
        process = subprocess.Popen([PROGRAM, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.01, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if os.path.exists(workspace + "/catalog.sqlite"):
            code, findings, _ = verify(workspace)
            if code == 3 and os.path.getsize(workspace + "/catalog.sqlite") < 8192:
                continue  # killed before the first table
            if any(f != STRAY for f in findings):
                failures += 1
                print(f"FAIL after a kill: {code} {findings}")
    last = run(*command)
    run("catalog", "gc", "--workspace", workspace)
    code, findings, summary = verify(workspace)
    failures += (last.returncode, code, findings) != (0, 0, [])
    print(f"{'ok  ' if not failures else 'FAIL'} {times} kills -9: rerun {last.returncode}, verify {code} {findings}, {summary.get('counts')}")
    return failures


def together(images, count):
    """Several programs write to one workspace at once: each ends well or says that the workspace is busy; nothing is lost."""
    workspace = ROOT + "/together"
    subprocess.run(["rm", "-rf", workspace], check=True)
    run("init", "--workspace", workspace)
    command = [PROGRAM, "ingest", images, "--label-from", "folder", "--workspace", workspace, "--progress", "none"]
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(count)]
    readers = [verify(workspace) for _ in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in started]
    code, findings, summary = verify(workspace)
    good = all(c == 0 or c == 3 and "another scanforge" in text for text, c in ends) and (code, findings) == (0, [])
    good = good and all(r[0] == 0 for r in readers) and any(c == 0 for _, c in ends)
    print(f"{'ok  ' if good else 'FAIL'} {count} writers at once: exit codes {[c for _, c in ends]}, readers {[r[:2] for r in readers]}, verify {code} {findings}")
    return not good


def main():
    global ROOT, PROGRAM
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("workspace")
    parser.add_argument("--images", help="folder of folders of images, for the runs that are killed or run out of space")
    parser.add_argument("--only", help="attacks whose name holds this text")
    options = parser.parse_args()
    PROGRAM = os.path.abspath(options.program)
    with tempfile.TemporaryDirectory() as ROOT:
        source = ROOT + "/source"
        subprocess.run(["cp", "-a", options.workspace, source], check=True)
        sqlite3.connect(f"{source}/catalog.sqlite").execute("PRAGMA wal_checkpoint(TRUNCATE)")
        anchor = ROOT + "/anchor.json"
        assert run("audit", "anchor", anchor, "--workspace", source).returncode == 0
        failures = attack_all(source, anchor, options.only)
        if not options.only:
            failures += every_page(source) + read_only(source, anchor)
            if options.images:
                failures += full_disk(options.images) + killed(options.images, 24) + together(options.images, 4)
        print(f"{failures} failures")
        sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
