/// The verifier that goes into a bundle: fewer than a hundred lines of Python's standard library, so that nobody has to trust or run ScanForge.
///
/// It makes the event chain, leaves, edges, Merkle roots and the anchor's Ed25519 signature anew from docs/decisions/0003-catalog.md, and from the log the lines
/// that each member must have: only those are accepted, byte for byte, `prov.json`, the manifest and itself included. Lines longer than elsewhere keep it short.
enum BundleVerifier {
  /// The bundle's `README.txt`, and what `verify.py --help` says.
  static let about = "ScanForge audit bundle: python3 verify.py BUNDLE.zip [--fingerprint HEX] [--objects DIR]. It names pseudonyms: keep it as the workspace is kept."

  static let python = #"""
    import argparse, hashlib, itertools, json, os, re, sys, time, zipfile
    ABOUT = "\#(about)\n"
    sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
    encode = lambda value, sorts=True: json.dumps(value, sort_keys=sorts, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    unhex = lambda text: bytes.fromhex(text) if isinstance(text, str) and re.fullmatch("([0-9a-f]{2})*", text) else b"?"
    pick = lambda row, names, prefix="": {prefix + name: row[name] for name in names.split() if not prefix or row[name] is not None}
    def ed25519(public, message, signature):  # RFC 8032, section 5.1.7
        p, q, d = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, -121665 * pow(121666, -1, 2**255 - 19)
        def point(data):
            x2 = ((y := int.from_bytes(data, "little") % 2**255) ** 2 - 1) * pow(d * y * y + 1, -1, p) % p
            x = next(x for x in (pow(x2, (p + 3) // 8, p) * root % p for root in (1, pow(2, (p - 1) // 4, p))) if x * x % p == x2 and y < p)
            return (p - x if x & 1 != data[31] >> 7 else x, y)
        add = lambda a, b: ((a[0] * b[1] + b[0] * a[1]) * pow(1 + (t := d * a[0] * b[0] * a[1] * b[1]), -1, p) % p, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, p) % p)
        times = lambda n, a: (0, 1) if n == 0 else add(a, times(n - 1, a)) if n & 1 else times(n // 2, add(a, a))
        k, s = (int.from_bytes(part, "little") for part in (hashlib.sha512(signature[:32] + public + message).digest(), signature[32:]))
        return s < q and times(s, point(bytes.fromhex("58" + "66" * 31))) == add(point(signature[:32]), times(k % q, point(public)))
    def merkle(leaves):  # RFC 6962, section 2.1
        half = 1 << max(len(leaves) - 1, 1).bit_length() - 1
        return sha(b"\1", merkle(leaves[:half]), merkle(leaves[half:])) if len(leaves) > 1 else sha(b"\0", *leaves)
    member, sums, signed, notes, found, heads, signers, runs, patients, made_by, states, splits, parents, leaves = "artifacts.ndjson", {}, 0, {}, [], [bytes(32)], [], {}, {}, {}, {}, {}, {}, {}
    must = lambda good, what: good or found.append(what)
    rows = lambda name, read=json.loads: map(read, bundle.open(name) if name in sums else ())
    def seal(row, body, **empty):  # The leaf, which proves what a row alone tells, such as a label. A row that a withdrawal emptied keeps its own.
        gone = row["state"] == "withdrawn" and encode(empty) == encode(pick(row, " ".join(empty)))
        return row["leaf"] if gone else sha(unhex(row["salt"]), encode(body)).hex()
    def events():
        for number, event in enumerate(rows("events.ndjson"), 1):
            heads.append(sha(heads[-1], event["body"].encode()))
            yield {"body": event["body"], "hash": heads[-1].hex(), "seq": number}
            body = json.loads(event["body"])
            if body["type"] == "signing.key": signers.append(body["public_key"])
            if body["type"] == "run.began": runs[body["run"]["id"]] = dict(body["run"], ended_ms=None, event_seq=number, exit=None)
            if body["type"] == "run.ended": runs[body["run"]].update(pick(body, "ended_ms exit"))
            if body["type"] == "split.assigned": splits.update(body["patients"])
            if body["type"] in ("artifact.state", "patient.state"): states.update(dict.fromkeys(body[body["type"][:-6] + "s"], body["state"]))
            if body["type"] == "artifacts.recorded":
                first, count, root = (body["artifacts"][name] for name in ("first", "count", "root"))
                ids = range(first, first + min(count, len(leaves) + 1))  # of a forger's count no more than there are
                made_by.update(dict.fromkeys(ids, body["run"])), patients.update(body["patients"])
                must(merkle([unhex(leaves.get(id)) for id in ids]).hex() == root, "artifacts.ndjson: row %d and on, not as in event %d" % (first, number))
    def people():
        for id, row in itertools.zip_longest(sorted(patients), rows("patients.ndjson")):
            leaf = seal(row, dict(pick(row, "consent pseudonym"), id=id), consent=None, pseudonym=None, salt=None)
            yield dict(pick(row, "consent pseudonym salt"), id=id, leaf=leaf if leaf == patients[id] else None, state=states.get(id, "active"))
    def edges():
        for child, parent, role in sorted(set(map(tuple, rows("edges.ndjson")))):
            parents.setdefault(child, []).append("%s %s\n" % (leaves[parent], role))
            yield [int(child), int(parent), role] if child in made_by else None
    def artifacts():
        for (id, run), row in itertools.zip_longest(made_by.items(), rows("artifacts.ndjson")):
            owner, state, facts = row["patient_id"], states.get(row["leaf"], "active"), pick(row, "attributes bytes key kind label media origin sha256")
            above, split = "".join(sorted(parents.pop(id, []))).encode(), row["split"] if owner is None else patients[owner] and splits.get(owner)
            body = dict(facts, edges=sha(above).hex() if above else None, patient=owner, run=run, split=split if owner is None else None)
            leaf = seal(row, body, attributes="{}", bytes=0, key=None, label=None, salt=None, sha256=None)
            yield dict(facts, edges=body["edges"], id=id, leaf=leaf, patient_id=owner, run_id=run, salt=row["salt"], split=split, state=state)
            path = options.objects and state in ("active", "tainted") and os.path.join(options.objects, row["sha256"][:2], row["sha256"][2:])
            must(not path or os.path.isfile(path) and sha(open(path, "rb").read()).hex() == row["sha256"], "object of artifact %d" % id)
    def provenance():
        run, item, account, columns = "sf:run/%d".__mod__, "sf:artifact/%d".__mod__, "sf:account/%s".__mod__, "build_sha256 determinism device host op params seed tool_version"
        moments, clock = (("prov:endTime", "ended_ms"), ("prov:startTime", "started_ms")), lambda ms: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))
        yield encode({
            "prefix": {"prov": "http://www.w3.org/ns/prov#", "sf": "urn:scanforge:"},
            "activity": {run(id): {**{name: clock(row[key]) for name, key in moments if row[key] is not None}, **pick(row, columns, "sf:")} for id, row in runs.items()},
            "agent": {account(row["actor"]): {"prov:type": {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"}} for row in runs.values()},
            "entity": {item(row["id"]): pick(row, "kind label origin sha256 split state", "sf:") for row in rows("artifacts.ndjson")},
            "wasAssociatedWith": {"_:a%d" % id: {"prov:activity": run(id), "prov:agent": account(row["actor"])} for id, row in runs.items()},
            "wasDerivedFrom": {"_:d%d" % n: {"prov:generatedEntity": item(edge[0]), "prov:usedEntity": item(edge[1]), "sf:role": edge[2]} for n, edge in enumerate(rows("edges.ndjson"), 1)},
            "wasGeneratedBy": {"_:g%d" % row["id"]: {"prov:activity": run(row["run_id"]), "prov:entity": item(row["id"])} for row in rows("artifacts.ndjson")}}, False)
    def anchor():
        for told in rows("anchor.json"):
            public, signature, body = unhex(told["publicKey"]), unhex(told["signature"]), {name: told[name] for name in told if name != "signature"}
            must(heads[told["seq"]].hex() == told["head"] and ed25519(public, encode(body), signature), "anchor.json: no signed head of this log")
            must(told["publicKey"] in signers, "anchor.json: signed by a key that the log does not name")
            must(sha(public).hex()[:32] == (options.fingerprint or told["fingerprint"]).lower(), "fingerprint: another signer's")
            yield told
    MEMBERS = {"README.txt": ABOUT.encode().splitlines, "verify.py": lambda: open(__file__, "rb").read().splitlines(), "events.ndjson": events,
               "runs.ndjson": runs.values, "patients.ndjson": people, "edges.ndjson": edges, "artifacts.ndjson": artifacts, "prov.json": provenance,
               "anchor.json": anchor, "MANIFEST.sha256": lambda: sorted(("%s  %s" % (sums[name], name)).encode() for name in sums if name != member)}
    parser = argparse.ArgumentParser(description=ABOUT)
    options = [parser.add_argument(name) for name in ("bundle", "--fingerprint", "--objects")] and parser.parse_args()
    os.path.isfile(options.bundle) or parser.error("no ZIP file: give the bundle itself, not what was unpacked of it")
    try:
        bundle = zipfile.ZipFile(options.bundle)
        names, sums = bundle.namelist(), {one.filename: sha(bundle.read(one)).hex() for one in bundle.infolist() if one.filename in MEMBERS and not one.compress_type}
        for name in sorted({*names, *MEMBERS} - (set() if options.fingerprint or "anchor.json" in names else {"anchor.json"})):
            must(name in sums and names.count(name) == 1, "%s: missing, there twice, packed, or no member of a bundle" % name)
        leaves.update((row["id"], row["leaf"]) for row in rows("artifacts.ndjson"))
        for member in MEMBERS:
            pairs = enumerate(itertools.zip_longest(rows(member, bytes), MEMBERS[member](), fillvalue=b"\n"), 1)
            wrong = next((number for number, (line, right) in pairs if line != (right if isinstance(right, bytes) else encode(right)) + b"\n"), 0)
            must(not wrong, "%s: line %d is not what follows from the log" % (member, wrong))
        notes = {"an anchor, for there is none: the whole log may have been made anew": not (signed := sum(told["seq"] for told in rows("anchor.json"))),
                 "the signer (--fingerprint)": signed and not options.fingerprint, "the bytes of the objects (--objects)": not options.objects,
                 "the events after the signed head": 0 < signed < len(heads) - 1, "kind, origin, media, patient and parents of what was withdrawn": "withdrawn" in states.values()}
    except Exception as error:  # a hostile bundle may break any rule
        found.append("%s (%s)" % (member + ": lacks lines, or has other ones" if sums else "The bundle is damaged, or none of ScanForge's", type(error).__name__))
    summary = ["All as recorded: %d events, %d artifacts, %s." % (len(heads) - 1, len(leaves), "signed head of event %d" % signed if signed else "no anchor")]
    print(*found or summary, *("Not checked: %s." % note for note in notes if notes[note]), sep="\n")
    sys.exit((1 if sums else 3) if found else 0)

    """#
}
