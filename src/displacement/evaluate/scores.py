"""Scores of estimates against what was observed: factor, shares, CRPS, coverage, skill."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scoringrules

__all__ = ["coverage", "crps_of_logs", "factor", "interval", "skill", "total_variation", "width"]

Array = npt.NDArray[np.float64]


def factor(estimate: npt.ArrayLike, observed: npt.ArrayLike) -> Array:
    """By what factor an estimate is off, too high or too low alike; 1 is exact.

    Parameters
    ----------
    estimate, observed : array of any one shape
        Above 0. [person]

    Returns
    -------
    array
        At least 1; inf where the estimate is 0 and the observed figure is not; NaN where the latter is 0. [1]

    Examples
    --------
    >>> factor([200.0, 50.0], [100.0, 100.0])
    array([2., 2.])
    """
    told, seen = np.asarray(estimate, dtype=float), np.asarray(observed, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(np.log(told / seen))
    return np.where(seen > 0, np.exp(ratio), np.nan)


def total_variation(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Share of people who would have to be moved to make one distribution the other.

    Parameters
    ----------
    first, second : array of shape (place,)
        Any scale, none below 0.

    Returns
    -------
    float
        From 0, the same shares, to 1, no place in common; NaN where one of them is all zero. [1]

    Examples
    --------
    >>> total_variation([1.0, 1.0], [10.0, 10.0]), total_variation([1.0, 0.0], [0.0, 5.0])
    (0.0, 1.0)
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.sum() <= 0 or other.sum() <= 0:
        return float("nan")
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2.0)


def crps_of_logs(observed: npt.ArrayLike, members: npt.ArrayLike) -> Array:
    """Continuous ranked probability score of log(1 + people); of one member, the absolute error of the logarithm.

    Parameters
    ----------
    observed : array of shape (figure,)
        [person]
    members : array of shape (figure, member)
        [person]

    Returns
    -------
    array of shape (figure,)
        At least 0; 0.69 is a sure figure that is off by a factor of two. [1]

    Notes
    -----
    Fair estimator for a finite ensemble, after Gneiting and Raftery (2007), from scoringrules.

    Examples
    --------
    >>> crps_of_logs([99.0], [[199.0]]).round(3)
    array([0.693])
    """
    seen, told = np.log1p(np.asarray(observed, dtype=float)), np.log1p(np.asarray(members, dtype=float))
    if told.shape[-1] == 1:
        alone: Array = np.abs(told[..., 0] - seen)
        return alone
    found: Array = np.asarray(scoringrules.crps_ensemble(seen, told, estimator="fair"), dtype=float)
    return found


def interval(members: npt.ArrayLike, share: float = 0.8) -> tuple[Array, Array]:
    """Central interval of the members, (figure,) each: of 0.8 the 10th and the 90th percentile.

    >>> interval(np.arange(11.0)[None], 0.8)
    (array([1.]), array([9.]))
    """
    told = np.asarray(members, dtype=float)
    low, high = np.quantile(told, [(1 - share) / 2, (1 + share) / 2], axis=-1)
    return np.asarray(low), np.asarray(high)


def coverage(observed: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> float:
    """Share of observed figures that lie in their intervals, ends included; NaN without figures. [1]

    >>> coverage([1.0, 5.0], [0.0, 0.0], [2.0, 2.0])
    0.5
    """
    seen = np.asarray(observed, dtype=float)
    inside = (np.asarray(low) <= seen) & (seen <= np.asarray(high))
    return float(inside.mean()) if seen.size else float("nan")


def width(low: npt.ArrayLike, high: npt.ArrayLike) -> float:
    """Mean width of intervals as a factor, high over low, on log(1 + people); NaN without figures. [1]

    >>> width([99.0], [199.0])
    2.0
    """
    spread = np.log1p(np.asarray(high, dtype=float)) - np.log1p(np.asarray(low, dtype=float))
    return float(round(np.exp(spread.mean()), 12)) if spread.size else float("nan")


def skill(score: float, baselines: npt.ArrayLike) -> float:
    """Skill against the best of the baselines: 1 - score / best; above 0 is better than all of them. [1]

    >>> skill(0.2, [0.4, 0.8]), skill(0.8, [0.4, 0.8])
    (0.5, -1.0)
    """
    known = np.asarray(baselines, dtype=float)
    known = known[np.isfinite(known)]
    if not known.size or known.min() <= 0:
        return float("nan")
    return float(1.0 - score / known.min())
