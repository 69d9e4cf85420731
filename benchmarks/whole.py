"""Whole runs, from the command to the last file: the time by the clock and the most memory that one process held.

pytest benchmarks/whole.py --benchmark-json whole.json
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import region

import displacement as dp
from displacement import asked, ensemble, stages
from displacement.scenario import timeline

SCENARIOS = Path(__file__).parents[1] / "scenarios"
ALEPPO = SCENARIOS / "aleppo_2024.yaml"
MINIMAL = SCENARIOS / "minimal.yaml"
MOST = 1000
"""Members that are drawn; those that run are the first of them."""
WATCHED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process between ours and the one that is watched: a new process counts what the one it comes from held."""


def note(benchmark: Any, operation: str, size: str, grows: str, count: int, peak: float | None) -> None:
    """What was timed, how many there were of what grows, and the memory, where a process of its own tells. [byte]"""
    benchmark.extra_info.update(
        operation=operation, size=size, who="ours", units=count, grows=grows, count=count
    )
    if peak is not None:
        benchmark.extra_info["peak"] = peak


def command(scenario: Path, out: Path, *more: str) -> float:
    """The command as a user types it, start-up and all files included; the most memory of its process. [byte]"""
    line = [sys.executable, "-m", "displacement.cli", "run", str(scenario), "--out", str(out), *more]
    told = subprocess.run([sys.executable, "-c", WATCHED, *line], check=True, capture_output=True, text=True)
    assert (out / "share" / "summary.md").stat().st_size > 1000
    return int(told.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)


def longer(folder: Path, days: int) -> Path:
    """The minimal scenario over more days."""
    path = folder / "longer.yaml"
    path.write_text(f"base: {MINIMAL}\nperiod: {{start: 2024-11-26, days: {days}}}\n", encoding="utf-8")
    return path


def test_median_run(benchmark: Any, tmp_path: Path) -> None:
    """With travel times from the cache, as in every run but the first."""
    command(ALEPPO, tmp_path / "first")
    peak = benchmark.pedantic(command, (ALEPPO, tmp_path / "again"), rounds=3)
    note(benchmark, "median run of aleppo_2024, all files", "1 km, 30 days", "runs", 1, peak)


@pytest.mark.parametrize("members", [2, 8, 32])
def test_members(benchmark: Any, tmp_path: Path, members: int) -> None:
    """One process; travel times from the cache."""
    command(MINIMAL, tmp_path / "first", "--members", "2")
    more = ("--members", str(members), "--workers", "1")
    peak = benchmark.pedantic(command, (MINIMAL, tmp_path / "run", *more), rounds=1)
    note(benchmark, "run of minimal, all files", f"{members} members", "members", members, peak)


@pytest.mark.parametrize("days", [14, 56, 224])
def test_days(benchmark: Any, tmp_path: Path, days: int) -> None:
    scenario = longer(tmp_path, days)
    command(scenario, tmp_path / "first")
    peak = benchmark.pedantic(command, (scenario, tmp_path / "run"), rounds=1)
    note(benchmark, "run of minimal, all files", f"{days} days", "days", days, peak)


@pytest.mark.parametrize("pixel", [1000, 316, 100])
def test_region(benchmark: Any, tmp_path: Path, pixel: int) -> None:
    """Up to 98 million cells, with people from a tiled GeoTIFF; travel and hazards stay at 1 km."""
    scenario = region.write(tmp_path / "region", pixel)
    cells = round(region.GRID_KM2 * (1000 / pixel) ** 2)
    peak = benchmark.pedantic(command, (scenario, tmp_path / "run"), rounds=1)
    note(benchmark, "run of an invented region", f"{cells / 1e6:.2g} million cells", "cells", cells, peak)


@pytest.mark.parametrize("members", [1, 4, 16])
def test_members_of_a_region(benchmark: Any, tmp_path: Path, monkeypatch: Any, members: int) -> None:
    """A million cells, 290 destinations, ten fronts, 60 days: who leaves, travel times, moves; one process, no files."""
    monkeypatch.setenv("DISPLACEMENT_CACHE", "off")
    scenario = ensemble.at_medians(dp.load(region.write(tmp_path / "region", 1000, days=60)))
    settings = scenario.uncertainty.model_copy(update={"members": MOST})
    drawn = ensemble.members(scenario.model_copy(update={"uncertainty": settings}))[:members]
    inputs = asked.read_inputs(scenario)
    events, edges = timeline.of(scenario, inputs), stages.edges_of(scenario)

    def all_members() -> stages.Moved:
        return stages.run_members(drawn, inputs, events, edges, scenario, by_week=True)

    moved = benchmark.pedantic(all_members, rounds=1)
    assert float(moved.people["newly_displaced_cum"].isel(time=-1).sum("zone").min()) > 1e5
    size = f"0.99 million cells x {len(inputs.destinations.cell)} x 60 days"
    benchmark.extra_info.update(moved.seconds)
    note(benchmark, "members of an invented region, no files", size, "members", members, None)
