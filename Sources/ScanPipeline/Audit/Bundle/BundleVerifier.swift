/// The verifier that goes into a bundle: fewer than a hundred lines of Python's standard library, so that nobody has to trust or run ScanForge.
///
/// It makes every hash anew from docs/decisions/0003-catalog.md: event chain, leaves, edges, Merkle roots, and the anchor's Ed25519 signature.
enum BundleVerifier {
  static let python = #"""
    #!/usr/bin/env python3
    """Checks a ScanForge audit bundle with Python's standard library alone.

    With --fingerprint HEX the signer, too; with --objects DIR (a copy of the workspace's objects/) every byte."""
    argparse, hashlib, json, os, sys, zipfile = map(__import__, ("argparse", "hashlib", "json", "os", "sys", "zipfile"))
    sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
    canonical = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def ed25519(public, message, signature):
        """RFC 8032, section 5.1.7."""
        p, q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
        d = -121665 * pow(121666, p - 2, p) % p
        def point(data):
            y = int.from_bytes(data, "little")
            sign, y = y >> 255, y & (1 << 255) - 1
            x2 = (y * y - 1) * pow(d * y * y + 1, p - 2, p) % p
            x = pow(x2, (p + 3) // 8, p)
            if (x * x - x2) % p:
                x = x * pow(2, (p - 1) // 4, p) % p
            if (x * x - x2) % p or y >= p:
                raise ValueError("no point")
            return (p - x if x & 1 != sign else x, y)
        def add(a, b):
            t = d * a[0] * b[0] * a[1] * b[1]
            return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + t, p - 2, p) % p, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, p - 2, p) % p)
        def times(n, a):
            total = (0, 1)
            while n:
                if n & 1:
                    total = add(total, a)
                a, n = add(a, a), n >> 1
            return total
        base = point((4 * pow(5, p - 2, p) % p).to_bytes(32, "little"))
        s = int.from_bytes(signature[32:], "little")
        k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % q
        return s < q and times(s, base) == add(point(signature[:32]), times(k, point(public)))

    def merkle(entries):
        """RFC 6962, section 2.1."""
        if len(entries) == 1:
            return sha(b"\0", entries[0])
        half = 1 << (len(entries) - 1).bit_length() - 1
        return sha(b"\1", merkle(entries[:half]), merkle(entries[half:]))

    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, text in (("bundle", ""), ("--fingerprint", "of the signing key"), ("--objects", "folder with the objects themselves")):
        arguments.add_argument(name, help=text)
    options = arguments.parse_args()
    zipfile.is_zipfile(options.bundle) or arguments.error("no ZIP file: give the bundle itself, not what was unpacked of it")
    bundle = zipfile.ZipFile(options.bundle)
    read, lines = bundle.read, lambda name: [json.loads(line) for line in bundle.read(name).splitlines()]
    found = []

    for line in read("MANIFEST.sha256").decode().splitlines():
        if hashlib.sha256(read(line[66:])).hexdigest() != line[:64]:
            found.append("manifest: " + line[66:])
    previous, heads, batches, states = bytes(32), {}, [], {}
    for number, event in enumerate(lines("events.ndjson"), 1):
        digest = sha(previous, event["body"].encode())
        if event["seq"] != number or event["hash"] != digest.hex():
            found.append("event %d" % number)
        previous = heads[number] = digest
        body = json.loads(event["body"])
        if body["type"] == "artifacts.recorded":
            batches.append((number, body["artifacts"]))
        if body["type"] == "artifact.state":
            states.update((leaf, body["state"]) for leaf in body["artifacts"])
    rows = {row["id"]: row for row in lines("artifacts.ndjson")}
    parents = {}
    for child, parent, role in lines("edges.ndjson"):
        parents.setdefault(child, []).append("%s %s\n" % (rows[parent]["leaf"] if parent in rows else "?", role))
    for id, row in rows.items():
        edges = sha("".join(sorted(parents.get(id, []))).encode()).hex() if id in parents else None
        body = {key: row[key] for key in ("attributes", "bytes", "key", "kind", "label", "media", "origin", "sha256")}
        body.update(edges=edges, patient=row["patient_id"], run=row["run_id"], split=None if row["patient_id"] else row["split"])
        erased = row["salt"] is None and row["state"] == "withdrawn"
        if edges != row["edges"] or row["state"] != states.get(row["leaf"], "active") or not erased and (
                row["salt"] is None or sha(bytes.fromhex(row["salt"]), canonical(body)).hex() != row["leaf"]):
            found.append("artifact %d" % id)
        if options.objects and row["sha256"] and row["state"] in ("active", "tainted"):
            path = os.path.join(options.objects, row["sha256"][:2], row["sha256"][2:])
            if not os.path.isfile(path) or hashlib.sha256(open(path, "rb").read()).hexdigest() != row["sha256"]:
                found.append("object of artifact %d" % id)
    recorded = set()
    for number, batch in batches:
        ids = range(batch["first"], batch["first"] + batch["count"])
        recorded.update(ids)
        if any(id not in rows for id in ids) or merkle([bytes.fromhex(rows[id]["leaf"]) for id in ids]).hex() != batch["root"]:
            found.append("batch of event %d" % number)
    found += ["artifact %d is in no event" % id for id in rows.keys() - recorded]
    anchor = json.loads(read("anchor.json")) if "anchor.json" in bundle.namelist() else None
    if anchor:
        signature, public = bytes.fromhex(anchor.pop("signature")), bytes.fromhex(anchor["publicKey"])
        if not ed25519(public, canonical(anchor), signature) or heads.get(anchor["seq"], b"").hex() != anchor["head"]:
            found.append("anchor")
        if options.fingerprint and sha(public).hex()[:32] != options.fingerprint:
            found.append("fingerprint")
    print("\n".join(found) or "All as recorded: %d events, %d artifacts, %s." % (len(heads), len(rows), "signed head of event %d" % anchor["seq"] if anchor else "no anchor"))
    sys.exit(1 if found else 0)

    """#
}
