"""Empty workbooks for a planner to fill in: headers, units and an example that is left out when read."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion


class Column(NamedTuple):
    """One column of a template."""

    name: str
    meaning: str
    """What to write, with its unit."""
    example: str
    choices: tuple[str, ...] = ()
    """What the spreadsheet offers to choose from."""


class Template(NamedTuple):
    """A table to fill in."""

    purpose: str
    columns: tuple[Column, ...]


_SOURCE = Column("source", "who says so, and where it can be found", "registration, by telephone")

TEMPLATES: Mapping[str, Template] = {
    "arrivals": Template(
        "Observed figures, shown beside the estimate: one row a day, zone and measure.",
        (
            Column("date", "day of the figure, as 2024-11-27", "2024-11-29"),
            Column("zone", "p-code or name; blank: the whole area", "Z1"),
            Column(
                "measure",
                "arrivals: trips that day; new: left home that day; cumulative: ever left; present: there now",
                "arrivals",
                ("arrivals", "new", "cumulative", "present"),
            ),
            Column("people", "people (of arrivals: trips); whole number", "1250"),
            Column("scope", "whom the figure covers", "camps only"),
            _SOURCE,
        ),
    ),
    "stock": Template(
        "Aid in store and on the way: one row a hub, item and day.",
        (
            Column("hub", "name of the store", "North store"),
            Column("item", "id or name of the aid item, as in the catalogue", "tent"),
            Column("quantity", "how many, in the unit of the next column; 0: none", "400"),
            Column("unit", "unit of the quantity, as tent, kg or t; blank: the item's own", "tent"),
            Column(
                "date",
                "day it reaches the hub, as 2024-11-27; blank: in store when the run starts",
                "2024-12-05",
            ),
            _SOURCE,
        ),
    ),
    "sites": Template(
        "Camps and reception centres: one row a site.",
        (
            Column("site", "an id of your own, used once", "S1"),
            Column("name", "name of the site", "Camp by the mill"),
            Column("pcode", "p-code of the nearest community", "P1"),
            Column("zone", "p-code of the zone", "Z1"),
            Column("lat", "latitude, in degrees north", "36.31"),
            Column("lon", "longitude, in degrees east", "36.69"),
            Column("registered", "people registered there", "1800"),
            Column("capacity", "people it has room for; or: unknown", "2500"),
            Column("full", "yes: takes nobody more; else blank", "yes", ("yes",)),
            _SOURCE,
        ),
    ),
    "control": Template(
        "Changes of control: one row a place and day.",
        (
            Column("pcode", "p-code of the place", "P1"),
            Column("name", "name of the place", "Mill town"),
            Column("date", "day of the change, as 2024-11-27", "2024-11-29"),
            Column("controller", "id of who controls it from then on, as in area.yaml", "alpha"),
            Column(
                "basis",
                "how you know: seen in a source, recalled, inferred, assumed",
                "seen",
                ("seen", "recalled", "inferred", "assumed"),
            ),
            _SOURCE,
        ),
    ),
}
"""What each kind of template holds."""

_RULES = (
    "Rows that begin with # are left out when the file is read: the one that explains the columns, and the example.",
    "Write below them, one row for each figure. Leave the names of the columns as they are.",
    "A blank cell means: unknown. It never means zero.",
    "Dates as 2024-11-27, or as dates of the spreadsheet.",
    "Numbers as numbers of the spreadsheet, not as text.",
    "You may add columns and sheets; no other sheet may have the same columns.",
)

_HEADER, _MEANING, _EXAMPLE, _FIRST, _LAST = 0, 1, 2, 3, 1000
"""Rows of the sheet, from 0; the last is where choices end."""


def write(kind: str, path: Path) -> None:
    """Write an empty workbook to fill in.

    Parameters
    ----------
    kind : str
        One of `TEMPLATES`.
    path : pathlib.Path
        The new file; one that is there already is never replaced, because it may be filled in.

    Raises
    ------
    InputError
        If there is no such kind, or the file is there already or cannot be written.
    """
    if kind not in TEMPLATES:
        raise InputError(finding(path, f"there is no template '{kind}'" + suggestion(kind, list(TEMPLATES))))
    if path.suffix.lower() != ".xlsx":
        raise InputError(finding(path, "is no XLSX file; end its name in .xlsx"))
    if path.exists():
        raise InputError(finding(path, "is there already; write to another file, or move that one away"))
    content = _workbook(kind, TEMPLATES[kind])
    with tables.saving(path) as partial:
        partial.write_bytes(content)


def _workbook(kind: str, template: Template) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": template.purpose, "created": dt.datetime(2000, 1, 1)})
        _fill_table(book, kind, template)
        _fill_read_me(book, kind, template)
    return content.getvalue()


def _fill_table(book: Any, kind: str, template: Template) -> None:
    """The sheet to fill in: header, meanings and example, and choices below them."""
    sheet = book.add_worksheet(kind)
    bold = book.add_format({"bold": True, "bottom": 1})
    meaning = book.add_format({"italic": True, "font_color": "#595959", "text_wrap": True, "valign": "top"})
    example = book.add_format({"italic": True, "font_color": "#595959"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for index, column in enumerate(template.columns):
        mark, like = ("# ", "# example: ") if index == 0 else ("", "")
        sheet.set_column(index, index, 24, day if column.name == "date" else None)
        sheet.write_string(_HEADER, index, column.name, bold)
        sheet.write_string(_MEANING, index, mark + column.meaning, meaning)
        sheet.write_string(_EXAMPLE, index, like + column.example, example)
        if column.choices:
            choices = {"validate": "list", "source": list(column.choices), "error_type": "warning"}
            sheet.data_validation(_FIRST, index, _LAST, index, choices)
    sheet.freeze_panes(_HEADER + 1, 0)


def _fill_read_me(book: Any, kind: str, template: Template) -> None:
    """The sheet that says what goes where."""
    sheet = book.add_worksheet("Read me")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 100)
    bold = book.add_format({"bold": True})
    lines = [
        (template.purpose, ""),
        *((rule, "") for rule in _RULES),
        ("", ""),
        *((column.name, column.meaning) for column in template.columns),
    ]
    for index, (first, second) in enumerate(lines):
        sheet.write_string(index, 0, first, bold if index == 0 or second else None)
        sheet.write_string(index, 1, second)
