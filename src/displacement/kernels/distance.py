"""Distance to what changes hands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def distance_to(mask: NDArray[np.bool_], cell_km: float) -> NDArray[Any]:
    """Straight distance from each cell's centre to the nearest marked cell's centre.

    Parameters
    ----------
    mask : array of bool, shape (row, column)
        The cells to measure from.
    cell_km : float
        Side of a cell. [km]

    Returns
    -------
    array of float, shape (row, column)
        Zero in the marked cells, infinite everywhere if none is marked. [km]

    Notes
    -----
    The exact Euclidean transform of `scipy.ndimage.distance_transform_edt`.

    Examples
    --------
    >>> distance_to(np.array([[True, False, False]]), 2.0)
    array([[0., 2., 4.]])
    """
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=cell_km))
