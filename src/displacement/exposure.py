"""How people see the events from where they live: what is the same for every member.

What presses the people of a cell depends on its nearest place, on its distance to what changes hands and on its
position. Cells finer than a bin see nearly the same from one to the next: those of one block and nearest place that lie
in one square share a bin, which sees the mean of what its people would. The hazard is then worked out by bin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io.inputs import Inputs
from displacement.mapped import let_go
from displacement.movement import departures, threats
from displacement.movement.threats import Front, Threats
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]

TILE_CELLS = 32_768
"""Cells that a tile has at the least, as far as the grid goes."""


class Seen(NamedTuple):
    """What is seen from a tile: some whole rows of the grid."""

    cell: Array
    """Cells of the tile where people live."""
    bins: departures.Cells
    """People by bin."""
    of_cell: Array
    """Bin of each of these cells."""
    share: Array
    """Share of its bin's people who live in each of them. [1]"""
    threats: Threats
    """As the bins see them."""
    sights: Sights
    """From the destinations and the main cells of the blocks that lie in the tile."""


class Sights(NamedTuple):
    """Distances to what changes hands, as some cells see it."""

    cell: Array
    """Positions on the axis `cell` of the grid, in order."""
    fronts: tuple[Front, ...]

    def at(self, cell: Array) -> list[Front]:
        """The fronts as seen from some of the cells."""
        row = np.searchsorted(self.cell, cell)
        return [front._replace(distance=front.distance[row]) for front in self.fronts]


def tiles(inputs: Inputs, least_cells: int = TILE_CELLS, least_rows: int = 1) -> list[slice]:
    """Cut the grid into bands of rows that no block straddles, leaving out those with neither people nor destinations.

    Parameters
    ----------
    inputs : Inputs
    least_cells, least_rows : int
        The smallest band, as far as the grid goes.

    Returns
    -------
    list of slice
        Rows of each tile.
    """
    grid, of_cell, side = inputs.grid, inputs.blocks.of_cell, inputs.tile_side
    step = side * max(1, -(-least_cells // (side * grid.shape[1])), -(-least_rows // side))
    found = []
    for first in range(0, grid.shape[0], step):
        rows = slice(first, min(first + step, grid.shape[0]))
        span, goals = grid.cells_of(rows), inputs.destinations.cell
        if (of_cell[span] >= 0).any() or ((goals >= span.start) & (goals < span.stop)).any():
            found.append(rows)
        let_go(of_cell)
    return found


def rows_of_reach(inputs: Inputs, horizon: float) -> int:
    """Rows of a tile as high as what is looked at above and below it, so that little is looked at twice."""
    return 2 * int(np.ceil(horizon / inputs.grid.cell_km))


def watched(inputs: Inputs) -> Array:
    """The cells that hold a destination or most of a block's people, in order."""
    return np.unique(np.concatenate([inputs.blocks.main_cell, inputs.destinations.cell]))


def seen(rows: slice, inputs: Inputs, events: Timeline, horizon: float, cells: Array) -> Seen:
    """What the people of a tile see.

    Parameters
    ----------
    rows : slice
        The tile's.
    inputs, events : Inputs, Timeline
        The area and what happens in it.
    horizon : float
        Beyond it nothing has an effect. [km]
    cells : array of int
        Those that are watched besides, in order.
    """
    grid, place = inputs.grid, inputs.cells["place"].values
    span = grid.cells_of(rows)
    cell = span.start + np.flatnonzero(inputs.blocks.of_cell[span] >= 0)
    people = inputs.cells["population"].values[cell]
    of_cell = _bins(cell, inputs)
    bins = int(of_cell.max(initial=-1)) + 1
    _, first = np.unique(of_cell, return_index=True)
    alone = bins == cell.size
    total = people[first] if alone else np.bincount(of_cell, people, bins)

    def mean(values: Array) -> Array:
        return values[first] if alone else np.bincount(of_cell, people * values, bins) / total

    besides = cells[slice(*np.searchsorted(cells, [span.start, span.stop]))]
    fronts, sights = [], []
    for front in threats.front_distances(
        events.control, place.reshape(grid.shape), grid.cell_km, horizon, rows
    ):
        sights.append(front._replace(distance=front.distance[besides - span.start]))
        distance = front.distance[cell - span.start]
        distance = mean(distance if alone else np.minimum(distance, horizon))
        if not alone:
            distance[distance >= horizon * (1.0 - 1e-9)] = np.inf
        fronts.append(front._replace(distance=distance))
    easting, northing = (mean(values) for values in grid.centres(cell))
    one = cell[first]
    block = inputs.blocks.of_cell[one]
    first_block, end_block = (int(block.min()), int(block.max()) + 1) if block.size else (0, 0)
    found = Seen(
        cell,
        departures.Cells(
            population=total,
            prior_share=inputs.prior_share[inputs.cells["zone"].values[one]],
            key=inputs.cells["response"].values[one],
            block=block - first_block,
            first_block=first_block,
            blocks=end_block - first_block,
        ),
        of_cell,
        people / total[of_cell],
        Threats(easting, northing, place[one], events.control, fronts, events.strikes, events.pressures),
        Sights(besides, tuple(sights)),
    )
    inputs.let_go()
    return found


def _bins(cell: Array, inputs: Inputs) -> Array:
    """Bin of each cell of a tile, block after block; a bin of its own for each where bins are no larger than cells."""
    side = inputs.bin_side
    labels = inputs.blocks.of_cell[cell].astype(np.int64)
    if side == 1:
        bins = np.empty(cell.size, dtype=np.int64)
        bins[np.argsort(labels, kind="stable")] = np.arange(cell.size)
        return bins
    row, column = np.divmod(cell, inputs.grid.shape[1])
    for part in (inputs.cells["place"].values[cell] + 1, row // side, column // side):
        labels = labels * (int(part.max()) + 1) + part
    return np.asarray(np.unique(labels, return_inverse=True)[1].ravel())


def joined(parts: Iterable[Sights], cell: Array) -> Sights:
    """The sights of all tiles; what is watched in none of them is beyond every horizon.

    Parameters
    ----------
    parts : iterable of Sights
        One a tile.
    cell : array of int
        The cells that are watched, in order.
    """
    distance: dict[tuple[float, int], Array] = {}
    for part in parts:
        row = np.searchsorted(cell, part.cell)
        for front in part.fronts:
            all_of_them = distance.setdefault((front.time, front.controller), np.full(cell.size, np.inf))
            all_of_them[row] = front.distance
    return Sights(cell, tuple(Front(*key, distance[key]) for key in sorted(distance)))
