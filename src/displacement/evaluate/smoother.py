"""Fitting without gradients: which draws are plausible at all, and a smoother that moves draws to what was seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["implausibility", "smoothed", "weighed"]

Array = NDArray[Any]


def implausibility(predicted: Array, observed: Array, spread: Array, tolerated: int = 0) -> Array:
    """How far each draw is from what was seen, in standard deviations of its worst figure.

    Parameters
    ----------
    predicted : array of shape (draw, figure)
        What each draw gives.
    observed : array of shape (figure,)
        What was seen.
    spread : array of shape (figure,)
        Standard deviation of what was seen about the truth, the model's own error included.
    tolerated : int
        So many of the worst figures are left out, as a reporting slip should not rule a draw out.

    Returns
    -------
    array of shape (draw,)
        A draw above 3 is implausible (Vernon, Goldstein and Bower, 2010).

    Examples
    --------
    >>> implausibility(np.array([[1.0, 2.0], [4.0, 9.0]]), np.array([0.0, 2.0]), np.array([1.0, 2.0]))
    array([1., 4.])
    """
    away = np.sort(np.abs(predicted - observed) / spread, axis=1)
    return np.asarray(away[:, away.shape[1] - 1 - tolerated])


def smoothed(
    draws: Array,
    predict: Callable[[Array], Array],
    observed: Array,
    covariance: Array,
    steps: int,
    random: np.random.Generator,
) -> tuple[Array, list[Array]]:
    """Draws from the prior, moved to draws from the posterior in several steps of equal weight.

    Parameters
    ----------
    draws : array of shape (draw, parameter)
        Draws from the prior, a standard normal in each parameter.
    predict : callable
        Figures of shape (draw, figure) from draws.
    observed : array of shape (figure,)
        What was seen.
    covariance : array of shape (figure, figure)
        Of the error of what was seen, the model's own error included.
    steps : int
        Each assimilates the figures with their covariance times this number.
    random : numpy.random.Generator
        Perturbs the figures.

    Returns
    -------
    array of shape (draw, parameter)
        Draws from the posterior; exact for a linear model and many draws.
    list of array of shape (draw, figure)
        Figures of the draws before each step, and of the last draws.

    Notes
    -----
    ES-MDA: Emerick and Reynolds (2013), Computers & Geosciences 55, with equal inflation. Where the draws do not
    differ beyond noise they are left alone, by solving with the full covariance.
    """
    root = np.linalg.cholesky(covariance)
    history = [predict(draws)]
    for _ in range(steps):
        predicted = history[-1]
        centred, moved = predicted - predicted.mean(axis=0), draws - draws.mean(axis=0)
        among = len(draws) - 1
        gain = np.linalg.solve(centred.T @ centred / among + steps * covariance, centred.T @ moved / among)
        noise = np.sqrt(steps) * random.standard_normal(predicted.shape) @ root.T
        draws = draws + (observed + noise - predicted) @ gain
        history.append(predict(draws))
    return draws, history


def weighed(scores: Array, predicted: Array, observed: Array, covariance: Array) -> tuple[float, float]:
    """Posterior mean and variance of one standard normal parameter, from a grid of its values.

    Parameters
    ----------
    scores : array of shape (score,)
        Evenly spaced.
    predicted : array of shape (score, figure)
        Figures at each.
    observed : array of shape (figure,)
        What was seen.
    covariance : array of shape (figure, figure)
        Of the error of what was seen.

    Returns
    -------
    tuple of float
        Mean and variance. Without figures, those of the prior on the grid.

    Examples
    --------
    >>> mean, variance = weighed(np.linspace(-4, 4, 81), np.zeros((81, 0)), np.zeros(0), np.zeros((0, 0)))
    >>> round(abs(mean), 6), round(variance, 2)
    (0.0, 1.0)
    """
    away = predicted - observed
    misfit = (
        (away * np.linalg.solve(covariance, away.T).T).sum(axis=1) if observed.size else np.zeros(len(scores))
    )
    logarithm = -0.5 * (misfit + scores**2)
    weight = np.exp(logarithm - logarithm.max())
    weight /= weight.sum()
    mean = float(weight @ scores)
    return mean, float(weight @ (scores - mean) ** 2)
