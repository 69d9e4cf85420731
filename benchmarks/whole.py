"""Whole runs: from the command to the last file, and members without the files.

pytest benchmarks/whole.py --benchmark-json whole.json
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import displacement as dp

SCENARIO = Path(__file__).parents[1] / "scenarios" / "aleppo_2024.yaml"


def note(benchmark: Any, operation: str, size: str, grows: str, count: int) -> None:
    """What was timed, and how many there were of what grows."""
    benchmark.extra_info.update(
        operation=operation, size=size, who="ours", units=count, grows=grows, count=count
    )


def command(out: Path, *more: str) -> None:
    """The command as a user types it, start-up and all files included."""
    line = [sys.executable, "-m", "displacement.cli", "run", str(SCENARIO), "--out", str(out), *more]
    subprocess.run(line, check=True, capture_output=True)


def test_median_run(benchmark: Any, tmp_path: Path) -> None:
    """With travel times from the cache, as in every run but the first."""
    command(tmp_path / "first")
    assert (tmp_path / "first" / "share" / "summary.md").stat().st_size > 1000
    benchmark.pedantic(command, (tmp_path / "again",), rounds=3)
    note(benchmark, "median run of aleppo_2024, all files", "1 km, 30 days", "runs", 1)


def question(days: int = 14, cell_km: float = 1.0) -> dp.Scenario:
    """The minimal scenario, longer or on other cells."""
    plain = dp.load(SCENARIO.with_name("minimal.yaml"))
    return plain.model_copy(
        update={
            "period": plain.period.model_copy(update={"days": days}),
            "grid": plain.grid.model_copy(update={"cell_km": cell_km}),
        }
    )


@pytest.mark.parametrize("members", [2, 8, 32])
def test_members(benchmark: Any, members: int) -> None:
    """One process; travel times from the cache."""
    dp.run(question(), members=2)
    benchmark.pedantic(dp.run, (question(),), {"members": members}, rounds=1)
    note(benchmark, "run of minimal, no files", f"{members} members", "members", members)


@pytest.mark.parametrize("days", [14, 56, 224])
def test_days(benchmark: Any, days: int) -> None:
    dp.run(question())
    benchmark.pedantic(dp.run, (question(days=days),), rounds=1)
    note(benchmark, "run of minimal, no files", f"{days} days", "days", days)


@pytest.mark.parametrize("cell_km", [2.0, 1.0, 0.5, 0.25])
def test_cells(benchmark: Any, cell_km: float) -> None:
    """From 23,000 to 1.5 million cells; travel and hazards stay at 1 km."""
    scenario = question(cell_km=cell_km)
    cells = dp.run(scenario).inputs.grid.size
    benchmark.pedantic(dp.run, (scenario,), rounds=1)
    note(benchmark, "run of minimal, no files", f"{cells:,} cells", "cells", cells)
