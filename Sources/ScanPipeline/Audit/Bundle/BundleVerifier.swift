/// The verifier that goes into a bundle: fewer than a hundred lines of Python's standard library, so that nobody has to trust or run ScanForge.
///
/// It makes every hash anew from docs/decisions/0003-catalog.md: event chain, leaves, edges, Merkle roots, and the anchor's Ed25519 signature.
enum BundleVerifier {
  static let python = #"""
    #!/usr/bin/env python3
    """Checks a ScanForge audit bundle with Python's standard library alone.
    With --fingerprint HEX the signer, too; with --objects DIR (a copy of the workspace's objects/) every byte. Nothing of the bundle is run or
    unpacked. Exit 0: all as recorded, 1: findings, 2: wrong request, 3: no bundle that can be read."""
    argparse, hashlib, json, os, re, sys, zipfile = map(__import__, ("argparse", "hashlib", "json", "os", "re", "sys", "zipfile"))
    sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
    canonical = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def ed25519(public, message, signature):  # RFC 8032, section 5.1.7
        p, q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
        d = -121665 * pow(121666, -1, p) % p
        def point(data):
            y, sign = int.from_bytes(data, "little") % 2**255, data[31] >> 7
            x2 = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
            root = pow(x2, (p + 3) // 8, p)
            x = next(x for x in (root, root * pow(2, (p - 1) // 4, p) % p) if x * x % p == x2 and y < p)
            return (p - x if x & 1 != sign else x, y)
        def add(a, b):
            t = d * a[0] * b[0] * a[1] * b[1]
            return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, p) % p, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, p) % p)
        def times(n, a):
            return (0, 1) if n == 0 else add(a, times(n - 1, a)) if n & 1 else times(n // 2, add(a, a))
        base, s = point((4 * pow(5, -1, p) % p).to_bytes(32, "little")), int.from_bytes(signature[32:], "little")
        k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % q
        return s < q and times(s, base) == add(point(signature[:32]), times(k, point(public)))

    def merkle(entries):  # RFC 6962, section 2.1
        if len(entries) == 1:
            return sha(b"\0", entries[0])
        half = 1 << (len(entries) - 1).bit_length() - 1
        return sha(b"\1", merkle(entries[:half]), merkle(entries[half:]))

    def check(options, found):
        bundle = zipfile.ZipFile(options.bundle)
        names = bundle.namelist()
        if len(set(names)) < len(names) or any(re.search(r"^/|\\|(^|/)\.\.(/|$)", name) for name in names):
            found.append("names: members that stand twice or lead out of the bundle")
        # Stored, not packed: what is read is not larger than the file.
        members = {one.filename: bundle.read(one) for one in bundle.infolist() if one.compress_type == zipfile.ZIP_STORED}
        listed = dict(reversed(line.split("  ", 1)) for line in members.get("MANIFEST.sha256", b"").decode().splitlines())
        required = {"MANIFEST.sha256", "artifacts.ndjson", "edges.ndjson", "events.ndjson", "patients.ndjson", "runs.ndjson"}
        found += ["missing: " + name for name in sorted((required | listed.keys()) - members.keys())]
        found += ["manifest: " + name for name in sorted(members.keys() - {"MANIFEST.sha256"}) if sha(members[name]).hex() != listed.get(name)]
        lines = lambda name: [json.loads(line) for line in members.get(name, b"").splitlines()]
        previous, heads, batches, states, signers, runs, patients, parents, recorded = bytes(32), {}, [], {}, set(), [], {}, {}, set()
        for number, event in enumerate(lines("events.ndjson"), 1):
            digest = sha(previous, event["body"].encode())
            if event["seq"] != number or event["hash"] != digest.hex():
                found.append("event %d" % number)
            previous = heads[number] = digest
            body = json.loads(event["body"])
            batches += [(number, body["artifacts"])] if body["type"] == "artifacts.recorded" else []
            patients.update(body["patients"]) if body["type"] == "artifacts.recorded" else None
            runs += [body["run"]] if body["type"] == "run.began" else []
            states.update((leaf, body["state"]) for leaf in body["artifacts"]) if body["type"] == "artifact.state" else None
            signers.add(body.get("public_key"))
        rows, told = ({row["id"]: row for row in lines(name)} for name in ("artifacts.ndjson", "runs.ndjson"))
        for child, parent, role in lines("edges.ndjson"):
            parents.setdefault(child, []).append("%s %s\n" % (rows[parent]["leaf"] if parent in rows else "?", role))
        for id, row in rows.items():
            edges = sha("".join(sorted(parents.get(id, []))).encode()).hex() if id in parents else None
            body = {key: row[key] for key in ("attributes", "bytes", "key", "kind", "label", "media", "origin", "sha256")}
            body.update(edges=edges, patient=row["patient_id"], run=row["run_id"], split=None if row["patient_id"] else row["split"])
            leaf = sha(bytes.fromhex(row["salt"]), canonical(body)).hex() if row["salt"] else row["state"] == "withdrawn" and row["leaf"]
            if edges != row["edges"] or row["state"] != states.get(row["leaf"], "active") or leaf != row["leaf"]:
                found.append("artifact %d" % id)
            if options.objects and row["sha256"] and row["state"] in ("active", "tainted"):
                path = os.path.join(options.objects, row["sha256"][:2], row["sha256"][2:])
                if not re.fullmatch("[0-9a-f]{64}", row["sha256"]) or not os.path.isfile(path) or sha(open(path, "rb").read()).hex() != row["sha256"]:
                    found.append("object of artifact %d" % id)
        for number, batch in batches:
            ids = range(batch["first"], batch["first"] + min(batch["count"], len(rows) + 1))
            recorded.update(ids)
            if any(id not in rows for id in ids) or merkle([bytes.fromhex(rows[id]["leaf"]) for id in ids]).hex() != batch["root"]:
                found.append("batch of event %d" % number)
        found += ["artifact %d is in no event" % id for id in rows.keys() - recorded]
        found += ["run %d" % run["id"] for run in runs if not run.items() <= told.get(run["id"], {}).items()]
        found += ["patients"] if {row["id"]: row["leaf"] for row in lines("patients.ndjson")} != patients else []
        anchor = json.loads(members["anchor.json"]) if "anchor.json" in members else None
        if anchor:
            signature, public = bytes.fromhex(anchor.pop("signature")), bytes.fromhex(anchor["publicKey"])
            if not ed25519(public, canonical(anchor), signature) or heads.get(anchor["seq"], b"").hex() != anchor["head"]:
                found.append("anchor")
            found += [] if anchor["publicKey"] in signers else ["anchor: signed by a key that the log does not name"]
        if options.fingerprint and (not anchor or sha(public).hex()[:32] != options.fingerprint.lower()):
            found.append("fingerprint")
        return "%d events, %d artifacts, %s" % (len(heads), len(rows), "signed head of event %d" % anchor["seq"] if anchor else "no anchor")

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("bundle"), arguments.add_argument("--fingerprint"), arguments.add_argument("--objects")
    options, found = arguments.parse_args(), []
    zipfile.is_zipfile(options.bundle) or arguments.error("no ZIP file: give the bundle itself, not what was unpacked of it")
    try:
        counts = check(options, found)
    except Exception as error:  # a hostile bundle may break any rule
        sys.exit(print("The bundle is damaged, or none of ScanForge's (%s)." % type(error).__name__) or 3)
    print("\n".join(found) or "All as recorded: %s." % counts)
    sys.exit(1 if found else 0)

    """#
}
