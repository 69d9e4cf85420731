"""The stages of the path: inputs and events in, departures, travel times and moves out.

Each takes what the stage before it gives; `pipeline.run` puts them in a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from displacement import crew, exposure, memory, networks, variables, ways
from displacement.io.inputs import Inputs
from displacement.kernels import flows
from displacement.kernels import travel as kernel
from displacement.movement import departures, destinations, hazard, returns, simulate
from displacement.movement.assumptions import Movement
from displacement.movement.threats import Answers, Threats
from displacement.progress import Progress, Stopwatch, silent
from displacement.scenario import timeline
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]

DAYS_OF_WEEK = 7
AT_ONCE = 100_000_000
"""What hazards and first departures by block of a batch may take, unless one member takes more. [byte]"""


def edges_of(scenario: Scenario) -> Array:
    """Edges of the steps, shape (step + 1,). [day]"""
    period = scenario.period
    return np.linspace(0.0, period.days, round(period.days / period.step_days) + 1)


class Leaving(NamedTuple):
    """Who leaves home for the first time."""

    by_block: xr.Dataset
    """`DEPARTURES` of the table of variables."""
    of_cells: list[tuple[Array, Array]]
    """Cells of each tile, and the first departures of the first member there, shape (step, cell), if asked for."""
    sights: exposure.Sights
    """Distances as destinations and the main cells of blocks see them."""


def _tile_departures(
    rows: slice,
    inputs: Inputs,
    events: Timeline,
    members: Sequence[tuple[Movement, Answers]],
    edges: Array,
    cells: Array,
    keep: bool,
) -> tuple[list[xr.Dataset], tuple[Array, Array] | None, exposure.Sights]:
    """First departures of one tile, for all members: by block; by cell of the first member."""
    seen = exposure.seen(rows, inputs, events, members[0][0].hazard.horizon, cells)
    by_block = [
        departures.first_departures(seen.bins, seen.threats, answers, member, edges)
        for member, answers in members
    ]
    of_cells = None
    if keep:
        member, answers = members[0]
        of_bins = departures.of_cells(seen.bins, seen.threats, answers, member, edges)
        of_cells = seen.cell, of_bins[:, seen.of_cell] * seen.share
    return by_block, of_cells, seen.sights


def first_departures(
    inputs: Inputs,
    events: Timeline,
    members: Sequence[tuple[Movement, Answers]],
    edges: Array,
    map: crew.Map,
    keep: bool = False,
) -> Leaving:
    """First departures by block, tile after tile.

    Parameters
    ----------
    inputs, events : Inputs, Timeline
        The area and what happens in it.
    members : sequence of (Movement, Answers)
        Assumptions of each, and how its people answer; all with the same horizon.
    edges : array of shape (step + 1,)
        Edges of the steps. [day]
    map : callable
        Works through the tiles.
    keep : bool
        Keep those of the cells too.
    """
    cells, horizon = exposure.watched(inputs), members[0][0].hazard.horizon
    parts = exposure.tiles(inputs, least_rows=exposure.rows_of_reach(inputs, horizon))
    work = partial(
        _tile_departures, inputs=inputs, events=events, members=members, edges=edges, cells=cells, keep=keep
    )
    done = list(map(work, parts))
    by_block = _by_block([of_tile for of_tile, _, _ in done], inputs.blocks.zone.size)
    of_cells = [found for _, found, _ in done if found is not None]
    return Leaving(
        variables.check(by_block, variables.DEPARTURES),
        of_cells,
        exposure.joined((sights for _, _, sights in done), cells),
    )


def _by_block(of_tiles: Sequence[Sequence[xr.Dataset]], blocks: int) -> xr.Dataset:
    """The figures of all tiles and members as one dataset, laid out row by row."""
    first = of_tiles[0][0]
    found = {
        name: (("member", *values.dims), np.zeros((len(of_tiles[0]), *values.shape[:-1], blocks)))
        for name, values in first.data_vars.items()
    }
    for tile in of_tiles:
        for member, part in enumerate(tile):
            origin = part["origin"].values
            own = slice(origin[0], origin[-1] + 1) if origin.size else slice(0)
            for name, values in part.data_vars.items():
                found[name][1][member][..., own] = values.values
    return xr.Dataset(found, coords={"origin": np.arange(blocks), "group": first["group"].values})


def replaced(leaving: xr.Dataset, inputs: Inputs, events: Timeline, scenario: Scenario) -> xr.Dataset:
    """First departures that the scenario gives, in place of the model's."""
    if events.observed is None:
        return leaving
    steps = leaving.sizes["time"] // scenario.period.days
    by_step = np.repeat(events.observed, steps, axis=0) / steps
    given = [departures.given(by_step, inputs.blocks.zone, start) for start in leaving["start"].values]
    return leaving.assign(first_departures=leaving["first_departures"].copy(data=np.stack(given)))


def kernel_notes() -> tuple[str, ...]:
    """What a planner should know of how the figures are worked out."""
    if kernel.variants() and flows.variants():
        return ()
    return (
        "worked out by SciPy and NumPy, slower with the same answers: this package was built without a compiler",
    )


class Moved(NamedTuple):
    """What some members come to."""

    people: xr.Dataset
    """By day."""
    flows: xr.Dataset
    """By day of one member, by week of several."""
    of_cells: list[tuple[Array, Array]]
    """Cells of each tile, and the first departures of the first member there, shape (step, cell), if asked for."""
    seconds: Mapping[str, float]
    """What each step took. [s]"""
    peak: int
    """The most memory that the process has held so far. [byte]"""


def run_members(
    members: Sequence[Movement],
    inputs: Inputs,
    events: Timeline,
    edges: Array,
    scenario: Scenario,
    by_week: bool = False,
    map: crew.Map = map,
    progress: Progress = silent,
    keep: bool = False,
) -> Moved:
    """Members from end to end, one after the other: who leaves, how long the ways are, who goes where.

    Parameters
    ----------
    members : sequence of Movement
        Assumptions of each.
    inputs, events : Inputs, Timeline
        The area and what happens in it.
    edges : array of shape (step + 1,)
        Edges of the steps. [day]
    scenario : Scenario
        Its period and the departures it gives, if any.
    by_week : bool
        Add flows up by week in single precision: those of many members by day are too many to hold.
    map : callable
        Works through the tiles.
    progress : Progress
        Told the name of each step as it begins.
    keep : bool
        Keep the first departures of the first member by cell.
    """
    told = Stopwatch(progress)
    people: list[xr.Dataset] = []
    flows: list[xr.Dataset] = []
    told("working out who leaves")
    answers = [timeline.answers(scenario, inputs, member.response) for member in members]
    given = networks.counted(inputs, events, scenario)
    if inputs.network is not None:
        by_place = networks.first_departures(inputs, events, members, edges, given)
        left = Leaving(by_place, [], exposure.Sights(np.zeros(0, dtype=np.int64), ()))
    else:
        left = first_departures(inputs, events, list(zip(members, answers, strict=True)), edges, map, keep)
    leaving = replaced(left.by_block, inputs, events, scenario)
    last: ways.Last = {}
    for at, (member, own) in enumerate(zip(members, answers, strict=True)):
        told("working out travel times")
        met = replace(events, answers=own)
        hours = ways.travel_times(inputs, met, member, scenario, last)
        told("moving people")
        moved = move(inputs, met, member, leaving.isel(member=at), hours, edges, scenario, left.sights, given)
        people.append(daily(moved[0], scenario))
        if inputs.network is not None:
            flows.append(_of_weeks(moved[1], scenario))
            continue
        by_day = daily(moved[1], scenario)
        flows.append(weekly(by_day) if by_week else by_day)
    who, where = (parts[0] if len(parts) == 1 else xr.concat(parts, "member") for parts in (people, flows))
    return Moved(who, where, left.of_cells, told.stop(), memory.peak())


def batch_of(inputs: Inputs, edges: Array) -> int:
    """How many members make a batch: fewer where there are many blocks."""
    figures = len(variables.DEPARTURES) * len(edges) * len(departures.GROUPS) * inputs.blocks.zone.size
    return max(1, min(crew.BATCH, AT_ONCE // (np.dtype(float).itemsize * max(figures, 1))))


def daily(dataset: xr.Dataset, scenario: Scenario) -> xr.Dataset:
    """Steps to days: flows add up, stocks are those at midnight."""
    steps, days = round(1.0 / scenario.period.step_days), scenario.period.days
    table = {**variables.PEOPLE, **variables.FLOWS}
    of_days = {}
    for name, values in dataset.data_vars.items():
        whole = values.values.reshape(values.shape[0], days, steps, *values.shape[2:])
        day = whole.sum(axis=2) if table[str(name)].flow else whole[:, :, -1]
        of_days[name] = (values.dims, day)
    time = np.datetime64(scenario.period.start, "ns") + np.arange(days) * np.timedelta64(1, "D")
    coords = {name: coord for name, coord in dataset.coords.items() if name != "time"}
    return xr.Dataset(of_days, coords=coords | {"time": time, "member": np.arange(dataset.sizes["member"])})


def weekly(flows: xr.Dataset) -> xr.Dataset:
    """Flows of the weeks that begin with the first day, in single precision; `time` is the first day of each."""
    first = np.arange(0, flows.sizes["time"], DAYS_OF_WEEK)
    found = {
        name: (
            values.dims,
            np.add.reduceat(values.values, first, axis=values.dims.index("time")).astype(np.float32),
        )
        for name, values in flows.data_vars.items()
    }
    coords = {name: coord for name, coord in flows.coords.items() if name != "time"}
    return xr.Dataset(found, coords=coords | {"time": flows["time"].values[first]})


def move(
    inputs: Inputs,
    events: Timeline,
    member: Movement,
    leaving: xr.Dataset,
    hours: simulate.Routes,
    edges: Array,
    scenario: Scenario,
    sights: exposure.Sights,
    given: networks.Counted | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Move the people of one member; on a network, trips are added up by week."""
    places, step_days, on_network = inputs.destinations, scenario.period.step_days, inputs.network is not None
    if on_network:
        allowed = networks.allowed(inputs)
        conditions = networks.conditions(inputs, events, member, edges, given)
    else:
        rules, people = member.destinations, inputs.cells["population"].values
        allowed = simulate.Allowed(
            destinations.allowed(inputs.blocks, people, inputs.grid, places, rules),
            destinations.allowed_between(places, rules),
        )
        conditions = _conditions(inputs, events, member, edges, sights)
    inputs.let_go()
    with threadpool_limits(1, user_api="blas"):  # small products: more threads only wait for each other
        return simulate.simulate(
            leaving,
            inputs.blocks,
            places,
            allowed,
            hours,
            conditions,
            networks.as_counted(member, given),
            inputs.zones.code,
            step_days,
            None if given is None else given.begun,
            round(DAYS_OF_WEEK / step_days) if on_network else 1,
        )


def _of_weeks(flows: xr.Dataset, scenario: Scenario) -> xr.Dataset:
    """Trips that were added up by week, with their member and the first day of each."""
    first = np.arange(flows.sizes["time"]) * np.timedelta64(DAYS_OF_WEEK, "D")
    time = np.datetime64(scenario.period.start, "ns") + first
    return flows.assign_coords(time=time, member=np.arange(flows.sizes["member"]))


def _conditions(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array, sights: exposure.Sights
) -> list[simulate.Conditions]:
    """What people meet, step by step: where they may go, what presses them there, whether they may go home."""
    places = inputs.destinations
    danger, pressed = _at_destinations(inputs, events, member, edges, sights)
    homeward, calm = _homeward(inputs, events, member, edges, sights)
    start_holder = events.control.start[places.place]
    is_exit = places.zone >= inputs.zones.inside
    exit_code = np.array(inputs.zones.code)[places.zone]

    found = []
    for step, middle in enumerate((edges[:-1] + edges[1:]) / 2):
        closures = events.epochs[events.epoch_of_day[int(middle)]]
        shut = is_exit & np.isin(exit_code, closures.crossings)
        attraction = destinations.attraction(
            places,
            inputs.keys,
            holder=events.control.at(middle)[places.place],
            start_holder=start_holder,
            danger=danger[step],
            closed=shut,
            answers=events.answers,
            assumptions=member.destinations,
        )
        onward = np.where(is_exit, 0.0, pressed[step])
        found.append(simulate.Conditions(attraction, onward, homeward[step], calm[step], shut))
    return found


def _threats_at(inputs: Inputs, events: Timeline, sights: exposure.Sights, cell: Array) -> Threats:
    """Everything that presses people, as seen from some of the cells that are watched."""
    easting, northing = inputs.grid.centres(cell)
    return Threats(
        easting=easting,
        northing=northing,
        place=inputs.cells["place"].values[cell],
        control=events.control,
        fronts=sights.at(cell),
        strikes=events.strikes,
        pressures=events.pressures,
    )


def _at_destinations(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array, sights: exposure.Sights
) -> tuple[Array, Array]:
    """Threat and hazard at each destination as each response key meets them, shape (step, key, destination)."""
    cell, column = np.unique(inputs.destinations.cell, return_inverse=True)
    keys = inputs.keys.controller.size
    threats = _threats_at(inputs, events, sights, np.tile(cell, keys))
    key = np.repeat(np.arange(keys), cell.size)
    seen = hazard.danger(threats, events.answers, key, member.hazard, edges)
    factor = np.array([member.departures.prior_displaced_factor])
    met = np.diff(hazard.cumulative(threats, events.answers, key, member.hazard, edges, factor)[0], axis=0)
    shape = (len(edges) - 1, keys, cell.size)
    return seen.reshape(shape)[:, :, column], met.reshape(shape)[:, :, column]


def _homeward(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array, sights: exposure.Sights
) -> tuple[list[Array], Array]:
    """Hazard of going home by step, each of shape (ready, block); share of each step that is quiet, by block."""
    blocks, main = inputs.blocks, inputs.blocks.main_cell
    easting, northing = inputs.grid.centres(main)
    origins = returns.Origins(
        blocks.zone, inputs.cells["any_place"].values[main], blocks.key, easting, northing
    )
    middle = (edges[:-1] + edges[1:]) / 2
    where = (inputs.places.easting, inputs.places.northing)
    situation = returns.situations(
        origins, events.control, where, events.answers, events.returns, member.returns, middle
    )
    threats = _threats_at(inputs, events, sights, main)
    calm = returns.quiet(threats, member.hazard, member.returns, edges)
    homeward = [
        returns.hazard_of_return(now, share, length, member.returns)
        for now, share, length in zip(situation, calm, np.diff(edges), strict=True)
    ]
    return homeward, calm
