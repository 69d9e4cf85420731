"""The loop over steps: who leaves, where they go, when they arrive, move on or go home (E4 to E9).

Everything here is on blocks x destinations, the same size whatever the grid. Those away are kept by origin class
(zone x response key), by what they need to go home (`returns.READY`; told apart only where it ever makes a
difference) and by destination; those on the way also by steps left. By block of origin, and by whether they had been
displaced before, they are kept once more, all destinations together, so that people go home to the block they left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.kernels import capacity, choice, flows
from displacement.movement import returns, trips
from displacement.movement.assumptions import Movement
from displacement.movement.blocks import Blocks
from displacement.movement.classes import Classes, classes_of
from displacement.movement.departures import PRIOR
from displacement.movement.destinations import Places, felt, followed
from displacement.movement.ledger import Ledger, Step
from displacement.movement.state import State, already_away, nobody_away

Array = NDArray[Any]

EVERYBODY = 27.0
"""A hazard that nobody withstands: fewer than one in 10^11 do. [1]"""


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
    home : array of bool, shape (block, destination), optional
        Between which there is a way home whatever is closed; none: where there is a way out.
    """

    epoch: Array
    from_blocks: Sequence[Array]
    between: Sequence[Array]
    home: Array | None = None


class Allowed(NamedTuple):
    """Who may use which destination, whatever happens."""

    from_blocks: Array
    """Share of the block's people who live far enough away, shape (block, destination). [1]"""
    between: Array
    """1 where the destination lies far enough from another, shape (destination, destination). [1]"""


class Conditions(NamedTuple):
    """What people meet in one step."""

    attraction: Array
    """Of E5, shape (key, destination); 0 where closed. [person]"""
    onward: Array
    """Hazard of those away, shape (key, destination). [1]"""
    homeward: Array
    """Hazard of going home, shape (ready, block). [1]"""
    calm: Array
    """Share of the step in which it is quiet at home, shape (block,). [1]"""
    shut: Array
    """Exits through which nobody comes back, shape (destination,)."""


class _Epoch(NamedTuple):
    """Travel during one closure epoch."""

    from_blocks: choice.Choose
    """Where people of each block go, by how much destinations draw them."""
    between: choice.Choose
    """The same from one destination to another, for each key in turn."""
    out: flows.Timetable
    """When those who leave home arrive."""
    onward: flows.Timetable
    """When those who move on do."""
    way_home: Array
    """Whether there is a way from a destination to any block of a class, shape (class, destination)."""


class _Setting(NamedTuple):
    """What stays the same over the run."""

    classes: Classes
    places: Places
    allowed: Allowed
    key_of_block: Array
    movement: Movement
    step_days: float
    split: Array
    """Share of each entry of `READY`. [1]"""
    keys: int
    zones: int
    crowds: bool
    """Whether any destination crowds or may be full."""


class _Leaving(NamedTuple):
    """Who sets off from home in a step, and who stays behind."""

    first: Array
    """Shape (status, block). [person]"""
    again: Array
    """Of those who had come home, shape (ready, status, block). [person]"""
    unable: Array
    stayed: Array
    returned: Array


class _Sent(NamedTuple):
    """Who is put on the way in a step."""

    trips: Array
    """Shape (class or destination, destination). [person]"""
    first: tuple[flows.Sending, ...]
    """On their first trip, by class."""
    again: tuple[flows.Sending, ...]
    """On a later one, by row."""


class _Moving(NamedTuple):
    """Who leaves the places they had fled to."""

    onward: Array
    """Shape (row, destination). [person]"""
    homeward: Array
    """Same shape. [person]"""
    can_go: Array
    """Whether those who are there find another place, shape (key, destination); the others stay."""


def simulate(
    departures: xr.Dataset,
    blocks: Blocks,
    places: Places,
    allowed: Allowed,
    routes: Routes,
    conditions: Sequence[Conditions],
    movement: Movement,
    zones: Sequence[str],
    step_days: float,
    begun: Array | None = None,
    trips_over: int = 1,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Move everybody, step by step, for one member.

    Parameters
    ----------
    departures : xarray.Dataset
        `first_departures`, `mean_hazard` by (time, group, origin) and `start`; `time` in steps.
    blocks, places : Blocks, Places
        Origins and destinations.
    allowed : Allowed
        Who may use which destination.
    routes : Routes
        Hours by closure epoch.
    conditions : sequence of Conditions
        What people meet in each step.
    movement : Movement
        Assumptions of this member.
    zones : sequence of str
        Labels of the axis `zone`: the zones, then the exits.
    step_days : float
        Length of a step. [day]
    begun : array of shape (block, destination), optional
        People who are away already when the run starts, and where; they count as having left in the first step. [person]
    trips_over : int
        Steps of which trips are added up.

    Returns
    -------
    tuple of xarray.Dataset
        `PEOPLE` and `FLOWS` of the table of variables, without `member`, by step.

    Notes
    -----
    Nobody is lost: home + unable to leave + returned + on the way + present elsewhere is the start, in every
    step. Those who go home are home at the end of the step.
    """
    start, leaving = departures["start"].values, departures["first_departures"].values
    fresh = np.stack([leaving[:, ~PRIOR].sum(axis=1), leaving[:, PRIOR].sum(axis=1)], axis=1)
    pressed = _status_hazard(departures["mean_hazard"].values, leaving, start)
    split = returns.classes(movement.returns)
    homeward = np.stack([met.homeward for met in conditions])
    classes = classes_of(blocks, _ever_away(fresh, begun), homeward, split)
    setting = _Setting(
        classes,
        places,
        allowed,
        blocks.key.astype(np.int64),
        movement,
        step_days,
        split,
        len(conditions[0].attraction),
        len(zones),
        bool(np.isfinite(places.capacity).any() or np.isfinite(places.room).any()),
    )
    state = nobody_away(classes, places.count, start)
    if begun is not None:
        state = already_away(state, begun, classes, split)
    ledger = Ledger(len(leaving), zones, places, blocks, classes.zone, trips_over)
    for step, now in enumerate(routes.epoch):
        if step == 0 or now != routes.epoch[step - 1]:
            epoch = _epoch(routes.from_blocks[now], routes.between[now], setting, routes.home)
        state, written = _step(state, fresh[step], pressed[step], conditions[step], epoch, setting)
        state = state._replace(home=state.home - leaving[step])
        at_home = np.stack([state.home[~PRIOR].sum(axis=0), state.home[PRIOR].sum(axis=0)])
        if step == 0 and begun is not None:
            written = written._replace(first=written.first + np.stack([begun.sum(axis=1), 0.0 * at_home[1]]))
        ledger.write(step, written._replace(home=at_home + written.home))
    return ledger.people(step_days), ledger.flows()


def _ever_away(fresh: Array, begun: Array | None) -> Array:
    """Whether anybody of a block is ever away, shape (block,)."""
    leave = fresh.sum(axis=(0, 1)) > 0
    return np.asarray(leave if begun is None else leave | (begun.sum(axis=1) > 0))


def _status_hazard(mean_hazard: Array, leaving: Array, start: Array) -> Array:
    """Hazard of those at home again, shape (step, status, block): mean over their groups by who has left so far."""
    left = np.cumsum(leaving, axis=0)
    parts = []
    for status in (~PRIOR, PRIOR):
        some = left[:, status].sum(axis=1, keepdims=True) > 0
        people = np.where(some, left[:, status], start[status])
        total = people.sum(axis=1, keepdims=True)
        weight = np.divide(people, total, out=np.zeros_like(people), where=total > 0)
        parts.append((mean_hazard[:, status] * weight).sum(axis=1))
    return np.stack(parts, axis=1)


def _epoch(from_blocks: Array, between: Array, setting: _Setting, home: Array | None = None) -> _Epoch:
    """Choices and timetables of a closure epoch, and whether there is a way home."""
    travel, rules, classes = setting.movement.travel, setting.movement.destinations, setting.classes
    model, decay = choice.MODELS[rules.model], rules.travel_time_decay
    reached = (np.isfinite(from_blocks) if home is None else home).astype(float)
    key, place = (part.ravel() for part in np.indices((setting.keys, setting.places.count)))
    every = np.arange(setting.key_of_block.size)
    return _Epoch(
        model(felt(from_blocks, rules), setting.allowed.from_blocks, decay, every, setting.key_of_block),
        model(felt(between, rules), setting.allowed.between, decay, place, key),
        trips.timetable(from_blocks, travel, setting.step_days),
        trips.timetable(between, travel, setting.step_days),
        np.asarray(classes.adding.T @ reached) > 0,
    )


def _step(
    state: State, fresh: Array, pressed: Array, met: Conditions, epoch: _Epoch, setting: _Setting
) -> tuple[State, Step]:
    """One step; the loop takes first departures from home. Those on the way (`first`, `again`) change in place."""
    met = _drawn(met, state, setting)
    from_blocks, between = epoch.from_blocks(met.attraction), epoch.between(met.attraction)
    leaving = _leave_home(state, fresh, pressed, from_blocks.total > 0, met.calm)
    can_go = (between.total > 0).reshape(setting.keys, -1)
    moving = _leave_places(state, met, epoch, can_go, setting)
    going = (leaving.first + leaving.again.sum(axis=0)).sum(axis=0)
    prices = _with_crowding(state, going, from_blocks, moving, between, met, setting)
    from_home = _send_from_home(
        leaving, choice.priced(from_blocks, prices.factor, prices.free[0]), epoch, setting
    )
    from_places = _send_from_places(
        state, moving, choice.priced(between, prices.factor, prices.free[1]), epoch, setting
    )
    state.first.send(*from_home.first, *from_places.first)
    state.again.send(*from_home.again, *from_places.again)
    classes = setting.classes
    turned_first, arrived_first = _arrive(state.first, state.turned_first, met, moving, classes.key)
    turned_again, arrived_again = _arrive(state.again, state.turned_again, met, moving, classes.key_of_row)
    back = _back_home(state, moving.homeward, met, setting)
    arrived = arrived_first[classes.of_row] * classes.split[:, None] + arrived_again
    after = State(
        home=state.home,
        unable=leaving.unable,
        stayed=leaving.stayed,
        returned=leaving.returned + back,
        away=state.away + leaving.first * setting.split[:, None, None] + leaving.again - back,
        present=state.present - moving.onward - moving.homeward + arrived,
        first=state.first,
        again=state.again,
        turned_first=turned_first,
        turned_again=turned_again,
        price=prices.price,
    )
    travelling = sum(
        np.bincount(zone, way.by_row() + turned.sum(axis=1), setting.zones)
        for way, turned, zone in (
            (after.first, turned_first, classes.zone),
            (after.again, turned_again, classes.zone[classes.of_row]),
        )
    )
    return after, Step(
        first=leaving.first,
        home=after.returned.sum(axis=0) + after.stayed,
        unable=leaving.unable,
        away=after.away.sum(axis=(0, 1)),
        back=back.sum(axis=(0, 1)),
        in_transit=np.asarray(travelling),
        arrived=arrived.sum(axis=0),
        arrived_again=arrived_again.sum(axis=0),
        present=after.present.sum(axis=0),
        sent_from_home=from_home.trips,
        sent_from_places=from_places.trips,
    )


def _drawn(met: Conditions, state: State, setting: _Setting) -> Conditions:
    """With what those who are there or on the way, and who hosts them, do to the attraction."""
    rules = setting.movement.destinations
    if rules.following == 0 and rules.host_pull == 1:
        return met
    there = state.present.sum(axis=0) + state.first.by_place() + state.again.by_place()
    return met._replace(attraction=met.attraction * followed(setting.places, there, rules))


def _leave_home(state: State, fresh: Array, pressed: Array, can_go: Array, calm: Array) -> _Leaving:
    """Who sets off from home: for the first time, and those who had come back.

    Who wants to leave for the first time and has no way waits, until there is one or it is quiet again; who had
    come back stays.
    """
    chance = -np.expm1(-pressed)
    calmed, moved = state.unable * calm, state.stayed * chance
    wanting = fresh + (state.unable - calmed) + moved
    first = np.where(can_go, wanting, 0.0)
    again = np.where(can_go, state.returned * chance, 0.0)
    return _Leaving(first, again, wanting - first, state.stayed - moved + calmed, state.returned - again)


def _leave_places(state: State, met: Conditions, epoch: _Epoch, can_go: Array, setting: _Setting) -> _Moving:
    """Who moves on or goes home; competing hazards share a step (E3)."""
    classes = setting.classes
    onward = (met.onward + _push(state, setting)) * can_go
    homeward = -np.log1p(-_chance_home(state, met, setting))
    on, home = flows.leave(
        state.present, onward, homeward, epoch.way_home & ~met.shut, classes.key_of_row, classes.of_row
    )
    return _Moving(on, home, can_go)


def _push(state: State, setting: _Setting) -> Array:
    """Hazard of moving on because a place is over its capacity, shape (destination,). [1]"""
    there, holds = state.present.sum(axis=0), setting.places.capacity
    over = np.divide(there - holds, there, out=np.zeros_like(there), where=there > holds)
    return np.asarray(setting.movement.departures.crowding_push * setting.step_days * over)


def _chance_home(state: State, met: Conditions, setting: _Setting) -> Array:
    """Chance that those of a row go home in the step: mean over its blocks, by who is away from each.

    Returns
    -------
    array of shape (row,)
        [1]
    """
    if not met.homeward.any():
        return np.zeros(setting.classes.of_row.size)
    away = state.away.sum(axis=1)
    going, all_away = (setting.classes.by_row(part) for part in (away * -np.expm1(-met.homeward), away))
    mean = np.divide(going, all_away, out=np.zeros_like(going), where=all_away > 0)
    return np.asarray(np.clip(mean, 0.0, 1.0 - 1e-12))


def _back_home(state: State, homeward: Array, met: Conditions, setting: _Setting) -> Array:
    """Those who go home, by block, shape (ready, status, block). [person]"""
    classes = setting.classes
    if not met.homeward.any():
        return np.zeros_like(state.away)
    wanting = state.away * -np.expm1(-met.homeward)[:, None, :]
    of_row = classes.by_row(wanting.sum(axis=1))
    going = homeward.sum(axis=1)
    ratio = np.divide(going, of_row, out=np.zeros_like(going), where=of_row > 0)
    return np.asarray(wanting * ratio[classes.row][:, classes.of_block][:, None, :])


def _by_key(of_classes: Array, of_rows: Array, setting: _Setting) -> Array:
    """People by class and by row, at destinations, added up by response key, shape (key, destination). [person]"""
    total = np.zeros((setting.keys, setting.places.count))
    for people, key in ((of_classes, setting.classes.key), (of_rows, setting.classes.key_of_row)):
        total += (np.arange(setting.keys)[:, None] == key).astype(float) @ people
    return total


def _with_crowding(
    state: State,
    going: Array,
    from_blocks: choice.Draw,
    moving: _Moving,
    between: choice.Draw,
    met: Conditions,
    setting: _Setting,
) -> capacity.Prices:
    """What places cost once all who set off in the step have felt one another's crowding (E6)."""
    places = setting.places
    if not setting.crowds:
        return capacity.free_of_charge(places.count, (from_blocks, between))
    turned = _by_key(state.turned_first, state.turned_again, setting)
    movers = _by_key(state.turned_first, moving.onward + state.turned_again, setting) * moving.can_go
    stuck = (turned * ~moving.can_go).sum(axis=0)
    staying = (state.present - moving.onward - moving.homeward).sum(axis=0)
    occupied = np.maximum(staying + stuck + _coming(state, met, setting), 0.0)
    return capacity.crowded(
        [capacity.Party(going, from_blocks), capacity.Party(movers.ravel(), between)],
        occupied,
        places.capacity,
        setting.movement.destinations.crowding,
        np.maximum(places.room - occupied, 0.0),
        state.price,
    )


def _coming(state: State, met: Conditions, setting: _Setting) -> Array:
    """Those on the way to each destination, but for those who are turned away in this step. [person]"""
    turned = _by_key(state.first.due, state.again.due, setting) * (met.attraction <= 0)
    return np.asarray(state.first.by_place() + state.again.by_place() - turned.sum(axis=0))


def _send_from_places(
    state: State, moving: _Moving, draw: choice.Draw, epoch: _Epoch, setting: _Setting
) -> _Sent:
    """Those who move on, or were turned away; their trips from one destination to another."""
    classes, can_go = setting.classes, moving.can_go
    count = setting.places.count
    turned = state.turned_first * can_go[classes.key]
    onward = moving.onward + state.turned_again * can_go[classes.key_of_row]
    trips_between = np.zeros((count, count))
    sent: list[tuple[flows.Sending, ...]] = []
    share: Array | None = None
    for people, key in ((turned, classes.key), (onward, classes.key_of_row)):
        if not people.any():
            sent.append(())
            continue
        share = choice.shares(draw).reshape(-1, count, count) if share is None else share
        moved = trips.by_row(people, key, share, epoch.onward)
        sent.append((flows.Sending(moved.going, moved.pace, key),))
        trips_between += moved.flows
    return _Sent(trips_between, *sent)


def _send_from_home(leaving: _Leaving, draw: choice.Draw, epoch: _Epoch, setting: _Setting) -> _Sent:
    """Those who set off from home, on their first trip or on a later one; their trips by class.

    Those who had come home go, whatever they need to go home again, where all of their zone and key go together.
    """
    classes = setting.classes
    by_lag, by_class = _when(leaving.first.sum(axis=0), draw, epoch, setting)
    own = np.arange(len(by_class))
    first = flows.Sending(np.ones((own.size, 1)), by_lag, own)
    if not leaving.again.any():
        return _Sent(by_class, (first,), ())
    again = leaving.again.sum(axis=1)
    by_lag, by_class_again = _when(again.sum(axis=0), draw, epoch, setting)
    of_row = classes.by_row(again)
    whole = classes.by_class(again).sum(axis=0)[classes.of_row]
    part = np.divide(of_row, whole, out=np.zeros_like(of_row), where=whole > 0)[:, None]
    return _Sent(by_class + by_class_again, (first,), (flows.Sending(part, by_lag, classes.of_row),))


def _when(going: Array, draw: choice.Draw, epoch: _Epoch, setting: _Setting) -> tuple[Array, Array]:
    """When those who set off arrive, shape (lag, class, destination), and all of them, shape (class, destination)."""
    return flows.arriving(
        draw.groups,
        draw.attraction,
        choice.each(draw, going),
        setting.classes.sets,
        np.arange(going.size),
        epoch.out,
    )


def _arrive(
    way: trips.OnTheWay, turned: Array, met: Conditions, moving: _Moving, key: Array
) -> tuple[Array, Array]:
    """Who is turned away in this step, and those who have come to stay.

    People who find their destination closed are turned away and choose again there in the next step (E7); those
    for whom nothing else is open stay.

    Parameters
    ----------
    way : trips.OnTheWay
        By class or by row.
    turned : array of shape (class or row, destination)
        Turned away in the step before. [person]
    key : array of int, shape (class or row,)
        Response key of each.

    Returns
    -------
    tuple of array of shape (class or row, destination)
        [person]
    """
    arriving = way.arrive()
    turning = arriving * (met.attraction <= 0)[key]
    stuck = turned * ~moving.can_go[key]
    return turning, arriving - turning + stuck
