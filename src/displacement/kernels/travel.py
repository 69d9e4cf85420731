"""Least travel time over a grid, from every cell to each destination.

The graph has one node a cell and joins it to its eight neighbours. An edge costs its length times the mean
of the two cells' time per km: the convention of the Malaria Atlas Project and of WHO's AccessMod. On a
plain with one speed the least path is at most 8.24 % longer than the straight line (0 along the axes and
diagonals, worst at 22.5 degrees).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def _pair(field: NDArray[Any], step: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each cell and its neighbour one `step` on, as two arrays of one shape."""
    down, right = step
    rows, columns = field.shape
    first = field[: rows - down, max(0, -right) : columns - max(0, right)]
    second = field[down:, max(0, right) : columns - max(0, -right)]
    return first, second


def graph(
    speed: NDArray[Any],
    cell_km: float,
    side: NDArray[Any] | None = None,
    closed: NDArray[np.bool_] | None = None,
    gate: NDArray[np.bool_] | None = None,
) -> sparse.csr_array:
    """The graph of hours between neighbouring cells.

    Parameters
    ----------
    speed : array of shape (row, column)
        Speed of travel; zero where nobody can pass. [km/h]
    cell_km : float
        Side of a cell. [km]
    side : array of int, shape (row, column), optional
        Who holds each cell; -1 for nobody named.
    closed : array of bool, shape (side, side), optional
        True where the line between two sides is closed.
    gate : array of bool, shape (row, column), optional
        Cells whose edges stay open across a closed line (crossings).

    Returns
    -------
    scipy.sparse.csr_array of shape (cell, cell)
        Symmetric; hours along each edge. [h]

    Raises
    ------
    ValueError
        If a speed is negative or not a number.
    """
    if not (speed >= 0).all():
        raise ValueError("a speed must be 0 (impassable) or more, and not missing")
    node = np.arange(speed.size, dtype=np.int32).reshape(speed.shape)
    with np.errstate(divide="ignore"):
        pace = 1.0 / speed
    starts, ends, hours = [], [], []
    for step in _STEPS:
        slower, other = _pair(pace, step)
        cost = cell_km * float(np.hypot(*step)) * 0.5 * (slower + other)
        passable = np.isfinite(cost)
        if side is not None and closed is not None:
            here, there = _pair(side, step)
            shut = (here >= 0) & (there >= 0) & closed[here, there]
            if gate is not None:
                shut &= ~np.logical_or(*_pair(gate, step))
            passable &= ~shut
        start, end = _pair(node, step)
        starts.append(start[passable])
        ends.append(end[passable])
        hours.append(cost[passable])
    start, end, hour = (np.concatenate(part) for part in (starts, ends, hours))
    both = (np.concatenate([hour, hour]), (np.concatenate([start, end]), np.concatenate([end, start])))
    return sparse.csr_array(both, shape=(speed.size, speed.size))


def fields(
    hours: sparse.csr_array, destinations: NDArray[Any], batch: int = 16
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Hours from every cell to each destination, a batch of destinations at a time.

    Parameters
    ----------
    hours : scipy.sparse.csr_array of shape (cell, cell)
        From `graph`. [h]
    destinations : array of int, shape (destination,)
        Cell of each destination.
    batch : int
        Fields held at once.

    Yields
    ------
    tuple of slice and array of shape (destination in batch, cell)
        Which destinations, and their hours; infinite where there is no way. [h]
    """
    for first in range(0, len(destinations), batch):
        part = slice(first, min(first + batch, len(destinations)))
        yield part, csgraph.dijkstra(hours, directed=True, indices=destinations[part])


def block_means(
    hours: sparse.csr_array,
    destinations: NDArray[Any],
    weights: sparse.csr_array,
    batch: int = 16,
) -> NDArray[Any]:
    """Hours from each block to each destination: the mean over its people who have a way.

    A block of whose people only some have a way counts as connected, at the mean of those who do.

    Parameters
    ----------
    hours : scipy.sparse.csr_array of shape (cell, cell)
        From `graph`. [h]
    destinations : array of int, shape (destination,)
        Cell of each destination.
    weights : scipy.sparse.csr_array of shape (block, cell)
        People of each block by cell. [person]
    batch : int
        Fields held at once.

    Returns
    -------
    array of shape (block, destination)
        Infinite where nobody of the block has a way. [h]
    """
    cost = np.full((weights.shape[0], len(destinations)), np.inf)
    for part, field in fields(hours, destinations, batch):
        reached = np.isfinite(field)
        people = weights @ reached.T.astype(float)
        total = weights @ np.where(reached, field, 0.0).T
        np.divide(total, people, out=cost[:, part], where=people > 0)
    return cost
