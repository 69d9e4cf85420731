"""Pressure to leave (E2): changes of control near and imminent, takeovers, strikes.

Between two moments at which anything jumps, every part of the hazard has a closed integral: the threat is
the larger of a falling, a rising and a constant exponential; a takeover decays; and the strikes' s/(1+s)
integrates to a logarithm. So the integral over a step is exact, whatever the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels.distance import distance_to
from displacement.movement.assumptions import Hazard
from displacement.movement.control import Control, of_cells

Array = NDArray[Any]
LN2 = float(np.log(2.0))
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


class Panel(NamedTuple):
    """Integrals over a stretch of time in which nothing jumps."""

    start: float
    end: float
    threat: Array
    """Integral of psi * A, shape (cell,). [day]"""
    takeover: Array
    """Integral of psi * 2^(-(t-T)/h) since the cell changed hands, shape (cell,). [day]"""
    strikes: Array
    """Integral of s / (1 + s), shape (cell,). [day]"""
    taken: Array
    """True where the cell came into the hands of a side not its people's own, shape (cell,)."""


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


def threat_integral(
    falling: Array, rising: Array, constant: Array, length: float, fall: float, rise: float
) -> Array:
    """Integral over [0, length] of max(falling e^(-fall s), rising e^(-rise (length - s)), constant).

    Parameters
    ----------
    falling, rising, constant : array
        The memory's value at the start, the foresight's value at the end, and the declared pressure. [1]
    length : float
        Length of the stretch. [day]
    fall, rise : float
        Rates of forgetting and foreseeing. [1/day]

    Returns
    -------
    array
        [day]

    Examples
    --------
    >>> threat_integral(np.array([0.0]), np.array([0.0]), np.array([0.5]), 2.0, 0.1, 0.2)
    array([1.])
    """
    if not np.any(constant):
        with np.errstate(divide="ignore", invalid="ignore"):
            until = np.clip((np.log(falling / rising) + rise * length) / (fall + rise), 0.0, length)
        until = np.nan_to_num(until, copy=False, nan=0.0)
        since = length - until
        return np.asarray(
            falling * -np.expm1(-fall * until) / fall + rising * -np.expm1(-rise * since) / rise
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        to_constant = np.clip(np.log(falling / constant) / fall, 0.0, length)
        from_constant = np.clip(length - np.log(rising / constant) / rise, 0.0, length)
        crossing = np.clip((np.log(falling / rising) + rise * length) / (fall + rise), 0.0, length)
    to_constant = np.nan_to_num(to_constant, nan=length)
    from_constant = np.nan_to_num(from_constant, nan=0.0)
    crossing = np.nan_to_num(crossing, nan=0.0)
    direct = to_constant >= from_constant
    until = np.where(direct, crossing, to_constant)
    since = np.where(direct, crossing, from_constant)
    return np.asarray(
        falling * -np.expm1(-fall * until) / fall
        + constant * (since - until)
        + rising * -np.expm1(-rise * (length - since)) / rise
    )


def _effect_of_fronts(threats: Threats, psi: Array, reach: float) -> dict[float, Array]:
    """For each time at which anything changes hands, the largest psi * exp(-d / reach) by cell."""
    effect: dict[float, Array] = {}
    for front in threats.fronts:
        seen = psi[:, front.controller] * np.exp(-front.distance / reach)
        earlier = effect.get(front.time)
        effect[front.time] = seen if earlier is None else np.maximum(earlier, seen)
    return effect


def _strikers(threats: Threats) -> Array:
    """The controllers that strike, `UNNAMED` too where it occurs."""
    return np.unique([strike.by for strike in threats.strikes]).astype(np.int64)


def _effect_of_strikes(threats: Threats, reach: float, horizon: float) -> dict[float, Array]:
    """For each time with strikes, the sum of weight * exp(-d / reach), shape (striker, cell)."""
    if not threats.strikes:
        return {}
    time, weight, easting, northing, by = np.array(threats.strikes, dtype=float).T
    points, at = np.unique(np.column_stack([easting, northing]), axis=0, return_inverse=True)
    distance = np.array([_distance_to_point(threats, *point) for point in points])
    seen = np.where(distance <= horizon, np.exp(-distance / reach), 0.0)
    strikers = _strikers(threats)
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


def _foreseen(effect: dict[float, Array], rise: float, size: int) -> list[tuple[float, Array]]:
    """Backward recurrence: at each front's time, the largest effect of it and all later ones."""
    ahead: list[tuple[float, Array]] = []
    value, later = np.zeros(size), 0.0
    for time in sorted(effect, reverse=True):
        value = np.maximum(value * np.exp(-rise * (later - time)), effect[time])
        later = time
        ahead.append((time, value))
    return ahead[::-1]


def _declared(threats: Threats, psi: Array, time: float, reach: float) -> Array:
    """The largest declared pressure at a time, psi * intensity * exp(-d / reach), by cell."""
    value = np.zeros(threats.easting.size)
    for pressure in threats.pressures:
        if pressure.start <= time < pressure.end:
            distance = _distance_to_point(threats, pressure.easting, pressure.northing)
            beyond = np.maximum(distance - pressure.within_km, 0.0)
            seen = psi[:, pressure.controller] * pressure.intensity * np.exp(-beyond / reach)
            value = np.maximum(value, seen)
    return value


def _breaks(threats: Threats, edges: Array) -> Array:
    """Every moment of the run at which anything jumps, and the edges of the steps."""
    jumps = [front.time for front in threats.fronts] + [strike.time for strike in threats.strikes]
    jumps += [time for pressure in threats.pressures for time in (pressure.start, pressure.end)]
    inside = [time for time in (*jumps, *threats.control.times) if edges[0] < time < edges[-1]]
    return np.unique(np.concatenate([edges, np.array(inside, dtype=float)]))


def panels(threats: Threats, answers: Answers, key: Array, hazard: Hazard, edges: Array) -> Iterator[Panel]:
    """The integrals of exposure, stretch by stretch.

    Parameters
    ----------
    threats : Threats
        What presses, as the cells see it.
    answers : Answers
        Departure response by key and controller.
    key : array of int, shape (cell,)
        Response key of each cell's people.
    hazard : Hazard
        Reaches and half-lives.
    edges : array of shape (step + 1,)
        Edges of the steps; stretches never cross one. [day]

    Yields
    ------
    Panel
        In order of time, from the first edge to the last.

    Notes
    -----
    The threat holds until the cell comes into the hands of a side not its people's own; from then on the
    takeover counts instead, from the latest change (design E2). People who fled to a place that another side
    held from the start face the threat there, as it is to them. Strikes press nobody where the striker itself holds
    the cell at the time.
    """
    psi = answers.response[key]
    foreign = np.column_stack([answers.foreign[key], np.zeros(key.size, dtype=bool)])
    cell = np.arange(key.size)
    fall, rise, fade, forget = (
        LN2 / half_life
        for half_life in (hazard.memory, hazard.foresight, hazard.takeover_half_life, hazard.strike_memory)
    )
    fronts = _effect_of_fronts(threats, psi, hazard.threat_reach)
    strikes = _effect_of_strikes(threats, hazard.strike_reach, hazard.horizon)
    ahead = _foreseen(fronts, rise, key.size)

    strikers = _strikers(threats)
    remembered, struck = np.zeros(key.size), np.zeros((strikers.size, key.size))
    since = np.full(key.size, -np.inf)
    start = float(edges[0])
    for time in sorted(time for time in fronts if time <= start):
        remembered = np.maximum(remembered, fronts[time] * np.exp(-fall * (start - time)))
    for time in sorted(time for time in strikes if time <= start):
        struck = struck + strikes[time] * np.exp(-forget * (start - time))
    for time in threats.control.times[threats.control.times <= start]:
        since = np.where(_changed_at(threats, time), time, since)
    holder = of_cells(threats.control.at(start), threats.place)

    breaks = _breaks(threats, edges)
    for begin, end in pairwise(breaks):
        length = end - begin
        foreseen = next(
            (value * np.exp(-rise * (time - end)) for time, value in ahead if time >= end), np.zeros(key.size)
        )
        declared = _declared(threats, psi, begin, hazard.threat_reach)
        taken = foreign[cell, holder] & np.isfinite(since)
        threat = threat_integral(remembered, foreseen, declared, length, fall, rise)
        age = np.where(taken, begin - since, 0.0)
        pulse = np.where(taken, psi[cell, holder] * np.exp(-fade * age), 0.0)
        fading = np.exp(-forget * length)
        felt_now = (struck * (strikers[:, None] != holder)).sum(axis=0)
        yield Panel(
            float(begin),
            float(end),
            threat,
            pulse * -np.expm1(-fade * length) / fade,
            (np.log1p(felt_now) - np.log1p(felt_now * fading)) / forget,
            taken,
        )
        remembered, struck = remembered * np.exp(-fall * length), struck * fading
        if end in fronts:
            remembered = np.maximum(remembered, fronts[end])
        if end in strikes:
            struck = struck + strikes[end]
        if end in threats.control.times:
            since = np.where(_changed_at(threats, end), end, since)
            holder = of_cells(threats.control.at(end), threats.place)


def felt(threats: Threats, hazard: Hazard, above: float) -> Iterator[tuple[Array, float]]:
    """When fighting is felt: changes of control, strikes, declared pressure, whoever they are by.

    Parameters
    ----------
    threats, hazard
        As for `panels`.
    above : float
        What is felt: an effect above this, where a change of control on the spot is 1 and strikes count as s/(1+s).
        A change that is foreseen is felt ahead of its time. [1]

    Yields
    ------
    tuple of (array of shape (cell,), float)
        When it begins to be felt, infinite where it is not; and when it ends. [day]
    """
    anybody = np.ones((threats.easting.size, 1))
    by_anybody = replace(threats, fronts=[front._replace(controller=0) for front in threats.fronts])
    for time, effect in _effect_of_fronts(by_anybody, anybody, hazard.threat_reach).items():
        with np.errstate(divide="ignore"):
            ahead = hazard.foresight * np.log2(effect / above)
        yield np.where(effect >= above, time - ahead, np.inf), time
    for time, by_striker in _effect_of_strikes(threats, hazard.strike_reach, hazard.horizon).items():
        count = by_striker.sum(axis=0)
        yield np.where(count / (1.0 + count) >= above, time, np.inf), time
    for pressure in threats.pressures:
        alone = replace(threats, pressures=(pressure._replace(controller=0),))
        effect = _declared(alone, anybody, pressure.start, hazard.threat_reach)
        yield np.where(effect >= above, pressure.start, np.inf), pressure.end


def _changed_at(threats: Threats, time: float) -> Array:
    """True for the cells whose place changes hands at a time."""
    index = int(np.searchsorted(threats.control.times, time))
    changed = threats.control.holder[index + 1] != threats.control.holder[index]
    return np.append(changed, False)[threats.place]


def rates(hazard: Hazard) -> tuple[float, float, float]:
    """Hazards of a full threat, a fresh takeover and heavy strikes. [1/day]

    >>> front, takeover, strikes = rates(Hazard(share_in_week=0.5))
    >>> float(round(1 - np.exp(-7 * front), 12))
    0.5
    """
    front = -np.log1p(-hazard.share_in_week) / 7.0
    strikes = -np.log1p(-hazard.share_in_fortnight_strikes) / 14.0
    return float(front), hazard.takeover_hazard, float(strikes)


def cumulative(
    threats: Threats, answers: Answers, key: Array, hazard: Hazard, edges: Array, factors: Array
) -> Array:
    """Cumulative hazard at each edge, for several relative hazards.

    Parameters
    ----------
    threats, answers, key, hazard, edges
        As for `panels`.
    factors : array of shape (factor,)
        Relative hazards (omega * eps of the equation). [1]

    Returns
    -------
    array of shape (factor, step + 1, cell)
        Zero at the first edge. The cap holds in every stretch. [1]
    """
    front, takeover, strikes = rates(hazard)
    scale = np.exp(hazard.event_effect) * np.asarray(factors, dtype=float)
    result = np.zeros((len(scale), len(edges), key.size))
    for panel in panels(threats, answers, key, hazard, edges):
        step = int(np.searchsorted(edges, panel.start, side="right")) - 1
        pressure = np.where(panel.taken, takeover * panel.takeover, front * panel.threat)
        total = pressure + strikes * panel.strikes
        most = hazard.cap * (panel.end - panel.start)
        result[:, step + 1] += np.minimum(scale[:, None] * total, most)
    return np.asarray(np.cumsum(result, axis=1))


def danger(threats: Threats, answers: Answers, key: Array, hazard: Hazard, edges: Array) -> Array:
    """Mean threat at each cell over each step: psi * A + s / (1 + s), as a newcomer of the key sees it.

    Returns
    -------
    array of shape (step, cell)
        [1]
    """
    total = np.zeros((len(edges) - 1, key.size))
    for panel in panels(threats, answers, key, hazard, edges):
        step = int(np.searchsorted(edges, panel.start, side="right")) - 1
        total[step] += panel.threat + panel.strikes
    return total / np.diff(edges)[:, None]
