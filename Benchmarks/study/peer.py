"""Runs a baseline: peer.py SCRIPT ARGUMENT...

Recent PyTorch refuses an optimizer's betas when one is written as a whole number (0 for 0.0), which the baselines do.
"""
import runpy, sys
from pathlib import Path

import torch


class Adam(torch.optim.Adam):
    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), **others):
        super().__init__(parameters, lr, tuple(float(beta) for beta in betas), **others)


torch.optim.Adam = Adam
del sys.argv[0]
sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
runpy.run_path(sys.argv[0], run_name="__main__")
