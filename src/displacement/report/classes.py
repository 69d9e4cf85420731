"""Classes and colours of maps of people: the same in the brief, in layers and in pictures, so that they can be laid side
by side."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from displacement.report.rounding import SUPPRESSED, shared_people

__all__ = ["CLASSES", "FEW", "NOBODY", "UNKNOWN", "Class", "class_of"]

BREAKS = (100, 1_000, 5_000, 20_000, 50_000, 100_000)
"""Where classes of shared figures begin. They are fixed, so that two maps of two days or runs compare. [person]"""
COLOURS = ("#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
"""From few to many, told apart by those who see few colours and on a grey print (YlGnBu of ColorBrewer 2.0)."""


class Class(NamedTuple):
    """A class of a map."""

    name: str
    """A short word for it, the same whatever its bounds."""
    label: str
    """What the legend says."""
    colour: str
    low: int | None = None
    """The smallest figure; None of a class without figures. [person]"""
    high: int | None = None
    """The figure from which the next class begins; None of the last. [person]"""
    hatched: bool = False
    """Whether lines are drawn over the colour: told from its neighbours without any."""


NOBODY = Class("nobody", "nobody", "#ffffff", 0, 1)
FEW = Class(SUPPRESSED, "1 to 99 (not shown)", "#ede6d3", hatched=True)
"""Suppressed figures: nobody can tell which of 1 to 99."""
UNKNOWN = Class("unknown", "not known", "#d9d9d9")


def _between(low: int, high: int | None) -> str:
    return f"{low:,} and more" if high is None else f"{low:,} to {high - 1:,}"


CLASSES: tuple[Class, ...] = (
    NOBODY,
    FEW,
    *(
        Class(f"from_{low}", _between(low, high), colour, low, high)
        for (low, high), colour in zip(pairwise((*BREAKS, None)), COLOURS, strict=True)
        if low is not None
    ),
    UNKNOWN,
)
"""All classes, in the order of the legend."""


def class_of(value: float | None) -> Class:
    """The class of an exact figure of people, by what of it is shared.

    >>> [class_of(value).label for value in (0.2, 42.0, 996.0, 328_412.0, None)]
    ['nobody', '1 to 99 (not shown)', '1,000 to 4,999', '100,000 and more', 'not known']
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    text, note = shared_people(value)
    if note:
        return FEW
    shown = int(text)
    return next(
        one
        for one in reversed(CLASSES)
        if one.low is not None and shown >= one.low and (one.high is None or shown < one.high)
    )
