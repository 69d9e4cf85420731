"""Workbooks (XLSX, XLS, XLSB, ODS) as sheets of text, with the numbers that stand in them."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from xml.etree import ElementTree

from displacement.io.errors import InputError, finding

SUFFIXES = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError, OSError),
    *(LookupError, ValueError, NotImplementedError, RuntimeError),
)
"""What the standard library raises on a damaged archive, or on damaged XML in it."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Line(NamedTuple):
    """One line of a table: its cells as text, and the numbers among them."""

    line: int
    """Position in the file or sheet, from 1."""
    cells: list[str]
    numbers: Mapping[int, float] = MappingProxyType({})
    """Cells that hold a number and not its writing, by position."""


class Sheet(NamedTuple):
    """A table as it stands in the file, header and comments included."""

    name: str
    lines: list[Line]
    mark: str = ""
    """Decimal mark of all its text; blank if the text must show it."""


def is_workbook(path: Path, content: bytes) -> bool:
    """Whether a file is a workbook, by its content or its name."""
    return content.startswith((_ZIP, _OLE)) or path.suffix.lower() in SUFFIXES


def sheets(path: Path, content: bytes) -> list[Sheet]:
    """The visible sheets of a workbook, in order; of formulas, the values last saved.

    Raises
    ------
    InputError
        If the workbook is damaged, protected by a password, or none at all.
    """
    import python_calamine as calamine

    if content.startswith(_OLE) and _ENCRYPTED in content:
        raise _protected(path)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == calamine.SheetVisibleEnum.Visible
        ]
        found = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in visible}
        failed = _failed_formulas(content)
    except calamine.PasswordError:
        raise _protected(path) from None
    except (calamine.CalamineError, *_DAMAGES):
        raise InputError(finding(path, _damage(path, content))) from None
    return [Sheet(name, _lines(rows, failed.get(name, {}))) for name, rows in found.items()]


def _protected(path: Path) -> InputError:
    return InputError(finding(path, "is protected by a password; save it without one"))


def _damage(path: Path, content: bytes) -> str:
    if content.startswith((_ZIP, _OLE)):
        return "is a damaged or incomplete workbook; copy it again, or open it and save it as XLSX"
    return f"is not a workbook although its name ends in {path.suffix}; open it and save it as XLSX"


def _lines(rows: list[list[Any]], failed: dict[str, str]) -> list[Line]:
    """Lines of text; where a formula failed, the error that the spreadsheet shows."""
    errors = {position(name): shown for name, shown in failed.items()}
    height = max([len(rows), *(row + 1 for row, _ in errors)])
    width = max([*map(len, rows[:1]), *(column + 1 for _, column in errors)], default=0)
    lines = []
    for row in range(height):
        cells = rows[row] if row < len(rows) else []
        texts = [_text(cell) for cell in cells] + [""] * (width - len(cells))
        lines.append(Line(row + 1, texts, _numbers(cells)))
    for (row, column), shown in errors.items():
        lines[row].cells[column] = shown
    return lines


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a decimal mark, days and times in ISO form.

    >>> _text(1250.0), _text(0.5), _text(True), _text(dt.date(2024, 11, 27))
    ('1250', '0.5', 'TRUE', '2024-11-27')
    """
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


def _numbers(row: list[Any]) -> dict[int, float]:
    return {
        index: float(cell)
        for index, cell in enumerate(row)
        if isinstance(cell, int | float) and not isinstance(cell, bool)
    }


def address(row: int, column: int) -> str:
    """A cell's name in a spreadsheet; row and column from 0.

    >>> address(3, 1), address(0, 27)
    ('B4', 'AB1')
    """
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def position(name: str) -> tuple[int, int]:
    """Row and column of a cell's name, from 0.

    >>> position("B4"), position("AB1")
    ((3, 1), (0, 27))
    """
    letters = name.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(name[len(letters) :]) - 1, column - 1


_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9]\d{0,6}")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TARGET = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def _failed_formulas(content: bytes) -> dict[str, dict[str, str]]:
    """Cells of an XLSX file that show an error, by sheet and name of the cell.

    The reader of workbooks returns them blank, and a blank is not a mistake.
    """
    if not content.startswith(_ZIP):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if "xl/workbook.xml" not in parts.namelist():
            return {}
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        target = {part.get("Id"): part.get("Target", "") for part in relations.iter(_TARGET)}
        found = {}
        for sheet in book.iter(f"{_MAIN}sheet"):
            part = target.get(sheet.get(_RELATION), "")
            inside = part.lstrip("/") if part.startswith("/") else f"xl/{part}"
            if inside in parts.namelist():
                found[sheet.get("name", "")] = _errors(parts.read(inside))
    return found


def _errors(sheet: bytes) -> dict[str, str]:
    """Cells that show an error, by name."""
    if b't="e"' not in sheet and b"t='e'" not in sheet:
        return {}
    return {
        cell.get("r", ""): cell.findtext(f"{_MAIN}v", "")
        for _, cell in ElementTree.iterparse(io.BytesIO(sheet))
        if cell.tag == f"{_MAIN}c" and cell.get("t") == "e" and _ADDRESS.fullmatch(cell.get("r", ""))
    }
