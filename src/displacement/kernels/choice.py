"""Where people go: shares of each destination for those who leave.

Contract of every entry of `MODELS`
-----------------------------------
``model(hours, allowed, decay) -> choose`` once for a set of ways, then ``choose(attraction) -> shares`` as often as what
draws people changes.

hours : array of shape (origin, destination), travel time [h]; infinite where there is no way
allowed : array of shape (origin, destination) in [0, 1], share of an origin's people who may use a destination
decay : float, loss of utility with an hour of travel [1/h]
attraction : array of shape (origin, destination) or (1, destination), >= 0, any scale; 0 where closed [person]

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
Choose = Callable[[Array], Array]

FAINT = 1e-200
"""Where what draws an origin's people has faded to this part of what would draw them to the nearest of all, it is
reckoned again from the nearest that is open, so that nothing is lost to rounding. [1]"""


def logit(hours: Array, allowed: Array, decay: float) -> Choose:
    """Multinomial logit: share in proportion to ``attraction * exp(-decay * hours)``.

    McFadden (1974). The attraction carries the sizes and all terms that do not depend on the pair, so that the matrix of
    decays is worked out once, and all flows come from it and one vector a group.

    Examples
    --------
    >>> choose = logit(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]]), 0.5)
    >>> choose(np.array([[1.0, 3.0]]))
    array([[0.25, 0.75]])
    """
    usable = np.isfinite(hours) & (allowed > 0)
    near = _decays(hours, usable, decay) * allowed

    def choose(attraction: Array) -> Array:
        weight = near * attraction
        total = weight @ np.ones(weight.shape[1])
        faint = np.flatnonzero(total <= FAINT * attraction.max(axis=1, initial=0.0))
        if faint.size:
            drawn = np.broadcast_to(attraction, hours.shape)[faint]
            some = usable[faint] & (drawn > 0)
            weight[faint] = _decays(hours[faint], some, decay) * np.where(some, allowed[faint] * drawn, 0.0)
            total[faint] = weight[faint].sum(axis=1)
        weight /= np.where(total > 0, total, 1.0)[:, None]
        return weight

    return choose


def _decays(hours: Array, usable: Array, decay: float) -> Array:
    """exp(-decay * hours) by origin, relative to the nearest that is usable; 0 where nothing is."""
    least = np.where(usable, hours, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    beyond = np.subtract(hours, least, out=np.zeros(hours.shape), where=usable)
    return np.where(usable, np.exp(-decay * beyond), 0.0)


def nearest(hours: Array, allowed: Array, decay: float) -> Choose:
    """Everybody to the nearest place open to any of them; equally near ones share equally. `decay` has no effect.

    The naive entry of the table, to compare the others against.

    Examples
    --------
    >>> choose = nearest(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), 0.5)
    >>> choose(np.array([[1.0, 3.0]]))
    array([[1., 0.]])
    """
    reached = np.where((allowed > 0) & np.isfinite(hours), hours, np.inf)

    def choose(attraction: Array) -> Array:
        distance = np.where(attraction > 0, reached, np.inf)
        least = distance.min(axis=1, keepdims=True, initial=np.inf)
        closest = (distance == least) & np.isfinite(distance)
        count = closest.sum(axis=1, keepdims=True)
        return np.asarray(
            np.divide(closest.astype(float), count, out=np.zeros(closest.shape), where=count > 0)
        )

    return choose


MODELS: dict[str, Callable[[Array, Array, float], Choose]] = {"logit": logit, "nearest": nearest}
