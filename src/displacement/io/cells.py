"""What a written number or date means, as spreadsheets in English, Arabic and Turkish write it.

What can mean two things is refused, never guessed: '1,250' is 1250 in one country and 1.25 in another.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

MARKS = (".", ",")
"""The two decimal marks; the other one of the pair separates thousands."""

BROKEN = frozenset(
    ("#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!")
)
"""What a spreadsheet shows where a formula failed."""

_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹−٬", "01234567890123456789- ")


def plain(written: str) -> str:
    """Text with Western digits, single spaces, and no invisible marks of direction.

    >>> plain(" ١٢٥٠\u200f ")
    '1250'
    """
    visible = (letter for letter in written if unicodedata.category(letter) != "Cf")
    return " ".join("".join(visible).translate(_ASCII).split())


def _number(mark: str, group: str) -> re.Pattern[str]:
    """Numbers with this decimal mark (or the Arabic one) and thousands in groups of three."""
    grouped = rf"[1-9]\d{{0,2}}(?P<group>[{group} ])\d{{3}}(?:(?P=group)\d{{3}})*"
    return re.compile(rf"[+-]?(?:(?:{grouped}|\d+)(?:[{mark}٫]\d+)?|[{mark}٫]\d+)(?:[eE][+-]?\d+)?", re.ASCII)


_NUMBERS = {mark: (_number(mark, group), group) for mark, group in zip(MARKS, reversed(MARKS), strict=True)}


def readings(written: str) -> dict[str, float]:
    """What a number can mean, by decimal mark; empty where it is not a finite number.

    >>> readings("1.250,5"), readings("1,250"), readings("nan")
    ({',': 1250.5}, {'.': 1250.0, ',': 1.25}, {})
    """
    text = plain(written)
    found = {}
    for mark, (pattern, group) in _NUMBERS.items():
        if pattern.fullmatch(text):
            digits = text.replace(" ", "").replace(group, "")
            value = float(digits.replace(mark, ".").replace("٫", "."))
            if math.isfinite(value):
                found[mark] = value
    return found


def decimal_marks(columns: Sequence[Iterable[str]]) -> list[str]:
    """The decimal mark of each column of a table; blank where nothing shows it.

    A cell such as '12,5' or '1.250.000' shows it, '1,250' does not. A column without such a cell
    takes the mark of the others; one that shows both has none.

    >>> decimal_marks([["12,5", "1.250"], ["1.250"]]), decimal_marks([["12,5", "12.5"]])
    ([',', ','], [''])
    """
    shown = [
        {next(iter(found)) for found in map(readings, set(cells)) if len(found) == 1} for cells in columns
    ]
    table = set().union(*shown)
    return [_only(marks or table) for marks in shown]


def _only(marks: set[str]) -> str:
    return next(iter(marks)) if len(marks) == 1 else ""


def number(written: str, mark: str = ".") -> float:
    """The number that a cell means.

    Parameters
    ----------
    written : str
        The cell.
    mark : str
        Decimal mark of its column; blank if nothing shows it.

    Raises
    ------
    ValueError
        If it is not a finite number or can mean two; the message says what to write.

    Examples
    --------
    >>> number("1.250", ","), number("1 250", ""), number("١٢٫٥")
    (1250.0, 1250.0, 12.5)
    """
    found = readings(written)
    if not found:
        raise ValueError(f"is not a number (got '{written}'); write digits such as 1250.5")
    if mark:
        if mark not in found:
            (value,) = found.values()
            raise ValueError(
                f"is not a number with '{mark}' as decimal mark (got '{written}'); write {value!r}"
            )
        return found[mark]
    if len(set(found.values())) > 1:
        small, large = sorted(found.values(), key=abs)
        raise ValueError(
            f"can be {large:.0f} or {small!r} (got '{written}'), and nothing in the table shows which; "
            f"write {large:.0f}, or {small:.4f} if that is meant"
        )
    return next(iter(found.values()))


_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})", re.ASCII)


def date(written: str) -> dt.date:
    """The day that a cell means.

    Written year first, or with dots, day first. With strokes or hyphens, the day is the number above 12;
    a time of day is left out.

    Raises
    ------
    ValueError
        If it is not a date or can mean two; the message says what to write.

    Examples
    --------
    >>> date("27.11.2024") == date("27/11/2024") == date("11/27/2024") == date("٢٠٢٤-١١-٢٧")
    True
    """
    meant = sorted(set(_days(plain(written))))
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(
            f"is not a date with only one meaning (got '{written}', which can be {meant[0]} or {meant[1]}); "
            "write it as 2024-11-27"
        )
    raise ValueError(f"is not a date (got '{written}'); write it as 2024-11-27")


def _days(text: str) -> Iterable[dt.date]:
    """All days that a text can mean."""
    with contextlib.suppress(ValueError):
        yield dt.datetime.fromisoformat(text).date()
    if match := _YEAR_FIRST.fullmatch(text):
        yield from _day(match[1], match[2], match[3])
    if match := _YEAR_LAST.fullmatch(text):
        yield from _day(match[4], match[3], match[1])
        if match[2] != ".":
            yield from _day(match[4], match[1], match[3])


def _day(year: str, month: str, day: str) -> Iterable[dt.date]:
    try:
        yield dt.date(int(year), int(month), int(day))
    except ValueError:
        return
