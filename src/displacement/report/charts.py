"""Charts as positions on a drawing: axes, fans, rows of ranges. A template draws them as SVG.

Positions are pixels of a drawing that a page scales as a whole; upwards is smaller, as in SVG.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_TICKS = 8
"""Labels that an axis has room for."""
MARGIN = 52.0
"""Room for the labels of an axis that goes up. [pixel]"""
EDGE = 30.0
"""Room at the right for half a label. [pixel]"""
LABELS, SHARE_LABELS = 310.0, 200.0
"""Room for the label of a row, and of a row of shares. [pixel]"""
ALIKE = 7.0
"""Width of a letter of a mark; marks that would overlap are made one. [pixel]"""
LETTER = 6.2
"""Width of a letter of a label, on average. [pixel]"""
TOP, STEP = 14.0, 22.0
"""First row, and from one to the next. [pixel]"""


class Axis(NamedTuple):
    """Where values lie on a drawing."""

    low: float
    """Value at `start`."""
    high: float
    """Value at `end`."""
    start: float
    """[pixel]"""
    end: float
    """[pixel]"""
    logarithmic: bool = True
    """Whether equal distances are equal factors."""


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    """[pixel]"""
    label: str


class Bar(NamedTuple):
    """A range with its middle; blank ends where there is no range."""

    low: float | None
    """[pixel]"""
    middle: float
    """[pixel]"""
    high: float | None
    """[pixel]"""


class Point(NamedTuple):
    """A figure on a chart of days."""

    x: float
    """[pixel]"""
    y: float
    """[pixel]"""
    low: float | None
    """[pixel]"""
    high: float | None
    """[pixel]"""
    filled: bool
    words: str
    """What a reader is told who points at it."""
    told: Bar | None
    """The estimate of the very same count."""


Levels = tuple[float | None, float | None, float | None]
"""Low, middle and high."""


class Seen(NamedTuple):
    """An observed figure of a day, with its estimate."""

    date: np.datetime64
    value: float
    low: float | None
    high: float | None
    filled: bool
    words: str
    told: Levels


class Told(NamedTuple):
    """A figure that was observed and estimated."""

    label: str
    seen: Levels
    told: Levels
    marks: Mapping[str, float]
    """Other estimates by name, one letter each."""
    filled: bool
    words: str


class Fan(NamedTuple):
    """Range and middle by day, with points."""

    band: str
    """Path of the range; blank without one."""
    middle: str
    """Path of the middle."""
    points: tuple[Point, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


class Row(NamedTuple):
    """A line of a chart of ranges."""

    y: float
    """[pixel]"""
    label: str
    seen: Bar | None
    """What was observed, with its range."""
    told: Bar | None
    """The estimate; nothing where it says nothing."""
    marks: Mapping[str, float]
    """Other estimates by name, those that lie together under one. [pixel]"""
    filled: bool
    words: str


def position(axis: Axis, value: float) -> float:
    """Where a value lies; values beyond an end lie on it. [pixel]

    >>> position(Axis(1.0, 100.0, 0.0, 200.0), 10.0), position(Axis(0.0, 1.0, 100.0, 0.0, False), 0.25)
    (100.0, 75.0)
    """
    held = min(max(value, axis.low), axis.high)
    if axis.logarithmic:
        share = math.log(held / axis.low) / math.log(axis.high / axis.low)
    else:
        share = (held - axis.low) / (axis.high - axis.low)
    return round(axis.start + share * (axis.end - axis.start), 1)


def wide_enough(values: Sequence[float], start: float, end: float) -> Axis:
    """A logarithmic axis that holds all values above 0, with some room, and at least a factor of ten.

    >>> wide_enough([30.0, 4000.0, 0.0, math.nan], 0.0, 1.0)[:2]
    (20.0, 5000.0)
    >>> wide_enough([500.0], 0.0, 1.0)[:2]
    (100.0, 2000.0)
    """
    known = [value for value in values if math.isfinite(value) and value > 0] or [1.0]
    low, high = _below(min(known) * 0.95), _above(max(known) * 1.05)
    while high / low < 10:
        low, high = _below(low * 0.99), _above(high * 1.01)
    return Axis(low, high, start, end)


def _steps(value: float) -> list[float]:
    decade = math.floor(math.log10(value))
    return [step * 10.0**power for power in (decade - 1, decade, decade + 1) for step in (1, 2, 5)]


def _below(value: float) -> float:
    """The next of 1, 2, 5, 10, ... at or below a value."""
    return max(step for step in _steps(value) if step <= value)


def _above(value: float) -> float:
    """The next of 1, 2, 5, 10, ... at or above a value."""
    return min(step for step in _steps(value) if step >= value)


def short(value: float) -> str:
    """A number of people on an axis.

    >>> short(200.0), short(5000.0), short(2e6), short(0.0)
    ('200', '5,000', '2 M', '0')
    """
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value:,.0f}"


def ticks(axis: Axis) -> tuple[Tick, ...]:
    """Marks of a logarithmic axis at 1, 2, 5, or at 1 alone where these are too many.

    >>> [tick.label for tick in ticks(Axis(100.0, 2000.0, 0.0, 1.0))]
    ['100', '200', '500', '1,000', '2,000']
    """
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        values = [step * 10.0**power for power in powers for step in steps]
        within = [value for value in values if axis.low * 0.999 <= value <= axis.high * 1.001]
        if len(within) <= MOST_TICKS:
            break
    return tuple(Tick(position(axis, value), short(value)) for value in within)


def days_axis(days: Array, start: float, end: float) -> tuple[Axis, tuple[Tick, ...]]:
    """An axis of days, with at most six labels on whole days.

    Parameters
    ----------
    days : array of datetime64
    """
    numbers = days.astype("datetime64[D]").astype(int)
    first, last = int(numbers.min()), int(numbers.max())
    axis = Axis(first, max(last, first + 1), start, end, logarithmic=False)
    step = next(step for step in (1, 2, 5, 7, 14, 28, 56, 112, 10_000) if (last - first) / step <= 6)
    shown = range(first, last + 1, step)
    return axis, tuple(Tick(position(axis, day), _day(np.datetime64(day, "D").item())) for day in shown)


def _day(date: dt.date) -> str:
    return f"{date.day} {date:%b}"


def path(across: Sequence[float], up: Sequence[float]) -> str:
    """Points joined by lines, as the path of an SVG.

    >>> path([0.0, 1.5], [2.0, 3.0])
    'M0.0 2.0L1.5 3.0'
    """
    return "M" + "L".join(f"{x} {y}" for x, y in zip(across, up, strict=True))


def fan(
    days: Array, levels: Mapping[str, Array | None], points: Sequence[Seen], size: tuple[float, float]
) -> Fan:
    """People by day, with their range, and what was observed.

    Parameters
    ----------
    days : array of datetime64, shape (day,)
    levels : mapping
        p10, p50 and p90 by day, as `rounding.quantiles` returns them. [person]
    points : sequence of Seen
        Observed figures.
    size : tuple of float
        Width and height of the drawing. [pixel]
    """
    width, height = size
    across, marks = days_axis(days, MARGIN, width - EDGE)
    middle = np.asarray(levels["p50"])
    top = [float(np.max(level)) for level in levels.values() if level is not None]
    seen = [
        value
        for point in points
        for value in (point.value, point.low, point.high, *point.told)
        if value is not None
    ]
    up = wide_enough([*top, *(seen or [max(top) / 30.0])], height - 24.0, 8.0)
    numbers = days.astype("datetime64[D]").astype(int)
    x = [position(across, float(day)) for day in numbers]
    band = ""
    if levels["p10"] is not None and levels["p90"] is not None:
        there = [position(up, float(value)) for value in levels["p90"]]
        back = [position(up, float(value)) for value in levels["p10"]]
        band = path([*x, *x[::-1]], [*there, *back[::-1]]) + "Z"
    placed = tuple(
        Point(
            position(across, float(point.date.astype("datetime64[D]").astype(int))),
            position(up, point.value),
            _placed(up, point.low),
            _placed(up, point.high),
            point.filled,
            point.words,
            _bar(up, point.told),
        )
        for point in points
    )
    return Fan(band, path(x, [position(up, float(value)) for value in middle]), placed, marks, ticks(up))


def _placed(axis: Axis, value: float | None) -> float | None:
    return None if value is None else position(axis, value)


def rows(given: Sequence[Told], width: float) -> tuple[tuple[Row, ...], tuple[Tick, ...]]:
    """A line for each figure: what was observed above what was estimated, on one logarithmic axis of people.

    Parameters
    ----------
    given : sequence of Told
    width : float
        Of the drawing. [pixel]

    Returns
    -------
    tuple of Row, tuple of Tick
    """
    values = [
        value for one in given for value in (*one.seen, *one.told, *one.marks.values()) if value is not None
    ]
    axis = wide_enough(values, LABELS + ALIKE, width - EDGE)
    placed = tuple(
        Row(
            TOP + at * STEP,
            cut(one.label, LABELS),
            _bar(axis, one.seen),
            _bar(axis, one.told),
            _apart({name: position(axis, value) for name, value in one.marks.items()}),
            one.filled,
            one.words,
        )
        for at, one in enumerate(given)
    )
    return placed, ticks(axis)


def cut(label: str, room: float) -> str:
    """A label that keeps to its room.

    >>> cut("Afrin, A'zaz, Al Bab, Jarablus", 120.0), cut("Idleb", 120.0)
    ("Afrin, A'zaz, Al …", 'Idleb')
    """
    most = int(room / LETTER)
    return label if len(label) <= most else f"{label[: most - 2].rstrip(' ,')} …"


def _apart(marks: Mapping[str, float]) -> dict[str, float]:
    """Marks that would cover each other, made one.

    >>> _apart({"1": 100.0, "4": 160.0, "2": 101.0})
    {'12': 100.0, '4': 160.0}
    """
    found: list[tuple[str, float]] = []
    for name, at in sorted(marks.items(), key=lambda mark: mark[1]):
        if found and at - found[-1][1] < ALIKE * (len(found[-1][0]) + 1) / 2:
            found[-1] = (found[-1][0] + name, found[-1][1])
        else:
            found.append((name, at))
    return {"".join(sorted(name)): at for name, at in found}


def _bar(axis: Axis, levels: Levels) -> Bar | None:
    low, middle, high = levels
    return None if middle is None else Bar(_placed(axis, low), position(axis, middle), _placed(axis, high))


def shares(given: Sequence[Told], width: float) -> tuple[tuple[Row, ...], tuple[Tick, ...]]:
    """The same for shares of a whole, on an axis from 0 to the largest share. [1]"""
    values = [value for one in given for value in (*one.seen, *one.told) if value is not None]
    most = next(step for step in (0.1, 0.2, 0.5, 1.0) if max(values) <= step + 1e-9)
    axis = Axis(0.0, most, SHARE_LABELS, width - EDGE, logarithmic=False)
    placed = tuple(
        Row(
            TOP + at * STEP,
            cut(one.label, SHARE_LABELS),
            _bar(axis, one.seen),
            _bar(axis, one.told),
            {},
            one.filled,
            one.words,
        )
        for at, one in enumerate(given)
    )
    marks = (most * part / 5 for part in range(6))
    return placed, tuple(Tick(position(axis, mark), f"{mark:.0%}") for mark in marks)
