"""Origin classes: whose people are kept apart while they are away, and which of them go home alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from displacement.kernels.flows import Sets, sets_of
from displacement.movement.blocks import Blocks

Array = NDArray[Any]


class Classes(NamedTuple):
    """Origin classes: pairs of key and zone, in order. A row is a class and what its people need to go home.

    So the classes of a key lie together, and so do its rows.
    """

    zone: Array
    key: Array
    of_block: Array
    """Class of each block, shape (block,)."""
    adding: sparse.csr_array
    """Adds blocks up to classes, shape (block, class)."""
    row: Array
    """Row of each entry of `READY` and class, shape (ready, class): those who always go home alike share one."""
    of_row: Array
    """Class of each row."""
    split: Array
    """Share of a class that is in each row. [1]"""
    sets: Sets
    """The blocks of each class; those that nobody leaves lie with the first."""

    @property
    def key_of_row(self) -> Array:
        """Response key of each row."""
        return np.asarray(self.key[self.of_row])

    def by_class(self, people: Array) -> Array:
        """People by class from people by (ready, block), shape (ready, class)."""
        return np.add.reduceat(people[:, self.sets.member], self.sets.first[:-1], axis=1)

    def by_row(self, people: Array) -> Array:
        """People by row from people by (ready, block), shape (row,)."""
        return np.bincount(self.row.ravel(), self.by_class(people).ravel(), self.of_row.size)


def classes_of(blocks: Blocks, leaving: Array, homeward: Array, split: Array) -> Classes:
    """The origin classes of the blocks that anybody ever leaves; the first stands for the others, where nobody does."""
    some = np.flatnonzero(leaving) if leaving.any() else np.arange(1)
    labels, found = np.unique(np.stack([blocks.key, blocks.zone])[:, some], axis=1, return_inverse=True)
    of_block = np.zeros(blocks.zone.size, dtype=np.int64)
    of_block[some] = found.ravel()
    adding = sparse.csr_array(
        (np.ones(some.size), (some, of_block[some])), shape=(of_block.size, labels.shape[1])
    )
    row = rows_of(homeward, adding)
    of_row, share = np.empty(row.max() + 1, dtype=np.int64), np.zeros(row.max() + 1)
    of_row[row] = np.arange(labels.shape[1])
    np.add.at(share, row, split[:, None])
    return Classes(
        labels[1], labels[0], of_block, adding, row, of_row, share, sets_of(of_block, labels.shape[1])
    )


def rows_of(homeward: Array, adding: sparse.csr_array) -> Array:
    """Row of each entry of `READY` and class, shape (ready, class).

    The entries are nested, so that those who always meet the same hazard of going home lie next to one another. Lumped
    together they move as they would one by one, for nothing else tells them apart.
    """
    differ = (np.diff(homeward, axis=1) != 0).any(axis=0).astype(float) @ adding > 0
    apart = np.vstack([np.ones((1, adding.shape[1]), dtype=bool), differ])
    return np.asarray(np.cumsum(apart.T.ravel()).reshape(apart.T.shape).T - 1)
