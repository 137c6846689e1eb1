"""What surrounds a workspace: history, disks, kills, other writers, exports. Mounting needs the right to; without it that is skipped and said."""
import glob, json, os, random, shutil, signal, sqlite3, subprocess, time

from workspace import *


def histories(source):
    """A copy set back, a catalog set back beside newer anchors, and a fork: what each shows without and with an anchor."""
    failures = 0
    older, newer, fork = copied(source, "older"), copied(source, "newer"), copied(source, "fork")
    for workspace, part in ((newer, "train"), (fork, "test")):
        result = run("export", "--format", "hf", "--split", part, "--to", f"{Place.root}/{part}", "--workspace", workspace)
        assert result.returncode == 0, result.stderr
    anchor = Place.root + "/newer.json"
    assert run("audit", "anchor", anchor, "--workspace", newer).returncode == 0
    mixed = copied(newer, "mixed")
    for name in glob.glob(f"{mixed}/catalog.sqlite*"):
        os.unlink(name)
    shutil.copy(f"{older}/catalog.sqlite", f"{mixed}/catalog.sqlite")
    # name, workspace, finding without and with the anchor
    for name, workspace, plain, anchored in (
        ("all set back", older, None, "anchor.rollback"), ("the catalog set back", mixed, "anchor.rollback", "anchor.rollback"),
        ("a fork", fork, None, "anchor.mismatch"), ("as it was", newer, None, None),
    ):
        code, findings, _ = verify(workspace)
        code_with, with_anchor, _ = verify(workspace, "--anchor", anchor)
        good = (plain in findings and code == 1 if plain else (code, findings) == (0, []))
        good = good and (anchored in with_anchor and code_with == 1 if anchored else (code_with, with_anchor) == (0, []))
        failures += not good
        print(f"{'ok  ' if good else 'FAIL'} history, {name}: exit {code} {findings}; with anchor: exit {code_with} {with_anchor}")
    return failures


def walks(source):
    """Questions about lineage that a forger made a ring, or a chain of 200000: each ends, with an answer or a refusal."""
    from forger import deep
    failures = 0
    for shape, cyclic in (("a chain", False), ("a ring", True)):
        workspace = copied(source)
        deep(workspace, cyclic)
        db = sqlite3.connect(f"{workspace}/catalog.sqlite")
        (last,), (patient,) = (db.execute(query).fetchone() for query in (
            "SELECT sha256 FROM artifact ORDER BY id DESC LIMIT 1", "SELECT pseudonym FROM patient LIMIT 1"))
        codes = {}
        for words in (f"audit lineage {last}", f"audit lineage {last} --down", f"audit patient {patient}", f"audit withdraw {patient} --plan",
                      "audit terms", "audit splits --no-pictures", f"export --format prov --to {Place.root}/walked-{cyclic}"):
            started = time.time()
            result = run(*words.split(), "--workspace", workspace)
            codes[" ".join(words.split()[:2])] = result.returncode
            failures += result.returncode not in (0, 1, 2, 3) or time.time() - started > 60
        print(f"lineage, {shape} of 200000: exit codes {codes}")
    print(f"{'ok  ' if not failures else 'FAIL'} lineage without end: {failures} failures")
    return failures


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t) {
  int (*next)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
  int code = next(id, t);
  if (id == CLOCK_REALTIME) t->tv_sec += atol(getenv("CLOCK_OFFSET"));
  return code;
}
"""


def clock_set_back(source):
    """Runs under a clock of ten years ago, then of before 1970: recorded in order, verified, and the newer anchor still holds."""
    library = Place.root + "/clock.so"
    with open(Place.root + "/clock.c", "w") as file:
        file.write(CLOCK)
    if subprocess.run(["cc", "-shared", "-fPIC", "-o", library, Place.root + "/clock.c", "-ldl"], capture_output=True).returncode:
        print("skip clock set back: no C compiler")
        return 0
    workspace, anchor = copied(source, "clock"), Place.root + "/clock.json"
    assert run("audit", "anchor", anchor, "--workspace", workspace).returncode == 0
    codes = []
    for years, part in ((-10, "train"), (-60, "test")):
        offset = dict(os.environ, LD_PRELOAD=library, CLOCK_OFFSET=str(years * 31557600))
        codes.append(run("export", "--format", "hf", "--split", part, "--to", f"{Place.root}/clock-{part}", "--workspace", workspace, env=offset).returncode)
        codes.append(verify(workspace, "--anchor", anchor, env=offset)[:2])
    times = [ms for (ms,) in sqlite3.connect(f"{workspace}/catalog.sqlite").execute("SELECT started_ms FROM run ORDER BY id DESC LIMIT 2")]
    good = codes == [0, (0, [])] * 2 and times[0] < times[1] < time.time() * 1000 - 9 * 31557600000
    print(f"{'ok  ' if good else 'FAIL'} clock set back: {codes}, runs at {times}")
    return not good


def exported_files(source, export):
    """Edits of exported files that `audit flags` must name."""
    def first(copy, end):
        return sorted(path for path in glob.glob(f"{copy}/**/*{end}", recursive=True))[0]
    failures = 0
    for name, end, change in (
        ("as it is", None, None), ("a picture, a byte", ".png", change_byte), ("a picture deleted", ".png", os.unlink), ("a DICOM file cut", ".dcm", truncate),
        ("a table, a byte", "metadata.csv", change_byte), ("the manifest deleted", "MANIFEST.sha256", os.unlink),
        ("a picture added", ".png", lambda path: shutil.copy(path, path + ".more.png")),
    ):
        copy = copied(export, "export")
        # The record knows the folder by its path, so the metadata that lies beside the files speaks here.
        if change:
            change(first(copy, end))
        result = run("audit", "flags", copy, "--workspace", source, "--json")
        findings = [finding["finding"] for finding in json.loads(result.stdout)["findings"]]
        good = result.returncode == (1 if change else 0) and bool(findings) == bool(change)
        failures += not good
        print(f"{'ok  ' if good else 'FAIL'} export, {name}: exit {result.returncode} {sorted(set(findings))}")
    return failures


def corrupt_pages(source):
    """Each page of the catalog made random: exit 3, or 1 with a finding; never 0, never a signal."""
    failures = silent = 0
    size = os.path.getsize(f"{source}/catalog.sqlite")
    codes = {}
    for page in range(0, size // 4096, max(1, size // 4096 // 60)):
        workspace = copied(source)
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
    disk = Place.root + "/disk"
    os.makedirs(disk, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "none", disk], capture_output=True).returncode:
        print("skip read-only media: may not mount")
        return 0
    try:
        subprocess.run(["cp", "-a", source, disk + "/w"], check=True)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        code, findings, _ = verify(disk + "/w", "--anchor", anchor)
        catalog = sqlite3.connect(f"{source}/catalog.sqlite")
        (image,), (patient,) = (catalog.execute(query).fetchone() for query in (
            "SELECT sha256 FROM artifact WHERE origin = 'generated' AND kind = 'image' LIMIT 1", "SELECT pseudonym FROM patient LIMIT 1"))
        # What reads goes on as elsewhere; what must write says that it cannot (3).
        expected = [
            (0, "catalog list"), (0, f"audit anchor {Place.root}/ro.json"), (0, f"catalog backup {Place.root}/ro.sqlite"), (0, f"catalog events {Place.root}/ro.ndjson"),
            (0, f"audit lineage {image}"), (0, f"audit patient {patient}"), (0, f"audit withdraw {patient} --plan"), (0, "audit terms"), (0, "audit replay --sample 2"),
            (0, f"audit report --to {Place.root}/ro.html"), (0, f"audit bundle {Place.root}/ro.zip"), (None, "audit splits"), (None, "audit leaks"),
            (0, f"catalog show {image}"), (2, "audit patient P0123456789abcdef"), (3, f"audit withdraw {patient} --execute"), (3, "split"), (3, "catalog gc")]
        outcome = {}
        for wanted, words in expected:
            result = run(*words.split(), "--workspace", disk + "/w")
            outcome[words] = result.returncode
            if result.returncode not in ((0, 1) if wanted is None else (wanted,)) or "bug" in result.stderr:
                outcome[words] = f"{result.returncode}, not {wanted}: {result.stderr.strip()}"
        wrong = {words: code for words, code in outcome.items() if isinstance(code, str)}
        good = (code, findings) == (0, []) and not wrong
        print(f"{'ok  ' if good else 'FAIL'} read-only media: verify {code} {findings}, {len(expected)} other verbs {wrong or 'as they must'}")
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
        hot = code == 3 or "schema.changed" in findings
        print(f"{'ok  ' if hot else 'FAIL'} read-only media with a log that was not folded in: {code} {findings}")
        return (not good) + (not hot)
    finally:
        subprocess.run(["umount", "-l", disk])


def full_disk(images):
    """Ingest onto disks that fill up at different moments: exit 3, and after space was made the same command ends well."""
    failures = 0
    codes = []
    for megabytes in (1, 2, 3, 4, 6):
        disk = Place.root + f"/full{megabytes}"
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
            bad = bad or again.returncode != 0 or any(f != "object.unrecorded" for f in findings)
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
    workspace = Place.root + "/killed"
    subprocess.run(["rm", "-rf", workspace], check=True)
    command = ["ingest", images, "--label-from", "folder", "--workspace", workspace, "--progress", "none"]
    random.seed(1)
    for _ in range(times):
        process = subprocess.Popen([Place.program, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.01, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if os.path.exists(workspace + "/catalog.sqlite"):
            code, findings, _ = verify(workspace)
            if code == 3 and os.path.getsize(workspace + "/catalog.sqlite") < 8192:
                continue  # killed before the first table
            if any(f != "object.unrecorded" for f in findings):
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
    workspace = Place.root + "/together"
    subprocess.run(["rm", "-rf", workspace], check=True)
    run("init", "--workspace", workspace)
    command = [Place.program, "ingest", images, "--label-from", "folder", "--workspace", workspace, "--progress", "none"]
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(count)]
    readers = [verify(workspace) for _ in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in started]
    code, findings, summary = verify(workspace)
    good = all(c == 0 or c == 3 and "another scanforge" in text for text, c in ends) and (code, findings) == (0, [])
    good = good and all(r[0] == 0 for r in readers) and any(c == 0 for _, c in ends)
    print(f"{'ok  ' if good else 'FAIL'} {count} writers at once: exit codes {[c for _, c in ends]}, readers {[r[:2] for r in readers]}, verify {code} {findings}")
    return not good
