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
from displacement.movement.destinations import Places

Array = NDArray[Any]


def speeds(
    zone: Array,
    stretches: Iterable[tuple[Array, Array]],
    travel: Travel,
    winter: bool = False,
    terrain: Array | None = None,
) -> Array:
    """Speed of travel by cell.

    Parameters
    ----------
    zone : array of int, shape (cell,)
        Zone of each cell; cells without one are passable on roads only (sea, desert, abroad).
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
    speed = np.where(zone >= 0, off_road * (travel.winter_factor if winter else 1.0), 0.0)
    for cell, road_speed in stretches:
        np.maximum.at(speed, cell, road_speed * travel.road_factor)
    return speed


def costs(grounds: Sequence[kernel.Ground], places: Places, weights: sparse.csr_array) -> tuple[Array, Array]:
    """Hours from blocks to destinations and between destinations, in every closure epoch.

    Parameters
    ----------
    grounds : sequence of Ground
        The ground to cross in each epoch.
    places : Places
        Destinations.
    weights : sparse array of shape (block, cell)
        People of each block by cell. [person]

    Returns
    -------
    array of shape (epoch, block, destination), array of shape (epoch, destination, destination)
        Hours, those beyond an exit included; infinite where there is no way. [h]
    """
    at_places = sparse.csr_array(
        (np.ones(places.count), (np.arange(places.count), places.cell)),
        shape=(places.count, weights.shape[1]),
    )
    both = sparse.vstack([weights, at_places], format="csr")
    cell, column = np.unique(places.cell, return_inverse=True)
    found = kernel.block_means(grounds, cell, both)[..., column] + places.hours_beyond
    return found[:, : weights.shape[0]], found[:, weights.shape[0] :]
