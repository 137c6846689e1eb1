"""Runs `scanforge deidentify` on what plant.py wrote and judges the outputs: leaks, actions, UIDs, dates, pixels, markers, dciodvfy, utility.

python3 check.py --set DIR --program scanforge [--tables DIR] [--case basic] [--details N]; needs pydicom and Debian's dicom3tools.
"""

import argparse
import collections
import datetime
import json
import re
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pydicom

from facts import OPTIONS, Facts, number, permitted

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.replace_un_with_known_vr = False

warnings.simplefilter("ignore")
FULL = [option for option in OPTIONS if option != "retainLongitudinalModifiedDates"]
CASES = {"basic": []} | {option: [option] for option in OPTIONS} | {
    "allFullDates": FULL, "allModifiedDates": [option for option in OPTIONS if option != "retainLongitudinalFullDates"],
    "research": ["retainLongitudinalModifiedDates", "retainPatientCharacteristics", "retainSafePrivate", "cleanDescriptors"],
    "retainUIDs+cleanStructuredContent": ["retainUIDs", "cleanStructuredContent"],
}
STANDARD = "1.2.840.10008."


class Score:
    """Right and wrong by measure, with examples of what was wrong."""

    def __init__(self):
        self.total, self.bad, self.examples = collections.Counter(), collections.Counter(), collections.defaultdict(list)

    def add(self, measure, good, example=""):
        self.total[measure] += 1
        if not good:
            self.bad[measure] += 1
            self.examples[measure].append(example)

    def line(self, measure):
        total, bad = self.total[measure], self.bad[measure]
        return f"{total - bad}/{total} ({100 * (total - bad) / total:.2f} %)" if total else "-"


def folded(data):
    """Bytes in lower case without signs: finds `ZQ-ABC D` for `zqabcd`."""
    return re.sub(rb"[^a-z0-9\x80-\xff]", b"", data.lower())


class Output:
    """The bytes of an output, ready to be searched."""

    def __init__(self, data):
        self.data, self.lower, self.folded = data, data.lower(), None
        self.folded = folded(data)

    def holds(self, token):
        if token.startswith("0x"):
            return bytes.fromhex(token[2:]) in self.data
        text = token.lower()
        if text.replace(".", "").isdigit():
            # A number inside a longer one is chance: pseudonymous UIDs have 39 digits.
            pattern = rb"(?<![0-9])" + re.escape(text.encode()) + rb"(?![0-9])"
            return re.search(pattern, self.lower) is not None or any(text.encode(code) in self.lower for code in ("utf-16-le", "utf-16-be"))
        return any(text.encode(code) in self.lower for code in ("ascii", "utf-16-le", "utf-16-be")) or folded(text.encode()) in self.folded


def walk(dataset, path=()):
    """(path of (tag, item), element) for every element, sequences too."""
    for element in dataset:
        yield path, element
        if element.VR == "SQ":
            for index, item in enumerate(element.value or []):
                yield from walk(item, path + ((int(element.tag), index),))


def find(dataset, path):
    """The item at `path`; None when a sequence or item on the way is gone."""
    for tag, index in path:
        if tag not in dataset or dataset[tag].VR != "SQ" or len(dataset[tag].value or []) <= index:
            return None
        dataset = dataset[tag].value[index]
    return dataset


def same(a, b):
    if a.VR == "SQ" or b.VR == "SQ":
        return a.VR == b.VR and len(a.value) == len(b.value)
    return text(a) == text(b)


def text(element):
    value = element.value
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if value is None:
        return ""
    if isinstance(value, pydicom.multival.MultiValue):
        return [str(part).strip() for part in value]
    return str(value).strip()


def is_empty(element):
    return element.VR == "SQ" and not element.value or element.VR != "SQ" and element.value in (None, "", b"", [])


class Judge:
    def __init__(self, facts, options, score, plants, files):
        self.facts, self.options, self.score = facts, options, score
        self.plants, self.files, self.uids, self.shifts = plants, files, {}, collections.defaultdict(set)

    def file(self, name, source, target):
        before, after = pydicom.dcmread(source, force=True), pydicom.dcmread(target)
        output = Output(Path(target).read_bytes())
        self.leaks(name, output)
        self.actions(name, before, after)
        self.pixels(name, before, after)
        self.markers(name, before, after)
        self.references(name, before, after)
        for plant in self.plants[name]:
            if plant["place"] == "safe private":
                stays = "retainSafePrivate" in self.options
                # In implicit VR pydicom does not know what it reads.
                unread = stays and before[plant["tag"]].VR != after[plant["tag"]].VR
                good = (plant["tag"] in after) == stays
                good = good and (not stays or unread or plant["vr"] == "UI" or text(before[plant["tag"]]) == text(after[plant["tag"]]))
                self.score.add("safe private", good, f"{name}: {hexed(plant['tag'])} {plant['vr']}")
        if not name.startswith(("hidden", "private")):
            self.utility(name, before, after)
        zeros = output.data[:128] == b"\0" * 128
        self.score.add("preamble and meta", zeros and after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID, name)

    def leaks(self, name, output):
        for plant in self.plants[name]:
            if not self.must_go(plant):
                continue
            for token in plant["tokens"]:
                self.score.add("leaks", not output.holds(token), f"{name}: {plant['place']} {hexed(plant['tag'])} {plant['vr']} {token}")

    def must_go(self, plant):
        if plant["place"] == "safe private":
            return "retainSafePrivate" not in self.options
        if plant["tag"] is None:
            if plant["place"] == "repeated date":
                return not any("Dates" in option for option in self.options)
            return plant["place"] != "repeated number" or "retainUIDs" not in self.options
        if plant["place"] == "item":
            # The person, the place and the UID of an item that plant.py put into a listed sequence.
            if self.facts.code(plant["tag"], self.options) == "K" and self.facts.rows[plant["tag"]]["keyword"].endswith("CodeSequence"):
                return False
            return not set(self.options) & {"retainUIDs", "retainInstitutionIdentity"}
        code = self.facts.code(plant["tag"], self.options)
        return code != "K" and not (code == "C" and plant["vr"] in ("DA", "DT", "TM"))

    def actions(self, name, before, after):
        types = self.facts.types(before.SOPClassUID)
        for plant in self.plants[name]:
            if plant["tag"] is None or plant["path"] is None or plant["tag"] not in self.facts.rows:
                continue
            path = plant["path"]
            holder, original = find(after, path), find(before, path)
            if original is None or plant["tag"] not in original:
                continue
            if holder is None:
                # Gone with what held it, which is judged by itself when the table lists it.
                continue
            code = self.facts.code(plant["tag"], self.options)
            modules = types.get(tuple(tag for tag, _ in path) + (plant["tag"],), (set(), set()))
            strictest = {min(modules[0])} if modules[0] else {3}
            outcome = self.outcome(original[plant["tag"]], holder, plant["tag"])
            allowed = permitted(code, strictest | {min(strictest | {other}) for other in modules[1]})
            if code == "C":
                allowed = allowed | permitted(self.facts.rows[plant["tag"]]["basic"], strictest | modules[1]) | {"dummy", "empty", "uid"}
            good = bool(outcome & allowed)
            self.score.add("actions", good, f"{name}: {plant['place']} {hexed(plant['tag'])} {plant['vr']} {code} Type {modules}: {outcome}")

    @staticmethod
    def outcome(original, holder, tag):
        if tag not in holder:
            return {"removed"}
        element = holder[tag]
        if is_empty(element):
            return {"empty", "same"} if is_empty(original) else {"empty"}
        if element.VR == "SQ":
            # What is in the items is judged by itself: kept with cleaned items serves D, C, K and U*.
            return {"dummy", "uid", "changed", "same"}
        if same(original, element):
            return {"same"}
        values = element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
        is_uid = element.VR == "UI" and all(re.fullmatch(r"[0-2](\.(0|[1-9][0-9]*))+", value) and len(value) <= 64 for value in values)
        return {"dummy", "changed"} | ({"uid"} if is_uid else set())

    def pixels(self, name, before, after):
        for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009):
            if tag in before:
                good = tag in after and same_pixels(before, after, tag)
                self.score.add("pixels", good, name)

    def markers(self, name, before, after):
        codes = {item.get("CodeValue") for item in after.get("DeidentificationMethodCodeSequence", [])}
        wanted = {"113100"} | {OPTIONS[option][1] for option in self.options}
        temporal = "REMOVED"
        if "retainLongitudinalFullDates" in self.options:
            temporal = "UNMODIFIED"
        if "retainLongitudinalModifiedDates" in self.options:
            temporal = "MODIFIED"
        good = (
            after.get("PatientIdentityRemoved") == "YES" and codes == wanted and bool(after.get("DeidentificationMethod"))
            and after.get("LongitudinalTemporalInformationModified") == temporal
            and all(item.CodingSchemeDesignator == "DCM" and item.CodeMeaning for item in after.DeidentificationMethodCodeSequence))
        self.score.add("markers", good, f"{name}: {codes} {after.get('LongitudinalTemporalInformationModified')}")

    def references(self, name, before, after):
        """One new UID for an old one, everywhere; one shift for a patient's dates, everywhere."""
        for path, element in walk(before):
            holder = find(after, path)
            if holder is None or element.tag not in holder or element.tag.is_private:
                continue
            other = holder[element.tag]
            if element.VR == "UI" and other.VR == "UI" and element.value and other.value:
                old = element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
                new = other.value if isinstance(other.value, pydicom.multival.MultiValue) else [other.value]
                for a, b in zip(old, new):
                    code = self.facts.code(int(element.tag), self.options)
                    keeps = code == "K" or code is None and "retainUIDs" in self.options
                    if a.startswith(STANDARD) or keeps:
                        self.score.add("uids", a == b, f"{name}: {hexed(element.tag)} {a} became {b}")
                    elif code == "U":
                        self.score.add("uids", self.uids.setdefault(a, b) == b and a != b, f"{name}: {hexed(element.tag)} {a} became {b}")
            if "retainLongitudinalModifiedDates" in self.options and element.VR in ("DA", "DT") and other.value and element.value:
                if self.facts.code(int(element.tag), self.options) != "C":
                    continue
                try:
                    days = date(str(other.value)) - date(str(element.value))
                except ValueError:
                    continue
                shift = self.shifts[before.PatientID].add(days) or self.shifts[before.PatientID]
                self.score.add("dates", len(shift) == 1 and days != 0 and str(other.value)[8:] == str(element.value)[8:],
                               f"{name}: {hexed(element.tag)} {element.value} became {other.value}")
            if "retainLongitudinalModifiedDates" in self.options and element.VR == "TM" and element.value:
                if self.facts.code(int(element.tag), self.options) == "C":
                    self.score.add("dates", str(other.value) == str(element.value), f"{name}: {hexed(element.tag)} {element.value} became {other.value}")

    def utility(self, name, before, after):
        """Standard attributes that the table leaves alone, at any depth below what is kept, have to be as they were."""
        planted = {(plant["tag"], tuple(map(tuple, plant["path"]))) for plant in self.plants[name] if plant["path"] is not None}
        for path, element in walk(before):
            tag = int(element.tag)
            if tag in self.facts.rows or element.tag.is_private or tag & 0xFFFF == 0 or tag == 0x7FE00010 or (tag, path) in planted:
                continue
            if tag not in self.facts.dictionary or any(step in self.facts.rows for step, _ in path):
                continue
            if name.split("-")[0] in ("charset", "binary", "echo", "sources", "dates", "spelling") or "-repeats" in name and 0x00180000 < tag < 0x00190000:
                continue
            holder = find(after, path)
            good = holder is not None and element.tag in holder and (element.VR in ("SQ", "UI") or same(element, holder[element.tag]))
            self.score.add("utility", good, f"{name}: {hexed(tag)} {element.VR} {element.keyword} {str(element.value)[:40]}")


def same_pixels(before, after, tag):
    if before.file_meta.TransferSyntaxUID.is_encapsulated:
        # Texts in the streams are overwritten in place; what is decoded has to be equal, as far as a decoder is installed.
        try:
            return numpy.array_equal(before.pixel_array, after.pixel_array)
        except (RuntimeError, NotImplementedError, ValueError):
            return before.PixelData[8:].partition(b"\xFE\xFF\x00\xE0")[2][:4] == after.PixelData[8:].partition(b"\xFE\xFF\x00\xE0")[2][:4]
    if before.file_meta.TransferSyntaxUID.is_little_endian or before.BitsAllocated == 8:
        return before[tag].value.rstrip(b"\0") == after[tag].value.rstrip(b"\0")
    return numpy.array_equal(before.pixel_array, after.pixel_array)


def date(value):
    return datetime.date(int(value[:4]), int(value[4:6]), int(value[6:8])).toordinal()


def hexed(tag):
    return f"({int(tag) >> 16:04X},{int(tag) & 0xFFFF:04X})" if tag is not None else ""


def kinds(path):
    """Kinds of errors that dciodvfy names: its lines less values, item numbers and positions."""
    run = subprocess.run(["dciodvfy", path], capture_output=True, timeout=60)
    found = set()
    if pydicom.dcmread(path, stop_before_pixels=True, force=True).file_meta.get("TransferSyntaxUID") == "1.2.840.10008.1.2.1.99":
        return found
    found.add("unread")
    for line in (run.stdout + run.stderr).decode("latin-1").splitlines():
        if line.startswith("Error"):
            found.add(re.sub(r"<[^<>]*> is not one|value = <.*?>|[0-9]+ is|\[[0-9]*\]|\(0x.{4},0x.{4}\)|= <[^>]*>$", "", kind(line)))
    return found


def dictated(error, facts, options):
    """The table says X, and the IOD that the attribute has to be there: no output can satisfy both."""
    words = re.search(r"Element=<(\w+)>", error)
    if not words or not error.startswith(("Error - Missing attribute", "Error - Attribute present when condition unsatisfied")):
        return False
    row = next((row for row in facts.rows.values() if row["keyword"] == words[1]), None)
    if "present when" in error:
        # Its D stays where the X that it depends on goes.
        return words[1] == "ClinicalTrialProtocolEthicsCommitteeName"
    return row is not None and row["basic"] == "X" and facts.code(number(row["tag"]), options) == "X"


def kind(line):
    line = re.sub(r"Unrecognized enumerated value <[^>]*>", "Unrecognized enumerated value", line)
    line = re.sub(r"(Invalid|Illegal|Value invalid|Bad)( [^<]*)<[^>]*>", r"\1\2", line)
    line = re.sub(r"Value is zero for value [0-9]+|for value [0-9]+", "for a value", line)
    return re.sub(r" - .*?(?=Module=|$)", "", line) if "Element=" not in line else line


def run(program, options, source, target, key):
    shutil.rmtree(target, ignore_errors=True)
    words = [program, "deidentify", str(source), "--output", str(target), "--keep-names", "--key", str(key), "--json", "--progress", "none"]
    for option in options:
        words += ["--option", option]
    result = subprocess.run(words, capture_output=True, text=True)
    if result.returncode not in (0, 1):
        sys.exit(f"exit {result.returncode}: {result.stderr[-2000:]}")
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--program", default="scanforge")
    parser.add_argument("--tables", default="../shared/dicom")
    parser.add_argument("--case", action="append")
    parser.add_argument("--details", type=int, default=5)
    parser.add_argument("--no-dciodvfy", action="store_true")
    options = parser.parse_args()
    facts = Facts(options.tables)
    plants = collections.defaultdict(list)
    for plant in json.loads((options.set / "manifest.json").read_text()):
        plants[plant["file"]].append(plant)
    files = sorted(path.name for path in (options.set / "in").iterdir())
    before = {}
    if not options.no_dciodvfy:
        with ThreadPoolExecutor(2) as pool:
            before = dict(zip(files, pool.map(lambda name: kinds(options.set / "in" / name), files)))
    measures = ["released", "leaks", "actions", "uids", "dates", "pixels", "markers", "preamble and meta", "utility", "safe private", "dciodvfy", "dciodvfy, dictated ones aside"]
    worst = 0
    for case in options.case or CASES:
        score = Score()
        target = options.set / ("out-" + case)
        summary = run(options.program, CASES[case], options.set / "in", target, options.set / "key")
        judge = Judge(facts, CASES[case], score, plants, files)
        failures = {failure["number"]: failure["code"] for failure in summary["failures"]}
        released = []
        for number, name in enumerate(files, 1):
            score.add("released", (target / name).exists(), f"{name}: {failures.get(number)}")
            if (target / name).exists():
                released.append(name)
                judge.file(name, options.set / "in" / name, target / name)
        if before:
            with ThreadPoolExecutor(2) as pool:
                for name, after in zip(released, pool.map(lambda name: kinds(target / name), released)):
                    if not before[name]:
                        # A syntax that dciodvfy does not read.
                        continue
                    new = {error for error in after - before[name] if error != "unread"}
                    score.add("dciodvfy", not new, f"{name}: {sorted(new)}")
                    new = {error for error in new if not dictated(error, facts, CASES[case])}
                    score.add("dciodvfy, dictated ones aside", not new, f"{name}: {sorted(new)}")
        print(f"{case}: " + ", ".join(f"{measure} {score.line(measure)}" for measure in measures))
        for measure in measures:
            for example in score.examples[measure][: options.details]:
                print(f"    {measure}: {example[:300]}")
        worst += sum(score.bad[measure] for measure in measures)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
