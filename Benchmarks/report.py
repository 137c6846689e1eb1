"""The Markdown table."""

from pathlib import Path
from statistics import median

from goals import NAMES

BEGIN, END = "<!-- compare.py: begin -->", "<!-- compare.py: end -->"


def spread(values: list[float]) -> float:
    """Half of the distance between the quartiles; of the extremes when there are fewer than four."""
    ordered = sorted(values)
    if len(ordered) < 4:
        return (ordered[-1] - ordered[0]) / 2
    return (ordered[len(ordered) * 3 // 4] - ordered[len(ordered) // 4]) / 2


def number(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.3f} s" if value < 1 else f"{value:.2f} s"
    return f"{value:.0f} {unit}"


def found(contest, measured, samples: dict) -> list[dict]:
    """The figures of one program in a contest, one per round."""
    rounds = samples.get((measured.process, contest.threads), [])
    return [rows[measured.row] for rows in rounds if measured.row in rows]


def figure(contest, rounds: list[dict]) -> str:
    values = [contest.value(figures) for figures in rounds]
    plain = number(spread(values), contest.unit).split()[0]
    text = f"{number(median(values), contest.unit)} ±{plain}"
    single = [figures["MB of single peaks"] for figures in rounds if "MB of single peaks" in figures]
    if contest.unit == "MB" and single and median(single) > 1.01 * median(values):
        text += f" (sum of single peaks {median(single):.0f})"
    return text


def memory(rounds: list[dict]) -> str:
    values = [figures["MB"] for figures in rounds if "MB" in figures]
    return f"{median(values):.0f}" if values else "–"


def line(contest, samples: dict) -> str:
    ours = found(contest, contest.ours, samples)
    peers = {peer.name: rounds for peer in contest.peers if (rounds := found(contest, peer, samples))}
    middle = {name: median(map(contest.value, rounds)) for name, rounds in peers.items()}
    order = sorted(middle, key=middle.get, reverse=not contest.less_is_better)
    aim = ("≤ " if contest.less_is_better else "≥ ") + number(contest.target, contest.unit)
    cells = [contest.goal, contest.work]
    if ours:
        mine = median(map(contest.value, ours))
        share = median([figures.get("peak_share") or 0 for figures in ours])
        cells += [figure(contest, ours) + (f" ({share * 100:.0f} % of peak)" if share else "")]
    else:
        mine = None
        cells += ["did not run"]
    cells += [aim]
    if order:
        best = order[0]
        cells += [f"{NAMES.get(best, best)} {figure(contest, peers[best])}"]
        factor = None if mine is None else (middle[best] / mine if contest.less_is_better else mine / middle[best])
        cells += [("–" if factor is None else f"**{factor:.2f}**") + (f" (≥ {contest.factor})" if contest.factor else "")]
        cells += [", ".join(f"{NAMES.get(name, name)} {number(middle[name], contest.unit)}" for name in order[1:]) or "–"]
        cells += [f"{memory(ours)} / {memory(peers[best])}"]
    else:
        cells += ["–", "–", "–", f"{memory(ours)} / –"]
    return "| " + " | ".join(cells) + " |"


def markdown(contests: list, samples: dict, failures: dict, facts: dict) -> str:
    ours = [figures for rounds in samples.values() for rows in rounds for figures in rows.values() if "peak_gflops" in figures]
    two = [figures["peak_gflops"] for (_, threads), rounds in samples.items() if threads == 2
           for rows in rounds for figures in rows.values() if "peak_gflops" in figures]
    lines = [
        f"Machine: {facts['machine']}; load {facts['load'][0]:.1f} before and {facts['load'][1]:.1f} after. "
        f"{facts['rounds']} rounds, each program measuring for {facts['seconds']:g} s."
    ]
    if two:
        lines += [f"Multiply-add peak of both cores, measured in the same processes: {median(two):.0f} GFLOP/s; table `{ours[0]['isa']}`."]
    disturbed = max((figures["disturbance"] for figures in ours), default=0)
    if disturbed > 0.15:
        lines += [f"**The machine was disturbed**: in one process half of the bursts that measure the peak ran {disturbed:.0%} or more below it."]
    if facts["versions"]:
        lines += ["Peers: " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()) + "."]
    lines += [
        "",
        "| goal | work | ScanForge | aimed at | best peer | factor (aimed at) | other peers | peak MB, ours / best peer |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(line(contest, samples) for contest in contests),
    ]
    lost = {
        f"{NAMES.get(measured.name, measured.name)} ({contest.work})"
        for contest in contests for measured in [contest.ours, *contest.peers] if (measured.process, contest.threads) in failures
    }
    if lost:
        lines += ["", "Did not run: " + ", ".join(sorted(lost)) + "."]
    return "\n".join(lines)


def replace_between_markers(path: Path, text: str) -> None:
    """Puts `text` between the markers of a file; at its end when there are none."""
    content = path.read_text()
    block = f"{BEGIN}\n{text}\n{END}"
    if BEGIN in content:
        head, rest = content.split(BEGIN, 1)
        content = head + block + rest.split(END, 1)[1]
    else:
        content = content.rstrip() + f"\n\n{block}\n"
    path.write_text(content)
