"""Where people go: what draws those who leave to each destination, and the flows that follow.

What draws people of a response key at an origin to a destination is a product, ``near * attraction``: the first says how
near they are and changes with the ways alone, the second is the same from everywhere. So the totals of all origins and
the arrivals at all destinations are products of `near` with one vector a key, and no share is formed to find them.

Contract of every entry of `MODELS`
-----------------------------------
``model(hours, allowed, decay, origin, key) -> choose`` once for a set of ways, then ``choose(attraction) -> Draw`` as
often as what draws people changes.

hours : array of shape (origin, destination), travel time [h]; infinite where there is no way
allowed : array of shape (origin, destination) in [0, 1], share of an origin's people who may use a destination
decay : float, loss of utility with an hour of travel [1/h]
origin, key : array of int, shape (group,), where each group of people sets off, and its response key
attraction : array of shape (key, destination), >= 0, any scale; 0 where closed [person]

The draw is 0 where a destination is not allowed, out of reach or not attractive, and a group's total is above 0
wherever one of them is none of that. Permuting origins or destinations permutes the shares. Nothing is written into an
argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels import flows
from displacement.kernels.flows import Groups

Array = NDArray[Any]

FAINT = 1e-200
"""Where what draws a group has faded to this part of what would draw it to the nearest of all, it is reckoned again from
the nearest that is open, so that nothing is lost to rounding. [1]"""


class Draw(NamedTuple):
    """What draws groups of people: ``near[entry[group], destination] * attraction[key[group], destination]``."""

    near: Array
    """Shape (entry, destination). [1]"""
    entry: Array
    """Row of `near` of each group, shape (group,): those of the origins first, in order."""
    key: Array
    """Row of `attraction` of each group, shape (group,)."""
    attraction: Array
    """Shape (key, destination). [person]"""
    total: Array
    """Over the destinations, shape (group,); 0 where nothing draws anybody. [person]"""

    @property
    def groups(self) -> Groups:
        """The groups, without what attracts them."""
        return Groups(self.near, self.entry, self.key)


Choose = Callable[[Array], Draw]
Model = Callable[[Array, Array, float, Array, Array], Choose]


def totals(draw: Draw, factor: Array) -> Array:
    """What draws each group in all, shape (group,), with every destination's draw multiplied by a factor. [person]

    Examples
    --------
    >>> one = np.zeros(1, dtype=np.int64)
    >>> draw = logit(np.array([[1.0, 1.0]]), np.ones((1, 2)), 0.5, one, one)(np.array([[1.0, 3.0]]))
    >>> totals(draw, np.array([1.0, 0.0]))
    array([1.])
    """
    return flows.totals(draw.groups, draw.attraction * factor)


def pulled(draw: Draw, people: Array, factor: Array | None = None) -> Array:
    """Arrivals of some people, shape (key, destination), by unit of the factor. [person]

    Multiplied by the factor these are the arrivals where every destination's draw is multiplied by it.

    Parameters
    ----------
    draw : Draw
    people : array of shape (group,)
        [person]
    factor : array of shape (destination,), optional
        [1]

    Examples
    --------
    >>> one = np.zeros(1, dtype=np.int64)
    >>> draw = logit(np.array([[1.0, 1.0]]), np.ones((1, 2)), 0.5, one, one)(np.array([[1.0, 3.0]]))
    >>> pulled(draw, np.array([8.0]))
    array([[2., 6.]])
    """
    if factor is None:
        return np.asarray(flows.pulled(draw.groups, draw.attraction, people, draw.total) * draw.attraction)
    return np.asarray(flows.pulled(draw.groups, draw.attraction * factor, people) * draw.attraction)


def priced(draw: Draw, factor: Array, free: Array) -> Draw:
    """With every destination's draw multiplied by a factor, but for those who are free of it.

    Nor is it for those to whom it would leave nothing.

    Parameters
    ----------
    draw : Draw
    factor : array of shape (destination,)
        [1]
    free : array of bool, shape (group,)
        For whom it is not.
    """
    total = totals(draw, factor)
    alone = free | (total == 0)
    return draw._replace(
        key=np.where(alone, draw.key + len(draw.attraction), draw.key),
        attraction=np.concatenate([draw.attraction * factor, draw.attraction]),
        total=np.where(alone, draw.total, total),
    )


def each(draw: Draw, people: Array) -> Array:
    """People by unit of what draws them, shape (group,); none of those whom nothing draws. [1]"""
    return np.divide(people, draw.total, out=np.zeros(draw.total.size), where=draw.total > 0)


def shares(draw: Draw) -> Array:
    """Share of each destination for every group.

    Returns
    -------
    array of shape (group, destination)
        Rows add up to one, or to zero where nothing draws anybody. [1]

    Examples
    --------
    >>> one = np.zeros(1, dtype=np.int64)
    >>> shares(logit(np.array([[1.0, 1.0]]), np.ones((1, 2)), 0.5, one, one)(np.array([[1.0, 3.0]])))
    array([[0.25, 0.75]])
    """
    weight = draw.near[draw.entry] * draw.attraction[draw.key]
    weight /= np.where(draw.total > 0, draw.total, 1.0)[:, None]
    return np.asarray(weight)


def logit(hours: Array, allowed: Array, decay: float, origin: Array, key: Array) -> Choose:
    """Multinomial logit: share in proportion to ``attraction * exp(-decay * hours)``.

    McFadden (1974). The attraction carries the sizes and all terms that do not depend on the pair, so that the matrix of
    decays is worked out once, and all flows come from it and one vector a key.

    Examples
    --------
    >>> one = np.zeros(1, dtype=np.int64)
    >>> choose = logit(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]]), 0.5, one, one)
    >>> choose(np.array([[1.0, 3.0]])).total
    array([4.])
    """
    usable = np.isfinite(hours) & (allowed > 0)
    near = np.ascontiguousarray(_decays(hours, usable, decay) * allowed)
    anything = np.asarray(usable.any(axis=1))[origin]

    def choose(attraction: Array) -> Draw:
        total = flows.totals(Groups(near, origin, key), attraction)
        most = attraction.max(axis=1, initial=0.0)[key]
        faint = np.flatnonzero((total <= FAINT * most) & anything & (most > 0))
        if faint.size == 0:
            return Draw(near, origin, key, attraction, total)
        there, drawn = origin[faint], attraction[key[faint]]
        some = usable[there] & (drawn > 0)
        again = np.where(some, _decays(hours[there], some, decay) * allowed[there], 0.0)
        entry = origin.copy()
        entry[faint] = len(near) + np.arange(faint.size)
        total[faint] = (again * drawn).sum(axis=1)
        return Draw(np.concatenate([near, again]), entry, key, attraction, total)

    return choose


def _decays(hours: Array, usable: Array, decay: float) -> Array:
    """exp(-decay * hours) by origin, relative to the nearest that is usable; 0 where nothing is."""
    beyond = np.where(usable, hours, np.inf)
    least = beyond.min(axis=1, keepdims=True, initial=np.inf)
    np.subtract(beyond, np.where(np.isfinite(least), least, 0.0), out=beyond)
    if decay == 0:
        return usable.astype(float)
    beyond *= -decay
    return np.exp(beyond, out=beyond)


def nearest(hours: Array, allowed: Array, decay: float, origin: Array, key: Array) -> Choose:
    """Everybody to the nearest place open to any of them; equally near ones share equally. `decay` has no effect.

    The naive entry of the table, to compare the others against.

    Examples
    --------
    >>> one = np.zeros(1, dtype=np.int64)
    >>> choose = nearest(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), 0.5, one, one)
    >>> shares(choose(np.array([[1.0, 3.0]])))
    array([[1., 0.]])
    """
    reached = np.where((allowed > 0) & np.isfinite(hours), hours, np.inf)

    def choose(attraction: Array) -> Draw:
        drawn = attraction[key] > 0
        distance = np.where(drawn, reached[origin], np.inf)
        least = distance.min(axis=1, keepdims=True, initial=np.inf)
        closest = ((distance == least) & np.isfinite(distance)).astype(float)
        near = np.divide(closest, attraction[key], out=np.zeros(closest.shape), where=drawn)
        return Draw(near, np.arange(key.size), key, attraction, closest.sum(axis=1))

    return choose


MODELS: dict[str, Model] = {"logit": logit, "nearest": nearest}
