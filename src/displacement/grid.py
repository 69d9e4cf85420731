"""The grid: where cells are, and how a place becomes a cell.

A grid is projected (never degrees), its rows run north to south, and its cells form one axis, `cell`,
in row-major order. Northing and easting come back only where something is read or drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from displacement.mapped import let_go, room

BAND_CELLS = 1_000_000
"""Cells of a band, as far as whole rows allow."""
INDEX = np.int32
"""What positions of zones, places, keys and blocks are held in where there is one a cell."""


@dataclass(frozen=True)
class Grid:
    """A north-up grid of square cells in a projected reference system.

    Parameters
    ----------
    crs : str
        Reference system, for example ``EPSG:32637``. Its unit is the metre.
    cell_km : float
        Side of a cell. [km]
    west, north : float
        Outer corner of the first cell. [m]
    shape : tuple of int
        Rows (north to south) and columns (west to east).
    """

    crs: str
    cell_km: float
    west: float
    north: float
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if self.cell_km <= 0:
            raise ValueError(f"a cell's side must be above 0 km (got {self.cell_km})")
        if min(self.shape) < 1:
            raise ValueError(f"a grid needs at least one row and one column (got {self.shape})")

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.shape[0] * self.shape[1]

    @property
    def cell_area(self) -> float:
        """Area of a cell. [km2]"""
        return self.cell_km**2

    def room(self, dtype: DTypeLike, fill: float = 0) -> NDArray[Any]:
        """An array of one value a cell, all alike; of a large grid it lies in a file (`displacement.mapped`)."""
        return room(self.size, dtype, fill)

    def bands(self, *held: NDArray[Any]) -> Iterator[slice]:
        """The cells in bands of whole rows, so that what is worked out of all of them is never held at once.

        Parameters
        ----------
        *held : array of shape (cell,)
            Arrays of `room` that are gone through: after each band their memory is let go.

        Examples
        --------
        >>> [(band.start, band.stop) for band in Grid("EPSG:32637", 1.0, 0.0, 0.0, (3, 1_000_000)).bands()]
        [(0, 1000000), (1000000, 2000000), (2000000, 3000000)]
        """
        step = max(1, BAND_CELLS // self.shape[1]) * self.shape[1]
        for first in range(0, self.size, step):
            yield slice(first, min(first + step, self.size))
            let_go(*held)

    def cells_of(self, rows: slice) -> slice:
        """The cells of some whole rows."""
        return slice(rows.start * self.shape[1], rows.stop * self.shape[1])

    def rows_of(self, band: slice) -> slice:
        """The rows of a band of `bands`."""
        return slice(band.start // self.shape[1], band.stop // self.shape[1])

    def most(self, values: NDArray[Any]) -> int:
        """The largest whole number among the values of all cells."""
        return max(int(values[band].max()) for band in self.bands(values))

    def centres(self, cells: ArrayLike | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Easting and northing of cell centres.

        Parameters
        ----------
        cells : array of int, optional
            Positions on the axis `cell`; all cells if left out.

        Returns
        -------
        tuple of two arrays
            Easting and northing, in the shape of `cells`. [m]
        """
        index = np.arange(self.size) if cells is None else np.asarray(cells)
        row, column = np.divmod(index, self.shape[1])
        side = self.cell_km * 1000.0
        return self.west + (column + 0.5) * side, self.north - (row + 0.5) * side

    def around(self, easting: float, northing: float, reach: float) -> NDArray[Any]:
        """Cells whose centre may lie within `reach` [km] of a point: those of the rows and columns around it.

        >>> Grid("EPSG:32637", 1.0, 0.0, 3000.0, (3, 3)).around(500.0, 2500.0, 1.0)
        array([0, 1, 3, 4])
        """
        side = self.cell_km * 1000.0
        row, column = (self.north - northing) / side, (easting - self.west) / side
        spans = (
            np.arange(
                max(0, int(np.floor(at - reach / self.cell_km))),
                min(count, int(at + reach / self.cell_km) + 1),
            )
            for at, count in ((row, self.shape[0]), (column, self.shape[1]))
        )
        rows, columns = spans
        return np.asarray((rows[:, None] * self.shape[1] + columns).ravel())

    def cell(self, easting: ArrayLike, northing: ArrayLike) -> NDArray[Any]:
        """Cell that holds each point; -1 where the point lies off the grid.

        >>> grid = Grid("EPSG:32637", 1.0, 0.0, 2000.0, (2, 2))
        >>> grid.cell([500.0, 1500.0, 9e9], [1500.0, 500.0, 0.0])
        array([ 0,  3, -1])
        """
        side = self.cell_km * 1000.0
        column = np.floor((np.asarray(easting) - self.west) / side)
        row = np.floor((self.north - np.asarray(northing)) / side)
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        return np.where(inside, row * self.shape[1] + column, -1).astype(np.int64)
