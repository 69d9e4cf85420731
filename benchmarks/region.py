"""An invented region of a million square kilometres: tables, a raster of people, and a scenario with ten fronts.

Runs on it show how time and memory grow with the grid. `python benchmarks/region.py FOLDER [CELL_M]` writes the folder,
with people on pixels of CELL_M metres (default 100: a hundred million of them).
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin
from rasterio.windows import Window
from scipy.spatial import cKDTree

Array = NDArray[Any]

CRS = "EPSG:32637"
BOX = {"south": 30.55, "north": 39.25, "west": 33.75, "east": 44.25}
GRID_KM2 = 989_000
"""Of the grid that covers the box, about. [km2]"""
SIDE = 880_000.0
"""Side of the square around the middle in which anything lies. [m]"""
TOWNS = 17
"""Zones along a side: 289 of them, each with a town."""
PEOPLE = 60_000_000.0
VILLAGES = 40_000
FRONTS = 10
STEP = 20_000.0
"""How far the line goes a day. [m]"""

AREA = """\
# Invented. Nothing in it exists.
name: Invented region
crs: {crs}
box: {{south: {south}, north: {north}, west: {west}, east: {east}}}
controllers:
  alpha: {{label: Alpha, side: one}}
  beta: {{label: Beta, side: two}}
start_control: control.csv
tables: {{}}
"""
SCENARIO = """\
title: A line goes east for ten days
area: .
period: {{start: 2030-01-01, days: {days}}}
grid: {{cell_km: {cell_km:g}}}
population: {{raster: people.tif}}
movement:
  area: {{zone_reach: 60, control_reach: 60}}
events:
  - {{control: control.csv}}
"""


def write(folder: Path, pixel: float = 100.0, days: int = 14) -> Path:
    """Write the region and its scenario.

    Parameters
    ----------
    folder : pathlib.Path
        New.
    pixel : float
        Side of a pixel of people, and of a cell. [m]
    days : int
        Days of the scenario.

    Returns
    -------
    pathlib.Path
        The scenario's file.
    """
    folder.mkdir(parents=True)
    draw = np.random.default_rng(7)
    west, north = _corner()
    across = (np.arange(TOWNS) + 0.5) / TOWNS * SIDE
    easting, northing = (axis.ravel() for axis in np.meshgrid(west + across, north - across))
    easting, northing = (axis + draw.uniform(-15e3, 15e3, axis.size) for axis in (easting, northing))
    people = draw.lognormal(0.0, 1.0, easting.size)
    people *= PEOPLE / people.sum()
    degrees = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = degrees.transform(easting, northing)
    towns = [f"Z{at}" for at in range(easting.size)]
    where = [f"{y:.5f},{x:.5f}".split(",") for y, x in zip(lat, lon, strict=True)]
    (folder / "area.yaml").write_text(AREA.format(crs=CRS, **BOX), encoding="utf-8")
    _table(
        folder / "zones.csv",
        "zone,name,name_ar,admin1,admin1_name,admin2,admin2_name,lat,lon,popw_lat,popw_lon,area_km2,"
        "population,displaced_before,source",
        (
            [
                code,
                f"Town {code}",
                "",
                "A",
                "All",
                f"D{at % TOWNS}",
                "District",
                *at_,
                *at_,
                3400,
                round(count),
                0,
                "x",
            ]
            for at, (code, at_, count) in enumerate(zip(towns, where, people, strict=True))
        ),
    )
    _table(
        folder / "settlements.csv",
        "pcode,name,name_ar,lat,lon,zone,population,response_group,source",
        (
            [f"P{code}", f"Town {code}", "", *at, code, round(0.5 * count), "", "x"]
            for code, at, count in zip(towns, where, people, strict=True)
        ),
    )
    _table(folder / "sites.csv", "site,name,pcode,zone,lat,lon,registered,capacity,source", [])
    _table(folder / "aliases.csv", "pcode,alias,language,source", [])
    _table(
        folder / "crossings.csv",
        "id,name,kind,lat,lon,controller,open_to_people,people_beyond,hours_beyond,source",
        [["X", "The east", "exit", *where[-1], "alpha", "yes", 100_000, 5, "x"]],
    )
    _table(folder / "roads.csv", "road,class,seq,place,lat,lon,speed_kmh,source", _roads(where))
    day_of = np.floor((easting - (west + 0.3 * SIDE)) / STEP).astype(int)
    start = [
        [f"P{code}", f"Town {code}", *at, code, 0, "", "beta" if day < 0 else "alpha", "x"]
        for code, at, day in zip(towns, where, day_of, strict=True)
    ]
    changes = [
        [f"P{code}", f"Town {code}", *at, code, 1, f"2030-01-{day + 2:02d}", "beta", "x"]
        for code, at, day in zip(towns, where, day_of, strict=True)
        if 0 <= day < FRONTS
    ]
    _table(folder / "control.csv", "pcode,name,lat,lon,zone,seq,date,controller,source", [*start, *changes])
    _raster(folder / "people.tif", pixel, np.column_stack([easting, northing]), people, draw)
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO.format(days=days, cell_km=pixel / 1000.0), encoding="utf-8")
    return scenario


def _corner() -> tuple[float, float]:
    """North-west corner of the square. [m]"""
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    middle = to_grid.transform((BOX["west"] + BOX["east"]) / 2, (BOX["south"] + BOX["north"]) / 2)
    return middle[0] - SIDE / 2, middle[1] + SIDE / 2


def _roads(where: Sequence[Sequence[str]]) -> list[list[Any]]:
    """A road along every row and column of towns."""
    grid = np.arange(TOWNS * TOWNS).reshape(TOWNS, TOWNS)
    return [
        [f"R{number}", "primary", order, "", *where[at], 50, "x"]
        for number, line in enumerate([*grid, *grid.T])
        for order, at in enumerate(line.tolist())
    ]


def _table(path: Path, header: str, rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def _raster(path: Path, pixel: float, towns: Array, people: Array, draw: np.random.Generator) -> None:
    """People in villages around the towns, each a few pixels wide, in a tiled and compressed GeoTIFF, strip by strip."""
    west, north = _corner()
    side = int(SIDE // pixel)
    village = draw.uniform(0, SIDE, (VILLAGES, 2)) * [1, -1] + [west, north]
    of_town = cKDTree(towns).query(village)[1]
    size = draw.lognormal(0.0, 1.0, VILLAGES)
    size *= people[of_town] / np.bincount(of_town, size, len(towns))[of_town]
    half = max(1, round(700.0 / pixel))
    profile = {
        "driver": "GTiff",
        "height": side,
        "width": side,
        "count": 1,
        "dtype": "float32",
        "crs": CRS,
        "transform": from_origin(west, north, pixel, pixel),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
    }
    column = ((village[:, 0] - west) / pixel).astype(int)
    row = ((north - village[:, 1]) / pixel).astype(int)
    with rasterio.open(path, "w", **profile) as raster:
        for first in range(0, side, 512):
            last = min(side, first + 512)
            strip = np.zeros((last - first, side), np.float32)
            for at in np.flatnonzero((row + half >= first) & (row - half < last)):
                rows = slice(max(0, row[at] - half - first), max(0, row[at] + half - first))
                columns = slice(max(0, column[at] - half), column[at] + half)
                strip[rows, columns] += size[at] / (2 * half) ** 2
            raster.write(strip, 1, window=Window(0, first, side, last - first))


if __name__ == "__main__":
    write(Path(sys.argv[1]), *(float(each) for each in sys.argv[2:]))
