"""What a scenario says about supply, on the items, zones and days of its needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.inputs import Inputs
from displacement.io.reports import WHOLE_AREA
from displacement.io.stock import StockList
from displacement.needs.item import Item
from displacement.needs.logistics import Hub, Route, Supply
from displacement.needs.supply import Stores, Ways, whole_trucks
from displacement.scenario import units
from displacement.scenario.aid_lines import amount
from displacement.scenario.closures import Closures
from displacement.scenario.reading import NOON
from displacement.scenario.timeline import Timeline

__all__ = ["ANY_ROAD", "money", "open_ways", "stores", "ways"]

Array = NDArray[Any]

ANY_ROAD = "any road"
"""Name of the way from every hub to every zone, where a scenario names no route."""


def stores(
    supply: Supply, listed: StockList, items: Sequence[Item], period: tuple[dt.date, dt.date], path: Path
) -> Stores:
    """Hubs and what reaches them, from the scenario and from the table of stock.

    Parameters
    ----------
    supply : Supply
        The scenario's settings.
    listed : StockList
        The table.
    items : sequence of Item
        The lines of the needs, in their order.
    period : tuple of date
        First and last day.
    path : pathlib.Path
        The scenario or table, for errors.

    Raises
    ------
    InputError
        If a route names a hub that is nowhere.
    """
    names = {tables.key(name): name for name in supply.hubs}
    for row in listed.rows:
        names.setdefault(tables.key(row.hub), row.hub)
    hubs = list(names.values())
    unknown = [
        finding(path, f"supply: route '{route}': unknown hub '{hub}'" + suggestion(hub, hubs))
        for route, way in supply.routes.items()
        for hub in way.hubs
        if tables.key(hub) not in names
    ]
    if unknown:
        raise InputError(*unknown)
    incoming = np.zeros(((period[1] - period[0]).days + 1, len(hubs), len(items)))
    position = {item.id: at for at, item in enumerate(items)}
    for hub, day, item_id, quantity in (*_own(supply, items, period), *_listed(listed, period)):
        if item_id in position:
            incoming[day, hubs.index(names[tables.key(hub)]), position[item_id]] += quantity
    return Stores(tuple(hubs), incoming)


def _own(
    supply: Supply, items: Sequence[Item], period: tuple[dt.date, dt.date]
) -> Iterator[tuple[str, int, str, float]]:
    """Hub, day, item and quantity of what the scenario itself lists. [unit]"""
    unit = {item.id: item.unit for item in items}
    for name, hub in supply.hubs.items():
        for item, quantity in hub.stock.items():
            if item in unit:
                yield name, 0, item, amount(quantity, unit[item])
        for load in hub.pipeline:
            if load.item in unit:
                yield name, (load.date - period[0]).days, load.item, amount(load.quantity, unit[load.item])


def _listed(listed: StockList, period: tuple[dt.date, dt.date]) -> Iterator[tuple[str, int, str, float]]:
    """Hub, day, item and quantity of the table. [unit]"""
    for row in listed.rows:
        yield row.hub, 0 if row.date is None else (row.date - period[0]).days, row.item, row.quantity


def money(supply: Supply, period: tuple[dt.date, dt.date]) -> Array | None:
    """Money by the day it becomes available, (time,); None where no figure is given. [currency]"""
    if supply.money is None:
        return None
    available = np.zeros((period[1] - period[0]).days + 1)
    available[0] = supply.money
    for grant in supply.grants:
        available[(grant.date - period[0]).days] += grant.amount
    return available


def open_ways(supply: Supply, hubs: Sequence[str], zones: Sequence[str], days: int) -> Ways:
    """The supply's routes as if nothing closed them and each reached every zone.

    Without routes, one from every hub to every zone, without limit.
    """
    routes = supply.routes or {ANY_ROAD: Route()}
    limits = np.array([_limit(way) for way in routes.values()])
    return Ways(
        routes=tuple(routes),
        trucks=whole_trucks(np.tile(limits, (days, 1))),
        reach=np.ones((days, len(routes), len(zones)), dtype=bool),
        hubs=_serves(routes, hubs),
        lead=np.array([way.lead_days for way in routes.values()], dtype=np.int64),
    )


def _serves(routes: dict[str, Route], hubs: Sequence[str]) -> Array:
    """Whether a route serves a hub, (route, hub)."""
    keys = [tables.key(hub) for hub in hubs]
    named = [{tables.key(hub) for hub in way.hubs} for way in routes.values()]
    return np.array([[not wanted or key in wanted for key in keys] for wanted in named], dtype=bool).reshape(
        len(routes), len(hubs)
    )


def ways(
    supply: Supply, hubs: Sequence[str], zones: Sequence[str], days: int, inputs: Inputs, events: Timeline
) -> Ways:
    """The routes day by day: their trucks and where they reach, as events close and limit them.

    A route is closed while a road or crossing that it runs over is closed to trucks, even in part. Where its hubs have a
    place, zones beyond a boundary closed to trucks are not reached; a zone counts as held by who holds where most of its
    people live. People of whom no zone is known are reached while the route is open.

    Parameters
    ----------
    supply : Supply
        With codes for names.
    hubs : sequence of str
        Names, in the order of the stores.
    zones : sequence of str
        P-codes of the zones of the needs, or `ALL`.
    days : int
        Days of the needs, from the first of the events. [day]
    inputs : Inputs
        The area.
    events : Timeline
        Closures and limits.
    """
    plain = open_ways(supply, hubs, zones, days)
    per_day = np.tile([_limit(way) for way in (supply.routes or {ANY_ROAD: Route()}).values()], (days, 1))
    reach = plain.reach.copy()
    for at, (name, way) in enumerate(supply.routes.items()):
        for limit in events.trucks:
            if limit.route == name or limit.route in way.via:
                per_day[max(limit.start, 0) : limit.end + 1, at] = limit.trucks
        covered = np.array(inputs.zones.code)[units.where(inputs, way.to).zones]
        reach[:, at] &= np.isin(zones, [*covered, WHOLE_AREA])
        shut = np.array([_is_closed(way, closed) for closed in events.trucks_closed[:days]], dtype=bool)
        reach[shut, at] = False
        per_day[shut, at] = 0.0
        served = [
            supply.hubs[hub] for hub in hubs if hub in supply.hubs and (not way.hubs or hub in way.hubs)
        ]
        reach[:, at] &= _on_this_side(served, inputs, events, zones)
    return Ways(plain.routes, whole_trucks(per_day), reach, plain.hubs, plain.lead)


def _limit(way: Route) -> float:
    return np.inf if way.trucks_per_day is None else way.trucks_per_day


def _is_closed(way: Route, closed: Closures) -> bool:
    """Whether a road or crossing of the route is closed to trucks."""
    shut = {*closed.crossings, *(road for road, _, _ in closed.roads)}
    return not shut.isdisjoint(way.via)


def _on_this_side(served: Sequence[Hub], inputs: Inputs, events: Timeline, zones: Sequence[str]) -> Array:
    """Whether no closed boundary lies between a hub and a zone, (time, zone); True where no hub has a place."""
    days = len(events.trucks_closed)
    open_to = np.ones((days, len(zones)), dtype=bool)
    placed = [hub.at for hub in served if hub.at is not None]
    if not placed or not any(closed.boundaries for closed in events.trucks_closed):
        return open_to
    known = np.array([zone != WHOLE_AREA for zone in zones])
    rows = [inputs.zones.code.index(zone) if zone != WHOLE_AREA else 0 for zone in zones]
    hubs = [_nearest_place(inputs, code) for code in placed]
    for day, closed in enumerate(events.trucks_closed):
        held = events.control.at(day + NOON)
        of_zone = _holder_of_zones(inputs, held)[rows]
        reached = np.zeros(len(zones), dtype=bool)
        for hub in hubs:
            barred = [
                second if first == held[hub] else first
                for first, second in closed.boundaries
                if held[hub] in (first, second)
            ]
            reached |= ~np.isin(of_zone, barred) | ~known
        open_to[day] = reached
    return open_to


def _nearest_place(inputs: Inputs, code: str) -> int:
    """Position of the place with a controller that is nearest to a hub."""
    known = inputs.places.index()
    if code in known:
        return known[code]
    easting, northing = inputs.coordinates[code]
    return int(np.argmin(np.hypot(inputs.places.easting - easting, inputs.places.northing - northing)))


def _holder_of_zones(inputs: Inputs, held: Array) -> Array:
    """Who holds where most people of each zone live, (zone,)."""
    zone, people = inputs.cells["zone"].values, inputs.cells["population"].values
    holder = held[inputs.cells["any_place"].values]
    lives = zone >= 0
    count = np.zeros((len(inputs.zones.code), len(inputs.controllers)))
    np.add.at(count, (zone[lives], holder[lives]), people[lives] + 1e-9)
    most: Array = np.argmax(count, axis=1)
    return most
