"""A network area -> Inputs: named places and the routes between them, in place of rasters.

`places.csv` has place, type, country and, as far as known, region, lat, lon, population and capacity; `routes.csv` from,
to and distance_km. Every place is a zone, and a cell: everything from blocks on is as on a grid.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.grid import Grid
from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.gazetteer import PLACES, ROUTES, Gazetteer, route_name
from displacement.io.inputs import Crossings, Inputs, Land, NamedPlaces, Network, Road, Zones
from displacement.io.population import MOST_PEOPLE
from displacement.io.tables import Row
from displacement.movement.blocks import Blocks
from displacement.movement.destinations import TYPES, Keys, Places

Array = NDArray[Any]

CONFLICT, OBSERVED = "conflict.csv", "observed.csv"
"""Tables of conflict by place and day, and of people counted."""
TOWN, CAMP, IDP_CAMP, HUB, MARKER = KINDS = ("town", "camp", "idpcamp", "hub", "marker")
"""Kinds of places: where people live; camps abroad and inside; hubs, which only pass people on; points on the way."""
CAMPS = (CAMP, IDP_CAMP)
LONGEST = 40_075.0
"""A longer route is a slip: once around the earth. [km]"""


def read(
    gazetteer: Gazetteer, camp_size: float, with_capacities: bool, counted: Collection[str] | None
) -> Inputs:
    """Read a network area.

    Parameters
    ----------
    gazetteer : Gazetteer
        The area file and its names.
    camp_size : float
        Size of a camp of which none is known. [person]
    with_capacities : bool
        Whether capacities count: as sizes of camps, and as what crowds them.
    counted : collection of str, optional
        The places that take people in; none: camps, and towns where people live.

    Returns
    -------
    Inputs

    Raises
    ------
    InputError
        If a table is wrong.
    """
    rows = tables.read(gazetteer.folder / PLACES, ["place", "type", "country"])
    tables.unique(rows, "place")
    kinds = [_kind(row) for row in rows]
    _check_points(rows, kinds)
    codes = tuple(row.text("place") for row in rows)
    population = np.array([row.number_or("population", 0.0, 0, MOST_PEOPLE) for row in rows])
    network, notes = _network(gazetteer, rows, kinds)
    zones = _zones(rows, kinds, codes, population)
    count = len(rows)
    every, nobody = np.arange(count), np.zeros(count, dtype=np.int64)
    nowhere = np.zeros(count)
    grid, cells, of_cell = _tiles(population)
    takes_in = _takes_in(codes, kinds, population, counted)
    capacity = _capacities(rows, kinds) if with_capacities else np.full(count, np.nan)
    observed = gazetteer.folder / OBSERVED
    return Inputs(
        area=gazetteer.area,
        grid=grid,
        cells=cells,
        zones=zones,
        controllers=tuple(gazetteer.area.controllers),
        side=np.zeros(len(gazetteer.area.controllers), dtype=np.int64),
        places=NamedPlaces(codes, nowhere, nowhere, nobody, np.full(count, -1)),
        keys=Keys(nobody[:1], nobody[:1]),
        blocks=Blocks(of_cell, every, nobody, population, nowhere, nowhere, every),
        destinations=_destinations(takes_in, kinds, population, capacity, camp_size, network.country),
        land=Land(
            grid,
            np.ones(grid.size, dtype=bool),
            cells["any_place"].values,
            {name: Road(nowhere[:1], nowhere[:1], nobody[:1], nowhere[:1]) for name in network.route},
        ),
        crossings=Crossings((), nowhere[:0], nowhere[:0], np.zeros(0, bool), np.zeros(0, bool)),
        response_groups=("",),
        coordinates={},
        files=tuple(
            path
            for path in (
                gazetteer.folder / "area.yaml",
                gazetteer.folder / PLACES,
                gazetteer.folder / ROUTES,
                observed,
            )
            if path.is_file()
        ),
        tile_side=1,
        boundaries="a tile for each named place, wherever it lies",
        notes=tuple(notes),
        network=network,
    )


def _tiles(population: Array) -> tuple[Grid, xr.Dataset, Array]:
    """A grid with a cell for each place, in the order of the table: as square as may be, and nowhere on earth.

    Returns
    -------
    tuple of Grid, xarray.Dataset and array of shape (cell,)
        The grid, its cells, and the place of each; -1 where there is none.
    """
    side = math.isqrt(population.size - 1) + 1 if population.size else 1
    grid = Grid("none", 1.0, 0.0, 0.0, (-(-population.size // side) or 1, side))
    place = np.full(grid.size, -1)
    place[: population.size] = np.arange(population.size)
    people = np.zeros(grid.size)
    people[: population.size] = population
    columns = {
        "population": people,
        "zone": place,
        "place": place,
        "any_place": np.maximum(place, 0),
        "response": np.zeros(grid.size, dtype=np.int64),
    }
    cells = xr.Dataset({name: ("cell", values) for name, values in columns.items()})
    return grid, cells, place


def _kind(row: Row) -> str:
    """The kind of a place."""
    written = row.text("type").casefold()
    if written not in KINDS:
        raise row.wrong("type", f"unknown type '{row['type']}'" + suggestion(written, list(KINDS)))
    return written


def _check_points(rows: Sequence[Row], kinds: Sequence[str]) -> None:
    """Raise an error for a point that is none; camps need one, so that a row can be told from a slip."""
    for row, kind in zip(rows, kinds, strict=True):
        for column, most in (("lat", 90.0), ("lon", 180.0)):
            if kind in CAMPS or row.get(column, "").strip():
                row.number(column, -most, most)


def _zones(rows: Sequence[Row], kinds: Sequence[str], codes: tuple[str, ...], population: Array) -> Zones:
    """Every place as a zone; its country is admin 1, its region in the country admin 2."""
    countries = tuple(row.text("country") for row in rows)
    regions = tuple(row.get("region", "").strip() for row in rows)
    areas = tuple(
        f"{country}: {region}" if region else country
        for country, region in zip(countries, regions, strict=True)
    )
    before = np.where(np.isin(kinds, CAMPS), population, 0.0)
    return Zones(
        code=codes,
        name=codes,
        name_ar=("",) * len(codes),
        admin1=countries,
        admin1_name=countries,
        admin2=areas,
        admin2_name=tuple(region or country for region, country in zip(regions, countries, strict=True)),
        population=population,
        displaced_before=before,
        inside=len(codes),
    )


def _capacities(rows: Sequence[Row], kinds: Sequence[str]) -> Array:
    """How many each camp has room for; not a number where that is unlimited or unknown. [person]"""
    given = np.array([row.number_or("capacity", 0.0, 0, MOST_PEOPLE) for row in rows])
    return np.where(np.isin(kinds, CAMPS) & (given > 0), given, np.nan)


def _takes_in(
    codes: Sequence[str], kinds: Sequence[str], population: Array, counted: Collection[str] | None
) -> Array:
    """Positions of the places that take people in."""
    if counted is not None:
        return np.flatnonzero([code in counted for code in codes])
    kind = np.array(kinds)
    return np.flatnonzero(np.isin(kind, CAMPS) | ((kind == TOWN) & (population > 0)))


def _destinations(
    at: Array, kinds: Sequence[str], population: Array, capacity: Array, camp_size: float, country: Array
) -> Places:
    """The destinations: their size is their capacity where one counts, their people else, or that of a camp."""
    people, holds = population[at], capacity[at]
    is_camp = np.isin(np.array(kinds)[at], CAMPS)
    size = np.where(np.isnan(holds), np.where(people > 0, people, camp_size), holds)
    zeros, endless = np.zeros(at.size), np.full(at.size, np.inf)
    return Places(
        zone=at,
        type=np.where(is_camp, TYPES.index("site"), TYPES.index("town")),
        size=size,
        cell=at,
        place=at,
        easting=zeros,
        northing=zeros,
        hours_beyond=zeros,
        response=np.zeros(at.size, dtype=np.int64),
        capacity=np.where(np.isnan(holds), np.where(is_camp, np.inf, size), holds),
        room=endless,
        host=country[at],
    )


def _network(gazetteer: Gazetteer, rows: Sequence[Row], kinds: Sequence[str]) -> tuple[Network, list[str]]:
    """The routes, and notes on those that are left out."""
    index = {row.text("place"): at for at, row in enumerate(rows)}
    countries = tuple(dict.fromkeys(row.text("country") for row in rows))
    country = np.array([countries.index(row.text("country")) for row in rows], dtype=np.int64)
    found: dict[tuple[int, int], tuple[str, tuple[int, int], float, int, dt.date | None]] = {}
    notes = []
    for row in tables.read(gazetteer.folder / ROUTES, ["from", "to", "distance_km"]):
        ends = (_place(row, "from", index), _place(row, "to", index))
        km, forwards = row.number("distance_km", 0, LONGEST), _forwards(row)
        until = row.date("forwards_until") if row.get("forwards_until", "").strip() else None
        if ends[0] == ends[1]:
            notes.append(f"{ROUTES}, line {row.line}: leads from {row['from']} to itself and is left out")
            continue
        pair = (min(ends), max(ends))
        name = route_name(row.text("from"), row.text("to"))
        if pair in found:
            notes.append(f"{ROUTES}, line {row.line}: {name} stands there already; the shorter counts")
            if km >= found[pair][2]:
                continue
        found[pair] = (name, ends, km, forwards, until)
    if not found:
        raise InputError(finding(gazetteer.folder / ROUTES, "has no route; give from, to and distance_km", 1))
    name_of, ends_of, km_of, forwards_of, until_of = zip(*found.values(), strict=True)
    observed = gazetteer.folder / OBSERVED
    network = Network(
        kind=tuple(kinds),
        country=country,
        countries=countries,
        route=name_of,
        ends=np.array(ends_of, dtype=np.int64),
        km=np.array(km_of),
        forwards=np.array(forwards_of, dtype=np.int64),
        forwards_until=until_of,
        conflict=gazetteer.folder / CONFLICT,
        observed=observed if observed.is_file() else None,
    )
    return network, notes


def _place(row: Row, column: str, index: dict[str, int]) -> int:
    """Position of the place that a cell names."""
    name = row.text(column)
    if name not in index:
        raise row.wrong(column, f"unknown place '{name}'" + suggestion(name, list(index)))
    return index[name]


def _forwards(row: Row) -> int:
    """Which end of a route sends everybody on along it; -1 for neither."""
    written = row.get("forwards", "").strip().casefold()
    if written not in ("", "from", "to"):
        raise row.wrong("forwards", f"must be from, to or blank (got '{row['forwards']}')")
    return ("from", "to").index(written) if written else -1


def conflict(path: Path, codes: Sequence[str], start: dt.date, days: int) -> Array:
    """Intensity of conflict by day and place.

    Parameters
    ----------
    path : pathlib.Path
        A table with place, intensity (0 to 1), start and, if it ends, until (inclusive); later rows count over earlier.
    codes : sequence of str
        The places.
    start : datetime.date
        First day of the run.
    days : int
        [day]

    Returns
    -------
    array of shape (day, place)
        [1]
    """
    index = {code: at for at, code in enumerate(codes)}
    found = np.zeros((days, len(codes)))
    for row in tables.read(path, ["place", "start", "until", "intensity"]):
        place, first = _place(row, "place", index), row.date("start")
        last = row.date("until") if row["until"].strip() else dt.date.max
        if last < first:
            raise row.wrong("until", f"{last} is before the start, {first}; give the later day")
        begin, end = (min(max((day - start).days, 0), days) for day in (first, last))
        end = end + 1 if last >= start else 0
        found[begin:end, place] = row.number("intensity", 0, 1)
    return found


def counted(path: Path, codes: Sequence[str], start: dt.date, days: int) -> Array:
    """People counted by day and place, between dates on a straight line, before the first and after the last as there.

    Parameters
    ----------
    path : pathlib.Path
        A table with place, date and count.
    codes, start, days
        As for `conflict`.

    Returns
    -------
    array of shape (day, place)
        Not a number for places without a count. [person]
    """
    index = {code: at for at, code in enumerate(codes)}
    series: dict[int, dict[int, float]] = {}
    for row in tables.read(path, ["place", "date", "count"]):
        day = (row.date("date") - start).days
        series.setdefault(_place(row, "place", index), {})[day] = row.number("count", 0)
    found = np.full((days, len(codes)), np.nan)
    for place, counts in series.items():
        dates = sorted(counts)
        found[:, place] = np.interp(np.arange(days), dates, [counts[day] for day in dates])
    return found


def places_counted(path: Path) -> frozenset[str]:
    """The places of which a table has counts."""
    return frozenset(row.text("place") for row in tables.read(path, ["place", "date", "count"]))
