"""What is closed on each day to people and to trucks, and how many trucks a day may pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io import tables
from displacement.scenario import verbs
from displacement.scenario.control_events import OFF_ROAD
from displacement.scenario.reading import Reading

Array = NDArray[Any]
Whom = Literal["people", "trucks"]


@dataclass(frozen=True)
class Closures:
    """What is closed on a day, or during one closure epoch.

    Parameters
    ----------
    roads : tuple of (road, first point, last point)
        Stretches of road that cannot be used, as positions of the road's points. On a network: routes.
    crossings : tuple of str
        Crossings and exits that are closed. On a network: places.
    boundaries : tuple of (int, int)
        Pairs of controllers between which nobody passes. On a network: of countries.
    winter : bool
        Whether the winter factor on travel holds.
    """

    roads: tuple[tuple[str, int, int], ...] = ()
    crossings: tuple[str, ...] = ()
    boundaries: tuple[tuple[int, int], ...] = ()
    winter: bool = False


class TruckLimit(NamedTuple):
    """How many trucks a day can use a route."""

    route: str
    """Name of the road, or id of the crossing or exit."""
    start: int
    end: int
    """First and last day, both inclusive. [day]"""
    trucks: float
    """[1/day]"""


def daily(reading: Reading, whom: Whom, shut: frozenset[str]) -> list[Closures]:
    """What is closed to people or trucks on each day: as `on_day`, worked out anew where anything begins or ends."""
    known: dict[Any, Closures] = {}
    found = []
    for day in range(reading.scenario.period.days):
        holds = tuple(index for index, event in _ways(reading) if _holds(reading, event, day))
        what = (holds, reading.date(day).month)
        if what not in known:
            known[what] = on_day(reading, day, whom, shut)
        found.append(known[what])
    return found


def _ways(reading: Reading) -> list[tuple[int, Any]]:
    """Events that close or open a way, with their positions."""
    events: list[tuple[int, Any]] = list(enumerate(reading.scenario.events))
    return [(index, event) for index, event in events if isinstance(event, verbs.Close | verbs.Open)]


def _holds(reading: Reading, event: Any, day: int) -> bool:
    """Whether an event is in force on a day."""
    days = reading.days(event)
    return bool(days.start <= day and (event.until is None or day < days.stop))


def on_day(reading: Reading, day: int, whom: Whom, shut: frozenset[str]) -> Closures:
    """What is closed to people or trucks on a day: later events count over earlier ones, then over the start.

    Parameters
    ----------
    reading : Reading
        The events on the inputs.
    day : int
        Day of the run.
    whom : {"people", "trucks"}
        For whom.
    shut : frozenset of str
        Crossings and exits that are closed to them at the start.
    """
    inputs, scenario = reading.inputs, reading.scenario
    closed = set(shut)
    boundaries: set[tuple[int, int]] = set()
    roads = {name: np.zeros(len(road.cell), dtype=bool) for name, road in inputs.land.roads.items()}
    for index, event in sorted(_ways(reading), key=lambda pair: pair[1].date):
        closes = isinstance(event, verbs.Close)
        if not _holds(reading, event, day) or event.for_ not in (whom, "all"):
            continue
        name = inputs.named_way(event.close if isinstance(event, verbs.Close) else event.open)
        if name == "boundary":
            first, second = sorted(inputs.sides.index(side) for side in event.between or ())
            (boundaries.add if closes else boundaries.discard)((first, second))
        elif name in roads:
            begin, end = _points_between(reading, index, name, event.between)
            roads[name][begin : end + 1] = closes
        else:
            (closed.add if closes else closed.discard)(name)
    colder = scenario.movement.travel.winter_factor < 1
    return Closures(
        roads=tuple(stretch for name, mask in roads.items() for stretch in _stretches(name, mask)),
        crossings=tuple(sorted(closed)),
        boundaries=tuple(sorted(boundaries)),
        winter=colder and reading.date(day).month in scenario.winter_months,
    )


def shut_to_people(reading: Reading) -> frozenset[str]:
    """Crossings and exits that are closed to people at the start."""
    crossings = reading.inputs.crossings
    return frozenset(np.array(crossings.code)[~crossings.open_to_people].tolist())


def shut_to_trucks(reading: Reading) -> frozenset[str]:
    """Crossings and exits that the area's table says are closed to trucks at the start."""
    if reading.inputs.network is not None:
        return frozenset()
    path = reading.scenario.area_folder / reading.inputs.area.tables.crossings
    rows = tables.read(path, ["id"])
    return frozenset(
        row.text("id") for row in rows if row.get("open_to_trucks", "").strip().casefold() == "no"
    )


def truck_limits(reading: Reading) -> Iterator[TruckLimit]:
    """Limits on trucks, in order of the day they begin: the last that holds on a day counts."""
    limits = [event for event in reading.scenario.events if isinstance(event, verbs.Trucks)]
    for event in sorted(limits, key=lambda event: event.date):
        last = reading.scenario.period.last if event.until is None else event.until
        yield TruckLimit(event.route, reading.day(event.date), reading.day(last), event.trucks)


def _points_between(
    reading: Reading, index: int, name: str, between: tuple[str, str] | None
) -> tuple[int, int]:
    """First and last point of a road between two places on it."""
    road = reading.inputs.land.roads[name]
    if between is None:
        return 0, len(road.cell) - 1
    ends = []
    for code in between:
        east, north = reading.inputs.coordinates[code]
        distance = np.hypot(road.easting - east, road.northing - north) / 1000.0
        if distance.min() > OFF_ROAD:
            message = (
                f"{reading.named(code)} lies {distance.min():.0f} km from {name}, further than {OFF_ROAD:g} km; name "
                "a place on the road, or another road"
            )
            raise reading.wrong(index, "between", message)
        ends.append(int(np.argmin(distance)))
    return min(ends), max(ends)


def _stretches(name: str, closed: Array) -> Iterator[tuple[str, int, int]]:
    """First and last point of each stretch of a road that is closed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed, [False]])))
    for first, after in edges.reshape(-1, 2).tolist():
        yield name, first, after - 1
