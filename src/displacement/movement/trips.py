"""Who arrives when: classes of travel time and their arrival weights (E7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels import transit
from displacement.movement.assumptions import Travel

Array = NDArray[Any]

COST_CLASS_HOURS = 0.25
"""Width of the classes of travel time for which arrival weights are worked out. [h]"""


class Timetable(NamedTuple):
    """When those who set off arrive."""

    cost_class: Array
    """Class of travel time of each pair, shape (origin, destination)."""
    weights: Array
    """Share that arrives 0, 1, 2, ... steps later, shape (lag, class)."""
    group: Array
    """Position of each pair in (group of origins, destination, class), shape (origin, destination)."""
    groups: int
    """Number of groups of origins."""


def timetable(hours: Array, group: Array, groups: int, travel: Travel, step_days: float) -> Timetable:
    """Arrival weights by class of travel time, for people who set off all over a step.

    Pairs without a way get the first class, and nobody travels there.

    Parameters
    ----------
    hours : array of shape (origin, destination)
        Infinite where there is no way. [h]
    group : array of int, shape (origin,)
        Origins of one group are added up.
    groups : int
        Number of groups.
    travel : Travel
        Hours of travel in a day, preparation.
    step_days : float
        [day]
    """
    finite = np.isfinite(hours)
    cost_class = np.rint(np.where(finite, hours, 0.0) / COST_CLASS_HOURS).astype(np.int64)
    days = np.arange(cost_class.max(initial=0) + 1) * COST_CLASS_HOURS / travel.hours_per_day
    weights = transit.weights(days, travel.preparation, step_days, travel.preparation_shape)
    places, costs = hours.shape[1], len(days)
    position = (group[:, None] * places + np.arange(places)) * costs + cost_class
    return Timetable(cost_class, weights, position, groups)


def by_group(going: Array, share: Array, table: Timetable) -> Array:
    """When those who set off will arrive, by group of origins.

    People are first added up by group, destination and travel time; the lags are then one matrix product.

    Parameters
    ----------
    going : array of shape (origin,)
        Who sets off. [person]
    share : array of shape (origin, destination)
        Where they go. [1]
    table : Timetable
        When they arrive.

    Returns
    -------
    array of shape (lag, group, destination)
        [person]
    """
    rows = np.flatnonzero(going)
    places, costs = share.shape[1], table.weights.shape[1]
    flow = going[rows, None] * share[rows]
    grouped = np.bincount(table.group[rows].ravel(), flow.ravel(), table.groups * places * costs)
    return np.asarray((grouped.reshape(-1, costs) @ table.weights.T).T.reshape(-1, table.groups, places))


def by_row(moving: Array, share: Array, table: Timetable) -> Array:
    """When those who set off will arrive, for several sets of people with the same shares.

    Parameters
    ----------
    moving : array of shape (row, origin)
        Who sets off. [person]
    share : array of shape (origin, destination)
        Where they go. [1]
    table : Timetable
        When they arrive.

    Returns
    -------
    array of shape (lag, row, destination)
        [person]
    """
    origins = np.flatnonzero(moving.any(axis=0))
    some = moving[:, origins]
    cost_class, shares = table.cost_class[origins], share[origins]
    return np.stack([some @ (shares * weight[cost_class]) for weight in table.weights])


class Sent(NamedTuple):
    """People who set off."""

    row: Array
    """Whose they are: positions among the rows of those on the way."""
    people: Array
    """When and where they arrive, shape (lag, row, destination). [person]"""


def onward_in_time(coming: Array, sent: Sequence[Sent]) -> tuple[Array, Array]:
    """Those who arrive in this step, and those on the way after it.

    Parameters
    ----------
    coming : array of shape (lag, row, destination)
        On the way before. [person]
    sent : sequence of Sent
        Who sets off in the step; some arrive in it.

    Returns
    -------
    array of shape (row, destination), array of shape (lag, row, destination)
        [person]

    Examples
    --------
    >>> coming = np.array([[[5.0]], [[7.0]]])
    >>> arriving, after = onward_in_time(coming, [Sent(np.array([0]), np.array([[[1.0]], [[2.0]]]))])
    >>> arriving, after.ravel()
    (array([[6.]]), array([9., 0.]))
    """
    lags = max([len(coming), *(len(some.people) for some in sent)])
    arriving = coming[0].copy()
    after = np.empty((lags, *coming.shape[1:]))
    after[: len(coming) - 1] = coming[1:]
    after[len(coming) - 1 :] = 0.0
    for some in sent:
        arriving[some.row] += some.people[0]
        after[: len(some.people) - 1, some.row] += some.people[1:]
    return arriving, after
