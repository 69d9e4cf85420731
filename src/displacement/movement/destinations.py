"""Where people can go, and how much each place draws them (E5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.grid import Grid
from displacement.mapped import let_go
from displacement.movement.assumptions import Destinations
from displacement.movement.blocks import Blocks
from displacement.movement.threats import Answers

Array = NDArray[Any]

TYPES = ("town", "site")
ROUNDING = 1e-12
"""A smaller share of a block's people is nobody. [1]"""


@dataclass(frozen=True)
class Places:
    """The destinations: a town and, where there are camps, a site a zone; and exits out of the area.

    Parameters
    ----------
    zone : array of int, shape (destination,)
        Position of its zone on the axis `zone` (exits come after the zones).
    type : array of int, shape (destination,)
        Position in `TYPES`.
    size : array of shape (destination,)
        People who live there: host population, or people registered in sites. [person]
    cell : array of int, shape (destination,)
        Cell on the grid.
    place : array of int, shape (destination,)
        Nearest named place: who controls it.
    easting, northing : array of shape (destination,)
        [m]
    hours_beyond : array of shape (destination,)
        Hours from the edge of the area to an exit's far end; 0 inside. [h]
    response : array of int, shape (destination,)
        Named response group of the place; 0 for the general one.
    capacity : array of shape (destination,)
        At so many newly displaced people it counts as crowded: its size unless the table gives another;
        infinite for exits. [person]
    room : array of shape (destination,)
        How many a site declared full still takes when the run starts; infinite for all others. [person]
    host : array of int, shape (destination,), optional
        Who takes people in there, such as a country; none: all destinations have one host.
    """

    zone: Array
    type: Array
    size: Array
    cell: Array
    place: Array
    easting: Array
    northing: Array
    hours_beyond: Array
    response: Array
    capacity: Array
    room: Array
    host: Array | None = None

    @property
    def count(self) -> int:
        """Number of destinations."""
        return self.zone.size


@dataclass(frozen=True)
class Keys:
    """The response keys: who the people are, as far as the model asks.

    Parameters
    ----------
    controller : array of int, shape (key,)
        Who controlled their place at the start.
    response : array of int, shape (key,)
        Named response group of their place; 0 for the general one.
    """

    controller: Array
    response: Array


def allowed(
    blocks: Blocks,
    population: Array,
    grid: Grid,
    places: Places,
    rules: Destinations,
) -> Array:
    """Share of each block's people who live far enough from a destination to be displaced there.

    Less is far enough for people of a dense city. Exits are always far enough.

    Parameters
    ----------
    blocks : Blocks
        Who lives together.
    population : array of shape (cell,)
        [person]
    grid : Grid
    places : Places
        Destinations.
    rules : Destinations
        Distances and density.

    Returns
    -------
    array of shape (block, destination)
        [1]
    """
    share = np.ones((blocks.size, places.count))
    reach = max(rules.nearest_in_city_km, rules.nearest_km)
    for at in np.flatnonzero(places.hours_beyond == 0):
        cell = grid.around(places.easting[at], places.northing[at], reach)
        cell = cell[blocks.of_cell[cell] >= 0]
        easting, northing = grid.centres(cell)
        distance = np.hypot(easting - places.easting[at], northing - places.northing[at]) / 1000.0
        in_city = population[cell] / grid.cell_area >= rules.city_density
        near = cell[distance < np.where(in_city, rules.nearest_in_city_km, rules.nearest_km)]
        near_people = np.bincount(blocks.of_cell[near], population[near], blocks.size)
        let_go(blocks.of_cell, population)
        some = near_people < blocks.people * (1.0 - ROUNDING)
        share[:, at] = np.where(some, 1.0 - near_people / blocks.people, 0.0)
    return share


def allowed_between(places: Places, rules: Destinations) -> Array:
    """1 where a destination lies far enough from another to move on to it; exits always do, from elsewhere.

    Returns
    -------
    array of shape (destination, destination)
        [1]
    """
    east, north = places.easting, places.northing
    apart = np.hypot(east[:, None] - east[None, :], north[:, None] - north[None, :]) / 1000.0
    far = (apart >= rules.nearest_km) | (places.hours_beyond > 0)[None, :]
    np.fill_diagonal(far, False)
    return np.asarray(far, dtype=float)


def felt(hours: Array, rules: Destinations) -> Array:
    """Hours as people count them when they choose: those of a long way less than those of a short one.

    Examples
    --------
    >>> felt(np.array([1.0, 3.0]), Destinations(travel_time_decay=1.0, long_way=1.0)).round(3)
    array([0.693, 1.386])
    """
    scale = rules.long_way * rules.travel_time_decay
    return hours if scale == 0 else np.asarray(np.log1p(scale * hours) / scale)


def followed(places: Places, there: Array, rules: Destinations) -> Array:
    """How much more or less places draw people for those who are there already, and for who hosts them.

    Parameters
    ----------
    places : Places
        Destinations.
    there : array of shape (destination,)
        Displaced people who are there. [person]
    rules : Destinations
        Following and pull of hosts.

    Returns
    -------
    array of shape (destination,)
        Factor on the attraction. Splitting a destination into two of the same host, with its size and people in any
        parts, leaves the sum of what they draw as it was, and all others. [1]

    Examples
    --------
    >>> nothing = np.zeros(2)
    >>> two = Places(nothing, nothing, np.ones(2), nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    >>> followed(two, np.array([30.0, 10.0]), Destinations(following=0.5, followed_from=1e-9)).round(9)
    array([1.25, 0.75])
    """
    sizes, crowd = places.size.sum(), there.sum()
    part = rules.following * crowd / (crowd + rules.followed_from)
    by_size = np.divide(places.size, sizes, out=np.zeros_like(places.size), where=sizes > 0)
    drawn = (1.0 - part) * by_size + (part * there / crowd if part else 0.0)
    if places.host is not None and rules.host_pull != 1.0:
        of_host = np.bincount(places.host, drawn)
        power = np.where(of_host > 0, np.where(of_host > 0, of_host, 1.0) ** (rules.host_pull - 1.0), 0.0)
        drawn = drawn * power[places.host]
    return np.asarray(np.divide(drawn, by_size, out=np.zeros_like(drawn), where=by_size > 0))


def attraction(
    places: Places,
    keys: Keys,
    holder: Array,
    start_holder: Array,
    danger: Array,
    closed: Array,
    answers: Answers,
    assumptions: Destinations,
) -> Array:
    """How much each destination draws each response key, whatever the distance.

    Parameters
    ----------
    places, keys
        Destinations and response keys.
    holder, start_holder : array of int, shape (destination,)
        Controller now, and when the run started.
    danger : array of shape (key, destination)
        Threat at the destination as each key sees it. [1]
    closed : array of bool, shape (destination,)
        Closed by an event or from the start.
    answers : Answers
        Departure response by key and controller.
    assumptions : Destinations

    Returns
    -------
    array of shape (key, destination)
        ``S exp(a + gamma other_side + delta own_group - zeta theta)``; 0 where the destination is closed,
        too dangerous, or changed hands to a controller that people of the key leave from. [person]
    """
    named = holder >= 0
    controller = np.where(named, holder, 0)
    other_side = answers.foreign[:, controller] & named
    leaves_from = (answers.response[:, controller] > 0) & named & (holder != start_holder)
    own_group = (keys.response[:, None] == places.response[None, :]) & (keys.response[:, None] > 0)
    utility = (
        assumptions.site_attraction * (places.type == TYPES.index("site"))
        + assumptions.other_side * other_side
        + assumptions.own_group * own_group
        - assumptions.threat_aversion * danger
    )
    is_open = (danger <= assumptions.too_dangerous) & ~leaves_from & ~closed
    return np.asarray(np.where(is_open, places.size * np.exp(utility), 0.0))
