"""The folder layout of the field's agent model (Flee): `input_csv` and `source_data` -> a network area and a scenario."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from displacement.io import tables
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.folders import whole_folder
from displacement.io.gazetteer import PLACES, ROUTES, route_name
from displacement.io.layout_counts import SOURCE, Series, corrected, counted
from displacement.io.layout_lines import MOST_PEOPLE, Line, all_lines, empty, known, lines
from displacement.io.network import CAMP, CAMPS, CONFLICT, HUB, IDP_CAMP, LONGEST, MARKER, OBSERVED, TOWN

INPUT = "input_csv"
LONGEST_RUN = 1830
"""Days of the longest run. [day]"""
_CONFLICT = "conflict"
_KINDS = (
    ("idp", IDP_CAMP),
    (CAMP, CAMP),
    (_CONFLICT, TOWN),
    (TOWN, TOWN),
    ("forward", HUB),
    (HUB, HUB),
    (MARKER, MARKER),
)
"""What a type holds in its name, and the kind of place it is; the first that fits."""


class Place(NamedTuple):
    """A location."""

    name: str
    region: str
    country: str
    latitude: str
    longitude: str
    kind: str
    conflict_from: int | None
    """First day of conflict; None for none. [day]"""
    population: float
    capacity: float
    """0: unlimited. [person]"""


class Way(NamedTuple):
    """A route."""

    ends: tuple[str, str]
    km: float
    forwards: str
    """`from` or `to`: the end that sends everybody on; blank: neither."""
    forwards_until: dt.date | None


class Spell(NamedTuple):
    """Conflict at a place from a day to another, inclusive; None: for ever."""

    place: str
    start: int
    until: int | None
    intensity: float


class Closing(NamedTuple):
    """An event of the scenario that closes a way from a day to another, inclusive; None: for ever."""

    event: Mapping[str, Any]
    start: int
    until: int | None


class Layout(NamedTuple):
    """What a folder holds."""

    start: dt.date
    days: int
    places: tuple[Place, ...]
    ways: tuple[Way, ...]
    spells: tuple[Spell, ...]
    closings: tuple[Closing, ...]
    counts: Mapping[str, Series]
    """Of each camp that has a series, registration corrected; dates rise. [person]"""
    notes: tuple[str, ...]


def read(folder: Path) -> Layout:
    """Read a folder of that layout.

    Comments with ``#``, blank lines, extra columns, camps without a series, dates before the start and counts that fall
    are all read.

    Parameters
    ----------
    folder : pathlib.Path
        Holds `input_csv` and, where there are counts, `source_data`.

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        At the first line that is wrong, with file and line.
    """
    given = folder / INPUT
    if not given.is_dir():
        raise InputError(finding(folder, f"has no folder {INPUT}; name the folder that holds it"))
    start, days = _period(given / "sim_period.csv")
    places = tuple(_places(given / "locations.csv"))
    names = {place.name: place for place in places}
    ways, notes = _ways(given / "routes.csv", names)
    closings, freed, told = _closures(given / "closures.csv", places, ways)
    ways = tuple(
        way._replace(forwards_until=start + dt.timedelta(days=freed[at])) if at in freed else way
        for at, way in enumerate(ways)
    )
    matrix = given / "conflicts.csv"
    spells = tuple(_matrix(matrix, names) if matrix.is_file() else _onsets(places))
    counts, more = counted(folder / SOURCE, names)
    counts, again = corrected(given / "registration_corrections.csv", counts, names)
    return Layout(start, days, places, ways, spells, closings, counts, (*notes, *told, *more, *again))


def _period(path: Path) -> tuple[dt.date, int]:
    """First day and number of days."""
    start, days = None, None
    for line in lines(path, ()):
        name = line.cell(0).casefold()
        if name == "startdate":
            start = line.date(1, "StartDate")
        elif name == "length":
            days = line.day(1, "Length")
            if not 1 <= days <= LONGEST_RUN:
                raise line.wrong("Length", f"must be from 1 to {LONGEST_RUN} days (got {line.cell(1)})")
    if start is None or days is None:
        missing = "StartDate,YYYY-MM-DD" if start is None else "Length,days"
        raise InputError(finding(path, f"has no line {missing}; write it", 1))
    return start, days


def _places(path: Path) -> Iterator[Place]:
    """The locations."""
    seen: dict[str, int] = {}
    for line in lines(path, ("name",)):
        name = line.text(0, "name")
        if name in seen:
            raise line.wrong("name", f"'{name}' stands in line {seen[name]} already; keep one")
        seen[name] = line.number
        written = line.text(5, "location_type").casefold()
        kind = _kind(line, written)
        latitude, longitude = _point(line, kind in CAMPS)
        lowest = -1.0 if kind in CAMPS else 0.0
        people = max(line.value(7, "population", lowest, MOST_PEOPLE, blank=0.0), 0.0)
        onset = line.day(6, "conflict_date", blank=0) if _CONFLICT in written else None
        yield Place(
            name,
            line.cell(1),
            line.cell(2) or "unknown",
            latitude,
            longitude,
            kind,
            onset,
            0.0 if kind in CAMPS else people,
            people if kind in CAMPS else 0.0,
        )
    if not seen:
        raise empty(path, "name,region,country,latitude,longitude,location_type,conflict_date,population")


def _kind(line: Line, written: str) -> str:
    """The kind of place that a type stands for."""
    kind = next((kind for part, kind in _KINDS if part in written), None)
    if kind is None:
        types = ["conflict_zone", "town", "camp", "idpcamp", "forwarding_hub", "marker"]
        raise line.wrong("location_type", f"unknown type '{written}'" + suggestion(written, types))
    return kind


def _point(line: Line, needed: bool) -> tuple[str, str]:
    """Latitude and longitude; a latitude beyond 90 beside a longitude within is taken to be the longitude."""
    if not needed and not (line.cell(3) and line.cell(4)):
        return "", ""
    latitude, longitude = line.value(3, "latitude", -180, 180), line.value(4, "longitude", -180, 180)
    if abs(latitude) <= 90.0:
        return line.cell(3), line.cell(4)
    if abs(longitude) > 90.0:
        raise line.wrong("latitude", f"must be from -90 to 90 (got {line.cell(3)})")
    return line.cell(4), line.cell(3)


def _ways(path: Path, names: Mapping[str, Place]) -> tuple[tuple[Way, ...], list[str]]:
    """The routes, of several between two places the shortest."""
    found: dict[frozenset[str], Way] = {}
    notes = []
    for line in lines(path, ("name1", "name")):
        ends = (known(line, 0, "name1", names), known(line, 1, "name2", names))
        km = line.value(2, "distance", 0, LONGEST)
        code = line.cell(3) or "0"
        if code not in ("0", "1", "2", "0.0", "1.0", "2.0"):
            raise line.wrong("forced_redirection", f"must be 0, 1, 2 or blank (got '{code}')")
        if ends[0] == ends[1]:
            notes.append(f"{path.name}, line {line.number}: leads from {ends[0]} to itself and is left out")
            continue
        pair = frozenset(ends)
        if pair in found:
            notes.append(
                f"{path.name}, line {line.number}: {route_name(*ends)} stands there already; the shorter counts"
            )
            if km >= found[pair].km:
                continue
        found[pair] = Way(ends, km, ("", "from", "to")[int(float(code))], None)
    if not found:
        raise empty(path, "name1,name2,distance,forced_redirection")
    return tuple(found.values()), notes


def _closures(
    path: Path, places: Sequence[Place], ways: Sequence[Way]
) -> tuple[tuple[Closing, ...], dict[int, int], list[str]]:
    """What closes when; the day on which a route no longer sends everybody on, by position; notes."""
    names = {place.name: place for place in places}
    country = {place.name: place.country for place in places}
    position = {frozenset(way.ends): at for at, way in enumerate(ways)}
    found: list[Closing] = []
    freed: dict[int, int] = {}
    notes = []
    for line in lines(path, ("closure_type",), needed=False):
        kind = line.text(0, "closure_type").casefold()
        start, end = line.day(3, "closure_start", blank=0), line.day(4, "closure_end", blank=0)
        if 0 < end <= start or end < -1:
            raise line.wrong("closure_end", f"must be after the start, {start}, or 0 for ever (got {end})")
        until = None if end <= 0 else end - 1
        if kind == "country":
            pair = tuple(_country(line, at, set(country.values())) for at in (1, 2))
            if not any({country[end] for end in way.ends} == set(pair) for way in ways):
                notes.append(f"{path.name}, line {line.number}: no route leads from {pair[0]} to {pair[1]}")
            if pair[0] != pair[1]:
                found.append(Closing({"close": "boundary", "between": list(pair)}, start, until))
        elif kind in ("location", *CAMPS):
            found.append(Closing({"close": known(line, 1, "name1", names)}, start, until))
        elif kind in ("link", "remove_forced_redirection"):
            pair = (known(line, 1, "name1", names), known(line, 2, "name2", names))
            at = position.get(frozenset(pair))
            if at is None:
                raise line.wrong("name2", f"there is no route between {pair[0]} and {pair[1]} to close")
            if kind == "link":
                found.append(Closing({"close": route_name(*ways[at].ends)}, start, until))
            elif ways[at].forwards:
                freed[at] = start
            else:
                raise line.wrong("name1", f"the route between {pair[0]} and {pair[1]} redirects nobody")
        else:
            types = ["country", "location", "link", "camp", "idpcamp", "remove_forced_redirection"]
            raise line.wrong("closure_type", f"unknown type '{kind}'" + suggestion(kind, types))
    return tuple(found), freed, notes


def _country(line: Line, at: int, known: set[str]) -> str:
    name = line.text(at, f"name{at}")
    if name not in known:
        raise line.wrong(
            f"name{at}", f"no place is in the country '{name}'" + suggestion(name, sorted(known))
        )
    return name


def _onsets(places: Sequence[Place]) -> Iterator[Spell]:
    """Conflict from the days of the locations, at full intensity and for ever."""
    for place in places:
        if place.conflict_from is not None:
            yield Spell(place.name, max(place.conflict_from, 0), None, 1.0)


def _matrix(path: Path, names: Mapping[str, Place]) -> Iterator[Spell]:
    """Conflict by day and place, as spells of one intensity. The last day holds on."""
    listed = all_lines(path)
    first = next((at for at, line in enumerate(listed) if line.cell(0).strip("# ").casefold() == "day"), 0)
    if len(listed) < first + 2:
        raise empty(path, "a first line #Day,place,place,... and a line a day")
    head = listed[first]
    columns = [at for at in range(1, len(head.cells)) if head.cells[at]]
    seen: set[str] = set()
    for at in columns:
        name = known(head, at, "#Day", names)
        if name in seen:
            raise head.wrong("#Day", f"'{name}' stands twice; keep one")
        seen.add(name)
    rows: dict[int, dict[int, float]] = {}
    for line in listed[first + 1 :]:
        if line.cell(0).startswith("#"):
            continue
        day = line.day(0, "#Day")
        if day in rows:
            raise line.wrong("#Day", f"day {day} stands there already; keep one")
        rows[day] = {at: line.value(at, head.cells[at], 0, 1, blank=0.0) for at in columns}
    days = sorted(rows)
    for at in columns:
        spells = [Spell(head.cells[at], day, None, rows[day][at]) for day in days]
        for spell in _joined(spells):
            if spell.intensity > 0 and (spell.until is None or spell.until >= 0):
                yield spell._replace(start=max(spell.start, 0))


def _joined(spells: Sequence[Spell]) -> Iterator[Spell]:
    """Spells of a place that begin in turn, those of one intensity as one; each lasts until the next begins."""
    first = [
        spell for at, spell in enumerate(spells) if at == 0 or spell.intensity != spells[at - 1].intensity
    ]
    for at, spell in enumerate(first):
        yield spell._replace(until=first[at + 1].start - 1 if at + 1 < len(first) else None)


def write_area(layout: Layout, folder: Path, name: str) -> list[Path]:
    """Write a network area and its scenario.

    Parameters
    ----------
    layout : Layout
    folder : pathlib.Path
        Where to; it may be there already if it is empty.
    name : str
        Of the area.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    from displacement.io.results import write_yaml

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(finding(folder, "is there already and not empty; name a new folder"))
    written = ["area.yaml", PLACES, ROUTES, CONFLICT, *([OBSERVED] if layout.counts else []), "scenario.yaml"]
    with whole_folder(folder) as partial:
        write_yaml(partial / "area.yaml", {"name": name})
        write_yaml(partial / "scenario.yaml", _scenario(layout, name))
        for file, (columns, rows) in _tables(layout).items():
            tables.write(partial / file, columns, rows)
    return [folder / file for file in written]


def _tables(layout: Layout) -> dict[str, tuple[list[str], list[list[Any]]]]:
    """Columns and rows of each table of the area."""

    def on(day: int) -> str:
        return (layout.start + dt.timedelta(days=day)).isoformat()

    places = [
        [one.name, one.kind, one.region, one.country, one.latitude, one.longitude]
        + [f"{count:.10g}" if count else "" for count in (one.population, one.capacity)]
        for one in layout.places
    ]
    ways = [[*one.ends, f"{one.km:.10g}", one.forwards, one.forwards_until or ""] for one in layout.ways]
    spells = [
        [one.place, on(one.start), "" if one.until is None else on(one.until), f"{one.intensity:g}"]
        for one in layout.spells
    ]
    counts = [
        [place, date.isoformat(), f"{count:.10g}"]
        for place, of in layout.counts.items()
        for date, count in of
    ]
    found: dict[str, tuple[list[str], list[list[Any]]]] = {
        PLACES: (["place", "type", "region", "country", "lat", "lon", "population", "capacity"], places),
        ROUTES: (["from", "to", "distance_km", "forwards", "forwards_until"], ways),
        CONFLICT: (["place", "start", "until", "intensity"], spells),
    }
    return found | ({OBSERVED: (["place", "date", "count"], counts)} if layout.counts else {})


def _scenario(layout: Layout, name: str) -> dict[str, Any]:
    """The scenario that asks what the comparison with the counts asks, or what the model says where there are none."""
    network = {"totals": "observed" if layout.counts else "model", "capacities": "ignore", "day0": "observed"}
    return {
        "title": f"Displacement on the network {name}",
        "condition": "conflict comes about as the table says",
        "area": ".",
        "period": {"start": layout.start, "days": layout.days, "step_days": 1},
        "network": network,
        "events": [event for one in layout.closings for event in _events(one, layout)],
    }


def _events(closing: Closing, layout: Layout) -> Iterator[dict[str, Any]]:
    """The event of a closing, as far as it lies in the run."""
    last = layout.days - 1 if closing.until is None else closing.until
    if closing.start < layout.days and last >= 0:
        begins = layout.start + dt.timedelta(days=max(closing.start, 0))
        until = (
            {}
            if closing.until is None
            else {"until": layout.start + dt.timedelta(days=min(last, layout.days - 1))}
        )
        yield {**closing.event, "date": begins, **until}
