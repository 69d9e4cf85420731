"""Who controls each place, and when that changes (E1).

Places carry the control; a cell follows the place it is nearest to. A dated change takes effect at noon of
its date. Time is counted in days from the first midnight of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NOBODY = -1


class Change(NamedTuple):
    """A place changes hands."""

    time: float
    """[day]"""
    place: int
    controller: int


@dataclass(frozen=True)
class Control:
    """Who holds each place over time.

    Parameters
    ----------
    times : array of shape (change,)
        Times at which any place changes hands, rising. [day]
    holder : array of int, shape (change + 1, place)
        Controller of each place before the first change, then after each; -1 for nobody named.
    """

    times: NDArray[Any]
    holder: NDArray[Any]

    def at(self, time: float) -> NDArray[Any]:
        """Controller of each place at a time; at the very time of a change, the new one."""
        return np.asarray(self.holder[np.searchsorted(self.times, time, side="right")])

    @property
    def start(self) -> NDArray[Any]:
        """Controller of each place before the first change."""
        return np.asarray(self.holder[0])

    def fronts(self) -> list[tuple[float, int, NDArray[Any]]]:
        """What changes hands: for each time and new controller, the places.

        Returns
        -------
        list of (time, controller, array of bool of shape (place,))
            In order of time, then controller.
        """
        found = []
        for index, time in enumerate(self.times):
            before, after = self.holder[index], self.holder[index + 1]
            for controller in np.unique(after[after != before]):
                found.append((float(time), int(controller), (after != before) & (after == controller)))
        return found


def timeline(start: NDArray[Any], changes: Sequence[Change]) -> Control:
    """Bring the dated changes into order.

    Of several changes of one place at one time the last in the list holds. A change to the controller that
    holds the place already is no change: it starts no front.

    Parameters
    ----------
    start : array of int, shape (place,)
        Controller of each place at the start; -1 for nobody named.
    changes : sequence of Change
        In any order.

    Returns
    -------
    Control

    Examples
    --------
    >>> control = timeline(np.array([0, 0]), [Change(2.5, 1, 1), Change(3.5, 0, 0)])
    >>> control.times, control.at(2.4), control.at(2.5)
    (array([2.5]), array([0, 0]), array([0, 1]))
    """
    times: list[float] = []
    holders = [np.asarray(start, dtype=np.int64)]
    for time in sorted({change.time for change in changes}):
        after = holders[-1].copy()
        for change in changes:
            if change.time == time:
                after[change.place] = change.controller
        if (after != holders[-1]).any():
            times.append(time)
            holders.append(after)
    return Control(np.array(times), np.stack(holders))


def followed(changes: Sequence[Change], follows: NDArray[Any]) -> list[Change]:
    """The changes with those of places that follow another until they have a change of their own that day.

    Parameters
    ----------
    changes : sequence of Change
        In any order.
    follows : array of int, shape (place,)
        The place that each one follows; -1 for none.

    Returns
    -------
    list of Change
        Those that follow come first, so that a place's own change on the same day holds.

    Examples
    --------
    >>> followed([Change(2.5, 0, 1)], np.array([-1, 0]))
    [Change(time=2.5, place=1, controller=1), Change(time=2.5, place=0, controller=1)]
    """
    followers: dict[int, list[int]] = {}
    for place in np.flatnonzero(follows >= 0).tolist():
        followers.setdefault(int(follows[place]), []).append(place)
    after = [change._replace(place=place) for change in changes for place in followers.get(change.place, ())]
    return [*after, *changes]


def of_cells(holder: NDArray[Any], place: NDArray[Any]) -> NDArray[Any]:
    """Controller of each cell: that of its place; nobody beyond every place's reach.

    Parameters
    ----------
    holder : array of int, shape (place,)
        Controller of each place.
    place : array of int, shape (cell,)
        Nearest place of each cell; -1 beyond reach.

    Returns
    -------
    array of int, shape (cell,)
    """
    return np.where(place >= 0, np.append(holder, NOBODY)[place], NOBODY)
