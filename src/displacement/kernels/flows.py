"""Flows of people in a step: sums over all pairs of an origin and a place.

Each function is written twice: in NumPy, which says what it does, and in C++, which does it in one pass over what it
reads, where the package was built with a compiler. The two differ by rounding only; the compiled one has the same bits
on every instruction set. What draws a group of people to a place is ``near[entry[group], place] * weight[key[group],
place]`` throughout.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

compiled: Any
try:
    from displacement.kernels import _flows as compiled
except ImportError:  # built without a compiler
    compiled = None

Array = NDArray[Any]

FORCED = "DISPLACEMENT_FLOWS"
"""Environment variable that names the kernel to use: ``numpy``, or one of `variants`."""
NUMPY = "numpy"
MANY = 8
"""So many keys are many."""
MOST_SENDINGS = 4
"""So many parties set off together at the most."""
LEAST = 1e-300
"""The smallest hazard that anything is divided by. [1]"""


class Groups(NamedTuple):
    """Groups of people, and what draws them."""

    near: Array
    """Shape (entry, place). [1]"""
    entry: Array
    """Row of `near` of each group, shape (group,)."""
    key: Array
    """Row of the weights of each group, shape (group,)."""


class Timetable(NamedTuple):
    """When those who set off arrive, by class of travel time."""

    weights: Array
    """Share that arrives 0, 1, 2, ... steps later, shape (lag, class)."""
    cost_class: Array
    """Class of travel time of each pair, 16 bits, shape (origin, place)."""

    @property
    def lagged(self) -> Array:
        """Share of those of each pair that arrives 0, 1, 2, ... steps later, shape (lag, origin, place)."""
        return np.asarray(self.weights[:, self.cost_class])


def variants() -> tuple[str, ...]:
    """Instruction sets of this processor that the compiled kernel was built for, the fastest first."""
    return () if compiled is None else tuple(compiled.variants())


def kernel_name() -> str:
    """The kernel in use: an instruction set of the compiled one, or `numpy`."""
    forced = os.environ.get(FORCED, "")
    if not forced:
        return _FASTEST
    there = (*variants(), NUMPY)
    if forced not in there:
        raise ValueError(f"{FORCED}={forced}: not there; write {' or '.join(there)}, or leave it away")
    return forced


_FASTEST = (*variants(), NUMPY)[0]


def packed(groups: Groups, weight: Array) -> tuple[Any, ...]:
    """Groups and their weights as the compiled kernel takes them."""
    near, weight = (np.ascontiguousarray(values, dtype=float) for values in (groups.near, weight))
    entry, key = (np.ascontiguousarray(row, dtype=np.int64) for row in (groups.entry, groups.key))
    return near, len(near), entry, key, weight, len(weight), key.size, weight.shape[1]


def totals(groups: Groups, weight: Array) -> Array:
    """What draws each group, over all places.

    Parameters
    ----------
    groups : Groups
    weight : array of shape (key, place)

    Returns
    -------
    array of shape (group,)

    Examples
    --------
    >>> groups = Groups(np.array([[1.0, 0.5]]), np.array([0, 0]), np.array([0, 1]))
    >>> totals(groups, np.array([[1.0, 2.0], [3.0, 0.0]]))
    array([2., 3.])
    """
    name = kernel_name()
    if name == NUMPY or _many_keys(groups, weight):
        return np.asarray((groups.near @ weight.T)[groups.entry, groups.key])
    found = np.empty(groups.key.size)
    compiled.totals(name, packed(groups, weight), found)
    return found


def pulled(groups: Groups, weight: Array, people: Array, total: Array | None = None) -> Array:
    """Sum over groups of people by unit of what draws them, times how near they are.

    Multiplied by the weights these are the arrivals.

    Parameters
    ----------
    groups : Groups
    weight : array of shape (key, place)
    people : array of shape (group,)
        Who is not above 0, and whom nothing draws, is left out. [person]
    total : array of shape (group,), optional
        From `totals`, where they are known.

    Returns
    -------
    array of shape (key, place)

    Examples
    --------
    >>> groups = Groups(np.array([[1.0, 0.5]]), np.array([0, 0]), np.array([0, 1]))
    >>> weight = np.array([[1.0, 2.0], [3.0, 0.0]])
    >>> pulled(groups, weight, np.array([8.0, 6.0])) * weight
    array([[4., 4.],
           [6., 0.]])
    """
    name = kernel_name()
    if name == NUMPY or _many_keys(groups, weight):
        total = totals(groups, weight) if total is None else total
        each = np.divide(people, total, out=np.zeros(total.size), where=(people > 0) & (total > 0))
        entries = len(groups.near)
        by_entry = np.bincount(groups.key * entries + groups.entry, each, len(weight) * entries)
        return np.asarray(by_entry.reshape(-1, entries) @ groups.near)
    found = np.zeros(weight.shape)
    compiled.pulled(name, packed(groups, weight), np.ascontiguousarray(people), found)
    return found


def _many_keys(groups: Groups, weight: Array) -> bool:
    """Whether most entries have groups of many keys, so that one product of matrices is quicker than a pass for each."""
    return len(weight) >= MANY and 2 * groups.key.size >= len(weight) * len(groups.near)


class Sets(NamedTuple):
    """Sets of groups whose arrivals are added up."""

    of_group: Array
    """Set of each group, shape (group,)."""
    member: Array
    """The groups, set after set."""
    first: Array
    """Where those of each set begin, and the end, shape (set + 1,)."""


def sets_of(of_group: Array, count: int) -> Sets:
    """The sets, from that of each group."""
    member = np.argsort(of_group, kind="stable").astype(np.int64)
    return Sets(of_group, member, np.searchsorted(of_group[member], np.arange(count + 1)).astype(np.int64))


def arriving(
    groups: Groups, weight: Array, each: Array, sets: Sets, origin: Array, table: Timetable
) -> tuple[Array, Array]:
    """When those who set off arrive, by set of groups.

    Parameters
    ----------
    groups : Groups
    weight : array of shape (key, place)
    each : array of shape (group,)
        People by unit of what draws them. [person]
    sets : Sets
    origin : array of int, shape (group,)
        Row of the timetable's classes of each group.
    table : Timetable

    Returns
    -------
    array of shape (lag, set, place)
        Those who arrive 0, 1, 2, ... steps later. [person]
    array of shape (set, place)
        All of them. [person]

    Raises
    ------
    IndexError
        If a class of travel time has no weights.
    """
    name = kernel_name()
    (lags, costs), places, count = table.weights.shape, weight.shape[1], sets.first.size - 1
    if table.cost_class.max(initial=0) >= costs:
        raise IndexError(f"a class of travel time beyond the {costs} that there are")
    if name == NUMPY:
        return _arriving(groups, weight, each, sets, origin, table)
    sent, by_lag = np.empty((count, places)), np.empty((lags, count, places))
    compiled.arriving(
        name,
        packed(groups, weight),
        np.ascontiguousarray(each),
        sets.first,
        count,
        sets.member,
        np.ascontiguousarray(origin, dtype=np.int64),
        table.cost_class,
        len(table.cost_class),
        np.ascontiguousarray(table.weights),
        costs,
        lags,
        sent,
        by_lag,
    )
    return by_lag, sent


def _arriving(
    groups: Groups, weight: Array, each: Array, sets: Sets, origin: Array, table: Timetable
) -> tuple[Array, Array]:
    """`arriving` in NumPy: people of each set by place and class of travel time, then by when they arrive."""
    (lags, costs), places = table.weights.shape, weight.shape[1]
    by_lag = np.zeros((lags, sets.first.size - 1, places))
    sent, column = np.zeros(by_lag.shape[1:]), np.arange(places) * costs
    for at, span in enumerate(pairwise(sets.first)):
        member = sets.member[slice(*span)]
        member = member[each[member] != 0]
        flow = each[member, None] * groups.near[groups.entry[member]] * weight[groups.key[member]]
        cell = table.cost_class[origin[member]] + column
        by_cost = np.bincount(cell.ravel(), flow.ravel(), places * costs).reshape(places, costs)
        by_lag[:, at], sent[at] = table.weights @ by_cost.T, flow.sum(axis=0)
    return by_lag, sent


class Ring(NamedTuple):
    """People on the way, by steps left."""

    people: Array
    """Shape (slot, row, place). [person]"""
    of_rows: Array
    """Shape (slot, row). [person]"""
    of_places: Array
    """Shape (slot, place). [person]"""


class Sending(NamedTuple):
    """People who set off in a step."""

    going: Array
    """What the pace is multiplied by, shape (row, place), or (row, 1) where it is alike for all places."""
    pace: Array
    """Arrivals 0, 1, 2, ... steps later, shape (lag, set, place)."""
    set_of_row: Array
    """Whose pace each row has, shape (row,)."""


def send(ring: Ring, due: int, sendings: Sequence[Sending]) -> None:
    """Add people who set off to the slots, from the one that is due on; the ring changes in place.

    Parameters
    ----------
    ring : Ring
    due : int
        Slot of those who arrive in this step.
    sendings : sequence of Sending
        At most `MOST_SENDINGS`, of no more lags than there are slots.
    """
    name = kernel_name()
    slots, rows, places = ring.people.shape
    if name == NUMPY:
        for going, pace, set_of_row in sendings:
            for lag, of_sets in enumerate(pace):
                slot, people = (due + lag) % slots, going * of_sets[set_of_row]
                ring.people[slot] += people
                ring.of_rows[slot] += people.sum(axis=1)
                ring.of_places[slot] += people.sum(axis=0)
        return
    packed_ones = tuple(
        (
            np.ascontiguousarray(going),
            going.shape[1] == places and places > 1,
            np.ascontiguousarray(pace),
            *pace.shape[:2],
            np.ascontiguousarray(set_of_row, dtype=np.int64),
        )
        for going, pace, set_of_row in sendings
    )
    compiled.send(name, *ring, slots, rows, places, due, packed_ones)


def leave(
    present: Array, onward: Array, homeward: Array, way_home: Array, key: Array, way: Array
) -> tuple[Array, Array]:
    """Who moves on and who goes home, where the two hazards compete.

    Of those whom either takes, each takes its part of the two hazards' sum.

    Parameters
    ----------
    present : array of shape (row, place)
        [person]
    onward : array of shape (key, place)
        Hazard of moving on. [1]
    homeward : array of shape (row,)
        Hazard of going home. [1]
    way_home : array of bool, shape (way, place)
        Where there is a way home.
    key, way : array of int, shape (row,)
        Row of `onward` and of `way_home`.

    Returns
    -------
    array of shape (row, place)
        Who moves on. [person]
    array of shape (row, place)
        Who goes home. [person]

    Examples
    --------
    >>> one = np.zeros(1, dtype=np.int64)
    >>> on, home = leave(np.array([[100.0]]), np.array([[0.3]]), np.array([0.1]), np.array([[True]]), one, one)
    >>> on.round(6), home.round(6)
    (array([[24.725997]]), array([[8.241999]]))
    """
    name = kernel_name()
    moved, returned, is_open = -np.expm1(-onward), -np.expm1(-homeward), way_home.astype(float)
    if name == NUMPY:
        own = homeward[:, None] * is_open[way]
        alone, other = moved[key], returned[:, None] * is_open[way]
        gone = present * (alone + other - alone * other)
        home = gone * (own / np.maximum(own + onward[key], LEAST))
        return gone - home, home
    on, home = np.empty_like(present), np.empty_like(present)
    compiled.leave(
        name,
        *present.shape,
        np.ascontiguousarray(present),
        np.ascontiguousarray(key, dtype=np.int64),
        len(onward),
        np.ascontiguousarray(onward),
        moved,
        homeward,
        returned,
        np.ascontiguousarray(way, dtype=np.int64),
        len(way_home),
        is_open,
        on,
        home,
    )
    return on, home
