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


def saved(repaired: tuple[float, float], afresh: tuple[float, float]) -> str:
    """How many times quicker repair is, from what both fields and the first take; a fiftieth is not told apart."""
    (both, first), (anew, first_anew) = repaired, afresh
    part = max(both - first, 0.02 * first)
    return f"{'over ' if both - first < part else ''}{(anew - first_anew) / part:.1f}"


def share(info: dict[str, Any], median: float, limits: dict[str, float]) -> str:
    """The part of the time that the least traffic or arithmetic would take at the machine's limit."""
    return next(
        (f"{info[of] / limit / median:.0%} of {of}" for of, limit in limits.items() if of in info), ""
    )


def rows(benchmarks: list[dict[str, Any]], limits: dict[str, float]) -> list[str]:
    """One line an operation and size: ours by unit, the best peer by unit, the ratio, share of the limit, memory."""
    of_size: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    fields: dict[tuple[str, str, str], tuple[float, float]] = {}
    whole: dict[tuple[str, str, str], float] = {}
    least: dict[tuple[str, str, str], str] = {}
    held: dict[tuple[str, str, str], str] = {}
    for entry in benchmarks:
        info = entry["extra_info"]
        key = info["operation"], info["size"]
        of_size[key][info["who"]] = entry["stats"]["median"] / info["units"]
        whole[*key, info["who"]] = entry["stats"]["median"]
        fields[*key, info["who"]] = entry["stats"]["median"], info.get("first", 0.0)
        least[*key, info["who"]] = share(info, entry["stats"]["median"], limits)
        held[*key, info["who"]] = f"{info['peak'] / 1e9:.2f} GB" if "peak" in info else ""
    lines = []
    for key, by_who in of_size.items():
        mine = {who: value for who, value in by_who.items() if who.startswith("ours")}
        peers = {who: value for who, value in by_who.items() if who not in mine}
        peer = min(peers, key=peers.__getitem__) if peers else None
        for who, value in mine.items():
            about = "" if who == "ours" else f" ({who.removeprefix('ours, ')})"
            beside = f"{peer}: {seconds(peers[peer])} | {peers[peer] / value:.1f}" if peer else "|"
            if who == "ours, repaired":
                beside = (
                    f"afresh, less the first field | {saved(fields[*key, who], fields[*key, 'ours, afresh'])}"
                )
            figures = f"{seconds(whole[*key, who])} | {seconds(value)} | {beside}"
            lines.append(
                f"| {key[0]}{about} | {key[1]} | {figures} | {least[*key, who]} | {held[*key, who]} |"
            )
    return lines


def growth(benchmarks: list[dict[str, Any]], what: str) -> dict[str, list[tuple[int, float]]]:
    """Of ours, the time or the memory at each count of what grows, where there are several."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for entry in benchmarks:
        info = entry["extra_info"]
        if info["who"].startswith("ours") and "cut" not in info["operation"]:
            who = info["who"].removeprefix("ours").replace(", ", " ", 1)
            value = entry["stats"]["median"] if what == "time" else info.get(what)
            if value is not None:
                found[f"{info['operation']}{who}, by {info['grows']}"].append((info["count"], value))
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def grown(series: dict[str, list[tuple[int, float]]], peaks: dict[str, list[tuple[int, float]]]) -> list[str]:
    """One line a series: from where to where, and the power with which time and memory grow in between."""
    lines = []
    for name, points in series.items():
        (few, short), (many, long) = points[0], points[-1]
        line = f"| {name} | {few:,} to {many:,} | {seconds(short)} to {seconds(long)} | {power(points):.2f} |"
        held = peaks.get(name)
        memory = (
            f" {held[0][1] / 1e9:.2f} to {held[-1][1] / 1e9:.2f} GB | {power(held):.2f} |" if held else " | |"
        )
        lines.append(line + memory)
    return lines


def power(points: list[tuple[int, float]]) -> float:
    """The power of the count with which a figure grows from the first point to the last."""
    (few, low), (many, high) = points[0], points[-1]
    return float(np.log(high / low) / np.log(many / few))


def draw(
    series: dict[str, list[tuple[int, float]]], peaks: dict[str, list[tuple[int, float]]], target: Path
) -> None:
    """Time and memory against count, on log axes and relative to the smallest."""
    figure = Figure(figsize=(9, 11), layout="constrained")
    for axes, shown, what in zip(figure.subplots(2), (series, peaks), ("time", "memory"), strict=True):
        for name, points in shown.items():
            count, value = np.array(points).T
            axes.loglog(count / count[0], value / value[0], marker="o", label=name)
        axes.loglog([1, 256], [1, 256], "k:", label="in proportion")
        axes.set(xlabel="count, relative to the smallest", ylabel=f"{what}, relative to that of the smallest")
        axes.legend(fontsize="small")
    with matplotlib.rc_context({"svg.hashsalt": "displacement", "svg.fonttype": "none"}):
        figure.savefig(target, metadata={"Date": None})


def main() -> None:
    """Read the figures, write the table."""
    source, target = (Path(argument) for argument in sys.argv[1:3])
    found = json.loads(source.read_text(encoding="utf-8"))
    series, peaks = (growth(found["benchmarks"], what) for what in ("time", "peak"))
    limits = {"memory": bandwidth(), "arithmetic": flops()}
    text = [
        "# Benchmarks",
        "",
        f"Made by `make bench` on {found['datetime'][:10]}: {processor()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, NumPy {np.__version__}. Measured in the same run: memory "
        f"{limits['memory'] / 1e9:.1f} GB/s, products {limits['arithmetic'] / 1e9:.0f} Gflop/s. Medians. A unit is a "
        "destination and cell",
        "for travel, a pair of block and destination a day for choice, a cell, step and group for the hazard, a cell",
        "for distances, a member, day or cell for whole runs. Share: what the least traffic (every figure read and",
        "written once) or the products alone would take at these limits. Memory: the most that one process held.",
        "",
        "| operation | size | ours, all | ours, a unit | best peer, a unit | ratio | share of the limit | memory |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows(found["benchmarks"], limits),
        "",
        "How cost grows, of ours (power 1: in proportion):",
        "",
        "| operation | count | time | power | memory | power |",
        "| --- | --- | --- | --- | --- | --- |",
        *grown(series, peaks),
        "",
        "![Time and memory against count](growth.svg)",
        "",
    ]
    draw(series, peaks, target.with_name("growth.svg"))
    target.write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
