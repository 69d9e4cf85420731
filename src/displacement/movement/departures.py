"""How many leave each cell for the first time, summed into blocks (E3).

Home at a cell is P0 exp(-Lambda), a function of the hazard alone. So a cell is touched once, who stays at home there
is added to its block, and it is forgotten.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.kernels import pressure
from displacement.movement import hazard
from displacement.movement.assumptions import Movement
from displacement.movement.threats import Answers, Threats

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
    """Block, counted from `first_block`; rising."""
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
) -> xr.Dataset:
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
    """
    start = by_group(cells.population, cells.prior_share, movement.departures.staying_share)
    distinct, position = np.unique(factors(movement), return_inverse=True)
    first = np.searchsorted(cells.block, np.arange(cells.blocks + 1))
    people = pressure.People(first, start, position)
    home, pressed = hazard.by_block(threats, answers, movement.hazard, edges, distinct, cells.key, people)
    return from_home(home, pressed, cells.first_block)


def from_home(home: Array, pressed: Array, first_block: int = 0) -> xr.Dataset:
    """First departures of blocks, from who stays at home.

    Parameters
    ----------
    home : array of shape (group, step + 1, block)
        Who never left, at each edge. [person]
    pressed : array of shape (group, step + 1, block)
        Cumulative hazard at each edge, times who lived there. [person]
    first_block : int
        Position of the first block.

    Returns
    -------
    xarray.Dataset
        As of `first_departures`.
    """
    people = home[:, 0]
    leaving = np.maximum(-np.diff(home, axis=1), 0.0)
    step_hazard, weight = np.diff(pressed, axis=1), people[:, None, :]
    mean = np.divide(step_hazard, weight, out=np.zeros_like(step_hazard), where=weight > 0)
    return xr.Dataset(
        {
            "first_departures": (("time", "group", "origin"), leaving.transpose(1, 0, 2)),
            "mean_hazard": (("time", "group", "origin"), mean.transpose(1, 0, 2)),
            "start": (("group", "origin"), people.copy()),
        },
        coords={"origin": first_block + np.arange(people.shape[1]), "group": list(GROUPS)},
    )


def of_cells(cells: Cells, threats: Threats, answers: Answers, movement: Movement, edges: Array) -> Array:
    """First departures of each cell, all groups, shape (step, cell); as for `first_departures`. [person]"""
    start = by_group(cells.population, cells.prior_share, movement.departures.staying_share)
    met = hazard.cumulative(threats, answers, cells.key, movement.hazard, edges, factors(movement))
    return np.asarray(-np.diff((start[:, None, :] * np.exp(-met)).sum(axis=0), axis=0))


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
