"""Fitting shared assumptions to past cases that are marked for it, and to no others.

Who leaves does not depend on where people go (but for the few who find no way), so the fit is in two parts. History
matching first says which draws the figures of departures rule out, and a smoother moves draws from the priors to the
figures of all cases at once; every case has an event effect of its own, everything else is shared. Then the loss of
attraction with travel time is weighed on a grid by the figures of arrivals, at the median of the first part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.special import ndtri

from displacement import crew, ensemble
from displacement.ensemble import Uncertain
from displacement.evaluate.fitting import FittingCase, Targets, arrivals, departures, prepared, targets
from displacement.evaluate.smoother import implausibility, smoothed, weighed
from displacement.io import provenance
from displacement.movement.assumptions import Movement
from displacement.movement.calibrated import Diagnostics, FittedCase, Parameter, ParameterSet
from displacement.progress import Progress, silent

__all__ = ["FREE", "WEIGHED", "calibrate", "free", "of_case"]

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

IMPLAUSIBLE = 3.0
"""Standard deviations beyond which a figure rules a draw out (Pukelsheim's rule, as in history matching)."""
TOLERATED = 1
"""Figures of departures that a draw may miss by more."""
GRID = np.linspace(-2.5, 2.5, 11)
"""Scores at which the loss of attraction with travel time is weighed. [1]"""


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
    progress: Progress,
    step: str,
) -> Array:
    """Figures of many draws, batch by batch."""

    def told(ready: int) -> None:
        progress(step, ready, len(rows))

    with crew.processes(workers) as each:
        return np.concatenate(list(crew.in_batches(work, list(rows), each, told)))


def calibrate(
    paths: Sequence[Path],
    version: str,
    draws: int = 2048,
    members: int = 256,
    steps: int = 4,
    seed: int = 20241127,
    workers: int = 1,
    progress: Progress = silent,
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
    progress : Progress
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
    figures = _worked(work, many, workers, progress, "history matching")
    matched = implausibility(figures, values, spread, TOLERATED) <= IMPLAUSIBLE

    numbered = iter(range(steps + 1))
    fitted, history = smoothed(
        ndtri(ensemble.uniforms(members, columns, seed, "smoother")),
        lambda scores: _worked(
            work, scores, workers, progress, f"departures, pass {next(numbered) + 1} of {steps + 1}"
        ),
        values,
        covariance,
        steps,
        np.random.default_rng(seed),
    )
    middle = fitted.mean(axis=0)
    of_arrivals = partial(_arrivals_of, paths=paths, middle=middle)
    went = _worked(of_arrivals, GRID, workers, progress, "arrivals, loss with travel time")
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
