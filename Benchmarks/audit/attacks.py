#!/usr/bin/env python3
"""Attacks a copy of a real workspace, one record at a time, and checks what `audit verify` says.

usage: attacks.py PROGRAM WORKSPACE [--images DIR] [--export DIR] [--only TEXT]

WORKSPACE has been through a whole pipeline (acquired, derived, generated and enhanced images, two models, an export, leaks); it is only read.
Each attack changes a fresh copy, then `audit verify` must give the exit code and at least the finding that is named, without and with an anchor
that was taken before. With --images (folder of folders) also what kills, disks and clocks do; with --export (made by WORKSPACE) `audit flags`.
"""
import argparse, glob, json, os, shutil, sqlite3, subprocess, sys, tempfile, time

from forger import *
from surroundings import clock_set_back, corrupt_pages, exported_files, full_disk, histories, killed, read_only, together, walks
from workspace import *

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
    ("object: a byte at the end, same length", lambda w: overwrite(objects(w)[5], writable(objects(w)[5])[:-1] + b"\xff"), MODIFIED, 1, None),
    ("object: deleted", lambda w: os.unlink(objects(w)[3]), MISSING, 1, None),
    ("object: two swapped", lambda w: swap(objects(w)[3], objects(w)[9]), MODIFIED, 1, None),
    ("object: symbolic link to itself elsewhere", lambda w: link(objects(w)[3]), SYMLINK, 1, None),
    ("object: hard link to another", lambda w: hard_link(objects(w)[3], objects(w)[9]), MODIFIED, 1, None),
    ("object: a folder in its place", lambda w: in_place(objects(w)[3], os.mkdir), SYMLINK, 1, None),
    ("object: a pipe in its place", lambda w: in_place(objects(w)[3], os.mkfifo), SYMLINK, 1, None),
    ("object: planted, named by its hash", plant_object, STRAY, 1, None),
    ("object: planted, any name", lambda w: plant(f"{w}/objects/00/name"), STRAY, 1, None),
    ("object: planted, without a name's first two digits", lambda w: plant(f"{w}/objects/{'ab' * 32}"), STRAY, 1, None),
    ("object: its name in capitals", lambda w: os.rename(objects(w)[3], os.path.dirname(objects(w)[3]) + "/" + os.path.basename(objects(w)[3]).upper()), MISSING, 1, None),
    ("object: in another folder", lambda w: os.rename(objects(w)[3], os.path.dirname(objects(w)[90]) + "/" + os.path.basename(objects(w)[3])), MISSING, 1, None),
    ("object: copied into another folder", lambda w: shutil.copy(objects(w)[3], os.path.dirname(objects(w)[90]) + "/" + os.path.basename(objects(w)[3])), STRAY, 1, None),
    ("object: planted beside, hidden", lambda w: plant(os.path.dirname(objects(w)[3]) + "/.hidden"), STRAY, 1, None),
    ("object: planted folder with an object", lambda w: plant(f"{w}/objects/more/{'0' * 62}"), STRAY, 1, None),
    ("object: a hard link to another workspace's", lambda w: (plant(f"{w}.other"), hard_link(objects(w)[3], f"{w}.other")), MODIFIED, 1, None),
    ("object: three of them at once", lambda w: (change_byte(objects(w)[1]), os.unlink(objects(w)[2]), plant_object(w)), MODIFIED, 1, None),
    ("object: planted link", lambda w: os.symlink("/etc/passwd", f"{w}/objects/name"), SYMLINK, 1, None),
    ("objects: a folder replaced by a link", lambda w: link(os.path.dirname(objects(w)[3])), SYMLINK, 1, None),
    ("objects: the whole folder a link", lambda w: link(f"{w}/objects"), SYMLINK, 1, None),
    ("objects: all gone", lambda w: shutil.rmtree(f"{w}/objects"), MISSING, 1, None),
    ("model: weights, a byte", lambda w: change_byte(model_file(w, "model.safetensors")), MODIFIED, 1, None),
    ("model: description edited", lambda w: change_byte(model_file(w, "model.json")), MODIFIED, 1, None),
    ("model: state deleted", lambda w: os.unlink(model_file(w, "state.safetensors")), MISSING, 1, None),
    ("model: a file added", lambda w: plant(os.path.dirname(model_file(w, "model.json")) + "/more.json"), STRAY, 1, None),
    ("model: a folder added", lambda w: plant(f"{w}/models/other/model.safetensors"), STRAY, 1, None),
    ("model: weights of another", lambda w: shutil.copy(model_file(w, "model.safetensors", 1), model_file(w, "model.safetensors")), MODIFIED, 1, None),
    ("model: weights a symbolic link", lambda w: link(model_file(w, "model.safetensors")), SYMLINK, 1, None),
    ("model: its folder a symbolic link", lambda w: link(os.path.dirname(model_file(w, "model.json"))), SYMLINK, 1, None),
    ("model: its folder gone", lambda w: shutil.rmtree(os.path.dirname(model_file(w, "model.json"))), MISSING, 1, None),
    ("model: two folders swapped", lambda w: swap(os.path.dirname(model_file(w, "model.json")), os.path.dirname(model_file(w, "model.json", 1))), MODIFIED, 1, None),
    ("model: a row names other weights", lambda w: sql(w, "UPDATE model_file SET artifact_id = 1 WHERE event_seq = (SELECT min(event_seq) FROM model_file)"), "model.row_changed", 1, None),
    ("model: a row deleted", lambda w: sql(w, "DELETE FROM model_file WHERE file = 'model.json'"), "model.row_changed", 1, None),
    ("model: renamed in its rows", lambda w: sql(w, "UPDATE model_file SET name = 'other'"), "model.row_changed", 1, None),
    ("run: a file changed", lambda w: change_byte(run_file(w)), MODIFIED, 1, None),
    ("run: a file deleted", lambda w: os.unlink(run_file(w)), MISSING, 1, None),
    ("run: a file added", lambda w: plant(os.path.dirname(run_file(w)) + "/more.csv"), STRAY, 1, None),
    ("run: a folder added", lambda w: plant(f"{w}/runs/777/x.csv"), STRAY, 1, None),
    ("run: a file a symbolic link", lambda w: link(run_file(w)), SYMLINK, 1, None),
    ("run: its folder a symbolic link", lambda w: link(os.path.dirname(run_file(w))), SYMLINK, 1, None),
    ("run: the hash of a file changed", lambda w: sql(w, "UPDATE run_file SET sha256 = replace(sha256, substr(sha256, 1, 8), '00000000')"), "run_file.row_changed", 1, None),
    ("run: parameters", lambda w: sql(w, "UPDATE run SET params = '{}' WHERE id = 4"), "run.row_changed", 1, None),
    ("run: seed", lambda w: sql(w, "UPDATE run SET seed = coalesce(seed, 0) + 1 WHERE op = 'generate'"), "run.row_changed", 1, None),
    ("run: build", lambda w: sql(w, "UPDATE run SET build_sha256 = tool_version"), "run.row_changed", 1, None),
    ("run: added", lambda w: sql(w, "INSERT INTO run SELECT id + 1000, op, tool_version, build_sha256, params, seed, actor, host, device, started_ms, ended_ms, exit, determinism, event_seq FROM run WHERE id = 1"), "run.row_changed", 1, None),
    ("stage: summary", lambda w: sql(w, "UPDATE stage SET summary = '{}' WHERE position = 1"), "stage.row_changed", 1, None),
    ("stage: deleted", lambda w: sql(w, "DELETE FROM stage WHERE position = 1"), "stage.row_changed", 1, None),
    ("run: a row changed", lambda w: sql(w, "UPDATE run SET actor = 'someone' WHERE id = 1"), "run.row_changed", 1, None),
    ("run: its end changed", lambda w: sql(w, "UPDATE run SET exit = 1 - exit WHERE id = 2"), "run.row_changed", 1, None),
    ("run: a row deleted", lambda w: sql(w, "DELETE FROM run WHERE id = 3"), "run.row_missing", 1, None),
    ("patient: pseudonym", lambda w: sql(w, "UPDATE patient SET pseudonym = 'P0123456789abcdef' WHERE id = (SELECT min(id) FROM patient)"), "patient.row_changed", 1, None),
    ("patient: state", lambda w: sql(w, "UPDATE patient SET state = 'withdrawn' WHERE id = (SELECT min(id) FROM patient)"), "patient.row_changed", 1, None),
    ("patient: deleted", lambda w: sql(w, "DELETE FROM patient WHERE id = (SELECT min(id) FROM patient)"), "patient.row_missing", 1, None),
    ("patient: consent", lambda w: sql(w, "UPDATE patient SET consent = 'research' WHERE id = (SELECT min(id) FROM patient)"), "patient.row_changed", 1, None),
    ("patient: consent, with a new leaf", lambda w: sql(w, forged_consent), "patient.row_changed", 1, None),
    ("patient: two pseudonyms swapped", lambda w: sql(w, swapped_pseudonyms), "patient.row_changed", 1, None),
    ("patient: added", lambda w: sql(w, "INSERT INTO patient SELECT id + 1, 'Pfedcba9876543210', consent, state, randomblob(32), salt, event_seq FROM patient LIMIT 1"), "patient.row_changed", 1, None),
    ("artifact: label", edit("label", "'other'", SLICE), CHANGED, 1, None),
    ("artifact: origin", edit("origin", "'acquired'", SLICE), CHANGED, 1, None),
    ("artifact: state", edit("state", "'tainted'", SLICE), CHANGED, 1, None),
    ("artifact: withdrawn without an event", edit("state", "'withdrawn', sha256 = NULL, salt = NULL, key = NULL", SLICE), CHANGED, 1, None),
    ("artifact: another hash", edit("sha256", f"'{'0' * 64}'", SLICE), CHANGED, 1, None),
    ("artifact: attributes", edit("attributes", "'{}'", SLICE), CHANGED, 1, None),
    ("artifact: terms", edit("attributes", "json_set(attributes, '$.terms', 'anything-goes')", SLICE), CHANGED, 1, None),
    ("artifact: not synthetic any more", edit("attributes", "json_remove(attributes, '$.synthetic', '$.seed')", MADE), CHANGED, 1, None),
    ("artifact: spelled with a space", edit("attributes", "replace(attributes, ',', ', ')", SLICE), CHANGED, 1, None),
    ("artifact: media", edit("media", "'image/png'", SLICE), CHANGED, 1, None),
    ("artifact: kind", edit("kind", "'mask'", SLICE), CHANGED, 1, None),
    ("artifact: size", edit("bytes", "bytes + 1", SLICE), CHANGED, 1, None),
    ("artifact: another patient's", edit("patient_id", "(SELECT max(id) FROM patient WHERE id IS NOT artifact.patient_id)", SLICE), CHANGED, 1, None),
    ("artifact: nobody's", edit("patient_id", "NULL", SLICE), CHANGED, 1, None),
    ("artifact: salt", edit("salt", "randomblob(32)", SLICE), CHANGED, 1, None),
    ("artifact: leaf", edit("leaf", "randomblob(32)", SLICE), CHANGED, 1, None),
    ("artifact: two labels swapped", exchange("artifact", "label", 161, 318), CHANGED, 1, None),
    ("artifact: two hashes swapped", exchange("artifact", "sha256", 161, 162), CHANGED, 1, None),
    ("artifact: two rows swapped", lambda w: sql(w, "UPDATE artifact SET id = -1 WHERE id = 161", "UPDATE artifact SET id = 161 WHERE id = 162", "UPDATE artifact SET id = 162 WHERE id = -1"), CHANGED, 1, None),
    ("artifact: an enhanced one passed off as acquired", edit("origin", "'acquired'", LARGE), CHANGED, 1, None),
    ("artifact: an acquired one passed off as generated", edit("origin", "'generated', patient_id = NULL", "origin = 'acquired'"), CHANGED, 1, None),
    ("artifact: another run", edit("run_id", "1", MADE), CHANGED, 1, None),
    ("artifact: deleted", lambda w: sql(w, "DELETE FROM artifact WHERE id = 7"), "artifact.row_missing", 1, None),
    ("artifact: added", lambda w: sql(w, "INSERT INTO artifact SELECT id + 100000, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, randomblob(32), salt, randomblob(32), edges, event_seq FROM artifact WHERE id = 7"), "artifact.row_unrecorded", 1, None),
    ("split: of an artifact", edit("split", "CASE split WHEN 'train' THEN 'test' ELSE 'train' END", SLICE), "split.changed", 1, None),
    ("split: of a patient, everywhere", lambda w: sql(w, "UPDATE patient_split SET split = 'train'", "UPDATE artifact SET split = 'train' WHERE patient_id IS NOT NULL"), "split.changed", 1, None),
    ("split: rule", lambda w: sql(w, "UPDATE split_rule SET fraction = 0.5"), "split.changed", 1, None),
    ("split: two patients swapped", lambda w: sql(w, "UPDATE patient_split SET split = CASE split WHEN 'train' THEN 'test' ELSE 'train' END"), "split.changed", 1, None),
    ("split: a patient's part deleted", lambda w: sql(w, "DELETE FROM patient_split WHERE patient_id = (SELECT max(patient_id) FROM patient_split)"), "split.changed", 1, None),
    ("split: of a generated image", edit("split", "CASE split WHEN 'train' THEN 'test' ELSE 'train' END", MADE), CHANGED, 1, None),
    ("summary: a patient left out of a data set", lambda w: sql(w, "DELETE FROM dataset_patient WHERE patient = (SELECT min(patient) FROM dataset_patient)"), "summary.changed", 1, None),
    ("summary: counts", lambda w: sql(w, "UPDATE dataset_patient SET n = n + 1"), "summary.changed", 1, None),
    ("summary: terms", lambda w: sql(w, "INSERT INTO dataset_terms SELECT id, 'anything-goes', 1 FROM artifact WHERE kind = 'dataset'"), "summary.changed", 1, None),
    ("summary: of no data set", lambda w: sql(w, "INSERT INTO dataset_patient SELECT 1, id, 1 FROM patient LIMIT 1"), "summary.changed", 1, None),
    ("memorization: a copy cleared", lambda w: sql(w, "UPDATE memorization_check SET flagged = 1 - flagged"), "memorization.changed", 1, None),
    ("memorization: figures", lambda w: sql(w, "UPDATE memorization_check SET distance = 0.5 WHERE artifact = (SELECT min(artifact) FROM memorization_check)"), "memorization.changed", 1, None),
    ("memorization: deleted", lambda w: sql(w, "DELETE FROM memorization_check WHERE artifact = (SELECT max(artifact) FROM memorization_check)"), "memorization.changed", 1, None),
    ("memorization: all deleted", lambda w: sql(w, "DELETE FROM memorization_check"), "memorization.changed", 1, None),
    ("generated as real: the row", lambda w: sql(w, lambda db: generated_as_real(db, "row")), CHANGED, 1, None),
    ("generated as real: row, leaf and root", lambda w: sql(w, lambda db: generated_as_real(db, "root")), EVENT, 1, MISMATCH),
    ("generated as real: row, leaf, root and chain", lambda w: (sql(w, lambda db: generated_as_real(db, "chain")), shutil.rmtree(f"{w}/anchors")), None, 0, MISMATCH),
    ("edge: deleted", lambda w: sql(w, "DELETE FROM derivation WHERE child = (SELECT max(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: role", lambda w: sql(w, "UPDATE derivation SET role = 'other' WHERE child = (SELECT max(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: another parent", lambda w: sql(w, "UPDATE OR REPLACE derivation SET parent = 1 WHERE child = (SELECT max(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: added", lambda w: sql(w, "INSERT INTO derivation VALUES ((SELECT max(id) FROM artifact), 1, 'source')"), LINEAGE, 1, None),
    ("edge: two swapped", lambda w: sql(w, swap_edges), LINEAGE, 1, None),
    ("edge: all of an image", lambda w: sql(w, "DELETE FROM derivation WHERE child = (SELECT max(id) FROM artifact WHERE origin = 'generated')"), LINEAGE, 1, None),
    ("edge: all", lambda w: sql(w, "DELETE FROM derivation"), LINEAGE, 1, None),
    ("edge: doubled under another role", lambda w: sql(w, "INSERT INTO derivation SELECT child, parent, role || '2' FROM derivation LIMIT 1"), LINEAGE, 1, None),
    ("edge: to itself", lambda w: sql(w, "INSERT INTO derivation VALUES (7, 7, 'source')"), LINEAGE, 1, None),
    ("edge: turned around", lambda w: sql(w, "UPDATE derivation SET child = parent, parent = child WHERE child = (SELECT min(child) FROM derivation)"), LINEAGE, 1, None),
    ("edge: to nothing", lambda w: sql(w, "INSERT INTO derivation VALUES (161, 99999, 'source')"), LINEAGE, 1, None),
    ("lineage: 200000 deep", lambda w: deep(w, False), LINEAGE, 1, None),
    ("lineage: a ring of 200000", lambda w: deep(w, True), LINEAGE, 1, None),
    ("event: body", lambda w: sql(w, "UPDATE event SET body = replace(body, '\"op\":\"train\"', '\"op\":\"tuned\"')"), EVENT, 1, MISMATCH),
    ("event: deleted", lambda w: sql(w, "DELETE FROM event WHERE seq = 9"), GAP, 1, MISMATCH),
    ("event: deleted, chain mended", lambda w: sql(w, "DELETE FROM event WHERE seq = 9", rechain), None, 1, MISMATCH),
    ("event: two swapped", lambda w: sql(w, "UPDATE event SET seq = -1 WHERE seq = 8", "UPDATE event SET seq = 8 WHERE seq = 9", "UPDATE event SET seq = 9 WHERE seq = -1"), EVENT, 1, MISMATCH),
    ("event: two swapped, chain mended", lambda w: sql(w, "UPDATE event SET seq = -1 WHERE seq = 8", "UPDATE event SET seq = 8 WHERE seq = 9", "UPDATE event SET seq = 9 WHERE seq = -1", rechain), None, 1, MISMATCH),
    ("event: the first deleted", lambda w: sql(w, "DELETE FROM event WHERE seq = 1"), GAP, 1, MISMATCH),
    ("event: all deleted", lambda w: sql(w, "DELETE FROM event"), GAP, 1, ROLLBACK),
    ("event: hash", lambda w: sql(w, "UPDATE event SET hash = randomblob(32) WHERE seq = 9"), EVENT, 1, None),
    ("event: link to the one before", lambda w: sql(w, "UPDATE event SET prev = randomblob(32) WHERE seq = 9"), EVENT, 1, None),
    ("event: spelled with a space, chain mended", lambda w: sql(w, "UPDATE event SET body = replace(body, ',', ', ') WHERE seq = 9", rechain), EVENT, 1, MISMATCH),
    ("event: who read the key, chain mended", lambda w: sql(w, "UPDATE event SET body = replace(body, '\"actor\":\"', '\"actor\":\"not ') WHERE body ->> '$.type' = 'key.used'", rechain), None, 1, MISMATCH),
    ("event: numbers shifted", lambda w: sql(w, "UPDATE event SET seq = -seq", "UPDATE event SET seq = 1 - seq"), GAP, 1, MISMATCH),
    ("event: doubled at the end, chain mended", lambda w: sql(w, "INSERT INTO event SELECT seq + 1, body, hash, randomblob(32) FROM event ORDER BY seq DESC LIMIT 1", rechain), EVENT, 1, None),
    ("event: added at the end, wrong hash", lambda w: sql(w, "INSERT INTO event SELECT seq + 1, body, hash, randomblob(32) FROM event ORDER BY seq DESC LIMIT 1"), EVENT, 1, None),
    ("event: added in the middle, chain mended", lambda w: sql(w, "UPDATE event SET seq = -seq WHERE seq > 9", "UPDATE event SET seq = 1 - seq WHERE seq < 0", "INSERT INTO event SELECT 10, body, randomblob(32), randomblob(32) FROM event WHERE seq = 9", rechain), EVENT, 1, MISMATCH),
    ("event: a batch of 10^15 artifacts", bomb, "artifact.row_missing", 1, None),
    ("tail cut, chain only", lambda w: sql(w, "DELETE FROM event WHERE seq > (SELECT max(seq) - 5 FROM event)"), None, 1, ROLLBACK),
    ("tail cut, with all rows, objects collected", lambda w: (sql(w, lambda db: cut_tail(db, 5)), shutil.rmtree(f"{w}/anchors"), run("catalog", "gc", "--workspace", w)), None, 0, MISMATCH),
    ("schema: a trigger dropped", schema("DROP TRIGGER artifact_append_only_update"), SCHEMA, 1, None),
    ("schema: a trigger changed", schema("UPDATE sqlite_schema SET sql = replace(sql, 'DELETE ON event', 'DELETE ON event WHEN 0') WHERE name = 'event_append_only_delete'"), SCHEMA, 1, None),
    ("schema: all triggers dropped", without_triggers, SCHEMA, 1, None),
    ("schema: a trigger added", schema("CREATE TRIGGER more AFTER INSERT ON event BEGIN SELECT 1; END"), SCHEMA, 1, None),
    ("schema: a trigger on another table", schema("UPDATE sqlite_schema SET tbl_name = 'run' WHERE name = 'event_append_only_delete'"), BROKEN, 3, MISMATCH),
    ("schema: an index added", schema("CREATE INDEX more ON artifact (label)"), SCHEMA, 1, None),
    ("schema: an index made partial", schema("UPDATE sqlite_schema SET sql = sql || ' WHERE parent > 9' WHERE name = 'derivation_parent'"), SCHEMA, 1, None),
    ("schema: a column added", schema("ALTER TABLE run ADD COLUMN more TEXT"), SCHEMA, 1, None),
    ("schema: not strict any more", schema("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'artifact'"), SCHEMA, 1, None),
    ("schema: a foreign key taken out", schema("UPDATE sqlite_schema SET sql = replace(sql, 'REFERENCES artifact (id)', '') WHERE name = 'derivation'"), SCHEMA, 1, None),
    ("schema: statistics", schema("ANALYZE"), SCHEMA, 1, None),
    ("schema: the list of migrations", schema("DELETE FROM grdb_migrations WHERE identifier LIKE '0003%'"), SCHEMA, 1, None),
    ("schema: an index dropped", schema("DROP INDEX derivation_parent"), SCHEMA, 1, None),
    ("schema: a table added", schema("CREATE TABLE more (a)"), SCHEMA, 1, None),
    ("schema: a view added", schema("CREATE VIEW seen AS SELECT * FROM artifact"), SCHEMA, 1, None),
    ("schema: a view in a table's place", lambda w: (schema("ALTER TABLE stage RENAME TO kept")(w), schema("CREATE VIEW stage AS SELECT * FROM kept")(w)), SCHEMA, 1, None),
    ("schema: a check taken out", schema("UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (parent < child)', 'CHECK (1)') WHERE name = 'derivation'"), SCHEMA, 1, None),
    ("schema: version", schema("PRAGMA user_version = 1"), SCHEMA, 1, None),
    ("schema: version 0", schema("PRAGMA user_version = 0"), SCHEMA, 1, None),
    ("schema: a version to come", schema("PRAGMA user_version = 99"), BROKEN, 3, MISMATCH),
    ("schema: the application's number", schema("PRAGMA application_id = 7"), BROKEN, 3, MISMATCH),
    ("schema: the log dropped", schema("DROP TABLE event"), SCHEMA, 1, ROLLBACK),
    ("catalog: missing", lambda w: os.unlink(f"{w}/catalog.sqlite"), BROKEN, 3, MISMATCH),
    ("catalog: empty", lambda w: overwrite(f"{w}/catalog.sqlite", b""), BROKEN, 3, MISMATCH),
    ("catalog: not SQLite", lambda w: overwrite(f"{w}/catalog.sqlite", b"nothing of the kind " * 500), BROKEN, 3, MISMATCH),
    ("catalog: half", lambda w: os.truncate(f"{w}/catalog.sqlite", os.path.getsize(f"{w}/catalog.sqlite") // 2), BROKEN, 3, MISMATCH),
    ("catalog: first page", lambda w: corrupt_page(w, 0), BROKEN, 3, MISMATCH),
    ("catalog: a link", lambda w: link(f"{w}/catalog.sqlite"), BROKEN, 3, MISMATCH),
    ("catalog: a pipe", lambda w: in_place(f"{w}/catalog.sqlite", os.mkfifo), BROKEN, 3, MISMATCH),
    ("catalog: a folder", lambda w: in_place(f"{w}/catalog.sqlite", os.mkdir), BROKEN, 3, MISMATCH),
    ("catalog: a page appended", lambda w: append_bytes(f"{w}/catalog.sqlite", bytes(4096)), None, 0, None),
    ("log: an edit that was not folded in", lambda w: unfolded(w, "UPDATE artifact SET label = 'other' WHERE id = 161"), CHANGED, 1, None),
    ("log: garbage", lambda w: overwrite(f"{w}/catalog.sqlite-wal", b"nothing of the kind " * 500), None, 0, None),
    ("log: a folder", lambda w: (os.path.exists(f"{w}/catalog.sqlite-wal") and os.unlink(f"{w}/catalog.sqlite-wal"), os.mkdir(f"{w}/catalog.sqlite-wal")), BROKEN, 3, MISMATCH),
    ("log: of another catalog", lambda w: (replaced_catalog(copied(w, "twin")), unfolded(f"{Place.root}/twin", "CREATE TABLE more (a)"), shutil.copy(f"{Place.root}/twin/catalog.sqlite-wal", f"{w}/catalog.sqlite-wal")), BROKEN, 3, MISMATCH),
    ("log: shared memory of noise", lambda w: overwrite(f"{w}/catalog.sqlite-shm", os.urandom(32768)), None, 0, None),
    ("journal: garbage", lambda w: overwrite(f"{w}/catalog.sqlite-journal", os.urandom(8192)), None, 0, None),
    ("catalog: another workspace's", replaced_catalog, STRAY, 1, MISMATCH),
    ("anchors: a kept copy edited", lambda w: change_byte(sorted(glob.glob(f"{w}/anchors/*"))[0]), MISMATCH, 1, None),
    ("anchors: a kept copy emptied", lambda w: overwrite(sorted(glob.glob(f"{w}/anchors/*"))[0], b""), MISMATCH, 1, None),
    ("anchors: a kept copy cut", lambda w: truncate(sorted(glob.glob(f"{w}/anchors/*"))[0]), MISMATCH, 1, None),
    ("anchors: a kept copy of later events", lambda w: change_anchor(sorted(glob.glob(f"{w}/anchors/*"))[0], seq=99999), MISMATCH, 1, None),
    ("anchors: another file among them", lambda w: plant(f"{w}/anchors/0.json"), MISMATCH, 1, None),
    ("keys: another signing key", lambda w: overwrite(f"{w}/keys/signing.key", os.urandom(32)), "key.row_changed", 1, None),
    ("keys: the signing key cut", lambda w: truncate(f"{w}/keys/signing.key"), "key.row_changed", 1, None),
    ("keys: another pseudonym key", lambda w: overwrite(f"{w}/keys/pseudonym.key", os.urandom(32)), "key.row_changed", 1, None),
    ("keys: the pseudonym key, a byte", lambda w: change_byte(f"{w}/keys/pseudonym.key"), "key.row_changed", 1, None),
    ("keys: the pseudonym key cut", lambda w: truncate(f"{w}/keys/pseudonym.key"), "key.row_changed", 1, None),
    ("keys: a row of the signing key", lambda w: sql(w, "DELETE FROM signing_key"), "key.row_changed", 1, None),
    ("nothing", lambda w: None, None, 0, None),
]


def attack_all(source, anchor, only):
    failures = 0
    for name, attack, finding, code, anchored in ATTACKS:
        if only and only not in name:
            continue
        workspace = copied(source)
        attack(workspace)
        started = time.time()
        exit_code, findings, _ = verify(workspace)
        seconds = time.time() - started
        good = (code is None or exit_code == code) and (finding is None or finding in findings) and (code != 0 or not findings)
        exit_anchor, with_anchor, _ = verify(workspace, "--anchor", anchor)
        if anchored:
            good = good and any(f.startswith("anchor.") for f in with_anchor) and exit_anchor == (code or 1)
            good = good and (anchored in with_anchor or anchored == MISMATCH and ROLLBACK in with_anchor)
        else:
            good = good and exit_anchor == code and (code == 0 or set(findings) <= set(with_anchor))
        failures += not good
        shown = ", ".join(f"{f}{'' if findings.count(f) == 1 else f' x {findings.count(f)}'}" for f in dict.fromkeys(findings)) or "-"
        extra = [f for f in dict.fromkeys(with_anchor) if f not in findings]
        print(f"{'ok  ' if good else 'FAIL'} {name}: exit {exit_code}, {shown}; with anchor: exit {exit_anchor}{', ' + ', '.join(extra) if extra else ''} ({seconds:.2f} s)", flush=True)
    return failures


# What an edited anchor, or one of somebody else, leads to: name, edit of the file, further words, exit code, finding.
ANCHORS = [
    ("as it is", lambda a: None, [], 0, None),
    ("a byte", change_byte, [], 1, MISMATCH),
    ("its event", lambda a: change_anchor(a, seq=5), [], 1, MISMATCH),
    ("an event to come", lambda a: change_anchor(a, seq=99999), [], 1, MISMATCH),
    ("its head", lambda a: change_anchor(a, head="0" * 64), [], 1, MISMATCH),
    ("its key", lambda a: change_anchor(a, publicKey="0" * 64), [], 1, MISMATCH),
    ("its signature", lambda a: change_anchor(a, signature="0" * 128), [], 1, MISMATCH),
    ("its time", lambda a: change_anchor(a, time_ms=0), [], 1, MISMATCH),
    ("a member more", lambda a: change_anchor(a, more=1), [], 1, MISMATCH),
    ("half", truncate, [], 1, MISMATCH),
    ("empty", lambda a: overwrite(a, b""), [], 1, MISMATCH),
    ("binary", lambda a: overwrite(a, os.urandom(4096)), [], 1, MISMATCH),
    ("deeply nested", lambda a: overwrite(a, b"[" * 100_000), [], 1, MISMATCH),
    ("another workspace's", lambda a: (run("init", "--workspace", a + ".w"), os.unlink(a), run("audit", "anchor", a, "--workspace", a + ".w")), [], 1, MISMATCH),
    ("another signer than noted", lambda a: None, ["--fingerprint", "0" * 32], 1, MISMATCH),
    ("missing", os.unlink, [], 3, None),
    ("a folder", lambda a: in_place(a, os.mkdir), [], 3, None),
]


def anchors(source, anchor):
    failures = 0
    for number, (name, change, words, code, finding) in enumerate(ANCHORS):
        copy = f"{Place.root}/given-{number}.json"
        shutil.copy(anchor, copy)
        change(copy)
        found, findings, _ = verify(source, "--anchor", copy, *words)
        good = found == code and (finding in findings if finding else not findings)
        failures += not good
        print(f"{'ok  ' if good else 'FAIL'} anchor: {name}: exit {found}, {findings}", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("workspace")
    parser.add_argument("--images", help="folder of folders of images, for the runs that are killed or run out of space")
    parser.add_argument("--export", help="folder of an export of the workspace")
    parser.add_argument("--only", help="attacks whose name holds this text")
    options = parser.parse_args()
    Place.program = os.path.abspath(options.program)
    with tempfile.TemporaryDirectory() as Place.root:
        source = copied(options.workspace, "source")
        sqlite3.connect(f"{source}/catalog.sqlite").execute("PRAGMA wal_checkpoint(TRUNCATE)")
        anchor = Place.root + "/anchor.json"
        assert run("audit", "anchor", anchor, "--workspace", source).returncode == 0
        failures = attack_all(source, anchor, options.only)
        if not options.only:
            failures += anchors(source, anchor) + histories(source) + walks(source)
            failures += clock_set_back(source) + corrupt_pages(source) + read_only(source, anchor)
            if options.export:
                failures += exported_files(source, options.export)
            if options.images:
                failures += full_disk(options.images) + killed(options.images, 24) + together(options.images, 4)
        print(f"{failures} failures")
        sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
