"""How long people are on the way: arrival weights by step.

People set off evenly over a step, wait a gamma-distributed time of preparation and then travel a fixed
time. With G the integral of the delay's distribution function, the share that arrives k steps later is the
second difference (G((k+1) dt) - 2 G(k dt) + G((k-1) dt)) / dt. These weights add up to one, and their mean
is the mean delay whatever the step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special


def _integrated_distribution(time: NDArray[Any], shape: float, scale: float) -> NDArray[Any]:
    """Integral from 0 to `time` of the gamma distribution function (0 for negative times). [day]"""
    positive = np.maximum(time, 0.0)
    scaled = positive / scale
    return np.asarray(
        positive * special.gammainc(shape, scaled) - shape * scale * special.gammainc(shape + 1.0, scaled)
    )


def weights(
    travel_days: NDArray[Any],
    preparation_days: float,
    step_days: float,
    shape: float = 3.0,
    tail: float = 1e-6,
) -> NDArray[Any]:
    """Share of those who set off in a step that arrives 0, 1, 2, ... steps later.

    Parameters
    ----------
    travel_days : array of shape (class,)
        Time on the road of each class of cost. [day]
    preparation_days : float
        Mean of the gamma-distributed preparation. [day]
    step_days : float
        Length of a step. [day]
    shape : float
        Shape of the gamma distribution. [1]
    tail : float
        Share of the longest preparations beyond the last step, at the most. They are counted in it, and everybody else
        arrives so little later that the mean stays. [1]

    Returns
    -------
    array of shape (lag, class)
        Columns add up to one. [1]

    Raises
    ------
    ValueError
        If a time is negative, or the step not above zero.

    Examples
    --------
    Half of those who set off evenly over a day and travel half a day arrive the same day:

    >>> weights(np.array([0.5]), 1e-9, 1.0).ravel().round(6)[:2]
    array([0.5, 0.5])
    """
    if step_days <= 0 or preparation_days <= 0 or (travel_days < 0).any():
        raise ValueError("steps and preparation must be above 0 days, travel 0 or more")
    scale = preparation_days / shape
    longest = float(travel_days.max(initial=0.0)) + scale * float(special.gammainccinv(shape, tail))
    lags = int(np.ceil(longest / step_days)) + 2
    edges = step_days * np.arange(lags + 1)[:, None] - travel_days[None, :]
    arrived = _integrated_distribution(edges, shape, scale)
    arrived = arrived - _integrated_distribution(edges - step_days, shape, scale)
    share = np.maximum(np.diff(arrived, axis=0) / step_days, 0.0)
    share[-1] = np.maximum(share[-1] + 1.0 - share.sum(axis=0), 0.0)
    share /= share.sum(axis=0)
    lost = (travel_days + preparation_days) / step_days - np.arange(lags) @ share
    late = np.divide(lost, 1.0 - share[-1], out=np.zeros_like(lost), where=lost > 0) * share[:-1]
    share[:-1] -= late
    share[1:] += late
    return np.asarray(share)
