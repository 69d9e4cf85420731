"""Where people go: shares of each destination for those who leave.

Contract of every entry of `MODELS`
-----------------------------------
``model(hours, allowed, attraction, decay) -> shares``

hours : array of shape (origin, destination), travel time [h]; infinite where there is no way
allowed : array of shape (origin, destination) in [0, 1], share of an origin's people who may use a destination
attraction : array of shape (origin, destination) or (1, destination), >= 0, any scale; 0 where closed [person]
decay : float, loss of utility with an hour of travel [1/h]

shares : array of shape (origin, destination) in [0, 1]. A row adds up to one if the origin has any
destination that is allowed, within reach and attractive; otherwise the whole row is zero. Permuting origins
or destinations permutes the answer. Nothing is written into an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def logit(hours: Array, allowed: Array, attraction: Array, decay: float) -> Array:
    """Multinomial logit: share in proportion to ``attraction * exp(-decay * hours)``.

    McFadden (1974). The attraction carries the sizes and all terms that do not depend on the pair, so that
    all flows come from one matrix of decays and one vector a group.

    Examples
    --------
    >>> logit(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]]), 0.5)
    array([[0.25, 0.75]])
    """
    attraction = attraction * allowed
    usable = np.isfinite(hours) & (attraction > 0)
    distance = np.where(usable, hours, np.inf)
    least = distance.min(axis=1, keepdims=True, initial=np.inf)
    least = np.where(np.isfinite(least), least, 0.0)
    weight = np.where(usable, hours, least) - least
    weight *= -decay
    np.exp(weight, out=weight)
    weight *= np.where(usable, attraction, 0.0)
    return _rows_to_one(weight, attraction, usable, distance)


def _rows_to_one(weight: Array, attraction: Array, usable: Array, distance: Array) -> Array:
    """Divide by the row's sum; where every weight has underflowed, the limit: the nearest alone."""
    total = weight.sum(axis=1, keepdims=True)
    lost = (total == 0) & usable.any(axis=1, keepdims=True)
    if lost.any():
        closest = (distance == distance.min(axis=1, keepdims=True)) & usable
        weight = np.where(lost, np.where(closest, attraction, 0.0), weight)
        total = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight / np.where(total > 0, total, 1.0))


def nearest(hours: Array, allowed: Array, attraction: Array, decay: float) -> Array:
    """Everybody to the nearest place open to any of them; equally near ones share equally. `decay` has no effect.

    The naive entry of the table, to compare the others against.

    Examples
    --------
    >>> nearest(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]]), 0.5)
    array([[1., 0.]])
    """
    usable = (allowed > 0) & np.isfinite(hours) & (attraction > 0)
    distance = np.where(usable, hours, np.inf)
    closest = (distance == distance.min(axis=1, keepdims=True, initial=np.inf)) & usable
    count = closest.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(closest.astype(float), count, out=np.zeros(usable.shape), where=count > 0))


MODELS: dict[str, Callable[[Array, Array, Array, float], Array]] = {"logit": logit, "nearest": nearest}
