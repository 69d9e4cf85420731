"""What a planner could have had without a model, given the same changes of control.

- B1: a fixed share of the people who live where control has changed, or near it
- B2: B1, gone where the wave before went
- B3: B1, gone where displaced people lived before
- B4: the newest figure of the same series goes on
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.evaluate.observe import Area, comparable
from displacement.io.inputs import Inputs
from displacement.io.observations import Observation, PreviousShare
from displacement.movement import threats
from displacement.movement.assumptions import Assumptions, assumed
from displacement.movement.control import Control
from displacement.movement.threats import Answers

__all__ = ["NAMES", "RuleOfThumb", "baselines", "exposed", "persistence", "shares_by_population"]

Array = NDArray[Any]
NAMES = ("B1", "B2", "B3", "B4")


class RuleOfThumb(Assumptions):
    """What a planner reckons with who has a map of control and a record of past events."""

    share_left: float = assumed(0.49, "1", ge=0, le=1)
    """Share of exposed people who leave. [1] Source: median of the shares observed in ten groups of exposed people,
    2016 to 2024 (0.04, 0.102, 0.119, 0.153, 0.41, 0.57, 0.62, 0.8, 0.97, 0.99); the cases scored are among them."""
    within_km: float = assumed(10.0, "km", ge=0)
    """People this near to where control has changed count as exposed. [km] Judgement: the reach of most shelling."""


def exposed(inputs: Inputs, control: Control, answers: Answers, within_km: float, days: int) -> Array:
    """People who live where control has changed by a day, or near it; nothing is foreseen.

    Parameters
    ----------
    inputs : Inputs
        The area.
    control : Control
        Who holds each place over time.
    answers : Answers
        Those who do not leave because of the new controller, as on its own side, are not exposed.
    within_km : float
        How near. [km]
    days : int
        Days of the run.

    Returns
    -------
    array of shape (day, zone)
        By the end of each day, by zone with exits. [person]
    """
    grid, cells = inputs.grid, inputs.cells
    place = cells["place"].values.reshape(grid.shape)
    rows = slice(0, grid.shape[0])
    since = np.full(grid.size, np.inf)
    for front in threats.front_distances(control, place, grid.cell_km, within_km, rows):
        meant = answers.response[cells["response"].values, front.controller] > 0
        near = np.isfinite(front.distance) & meant
        since[near] = np.minimum(since[near], front.time)
    counted = np.isfinite(since) & (since < days) & (cells["zone"].values >= 0)
    found = np.zeros((days, len(inputs.zones.code)))
    at = np.maximum(since[counted], 0).astype(int), cells["zone"].values[counted]
    np.add.at(found, at, cells["population"].values[counted])
    return found.cumsum(axis=0)


def shares_by_population(previous: Sequence[PreviousShare], area: Area, population: Array) -> Array:
    """Share of a wave by zone: each row's share is split over its zones by the people who live there.

    Parameters
    ----------
    previous : sequence of PreviousShare
        Where a zone is named by several rows, the one with the longest code counts.
    area : Area
        The zones.
    population : array of shape (zone,)
        People of each zone; of exits any number. [person]

    Returns
    -------
    array of shape (zone,)
        NaN where no row names the zone. [1]

    Examples
    --------
    >>> from datetime import date
    >>> area = Area(("A1", "A2", "B1"), ("",) * 3, ("",) * 3, ("",) * 3, date(2030, 1, 1), date(2030, 1, 2))
    >>> rows = [PreviousShare(("A",), 0.4, ""), PreviousShare(("A1",), 0.5, "")]
    >>> shares_by_population(rows, area, np.array([5.0, 5.0, 5.0]))
    array([0.5, 0.4, nan])
    """
    row_of = np.full(len(area.zone), -1)
    for at, zone in enumerate(area.zone):
        lengths = [
            max((len(code) for code in row.zone if zone.startswith(code)), default=0) for row in previous
        ]
        if any(lengths):
            row_of[at] = int(np.argmax(lengths))
    found = np.full(len(area.zone), np.nan)
    for at, row in enumerate(previous):
        mine = row_of == at
        live = np.nan_to_num(population[mine])
        even = np.full(live.size, 1.0 / max(live.size, 1))
        found[mine] = row.share * (live / live.sum() if live.sum() > 0 else even)
    return found


def persistence(observations: Sequence[Observation], at: int) -> float:
    """The newest earlier figure of the same series: kind, ends and unit; NaN for the first of a series.

    Parameters
    ----------
    observations : sequence of Observation
        All figures of a case; those that are not scored were known too.
    at : int
        Position of the figure asked for.
    """
    asked = observations[at]
    same = [
        one
        for one in observations
        if (one.kind, one.origin, one.destination, one.unit)
        == (asked.kind, asked.origin, asked.destination, asked.unit)
        and one.date < asked.date
    ]
    newest = max((one.date for one in same), default=None)
    return next((one.value for one in reversed(same) if one.date == newest), float("nan"))


def baselines(
    observations: Sequence[Observation],
    area: Area,
    left: Array,
    previous: Array,
    before: Array,
    movements_per_person: float,
) -> Array:
    """What each baseline says of each figure.

    Parameters
    ----------
    observations : sequence of Observation
        The figures of a case.
    area : Area
        What their scopes are told by.
    left : array of shape (day, zone)
        People who have left by the end of each day: a share of the exposed. [person]
    previous, before : array of shape (zone,)
        Where people of the wave before went, and where displaced people lived before the run, as shares; NaN where
        nothing is known. [1]
    movements_per_person : float
        For figures in movements. [1]

    Returns
    -------
    array of shape (baseline, figure)
        In the order of `NAMES`; NaN where a baseline says nothing: B1 of destinations, B1 to B3 of those who
        are still away or went home.
    """
    found = np.full((len(NAMES), len(observations)), np.nan)
    for at, one in enumerate(observations):
        if not comparable(one, area):
            continue
        found[3, at] = persistence(observations, at)
        if one.kind in ("remaining", "returned_cum"):
            continue
        factor = movements_per_person if one.unit == "movements" else 1.0
        gone = _gone(one, area, left) * factor
        if not one.destination:
            found[:3, at] = gone
            continue
        there = area.covered(one.destination)
        found[1:3, at] = gone * previous[there].sum(), gone * before[there].sum()
    return found


def _gone(observation: Observation, area: Area, left: Array) -> float:
    """People who left the units that a figure covers between its days. [person]"""
    origin = area.covered(observation.origin, observation.held_by) & area.covered(observation.counts_from)
    total = left[:, origin].sum(axis=1)
    first = (observation.since - area.first).days - 1
    until = float(total[(observation.date - area.first).days])
    return until - (float(total[first]) if first >= 0 else 0.0)
