"""Who arrives when: classes of travel time and their arrival weights (E7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from displacement.kernels import transit
from displacement.movement.assumptions import Travel

Array = NDArray[Any]

COST_CLASS_HOURS = 0.25
"""Width of the classes of travel time for which arrival weights are worked out. [h]"""


class Timetable(NamedTuple):
    """When those who set off arrive."""

    weights: Array
    """Share that arrives 0, 1, 2, ... steps later, shape (lag, class)."""
    cost_class: Array
    """Class of travel time of each pair, shape (origin, destination)."""
    entry: Array
    """Position of each pair among the (group of origins, destination, class) that occur, same shape."""
    class_of_entry: Array
    """Class of each that occurs, in the order of group, destination and class, shape (entry,)."""
    first_entry: Array
    """Where those of each (group, destination) begin, and the end, shape (group x destination + 1,)."""

    @property
    def lagged(self) -> Array:
        """Share of those of each pair that arrives 0, 1, 2, ... steps later, shape (lag, origin, destination)."""
        return np.asarray(self.weights[:, self.cost_class])


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
    occurs = np.zeros(groups * places * costs, dtype=bool)
    occurs[position] = True
    found = np.flatnonzero(occurs)
    entry = np.empty(occurs.size, dtype=np.int64)
    entry[found] = np.arange(found.size)
    first = np.searchsorted(found, np.arange(groups * places + 1) * costs)
    return Timetable(weights, cost_class, entry[position], found % costs, first)


def by_group(going: Array, share: Array, table: Timetable) -> tuple[Array, Array]:
    """When those who set off will arrive, by group of origins.

    People are first added up by group, destination and travel time, of which few occur; the lags are then one
    product of a sparse array with the weights.

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
    array of shape (group, destination)
        All of them, whenever they arrive. [person]
    """
    places = share.shape[1]
    flow = going[:, None] * share
    people = np.bincount(table.entry.ravel(), flow.ravel(), table.class_of_entry.size)
    lags, costs = table.weights.shape
    by_cost = sparse.csr_array(
        (people, table.class_of_entry, table.first_entry), shape=(table.first_entry.size - 1, costs)
    )
    sent = (by_cost @ np.ones(costs)).reshape(-1, places)
    return np.ascontiguousarray((by_cost @ table.weights.T).T).reshape(lags, -1, places), sent


def by_row(
    moving: Array, shares: Sequence[tuple[slice, Array]], lagged: Array
) -> tuple[Iterator[Array], Array]:
    """When those who set off will arrive, for sets of people of whom each has the same shares.

    Of a set, all who set off for one place in this step arrive at one pace: as many in each step as come from all their
    origins together. So who arrives where, and how many arrive when, is exact; which of the set come first is not told
    apart. That takes one product a set in place of one a lag.

    Parameters
    ----------
    moving : array of shape (row, origin)
        Who sets off. [person]
    shares : sequence of (slice, array of shape (origin, destination))
        Where they go, by rows that lie together. [1]
    lagged : array of shape (lag, origin, destination)
        From `Timetable.lagged`. [1]

    Returns
    -------
    iterator of array of shape (row, destination)
        Those who arrive 0, 1, 2, ... steps later; the same array each time. [person]
    array of shape (origin, destination)
        All who set off. [person]
    """
    going, pace = (
        np.zeros((len(moving), lagged.shape[2])),
        np.zeros((len(lagged), len(shares), lagged.shape[2])),
    )
    flows = np.zeros(lagged.shape[1:])
    set_of_row = np.zeros(len(moving), dtype=np.int64)
    for at, (rows, share) in enumerate(shares):
        set_of_row[rows] = at
        flow = moving[rows].sum(axis=0)[:, None] * share
        arriving = np.einsum("kom,om->km", lagged, flow)
        total = arriving.sum(axis=0)
        pace[:, at] = np.divide(arriving, total, out=np.zeros_like(arriving), where=total > 0)
        np.matmul(moving[rows], share, out=going[rows])
        flows += flow

    def by_lag() -> Iterator[Array]:
        arriving = np.empty_like(going)
        for now in pace:
            yield np.multiply(going, now[set_of_row], out=arriving)

    return by_lag(), flows


class OnTheWay:
    """People between two places, by steps left; it changes in place, for it is by far the largest of the state.

    The slots for the steps to come lie in a ring: a step's arrivals are taken from the slot that is due, which
    then serves for the step after the last. Nothing else is moved as time goes by.

    Parameters
    ----------
    rows, places : int
        Whoever is told apart, and where they go.

    Examples
    --------
    >>> way = OnTheWay(1, 1)
    >>> way.send(np.array([[[5.0]], [[7.0]]]))
    >>> way.arrive(), way.by_row()
    (array([[5.]]), array([7.]))
    """

    def __init__(self, rows: int, places: int) -> None:
        self._slots = np.zeros((1, rows, places))
        self._of_rows = np.zeros((1, rows))
        self._of_places = np.zeros((1, places))
        self._due = 0

    @property
    def due(self) -> Array:
        """Those who arrive in this step, of all sent so far, shape (row, destination). [person]"""
        return np.asarray(self._slots[self._due])

    def by_row(self) -> Array:
        """All on the way, shape (row,). [person]"""
        return np.asarray(self._of_rows.sum(axis=0))

    def by_place(self) -> Array:
        """All on the way, shape (destination,). [person]"""
        return np.asarray(self._of_places.sum(axis=0))

    def send(self, sent: Iterable[Array]) -> None:
        """Add people who set off in this step: those who arrive in it, one step later, ..., shape (row, destination)."""
        for lag, people in enumerate(sent):
            if lag == len(self._slots):
                self._lengthen()
            slot = (self._due + lag) % len(self._slots)
            self._slots[slot] += people
            self._of_rows[slot] += people @ np.ones(people.shape[1])
            self._of_places[slot] += np.ones(people.shape[0]) @ people

    def arrive(self) -> Array:
        """Take those out who arrive in this step, shape (row, destination), and begin the next step. [person]"""
        arriving = self.due.copy()
        for ring in (self._slots, self._of_rows, self._of_places):
            ring[self._due] = 0.0
        self._due = (self._due + 1) % len(self._slots)
        return arriving

    def _lengthen(self) -> None:
        """Add a slot for a later arrival than any before."""
        self._slots, self._of_rows, self._of_places = (
            np.concatenate([ring[self._due :], ring[: self._due], np.zeros_like(ring[:1])])
            for ring in (self._slots, self._of_rows, self._of_places)
        )
        self._due = 0
