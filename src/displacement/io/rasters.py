"""A user's own rasters on the grid: people by sum, ways by the mean time they take.

A pixel is cut into parts that are small against a cell, and each part is shared out among the cells that it
overlaps. The shares of a part add up to one, so nobody is lost or counted twice, whatever the two reference
systems. A raster is read in strips, and only as far as the grid goes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from displacement.grid import Grid
from displacement.io.errors import InputError, finding
from displacement.mapped import let_go

Array = NDArray[Any]

PART_CELLS = 0.5
"""Longest side of a part of a pixel, counted in cells."""
LATTICE_KM = 2.0
"""Spacing of the points that are projected; between them positions are interpolated, below 1 m off. [km]"""
STRIP_PIXELS = 2**20
"""Pixels read at a time."""
BLOCK_CACHE = 2**26
"""What GDAL may keep of the blocks that it reads or writes: each is needed once. [byte]"""
CHUNK_PARTS = 2**18
"""Parts shared out at a time."""
MISSING = (-99999.0, -200.0)
"""Values that mean "no data" in common rasters of people, also where the file does not say so."""
HUGE = 1e30
"""Numbers beyond this stand for "no data" (3.4e38 and the like)."""
FASTEST = 200.0
"""Above this a raster of speeds is taken for one in another unit. [km/h]"""


def people(path: Path, grid: Grid) -> Array:
    """Put a raster of counts on a grid by sum.

    A raster of densities looks the same and would be counted wrongly; write counts.

    Parameters
    ----------
    path : pathlib.Path
        Any raster with one band of people by pixel. No data counts as nobody. [person]
    grid : Grid

    Returns
    -------
    array of shape (cell,)
        Adds up to the raster's people inside the grid's box. [person]

    Raises
    ------
    InputError
        If the file cannot be read, has no place on earth, does not reach the area, counts below zero, or
        counts nobody.
    """
    total = grid.room(float)
    known = False
    with _opened(path) as raster:
        lattice = _lattice(raster, grid, path)
        for strip in _strips(raster, lattice.window, path):
            known = known or bool(strip.known.any())
            row, column = np.nonzero(strip.values)
            counted = strip.values[row, column][None]
            row, column = row + strip.first_row, column + lattice.first_column
            _share_out(total[None], grid, lattice, row, column, counted)
            let_go(total)
    if not known:
        raise InputError(
            finding(path, "has nothing but 'no data' inside the area's box; name another raster")
        )
    if not any(total[band].any() for band in grid.bands(total)):
        raise InputError(finding(path, "counts nobody inside the area's box; name a raster of people"))
    return total


def _hours_of_speed(kmh: Array) -> Array:
    """Hours for a kilometre at a speed [km/h]."""
    return np.asarray(1.0 / kmh)


def _hours_of_friction(minutes_per_metre: Array) -> Array:
    """Hours for a kilometre at a friction [min/m]."""
    return np.asarray(minutes_per_metre * 1000.0 / 60.0)


HOURS_PER_KM: dict[str, Callable[[Array], Array]] = {
    "speed": _hours_of_speed,
    "friction": _hours_of_friction,
}
"""What a raster of ways holds -> hours for a kilometre. Each takes pixels above 0 and keeps their order."""


def terrain_speed(path: Path, grid: Grid, holds: str) -> Array:
    """Speed off the roads, from a raster of speeds or of frictions.

    A cell takes the mean time of the pixels in it that can be passed. Where more than half of it cannot be
    passed (0, or no data), or half of it lies beyond the raster, it cannot be passed.

    Parameters
    ----------
    path : pathlib.Path
        Any raster with one band.
    grid : Grid
    holds : str
        `speed` [km/h] or `friction` [minutes per metre], a key of `HOURS_PER_KM`.

    Returns
    -------
    array of shape (cell,)
        0 where nobody can pass. [km/h]

    Raises
    ------
    InputError
        If the file cannot be read, does not reach the area, or is in another unit.
    """
    total = np.zeros((3, grid.size))
    with _opened(path) as raster:
        lattice = _lattice(raster, grid, path)
        for strip in _strips(raster, lattice.window, path):
            values = strip.values.ravel()
            passable = values > 0
            hours = np.zeros_like(values)
            hours[passable] = HOURS_PER_KM[holds](values[passable])
            row, column = np.indices(strip.values.shape).reshape(2, -1)
            layers = np.stack([np.ones_like(values), passable.astype(np.float64), hours])
            _share_out(total, grid, lattice, row + strip.first_row, column + lattice.first_column, layers)
    covered, open_, hours = total
    reached = covered * lattice.pixel_area > 0.5
    speed = np.divide(open_, hours, out=np.zeros(grid.size), where=reached & (open_ >= 0.5 * covered))
    if not speed.any():
        raise InputError(finding(path, "lets nobody pass anywhere in the area's box; name another raster"))
    middle = float(np.median(speed[speed > 0]))
    if not 0.1 <= middle <= FASTEST:
        unit = "km/h" if holds == "speed" else "minutes per metre"
        message = f"makes {middle:.3g} km/h of the middle cell; {holds} must be in {unit}"
        raise InputError(finding(path, message))
    return speed


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """An open raster that has one band and a place on earth."""
    if path.is_dir():
        raise InputError(finding(path, "is a folder; name a GeoTIFF"))
    if not path.exists():
        raise InputError(finding(path, "there is no such file"))
    with warnings.catch_warnings(), rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            raster = rasterio.open(path)
        except (RasterioError, OSError):
            message = "is not a raster, or not whole; write a GeoTIFF, or fetch it again"
            raise InputError(finding(path, message)) from None
    with raster:
        if raster.count != 1:
            message = (
                f"has {raster.count} bands where one is needed; write the one to use into a file of its own"
            )
            raise InputError(finding(path, message))
        if raster.transform.is_identity:
            raise InputError(finding(path, "has no georeference; write a GeoTIFF that says where it lies"))
        if raster.crs is None:
            raise InputError(finding(path, "names no reference system; write one into it, such as EPSG:4326"))
        yield raster


@dataclass(frozen=True)
class _Lattice:
    """Where the pixels of a window lie on the grid: positions at points, interpolated between."""

    window: Window
    rows: Array
    columns: Array
    """Rows and columns of the raster at which the points lie, evenly spaced."""
    position: Array
    """Row and column of the grid at each point, shape (2, row, column). [cell]"""

    @property
    def first_column(self) -> int:
        """First column of the window."""
        return int(self.window.col_off)

    def at(self, row: Array, column: Array) -> tuple[Array, Array]:
        """Row and column of the grid, with fractions, at rows and columns of the raster. [cell]"""
        down = (row - self.rows[0]) / (self.rows[1] - self.rows[0])
        across = (column - self.columns[0]) / (self.columns[1] - self.columns[0])
        above = np.clip(down.astype(np.int64), 0, self.rows.size - 2)
        left = np.clip(across.astype(np.int64), 0, self.columns.size - 2)
        down, across = down - above, across - left
        first = above * self.columns.size + left
        below = first + self.columns.size
        found = []
        for flat in self.position.reshape(2, -1):
            upper = flat[first] + across * (flat[first + 1] - flat[first])
            lower = flat[below] + across * (flat[below + 1] - flat[below])
            found.append(upper + down * (lower - upper))
        return found[0], found[1]

    def pixel(self) -> Array:
        """How far the grid's row and column go along a pixel's, in the middle: [[by row, by column] of each]. [cell]"""
        row, column = self.rows.mean(), self.columns.mean()
        rows = np.array([row - 0.5, row + 0.5, row, row])
        columns = np.array([column, column, column - 0.5, column + 0.5])
        return np.array([[place[1] - place[0], place[3] - place[2]] for place in self.at(rows, columns)])

    @property
    def pixel_area(self) -> float:
        """Area of a pixel in the middle. [cell]"""
        return float(abs(np.linalg.det(self.pixel())))


def _lattice(raster: Any, grid: Grid, path: Path) -> _Lattice:
    """The window of a raster that the grid's box takes, and where it lies."""
    try:
        to_grid = pyproj.Transformer.from_crs(raster.crs.to_wkt(), grid.crs, always_xy=True)
    except pyproj.exceptions.ProjError:
        message = (
            f"its reference system has no place on earth (got {raster.crs}); write one such as EPSG:4326"
        )
        raise InputError(finding(path, message)) from None
    window = _window(raster, grid, to_grid)
    if window is None:
        west, south, east, north = raster.bounds
        message = f"does not reach the area (it covers {west:g} to {east:g} and {south:g} to {north:g} in {raster.crs})"
        raise InputError(finding(path, message + "; name a raster of the area"))
    side = grid.cell_km * 1000.0
    points = max(2, math.ceil(max(grid.shape) * grid.cell_km / LATTICE_KM) + 1)
    rows = np.linspace(window.row_off, window.row_off + window.height, points)
    columns = np.linspace(window.col_off, window.col_off + window.width, points)
    column, row = np.meshgrid(columns, rows)
    easting, northing = to_grid.transform(*_along(raster.transform, column, row))
    position = np.stack([(grid.north - northing) / side, (easting - grid.west) / side])
    position = np.nan_to_num(position, nan=-1e9, posinf=-1e9, neginf=-1e9)  # no point of the grid's plane
    return _Lattice(window, rows, columns, position)


def _along(transform: Any, column: Array, row: Array) -> tuple[Array, Array]:
    """Coordinates at rows and columns of a raster, or the other way round with the inverse."""
    return (
        transform.a * column + transform.b * row + transform.c,
        transform.d * column + transform.e * row + transform.f,
    )


def _window(raster: Any, grid: Grid, to_grid: pyproj.Transformer) -> Window | None:
    """The pixels of a raster in the grid's box and one beyond; none if there are none."""
    share = np.linspace(0.0, 1.0, 101)
    side = grid.cell_km * 1000.0
    east, south = grid.west + grid.shape[1] * side, grid.north - grid.shape[0] * side
    easting = np.concatenate(
        [grid.west + share * (east - grid.west)] * 2 + [share * 0 + grid.west, share * 0 + east]
    )
    northing = np.concatenate(
        [share * 0 + south, share * 0 + grid.north] + [south + share * (grid.north - south)] * 2
    )
    x, y = to_grid.transform(easting, northing, direction="INVERSE")
    column, row = _along(~raster.transform, x, y)
    here = np.isfinite(column) & np.isfinite(row)
    if not here.any():
        return None
    first_row = max(0, math.floor(row[here].min()) - 1)
    first_column = max(0, math.floor(column[here].min()) - 1)
    last_row = min(raster.height, math.ceil(row[here].max()) + 1)
    last_column = min(raster.width, math.ceil(column[here].max()) + 1)
    if last_row <= first_row or last_column <= first_column:
        return None
    return Window(first_column, first_row, last_column - first_column, last_row - first_row)


class _Strip(NamedTuple):
    """Some whole rows of a window; `values` is 0 where nothing is `known`."""

    first_row: int
    values: Array
    known: Array


def _strips(raster: Any, window: Window, path: Path) -> Iterator[_Strip]:
    """Strips of a window from north to south, checked.

    Raises
    ------
    InputError
        If the file breaks off, or values lie below zero.
    """
    block = raster.block_shapes[0][0]
    rows = max(1, STRIP_PIXELS // window.width)
    rows = rows // block * block if rows > block else rows
    scale, offset = raster.scales[0], raster.offsets[0]
    end = window.row_off + window.height
    first = window.row_off
    while first < end:
        last = min(end, (first // rows + 1) * rows)
        part = Window(window.col_off, first, window.width, last - first)
        try:
            read = raster.read(1, window=part, masked=True)
        except (RasterioError, OSError):
            message = f"cannot be read beyond row {first + 1}; the file is not whole, fetch it again"
            raise InputError(finding(path, message)) from None
        values = np.asarray(read.data, dtype=np.float64)
        known = ~np.ma.getmaskarray(read) & (np.abs(values) < HUGE) & ~np.isin(values, MISSING)
        values = np.where(known, values, 0.0) * scale + np.where(known, offset, 0.0)
        _refuse_negative(values, first, window.col_off, path)
        yield _Strip(first, values, known)
        first = last


def _refuse_negative(values: Array, first_row: int, first_column: int, path: Path) -> None:
    """Raise an error for values below zero that are not known to mean "no data"."""
    row, column = np.nonzero(values < 0)
    if row.size:
        where = f"row {first_row + row[0] + 1}, column {first_column + column[0] + 1}"
        message = (
            f"{row.size:,} pixels are below zero, the first in {where} (got {values[row[0], column[0]]:g})"
        )
        raise InputError(
            finding(path, message + "; correct them, or declare what means 'no data' in the file")
        )


def _share_out(total: Array, grid: Grid, lattice: _Lattice, row: Array, column: Array, values: Array) -> None:
    """Add pixels' values, shape (layer, pixel), to the cells they overlap, in `total` (layer, cell)."""
    if row.size == 0:
        return
    reach = np.abs(lattice.pixel())
    down, across = (max(1, math.ceil(np.hypot(*side) / PART_CELLS)) for side in reach.T)
    size = np.hypot(*(reach / [down, across]).T)
    inner_row, inner_column = (
        offset.ravel()
        for offset in np.meshgrid((np.arange(down) + 0.5) / down, (np.arange(across) + 0.5) / across)
    )
    step = max(1, CHUNK_PARTS // inner_row.size)
    for first in range(0, row.size, step):
        some = slice(first, first + step)
        where = lattice.at((row[some, None] + inner_row).ravel(), (column[some, None] + inner_column).ravel())
        parts = np.repeat(values[:, some] / inner_row.size, inner_row.size, axis=1)
        _overlap(total, grid.shape, where, size, parts)


def _overlap(
    total: Array, shape: tuple[int, int], where: tuple[Array, Array], size: Array, values: Array
) -> None:
    """Add boxes around positions to the one to four cells that each overlaps; what lies off the grid is left out."""
    (row, row_share), (column, column_share) = (
        _first_and_share(middle, length, count)
        for middle, length, count in zip(where, size, shape, strict=True)
    )
    width = shape[1] + 3
    first = row * width + column
    base = int(first.min())
    count = int(first.max()) - base + width + 2
    rows, columns = np.divmod(base + np.arange(count), width)
    inside = (rows > 0) & (rows <= shape[0]) & (columns > 0) & (columns <= shape[1])
    cell = (rows[inside] - 1) * shape[1] + columns[inside] - 1
    for layer, weight in zip(total, values, strict=True):
        upper, lower = weight * row_share, weight * (1.0 - row_share)
        found = np.zeros(count)
        for offset, part in ((0, upper), (width, lower)):
            left = part * column_share
            found += np.bincount(first - base + offset, left, count)
            found += np.bincount(first - base + offset + 1, part - left, count)
        layer[cell] += found[inside]


def _first_and_share(middle: Array, length: float, count: int) -> tuple[Array, Array]:
    """First cell that each box overlaps along one axis, counted from 1 inside the grid, and the share in it.

    A box is no longer than a cell, so the rest lies in the next. Cells off the grid are 0 and `count` + 1.
    """
    low = middle - length / 2
    first = np.floor(low)
    share = np.minimum((first + 1.0 - low) / length, 1.0)
    return np.clip(first + 1, 0, count + 1).astype(np.int64), np.where(first < -1, 1.0, share)
