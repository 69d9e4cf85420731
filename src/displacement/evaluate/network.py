"""Past cases on networks of places: where people were counted, held against where the model has them.

The measure of the field's agent model: the averaged relative difference, the mean over days of the sum over places of
|estimate - count| over all people counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from displacement import ensemble, stages
from displacement.asked import read_inputs, settled
from displacement.io import network_layout
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import PLACES
from displacement.io.inputs import Inputs
from displacement.io.network import OBSERVED
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import NetworkSettings, Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]

WINDOWS: Mapping[str, int | None] = {"0-30": 30, "0-90": 90, "0-180": 180, "all": None}
"""Last day of each span over which days are averaged, inclusive; None: the last of the run."""
AGO = 30
"""How old the shares of the newest count are that a planner has. [day]"""
NEAREST = 1.0
"""Gravity rules count a shorter way as one of this length, so that none is infinite. [km]"""
MODEL = "model"
MODELS: Mapping[str, Mapping[str, str]] = {
    MODEL: {"capacities": "ignore", "day0": "observed"},
    "model, with capacities": {"capacities": "use", "day0": "observed"},
    "model, day 0 not given": {"capacities": "ignore", "day0": "none"},
}
"""Runs of the model, and the settings of each."""
SCENARIO = "scenario.yaml"
NO_COUNTS = "has no counts to hold the model against; add a table of people counted"


class Case(NamedTuple):
    """A past case with what the model and plain rules say of it."""

    name: str
    places: tuple[str, ...]
    """Those where people were counted."""
    counts: Array
    """Shape (day, place). [person]"""
    estimates: Mapping[str, Array]
    """Of the model and of plain rules, same shape; not a number where a rule says nothing. [person]"""
    notes: tuple[str, ...] = ()


def run_case(folder: Path) -> Case:
    """Run a past case.

    Parameters
    ----------
    folder : pathlib.Path
        A network area with `scenario.yaml` and counts, or a folder in the layout of the field's agent model.

    Returns
    -------
    Case

    Raises
    ------
    InputError
        If the folder is neither, or nobody was counted.
    """
    if (folder / network_layout.INPUT).is_dir():
        layout = network_layout.read(folder)
        if not layout.counts:
            raise InputError(finding(folder, NO_COUNTS))
        with tempfile.TemporaryDirectory() as temporary:
            area = Path(temporary) / "area"
            network_layout.write_area(layout, area, folder.resolve().name)
            case = _of_area(area, folder.resolve().name)
        return case._replace(notes=(*layout.notes, *case.notes))
    if not (folder / PLACES).is_file():
        message = (
            f"holds neither {network_layout.INPUT} nor {PLACES}; name a network area, or a folder to import"
        )
        raise InputError(finding(folder, message))
    return _of_area(folder, folder.resolve().name)


def _of_area(folder: Path, name: str) -> Case:
    scenario = load(folder / SCENARIO)
    if not (folder / OBSERVED).is_file() and (scenario.network or NetworkSettings()).counts is None:
        raise InputError(finding(folder, NO_COUNTS))
    estimates = {}
    for label, settings in MODELS.items():
        question = asked(scenario, settings)
        inputs = read_inputs(question)
        events = timeline.of(question, inputs)
        estimates[label] = present(question, inputs, events)
    counts = by_place(events, inputs)
    used = read_inputs(asked(scenario, MODELS["model, with capacities"]))
    return Case(
        name,
        tuple(np.array(inputs.zones.code)[inputs.destinations.zone].tolist()),
        counts,
        {**estimates, **rules(inputs, events, counts, used.destinations.capacity)},
        inputs.notes,
    )


def asked(scenario: Scenario, settings: Mapping[str, str]) -> Scenario:
    """The scenario with totals as observed and the settings of a run."""
    before = scenario.network or NetworkSettings()
    network = NetworkSettings.model_validate(before.model_dump() | {"totals": "observed"} | dict(settings))
    return settled(scenario.model_copy(update={"network": network}))


def by_place(events: Timeline, inputs: Inputs) -> Array:
    """People counted by day and place where people were counted, shape (day, place). [person]"""
    if events.counted is None:
        raise ValueError("totals are not as observed, so nobody was counted")
    return np.asarray(events.counted[:, inputs.destinations.zone])


def present(scenario: Scenario, inputs: Inputs, events: Timeline) -> Array:
    """People whom the model has in each place that was counted, shape (day, place). [person]"""
    edges = stages.edges_of(scenario)
    alone = ensemble.members(
        scenario.model_copy(update={"uncertainty": scenario.uncertainty.model_copy(update={"members": 1})})
    )
    people = stages.run_members(alone, inputs, events, edges, scenario).people
    there = people["present_new"].isel(member=0).sum("type").values
    return np.asarray(there[:, inputs.destinations.zone])


def rules(inputs: Inputs, events: Timeline, counts: Array, capacity: Array) -> dict[str, Array]:
    """What plain rules say: shares of the true total of each day.

    Parameters
    ----------
    inputs, events : Inputs, Timeline
        The area and its conflict.
    counts : array of shape (day, place)
        [person]
    capacity : array of shape (place,)
        Infinite where unlimited. [person]

    Returns
    -------
    dict of str to array of shape (day, place)
        `uniform`; `capacity`, not a number where any is unlimited; `gravity 1` and `gravity 2`: shares by the first or
        second power of the shortest route from where conflict has been so far, by its people, closures left aside;
        `30 days ago`: the shares then, before that those of the first day. [person]
    """
    total = counts.sum(axis=1, keepdims=True)
    uniform = np.full(counts.shape[1], 1.0 / counts.shape[1])
    known = np.isfinite(capacity).all() and capacity.sum() > 0
    by_capacity = capacity / capacity.sum() if known else np.full(capacity.size, np.nan)
    found = {"uniform": uniform[None] * total, "capacity": by_capacity[None] * total}
    ways, weight = _open_ways(inputs), _weights(inputs, events)
    for power in (1, 2):
        found[f"gravity {power}"] = _gravity(ways, weight, power, uniform) * total
    before = np.maximum(np.arange(len(counts)) - AGO, 0)
    shares = np.divide(counts, total, out=np.tile(uniform, (len(counts), 1)), where=total > 0)
    return {**found, f"{AGO} days ago": shares[before] * total}


def _open_ways(inputs: Inputs) -> Array:
    """Shortest route between each place and each that was counted, nothing closed. [km]"""
    network = inputs.network
    if network is None:
        raise ValueError("the area is no network of places")
    graph = sparse.csr_array((np.maximum(network.km, 1e-6), network.ends.T), shape=(inputs.blocks.size,) * 2)
    found: Array = csgraph.dijkstra(graph, directed=False, indices=inputs.destinations.zone).T
    return found


def _weights(inputs: Inputs, events: Timeline) -> Array:
    """People of each place times conflict there so far, shape (day, place); all alike where nobody is known to live."""
    so_far = np.zeros((0, 0)) if events.conflict is None else np.cumsum(events.conflict, axis=0)
    so_far[:, inputs.destinations.zone] = 0.0
    people = inputs.blocks.people * so_far
    return np.where(people.sum(axis=1, keepdims=True) > 0, people, so_far)


def _gravity(ways: Array, weight: Array, power: int, uniform: Array) -> Array:
    """Shares by a power of the distance, shape (day, place); uniform before any conflict and where no route leads."""
    pull = np.maximum(ways, NEAREST) ** -power
    reached = pull.sum(axis=1, keepdims=True)
    split = np.divide(pull, reached, out=np.zeros_like(pull), where=reached > 0)
    shares = weight @ split
    whole = shares.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shares, whole, out=np.tile(uniform, (len(weight), 1)), where=whole > 0))


def relative_difference(estimate: Array, counts: Array) -> Array:
    """Sum over places of |estimate - count| over all counted, by day; not a number where nobody is counted.

    >>> relative_difference(np.array([[6.0, 4.0], [0.0, 1.0]]), np.array([[5.0, 5.0], [0.0, 0.0]]))
    array([0.2, nan])
    """
    total = counts.sum(axis=1)
    off = np.abs(estimate - counts).sum(axis=1)
    return np.asarray(np.divide(off, total, out=np.full(len(total), np.nan), where=total > 0))


def rescaled(estimate: Array, counts: Array) -> Array:
    """An estimate's shares of the true total; nothing where it has nobody. [person]"""
    own = estimate.sum(axis=1, keepdims=True)
    share = np.divide(estimate, own, out=np.zeros_like(estimate), where=own > 0)
    return np.asarray(share * counts.sum(axis=1, keepdims=True))


def scores(cases: Sequence[Case]) -> pd.DataFrame:
    """The scores of cases, one row a case, estimate and window.

    Returns
    -------
    pandas.DataFrame
        `case`, `estimate`, `window`, `days` (with anybody counted), `plain` (the averaged relative difference) and
        `rescaled` (the same of the estimate's shares of the true total); of several cases their mean as case `mean`.
    """
    rows = pd.DataFrame([row for case in cases for row in _scores(case)])
    if len(cases) == 1:
        return rows
    by = rows.groupby(["estimate", "window"], sort=False)
    mean = by[["plain", "rescaled"]].mean().assign(days=by["days"].sum(), case="mean").reset_index()
    return pd.concat([rows, mean], ignore_index=True)[list(rows.columns)]


def _scores(case: Case) -> Iterator[dict[str, Any]]:
    """Scores of a case over every window."""
    for name, estimate in case.estimates.items():
        by_day = relative_difference(estimate, case.counts)
        of_shares = relative_difference(rescaled(estimate, case.counts), case.counts)
        some = case.counts.sum(axis=1) > 0
        for window, last in WINDOWS.items():
            span = slice(None, None if last is None else last + 1)
            days = some[span]
            means = {
                "plain": _mean(by_day[span][days]),
                "rescaled": _mean(of_shares[span][days]),
            }
            about = {"case": case.name, "estimate": name, "window": window, "days": int(days.sum())}
            yield about | means


def by_day(cases: Sequence[Case]) -> pd.DataFrame:
    """What was counted and estimated by day and place: `case`, `day`, `place`, `counted` and each estimate."""
    parts = []
    for case in cases:
        day, place = (grid.ravel() for grid in np.indices(case.counts.shape))
        columns = {"case": case.name, "day": day, "place": np.array(case.places)[place]}
        columns |= {"counted": case.counts.ravel()}
        columns |= {name: estimate.ravel() for name, estimate in case.estimates.items()}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")
