#!/usr/bin/env python3
"""Measures whether KID of equal sets is around zero and whether its intervals hold zero.

    python Benchmarks/evaluation/kid_coverage.py IMAGES --scanforge PROGRAM [--draws N] [--mix balanced|random|skewed ...]

IMAGES has a folder of images a label, at least 100 of each. Every draw cuts two disjoint sets out of it, so nothing tells them apart but chance: of each
label 40 real and 20 others (`balanced`), 240 and 120 whatever their labels (`random`), 40 real of each label and 6 to 60 others (`skewed`). `evaluate`
compares the others with half of the real ones. Prints, by extractor, the mean and deviation of KID, how often it is below zero, how many intervals lie
wholly above or below zero (5 % may), and the same figures of KID of all as one and of the floor. Standard Python; no network.
"""

import argparse
import json
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile


def counts(mix, labels, draw):
    """Numbers of real and of other images of each label."""
    if mix == "random":
        drawn = [draw.choices(labels, k=size) for size in (240, 120)]
        return [{label: some.count(label) for label in labels} for some in drawn]
    shares = [20] * len(labels) if mix == "balanced" else [(60, 6, 20, 10, 30, 14)[place % 6] for place in range(len(labels))]
    return [{label: 40 for label in labels}, dict(zip(labels, shares))]


def views(program, images, labels, mix, seed):
    """What `evaluate` says of one draw, an extractor each."""
    draw = random.Random(seed)
    wanted = counts(mix, labels, draw)
    with tempfile.TemporaryDirectory() as folder:
        for label in labels:
            files = draw.sample(images[label], len(images[label]))
            for role, number in (("real", wanted[0][label]), ("others", wanted[1][label])):
                place = pathlib.Path(folder, role, label)
                place.mkdir(parents=True)
                for _ in range(number):
                    shutil.copy(files.pop(), place)
        command = [program, "evaluate", "--real", f"{folder}/real", "--synthetic", f"{folder}/others", "--skip-utility", "--classifier-steps", "60"]
        found = subprocess.run(command + ["--size", "32", "--threads", "1", "--json"], capture_output=True, text=True)
        return json.loads(found.stdout.strip().splitlines()[-1])["evaluation"]["extractors"]


def summary(values):
    return f"{statistics.mean(values):.5f} (deviation {statistics.stdev(values):.5f}; {sum(value < 0 for value in values)} of {len(values)} below 0)"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("images", type=pathlib.Path)
    options.add_argument("--scanforge", required=True)
    options.add_argument("--draws", type=int, default=30)
    options.add_argument("--mix", nargs="+", default=["balanced", "random", "skewed"], choices=["balanced", "random", "skewed"])
    given = options.parse_args()
    labels = sorted(place.name for place in given.images.iterdir() if place.is_dir())
    images = {label: sorted((given.images / label).iterdir()) for label in labels}
    for mix in given.mix:
        found = {}
        for seed in range(given.draws):
            for view in views(given.scanforge, images, labels, mix, seed):
                found.setdefault(view["extractor"], []).append(view)
        for extractor, all_views in found.items():
            kids = [view["kid"] for view in all_views]
            print(f"{mix}, {extractor}, by label: {all(view['kidByLabel'] for view in all_views)}")
            print(f"  KID {summary([kid['value'] for kid in kids])}")
            reach = statistics.mean((kid["high"] - kid["low"]) / 2 for kid in kids)
            print(f"  intervals of ±{reach:.5f}: {sum(kid['low'] > 0 for kid in kids)} above 0, {sum(kid['high'] < 0 for kid in kids)} below it")
            print(f"  of all as one {summary([view['kidPooled'] for view in all_views])}")
            print(f"  floor {summary([view['realFloor']['kid'] for view in all_views])}", flush=True)


if __name__ == "__main__":
    main()
