"""Fitting shared assumptions to past cases that are marked for it, and to no others.

A case's figures are compared on the logarithmic scale: levels as they are, figures that are good for shares only as
shares of their set. Who leaves does not depend on where people go (but for the few who find no way), so the fit is in two
parts. History matching first says which draws the figures of departures rule out, and a smoother moves draws from the
priors to the figures of all cases at once; every case has an event effect of its own, everything else is shared. Then the
loss of attraction with travel time is weighed on a grid by the figures of arrivals, at the median of the first part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.special import ndtri

from displacement import ensemble, pipeline, stages, variables
from displacement.ensemble import Uncertain
from displacement.evaluate import observe
from displacement.evaluate.observe import Area, Observing
from displacement.evaluate.smoother import implausibility, smoothed, weighed
from displacement.io import observations, provenance
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer
from displacement.io.inputs import Inputs
from displacement.io.observations import Observation
from displacement.movement.assumptions import Movement
from displacement.movement.calibrated import Diagnostics, FittedCase, Parameter, ParameterSet
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

__all__ = ["FREE", "WEIGHED", "FittingCase", "Targets", "calibrate", "prepared", "targets"]

Array = NDArray[Any]

FREE = (
    "hazard.share_in_week",
    "hazard.threat_reach",
    "hazard.memory",
    "hazard.foresight",
    "hazard.share_in_fortnight_strikes",
    "hazard.strike_reach",
    "hazard.event_spread",
)
"""Shared assumptions that figures of departures are fitted with."""
WEIGHED = "destinations.travel_time_decay"
"""The shared assumption that figures of arrivals are fitted with. All others keep their priors."""
MOST_FREE = 8
"""Past cases are few: more shared parameters would fit their noise."""

CELL_KM = 2.0
"""Cells while fitting. Departures by zone differ by less than 2 % from those at 1 km (law V5). [km]"""
STEP_DAYS = 1.0
"""Steps while fitting. Stocks by zone differ by about 1 % from those at half a day (law V4). [day]"""
MODEL_ERROR = float(np.log(1.25))
"""Standard deviation of the model's own error of a figure, as a logarithm; that of a mature count. Judgement."""
WITHIN_SERIES = 0.5
"""Correlation of errors among figures of one series, which build on one another. Judgement."""
IMPLAUSIBLE = 3.0
"""Standard deviations beyond which a figure rules a draw out (Pukelsheim's rule, as in history matching)."""
TOLERATED = 1
"""Figures of departures that a draw may miss by more."""
GRID = np.linspace(-2.5, 2.5, 11)
"""Scores at which the loss of attraction with travel time is weighed. [1]"""


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
    inputs = pipeline.read_inputs(scenario)
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


def free() -> tuple[Uncertain, ...]:
    """The assumptions that are fitted, with their priors: those of departures, then the one of arrivals."""
    names = (*FREE, WEIGHED)
    if len(names) > MOST_FREE:
        raise ValueError(f"at most {MOST_FREE} shared parameters may be free (got {len(names)})")
    known = {f"{one.room}.{one.field}": one for one in ensemble.uncertain(Movement())}
    return tuple(known[name] for name in names)


def of_case(scores: Array, at: int, movement: Movement) -> list[Movement]:
    """Assumptions of one case from scores of what departures depend on.

    Parameters
    ----------
    scores : array of shape (draw, parameter)
        The shared parameters in the order of `FREE`, then the event effects, case by case. [1]
    at : int
        Position of the case.
    movement : Movement
        The case's own assumptions.
    """
    shared = free()[: len(FREE)]
    effect = next(one for one in ensemble.uncertain(Movement()) if one.field == "event_effect")
    values = ensemble.in_units(movement, (*shared, effect), scores[:, [*range(len(FREE)), len(FREE) + at]])
    return [ensemble.with_values(movement, (*shared, effect), row) for row in values]


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
        met = replace(case.events, answers=timeline.answers(case.scenario, case.inputs, member.response))
        leaving, _ = stages.first_departures(case.inputs, met, [member], case.edges, map)
        by_block = leaving["first_departures"].values[0].sum(axis=1)
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


def _departures_of(draws: Sequence[Array], paths: Sequence[Path]) -> Array:
    """Figures of departures of all cases on the logarithmic scale, shape (draw, figure)."""
    scores, found = np.array(draws), []
    for at, path in enumerate(paths):
        case = prepared(path)
        centring = targets(case).of(slice(case.leaving)).centring
        members = of_case(scores, at, case.scenario.movement)
        found.append(np.log1p(departures(case, members)) @ centring.T)
    return np.concatenate(found, axis=1)


def _arrivals_of(scores: Sequence[float], paths: Sequence[Path], middle: Array) -> Array:
    """The other figures at scores of the loss of attraction, shape (score, figure); departures at their middle."""
    decay = free()[-1]
    found = []
    for at, path in enumerate(paths):
        case = prepared(path)
        if case.leaving == len(case.observations):
            continue
        centring = targets(case).of(slice(case.leaving, None)).centring
        (movement,) = of_case(middle[None], at, case.scenario.movement)
        values = ensemble.in_units(movement, (decay,), np.array(scores)[:, None])
        members = [ensemble.with_values(movement, (decay,), row) for row in values]
        found.append(np.log1p(arrivals(case, members)) @ centring.T)
    return np.concatenate(found, axis=1) if found else np.zeros((len(scores), 0))


def _worked(
    work: Callable[[Sequence[Array]], Array],
    rows: Array,
    workers: int,
    progress: Callable[[str], None],
    step: str,
) -> Array:
    """Figures of many draws, batch by batch."""

    def told(ready: int) -> None:
        progress(f"{step}: {ready} of {len(rows)}")

    return np.concatenate(list(stages.in_batches(work, list(rows), workers, told)))


def calibrate(
    paths: Sequence[Path],
    version: str,
    draws: int = 2048,
    members: int = 256,
    steps: int = 4,
    seed: int = 20241127,
    workers: int = 1,
    progress: Callable[[str], None] = lambda step: None,
) -> ParameterSet:
    """Fit the shared assumptions to past cases.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Scenarios marked for calibration.
    version : str
        Name of the set.
    draws : int
        Draws of history matching.
    members : int
        Draws of the smoother, a power of two.
    steps : int
        Its assimilations.
    seed : int
        Of both.
    workers : int
        Processes that share the draws.
    progress : callable
        Told how far it is.

    Returns
    -------
    ParameterSet
        Medians, percentiles, and the mean and covariance of the normal scores.

    Raises
    ------
    InputError
        If a case is not marked for calibration.
    """
    paths = tuple(paths)
    cases = [prepared(path) for path in paths]
    goals = [targets(case) for case in cases]
    leaving = [goal.of(slice(case.leaving)) for goal, case in zip(goals, cases, strict=True)]
    others = [goal.of(slice(case.leaving, None)) for goal, case in zip(goals, cases, strict=True)]
    values, covariance = _together(leaving)
    spread, columns = np.sqrt(np.diag(covariance)), len(FREE) + len(cases)
    work = partial(_departures_of, paths=paths)

    many = ndtri(ensemble.uniforms(draws, columns, seed, "matching"))
    figures = _worked(work, many, workers, progress, "history matching, draws")
    matched = implausibility(figures, values, spread, TOLERATED) <= IMPLAUSIBLE

    numbered = iter(range(steps + 1))
    fitted, history = smoothed(
        ndtri(ensemble.uniforms(members, columns, seed, "smoother")),
        lambda scores: _worked(
            work, scores, workers, progress, f"departures, pass {next(numbered) + 1} of {steps + 1}, draws"
        ),
        values,
        covariance,
        steps,
        np.random.default_rng(seed),
    )
    middle = fitted.mean(axis=0)
    of_arrivals = partial(_arrivals_of, paths=paths, middle=middle)
    went = _worked(of_arrivals, GRID, workers, progress, "arrivals, values of the loss with travel time")
    decay, uncertainty = weighed(GRID, went, *_together(others))
    spread_of_all = block_diag(np.cov(fitted[:, : len(FREE)].T), uncertainty)
    drawn = np.column_stack(
        [fitted[:, : len(FREE)], decay + np.sqrt(uncertainty) * ndtri((np.arange(members) + 0.5) / members)]
    )
    return ParameterSet(
        version=version,
        made=dt.datetime.now(dt.UTC).date(),
        code=provenance.version(),
        seed=seed,
        members=members,
        steps=steps,
        cases=tuple(
            _fitted_case(case, fitted[:, [len(FREE) - 1, len(FREE) + at]]) for at, case in enumerate(cases)
        ),
        parameters=_parameters(drawn),
        covariance=tuple(map(tuple, spread_of_all.round(4).tolist())),
        diagnostics=Diagnostics(
            matched_draws=draws,
            matched_share=round(float(matched.mean()), 3),
            misfit_before=_misfit(history[0], values, spread),
            misfit_after=_misfit(history[-1], values, spread),
        ),
    )


def _together(goals: Sequence[Targets]) -> tuple[Array, Array]:
    """Figures of all cases and the covariance of their errors; cases have nothing in common."""
    return np.concatenate([goal.values for goal in goals]), block_diag(*[goal.covariance for goal in goals])


def _misfit(figures: Array, values: Array, spread: Array) -> float:
    """Root mean square distance of the median draw from the figures, in standard deviations."""
    away = (np.median(figures, axis=0) - values) / spread
    return float(round(np.sqrt((away**2).mean()), 3))


def _parameters(scores: Array) -> tuple[Parameter, ...]:
    """What was fitted, from draws of the posterior."""
    shared, middle = free(), scores.mean(axis=0)
    values = ensemble.in_units(Movement(), shared, scores)
    medians = ensemble.in_units(Movement(), shared, middle[None])[0]
    low, high = np.quantile(values, [0.1, 0.9], axis=0)
    return tuple(
        Parameter(
            name=f"{one.room}.{one.field}",
            median=_digits(medians[at]),
            low=_digits(low[at]),
            high=_digits(high[at]),
            prior_median=one.default,
            score=round(float(middle[at]), 4),
        )
        for at, one in enumerate(shared)
    )


def _fitted_case(case: FittingCase, scores: Array) -> FittedCase:
    """What a case was fitted to, and the effect of its event, from scores of the spread and of the effect."""
    by_name = {one.field: one for one in ensemble.uncertain(Movement()) if one.room == "hazard"}
    both = (by_name["event_spread"], by_name["event_effect"])
    effect = ensemble.in_units(Movement(), both, scores)[:, 1]
    low, median, high = np.quantile(effect, [0.1, 0.5, 0.9])
    return FittedCase(
        name=case.name,
        until=max(row.date for row in case.observations),
        figures=len(case.observations),
        event_effect=_digits(median),
        event_effect_low=_digits(low),
        event_effect_high=_digits(high),
    )


def _digits(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")
