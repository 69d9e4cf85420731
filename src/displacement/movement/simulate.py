"""The loop over steps: who leaves, where they go, when they arrive (E4 to E7).

Everything here is on blocks x destinations, the same size whatever the grid. Those away are kept by origin
class (zone x response key x displaced before or not) and destination; those on the way also by steps left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.kernels import choice, transit
from displacement.movement.assumptions import Movement
from displacement.movement.blocks import Blocks
from displacement.movement.departures import PRIOR
from displacement.movement.destinations import TYPES, Places
from displacement.variables import FLOWS, PEOPLE, check

Array = NDArray[Any]


@dataclass(frozen=True)
class Routes:
    """Travel between places, by closure epoch.

    Parameters
    ----------
    epoch : array of int, shape (step,)
        Closure epoch of each step.
    from_blocks : sequence of array of shape (block, destination)
        Hours in each epoch; infinite where there is no way. [h]
    between : sequence of array of shape (destination, destination)
        The same from one destination to another. [h]
    """

    epoch: Array
    from_blocks: Sequence[Array]
    between: Sequence[Array]


class _Classes(NamedTuple):
    """Origin classes: displaced before or not x (zone x key). Residents come first, in the order of the pairs."""

    zone: Array
    key: Array
    pair_of_block: Array
    """Zone x key of each block, shape (block,)."""

    @property
    def pairs(self) -> int:
        """Number of pairs of zone and key; there are twice as many classes."""
        return self.zone.size // 2


class _State(NamedTuple):
    """Where everybody is. `home` and `unable` by group or status and block; the rest by class."""

    home: Array
    unable: Array
    on_the_way: Array
    """Shape (steps left, class, destination)."""
    present: Array
    """Shape (class, destination)."""


def _classes(blocks: Blocks) -> _Classes:
    """The origin classes that occur."""
    labels, pair = np.unique(np.stack([blocks.zone, blocks.key]), axis=1, return_inverse=True)
    return _Classes(np.tile(labels[0], 2), np.tile(labels[1], 2), pair.ravel())


COST_CLASS_HOURS = 0.25
"""Width of the classes of travel time for which arrival weights are worked out. [h]"""


class _Timetable(NamedTuple):
    """When those who set off arrive."""

    cost_class: Array
    """Class of travel time of each pair, shape (origin, destination)."""
    weights: Sequence[Array]
    """Share that arrives 0, 1, 2, ... steps later, shape (lag, class), for those who set off in each part."""
    group: Array
    """Position of each pair in (group of origins, destination, class), shape (origin, destination)."""


def _timetable(
    hours: Array,
    group_of_origin: Array,
    movement: Movement,
    step_days: float,
    within: Sequence[tuple[float, float]],
) -> _Timetable:
    """Arrival weights by class of travel time, for the parts of a step in which people set off.

    Pairs without a way get the first class, and nobody travels there.
    """
    finite = np.isfinite(hours)
    cost_class = np.where(finite, np.rint(np.where(finite, hours, 0.0) / COST_CLASS_HOURS), 0).astype(
        np.int64
    )
    travel = movement.travel
    days = np.arange(cost_class.max(initial=0) + 1) * COST_CLASS_HOURS / travel.hours_per_day
    weights = [
        transit.weights(days, travel.preparation, step_days, travel.preparation_shape, part)
        for part in within
    ]
    places, costs = hours.shape[1], len(days)
    group = (group_of_origin[:, None] * places + np.arange(places)) * costs + cost_class
    return _Timetable(cost_class, weights, group)


def _arriving_from_blocks(
    going: Array, share: Array, table: _Timetable, part: int, classes: _Classes
) -> Array:
    """When those who set off from blocks will arrive.

    People are first added up by class of origin, destination and travel time; the lags are then one matrix
    product.

    Parameters
    ----------
    going : array of shape (status, block)
        Who sets off. [person]
    share : array of shape (block, destination)
        Where they go. [1]
    table : _Timetable
        When they arrive; of the `part` in which they set off.

    Returns
    -------
    array of shape (lag, class, destination)
        [person]
    """
    weights = table.weights[part]
    places, costs = share.shape[1], weights.shape[1]
    by_status = []
    for people in going:
        rows = np.flatnonzero(people)
        flow = people[rows, None] * share[rows]
        grouped = np.bincount(table.group[rows].ravel(), flow.ravel(), classes.pairs * places * costs)
        by_status.append((grouped.reshape(-1, costs) @ weights.T).T.reshape(-1, classes.pairs, places))
    return np.concatenate(by_status, axis=1)


def _arriving(moving: Array, share: Array, arrival: Array) -> Array:
    """When those who set off from destinations will arrive.

    Parameters
    ----------
    moving : array of shape (class, origin)
        Who sets off. [person]
    share : array of shape (origin, destination)
        Where they go. [1]
    arrival : array of shape (lag, origin, destination)
        When they arrive. [1]

    Returns
    -------
    array of shape (lag, class, destination)
        [person]
    """
    pairs = np.empty_like(share)
    return np.stack([moving @ np.multiply(share, part, out=pairs) for part in arrival])


def _lengthened(on_the_way: Array, lags: int) -> Array:
    """A copy with room for at least so many lags."""
    room = np.zeros((max(lags, len(on_the_way)), *on_the_way.shape[1:]))
    room[: len(on_the_way)] = on_the_way
    return room


class _Leaving(NamedTuple):
    """Who sets off in a step."""

    setting_off: Array
    """Shape (part, status, block). [person]"""
    unable: Array
    """Those left behind, shape (status, block). [person]"""


def simulate(
    departures: xr.Dataset,
    blocks: Blocks,
    places: Places,
    allowed: Array,
    routes: Routes,
    attraction: Callable[[int], Array],
    movement: Movement,
    zones: Sequence[str],
    step_days: float,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Move everybody, step by step, for one member.

    People choose in each part of a step by what is open and safe then, because places change hands at noon.

    Parameters
    ----------
    departures : xarray.Dataset
        `first_departures`, `mean_hazard` by (time, group, origin) and `start`; `time` in parts of steps.
    blocks, places : Blocks, Places
        Origins and destinations.
    allowed : array of shape (block, destination)
        Share of the block's people who live far enough from a destination. [1]
    routes : Routes
        Hours by closure epoch.
    attraction : callable
        ``attraction(part)`` gives the array of shape (key, destination) of E5; 0 where closed.
    movement : Movement
        Assumptions of this member.
    zones : sequence of str
        Labels of the axis `zone`: the zones, then the exits.
    step_days : float
        Length of a step. [day]

    Returns
    -------
    tuple of xarray.Dataset
        `PEOPLE` and `FLOWS` of the table of variables, without `member`, by step.

    Notes
    -----
    Nobody is lost: home + unable to leave + on the way + present elsewhere is the start, in every step.
    """
    classes = _classes(blocks)
    decay = movement.destinations.travel_time_decay
    model = choice.MODELS[movement.destinations.model]
    start = departures["start"].values
    leaving = departures["first_departures"].values
    fresh = np.stack([leaving[:, ~PRIOR].sum(axis=1), leaving[:, PRIOR].sum(axis=1)], axis=1)
    pressed = _status_hazard(departures["mean_hazard"].values, start)
    state = _State(
        start.copy(),
        np.zeros((2, blocks.size)),
        np.zeros((1, classes.zone.size, places.count)),
        np.zeros((classes.zone.size, places.count)),
    )
    steps = routes.epoch.size
    parts = np.arange(len(leaving)).reshape(steps, -1)
    cuts = np.linspace(0.0, 1.0, parts.shape[1] + 1).tolist()
    within = list(pairwise(cuts))
    book = _Book(steps, zones, classes, places, blocks)
    for step, of_step in enumerate(parts):
        epoch = routes.epoch[step]
        if step == 0 or epoch != routes.epoch[step - 1]:
            table = _timetable(routes.from_blocks[epoch], classes.pair_of_block, movement, step_days, within)
            again = _again(routes.between[epoch], movement, step_days)
        draws = [attraction(part) for part in of_step]
        shares = [model(routes.from_blocks[epoch], allowed, draw[blocks.key], decay) for draw in draws]
        gone = _leave(fresh[of_step], pressed[of_step], shares, state.unable)
        on_the_way = state.on_the_way
        for part, (going, share) in enumerate(zip(gone.setting_off, shares, strict=True)):
            sent = _arriving_from_blocks(going, share, table, part, classes)
            on_the_way = _lengthened(on_the_way, len(sent))
            on_the_way[: len(sent)] += sent
        arriving, on_the_way = _advance(on_the_way)
        staying, on_the_way = _choose_again(arriving, on_the_way, draws, classes, again)
        home = state.home - leaving[of_step].sum(axis=0)
        state = _State(home, gone.unable, on_the_way, state.present + staying)
        flows = sum(
            going.sum(axis=0)[:, None] * share for going, share in zip(gone.setting_off, shares, strict=True)
        )
        book.write(step, gone.setting_off.sum(axis=0), np.asarray(flows), staying, state)
    return book.people(step_days), book.flows()


def _leave(fresh: Array, pressed: Array, shares: Sequence[Array], unable: Array) -> _Leaving:
    """Who sets off in a step, part by part; those without a way wait, and may go in a later part.

    Parameters
    ----------
    fresh, pressed : array of shape (part, status, block)
        First departures, and the hazard of those who wait.
    shares : sequence of array of shape (block, destination)
        Where people go, by part; a row of zeros where no way is open.
    unable : array of shape (status, block)
        Who waits at the start of the step. [person]
    """
    setting_off = np.zeros_like(fresh)
    for part, share in enumerate(shares):
        can_go = share.sum(axis=1) > 0
        wanting = fresh[part] + unable * -np.expm1(-pressed[part])
        setting_off[part] = np.where(can_go, wanting, 0.0)
        unable = unable + fresh[part] - setting_off[part]
    return _Leaving(setting_off, unable)


def _status_hazard(mean_hazard: Array, start: Array) -> Array:
    """Hazard of those waiting to leave: mean over their groups by people, shape (step, status, block)."""
    parts = []
    for status in (~PRIOR, PRIOR):
        people = start[status]
        total = people.sum(axis=0)
        weight = np.divide(people, total, out=np.zeros_like(people), where=total > 0)
        parts.append((mean_hazard[:, status] * weight).sum(axis=1))
    return np.stack(parts, axis=1)


def _advance(on_the_way: Array) -> tuple[Array, Array]:
    """Those who arrive in this step, and the rest a step nearer."""
    return on_the_way[0], np.concatenate([on_the_way[1:], np.zeros_like(on_the_way[:1])])


class _Again(NamedTuple):
    """What a second choice needs: hours and arrival weights between destinations, model and decay."""

    hours: Array
    arrival: Array
    """Shape (lag, destination, destination)."""
    model: Callable[[Array, Array, Array, float], Array]
    decay: float


def _again(hours: Array, movement: Movement, step_days: float) -> _Again:
    """Hours and arrival weights between destinations, for people who set off all over a step."""
    table = _timetable(hours, np.arange(len(hours)), movement, step_days, [(0.0, 1.0)])
    destination = movement.destinations
    model = choice.MODELS[destination.model]
    return _Again(hours, table.weights[0][:, table.cost_class], model, destination.travel_time_decay)


def _choose_again(
    arriving: Array, on_the_way: Array, draws: Sequence[Array], classes: _Classes, again: _Again
) -> tuple[Array, Array]:
    """People who find their destination closed choose again from there (E7).

    A place closed in one of the step's parts turns away that part of the arrivals; they choose by what is open
    in the last part. They arrive all over the step, so they set off again all over it. Those for whom nothing
    else is open stay where they arrived.
    """
    closed = np.mean([draw <= 0 for draw in draws], axis=0)
    turned = arriving * closed[classes.key]
    draw = draws[-1]
    elsewhere = 1.0 - np.eye(again.hours.shape[0])
    staying = arriving - turned
    on_the_way = _lengthened(on_the_way, len(again.arrival))
    for key in np.unique(classes.key[turned.sum(axis=1) > 0]):
        share = again.model(again.hours, elsewhere, draw[key][None, :], again.decay)
        stuck = share.sum(axis=1) == 0
        of_key = np.flatnonzero(classes.key == key)
        staying[of_key] += turned[of_key] * stuck
        arriving_again = _arriving(turned[of_key] * ~stuck, share, again.arrival)
        staying[of_key] += arriving_again[0]
        on_the_way[: len(arriving_again) - 1, of_key] += arriving_again[1:]
    return staying, on_the_way


class _Book:
    """Writes each step's figures by zone."""

    def __init__(
        self, steps: int, zones: Sequence[str], classes: _Classes, places: Places, blocks: Blocks
    ) -> None:
        self.zones, self.classes, self.places, self.blocks = list(zones), classes, places, blocks
        shape = (steps, len(self.zones))
        self.by_zone = {
            name: np.zeros(shape if len(PEOPLE[name].dims) == 3 else (*shape, len(TYPES))) for name in PEOPLE
        }
        self.sent = np.zeros((*shape, len(self.zones)))

    def _from(self, zone: Array, people: Array) -> Array:
        return np.bincount(zone, people, len(self.zones))

    def write(self, step: int, setting_off: Array, sent: Array, arrived: Array, state: _State) -> None:
        """Add up one step."""
        origin, types = self.blocks.zone, len(TYPES)
        place = self.places.zone * types + self.places.type
        out = self.by_zone
        out["first_departures"][step] = self._from(origin, setting_off.sum(axis=0))
        out["residents_present"][step] = self._from(origin, state.home[~PRIOR].sum(axis=0))
        out["present_prior"][step] = self._from(origin, state.home[PRIOR].sum(axis=0))
        out["unable_to_leave"][step] = self._from(origin, state.unable.sum(axis=0))
        out["in_transit"][step] = self._from(self.classes.zone, state.on_the_way.sum(axis=(0, 2)))
        settled = self._from(self.classes.zone, state.present.sum(axis=1))
        out["newly_displaced"][step] = out["in_transit"][step] + settled
        for name, people in (("arrivals", arrived), ("present_new", state.present)):
            total = np.bincount(place, people.sum(axis=0), len(self.zones) * types)
            out[name][step] = total.reshape(-1, types)
        pair = origin[:, None] * len(self.zones) + self.places.zone[None, :]
        total = np.bincount(pair.ravel(), sent.ravel(), len(self.zones) ** 2)
        self.sent[step] = total.reshape(len(self.zones), -1)

    def people(self, step_days: float) -> xr.Dataset:
        """The people of all steps."""
        self.by_zone["newly_displaced_cum"] = np.cumsum(self.by_zone["first_departures"], axis=0)
        dataset = xr.Dataset(
            {name: (PEOPLE[name].dims, values[None]) for name, values in self.by_zone.items()},
            coords={"zone": self.zones, "type": list(TYPES)},
            attrs={"step_days": step_days},
        )
        return check(dataset, PEOPLE)

    def flows(self) -> xr.Dataset:
        """The trips of all steps."""
        dataset = xr.Dataset(
            {"departures": (FLOWS["departures"].dims, self.sent[None])},
            coords={"origin": self.zones, "destination": self.zones},
        )
        return check(dataset, FLOWS)
