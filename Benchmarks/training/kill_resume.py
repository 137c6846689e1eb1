#!/usr/bin/env python3
"""Kills a training with SIGKILL at random points, resumes it each time, and compares bytes with one that was left alone.

Trains a conditional GAN (on labels, or with --model attributes on modality, body part, sex and age band as well) on the phantoms that make-phantoms writes, with options that make it collapse and go back to its best checkpoint
several times, so that kills fall before, in and after returns. Compares model.safetensors, state.safetensors and the loss log's lines of
an uninterrupted training on one thread with those on two threads and after the kills; a killed training changes between one thread and two.

  Benchmarks/training/kill_resume.py BIN [--kills 20] [--steps 600] [--seed 0] [--model cgan|attributes|srgan]

BIN is the folder with scanforge, scanforge-decode and make-phantoms. Standard library only. Exit 0 when all bytes agree.
"""
import argparse
import hashlib
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

COLLAPSING = "comparison: none\nspectralNorm: true\nloss: hinge\nr1: 0\naugment: false\nwidth: 8\nbatch: 8\ngeneratorRate: 0.01\ndiscriminatorRate: 0.003\nprobeEvery: 25\nreturns: 20\n"
# By --model: what is trained, on which of the phantoms, how.
WORK = {
    "cgan": ("cgan", "tiff", COLLAPSING),
    "attributes": ("cgan", "dicom", COLLAPSING + "condition: [modality, bodyPart, sex, ageBand]\n"),
    "srgan": ("srgan", "tiff", "batch: 4\nwidth: 8\nblocks: 16\nrate: 0.1\nprobeEvery: 25\nreturns: 20\n"),
}


def digests(workspace, model):
    folder = workspace / "models" / model
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.safetensors", "state.safetensors")}


def last_log(workspace):
    runs = sorted((workspace / "runs").glob("*/losses.jsonl"), key=lambda path: path.stat().st_mtime)
    return runs[-1].read_bytes() if runs else b""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", choices=sorted(WORK), default="cgan")
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    programs = arguments.bin.resolve()
    model, images, config = WORK[arguments.model]

    with tempfile.TemporaryDirectory(prefix="kill-resume-") as name:
        folder = pathlib.Path(name)
        subprocess.run([programs / "make-phantoms", folder / "phantoms", "--patients", "3", "--slices", "6", "--size", "64", "--tiff-patients", "2"],
                       check=True, stdout=subprocess.DEVNULL)
        (folder / "config.yaml").write_text(config)

        def command(workspace, threads, *more):
            return [programs / "scanforge", "train", model, "--data", folder / "phantoms" / images, "--option", "retainPatientCharacteristics", "--size", "32", "--steps",
                    str(arguments.steps), "--seed", "1", "--config", folder / "config.yaml", "--checkpoint-seconds", "0.1", "--threads",
                    str(threads), "--workspace", workspace, "--progress", "none", "--log-level", "error", *more]

        def finish(workspace, threads, *more):
            started = time.monotonic()
            result = subprocess.run(command(workspace, threads, *more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            # One that gave up has an end as well, with its best model: other machines round otherwise and may go back more often.
            if result.returncode != 0 and "the training failed" not in result.stderr:
                sys.exit(f"a training ended with exit {result.returncode}: {result.stderr.strip()}")
            return time.monotonic() - started

        seconds = finish(folder / "whole", 1)
        wanted, log = digests(folder / "whole", model), last_log(folder / "whole")
        record = json.loads((folder / "whole" / "models" / model / "model.json").read_text())["record"]
        print(f"uninterrupted, 1 thread: {seconds:.1f} s, {len(record['returns'])} returns, {len(log.splitlines())} log lines")
        finish(folder / "two", 2)
        agree = digests(folder / "two", model) == wanted and last_log(folder / "two") == log
        print(f"uninterrupted, 2 threads: {'same bytes' if agree else 'OTHER BYTES'}")

        kills, trainings = 0, 0
        while kills < arguments.kills:
            workspace, trainings, here = folder / f"killed-{trainings}", trainings + 1, 0
            while kills < arguments.kills:
                more = ["--resume"] if (workspace / "catalog.sqlite").exists() else []
                process = subprocess.Popen(command(workspace, dice.choice([1, 2]), *more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                try:
                    process.wait(dice.uniform(0.2, max(0.6, seconds / 4)))
                    break
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills, here = kills + 1, here + 1
            finish(workspace, 2, "--resume")
            same = digests(workspace, model) == wanted
            agree = agree and same
            print(f"training {trainings}, killed {here} times: {'same bytes' if same else 'OTHER BYTES'}")
        print(f"{kills} kills: {'all bytes agree' if agree else 'BYTES DIFFER'}")
        return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
