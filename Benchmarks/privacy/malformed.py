"""Makes files that are broken on purpose, runs `scanforge deidentify` and `inspect` on each with little memory and time, and counts what went wrong.

python3 malformed.py --to DIR --program scanforge; needs pydicom, numpy and tifffile. Every run gets 2 GiB of address space and 10 s.
A wrong end is a signal, exit 70, a run over the time, a cut-off picture that passes without the warning `truncated`, or a whole one that has it.
"""

import argparse
import collections
import json
import random
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import tifffile

import codestreams
import templates
from plant import BIG, DEFLATED, EXPLICIT, IMPLICIT, element, write

SECONDS, BYTES = 10, 2 << 30


def header(syntax=EXPLICIT):
    meta = element(0x00020001, b"\0\1", "OB") + element(0x00020002, b"1.2.840.10008.5.1.4.1.1.7\0", "UI")
    meta += element(0x00020003, b"1.2.3.4\0", "UI") + element(0x00020010, syntax.encode() + b"\0" * (len(syntax) % 2), "UI")
    return b"\0" * 128 + b"DICM" + element(0x00020000, struct.pack("<I", len(meta)), "UL") + meta


def sequences(depth, explicit):
    """`depth` sequences in one another, of undefined length; never closed."""
    opening = struct.pack("<HH", 0x0008, 0x1199) + (b"SQ\0\0" if explicit else b"") + b"\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return opening * depth + closing * depth


def lengths(depth):
    """The same with lengths that are right."""
    content = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
        content = struct.pack("<HH", 0x0008, 0x1199) + b"SQ\0\0" + struct.pack("<I", len(item)) + item
    return content


def small(name, syntax, folder):
    path = folder / "whole"
    write(templates.make(name), path, syntax)
    return path.read_bytes()


def ifd(entries, after=0):
    return struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", after)


def tiff(entries, after=0, data=b"\0" * 64):
    return b"II*\0" + struct.pack("<I", 8) + ifd(entries, after) + data


def basics(width=8, height=8, bits=8, compression=1, offset=200, count=64):
    return [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, compression), (262, 3, 1, 1), (273, 4, 1, offset),
            (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, count)]


def encapsulated(syntax, samples, fragments, frames=1):
    """An image whose frames are these fragments."""
    rows, columns, *rest = samples.shape
    bits = 8 if samples.dtype.itemsize == 1 else 16
    stored = 12 if bits == 16 else 8
    body = element(0x00080016, b"1.2.840.10008.5.1.4.1.1.7\0", "UI") + element(0x00080018, b"1.2.3.4\0", "UI")
    body += element(0x00280002, struct.pack("<H", rest[0] if rest else 1), "US")
    body += element(0x00280004, b"RGB " if rest else b"MONOCHROME2 ", "CS")
    body += element(0x00280006, b"\0\0", "US") if rest else b""
    body += element(0x00280008, str(frames).encode(), "IS")
    for tag, value in ((0x10, rows), (0x11, columns), (0x100, bits), (0x101, stored), (0x102, stored - 1), (0x103, 0)):
        body += element(0x00280000 | tag, struct.pack("<H", value), "US")
    body += struct.pack("<HH", 0x7FE0, 0x0010) + b"OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0"
    for fragment in fragments:
        fragment += b"\0" * (len(fragment) % 2)
        body += b"\xfe\xff\x00\xe0" + struct.pack("<I", len(fragment)) + fragment
    return header(syntax) + body + b"\xfe\xff\xdd\xe0\0\0\0\0"


def cut_codestreams():
    """Pictures that are cut inside a file that is whole, beside whole ones: compressed frames, strips of TIFF, image data of PNG."""
    files = {}
    for kind, (syntax, samples, stream, behind) in codestreams.pictures().items():
        files[f"codestream-{kind}-whole"] = (encapsulated(syntax, samples, [stream]), None)
        files[f"codestream-{kind}-whole-frames"] = (encapsulated(syntax, samples, [stream, stream], 2), None)
        middle = len(stream) // 2
        files[f"codestream-{kind}-second-frame"] = (encapsulated(syntax, samples, [stream, stream[:middle]], 2), True)
        files[f"codestream-{kind}-no-second-frame"] = (encapsulated(syntax, samples, [stream], 2), True)
        if not kind.startswith("rle"):
            files[f"codestream-{kind}-fragments"] = (encapsulated(syntax, samples, [stream[:middle & ~1], stream[middle & ~1:]]), None)
            files[f"codestream-{kind}-no-second-fragment"] = (encapsulated(syntax, samples, [stream[:middle & ~1]]), True)
            files[f"codestream-{kind}-no-marker"] = (encapsulated(syntax, samples, [stream[:-2]]), False)
        for name, rest in codestreams.cuts(stream, behind, b"" if kind.startswith("rle") else b"\xff\xd9").items():
            files[f"codestream-{kind}-{name}"] = (encapsulated(syntax, samples, [rest]), True)
    one = codestreams.grey()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(one.tobytes()) + packer.flush()
    for syntax, data in (("1.2.840.10008.1.2.8.1", packed), ("1.2.840.10008.1.2.1.98", one.tobytes())):
        for part in range(1, 11):
            rest = data[:len(data) * part // 10]
            files[f"codestream-{syntax[-4:]}-{part}"] = (encapsulated(syntax, one, [rest]), True if part < 10 else None)
    for kind, whole in codestreams.picture_tiffs().items():
        files[f"strip-{kind}-whole.tif"] = (whole, None)
        for name, rest in codestreams.short_strips(whole, b"\xff\xd9" if kind.startswith("jpeg") else b"").items():
            files[f"strip-{kind}-{name}.tif"] = (rest, True)
    for name, rest in codestreams.short_pngs().items():
        files[f"short-{name}.png"] = (rest, True if name != "whole" else None)
    return files


def make(folder):
    """{name: (bytes, is a cut-off picture)}: None for a picture that is whole for certain, False for files that may be either."""
    files, rng = cut_codestreams(), random.Random(3)
    for name, syntax in (("ct", EXPLICIT), ("mr", IMPLICIT), ("us", DEFLATED), ("sc", BIG), ("enhancedmr", EXPLICIT), ("sr", EXPLICIT)):
        whole = small(name, syntax, folder)
        for end in range(64, len(whole), 64):
            files[f"cut-{name}-{end}"] = (whole[:end], name != "sr")
        for index in range(40):
            broken = bytearray(whole)
            for _ in range(rng.randrange(1, 6)):
                position = rng.randrange(132, len(broken))
                broken[position] = rng.choice([0, 255, 127, 128, rng.randrange(256)])
            files[f"mutated-{name}-{index}"] = (bytes(broken), False)
        for index in range(20):
            # A length of 2 or 4 bytes, far too large or too small, somewhere.
            broken = bytearray(whole)
            position = rng.randrange(140, len(broken) - 4)
            broken[position:position + 4] = struct.pack("<I", rng.choice([0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, 3, len(whole)]))
            files[f"length-{name}-{index}"] = (bytes(broken), False)
    for depth in (65, 1000, 20_000, 100_000):
        files[f"nested-explicit-{depth}"] = (header() + sequences(depth, True), False)
        files[f"nested-implicit-{depth}"] = (header(IMPLICIT) + sequences(depth, False), False)
        files[f"nested-open-{depth}"] = (header() + sequences(depth, True)[: 20 * depth], False)
        files[f"nested-un-{depth}"] = (header() + sequences(depth, True).replace(b"SQ\0\0", b"UN\0\0", 1), False)
    files["nested-lengths-20000"] = (header() + lengths(20_000), False)
    for rows, columns, frames in ((65535, 65535, 1), (65535, 65535, 2**31 - 1), (1, 1, 2**31 - 1), (0, 0, 1), (65535, 1, 65535)):
        for data in (b"\0" * 64, None):
            body = element(0x00080016, b"1.2.840.10008.5.1.4.1.1.7\0", "UI") + element(0x00080018, b"1.2.3.4\0", "UI")
            body += element(0x00280002, b"\1\0", "US") + element(0x00280004, b"MONOCHROME2 ", "CS") + element(0x00280008, str(frames).encode(), "IS")
            body += element(0x00280010, struct.pack("<H", rows), "US") + element(0x00280011, struct.pack("<H", columns), "US")
            body += element(0x00280100, b"\x10\0", "US") + element(0x00280101, b"\x10\0", "US") + element(0x00280102, b"\x0f\0", "US")
            body += element(0x00280103, b"\0\0", "US")
            if data is not None:
                files[f"huge-{rows}-{columns}-{frames}"] = (header() + body + element(0x7FE00010, data, "OB"), True)
            else:
                fragments = struct.pack("<HH", 0x7FE0, 0x0010) + b"OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0"
                fragments += b"\xfe\xff\x00\xe0\x40\0\0\0" + b"\0" * 64 + b"\xfe\xff\xdd\xe0\0\0\0\0"
                for syntax in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"):
                    files[f"huge-{syntax[-4:]}-{rows}-{columns}-{frames}"] = (header(syntax) + body + fragments, False)
    for size in (64 << 20, 700 << 20):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(size >> 20)) + packer.flush()
        files[f"inflate-{size >> 20}"] = (header(DEFLATED) + packed, False)
    for vr in ("UN", "OB", "SQ", "PN", "FD", "US", "zz", "\0\0", "UT"):
        for tag in (0x00080018, 0x00280010, 0x7FE00010, 0x00100010, 0x00081199):
            value = b"1.2.3.4\0"
            long = vr in ("UN", "OB", "SQ", "UT")
            mismatched = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + (b"\0\0" + struct.pack("<I", 8) if long else struct.pack("<H", 8)) + value
            files[f"vr-{vr.strip(chr(0)) or 'none'}-{tag:08x}"] = (small("ct", EXPLICIT, folder)[:400] + mismatched, False)
    loop = tiff(basics(), after=8)
    files["ifd-loop"] = (loop, False)
    files["ifd-subloop"] = (tiff(basics() + [(330, 4, 1, 8)]), False)
    files["ifd-self-far"] = (tiff(basics(), after=0x7FFFFFFF), False)
    files["ifd-many"] = (b"II*\0" + struct.pack("<I", 8) + b"".join(ifd([(256, 4, 1, 1)], 8 + 18 * (i + 1)) for i in range(20_000)), False)
    files["ifd-count"] = (tiff([(256, 4, 1, 8), (270, 2, 0xFFFFFFFF, 8)] + basics()[1:]), False)
    for width, height in ((2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (0, 0), (65535, 65535)):
        files[f"tiff-huge-{width}-{height}"] = (tiff(basics(width, height)), True)
        files[f"tiff-huge-lzw-{width}-{height}"] = (tiff(basics(width, height, compression=5)), True)
    array = numpy.random.default_rng(1).integers(0, 65535, (48, 48), dtype="u2")
    for compression in (None, "zlib", "lzw", "packbits"):
        path = folder / "whole.tif"
        tifffile.imwrite(path, array, compression=compression, rowsperstrip=8)
        whole = path.read_bytes()
        for end in range(64, len(whole), 64):
            files[f"cut-tiff-{compression}-{end}.tif"] = (whole[:end], True)
        for index in range(40):
            broken = bytearray(whole)
            for _ in range(rng.randrange(1, 6)):
                broken[rng.randrange(4, min(len(broken), 400))] = rng.choice([0, 255, 127, 128, rng.randrange(256)])
            files[f"mutated-tiff-{compression}-{index}"] = (bytes(broken), False)
    packed = zlib.compress(b"\0" * (64 << 20), 9)
    files["tiff-inflate"] = (b"II*\0" + struct.pack("<I", 8) + ifd(basics(8, 8, compression=8, offset=200, count=len(packed))).ljust(192, b"\0") + packed, False)
    for path in folder.glob("whole*"):
        path.unlink()
    return files


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(words):
    try:
        return subprocess.run(words, capture_output=True, timeout=SECONDS, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return None


def judge(program, path, is_cut, scratch):
    """What went wrong with one file, in words; empty when nothing did."""
    wrong = []
    seen = run([program, "inspect", str(path), "--json", "--threads", "1"])
    out = scratch / path.name
    cleaned = run([program, "deidentify", str(path), "--output", str(out), "--json", "--progress", "none", "--threads", "1"])
    for verb, result in (("inspect", seen), ("deidentify", cleaned)):
        if result is None:
            wrong.append(f"{verb} hangs")
        elif result.returncode < 0 or result.returncode == 70:
            wrong.append(f"{verb} exit {result.returncode} {result.stderr[-200:]!r}")
        elif b"orker" in result.stderr and b"crash" in result.stderr or b"decode.crash" in result.stdout:
            wrong.append(f"{verb} worker crash")
    if is_cut and cleaned is not None and cleaned.returncode == 0:
        report = json.loads(cleaned.stdout)
        if not set(report.get("warnings", {})) & {"truncated", "pixel.short"}:
            wrong.append("cut off, not flagged by deidentify")
    if is_cut is None:
        for verb, result in (("inspect", seen), ("deidentify", cleaned)):
            if b'"truncated"' in (result.stdout if result else b"") or verb == "deidentify" and result and result.returncode != 0:
                wrong.append(f"whole, not taken as it is by {verb}")
    if is_cut and seen is not None and seen.returncode == 0:
        report = json.loads(seen.stdout)["files"][0]
        if report["error"] is None and not set(report["warnings"]) & {"truncated", "pixel.short"}:
            wrong.append("cut off, not flagged by inspect")
    shutil.rmtree(out, ignore_errors=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--program", default="scanforge")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    folder, scratch = options.to / "files", options.to / "out"
    for place in (folder, scratch):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    files = {name: file for name, file in make(folder).items() if options.only in name}
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    names = sorted(files)
    with ThreadPoolExecutor(2) as pool:
        wrongs = list(pool.map(lambda name: judge(options.program, folder / name, files[name][1], scratch), names))
    counts = collections.Counter(word.split(" b'")[0] for wrong in wrongs for word in wrong)
    print(f"{len(names)} files: {sum(1 for wrong in wrongs if wrong)} wrong; {dict(counts)}")
    for name, wrong in zip(names, wrongs):
        if wrong:
            print(f"  {name}: {wrong}")
    return 1 if any(wrongs) else 0


if __name__ == "__main__":
    sys.exit(main())
