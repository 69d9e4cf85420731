"""A past case for fitting: the figures that may be read, how sure they are, and what some assumptions would make them.

A case's figures are compared on the logarithmic scale: levels as they are, figures that are good for shares only as
shares of their set.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import stages, variables
from displacement.asked import read_inputs
from displacement.evaluate import observe
from displacement.evaluate.observe import Area, Observing
from displacement.io import observations
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer
from displacement.io.inputs import Inputs
from displacement.io.observations import Observation
from displacement.movement.assumptions import Movement
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

__all__ = ["FittingCase", "Targets", "arrivals", "departures", "prepared", "targets", "with_figures"]

Array = NDArray[Any]

CELL_KM = 2.0
"""Cells while fitting. Departures by zone differ by less than 2 % from those at 1 km (law V5). [km]"""
STEP_DAYS = 1.0
"""Steps while fitting. Stocks by zone differ by about 1 % from those at half a day (law V4). [day]"""
MODEL_ERROR = float(np.log(1.25))
"""Standard deviation of the model's own error of a figure, as a logarithm; that of a mature count. Judgement."""
WITHIN_SERIES = 0.5
"""Correlation of errors among figures of one series, which build on one another. Judgement."""


@dataclass(frozen=True)
class FittingCase:
    """A past case with all that a run of it needs, cut off after the last figure that may be read."""

    name: str
    scenario: Scenario
    inputs: Inputs
    events: Timeline
    edges: Array
    area: Area
    observations: tuple[Observation, ...]
    """The figures that may be fitted to, and no others: those of departures, then those of arrivals."""
    leaving: int
    """Number of figures of departures."""


class Targets(NamedTuple):
    """Figures to be met, on the logarithmic scale."""

    values: Array
    """Shape (figure,)."""
    covariance: Array
    """Of their errors, shape (figure, figure)."""
    centring: Array
    """Takes the mean of its set off each figure that is good for shares only, shape (figure, figure)."""

    def of(self, figures: slice) -> Targets:
        """Some of the figures; no set may be parted."""
        return Targets(
            self.values[figures], self.covariance[figures, figures], self.centring[figures, figures]
        )


@lru_cache(maxsize=8)
def prepared(path: Path) -> FittingCase:
    """Read a case for fitting; a process reads it once.

    Parameters
    ----------
    path : pathlib.Path
        A scenario with `case: {use: calibration}`.

    Returns
    -------
    FittingCase

    Raises
    ------
    InputError
        If the case is not marked for calibration: its table of figures is not opened then. Or if no figure may be fitted.
    """
    scenario = load(path)
    case = scenario.case
    if case is None or case.use != "calibration":
        marked = "has no 'case'" if case is None else f"is marked '{case.use}'"
        message = f"{marked}, and only cases marked 'use: calibration' are fitted to; leave it out"
        raise InputError(finding(path, message))
    gazetteer = Gazetteer(scenario.area_folder, scenario.own_places)
    rows = observations.read(scenario.file(case.observations), gazetteer)
    last = min(case.fit_until or dt.date.max, scenario.period.last)
    found = with_figures(scenario, [row for row in rows if row.date <= last])
    if not found.observations:
        raise InputError(finding(path, "no figure of the case may be fitted to; see its column 'score'"))
    return found


def with_figures(scenario: Scenario, rows: Sequence[Observation]) -> FittingCase:
    """A scenario with figures to be met, on coarser cells and steps, up to the day of the last figure.

    Parameters
    ----------
    scenario : Scenario
        What happened.
    rows : sequence of Observation
        The figures; those that the model has no counterpart of are left out.
    """
    last = max((row.date for row in rows), default=scenario.period.last)
    days = min((last - scenario.period.start).days + 1, scenario.period.days)
    scenario = scenario.model_copy(
        update={
            "grid": scenario.grid.model_copy(update={"cell_km": max(CELL_KM, scenario.grid.cell_km)}),
            "period": scenario.period.model_copy(update={"days": days, "step_days": STEP_DAYS}),
        }
    )
    inputs = read_inputs(scenario)
    events = timeline.of(scenario, inputs)
    area = observe.area_of(inputs, events.control, scenario.period)
    chosen = [row for row in rows if observe.comparable(row, area)]
    leaving = [row for row in chosen if _is_of_departures(row)]
    others = [row for row in chosen if not _is_of_departures(row)]
    return FittingCase(
        scenario.path.stem,
        scenario,
        inputs,
        events,
        stages.edges_of(scenario),
        area,
        (*leaving, *others),
        len(leaving),
    )


def _is_of_departures(row: Observation) -> bool:
    """Whether a figure is told by who leaves alone."""
    return row.kind in ("displaced_cum", "departures_cum") and not row.destination


def targets(case: FittingCase) -> Targets:
    """The figures of a case and the covariance of their errors.

    A figure's error is that of counting (a factor of 2 in the first week, 1.25 later) and of the model;
    errors within a series are correlated. Of figures that are good for shares only, the mean of their set goes.
    """
    rows, observing = case.observations, Observing()
    begins = observe.first_count(rows, case.area)
    early = np.array([(row.date - begins).days < observing.first_week for row in rows])
    counting = np.log(np.where(early, observing.noise_first_week, observing.noise_later))
    spread = np.hypot(counting, MODEL_ERROR)
    series = [(row.kind, row.unit, row.origin, row.destination) for row in rows]
    together = np.array([[one == other for other in series] for one in series])
    covariance = np.outer(spread, spread) * np.where(together, WITHIN_SERIES, 0.0)
    np.fill_diagonal(covariance, spread**2)
    centring = _centring(rows)
    values = centring @ np.log1p([row.value for row in rows])
    return Targets(values, centring @ covariance @ centring.T + 1e-6 * np.eye(len(rows)), centring)


def _centring(rows: Sequence[Observation]) -> Array:
    """The matrix that takes off means over sets of figures that are good for shares only."""
    sets = [
        (row.kind, row.unit, row.since, row.date) if row.score == "shares" else (at,)
        for at, row in enumerate(rows)
    ]
    same = np.array([[float(one == other) for other in sets] for one in sets])
    levels = np.diag([float(row.score != "shares") for row in rows])
    return np.asarray(np.eye(len(rows)) - same / same.sum(axis=1, keepdims=True) + levels)


def departures(case: FittingCase, members: Sequence[Movement]) -> Array:
    """A case's figures of departures as they would be reported, where everybody who wants to leave can.

    Returns
    -------
    array of shape (member, figure)
        [person or movement]
    """
    rows = case.observations[: case.leaving]
    zones = case.inputs.zones.code
    found = []
    for member in members:
        answers = timeline.answers(case.scenario, case.inputs, member.response)
        gone = stages.first_departures(case.inputs, case.events, [(member, answers)], case.edges, map)
        by_block = gone.by_block["first_departures"].values[0].sum(axis=1)
        by_zone = np.zeros((len(zones), len(by_block)))
        np.add.at(by_zone, case.inputs.blocks.zone, by_block.T)
        left = {
            "newly_displaced_cum": (variables.PEOPLE["newly_displaced_cum"].dims, by_zone.cumsum(1).T[None])
        }
        found.append(_reported(case, xr.Dataset(left), xr.Dataset(), rows))
    return np.array(found)


def arrivals(case: FittingCase, members: Sequence[Movement]) -> Array:
    """A case's other figures as they would be reported: the whole model is run.

    Returns
    -------
    array of shape (member, figure)
        [person or movement]
    """
    rows = case.observations[case.leaving :]
    found = []
    for member in members:
        moved = stages.run_members([member], case.inputs, case.events, case.edges, case.scenario)
        found.append(_reported(case, moved.people, moved.flows, rows))
    return np.array(found)


def _reported(case: FittingCase, people: xr.Dataset, flows: xr.Dataset, rows: Sequence[Observation]) -> Array:
    """Figures of one member, without noise: the targets' covariance has it."""
    drawn = observe.draws(Observing(), 1, len(rows), seed=0)
    return observe.reported(people, flows, rows, case.area, Observing(), drawn)[:, 0]
