"""The summary on a sheet: the answer, people by day, and totals that follow what is changed."""

from __future__ import annotations

from typing import Any

from displacement.report.books.amounts import IN_ALL
from displacement.report.books.gap_sheets import Balance
from displacement.report.books.layout import FIRST, GAP, NEEDS, SUMMARY, TOP, TRUCKS, Layout
from displacement.report.books.paper import HEAD, Paper, cell
from displacement.report.books.trucks_sheet import TOGETHER, TONNES, totals, truck_row
from displacement.report.summary import answer, sure

__all__ = ["write_summary"]

COLUMNS = (
    "item",
    "name",
    "sector",
    "unit",
    "need",
    "tonnes",
    "m3",
    "cost",
    "gap if stock alone limits",
    "quantity is",
)


def write_summary(paper: Paper, layout: Layout, found: dict[int, Balance]) -> None:
    """Write the sheet."""
    sheet = paper.sheet(
        SUMMARY, "Totals of the whole area over all days.", [28, 40, 20, 12, 16, 13, 13, 15, 16, 14], (0, 0)
    )
    row = _write_words(paper, sheet, layout, HEAD)
    row = _write_people(paper, sheet, layout, row + 1)
    _write_items(paper, sheet, layout, row + 1, found)


def _write_words(paper: Paper, sheet: Any, layout: Layout, row: int) -> int:
    for text in (answer(layout.result), sure(layout.result)):
        sheet.merge_range(row, 0, row, 9, "", paper.formats["wrapped"])
        paper.text(sheet, row, 0, text, "wrapped")
        sheet.set_row(row, 15 * (1 + len(text) // 150))
        row += 1
    return row


def _write_people(paper: Paper, sheet: Any, layout: Layout, row: int) -> int:
    """Newly displaced people at the end of every week."""
    levels = layout.amounts.levels
    paper.texts(sheet, row, 0, ["newly displaced people", "on", *levels], "head")
    for window, span in enumerate(layout.amounts.windows):
        if span.name == IN_ALL:
            continue
        row += 1
        paper.text(sheet, row, 0, f"end of week {span.name}")
        paper.date(sheet, row, 1, layout.day(span.end - 1))
        for at, level in enumerate(levels):
            people = float(layout.amounts.people["newly_displaced"][level][0, window])
            paper.figure(sheet, row, 2 + at, layout.showing.people(people))
    return row + 1


def _write_items(paper: Paper, sheet: Any, layout: Layout, row: int, found: dict[int, Balance]) -> None:
    """Totals by item: formulas on the needs of the whole area."""
    levels = [level for level in layout.amounts.levels if level != "p50"]
    paper.texts(sheet, row, 0, [*COLUMNS, *(f"need {level}, as run" for level in levels)], "head")
    sheet.set_row(row, 30)
    first = row + 1
    for at, item in enumerate(layout.items):
        row += 1
        value = layout.need(0, 0, at)
        paper.texts(sheet, row, 0, [item.id, item.name, item.sector, item.unit])
        paper.formula(sheet, row, 4, cell(TOP, FIRST + at, NEEDS), value)
        _write_loads(paper, sheet, layout, row, at, 0.0 if isinstance(value, str) else value)
        if at in layout.carried:
            _write_gap(paper, sheet, layout, row, at, found[at])
        paper.text(sheet, row, 9, item.status)
        for offset, level in enumerate(levels):
            paper.figure(sheet, row, 10 + offset, layout.need(0, 0, at, level), "was_number")
    sheet.autofilter(first - 1, 0, row, 9 + len(levels))
    _write_totals(paper, sheet, layout, row + 1, first)


def _write_loads(paper: Paper, sheet: Any, layout: Layout, row: int, at: int, need: float) -> None:
    """Weight, volume and cost; blank where those of one unit are not known."""
    item = layout.items[at]
    for column, name, per in ((5, "mass_kg", 1000.0), (6, "volume_m3", 1.0), (7, "cost", 1.0)):
        each = getattr(item, name)
        if each is None:
            continue
        over = "" if per == 1.0 else f"/{per:g}"
        formula = f"N({cell(row, 4)})*N({layout.line_cell(at, name)}){over}"
        paper.formula(sheet, row, column, *layout.rounded(formula, need * each / per))


def _write_gap(paper: Paper, sheet: Any, layout: Layout, row: int, at: int, value: Balance) -> None:
    """What is missing in the end: of daily lines in all, of others still owed."""
    missing = value.missing.sum() if layout.items[at].kind == "daily" else value.missing[-1]
    _, shown = layout.rounded("", float(missing))
    paper.formula(sheet, row, 8, cell(layout.gap_row(at, 0), 9, GAP), shown)


def _write_totals(paper: Paper, sheet: Any, layout: Layout, row: int, first: int) -> None:
    """Sums over the items, of the middle figures alone; and the trucks."""
    paper.text(sheet, row, 0, "in all", "bold")
    paper.text(sheet, row, 1, "local goods included; sums of middle figures", "about")
    for column, name, per in ((5, "mass_kg", 1000.0), (6, "volume_m3", 1.0), (7, "cost", 1.0)):
        needed = [layout.need(0, 0, at) for at in range(len(layout.items))]
        each = [(getattr(item, name) or 0.0) / per for item in layout.items]
        total = sum(one * need for one, need in zip(each, needed, strict=True) if not isinstance(need, str))
        needed_cells = f"{cell(first, 4)}:{cell(row - 1, 4)}"
        each_cells = (
            f"{layout.line_cell(0, name)}:{layout.line_cell(len(layout.items) - 1, name).split('!')[1]}"
        )
        formula = f"SUMPRODUCT({needed_cells},{each_cells})" + ("" if per == 1.0 else f"/{per:g}")
        paper.formula(sheet, row, column, *layout.rounded(formula, float(total)), "strong")
    texts = (("tonnes from hubs", TONNES), ("truck loads from hubs", TOGETHER))
    for offset, (text, column) in enumerate(texts):
        paper.text(sheet, row + 1 + offset, 0, text, "bold")
        total = layout.rounded(cell(truck_row(0), column, TRUCKS), totals(layout)[column])
        paper.formula(sheet, row + 1 + offset, 4, *total, "strong")
