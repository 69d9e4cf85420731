"""A front on its way along a road: which places it passes, and on which day."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def nearest_on_path(path: ArrayLike, points: ArrayLike) -> tuple[Array, Array]:
    """Distance of points to a path, and how far along it the nearest point lies.

    Parameters
    ----------
    path : array of shape (vertex, 2)
        Easting and northing of the path's vertices, two or more. [m]
    points : array of shape (point, 2)
        [m]

    Returns
    -------
    distance, along : arrays of shape (point,)
        Of equally near points of the path, the first. [m]

    Examples
    --------
    >>> distance, along = nearest_on_path([[0, 0], [10, 0]], [[4, 3], [12, 0]])
    >>> distance.tolist(), along.tolist()
    ([3.0, 2.0], [4.0, 10.0])
    """
    vertices, points = np.asarray(path, dtype=float), np.asarray(points, dtype=float)
    step = np.diff(vertices, axis=0)
    length = np.hypot(*step.T)
    before = np.append(0.0, np.cumsum(length))[:-1]
    offset = points[:, None, :] - vertices[None, :-1, :]
    squared = np.where(length > 0, length**2, 1.0)
    share = np.clip((offset * step).sum(axis=2) / squared, 0.0, 1.0)
    distance = np.hypot(*np.moveaxis(offset - share[:, :, None] * step, 2, 0))
    at = distance.argmin(axis=1)
    rows = np.arange(len(points))
    return distance[rows, at], before[at] + share[rows, at] * length[at]


def stretch(path: ArrayLike, start: float, end: float) -> Array:
    """The part of a path between two positions along it, in the direction from `start` to `end`.

    Parameters
    ----------
    path : array of shape (vertex, 2)
        [m]
    start, end : float
        Positions along the path. [m]

    Returns
    -------
    array of shape (vertex, 2)
        Begins at `start` and ends at `end`. [m]

    Examples
    --------
    >>> stretch([[0, 0], [10, 0], [10, 10]], 15, 5).tolist()
    [[10.0, 5.0], [10.0, 0.0], [5.0, 0.0]]
    """
    vertices = np.asarray(path, dtype=float)
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(vertices, axis=0).T)))
    first, last = sorted((start, end))
    ends = np.column_stack([np.interp([first, last], along, axis) for axis in vertices.T])
    between = vertices[(along > first) & (along < last)]
    part = np.concatenate([ends[:1], between, ends[1:]])
    return part if start <= end else part[::-1]


def day_of_passage(share: ArrayLike, start: int, end: int) -> Array:
    """Day on which a front passes points of its way, at one speed from noon of one day to noon of another.

    Changes of control are dated by day and take effect at noon. The day on which the front passes is also the
    day whose noon is nearest to the moment: on average over the way the rounding shifts nothing, and never by more
    than half a day.

    Parameters
    ----------
    share : array
        Share of the way done at each point, 0 to 1. [1]
    start, end : int
        First and last day. [day]

    Returns
    -------
    array of int
        `start` at 0 and `end` at 1, rising between. [day]

    Examples
    --------
    >>> day_of_passage([0.0, 0.12, 0.13, 0.5, 1.0], 3, 7).tolist()
    [3, 3, 4, 5, 7]
    """
    moment = start + 0.5 + np.asarray(share, dtype=float) * (end - start)
    return np.floor(moment + 1e-9).astype(np.int64)
