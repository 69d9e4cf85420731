"""Outlines of what the cells make up: exact, and as they are drawn, without the steps of the cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import from_origin
from rasterio.windows import Window

from displacement.grid import Grid

__all__ = ["centres", "drawn_outlines", "of_labels", "placed", "strips"]

Ring = list[tuple[int, int]]
"""Its corners, east and north of the south-west corner of the grid: a drawing needs no place on earth. [m]"""

CELLS = 1.5
"""Corners that take away a triangle of less than this many cells, squared, are steps of the cells. [1]"""
FINEST = 1 / 400
"""The same as a share of the side of the area: what is finer is not seen on a page. [1]"""


def placed(grid: Grid, first_row: int = 0) -> Any:
    """Where the corner of a grid, or of its rows from one on, lies, as rasterio says it."""
    side = grid.cell_km * 1000.0
    return from_origin(grid.west, grid.north - first_row * side, side, side)


def strips(grid: Grid, values: NDArray[Any]) -> Iterator[tuple[Window, NDArray[Any]]]:
    """Values of all cells by row and column, a band of rows at a time."""
    by_cell = values.reshape(-1)
    for band in grid.bands(by_cell):
        rows = grid.rows_of(band)
        window = Window(0, rows.start, grid.shape[1], rows.stop - rows.start)
        yield window, by_cell[band].reshape(-1, grid.shape[1])


def of_labels(grid: Grid, label: NDArray[Any]) -> dict[int, list[shapely.Polygon]]:
    """The polygons that the cells of each label make, labels in order; -1 makes none.

    Where two strips of a large grid meet, a straight edge may have a point more.
    """
    parts: dict[int, list[shapely.Polygon]] = {}
    count = 0
    for window, values in strips(grid, label):
        image = values.astype(np.int32, copy=False)
        for shape, value in features.shapes(image, image >= 0, transform=placed(grid, window.row_off)):
            parts.setdefault(int(value), []).append(shapely.geometry.shape(shape))
        count += 1
    if count > 1:
        parts = {at: _joined(polygons) for at, polygons in parts.items()}
    return dict(sorted(parts.items()))


def _joined(polygons: Sequence[shapely.Polygon]) -> list[shapely.Polygon]:
    """Polygons of several strips as those of the whole."""
    return list(shapely.get_parts(shapely.union_all(polygons)))


def drawn_outlines(grid: Grid, label: NDArray[Any]) -> dict[int, list[list[Ring]]]:
    """Outline of each label's cells with few corners; neighbours keep their border in common.

    Parameters
    ----------
    grid : Grid
    label : array of int, shape (cell,)
        -1 belongs to no outline.

    Returns
    -------
    dict
        By label its polygons, each a list of rings, the outer one first. [m]

    Examples
    --------
    >>> grid = Grid("EPSG:32637", 1.0, 195000.0, 4123000.0, (4, 4))
    >>> left, right = drawn_outlines(grid, np.tile([0, 0, 1, 1], 4)).values()
    >>> sorted(set(left[0][0]))
    [(0, 0), (0, 4000), (2000, 0), (2000, 4000)]
    """
    side, parts = grid.cell_km * 1000.0, of_labels(grid, label)
    labels = list(parts)
    # Neighbours need every corner of a cell in common: only then do both lose the same ones.
    whole = shapely.segmentize([shapely.MultiPolygon(parts[one]) for one in labels], side)
    tolerance = max(CELLS * side, FINEST * side * max(grid.shape))
    drawn = shapely.coverage_simplify(whole, tolerance)
    south = grid.north - side * grid.shape[0]
    return {
        one: _rings(shapely.transform(shape, lambda corners: corners - [grid.west, south]))
        for one, shape in zip(labels, drawn, strict=True)
    }


def _rings(shape: Any) -> list[list[Ring]]:
    """The polygons of a shape as plain numbers."""
    polygons = getattr(shape, "geoms", [shape])
    return [[_corners(ring) for ring in (one.exterior, *one.interiors)] for one in polygons]


def _corners(ring: Any) -> Ring:
    return [(round(easting), round(northing)) for easting, northing in ring.coords]


def centres(outlines: dict[int, list[list[Ring]]]) -> dict[int, tuple[int, int]]:
    """A point well inside the largest polygon of each outline, where a name can stand. [m]

    >>> centres({7: [[[(0, 0), (0, 400), (400, 400), (400, 0), (0, 0)]]]})
    {7: (200, 200)}
    """
    found = {}
    for label, polygons in outlines.items():
        shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
        point = max(shapes, key=lambda shape: shape.area).representative_point()
        found[label] = round(point.x), round(point.y)
    return found
