"""The tables of an area folder, and a user's own in their place: rows with messages, points on the grid."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from displacement.grid import INDEX, Grid
from displacement.io import tables
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer
from displacement.io.inputs import Crossings, NamedPlaces, Road, Zones
from displacement.io.population import (
    MOST_PEOPLE,
    Settlements,
    Sources,
    by_zone,
    calibrated,
    disagreements,
    points_table,
    spread,
    with_people,
    zone_table,
)
from displacement.io.tables import Row

Array = NDArray[Any]


def nearest(grid: Grid, easting: Array, northing: Array, reach: float) -> tuple[Array, Array]:
    """Nearest point of each cell: within reach (else -1), and at any distance."""
    tree = cKDTree(np.column_stack([easting, northing]))
    near, any_of_them = grid.room(INDEX), grid.room(INDEX)
    for band in grid.bands(near, any_of_them):
        cells = np.arange(band.start, band.stop)
        distance, any_of_them[band] = tree.query(np.column_stack(grid.centres(cells)), workers=-1)
        near[band] = np.where(distance <= reach * 1000.0, any_of_them[band], -1)
    return near, any_of_them


class AreaTables:
    """Reads the files of one area, and remembers which they were and what a planner must know of them."""

    def __init__(
        self, gazetteer: Gazetteer, projection: pyproj.Transformer, grid: Grid, sources: Sources
    ) -> None:
        self.gazetteer, self.projection, self.grid, self.sources = gazetteer, projection, grid, sources
        self.files: list[Path] = [gazetteer.folder / "area.yaml"]
        self.notes: list[str] = []
        self.boundaries = "statistical areas"
        self.totals = sources.zones or gazetteer.table("zones")
        """The table that says how many people each zone has."""

    def rows(self, path: Path, columns: list[str]) -> list[Row]:
        """Rows of a table, which joins the list of files read."""
        if path not in self.files:
            self.files.append(path)
        return tables.read(path, columns)

    def point(self, row: Row, latitude: str = "lat", longitude: str = "lon") -> tuple[float, float]:
        """Easting and northing of a row, which must lie inside the area. [m]"""
        easting, northing = self.projection.transform(
            row.number(longitude, -180, 180), row.number(latitude, -90, 90)
        )
        if not np.isfinite(easting + northing) or self.grid.cell(easting, northing) < 0:
            where = f"{row[latitude]}, {row[longitude]}"
            raise row.wrong(
                latitude, f"lies outside the area's box (got {where}); correct it or widen the box"
            )
        return float(easting), float(northing)

    def _near_point(self, row: Row) -> tuple[float, float]:
        """Easting and northing of a row, which may lie as far outside the box as the box is wide. [m]"""
        latitude, longitude = row.number("lat", -90, 90), row.number("lon", -180, 180)
        box = self.gazetteer.area.box
        away = max(
            max(box.south - latitude, latitude - box.north) / (box.north - box.south),
            max(box.west - longitude, longitude - box.east) / (box.east - box.west),
        )
        if away > 1.0:
            where = f"{row['lat']}, {row['lon']}"
            raise row.wrong("lat", f"lies far outside the area's box (got {where}); correct it")
        easting, northing = self.projection.transform(longitude, latitude)
        return float(easting), float(northing)

    def zones(self, exits: list[Row]) -> Zones:
        """The zones, then the exits as pseudo-zones without people."""
        path = self.gazetteer.table("zones")
        columns = ["zone", "name", "name_ar", "admin1", "admin1_name", "admin2", "admin2_name", "population"]
        rows = self.rows(path, columns)
        tables.unique(rows, "zone")
        inside = len(rows)
        codes = {row.text("zone") for row in rows}
        for row in exits:
            if row.text("id") in codes:
                raise row.wrong("id", f"'{row['id']}' is the p-code of a zone; give the exit another id")
        if not any(row.number("population", 0, MOST_PEOPLE) for row in rows):
            raise InputError(
                finding(path, "nobody lives in any zone; give the people of each in 'population'")
            )
        before = [row.number_or("displaced_before", np.nan, 0) for row in rows]
        for row, displaced in zip(rows, before, strict=True):
            if displaced > row.number("population", 0):
                raise row.wrong("displaced_before", f"is above the zone's population ({row['population']})")
        blank = [""] * len(exits)
        return Zones(
            code=tuple([row.text("zone") for row in rows] + [row.text("id") for row in exits]),
            name=tuple(row.text("name") for row in (*rows, *exits)),
            name_ar=tuple(row.get("name_ar", "") for row in (*rows, *exits)),
            admin1=tuple([row["admin1"] for row in rows] + blank),
            admin1_name=tuple([row["admin1_name"] for row in rows] + ["out of the area"] * len(exits)),
            admin2=tuple([row["admin2"] for row in rows] + blank),
            admin2_name=tuple([row["admin2_name"] for row in rows] + ["out of the area"] * len(exits)),
            population=np.array([row.number("population", 0) for row in rows] + [0.0] * len(exits)),
            displaced_before=np.array(before + [0.0] * len(exits)),
            inside=inside,
        )

    def zone_totals(self, zones: Zones) -> Zones:
        """The zones with the people of the scenario's own table, if it names one."""
        if self.sources.zones is None:
            return zones
        self.files.append(self.sources.zones)
        zones, notes = zone_table(
            self.sources.zones,
            zones,
            lambda written: self.gazetteer.resolve(written, ("zone",)).code,
            self.sources.column,
        )
        self.notes += notes
        return zones

    def drawn_zones(self, nearest: Array, zones: Zones, settlements: Settlements) -> Array:
        """Zone of each cell from the scenario's own polygons, if it names some, else by the nearest place.

        A zone without a polygon keeps the cells that no polygon holds. Settlements stay in the zone of their row.
        """
        path = self.sources.polygons
        if path is None:
            return nearest
        from displacement.io import polygons

        codes = zones.code[: zones.inside]
        drawn = polygons.read(path, self.grid, codes)
        for other in drawn.unknown:
            at = int(nearest[other.cell]) if other.cell >= 0 else -1
            if at >= 0 and not drawn.drawn[at]:
                message = (
                    f"'{other.code}' is no zone of {self.gazetteer.area.tables.zones}, and lies where "
                    f"{zones.name[at]} ({codes[at]}) is, which has no polygon; correct the p-code"
                )
                raise InputError(finding(path, message, at=f"feature {other.feature}: {other.column}"))
        if drawn.unknown:
            self.notes.append(
                f"{path.name}: {_few([other.code for other in drawn.unknown])} ignored, "
                "because the area has no such zone."
            )
        missing = np.flatnonzero(~drawn.drawn)
        if missing.size:
            self.notes.append(
                f"{path.name} has no polygon for {_few([codes[at] for at in missing])}; the cells "
                "nearest to their places stand for them."
            )
        zone = drawn.zone
        for band in self.grid.bands(zone, nearest):
            kept = (zone[band] < 0) & np.isin(nearest[band], missing)
            zone[band][kept] = nearest[band][kept]
        self._note_strays(path, zone, settlements)
        self.files += drawn.files
        self.boundaries = f"official: {path.name}"
        return zone

    def _note_strays(self, path: Path, zone: Array, settlements: Settlements) -> None:
        """Say how many settlements lie in another polygon than that of their zone."""
        cell = self.grid.cell(settlements.easting, settlements.northing)
        stray = (zone[cell] != settlements.zone) & (settlements.population > 0)
        if stray.any():
            people = settlements.population[stray].sum()
            self.notes.append(
                f"{path.name}: {stray.sum():,} settlements with {people:,.0f} people lie in a cell of "
                "another zone; they count in the zone of their row, in its nearest cell."
            )

    def people(
        self, zones: Zones, zone: Array, settlements: Settlements, density: float
    ) -> tuple[Zones, Array]:
        """The zones with their people, and the people of each cell. [person]"""
        path = self.sources.counts
        if path is None:
            return zones, self._own_people(zones, zone, settlements, density)
        counts = self._counted(path, zones, zone, density)
        counted = by_zone(self.grid, zone, counts, zones.inside)
        if not counted.any():
            raise InputError(
                finding(path, "counts nobody in any zone of the area; name a file of its people")
            )
        if not self.sources.calibrate:
            exits = zones.population[zones.inside :]
            for band in self.grid.bands(zone, counts):
                counts[band][zone[band] < 0] = 0.0
            return with_people(zones, np.concatenate([counted, exits])), counts
        own = self._own_people(zones, zone, settlements, density)
        self.notes += disagreements(counted, zones, path.name, self.totals.name)
        return zones, calibrated(self.grid, counts, zone, zones.population[: zones.inside], own)

    def _own_people(self, zones: Zones, zone: Array, settlements: Settlements, density: float) -> Array:
        """People of each cell by the area's own settlements. [person]"""
        _check_cells(self.totals, zones, zone, self.grid)
        return spread(self.grid, settlements, zone, zones.population[: zones.inside], density)

    def _counted(self, path: Path, zones: Zones, zone: Array, density: float) -> Array:
        """People of each cell by the scenario's own raster or points. [person]"""
        self.files.append(path)
        if path == self.sources.points:
            found, notes = points_table(path, self.grid, zone, self.projection.transform, zones)
            self.notes += notes
            totals = np.bincount(found.zone, found.population, zones.inside)
            return spread(self.grid, found, zone, totals, density)
        from displacement.io import rasters

        counts = rasters.people(path, self.grid)
        outside, everybody = 0.0, 0.0
        for band in self.grid.bands(zone, counts):
            outside += counts[band][zone[band] < 0].sum()
            everybody += counts[band].sum()
        if outside >= 0.5:
            self.notes.append(
                f"{path.name}: {outside:,.0f} of its {everybody:,.0f} people in the area's box live outside "
                "every zone and are left out."
            )
        return counts

    def terrain(self, grid: Grid, population: Array, roads: Mapping[str, Road]) -> Array | None:
        """Speed off the roads by the scenario's own raster, if it names one, by cell of a grid. [km/h]"""
        holds = "speed" if self.sources.speed is not None else "friction"
        path = self.sources.speed or self.sources.friction
        if path is None:
            return None
        from displacement.io import rasters

        self.files.append(path)
        speed = rasters.terrain_speed(path, grid, holds)
        passable = speed > 0
        for road in roads.values():
            passable[road.cell] = True
        shut_in = population[~passable].sum()
        if shut_in >= 0.5:
            self.notes.append(
                f"{path.name}: {shut_in:,.0f} people live in cells without a road that it lets nobody "
                "pass; they cannot leave."
            )
        return speed

    def zone_of(self, row: Row, index: Mapping[str, int]) -> int:
        """Position of the zone that a row names."""
        code = row.text("zone")
        if code not in index:
            raise row.wrong("zone", f"there is no zone '{code}' in {self.gazetteer.area.tables.zones}")
        return index[code]

    def settlements(self, zone_index: Mapping[str, int]) -> Settlements:
        """Settlements with a zone; places outside every zone hold no population."""
        rows = self.rows(
            self.gazetteer.table("settlements"), ["pcode", "name", "lat", "lon", "zone", "population"]
        )
        tables.unique(rows, "pcode")
        inside = [row for row in rows if row["zone"].strip()]
        points = np.array([self.point(row) for row in inside]).reshape(-1, 2)
        return Settlements(
            easting=points[:, 0],
            northing=points[:, 1],
            zone=np.array([self.zone_of(row, zone_index) for row in inside], dtype=np.int64),
            population=np.array([row.number("population", 0, MOST_PEOPLE) for row in inside]),
            response=tuple(row.get("response_group", "").strip() for row in inside),
        )

    def centres(self, zone_index: Mapping[str, int]) -> Settlements:
        """Population-weighted and geometric centre of each zone; the first stands for its people."""
        rows = self.rows(self.gazetteer.table("zones"), ["zone", "lat", "lon", "popw_lat", "popw_lon"])
        by_people = [self.point(row, "popw_lat", "popw_lon") for row in rows]
        by_area, zones = [], [zone_index[row.text("zone")] for row in rows]
        for row in rows:
            by_area.append(self._near_point(row))
        points = np.array(by_people + by_area).reshape(-1, 2)
        return Settlements(
            easting=points[:, 0],
            northing=points[:, 1],
            zone=np.array(zones * 2, dtype=np.int64),
            population=np.zeros(len(points)),
            response=("",) * len(points),
        )

    def named_places(self, path: Path, controllers: tuple[str, ...]) -> NamedPlaces:
        """Places with their controller at the start: rows without a date."""
        rows = []
        for row in self.rows(path, ["pcode", "lat", "lon", "date", "controller"]):
            if row["date"].strip():
                row.date("date")
            else:
                rows.append(row)
        tables.unique(rows, "pcode")
        if not rows:
            raise InputError(
                finding(path, "no row without a date: give the controller of each place at the start")
            )
        points = np.array([self.point(row) for row in rows])
        return NamedPlaces(
            code=tuple(row.text("pcode") for row in rows),
            easting=points[:, 0],
            northing=points[:, 1],
            start=np.array([self.controller(row, controllers) for row in rows]),
            follows=np.full(len(rows), -1),
        )

    def appended(self, places: NamedPlaces) -> NamedPlaces:
        """The named places with those that a user appends: each follows the nearest of the area's."""
        if self.gazetteer.extra is not None and self.gazetteer.extra not in self.files:
            self.files.append(self.gazetteer.extra)
        known = {*places.code, *self.coordinates(places)}
        rows = [row for row in self.gazetteer.appended if row["pcode"] not in known]
        if not rows:
            return places
        points = np.array([self.point(row) for row in rows])
        _, nearest = cKDTree(np.column_stack([places.easting, places.northing])).query(points)
        return NamedPlaces(
            code=(*places.code, *(row["pcode"] for row in rows)),
            easting=np.concatenate([places.easting, points[:, 0]]),
            northing=np.concatenate([places.northing, points[:, 1]]),
            start=np.concatenate([places.start, places.start[nearest]]),
            follows=np.concatenate([places.follows, nearest]),
        )

    def control_points(self, path: Path, zone_index: Mapping[str, int]) -> Settlements:
        """Places of the start table that have a zone, without people: they help to tell zones apart."""
        rows = [
            row
            for row in self.rows(path, ["pcode", "lat", "lon", "zone", "date"])
            if not row["date"].strip() and row["zone"].strip()
        ]
        points = np.array([self.point(row) for row in rows]).reshape(-1, 2)
        return Settlements(
            easting=points[:, 0],
            northing=points[:, 1],
            zone=np.array([self.zone_of(row, zone_index) for row in rows], dtype=np.int64),
            population=np.zeros(len(rows)),
            response=("",) * len(rows),
        )

    def controller(self, row: Row, controllers: tuple[str, ...]) -> int:
        """Position of a row's controller."""
        found = self.gazetteer.controller(row.text("controller"))
        if found is None:
            known = ", ".join(controllers)
            raise row.wrong("controller", f"unknown controller '{row['controller']}'; write one of {known}")
        return controllers.index(found)

    def response_groups(self, settlements: Settlements, grid: Grid) -> tuple[tuple[str, ...], Array]:
        """Names of the response groups (the general one first), and the group of each cell."""
        groups = ("", *sorted(set(settlements.response) - {""}))
        if not settlements.response:
            return groups, grid.room(INDEX)
        _, own = nearest(grid, settlements.easting, settlements.northing, np.inf)
        of_settlement = np.array([groups.index(group) for group in settlements.response], INDEX)
        for band in grid.bands(own):
            own[band] = of_settlement[own[band]]
        return groups, own

    def crossing_rows(self, kind: str) -> list[Row]:
        """Rows of the crossings of one kind."""
        columns = ["id", "name", "kind", "lat", "lon", "controller", "open_to_people"]
        rows = self.rows(self.gazetteer.table("crossings"), columns)
        tables.unique(rows, "id")
        for row in rows:
            self._check_crossing(row)
        return [row for row in rows if row["kind"].strip().casefold() == kind]

    def _check_crossing(self, row: Row) -> None:
        """Raise an error for a word of a crossing that means nothing."""
        words = {
            "kind": ("crossing", "exit"),
            "open_to_people": ("yes", "no"),
            "open_to_trucks": ("yes", "no", ""),
        }
        for column, meant in words.items():
            written = row.get(column, "").strip().casefold()
            if written not in meant:
                listed = " or ".join(filter(None, meant))
                raise row.wrong(column, f"must be {listed} (got '{written}')")
        for written in row["controller"].split():
            if self.gazetteer.controller(written) is None:
                known = ", ".join(self.gazetteer.area.controllers)
                raise row.wrong(
                    "controller", f"unknown controller '{written}'; write one of {known}, or leave it blank"
                )

    def crossings(self) -> Crossings:
        """Crossings and exits."""
        rows = self.crossing_rows("crossing") + self.crossing_rows("exit")
        points = np.array([self.point(row) for row in rows]).reshape(-1, 2)
        return Crossings(
            code=tuple(row.text("id") for row in rows),
            easting=points[:, 0],
            northing=points[:, 1],
            is_exit=np.array([row["kind"].strip().casefold() == "exit" for row in rows], dtype=bool),
            open_to_people=np.array(
                [row["open_to_people"].strip().casefold() == "yes" for row in rows], dtype=bool
            ),
        )

    def roads(self, grid: Grid) -> dict[str, Road]:
        """Roads as points along them, half a cell of a grid apart."""
        found: dict[str, list[tuple[float, float, float, float]]] = {}
        last: dict[str, Row] = {}
        for row in self.rows(self.gazetteer.table("roads"), ["road", "seq", "lat", "lon", "speed_kmh"]):
            name, order = row.text("road"), row.number("seq", 0)
            vertices = found.setdefault(name, [])
            if vertices and order <= vertices[-1][0]:
                message = f"{row['seq']} of {name} comes after {vertices[-1][0]:g}; put its points in order along it"
                raise row.wrong("seq", message)
            vertices.append((order, *self.point(row), row.number("speed_kmh", 0.1, 200)))
            last[name] = row
        for name, vertices in found.items():
            if len({vertex[1:3] for vertex in vertices}) < 2:
                raise last[name].wrong("road", f"{name} has one point only; give two, or leave it out")
        return {name: _road(np.array(vertices)[:, 1:], grid) for name, vertices in found.items()}

    def coordinates(self, places: NamedPlaces) -> dict[str, tuple[float, float]]:
        """Easting and northing of every p-code that has a point. [m]"""
        found = dict(
            zip(places.code, zip(places.easting.tolist(), places.northing.tolist(), strict=True), strict=True)
        )
        start = self.gazetteer.folder / self.gazetteer.area.start_control
        for path in (self.gazetteer.table("settlements"), start):
            for row in self.rows(path, ["pcode", "lat", "lon"]):
                found.setdefault(row.text("pcode"), self.point(row))
        return found


def _road(vertices: Array, grid: Grid) -> Road:
    """Points half a cell apart along the vertices."""
    spacing = 500.0 * grid.cell_km
    parts = [vertices[:1]]
    for first, second in pairwise(vertices):
        count = max(1, int(np.ceil(np.hypot(*(second - first)[:2]) / spacing)))
        share = np.arange(1, count + 1)[:, None] / count
        points = first + share * (second - first)
        points[:, 2] = first[2]
        parts.append(points)
    points = np.concatenate(parts)
    return Road(points[:, 0], points[:, 1], grid.cell(points[:, 0], points[:, 1]), points[:, 2])


def _check_cells(path: Path, zones: Zones, zone: Array, grid: Grid) -> None:
    """Raise an error for a zone with people and without a cell to put them in."""
    cells = by_zone(grid, zone, None, zones.inside)
    for at in np.flatnonzero((zones.population[: zones.inside] > 0) & (cells == 0)):
        message = f"{zones.name[at]} ({zones.code[at]}) has people but no cell of {grid.cell_km:g} km; use smaller cells"
        raise InputError(finding(path, message, at="zone"))


def _few(codes: list[str], shown: int = 5) -> str:
    """The number of polygons or zones, and the first of them."""
    more = f" and {len(codes) - shown} more" if len(codes) > shown else ""
    return f"{len(codes)} ({', '.join(codes[:shown])}{more})"
