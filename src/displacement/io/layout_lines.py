"""Lines of the tables in the layout of the field's agent model: cells with messages that name file, line and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from displacement.io import encodings
from displacement.io.errors import InputError, finding, suggestion

MOST_PEOPLE = 1e9
"""More people in one place are a slip. [person]"""
FEW = 8
"""So many known names are listed where one is unknown; of more, only a like one."""


class Line(NamedTuple):
    """One line of a table, its cells without spaces around them."""

    path: Path
    number: int
    cells: tuple[str, ...]

    def wrong(self, column: str, message: str) -> InputError:
        """An error that names file, line and column."""
        return InputError(finding(self.path, message, self.number, at=column))

    def cell(self, at: int) -> str:
        """A cell; blank beyond the end of the line."""
        return self.cells[at] if at < len(self.cells) else ""

    def text(self, at: int, column: str) -> str:
        """A cell that must not be blank."""
        if not self.cell(at):
            raise self.wrong(column, "is blank; every line needs it")
        return self.cell(at)

    def value(
        self, at: int, column: str, low: float = -math.inf, high: float = math.inf, blank: float | None = None
    ) -> float:
        """A cell as a number within bounds."""
        if blank is not None and not self.cell(at):
            return blank
        written = self.text(at, column)
        try:
            number = float(written)
        except ValueError:
            raise self.wrong(
                column, f"is not a number (got '{written}'); write digits such as 12.5"
            ) from None
        if not low <= number <= high:
            raise self.wrong(column, f"must be from {low:g} to {high:g} (got {written})")
        return number

    def day(self, at: int, column: str, blank: int | None = None) -> int:
        """A cell as a day number."""
        number = self.value(at, column, -1e6, 1e6, blank)
        if number != int(number):
            raise self.wrong(column, f"must be a whole day (got {self.cell(at)})")
        return int(number)

    def date(self, at: int, column: str) -> dt.date:
        """A cell as a date."""
        written = self.text(at, column)
        try:
            return dt.date.fromisoformat(written[:10])
        except ValueError:
            raise self.wrong(column, f"is not a date (got '{written}'); write it as 2024-11-27") from None


def lines(path: Path, heads: Sequence[str], needed: bool = True) -> list[Line]:
    """Lines with figures: without blank ones, comments and one that names columns, told by its first cell."""
    if not path.is_file():
        if needed:
            raise InputError(finding(path, "there is no such file"))
        return []
    found = [line for line in all_lines(path) if not line.cell(0).startswith("#")]
    return found[1:] if found and found[0].cell(0).casefold() in heads else found


def all_lines(path: Path) -> list[Line]:
    """Lines that are not blank."""
    try:
        text = encodings.decode(path.read_bytes())
    except ValueError as error:
        raise InputError(finding(path, str(error))) from None
    except OSError as error:
        raise InputError(finding(path, f"cannot be opened ({error.strerror or error})")) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    found = [Line(path, reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader]
    return [line for line in found if any(line.cells)]


def empty(path: Path, what: str) -> InputError:
    """An error for a table without figures, that says what it holds."""
    return InputError(finding(path, f"is empty; it holds {what}", 1))


def known(line: Line, at: int, column: str, names: Collection[str]) -> str:
    """A cell that names a location."""
    name = line.text(at, column)
    if name not in names:
        raise line.wrong(column, f"unknown place '{name}'" + _near(name, names))
    return name


def _near(name: str, names: Collection[str]) -> str:
    return (
        suggestion(name, list(names))
        if len(names) < FEW
        else suggestion(name, list(names)).split("; write one")[0]
    )
