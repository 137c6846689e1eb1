#!/usr/bin/env python3
"""Files and megabytes per second of de-identification: ScanForge and other tools over the same folder, alternately in one run.

    throughput.py --set FOLDER [--program scanforge] [--python PYTHON] [--rounds 3] [--skip NAME ...]

FOLDER holds DICOM files, not nested. PYTHON is one with the packages dicognito, dicom-anonymizer and deid; gdcmanon is Debian's
libgdcm-tools (it encrypts what it takes away, so a certificate is made with openssl). Every tool writes to a fresh folder on the same disk;
a tool's first round warms the page cache for all. Prints median seconds, files per second, MB per second, and the ratio to ScanForge.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEID = """
import sys, pathlib
from deid.config import DeidRecipe
from deid.dicom import get_identifiers, replace_identifiers
source, target = sys.argv[1:]
files = [str(path) for path in sorted(pathlib.Path(source).iterdir())]
replace_identifiers(dicom_files=files, deid=DeidRecipe(), output_folder=target, overwrite=True, force=True, save=True)
"""

KITWARE = """
import sys
from dicomanonymizer import anonymize
anonymize(sys.argv[1], sys.argv[2], {}, True)
"""


def contests(options, work):
    python = options.python
    certificate, key = work / "certificate.pem", work / "key.pem"
    commands = {
        "ScanForge": [options.program, "deidentify", "SOURCE", "--output", "TARGET", "--progress", "none"],
    }
    if shutil.which("gdcmanon") and shutil.which("openssl"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=made"],
            check=True, capture_output=True)
        commands["gdcmanon"] = ["gdcmanon", "-e", "-c", str(certificate), "-i", "SOURCE", "-o", "TARGET"]
    if python:
        commands["dicognito"] = [python, "-m", "dicognito", "-o", "TARGET", "-q", "SOURCE"]
        commands["Kitware dicom-anonymizer"] = [python, "-c", KITWARE, "SOURCE", "TARGET"]
        commands["deid"] = [python, "-c", DEID, "SOURCE", "TARGET"]
    return {name: command for name, command in commands.items() if name not in options.skip}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--program", default="scanforge")
    parser.add_argument("--python")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", action="append", default=[])
    options = parser.parse_args()
    files = [path for path in options.set.iterdir() if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    times, written, failed = {}, {}, {}
    with tempfile.TemporaryDirectory(dir=options.set.parent) as name:
        work = Path(name)
        commands = contests(options, work)
        for turn in range(options.rounds):
            for tool, command in commands.items():
                if tool in failed:
                    continue
                # Outputs stay until the end: some file systems look long for an inode where many were deleted a moment ago.
                target = work / f"target-{turn}-{tool.split()[0]}"
                if tool != "ScanForge":
                    target.mkdir()
                words = [{"SOURCE": str(options.set), "TARGET": str(target)}.get(word, word) for word in command]
                # What the one before left for the disk is not this one's to wait for.
                os.sync()
                start = time.perf_counter()
                run = subprocess.run(words, capture_output=True, text=True)
                times.setdefault(tool, []).append(time.perf_counter() - start)
                written[tool] = sum(path.is_file() and not path.name.startswith(".") for path in target.rglob("*"))
                if run.returncode != 0:
                    failed[tool] = (run.stderr or run.stdout).strip().splitlines()[-1:]
    print(f"{len(files)} files, {megabytes:.0f} MB, {options.rounds} rounds, alternately\n")
    print("| tool | seconds | files/s | MB/s | written | ScanForge is |")
    print("| --- | --- | --- | --- | --- | --- |")
    ours = statistics.median(times["ScanForge"])
    for tool, seconds in times.items():
        middle = statistics.median(seconds)
        note = f" (exit not 0: {failed[tool]})" if tool in failed else ""
        print(f"| {tool}{note} | {middle:.2f} | {len(files) / middle:.0f} | {megabytes / middle:.1f} | {written[tool]} | {middle / ours:.1f} x |")
    return 1 if "ScanForge" in failed else 0


if __name__ == "__main__":
    sys.exit(main())
