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

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels import flows
from displacement.kernels.choice import Draw, pulled, totals

Array = NDArray[Any]

TOLERANCE = 1e-12
"""Relative change of every destination's exp(-mu) that is still to come when the sweeps stop. [1]"""
HIGHEST = 600.0
"""The highest price of crowding: beyond it exp(-mu) would be lost to rounding. [logit]"""
SWEEPS = 5000
"""The most sweeps; four are usual, more only where nearly nobody has a place to go that is not full."""
LINEAR = 0.1
"""Sweeps whose changes, once they are no larger than this, fall to less than this part each time converge in proportion,
and are helped on. [1]"""
FASTEST = 0.01
"""The smallest part that changes are taken to fall to: one that falls slowly may hide behind one that falls fast. [1]"""


class Party(NamedTuple):
    """People who set off, and what draws them."""

    people: Array
    """Shape (group,). [person]"""
    draw: Draw


class Prices(NamedTuple):
    """What crowding and full places come to; `choice.priced` takes the factor and who is free of it."""

    price: Array
    """mu, shape (destination,); infinite where there is no room at all. [logit]"""
    factor: Array
    """exp(-mu), same shape. [1]"""
    free: tuple[Array, ...]
    """Whoever can reach full places alone and pays no price, shape (group,), by party."""


def crowded(
    parties: Sequence[Party],
    occupied: Array,
    capacity: Array,
    crowding: float,
    room: Array,
    start: Array | None = None,
) -> Prices:
    """What places cost when they crowd and some are full.

    Parameters
    ----------
    parties : sequence of Party
        Who sets off, and what would draw them if nothing crowded.
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
    Prices

    Notes
    -----
    Somebody has to take people in: those who can reach full places alone go there whatever the room, and the
    others find what is left.

    Examples
    --------
    A hundred people and two places alike, one of which takes twenty:

    >>> from displacement.kernels.choice import logit, priced, shares
    >>> one = np.zeros(1, dtype=np.int64)
    >>> draw = logit(np.ones((1, 2)), np.ones((1, 2)), 0.5, one, one)(np.ones((1, 2)))
    >>> party, room = Party(np.array([100.0]), draw), np.array([np.inf, 20.0])
    >>> found = crowded([party], np.zeros(2), np.full(2, np.inf), 1.0, room)
    >>> shares(priced(draw, found.factor, found.free[0])).round(9), found.price.round(9)
    (array([[0.8, 0.2]]), array([0.        , 1.38629436]))
    """
    full = np.isfinite(room)
    free = tuple(_unless(full, party.draw) == 0 for party in parties)
    left = np.where(full, np.maximum(room - _bound(parties, free), 0.0), np.inf)
    going = [np.where(bound, 0.0, party.people) for party, bound in zip(parties, free, strict=True)]
    draws = np.concatenate([party.draw.attraction for party in parties]).max(axis=0) > 0
    capacity = np.where(draws, capacity, np.inf)
    least = np.where(full, 0.0, np.minimum(crowding * np.log1p(occupied / capacity), HIGHEST))
    price = least if start is None else np.where(np.isfinite(start), np.maximum(start, least), least)
    factor = np.where(left > 0, np.exp(-price), 0.0)
    if any((people > 0).any() for people in going):
        factor = cleared(
            [
                (party.draw.groups, party.draw.attraction, people)
                for party, people in zip(parties, going, strict=True)
            ],
            Market(full, left, occupied, capacity, least, crowding, HIGHEST),
            factor,
            TOLERANCE,
            SWEEPS,
        )
    with np.errstate(divide="ignore"):
        return Prices(np.asarray(0.0 - np.log(factor)), factor, free)


def free_of_charge(places: int, draws: Sequence[Draw]) -> Prices:
    """What places cost where none crowds and none is full: nothing."""
    return Prices(np.zeros(places), np.ones(places), tuple(draw.total == 0 for draw in draws))


def _unless(full: Array, draw: Draw) -> Array:
    """What draws people to all places that are not full, shape (group,). [person]"""
    return totals(draw, (~full).astype(float)) if full.any() else draw.total


def _bound(parties: Sequence[Party], free: Sequence[Array]) -> Array:
    """Arrivals of those who can reach full places alone, shape (destination,). [person]"""
    arriving = np.zeros(parties[0].draw.near.shape[1])
    for party, alone in zip(parties, free, strict=True):
        bound = alone & (party.draw.total > 0)
        if bound.any():
            arriving += pulled(party.draw, np.where(bound, party.people, 0.0)).sum(axis=0)
    return arriving


class Market(NamedTuple):
    """Places that crowd or are full, whose prices are looked for; all of shape (place,)."""

    full: Array
    """Whether a place takes so many and no more, and does not crowd besides."""
    room: Array
    """How many a full place takes. [person]"""
    occupied: Array
    """Who is there already. [person]"""
    capacity: Array
    """Of the places that crowd; infinite where nothing does. [person]"""
    least: Array
    """The lowest price. [logit]"""
    crowding: float
    """Price of crowding. [logit]"""
    highest: float
    """The highest price. [logit]"""


def cleared(
    groups: Sequence[tuple[flows.Groups, Array, Array]],
    market: Market,
    factor: Array,
    tolerance: float,
    sweeps: int,
) -> Array:
    """exp(-price) of every place that fits what it pulls, by sweeps over rows and columns in turn.

    Where sweeps converge in proportion the next begins further on, from the secant of the last two (Anderson 1965, with a
    memory of one).

    Parameters
    ----------
    groups : sequence of (Groups, array of shape (key, place), array of shape (group,))
        Who sets off: groups, what attracts them, how many people.
    market : Market
    factor : array of shape (place,)
        To begin with; 0 stays 0. [1]
    tolerance : float
        Relative change of every factor at which the sweeps stop. They also stop where changes that fall in proportion
        come to less than this from here on. [1]
    sweeps : int
        The most of them.

    Returns
    -------
    array of shape (place,)
        [1]
    """
    name = flows.kernel_name()
    if name != flows.NUMPY:
        found = np.array(factor, dtype=float)
        flows.compiled.prices(
            name,
            tuple(flows.packed(who, weight) for who, weight, _ in groups),
            tuple(np.ascontiguousarray(people, dtype=float) for _, _, people in groups),
            found.size,
            market.full,
            *(np.ascontiguousarray(values, dtype=float) for values in market[1:5]),
            market.crowding,
            market.highest,
            found,
            sweeps,
            tolerance,
            LINEAR,
            FASTEST,
        )
        return found
    with np.errstate(divide="ignore"):
        price = -np.log(factor)
    ever, most = np.isfinite(price), np.where(market.full, np.inf, market.highest)
    before, rate, guessed = 0.0, 1.0, False
    step_before, found_before = np.zeros_like(price), price
    for _ in range(sweeps):
        factor, pull = np.exp(-price), np.zeros(price.size)
        for who, weight, people in groups:
            pull += (flows.pulled(who, weight * factor, people) * weight).sum(axis=0)
        found = np.where(market.full, _filling(pull, market), _crowding(price, pull, market))
        step = np.where(ever, found - np.where(ever, price, 0.0), 0.0)
        change = float(np.abs(np.expm1(-step)).max(initial=0.0))
        if not guessed:
            rate = max(change / before, FASTEST) if 0 < before <= LINEAR else 1.0
        elif change > LINEAR * before:
            rate = 1.0
        if change <= tolerance or (rate <= LINEAR and change * rate <= (1.0 - rate) * tolerance):
            return np.where(ever, np.exp(-found), 0.0)
        turn = step - step_before
        part = step @ turn / (turn @ turn) if rate <= LINEAR else 1.0
        guessed = abs(part) <= 2.0 * LINEAR
        price = np.where(ever, found, np.inf)
        if guessed:
            ahead = found - part * np.where(ever, found - np.where(ever, found_before, 0.0), 0.0)
            price = np.where(ever, np.clip(ahead, market.least, most), np.inf)
        before, step_before, found_before = change, step, found
    return np.exp(-price)


def _filling(pull: Array, market: Market) -> Array:
    """Prices at which places take their room and no more, 0 where they have enough. [logit]"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pull > market.room, np.log(pull / market.room), 0.0)


def _crowding(price: Array, pull: Array, market: Market) -> Array:
    """The mu that solves mu = crowding ln(1 + (occupied + pull exp(-mu)) / capacity), place by place.

    The difference of both sides rises and is concave in mu, so Newton's steps come from the left after the
    first, and converge quadratically.
    """
    _, _, occupied, capacity, least, crowding, highest = market
    price = np.where(np.isfinite(price), price, least)
    for _ in range(4):
        arriving = pull * np.exp(-price)
        filled = capacity + occupied + arriving
        gap = price - crowding * np.log1p((occupied + arriving) / capacity)
        slope = 1.0 + crowding * arriving / filled
        price = np.clip(price - gap / slope, least, highest)
    return np.asarray(price)
