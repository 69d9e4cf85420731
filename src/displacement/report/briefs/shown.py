"""A figure as the brief may show it: rounded and suppressed by itself, with its range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.report.rounding import (
    SMALLEST,
    SUPPRESSED,
    UNKNOWN,
    level_names,
    quantiles,
    shared_people,
    shared_quantity,
)

__all__ = ["Shown", "Steps", "people", "people_by", "quantity", "shown_at"]

Array = NDArray[Any]
Cell = tuple[str, str]
"""Text and note."""


class Shown(NamedTuple):
    """What is left of a figure when it may be shared."""

    middle: float | None
    """None where it is suppressed or not known."""
    low: float | None = None
    """None without a range."""
    high: float | None = None
    note: str = ""
    """`lt100`, `not known` or blank."""

    @property
    def has_range(self) -> bool:
        """Whether there is a range to show."""
        return self.low is not None and self.high is not None

    @property
    def alone(self) -> Shown:
        """The same without its range."""
        return self._replace(low=None, high=None)

    @property
    def something(self) -> bool:
        """Whether it is more than nothing: a figure above 0, or one that is suppressed."""
        return bool(self.middle) or self.note == SUPPRESSED


class Steps(NamedTuple):
    """Figures by day, and zone where there are zones, as plain lists: None is no figure, -1 a suppressed one."""

    middle: list[Any]
    low: list[Any] | None
    high: list[Any] | None


HIDDEN = -1
"""Stands in lists for a suppressed figure."""


def people(by_member: Array, asked: Sequence[float]) -> Shown:
    """A figure of people.

    Parameters
    ----------
    by_member : array of shape (member,)
        [person]
    asked : sequence of float
        Quantiles over the members: the range goes from the lowest to the highest.

    Examples
    --------
    >>> people(np.array([328_412.0]), (0.1, 0.5, 0.9))
    Shown(middle=330000.0, low=None, high=None, note='')
    >>> people(np.array([42.0]), (0.1, 0.5, 0.9)).note
    'lt100'
    """
    return _shown(by_member, asked, shared_people)


def quantity(by_member: Array, asked: Sequence[float], behind: float) -> Shown:
    """A quantity of aid, tonnes, trucks or money, with the people behind it.

    Parameters
    ----------
    by_member : array of shape (member,)
    asked : sequence of float
        Quantiles over the members.
    behind : float
        1 to 99 suppress it. [person]
    """
    return _shown(by_member, asked, lambda value: shared_quantity(value, behind))


def _shown(by_member: Array, asked: Sequence[float], share: Callable[[float], Cell]) -> Shown:
    names = level_names(asked)
    levels = quantiles(np.asarray(by_member, dtype=float), asked)
    cells = {name: share(float(level)) for name, level in levels.items() if level is not None}
    note = next((note for _, note in cells.values() if note), "")
    if note:
        return Shown(None, note=note)
    low, high = (cells.get(name) if len(names) > 1 else None for name in (names[0], names[-1]))
    ranged = low is not None and high is not None and low != high
    return Shown(
        float(cells["p50"][0]),
        float(low[0]) if ranged and low else None,
        float(high[0]) if ranged and high else None,
    )


def people_by(levels: dict[str, Array | None], asked: Sequence[float]) -> Steps:
    """Figures of people by day, and zone, for a page.

    Parameters
    ----------
    levels : dict of array of shape (time,) or (time, zone)
        Quantiles by name, as `quantiles` gives them. [person]
    asked : sequence of float
        Which they are.
    """
    names = level_names(asked)
    middle, low, high = (levels.get(name) for name in ("p50", names[0], names[-1]))
    if middle is None or low is None or high is None or len(names) == 1:
        return Steps(_plain(np.asarray(middle)), None, None)
    hidden = np.logical_or.reduce([_few(level) for level in levels.values() if level is not None])
    return Steps(*(_plain(np.asarray(level), hidden) for level in (middle, low, high)))


def shown_at(steps: Steps, day: int, zone: int) -> Shown:
    """One of the figures by day and zone.

    >>> shown_at(Steps([[5300, -1]], [[3700, -1]], [[5700, -1]]), 0, 0).high
    5700
    >>> shown_at(Steps([[5300, -1]], None, None), 0, 1).note
    'lt100'
    """
    middle, low, high = (None if level is None else level[day][zone] for level in steps)
    if middle is None or middle == HIDDEN:
        return Shown(None, note=UNKNOWN if middle is None else SUPPRESSED)
    return Shown(middle) if low == high else Shown(middle, low, high)


def _few(values: Array) -> NDArray[np.bool_]:
    whole = np.round(values)
    return np.asarray((whole > 0) & (whole < SMALLEST))


def _plain(values: Array, hidden: Array | None = None) -> list[Any]:
    """Rounded figures as plain numbers."""
    unknown = np.isnan(values)
    whole = np.round(np.where(unknown, 0.0, values))
    digits = np.floor(np.log10(np.maximum(whole, 1.0))) - 1
    unit = 10.0 ** np.maximum(digits, 0.0)
    rounded = np.round(whole / unit) * unit
    rounded = np.where(_few(whole) if hidden is None else hidden, HIDDEN, rounded)
    plain = rounded.astype(np.int64).astype(object)
    plain[unknown] = None
    found: list[Any] = plain.tolist()
    return found
