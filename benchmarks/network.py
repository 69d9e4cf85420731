"""A made-up network of 100 places, 20 of them camps, over 1,000 days: one run, and 32 members.

python benchmarks/network.py

Prints seconds by the clock and of the processor, and what the run adds to the memory of the process. Reading and start-up
are beside it; the answer is checked before it is timed: the sum of all camps is what was counted.
"""

from __future__ import annotations

import importlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from displacement import crew, ensemble, stages
from displacement.asked import read_inputs
from displacement.evaluate import network
from displacement.io import network_layout
from displacement.scenario import timeline
from displacement.scenario.load import load

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
made_up_networks = importlib.import_module("made_up_networks")

PLACES, CAMPS, DAYS, MEMBERS, WORKERS = 80, 20, 1000, 32, 2


def timed(work: Callable[[], Any], name: str) -> Any:
    """Do it, and print how long it took."""
    clock, processor = time.perf_counter(), time.process_time()
    found = work()
    print(
        f"{name:<38}{time.perf_counter() - clock:8.2f} s {time.process_time() - processor:8.2f} s of the processor"
    )
    return found


def peak() -> float:
    """The most memory that the process has held. [MB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000.0


def main() -> None:
    """Make a world up, run it and print."""
    with tempfile.TemporaryDirectory() as folder:
        source = np.random.default_rng(5)
        made = made_up_networks.world("borders", source, PLACES, CAMPS, DAYS)
        made_up_networks.write(made, Path(folder) / "case", source)
        layout = timed(lambda: network_layout.read(Path(folder) / "case"), "reading the folder to import")
        area = Path(folder) / "area"
        network_layout.write_area(layout, area, "case")
        scenario = network.asked(load(area / network.SCENARIO), network.MODELS[network.MODEL])
        inputs = timed(lambda: read_inputs(scenario), "reading the area")
        events = timed(lambda: timeline.of(scenario, inputs), "reading conflict, counts and closures")
        before = peak()
        there = timed(lambda: network.present(scenario, inputs, events), "one run")
        print(f"{'memory':<38}{before:8.0f} MB before, {peak() - before:.0f} MB more")
        counts = network.by_place(events, inputs)
        np.testing.assert_allclose(there.sum(axis=1), counts.sum(axis=1), rtol=1e-9)
        uncertainty = scenario.uncertainty.model_copy(update={"members": MEMBERS})
        drawn = ensemble.members(scenario.model_copy(update={"uncertainty": uncertainty}))
        work = partial(
            stages.run_members,
            inputs=inputs,
            events=events,
            edges=stages.edges_of(scenario),
            scenario=scenario,
            by_week=True,
        )
        with crew.processes(WORKERS) as each:
            timed(
                lambda: list(crew.in_batches(work, drawn, each, lambda ready: None)),
                f"{MEMBERS} members in {WORKERS} processes",
            )


if __name__ == "__main__":
    main()
