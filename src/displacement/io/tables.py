"""Tables (CSV, XLSX and their like) with messages that name file, row and column.

Reading CSV needs the standard library alone, so that `validate` stays light.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from displacement.io import cells as written_cells
from displacement.io import encodings, workbooks
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.workbooks import Line, Sheet

Wanted = str | tuple[str, ...]
"""A column that must be there; of several names, one is enough."""

LOCKED = "is open in another program, or you may not {}; close it there"


class Header(NamedTuple):
    """What is known of the columns of a table."""

    names: Mapping[str, str]
    """Each column as the file names it, by its `key`."""
    marks: Mapping[str, str]
    """Decimal mark of each column; blank where nothing in the table shows it."""


class Row(Mapping[str, str]):
    """One row of a table: its cells by column name, and where it stands.

    Column names are looked up without regard to case and spaces around them.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    line : int
        Position in the file or sheet, from 1.
    cells : dict of str
        Text by column, columns as the file names them.
    numbers : mapping, optional
        Value of each cell that holds a number and not its writing, by column.
    header : Header, optional
        What is known of the table's columns.
    """

    def __init__(
        self,
        path: Path,
        line: int,
        cells: dict[str, str],
        numbers: Mapping[str, float] | None = None,
        header: Header | None = None,
    ) -> None:
        self.path, self.line, self._cells = path, line, cells
        self._numbers = numbers or {}
        self._header = header or Header({key(name): name for name in cells}, {})

    def __getitem__(self, column: str) -> str:
        return self._cells[self._name(column)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def _name(self, column: str) -> str:
        """The column as the file names it."""
        return column if column in self._cells else self._header.names.get(key(column), column)

    def wrong(self, column: str, message: str) -> InputError:
        """An error that names this row's line and the column."""
        return InputError(finding(self.path, message, self.line, at=self._name(column)))

    def text(self, column: str) -> str:
        """The cell as text; an error if it is blank, or shows that a formula failed."""
        value = self.get(column, "").strip()
        if not value:
            raise self.wrong(column, "is blank; every row needs it")
        if value in written_cells.BROKEN:
            raise self.wrong(column, _failed(value))
        return value

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float:
        """The cell as a finite number within bounds; an error if it is blank, no number, or can mean two."""
        written, name = self.text(column), self._name(column)
        try:
            value = self._numbers.get(name)
            value = (
                written_cells.number(written, self._header.marks.get(name, ".")) if value is None else value
            )
        except ValueError as error:
            raise self.wrong(column, str(error)) from None
        if not low <= value <= high:
            raise self.wrong(column, f"must be from {low:g} to {high:g} (got {written})")
        return value

    def number_or(self, column: str, default: float, low: float = -math.inf, high: float = math.inf) -> float:
        """The cell as a number, or the default if it is blank or the column is not there."""
        return self.number(column, low, high) if self.get(column, "").strip() else default

    def date(self, column: str) -> dt.date:
        """The cell as a date; an error if it is blank, no date, or can mean two."""
        try:
            return written_cells.date(self.text(column))
        except InputError:
            raise
        except ValueError as error:
            raise self.wrong(column, str(error)) from None


@lru_cache(maxsize=1024)
def key(name: str) -> str:
    """A column name as it is compared: without case, dots on an i, and spaces around it.

    >>> key(" Sub-District "), key("TARİH") == key("tarih"), key("YER ADI") == key("yer adı")
    ('sub-district', True, True)
    """
    return written_cells.plain(name).casefold().replace("\u0307", "").replace("ı", "i")


def read(path: Path, columns: Sequence[Wanted]) -> list[Row]:
    """Read a table.

    Separated text: comma, semicolon or tab, told by the header; UTF-8, UTF-16, cp1256 or cp1254. Workbooks:
    XLSX, XLS, XLSB or ODS; the visible sheet that has the columns; formulas count with the value last saved.
    Comments are left out: rows whose first cell begins with '#' and anything but a digit after it, above or
    below the header.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    columns : sequence of str or tuple of str
        Columns that must be there, of a tuple at least one; others are kept.

    Returns
    -------
    list of Row
        In order; blank lines are left out. `line` is the row of the file or sheet.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, or a column or cell is missing.
    """
    content = _content(path)
    if workbooks.is_workbook(path, content):
        sheet = _chosen(path, workbooks.sheets(path, content), columns)
    else:
        sheet = _separated(path, content)
    return _rows(path, sheet, columns)


def _content(path: Path) -> bytes:
    """The file's bytes, or an error that says why it cannot be read."""
    opened = re.fullmatch(r"~\$(.+)|\.~lock\.(.+)#", path.name)
    if opened:
        message = f"only says that '{opened[1] or opened[2]}' is open in another program; name that file"
        raise InputError(finding(path, message))
    try:
        return path.read_bytes()
    except FileNotFoundError:
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        raise InputError(finding(path, "there is no such file" + suggestion(path.name, near)[:200])) from None
    except OSError as error:
        raise InputError(finding(path, _refusal(path, error, "read it"))) from None


def _refusal(path: Path, error: OSError, verb: str) -> str:
    """Why a file cannot be opened, in words of a planner."""
    if path.is_dir():
        return "is a folder; name a file"
    if isinstance(error, PermissionError):
        return LOCKED.format(verb)
    return f"cannot be opened ({error.strerror or error}); check the drive and the name"


def _separated(path: Path, content: bytes) -> Sheet:
    """The lines of a table of separated text."""
    try:
        text = encodings.decode(content)
    except ValueError as error:
        raise InputError(finding(path, str(error))) from None
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        lines = [Line(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise InputError(finding(path, f"is not a table ({error}); save it as 'CSV UTF-8'")) from None
    return Sheet("", lines, "." if separator == "," else "")


def _separator(text: str) -> str:
    """Comma, semicolon or tab: what stands most often in the first line that is no comment."""
    firsts = ((re.split(r"[,;\t]", line, maxsplit=1)[0], line) for line in io.StringIO(text) if line.strip())
    lines = (line for first, line in firsts if not _is_comment(first))
    header = re.sub(r'"[^"]*"', "", next(lines, ""))
    return max(",;\t", key=header.count)


def _is_comment(cell: str) -> bool:
    """Whether a row that begins with this cell is a comment.

    >>> [_is_comment(cell) for cell in ("# people", "#adm3+code", "#12", "#", "#REF!")]
    [True, True, False, False, False]
    """
    found = cell.strip().lstrip('"')
    return bool(re.match(r"#\D", found)) and found not in written_cells.BROKEN


def _header(sheet: Sheet) -> int | None:
    """Position of the line that names the columns; None if there is none."""
    for index, line in enumerate(sheet.lines):
        first = next((cell for cell in line.cells if cell.strip()), None)
        if first is not None and not _is_comment(first):
            return index
    return None


def _names(sheet: Sheet) -> list[str]:
    header = _header(sheet)
    return [] if header is None else [" ".join(cell.split()) for cell in sheet.lines[header].cells]


def _chosen(path: Path, sheets: Sequence[Sheet], columns: Sequence[Wanted]) -> Sheet:
    """The sheet that has the columns; the nearest to it if none has."""
    filled = [sheet for sheet in sheets if _header(sheet) is not None]
    fitting = [sheet for sheet in filled if not _missing(_names(sheet), columns)]
    if len(fitting) > 1:
        listed = ", ".join(f"'{sheet.name}'" for sheet in fitting)
        message = f"has these columns in several sheets: {listed}; save the one you mean as a file of its own"
        raise InputError(finding(path, message))
    return min(fitting or filled or [Sheet("", [])], key=lambda sheet: len(_missing(_names(sheet), columns)))


def _missing(names: Sequence[str], columns: Sequence[Wanted]) -> list[tuple[str, ...]]:
    """Wanted columns that are not there."""
    there = set(map(key, names))
    wanted = [(column,) if isinstance(column, str) else column for column in columns]
    return [options for options in wanted if there.isdisjoint(map(key, options))]


def _check_header(path: Path, names: Sequence[str], columns: Sequence[Wanted], line: int, sheet: str) -> None:
    """Raise an error that lists missing and double columns."""
    where = f"in sheet '{sheet}', " if sheet else ""
    wrong = [
        finding(path, where + _missing_message(options, names), line) for options in _missing(names, columns)
    ]
    keys = [key(name) for name in names if name]
    double = {key(name): name for name in names if name and keys.count(key(name)) > 1}
    wrong += [
        finding(path, f"{where}column '{name}' stands twice; keep one", line) for name in double.values()
    ]
    if wrong:
        raise InputError(*wrong)


def _missing_message(options: tuple[str, ...], names: Sequence[str]) -> str:
    listed = ", ".join(name for name in names if name)
    if len(options) > 1:
        some = ", ".join(options[:8]) + (", ..." if len(options) > 8 else "")
        return f"none of the columns {some} is there (there are {listed}); name one so"
    near = get_close_matches(key(options[0]), [key(name) for name in names if name], n=1, cutoff=0.7)
    advice = f"write '{options[0]}' in place of '{near[0]}'" if near else "add it"
    return f"column '{options[0]}' is missing (there are {listed}); {advice}"


def _rows(path: Path, sheet: Sheet, columns: Sequence[Wanted]) -> list[Row]:
    """Rows below the header."""
    header = _header(sheet)
    if header is None:
        wanted = ", ".join(column if isinstance(column, str) else column[0] for column in columns)
        raise InputError(finding(path, f"is empty; the first line names the columns: {wanted}", 1))
    names = _names(sheet)
    _check_header(path, names, columns, sheet.lines[header].line, sheet.name)
    named = [index for index, name in enumerate(names) if name]
    lines = [line for line in sheet.lines[header + 1 :] if _is_row(line, named[0])]
    for line in lines:
        if len(line.cells) != len(names):
            message = f"has {len(line.cells)} cells where the first line names {len(names)} columns"
            raise InputError(
                finding(path, f"{message}; put text with a separator in it in quotes", line.line)
            )
    _check_formulas(path, lines, names, columns)
    known = Header({key(names[index]): names[index] for index in named}, _marks(sheet, lines, names, named))
    return [
        Row(
            path,
            line.line,
            {names[index]: line.cells[index] for index in named},
            {names[index]: value for index, value in line.numbers.items()},
            known,
        )
        for line in lines
    ]


def _is_row(line: Line, first: int) -> bool:
    """Whether a line holds figures: it is neither blank nor a comment."""
    return any(cell.strip() for cell in line.cells) and not _is_comment(
        "".join(line.cells[first : first + 1])
    )


def _marks(sheet: Sheet, lines: Sequence[Line], names: Sequence[str], named: Sequence[int]) -> dict[str, str]:
    """Decimal mark of each column."""
    if sheet.mark:
        return {names[index]: sheet.mark for index in named}
    texts = [[line.cells[index] for line in lines if index not in line.numbers] for index in named]
    return dict(zip((names[index] for index in named), written_cells.decimal_marks(texts), strict=True))


def _check_formulas(
    path: Path, lines: Sequence[Line], names: Sequence[str], columns: Sequence[Wanted]
) -> None:
    """Raise an error that lists the cells of wanted columns in which a formula failed."""
    wanted = {key(name) for column in columns for name in ([column] if isinstance(column, str) else column)}
    failed = [
        finding(path, _failed(cell.strip(), workbooks.address(line.line - 1, index)), line.line, at=name)
        for line in lines
        for index, (name, cell) in enumerate(zip(names, line.cells, strict=True))
        if cell.strip() in written_cells.BROKEN and key(name) in wanted
    ]
    if failed:
        raise InputError(*failed)


def _failed(shown: str, address: str = "") -> str:
    return f"{'cell ' + address + ' ' if address else ''}holds the error {shown}; mend the formula or write the value"


def unique(rows: Iterable[Row], column: str) -> None:
    """Raise an error if two rows have the same value in a column."""
    seen: dict[str, int] = {}
    for row in rows:
        value = row.text(column)
        if value in seen:
            raise row.wrong(column, f"'{value}' stands in line {seen[value]} already; keep one")
        seen[value] = row.line


_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,]+$)")
_RISKY = frozenset("=@\t\r+-")


@lru_cache(maxsize=65_536, typed=True)
def inert(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula, made inert by a leading apostrophe.

    >>> inert("=1+1"), inert("Idleb"), inert(-3), inert("-3"), inert("-3+1")
    ("'=1+1", 'Idleb', -3, '-3', "'-3+1")
    """
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _RISKY and _FORMULA.match(cell) else cell


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table for spreadsheets: UTF-8 with a byte-order mark, formulas made inert."""
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(map(inert, row) for row in rows)


@contextmanager
def saving(path: Path) -> Iterator[Path]:
    """A file to write into that takes its place only when all is written; an error says why that cannot be."""
    try:
        if path.is_dir():
            raise IsADirectoryError
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except FileNotFoundError:
        raise InputError(finding(path, "cannot be written: there is no such folder; make it first")) from None
    except NotADirectoryError:
        raise InputError(
            finding(path, f"cannot be written: {path.parent.name} is a file; name another folder")
        ) from None
    except OSError as error:
        raise InputError(finding(path, _refusal(path, error, "write it"))) from None
