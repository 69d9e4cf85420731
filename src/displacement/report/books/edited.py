"""An edited workbook, read back: settings, lines of aid and lines of stock, with what the run had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from displacement.io.errors import InputError, finding
from displacement.io.workbooks import Line, Sheet, sheets
from displacement.report.books.assumptions_sheet import SETTING_COLUMNS
from displacement.report.books.layout import (
    ASSUMPTIONS,
    EDITABLE,
    LINE_COLUMNS,
    PEOPLE,
    READ_ME,
    STOCK,
    STOCK_COLUMNS,
)
from displacement.report.books.read_me_sheet import FORWARDED, SCENARIO_FILE, VARIANT, WRITTEN_FOR

__all__ = ["Edited", "EditedLine", "EditedLoad", "complain", "read_edited", "said", "same", "short"]

LARGEST = 1e12
"""A larger number is a slip of the pen."""


class Number(NamedTuple):
    """A number as it is now and as the run had it; None: blank."""

    now: float | None
    was: float | None

    @property
    def changed(self) -> bool:
        """Whether it differs."""
        if self.now is None or self.was is None:
            return self.now is not self.was
        return abs(self.now - self.was) > 1e-12 * max(abs(self.now), abs(self.was))


class EditedLine(NamedTuple):
    """A line of aid."""

    row: int
    item: str
    unit: str
    numbers: Mapping[str, Number]
    source: str
    source_was: str
    status: str
    status_was: str


class EditedLoad(NamedTuple):
    """A line of stock."""

    row: int
    hub: str
    item: str
    unit: str
    date: dt.date | None
    quantity: Number


@dataclass(frozen=True)
class Edited:
    """What a workbook says."""

    path: Path
    scenario_file: str
    variant: str | None
    rounded: bool
    """Whether its figures are those to be forwarded: stock is rounded, and of all hubs together."""
    settings: Mapping[str, tuple[int, Number]]
    """Row and number by name."""
    lines: tuple[EditedLine, ...]
    stock: tuple[EditedLoad, ...]
    people_changed: bool
    """Whether other people are planned for than the run had."""


def complain(edited: Edited, sheet: str, row: int, name: str, message: str, wrong: list[str]) -> None:
    """Add what is wrong in a cell to the list."""
    wrong.append(finding(edited.path, message, at=f"sheet '{sheet}', row {row}, {name}"))


def same(one: float | None, other: float | None) -> bool:
    """Whether two numbers, or blanks, are the same but for the last digits that a spreadsheet keeps.

    >>> same(0.3, 0.1 + 0.2), same(None, 0.0), same(None, None)
    (True, False, True)
    """
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other))


def said(value: float | None) -> str:
    """A number in a sentence.

    >>> said(100.0), said(0.555), said(None)
    ('100', '0.555', 'blank')
    """
    return "blank" if value is None else f"{value:.10g}"


def short(value: float | None) -> float | int | None:
    """A whole number without a fraction.

    >>> short(20.0), short(0.5)
    (20, 0.5)
    """
    return int(value) if value is not None and float(value).is_integer() else value


def read_edited(path: Path) -> Edited:
    """Read a workbook that this package wrote and somebody changed.

    Raises
    ------
    InputError
        If it is none, or a cell is not as it must be: all wrong cells at once, each with sheet and row.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(finding(path, f"cannot be read ({error.strerror}); name a workbook")) from None
    found = {sheet.name: sheet for sheet in sheets(path, content)}
    missing = [name for name in (READ_ME, ASSUMPTIONS, STOCK) if name not in found]
    if missing:
        message = f"has no sheet '{missing[0]}'; name a needs.xlsx that a run wrote, with all its sheets"
        raise InputError(finding(path, message))
    wrong: list[str] = []
    about = {line.cells[0]: line.cells[1] for line in found[READ_ME].lines if len(line.cells) > 1}
    reading = _Reading(path, wrong)
    edited = Edited(
        path=path,
        scenario_file=about.get(SCENARIO_FILE, ""),
        variant=about.get(VARIANT) or None,
        rounded=about.get(WRITTEN_FOR, "") == FORWARDED,
        settings=dict(_settings(reading, found[ASSUMPTIONS])),
        lines=tuple(_lines(reading, found[ASSUMPTIONS])),
        stock=tuple(_stock(reading, found[STOCK])),
        people_changed=PEOPLE in found and _people_changed(found[PEOPLE]),
    )
    if wrong:
        raise InputError(*wrong)
    return edited


class _Reading:
    """Reads cells by the name of their column; what is wrong is collected."""

    def __init__(self, path: Path, wrong: list[str]) -> None:
        self.path, self.wrong = path, wrong

    def table(self, sheet: Sheet, columns: Sequence[str]) -> tuple[Mapping[str, int], list[Line]]:
        """Columns by name and the lines below the header, to the first without anything in its first column."""
        for at, line in enumerate(sheet.lines):
            names = [cell.strip() for cell in line.cells]
            if set(columns) <= set(names):
                return {name: names.index(name) for name in columns}, sheet.lines[at + 1 :]
        lost = f"has no row with the names of its columns ({', '.join(columns[:4])}, ...)"
        raise InputError(finding(self.path, f"{lost}; put it back as it was", at=f"sheet '{sheet.name}'"))

    def number(self, sheet: str, line: Line, at: int, name: str) -> float | None:
        """A number that is not below zero, or nothing where the cell is blank."""
        text = line.cells[at].strip() if at < len(line.cells) else ""
        if not text:
            return None
        value = line.numbers.get(at)
        if value is None:
            try:
                value = float(text)
            except ValueError:
                self.complain(sheet, line.line, name, f"is no number (got '{text}'); write one, such as 15")
                return None
        if not 0 <= value <= LARGEST:
            self.complain(sheet, line.line, name, f"must be 0 or more (got {text}); correct it")
            return None
        return value

    def complain(self, sheet: str, row: int, name: str, message: str) -> None:
        """Note what is wrong in a cell."""
        self.wrong.append(finding(self.path, message, at=f"sheet '{sheet}', row {row}, {name}"))


def _settings(reading: _Reading, sheet: Sheet) -> Iterator[tuple[str, tuple[int, Number]]]:
    columns, lines = reading.table(sheet, SETTING_COLUMNS)
    for line in lines:
        name = line.cells[columns["setting"]].strip()
        if not name:
            return
        now, was = (reading.number(sheet.name, line, columns[column], name) for column in ("value", "as run"))
        yield name, (line.line, Number(now, was))


def _lines(reading: _Reading, sheet: Sheet) -> Iterator[EditedLine]:
    columns, lines = reading.table(sheet, LINE_COLUMNS)
    for line in lines:
        words = {
            name: line.cells[columns[name]].strip()
            for name in ("item", "unit", "source", "source as run", "status", "status as run")
        }
        if not any(cell.strip() for cell in line.cells):
            continue
        numbers = {
            name: Number(
                reading.number(sheet.name, line, columns[name], name),
                reading.number(sheet.name, line, columns[f"{name} as run"], f"{name} as run"),
            )
            for name in EDITABLE
        }
        yield EditedLine(line.line, words["item"], words["unit"], numbers, *list(words.values())[2:])


def _stock(reading: _Reading, sheet: Sheet) -> Iterator[EditedLoad]:
    columns, lines = reading.table(sheet, STOCK_COLUMNS)
    for line in lines:
        words = {name: line.cells[columns[name]].strip() for name in ("hub", "item", "unit", "date")}
        now, was = (reading.number(sheet.name, line, columns[name], name) for name in ("quantity", "as run"))
        if now is None and was is None:
            continue
        date = _date(reading, sheet.name, line, words["date"])
        yield EditedLoad(line.line, words["hub"], words["item"], words["unit"], date, Number(now, was))


def _date(reading: _Reading, sheet: str, line: Line, written: str) -> dt.date | None:
    if not written:
        return None
    try:
        return dt.date.fromisoformat(written[:10])
    except ValueError:
        reading.complain(sheet, line.line, "date", f"is no date (got '{written}'); write it as 2024-12-05")
        return None


def _people_changed(sheet: Sheet) -> bool:
    """Whether other people are planned for somewhere."""
    for at, line in enumerate(sheet.lines):
        if "people to plan for" in line.cells and "as run" in line.cells:
            now, was = line.cells.index("people to plan for"), line.cells.index("as run")
            pairs = ((row.numbers.get(now), row.numbers.get(was)) for row in sheet.lines[at + 1 :])
            return any(Number(*pair).changed for pair in pairs if None not in pair)
    return False
