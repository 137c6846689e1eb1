"""Compressed pictures, whole and cut: `pictures()` gives codestreams of every kind that the encoders at hand can write, `cuts()` what is left of one.

Needs imagecodecs and Pillow; a kind whose encoder is not there is left out and named on standard error.
"""

import io
import struct
import sys
import zlib

import numpy


def grey(bits=8, size=(48, 56)):
    """A smooth picture with noise, a flat part and edges: every part of a coder has work."""
    rows, columns = size
    slope = numpy.add.outer(numpy.arange(rows), numpy.arange(columns)) * ((1 << bits) - 1) // (rows + columns)
    noise = numpy.random.default_rng(5).integers(0, 1 << (bits - 3), size)
    picture = slope // 2 + noise
    picture[: rows // 4, : columns // 2] = 7
    picture[rows // 2:, columns // 3] = (1 << bits) - 1
    return picture.astype("u1" if bits <= 8 else "u2")


def color():
    return numpy.stack([grey(), grey()[::-1], grey()[:, ::-1]], axis=-1).copy()


def packbits(cells):
    """Runs and literals, as PS3.5 annex G.3 has them."""
    out, position = bytearray(), 0
    while position < len(cells):
        run = 1
        while run < 128 and position + run < len(cells) and cells[position + run] == cells[position]:
            run += 1
        if run > 2:
            out += bytes([257 - run, cells[position]])
            position += run
            continue
        start = position
        while position < len(cells) and position - start < 128 and (position + 2 >= len(cells) or len({*cells[position:position + 3]}) > 1):
            position += 1
        out += bytes([position - start - 1]) + cells[start:position]
    return bytes(out) + b"\0" * (len(out) % 2)


def rle(picture):
    cells = picture.reshape(-1, picture.shape[-1] if picture.ndim == 3 else 1).astype(picture.dtype.newbyteorder(">"))
    planes = cells.view("u1").reshape(len(cells), -1)
    segments = [packbits(planes[:, index].tobytes()) for index in range(planes.shape[1])]
    offsets = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    return struct.pack("<I", len(segments)) + struct.pack("<15I", *(offsets + [0] * (15 - len(segments)))) + b"".join(segments)


def jpeg(picture, **options):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def pictures():
    """{kind: (transfer syntax, samples, codestream, bytes behind the last one with pixels)}"""
    import imagecodecs as codecs

    one, three, deep = grey(), color(), grey(12)
    makers = {
        "jpeg": ("50", one, lambda: jpeg(one), 2),
        "jpeg-color": ("50", three, lambda: jpeg(three, subsampling=2), 2),
        "jpeg-restart": ("50", three, lambda: jpeg(three, restart_marker_blocks=3), 2),
        "jpeg-12": ("51", deep, lambda: codecs.jpeg_encode(deep, level=90, bitspersample=12), 2),
        "jpeg-progressive": ("50", one, lambda: jpeg(one, progressive=True), 2),
        "jpeg-progressive-color": ("50", three, lambda: jpeg(three, progressive=True, subsampling=2), 2),
        "jpeg-lossless": ("70", one, lambda: codecs.ljpeg_encode(one), 2),
        "jpeg-lossless-16": ("70", deep, lambda: codecs.ljpeg_encode(deep), 2),
        "jpegls": ("80", one, lambda: codecs.jpegls_encode(one), 2),
        "jpegls-16": ("80", deep, lambda: codecs.jpegls_encode(deep), 2),
        "jpegls-near": ("81", one, lambda: codecs.jpegls_encode(one, level=3), 2),
        "jpegls-color": ("80", three, lambda: codecs.jpegls_encode(three), 2),
        "jpeg2000": ("90", one, lambda: codecs.jpeg2k_encode(one, codecformat="j2k", reversible=True), 2),
        "jpeg2000-16": ("90", deep, lambda: codecs.jpeg2k_encode(deep, codecformat="j2k", reversible=True), 2),
        "jpeg2000-tiles": ("90", one, lambda: codecs.jpeg2k_encode(one, codecformat="j2k", reversible=True, tile=(32, 32)), 2),
        "jpeg2000-lossy": ("91", one, lambda: codecs.jpeg2k_encode(one, codecformat="j2k", level=40), 2),
        "jpeg2000-boxes": ("90", one, lambda: codecs.jpeg2k_encode(one, codecformat="jp2", reversible=True), 2),
        "htj2k": ("201", one, lambda: codecs.htj2k_encode(one, reversible=True), 2),
        "rle": ("", one, lambda: rle(one), 1),
        "rle-16": ("", deep, lambda: rle(deep), 1),
        "rle-color": ("", three, lambda: rle(three), 1),
    }
    found = {}
    for kind, (suffix, samples, encode, behind) in makers.items():
        try:
            found[kind] = ("1.2.840.10008.1.2." + (f"4.{suffix}" if suffix else "5"), samples, bytes(encode()), behind)
        except Exception as error:  # an encoder that is not there, or lacks the kind
            print(f"codestreams: no {kind}: {error}", file=sys.stderr)
    return found


def cuts(stream, behind, marker=b""):
    """{name: what is left}: cut at many places, then as it is; of kinds that have an end marker also with it, and filled with zeros to the old length."""
    last = len(stream) - behind - 1
    places = sorted({len(stream) * part // 10 for part in range(1, 10)} | {last - step for step in (0, 1, 2, 3, 5, 8, 13)})
    left = {}
    for place in places:
        rest = stream[:place]
        left[f"{place}"] = rest
        if marker:
            left[f"{place}-marked"] = rest + marker
            left[f"{place}-filled"] = rest + b"\0" * (len(stream) - place)
    return left


def picture_tiffs():
    """{kind: whole TIFF with one compressed strip}"""
    from PIL import Image

    found = {}
    for kind, picture, mode in (("jpeg", grey(), "L"), ("jpeg", color(), "RGB"), ("tiff_lzw", grey(), "L"), ("tiff_adobe_deflate", grey(), "L"),
                                ("packbits", grey(), "L"), ("group3", grey(), "1"), ("group4", grey(), "1"), ("tiff_ccitt", grey(), "1")):
        out = io.BytesIO()
        try:
            Image.fromarray(picture).convert(mode).save(out, "TIFF", compression=kind)
            found[f"{kind}-{mode}"] = out.getvalue()
        except Exception as error:
            print(f"codestreams: no TIFF with {kind}: {error}", file=sys.stderr)
    return found


def short_strips(tiff, marker=b""):
    """{name: TIFF whose last strip is shorter}: its byte count says less, and zeros or the end marker stand behind."""
    order = "<" if tiff[:2] == b"II" else ">"
    start, = struct.unpack_from(order + "I", tiff, 4)
    entries = {}
    for index in range(struct.unpack_from(order + "H", tiff, start)[0]):
        place = start + 2 + 12 * index
        tag, kind, count = struct.unpack_from(order + "HHI", tiff, place)
        width = {3: 2, 4: 4}.get(kind, 1)
        entries[tag] = (place + 8 if count * width <= 4 else struct.unpack_from(order + "I", tiff, place + 8)[0], kind, count)

    def last(tag):
        offset, kind, count = entries[tag]
        return offset + (count - 1) * (2 if kind == 3 else 4), "H" if kind == 3 else "I"

    place, code = last(279)
    size, = struct.unpack_from(order + code, tiff, place)
    data, = struct.unpack_from(order + last(273)[1], tiff, last(273)[0])
    left = {}
    for part in range(1, 10):
        kept = size * part // 10
        for name, behind in (("", b""), ("-marked", marker)):
            if name and not marker:
                continue
            new = bytearray(tiff)
            struct.pack_into(order + code, new, place, kept + len(behind))
            new[data + kept:data + size] = (behind + b"\0" * size)[:size - kept]
            left[f"{kept}{name}"] = bytes(new)
    return left


def short_pngs():
    """{name: PNG whose image data is shorter, with a checksum that is true}"""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(grey()).save(out, "PNG")
    whole = out.getvalue()
    at = whole.index(b"IDAT") - 4
    size, = struct.unpack_from(">I", whole, at)
    left = {"whole": whole}
    for part in range(0, 10):
        body = b"IDAT" + whole[at + 8:at + 8 + size * part // 10]
        left[f"{part}"] = whole[:at] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + whole[at + 12 + size:]
    return left
