"""Makes small images for super-resolution and judges what came of them, by the peers' own definitions (`common.py`), or turns a peer's
generated images into files. Run with the Python that has numpy, Pillow and PyTorch.

    judge.py small --peers P --data D --set S --split val --scale 2 --small DIR --large DIR
    judge.py score --peers P --data D --set S --split val --scale 2 --made DIR
    judge.py unpack --npz FILE --labels A,B,C --to DIR
"""
import argparse, json, os, sys
import numpy as np
from PIL import Image

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("what", choices=["small", "score", "unpack"])
for name in ("peers", "data", "set", "split", "small", "large", "made", "npz", "labels", "to"):
    parser.add_argument("--" + name)
parser.add_argument("--scale", type=int)
options = parser.parse_args()


def save(array, place, bits):
    os.makedirs(os.path.dirname(place), exist_ok=True)
    Image.fromarray(array.astype(np.uint16 if bits == "16" else np.uint8)).save(place)


if options.what == "unpack":
    pack, labels = np.load(options.npz), options.labels.split(",")
    for index, (image, label) in enumerate(zip(pack["images"], pack["labels"])):
        save(image, f"{options.to}/{labels[int(label)]}/{index:05}.tif", "8")
    print(json.dumps({"images": len(pack["images"]), "iterations": int(pack["iterations"])}))
    sys.exit()

sys.path.insert(0, options.peers)
import common

items = common.rows(options.data, options.set, options.split)
scores, plain, agreement = [], [], []
for index, row in enumerate(items):
    large, small, bicubic, level, top = common.sr_triplet(common.read(options.data, row), row["bits"], options.scale)
    if options.what == "small":
        save(small, f"{options.small}/{index:04}.tif", row["bits"])
        save(large, f"{options.large}/{index:04}.tif", row["bits"])
        continue
    made = np.array(Image.open(f"{options.made}/{index:04}_x{options.scale}.tif")).astype(np.float64)
    scores.append(common.psnr_ssim(large, made, level, options.scale))
    plain.append(common.psnr_ssim(large, bicubic, level, options.scale))
    error = ((common.resize(made, *small.shape) - small) ** 2).mean()
    agreement.append(10 * np.log10(level * level / max(error, 1e-9)))
if options.what == "small":
    print(json.dumps({"images": len(items)}))
else:
    (psnr, ssim), (bicubic_psnr, bicubic_ssim) = np.mean(scores, 0), np.mean(plain, 0)
    print(json.dumps({
        "images": len(items), "psnr": psnr, "ssim": ssim, "bicubicPSNR": bicubic_psnr, "bicubicSSIM": bicubic_ssim,
        "agreement": float(np.mean(agreement)), "leastAgreement": float(np.min(agreement)),
    }))
