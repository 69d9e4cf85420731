"""The stages of the path: inputs and events in, departures, travel times and moves out.

Each takes what the stage before it gives; `pipeline.run` puts them in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import variables
from displacement.io import cache
from displacement.io.inputs import Inputs
from displacement.movement import departures, destinations, hazard, routes, simulate
from displacement.movement.assumptions import Movement
from displacement.movement.hazard import Threats
from displacement.scenario import timeline
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

TILE_CELLS = 32_768
"""Cells that a tile has at the least, as far as the grid goes."""

PART_DAYS = 0.5
"""People choose anew at least so often, because places change hands at noon. [day]"""


def edges_of(scenario: Scenario) -> Array:
    """Edges of the parts of steps, shape (step * parts + 1,). [day]"""
    part = min(PART_DAYS, scenario.period.step_days)
    return np.linspace(0.0, scenario.period.days, round(scenario.period.days / part) + 1)


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
    parts = leaving.sizes["time"] // scenario.period.days
    by_part = np.repeat(events.observed, parts, axis=0) / parts
    given = departures.given(by_part, inputs.blocks.zone, leaving["start"].values)
    return leaving.assign(first_departures=leaving["first_departures"].copy(data=given[None]))


def travel_times(inputs: Inputs, events: Timeline, member: Movement, scenario: Scenario) -> simulate.Routes:
    """Hours between blocks and destinations, for every closure epoch."""
    grid, zone = inputs.grid, inputs.cells["zone"].values
    weights = inputs.blocks.weights(inputs.cells["population"].values)
    found = []
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
        if not closed.any():
            holder = np.full_like(holder, -1)
        gate = _gates(inputs, closures.crossings, member.area.crossing_reach)
        of_epoch = partial(
            routes.costs, speed, grid.shape, grid.cell_km, holder, closed, gate, inputs.destinations, weights
        )
        parts = (speed, grid.shape, grid.cell_km, holder, closed, gate, weights.data, weights.indices)
        goal = (inputs.destinations.cell, inputs.destinations.hours_beyond)
        found.append(cache.cached("hours-1", (*parts, weights.indptr, *goal), of_epoch))
    epoch = np.repeat(events.epoch_of_day, round(1.0 / scenario.period.step_days))
    return simulate.Routes(epoch, [hours for hours, _ in found], [between for _, between in found])


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
    places = inputs.destinations
    danger = _danger(inputs, events, member, edges)
    start_holder = events.control.start[places.place]
    is_exit = np.isin(places.zone, np.arange(inputs.zones.inside, len(inputs.zones.code)))
    exit_code = np.array(inputs.zones.code)[places.zone]

    def attraction(part: int) -> Array:
        middle = (edges[part] + edges[part + 1]) / 2
        closures = events.epochs[events.epoch_of_day[int(middle)]]
        return destinations.attraction(
            places,
            inputs.keys,
            holder=events.control.at(middle)[places.place],
            start_holder=start_holder,
            danger=danger[part],
            closed=is_exit & np.isin(exit_code, closures.crossings),
            answers=events.answers,
            assumptions=member.destinations,
        )

    weights = inputs.blocks.weights(inputs.cells["population"].values)
    easting, northing = inputs.grid.centres()
    rules = member.destinations
    allowed = destinations.allowed(weights, easting, northing, inputs.grid.cell_area, places, rules)
    return simulate.simulate(
        leaving,
        inputs.blocks,
        places,
        allowed,
        ways,
        attraction,
        member,
        inputs.zones.code,
        scenario.period.step_days,
    )


def _danger(inputs: Inputs, events: Timeline, member: Movement, edges: Array) -> Array:
    """Threat at each destination as each response key sees it, shape (step, key, destination)."""
    grid, place = inputs.grid, inputs.cells["place"].values
    cell, column = np.unique(inputs.destinations.cell, return_inverse=True)
    keys = inputs.keys.controller.size
    fronts = hazard.front_distances(
        events.control,
        place.reshape(grid.shape),
        grid.cell_km,
        member.hazard.horizon,
        slice(0, grid.shape[0]),
    )
    easting, northing = grid.centres(cell)
    threats = Threats(
        easting=np.tile(easting, keys),
        northing=np.tile(northing, keys),
        place=np.tile(place[cell], keys),
        control=events.control,
        fronts=[front._replace(distance=np.tile(front.distance[cell], keys)) for front in fronts],
        strikes=events.strikes,
        pressures=events.pressures,
    )
    key = np.repeat(np.arange(keys), cell.size)
    seen = hazard.danger(threats, events.answers, key, member.hazard, edges)
    return np.asarray(seen.reshape(len(edges) - 1, keys, cell.size)[:, :, column])
