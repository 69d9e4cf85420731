"""Pressure to leave (E2): changes of control near and imminent, takeovers, strikes.

Between two moments at which anything jumps, every part of the hazard has a closed integral: the threat is
the larger of a falling, a rising and a constant exponential; a takeover decays; and the strikes' s/(1+s)
integrates to a logarithm. So the integral over a step is exact, whatever the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from displacement.kernels import flows, pressure
from displacement.movement.assumptions import Hazard
from displacement.movement.control import of_cells
from displacement.movement.course import course
from displacement.movement.threats import (
    Answers,
    Threats,
    breaks_of,
    changed_at,
    declared_at,
    effect_of_fronts,
    effect_of_strikes,
    foreseen_of,
    strikers_of,
)

Array = NDArray[Any]
LN2 = float(np.log(2.0))


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
    fall, rise, fade, forget = _forgetting(hazard)
    fronts = effect_of_fronts(threats, psi, hazard.threat_reach)
    strikes = effect_of_strikes(threats, hazard.strike_reach, hazard.horizon)
    ahead = foreseen_of(fronts, rise, key.size)

    strikers = strikers_of(threats)
    remembered, struck = np.zeros(key.size), np.zeros((strikers.size, key.size))
    since = np.full(key.size, -np.inf)
    start = float(edges[0])
    for time in sorted(time for time in fronts if time <= start):
        remembered = np.maximum(remembered, fronts[time] * np.exp(-fall * (start - time)))
    for time in sorted(time for time in strikes if time <= start):
        struck = struck + strikes[time] * np.exp(-forget * (start - time))
    for time in threats.control.times[threats.control.times <= start]:
        since = np.where(changed_at(threats.control, time)[threats.place], time, since)
    holder = of_cells(threats.control.at(start), threats.place)

    breaks = breaks_of(threats, edges)
    for begin, end in pairwise(breaks):
        length = end - begin
        foreseen = next(
            (value * np.exp(-rise * (time - end)) for time, value in ahead if time >= end), np.zeros(key.size)
        )
        declared = declared_at(threats, psi, begin, hazard.threat_reach)
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
            since = np.where(changed_at(threats.control, end)[threats.place], end, since)
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
    for time, effect in effect_of_fronts(by_anybody, anybody, hazard.threat_reach).items():
        with np.errstate(divide="ignore"):
            ahead = hazard.foresight * np.log2(effect / above)
        yield np.where(effect >= above, time - ahead, np.inf), time
    for time, by_striker in effect_of_strikes(threats, hazard.strike_reach, hazard.horizon).items():
        count = by_striker.sum(axis=0)
        yield np.where(count / (1.0 + count) >= above, time, np.inf), time
    for declared in threats.pressures:
        alone = replace(threats, pressures=(declared._replace(controller=0),))
        effect = declared_at(alone, anybody, declared.start, hazard.threat_reach)
        yield np.where(effect >= above, declared.start, np.inf), declared.end


def rates(hazard: Hazard) -> tuple[float, float, float]:
    """Hazards of a full threat, a fresh takeover and heavy strikes. [1/day]

    >>> front, takeover, strikes = rates(Hazard(share_in_week=0.5))
    >>> float(round(1 - np.exp(-7 * front), 12))
    0.5
    """
    front = -np.log1p(-hazard.share_in_week) / 7.0
    strikes = -np.log1p(-hazard.share_in_fortnight_strikes) / 14.0
    return float(front), hazard.takeover_hazard, float(strikes)


def _forgetting(hazard: Hazard) -> tuple[float, float, float, float]:
    """Rates of memory, foresight, takeovers and strikes. [1/day]"""
    lives = (hazard.memory, hazard.foresight, hazard.takeover_half_life, hazard.strike_memory)
    fall, rise, fade, forget = (LN2 / half_life for half_life in lives)
    return fall, rise, fade, forget


def _compiled() -> bool:
    """Whether the compiled kernel does the work."""
    return pressure.kernel_name() != flows.NUMPY


def _course(
    threats: Threats, answers: Answers, key: Array, hazard: Hazard, edges: Array, factors: Array
) -> tuple[pressure.Course, pressure.Seen, pressure.Rates]:
    """What the compiled kernel reads."""
    scale = np.exp(hazard.event_effect) * np.asarray(factors, dtype=float)
    by_day = pressure.Rates(*_forgetting(hazard), *rates(hazard), hazard.cap, scale)
    return *course(threats, answers, key, hazard, edges, by_day), by_day


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
    if _compiled():
        return pressure.by_cell(*_course(threats, answers, key, hazard, edges, factors))[0]
    front, takeover, strikes = rates(hazard)
    scale = np.exp(hazard.event_effect) * np.asarray(factors, dtype=float)
    result = np.zeros((len(scale), len(edges), key.size))
    for panel in panels(threats, answers, key, hazard, edges):
        step = int(np.searchsorted(edges, panel.start, side="right")) - 1
        total = np.where(panel.taken, takeover * panel.takeover, front * panel.threat)
        total = total + strikes * panel.strikes
        most = hazard.cap * (panel.end - panel.start)
        result[:, step + 1] += np.minimum(scale[:, None] * total, most)
    return np.asarray(np.cumsum(result, axis=1))


def by_block(
    threats: Threats,
    answers: Answers,
    hazard: Hazard,
    edges: Array,
    factors: Array,
    key: Array,
    people: pressure.People,
) -> tuple[Array, Array]:
    """Who never left at each edge, and the cumulative hazard they met times who lived there, by block.

    Parameters
    ----------
    threats, answers, hazard, edges, factors, key
        As for `cumulative`.
    people : pressure.People
        Who lives in the cells, which lie block after block.

    Returns
    -------
    array of shape (group, step + 1, block)
        [person]
    array of shape (group, step + 1, block)
        [person]
    """
    if _compiled():
        return pressure.by_block(*_course(threats, answers, key, hazard, edges, factors), people)
    met = cumulative(threats, answers, key, hazard, edges, factors)
    cells, blocks = key.size, people.first.size - 1
    adding = sparse.csr_array((np.ones(cells), np.arange(cells), people.first), shape=(blocks, cells))
    home, pressed = (
        np.stack(
            [
                (adding @ (start * of_factor[at]).T).T
                for at, start in zip(people.factor, people.start, strict=True)
            ]
        )
        for of_factor in (np.exp(-met), met)
    )
    return home, pressed


def danger(threats: Threats, answers: Answers, key: Array, hazard: Hazard, edges: Array) -> Array:
    """Mean threat at each cell over each step: psi * A + s / (1 + s), as a newcomer of the key sees it.

    Returns
    -------
    array of shape (step, cell)
        [1]
    """
    if _compiled():
        met = pressure.by_cell(*_course(threats, answers, key, hazard, edges, np.zeros(0)))[1]
        return np.asarray(met / np.diff(edges)[:, None])
    total = np.zeros((len(edges) - 1, key.size))
    for panel in panels(threats, answers, key, hazard, edges):
        step = int(np.searchsorted(edges, panel.start, side="right")) - 1
        total[step] += panel.threat + panel.strikes
    return total / np.diff(edges)[:, None]
