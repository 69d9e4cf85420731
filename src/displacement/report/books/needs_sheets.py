"""Needs of places by week, and of the whole area by day, with the counts that they are reckoned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.report.books.assumptions_sheet import COUNTED_AS
from displacement.report.books.contents_sheet import held_in
from displacement.report.books.layout import (
    BY_DAY,
    COUNTED,
    COUNTED_BY_DAY,
    DAILY,
    EACH_ROW,
    FIRST,
    ID_ROW,
    NAME_ROW,
    NEEDS,
    RUN_ROW,
    SECTOR_ROW,
    TOP,
    UNIT_ROW,
    Layout,
)
from displacement.report.books.paper import Figure, Paper, cell, column
from displacement.report.rounding import significant

__all__ = ["fits", "write_area_by_day", "write_by_week", "write_daily", "write_levels"]

Array = NDArray[Any]
WIDTHS = (10, 22, 14, 8, 6, 11, 12)
ABOUT = ("zone", "name", "admin1_name", "level", "week", "from")
ABOUT_DAY = ("zone", "name", "admin1_name", "level", "week", "date")
DIGITS = 9
"""Digits of a percentile; more would only make the file larger."""
MOST_ROWS = 1_048_576
"""Rows of a sheet."""


@dataclass(frozen=True)
class Table:
    """Needs with an item in each column."""

    name: str
    counted: str
    """Sheet of the counts, of the same rows and columns."""
    rows: Sequence[int]
    labels: Sequence[Sequence[Any]]
    """What stands before the figures: texts, and a date at the end."""
    need: Sequence[Sequence[Figure]]
    """The middle as shown, by row and item. [unit]"""
    own: Sequence[Mapping[int, Figure]]
    """As `Amounts.own`, as shown, by row and bent item. [unit]"""
    ratio: Callable[[int], str]
    """The cell that says how many times the people of the run are planned for, by position of the row."""
    held: Callable[[int, int], str]
    """Where what kits hold is reckoned day by day: the formula of an item's need, by position of row and item."""


def write_by_week(paper: Paper, layout: Layout) -> None:
    """Write counts and needs by place and week."""
    amounts = layout.amounts
    keys = [(place, window) for place in range(len(amounts.places)) for window in range(len(amounts.windows))]
    table = Table(
        NEEDS,
        COUNTED,
        [layout.row(*key) for key in keys],
        labels(layout),
        *_shown(layout, amounts.need["p50"], amounts.own, amounts.behind),
        lambda at: layout.ratio(*keys[at]),
        lambda at, item: held_in(layout, item, *keys[at]),
    )
    _write_needs(paper, layout, table, ABOUT)
    _write_counts(paper, layout, table, ABOUT)


def write_area_by_day(paper: Paper, layout: Layout) -> None:
    """Write counts and needs of the whole area by day."""
    amounts = layout.amounts
    days = range(layout.days)
    table = Table(
        BY_DAY,
        COUNTED_BY_DAY,
        [TOP + day for day in days],
        [
            ["ALL", "whole area", "", "area", amounts.windows[layout.week_of(day)].name, layout.day(day)]
            for day in days
        ],
        *_shown(layout, amounts.need_by_day["p50"], amounts.own_by_day, amounts.behind_by_day),
        lambda day: layout.ratio(0, layout.week_of(day)),
        lambda day, item: held_in(layout, item, 0, None, day),
    )
    sheet = _write_needs(paper, layout, table, ABOUT_DAY)
    _write_unit_loads(paper, sheet, layout)
    _write_counts(paper, layout, table, ABOUT_DAY)


def _shown(
    layout: Layout, need: Array, own: Array, behind: Array
) -> tuple[list[list[Figure]], list[dict[int, Figure]]]:
    """Needs, and own needs of bent items, as shown, row by row."""
    shown = layout.showing.quantity
    needs, owns, people = (values.reshape(-1, len(layout.items)).tolist() for values in (need, own, behind))
    return (
        [list(map(shown, *row)) for row in zip(needs, people, strict=True)],
        [
            {item: shown(row[item], few[item]) for item in layout.bent}
            for row, few in zip(owns, people, strict=True)
        ],
    )


def labels(layout: Layout) -> list[list[Any]]:
    """What stands before the figures of each place and week."""
    return [
        [place.code, place.name, place.admin1_name, place.level, span.name, layout.day(span.first)]
        for place in layout.amounts.places
        for span in layout.amounts.windows
    ]


def _write_needs(paper: Paper, layout: Layout, table: Table, about: Sequence[str]) -> Any:
    """Needs as formulas on the counts."""
    how = (
        "Formulas: what is counted x quantity for each (row 7) x people planned for; the middle figures. "
        "Rows of the area and of admin 1 are figures of their own: rounded ones and middles do not add up."
        if not layout.showing.exact or len(layout.amounts.levels) > 1
        else "Formulas: what is counted x quantity for each (row 7) x people planned for."
    )
    sheet = paper.sheet(table.name, how, WIDTHS, (TOP, 2), columns=_width(layout))
    _write_head(paper, sheet, layout, about, "each")
    for at, row in enumerate(table.rows):
        _write_label(paper, sheet, row, table.labels[at])
        ratio = table.ratio(at)
        for item in range(len(layout.items)):
            value = table.need[at][item]
            if isinstance(value, str):
                paper.figure(sheet, row, FIRST + item, value)
                continue
            formula = _formula(layout, table, at, item)
            if layout.scales_with_people(item):
                formula += f"*{ratio}"
            paper.formula(sheet, row, FIRST + item, formula, value)
    sheet.autofilter(ID_ROW, 0, table.rows[-1], FIRST + len(layout.items) - 1)
    return sheet


def _write_unit_loads(paper: Paper, sheet: Any, layout: Layout) -> None:
    """Weight and volume of one unit of each item, below the days: what trucks are reckoned with."""
    for name, row in layout.unit_load_rows.items():
        paper.text(sheet, row, 0, f"{name} of one unit; 0: not known, or no hub supplies it", "bold")
        for at, each in enumerate(layout.unit_loads(name)):
            if at in layout.carried:
                paper.formula(
                    sheet, row, FIRST + at, f"N({layout.line_cell(at, name)})", float(each), "factor"
                )
            else:
                paper.figure(sheet, row, FIRST + at, 0.0, "factor")


def _width(layout: Layout) -> int:
    return FIRST + len(layout.items)


def _formula(layout: Layout, table: Table, at: int, item: int) -> str:
    """An item's need in a row, before the people who are planned for."""
    row = table.rows[at]
    counted = cell(row, FIRST + item, table.counted)
    if item in layout.held and layout.exact_contents:
        return f"({table.held(at, item)})"
    if item not in layout.bent:
        return f"{counted}*{_each(item)}"
    own = cell(row, layout.own_column(item), table.counted)
    text = f"N({counted})+N({own})*({_change(item)}-1)"
    for kit, holds in layout.holders(item):
        if kit in layout.bent:
            brings = f"N({cell(row, layout.own_column(kit), table.counted)})"
        else:
            brings = f"N({cell(row, FIRST + kit, table.counted)})*{_each_as_run(kit)}"
        text += f"-{holds:.15g}*{brings}*({_change(kit)}-1)"
    return f"MAX(0,{text})"


def _each(item: int) -> str:
    return f"{column(FIRST + item)}${EACH_ROW + 1}"


def _each_as_run(item: int) -> str:
    return f"{column(FIRST + item)}${RUN_ROW + 1}"


def _change(item: int) -> str:
    return f"{_each(item)}/{_each_as_run(item)}"


def _write_counts(paper: Paper, layout: Layout, table: Table, about: Sequence[str]) -> None:
    """What the quantities multiply."""
    how = (
        "What a line counts, in people (times days or periods): need divided by quantity, as run. Of a line of "
        "which kits "
        "hold some, its need in units, and on the right what it would be without them. Filter, but do not sort."
    )
    sheet = paper.sheet(table.counted, how, WIDTHS, (TOP, 2), columns=_width(layout) + len(layout.bent))
    _write_head(paper, sheet, layout, about, "counted")
    for item in layout.bent:
        at = layout.own_column(item)
        paper.text(
            sheet, NAME_ROW, at, f"{layout.items[item].name}: before kits and changes by zone", "about"
        )
        paper.text(sheet, UNIT_ROW, at, layout.items[item].unit, "about")
        paper.text(sheet, ID_ROW, at, f"{layout.items[item].id} (own)", "head")
    for at, row in enumerate(table.rows):
        _write_label(paper, sheet, row, table.labels[at])
        for item in range(len(layout.items)):
            value = table.need[at][item]
            if item not in layout.bent and not isinstance(value, str):
                value /= float(layout.amounts.per_unit[item])
            paper.figure(sheet, row, FIRST + item, value)
        for item in layout.bent:
            paper.figure(sheet, row, layout.own_column(item), table.own[at][item])


def _write_head(paper: Paper, sheet: Any, layout: Layout, about: Sequence[str], what: str) -> None:
    """Rows that say what the columns are."""
    words = {
        "each": ("for each counted", "as run"),
        "change": ("times as run", ""),
        "counted": ("what is counted", ""),
        "stored": ("", ""),
    }[what]
    names = ("sector", "item", "unit", *words)
    for row, name in zip((SECTOR_ROW, NAME_ROW, UNIT_ROW, EACH_ROW, RUN_ROW), names, strict=True):
        paper.text(sheet, row, FIRST - 1, name, "about")
    paper.texts(sheet, ID_ROW, 0, about, "head")
    for at, item in enumerate(layout.items):
        here = FIRST + at
        paper.text(sheet, SECTOR_ROW, here, item.sector, "about")
        paper.text(sheet, NAME_ROW, here, item.name, "about")
        paper.text(sheet, UNIT_ROW, here, item.unit, "about")
        paper.text(sheet, ID_ROW, here, item.id, "head")
        each = float(layout.amounts.per_unit[at])
        if what == "each":
            paper.formula(sheet, EACH_ROW, here, layout.line_cell(at, "each"), each, "factor")
            paper.figure(sheet, RUN_ROW, here, each, "was")
        elif what == "change":
            paper.formula(sheet, EACH_ROW, here, layout.line_cell(at, "change"), 1.0, "factor")
        elif what == "counted":
            period = f", of {item.every_days:g} days" if item.every_days else ""
            paper.text(sheet, EACH_ROW, here, COUNTED_AS[item.kind] + period, "about")
    sheet.set_row(NAME_ROW, 48)
    sheet.set_row(SECTOR_ROW, 24)
    sheet.set_row(ID_ROW, 42)
    if what == "counted":
        sheet.set_row(EACH_ROW, 72)


def _write_label(paper: Paper, sheet: Any, row: int, label: Sequence[Any]) -> None:
    paper.texts(sheet, row, 0, label[:-1])
    paper.date(sheet, row, len(label) - 1, label[-1])


def write_levels(paper: Paper, layout: Layout) -> None:
    """Write a sheet of needs for each level but the middle: as run, and never added up."""
    places, spans = range(len(layout.amounts.places)), range(len(layout.amounts.windows))
    for name in layout.amounts.levels:
        if name == "p50":
            continue
        how = (
            f"{name} of the members as run, place by place and week by week. They do not follow changes, and "
            "percentiles do "
            "not add up, so nothing here is a sum."
        )
        sheet = paper.sheet(f"needs {name}", how, WIDTHS, (TOP, 2), columns=_width(layout))
        _write_head(paper, sheet, layout, ABOUT, "stored")
        label = labels(layout)
        for at, (place, window) in enumerate((place, window) for place in places for window in spans):
            row = layout.row(place, window)
            _write_label(paper, sheet, row, label[at])
            for item in range(len(layout.items)):
                value = layout.need(place, window, item, name)
                short = value if isinstance(value, str) else significant(value, DIGITS)
                paper.figure(sheet, row, FIRST + item, short)
        sheet.autofilter(ID_ROW, 0, layout.last_row, FIRST + len(layout.items) - 1)


def write_daily(paper: Paper, layout: Layout, need: Array, behind: Array) -> None:
    """Write the needs of every zone by day.

    Parameters
    ----------
    paper, layout
    need : array of shape (zone, time, item)
        The middle, of the zones that have anybody. [unit]
    behind : array of the same shape
        [person]
    """
    label, ratios = [], []
    for zone in layout.zones:
        place = layout.amounts.places[zone]
        for day in range(layout.days):
            week = layout.week_of(day)
            name = layout.amounts.windows[week].name
            label.append([place.code, place.name, place.admin1_name, place.level, name, layout.day(day)])
            ratios.append(layout.ratio(zone, week))
    how = "The middle of each zone and day, as run, times the change of the line and of the week's people planned for."
    sheet = paper.sheet(DAILY, how, WIDTHS, (TOP, 2), columns=_width(layout))
    _write_head(paper, sheet, layout, ABOUT_DAY, "change")
    shown, _ = _shown(layout, need, np.zeros_like(need), behind)
    for at, values in enumerate(shown):
        row = TOP + at
        _write_label(paper, sheet, row, label[at])
        for item, value in enumerate(values):
            if isinstance(value, str) or value == 0:
                paper.figure(sheet, row, FIRST + item, value)
                continue
            times = f"*{ratios[at]}" if layout.scales_with_people(item) else ""
            formula = f"{value!r}*{column(FIRST + item)}${EACH_ROW + 1}{times}"
            paper.formula(sheet, row, FIRST + item, formula, value)
    sheet.autofilter(ID_ROW, 0, TOP + len(label) - 1, FIRST + len(layout.items) - 1)


def fits(zones: int, days: int) -> bool:
    """Whether zones by day fit a sheet."""
    return TOP + zones * days <= MOST_ROWS
