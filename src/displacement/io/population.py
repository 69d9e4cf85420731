"""People on the grid, from settlements and zone totals, or from files of a user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.grid import Grid
from displacement.io import tables
from displacement.io.errors import InputError, finding
from displacement.io.inputs import Zones

Array = NDArray[Any]


MOST_PEOPLE = 1e9
"""More people than this in one row are a slip. [person]"""
LISTED = 5
"""Disagreements, or names, that a note lists."""


@dataclass(frozen=True)
class Sources:
    """Files that stand in place of the area's own; by default none does."""

    zones: Path | None = None
    points: Path | None = None
    raster: Path | None = None
    polygons: Path | None = None
    calibrate: bool = True
    """Whether each zone keeps the people of its table, and raster or points say only where they live."""
    speed: Path | None = None
    friction: Path | None = None
    column: str = "population"
    """Which figures of the table in `zones` count."""

    @property
    def counts(self) -> Path | None:
        """The file that says where people live."""
        return self.raster or self.points


@dataclass(frozen=True)
class Settlements:
    """Settlements, or centres of zones."""

    easting: Array
    northing: Array
    """[m]"""
    zone: Array
    population: Array
    """[person]"""
    response: tuple[str, ...]
    """Named response group; blank for the general one."""

    def and_places(self, *others: Settlements) -> Settlements:
        """These and others, one after the other."""
        parts = (self, *others)
        return Settlements(
            easting=np.concatenate([part.easting for part in parts]),
            northing=np.concatenate([part.northing for part in parts]),
            zone=np.concatenate([part.zone for part in parts]),
            population=np.concatenate([part.population for part in parts]),
            response=tuple(group for part in parts for group in part.response),
        )

    def with_centres(self, centres: Settlements) -> Settlements:
        """These, and the centre by people of each zone that has none."""
        first = np.arange(len(centres.zone)) < len(centres.zone) // 2
        missing = first & ~np.isin(centres.zone, self.zone)
        only = Settlements(
            centres.easting[missing],
            centres.northing[missing],
            centres.zone[missing],
            centres.population[missing],
            ("",) * int(missing.sum()),
        )
        return self.and_places(only)


def spread(
    grid: Grid, settlements: Settlements, zone: Array, totals: Array, density: float, open_share: float = 0.5
) -> Array:
    """People by cell, meeting each zone's total.

    Each settlement fills a disc of `density`, inside its own zone. What a zone holds beyond its settlements
    lives in villages that the table does not name: it is spread evenly over the zone's cells, except that a
    zone without a settlement row keeps `open_share` of its people in a disc around its centre by people.

    Parameters
    ----------
    grid : Grid
    settlements : Settlements
        Those with zero people in the only row of a zone stand for the zone's centre.
    zone : array of int, shape (cell,)
        Zone of each cell; -1 outside.
    totals : array of shape (zone,)
        People by zone. [person]
    density : float
        People by area of a settlement's disc. [person/km2]
    open_share : float
        Share of a zone without settlements that lives around its centre. [1]

    Returns
    -------
    array of shape (cell,)
        Sums to `totals` by zone. [person]

    Raises
    ------
    ValueError
        If a zone has people but no cell.
    """
    people = settlements.population.copy()
    listed = np.bincount(settlements.zone, people, totals.size)
    rows = np.bincount(settlements.zone, minlength=totals.size)
    alone = (listed == 0) & (rows == 1)
    centre = alone[settlements.zone]
    people[centre] = open_share * totals[settlements.zone[centre]]
    listed = np.bincount(settlements.zone, people, totals.size)
    shrink = np.divide(totals, listed, out=np.ones_like(totals), where=listed > totals)
    people = people * shrink[settlements.zone]

    population = grid.room(float)
    for at in np.flatnonzero(people > 0):
        cells = _disc(grid, settlements.easting[at], settlements.northing[at], people[at] / density)
        cells = cells[zone[cells] == settlements.zone[at]]
        if cells.size == 0:
            own = np.flatnonzero(zone == settlements.zone[at])
            if own.size == 0:
                raise ValueError(
                    f"zone number {settlements.zone[at]} has people but no cell; use smaller cells"
                )
            easting, northing = grid.centres(own)
            away = np.hypot(easting - settlements.easting[at], northing - settlements.northing[at])
            cells = own[np.argmin(away, keepdims=True)]
        population[cells] += people[at] / cells.size
    rest = np.maximum(totals - np.bincount(settlements.zone, people, totals.size), 0.0)
    cells_by_zone = by_zone(grid, zone, None, totals.size)
    if ((totals > 0) & (cells_by_zone == 0)).any():
        empty = np.flatnonzero((totals > 0) & (cells_by_zone == 0))
        raise ValueError(f"zone number {empty[0]} has people but no cell; use smaller cells")
    each = np.divide(rest, cells_by_zone, out=np.zeros_like(rest), where=cells_by_zone > 0)
    for band in grid.bands(zone, population):
        population[band] += np.append(each, 0.0)[zone[band]]
    found = by_zone(grid, zone, population, totals.size)
    exact = np.divide(totals, found, out=np.zeros_like(totals), where=found > 0)
    for band in grid.bands(zone, population):
        population[band] *= np.append(exact, 1.0)[zone[band]]
    return population


def by_zone(grid: Grid, zone: Array, values: Array | None, zones: int) -> Array:
    """Sum of the cells' values by zone, or the number of cells; those of no zone (-1) are left out.

    Parameters
    ----------
    grid : Grid
    zone : array of int, shape (cell,)
    values : array of shape (cell,), optional
    zones : int
        How many there are.
    """
    total = np.zeros(zones)
    for band in grid.bands(zone, *([] if values is None else [values])):
        of_band = None if values is None else values[band]
        total += np.bincount(zone[band] + 1, of_band, zones + 1)[1:]
    return total


def _disc(grid: Grid, easting: float, northing: float, area: float) -> Array:
    """Cells whose centre lies in a disc of an area [km2] around a point; at least the point's own."""
    radius = float(np.sqrt(area / np.pi))
    cells = grid.around(easting, northing, radius)
    east, north = grid.centres(cells)
    inside = np.hypot(east - easting, north - northing) <= 1000.0 * radius
    return np.union1d(cells[inside], [int(grid.cell(easting, northing))])


def with_people(zones: Zones, people: Array) -> Zones:
    """Zones with other people [person]; the share of them displaced before stays."""
    grown = np.divide(people, zones.population, out=np.ones_like(people), where=zones.population > 0)
    return replace(zones, population=people, displaced_before=zones.displaced_before * grown)


def zone_table(
    path: Path, zones: Zones, code_of: Callable[[str], str], column: str = "population"
) -> tuple[Zones, tuple[str, ...]]:
    """Zones with the people of a table; zones that it leaves out keep theirs.

    People displaced before keep their share of a zone, unless the table has a column `displaced_before`,
    in which a blank means unknown.

    Parameters
    ----------
    path : pathlib.Path
        A table with `zone` (p-code or name) and `population`.
    zones : Zones
    code_of : callable
        P-code of a zone by what is written; raises LookupError with the likeliest.
    column : {"population", "low", "high"}
        Which figures to take. Of low and high, people displaced before keep their share of the central figure.

    Returns
    -------
    Zones, tuple of str
        And notes for the planner.

    Raises
    ------
    InputError
        For a zone that is unknown or stands twice, or a number that cannot be.
    """
    rows = tables.read(path, ["zone", "population", *([column] if column != "population" else [])])
    index = {code: at for at, code in enumerate(zones.code[: zones.inside])}
    people = zones.population.copy()
    lines: dict[int, int] = {}
    given: dict[int, float] = {}
    for row in rows:
        try:
            at = index[code_of(row.text("zone"))]
        except LookupError as error:
            raise row.wrong("zone", str(error.args[0])) from None
        if at in lines:
            raise row.wrong("zone", f"{_named(zones, at)} stands in line {lines[at]} already; keep one")
        lines[at] = row.line
        central = row.number("population", 0, MOST_PEOPLE)
        people[at] = row.number(column, 0, MOST_PEOPLE)
        if "displaced_before" in row:
            before_run = row.number_or("displaced_before", np.nan, 0)
            given[at] = before_run * (people[at] / central) if central > 0 else before_run
            if before_run > central:
                raise row.wrong("displaced_before", f"is above the zone's population ({row['population']})")
    if not people.any():
        raise InputError(finding(path, "nobody lives in any zone; give the people of each in 'population'"))
    changed = with_people(zones, people)
    before = changed.displaced_before.copy()
    before[list(given)] = list(given.values())
    kept = [at for at in range(zones.inside) if at not in lines]
    notes = (f"{path.name} leaves out {_listed(zones, kept)}; they keep the area's people.",) if kept else ()
    return replace(changed, displaced_before=before), notes


def points_table(
    path: Path,
    grid: Grid,
    zone: Array,
    project: Callable[[float, float], tuple[float, float]],
    zones: Zones,
) -> tuple[Settlements, tuple[str, ...]]:
    """Points with people, from a table.

    Parameters
    ----------
    path : pathlib.Path
        A table with `lat`, `lon` and `people`; `zone` (else that of the cell) and `pcode` may be there.
    grid : Grid
    zone : array of int, shape (cell,)
        Zone of each cell; -1 outside.
    project : callable
        Easting and northing [m] of longitude and latitude.
    zones : Zones

    Returns
    -------
    Settlements, tuple of str
        Those inside a zone, and notes for the planner.

    Raises
    ------
    InputError
        For a wrong number, an unknown zone, a p-code that stands twice, or a table without people in the area.
    """
    rows = tables.read(path, ["lat", "lon", "people"])
    tables.unique([row for row in rows if row.get("pcode", "").strip()], "pcode")
    index = {code: at for at, code in enumerate(zones.code[: zones.inside])}
    has_cells = by_zone(grid, zone, None, zones.inside) > 0
    found: list[tuple[float, float, int, float]] = []
    outside, left_out = 0, 0.0
    for row in rows:
        easting, northing = project(row.number("lon", -180, 180), row.number("lat", -90, 90))
        people, cell = row.number("people", 0, MOST_PEOPLE), int(grid.cell(easting, northing))
        code = row.get("zone", "").strip()
        if code and code not in index:
            raise row.wrong("zone", f"there is no zone '{code}' in the area; correct it or leave it blank")
        at = index[code] if code else int(zone[cell]) if cell >= 0 else -1
        if at >= 0 and not has_cells[at]:
            raise row.wrong(
                "zone", f"{_named(zones, at)} has no cell of {grid.cell_km:g} km; use smaller cells"
            )
        if cell < 0 or at < 0:
            outside, left_out = outside + 1, left_out + people
        else:
            found.append((easting, northing, at, people))
    if not any(people for *_, people in found):
        message = "none of its people lives in a zone of the area; are 'lat' and 'lon' the right way round?"
        raise InputError(finding(path, message))
    easting, northing, at, people = np.array(found).T
    notes = (
        f"{outside:,} points of {path.name} with {left_out:,.0f} people lie outside every zone and are left out.",
    )
    return (
        Settlements(easting, northing, at.astype(np.int64), people, ("",) * len(found)),
        notes if outside else (),
    )


def calibrated(grid: Grid, counts: Array, zone: Array, totals: Array, own: Array) -> Array:
    """Scale each zone's cells so that they add up to the zone's total.

    Parameters
    ----------
    grid : Grid
    counts : array of shape (cell,)
        People as another source places them. [person]
    zone : array of int, shape (cell,)
        Zone of each cell; -1 outside, where nobody is kept.
    totals : array of shape (zone,)
        [person]
    own : array of shape (cell,)
        People as the area's own tables place them: used where `counts` has nobody in a zone. [person]

    Returns
    -------
    array of shape (cell,)
        Sums to `totals` by zone. [person]

    Examples
    --------
    >>> cells, zone = Grid("EPSG:32637", 1.0, 0.0, 0.0, (1, 3)), np.array([0, 0, 1])
    >>> calibrated(cells, np.array([1.0, 3.0, 0.0]), zone, np.array([8.0, 5.0]), np.array([0.0, 8.0, 5.0]))
    array([2., 6., 5.])
    """
    found = by_zone(grid, zone, counts, totals.size)
    factor = np.append(np.divide(totals, found, out=np.zeros_like(found), where=found > 0), 0.0)
    nobody = np.append(found <= 0, False)
    people = grid.room(float)
    for band in grid.bands(counts, zone, own, people):
        people[band] = np.where(nobody[zone[band]], own[band], counts[band] * factor[zone[band]])
    return people


def disagreements(counted: Array, zones: Zones, counts: str, table: str) -> tuple[str, ...]:
    """Notes on the zones where two sources differ by most people, and on those where one has nobody.

    Parameters
    ----------
    counted : array of shape (zone,)
        People of the raster or the points. [person]
    zones : Zones
        With the people of the table.
    counts, table : str
        Names of both sources.

    Returns
    -------
    tuple of str
    """
    people = zones.population[: zones.inside]
    away = np.abs(counted - people)
    notes = [
        f"{counts} counts {counted.sum():,.0f} people in the area's zones, {table} {people.sum():,.0f}; each zone keeps "
        f"the people of {table}. Largest disagreements:"
    ]
    for at in np.argsort(-away, kind="stable")[:LISTED]:
        if away[at] >= 0.5:
            ratio = f"{counted[at] / people[at]:.2f}" if people[at] else "none in the table"
            sources = f"{counts} {counted[at]:,.0f}, {table} {people[at]:,.0f}"
            notes.append(f"{_named(zones, int(at))}: {sources}, ratio {ratio}")
    empty = np.flatnonzero((people > 0) & (counted <= 0)).tolist()
    if empty:
        notes.append(
            f"{counts} counts nobody in {_listed(zones, empty)}; people there live where the area's tables say."
        )
    return tuple(notes)


def _named(zones: Zones, at: int) -> str:
    return f"{zones.name[at]} ({zones.code[at]})"


def _listed(zones: Zones, which: list[int]) -> str:
    """The number of zones and the first of them by name."""
    names = ", ".join(_named(zones, at) for at in which[:LISTED])
    more = f" and {len(which) - LISTED} more" if len(which) > LISTED else ""
    return f"{len(which)} zone{'s' if len(which) > 1 else ''}: {names}{more}"
