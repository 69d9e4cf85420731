"""How many leave each cell for the first time, summed into blocks (E3).

Home at a cell is P0 exp(-Lambda), a function of the hazard alone. So a cell is touched once, its departures
are added to its block, and it is forgotten.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

from displacement.movement.assumptions import Movement
from displacement.movement.hazard import Answers, Threats, cumulative

Array = NDArray[Any]

GROUPS = ("resident_mobile", "resident_staying", "prior_mobile", "prior_staying")
PRIOR = np.array([False, False, True, True])


class Cells(NamedTuple):
    """The inhabited cells of a tile, or bins of them."""

    population: Array
    """[person]"""
    prior_share: Array
    """Share displaced before the run. [1]"""
    key: Array
    """Response key."""
    block: Array
    """Block, counted from `first_block`."""
    first_block: int
    blocks: int
    """Number of blocks in the tile."""


def by_group(population: Array, prior_share: Array, staying_share: float) -> Array:
    """Split people by earlier displaced or not x mobile or staying.

    Returns
    -------
    array of shape (group, cell)
        In the order of `GROUPS`; adds up to `population`. [person]

    Examples
    --------
    >>> by_group(np.array([100.0]), np.array([0.5]), 0.1).ravel()
    array([45.,  5., 45.,  5.])
    """
    prior = np.stack([1.0 - prior_share, prior_share])
    mobile = np.array([1.0 - staying_share, staying_share])
    return np.asarray((population * prior[:, None] * mobile[None, :, None]).reshape(4, -1))


def factors(movement: Movement) -> Array:
    """Relative hazard of each group, in the order of `GROUPS`. [1]"""
    staying, prior = movement.departures.staying_factor, movement.departures.prior_displaced_factor
    return np.array([1.0, staying, prior, prior * staying])


def first_departures(
    cells: Cells, threats: Threats, answers: Answers, movement: Movement, edges: Array
) -> tuple[xr.Dataset, Array]:
    """First departures of a tile's cells, summed into its blocks.

    Parameters
    ----------
    cells : Cells
        The inhabited cells.
    threats, answers
        What presses, and how each response key answers.
    movement : Movement
        Assumptions of one member.
    edges : array of shape (step + 1,)
        Edges of the steps. [day]

    Returns
    -------
    xarray.Dataset
        `first_departures`, `mean_hazard` (group, origin by time) and `start`, without `member`.
    array of shape (step, cell)
        First departures of each cell, all groups. [person]
    """
    start = by_group(cells.population, cells.prior_share, movement.departures.staying_share)
    distinct, position = np.unique(factors(movement), return_inverse=True)
    hazard = cumulative(threats, answers, cells.key, movement.hazard, edges, distinct)
    return from_hazard(cells, start, hazard, position)


def from_hazard(cells: Cells, start: Array, hazard: Array, position: Array) -> tuple[xr.Dataset, Array]:
    """First departures of cells whose hazard is known, summed into their blocks.

    Parameters
    ----------
    cells : Cells
        The inhabited cells.
    start : array of shape (group, cell)
        People when the run starts. [person]
    hazard : array of shape (factor, step + 1, cell)
        Cumulative hazard, for each relative hazard that occurs. [1]
    position : array of int, shape (group,)
        Which of them is that of the group.

    Returns
    -------
    xarray.Dataset, array of shape (step, cell)
        As of `first_departures`.
    """
    steps = hazard.shape[1] - 1
    home = np.exp(-hazard)
    leaving = -np.diff(home, axis=1)
    step_hazard = np.diff(hazard, axis=1)

    people = np.stack([np.bincount(cells.block, group, cells.blocks) for group in start])
    departed = _by_block(leaving, start, position, cells)
    pressed = _by_block(step_hazard, start, position, cells)
    weight = people[:, None, :]
    mean = np.divide(np.stack(pressed), weight, out=np.zeros((4, steps, cells.blocks)), where=weight > 0)
    by_block = xr.Dataset(
        {
            "first_departures": (("time", "group", "origin"), np.stack(departed, axis=1)),
            "mean_hazard": (("time", "group", "origin"), mean.transpose(1, 0, 2)),
            "start": (("group", "origin"), people),
        },
        coords={"origin": cells.first_block + np.arange(cells.blocks), "group": list(GROUPS)},
    )
    of_cells = sum(leaving[at] * group for at, group in zip(position, start, strict=True))
    return by_block, np.asarray(of_cells)


def _by_block(of_factor: Array, start: Array, position: Array, cells: Cells) -> list[Array]:
    """Sums of a figure by cell over the people of each group, shape (step, block) each.

    Parameters
    ----------
    of_factor : array of shape (factor, step, cell)
        The figure, for every relative hazard.
    start : array of shape (group, cell)
        [person]
    position : array of int, shape (group,)
        Relative hazard of each group.
    cells : Cells
    """
    index, shape = np.arange(cells.block.size), (cells.blocks, cells.block.size)
    by_cell = [np.ascontiguousarray(figure.T) for figure in of_factor]
    return [
        (sparse.csr_array((group, (cells.block, index)), shape=shape) @ by_cell[at]).T
        for at, group in zip(position, start, strict=True)
    ]


def given(observed: Array, zone: Array, start: Array) -> Array:
    """First departures from a table in place of the model's: by zone and step, spread over its blocks by people.

    Parameters
    ----------
    observed : array of shape (step, zone)
        People who left home for the first time. [person]
    zone : array of int, shape (block,)
        Zone of each block.
    start : array of shape (group, block)
        People when the run starts. [person]

    Returns
    -------
    array of shape (step, group, block)
        [person]
    """
    people = np.bincount(zone, start.sum(axis=0), observed.shape[1])
    share = np.divide(start, people[zone], out=np.zeros_like(start), where=people[zone] > 0)
    return np.asarray(observed[:, zone][:, None, :] * share[None])
