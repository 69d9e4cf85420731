"""The classes into which maps sort figures of people: one scale for every day, variant and map."""

from __future__ import annotations

import math

from displacement.report.rounding import SMALLEST

__all__ = ["BREAKS", "COLOURS", "NOTHING", "NO_DATA", "SUPPRESSED", "class_of"]

BREAKS = (SMALLEST, 1_000, 5_000, 20_000, 50_000, 100_000)
"""Where a class begins; the last is open. The same always, so that two maps may be held side by side. [person]"""
COLOURS = ("#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
"""From few to many, told apart by those who see few colours and on a grey print (YlGnBu of ColorBrewer 2.0)."""
NOTHING, SUPPRESSED, NO_DATA = "#ffffff", "#ede6d3", "#d9d9d9"
"""Nobody; 1 to 99; not known, which is hatched too: these three are never the same."""


def class_of(people: float) -> int | None:
    """The class of a figure: -1 nobody, 0 suppressed, from 1 on those of `BREAKS`; None where it is not known.

    >>> [class_of(people) for people in (0.2, 60.0, 100.0, 4_999.0, 2e6, math.nan)]
    [-1, 0, 1, 2, 6, None]
    """
    if math.isnan(people):
        return None
    whole = round(people)
    return -1 if whole <= 0 else sum(whole >= edge for edge in BREAKS)
