#!/usr/bin/env python3
"""Loads every export with the program that it is for, and compares what arrives with the catalog.

    python Benchmarks/exports/consumers.py WORKSPACE [--scanforge PROGRAM] [--formats A,B]

Each format is exported on its own and together with the others, twice, and compared byte by byte. Then its consumer reads it: torchvision,
Hugging Face datasets, webdataset, MONAI, pydicom and dciodvfy, prov, rocrate, mlcroissant, and coreutils' sha256sum for the manifest.
Needs those packages (requirements.txt beside this file); no network.
"""

import argparse
import collections
import csv
import filecmp
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
COMMON = ["path", "sha256", "label", "split", "origin", "synthetic", "patient", "model_sha256", "seed", "run"]


class Workspace:
    """What the catalog says should leave."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def scanforge(self, *arguments):
        command = [self.program, *map(str, arguments), "--workspace", str(self.folder), "--json", "--progress", "none"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def rows(self, condition):
        """(part, label, origin, rows, columns, frames) of each item."""
        sql = f"""SELECT coalesce(split, 'unassigned'), coalesce(label, ''), origin, attributes ->> '$.rows', attributes ->> '$.columns',
                  coalesce(attributes ->> '$.frames', 1) FROM artifact WHERE state = 'active' AND ({condition})"""
        return [tuple(row) for row in self.scanforge("catalog", "sql", sql)["rows"]]

    PICTURES = "(kind = 'slice' AND origin = 'derived') OR (kind = 'image' AND origin IN ('enhanced', 'generated'))"
    INSTANCES = "kind = 'image' AND origin IN ('acquired', 'enhanced', 'generated')"
    MASKED = "id IN (SELECT d.parent FROM derivation d JOIN artifact m ON m.id = d.child WHERE m.kind = 'mask' AND m.state = 'active')"


def tally(items):
    return collections.Counter(items)


def expect(what, found, wanted):
    if found != wanted:
        missing, extra = wanted - found, found - wanted
        sys.exit(f"{what}: {sum(missing.values())} missing {list(missing)[:4]}, {sum(extra.values())} too many {list(extra)[:4]}")


def same(what, a, b):
    if a != b:
        sys.exit(f"{what}: {a!r} is not {b!r}")


def metadata(root, name):
    with open(root / name / "metadata.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        same(f"{name}/metadata.csv", reader.fieldnames[:10], COMMON)
        return list(reader)


def pictures(workspace):
    """(part, label, (height, width)) as a consumer of pictures sees the items."""
    return tally((part, label, (rows, columns)) for part, label, _, rows, columns, _ in workspace.rows(Workspace.PICTURES))


def imagefolder(root, workspace):
    import torchvision

    found = collections.Counter()
    for part in sorted(p.name for p in (root / "imagefolder").iterdir() if p.is_dir()):
        data = torchvision.datasets.ImageFolder(root / "imagefolder" / part)
        for image, label in data:
            name = data.classes[label]
            found[(part, "" if name == "unlabelled" else name, image.size[::-1])] += 1
    expect("torchvision", found, pictures(workspace))
    return f"torchvision {torchvision.__version__}: {sum(found.values())} images"


def hf(root, workspace):
    import datasets

    found = {}
    with tempfile.TemporaryDirectory() as cache:
        for how, arguments in {"card": (str(root / "hf"),), "folder": ("imagefolder",)}.items():
            more = {} if how == "card" else {"data_dir": str(root / "hf" / "data")}
            data = datasets.load_dataset(*arguments, **more, cache_dir=f"{cache}/{how}")
            found[how] = collections.Counter()
            for part, rows in data.items():
                part = {"validation": "val"}.get(part, part)
                for row in rows:
                    if how == "card":
                        same("hf split", row["split"] or "unassigned", part)
                    found[how][(row["split"] or "unassigned", row["label"], row["image"].size[::-1])] += 1
                missing = set(COMMON) - set(rows.column_names)
                same("hf columns", missing, set())
    for how, counts in found.items():
        expect(f"datasets ({how})", counts, pictures(workspace))
    return f"datasets {datasets.__version__}: {sum(found['card'].values())} rows, by card and by folder"


def webdataset(root, workspace):
    import webdataset as wds
    from PIL import Image

    folder = root / "webdataset"
    rows = {row["path"]: row for row in metadata(root, "webdataset")}
    labels = sorted({row["label"] for row in rows.values() if row["label"]}, key=str.encode)
    found = collections.Counter()
    for shard in sorted(folder.glob("*.tar")):
        part = shard.name.rsplit("-", 1)[0]
        for sample in wds.WebDataset(str(shard), shardshuffle=False, empty_check=False):
            facts = json.loads(sample["json"])
            row = rows[facts["path"]]
            same("webdataset columns", {k: str(facts[k]).lower() if k == "synthetic" else facts[k] for k in COMMON}, {k: row[k] for k in COMMON})
            same("webdataset path", facts["path"], f"webdataset/{shard.name}/{sample['__key__']}.png")
            index = int(sample["cls"])
            same("webdataset class", facts["label"], "" if index < 0 else labels[index])
            found[(part, facts["label"], Image.open(io.BytesIO(sample["png"])).size[::-1])] += 1
    expect("webdataset", found, pictures(workspace))
    return f"webdataset {wds.__version__}: {sum(found.values())} samples of {len(list(folder.glob('*.tar')))} shards"


def dicom(root, workspace):
    import pydicom

    found, series, complaints = collections.Counter(), {}, collections.Counter()
    files = sorted((root / "dicom").rglob("*.dcm"))
    rows = {row["path"]: row for row in metadata(root, "dicom")}
    for path in files:
        row = rows[str(path.relative_to(root))]
        data = pydicom.dcmread(path)
        mark = data[0x0008001C].value
        same("SyntheticData", (data[0x0008001C].VR, mark), ("CS", "YES" if row["synthetic"] == "true" else "NO"))
        same("implicit VR", data.original_encoding[0], False)
        same("source images", "SourceImageSequence" in data, row["origin"] == "enhanced")
        same("SYN patient", data.PatientID.startswith("SYN"), row["origin"] == "generated")
        if row["patient"]:
            same("patient", data.PatientID, row["patient"])
        same("mixed series", series.setdefault(data.SeriesInstanceUID, mark), mark)
        shape = data.pixel_array.shape
        found[(row["split"] or "unassigned", row["label"], row["origin"], shape[-3:-1] if data.SamplesPerPixel > 1 else shape[-2:])] += 1
    uids = [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in files]
    same("SOP Instance UIDs", len(set(uids)), len(uids))
    wanted = collections.Counter()
    for part, label, origin, height, width, frames in workspace.rows(Workspace.INSTANCES):
        wanted[(part, label, origin, (height, width))] += 1
    if all(frames == 1 for *_, frames in workspace.rows(Workspace.INSTANCES)):
        expect("pydicom", found, wanted)
    for path in files if shutil.which("dciodvfy") else []:
        done = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, errors="replace")
        for line in (done.stdout + done.stderr).splitlines():
            # Debian's dictionary is older than Synthetic Data, which came with 2024b.
            if line.startswith("Error") and "</(0008,001c)> - Attribute with an even group number is not a recognized" not in line:
                complaints[(rows[str(path.relative_to(root))]["origin"], line)] += 1
    for (origin, line), count in complaints.most_common():
        print(f"    dciodvfy, {origin}, {count} files: {line}")
    return f"pydicom {pydicom.__version__}: {len(files)} files, {len(series)} series; dciodvfy: {sum(complaints.values())} errors"


def decoded(root, rows):
    """(part, label, shape) of the pictures that a table names."""
    from PIL import Image

    return tally((row["split"] or "unassigned", row["label"], Image.open(root / row["path"]).size[::-1]) for row in rows)


def values(facts, key):
    """Of an entity of PROV-JSON, which has a list where contents that are the same bytes differ."""
    value = facts.get(key, [])
    return set(value) if isinstance(value, list) else {value}


def prov(root, workspace):
    import hashlib

    import prov.model

    text = (root / "prov" / "prov.json").read_text()
    document = prov.model.ProvDocument.deserialize(content=text, format="json")
    plain = json.loads(text)
    rows = {row["path"]: row for row in metadata(root, "prov")}
    found = set()
    for identifier, facts in plain["entity"].items():
        paths = values(facts, "path")
        if "image" not in values(facts, "kind"):
            continue
        for path in paths:
            row = rows[path]
            same("prov hash", identifier, "sha256:" + hashlib.sha256((root / path).read_bytes()).hexdigest())
            if len(paths) == 1:
                same("prov facts", (facts["origin"], facts.get("split", ""), facts.get("patient", "")), (row["origin"], row["split"], row["patient"]))
            found.add(path)
    same("prov images", found, set(rows))
    expect("prov", decoded(root, rows.values()), pictures(workspace))
    # Every picture leads to an acquired scan; a generated one through a model, whose patients are all of the training part.
    parents = collections.defaultdict(set)
    for relation in plain.get("wasDerivedFrom", {}).values():
        parents[relation["prov:generatedEntity"]].add(relation["prov:usedEntity"])
    for identifier, facts in plain["entity"].items():
        if "image" not in values(facts, "kind"):
            continue
        seen, waiting = set(), [identifier]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += parents[one]
        behind = [plain["entity"][one] for one in seen]
        same("prov reaches a scan", any("scan" in values(e, "kind") and "acquired" in values(e, "origin") for e in behind), True)
        same("prov reaches a model", any("model" in values(e, "kind") for e in behind), facts["origin"] in ("generated", "enhanced"))
        if facts["origin"] == "generated":
            same("patients behind a generated image", set().union(*(values(e, "split") for e in behind if "patient" in e)), {"train"})
    kinds = tally(type(record).__name__ for record in document.get_records())
    return f"prov: {len(found)} images, {dict(kinds)}"


def rocrate(root, workspace):
    import hashlib

    from rocrate.rocrate import ROCrate

    crate = ROCrate(str(root / "rocrate"))
    same("main entity", crate.mainEntity.id, "workflow.json")
    rows = {row["path"]: row for row in metadata(root, "rocrate")}
    found = set()
    for entity in crate.data_entities:
        path = root / "rocrate" / entity.id
        same("rocrate sha256", entity["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        same("rocrate size", entity["contentSize"], str(path.stat().st_size))
        if entity.id.endswith(".png"):
            row = rows[f"rocrate/{entity.id}"]
            same("rocrate facts", (entity["additionalType"], entity["encodingFormat"], entity["label"]), (row["origin"], "image/png", row["label"]))
            found.add(f"rocrate/{entity.id}")
    same("rocrate images", found, set(rows))
    actions = [e for e in crate.contextual_entities if e.type == "CreateAction"]
    main = next(a for a in actions if a["instrument"].id == "workflow.json")
    same("results", {f"rocrate/{e.id}" for e in main["result"]}, set(rows))
    for entity in crate.get_entities():
        for value in entity.properties().values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, dict) and "@id" in reference and not reference["@id"].startswith("https://w3id.org/ro/crate"):
                    same(f"{reference['@id']} is described", crate.get(reference["@id"]) is not None, True)
    expect("rocrate", decoded(root, rows.values()), pictures(workspace))
    return f"rocrate: {len(found)} images, {len(actions)} actions, profiles {[p.id.rsplit('/', 2)[1:] for p in crate.root_dataset['conformsTo']]}"


def croissant(root, workspace):
    import mlcroissant

    data = mlcroissant.Dataset(jsonld=str(root / "croissant" / "croissant.json"))
    same("croissant errors", list(data.metadata.ctx.issues.errors), [])
    rows = {row["file_name"]: row for row in metadata(root, "croissant")}
    found = collections.Counter()
    for record in data.records("items"):
        facts = {key.rsplit("/", 1)[-1]: value for key, value in record.items()}
        text = {k: v.decode() if isinstance(v, bytes) else "" if v is None or v != v else v for k, v in facts.items() if k != "image"}
        row = rows[text["file_name"]]
        for column in ["sha256", "label", "split", "origin", "patient"]:
            same(f"croissant {column}", text[column], row[column])
        same("croissant synthetic", bool(text["synthetic"]), row["synthetic"] == "true")
        found[(text["split"] or "unassigned", text["label"], facts["image"].size[::-1])] += 1
    expect("mlcroissant", found, pictures(workspace))
    rai = [key for key in json.loads((root / "croissant" / "croissant.json").read_text()) if key.startswith("rai:")]
    return f"mlcroissant: {sum(found.values())} records, {len(rai)} RAI properties, warnings {len(list(data.metadata.ctx.issues.warnings))}"


def monai(root, workspace):
    import monai as package
    import numpy
    from monai.data import DataLoader, Dataset, load_decathlon_datalist
    from monai.transforms import Compose, EnsureChannelFirstd, LoadImaged

    rows = {row["path"]: row for row in metadata(root, "monai")}
    found, values = collections.Counter(), set()
    plain = json.loads((root / "monai" / "datalist.json").read_text())
    for key in [key for key, value in plain.items() if isinstance(value, list)]:
        if not plain[key]:
            continue
        items = load_decathlon_datalist(str(root / "monai" / "datalist.json"), is_segmentation=True, data_list_key=key)
        load = Compose([LoadImaged(["image", "label"]), EnsureChannelFirstd(["image", "label"])])
        for item, facts in zip(items, plain[key]):
            one = load({"image": item["image"], "label": str(root / "monai" / facts["label"])})
            same("mask shape", one["label"].shape, one["image"].shape)
            same("mask place", numpy.allclose(one["label"].affine, one["image"].affine), True)
            values |= set(numpy.unique(one["label"]).tolist())
            row = rows["monai/" + facts["image"]]
            same("monai label", facts["class_label"], row["label"])
            part = {"training": "train", "validation": "val"}.get(key, key)
            found[(part, facts["class_label"], tuple(one["image"].shape[1:3][::-1]))] += 1
        next(iter(DataLoader(Dataset(items, load), batch_size=1)))
    wanted = tally((p, label, (rows, columns)) for p, label, _, rows, columns, _ in workspace.rows(f"({Workspace.INSTANCES}) AND {Workspace.MASKED}"))
    expect("monai", found, wanted)
    return f"monai {package.__version__}: {sum(found.values())} pairs, mask values {sorted(values)[:8]}"


FORMATS = {
    "imagefolder": imagefolder, "hf": hf, "webdataset": webdataset, "dicom": dicom, "prov": prov, "rocrate": rocrate, "croissant": croissant,
    "monai": monai,
}


def compare_folders(a, b):
    paths = [sorted(str(p.relative_to(root)) for p in root.rglob("*")) for root in (a, b)]
    same("files of two exports", *paths)
    for path in paths[0]:
        if (a / path).is_file() and not filecmp.cmp(a / path, b / path, shallow=False):
            sys.exit(f"{path} differs between two exports")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=pathlib.Path)
    parser.add_argument("--scanforge", default=".build/release/scanforge")
    parser.add_argument("--formats", default=",".join(FORMATS))
    arguments = parser.parse_args()
    workspace = Workspace(arguments.scanforge, arguments.workspace)
    names = arguments.formats.split(",")
    if "monai" in names and not workspace.rows(Workspace.MASKED):
        print("monai: left out, since the workspace has no masks")
        names.remove("monai")
    with tempfile.TemporaryDirectory() as scratch:
        roots = [pathlib.Path(scratch) / name for name in ("together", "again")]
        for root in roots:
            workspace.scanforge("export", *[word for name in names for word in ("--format", name)], "--to", root)
        compare_folders(*roots)
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256"], cwd=roots[0], check=True)
        listed = len((roots[0] / "MANIFEST.sha256").read_text().splitlines())
        same("manifest", listed, sum(1 for p in roots[0].rglob("*") if p.is_file()) - 1)
        print(f"manifest: sha256sum agrees with {listed} files; two exports are the same bytes")
        for name in names:
            alone = pathlib.Path(scratch) / "alone"
            workspace.scanforge("export", "--format", name, "--to", alone)
            compare_folders(alone / name, roots[0] / name)
            shutil.rmtree(alone)
            print(f"{name}: {FORMATS[name](roots[0], workspace)}", flush=True)


if __name__ == "__main__":
    main()
