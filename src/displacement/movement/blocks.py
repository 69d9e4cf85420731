"""Origin blocks: zone x tile x response key, the scale at which people meet places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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
    """

    of_cell: Array
    zone: Array
    key: Array
    people: Array
    easting: Array
    northing: Array

    @property
    def size(self) -> int:
        """Number of blocks."""
        return self.zone.size

    def weights(
        self, population: Array, other: Array | None = None, count: int | None = None
    ) -> sparse.csr_array:
        """People of each block by cell, as a sparse array of shape (block, cell). [person]

        Parameters
        ----------
        population : array of shape (cell,)
            [person]
        other : array of int, shape (cell,), optional
            A cell of another grid for each; people are then added up by those.
        count : int, optional
            Number of cells of that grid.
        """
        cell = np.flatnonzero(self.of_cell >= 0)
        column = cell if other is None else other[cell]
        shape = (self.size, population.size if count is None else count)
        return sparse.csr_array((population[cell], (self.of_cell[cell], column)), shape=shape)

    def main_cell(self, population: Array) -> Array:
        """The cell of each block in which most of its people live, shape (block,)."""
        cell = np.flatnonzero(self.of_cell >= 0)
        order = cell[np.lexsort((cell, -population[cell], self.of_cell[cell]))]
        _, first = np.unique(self.of_cell[order], return_index=True)
        return np.asarray(order[first])


def blocks_of(
    population: Array, zone: Array, key: Array, tile: Array, easting: Array, northing: Array
) -> Blocks:
    """Group the inhabited cells into blocks.

    Parameters
    ----------
    population : array of shape (cell,)
        [person]
    zone, key, tile : array of int, shape (cell,)
        Zone, response key and tile of each cell.
    easting, northing : array of shape (cell,)
        Centres of the cells. [m]

    Returns
    -------
    Blocks
    """
    cell = np.flatnonzero((population > 0) & (zone >= 0))
    zones, keys = int(zone.max()) + 1, int(key.max()) + 1
    label = (tile[cell].astype(np.int64) * zones + zone[cell]) * keys + key[cell]
    labels, block = np.unique(label, return_inverse=True)
    block = block.ravel()
    of_cell = np.full(population.size, -1, dtype=np.int64)
    of_cell[cell] = block
    size = labels.size
    people = np.bincount(block, population[cell], size)
    return Blocks(
        of_cell=of_cell,
        zone=labels // keys % zones,
        key=labels % keys,
        people=people,
        easting=np.bincount(block, population[cell] * easting[cell], size) / people,
        northing=np.bincount(block, population[cell] * northing[cell], size) / people,
    )
