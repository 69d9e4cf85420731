"""Where people can go in an area: towns, sites and exits, with their size and room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io import tables
from displacement.io.area_tables import AreaTables
from displacement.io.inputs import NamedPlaces, Zones
from displacement.io.population import MOST_PEOPLE
from displacement.io.tables import Row
from displacement.movement.destinations import TYPES, Places

Array = NDArray[Any]

LONGEST_WAY = 1000.0
"""A longer way beyond an exit is a slip. [h]"""


class _Sites(NamedTuple):
    """The sites of a zone that are full, or those that are not."""

    registered: float
    """[person]"""
    easting: float
    northing: float
    """Centre by people. [m]"""
    capacity: float
    """As the table gives it; else the registered. [person]"""
    room: float
    """What those declared full still take; infinite for the others. [person]"""


def _capacity(row: Row, registered: float) -> float:
    """A site's capacity; not a number where it is unknown."""
    if row.get("capacity", "").strip().casefold() in ("", "unknown"):
        return float(np.nan)
    capacity = row.number("capacity", 0)
    if capacity == 0 and registered > 0:
        raise row.wrong(
            "capacity", f"is 0, and {registered:,.0f} are registered; write unknown, or the figure"
        )
    return capacity


def _declared_full(row: Row, capacity: float) -> bool:
    """Whether the table says that a site is full, so that no more than its capacity find room."""
    written = row.get("full", "").strip().casefold()
    if written not in ("", "no", "yes"):
        raise row.wrong("full", f"must be yes, no or blank (got '{row['full']}')")
    if written == "yes" and np.isnan(capacity):
        raise row.wrong("capacity", "is unknown for a site declared full; write how many it takes")
    return written == "yes"


def destinations_of(
    reader: AreaTables,
    zones: Zones,
    exits: list[Row],
    places: NamedPlaces,
    group_of_cell: Array,
    any_place: Array,
) -> Places:
    """A town a zone, a site where there are camps, and the exits.

    Parameters
    ----------
    reader : AreaTables
        The area's tables; a note is added where sites hold more people than live in their zone.
    zones : Zones
        With the people of the run.
    exits : list of Row
        Rows of the crossings that are exits.
    places : NamedPlaces
        Who controls where.
    group_of_cell, any_place : array of int, shape (cell,)
        Response group and nearest named place of each cell.

    Returns
    -------
    Places

    Raises
    ------
    InputError
        If a row is wrong, or the area's own tables hold more people in sites than live in a zone.
    """
    zone_index = {code: at for at, code in enumerate(zones.code)}
    sites = _sites(reader, zone_index)
    registered = {zone: sum(site.registered for site in of_zone) for zone, of_zone in sites.items()}
    entries = []
    town, site = (TYPES.index(name) for name in ("town", "site"))
    for row in reader.rows(reader.gazetteer.table("zones"), ["zone"]):
        zone = zone_index[row.text("zone")]
        host = zones.population[zone] - registered.get(zone, 0.0)
        if host < 0 and zones.population[zone] != row.number("population", 0):
            reader.notes.append(
                f"{zones.name[zone]} ({zones.code[zone]}): {registered[zone]:,.0f} people are registered in its "
                f"sites, and {zones.population[zone]:,.0f} live in it; nobody is taken to live in its towns."
            )
            host = 0.0
        if host < 0:
            message = f"{registered[zone]:,.0f} people registered in its sites are more than live there"
            raise row.wrong("population", message)
        if host > 0:
            point = reader.point(row, "popw_lat", "popw_lon")
            entries.append((zone, town, host, *point, 0.0, host, np.inf))
        for group in sites.get(zone, ()):
            point = (group.easting, group.northing)
            entries.append((zone, site, group.registered, *point, 0.0, group.capacity, group.room))
    for row in exits:
        people = row.number_or("people_beyond", 0.0, 0, MOST_PEOPLE)
        beyond = row.number_or("hours_beyond", 0.0, 0, LONGEST_WAY)
        entries.append((zone_index[row.text("id")], town, people, *reader.point(row), beyond, np.inf, np.inf))
    table = np.array(entries)
    cell = reader.grid.cell(table[:, 3], table[:, 4])
    of_exit = {code: at for at, code in enumerate(places.code)}
    place = any_place[cell]
    for at, row in enumerate(exits, start=len(entries) - len(exits)):
        place[at] = of_exit.get(row.text("id"), place[at])
    return Places(
        zone=table[:, 0].astype(np.int64),
        type=table[:, 1].astype(np.int64),
        size=table[:, 2],
        cell=cell,
        place=place,
        easting=table[:, 3],
        northing=table[:, 4],
        hours_beyond=table[:, 5],
        response=group_of_cell[cell],
        capacity=table[:, 6],
        room=table[:, 7],
    )


def _sites(reader: AreaTables, zone_index: Mapping[str, int]) -> dict[int, list[_Sites]]:
    """The sites of each zone, those declared full apart from the others; only those with people."""
    total: dict[tuple[int, bool], _Sites] = {}
    rows = reader.rows(reader.gazetteer.table("sites"), ["zone", "lat", "lon", "registered"])
    tables.unique([row for row in rows if row.get("site", "").strip()], "site")
    for row in rows:
        zone, people = reader.zone_of(row, zone_index), row.number("registered", 0, MOST_PEOPLE)
        capacity = _capacity(row, people)
        full = _declared_full(row, capacity)
        easting, northing = reader.point(row)
        if people > 0:
            before = total.get((zone, full), _Sites(0.0, easting, northing, 0.0, 0.0 if full else np.inf))
            part = people / (before.registered + people)
            total[zone, full] = _Sites(
                before.registered + people,
                before.easting + part * (easting - before.easting),
                before.northing + part * (northing - before.northing),
                before.capacity + (people if np.isnan(capacity) else capacity),
                before.room + max(capacity - people, 0.0) if full else np.inf,
            )
    found: dict[int, list[_Sites]] = {}
    for (zone, _), group in sorted(total.items()):
        found.setdefault(zone, []).append(group)
    return found
