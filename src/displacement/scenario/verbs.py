"""Events of a scenario: what happens, one verb each."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from displacement.scenario.part import Part

TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
"""Endings, in any case, by which a table is told from a controller or a number."""


def is_table(written: Any) -> bool:
    """Whether a value names a table.

    >>> is_table("control.XLSX"), is_table("alpha"), is_table(9)
    (True, False, False)
    """
    return isinstance(written, str) and written.casefold().endswith(TABLE_ENDINGS)


def _either_case(ending: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in ending.removeprefix("."))


TABLE_PATTERN = rf"\.({'|'.join(map(_either_case, TABLE_ENDINGS))})$"
"""The same as a regular expression that editors understand too."""


class _Event(Part):
    id: str | None = None
    """A name for this event, so that a variant can drop it."""
    note: str = ""
    """Where this comes from, in your words; printed with the assumptions."""


class Dated(_Event):
    """An event of some days."""

    date: dt.date
    """The day it happens, at noon."""
    until: dt.date | None = None
    """The last day it holds or is repeated, inclusive."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Dated:
        if self.until is not None and self.until < self.date:
            raise ValueError(
                f"'until' ({self.until}) is before 'date' ({self.date}); give the later day in 'until'"
            )
        return self


class ControlTable(_Event):
    """Dated changes of control, from a table."""

    control: str = Field(pattern=TABLE_PATTERN)
    """A table with pcode, date and controller. On one day it counts less than the events of the scenario."""
    until: dt.date | None = None
    """Use its rows up to this day, inclusive."""


class ControlPlaces(_Event):
    """Places come under a controller."""

    control: str
    """The controller they come under, by its id in the area file."""
    places: tuple[str, ...] = Field(min_length=1)
    """Names or p-codes of the places."""
    date: dt.date
    """The day, at noon."""


class ControlAlong(Dated):
    """A front moves along a road: places beside it come under a controller as it passes.

    It moves at one speed, from noon of `date` to noon of `until`; each place changes at noon of the day on which
    the front passes the point of the road nearest to it. Places that the controller holds already stay as they are.
    """

    control: str
    """The controller they come under, by its id in the area file."""
    along: str
    """The road, by name."""
    between: tuple[str, str]
    """Where the front sets out and where it arrives, two places: their order is its direction."""
    width_km: float = Field(5.0, gt=0)
    """Places as far as this from the stretch of road come under the controller. [km]"""
    date: dt.date
    """The day the front sets out, at noon."""
    until: dt.date | None = None
    """The day it arrives, at noon; default: the same day, all at once."""


class ControlArea(_Event):
    """A map shows who holds what: the places inside its polygons, or on each side of its line.

    Polygons: every place inside comes under `control`. A line splits the area (its two ends are drawn straight on to
    the area's edge) and is the new front of `control`: the side where that controller holds the larger share of
    places becomes its side, each other side goes to the other controller that holds most places there. Only places
    held by these controllers change, so that pockets of a third stay as they are. The choice is noted.
    """

    control: str
    """The controller that the polygons show, or whose front the line is; by its id in the area file."""
    area: str
    """A map file: GeoJSON, KML, KMZ, GeoPackage or Shapefile, beside this file or in the area folder."""
    date: dt.date
    """The day, at noon. For a line the holders in the morning of that day decide which side is whose."""


class StrikesTable(_Event):
    """Strikes from a table."""

    strikes: str = Field(pattern=TABLE_PATTERN)
    """A table with date, lat, lon and strikes; or one as ACLED exports it (event_date, event_type, sub_event_type,
    latitude, longitude), of which air and drone strikes and shelling count as one strike each."""
    until: dt.date | None = None
    """Use its rows up to this day, inclusive."""
    by: str | None = None
    """The controller that strikes, by its id in the area file, or a row's own column `by`: people in places that it holds
    at the time are not pressed. Default: everybody within reach is."""
    relative: bool = False
    """The counts have a unit of their own (shells, attacks, locations hit), good for shares within the table only. They
    are divided so that, over its places and weeks, a place has one strike a week on average."""


class StrikesAt(Dated):
    """Strikes at a place, on each day from `date` to `until`."""

    strikes: float = Field(gt=0)
    """Number of strikes a day."""
    at: str
    """Name or p-code of the place."""
    by: str | None = None
    """The controller that strikes, by its id in the area file: people in places that it holds at the time are not
    pressed. Default: everybody within reach is."""


class StrikesTimes(Dated):
    """More or fewer strikes: those of tables and single events, times a number. Several such events multiply."""

    strikes_times: float = Field(ge=0)
    """Times as many strikes; 0 for none. [1]"""
    in_: tuple[str, ...] = Field((), alias="in")
    """Administrative units by name or p-code; default: everywhere. A name means the largest unit that has it (admin 1
    before admin 2 before admin 3), a p-code exactly one, and the name of a place alone the strikes nearest to it."""


class PressureAt(Dated):
    """An assault that takes nothing: people near it leave as if control were changing."""

    pressure: str
    """The controller that people leave from, by its id in the area file."""
    at: str
    """Name or p-code of the place."""
    within_km: float = Field(0.0, ge=0)
    """Full strength as far as this from the place. [km]"""
    intensity: float = Field(1.0, gt=0, le=1)
    """Relative to a change of control. [1]"""


class _Way(Dated):
    between: tuple[str, str] | None = None
    """On a road: the two places on it. On a boundary: the two controllers."""
    for_: Literal["people", "trucks", "all"] = Field("all", alias="for")
    """Whom it concerns."""

    @model_validator(mode="after")
    def _lies_between_two(self) -> _Way:
        if self.between is not None and self.between[0] == self.between[1]:
            raise ValueError(f"'between' names '{self.between[0]}' twice; write two")
        return self


class Close(_Way):
    """A road, a crossing, an exit or a whole boundary is closed.

    A crossing is a gap in a boundary: closing it has an effect only while the boundary there is closed. A closed
    boundary moves with the control of the places beside it.
    """

    close: str
    """Road, crossing or exit by name or id, or `boundary`."""


class Open(_Way):
    """A road, crossing, exit or boundary that was closed is open again."""

    open: str
    """Road, crossing or exit by name or id, or `boundary`."""


class ReturnDeclared(Dated):
    """An agreement lets people go home, from noon of `date`."""

    return_: Literal["declared"] = Field(alias="return")
    """declared"""
    to: tuple[str, ...] = ()
    """Administrative units or places people may go home to, named as in `strikes_times`; default: everywhere."""
    until: dt.date | None = None
    """The last day it holds, inclusive; default: it stays."""


class Trucks(Dated):
    """How many trucks a day can use a road, a crossing, an exit or a route of the supply."""

    trucks: float = Field(ge=0)
    """Trucks a day; 0 for none. Of several limits on a day the one that begins last counts. [1/day]"""
    route: str
    """Road, crossing or exit by name or id, or a route of `supply` by its name."""
    until: dt.date | None = None
    """The last day it holds, inclusive; default: to the end of the period."""


VERBS = {
    "control": ("ControlTable", "ControlPlaces", "ControlAlong", "ControlArea"),
    "strikes": ("StrikesTable", "StrikesAt"),
    "strikes_times": ("StrikesTimes",),
    "pressure": ("PressureAt",),
    "close": ("Close",),
    "open": ("Open",),
    "return": ("ReturnDeclared",),
    "trucks": ("Trucks",),
}


def _verb(event: Any) -> str | None:
    """Which kind of event: told apart by its verb, a table by its ending, control by what else is there."""
    if isinstance(event, BaseModel):
        return type(event).__name__
    if not isinstance(event, dict):
        return None
    verbs = [verb for verb in VERBS if verb in event]
    if len(verbs) != 1:
        return None
    verb = verbs[0]
    kinds = VERBS[verb]
    if len(kinds) == 1 or is_table(event[verb]):
        return kinds[0]
    if verb == "control":
        return "ControlAlong" if "along" in event else "ControlArea" if "area" in event else "ControlPlaces"
    return kinds[1]


_LISTED = ", ".join(list(VERBS)[:-1]) + f" or {list(VERBS)[-1]}"

Event = Annotated[
    Annotated[ControlTable, Tag("ControlTable")]
    | Annotated[ControlPlaces, Tag("ControlPlaces")]
    | Annotated[ControlAlong, Tag("ControlAlong")]
    | Annotated[ControlArea, Tag("ControlArea")]
    | Annotated[StrikesTable, Tag("StrikesTable")]
    | Annotated[StrikesAt, Tag("StrikesAt")]
    | Annotated[StrikesTimes, Tag("StrikesTimes")]
    | Annotated[PressureAt, Tag("PressureAt")]
    | Annotated[Close, Tag("Close")]
    | Annotated[Open, Tag("Open")]
    | Annotated[ReturnDeclared, Tag("ReturnDeclared")]
    | Annotated[Trucks, Tag("Trucks")],
    Discriminator(
        _verb,
        custom_error_type="event",
        custom_error_message=f"an event needs one verb: {_LISTED}",
    ),
]
