"""The tables of the standard that planting and judging go by, read from CSV: independent of the transcription in Sources/ScanDeid."""

import csv
from pathlib import Path

OPTIONS = {
    "retainSafePrivate": ("retain_safe_private", "113111"), "retainUIDs": ("retain_uids", "113110"),
    "retainDeviceIdentity": ("retain_device_identity", "113109"),
    "retainInstitutionIdentity": ("retain_institution_identity", "113112"),
    "retainPatientCharacteristics": ("retain_patient_characteristics", "113108"),
    "retainLongitudinalFullDates": ("retain_longitudinal_full_dates", "113106"),
    "retainLongitudinalModifiedDates": ("retain_longitudinal_modified_dates", "113107"),
    "cleanDescriptors": ("clean_descriptors", "113105"), "cleanStructuredContent": ("clean_structured_content", "113104"),
    "cleanGraphics": ("clean_graphics", "113103"),
}


def number(tag):
    """`(0010,0020)` or `00100020` as a number; None for patterns."""
    digits = tag.strip("()").replace(",", "")
    try:
        return int(digits, 16)
    except ValueError:
        return None


class Facts:
    """Table E.1-1, the Types of attributes by IOD, and the data dictionary."""

    def __init__(self, folder):
        folder = Path(folder)
        self.rows = {}
        for row in self._read(folder / "ps3.15-table-E.1-1.csv"):
            if (tag := number(row["tag"])) is not None:
                self.rows[tag] = row
        self.dictionary = {}
        for row in self._read(folder / "ps3.6-data-dictionary.csv"):
            if (tag := number(row["tag"])) is not None:
                self.dictionary[tag] = row
        self.safe_private = list(self._read(folder / "ps3.15-table-E.3.10-1-safe-private.csv"))
        self._iod = {row["sop_class_uid"]: row["iod"] for row in self._read(folder / "sop-class-iod.csv")}
        self._modules = {}
        for row in self._read(folder / "iod-modules.csv"):
            self._modules.setdefault(row["iod"], []).append((row["module"], row["usage"]))
        self._types = {}
        keywords = {row["keyword"]: tag for tag, row in self.dictionary.items() if row["keyword"]}
        for row in self._read(folder / "module-attribute-types.csv"):
            path = tuple(keywords.get(word, 0) for word in row["path"].split("/") if word)
            if number(row["tag"]) is None:
                continue
            # `None` where PS3.3 gives no Type.
            entry = (path + (number(row["tag"]),), int(row["type"][0]) if row["type"][0].isdigit() else 3)
            self._types.setdefault(row["module"], []).append(entry)

    @staticmethod
    def _read(path):
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)

    def types(self, sop_class):
        """{path of tags: ({Types in mandatory modules}, {Types in the others})}; empty for an unknown class."""
        found = {}
        for module, usage in self._modules.get(self._iod.get(sop_class), []):
            for path, requirement in self._types.get(module, []):
                found.setdefault(path, (set(), set()))[usage != "M"].add(requirement)
        return found

    def code(self, tag, options):
        """The action for `tag` with `options`, as a letter or compound code; C before K; None when the table leaves it alone."""
        row = self.rows.get(tag)
        if row is None:
            return None
        chosen = {row[OPTIONS[option][0]].strip() for option in options} - {""}
        if "C" in chosen:
            return "C"
        return "K" if chosen else row["basic"]


def permitted(code, requirements):
    """The outcomes that `code` allows an attribute with these possible Types: of removed, empty, dummy, uid, same, changed.

    `requirements`: every Type that the attribute may have, depending on which modules count; 3 when none lists it.
    """
    simple = {
        "X": {"removed"}, "Z": {"empty", "dummy"}, "D": {"dummy"}, "U": {"uid"}, "K": {"same"}, "C": {"changed", "same"},
        "X/Z/U*": {"removed", "empty", "uid"},
    }
    if code in simple:
        return simple[code]
    allowed = set()
    for requirement in requirements:
        if requirement == 1:
            allowed |= {"dummy"}
        elif requirement == 2:
            allowed |= {"dummy"} if "Z" not in code else {"empty", "dummy"}
        else:
            allowed |= {"removed"} if code.startswith("X") else {"empty", "dummy"}
    return allowed
