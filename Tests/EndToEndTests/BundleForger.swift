/// Edits of an audit bundle as a forger makes them, who makes MANIFEST.sha256 anew after each, and what the bundle's own verifier says of them.
enum BundleForger {
  /// `forge.py BUNDLE`: prints one JSON object: `control` and one entry for each forgery by name: exit code and output. Then `random`: edits of one JSON
  /// value each, anywhere in the members, with a fixed seed, and those of them that were not found.
  static let python = #"""
    import contextlib, hashlib, io, json, random, sys, zipfile

    bundle = zipfile.ZipFile(sys.argv[1])
    members = {name: bundle.read(name) for name in bundle.namelist()}
    open("own.py", "wb").write(members["verify.py"])
    program = compile(members["verify.py"], "own.py", "exec")
    compact = lambda value, sorts=True: json.dumps(value, sort_keys=sorts, separators=(",", ":"), ensure_ascii=False)
    rows = lambda name: [json.loads(line) for line in members[name].splitlines()]
    lines = lambda values: "".join(compact(value) + "\n" for value in values).encode()

    def verified(changed, *arguments):
        listed = (hashlib.sha256(changed[name]).hexdigest() + "  " + name + "\n" for name in changed if name != "MANIFEST.sha256")
        with zipfile.ZipFile("forged.zip", "w") as file:
            for name, data in {**changed, "MANIFEST.sha256": "".join(sorted(listed)).encode()}.items():
                file.writestr(name, data)
        sys.argv = ["own.py", "forged.zip", *arguments]
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                exec(program, {"__name__": "__main__", "__file__": "own.py"})
        except SystemExit as end:
            return [end.code or 0, said.getvalue()]

    def row(name, index, **changes):
        return {name: lines([dict(row, **changes) if number == index else row for number, row in enumerate(rows(name))])}

    artifacts, runs, people, edges = (rows(name + ".ndjson") for name in ("artifacts", "runs", "patients", "edges"))
    held = next(number for number, row in enumerate(artifacts) if row["patient_id"] and row["split"] == "train")
    known = next(number for number, row in enumerate(people) if row["salt"])
    forgeries = {
        "split": row("artifacts.ndjson", held, split="test"),
        "key": row("artifacts.ndjson", 0, more=1),
        "event": row("artifacts.ndjson", 0, event_seq=3),
        "twice, first": {"artifacts.ndjson": lines([dict(artifacts[0], label="other"), *artifacts])},
        "twice, later": {"artifacts.ndjson": lines([*artifacts[:5], dict(artifacts[0], label="other"), *artifacts[5:]])},
        "artifact gone": {"artifacts.ndjson": lines(artifacts[:-1])},
        "pseudonym": row("patients.ndjson", known, pseudonym="Pdead"),
        "consent": row("patients.ndjson", known, consent="all"),
        "state": row("patients.ndjson", known, state="withdrawn"),
        "emptied": row("patients.ndjson", known, state="withdrawn", pseudonym=None, consent=None, salt=None),
        "patient gone": {"patients.ndjson": lines(people[1:])},
        "exit": row("runs.ndjson", 4, exit=1),
        "end": row("runs.ndjson", 4, ended_ms=1),
        "made-up run": {"runs.ndjson": lines([*runs, dict(runs[-1], id=999)])},
        "edge of nothing": {"edges.ndjson": lines([*edges, [99999, 2, "x"]])},
        "edge to nothing": {"edges.ndjson": lines([*edges, [len(artifacts), 99999, "x"]])},
        "edge twice": {"edges.ndjson": lines([edges[0], *edges])},
        "origin in PROV": {"prov.json": members["prov.json"].replace(b'"sf:origin":"generated"', b'"sf:origin":"acquired"')},
        "no PROV": {"prov.json": b"{}"},
        "other verifier": {"verify.py": b"print('All as recorded.')\n"},
        "other text": {"README.txt": b"All is well.\n"},
        "more": {"more.txt": b"x"},
        "up and out": {"../../evil": b"x"},
        "no JSON": {"edges.ndjson": bytes(range(256))},
        "deep": {"artifacts.ndjson": b"[" * 100000},
        "other key": {"anchor.json": (compact(dict(json.loads(members["anchor.json"]), publicKey="0" * 64)) + "\n").encode()},
        "cut log": {"events.ndjson": b"".join(members["events.ndjson"].splitlines(True)[:-1])},
    }
    result = {name: verified({**members, **changed}) for name, changed in forgeries.items()}
    result["control"] = verified(members)
    for name in members:
        if name != "MANIFEST.sha256":
            result["without " + name] = verified({other: members[other] for other in members if other != name})
    without = {name: members[name] for name in members if name != "anchor.json"}
    result["without anchor.json, signer asked for"] = verified(without, "--fingerprint", json.loads(members["anchor.json"])["fingerprint"])

    # One JSON value of one member changed, at random.
    chance = random.Random(20261122)
    def other(value):
        if isinstance(value, bool) or value is None: return chance.choice(["x", 0])
        if isinstance(value, int): return chance.choice([value + 1, -value - 1, None, float(value), str(value)])
        if isinstance(value, str): return chance.choice([value + "x", value[1:] + "y", None, value.swapcase() + "z", 7])
        if isinstance(value, dict): return {**value, "more": 1} if chance.random() < 0.5 or not value else dict(list(value.items())[1:])
        return chance.choice([value + [1], value[1:] if value else [2], value + value[-1:] if value else [3]])
    def changed(value, path):
        if isinstance(value, (dict, list)) and value and chance.random() < 0.92:
            key = chance.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
            path.append(key)
            copy = value.copy()
            copy[key] = changed(value[key], path)
            return copy
        return other(value)
    missed, count = [], 0
    for name in [name for name in members if name.endswith("json")] * 4:
        path = [name]
        if name.endswith(".ndjson"):
            edited = lines(changed(rows(name), path))
        else:
            edited = (compact(changed(json.loads(members[name]), path), name != "prov.json") + "\n").encode()
        # A row that a withdrawal emptied has no salt, so its leaf proves nothing more.
        if path[0] == "artifacts.ndjson" and path[2:] == ["media"] and artifacts[path[1]]["salt"] is None: continue
        count += 1
        if verified({**members, name: edited})[0] != 1: missed.append(str(path))
    result["random"] = {"count": count, "missed": missed}
    print(json.dumps(result))

    """#
}
