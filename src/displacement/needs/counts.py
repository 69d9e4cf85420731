"""What a quantity multiplies: the people whom a line counts, so that need = count x quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.demand import Reckoner, per_person
from displacement.needs.item import Item

__all__ = ["Linear", "is_bent", "linear", "units_per_person"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """A line's need before what kits hold of it is taken off: count x units per person x quantity + fixed."""

    count: Array
    """People whom the line counts, times periods, (member, time, zone). [person]"""
    fixed: Array
    """What zones with a quantity of their own call for, (member, time, zone). [unit]"""


def units_per_person(item: Item, profile: NeedsAssumptions) -> float:
    """Households, kits' households, cases or persons in one person of the item's first group. [1/person]"""
    return per_person(item, profile, item.for_group[0])


def is_bent(item: Item, reckoner: Reckoner) -> bool:
    """Whether a line's need is not its count times its quantity alone: kits hold of it, or zones have their own."""
    catalogue = reckoner.catalogue
    held = any(item.id in other.contains for other in catalogue.items)
    return held or any(item.id == other.id for change in catalogue.sites for other in change.items)


def linear(reckoner: Reckoner, item: Item) -> Linear:
    """Take a line's own need apart.

    Parameters
    ----------
    reckoner : Reckoner
        With the people and the lines.
    item : Item
        One of its lines.

    Returns
    -------
    Linear
        NaN where the line is for people who are not given.

    Notes
    -----
    Where zones have a quantity of their own, need is a straight line in the line's quantity; what it is at the quantity
    and at twice of it says both the slope and what is fixed.

    Examples
    --------
    With q the quantity and u the units per person: gross = count u q + fixed.
    """
    each = units_per_person(item, reckoner.profile) * item.quantity
    once = reckoner.gross(item)
    changed = any(item.id == other.id for change in reckoner.catalogue.sites for other in change.items)
    if not changed:
        return Linear(once / each, np.zeros(once.shape))
    doubled = item.model_copy(update={"quantity": 2.0 * item.quantity})
    slope = np.maximum(reckoner.gross(doubled) - once, 0.0)
    return Linear(slope / each, np.maximum(once - slope, 0.0))
