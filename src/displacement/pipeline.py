"""The whole path on one screen: `run`. A step that does not appear there does not happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import crew, ensemble, sensitivity, stages, variables
from displacement.asked import Asked, chosen, made_from, read
from displacement.io.inputs import Inputs
from displacement.members import Moved, aid_of, ceiling, run_all, with_names
from displacement.movement.control import of_cells
from displacement.progress import Progress, Stopwatch, silent
from displacement.result import Aid, Result
from displacement.scenario.load import load
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]


def run(
    scenario: Scenario | str | Path,
    variant: str | None = None,
    members: int | None = None,
    seed: int | None = None,
    keep: Sequence[str] = (),
    map: crew.Map = map,
    progress: Progress = silent,
    workers: int | None = 1,
    quantiles: Sequence[float] | None = None,
    parameters: Literal["calibrated", "priors"] | None = None,
    max_memory: str | int | None = None,
) -> Result:
    """Run a scenario: who leaves, where they go, what aid it takes.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        A loaded scenario, or its file.
    variant : str, optional
        A variant of the file.
    members, seed : int, optional
        In place of the scenario's own. One member is the median run.
    keep : sequence of str
        Gridded fields to keep: ``"control"``, ``"departures"``.
    map : callable
        How batches of members are worked through, or the tiles of a single one: the built-in `map`, or a cluster's.
    progress : Progress
        Told the name of each step as it begins.
    workers : int, optional
        Processes that share the members; None: one for each core, as far as the memory goes. From a script of your own
        more than 1 only below ``if __name__ == "__main__":``. With a `map` of another kind, how many of its processes
        share this machine's memory: 0 where it works elsewhere.
    quantiles : sequence of float, optional
        Over the members, for what is written; in place of the scenario's own.
    parameters : {"calibrated", "priors"}, optional
        Assumptions as fitted to past cases, or as their priors say; in place of the scenario's own.
    max_memory : str or int, optional
        What a run of several members may take, all processes together: ``"1.5GB"``, or bytes; default: half of the
        machine's. Where the figures of all members do not fit, they lie in temporary files and are read a part at a time.
        No number changes.

    Returns
    -------
    Result
        Of several members, `flows` are by week.

    Raises
    ------
    displacement.InputError
        If the scenario or a table it names is wrong, or the run does not fit into the memory.
    ValueError
        If a field to keep is unknown, or fields are to be kept of several members.
    """
    unknown = set(keep) - set(variables.FIELDS)
    if unknown:
        raise ValueError(f"keep: unknown field '{min(unknown)}'; write {' or '.join(variables.FIELDS)}")
    told = Stopwatch(progress)
    asked = read(chosen(scenario, variant, members, seed, quantiles, parameters), told)
    several = len(asked.assumptions) > 1
    if keep and several:
        raise ValueError("keep: gridded fields are those of one member; run with members=1")
    limit = ceiling(max_memory)
    if several:
        moved = run_all(asked, asked.assumptions, map, workers, limit, told)
    else:
        told.stop()
        alone = stages.run_members(
            asked.assumptions,
            asked.inputs,
            asked.events,
            asked.edges,
            asked.scenario,
            map=map,
            progress=progress,
            keep="departures" in keep,
        )
        told.add(alone.seconds)
        moved = Moved(alone.people, alone.flows, True)
    fields = fields_of(asked.inputs, asked.events, [] if several else alone.of_cells, asked.scenario, keep)
    return result_of(asked, moved, fields, told)


def result_of(asked: Asked, moved: Moved, fields: xr.Dataset, told: Stopwatch) -> Result:
    """What the people who moved need, and everything in one."""
    scenario, inputs, events = asked.scenario, asked.inputs, asked.events
    told("working out the needs")
    people = variables.describe(with_names(moved.people, inputs), variables.PEOPLE)
    aid = aid_of(asked, people, moved.in_memory)
    told("telling what drives the spread")
    drivers = _drivers(scenario, people, aid)
    return Result(
        scenario=scenario,
        inputs=inputs,
        people=people,
        flows=variables.describe(moved.flows, variables.FLOWS),
        aid=aid,
        fields=fields,
        provenance=made_from(asked),
        notes=(*inputs.notes, *events.notes, *stages.kernel_notes(), *aid.notes),
        reports=asked.reports,
        drivers=drivers,
        seconds=told.stop(),
    )


AS_WRITTEN = "as written"
"""Name of a scenario without a variant among its variants."""


def run_variants(
    scenario: Scenario | str | Path,
    members: int | None = None,
    seed: int | None = None,
    keep: Sequence[str] = (),
    map: crew.Map = map,
    progress: Progress = silent,
    workers: int | None = 1,
    quantiles: Sequence[float] | None = None,
    parameters: Literal["calibrated", "priors"] | None = None,
    max_memory: str | int | None = None,
) -> Result:
    """Run a scenario as it is written, and every variant of its file with the same members beside it.

    Of the variants a few figures are kept and no more.

    Parameters
    ----------
    scenario, members, seed, keep, map, progress, workers, quantiles, parameters, max_memory
        As for `run`. Variants are read from the scenario's file.

    Returns
    -------
    Result
        Of the scenario as written; `variants` sets all side by side.

    Raises
    ------
    displacement.InputError
        If the scenario, a variant or a table it names is wrong.
    ValueError
        If the scenario is a variant itself, or as for `run`.
    """
    scenario = chosen(scenario, None, members, seed, quantiles, parameters)
    if scenario.variant is not None:
        raise ValueError(f"scenario: is the variant '{scenario.variant}' already; load it without one")
    of_variants = [load(scenario.path, name) for name in scenario.variants]
    runs, conditions = {}, {}
    spent = Stopwatch()
    for variant in of_variants:
        name, same = str(variant.variant), scenario.uncertainty
        beside = run(
            variant.model_copy(update={"uncertainty": same}),
            map=map,
            progress=_of_variant(progress, name),
            workers=workers,
            max_memory=max_memory,
        )
        runs[name], conditions[name] = sensitivity.at_a_glance(beside.people, beside.needs), beside.condition
        spent.add(beside.seconds)
        del beside
    result = run(scenario, keep=keep, map=map, progress=progress, workers=workers, max_memory=max_memory)
    spent.add(result.seconds)
    runs = {AS_WRITTEN: sensitivity.at_a_glance(result.people, result.needs), **runs}
    conditions = {AS_WRITTEN: result.condition, **conditions}
    in_arabic = [one.condition_ar for one in (scenario, *of_variants)]
    beside_each_other = sensitivity.side_by_side(runs, conditions).assign_coords(
        condition_ar=("variant", in_arabic)
    )
    return replace(result, variants=beside_each_other, seconds=spent.stop())


def _of_variant(progress: Progress, name: str) -> Progress:
    """Progress that says of which variant it speaks."""
    return lambda step, done=0, of=0: progress(f"{name}: {step}", done, of)


def _drivers(scenario: Scenario, people: xr.Dataset, aid: Aid) -> xr.Dataset | None:
    """What the spread of the members comes from."""
    if scenario.uncertainty.members == 1:
        return None
    outputs = sensitivity.outcomes(people, aid.needs)
    return sensitivity.drivers(ensemble.drawn_ones(scenario), outputs, scenario.uncertainty.quantiles)


def fields_of(
    inputs: Inputs,
    events: Timeline,
    of_cells: list[tuple[Array, Array]],
    scenario: Scenario,
    keep: Sequence[str],
) -> xr.Dataset:
    """The gridded fields asked for."""
    grid, days = inputs.grid, scenario.period.days
    first_row, first_column = np.arange(grid.shape[1]), np.arange(grid.shape[0]) * grid.shape[1]
    coords = {
        "time": np.datetime64(scenario.period.start, "ns") + np.arange(days) * np.timedelta64(1, "D"),
        "northing": grid.centres(first_column)[1],
        "easting": grid.centres(first_row)[0],
    }
    found: dict[str, Any] = {}
    if "control" in keep:
        place = inputs.cells["place"].values
        held = [of_cells_at(events, place, day).reshape(grid.shape) for day in range(days)]
        found["control"] = (variables.FIELDS["control"].dims, np.stack(held))
    if "departures" in keep:
        left = np.zeros((1, days, grid.size))
        for cell, people in of_cells:
            left[0, :, cell] = people.reshape(days, -1, cell.size).sum(axis=1).T
        whole = left.reshape(*left.shape[:2], *grid.shape)
        found["departures"] = (variables.FIELDS["departures"].dims, whole)
    fields: xr.Dataset = variables.describe(xr.Dataset(found, coords=coords), variables.FIELDS)
    return fields


def of_cells_at(events: Timeline, place: Array, day: int) -> Array:
    """Controller of each cell at the end of a day."""
    return of_cells(events.control.at(day + 1.0), place)
