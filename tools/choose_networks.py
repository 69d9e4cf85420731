"""Choose the assumptions for networks of places on made-up ones, and print how they fare beside plain rules.

python tools/choose_networks.py [--worlds 48] [--seed 1] [--search]

Without --search: the scores of the assumptions that come with the package, on worlds that they were not chosen on
(seed 2). With it: the search itself, one assumption after the other over the values below, twice round, for the least
mean over worlds of the averaged relative difference over all days. All is made up (`made_up_networks.py`); no real case
is read.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import made_up_networks
import numpy as np
import pandas as pd

from displacement.asked import read_inputs
from displacement.evaluate import network
from displacement.io import network_layout, parameters
from displacement.io.inputs import Inputs
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

VALUES: dict[str, tuple[float, ...]] = {
    "travel_time_decay": (0.08, 0.15, 0.25),
    "long_way": (0.3, 0.4, 0.5, 0.7),
    "following": (0.5, 0.65, 0.8, 0.9),
    "followed_from": (1000.0, 5000.0, 20000.0),
    "host_pull": (0.3, 0.5, 0.7, 1.0),
}
"""What is tried of each assumption."""
WHOLE = "all"


class Ready(NamedTuple):
    """A world that is read."""

    scenario: Scenario
    inputs: Inputs
    events: Timeline


def ready(folder: Path) -> Ready:
    """Read a made-up world that was imported."""
    area = folder / "area"
    scenario = network.asked(load(area / network.SCENARIO), network.MODELS[network.MODEL])
    inputs = read_inputs(scenario)
    return Ready(scenario, inputs, timeline.of(scenario, inputs))


def difference(one: Ready, values: dict[str, float]) -> float:
    """Averaged relative difference over all days under some assumptions."""
    movement = one.scenario.movement
    changed = movement.model_copy(update={"destinations": movement.destinations.model_copy(update=values)})
    there = network.present(one.scenario.model_copy(update={"movement": changed}), one.inputs, one.events)
    counts = network.by_place(one.events, one.inputs)
    return float(np.nanmean(network.relative_difference(there, counts)))


_KEPT: dict[Path, Ready] = {}


def _one(job: tuple[Path, list[dict[str, float]]]) -> list[float]:
    """One world under several sets of values; a world that was read is kept."""
    folder, tried = job
    if folder not in _KEPT:
        _KEPT[folder] = ready(folder)
    return [difference(_KEPT[folder], values) for values in tried]


def search(folders: list[Path], start: dict[str, float], pool: Any, rounds: int = 2) -> dict[str, float]:
    """The best values, one assumption after the other."""
    now = dict(start)
    for turn in range(rounds):
        for name, values in VALUES.items():
            tried = [now | {name: value} for value in values]
            found = np.array(list(pool.map(_one, [(folder, tried) for folder in folders]))).mean(axis=0)
            best = int(np.argmin(found))
            print(
                f"round {turn + 1}, {name}:",
                *(f"{v:g}: {f:.4f}" for v, f in zip(values, found, strict=True)),
                flush=True,
            )
            now[name] = values[best]
    return now


def compared(folders: list[Path], pool: Any) -> pd.DataFrame:
    """Mean scores by kind of world, of the model as it comes and of the plain rules."""
    cases = list(pool.map(network.run_case, folders))
    scores = pd.concat([network.scores([case]) for case in cases])
    scores["kind"] = scores["case"].str.split("_").str[1]
    mean = scores.pivot_table(index="estimate", columns=["kind", "window"], values="plain", sort=False)
    total = scores.pivot_table(index="estimate", columns="window", values="plain", sort=False)
    return pd.concat({**{kind: mean[kind] for kind in made_up_networks.KINDS}, "every": total}, axis=1)


def main(worlds: int, seed: int, searching: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(2) as pool:
        folders = made_up_networks.make(Path(scratch), worlds, seed)
        if searching:
            for folder in folders:
                network_layout.write_area(network_layout.read(folder), folder / "area", folder.name)
            start = {name: values[len(values) // 2] for name, values in VALUES.items()}
            print("chosen:", search(folders, start, pool))
            return
        print("as they come:", parameters.of_networks())
        with pd.option_context("display.width", 200, "display.max_columns", 40, "display.precision", 3):
            table = compared(folders, pool)
            print(table.xs(WHOLE, axis=1, level=1))
            print(table["every"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=48)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--search", action="store_true")
    chosen = parser.parse_args()
    main(chosen.worlds, chosen.seed or (1 if chosen.search else 2), chosen.search)
