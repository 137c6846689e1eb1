"""What is compared: for each goal of the conv core our command, the peers' commands on the same work, and what was aimed at."""

from dataclasses import dataclass

NAMES = {
    "ov": "OpenVINO", "ov_bf16": "OpenVINO bf16", "mnn": "MNN", "mnn_low": "MNN low", "ort": "ONNX Runtime",
    "torch": "PyTorch", "torch_cl": "PyTorch channels-last", "torch_compile": "PyTorch compiled",
    "torch_bf16": "PyTorch bf16", "torch_compile_bf16": "PyTorch compiled bf16", "eager": "PyTorch", "cl": "PyTorch channels-last",
    "compile": "PyTorch compiled", "torch_nchw": "PyTorch",
}
# Those that were ever first or second when all were measured; --all-peers adds the others.
LIKELY = {"ov", "mnn", "ort", "torch_cl", "ov_bf16", "torch_bf16", "cl", "torch_nchw"}


@dataclass(frozen=True)
class Measured:
    """A process to run, and the row of what it prints that counts."""

    name: str
    kind: str  # how `Runner` runs it: bench, infer, train, micro, cold
    arguments: tuple[str, ...]
    row: str = ""

    @property
    def process(self):
        return self.kind, self.arguments


@dataclass
class Contest:
    """One line of the table."""

    goal: str
    work: str
    ours: Measured
    peers: list[Measured]
    # What is compared: "s" and "MB", of which less is better, or "images/s" and "GF/s", of which more is better.
    unit: str
    # In `unit`, on the machine for which the goals were set.
    target: float
    # Over the best peer.
    factor: float | None = None
    # Images or 10⁹ operations of one repetition.
    amount: float = 1
    threads: int = 2
    # Contests of one session are measured in the same rounds and share processes.
    session: str = ""

    def value(self, figures: dict) -> float:
        if self.unit == "MB":
            return figures["MB"]
        return figures["s"] if self.unit == "s" else self.amount / figures["s"]

    @property
    def less_is_better(self) -> bool:
        return self.unit in ("s", "MB")


def bench(row: str, *arguments: str) -> Measured:
    return Measured("ScanForge", "bench", arguments, row)


def engines(model: str, *names: str) -> list[Measured]:
    return [Measured(name, "infer", (name, model)) for name in names]


# ncnn is left out: it was never among the first, and one image of 256² pixels took it past 22 GB of memory.
FP32 = ("ov", "mnn", "torch_cl", "torch_compile", "ort", "torch")
BITS16 = ("ov_bf16", "torch_bf16", "torch_compile_bf16", "mnn_low")


def inference(goal: str, side: int, precision: str, target: float, factor: float) -> Contest:
    ours = bench(f"srgan-infer {side} {precision}", "srgan-infer", "--size", str(side), "--precision", precision)
    peers = engines(f"sr{side}", *(FP32 if precision == "fp32" else BITS16))
    return Contest(goal, f"SRGAN generator x4 of {side}² pixels, {precision}", ours, peers, "s", target, factor)


def training(goal: str, ours: str, theirs: str, work: str, target: float, factor: float) -> Contest:
    peers = [Measured(mode, "train", (theirs, mode)) for mode in ("cl", "compile", "eager")]
    return Contest(goal, f"training step, {work}", bench(f"train {ours}", "train", "--work", ours), peers, "s", target, factor)


def generation(ours: str, theirs: str, work: str, batch: int, target: float, factor: float) -> Contest:
    peers = engines(theirs, "ov", "torch_compile", "torch_cl", "ort", "torch")
    measured = bench(f"generate {ours} fp32", "generate", "--work", ours)
    return Contest("P8", f"generation, {work}", measured, peers, "images/s", target, factor, amount=batch)


def cold(precision: str, names: tuple[str, ...], seconds: float, megabytes: float) -> list[Contest]:
    """Two contests over the same processes: time and peak memory."""
    ours = Measured("ScanForge", "cold", ("--precision", precision))
    peers = [Measured(name, "cold", (name,)) for name in names]
    work = f"whole process, 256² to 1024² pixels, {precision}"
    session = f"cold {precision}"
    return [
        Contest("P3", work, ours, peers, "s", seconds, 2.9, session=session),
        Contest("P4", f"peak memory, {work}", ours, peers, "MB", megabytes, 4.0, session=session),
    ]


def layer(name: str, role: str, row: str, gigaflop: float, target: float, *names: str) -> Contest:
    """One layer on one thread by CPU time; PyTorch runs each role, inference engines forward alone."""
    modes = ("bf16",) if row.endswith("int16") else ("nchw", "cl")
    peers = [Measured(f"torch_{mode}", "micro", (name,), f"torch_{mode} {role}") for mode in modes] + engines(name, *names)
    ours = bench(f"{name} {row}", "conv", "--layer", name, "--cpu-time")
    return Contest("P9", f"one core, {name} {row}", ours, peers, "GF/s", target, amount=gigaflop, threads=1, session=name)


SQUARE = 2 * 9 * 64 * 64 / 1e9  # 10⁹ operations a pixel of a 3x3 convolution of 64 channels

CONTESTS = [
    inference("P1", 256, "fp32", 0.42, 4.0),
    inference("P1", 128, "fp32", 0.105, 4.0),
    inference("P1", 64, "fp32", 0.027, 4.0),
    inference("P2", 256, "int16", 0.26, 3.8),
    *cold("fp32", ("ov", "mnn", "ort", "torch"), 0.50, 96),
    *cold("int16", ("ov_bf16", "mnn_low"), 0.35, 64),
    training("P5", "srgan", "srgan", "SRGAN, 16 crops of 96² pixels", 0.90, 2.6),
    training("P6", "cdcgan64", "cgan64", "cDCGAN 64², batch 64", 0.38, 2.2),
    training("P7", "cdcgan128", "cgan128", "cDCGAN 128², batch 32", 1.00, 2.6),
    generation("cdcgan64", "cg64", "cDCGAN 64², batch 64", 64, 1900, 2.4),
    generation("cdcgan128", "cg128", "cDCGAN 128², batch 32", 32, 380, 2.4),
    layer("3x3_64_64@256", "fwd", "fwd", SQUARE * 256**2, 350),
    layer("3x3_64_64@256", "fwd", "fwd prepared", SQUARE * 256**2, 350, "mnn", "ov"),
    layer("3x3_64_64@256", "bwd_data", "bwd_data", SQUARE * 256**2, 350),
    layer("3x3_64_64@256", "bwd_weight", "bwd_weight", SQUARE * 256**2, 300),
    layer("3x3_64_64@256", "fwd", "fwd int16", SQUARE * 256**2, 600, "ov_bf16", "mnn_low"),
    layer("3x3_64_64@24n16", "fwd", "fwd", SQUARE * 16 * 24**2, 350),
    layer("3x3_64_64@24n16", "bwd_data", "bwd_data", SQUARE * 16 * 24**2, 350),
    layer("3x3_64_64@24n16", "bwd_weight", "bwd_weight", SQUARE * 16 * 24**2, 300),
    layer("9x9_64_1@256", "fwd", "fwd prepared", 2 * 81 * 64 * 256**2 / 1e9, 90, "mnn", "ov"),
]
