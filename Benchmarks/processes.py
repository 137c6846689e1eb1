"""Runs one process and tells the figures of each row that it prints: {"s": seconds of one repetition, "MB": peak resident memory}."""

import json
import os
import resource
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path


# A program that wants more data than this is stopped before the machine runs out of memory.
MEMORY_LIMIT = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


class Failed(Exception):
    """The process did not give figures; its last words."""


def write_slice(folder: Path) -> None:
    """The input of the cold start: 256 x 256 pixels, 16 bit, as TIFF for us and as float32 array for the peers."""
    side = 256
    values = [int(900 + 800 * ((x // 9 + y // 7) % 3) + (x * x + y * y) % 997) for y in range(side) for x in range(side)]
    pixels = struct.pack(f"<{side * side}H", *values)
    entries = [(256, 3, side), (257, 3, side), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, side), (279, 4, len(pixels))]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    (folder / "slice.tif").write_bytes(b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + directory + struct.pack("<I", 0))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, {side}, {side}), }}"
    header = header.ljust(128 - 10 - 1) + "\n"
    floats = struct.pack(f"<{side * side}f", *(value / 3500 for value in values))
    (folder / "slice.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + floats)


def descendants(root: int) -> list[int]:
    """`root` and the processes below it that are alive."""
    found = [root]
    for process in found:
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children") as file:
                    found += [int(word) for word in file.read().split()]
        except OSError:
            pass
    return found


def limit(core: int | None = None) -> None:
    """In the child before the program: bounds memory, binds to a core."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    if core is not None:
        os.sched_setaffinity(0, {core})


def bytes_of(path: str, field: str) -> int:
    """A field of a file below /proc, in bytes; 0 when the process is gone."""
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class TreeWatch:
    """Looks at the memory of a process and of all below it every few milliseconds."""

    def __init__(self):
        self._root = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._highest: dict[int, int] = {}
        self.peak = 0  # of the sum at one moment, each page counted once: proportional set sizes

    def start(self, root: int) -> None:
        self._root = root
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def others(self) -> int:
        """Sum of the highest resident sizes of the processes below the root, whenever each had it. Shared pages count for each."""
        return sum(highest for process, highest in self._highest.items() if process != self._root)

    def _look(self):
        while not self._stop.wait(0.003):
            members = descendants(self._root)
            self.peak = max(self.peak, sum(bytes_of(f"/proc/{member}/smaps_rollup", "Pss:") for member in members))
            for member in members:
                self._highest[member] = max(self._highest.get(member, 0), bytes_of(f"/proc/{member}/status", "VmHWM:"))


class Runner:
    """Knows where the programs, the peers' scripts and their models are."""

    def __init__(self, binaries: Path, python: Path | None, scripts: Path, models: Path, seconds: float):
        self.binaries, self.python, self.scripts, self.models, self.seconds = binaries, python, scripts, models, seconds
        self.environment = dict(
            os.environ, MODELDIR=str(models), PYTHONDONTWRITEBYTECODE="1", TORCHINDUCTOR_CACHE_DIR=str(models / "inductor"))

    def run(self, measured, threads: int) -> dict[str, dict]:
        """Figures by row; most programs have one row, without a name."""
        return getattr(self, "_" + measured.kind)(measured.arguments, threads)

    def _bench(self, arguments, threads):
        command = [str(self.binaries / "scanforge-bench"), *arguments, "--json", "--threads", str(threads), "--seconds", str(self.seconds)]
        report = self._json(command, threads)[-1]
        return {
            result["name"]: {
                "s": result["median_s"], "MB": result["peak_rss_bytes"] / 1e6, "peak_gflops": report["peak_gflops"],
                "peak_share": result["peak_share"], "isa": report["isa"], "disturbance": report["peak_disturbance"],
            }
            for result in report["results"]
        }

    def _infer(self, arguments, threads):
        figures = self._json([str(self.python), "bench_infer.py", *arguments, str(threads), str(self.seconds)], threads)[-1]
        return {"": {"s": figures["cpu_med" if threads == 1 else "wall_med"], "MB": figures["rss_mb"] * 1.048576}}

    def _train(self, arguments, threads):
        steps = max(3, round(2 * self.seconds))
        figures = self._json([str(self.python), "bench_train.py", *arguments, str(threads), str(steps)], threads)[-1]
        return {"": {"s": figures["wall_med"], "MB": figures["rss_mb"] * 1.048576}}

    def _micro(self, arguments, threads):
        lines = self._json([str(self.python), "bench_micro.py", str(threads), *arguments], threads)
        return {f"{line['eng']} {line['what']}": {"s": line["cpu_ms"] / 1e3} for line in lines}

    def _cold(self, arguments, threads):
        """A whole process from start to exit: once for the time, and once more, watched, for the memory."""
        with tempfile.TemporaryDirectory() as folder:
            seconds, _ = self._whole(arguments, threads, Path(folder) / "timed", lambda process: None)
            watch = TreeWatch()
            try:
                _, highest = self._whole(arguments, threads, Path(folder) / "watched", watch.start)
            finally:
                watch.stop()
            # The kernel's figure for the process itself misses no moment between two looks; it counts shared pages in full.
            return {"": {"s": seconds, "MB": max(highest, watch.peak) / 1e6, "MB of single peaks": (highest + watch.others) / 1e6}}

    def _whole(self, arguments, threads, folder: Path, began_with) -> tuple[float, int]:
        """Runs a whole process; `began_with` gets its id. Seconds, and the highest resident bytes of the process itself."""
        folder.mkdir()
        output = folder / "out"
        if arguments[0] == "--precision":
            command = [
                str(self.binaries / "scanforge"), "upscale", str(self.models / "slice.tif"), "--model", str(self.models / "ours" / "model.safetensors"),
                "--output", str(output), "--threads", str(threads), "--progress", "none", *arguments,
            ]
            output = output / "slice_x4.tif"
        else:
            command = [str(self.python), "upscale_cold.py", *arguments, str(self.models / "slice.npy"), str(output) + ".npy"]
            output = Path(str(output) + ".npy")
        with open(folder / "errors", "w+b") as errors:
            began = time.perf_counter()
            try:
                process = subprocess.Popen(
                    command, cwd=self.scripts, env=self.environment, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=limit)
            except OSError as error:
                raise Failed(str(error)) from error
            began_with(process.pid)
            deadline = threading.Timer(900, process.kill)
            deadline.start()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - began
            deadline.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0 or not output.exists():
                errors.seek(0)
                raise Failed(errors.read().decode(errors="replace").strip()[-300:] or f"exit status {process.returncode}")
        return seconds, usage.ru_maxrss * 1024

    def _json(self, command, threads) -> list[dict]:
        """The JSON lines that a command prints. With one thread it is bound to one core, as the peers' scripts bind themselves."""
        core = max(os.sched_getaffinity(0)) if threads == 1 else None
        try:
            done = subprocess.run(
                command, cwd=self.scripts, env=self.environment, capture_output=True, text=True, timeout=900, preexec_fn=lambda: limit(core))
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(str(error)) from error
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            raise Failed((done.stderr or done.stdout).strip()[-300:])
        return lines

    def prepare(self) -> None:
        """Makes the models that peers and we read, once."""
        self.models.mkdir(parents=True, exist_ok=True)
        write_slice(self.models)
        (self.models / "ours").mkdir(exist_ok=True)
        self._call([str(self.binaries / "scanforge-bench"), "make-model", "--output", str(self.models / "ours" / "model.safetensors")])
        if not self.python:
            return
        if not (self.models / "shapes.json").exists():
            self._call([str(self.python), "export.py", str(self.models)])
        if not (self.models / "sr256.pt").exists():
            trace = (
                "import sys, torch; from models import SRGen, fold_bn; torch.manual_seed(0); "
                "torch.jit.save(torch.jit.freeze(torch.jit.trace(fold_bn(SRGen()), torch.rand(1, 1, 256, 256))), sys.argv[1])")
            self._call([str(self.python), "-c", trace, str(self.models / "sr256.pt")])
        converter = shutil.which("mnnconvert", path=str(self.python.parent))
        for model in sorted(self.models.glob("*.onnx")) if converter else []:
            converted = model.with_suffix(".mnn")
            if not converted.exists():
                self._call([converter, "-f", "ONNX", "--modelFile", str(model), "--MNNModel", str(converted), "--bizCode", "scanforge"])

    def _call(self, command):
        environment = dict(self.environment, PYTHONPATH=str(self.scripts))
        try:
            done = subprocess.run(command, cwd=self.scripts, env=environment, capture_output=True, text=True)
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from error
        if done.returncode != 0:
            raise Failed(f"{command[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
