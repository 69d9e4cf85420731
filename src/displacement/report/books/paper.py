"""The paper of a workbook: sheets with title and notice, formats, text that stays text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from displacement.io.tables import inert

__all__ = ["HEAD", "Figure", "Paper", "cell", "column"]

Figure = float | str
"""A figure, or the word that stands in its place: lt100, not known."""

HEAD = 3
"""Rows on top of every sheet: title, notice, how to read it."""
EPOCH = dt.date(1899, 12, 30)
"""The day from which spreadsheets count."""
COLUMNS_A_PAGE = 16
"""Columns that can be read on a page."""
LONGEST = 32_000
"""Letters of a text in a cell, a little less than there may be."""
A4 = 9
YELLOW, GREY, BLUE = "#FFF7D6", "#707070", "#E8EEF5"
NUMBER = "[=0]0;[<10]0.0##;#,##0"
_TOP = {"valign": "top"}
_WRAPPED = {"text_wrap": True, **_TOP}
_DATE = {"num_format": "yyyy-mm-dd", "align": "left", **_TOP}
_INPUT = {"bg_color": YELLOW, "border": 1, "border_color": "#D9C77A", **_TOP}
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "notice": {"italic": True, "font_color": GREY},
    "text": _TOP,
    "wrapped": _WRAPPED,
    "bold": {"bold": True, **_TOP},
    "head": {"bold": True, "bg_color": BLUE, "border": 1, **_WRAPPED},
    "about": {"font_color": GREY, "font_size": 9, **_WRAPPED},
    "number": {"num_format": NUMBER, **_TOP},
    "strong": {"num_format": NUMBER, "bold": True, **_TOP},
    "factor": {"num_format": "General", **_TOP},
    "share": {"num_format": "0%", **_TOP},
    "date": _DATE,
    "word": {"font_color": GREY, "align": "right", "italic": True, **_TOP},
    "input": _INPUT,
    "input_number": {**_INPUT, "num_format": NUMBER},
    "input_date": {**_INPUT, **_DATE},
    "input_text": {**_INPUT, **_WRAPPED},
    "was": {"font_color": GREY, **_TOP},
    "was_number": {"font_color": GREY, "num_format": NUMBER, **_TOP},
    "was_text": {"font_color": GREY, **_WRAPPED},
}
"""What cells look like; those that are meant to be changed are yellow."""

_LETTERS: list[str] = []


def column(at: int) -> str:
    """The letters of a column, from 0.

    >>> column(0), column(27)
    ('A', 'AB')
    """
    while len(_LETTERS) <= at:
        number, letters = len(_LETTERS) + 1, ""
        while number:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord("A") + letter) + letters
        _LETTERS.append(letters)
    return _LETTERS[at]


def cell(row: int, at: int, sheet: str = "") -> str:
    """A cell that stays the same cell wherever the formula goes; row and column from 0.

    >>> cell(4, 1), cell(4, 1, "needs by week")
    ('$B$5', "'needs by week'!$B$5")
    """
    place = f"${column(at)}${row + 1}"
    return f"'{sheet}'!{place}" if sheet else place


@lru_cache(maxsize=1)
def _sheet_class() -> type[Any]:
    """XlsxWriter's sheet with its two slowest steps made short; where it has other steps they are not called."""
    from xlsxwriter.worksheet import Worksheet

    class Sheet(Worksheet):  # type: ignore[misc]
        """A sheet whose formulas name no function that is newer than the format."""

        def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
            return formula.removeprefix("=")

        def _write_cell(self, row: int, col: int, cell: Any) -> None:
            kind = type(cell).__name__
            style = f'" s="{cell.format._get_xf_index()}"' if kind in _PLAIN and cell.format else ""
            if kind == "Number" and style:
                self.fh.write(f'<c r="{column(col)}{row + 1}{style}><v>{cell.number!r}</v></c>')
            elif kind == "String" and style and not self.constant_memory:
                self.fh.write(f'<c r="{column(col)}{row + 1}{style} t="s"><v>{cell.string}</v></c>')
            elif kind == "Formula" and style and isinstance(cell.value, float):
                formula = escape(cell.formula)
                self.fh.write(
                    f'<c r="{column(col)}{row + 1}{style}><f>{formula}</f><v>{cell.value!r}</v></c>'
                )
            else:
                super()._write_cell(row, col, cell)

    return Sheet


_PLAIN = ("Number", "String", "Formula")


class Paper:
    """A workbook that is being written.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    title, notice : str
        Stand on top of every sheet.
    day : datetime.date
        Stands in the file's properties as the day on which it was made.
    """

    def __init__(self, path: Path, title: str, notice: str, day: dt.date) -> None:
        import xlsxwriter

        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(str(path), plain)
        self.title, self.notice = title, notice
        self.formats = {name: self.book.add_format(dict(look)) for name, look in FORMATS.items()}
        # Not the hour of writing: the same run gives the same bytes.
        created = dt.datetime(day.year, day.month, day.day)
        self.book.set_properties({"title": title[:250], "comments": notice[:250], "created": created})

    def close(self) -> None:
        """Write the file."""
        self.book.close()

    def sheet(
        self,
        name: str,
        how: str,
        widths: Sequence[float],
        frozen: tuple[int, int] = (0, 0),
        tall: bool = False,
        columns: int = 1,
    ) -> Any:
        """A sheet with its head.

        Parameters
        ----------
        name : str
            Its name.
        how : str
            What it holds and how to read it, in one line.
        widths : sequence of float
            Widths of the first columns; the last is that of all others. [character]
        frozen : (int, int)
            Rows and columns that stay in sight.
        tall : bool
            Printed upright.
        columns : int
            How many there are; more than fit a page are printed side by side.
        """
        added = self.book.add_worksheet(name, worksheet_class=_sheet_class())
        for at, width in enumerate(widths):
            added.set_column(at, at if at < len(widths) - 1 else max(at, 200), width)
        self.text(added, 0, 0, f"{self.title}: {name}", "title")
        self.text(added, 1, 0, self.notice, "notice")
        self.text(added, 2, 0, how, "notice")
        added.freeze_panes(*frozen)
        added.set_paper(A4)
        if not tall:
            added.set_landscape()
        added.fit_to_pages(max(1, -(-columns // COLUMNS_A_PAGE)), 0)
        if columns > COLUMNS_A_PAGE:
            added.repeat_columns(0, max(frozen[1] - 1, 0))
        added.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        added.set_footer("&L&8&A&R&8&P / &N")
        if frozen[0] > HEAD:
            added.repeat_rows(HEAD, frozen[0] - 1)
        return added

    def text(self, sheet: Any, row: int, at: int, text: str, look: str = "text") -> None:
        """Text that stays text, whatever it begins with."""
        plain = str(inert(text))[:LONGEST]
        # XlsxWriter takes what begins so for XML of its own.
        sheet.write_string(row, at, f" {plain}" if plain.startswith("<r>") else plain, self.formats[look])

    def texts(self, sheet: Any, row: int, at: int, texts: Sequence[str], look: str = "text") -> None:
        """Text in cells beside one another."""
        for offset, text in enumerate(texts):
            self.text(sheet, row, at + offset, text, look)

    def figure(self, sheet: Any, row: int, at: int, value: Figure | None, look: str = "number") -> None:
        """A figure, or the word in its place; nothing where there is none: it is no zero."""
        if value is None:
            sheet.write_blank(row, at, None, self.formats[look])
        elif isinstance(value, str):
            sheet.write_string(row, at, value, self.formats["word"])
        else:
            sheet.write_number(row, at, value, self.formats[look])

    def formula(
        self, sheet: Any, row: int, at: int, formula: str, value: Figure, look: str = "number"
    ) -> None:
        """A formula with the value that it has now."""
        sheet.write_formula(row, at, f"={formula}", self.formats[look], value)

    def date(self, sheet: Any, row: int, at: int, day: dt.date, look: str = "date") -> None:
        """A day."""
        sheet.write_datetime(row, at, dt.datetime(day.year, day.month, day.day), self.formats[look])
