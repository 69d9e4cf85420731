"""A planner's table of observed figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.gazetteer import Gazetteer, Kind, Name

Value = TypeVar("Value")

WHOLE_AREA = "ALL"

MEASURES: Mapping[str, tuple[str, ...]] = {
    "arrivals": ("arrived", "movements"),
    "first_departures": ("new", "newly displaced that day", "departures"),
    "newly_displaced": ("displaced", "newly displaced", "away"),
    "newly_displaced_cum": ("cumulative", "displaced_cum", "cumulative displaced", "ever displaced"),
    "present_new": ("present", "staying"),
    "returned_cum": ("returned", "returns", "cumulative returned"),
}
"""Measures, and other words for each. Counts of people, but for `arrivals`, which are movements."""

ZONE_COLUMNS = (
    *("pcode", "p-code", "zone", "sub-district", "subdistrict", "admin3", "place", "location", "name"),
    *("ناحية", "الناحية", "nahiye"),
)
"""Headers of what says where; the first that is filled in counts."""
PEOPLE_COLUMNS = ("people", "individuals", "idps", "value", "figure")
"""Headers of the figure; where there is no `people`, only one of the others may be there."""


class Report(NamedTuple):
    """One observed figure."""

    date: dt.date
    zone: str
    """P-code of the zone, or `ALL`."""
    measure: str
    """One of `MEASURES`."""
    people: float
    """The figure. [person; of arrivals: movement]"""
    scope: str
    """Whom it covers, in the words of the table."""
    source: str
    line: int
    """Row of the file."""
    place: str = ""
    """P-code of what the row names: the zone itself, or a place in it."""


def read(path: Path, gazetteer: Gazetteer, measure: str | None = None) -> list[Report]:
    """Read observed figures.

    Columns: date; zone (p-code or name of a zone or of a place in it; blank or `ALL`: the whole area);
    measure; people, or households and household_size; and, if there, scope and source.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    gazetteer : Gazetteer
        The area's names.
    measure : str, optional
        The measure of all rows; a column is not needed then.

    Returns
    -------
    list of Report
        In the order of the table.

    Raises
    ------
    InputError
        If the table or a row is wrong; all wrong cells at once.
    """
    needed: list[str | tuple[str, ...]] = [
        "date",
        ZONE_COLUMNS,
        *(["measure"] if measure is None else []),
        (*PEOPLE_COLUMNS, "households"),
    ]
    rows = tables.read(path, needed)
    if not rows:
        return []
    people = _people_column(rows[0])
    wrong: list[str] = [] if measure is None else _other_measures(rows, measure)
    reports = [_report(row, people, gazetteer, measure, wrong) for row in rows]
    found = [report for report in reports if report is not None]
    wrong += _twice(path, found)
    if wrong:
        raise InputError(*wrong)
    return found


def _people_column(row: tables.Row) -> str:
    """The column with the figure; an error if it could be two."""
    there = [column for column in PEOPLE_COLUMNS if column in row]
    if len(there) > 1 and there[0] != "people":
        message = f"columns {' and '.join(there)} could both be the figure; name one of them 'people'"
        raise InputError(finding(row.path, message))
    return there[0] if there else "people"


def _report(
    row: tables.Row, people: str, gazetteer: Gazetteer, given: str | None, wrong: list[str]
) -> Report | None:
    """The figure of one row; what is wrong with it is added to the list."""

    def tried(read_cell: Callable[[], Value]) -> Value | None:
        try:
            return read_cell()
        except InputError as error:
            wrong.extend(error.findings)
            return None

    day = tried(lambda: row.date("date"))
    where = tried(lambda: _zone(row, gazetteer))
    measure = given or tried(lambda: _measure(row))
    count = tried(lambda: _people(row, people))
    if day is None or where is None or measure is None or count is None:
        return None
    scope, source = (row.get(column, "").strip() for column in ("scope", "source"))
    zone, place = where
    return Report(day, zone, measure, count, scope, source, row.line, place)


def _zone(row: tables.Row, gazetteer: Gazetteer) -> tuple[str, str]:
    """Zone of a row, and what is named: the zone itself, or a place in it."""
    column = next((column for column in ZONE_COLUMNS if row.get(column, "").strip()), None)
    if column is None or tables.key(row[column]) == tables.key(WHOLE_AREA):
        return WHOLE_AREA, WHOLE_AREA
    written = row.text(column)
    preferred: tuple[tuple[Kind, ...], ...] = (("zone",), ("place",))
    kinds = next((kinds for kinds in preferred if gazetteer.candidates(written, kinds)), ("zone", "place"))
    found = gazetteer.candidates(written, kinds)
    if len({_inside(name) for name in found}) != 1:
        try:
            found = [gazetteer.resolve(written, kinds)]
        except LookupError as error:
            raise row.wrong(column, str(error)) from None
    zone = _inside(found[0])
    if not zone:
        raise row.wrong(
            column, f"'{written}' lies in no zone of the area; write a zone, or leave the row out"
        )
    return zone, found[0].code


def _inside(name: Name) -> str:
    return name.code if name.kind == "zone" else name.zone


def _measure(row: tables.Row) -> str:
    """The measure of a row, by its name or another word for it."""
    written = row.text("measure")
    known = {_word(word): measure for measure, words in MEASURES.items() for word in (measure, *words)}
    if _word(written) not in known:
        raise row.wrong(
            "measure", f"unknown measure '{written}'" + suggestion(_word(written), list(MEASURES))
        )
    return known[_word(written)]


def _other_measures(rows: list[tables.Row], given: str) -> list[str]:
    """What is wrong where the table itself says what it counts, and that is two things or another thing."""
    said = [row for row in rows if row.get("measure", "").strip()]
    for row in said:
        first, here = _measure(said[0]), _measure(row)
        if first != here:
            other = f"'{row['measure']}' stands beside '{said[0]['measure']}' in row {said[0].line}"
            error = row.wrong("measure", f"{other}; keep the rows of one measure in the table")
            return list(error.findings)
    daily = ("arrivals", "first_departures")
    if said and _measure(said[0]) != given and not {_measure(said[0]), given} <= set(daily):
        words = {measure: names[0] for measure, names in MEASURES.items()}
        message = (
            f"'{said[0]['measure']}', where --measure or the table says {words[given]}; correct one of them"
        )
        return list(said[0].wrong("measure", message).findings)
    return []


def _word(written: str) -> str:
    return tables.key(written).replace("_", " ").replace("-", " ")


def _people(row: tables.Row, column: str) -> float:
    """People of a row; from households only where their size is given."""
    if row.get(column, "").strip() or not row.get("households", "").strip():
        return _whole(row, column)
    if not row.get("household_size", "").strip():
        message = (
            "gives households and no people; write people, or how many live in a household in household_size"
        )
        raise row.wrong("households", message)
    return _whole(row, "households") * row.number("household_size", 1, 30)


def _whole(row: tables.Row, column: str) -> float:
    """A count; half a person is a sign that a thousands separator was read as a decimal mark."""
    value = row.number(column, 0)
    if not value.is_integer():
        message = f"is not a whole number (got '{row.text(column)}'); write it without separators, as 1250"
        raise row.wrong(column, message)
    return value


def _twice(path: Path, reports: list[Report]) -> list[str]:
    """What is wrong where two rows give one figure."""
    seen: dict[tuple[dt.date, str, str, str], int] = {}
    wrong = []
    for report in reports:
        same = (report.date, report.place, report.measure, tables.key(report.scope))
        first = seen.setdefault(same, report.line)
        if first != report.line:
            message = (
                f"{report.measure} of {report.place} on {report.date} stands in row {first} already; "
                "keep one, or tell them apart by scope"
            )
            wrong.append(finding(path, message, report.line))
    return wrong
