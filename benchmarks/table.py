"""The table of a benchmark run: ours beside the best peer, and how cost grows.

    python benchmarks/table.py build/bench.json benchmarks/RESULTS.md      # and benchmarks/growth.svg

`make bench` runs the benchmarks and then this.
"""

import json
import os
import platform
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

PREFIXES = ((1e9, "n"), (1e6, "u"), (1e3, "m"), (1.0, ""))


def seconds(value: float) -> str:
    """A time in a unit that keeps three digits."""
    factor, prefix = next((pair for pair in PREFIXES if value * pair[0] < 1000), PREFIXES[-1])
    return f"{value * factor:.3g} {prefix}s"


def bandwidth() -> float:
    """Bytes a second that a copy of a large array reads and writes."""
    source = np.ones(32_000_000)
    target = np.empty_like(source)
    return 2 * source.nbytes / best(lambda: np.copyto(target, source))


def flops() -> float:
    """Floating-point operations a second of a large product in double precision, all cores."""
    matrix = np.random.default_rng(1).random((1500, 1500))
    return 2 * 1500.0**3 / best(lambda: matrix @ matrix)


def best(work: Any) -> float:
    """The shortest of five."""
    found = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def processor() -> str:
    """Its name, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def saved(repaired: float, afresh: float, first: float) -> str:
    """How many times quicker repair is; what lies within a tenth of the first field is not told apart."""
    part = max(repaired - first, 0.1 * first)
    return f"{'over ' if repaired - first < part else ''}{(afresh - first) / part:.1f}"


def rows(benchmarks: list[dict[str, Any]]) -> list[str]:
    """One line an operation and size: ours by unit, the best peer by unit, the ratio."""
    of_size: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    whole: dict[tuple[str, str, str], float] = {}
    for entry in benchmarks:
        info = entry["extra_info"]
        key = info["operation"], info["size"]
        of_size[key][info["who"]] = entry["stats"]["median"] / info["units"]
        whole[*key, info["who"]] = entry["stats"]["median"]
    lines = []
    for key, by_who in of_size.items():
        mine = {who: value for who, value in by_who.items() if who.startswith("ours")}
        peers = {who: value for who, value in by_who.items() if who not in mine}
        peer = min(peers, key=peers.__getitem__) if peers else None
        for who, value in mine.items():
            about = "" if who == "ours" else f" ({who.removeprefix('ours, ')})"
            beside = f"{peer}: {seconds(peers[peer])} | {peers[peer] / value:.1f}" if peer else "|"
            if who == "ours, repaired":
                alone = next(each for name, each in of_size["travel time", key[1]].items() if "one" in name)
                beside = f"afresh, less the first field | {saved(value, mine['ours, afresh'], alone)}"
            lines.append(
                f"| {key[0]}{about} | {key[1]} | {seconds(whole[*key, who])} | {seconds(value)} | {beside} |"
            )
    return lines


def growth(benchmarks: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Of ours, the time at each count of what grows, where there are several."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for entry in benchmarks:
        info = entry["extra_info"]
        if info["who"].startswith("ours") and "cut" not in info["operation"]:
            who = info["who"].removeprefix("ours").replace(", ", " ", 1)
            found[f"{info['operation']}{who}, by {info['grows']}"].append(
                (info["count"], entry["stats"]["median"])
            )
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def grown(series: dict[str, list[tuple[int, float]]]) -> list[str]:
    """One line a series: from where to where, and the power with which time grows in between."""
    lines = []
    for name, points in series.items():
        (few, short), (many, long) = points[0], points[-1]
        power = np.log(long / short) / np.log(many / few)
        lines.append(f"| {name} | {few:,} to {many:,} | {seconds(short)} to {seconds(long)} | {power:.2f} |")
    return lines


def draw(series: dict[str, list[tuple[int, float]]], target: Path) -> None:
    """Time against count, both on log axes and relative to the smallest."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for name, points in series.items():
        count, time_taken = np.array(points).T
        axes.loglog(count / count[0], time_taken / time_taken[0], marker="o", label=name)
    axes.loglog([1, 256], [1, 256], "k:", label="in proportion")
    axes.set(xlabel="count, relative to the smallest", ylabel="time, relative to that of the smallest")
    axes.legend(fontsize="small")
    with matplotlib.rc_context({"svg.hashsalt": "displacement", "svg.fonttype": "none"}):
        figure.savefig(target, metadata={"Date": None})


def main() -> None:
    """Read the figures, write the table."""
    source, target = (Path(argument) for argument in sys.argv[1:3])
    found = json.loads(source.read_text(encoding="utf-8"))
    series = growth(found["benchmarks"])
    text = [
        "# Benchmarks",
        "",
        f"Made by `make bench` on {found['datetime'][:10]}: {processor()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, NumPy {np.__version__}. Measured in the same run: memory "
        f"{bandwidth() / 1e9:.1f} GB/s, products {flops() / 1e9:.0f} Gflop/s. Medians. A unit is a destination and cell",
        "for travel, a pair of block and destination a day for choice, a cell, step and group for the hazard, a cell",
        "for distances, a member, day or cell for whole runs.",
        "",
        "| operation | size | ours, all | ours, a unit | best peer, a unit | ratio |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows(found["benchmarks"]),
        "",
        "How cost grows, of ours (power 1: in proportion):",
        "",
        "| operation | count | time | power |",
        "| --- | --- | --- | --- |",
        *grown(series),
        "",
        "![Time against count](growth.svg)",
        "",
    ]
    draw(series, target.with_name("growth.svg"))
    target.write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
