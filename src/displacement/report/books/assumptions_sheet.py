"""The sheet of assumptions: quantities, weights and costs that may be changed, and what the run had."""

from __future__ import annotations

from typing import Any

from displacement.needs.item import Item
from displacement.report.books.layout import ASSUMPTIONS, EDITABLE, LINE_COLUMNS, Layout
from displacement.report.books.paper import HEAD, Paper, cell

__all__ = ["write_assumptions"]

SETTING_COLUMNS = ("setting", "value", "as run", "unit", "meaning and source")
_WIDTHS = {"item": 26, "name": 34, "counted": 14, "source": 40, "source as run": 30, "sector": 18}
COUNTED_AS = {
    "household_once": "people arriving for the first time, and of the others the part that lost it",
    "cohort_once": "people arriving for the first time",
    "per_move": "people arriving, onward moves included",
    "daily": "people there, times days (or periods)",
    "periodic_kit": "people there, times periods",
    "peak_capacity": "people by whom the largest number so far is exceeded",
}
"""What each kind of line counts."""


def write_assumptions(paper: Paper, layout: Layout) -> None:
    """Write the sheet."""
    widths = [_WIDTHS.get(name, 11) for name in LINE_COLUMNS]
    how = (
        "Yellow cells may be changed: needs, gap and trucks follow. The columns 'as run' say what the run had; "
        "displacement import-assumptions writes what differs as a scenario."
    )
    sheet = paper.sheet(
        ASSUMPTIONS, how, [*widths, 11], (layout.lines_head + 1, 1), columns=len(LINE_COLUMNS)
    )
    _write_settings(paper, sheet, layout)
    head = layout.lines_head
    paper.text(sheet, head - 1, 0, f"Lines of aid; costs in {layout.result.aid.catalogue.currency}", "bold")
    paper.texts(sheet, head, 0, LINE_COLUMNS, "head")
    for at, item in enumerate(layout.items):
        _write_line(paper, sheet, layout, at, item)
    sheet.autofilter(head, 0, head + len(layout.items), len(LINE_COLUMNS) - 1)
    sheet.set_row(head, 45)


def _write_settings(paper: Paper, sheet: Any, layout: Layout) -> None:
    paper.texts(sheet, HEAD, 0, SETTING_COLUMNS, "head")
    for at, setting in enumerate(layout.settings):
        row = HEAD + 1 + at
        paper.text(sheet, row, 0, setting.name)
        paper.figure(sheet, row, 1, setting.value, "input" if setting.editable else "factor")
        paper.figure(sheet, row, 2, setting.value, "was")
        paper.text(sheet, row, 3, setting.unit)
        paper.text(sheet, row, 4, setting.meaning)


def _write_line(paper: Paper, sheet: Any, layout: Layout, at: int, item: Item) -> None:
    """One line: what may be changed, what follows from it, and what the run had."""
    row, of = layout.line(at), LINE_COLUMNS.index
    catalogue = layout.result.aid.catalogue
    words = {
        "item": item.id,
        "sector": item.sector,
        "name": item.name,
        "counted": item.kind,
        "per": item.per,
        "unit": item.unit,
        "phase": item.phase,
        "where": ", ".join(item.where),
        "months": ", ".join(map(str, item.months)),
        "for_group": ", ".join(item.for_group),
        "supplied": item.supplied,
        "contains": ", ".join(f"{other} {amount:g}" for other, amount in item.contains.items()),
        "given by": catalogue.provenance[item.id, "quantity"],
    }
    for name, text in words.items():
        paper.text(sheet, row, of(name), text)
    paper.figure(sheet, row, of("every_days"), item.every_days, "factor")
    paper.figure(sheet, row, of("share"), item.share, "factor")
    for name in EDITABLE:
        paper.figure(sheet, row, of(name), getattr(item, name), "input")
        paper.figure(sheet, row, of(f"{name} as run"), getattr(item, name), "was")
    for name in ("source", "status"):
        paper.text(sheet, row, of(name), getattr(item, name), "input_text")
        paper.text(sheet, row, of(f"{name} as run"), getattr(item, name), "was_text")
    each = float(layout.amounts.per_unit[at])
    _write_units_per_person(paper, sheet, layout, at, item, each / item.quantity)
    product = f"{cell(row, of('quantity'))}*{cell(row, of('units_per_person'))}"
    paper.formula(sheet, row, of("each"), product, each, "factor")
    paper.figure(sheet, row, of("each as run"), each, "was")
    paper.formula(
        sheet, row, of("change"), f"{cell(row, of('each'))}/{cell(row, of('each as run'))}", 1.0, "factor"
    )
    paper.figure(sheet, row, of("to be met"), layout.supply.share_of_need(item.sector), "share")


def _write_units_per_person(
    paper: Paper, sheet: Any, layout: Layout, at: int, item: Item, now: float
) -> None:
    """Households follow the size of a household; shares of ages and conditions are as run."""
    row, column = layout.line(at), LINE_COLUMNS.index("units_per_person")
    sizes = {"household": "household_size", "kit_household": "kit_household_size"}
    if item.per in sizes:
        paper.formula(sheet, row, column, f"1/{layout.setting(sizes[item.per])}", now, "factor")
    else:
        paper.figure(sheet, row, column, now, "factor")
