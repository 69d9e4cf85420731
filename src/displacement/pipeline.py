"""The whole path on one screen: `run`. A step that does not appear there does not happen."""

from __future__ import annotations

import builtins
import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import crew, ensemble, memory, sensitivity, stages, variables, ways
from displacement.aid import estimate_aid
from displacement.asked import Asked, chosen, made_from, read
from displacement.io import parts
from displacement.io.errors import InputError, finding
from displacement.io.inputs import Inputs
from displacement.io.kept import AT_ONCE, Kept, by_members
from displacement.io.parts import Part
from displacement.movement.assumptions import Movement
from displacement.movement.control import of_cells
from displacement.progress import Progress, Stopwatch, silent
from displacement.result import Aid, Result
from displacement.scenario import supplies
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
    limit = _ceiling(max_memory)
    if several:
        moved = _ensemble(asked, asked.assumptions, map, workers, limit, told)
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
        moved = _Moved(alone.people, alone.flows, True)
    fields = _fields(asked.inputs, asked.events, [] if several else alone.of_cells, asked.scenario, keep)
    return _result(asked, moved, fields, told)


class _Moved(NamedTuple):
    """What the members come to."""

    people: xr.Dataset
    flows: xr.Dataset
    in_memory: bool
    """Whether there is room for what follows from them too."""


def _result(asked: Asked, moved: _Moved, fields: xr.Dataset, told: Stopwatch) -> Result:
    """What the people who moved need, and everything in one."""
    scenario, inputs, events = asked.scenario, asked.inputs, asked.events
    told("working out the needs")
    people = variables.describe(_with_names(moved.people, inputs), variables.PEOPLE)
    aid = _aid(asked, people, moved.in_memory)
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


def _aid(asked: Asked, people: xr.Dataset, in_memory: bool) -> Aid:
    """Needs and supply of the people of some or all members."""
    scenario, shares = asked.scenario, ensemble.shares(asked.scenario)
    if shares is not None:
        shares = {name: values[: people.sizes["member"]] for name, values in shares.items()}
    return estimate_aid(
        people,
        scenario.needs,
        asked.lines,
        scenario.supply,
        asked.listed,
        partial(supplies.ways, inputs=asked.inputs, events=asked.events),
        scenario.path,
        shares,
        in_memory,
    )


def _ceiling(max_memory: str | int | None) -> int:
    """The memory that a run may take. [byte]"""
    try:
        return memory.ceiling(max_memory)
    except ValueError as error:
        raise InputError(finding("max-memory", str(error))) from None


def _ensemble(
    asked: Asked,
    parameters: Sequence[Movement],
    map: crew.Map,
    workers: int | None,
    limit: int,
    told: Stopwatch,
) -> _Moved:
    """Many members, batch by batch, in processes of their own where there are several workers.

    The first member goes ahead of the others and tells how much memory each of them takes. Of the others those whose
    travel times are alike lie together; no number depends on it.
    """
    count = len(parameters)
    order = sorted(range(1, count), key=lambda at: ways.plain_speeds(parameters[at]).track_speed)
    work = partial(
        stages.run_members,
        inputs=asked.inputs,
        events=asked.events,
        edges=asked.edges,
        scenario=asked.scenario,
        by_week=True,
    )
    given = min(os.cpu_count() or 1, count) if workers is None else workers
    own_processes = map is builtins.map
    told.tell("running members", 0, count)
    with contextlib.ExitStack() as pools:
        each = pools.enter_context(crew.processes(given)) if own_processes else map
        (first,) = each(work, [parameters[:1]])
        at_work = given if not own_processes or given > 1 else 0
        plan = _plan(asked, first.people, first.flows, count, limit, first.peak, at_work, workers is None)
        if own_processes and 0 < plan.workers < given:
            pools.close()
            each = pools.enter_context(crew.processes(plan.workers))
        others = crew.in_batches(
            work,
            [parameters[at] for at in order],
            each,
            lambda ready: told.tell("running members", 1 + ready, count),
            stages.batch_of(asked.inputs, asked.edges),
        )
        return _gathered(chain([first], others), [0, *order], plan.in_memory, told)


def _gathered(
    batches: Iterable[stages.Moved], order: Sequence[int], in_memory: bool, told: Stopwatch
) -> _Moved:
    """All members, taken in as their batches come, each in its place."""
    people, flows = (Kept(len(order), in_memory) for _ in range(2))
    left = iter(order)
    for part in batches:
        for own in range(part.people.sizes["member"]):
            at = next(left)
            people.add(at, part.people.isel(member=[own]))
            flows.add(at, part.flows.isel(member=[own]))
        told.add(part.seconds)
    return _Moved(people.dataset(), flows.dataset(), in_memory)


def _plan(
    asked: Asked,
    people: xr.Dataset,
    flows: xr.Dataset,
    count: int,
    limit: int,
    each: int = 0,
    workers: int = 0,
    fewer: bool = True,
) -> memory.Plan:
    """Who works and where the members' figures lie, by what the first of them comes to."""
    aid = _aid(asked, _with_names(people, asked.inputs), in_memory=True)
    held = [people, flows, aid.needs, aid.in_need, *([aid.supply] if aid.supply else [])]
    kept = count * sum(one.nbytes for one in held)
    own = memory.now() if workers else memory.peak()
    try:
        return memory.planned(limit, own, each, workers, kept, fewer)
    except memory.TooLittleMemoryError as error:
        raise InputError(str(error)) from None


def run_part(
    scenario: Scenario | str | Path,
    member_range: tuple[int, int],
    folder: str | Path,
    variant: str | None = None,
    members: int | None = None,
    seed: int | None = None,
    map: crew.Map = map,
    progress: Progress = silent,
    workers: int | None = 1,
    quantiles: Sequence[float] | None = None,
    parameters: Literal["calibrated", "priors"] | None = None,
    max_memory: str | int | None = None,
) -> dict[str, float]:
    """Run some members of a scenario into a folder of their own, for `merge`.

    Parameters
    ----------
    scenario, variant, members, seed, map, progress, workers, quantiles, parameters, max_memory
        As for `run`; `members` are those of the whole run.
    member_range : tuple of int
        The first member, counted from 0, and the one after the last.
    folder : str or pathlib.Path
        Where they go; it is whole or not there.

    Returns
    -------
    dict of str to float
        Where the time went, by step. [s]

    Raises
    ------
    displacement.InputError
        As for `run`, or if the scenario has no such members.
    """
    told = Stopwatch(progress)
    question = chosen(scenario, variant, members, seed, quantiles, parameters)
    (first, end), count = member_range, question.uncertainty.members
    if count == 1:
        raise InputError(finding("member-range", "the scenario has one member; write --members too"))
    if not 0 <= first < end <= count:
        message = f"{first}:{end} are not among the {count} members; they are 0:{count}, the end not included"
        raise InputError(finding("member-range", message))
    asked = read(question, told)
    moved = _ensemble(asked, asked.assumptions[first:end], map, workers, _ceiling(max_memory), told)
    told("writing the folder")
    path, made_of = asked.scenario.path, made_from(asked)
    parts.write(
        Part(
            Path(folder), first, end, count, path, asked.scenario.variant, made_of, moved.people, moved.flows
        )
    )
    return told.stop()


def merge(
    folders: Sequence[str | Path],
    scenario: str | Path | None = None,
    progress: Progress = silent,
    max_memory: str | int | None = None,
) -> Result:
    """The run whose members `run_part` left in several folders: what `run` returns of all of them.

    Parameters
    ----------
    folders : sequence of str or pathlib.Path
        In any order.
    scenario : str or pathlib.Path, optional
        The scenario's file, if it is not where it was.
    progress, max_memory
        As for `run`.

    Returns
    -------
    Result

    Raises
    ------
    displacement.InputError
        If the parts are not those of one run, members are missing or there twice, or the scenario, a table or the package
        has changed since.
    """
    told = Stopwatch(progress)
    limit = _ceiling(max_memory)
    there = parts.together([parts.read(Path(folder)) for folder in folders])
    first, count = there[0], there[0].of
    asked = read(_of_part(first, None if scenario is None else Path(scenario)), told)
    changed = parts.unlike(made_from(asked), first.made_of)
    if changed:
        message = f"cannot be merged: since it was run, {changed}; run the parts again"
        raise InputError(finding(first.folder, message))
    told("reading the members")
    people, flows = (each.isel(member=slice(0, 1)) for each in (first.people, first.flows))
    plan = _plan(asked, people, flows, count, limit)
    moved = _Moved(
        _joined([(part.first, part.people) for part in there], count, plan.in_memory),
        _joined([(part.first, part.flows) for part in there], count, plan.in_memory),
        plan.in_memory,
    )
    return _result(asked, moved, _fields(asked.inputs, asked.events, [], asked.scenario, ()), told)


def _joined(held: Sequence[tuple[int, xr.Dataset]], count: int, in_memory: bool) -> xr.Dataset:
    """Members of several files as one dataset."""
    room = Kept(count, in_memory)
    for first, part in held:
        for at, some in enumerate(by_members(part)):
            room.add(first + at * AT_ONCE, some)
        part.close()
    return room.dataset()


def _of_part(part: Part, file: Path | None) -> Scenario:
    """The scenario of a part, with its members."""
    path = file or part.scenario_file
    if not path.is_file():
        message = f"its scenario {path} is not there; write where it is: --scenario FILE"
        raise InputError(finding(part.folder, message))
    scenario = load(path, part.variant)
    given = part.made_of["scenario"]["uncertainty"]
    return scenario.model_copy(update={"uncertainty": scenario.uncertainty.model_validate(given)})


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


def _with_names(people: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """Names of zones as coordinates."""
    zones = inputs.zones
    named = {"zone_name": zones.name, "zone_name_ar": zones.name_ar}
    named |= {"admin1": zones.admin1_name, "admin2": zones.admin2_name}
    coordinates = {name: ("zone", list(values)) for name, values in named.items()}
    inside = np.arange(len(zones.code)) < zones.inside
    return people.assign_coords({**coordinates, "inside": ("zone", inside)})


def _fields(
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
