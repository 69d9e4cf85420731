"""The stages before blocks on a network of places: who leaves, how long the ways are, what people meet.

Places are cells and blocks at once. What comes out is what `stages` gets from a grid, and goes on the same path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from displacement import variables
from displacement.io.inputs import Inputs, Network
from displacement.io.network import HUB, MARKER
from displacement.movement import conflict, departures, destinations, returns, simulate
from displacement.movement.assumptions import Movement
from displacement.scenario.closures import Closures
from displacement.scenario.model import NetworkSettings, Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]

AT_ONCE = 1e-9
"""Preparation of people who are counted on the day of arrival. [day]"""
SHORTEST = 1e-6
"""A route of no length: a link of zero is none to SciPy. [km]"""


class Counted(NamedTuple):
    """What the counts say of all places together."""

    begun: Array
    """Who is there from the start, shape (block, destination). [person]"""
    coming: Array
    """Who comes on each day, by place of origin, shape (day, place). [person]"""
    going: Array
    """Hazard of leaving the counted places on each day, shape (day,). [1]"""


def counted(inputs: Inputs, events: Timeline, scenario: Scenario) -> Counted | None:
    """Departures and returns that make the sum of all places what was counted; none where the model says how many.

    When the sum falls, people leave every place in the same part.
    """
    if events.counted is None or events.conflict is None:
        return None
    settings = scenario.network or NetworkSettings()
    there = events.counted[:, inputs.destinations.zone]
    total = there.sum(axis=1)
    change = np.diff(total, prepend=0.0)
    begins = settings.day0 == "observed"
    if begins:
        change[0] = 0.0
    origins = _origins(inputs)
    sources = conflict.from_where(
        np.append(total[:1] * begins, np.maximum(change, 0.0)),
        np.vstack([events.conflict[:1], events.conflict]),
        inputs.blocks.people,
        origins,
    )
    fall = np.divide(np.maximum(-change, 0.0), np.roll(total, 1), out=np.zeros_like(total), where=change < 0)
    with np.errstate(divide="ignore"):
        going = np.minimum(-np.log1p(-np.minimum(fall, 1.0)), simulate.EVERYBODY)
    share = sources[0] / total[0] if total[0] > 0 else np.zeros(len(origins))
    return Counted(share[:, None] * there[0] * begins, sources[1:], going)


def _origins(inputs: Inputs) -> Array:
    """1 for places that people can leave from: not those that are counted, nor points on the way."""
    kinds = np.array(inputs.network.kind) if inputs.network else np.zeros(0, dtype=str)
    found = np.isin(kinds, (HUB, MARKER), invert=True)
    found[inputs.destinations.zone] = False
    return found.astype(float)


def first_departures(
    inputs: Inputs, events: Timeline, members: Sequence[Movement], edges: Array, given: Counted | None
) -> xr.Dataset:
    """First departures by place: by the hazard of conflict there, or as counted.

    Parameters
    ----------
    inputs, events : Inputs, Timeline
        The area and what happens in it.
    members : sequence of Movement
        Assumptions of each.
    edges : array of shape (step + 1,)
        Edges of the steps. [day]
    given : Counted, optional
        What the counts say.

    Returns
    -------
    xarray.Dataset
        `DEPARTURES` of the table of variables.
    """
    if given is not None:
        return variables.check(_as_given(inputs, members, given, len(edges) - 1), variables.DEPARTURES)
    people = inputs.blocks.people
    found = []
    for member in members:
        start = departures.by_group(people, inputs.prior_share, member.departures.staying_share)
        factors, position = np.unique(departures.factors(member), return_inverse=True)
        met = conflict.cumulative(_conflict(events), member.hazard, edges, factors)[position]
        found.append(departures.from_home(start[:, None] * np.exp(-met), start[:, None] * met))
    by_block = xr.concat(found, "member").transpose("member", "time", "group", "origin")
    return variables.check(by_block, variables.DEPARTURES)


def _as_given(inputs: Inputs, members: Sequence[Movement], given: Counted, steps: int) -> xr.Dataset:
    """First departures as counted, whatever the conflict; as many live in each place as ever leave it, at the least."""
    people = np.maximum(inputs.blocks.people, given.begun.sum(axis=1) + given.coming.sum(axis=0))
    per_day = steps // len(given.coming)
    by_step = np.repeat(given.coming, per_day, axis=0) / per_day
    start = np.stack(
        [
            departures.by_group(people, inputs.prior_share, member.departures.staying_share)
            for member in members
        ]
    )
    leaving = np.stack([departures.given(by_step, inputs.blocks.zone, each) for each in start])
    dims = ("member", "time", "group", "origin")
    return xr.Dataset(
        {
            "first_departures": (dims, leaving),
            "mean_hazard": (dims, np.broadcast_to(0.0, leaving.shape)),
            "start": (("member", "group", "origin"), start),
        },
        coords={"group": list(departures.GROUPS)},
    )


def _conflict(events: Timeline) -> Array:
    """Intensity of conflict by day and place."""
    if events.conflict is None:
        raise ValueError("a network needs its conflict by place and day; read it from the area's table")
    return events.conflict


def travel_times(inputs: Inputs, events: Timeline, member: Movement, scenario: Scenario) -> simulate.Routes:
    """Hours between places and destinations by the shortest open way, for every closure epoch."""
    network, speed = _network(inputs), member.travel.route_speed * member.travel.road_factor
    starts = _epochs(network, events, scenario)
    hours = []
    for day in starts:
        closed = events.epochs[events.epoch_of_day[day]]
        hours.append(_kilometres(network, inputs, closed, day, scenario) / speed)
    epoch = np.searchsorted(starts, np.arange(scenario.period.days), side="right") - 1
    goals = inputs.destinations.zone
    home = None
    if events.counted is not None:
        home = np.ones((inputs.blocks.size, goals.size), dtype=bool)
    return simulate.Routes(
        np.repeat(epoch, round(1.0 / scenario.period.step_days)), hours, [part[goals] for part in hours], home
    )


def _network(inputs: Inputs) -> Network:
    if inputs.network is None:
        raise ValueError("the area is no network of places")
    return inputs.network


def _epochs(network: Network, events: Timeline, scenario: Scenario) -> list[int]:
    """Days on which what is closed, or which places send people on, changes."""
    ends = {(day - scenario.period.start).days for day in network.forwards_until if day is not None}
    starts = {int(day) for day in events.epoch_start} | ends
    return sorted(day for day in starts if 0 <= day < scenario.period.days)


def _forwarding(network: Network, day: int, scenario: Scenario) -> Array:
    """Whether one end of each route sends everybody on along it on a day."""
    ended = [
        until is not None and (until - scenario.period.start).days <= day for until in network.forwards_until
    ]
    return np.asarray((network.forwards >= 0) & ~np.array(ended, dtype=bool))


def _kilometres(network: Network, inputs: Inputs, closed: Closures, day: int, scenario: Scenario) -> Array:
    """Length of the shortest open way from each place to each destination, infinite where there is none. [km]"""
    passable = ~np.isin(network.route, [name for name, _, _ in closed.roads])
    barred = np.isin(inputs.zones.code, closed.crossings)
    of_country = network.country[network.ends]
    for first, second in closed.boundaries:
        passable &= ~(
            (of_country == [first, second]).all(axis=1) | (of_country == [second, first]).all(axis=1)
        )
    passable &= ~barred[network.ends].any(axis=1)
    sends = _forwarding(network, day, scenario) & passable
    at = np.flatnonzero(sends)
    onward = np.full(len(barred), -1)
    onward[network.ends[at, network.forwards[at]]] = network.ends[at, 1 - network.forwards[at]]
    both = np.vstack([network.ends[passable], network.ends[passable][:, ::-1]])
    length = np.maximum(np.tile(network.km[passable], 2), SHORTEST)
    kept = (onward[both[:, 0]] < 0) | (onward[both[:, 0]] == both[:, 1])
    graph = sparse.csr_array((length[kept], (both[kept, 1], both[kept, 0])), shape=(len(barred), len(barred)))
    goals = inputs.destinations.zone
    found: Array = csgraph.dijkstra(graph, indices=goals).T
    found[:, onward[goals] >= 0] = np.inf
    return found


def allowed(inputs: Inputs) -> simulate.Allowed:
    """Every destination but the place where people are."""
    goals = inputs.destinations.zone
    return simulate.Allowed(
        (np.arange(inputs.blocks.size)[:, None] != goals).astype(float),
        (goals[:, None] != goals).astype(float),
    )


def as_counted(member: Movement, given: Counted | None) -> Movement:
    """Assumptions under which people are counted on the day on which they set off, where counts say when they arrive."""
    if given is None:
        return member
    no_time = {"hours_per_day": np.inf, "preparation": AT_ONCE}
    return member.model_copy(update={"travel": member.travel.model_copy(update=no_time)})


def conditions(
    inputs: Inputs, events: Timeline, member: Movement, edges: Array, given: Counted | None
) -> list[simulate.Conditions]:
    """What people meet, step by step: where they may go, what presses them there, whether they may go home."""
    intensity, goals = _conflict(events), inputs.destinations.zone
    prior = np.array([member.departures.prior_displaced_factor])
    met = np.diff(conflict.cumulative(intensity[:, goals], member.hazard, edges, prior)[0], axis=0)
    homeward, calm = _homeward(inputs, intensity, member, edges, given)
    shut = np.zeros(goals.size, dtype=bool)
    drawing: dict[tuple[int, bytes], Array] = {}
    found = []
    for step, day in enumerate(edges[:-1].astype(np.int64)):
        epoch, danger = int(events.epoch_of_day[day]), intensity[day, goals]
        kept = (epoch, danger.tobytes())
        if kept not in drawing:
            closed = np.isin(np.array(inputs.zones.code)[goals], events.epochs[epoch].crossings)
            drawing[kept] = _attraction(inputs, events, member, danger, closed)
        onward = met[step] * (0.0 if given is not None else 1.0)
        found.append(simulate.Conditions(drawing[kept], onward[None], homeward[step], calm[step], shut))
    return found


def _attraction(inputs: Inputs, events: Timeline, member: Movement, danger: Array, closed: Array) -> Array:
    nobody = np.full(danger.size, -1)
    return destinations.attraction(
        inputs.destinations,
        inputs.keys,
        holder=nobody,
        start_holder=nobody,
        danger=danger[None],
        closed=closed,
        answers=events.answers,
        assumptions=member.destinations,
    )


def _homeward(
    inputs: Inputs, intensity: Array, member: Movement, edges: Array, given: Counted | None
) -> tuple[Array, Array]:
    """Hazard of going home, shape (step, ready, block); share of each step that is quiet, shape (step, block)."""
    day, length = edges[:-1].astype(np.int64), np.diff(edges)
    calm = conflict.quiet(intensity, member.returns.felt_above, member.returns.quiet_days)[day]
    if given is not None:
        alike = (given.going[day] * length)[:, None, None]
        return np.broadcast_to(alike, (len(day), len(returns.READY), inputs.blocks.size)), calm
    is_open = np.full(inputs.blocks.size, returns.OPEN)
    each = [
        returns.hazard_of_return(is_open, share, step, member.returns)
        for share, step in zip(calm, length, strict=True)
    ]
    return np.stack(each), calm
