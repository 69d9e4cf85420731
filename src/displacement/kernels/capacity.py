"""What crowding and full places do to choice (E6): one price for each destination.

The flows are the answer of a convex problem, so they are unique. Each destination has a price mu >= 0 that
everybody pays in utility. A place that crowds has ``mu = crowding ln(1 + occupied / capacity)``, with
`occupied` counted at the end of the step, so that those who arrive in a step deter one another. A place
that is full has ``mu >= 0``, ``arrivals <= room`` and ``mu (room - arrivals) = 0``. The prices are the dual
variables; they are found by scaling in turn the rows (everybody goes somewhere) and the columns (each price
fits its arrivals), which is exact coordinate ascent on the dual (Sinkhorn's iteration, with a law in place of
a total for the columns).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TOLERANCE = 1e-12
"""Relative change of every destination's exp(-mu) at which the sweeps stop. [1]"""
HIGHEST = 600.0
"""The highest price of crowding: beyond it exp(-mu) would be lost to rounding. [logit]"""
SWEEPS = 5000
"""The most sweeps; fifteen are usual, more only where nearly nobody has a place to go that is not full."""


def crowded(
    people: Array,
    share: Array,
    occupied: Array,
    capacity: Array,
    crowding: float,
    room: Array,
    start: Array | None = None,
) -> tuple[Array, Array]:
    """Where people go when places crowd and some are full.

    Parameters
    ----------
    people : array of shape (origin,)
        Who sets off from each origin. [person]
    share : array of shape (origin, destination)
        Where they would go if nothing crowded; rows add up to one, or to zero where nothing is open. [1]
    occupied : array of shape (destination,)
        Who is there or on the way already. [person]
    capacity : array of shape (destination,), above 0
        At so many the price of crowding is ``crowding ln 2``; infinite where nothing crowds. [person]
    crowding : float
        Price of crowding, kappa. [logit]
    room : array of shape (destination,)
        How many a full place still takes; infinite for all others. A full place does not crowd besides.
        [person]
    start : array of shape (destination,), optional
        Prices to begin with, such as those of the step before; the answer does not depend on them. [logit]

    Returns
    -------
    array of shape (origin, destination)
        Where they go. Rows add up as those of `share` do. [1]
    array of shape (destination,)
        Prices mu; infinite where there is no room at all. [logit]

    Notes
    -----
    Somebody has to take people in: those who can reach full places alone go there whatever the room, and the
    others find what is left.

    Examples
    --------
    A hundred people and two places alike, one of which takes twenty:

    >>> places = np.full(2, np.inf)
    >>> share, price = crowded(np.array([100.0]), np.array([[0.5, 0.5]]), np.zeros(2), places, 1.0,
    ...     np.array([np.inf, 20.0]))
    >>> share.round(9), price.round(9)
    (array([[0.8, 0.2]]), array([0.        , 1.38629436]))
    """
    full = np.isfinite(room)
    if not full.any() and not np.isfinite(capacity).any():
        return share, np.zeros(capacity.shape)
    bound = share @ (~full).astype(float) == 0
    left = np.where(full, np.maximum(room - people[bound] @ share[bound], 0.0), np.inf)
    going = (people > 0) & ~bound
    drawn = share.any(axis=0)
    capacity = np.where(drawn, capacity, np.inf)
    least = np.where(full, 0.0, np.minimum(crowding * np.log1p(occupied / capacity), HIGHEST))
    price = least if start is None else np.where(np.isfinite(start), np.maximum(start, least), least)
    factor = np.where(left > 0, np.exp(-price), 0.0)
    demand = np.where(going, people, 0.0)
    for _ in range(SWEEPS if going.any() else 0):
        pull = np.divide(demand, share @ factor, out=np.zeros(demand.shape), where=going) @ share
        filling = np.divide(left, pull, out=np.ones_like(pull), where=pull > 0)
        scaled = np.where(
            full,
            np.minimum(1.0, filling),
            _crowding_factor(factor, pull, occupied, capacity, crowding, least),
        )
        change = np.divide(scaled, factor, out=np.ones_like(factor), where=factor > 0)
        factor = scaled
        if np.abs(change - 1.0).max(initial=0.0) <= TOLERANCE:
            break
    shares = share * factor
    total = shares @ np.ones(factor.shape)
    kept = np.flatnonzero(bound | (total == 0))
    shares[kept], total[kept] = share[kept], 1.0
    shares /= total[:, None]
    with np.errstate(divide="ignore"):
        return shares, np.asarray(0.0 - np.log(factor))


def _crowding_factor(
    factor: Array, pull: Array, occupied: Array, capacity: Array, crowding: float, least: Array
) -> Array:
    """exp(-mu) that solves mu = crowding ln(1 + (occupied + pull exp(-mu)) / capacity), place by place.

    The difference of both sides rises and is concave in mu, so Newton's steps come from the left after the
    first, and converge quadratically.
    """
    with np.errstate(divide="ignore"):
        price = np.where(factor > 0, -np.log(factor), least)
    for _ in range(4):
        arriving = pull * np.exp(-price)
        filled = capacity + occupied + arriving
        gap = price - crowding * np.log1p((occupied + arriving) / capacity)
        slope = 1.0 + crowding * arriving / filled
        price = np.clip(price - gap / slope, least, HIGHEST)
    return np.asarray(np.exp(-price))
