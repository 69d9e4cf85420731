"""A past case's table of observed figures: what was counted, whom the count covers, and whether it may be scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.gazetteer import Gazetteer

Value = TypeVar("Value")

KINDS: Mapping[str, str] = {
    "displaced_cum": "left home since the first day",
    "departures_cum": "left an area since the first day",
    "arrivals_cum": "came to an area since the first day",
    "returned_cum": "went home since the first day",
    "remaining": "away from home on the last day",
}
"""What a figure counts."""
UNITS = ("people", "movements")
SCORES: Mapping[str, str] = {
    "yes": "its level and its shares are compared",
    "shares": "good for shares only",
    "no": "shown beside the others, compared with nothing",
}
"""Whether a figure may be scored."""
NEEDED = ("kind", "period_start", "date", "origin", "destination", "value", "unit", "scope", "source")


class Observation(NamedTuple):
    """One observed figure."""

    kind: str
    """One of `KINDS`."""
    since: dt.date
    """First day that the figure covers; of `remaining`, of those who are away."""
    date: dt.date
    """Last day."""
    origin: tuple[str, ...]
    """Units that people left, by p-code or its beginning; empty: anywhere."""
    destination: tuple[str, ...]
    """Units that people came to; of `returned_cum`, came home to."""
    value: float
    low: float
    high: float
    """In `unit`; low and high are not a number where not given."""
    unit: str
    """people, or movements, of which one person can make several."""
    counts_from: tuple[str, ...] = ()
    """Units to which the count was confined, by p-code or its beginning; empty: it was not."""
    held_by: tuple[str, ...] = ()
    """Controllers of the places to which the count was confined, at the start; empty: it was not."""
    score: str = "yes"
    """One of `SCORES`."""
    reason: str = ""
    """Why it is not scored in full."""
    scope: str = ""
    """Whom it covers, in the words of the table."""
    source: str = ""
    confidence: str = ""
    line: int = 0
    """Row of the file."""


def read(path: Path, gazetteer: Gazetteer) -> tuple[Observation, ...]:
    """Read the observed figures of a past case.

    Columns: kind, period_start, date, origin, destination, value, unit, scope, source; and, if there, low, high,
    counts_from, held_by, score, reason, confidence. Several codes in a cell are parted by blanks.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    gazetteer : Gazetteer
        The area's p-codes and controllers. Codes of a figure that is not scored may lie outside the area.

    Returns
    -------
    tuple of Observation
        In the order of the table.

    Raises
    ------
    InputError
        If the table or a row is wrong; all wrong cells at once.
    """
    wrong: list[str] = []
    codes = frozenset({*gazetteer.units, *gazetteer.names})
    found = [_observation(row, gazetteer, codes, wrong) for row in tables.read(path, list(NEEDED))]
    if wrong:
        raise InputError(*wrong)
    if not found:
        raise InputError(finding(path, "has no row with a figure"))
    return tuple(row for row in found if row is not None)


def in_words(codes: tuple[str, ...], gazetteer: Gazetteer) -> str:
    """Names of the units of some codes, parted by commas; a code that has no name stands for itself."""
    names = {code: unit.name for code, unit in {**gazetteer.names, **gazetteer.units}.items()}
    return ", ".join(names.get(code, code) for code in codes)


def _observation(
    row: tables.Row, gazetteer: Gazetteer, codes: frozenset[str], wrong: list[str]
) -> Observation | None:
    """The figure of one row; what is wrong with it is added to the list."""
    before = len(wrong)

    def tried(read_cell: Callable[[], Value], otherwise: Value) -> Value:
        try:
            return read_cell()
        except InputError as error:
            wrong.extend(error.findings)
            return otherwise

    score = tried(lambda: _word(row, "score", tuple(SCORES)) if _text(row, "score") else "yes", "yes")
    known = None if score == "no" else codes
    found = Observation(
        kind=tried(lambda: _word(row, "kind", tuple(KINDS)), ""),
        since=tried(lambda: row.date("period_start"), dt.date.min),
        date=tried(lambda: row.date("date"), dt.date.max),
        origin=tried(lambda: _codes(row, "origin", known), ()),
        destination=tried(lambda: _codes(row, "destination", known), ()),
        value=tried(lambda: row.number("value", 0), 0.0),
        low=tried(lambda: row.number_or("low", float("nan"), 0), float("nan")),
        high=tried(lambda: row.number_or("high", float("nan"), 0), float("nan")),
        unit=tried(lambda: _word(row, "unit", UNITS), ""),
        counts_from=tried(lambda: _codes(row, "counts_from", known), ()),
        held_by=tried(lambda: _controllers(row, gazetteer), ()),
        score=score,
        reason=_text(row, "reason"),
        scope=_text(row, "scope"),
        source=tried(lambda: row.text("source"), ""),
        confidence=_text(row, "confidence"),
        line=row.line,
    )
    for check in (_dates_in_order, _bounds_in_order, _reason_given):
        if len(wrong) == before:
            tried(partial(check, row, found), None)
    return found if len(wrong) == before else None


def _text(row: tables.Row, column: str) -> str:
    """A cell that may be blank, or its column missing."""
    return row.get(column, "").strip()


def _word(row: tables.Row, column: str, known: tuple[str, ...]) -> str:
    """One of some words."""
    written = row.text(column)
    if written not in known:
        raise row.wrong(column, f"unknown word '{written}'" + suggestion(written, list(known)))
    return written


def _codes(row: tables.Row, column: str, known: frozenset[str] | None) -> tuple[str, ...]:
    """P-codes, or beginnings of p-codes, of the area; any, where none are given to check against."""
    written = tuple(_text(row, column).split())
    for code in written if known is not None else ():
        if not any(one.startswith(code) for one in known or ()):
            message = (
                f"'{code}' is no p-code of the area and none begins with it; correct it, or write score no"
            )
            raise row.wrong(column, message)
    return written


def _controllers(row: tables.Row, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Ids of controllers."""
    found = []
    for written in _text(row, "held_by").split():
        controller = gazetteer.controller(written)
        if controller is None:
            known = list(gazetteer.area.controllers)
            raise row.wrong("held_by", f"unknown controller '{written}'" + suggestion(written, known))
        found.append(controller)
    return tuple(found)


def _dates_in_order(row: tables.Row, found: Observation) -> None:
    """An error where a figure ends before it begins."""
    if found.date < found.since:
        raise row.wrong("date", f"lies before period_start ({found.since}); correct one of them")


def _bounds_in_order(row: tables.Row, found: Observation) -> None:
    """An error where the figure lies outside its own bounds."""
    if found.low > found.value or found.high < found.value:
        raise row.wrong("value", f"{found.value:g} lies outside low and high; correct one of the three")


def _reason_given(row: tables.Row, found: Observation) -> None:
    """An error where a figure is left out of the scores without a word."""
    if found.score != "yes" and not found.reason:
        raise row.wrong("reason", f"is blank where score is {found.score}; say why in a few words")


class PreviousShare(NamedTuple):
    """Where people of the wave before a case went."""

    zone: tuple[str, ...]
    """Units, by p-code or its beginning."""
    share: float
    """Of that wave's people. [1]"""
    source: str


def read_previous(path: Path, case: str) -> tuple[PreviousShare, ...]:
    """Read to which zones the people of the wave before a case had gone.

    Columns: case, zone, share, source. Without the file, or a row of the case, nothing is known.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    case : str
        Name of the case's file without its ending.

    Raises
    ------
    InputError
        If a row is wrong, or the shares of the case add up to more than one.
    """
    if not path.is_file():
        return ()
    rows = [row for row in tables.read(path, ["case", "zone", "share", "source"]) if row["case"] == case]
    found = tuple(
        PreviousShare(tuple(row.text("zone").split()), row.number("share", 0, 1), row.text("source"))
        for row in rows
    )
    total = sum(row.share for row in found)
    if total > 1.001:
        raise rows[-1].wrong("share", f"the shares of {case} add up to {total:g}; they are parts of one")
    return found


class PlanningFigure(NamedTuple):
    """What was planned for or expected when it happened, and what was observed in the end."""

    cases: tuple[str, ...]
    until: tuple[dt.date, ...]
    """Day of each case up to which people were counted; the cases add up."""
    made: str
    """When the figure was made, as precisely as is known."""
    figure: float
    """[person]"""
    what: str
    kind: str
    observed: float
    """[person]"""
    observed_what: str
    source: str
    confidence: str


def read_planning(path: Path) -> tuple[PlanningFigure, ...]:
    """Read what was planned for in past cases.

    Columns: case and until (several parted by blanks, one date for each case), made, figure, what, kind, observed,
    observed_what, source, confidence.

    Parameters
    ----------
    path : pathlib.Path
        The table; without the file there are no figures.

    Raises
    ------
    InputError
        If a row is wrong.
    """
    if not path.is_file():
        return ()
    words = ("made", "what", "kind", "observed_what", "source", "confidence")
    rows = tables.read(path, ["case", "until", "figure", "observed", *words])
    return tuple(_planning_figure(row) for row in rows)


def _planning_figure(row: tables.Row) -> PlanningFigure:
    """One row of what was planned for."""
    cases = tuple(row.text("case").split())
    try:
        until = tuple(dt.date.fromisoformat(day) for day in row.text("until").split())
    except ValueError as error:
        raise row.wrong("until", f"{error}; write it as 2024-12-27") from None
    if len(cases) != len(until):
        raise row.wrong("until", f"give one date for each of the {len(cases)} cases")
    figure, observed = row.number("figure", 0), row.number("observed", 0)
    made, what, kind, observed_what, source, confidence = (
        row.text(column) for column in ("made", "what", "kind", "observed_what", "source", "confidence")
    )
    return PlanningFigure(cases, until, made, figure, what, kind, observed, observed_what, source, confidence)
