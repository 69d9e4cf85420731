"""When people may go home, and at what rate (E9).

Three nested classes of people are told apart: those who go home whoever holds their place, those who also go
to a place at a quiet line, and those who go once it is open. Everybody else stays away for the length of a
run. What the place of origin is like says which classes may move, and at what rate.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from displacement.movement.assumptions import Hazard, Returns
from displacement.movement.control import Control
from displacement.movement.hazard import felt
from displacement.movement.threats import Answers, Threats

Array = NDArray[Any]

READY = ("whoever holds it", "at a quiet line", "once it is open", "not in this run")
"""The classes of people, by what they need to go home."""
UNDER, LINE, OPEN = range(3)
"""The situations of a place: under a controller its people left from; near a line; open."""
GOES = np.array([[True, False, False, False], [True, True, False, False], [True, True, True, False]])
"""Which class goes home in which situation, shape (situation, class)."""


class DeclaredReturn(NamedTuple):
    """An agreement lets people go home."""

    start: float
    end: float
    """From when until when; infinite where it stays. [day]"""
    zones: Array
    """Positions of the zones people may go home to."""
    places: Array
    """Positions of single named places; empty where none is named."""


class Origins(NamedTuple):
    """The blocks as places to go home to."""

    zone: Array
    place: Array
    """Nearest named place, shape (block,)."""
    key: Array
    easting: Array
    northing: Array
    """[m]"""


def classes(returns: Returns) -> Array:
    """Share of people in each class of `READY`. [1]

    >>> classes(Returns(share_open=0.5, share_at_line=0.25, share_under=0.05)).round(9)
    array([0.05, 0.2 , 0.25, 0.5 ])
    """
    nested = [0.0, returns.share_under, returns.share_at_line, returns.share_open, 1.0]
    return np.diff(np.array(nested))


def situations(
    origins: Origins,
    control: Control,
    places: tuple[Array, Array],
    answers: Answers,
    declared: tuple[DeclaredReturn, ...],
    returns: Returns,
    times: Array,
) -> Array:
    """What each block is like to its people, step by step.

    Parameters
    ----------
    origins : Origins
        The blocks.
    control : Control
        Who holds each place over time.
    places : tuple of array of shape (place,)
        Easting and northing of the named places. [m]
    answers : Answers
        Whom each response key leaves from.
    declared : tuple of DeclaredReturn
        They make a place open whoever holds it.
    returns : Returns
        Reach of a line.
    times : array of shape (step,)
        When to look. [day]

    Returns
    -------
    array of int, shape (step, block)
        `UNDER`, `LINE` or `OPEN`.
    """
    found = np.empty((len(times), origins.zone.size), dtype=np.int8)
    held: tuple[Array, Array] | None = None
    for step, time in enumerate(times):
        holder = control.at(time)
        if held is None or (holder != held[0]).any():
            held = (holder, _held(origins, holder, places, answers, returns.line_reach))
        found[step] = held[1]
        for agreement in declared:
            if agreement.start <= time < agreement.end:
                named = np.isin(origins.zone, agreement.zones) | np.isin(origins.place, agreement.places)
                found[step, named] = OPEN
    return found


def _held(
    origins: Origins, holder: Array, places: tuple[Array, Array], answers: Answers, reach: float
) -> Array:
    """Situation of each block by who holds it and how near those are whom its people leave from."""
    left_from = (answers.response > 0) & answers.foreign
    situation = np.full(origins.zone.size, OPEN, dtype=np.int8)
    at = np.column_stack(places)
    for key in np.unique(origins.key):
        own = np.flatnonzero(origins.key == key)
        hostile = (holder >= 0) & left_from[key, np.maximum(holder, 0)]
        if hostile.any():
            points = np.column_stack([origins.easting[own], origins.northing[own]])
            beyond = np.nextafter(reach * 1000.0, np.inf)
            distance, _ = cKDTree(at[hostile]).query(points, distance_upper_bound=beyond)
            situation[own] = np.where(np.isfinite(distance), LINE, OPEN)
            situation[own[hostile[origins.place[own]]]] = UNDER
    return situation


def quiet(threats: Threats, hazard: Hazard, returns: Returns, edges: Array) -> Array:
    """Share of each step in which people think it quiet enough to go home.

    Quiet is the time from so many days after anything that was felt, until something is felt again.

    Parameters
    ----------
    threats, hazard
        As for `hazard.panels`.
    returns : Returns
        Quiet days to wait, and what is felt.
    edges : array of shape (step + 1,)
        Edges of the steps. [day]

    Returns
    -------
    array of shape (step, cell)
        [1]
    """
    begin, end = edges[:-1, None], edges[1:, None]
    until = np.full((len(edges) - 1, threats.easting.size), -np.inf)
    starts = np.full((len(edges) - 1, threats.easting.size), np.inf)
    for first, last in felt(threats, hazard, returns.felt_above):
        until = np.maximum(until, np.where(first <= begin, last + returns.quiet_days, -np.inf))
        starts = np.minimum(starts, np.where(first > begin, first, np.inf))
    length = np.minimum(end, starts) - np.maximum(begin, until)
    return np.asarray(np.clip(length / (end - begin), 0.0, 1.0))


def hazard_of_return(situation: Array, quiet_share: Array, step_days: float, returns: Returns) -> Array:
    """Hazard of going home in one step.

    Parameters
    ----------
    situation : array of int, shape (block,)
        What the place of origin is like.
    quiet_share : array of shape (block,)
        Share of the step in which it is quiet there. [1]
    step_days : float
        Length of the step. [day]
    returns : Returns
        Rates.

    Returns
    -------
    array of shape (class, block)
        [1]

    Examples
    --------
    >>> hazard_of_return(np.array([LINE, OPEN]), np.ones(2), 1.0, Returns(rate_open=0.2, rate_at_line=0.02))
    array([[0.02, 0.2 ],
           [0.02, 0.2 ],
           [0.  , 0.2 ],
           [0.  , 0.  ]])
    """
    rate = np.where(situation == OPEN, returns.rate_open, returns.rate_at_line)
    return np.asarray(GOES[situation].T * rate * quiet_share * step_days)
