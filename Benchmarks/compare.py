#!/usr/bin/env python3
"""Measures ScanForge and other programs on the same work, alternately, and writes the table of docs/benchmarks.md.

    Benchmarks/compare.py --python VENV/bin/python --peers ../shared/peers --models FOLDER [--goals P1,P5] [--rounds 5] [--quick]

VENV holds torch, openvino, onnxruntime, MNN, ncnn (for export.py alone) and onnx; FOLDER receives the models, made on the first run. Each figure is the median
over the rounds of each process's own median; a round runs every program once, one after the other. Development only; standard library.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from goals import CONTESTS, LIKELY
from processes import Failed, Runner
from report import markdown, replace_between_markers

ROOT = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / ".build/release", help="folder with scanforge and scanforge-bench")
    parser.add_argument("--python", type=Path, default=Path(os.environ.get("PEERS_PYTHON", "python3")), help="python that has the peers")
    parser.add_argument("--peers", type=Path, default=Path(os.environ.get("PEERS_SCRIPTS", ROOT / "../shared/peers")), help="their scripts")
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("PEERS_MODELS", ROOT / "out/peers")), help="where models are kept")
    parser.add_argument("--goals", default="", help="comma-separated: P1,P5; all unless given")
    parser.add_argument("--work", default="", help="only contests whose name holds this text")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="time that each process measures")
    parser.add_argument("--all-peers", action="store_true", help="also those that are never near the best")
    parser.add_argument("--only-ours", action="store_true", help="no peers")
    parser.add_argument("--quick", action="store_true", help="one round of short measurements: to try the script")
    parser.add_argument("--json", type=Path, help="receives every single figure")
    parser.add_argument("--markdown", type=Path, default=ROOT / "docs/benchmarks.md", help="file whose marked part is replaced")
    parser.add_argument("--print", action="store_true", help="print the table and leave the file alone")
    return parser.parse_args()


class Refused(Exception):
    """The request cannot be carried out; what to change. Nothing was measured."""


PEERS = ["torch", "openvino", "onnxruntime", "MNN"]


def check(options: argparse.Namespace) -> None:
    """Finds now what would else come up after an hour of measuring. Makes `options.python` a path that can be run."""
    if options.rounds < 1:
        raise Refused("--rounds must be at least 1")
    if not 0 < options.seconds <= 3600:
        raise Refused("--seconds must be above 0 and at most 3600")
    known = sorted({contest.goal for contest in CONTESTS})
    unknown = sorted(set(filter(None, options.goals.split(","))) - set(known))
    if unknown:
        raise Refused(f"--goals: there is no {', '.join(unknown)}; goals are {', '.join(known)}")
    for program in ("scanforge", "scanforge-bench"):
        if not os.access(options.bin / program, os.X_OK):
            raise Refused(f"--bin: {options.bin} has no program {program}; build it with make, or name the folder of the build")
    if options.json and (options.json.is_dir() or not options.json.resolve().parent.is_dir()):
        raise Refused(f"--json: {options.json} cannot be written; name a file in a folder that is there")
    if not options.print and not options.markdown.is_file():
        raise Refused(f"--markdown: {options.markdown} is no file; name the one that receives the table, or use --print")
    if options.only_ours:
        return
    if not (options.peers / "bench_infer.py").is_file():
        raise Refused(f"--peers: {options.peers} does not hold the peers' scripts; name their folder, or use --only-ours")
    found = shutil.which(str(options.python))
    if not found:
        raise Refused(f"--python: {options.python} is no program; name the python that has the peers, or use --only-ours")
    options.python = Path(found)
    script = f"import importlib.util as u; print(*[n for n in {PEERS} if u.find_spec(n) is None])"
    try:
        done = subprocess.run([found, "-c", script], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"--python: {found} does not run ({error})") from error
    if done.returncode != 0:
        raise Refused(f"--python: {found} is no working python")
    missing = done.stdout.split()
    if "torch" in missing:
        raise Refused(f"--python: {found} lacks {', '.join(missing)}, and torch makes the models; install them there, name another python, or use --only-ours")
    if missing:
        print(f"compare: {found} lacks {', '.join(missing)}, which will be missing in the table", file=sys.stderr)


def chosen(options: argparse.Namespace) -> list:
    goals = set(filter(None, options.goals.split(",")))
    contests = [contest for contest in CONTESTS if (not goals or contest.goal in goals) and options.work in contest.work]
    for contest in contests:
        if options.only_ours:
            contest.peers = []
        if not options.all_peers:
            contest.peers = [peer for peer in contest.peers if peer.name in LIKELY]
    return contests


def measure(contests: list, runner: Runner, rounds: int) -> tuple[dict, dict]:
    """Runs every process of a session once a round. Samples and failures by (process, threads)."""
    samples: dict = {}
    failures: dict = {}
    sessions: dict[str, list] = {}
    for contest in contests:
        sessions.setdefault(contest.session or contest.work, []).append(contest)
    for session, members in sessions.items():
        processes = {(measured.process, contest.threads): measured for contest in members for measured in [contest.ours, *contest.peers]}
        for number in range(rounds):
            for key, measured in processes.items():
                if key in failures:
                    continue
                print(f"{session}, round {number + 1} of {rounds}: {measured.name}", file=sys.stderr, flush=True)
                try:
                    samples.setdefault(key, []).append(runner.run(measured, key[1]))
                except Failed as failure:
                    failures[key] = str(failure)
                    print(f"  {failure}", file=sys.stderr, flush=True)
    return samples, failures


def versions(python: Path) -> dict[str, str]:
    script = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {PEERS}}}))"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def processor() -> str:
    with open("/proc/cpuinfo") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    family = next((value for name, value in fields.items() if name.strip() == "cpu family"), "?").strip()
    model = next((value for name, value in fields.items() if name.strip() == "model name"), "?").strip()
    return f"{len(os.sched_getaffinity(0))} cores of {model} (family {family})"


def main() -> int:
    options = arguments()
    if options.quick:
        options.rounds, options.seconds = 1, 0.3
    try:
        check(options)
        contests = chosen(options)
        if not contests:
            raise Refused("--work: no contest of these goals has that text in its name; names are " + "; ".join(sorted({c.work for c in CONTESTS})))
    except Refused as refusal:
        print(f"compare: {refusal}", file=sys.stderr)
        return 2
    runner = Runner(
        options.bin.resolve(), None if options.only_ours else options.python.absolute(), ROOT if options.only_ours else options.peers.resolve(),
        options.models.resolve(), options.seconds)
    try:
        runner.prepare()
    except (Failed, OSError) as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 3
    load = [os.getloadavg()[0]]
    samples, failures = measure(contests, runner, options.rounds)
    load.append(os.getloadavg()[0])
    facts = {
        "machine": processor(), "system": platform.system(), "rounds": options.rounds, "seconds": options.seconds, "load": load,
        "versions": {} if options.only_ours else versions(options.python),
    }
    if options.json:
        rows = [
            {"kind": kind, "arguments": words, "threads": threads, "rounds": rounds}
            for ((kind, words), threads), rounds in samples.items()
        ]
        lost = [{"kind": key[0][0], "arguments": key[0][1], "reason": reason} for key, reason in failures.items()]
        options.json.write_text(json.dumps({"facts": facts, "samples": rows, "failures": lost}, indent=1) + "\n")
    text = markdown(contests, samples, failures, facts)
    if options.print:
        print(text)
    else:
        replace_between_markers(options.markdown, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
