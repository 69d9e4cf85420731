"""Strikes: from tables (the area's own form, or as ACLED exports them), single events, and times a number."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from displacement.io import tables, vectors
from displacement.io.gazetteer import Box
from displacement.movement.threats import UNNAMED, Strike
from displacement.scenario import units, verbs
from displacement.scenario.reading import NOON, Reading, counted

COLUMNS = ("date", "lat", "lon", "strikes")
ACLED_COLUMNS = ("event_date", "event_type", "sub_event_type", "latitude", "longitude")
"""Columns of an export of ACLED (acleddata.com, codebook): events one a row."""
ACLED_TYPE = "explosions/remote violence"
ACLED_STRIKES = ("air/drone strike", "shelling/artillery/missile attack")
"""Sub types that count as one strike each; mines, grenades and the like do not make people leave a town."""
FAR_DAYS = 90
"""Rows of an export further than this outside the period are left out: they have no effect any more. [day]"""
DAYS_OF_WEEK = 7
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def strikes(reading: Reading) -> tuple[Strike, ...]:
    """All strikes, at noon of their day, times what `strikes_times` says.

    Parameters
    ----------
    reading : Reading
        The events on the inputs. Notes are added to it.
    """
    found: list[Strike] = []
    for index, event in enumerate(reading.scenario.events):
        if isinstance(event, verbs.StrikesTable):
            with reading.collecting():
                found += _of_table(reading, index, event)
        elif isinstance(event, verbs.StrikesAt):
            at = reading.inputs.coordinates[event.at]
            striker = _striker(reading, event.by)
            found += [Strike(day + NOON, event.strikes, *at, striker) for day in reading.days(event)]
    return _times(reading, found)


def _times(reading: Reading, found: Sequence[Strike]) -> tuple[Strike, ...]:
    """Strikes times the factors that hold where and when they fall; none where a factor is 0."""
    changes = [
        (index, event)
        for index, event in enumerate(reading.scenario.events)
        if isinstance(event, verbs.StrikesTimes)
    ]
    if not changes:
        return tuple(found)
    time, _, easting, northing, _ = np.array(found, dtype=float).reshape(-1, 5).T
    factor = np.ones(len(found))
    for index, event in changes:
        days = reading.days(event)
        meant = (time >= days.start) & (time < days.stop)
        if found:
            meant &= units.covers(reading.inputs, units.where(reading.inputs, event.in_), easting, northing)
        factor[meant] *= event.strikes_times
        if not meant.any():
            reading.note(index, "changes nothing: no strike falls there on these days")
    return tuple(
        strike._replace(weight=strike.weight * float(times))
        for strike, times in zip(found, factor, strict=True)
        if times > 0
    )


def _striker(reading: Reading, written: str | None) -> int:
    """Position of the controller that strikes."""
    return UNNAMED if written is None else reading.inputs.controllers.index(written)


def _of_table(reading: Reading, index: int, event: verbs.StrikesTable) -> list[Strike]:
    """Strikes of a table, up to `until`."""
    rows = reading.rows(event.strikes, [])
    is_acled = bool(rows) and {"event_date", "event_type"} <= set(rows[0])
    found = _acled_form(reading, index, event, rows) if is_acled else list(_own_form(reading, event))
    if event.relative:
        mean = weekly_mean(found)
        found = [strike._replace(weight=strike.weight / mean) for strike in found]
        reading.note(
            index, f"{event.strikes}: {mean:.2g} strikes on a place in a week, its mean, count as one"
        )
    end = np.inf if event.until is None else reading.day(event.until) + 1
    return [strike for strike in found if strike.time < end]


def weekly_mean(found: Sequence[Strike]) -> float:
    """Mean number of strikes on a place in a week, over all places struck and all weeks from the first to the last day.

    Parameters
    ----------
    found : sequence of Strike
        Of one table.

    Returns
    -------
    float
        1 where there is no strike at all. [1/week]

    Examples
    --------
    >>> weekly_mean([Strike(0.5, 6.0, 0.0, 0.0), Strike(13.5, 2.0, 5000.0, 0.0)])
    2.0
    """
    total = sum(strike.weight for strike in found)
    if not total:
        return 1.0
    days = [strike.time for strike in found]
    places = {(strike.easting, strike.northing) for strike in found}
    return total / len(places) / ((max(days) - min(days) + 1) / DAYS_OF_WEEK)


def _acled_form(
    reading: Reading, index: int, event: verbs.StrikesTable, rows: Sequence[tables.Row]
) -> list[Strike]:
    """Strikes of an export of ACLED, one a row."""
    reading.rows(event.strikes, list(ACLED_COLUMNS))
    period, far = reading.scenario.period, dt.timedelta(days=FAR_DAYS)
    window = (period.start - far, period.last + far)
    kept, notes = of_acled(rows, reading.inputs.area.box, window)
    for note in notes:
        reading.note(index, f"{event.strikes}: {note}")
    longitude = [row.number("longitude") for _, row in kept]
    latitude = [row.number("latitude") for _, row in kept]
    points = zip(*vectors.metres(reading.inputs.grid.crs, longitude, latitude), strict=True)
    striker = _striker(reading, event.by)
    return [
        Strike(reading.day(date) + NOON, 1.0, float(easting), float(northing), striker)
        for (date, _), (easting, northing) in zip(kept, points, strict=True)
    ]


def _own_form(reading: Reading, event: verbs.StrikesTable) -> Iterator[Strike]:
    """Strikes of a table in the area's own form; rows with `use` no are left out."""
    for row in reading.rows(event.strikes, list(COLUMNS)):
        used = row.get("use", "").strip().casefold()
        if used not in ("", "yes", "no"):
            raise row.wrong("use", f"must be yes, no or blank (got '{row['use']}')")
        if used == "no":
            continue
        by = row.get("by", "").strip()
        striker = _striker(reading, reading.controller(row, "by") if by else event.by)
        day = reading.day(row.date("date"))
        yield Strike(day + NOON, row.number("strikes", 0), *reading.point(row), striker)


def of_acled(
    rows: Sequence[tables.Row], box: Box, window: tuple[dt.date, dt.date]
) -> tuple[list[tuple[dt.date, tables.Row]], list[str]]:
    """Rows of an export that are strikes, in the area, on days that matter; and what was left out.

    Parameters
    ----------
    rows : sequence of tables.Row
        With `ACLED_COLUMNS`.
    box : Box
        The area. [degree]
    window : tuple of two dates
        First and last day, both inclusive.

    Returns
    -------
    kept : list of (date, row)
        One strike each.
    notes : list of str
        How many rows were left out, and why.

    Raises
    ------
    InputError
        If a strike's date or coordinate is wrong.
    """
    kept = []
    left_out: Counter[str] = Counter()
    rough = 0
    for row in rows:
        kind, sub = row["event_type"].strip().casefold(), row["sub_event_type"].strip().casefold()
        if kind != ACLED_TYPE or sub not in ACLED_STRIKES:
            left_out["no air or drone strike, no shelling"] += 1
            continue
        date = written_date(row, "event_date")
        latitude, longitude = row.number("latitude", -90, 90), row.number("longitude", -180, 180)
        if not window[0] <= date <= window[1]:
            left_out["other days"] += 1
        elif not (box.south <= latitude <= box.north and box.west <= longitude <= box.east):
            left_out["outside the area"] += 1
        else:
            rough += row.get("geo_precision", "").strip() == "3"
            kept.append((date, row))
    notes = [f"{counted(count, 'row')} left out: {why}" for why, count in left_out.items()]
    if rough:
        notes.append(f"{rough} of {counted(len(kept), 'strike')} placed by region only (geo_precision 3)")
    return kept, notes


def written_date(row: tables.Row, column: str) -> dt.date:
    """A date as 2024-11-27, or as 27 November 2024, whatever the language of the machine."""
    written = row.text(column)
    parts = re.fullmatch(r"(\d{1,2})[ -]([A-Za-z]{3,})\.?[ -](\d{4})", written)
    if parts is None:
        return row.date(column)
    day, month, year = parts.groups()
    try:
        return dt.date(int(year), _MONTHS.index(month[:3].casefold()) + 1, int(day))
    except ValueError:
        message = f"is not a date (got '{written}'); write it as 2024-11-27 or 27 November 2024"
        raise row.wrong(column, message) from None
