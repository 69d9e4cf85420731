"""A comparison as a page that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io.provenance import version
from displacement.report import charts
from displacement.report.charts import Axis, Tick, path, position
from displacement.report.comparing.differences import Sides, few_people
from displacement.report.comparing.tables import AWAY, TOTALS, Comparison
from displacement.report.comparing.words import how_sure, notice, sentences
from displacement.report.pages import templates
from displacement.report.rounding import level_names, significant

__all__ = ["page"]

Array = NDArray[Any]

SIZE = (560.0, 300.0)
"""Of a chart. [pixel]"""
COLOURS = ("#5f6b76", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Of runs, the first grey; told apart by readers with any colour vision (Okabe and Ito)."""
ZONES = 25
"""Zones of each measure that the page shows; the workbook has them all."""
PAIRS, NEEDS = 20, 40
JOINED = "\N{NO-BREAK SPACE}"


class Series(NamedTuple):
    """A run, or a difference, on a chart."""

    name: str
    colour: str
    band: str
    """Path of the range; blank without one."""
    middle: str


class Chart(NamedTuple):
    """People by day."""

    series: tuple[Series, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float
    """Where nobody is. [pixel]"""


def page(told: Comparison) -> str:
    """One page: sentences, the assumptions that differ, charts and tables.

    Returns
    -------
    str
        HTML without a script and without an address that a browser would ask.
    """
    environment = templates(Path(__file__).parent)
    environment.filters["figure"] = _figure
    environment.filters["change"] = _change
    sides = told.by_day[AWAY]
    names = [run.name for run in told.runs]
    return environment.get_template("compare.html.j2").render(
        told=told,
        colours=COLOURS,
        sentences=sentences(told),
        how_sure=how_sure(told),
        notice=notice(told),
        version=version(),
        away=chart(told.days, dict(zip(names, sides.runs, strict=True)), COLOURS),
        apart=chart(told.days, dict(zip(names[1:], sides.differences, strict=True)), COLOURS[1:]),
        measure=TOTALS[AWAY],
        tables=_tables(told),
        size=SIZE,
        margin=charts.MARGIN + 14.0,
        edge=charts.EDGE,
        middle=told.levels.index(0.5),
        ranged=[
            levels["p10" if "p10" in levels else level_names(told.levels)[0]] is not None
            for levels in _all(sides)
        ],
    )


def _all(sides: Sides) -> list[Mapping[str, Array | None]]:
    return [*sides.runs, *sides.differences]


def _tables(told: Comparison) -> list[dict[str, Any]]:
    """Tables of figures, cut to what a page holds."""
    by_measure: dict[str, list[Any]] = {}
    for line in told.zones:
        by_measure.setdefault(line.labels[0], []).append(line)
    found = [
        {
            "title": "People by day",
            "heads": ["people", "when", "date"],
            "lines": told.totals,
            "from": 0,
            "of": 0,
        }
    ]
    for measure, lines in by_measure.items():
        title = f"{measure[0].upper()}{measure[1:]}, on {np.datetime_as_string(told.days[-1], unit='D')}"
        heads = ["zone", "name", "admin 1", "admin 2"]
        found.append({"title": title, "heads": heads, "lines": lines[:ZONES], "from": 1, "of": len(lines)})
    heads = ["from admin 1", "from admin 2", "to admin 1", "to admin 2"]
    title = "Trips over the run, between districts"
    found.append(
        {"title": title, "heads": heads, "lines": told.pairs[:PAIRS], "from": 0, "of": len(told.pairs)}
    )
    heads = ["sector", "item", "unit"]
    title = "Needed over the run, in the whole area"
    found.append(
        {"title": title, "heads": heads, "lines": told.needs[:NEEDS], "from": 0, "of": len(told.needs)}
    )
    return [one for one in found if one["lines"]]


def chart(days: Array, levels: Mapping[str, Mapping[str, Array | None]], colours: Sequence[str]) -> Chart:
    """People by day as a chart with nobody on its axis.

    Parameters
    ----------
    days : array of datetime64, shape (day,)
    levels : mapping
        By name of a run, or of a difference, quantiles by day. [person]
    colours : sequence of str
        One a series, over again where there are more.
    """
    width, height = SIZE
    across, marks = charts.days_axis(days, charts.MARGIN + 14.0, width - charts.EDGE)
    known = [one for each in levels.values() for one in each.values() if one is not None]
    low = min(0.0, *(float(one.min()) for one in known))
    high = max(0.0, *(float(one.max()) for one in known), 1000.0 + low)
    up, up_marks = _up(low, high, height)
    x = [position(across, float(day)) for day in days.astype("datetime64[D]").astype(int)]
    series = tuple(
        _series(name, each, colours[at % len(colours)], x, up)
        for at, (name, each) in enumerate(levels.items())
    )
    return Chart(series, marks, up_marks, position(up, 0.0))


def _up(low: float, high: float, height: float) -> tuple[Axis, tuple[Tick, ...]]:
    """An axis of people with about five marks of 1, 2, 5, 10, ... and so on."""
    rough = (high - low) / 5
    decade = 10.0 ** np.floor(np.log10(rough))
    step = float(next(part * decade for part in (1, 2, 5, 10) if part * decade >= rough))
    bottom, top = np.floor(low / step) * step, np.ceil(high / step) * step
    axis = Axis(float(bottom), float(top), height - 24.0, 10.0, logarithmic=False)
    values = np.arange(bottom, top + step / 2, step)
    return axis, tuple(Tick(position(axis, float(value)), _short(float(value))) for value in values)


def _short(value: float) -> str:
    return f"{'−' if value < 0 else ''}{charts.short(abs(value))}"


def _series(
    name: str, levels: Mapping[str, Array | None], colour: str, x: Sequence[float], up: Axis
) -> Series:
    names = list(levels)
    low, high = levels[names[0]], levels[names[-1]]
    band = ""
    if low is not None and high is not None and len(names) > 1:
        band = path([*x, *x[::-1]], [*_heights(high, up), *_heights(low, up)[::-1]]) + "Z"
    return Series(name, colour, band, path(x, _heights(np.asarray(levels["p50"]), up)))


def _heights(values: Array, up: Axis) -> list[float]:
    """Where people lie on a line, finer than they are written, so that it does not go up in steps; 1 to 99 as nobody."""
    shown = (0.0 if few_people(float(value)) else significant(float(value), 3) for value in values)
    return [position(up, value) for value in shown]


def _figure(cells: Sequence[float | None], middle: int) -> str:
    """A figure with its range, which stays on one line.

    >>> _figure((800.0, 1200.0, 1900.0), 1).split(), _figure((None, 0.12, None), 1), _figure((None, None), 0)
    (['1,200', '(800', 'to', '1,900)'], '0.12', '')
    """
    return _with_range(cells, middle, _plain)


def _change(cells: Sequence[float | None], middle: int) -> str:
    """A difference with its range, with a sign.

    >>> _change((-500.0, 1200.0, 1900.0), 1).split(), _change((0.0,), 0)
    (['+1,200', '(−500', 'to', '+1,900)'], '0')
    """
    return _with_range(cells, middle, _signed)


def _with_range(cells: Sequence[float | None], middle: int, say: Any) -> str:
    centre = cells[middle]
    if centre is None:
        return ""
    low, high = cells[0], cells[-1]
    beside = (
        f" ({say(low)} to {say(high)})" if low is not None and high is not None and len(cells) > 1 else ""
    )
    return f"{say(centre)}{beside}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == 0 else f"{value:g}"


def _signed(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{_plain(abs(value))}"
