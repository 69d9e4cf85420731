"""Least travel time over a grid, from every cell to each destination.

The graph has one node a cell and joins it to its eight neighbours. An edge costs its length times the mean
of the two cells' time per km: the convention of the Malaria Atlas Project and of WHO's AccessMod. On a
plain with one speed the least path is at most 8.24 % longer than the straight line (0 along the axes and
diagonals, worst at 22.5 degrees).

A kernel in C++ does the work where the package was built with one: many destinations at once, in single
precision, with the bits of Dijkstra's method. Without it SciPy's Dijkstra gives the same hours, more slowly: to 2e-5
on ways of up to 2,000 cells, to 1e-4 on ways twice as long, where more roundings add up.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

_travel: Any
try:
    from displacement.kernels import _travel
except ImportError:  # built without a compiler
    _travel = None

Array = NDArray[Any]

FORCED = "DISPLACEMENT_TRAVEL"
"""Environment variable that names the kernel to use: ``scipy``, or one of `variants`."""
SCIPY = "scipy"
TILE = 256
"""Cells along the side of a tile: 4 MB of hours in 16 lanes, so that the tiles of several threads lie side by side in a
cache that they share. One thread alone gains up to a fifth from larger ones, which save visits."""
MOST_SPEED = 1e9
"""Beyond this hours between cells could be lost in rounding to 0. [km/h]"""
BATCH = 16
"""Fields that SciPy works out at once."""
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


class Ground(NamedTuple):
    """What it takes to cross each cell, and which edges between cells are closed."""

    pace: Array
    """Time per km, single precision, shape (row, column); infinite where nobody can pass. [h/km]"""
    cell_km: float
    """Side of a cell. [km]"""
    shut: Array | None = None
    """Bits of the closed edges to the east, south, south-east and south-west, shape (row, column)."""


def _pair(field: Array, step: tuple[int, int]) -> tuple[Array, Array]:
    """Each cell and its neighbour one `step` on, as two arrays of one shape."""
    down, right = step
    rows, columns = field.shape
    first = field[: rows - down, max(0, -right) : columns - max(0, right)]
    second = field[down:, max(0, right) : columns - max(0, -right)]
    return first, second


def ground(
    speed: Array,
    cell_km: float,
    side: Array | None = None,
    closed: NDArray[np.bool_] | None = None,
    gate: NDArray[np.bool_] | None = None,
) -> Ground:
    """The ground to cross: speeds, and lines between sides that are closed.

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
    Ground

    Raises
    ------
    ValueError
        If a speed is negative, above `MOST_SPEED` or not a number.
    """
    if not ((speed >= 0) & (speed <= MOST_SPEED)).all():
        raise ValueError(f"a speed must be 0 (impassable) to {MOST_SPEED:g} km/h, and not missing")
    with np.errstate(divide="ignore", over="ignore"):
        pace = (1.0 / speed).astype(np.float32)
    if side is None or closed is None or not closed.any():
        return Ground(pace, cell_km)
    shut = np.zeros(speed.shape, dtype=np.uint8)
    for bit, step in enumerate(_STEPS):
        here, there = _pair(side, step)
        between = (here >= 0) & (there >= 0) & closed[here, there]
        if gate is not None:
            between &= ~np.logical_or(*_pair(gate, step))
        _pair(shut, step)[0][between] |= np.uint8(1 << bit)
    return Ground(pace, cell_km, shut)


def half_lengths(cell_km: float) -> tuple[np.float32, np.float32]:
    """Half the length of an edge along the axes and along the diagonals. [km]

    Hours along an edge are this times the sum of the two cells' pace, in single precision.
    """
    return np.float32(0.5 * cell_km), np.float32(0.5 * cell_km * np.sqrt(2.0))


def variants() -> tuple[str, ...]:
    """Instruction sets of this processor that the compiled kernel was built for, the fastest first."""
    return () if _travel is None else tuple(name for name, _ in _travel.variants())


def kernel_name() -> str:
    """The kernel in use: an instruction set of the compiled one, or `scipy`."""
    forced = os.environ.get(FORCED, "")
    there = (*variants(), SCIPY)
    if forced and forced not in there:
        raise ValueError(f"{FORCED}={forced}: not there; write {' or '.join(there)}, or leave it away")
    return forced or there[0]


def block_means(
    grounds: Sequence[Ground],
    destinations: Array,
    weights: sparse.csr_array,
    threads: int | None = None,
    tile: int = TILE,
    repair: bool = True,
) -> Array:
    """Hours from each block to each destination: the mean over its people who have a way.

    A block of whose people only some have a way counts as connected, at the mean of those who do.

    Parameters
    ----------
    grounds : sequence of Ground
        One for each epoch, of one shape and cell. Where little changes from one to the next, only what hung
        on the change is worked out anew.
    destinations : array of int, shape (destination,)
        Cell of each destination.
    weights : scipy.sparse.csr_array of shape (block, cell)
        People of each block by cell. [person]
    threads : int, optional
        Of the compiled kernel; by default the cores, or 1 in a worker process. Results do not depend on it.
    tile : int
        Cells along the side of a tile of the compiled kernel, a multiple of 16 up to 512. Results do not depend on it.
    repair : bool
        Whether the compiled kernel may keep what has not changed. Results do not depend on it.

    Returns
    -------
    array of shape (epoch, block, destination)
        Infinite where nobody of the block has a way. [h]

    Raises
    ------
    ValueError
        If epochs differ in shape or cell.
    IndexError
        If a destination lies outside the grid.
    """
    first = grounds[0]
    if any(one.pace.shape != first.pace.shape or one.cell_km != first.cell_km for one in grounds):
        raise ValueError("the grounds of all epochs must have one shape and one cell size")
    if destinations.size and not (destinations.min() >= 0 and destinations.max() < first.pace.size):
        raise IndexError(f"a destination lies outside the {first.pace.size} cells")
    name = kernel_name()
    if name == SCIPY:
        return np.stack([_scipy_means(one, destinations, weights) for one in grounds])
    found = np.empty((len(grounds), weights.shape[0], len(destinations)))
    rows, columns = first.pace.shape
    straight, diagonal = half_lengths(first.cell_km)
    _travel.means(
        tuple(np.ascontiguousarray(one.pace, dtype=np.float32) for one in grounds),
        tuple(None if one.shut is None else np.ascontiguousarray(one.shut) for one in grounds),
        rows,
        columns,
        float(straight),
        float(diagonal),
        np.ascontiguousarray(destinations, dtype=np.int64),
        len(destinations),
        weights.indptr.astype(np.int64),
        weights.shape[0],
        weights.indices.astype(np.int64),
        np.ascontiguousarray(weights.data, dtype=float),
        weights.nnz,
        found,
        name,
        _cores() if threads is None else threads,
        tile,
        repair,
    )
    return found


def _cores() -> int:
    """Cores this process may use; 1 in a worker, whose fellows use the others."""
    if multiprocessing.parent_process() is not None:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _graph(ground: Ground) -> sparse.csr_array:
    """The graph of hours between neighbouring cells, shape (cell, cell). [h]"""
    pace, _, shut = ground
    node = np.arange(pace.size, dtype=np.int32).reshape(pace.shape)
    straight, diagonal = half_lengths(ground.cell_km)
    starts, ends, hours = [], [], []
    for bit, step in enumerate(_STEPS):
        one, other = _pair(pace, step)
        cost = (diagonal if step[0] and step[1] else straight) * (one + other)
        passable = np.isfinite(cost)
        if shut is not None:
            passable &= (_pair(shut, step)[0] >> bit & 1) == 0
        start, end = _pair(node, step)
        starts.append(start[passable])
        ends.append(end[passable])
        hours.append(cost[passable].astype(float))
    start, end, hour = (np.concatenate(part) for part in (starts, ends, hours))
    both = (np.concatenate([hour, hour]), (np.concatenate([start, end]), np.concatenate([end, start])))
    return sparse.csr_array(both, shape=(pace.size, pace.size))


def _fields(hours: sparse.csr_array, destinations: Array) -> Iterator[tuple[slice, Array]]:
    """Hours from every cell to each destination, a batch of destinations at a time."""
    for first in range(0, len(destinations), BATCH):
        part = slice(first, min(first + BATCH, len(destinations)))
        yield part, csgraph.dijkstra(hours, directed=True, indices=destinations[part])


def _scipy_means(ground: Ground, destinations: Array, weights: sparse.csr_array) -> Array:
    """The same as `block_means` of one epoch, by SciPy's Dijkstra."""
    cost = np.full((weights.shape[0], len(destinations)), np.inf)
    for part, field in _fields(_graph(ground), destinations):
        reached = np.isfinite(field)
        people = weights @ reached.T.astype(float)
        total = weights @ np.where(reached, field, 0.0).T
        np.divide(total, people, out=cost[:, part], where=people > 0)
    return cost
