"""The sheet of people: how many, where and when; and for how many is planned."""

from __future__ import annotations

from typing import Any

from displacement.report.books.amounts import ADMIN1, AREA, MEASURES
from displacement.report.books.layout import (
    ADMIN1_COLUMN,
    DAYS_COLUMN,
    ID_ROW,
    LEVEL_COLUMN,
    NAME_ROW,
    PEOPLE,
    PEOPLE_MEASURES,
    PEOPLE_RATIO,
    PLANNED,
    PLANNED_AS_RUN,
    TOP,
    WEEK_COLUMN,
    Layout,
)
from displacement.report.books.paper import Figure, Paper, cell
from displacement.variables import PEOPLE as MEANINGS

__all__ = ["write_people"]

ABOUT = (
    "zone",
    "name",
    "name_ar",
    "admin1",
    "admin1_name",
    "admin2_name",
    "level",
    "week",
    "from",
    "to",
    "days",
)
_WHEN = {"end": "on the last day", "sum": "in these days"}


def write_people(paper: Paper, layout: Layout) -> None:
    """Write the sheet."""
    how = (
        "Change 'people to plan for' (yellow) in a zone and week, and the needs of newly displaced people there "
        "follow in "
        "proportion; the area's follow by the difference. Filter, but do not sort: other sheets point here by row."
    )
    widths = [10, 22, 18, 9, 14, 18, 8, 6, 11, 11, 6, 13, 10, 8, 12]
    sheet = paper.sheet(PEOPLE, how, widths, (TOP, 2))
    levels = layout.amounts.levels
    heads = ["people to plan for", "as run", "times"]
    heads += [f"{measure} {level}" for measure in MEASURES for level in levels]
    paper.texts(sheet, ID_ROW, 0, [*ABOUT, *heads], "head")
    paper.text(sheet, NAME_ROW, PLANNED, "newly displaced people there, mean of the days", "about")
    for at, (measure, how_taken) in enumerate(MEASURES.items()):
        about = f"{MEANINGS[measure].meaning}, {_WHEN[how_taken]}"
        paper.text(sheet, NAME_ROW, PEOPLE_MEASURES + at * len(levels), about, "about")
    sheet.set_row(NAME_ROW, 60)
    sheet.set_row(ID_ROW, 30)
    for place in range(len(layout.amounts.places)):
        for window in range(len(layout.amounts.windows)):
            _write_row(paper, sheet, layout, place, window)
    sheet.autofilter(ID_ROW, 0, layout.last_row, PEOPLE_MEASURES + len(MEASURES) * len(levels) - 1)


def _write_row(paper: Paper, sheet: Any, layout: Layout, at: int, window: int) -> None:
    amounts, row = layout.amounts, layout.row(at, window)
    place, span = amounts.places[at], amounts.windows[window]
    paper.texts(sheet, row, 0, [*place, span.name])
    paper.date(sheet, row, WEEK_COLUMN + 1, layout.day(span.first))
    paper.date(sheet, row, WEEK_COLUMN + 2, layout.day(span.end - 1))
    paper.figure(sheet, row, DAYS_COLUMN, float(span.days), "factor")
    planned = layout.showing.people(float(amounts.people["planned"]["p50"][at, window]))
    _write_planned(paper, sheet, layout, at, window, planned)
    column = PEOPLE_MEASURES
    for measure in MEASURES:
        for level in amounts.levels:
            shown = layout.showing.people(float(amounts.people[measure][level][at, window]))
            paper.figure(sheet, row, column, shown)
            column += 1


def _write_planned(paper: Paper, sheet: Any, layout: Layout, at: int, window: int, planned: Figure) -> None:
    """The people who are planned for; sums follow by what was changed, for a rounded sum is not that of its parts."""
    row, level = layout.row(at, window), layout.amounts.places[at].level
    was = cell(row, PLANNED_AS_RUN)
    paper.figure(sheet, row, PLANNED_AS_RUN, planned, "was_number")
    if isinstance(planned, str):
        paper.figure(sheet, row, PLANNED, planned)
    elif level in (AREA, ADMIN1):
        changed = _changed(layout, PLANNED, row, level), _changed(layout, PLANNED_AS_RUN, row, level)
        paper.formula(sheet, row, PLANNED, f"{was}+{changed[0]}-{changed[1]}", planned)
    elif window == 0:
        first, last = layout.row(at, 1), layout.row(at, len(layout.amounts.windows) - 1)
        days = f"{cell(first, DAYS_COLUMN)}:{cell(last, DAYS_COLUMN)}"
        sums = [
            f"SUMPRODUCT({cell(first, column)}:{cell(last, column)},{days})"
            for column in (PLANNED, PLANNED_AS_RUN)
        ]
        formula = f"{was}+({sums[0]}-{sums[1]})/{cell(row, DAYS_COLUMN)}"
        paper.formula(sheet, row, PLANNED, formula, planned)
    else:
        paper.figure(sheet, row, PLANNED, planned, "input_number")
    ratio = f"IF(N({was})=0,1,N({cell(row, PLANNED)})/{was})"
    paper.formula(sheet, row, PEOPLE_RATIO, ratio, 1.0, "factor")


def _changed(layout: Layout, column: int, row: int, level: str) -> str:
    """The sum of a column over the zones of a place, in the window of its row."""

    def whole(at: int) -> str:
        return f"{cell(TOP, at)}:{cell(layout.last_row, at)}"

    asked = f'{whole(column)},{whole(LEVEL_COLUMN)},"zone",{whole(WEEK_COLUMN)},{cell(row, WEEK_COLUMN)}'
    if level == ADMIN1:
        asked += f",{whole(ADMIN1_COLUMN)},{cell(row, ADMIN1_COLUMN)}"
    return f"SUMIFS({asked})"
