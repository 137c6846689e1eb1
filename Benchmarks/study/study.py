"""Runs a goal with its PyTorch baseline at equal wall time and threads, and writes the figures into docs/benchmarks.md.

    make study GOAL=G3            (G4, G5, G6, G11; DATA, PEERS, PYTHON, MINUTES, SEED, VGG as wanted)

Each job's result is a file below --to; what is there is not done again, and a training of ours that was cut off goes on where its last
checkpoint is. So a study may take several stretches: run the command again. Figures are those of the folder's images, one seed unless told
otherwise; a second seed makes a second table. Standard library alone; PYTHON needs numpy, Pillow and PyTorch for the baseline.
"""
import argparse, csv, json, os, re, shutil, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Study:
    def __init__(self, options):
        self.options = options
        self.folder = (options.to / options.goal / f"seed{options.seed}-{options.minutes:g}min").absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = [str(options.program.absolute())]

    def job(self, name, work):
        """The stored result of a job, or that of doing it now."""
        place = self.folder / f"{name}.json"
        if place.exists():
            return json.loads(place.read_text())
        print(f"{self.options.goal}: {name}", flush=True)
        result = work()
        draft = place.with_suffix(".part")
        draft.write_text(json.dumps(result, indent=1))
        draft.rename(place)
        return result

    def sides(self, *works):
        """The results of both sides: one after the other, or at the same time, so that what else the machine does meets both."""
        with ThreadPoolExecutor(len(works) if self.options.together else 1) as pool:
            return [future.result() for future in [pool.submit(work) for work in works]]

    def call(self, words):
        done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True)
        # An evaluation that suspects copies ends with 1 and has its figures nevertheless.
        if done.returncode not in (0, 1) or not done.stdout.strip():
            sys.exit(f"failed ({done.returncode}): {' '.join(map(str, words))}")
        return done.stdout

    def ours(self, *words):
        return json.loads(self.call(self.program + list(words) + ["--json", "--threads", str(self.options.threads)]))

    def peer(self, *words):
        return self.call([self.options.python, *words])

    def baseline(self, script, *words):
        return self.peer(HERE / "peer.py", self.options.peers / script, *words)

    def train(self, model, data, name, minutes, config):
        """Trains, or goes on; gives the model's folder."""
        workspace = self.folder / f"workspace-{name}"
        place = workspace / "models" / name
        if place.exists():
            return place
        settings = self.folder / f"{name}.yaml"
        settings.write_text("".join(f"{key}: {value}\n" for key, value in config.items()))
        begun = (workspace / "runs" / f"training-{name}" / "state.safetensors").exists()
        words = ["train", model, "--data", str(data), "--minutes", str(minutes), "--seed", str(self.options.seed), "--name", name, "--config", str(settings),
                 "--workspace", str(workspace)]
        self.ours(*words, *(["--resume"] if begun else []))
        return place

    # Super-resolution

    def small(self, set_name, scale):
        folder = self.folder / f"images-{set_name}-x{scale}"
        if not (folder / "large").exists():
            self.peer(HERE / "judge.py", "small", *self.judged(set_name, scale), "--small", folder / "small", "--large", folder / "large.part")
            (folder / "large.part").rename(folder / "large")
        return folder

    def judged(self, set_name, scale):
        return ["--peers", self.options.peers, "--data", self.options.data, "--set", set_name, "--split", self.options.split, "--scale", scale]

    def upscaled(self, model, name, set_name, scale):
        images, made = self.small(set_name, scale), self.folder / f"made-{name}"
        shutil.rmtree(made, ignore_errors=True)
        self.ours("upscale", str(images / "small"), "--model", str(model), "--output", str(made))
        return images, made

    def super_resolution(self, set_name, scale, phase, minutes, share=None):
        name = f"{phase}-{set_name}-x{scale}"

        def work():
            config = {"factor": scale, "phase": phase} | ({"contentShare": share} if share else {})
            if share and self.options.vgg:
                config |= {"featureNetwork": self.options.vgg}
            model = self.train("srgan", self.options.data / set_name / "train", name, minutes, config)
            images, made = self.upscaled(model, name, set_name, scale)
            score = json.loads(self.peer(HERE / "judge.py", "score", *self.judged(set_name, scale), "--made", made))
            extra = ["--extractor", str(self.options.vgg)] if self.options.vgg else []
            pairs = self.ours("evaluate", "--real", str(images / "large"), "--synthetic", str(made), "--skip-utility", *extra)["evaluation"]["pairs"]
            training = json.loads((model / "model.json").read_text())
            return score | {"steps": training["steps"], "features": {
                f"{d['extractor']} {d['sha256'][:12]}{which}": d[key] for d in pairs["featureDistances"] for key, which in (("value", ""), ("deepest", ", deepest map, squared"))}}

        return self.job("ours-" + name, work)

    def torch_super_resolution(self, set_name, scale, minutes, gan=0):
        def work():
            out = self.folder / "torch.json"
            self.baseline("sr_torch.py", "--data", self.options.data, "--set", set_name, "--scale", scale, "--seconds", minutes * 60,
                          "--threads", self.options.threads, "--seed", self.options.seed, "--gan", gan, "--out", out)
            return json.loads(out.read_text())

        return self.job(f"torch-{set_name}-x{scale}" + ("-gan" if gan else ""), work)

    def g3(self):
        goals = {("mr_sr", 2): 2.6, ("mr_sr", 4): 1.7, ("cxr256", 2): 1.3, ("cxr256", 4): 1.9}
        lines = ["| set | bicubic | ScanForge | gain (goal) | PyTorch | above PyTorch (goal 0.2) | steps, ours / PyTorch |", "| --- | --- | --- | --- | --- | --- | --- |"]
        for (name, scale), goal in goals.items():
            torch, ours = self.sides(
                lambda: self.torch_super_resolution(name, scale, self.options.minutes)["srresnet"],
                lambda: self.super_resolution(name, scale, "content", self.options.minutes))
            base = torch["val"]["psnr_ssim"][0]
            lines.append(
                f"| {name} x{scale}, {ours['images']} images | {ours['bicubicPSNR']:.2f} dB, {ours['bicubicSSIM']:.4f} | {ours['psnr']:.2f} dB, {ours['ssim']:.4f} "
                f"| {ours['psnr'] - ours['bicubicPSNR']:+.2f} ({goal:+.1f}) | {base:.2f} dB, {torch['val']['psnr_ssim'][1]:.4f} | {ours['psnr'] - base:+.2f} | {ours['steps']} / {torch['iterations']} |")
        return lines

    def g4(self):
        lines = ["| set | phase | PSNR | agreement with the input, mean and least | feature distance |", "| --- | --- | --- | --- | --- |"]
        for name, scale in (("mr_sr", 2), ("mr_sr", 4), ("cxr256", 4)):
            content = self.super_resolution(name, scale, "content", self.options.minutes)
            both = self.super_resolution(name, scale, "both", 2 * self.options.minutes, share=0.5)
            for phase, found in (("content", content), ("adversarial", both)):
                features = "; ".join(
                    f"{key} {value:.4f}" + (f" ({value / content['features'][key] - 1:+.0%})" if phase != "content" else "") for key, value in found["features"].items())
                loss = "" if phase == "content" else f" ({found['psnr'] - content['psnr']:+.2f})"
                lines.append(f"| {name} x{scale} | {phase} | {found['psnr']:.2f} dB{loss} | {found['agreement']:.1f}, {found['leastAgreement']:.1f} dB | {features} |")
        lines.append("")
        lines.append("Goals: feature distance -25 %, PSNR not lower by 1 dB or more, agreement 50 dB or more.")
        return lines

    # Labelled images

    def labels(self):
        with open(self.options.data / "index.csv") as file:
            rows = [row for row in csv.DictReader(file) if row["set"] == "mednist64"]
        return [label for _, label in sorted({(int(row["label_index"]), row["label"]) for row in rows})]

    def compared(self, synthetic):
        base = self.options.data / "mednist64"
        extra = ["--extractor", str(self.options.vgg)] if self.options.vgg else []
        return self.ours("evaluate", "--real", str(base / self.options.split), "--training", str(base / "train"), "--synthetic", str(synthetic),
                         "--report", str(synthetic) + ".html", *extra)["evaluation"]

    def conditional(self):
        count = 100

        def ours():
            model = self.train("cgan", self.options.data / "mednist64" / "train", "cgan", self.options.minutes, {})
            made = self.folder / "made-cgan"
            shutil.rmtree(made, ignore_errors=True)
            self.ours("generate", "--model", str(model), "--per-label", str(count), "--seed", str(self.options.seed), "--output", str(made))
            return self.compared(made) | {"steps": json.loads((model / "model.json").read_text())["steps"]}

        def torch():
            pack, made = self.folder / "torch.npz", self.folder / "made-torch"
            self.baseline("cgan_torch.py", "--data", self.options.data, "--set", "mednist64", "--seconds", self.options.minutes * 60,
                          "--threads", self.options.threads, "--per-class", count, "--seed", self.options.seed, "--out", pack)
            shutil.rmtree(made, ignore_errors=True)
            steps = json.loads(self.peer(HERE / "judge.py", "unpack", "--npz", pack, "--labels", ",".join(self.labels()), "--to", made))["iterations"]
            return self.compared(made) | {"steps": steps}

        return dict(zip(("PyTorch", "ScanForge"), self.sides(lambda: self.job("torch-cgan", torch), lambda: self.job("ours-cgan", ours))))

    def g5(self):
        lines = ["| | steps | class consistency, worst class | extractor | KID (95 %) | of all as one | recall | precision |", "| --- " * 8 + "|"]
        for who, found in self.conditional().items():
            consistency = found["classConsistency"]
            worst = min(item["value"] for item in consistency["byLabel"].values() if item)
            start = f"| {who} | {found['steps']} | {consistency['syntheticAccuracy']['value']:.1%}, {worst:.1%} |"
            for view in found["extractors"]:
                kid = view["kid"]
                lines.append(
                    f"{start} {view['extractor']} {view['sha256'][:12]} | {kid['value']:.4f} ({kid['low']:.4f} to {kid['high']:.4f}) | {view['kidPooled']:.4f} "
                    f"| {view['recall']:.2f} | {view['precision']:.2f} |")
                start = "| | | |"
        return lines

    def g6(self):
        lines = ["| | trained on real | trained on synthetic | ratio (goal 97 %) |", "| --- | --- | --- | --- |"]
        for who, found in self.conditional().items():
            use = found["trainOnSyntheticTestOnReal"]
            lines.append(f"| {who} | {use['real']['value']:.1%} | {use['synthetic']['value']:.1%} | {use['ratio']:.1%} |")
        return lines

    def g11(self):
        script = HERE.parent / "training" / "kill_resume.py"
        models = {model: self.job(f"kills-{model}", lambda: {"text": self.call([sys.executable, script, "--model", model, Path(self.program[0]).parent])}) for model in ("cgan", "srgan")}
        return [line for model, found in models.items() for line in ("```", f"{model}: " + found["text"].strip(), "```")]


def write(place, title, lines):
    text = place.read_text()
    block = f"<!-- study {title} -->\n" + "\n".join(lines) + f"\n<!-- end of study {title} -->"
    pattern = re.compile(rf"<!-- study {re.escape(title)} -->.*?<!-- end of study {re.escape(title)} -->", re.S)
    if pattern.search(text):
        text = pattern.sub(lambda _: block, text)
    else:
        if "\n## Studies\n" not in text:
            text = text.rstrip() + "\n\n## Studies\n\n`make study GOAL=…` (Benchmarks/study/study.py) ran these; equal wall time and threads for both, images never seen in training.\n"
        text = text.rstrip() + f"\n\n### {title}\n\n{block}\n"
    place.write_text(text)


def check(options):
    """Ends before anything is made when a program or a module is missing that the goal needs at its end."""
    if not os.access(options.program, os.X_OK) or not options.program.is_file():
        sys.exit(f"{options.program} is no program: build ScanForge first (make build), or name it with --program.")
    if options.goal == "G11":
        return
    scripts = [options.peers / name for name in ("sr_torch.py", "cgan_torch.py")]
    missing = [str(path) for path in scripts if not path.is_file()]
    if missing:
        sys.exit(f"{missing[0]} is missing: give --peers the folder of the PyTorch baselines.")
    try:
        done = subprocess.run([options.python, "-c", "import numpy, PIL, torch"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        sys.exit(f"{options.python} cannot be run ({error.strerror}): name a Python with --python.")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it failed"])[-1]
        sys.exit(f"{options.python} lacks what the baseline needs ({last}): install numpy, Pillow and torch, or name another Python with --python.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goal", required=True, choices=["G3", "G4", "G5", "G6", "G11"])
    for name, kind, default in (("program", Path, ".build/release/scanforge"), ("data", Path, "../shared/data"), ("peers", Path, "../shared/peers"),
                                ("python", str, "python3"), ("to", Path, "out/study"), ("minutes", float, 0), ("threads", int, 2), ("seed", int, 0), ("vgg", Path, None),
                                ("split", str, "val"), ("write", Path, "docs/benchmarks.md")):
        parser.add_argument("--" + name, type=kind, default=default)
    parser.add_argument("--together", action="store_true", help="both sides at the same time, each with its threads")
    options = parser.parse_args()
    options.minutes = options.minutes or {"G5": 15, "G6": 15}.get(options.goal, 10)
    options.data, options.peers = Path(options.data).absolute(), Path(options.peers).absolute()
    options.vgg = options.vgg and Path(options.vgg).absolute()
    if options.goal != "G11" and not options.data.is_dir():
        sys.exit(f"{options.data} is missing: give --data a folder with index.csv and the sets that it lists.")
    check(options)
    study = Study(options)
    # G5 and G6 look at the same images.
    if options.goal == "G6":
        study.folder = study.folder.parent.parent / "G5" / study.folder.name
        study.folder.mkdir(parents=True, exist_ok=True)
    lines = getattr(study, options.goal.lower())()
    title = f"{options.goal}, {options.minutes:g} minutes, seed {options.seed}"
    print("\n".join(lines))
    if options.write:
        write(options.write, title, lines)


if __name__ == "__main__":
    main()
