"""How figures are shown: exactly for the analyst, rounded and suppressed one by one for those it is forwarded to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from displacement.report.books.paper import Figure
from displacement.report.rounding import UNKNOWN, shared_people, shared_quantity, significant

__all__ = ["EXACT", "SHARED", "Showing"]


@dataclass(frozen=True)
class Showing:
    """What becomes of figures on paper."""

    people: Callable[[float], Figure]
    """People."""
    quantity: Callable[[float, float], Figure]
    """A quantity of aid, and the people whom it is for."""
    stock: Callable[[float], float]
    """What is in store."""
    exact: bool
    """Whether hubs, routes and inputs are named, and working sheets are exact."""


def _exact_quantity(value: float, people: float) -> Figure:
    return UNKNOWN if math.isnan(value) else value


def _shared_people(value: float) -> Figure:
    text, note = shared_people(value)
    return note or float(text)


def _shared_quantity(value: float, people: float) -> Figure:
    text, note = shared_quantity(value, people)
    return note or float(text)


EXACT = Showing(lambda value: value, _exact_quantity, lambda value: value, True)
"""As the run has them."""
SHARED = Showing(_shared_people, _shared_quantity, significant, False)
"""Two significant digits, each figure by itself; 1 to 99 people suppressed."""
