"""What fitting to past cases has made of some priors: the shape of a parameter set, and how draws follow it.

A set speaks of normal scores: the value of an assumption is its prior's quantile at the score. Under the priors the
scores are independent standard normals; under a set those of its parameters have its mean and covariance instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from displacement.movement.assumptions import Assumptions

Array = NDArray[Any]


class Parameter(Assumptions):
    """One fitted assumption."""

    name: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    """Part and field of the movement assumptions, such as `hazard.threat_reach`."""
    median: float
    """Value of the median run, in the assumption's unit."""
    low: float
    """10th percentile."""
    high: float
    """90th percentile."""
    prior_median: float
    """Median before fitting."""
    score: float
    """Mean of the normal score. [1]"""


class FittedCase(Assumptions):
    """A past case the set was fitted to."""

    name: str
    """File of the case."""
    until: dt.date
    """Last day of the figures that were read."""
    figures: int = Field(ge=1)
    """Number of figures that were read."""
    event_effect: float
    """Median of the effect of this event on all hazards, as a logarithm; new events get a new draw. [1]"""
    event_effect_low: float
    """10th percentile. [1]"""
    event_effect_high: float
    """90th percentile. [1]"""


class Diagnostics(Assumptions):
    """How the fitting went."""

    matched_draws: int = Field(ge=0)
    """Draws through the priors that history matching looked at."""
    matched_share: float = Field(ge=0, le=1)
    """Share of them that no figure of departures rules out. [1]"""
    misfit_before: float = Field(ge=0)
    """Root mean square of (estimate - figure) / spread over figures, median draw, before fitting. [1]"""
    misfit_after: float = Field(ge=0)
    """The same after fitting; about 1 where model and errors are as assumed. [1]"""


class ParameterSet(Assumptions):
    """Assumptions fitted together, on record with what they were fitted to."""

    version: str
    """Name of the set."""
    made: dt.date
    """Day of the fitting."""
    code: str
    """Version of the program that fitted it."""
    seed: int
    """Seed of the fitting."""
    members: int = Field(ge=2)
    """Draws of the smoother."""
    steps: int = Field(ge=1)
    """Steps of the smoother."""
    cases: tuple[FittedCase, ...]
    """What it was fitted to."""
    parameters: tuple[Parameter, ...]
    """What was fitted; every other assumption keeps its prior."""
    covariance: tuple[tuple[float, ...], ...]
    """Of the normal scores, row by row in the order of `parameters`. [1]"""
    diagnostics: Diagnostics
    """How the fitting went."""

    @model_validator(mode="after")
    def _is_a_covariance(self) -> ParameterSet:
        spread = np.array(self.covariance, dtype=float)
        count = len(self.parameters)
        if spread.shape != (count, count) or not np.allclose(spread, spread.T):
            raise ValueError(f"covariance must be symmetric, {count} rows of {count}, one for each parameter")
        if np.linalg.eigvalsh(spread).min() < -1e-9:
            raise ValueError("covariance must not have a negative variance in any direction")
        return self


def followed(scores: Array, names: Sequence[str], chosen: ParameterSet) -> Array:
    """Normal scores under a parameter set, from independent ones.

    Parameters
    ----------
    scores : array of shape (member, parameter)
        Independent standard normals. [1]
    names : sequence of str
        Name of each column. Parameters of the set that are no column, being known, are left out of it.
    chosen : ParameterSet
        Fitted parameters.

    Returns
    -------
    array of shape (member, parameter)
        Mean plus the symmetric square root of the covariance times the scores, so that each column stays as close to its
        own draws as it can; columns that the set does not name are unchanged.
    """
    column = {name: at for at, name in enumerate(names)}
    here = [at for at, parameter in enumerate(chosen.parameters) if parameter.name in column]
    if not here:
        return scores
    to = [column[chosen.parameters[at].name] for at in here]
    spread = np.array(chosen.covariance, dtype=float)[np.ix_(here, here)]
    variance, direction = np.linalg.eigh(spread)
    root = (direction * np.sqrt(np.maximum(variance, 0.0))) @ direction.T
    found = scores.copy()
    found[:, to] = np.array([chosen.parameters[at].score for at in here]) + scores[:, to] @ root
    return found
