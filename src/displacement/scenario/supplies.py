"""What a scenario says about supply, on the items, zones and days of its needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.inputs import Inputs
from displacement.io.reports import WHOLE_AREA
from displacement.io.stock import StockList
from displacement.needs.catalogue import Catalogue
from displacement.needs.logistics import Route, Supply
from displacement.needs.supply import Gate, Stores, Ways, whole_trucks
from displacement.scenario import units
from displacement.scenario.aid_lines import amount
from displacement.scenario.closures import Closures, TruckLimit
from displacement.scenario.reading import NOON
from displacement.scenario.timeline import Timeline

__all__ = ["ANY_ROAD", "money", "open_ways", "stores", "ways"]

Array = NDArray[Any]

ANY_ROAD = "any road"
"""Name of the way from every hub to every zone, where a scenario names no route."""


def stores(
    supply: Supply, listed: StockList, lines: Catalogue, period: tuple[dt.date, dt.date], path: Path
) -> tuple[Stores, tuple[str, ...]]:
    """Hubs and what reaches them, from the scenario and from the table of stock; and what to know about it.

    What reached a hub before the first day is in store on it. Items that are not on the list, goods that are found at the
    spot, and what comes after the last day are left out, each with a note.

    Parameters
    ----------
    supply : Supply
        The scenario's settings.
    listed : StockList
        The table.
    lines : Catalogue
        The lines of the needs.
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
    incoming = np.zeros(((period[1] - period[0]).days + 1, len(hubs), len(lines.items)))
    position = {item.id: at for at, item in enumerate(lines.items)}
    notes: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for load in (*_own(supply, lines), *_listed(listed, path)):
        other = seen.setdefault((tables.key(load.hub), load.item), load.origin)
        if other != load.origin:
            notes.append(
                f"{load.item} at {load.hub} stands in {other} and in {load.origin}: both are counted"
            )
        why = _left_out(load, lines, period)
        if why:
            notes.append(f"{load.quantity:g} of {load.item} at {load.hub} ({load.origin}): {why}")
            continue
        day = 0 if load.date is None else max((load.date - period[0]).days, 0)
        incoming[day, hubs.index(names[tables.key(load.hub)]), position[load.item]] += load.quantity
    return Stores(tuple(hubs), incoming), tuple(dict.fromkeys(notes))


class _Load(NamedTuple):
    """So much of an item that a hub has or gets."""

    hub: str
    item: str
    quantity: float
    """[unit of the item]"""
    date: dt.date | None
    origin: str
    """Where it is written."""


def _left_out(load: _Load, lines: Catalogue, period: tuple[dt.date, dt.date]) -> str:
    """Why a load is not counted; blank if it is."""
    item = next((item for item in lines.items if item.id == load.item), None)
    if item is None:
        return "in store, but not on the list; name it under needs: include"
    if item.supplied != "hub":
        return "not counted: the line is for what is found or done at the spot"
    if load.date is not None and load.date > period[1]:
        return f"not counted: it comes on {load.date}, after the last day"
    return ""


def _own(supply: Supply, lines: Catalogue) -> Iterator[_Load]:
    """What the scenario itself lists."""
    known = {item.id: item for item in (*lines.items, *lines.aside)}
    for name, hub in supply.hubs.items():
        for item, quantity in hub.stock.items():
            yield _Load(name, item, amount(quantity, known[item]), None, "the scenario")
        for load in hub.pipeline:
            yield _Load(name, load.item, amount(load.quantity, known[load.item]), load.date, "the scenario")


def _listed(listed: StockList, path: Path) -> Iterator[_Load]:
    """What the table lists."""
    for row in listed.rows:
        yield _Load(row.hub, row.item, row.quantity, row.date, "the table of stock")


def money(supply: Supply, period: tuple[dt.date, dt.date]) -> Array | None:
    """Money by the day it becomes available, (time,); None where no figure is given. [currency]

    Grants from before the first day are there on it; those after the last day do not count.
    """
    if supply.money is None:
        return None
    available = np.zeros((period[1] - period[0]).days + 1)
    available[0] = supply.money
    for grant in supply.grants:
        if grant.date <= period[1]:
            available[max((grant.date - period[0]).days, 0)] += grant.amount
    return available


def open_ways(supply: Supply, hubs: Sequence[str], zones: Sequence[str], days: int) -> Ways:
    """The supply's routes as if nothing closed them and each reached every zone.

    Without routes, one from every hub to every zone, without limit.
    """
    routes = _routes(supply)
    limits = np.array(
        [np.inf if way.trucks_per_day is None else way.trucks_per_day for way in routes.values()]
    )
    reach = np.ones((days, len(routes), len(hubs), len(zones)), dtype=bool)
    return Ways(
        routes=tuple(routes),
        trucks=whole_trucks(np.tile(limits, (days, 1))),
        reach=reach & _serves(routes, hubs)[None, :, :, None],
        lead=np.array([way.lead_days for way in routes.values()], dtype=np.int64),
    )


def _routes(supply: Supply) -> Mapping[str, Route]:
    return supply.routes or {ANY_ROAD: Route()}


def _serves(routes: Mapping[str, Route], hubs: Sequence[str]) -> Array:
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

    A route is closed while a road or crossing that it runs over is closed to trucks, even in part. A limit on a route by
    its name takes the place of its own; one on a road or crossing is shared by all routes over it. From a hub with a
    place, zones beyond a boundary closed to trucks are not reached, unless the route runs over a crossing; a zone counts
    as held by who holds where most of its people live. People of whom no zone is known are reached while the route is
    open.

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
    plain, routes = open_ways(supply, hubs, zones, days), _routes(supply)
    reach = plain.reach.copy()
    sides = _sides(supply, hubs, zones, inputs, events)[:days]
    per_day = np.tile(
        [np.inf if way.trucks_per_day is None else way.trucks_per_day for way in routes.values()], (days, 1)
    )
    for at, (name, way) in enumerate(routes.items()):
        for limit in events.trucks:
            if limit.route == name:
                per_day[_days(limit), at] = limit.trucks
        covered = np.array(inputs.zones.code)[units.where(inputs, way.to).zones]
        reach[:, at] &= np.isin(zones, [*covered, WHOLE_AREA])
        reach[[_is_closed(way, closed) for closed in events.trucks_closed[:days]], at] = False
        if not set(way.via) & set(inputs.crossings.code):
            reach[:, at] &= sides
    gates = tuple(_gates(routes, events, days))
    return Ways(plain.routes, whole_trucks(per_day), reach, plain.lead, gates)


def _days(limit: TruckLimit) -> slice:
    """Days of the needs on which a limit holds."""
    return slice(max(limit.start, 0), max(limit.end + 1, 0))


def _gates(routes: Mapping[str, Route], events: Timeline, days: int) -> Iterator[Gate]:
    """Roads and crossings on which events limit trucks, with the routes over them."""
    for code in dict.fromkeys(limit.route for limit in events.trucks):
        over = np.array([code in way.via and code != name for name, way in routes.items()], dtype=bool)
        if not over.any():
            continue
        per_day = np.full(days, np.inf)
        for limit in events.trucks:
            if limit.route == code:
                per_day[_days(limit)] = limit.trucks
        yield Gate(whole_trucks(per_day), over)


def _is_closed(way: Route, closed: Closures) -> bool:
    """Whether a road or crossing of the route is closed to trucks."""
    shut = {*closed.crossings, *(road for road, _, _ in closed.roads)}
    return not shut.isdisjoint(way.via)


def _sides(
    supply: Supply, hubs: Sequence[str], zones: Sequence[str], inputs: Inputs, events: Timeline
) -> Array:
    """Whether no boundary closed to trucks lies between a hub and a zone, (time, hub, zone)."""
    open_to = np.ones((len(events.trucks_closed), len(hubs), len(zones)), dtype=bool)
    at_place = {tables.key(name): hub.at for name, hub in supply.hubs.items() if hub.at is not None}
    placed = [
        (at, _nearest_place(inputs, at_place[tables.key(hub)]))
        for at, hub in enumerate(hubs)
        if tables.key(hub) in at_place
    ]
    if not placed or not any(closed.boundaries for closed in events.trucks_closed):
        return open_to
    known = np.array([zone != WHOLE_AREA for zone in zones])
    rows = [inputs.zones.code.index(zone) if zone != WHOLE_AREA else 0 for zone in zones]
    for day, closed in enumerate(events.trucks_closed):
        held = events.control.at(day + NOON)
        of_zone = _holder_of_zones(inputs, held)[rows]
        for at, place in placed:
            barred = [
                other
                for pair in closed.boundaries
                for other in pair
                if held[place] in pair and other != held[place]
            ]
            open_to[day, at] = ~np.isin(of_zone, barred) | ~known
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
    zone, people, place = (inputs.cells[name].values for name in ("zone", "population", "any_place"))
    count = np.zeros((len(inputs.zones.code), len(inputs.controllers)))
    for band in inputs.grid.bands(zone, people, place):
        lives = zone[band] >= 0
        holder = held[place[band][lives]]
        np.add.at(count, (zone[band][lives], holder), people[band][lives] + 1e-9)
    most: Array = np.argmax(count, axis=1)
    return most
