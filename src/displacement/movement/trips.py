"""Who arrives when: classes of travel time and their arrival weights (E7)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels import flows, transit
from displacement.kernels.flows import Groups, Ring, Sending, Timetable, sets_of
from displacement.movement.assumptions import Travel

Array = NDArray[Any]

COST_CLASS_HOURS = 0.25
"""Width of the classes of travel time for which arrival weights are worked out. [h]"""


def timetable(hours: Array, travel: Travel, step_days: float) -> Timetable:
    """Arrival weights by class of travel time, for people who set off all over a step.

    Pairs without a way get the first class, and nobody travels there.

    Parameters
    ----------
    hours : array of shape (origin, destination)
        Infinite where there is no way. [h]
    travel : Travel
        Hours of travel in a day, preparation.
    step_days : float
        [day]
    """
    cost = np.where(np.isfinite(hours), hours, 0.0)
    cost /= COST_CLASS_HOURS
    cost_class = np.minimum(np.rint(cost, out=cost), np.iinfo(np.uint16).max, out=cost).astype(np.uint16)
    days = np.arange(cost_class.max(initial=0) + 1) * COST_CLASS_HOURS / travel.hours_per_day
    weights = transit.weights(days, travel.preparation, step_days, travel.preparation_shape)
    return Timetable(weights, np.ascontiguousarray(cost_class))


class Moved(NamedTuple):
    """Who sets off from one destination to another in a step."""

    going: Array
    """By where they go, shape (row, destination). [person]"""
    pace: Array
    """Share of those of a key who arrive 0, 1, 2, ... steps later, shape (lag, key, destination). [1]"""
    flows: Array
    """From where to where, shape (destination, destination). [person]"""


def by_row(moving: Array, key: Array, share: Array, table: Timetable) -> Moved:
    """When those who move on will arrive.

    Of a key, all who set off for one place in this step arrive at one pace: as many in each step as come from all their
    origins together. So who arrives where, and how many arrive when, is exact; which of the key come first is not told
    apart. That takes one product a key in place of one a lag.

    Parameters
    ----------
    moving : array of shape (row, origin)
        Who sets off. [person]
    key : array of int, shape (row,)
        Response key of each row; those of a key lie together.
    share : array of shape (key, origin, destination)
        Where they go. [1]
    table : Timetable
        When they arrive.
    """
    keys, places = share.shape[:2]
    going, edges = np.zeros(moving.shape), np.searchsorted(key, np.arange(keys + 1))
    of_key = np.zeros((keys, places))
    for at, rows in enumerate(slice(*span) for span in pairwise(edges)):
        of_key[at] = moving[rows].sum(axis=0)
        left = np.flatnonzero(of_key[at])
        few = 2 * left.size < places
        leaving, chosen = (moving[rows, left], share[at, left]) if few else (moving[rows], share[at])
        np.matmul(leaving, chosen, out=going[rows])
    origin, sets = np.tile(np.arange(places), keys), np.repeat(np.arange(keys), places)
    groups = Groups(
        share.reshape(-1, places), np.arange(keys * places), np.zeros(keys * places, dtype=np.int64)
    )
    by_lag, all_of_key = flows.arriving(
        groups, np.ones((1, places)), of_key.ravel(), sets_of(sets, keys), origin, table
    )
    pace = np.divide(by_lag, all_of_key, out=np.zeros_like(by_lag), where=all_of_key > 0)
    return Moved(going, pace, np.einsum("ko,kod->od", of_key, share))


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
    >>> way.send(Sending(np.ones((1, 1)), np.array([[[5.0]], [[7.0]]]), np.zeros(1, dtype=np.int64)))
    >>> way.arrive(), way.by_row()
    (array([[5.]]), array([7.]))
    """

    def __init__(self, rows: int, places: int) -> None:
        self._ring = Ring(np.zeros((1, rows, places)), np.zeros((1, rows)), np.zeros((1, places)))
        self._due = 0

    @property
    def due(self) -> Array:
        """Those who arrive in this step, of all sent so far, shape (row, destination). [person]"""
        return np.asarray(self._ring.people[self._due])

    def by_row(self) -> Array:
        """All on the way, shape (row,). [person]"""
        return np.asarray(self._ring.of_rows.sum(axis=0))

    def by_place(self) -> Array:
        """All on the way, shape (destination,). [person]"""
        return np.asarray(self._ring.of_places.sum(axis=0))

    def send(self, *sendings: Sending) -> None:
        """Add people who set off in this step."""
        while max((len(one.pace) for one in sendings), default=0) > len(self._ring.people):
            self._lengthen()
        flows.send(self._ring, self._due, sendings)

    def arrive(self) -> Array:
        """Take those out who arrive in this step, shape (row, destination), and begin the next step. [person]"""
        arriving = self.due.copy()
        for slots in self._ring:
            slots[self._due] = 0.0
        self._due = (self._due + 1) % len(self._ring.people)
        return arriving

    def _lengthen(self) -> None:
        """Add a slot for a later arrival than any before."""
        self._ring = Ring(
            *(
                np.concatenate([slots[self._due :], slots[: self._due], np.zeros_like(slots[:1])])
                for slots in self._ring
            )
        )
        self._due = 0
