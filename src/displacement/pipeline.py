"""The whole path on one screen: `run`. A step that does not appear there does not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import variables
from displacement.io import area, cache
from displacement.io.area import Inputs
from displacement.io.gazetteer import Gazetteer
from displacement.io.provenance import provenance
from displacement.io.standards import catalogue
from displacement.movement import departures, destinations, hazard, routes, simulate
from displacement.movement.assumptions import Movement
from displacement.movement.control import of_cells
from displacement.movement.hazard import Threats
from displacement.needs.demand import demand
from displacement.result import Result
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

TILE_CELLS = 32_768
"""Cells that a tile has at the least, as far as the grid goes."""

PART_DAYS = 0.5
"""People choose anew at least so often, because places change hands at noon. [day]"""


def run(
    scenario: Scenario | str | Path,
    variant: str | None = None,
    members: int | None = None,
    seed: int | None = None,
    keep: Sequence[str] = (),
    map: Map = map,
    progress: Callable[[str], None] = lambda step: None,
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
        How tiles are worked through: the built-in `map`, or a cluster's.
    progress : callable
        Told the name of each step as it begins.

    Returns
    -------
    Result

    Raises
    ------
    displacement.InputError
        If the scenario or a table it names is wrong.
    """
    progress("reading the scenario and the area")
    scenario = _chosen(scenario, variant, members, seed)
    inputs = read_inputs(scenario)
    events = timeline.of(scenario, inputs)
    edges = _edges(scenario)
    parameters = [scenario.movement]

    progress("working out who leaves")
    leaving, cells_leaving = _departures(inputs, events, parameters, edges, map)
    leaving = _given(leaving, inputs, events, scenario)
    progress("working out travel times")
    ways = [_routes(inputs, events, member, scenario) for member in parameters]
    progress("moving people")
    moved = [
        _move(inputs, events, member, leaving.isel(member=at), ways[at], edges, scenario)
        for at, member in enumerate(parameters)
    ]
    people, flows = (xr.concat(parts, "member") for parts in zip(*moved, strict=True))
    people, flows = (_daily(part, scenario) for part in (people, flows))
    people = variables.describe(_with_names(people, inputs), variables.PEOPLE)
    flows = variables.describe(flows, variables.FLOWS)

    progress("working out the needs")
    needs = estimate_needs(people.isel(zone=slice(inputs.zones.inside)), scenario)
    return Result(
        scenario=scenario,
        inputs=inputs,
        people=people,
        flows=flows,
        needs=needs,
        fields=_fields(inputs, events, cells_leaving, scenario, keep),
        provenance=provenance(scenario.settings(), [scenario.path, *inputs.files, *events.files]),
    )


def estimate_needs(people: xr.Dataset, scenario: Scenario | None = None) -> xr.Dataset:
    """Aid that people need, from the model or from observed figures.

    Parameters
    ----------
    people : xarray.Dataset
        `arrivals` and `present_new` by (member, time, zone, type). [person]
    scenario : Scenario, optional
        Whose `needs` to reckon with; the standards as they are if left out.

    Returns
    -------
    xarray.Dataset
        `need` by (member, time, zone, item), in each item's unit, for each day.
    """
    from displacement.scenario.model import Needs

    settings = scenario.needs if scenario is not None else Needs()
    return demand(people, catalogue(settings, settings.items, settings.drop), settings)


def read_inputs(scenario: Scenario) -> Inputs:
    """The area of a scenario on its grid."""
    gazetteer = Gazetteer(scenario.area_folder)
    start = scenario.file(scenario.start_control or gazetteer.area.start_control)
    return area.read(gazetteer, scenario.grid.cell_km, scenario.movement.area, start)


def _chosen(
    scenario: Scenario | str | Path, variant: str | None, members: int | None, seed: int | None
) -> Scenario:
    """The scenario asked for, loaded if need be."""
    if not isinstance(scenario, Scenario):
        scenario = load(scenario, variant)
    elif variant is not None and variant != scenario.variant:
        scenario = load(scenario.path, variant)
    changed = {name: value for name, value in (("members", members), ("seed", seed)) if value is not None}
    if not changed:
        return scenario
    uncertainty = scenario.uncertainty.model_validate(scenario.uncertainty.model_dump() | changed)
    return scenario.model_copy(update={"uncertainty": uncertainty})


def _edges(scenario: Scenario) -> Array:
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


def _departures(
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


def _given(leaving: xr.Dataset, inputs: Inputs, events: Timeline, scenario: Scenario) -> xr.Dataset:
    """First departures that the scenario gives, in place of the model's."""
    if events.observed is None:
        return leaving
    parts = leaving.sizes["time"] // scenario.period.days
    by_part = np.repeat(events.observed, parts, axis=0) / parts
    given = departures.given(by_part, inputs.blocks.zone, leaving["start"].values)
    return leaving.assign(first_departures=leaving["first_departures"].copy(data=given[None]))


def _routes(inputs: Inputs, events: Timeline, member: Movement, scenario: Scenario) -> simulate.Routes:
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
        speed = routes.speeds(zone, open_roads, member.travel, closures.winter)
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


def _move(
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

    allowed = destinations.allowed(inputs.blocks, places, member.destinations)
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


def _daily(dataset: xr.Dataset, scenario: Scenario) -> xr.Dataset:
    """Steps to days: flows add up, stocks are those at midnight."""
    steps, days = round(1.0 / scenario.period.step_days), scenario.period.days
    table = {**variables.PEOPLE, **variables.FLOWS}
    daily = {}
    for name, values in dataset.data_vars.items():
        whole = values.values.reshape(values.shape[0], days, steps, *values.shape[2:])
        day = whole.sum(axis=2) if table[str(name)].flow else whole[:, :, -1]
        daily[name] = (values.dims, day)
    time = np.datetime64(scenario.period.start, "ns") + np.arange(days) * np.timedelta64(1, "D")
    coords = {name: coord for name, coord in dataset.coords.items() if name != "time"}
    return xr.Dataset(daily, coords=coords | {"time": time, "member": np.arange(1)})


def _with_names(people: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """Names of zones as coordinates."""
    zones = inputs.zones
    named = {"zone_name": zones.name, "zone_name_ar": zones.name_ar}
    named |= {"admin1": zones.admin1_name, "admin2": zones.admin2_name}
    return people.assign_coords({name: ("zone", list(values)) for name, values in named.items()})


def _fields(
    inputs: Inputs,
    events: Timeline,
    of_cells: list[tuple[Array, Array]],
    scenario: Scenario,
    keep: Sequence[str],
) -> xr.Dataset:
    """The gridded fields asked for."""
    unknown = set(keep) - set(variables.FIELDS)
    if unknown:
        raise ValueError(f"keep: unknown field '{min(unknown)}'; write {' or '.join(variables.FIELDS)}")
    grid, days = inputs.grid, scenario.period.days
    easting, northing = grid.centres()
    coords = {
        "time": np.datetime64(scenario.period.start, "ns") + np.arange(days) * np.timedelta64(1, "D"),
        "northing": northing.reshape(grid.shape)[:, 0],
        "easting": easting.reshape(grid.shape)[0],
    }
    found: dict[str, Any] = {}
    if "control" in keep:
        place = inputs.cells["place"].values
        held = [of_cells_at(events, place, day).reshape(grid.shape) for day in range(days)]
        found["control"] = (variables.FIELDS["control"].dims, np.stack(held))
    if "departures" in keep:
        left = np.zeros((len(of_cells[0][1]), days, grid.size))
        for cell, people in of_cells:
            left[:, :, cell] = people.reshape(len(people), days, -1, cell.size).sum(axis=2)
        whole = left.reshape(*left.shape[:2], *grid.shape)
        found["departures"] = (variables.FIELDS["departures"].dims, whole)
    fields: xr.Dataset = variables.describe(xr.Dataset(found, coords=coords), variables.FIELDS)
    return fields


def of_cells_at(events: Timeline, place: Array, day: int) -> Array:
    """Controller of each cell at the end of a day."""
    return of_cells(events.control.at(day + 1.0), place)
