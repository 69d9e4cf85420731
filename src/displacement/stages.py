"""The stages of the path: inputs and events in, departures, travel times and moves out.

Each takes what the stage before it gives; `pipeline.run` puts them in a row.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from displacement import variables
from displacement.io import cache
from displacement.io.inputs import Inputs
from displacement.kernels import travel as kernel
from displacement.movement import departures, destinations, hazard, returns, routes, simulate
from displacement.movement.assumptions import Movement
from displacement.movement.hazard import Threats
from displacement.scenario import timeline
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]
Item = TypeVar("Item")
Done = TypeVar("Done")
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

DAYS_OF_WEEK = 7
BATCH = 4
"""Members that one process works on before it hands them back."""
TILE_CELLS = 32_768
"""Cells that a tile has at the least, as far as the grid goes."""


def edges_of(scenario: Scenario) -> Array:
    """Edges of the steps, shape (step + 1,). [day]"""
    period = scenario.period
    return np.linspace(0.0, period.days, round(period.days / period.step_days) + 1)


class _Tile(NamedTuple):
    """Some rows of the grid, and the cells in them where people live."""

    rows: slice
    cells: departures.Cells


def tiles(inputs: Inputs, least_cells: int = TILE_CELLS) -> list[_Tile]:
    """Cut the grid into bands of rows that no block straddles, leaving out bands without people."""
    grid, of_cell = inputs.grid, inputs.blocks.of_cell
    side = int(np.argmax(np.diff(inputs.cells["tile"].values[:: grid.shape[1]], append=-1) != 0)) + 1
    step = side * max(1, -(-least_cells // (side * grid.shape[1])))
    found = []
    for first in range(0, grid.shape[0], step):
        rows = slice(first, min(first + step, grid.shape[0]))
        span = slice(rows.start * grid.shape[1], rows.stop * grid.shape[1])
        cell = span.start + np.flatnonzero(of_cell[span] >= 0)
        if cell.size:
            block, zone = of_cell[cell], inputs.cells["zone"].values[cell]
            cells = departures.Cells(
                cell=cell,
                population=inputs.cells["population"].values[cell],
                prior_share=inputs.prior_share[zone],
                key=inputs.cells["response"].values[cell],
                block=block - block.min(),
                first_block=int(block.min()),
                blocks=int(block.max() - block.min()) + 1,
            )
            found.append(_Tile(rows, cells))
    return found


def _tile_departures(
    tile: _Tile, inputs: Inputs, events: Timeline, parameters: Sequence[Movement], edges: Array
) -> tuple[xr.Dataset, Array]:
    """First departures of one tile, for all members: by block, and by cell."""
    grid = inputs.grid
    place = inputs.cells["place"].values
    inside = tile.cells.cell - tile.rows.start * grid.shape[1]
    results = []
    for member in parameters:
        fronts = hazard.front_distances(
            events.control, place.reshape(grid.shape), grid.cell_km, member.hazard.horizon, tile.rows
        )
        easting, northing = grid.centres(tile.cells.cell)
        threats = Threats(
            easting=easting,
            northing=northing,
            place=place[tile.cells.cell],
            control=events.control,
            fronts=[front._replace(distance=front.distance[inside]) for front in fronts],
            strikes=events.strikes,
            pressures=events.pressures,
        )
        results.append(departures.first_departures(tile.cells, threats, events.answers, member, edges))
    by_block = xr.concat([result[0] for result in results], "member")
    return by_block, np.stack([result[1] for result in results])


def first_departures(
    inputs: Inputs, events: Timeline, parameters: Sequence[Movement], edges: Array, map: Map
) -> tuple[xr.Dataset, list[tuple[Array, Array]]]:
    """First departures by block, tile after tile; and those of the cells of each tile."""
    work = partial(_tile_departures, inputs=inputs, events=events, parameters=parameters, edges=edges)
    parts = tiles(inputs)
    done = list(map(work, parts))
    by_block = xr.concat([by_block for by_block, _ in done], "origin")
    by_block = by_block.transpose("member", "time", "group", "origin")
    by_block["start"] = by_block["start"].isel(member=0)
    of_cells = [(tile.cells.cell, cells) for tile, (_, cells) in zip(parts, done, strict=True)]
    return variables.check(by_block, variables.DEPARTURES), of_cells


def replaced(leaving: xr.Dataset, inputs: Inputs, events: Timeline, scenario: Scenario) -> xr.Dataset:
    """First departures that the scenario gives, in place of the model's."""
    if events.observed is None:
        return leaving
    steps = leaving.sizes["time"] // scenario.period.days
    by_step = np.repeat(events.observed, steps, axis=0) / steps
    given = departures.given(by_step, inputs.blocks.zone, leaving["start"].values)
    return leaving.assign(first_departures=leaving["first_departures"].copy(data=given[None]))


def travel_times(inputs: Inputs, events: Timeline, member: Movement, scenario: Scenario) -> simulate.Routes:
    """Hours between blocks and destinations, for every closure epoch.

    Where tracks and roads are all there is, times at a road factor of 1 are worked out and divided by the factor: members
    that share the ratio of the two speeds share them. The hours beyond exits are then at the same factor.
    """
    factor = member.travel.road_factor if inputs.terrain_speed is None else 1.0
    if factor != 1.0:
        travel = member.travel.model_copy(
            update={"road_factor": 1.0, "track_speed": float(f"{member.travel.track_speed / factor:.12g}")}
        )
        plain = travel_times(inputs, events, member.model_copy(update={"travel": travel}), scenario)
        scaled = ([hours / factor for hours in part] for part in (plain.from_blocks, plain.between))
        return simulate.Routes(plain.epoch, *scaled)
    grid, zone = inputs.grid, inputs.cells["zone"].values
    weights = inputs.blocks.weights(inputs.cells["population"].values)
    grounds = []
    for start, closures in zip(events.epoch_start, events.epochs, strict=True):
        open_roads = [
            (road.cell[part], road.speed[part])
            for name, road in inputs.roads.items()
            for part in _open_parts(name, len(road.cell), closures.roads)
        ]
        speed = routes.speeds(zone, open_roads, member.travel, closures.winter, inputs.terrain_speed)
        holder = events.control.at(start + timeline.NOON)[inputs.cells["any_place"].values]
        closed = np.zeros((len(inputs.controllers), len(inputs.controllers)), dtype=bool)
        for first, second in closures.boundaries:
            closed[first, second] = closed[second, first] = True
        gate = _gates(inputs, closures.crossings, member.area.crossing_reach)
        held, gated = holder.reshape(grid.shape), gate.reshape(grid.shape)
        grounds.append(kernel.ground(speed.reshape(grid.shape), grid.cell_km, held, closed, gated))
    met = [part for ground in grounds for part in ground]
    goal = (inputs.destinations.cell, inputs.destinations.hours_beyond)
    parts = (kernel.kernel_name() == kernel.SCIPY, *met, weights.data, weights.indices, weights.indptr, *goal)
    from_blocks, between = cache.cached(
        "hours-2", parts, partial(routes.costs, grounds, inputs.destinations, weights)
    )
    epoch = np.repeat(events.epoch_of_day, round(1.0 / scenario.period.step_days))
    return simulate.Routes(epoch, list(from_blocks), list(between))


def travel_notes() -> tuple[str, ...]:
    """What a planner should know of how travel times are worked out."""
    if kernel.variants():
        return ()
    return (
        "travel times are SciPy's, slower with the same answers: this package was built without a compiler",
    )


class Moved(NamedTuple):
    """What some members come to."""

    people: xr.Dataset
    """By day."""
    flows: xr.Dataset
    """By day of one member, by week of several."""
    of_cells: list[tuple[Array, Array]]
    """First departures of the cells of each tile; of one member only."""


def run_members(
    members: Sequence[Movement],
    inputs: Inputs,
    events: Timeline,
    edges: Array,
    scenario: Scenario,
    by_week: bool = False,
    map: Map = map,
    progress: Callable[[str], None] = lambda step: None,
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
    progress : callable
        Told the name of each step as it begins.
    """
    people: list[xr.Dataset] = []
    flows: list[xr.Dataset] = []
    of_cells: list[tuple[Array, Array]] = []
    for member in members:
        progress("working out who leaves")
        met = replace(events, answers=timeline.answers(scenario, inputs, member.response))
        leaving, of_cells = first_departures(inputs, met, [member], edges, map)
        leaving = replaced(leaving, inputs, met, scenario)
        progress("working out travel times")
        ways = travel_times(inputs, met, member, scenario)
        progress("moving people")
        moved = move(inputs, met, member, leaving.isel(member=0), ways, edges, scenario)
        by_day = [daily(part, scenario) for part in moved]
        people.append(by_day[0])
        flows.append(weekly(by_day[1]) if by_week else by_day[1])
    who, where = (xr.concat(parts, "member") for parts in (people, flows))
    return Moved(who, where, of_cells if len(members) == 1 else [])


def in_batches(
    work: Callable[[Sequence[Item]], Done], items: Sequence[Item], workers: int, told: Callable[[int], None]
) -> Iterator[Done]:
    """Work through many members batch by batch, in processes of their own where there are several workers.

    Parameters
    ----------
    work : callable
        Of a batch of items; for several workers it can be pickled.
    items : sequence
        One for each member.
    workers : int
        Processes.
    told : callable
        Told how many are done, after each batch.

    Yields
    ------
    What `work` returns of each batch, in order.
    """
    batches = [items[first : first + BATCH] for first in range(0, len(items), BATCH)]
    if workers == 1:
        yield from _counted(map(work, batches), batches, told)
    else:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            yield from _counted(pool.map(work, batches), batches, told)


def _counted(
    results: Iterable[Done], batches: Sequence[Sequence[Item]], told: Callable[[int], None]
) -> Iterator[Done]:
    """The results, each counted as it comes."""
    ready = 0
    for result, batch in zip(results, batches, strict=True):
        ready += len(batch)
        told(ready)
        yield result


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


def _open_parts(name: str, count: int, closed: Iterable[tuple[str, int, int]]) -> list[Array]:
    """Positions of a road's points that are open."""
    is_open = np.ones(count, dtype=bool)
    for road, first, last in closed:
        if road == name:
            is_open[first : last + 1] = False
    return [np.flatnonzero(is_open)]


def _gates(inputs: Inputs, closed: Iterable[str], reach: float) -> Array:
    """Cells around crossings that are open."""
    crossings, (easting, northing) = inputs.crossings, inputs.grid.centres()
    gate = np.zeros(inputs.grid.size, dtype=bool)
    for at, code in enumerate(crossings.code):
        if not crossings.is_exit[at] and code not in closed:
            away = np.hypot(easting - crossings.easting[at], northing - crossings.northing[at])
            gate |= away <= reach * 1000.0
    return gate


def move(
    inputs: Inputs,
    events: Timeline,
    member: Movement,
    leaving: xr.Dataset,
    ways: simulate.Routes,
    edges: Array,
    scenario: Scenario,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Move the people of one member."""
    weights = inputs.blocks.weights(inputs.cells["population"].values)
    easting, northing = inputs.grid.centres()
    rules = member.destinations
    allowed = simulate.Allowed(
        destinations.allowed(weights, easting, northing, inputs.grid.cell_area, inputs.destinations, rules),
        destinations.allowed_between(inputs.destinations, rules),
    )
    conditions = _conditions(inputs, events, member, edges)
    with threadpool_limits(1, user_api="blas"):  # small products: more threads only wait for each other
        return simulate.simulate(
            leaving,
            inputs.blocks,
            inputs.destinations,
            allowed,
            ways,
            conditions,
            member,
            inputs.zones.code,
            scenario.period.step_days,
        )


def _conditions(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array
) -> Callable[[int], simulate.Conditions]:
    """What people meet, step by step: where they may go, what presses them there, whether they may go home."""
    places = inputs.destinations
    fronts = hazard.front_distances(
        events.control,
        inputs.cells["place"].values.reshape(inputs.grid.shape),
        inputs.grid.cell_km,
        member.hazard.horizon,
        slice(0, inputs.grid.shape[0]),
    )
    danger, pressed = _at_destinations(inputs, events, member, edges, fronts)
    homeward, calm = _homeward(inputs, events, member, edges, fronts)
    start_holder = events.control.start[places.place]
    is_exit = places.zone >= inputs.zones.inside
    exit_code = np.array(inputs.zones.code)[places.zone]

    def conditions(step: int) -> simulate.Conditions:
        middle = (edges[step] + edges[step + 1]) / 2
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
        return simulate.Conditions(attraction, onward, homeward[step], calm[step], shut)

    return conditions


def _threats_at(inputs: Inputs, events: Timeline, fronts: Sequence[hazard.Front], cell: Array) -> Threats:
    """Everything that presses people, as seen from some cells of the grid."""
    easting, northing = inputs.grid.centres(cell)
    return Threats(
        easting=easting,
        northing=northing,
        place=inputs.cells["place"].values[cell],
        control=events.control,
        fronts=[front._replace(distance=front.distance[cell]) for front in fronts],
        strikes=events.strikes,
        pressures=events.pressures,
    )


def _at_destinations(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array, fronts: Sequence[hazard.Front]
) -> tuple[Array, Array]:
    """Threat and hazard at each destination as each response key meets them, shape (step, key, destination)."""
    cell, column = np.unique(inputs.destinations.cell, return_inverse=True)
    keys = inputs.keys.controller.size
    threats = _threats_at(inputs, events, fronts, np.tile(cell, keys))
    key = np.repeat(np.arange(keys), cell.size)
    seen = hazard.danger(threats, events.answers, key, member.hazard, edges)
    factor = np.array([member.departures.prior_displaced_factor])
    met = np.diff(hazard.cumulative(threats, events.answers, key, member.hazard, edges, factor)[0], axis=0)
    shape = (len(edges) - 1, keys, cell.size)
    return seen.reshape(shape)[:, :, column], met.reshape(shape)[:, :, column]


def _homeward(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array, fronts: Sequence[hazard.Front]
) -> tuple[list[Array], Array]:
    """Hazard of going home by step, each of shape (ready, block); share of each step that is quiet, by block."""
    blocks, main = inputs.blocks, inputs.blocks.main_cell(inputs.cells["population"].values)
    easting, northing = inputs.grid.centres(main)
    origins = returns.Origins(
        blocks.zone, inputs.cells["any_place"].values[main], blocks.key, easting, northing
    )
    middle = (edges[:-1] + edges[1:]) / 2
    where = (inputs.places.easting, inputs.places.northing)
    situation = returns.situations(
        origins, events.control, where, events.answers, events.returns, member.returns, middle
    )
    threats = _threats_at(inputs, events, fronts, main)
    calm = returns.quiet(threats, member.hazard, member.returns, edges)
    homeward = [
        returns.hazard_of_return(now, share, length, member.returns)
        for now, share, length in zip(situation, calm, np.diff(edges), strict=True)
    ]
    return homeward, calm
