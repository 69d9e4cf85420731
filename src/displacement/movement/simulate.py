"""The loop over steps: who leaves, where they go, when they arrive (E4 to E7).

Everything here is on blocks x destinations, the same size whatever the grid. Those away are kept by origin
class (zone x response key x displaced before or not) and destination; those on the way also by steps left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

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
    """Origin classes: zone x key x displaced before or not."""

    zone: Array
    key: Array
    prior: Array
    of_block: Array
    """Class of each block and status, shape (2, block)."""


class _State(NamedTuple):
    """Where everybody is. `home` and `unable` by group or status and block; the rest by class."""

    home: Array
    unable: Array
    on_the_way: Array
    """Shape (steps left, class, destination)."""
    present: Array
    """Shape (class, destination)."""


def _classes(blocks: Blocks) -> _Classes:
    """The origin classes that occur, and the class of each block."""
    zone = np.tile(blocks.zone, 2)
    key = np.tile(blocks.key, 2)
    prior = np.repeat([0, 1], blocks.size)
    labels, index = np.unique(np.stack([zone, key, prior]), axis=1, return_inverse=True)
    return _Classes(labels[0], labels[1], labels[2] == 1, index.reshape(2, -1))


COST_CLASS_HOURS = 0.25
"""Width of the classes of travel time for which arrival weights are worked out. [h]"""


def _arrival(hours: Array, movement: Movement, step_days: float) -> Array:
    """Share of those who set off on each pair that arrives 0, 1, 2, ... steps later.

    Returns
    -------
    array of shape (lag, origin, destination)
        Adds up to one over the lags. Pairs without a way get the first class, and nobody travels there. [1]
    """
    finite = np.isfinite(hours)
    index = np.where(finite, np.rint(np.where(finite, hours, 0.0) / COST_CLASS_HOURS), 0).astype(np.int64)
    used, of_pair = np.unique(index, return_inverse=True)
    travel = movement.travel
    days = used * COST_CLASS_HOURS / travel.hours_per_day
    weights = transit.weights(days, travel.preparation, step_days, travel.preparation_shape)
    return weights[:, of_pair.reshape(hours.shape)]


def _arriving(moving: Any, share: Array, arrival: Array) -> Array:
    """When those who set off will arrive.

    Parameters
    ----------
    moving : array, dense or sparse, of shape (class, origin)
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

    Parameters
    ----------
    departures : xarray.Dataset
        `first_departures`, `mean_hazard` by (time, group, origin) and `start`.
    blocks, places : Blocks, Places
        Origins and destinations.
    allowed : array of bool, shape (block, destination)
        False where a destination is too near.
    routes : Routes
        Hours by closure epoch.
    attraction : callable
        ``attraction(step)`` gives the array of shape (key, destination) of E5; 0 where closed.
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
    pressed = _status_hazard(departures["mean_hazard"].values, start)
    state = _State(
        start.copy(),
        np.zeros((2, blocks.size)),
        np.zeros((1, classes.zone.size, places.count)),
        np.zeros((classes.zone.size, places.count)),
    )
    book = _Book(len(leaving), zones, classes, places, blocks)
    for step in range(len(leaving)):
        epoch = routes.epoch[step]
        draw = attraction(step)
        share = model(routes.from_blocks[epoch], allowed, draw[blocks.key], decay)
        can_go = share.sum(axis=1) > 0
        fresh = np.stack([leaving[step, ~PRIOR].sum(axis=0), leaving[step, PRIOR].sum(axis=0)])
        waiting = state.unable * -np.expm1(-pressed[step])
        setting_off = np.where(can_go, fresh + waiting, 0.0)
        unable = state.unable + fresh - setting_off

        if step == 0 or epoch != routes.epoch[step - 1]:
            from_blocks = _arrival(routes.from_blocks[epoch], movement, step_days)
            between = _arrival(routes.between[epoch], movement, step_days)
        moving = sparse.csr_array(
            (setting_off.ravel(), (classes.of_block.ravel(), np.tile(np.arange(blocks.size), 2))),
            shape=(classes.zone.size, blocks.size),
        )
        on_the_way = _lengthened(state.on_the_way, len(from_blocks))
        on_the_way[: len(from_blocks)] += _arriving(moving, share, from_blocks)
        arriving, on_the_way = _advance(on_the_way)
        again = _Again(routes.between[epoch], between, model, decay)
        staying, on_the_way = _choose_again(arriving, on_the_way, draw, classes, again)
        sent = setting_off.sum(axis=0)[:, None] * share
        state = _State(state.home - leaving[step], unable, on_the_way, state.present + staying)
        book.write(step, setting_off, sent, staying, state)
    return book.people(step_days), book.flows()


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
    model: Callable[[Array, Array, Array, float], Array]
    decay: float


def _choose_again(
    arriving: Array, on_the_way: Array, draw: Array, classes: _Classes, again: _Again
) -> tuple[Array, Array]:
    """People who find their destination closed choose again from there (E7).

    Those for whom nothing else is open stay where they arrived.
    """
    turned = np.where(draw[classes.key] <= 0, arriving, 0.0)
    elsewhere = ~np.eye(again.hours.shape[0], dtype=bool)
    staying = arriving - turned
    on_the_way = _lengthened(on_the_way, len(again.arrival))
    for key in np.unique(classes.key[turned.sum(axis=1) > 0]):
        share = again.model(again.hours, elsewhere, draw[key][None, :], again.decay)
        stuck = share.sum(axis=1) == 0
        of_key = np.flatnonzero(classes.key == key)
        staying[of_key] += turned[of_key] * stuck
        moving = turned[of_key] * ~stuck
        on_the_way[: len(again.arrival), of_key] += _arriving(moving, share, again.arrival)
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
        return check(dataset, PEOPLE)  # type: ignore[no-any-return]

    def flows(self) -> xr.Dataset:
        """The trips of all steps."""
        dataset = xr.Dataset(
            {"departures": (FLOWS["departures"].dims, self.sent[None])},
            coords={"origin": self.zones, "destination": self.zones},
        )
        return check(dataset, FLOWS)  # type: ignore[no-any-return]
