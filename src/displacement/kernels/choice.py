"""Where people go: what draws those who leave to each destination, and the flows that follow.

What draws people of a response key at an origin to a destination is a product, ``near * attraction``: the first says how
near they are and changes with the ways alone, the second is the same from everywhere. So the totals of all origins and
the arrivals at all destinations are products of `near` with one vector a key, and no share is formed to find them.

Contract of every entry of `MODELS`
-----------------------------------
``model(hours, allowed, decay) -> choose`` once for a set of ways, then ``choose(attraction) -> Draw`` as often as what
draws people changes.

hours : array of shape (origin, destination), travel time [h]; infinite where there is no way
allowed : array of shape (origin, destination) in [0, 1], share of an origin's people who may use a destination
decay : float, loss of utility with an hour of travel [1/h]
attraction : array of shape (key, destination), >= 0, any scale; 0 where closed [person]

The draw is 0 where a destination is not allowed, out of reach or not attractive, and an origin's total is above 0
wherever one of them is none of that. Permuting origins or destinations permutes the shares. Nothing is written into an
argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FAINT = 1e-200
"""Where what draws an origin's people has faded to this part of what would draw them to the nearest of all, it is
reckoned again from the nearest that is open, so that nothing is lost to rounding. [1]"""


class Draw(NamedTuple):
    """What draws people to destinations: ``near[entry[key, origin], destination] * attraction[key, destination]``."""

    near: Array
    """Shape (entry, destination). [1]"""
    entry: Array
    """Row of `near` of each key and origin, shape (key, origin): those of the origins first, in order."""
    attraction: Array
    """Shape (key, destination). [person]"""
    total: Array
    """Over the destinations, shape (key, origin); 0 where nothing draws anybody. [person]"""


Choose = Callable[[Array], Draw]


def totals(draw: Draw, factor: Array) -> Array:
    """What draws people in all, shape (key, origin), with every destination's draw multiplied by a factor. [person]

    Examples
    --------
    >>> draw = logit(np.array([[1.0, 1.0]]), np.ones((1, 2)), 0.5)(np.array([[1.0, 3.0]]))
    >>> totals(draw, np.array([1.0, 0.0]))
    array([[1.]])
    """
    by_entry = draw.near @ (draw.attraction * factor).T
    return np.asarray(by_entry[draw.entry, np.arange(len(draw.entry))[:, None]])


def pulled(draw: Draw, people: Array) -> Array:
    """Sum over origins of people by unit of draw times what draws them, shape (key, destination). [person]

    With ``people / totals`` these are the arrivals.

    Parameters
    ----------
    draw : Draw
    people : array of shape (key, origin)
        By unit of draw. [1]

    Examples
    --------
    >>> draw = logit(np.array([[1.0, 1.0]]), np.ones((1, 2)), 0.5)(np.array([[1.0, 3.0]]))
    >>> pulled(draw, np.array([[8.0]]) / draw.total)
    array([[2., 6.]])
    """
    by_entry = np.zeros((len(people), len(draw.near)))
    by_entry[np.arange(len(people))[:, None], draw.entry] = people
    return np.asarray((by_entry @ draw.near) * draw.attraction)


def shares(draw: Draw, key: Array, factor: Array | None = None, free: Array | None = None) -> Array:
    """Share of each destination for the people of one key at every origin.

    Parameters
    ----------
    draw : Draw
    key : array of int, shape (origin,)
        Key of each origin's people.
    factor : array of shape (destination,), optional
        What every destination's draw is multiplied by. [1]
    free : array of bool, shape (key, origin), optional
        For whom it is not. Nor is it where all factors in reach are 0.

    Returns
    -------
    array of shape (origin, destination)
        Rows add up to one, or to zero where nothing draws anybody. [1]

    Examples
    --------
    >>> draw = logit(np.array([[1.0, 1.0]]), np.ones((1, 2)), 0.5)(np.array([[1.0, 3.0]]))
    >>> shares(draw, np.array([0]))
    array([[0.25, 0.75]])
    """
    origin = np.arange(key.size)
    near = draw.near if len(draw.near) == key.size else draw.near[draw.entry[key, origin]]
    if factor is None:
        weight, total = near * draw.attraction[key], draw.total[key, origin].copy()
    else:
        weight = near * (draw.attraction * factor)[key]
        total = weight @ np.ones(weight.shape[1])
        again = np.flatnonzero((total == 0) | (False if free is None else free[key, origin]))
        weight[again] = near[again] * draw.attraction[key[again]]
        total[again] = draw.total[key[again], again]
    total[total == 0] = 1.0
    weight /= total[:, None]
    return np.asarray(weight)


def logit(hours: Array, allowed: Array, decay: float) -> Choose:
    """Multinomial logit: share in proportion to ``attraction * exp(-decay * hours)``.

    McFadden (1974). The attraction carries the sizes and all terms that do not depend on the pair, so that the matrix of
    decays is worked out once, and all flows come from it and one vector a key.

    Examples
    --------
    >>> choose = logit(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]]), 0.5)
    >>> choose(np.array([[1.0, 3.0]])).total
    array([[4.]])
    """
    usable = np.isfinite(hours) & (allowed > 0)
    near = _decays(hours, usable, decay) * allowed
    anything = usable.any(axis=1)

    def choose(attraction: Array) -> Draw:
        entry = np.broadcast_to(np.arange(len(near)), (len(attraction), len(near)))
        total = (near @ attraction.T).T
        most = attraction.max(axis=1, keepdims=True, initial=0.0)
        faint = np.nonzero((total <= FAINT * most) & anything & (most > 0))
        if faint[0].size == 0:
            return Draw(near, entry, attraction, total)
        key, origin = faint
        some = usable[origin] & (attraction[key] > 0)
        again = np.where(some, _decays(hours[origin], some, decay) * allowed[origin], 0.0)
        entry, total = entry.copy(), total.copy()
        entry[faint] = len(near) + np.arange(origin.size)
        total[faint] = (again * attraction[key]).sum(axis=1)
        return Draw(np.concatenate([near, again]), entry, attraction, total)

    return choose


def _decays(hours: Array, usable: Array, decay: float) -> Array:
    """exp(-decay * hours) by origin, relative to the nearest that is usable; 0 where nothing is."""
    least = np.where(usable, hours, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    beyond = np.subtract(hours, least, out=np.zeros(hours.shape), where=usable)
    return np.where(usable, np.exp(-decay * beyond), 0.0)


def nearest(hours: Array, allowed: Array, decay: float) -> Choose:
    """Everybody to the nearest place open to any of them; equally near ones share equally. `decay` has no effect.

    The naive entry of the table, to compare the others against.

    Examples
    --------
    >>> choose = nearest(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), 0.5)
    >>> shares(choose(np.array([[1.0, 3.0]])), np.array([0]))
    array([[1., 0.]])
    """
    reached = np.where((allowed > 0) & np.isfinite(hours), hours, np.inf)

    def choose(attraction: Array) -> Draw:
        drawn = attraction[:, None] > 0
        distance = np.where(drawn, reached, np.inf)
        least = distance.min(axis=2, keepdims=True, initial=np.inf)
        closest = ((distance == least) & np.isfinite(distance)).astype(float)
        near = np.divide(closest, attraction[:, None], out=np.zeros(closest.shape), where=drawn)
        entry = np.arange(closest.shape[0] * closest.shape[1]).reshape(closest.shape[:2])
        return Draw(near.reshape(-1, reached.shape[1]), entry, attraction, closest.sum(axis=2))

    return choose


MODELS: dict[str, Callable[[Array, Array, float], Choose]] = {"logit": logit, "nearest": nearest}
