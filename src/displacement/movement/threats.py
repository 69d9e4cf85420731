"""What presses people to leave, as cells see it: changes of control, strikes, declared pressure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels.distance import distance_to
from displacement.movement.control import Control

Array = NDArray[Any]
UNNAMED = -2
"""Striker of strikes that are laid to no controller: they press everybody."""


class Front(NamedTuple):
    """Cells that change hands at one time to one controller."""

    time: float
    """[day]"""
    controller: int
    distance: Array
    """Distance of each cell to them, shape (cell,); infinite beyond the horizon. [km]"""


class Strike(NamedTuple):
    """Strikes at one point and time."""

    time: float
    """[day]"""
    weight: float
    """Number of strikes, or a relative intensity."""
    easting: float
    northing: float
    """[m]"""
    by: int = UNNAMED
    """Controller that strikes."""


class Pressure(NamedTuple):
    """A declared pressure: an assault that need not take anything."""

    start: float
    end: float
    """[day]"""
    controller: int
    intensity: float
    """Relative to a change of control. [1]"""
    easting: float
    northing: float
    """[m]"""
    within_km: float
    """Full strength as far as this. [km]"""


@dataclass(frozen=True)
class Threats:
    """Everything that presses people to leave, as a set of cells sees it."""

    easting: Array
    northing: Array
    """Of each cell, shape (cell,). [m]"""
    place: Array
    """Nearest named place of each cell, shape (cell,); -1 for none."""
    control: Control
    fronts: Sequence[Front] = ()
    strikes: Sequence[Strike] = ()
    pressures: Sequence[Pressure] = ()


@dataclass(frozen=True)
class Answers:
    """How each response key answers to each controller.

    Parameters
    ----------
    response : array of shape (key, controller)
        Departure response psi: 0 to one's own side, 1 for `most`. [1]
    foreign : array of bool, shape (key, controller)
        True where the controller is not of the key's own side.
    """

    response: Array
    foreign: Array


def front_distances(
    control: Control, place: Array, cell_km: float, horizon: float, rows: slice
) -> Iterator[Front]:
    """Distance to what changes hands, for some rows of the grid.

    Only what lies within `horizon` of what changes and of the rows is looked at, and distances beyond the horizon are
    infinite, so that the answer does not depend on how the grid is cut into rows.

    Parameters
    ----------
    control : Control
        Who holds each place over time.
    place : array of int, shape (row, column)
        Nearest named place of each cell of the whole grid; -1 for none.
    cell_km, horizon : float
        Side of a cell; distance beyond which nothing has an effect. [km]
    rows : slice
        The rows asked for.

    Yields
    ------
    Front
        In order of time, then controller; none for what lies further off.
    """
    halo = int(np.ceil(horizon / cell_km))
    top, bottom = max(0, rows.start - halo), min(place.shape[0], rows.stop + halo)
    for time, controller, places in control.fronts():
        changed = np.append(places, False)[place[top:bottom]]
        across, along = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        if across.size == 0:
            continue
        first = min(max(int(across[0]) - halo, rows.start - top), int(across[0]))
        last = max(min(int(across[-1]) + halo + 1, rows.stop - top), int(across[-1]) + 1)
        west, east = max(0, int(along[0]) - halo), int(along[-1]) + halo + 1
        near = distance_to(changed[first:last, west:east], cell_km)
        distance = np.full((bottom - top, place.shape[1]), np.inf)
        distance[first:last, west:east] = np.where(near <= horizon, near, np.inf)
        yield Front(time, controller, distance[rows.start - top : rows.stop - top].ravel())


def effect_of_fronts(threats: Threats, psi: Array, reach: float) -> dict[float, Array]:
    """For each time at which anything changes hands, the largest psi * exp(-d / reach) by cell."""
    effect: dict[float, Array] = {}
    for front in threats.fronts:
        seen = psi[:, front.controller] * np.exp(-front.distance / reach)
        earlier = effect.get(front.time)
        effect[front.time] = seen if earlier is None else np.maximum(earlier, seen)
    return effect


def strikers_of(threats: Threats) -> Array:
    """The controllers that strike, `UNNAMED` too where it occurs."""
    return np.unique([strike.by for strike in threats.strikes]).astype(np.int64)


def effect_of_strikes(threats: Threats, reach: float, horizon: float) -> dict[float, Array]:
    """For each time with strikes, the sum of weight * exp(-d / reach), shape (striker, cell)."""
    if not threats.strikes:
        return {}
    time, weight, easting, northing, by = np.array(threats.strikes, dtype=float).T
    points, at = np.unique(np.column_stack([easting, northing]), axis=0, return_inverse=True)
    distance = np.array([_distance_to_point(threats, *point) for point in points])
    seen = np.where(distance <= horizon, np.exp(-distance / reach), 0.0)
    strikers = strikers_of(threats)
    effect: dict[float, Array] = {}
    for moment in np.unique(time):
        fallen = np.zeros((strikers.size, len(points)))
        now = time == moment
        np.add.at(fallen, (np.searchsorted(strikers, by[now]), at.ravel()[now]), weight[now])
        effect[float(moment)] = fallen @ seen
    return effect


def _distance_to_point(threats: Threats, easting: float, northing: float) -> Array:
    """Straight distance of each cell to a point. [km]"""
    return np.asarray(np.hypot(threats.easting - easting, threats.northing - northing) / 1000.0)


def foreseen_of(effect: dict[float, Array], rise: float, size: int) -> list[tuple[float, Array]]:
    """Backward recurrence: at each front's time, the largest effect of it and all later ones."""
    ahead: list[tuple[float, Array]] = []
    value, later = np.zeros(size), 0.0
    for time in sorted(effect, reverse=True):
        value = np.maximum(value * np.exp(-rise * (later - time)), effect[time])
        later = time
        ahead.append((time, value))
    return ahead[::-1]


def declared_at(threats: Threats, psi: Array, time: float, reach: float) -> Array:
    """The largest declared pressure at a time, psi * intensity * exp(-d / reach), by cell."""
    value = np.zeros(threats.easting.size)
    for pressure in threats.pressures:
        if pressure.start <= time < pressure.end:
            distance = _distance_to_point(threats, pressure.easting, pressure.northing)
            beyond = np.maximum(distance - pressure.within_km, 0.0)
            seen = psi[:, pressure.controller] * pressure.intensity * np.exp(-beyond / reach)
            value = np.maximum(value, seen)
    return value


def breaks_of(threats: Threats, edges: Array) -> Array:
    """Every moment of the run at which anything jumps, and the edges of the steps."""
    jumps = [front.time for front in threats.fronts] + [strike.time for strike in threats.strikes]
    jumps += [time for pressure in threats.pressures for time in (pressure.start, pressure.end)]
    inside = [time for time in (*jumps, *threats.control.times) if edges[0] < time < edges[-1]]
    return np.unique(np.concatenate([edges, np.array(inside, dtype=float)]))


def changed_at(control: Control, time: float) -> Array:
    """True for the places that change hands at a time, shape (place + 1,); False for the last, which is no place."""
    index = int(np.searchsorted(control.times, time))
    return np.append(control.holder[index + 1] != control.holder[index], False)
