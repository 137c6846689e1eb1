"""Writes DICOM files with a value of its own in every place where an identifier can stand, and a manifest of what was put where.

python3 plant.py --tables DIR --to DIR [--seed N]; needs pydicom and numpy. All names, numbers and dates are made up.
"""

import argparse
import datetime
import json
import random
import struct
import zlib
from pathlib import Path

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

import echoes
import templates
from facts import Facts

pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.replace_un_with_known_vr = False

IMPLICIT, EXPLICIT, BIG, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
MARKER = 0x00120064
LETTERS = "bcdfghjklmnpqrstvwxz"


class Planter:
    """Makes unique values by VR and notes where they went."""

    def __init__(self, facts, seed):
        self.facts = facts
        self.random = random.Random(seed)
        self.count = 0
        self.plants = []
        self.file = ""
        self.days = list(range(24000))
        self.sampled = set()

    def begin(self, file):
        self.file = file
        self.random.shuffle(self.days)
        self.next_day = 0

    def token(self):
        self.count += 1
        rest, text = self.count, ""
        for _ in range(6):
            text += LETTERS[rest % 20]
            rest //= 20
        return "zq" + text

    def date(self):
        day = self.days[self.next_day % len(self.days)]
        self.next_day += 1
        return (datetime.date(1931, 1, 1) + datetime.timedelta(day)).strftime("%Y%m%d")

    def value(self, vr, tag=0):
        """A legal value of `vr`, and what of it may be searched for in bytes: ASCII texts, numbers, or raw bytes in hex."""
        token, rng = self.token(), self.random
        if vr == "UI":
            uid = f"1.3.6.1.4.1.99998.{rng.randrange(10**9, 10**10)}.{self.count}"
            return uid, [uid]
        if vr == "PN":
            second = self.token()
            return f"{token}^{second}", [token, second]
        if vr in ("AE", "CS"):
            return token.upper(), [token]
        if vr in ("LO", "SH", "ST", "LT", "UT", "UC"):
            return token, [token]
        if vr == "UR":
            return f"http://{token}.example.org/x", [token]
        if vr == "DA":
            date = self.date()
            return date, [date]
        if vr == "DT":
            date = self.date()
            return date + "101112.345600", [date]
        if vr == "TM":
            time = f"{rng.randrange(24):02}{rng.randrange(60):02}{rng.randrange(60):02}.{rng.randrange(100000, 10**6)}"
            return time, [time]
        if vr == "AS":
            return f"{rng.randrange(11, 99):03}Y", []
        if vr == "DS":
            number = f"7.{rng.randrange(10**9, 10**10)}"
            return number, [number[2:]]
        if vr == "IS":
            number = rng.randrange(10**8, 2 * 10**9)
            return number, [str(number)]
        if vr in ("US", "SS"):
            return rng.randrange(1000, 30000), []
        if vr in ("UL", "SL", "UV", "SV"):
            number = rng.randrange(10**8, 2 * 10**9)
            return number, ["0x" + struct.pack("<I", number).hex()] if vr in ("UL", "SL") else ["0x" + struct.pack("<Q", number).hex()]
        if vr == "FL":
            number = struct.unpack("<f", struct.pack("<f", rng.uniform(1, 1000)))[0]
            return number, ["0x" + struct.pack("<f", number).hex()]
        if vr == "FD":
            number = rng.uniform(1, 1000)
            return number, ["0x" + struct.pack("<d", number).hex()]
        if vr == "AT":
            return 0x00100010, []
        text = token + self.token()
        return text.encode(), [token]

    def vr(self, tag):
        row = self.facts.dictionary.get(tag) or self.facts.rows.get(tag)
        vr = (row or {}).get("vr") or "LO"
        return vr.split(" or ")[0].split("/")[0].strip() or "UN"

    def put(self, dataset, tag, path, place, must_go=None):
        """Plants in attribute `tag` of `dataset`; `path`: (sequence, item) pairs that lead to it. Sequences get an item of their own."""
        vr = self.vr(tag)
        if vr == "SQ":
            if tag not in dataset or not dataset[tag].value:
                dataset[tag] = DataElement(tag, "SQ", Sequence([self.item(tag)]))
            self.note(dataset, tag, path, place, [], must_go)
            return
        value, tokens = self.value(vr, tag)
        dataset[tag] = DataElement(tag, vr, value)
        self.note(dataset, tag, path, place, tokens, must_go)

    def item(self, tag):
        """What an item of a sequence that nobody described may hold: a code, or a person and a reference."""
        row = self.facts.dictionary.get(tag, {})
        item = Dataset()
        if row.get("keyword", "").endswith("CodeSequence"):
            item = templates.code(self.token()[:16], "99" + self.token(), self.token())
            tokens = [item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning]
        else:
            item.PatientName, names = self.value("PN")
            item.ReferencedSOPInstanceUID, uids = self.value("UI")
            item.InstitutionName, places = self.value("LO")
            tokens = names + uids + places
        self.plants.append({"file": self.file, "place": "item", "tag": tag, "path": None, "tokens": tokens, "vr": "SQ"})
        return item

    def note(self, dataset, tag, path, place, tokens, must_go=None):
        self.plants.append(
            {"file": self.file, "place": place, "tag": tag, "path": list(path), "tokens": tokens, "vr": self.vr(tag), "must_go": must_go})

    def hide(self, place, tokens):
        """Notes tokens that have no attribute to judge: they have to be gone under every option."""
        self.plants.append({"file": self.file, "place": place, "tag": None, "path": None, "tokens": tokens, "vr": "", "must_go": True})


def table(facts):
    """Tags of Table E.1-1 that a dataset may hold, without those that make a file what it is."""
    fixed = {0x00080016, 0x7FE00010}
    return [tag for tag in sorted(facts.rows) if tag >> 16 not in (0, 2) and tag not in fixed]


def plant_iod(planter, dataset, sop_class):
    """Every attribute of the table where the modules of the IOD have it, to depth 3."""
    types = planter.facts.types(sop_class)
    for path in sorted(types, key=lambda path: (-len(path), path)):
        *sequences, tag = path
        # What the de-identifier itself writes is not judged by what stood there.
        if 0 in path or MARKER in path or tag not in planter.facts.rows or tag in (0x00080016, 0x00080018) and not sequences:
            continue
        holder, place = dataset, []
        for sequence in sequences:
            if sequence not in holder or not holder[sequence].value:
                holder[sequence] = DataElement(sequence, "SQ", Sequence([Dataset()]))
            place.append([sequence, 0])
            holder = holder[sequence].value[0]
        planter.put(holder, tag, place, "iod")


def plant_top(planter, dataset):
    for tag in table(planter.facts):
        if tag != 0x00080018:
            planter.put(dataset, tag, [], "top")


CHAINS = {
    # Listed or not, kept or not; unlisted ones have no row in Table E.1-1.
    "references": [0x00081199, 0x00081140, 0x0040A170], "protocol": [0x00189477, 0x0018990C, 0x00189920],
    "functional": [0x52009229, 0x00189152, 0x0040A170], "content": [0x0040A730, 0x0040A730, 0x0040A730],
    "waveform": [0x54000100, 0x003A0200, 0x003A0208], "roi": [0x30060020, 0x30060086, 0x00081199],
}


def plant_deep(planter, dataset, depth, chain):
    """Every attribute of the table, in `depth` sequences."""
    holder, place = dataset, []
    for tag in chain[:depth]:
        holder[tag] = DataElement(tag, "SQ", Sequence([Dataset(), Dataset()]))
        place.append([tag, 1])
        holder = holder[tag].value[1]
    for tag in table(planter.facts):
        if tag not in chain:
            planter.put(holder, tag, place, f"depth {depth}")


def plant_private(planter, dataset):
    """Private blocks in many odd groups, private sequences, and unknown private UN with nested content."""
    for group in (0x0009, 0x0011, 0x0019, 0x0021, 0x0029, 0x0033, 0x0051, 0x00E1, 0x01F1, 0x2001, 0x5001, 0x6001, 0x7053, 0x7FE1, 0xFFFD):
        dataset.add_new((group, 0x0010), "LO", "MADE UP " + planter.token())
        planter.hide("private creator", [dataset[group, 0x0010].value.split()[-1]])
        for element, vr in ((0x1001, "LO"), (0x1002, "PN"), (0x1003, "OB"), (0x1004, "UN"), (0x1005, "UT"), (0x1006, "UI"), (0x1007, "FD")):
            value, tokens = planter.value(vr)
            dataset.add_new((group, element), vr, value)
            planter.hide("private", tokens)
        inner = Dataset()
        for tag in (0x00100010, 0x00100020, 0x00081155, 0x00080080):
            value, tokens = planter.value(planter.vr(tag))
            inner.add_new(tag, planter.vr(tag), value)
            planter.hide("private sequence", tokens)
        outer = Dataset()
        outer.add_new((group, 0x0010), "LO", "MADE UP")
        outer.add_new((group, 0x1010), "SQ", Sequence([inner]))
        dataset.add_new((group, 0x1010), "SQ", Sequence([outer]))
        # No creator owns this block.
        value, tokens = planter.value("LO")
        dataset.add_new((group, 0x4101), "LO", value)
        planter.hide("private without creator", tokens)
        dataset.add_new((group, 0x1011), "UN", hidden_items(planter, "private UN"))


def plant_safe_private(planter, dataset):
    """The safe private attributes of Table E.3.10-1, in blocks that are not the usual ones, with neighbours that are not safe."""
    blocks = {}
    for row in planter.facts.safe_private:
        group, creator = int(row["group"], 16), row["private_creator"]
        block = blocks.setdefault((group, creator), 0x20 + sum(1 for key in blocks if key[0] == group))
        dataset.add_new((group, block), "LO", creator)
        vr = row["vr"].split("/")[0].split(" ")[0] or "UN"
        if vr == "SQ":
            continue
        value, tokens = planter.value(vr)
        tag = (group << 16) + (block << 8) + int(row["element"][2:], 16)
        dataset.add_new(tag, vr, value)
        planter.plants.append({"file": planter.file, "place": "safe private", "tag": tag, "path": None, "tokens": tokens, "vr": vr})
    for (group, creator), block in blocks.items():
        safe = {int(row["element"][2:], 16) for row in planter.facts.safe_private if (int(row["group"], 16), row["private_creator"]) == (group, creator)}
        unsafe = next(low for low in range(1, 255) if low not in safe)
        value, tokens = planter.value("LO")
        dataset.add_new((group << 16) + (block << 8) + unsafe, "LO", value)
        planter.hide("beside safe private", tokens)
    # A creator that only looks like one.
    dataset.add_new((0x0019, 0x00E0), "LO", "SIEMENS MR HEADER " + planter.token())
    value, tokens = planter.value("LO")
    dataset.add_new((0x0019, 0xE008), "LO", value)
    planter.hide("false creator", tokens)


def element(tag, value, vr=None):
    """An element in implicit, or with `vr` in explicit, little endian."""
    value += b" " * (len(value) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if vr is None:
        return head + struct.pack("<I", len(value)) + value
    if vr in ("OB", "UN", "UT", "SQ"):
        return head + vr.encode() + b"\0\0" + struct.pack("<I", len(value)) + value
    return head + vr.encode() + struct.pack("<H", len(value)) + value


def hidden_items(planter, place, depth=3):
    """A sequence of `depth` levels, as the value of an element that is called UN."""
    content = b""
    for tag in (0x00100010, 0x00100020, 0x00104000):
        value, tokens = planter.value(planter.vr(tag))
        planter.hide(place, tokens)
        content += element(tag, value.encode())
    for level in range(depth - 1):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
        content = element(0x00081199, item)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def plant_hidden(planter, dataset):
    """Overlays, curves, unknown attributes, UN, padding, icons, nested pixels, text in attributes of other kinds."""
    for group in (0x6000, 0x6002, 0x601E):
        for low, vr, value in ((0x0010, "US", 16), (0x0011, "US", 16), (0x0050, "SS", [1, 1]), (0x0100, "US", 1), (0x0102, "US", 0)):
            dataset.add_new((group, low), vr, value)
        dataset.add_new((group, 0x0040), "CS", "G" if group == 0x6000 else "R")
        value, tokens = planter.value("OB")
        dataset.add_new((group, 0x3000), "OW", (value * 4)[:32])
        planter.hide("overlay data", tokens)
        for low, vr in ((0x0022, "LO"), (0x1500, "LO"), (0x4000, "LT")):
            value, tokens = planter.value(vr)
            dataset.add_new((group, low), vr, value)
            planter.hide("overlay text", tokens)
    for group in (0x5000, 0x5002, 0x501E):
        for low, vr in ((0x0022, "LO"), (0x0030, "SH"), (0x2500, "LO"), (0x3000, "OB"), (0x2600, "SQ")):
            if vr == "SQ":
                dataset.add_new((group, low), vr, Sequence([planter.item(0x00081140)]))
            else:
                value, tokens = planter.value(vr)
                dataset.add_new((group, low), vr, value)
                planter.hide("curve", tokens)
    for tag, vr in ((0x0018FFF0, "LO"), (0x0028FFF2, "UN"), (0x0012FFEE, "PN"), (0x4444AAAA, "LT"), (0xFFFCFFFC, "OB")):
        value, tokens = planter.value(vr)
        dataset.add_new(tag, vr, value)
        planter.hide("unknown or padding", tokens)
    dataset.add_new(0x00189477, "UN", hidden_items(planter, "standard UN"))
    icon = Dataset()
    templates.pixels(icon, 5, rows=4, columns=4, bits=8)
    value, tokens = planter.value("OB")
    icon.PixelData = value[:16]
    icon["PixelData"].VR = "OB"
    planter.hide("icon", tokens)
    dataset.IconImageSequence = Sequence([icon])
    nested = Dataset()
    value, tokens = planter.value("OB")
    nested.add_new(0x7FE00010, "OB", value[:16])
    planter.hide("nested pixel data", tokens)
    dataset.add_new(0x0018990C, "SQ", Sequence([nested]))
    # A number with a name behind it; a padded UID; an age and a time that are none.
    for tag, vr, form in ((0x00180050, "DS", "1.5 {}"), (0x00181152, "IS", "12{}"), (0x00280106, "US", "{}"), (0x00189073, "FD", "{}")):
        token = planter.token()
        dataset.add_new(tag, "UN", form.format(token).encode().ljust(12) if vr in ("DS", "IS") else form.format(token).encode())
        planter.hide("text as " + vr, [token])
    token = planter.token()
    dataset.add_new(0x00041511, "UI", "1.2.3")
    dataset.add_new(0x00080000, "UN", token.encode())
    planter.hide("group length", [token])


def plant_repeats(planter, dataset):
    """The file's own name, record number, dates and UIDs, in texts that the profile leaves alone."""
    family, given, record = planter.token(), planter.token(), f"{planter.random.randrange(10**7, 10**8)}"
    birth = planter.date()
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = f"{family.title()}^{given.title()}", record, birth
    year, month, day = birth[:4], birth[4:6], birth[6:]
    spellings = [
        f"{given} {family}", f"{family},{given}", f"{family}_{given}", family.upper(), record, f"MRN{record}", f"{record[:4]}-{record[4:]}",
        birth, f"{day}.{month}.{year}", f"{year}-{month}-{day}", f"{month}/{day}/{year}", f"{day}.{month}.{year[2:]}",
        dataset.StudyInstanceUID, f"x{family}x", f"{family[:1].upper()}{family[1:]}'s knee",
    ]
    # Sequence Name, Pulse Sequence Name, Filter Type and others: text that Table E.1-1 does not list.
    holders = [(tag, planter.vr(tag)) for tag in planter.facts.dictionary
               if tag not in planter.facts.rows and 0x00180000 < tag < 0x00190000 and planter.vr(tag) in ("LO", "SH", "ST", "LT", "UT")]
    for (tag, vr), spelling in zip(holders, spellings * 3):
        dataset.add_new(tag, vr, f"AXIAL {spelling} KNEE")
    planter.hide("repeated name", [family, given])
    planter.hide("repeated number", [record, dataset.StudyInstanceUID])
    planter.hide("repeated date", [birth])


def segment(marker, content):
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def box(kind, content):
    return struct.pack(">I", len(content) + 8) + kind + content


def jpeg(head=b"", behind=b"", quantization=b"\1" * 64):
    """A grey JPEG of 8x8 samples; `head` before its scan, `behind` its coded data."""
    one = b"\1" + b"\0" * 16
    return (b"\xFF\xD8" + segment(0xDB, b"\0" + quantization) + segment(0xC0, b"\x08\0\x08\0\x08\1\1\x11\0")
            + segment(0xC4, b"\0" + one + b"\x10" + one) + head + segment(0xDA, b"\1\1\0\0\x3F\0") + b"\x3F" + behind + b"\xFF\xD9")


def jpeg2000(main=b"", tile=b"", header=b"", around=b""):
    """A grey JPEG 2000 of 8x8 samples in a file of boxes."""
    size = struct.pack(">H8IH", 0, 8, 8, 0, 0, 8, 8, 0, 0, 1) + b"\7\1\1"
    body = b"\xFF\x4F" + segment(0x51, size) + segment(0x52, b"\0\0\0\1\0\0\4\4\0\1") + segment(0x5C, b"\x40\x40") + main
    body += segment(0x90, struct.pack(">HIBB", 0, 12 + len(tile) + 3, 0, 1)) + tile + b"\xFF\x93\x80" + b"\xFF\xD9"
    inner = box(b"ihdr", struct.pack(">IIHBBBB", 8, 8, 1, 7, 7, 0, 0)) + box(b"colr", b"\1\0\0" + struct.pack(">I", 17)) + header
    return box(b"jP  ", b"\x0D\x0A\x87\x0A") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + around + box(b"jp2h", inner) + box(b"jp2c", body)


def rle(offsets=b"\0" * 56, gap=b"", behind=b""):
    return struct.pack("<II", 1, 64 + len(gap)) + offsets + gap + bytes((257 - 64, 9)) + behind


def streams(planter):
    """(name, transfer syntax, fragment, bytes before it in the offset table): a token in each place that a decoder does not look at."""
    def text(size=0):
        token = planter.token()
        planter.hide("pixel stream", [token])
        return token.encode().ljust(size, b"\2")

    kinds = [(0xFE, b""), (0xE0, b"JFIF\0\1\1\0\0\1\0\1\2\2"), (0xE0, b"JFXX\0"), (0xE1, b"Exif\0\0"), (0xE2, b"ICC_PROFILE\0\1\1"), (0xE8, b""),
             (0xED, b"Photoshop"), (0xEE, b"Adobe\0\x64\0\0\0\0\0"), (0xF3, b""), (0xFD, b""), (0xDD, b"\0\0"), (0xDB, b"\3" + b"\1" * 52)]
    head = lambda: b"".join(segment(marker, lead + text(12 if marker == 0xDB else 0)) for marker, lead in kinds)
    yield "jpeg", "1.2.840.10008.1.2.4.50", lambda: (b"", jpeg(head(), text(), b"\1\1" + text(62)) + text())
    yield "jpeg-table", "1.2.840.10008.1.2.4.50", lambda: (text(), jpeg())
    comments = lambda: b"".join(segment(marker, b"\0\1" + text()) for marker in (0x64, 0x58, 0x63, 0x6F))
    boxes = lambda: box(b"xml ", text()) + box(b"uuid", text(24)) + box(b"free", text())
    yield "jpeg2000", "1.2.840.10008.1.2.4.90", lambda: (
        text(), jpeg2000(comments(), comments(), box(b"res ", text()) + box(b"colr", b"\2\0\0" + text()), boxes()) + boxes())
    yield "rle", "1.2.840.10008.1.2.5", lambda: (text(), rle(text(56), text(), text()))


def plant_stream(dataset, table, fragment):
    dataset.Rows = dataset.Columns = 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    items = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in (part + b"\0" * (len(part) % 2) for part in (table, fragment)))
    dataset.PixelData = items
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True


def plant_binary(planter, dataset):
    """Texts in tables, numbers, profiles and coded values that the profile leaves alone."""
    def text(form="{}", tokens=1):
        words = [planter.token() for _ in range(tokens)]
        planter.hide("binary or coded value", words)
        return form.format(*words)

    ramp = bytes(value // 2 for value in range(512))
    for tag in (0x00281201, 0x00281202, 0x00281203):
        words = text("{}{}{}", 3).encode()
        dataset.add_new(tag, "OW", ramp[:200] + words + ramp[200 + len(words):])
    dataset.add_new(0x00186060, "FL", [0.5, 1.0])
    dataset[0x00186060] = pydicom.dataelem.RawDataElement(pydicom.tag.Tag(0x00186060), "FL", 8, text().encode(), 0, False, True)
    dataset.add_new(0x00282000, "OB", b"\0" * 40 + text().encode())
    dataset.Modality = text(dataset.Modality + "\0{}").upper()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", text("A^{}").upper()]
    dataset.BurnedInAnnotation = text().upper()
    dataset.SpecificCharacterSet = ["ISO_IR 192", text().upper()]
    dataset.SequenceName = text("fl3d\0{}")


CHARSETS = {
    "latin1": ("ISO_IR 100", "latin-1", "Müllerström^Zoé"), "cyrillic": ("ISO_IR 144", "iso8859_5", "Люкceмбypг^Иван"),
    "greek": ("ISO_IR 126", "iso8859_7", "Διονυσιοςπ^Μαρια"), "utf8": ("ISO_IR 192", "utf-8", "Wang^XiaoDongx=王^小東夏"),
    "gb18030": ("GB18030", "gb18030", "Zhangxq^XiaoDongx=张测^小东试"), "gbk": ("GBK", "gbk", "Lixqwert^Wenxu=李誠^文旭"),
    "kanji": (["", "ISO 2022 IR 87"], "iso2022_jp", "Yamadaxq^Tarouqx=山田試^太郎験"),
    "korean": (["", "ISO 2022 IR 149"], None, "Hongxqw^Gildongx=洪吉試^童驗"),
    "kana": ("ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞｻﾝ^ﾀﾛｳｻﾝ"), "thai": ("ISO_IR 166", "tis-620", "นามสกุลยาว^ชื่อยาว"),
    "hebrew": ("ISO_IR 138", "iso8859_8", "שרוןכהן^דבורהל"),
}


def plant_charset(planter, dataset, name):
    """A name in a character set, repeated in texts that stay, as a whole and by its groups."""
    charset, codec, person = CHARSETS[name]
    dataset.SpecificCharacterSet = charset
    if codec is None:
        parts = [part if part.isascii() else "\x1b$)C" + part for part in person.split("=")]
        raw = b"=".join(part.encode("ascii") if part.isascii() else b"\x1b$)C" + part[4:].encode("euc_kr", "ignore") for part in parts)
    else:
        raw = person.encode(codec)
    dataset.add_new(0x00100010, "PN", raw)
    groups = [group for group in raw.split(b"=")]
    for tag, value in zip((0x00189005, 0x00180024, 0x00181160, 0x00181261), [raw] + groups):
        dataset.add_new(tag, planter.vr(tag), b"KNEE " + value.replace(b"^", b" "))
    words = [word for group in groups for word in group.split(b"^") if len(word) >= 4]
    planter.hide("name in " + name, ["0x" + word.hex() for word in words])


def plant_utility(planter, dataset):
    """A harmless value in every attribute that the table leaves alone; no identifier at all."""
    benign = {
        "LO": "AXIAL", "SH": "B30f", "ST": "slow infusion", "LT": "slow infusion", "UT": "slow infusion", "UC": "slow infusion", "CS": "YES",
        "DS": "2.5", "IS": 12, "US": 3, "SS": -3, "UL": 3, "SL": -3, "FL": 2.5, "FD": 2.5, "AT": 0x00180050, "OB": b"\1\2", "OW": b"\1\2",
        "OF": b"\0\0\0\0", "OD": b"\0" * 8, "OL": b"\0" * 4, "UV": 3, "SV": -3, "AS": "012Y", "TM": "101112", "AE": "AE",
    }
    fixed = {0x00280010, 0x00280011, 0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280100, 0x00280101, 0x00280102, 0x00280103}
    for tag, row in planter.facts.dictionary.items():
        group = tag >> 16
        # Markers, and a length that no longer holds.
        if tag in (0x00120062, 0x00120063, 0x00280303, 0x00080001):
            continue
        if tag in planter.facts.rows or group in (0, 2, 4, 6, 8 if tag == 0x00080005 else 0) or group & 1 or tag & 0xFFFF == 0:
            continue
        # Two bytes are no color profile.
        if tag == 0x00282000 or group >= 0x5000 and group not in (0x5200, 0x5400) or tag in fixed or tag in dataset or group == 0x0028 and tag < 0x00280110:
            continue
        vr = planter.vr(tag)
        if vr in benign:
            dataset.add_new(tag, vr, benign[vr])


def write(dataset, path, syntax, preamble=b"\0" * 128, extra_meta=(), trailing=b""):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = UID(syntax), UID("1.3.6.1.4.1.99999.0.1")
    for tag, vr, value in extra_meta:
        meta.add_new(tag, vr, value)
    dataset.file_meta, dataset.preamble = meta, preamble
    dataset.save_as(path, enforce_file_format=False, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
    if trailing:
        with open(path, "ab") as file:
            file.write(trailing)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default="../shared/dicom")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    facts = Facts(options.tables)
    planter = Planter(facts, options.seed)
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "in").mkdir(exist_ok=True)
    syntaxes = [EXPLICIT, IMPLICIT, DEFLATED, BIG]

    def begin(name):
        planter.begin(name)
        return options.to / "in" / name

    for index, name in enumerate(templates.CLASSES):
        syntax = syntaxes[index % 2]
        for case, work in (("plain", lambda d: None), ("iod", lambda d: plant_iod(planter, d, d.SOPClassUID)), ("top", lambda d: plant_top(planter, d)),
                           ("repeats", lambda d: plant_repeats(planter, d))):
            path = begin(f"{name}-{case}.dcm")
            dataset = templates.make(name)
            work(dataset)
            write(dataset, path, syntax)
    for index, (chain, tags) in enumerate(CHAINS.items()):
        for depth in (1, 2, 3):
            path = begin(f"deep-{chain}-{depth}.dcm")
            dataset = templates.make(["ct", "mr", "enhancedmr", "sr", "ecg", "rtstruct"][index])
            plant_deep(planter, dataset, depth, tags)
            write(dataset, path, syntaxes[(index + depth) % 4])
    for index, name in enumerate(("ct", "mr", "us", "sr")):
        path = begin(f"private-{name}.dcm")
        dataset = templates.make(name)
        plant_private(planter, dataset)
        write(dataset, path, syntaxes[index])
        path = begin(f"safe-{name}.dcm")
        dataset = templates.make(name)
        plant_safe_private(planter, dataset)
        write(dataset, path, EXPLICIT if name != "mr" else IMPLICIT)
        path = begin(f"hidden-{name}.dcm")
        dataset = templates.make(name)
        plant_hidden(planter, dataset)
        preamble, trailing = planter.token().encode() * 16, planter.token()
        planter.hide("preamble", [preamble[:8].decode()])
        meta = []
        for tag, vr in ((0x00020016, "AE"), (0x00020017, "AE"), (0x00020018, "AE"), (0x00020013, "SH"), (0x00020100, "UI"), (0x00020102, "OB")):
            value, tokens = planter.value(vr)
            meta.append((tag, vr, value))
            planter.hide("file meta", tokens)
        write(dataset, path, EXPLICIT if index % 2 else IMPLICIT, preamble, meta)
        if index == 0:
            path = begin("trailing.dcm")
            planter.hide("after the dataset", [trailing])
            write(templates.make("ct"), path, EXPLICIT, trailing=b"\0" * 64 + trailing.encode() + b"\0" * 64)
    for name, syntax, make in streams(planter):
        path = begin(f"stream-{name}.dcm")
        dataset = templates.make("mr")
        plant_stream(dataset, *make())
        write(dataset, path, syntax)
    for name in ("ct", "mr"):
        path = begin(f"binary-{name}.dcm")
        dataset = templates.make(name)
        plant_binary(planter, dataset)
        write(dataset, path, EXPLICIT)
    for name in CHARSETS:
        path = begin(f"charset-{name}.dcm")
        dataset = templates.make("mr")
        plant_charset(planter, dataset, name)
        write(dataset, path, EXPLICIT)
    for name in ("ct", "mr", "sr"):
        for case, work in (("echo", lambda d: echoes.plant_echo(planter, d, table(facts))), ("sources", lambda d: echoes.plant_sources(planter, d)),
                           ("dates", lambda d: echoes.plant_dates(planter, d)), ("harmless", lambda d: echoes.plant_harmless(planter, d))):
            path = begin(f"{case}-{name}.dcm")
            dataset = templates.make(name)
            work(dataset)
            write(dataset, path, IMPLICIT if (name, case) == ("mr", "echo") else EXPLICIT)
    for index, case in enumerate(echoes.SPELLINGS):
        path = begin(f"spelling-{index:02}.dcm")
        dataset = templates.make("mr")
        echoes.plant_spelling(planter, dataset, case)
        write(dataset, path, EXPLICIT)
    for name in ("ct", "mr"):
        path = begin(f"utility-{name}.dcm")
        dataset = templates.make(name)
        plant_utility(planter, dataset)
        write(dataset, path, EXPLICIT)
    for patient in (1, 2):
        for study in (1, 2):
            for name in ("ct", "gsps", "rtstruct", "sr"):
                for number in range(1, 4 if name == "ct" else 2):
                    path = begin(f"series-{patient}-{study}-{name}-{number}.dcm")
                    write(templates.make(name, number, study, patient), path, EXPLICIT)
    (options.to / "manifest.json").write_text(json.dumps(planter.plants))
    print(f"{len(list((options.to / 'in').iterdir()))} files, {sum(len(plant['tokens']) for plant in planter.plants)} tokens in {len(planter.plants)} places")


if __name__ == "__main__":
    main()
