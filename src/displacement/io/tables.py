"""Tables with messages that name file, row and column.

Reading needs the standard library alone, so that `validate` stays light.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from displacement.io.errors import InputError, finding, suggestion


class Row(Mapping[str, str]):
    """One row of a table: its cells by column name, and where it stands."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]) -> None:
        self.path, self.line, self._cells = path, line, cells

    def __getitem__(self, column: str) -> str:
        return self._cells[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def wrong(self, column: str, message: str) -> InputError:
        """An error that names this row's line and the column."""
        return InputError(finding(self.path, message, self.line, at=column))

    def text(self, column: str) -> str:
        """The cell as text; an error if it is blank."""
        value = self._cells.get(column, "").strip()
        if not value:
            raise self.wrong(column, "is blank; every row needs it")
        return value

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float:
        """The cell as a number within bounds; an error if it is blank or not a number."""
        written = self.text(column)
        try:
            value = float(written)
        except ValueError:
            raise self.wrong(
                column, f"is not a number (got '{written}'); write digits such as 1250.5"
            ) from None
        if not low <= value <= high:
            raise self.wrong(column, f"must be from {low:g} to {high:g} (got {written})")
        return value

    def number_or(self, column: str, default: float, low: float = -math.inf, high: float = math.inf) -> float:
        """The cell as a number, or the default if it is blank or the column is not there."""
        return self.number(column, low, high) if self._cells.get(column, "").strip() else default

    def date(self, column: str) -> dt.date:
        """The cell as a date."""
        written = self.text(column)
        try:
            return dt.date.fromisoformat(written)
        except ValueError:
            raise self.wrong(column, f"is not a date (got '{written}'); write it as 2024-11-27") from None


def read(path: Path, columns: Sequence[str]) -> list[Row]:
    """Read a table of comma or semicolon separated values.

    Parameters
    ----------
    path : pathlib.Path
        The table; UTF-8, with or without a byte-order mark.
    columns : sequence of str
        Columns that must be there; others are kept.

    Returns
    -------
    list of Row
        In order; blank lines are left out.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, or a column or cell is missing.
    """
    lines = csv.reader(io.StringIO(_text(path)), delimiter=_delimiter(path))
    header = next(lines, [])
    names = [name.strip() for name in header]
    if not any(names):
        raise InputError(
            finding(path, f"is empty; the first line names the columns: {', '.join(columns)}", 1)
        )
    missing = [column for column in columns if column not in names]
    if missing:
        raise InputError(
            *(
                finding(path, f"column '{column}' is missing (there are {', '.join(names)})", 1)
                for column in missing
            )
        )
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        raise InputError(finding(path, f"column '{double[0]}' stands twice; keep one", 1))
    rows = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            message = f"has {len(cells)} cells where the first line names {len(names)} columns"
            raise InputError(finding(path, message, lines.line_num))
        rows.append(Row(path, lines.line_num, dict(zip(names, cells, strict=True))))
    return rows


def _text(path: Path) -> str:
    """The file's text, or an error that says why it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        raise InputError(finding(path, "there is no such file" + suggestion(path.name, near)[:200])) from None
    except IsADirectoryError:
        raise InputError(finding(path, "is a folder; name a file")) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start + 1}); save it as 'CSV UTF-8'"
        raise InputError(finding(path, message)) from None
    except OSError as error:
        raise InputError(finding(path, f"cannot be read ({error.strerror})")) from None


def _delimiter(path: Path) -> str:
    """Semicolon where the first line has more of them than commas."""
    first = _text(path).partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def unique(rows: Iterable[Row], column: str) -> None:
    """Raise an error if two rows have the same value in a column."""
    seen: dict[str, int] = {}
    for row in rows:
        value = row.text(column)
        if value in seen:
            raise row.wrong(column, f"'{value}' stands in line {seen[value]} already; keep one")
        seen[value] = row.line


def inert(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula, made inert by a leading apostrophe.

    >>> inert("=1+1"), inert("Idleb"), inert(-3)
    ("'=1+1", 'Idleb', -3)
    """
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table for spreadsheets: UTF-8 with a byte-order mark, formulas made inert."""
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(map(inert, row) for row in rows)
