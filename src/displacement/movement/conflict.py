"""Conflict by place and day: the pressure to leave on a network of places, where no front is drawn.

An intensity c from 0 to 1 stands where s / (1 + s) of strikes stands on a grid (E2): a place at full intensity is under
heavy strikes all the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.movement.assumptions import Hazard
from displacement.movement.hazard import rates

Array = NDArray[Any]


def cumulative(intensity: Array, hazard: Hazard, edges: Array, factors: Array) -> Array:
    """Cumulative hazard at each edge, for several relative hazards.

    Parameters
    ----------
    intensity : array of shape (day, place)
        Of conflict. [1]
    hazard : Hazard
        The rate of heavy strikes, the effect of the event, the cap.
    edges : array of shape (step + 1,)
        Edges of the steps, none across midnight. [day]
    factors : array of shape (factor,)
        Relative hazards. [1]

    Returns
    -------
    array of shape (factor, step + 1, place)
        Zero at the first edge. [1]

    Examples
    --------
    Half of the people leave in a fortnight of full conflict:

    >>> found = cumulative(np.ones((14, 1)), Hazard(share_in_fortnight_strikes=0.5), np.arange(15.0), np.ones(1))
    >>> float(np.exp(-found[0, -1, 0]).round(12))
    0.5
    """
    *_, strikes = rates(hazard)
    of_step = intensity[edges[:-1].astype(np.int64)]
    rate = np.exp(hazard.event_effect) * np.asarray(factors)[:, None, None] * strikes * of_step
    met = np.minimum(rate, hazard.cap) * np.diff(edges)[:, None]
    return np.concatenate([np.zeros((len(met), 1, intensity.shape[1])), np.cumsum(met, axis=1)], axis=1)


def quiet(intensity: Array, above: float, days: float) -> Array:
    """Share of each day on which it has been quiet for so many days, shape (day, place). [1]

    >>> quiet(np.array([[1.0], [0.0], [0.0], [0.0]]), 0.02, 1.5).ravel()
    array([0. , 0. , 0.5, 1. ])
    """
    felt = intensity >= above
    found = np.ones(intensity.shape)
    since = np.full(intensity.shape[1], np.inf)
    for day, now in enumerate(felt):
        since = np.where(now, 0.0, since + 1.0)
        found[day] = np.clip(since - days, 0.0, 1.0)
    return found


def from_where(leaving: Array, intensity: Array, population: Array, may: Array) -> Array:
    """Where those come from of whom only the number is known: people times intensity of conflict that day.

    Parameters
    ----------
    leaving : array of shape (day,)
        All who leave. [person]
    intensity : array of shape (day, place)
        Of conflict. [1]
    population : array of shape (place,)
        People who live there; where nobody is known to live in any place in conflict, all count alike. [person]
    may : array of shape (place,)
        1 for places that people can come from, else 0.

    Returns
    -------
    array of shape (day, place)
        Adds up to `leaving`. Who has left is not there any more. On a day without conflict people come from where it has
        been so far, and before any from everywhere. [person]
    """
    left = population * may
    so_far = np.zeros_like(left)
    found = np.zeros(intensity.shape)
    for day, (count, now) in enumerate(zip(leaving, intensity, strict=True)):
        so_far = so_far + now
        if count > 0:
            found[day] = count * _shares(left, now * may, so_far * may, population * may, may)
            left = np.maximum(left - found[day], 0.0)
    return found


def _shares(left: Array, now: Array, so_far: Array, population: Array, may: Array) -> Array:
    """Shares of places in those who leave on a day: the first rule that anybody is left under counts. [1]"""
    rules = (left * now, population * now, now, left * so_far, population * so_far, so_far, population, may)
    weight = next((weight for weight in rules if weight.sum() > 0), may)
    total = weight.sum()
    return np.asarray(weight / total if total > 0 else weight)
