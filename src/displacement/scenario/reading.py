"""What every kind of event is read with: the scenario, the inputs, and what comes up on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from displacement.io import tables
from displacement.io.errors import InputError
from displacement.io.gazetteer import Gazetteer
from displacement.io.inputs import Inputs
from displacement.scenario.model import Scenario

NOON = 0.5


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "place"), counted(3, "place")
    ('1 place', '3 places')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Reading:
    """Brings one scenario's events onto the inputs, and remembers files, notes and findings.

    Parameters
    ----------
    scenario : Scenario
        Whose events.
    inputs : Inputs
        Its area on the grid.
    """

    def __init__(self, scenario: Scenario, inputs: Inputs) -> None:
        self.scenario, self.inputs = scenario, inputs
        self.files: list[Path] = []
        self.notes: list[str] = []
        self.findings: list[str] = []
        self._place_of = inputs.places.index()

    def day(self, date: dt.date) -> int:
        """Days from the first day of the run."""
        return (date - self.scenario.period.start).days

    def date(self, day: int) -> dt.date:
        """The date of a day of the run."""
        return self.scenario.period.start + dt.timedelta(days=day)

    def days(self, event: Any) -> range:
        """Days of an event, `until` inclusive."""
        return range(self.day(event.date), self.day(event.until or event.date) + 1)

    def file(self, name: str) -> Path:
        """A file beside the scenario or in the area folder, which joins the list of files read."""
        path = self.scenario.file(name)
        if path not in self.files:
            self.files.append(path)
        return path

    def rows(self, name: str, columns: list[str]) -> list[tables.Row]:
        """Rows of a table beside the scenario or in the area folder."""
        return tables.read(self.file(name), columns)

    def place(self, code: str) -> int | None:
        """Position of a place that has a controller: itself, or the nearest one that has."""
        if code in self._place_of:
            return self._place_of[code]
        point = self.inputs.coordinates.get(code)
        if point is None:
            return None
        places = self.inputs.places
        return int(np.argmin(np.hypot(places.easting - point[0], places.northing - point[1])))

    def named(self, code: str) -> str:
        """Name and p-code of a place, for messages."""
        name = self._gazetteer.names.get(code)
        return f"{name.name} ({code})" if name else code

    @cached_property
    def _gazetteer(self) -> Gazetteer:
        return Gazetteer(self.scenario.area_folder, self.scenario.own_places)

    def point(self, row: tables.Row) -> tuple[float, float]:
        """Easting and northing of a row, which must lie inside the area's box. [m]"""
        from displacement.io.area import project

        longitude, latitude = row.number("lon", -180, 180), row.number("lat", -90, 90)
        box = self.inputs.area.box
        if not (box.south <= latitude <= box.north and box.west <= longitude <= box.east):
            where = f"{row['lat']}, {row['lon']}"
            raise row.wrong(
                "lat", f"lies outside the area's box (got {where}); correct it, or leave the row out"
            )
        return project(self.inputs.grid.crs, longitude, latitude)

    def controller(self, row: tables.Row, column: str) -> str:
        """A row's controller, by id or by another spelling of the area file."""
        known, spelling = self.inputs.controllers, row.text(column)
        found = spelling if spelling in known else self.inputs.area.controller_names.get(spelling)
        if found is None:
            raise row.wrong(column, f"unknown controller '{spelling}'; write one of {', '.join(known)}")
        return found

    def finding(self, index: int, field: str, message: str) -> str:
        """One line that names the file, line and field of an event."""
        return self.scenario.finding(("events", index, field), message)

    def wrong(self, index: int, field: str, message: str) -> InputError:
        """An error that names the file, line and field of an event."""
        return InputError(self.finding(index, field, message))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Add what is found wrong to the findings and go on, so that all come at once."""
        try:
            yield
        except InputError as error:
            self.findings += error.findings

    def note(self, index: int, message: str) -> None:
        """Keep what the reader of the result should know about an event."""
        self.notes.append(f"{self.scenario.line(index)}: {message}")
