"""A scenario's events on the inputs' places and days: control, strikes, pressure, closures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.io import tables
from displacement.io.errors import InputError, finding
from displacement.io.inputs import Inputs, Road
from displacement.movement.control import Change, Control, timeline
from displacement.movement.hazard import Answers, Pressure, Strike
from displacement.movement.returns import DeclaredReturn
from displacement.scenario import model
from displacement.scenario.model import Scenario

Array = NDArray[Any]
NOON = 0.5


@dataclass(frozen=True)
class Closures:
    """What is closed during one closure epoch.

    Parameters
    ----------
    roads : tuple of (road, first point, last point)
        Stretches of road that cannot be used, as positions of the road's points.
    crossings : tuple of str
        Crossings and exits that are closed to people.
    boundaries : tuple of (int, int)
        Pairs of controllers between which nobody passes.
    winter : bool
        Whether the winter factor on travel holds.
    """

    roads: tuple[tuple[str, int, int], ...] = ()
    crossings: tuple[str, ...] = ()
    boundaries: tuple[tuple[int, int], ...] = ()
    winter: bool = False


@dataclass(frozen=True)
class Timeline:
    """Everything that happens, in days from the first midnight of the run."""

    control: Control
    strikes: tuple[Strike, ...]
    pressures: tuple[Pressure, ...]
    epochs: tuple[Closures, ...]
    epoch_start: Array
    """First day of each epoch, shape (epoch,). [day]"""
    epoch_of_day: Array
    """Shape (day,)."""
    answers: Answers
    returns: tuple[DeclaredReturn, ...]
    """Agreements that let people go home."""
    observed: Array | None
    """First departures by (day, zone), where the scenario gives them. [person]"""
    files: tuple[Path, ...]


def of(scenario: Scenario, inputs: Inputs) -> Timeline:
    """Bring a scenario's events onto the inputs.

    Raises
    ------
    InputError
        If a table it names is wrong.
    """
    reader = _Reader(scenario, inputs)
    control = timeline(inputs.places.start, list(reader.changes()))
    strikes, pressures = tuple(reader.strikes()), tuple(reader.pressures())
    daily = [reader.closures(day) for day in range(scenario.period.days)]
    starts = _epoch_starts(daily, control, scenario, inputs)
    return Timeline(
        control=control,
        strikes=strikes,
        pressures=pressures,
        epochs=tuple(daily[day] for day in starts),
        epoch_start=np.array(starts, dtype=float),
        epoch_of_day=np.searchsorted(starts, np.arange(len(daily)), side="right") - 1,
        answers=answers(scenario, inputs),
        returns=(),
        observed=reader.observed(),
        files=tuple(reader.files),
    )


def _epoch_starts(daily: list[Closures], control: Control, scenario: Scenario, inputs: Inputs) -> list[int]:
    """Days on which travel times are worked out anew: closures change, or closed lines have moved far enough."""
    place = inputs.cells["any_place"].values
    people = np.bincount(place, inputs.cells["population"].values, len(inputs.places.code))
    tolerated = scenario.movement.area.moved_line * people.sum()
    starts, held = [0], control.at(NOON)
    for day in range(1, len(daily)):
        now = control.at(day + NOON)
        concerned = np.unique(daily[day].boundaries)
        moved = (now != held) & (np.isin(now, concerned) | np.isin(held, concerned))
        if daily[day] != daily[day - 1] or people[moved].sum() > tolerated:
            starts.append(day)
            held = now
    return starts


def answers(scenario: Scenario, inputs: Inputs) -> Answers:
    """Departure response of each key to each controller.

    A named response group counts before the controller; one's own side always counts as none; pairs that
    are not listed count as most.
    """
    words = scenario.movement.response
    keys = inputs.keys
    response = np.full((keys.controller.size, len(inputs.controllers)), words.most)
    for by_group in (False, True):
        for entry in scenario.departure_response:
            if (entry.response_group is not None) != by_group:
                continue
            if entry.response_group is not None:
                who = keys.response == inputs.response_groups.index(entry.response_group)
            else:
                who = keys.controller == inputs.controllers.index(str(entry.controlled_by))
            response[who, inputs.controllers.index(entry.incoming)] = getattr(words, entry.share)
    foreign = inputs.side[keys.controller][:, None] != inputs.side[None, :]
    return Answers(response=np.where(foreign, response, 0.0), foreign=foreign)


class _Reader:
    """Reads the events of one scenario, and remembers which tables it read."""

    def __init__(self, scenario: Scenario, inputs: Inputs) -> None:
        self.scenario, self.inputs = scenario, inputs
        self.files: list[Path] = []
        self.place_of = inputs.places.index()
        self.zone_of = {code: at for at, code in enumerate(inputs.zones.code)}

    def day(self, date: dt.date) -> int:
        """Days from the first day of the run."""
        return (date - self.scenario.period.start).days

    def rows(self, name: str, columns: list[str]) -> list[tables.Row]:
        """Rows of a table beside the scenario or in the area folder."""
        path = self.scenario.file(name)
        if path not in self.files:
            self.files.append(path)
        return tables.read(path, columns)

    def place(self, code: str) -> int | None:
        """Position of a place that has a controller: itself, or the nearest one that has."""
        if code in self.place_of:
            return self.place_of[code]
        point = self.inputs.coordinates.get(code)
        if point is None:
            return None
        places = self.inputs.places
        return int(np.argmin(np.hypot(places.easting - point[0], places.northing - point[1])))

    def changes(self) -> Iterator[Change]:
        """Changes of control: tables first, then single events, which count on the same day."""
        for event in self.scenario.events:
            if isinstance(event, model.ControlTable):
                yield from self._table_changes(event)
        for event in self.scenario.events:
            if isinstance(event, model.ControlPlaces):
                controller = self.inputs.controllers.index(event.control)
                for code in event.places:
                    place = self.place(code)
                    if place is not None:
                        yield Change(self.day(event.date) + NOON, place, controller)

    def _table_changes(self, event: model.ControlTable) -> Iterator[Change]:
        """Changes of a table: by date, and on one date by `seq`."""
        seen: dict[tuple[str, dt.date, float], tuple[int, str]] = {}
        found: list[tuple[dt.date, float, Change]] = []
        for row in self.rows(event.control, ["pcode", "date", "controller"]):
            if not row["date"].strip():
                continue
            date, code, order = row.date("date"), row.text("pcode"), row.number_or("seq", 0.0)
            controller = self._controller(row)
            earlier = seen.setdefault((code, date, order), (row.line, controller))
            if earlier[1] != controller:
                message = (
                    f"{code} comes under '{earlier[1]}' (line {earlier[0]}) and '{controller}' on {date}"
                )
                raise row.wrong("controller", message + "; keep one, or give their order in 'seq'")
            if event.until is not None and date > event.until:
                continue
            place = self.place(code)
            if place is None:
                raise row.wrong("pcode", f"unknown place '{code}'; add it to the area's tables")
            position = self.inputs.controllers.index(controller)
            found.append((date, order, Change(self.day(date) + NOON, place, position)))
        yield from (change for _, _, change in sorted(found))

    def _controller(self, row: tables.Row) -> str:
        """A row's controller, by id or by another spelling of the area file."""
        known, spelling = self.inputs.controllers, row.text("controller")
        found = spelling if spelling in known else self.inputs.area.controller_names.get(spelling)
        if found is None:
            message = f"unknown controller '{spelling}'; write one of {', '.join(known)}"
            raise row.wrong("controller", message)
        return found

    def strikes(self) -> Iterator[Strike]:
        """Strikes, at noon of their day."""
        for event in self.scenario.events:
            if isinstance(event, model.StrikesTable):
                for row in self.rows(event.strikes, ["date", "lat", "lon", "strikes"]):
                    if row.get("use", "yes").strip().casefold() == "no":
                        continue
                    date = row.date("date")
                    if event.until is None or date <= event.until:
                        count = row.number("strikes", 0)
                        yield Strike(self.day(date) + NOON, count, *self._point(row))
            elif isinstance(event, model.StrikesAt):
                for day in self._days(event):
                    yield Strike(day + NOON, event.strikes, *self.inputs.coordinates[event.at])

    def _point(self, row: tables.Row) -> tuple[float, float]:
        """Easting and northing of a row. [m]"""
        from displacement.io.area import project

        return project(self.inputs.grid.crs, row.number("lon", -180, 180), row.number("lat", -90, 90))

    def _days(self, event: Any) -> range:
        """Days of an event, `until` inclusive."""
        return range(self.day(event.date), self.day(event.until or event.date) + 1)

    def pressures(self) -> Iterator[Pressure]:
        """Declared pressure, from the first midnight of `date` to the last of `until`."""
        for event in self.scenario.events:
            if isinstance(event, model.PressureAt):
                days = self._days(event)
                yield Pressure(
                    float(days.start),
                    float(days.stop),
                    self.inputs.controllers.index(event.pressure),
                    event.intensity,
                    *self.inputs.coordinates[event.at],
                    event.within_km,
                )

    def closures(self, day: int) -> Closures:
        """What is closed to people on a day: later events count over earlier ones, then over the start."""
        crossings = self.inputs.crossings
        shut = set(np.array(crossings.code)[~crossings.open_to_people].tolist())
        boundaries: set[tuple[int, int]] = set()
        roads = {name: np.zeros(len(road.cell), dtype=bool) for name, road in self.inputs.roads.items()}
        ways = [event for event in self.scenario.events if isinstance(event, model.Close | model.Open)]
        for event in sorted(ways, key=lambda event: event.date):
            days, closes = self._days(event), isinstance(event, model.Close)
            holds = days.start <= day and (event.until is None or day < days.stop)
            if not holds or event.for_ == "trucks":
                continue
            name = event.close if isinstance(event, model.Close) else event.open
            if name == "boundary":
                first, second = sorted(self.inputs.controllers.index(side) for side in event.between or ())
                (boundaries.add if closes else boundaries.discard)((first, second))
            elif name in roads:
                first, last = self._stretch(self.inputs.roads[name], event.between)
                roads[name][first : last + 1] = closes
            else:
                (shut.add if closes else shut.discard)(name)
        month = (self.scenario.period.start + dt.timedelta(days=day)).month
        colder = self.scenario.movement.travel.winter_factor < 1
        return Closures(
            roads=tuple(stretch for name, mask in roads.items() for stretch in _stretches(name, mask)),
            crossings=tuple(sorted(shut)),
            boundaries=tuple(sorted(boundaries)),
            winter=colder and month in self.scenario.winter_months,
        )

    def _stretch(self, road: Road, between: tuple[str, str] | None) -> tuple[int, int]:
        """First and last point of a road between two places on it."""
        if between is None:
            return 0, len(road.cell) - 1
        ends = []
        for code in between:
            east, north = self.inputs.coordinates[code]
            ends.append(int(np.argmin(np.hypot(road.easting - east, road.northing - north))))
        return min(ends), max(ends)

    def observed(self) -> Array | None:
        """First departures that the scenario gives, by day and zone."""
        if not isinstance(self.scenario.departures, model.ObservedDepartures):
            return None
        name = self.scenario.departures.observed
        given = np.zeros((self.scenario.period.days, self.inputs.zones.inside))
        rows = self.rows(name, ["date", "zone", "people"])
        if not rows:
            raise InputError(finding(self.scenario.file(name), "has no row; give date, zone and people", 1))
        for row in rows:
            zone = self.zone_of.get(row.text("zone"))
            if zone is None or zone >= self.inputs.zones.inside:
                raise row.wrong("zone", f"unknown zone '{row['zone']}'; write its p-code")
            day = self.day(row.date("date"))
            if not 0 <= day < self.scenario.period.days:
                raise row.wrong("date", f"{row['date']} is outside the period; correct it or the period")
            given[day, zone] += row.number("people", 0)
            live = self.inputs.zones.population[zone]
            if given[:, zone].sum() > live:
                total = f"{given[:, zone].sum():,.0f} people leave {self.inputs.zones.name[zone]} by this row"
                raise row.wrong(
                    "people", f"{total}, where {live:,.0f} live; give fewer or a larger population"
                )
        return given


def _stretches(name: str, closed: Array) -> Iterator[tuple[str, int, int]]:
    """First and last point of each stretch of a road that is closed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed, [False]])))
    for first, after in edges.reshape(-1, 2).tolist():
        yield name, first, after - 1
