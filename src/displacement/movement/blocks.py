"""Origin blocks: zone x tile x response key, the scale at which people meet places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from displacement.grid import INDEX, Grid

Array = NDArray[Any]


@dataclass(frozen=True)
class Blocks:
    """The blocks of an area, in order of tile, zone and key; only those with people.

    Parameters
    ----------
    of_cell : array of int, shape (cell,)
        Block of each cell; -1 where nobody lives.
    zone, key : array of int, shape (block,)
        Zone and response key of each block.
    people : array of shape (block,)
        People when the run starts. [person]
    easting, northing : array of shape (block,)
        Centre by people. [m]
    main_cell : array of int, shape (block,)
        The cell in which most of its people live.
    """

    of_cell: Array
    zone: Array
    key: Array
    people: Array
    easting: Array
    northing: Array
    main_cell: Array

    @property
    def size(self) -> int:
        """Number of blocks."""
        return self.zone.size

    def weights(self, population: Array, grid: Grid, other: Grid | None = None) -> sparse.csr_array:
        """People of each block by cell, as a sparse array of shape (block, cell). [person]

        Parameters
        ----------
        population : array of shape (cell,)
            [person]
        grid : Grid
            That of the people.
        other : Grid, optional
            Another grid; people are then added up by its cells.
        """
        shape = (self.size, (other or grid).size)
        found = sparse.csr_array(shape)
        for cell in self._inhabited(grid, population):
            column = cell if other in (None, grid) else other.cell(*grid.centres(cell))
            found = found + sparse.csr_array((population[cell], (self.of_cell[cell], column)), shape=shape)
        return found

    def _inhabited(self, grid: Grid, population: Array) -> Iterator[Array]:
        """The inhabited cells, band by band, whose people are looked at."""
        for band in grid.bands(self.of_cell, population):
            cell = band.start + np.flatnonzero(self.of_cell[band] >= 0)
            if cell.size:
                yield cell


def blocks_of(grid: Grid, population: Array, zone: Array, key: Array, tile_side: int) -> Blocks:
    """Group the inhabited cells into blocks.

    Parameters
    ----------
    grid : Grid
    population : array of shape (cell,)
        [person]
    zone, key : array of int, shape (cell,)
        Zone and response key of each cell.
    tile_side : int
        Cells along the side of a tile.

    Returns
    -------
    Blocks
    """
    zones, keys = grid.most(zone) + 1, grid.most(key) + 1

    def labelled(band: slice) -> tuple[Array, Array]:
        cell = band.start + np.flatnonzero((population[band] > 0) & (zone[band] >= 0))
        row, column = np.divmod(cell, grid.shape[1])
        tile = (row // tile_side) * grid.shape[1] + column // tile_side
        return cell, (tile * zones + zone[cell]) * keys + key[cell]

    bands = grid.bands(population, zone, key)
    labels = np.unique(np.concatenate([np.unique(labelled(band)[1]) for band in bands]))
    of_cell = grid.room(INDEX, -1)
    main_cell, most = np.zeros(labels.size, dtype=np.int64), np.zeros(labels.size)
    sums = np.zeros((3, labels.size))
    for band in grid.bands(population, zone, key, of_cell):
        cell, label = labelled(band)
        block, here = np.searchsorted(labels, label), population[cell]
        of_cell[cell] = block
        easting, northing = grid.centres(cell)
        sums += [np.bincount(block, here * each, labels.size) for each in (1.0, easting, northing)]
        order = np.lexsort((cell, -here, block))
        own, first = np.unique(block[order], return_index=True)
        fuller = here[order[first]] > most[own]
        main_cell[own[fuller]], most[own[fuller]] = cell[order[first[fuller]]], here[order[first[fuller]]]
    people, east, north = sums
    return Blocks(
        of_cell=of_cell,
        zone=labels // keys % zones,
        key=labels % keys,
        people=people,
        easting=east / people,
        northing=north / people,
        main_cell=main_cell,
    )
