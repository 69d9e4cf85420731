"""A comparison as a workbook: what differs, and every figure of every run with its differences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from displacement.report.comparing.tables import Comparison, Line
from displacement.report.comparing.words import how_sure, notice, sentences
from displacement.report.rounding import level_names

__all__ = ["write_book"]

Cell = str | float | None
HOW_TO_READ = (
    "Each figure is rounded to two digits by itself, so sums and differences of what is shown need not agree.",
    "A blank with the note lt100 stands for 1 to 99 people, or for a difference of as many.",
    "Differences are those of the exact figures: of each run less the first.",
)


class Sheet(NamedTuple):
    """A sheet of the workbook."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    widths: tuple[int, ...]


def write_book(path: Path, told: Comparison) -> None:
    """Write `compare.xlsx`; text of users is text, whatever it begins with."""
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        title = " / ".join(run.name for run in told.runs)
        book.set_properties({"title": title, "comments": notice(told), "created": dt.datetime(2000, 1, 1)})
        _first_sheet(book, told)
        for sheet in _sheets(told):
            _fill(book, sheet, notice(told))


def _first_sheet(book: Any, told: Comparison) -> None:
    """What comes out in words, and what was run."""
    sheet = book.add_worksheet("Read me")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 110, book.add_format({"text_wrap": True, "valign": "top"}))
    bold = book.add_format({"bold": True, "text_wrap": True})
    warned = book.add_format({"text_wrap": True, "bg_color": "#fff2cc"})
    runs = [f"{run.name}: {run.title}. {run.condition}." for run in told.runs]
    parts: list[tuple[str, Any]] = [(notice(told), warned), ("What changes", bold)]
    parts += [(line, None) for line in (*sentences(told), *how_sure(told))]
    parts += [
        ("What was run; the first is what the others are held against", bold),
        *((line, None) for line in runs),
    ]
    parts += [("How to read", bold), *((line, None) for line in HOW_TO_READ)]
    for row, (text, form) in enumerate(parts):
        sheet.write_string(row, 0, text, form)


def _sheets(told: Comparison) -> list[Sheet]:
    names = tuple(run.name for run in told.runs)
    wide = tuple(40 for _ in names)
    differs: list[tuple[Cell, ...]] = [(one.path, *one.values) for one in told.assumptions]
    found = [Sheet("What differs", ("assumption", *names), differs, (60, *wide))]
    found.append(_figures(told, "People by day", ("people", "when", "date"), told.totals, (24, 14, 12)))
    places = ("people", "zone", "name", "admin 1", "admin 2")
    found.append(_figures(told, "By zone", places, told.zones, (32, 12, 22, 14, 22)))
    ways = ("from admin 1", "from admin 2", "to admin 1", "to admin 2")
    found.append(_figures(told, "From where to where", ways, told.pairs, (16, 24, 16, 24)))
    found.append(_figures(told, "Needs over the run", ("sector", "item", "unit"), told.needs, (18, 32, 12)))
    return [*found, _stocks(told)]


def _figures(
    told: Comparison, name: str, labels: tuple[str, ...], lines: Sequence[Line], widths: tuple[int, ...]
) -> Sheet:
    """A sheet of figures: labels, each run, each difference, why something is not shown."""
    first, *others = (run.name for run in told.runs)
    levels = level_names(told.levels)
    shown = [
        any(line.cells.runs[0][at] is not None for line in lines) or level == "p50"
        for at, level in enumerate(levels)
    ]
    kept = [at for at, there in enumerate(shown) if there] or [levels.index("p50")]
    columns = [f"{run} {levels[at]}" for run in (first, *others) for at in kept]
    columns += [f"{other} less {first} {levels[at]}" for other in others for at in kept]
    rows: list[tuple[Cell, ...]] = []
    for line in lines:
        figures = (*line.cells.runs, *line.cells.differences)
        rows.append((*line.labels, *(one[at] for one in figures for at in kept), line.cells.note))
    return Sheet(name, (*labels, *columns, "note"), rows, (*widths, *(14 for _ in columns), 10))


def _stocks(told: Comparison) -> Sheet:
    """When stocks run out, in how many members, and how many days later than in the first run."""
    names = [run.name for run in told.runs]
    header = ["item", *(f"{name} runs out" for name in names)]
    header += [f"{run.name} in how many of {run.members} members" for run in told.runs]
    header += [f"{name} days later than {names[0]}" for name in names[1:]]
    rows: list[tuple[Cell, ...]] = [
        (stock.item.replace("_", " "), *stock.days, *stock.members, *stock.later) for stock in told.stocks
    ]
    return Sheet("Stocks run out", tuple(header), rows, (30, *(18 for _ in header[1:])))


def _fill(book: Any, sheet: Sheet, warning: str) -> None:
    """Write a sheet: the notice, a header that stays, text as text and figures as numbers."""
    page = book.add_worksheet(sheet.name)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    numbers = book.add_format({"num_format": "#,##0.##;−#,##0.##;0", "valign": "top"})
    whole = book.add_format({"num_format": "#,##0;−#,##0;0", "valign": "top"})
    page.write_string(0, 0, warning, book.add_format({"italic": True, "font_color": "#7f6000"}))
    for column, (title, width) in enumerate(zip(sheet.header, sheet.widths, strict=True)):
        page.set_column(column, column, width)
        page.write_string(1, column, title, head)
    for row, cells in enumerate(sheet.rows or [("nothing to show", *(None for _ in sheet.header[1:]))], 2):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                page.write_string(row, column, cell, text)
            elif cell is not None:
                page.write_number(row, column, cell, whole if float(cell).is_integer() else numbers)
    page.freeze_panes(2, 1)
    page.autofilter(1, 0, 1 + max(len(sheet.rows), 1), len(sheet.header) - 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, 1)
