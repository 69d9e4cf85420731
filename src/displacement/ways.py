"""How long the ways of a member are in every closure epoch: roads, tracks, closed lines and crossings to hours (E4)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement import networks
from displacement.io import cache
from displacement.io.inputs import Inputs
from displacement.kernels import travel as kernel
from displacement.movement import routes
from displacement.movement.assumptions import Movement, Travel
from displacement.movement.simulate import Routes
from displacement.scenario import timeline
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

__all__ = ["Last", "plain_speeds", "travel_times"]

Array = NDArray[Any]
Hours = tuple[Array, ...]
Last = dict[tuple[Travel, float], Hours]


def plain_speeds(member: Movement) -> Travel:
    """What hours at a road factor of 1 depend on: of two members' alike, the hours are too."""
    track = float(f"{member.travel.track_speed / member.travel.road_factor:.12g}")
    return Travel(road_factor=1.0, track_speed=track, winter_factor=member.travel.winter_factor)


def travel_times(
    inputs: Inputs,
    events: Timeline,
    member: Movement,
    scenario: Scenario,
    last: Last | None = None,
) -> Routes:
    """Hours between blocks and destinations, for every closure epoch.

    Where tracks and roads are all there is, times at a road factor of 1 are worked out and divided by the factor: members
    that share the ratio of the two speeds share them. The hours beyond exits are then at the same factor.

    Parameters
    ----------
    inputs, events : Inputs, Timeline
        The area and what happens in it.
    member : Movement
    scenario : Scenario
        Its period.
    last : dict, optional
        Hours at a road factor of 1 of the member before, taken where its speeds were alike and else replaced.
    """
    if inputs.network is not None:
        return networks.travel_times(inputs, events, member, scenario)
    last = {} if last is None else last
    by_factor = inputs.land.terrain_speed is None
    travel, factor = (plain_speeds(member), member.travel.road_factor) if by_factor else (member.travel, 1.0)
    own = travel, member.area.crossing_reach
    if own not in last:
        last.clear()
        last[own] = _hours(inputs, events, *own)
    parts = last[own]
    from_blocks, between = parts if factor == 1.0 else ([hours / factor for hours in part] for part in parts)
    epoch = np.repeat(events.epoch_of_day, round(1.0 / scenario.period.step_days))
    return Routes(epoch, list(from_blocks), list(between))


def _hours(inputs: Inputs, events: Timeline, travel: Travel, crossing_reach: float) -> Hours:
    """Hours from blocks to destinations and between these, in every closure epoch, from the cache if it has them."""
    land = inputs.land
    weights = inputs.blocks.weights(inputs.cells["population"].values, inputs.grid, land.grid)
    grounds = []
    for start, closures in zip(events.epoch_start, events.epochs, strict=True):
        open_roads = [
            (road.cell[part], road.speed[part])
            for name, road in inputs.land.roads.items()
            for part in _open_parts(name, len(road.cell), closures.roads)
        ]
        speed = routes.speeds(land.passable, open_roads, travel, closures.winter, land.terrain_speed)
        holder = events.control.at(start + timeline.NOON)[land.any_place]
        closed = np.zeros((len(inputs.controllers), len(inputs.controllers)), dtype=bool)
        for first, second in closures.boundaries:
            closed[first, second] = closed[second, first] = True
        gate = _gates(inputs, closures.crossings, crossing_reach)
        held, gated = holder.reshape(land.grid.shape), gate.reshape(land.grid.shape)
        grounds.append(kernel.ground(speed.reshape(land.grid.shape), land.grid.cell_km, held, closed, gated))
    met = [part for ground in grounds for part in ground]
    places = inputs.destinations
    goal = (land.grid.cell(places.easting, places.northing), places.hours_beyond)
    parts = (kernel.kernel_name() == kernel.SCIPY, *met, weights.data, weights.indices, weights.indptr, *goal)
    return cache.cached("hours-2", parts, partial(routes.costs, grounds, *goal, weights))


def _open_parts(name: str, count: int, closed: Iterable[tuple[str, int, int]]) -> list[Array]:
    """Positions of a road's points that are open."""
    is_open = np.ones(count, dtype=bool)
    for road, first, last in closed:
        if road == name:
            is_open[first : last + 1] = False
    return [np.flatnonzero(is_open)]


def _gates(inputs: Inputs, closed: Iterable[str], reach: float) -> Array:
    """Cells of the land around crossings that are open."""
    crossings, grid = inputs.crossings, inputs.land.grid
    gate = np.zeros(grid.size, dtype=bool)
    for at, code in enumerate(crossings.code):
        if not crossings.is_exit[at] and code not in closed:
            near = grid.around(crossings.easting[at], crossings.northing[at], reach)
            easting, northing = grid.centres(near)
            away = np.hypot(easting - crossings.easting[at], northing - crossings.northing[at])
            gate[near[away <= reach * 1000.0]] = True
    return gate
