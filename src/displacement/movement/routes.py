"""Travel cost between blocks and destinations (E4).

Speeds come from the roads of the table and, off them, from tracks inside a zone. A road that is cut cannot
be used as a road: its cells fall back to the track, so that people still cross it and walk beside it. Lines
between controllers that are closed cannot be crossed, except at an open crossing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from displacement.kernels import travel as kernel
from displacement.movement.assumptions import Travel

Array = NDArray[Any]


def speeds(
    passable: Array,
    stretches: Iterable[tuple[Array, Array]],
    travel: Travel,
    winter: bool = False,
    terrain: Array | None = None,
) -> Array:
    """Speed of travel by cell.

    Parameters
    ----------
    passable : array of bool, shape (cell,)
        Where people get through off the roads; the other cells (sea, desert, abroad) are passable on roads only.
    stretches : iterable of (array of int, array of float)
        Cells and speeds of each stretch of road that is open. [km/h]
    travel : Travel
        Assumptions.
    winter : bool
        Whether the winter factor holds.
    terrain : array of shape (cell,), optional
        Speed off the roads, 0 where nobody can pass, in place of the track's. [km/h]

    Returns
    -------
    array of shape (cell,)
        The fastest way through each cell; 0 where nobody can pass. [km/h]
    """
    off_road = travel.track_speed if terrain is None else terrain
    speed = np.where(passable, off_road * (travel.winter_factor if winter else 1.0), 0.0)
    for cell, road_speed in stretches:
        np.maximum.at(speed, cell, road_speed * travel.road_factor)
    return speed


def costs(
    grounds: Sequence[kernel.Ground], places: Array, hours_beyond: Array, weights: sparse.csr_array
) -> tuple[Array, Array]:
    """Hours from blocks to destinations and between destinations, in every closure epoch.

    Parameters
    ----------
    grounds : sequence of Ground
        The ground to cross in each epoch.
    places : array of int, shape (destination,)
        Cell of each destination.
    hours_beyond : array of shape (destination,)
        Hours from the edge of the area to an exit's far end; 0 inside. [h]
    weights : sparse array of shape (block, cell)
        People of each block by cell. [person]

    Returns
    -------
    array of shape (epoch, block, destination), array of shape (epoch, destination, destination)
        Hours, those beyond an exit included; infinite where there is no way. [h]
    """
    at_places = sparse.csr_array(
        (np.ones(places.size), (np.arange(places.size), places)), shape=(places.size, weights.shape[1])
    )
    both = sparse.vstack([weights, at_places], format="csr")
    cell, column = np.unique(places, return_inverse=True)
    found = kernel.block_means(grounds, cell, both)[..., column] + hours_beyond
    return found[:, : weights.shape[0]], found[:, weights.shape[0] :]
