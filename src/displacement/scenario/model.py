"""The scenario file: every field a planner can write, documented where it is defined."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from displacement.io.documents import Document, Location, Mark
from displacement.movement.assumptions import Movement
from displacement.needs.logistics import Supply
from displacement.scenario.aid import Needs

ShareWord = Literal["none", "few", "half", "most"]

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


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )


class Period(_Part):
    """The days the run covers."""

    start: dt.date = Field(ge=dt.date(1900, 1, 1), le=dt.date(2199, 12, 31))
    """First day. Begin a day or two before the first event, so that people who leave early are counted."""
    days: int = Field(30, ge=1, le=1830)
    """Number of days. [day]"""
    step_days: float = Field(0.5, gt=0, le=1)
    """Length of a step; a whole number of steps makes half a day, because places change hands at noon. On a network of
    places, where nothing happens at noon, a step may be a day. Results are by day. [day]"""

    @field_validator("step_days")
    @classmethod
    def _steps_make_a_day(cls, step_days: float) -> float:
        if step_days != 1 and abs(round(0.5 / step_days) * step_days - 0.5) > 1e-9:
            raise ValueError("a whole number of steps must make half a day; write 0.5, 0.25 or 0.125")
        return step_days

    @property
    def last(self) -> dt.date:
        """Last day of the run."""
        return self.start + dt.timedelta(days=self.days - 1)


class GridSettings(_Part):
    """The grid on which people live and fronts move."""

    cell_km: float = Field(1.0, gt=0, le=10)
    """Side of a cell. [km]"""
    travel_cell_km: float | None = Field(None, gt=0, le=10)
    """Side of a cell of the land people travel over, not below `cell_km`; left out: 1 km, or `cell_km` where that is
    more. Travel takes most of the time of fine grids, and the road table is good to 1 to 2 km. [km]"""

    hazard_cell_km: float | None = Field(None, gt=0, le=10)
    """Side of the squares in which the people of a block and nearest place see the events alike, not below `cell_km`;
    left out: 1 km, or `cell_km` where that is more. `cell_km` itself works the hazard out cell by cell. [km]"""

    @model_validator(mode="after")
    def _people_are_finer(self) -> GridSettings:
        for name in ("travel_cell_km", "hazard_cell_km"):
            side = getattr(self, name)
            if side is not None and side < self.cell_km:
                raise ValueError(
                    f"{name} must not be below cell_km, {self.cell_km:g} (got {side:g}); write a smaller cell_km "
                    f"too, or leave {name} out"
                )
        return self


EVENT_FILES = ("control", "strikes", "area")
"""Fields of an event that may name a file."""
FILES: tuple[tuple[str, ...], ...] = (
    ("start_control",),
    ("reports",),
    ("gazetteer",),
    ("network", "conflict"),
    ("network", "counts"),
    ("departures", "observed"),
    ("population", "zones"),
    ("population", "points"),
    ("population", "raster"),
    ("population", "polygons"),
    ("travel_raster", "speed"),
    ("travel_raster", "friction"),
    ("supply", "stock"),
    ("case", "observations"),
    ("uncertainty", "parameters_file"),
)
"""Other fields of a scenario that name a file."""


def named_files(values: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any], str]]:
    """Where a scenario's plain values name files: the location, and the mapping and key that hold the name."""
    for verb in ("events", "add"):
        events = values.get(verb)
        for index, event in enumerate(events if isinstance(events, list | tuple) else ()):
            for field in EVENT_FILES:
                if isinstance(event, dict) and isinstance(event.get(field), str):
                    yield (verb, index, field), event, field
    for *parents, key in FILES:
        holder: Any = values
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(holder.get(key), str):
            yield (*parents, key), holder, key


class NetworkSettings(_Part):
    """What counts on an area that is a network of places and routes."""

    totals: Literal["model", "observed"] = "model"
    """`model`: the model says how many leave. `observed`: as many are in the places that were counted, all together, as
    were counted there on each day; the model says in which of them."""
    capacities: Literal["use", "ignore"] = "use"
    """`use`: camps with a capacity draw people by it and crowd beyond it. `ignore`: capacities are left out, because in
    practice they often are the later peak of what is to be estimated."""
    day0: Literal["observed", "none"] = "observed"
    """With totals as observed: whether those who were counted on the first day are there from the start (`observed`), or
    arrive on it like any others (`none`)."""
    conflict: str | None = None
    """A table of conflict in place of the area's: place, start, until, intensity."""
    counts: str | None = None
    """A table of people counted in place of the area's: place, date, count."""


class Population(_Part):
    """Where people live, from files of your own in place of the area's tables."""

    zones: str | None = None
    """A table with zone (p-code or name), population and, if known, displaced_before. Zones left out keep the area's."""
    points: str | None = None
    """A table of points with lat, lon, people and, if known, zone and pcode."""
    raster: str | None = None
    """A raster of counts, people by pixel (GeoTIFF, any reference system and resolution). Not a density."""
    polygons: str | None = None
    """Polygons of the zones (GeoJSON, GeoPackage or Shapefile), with their p-codes in a column."""
    level: Literal["low", "central", "high"] = "central"
    """Which figures of the table in `zones` to use: its columns low and high, or population."""
    calibrate_to: Literal["zones", "none"] = "zones"
    """`zones`: each zone keeps the people of its table and lives where the raster or the points say. `none`: the
    raster or the points also say how many; people outside every zone are left out and their number is stated."""

    @model_validator(mode="after")
    def _one_source_says_where(self) -> Population:
        if self.raster is not None and self.points is not None:
            raise ValueError("write either 'raster' or 'points'; both say where people live")
        if self.calibrate_to == "none" and self.raster is None and self.points is None:
            raise ValueError("'calibrate_to: none' needs a 'raster' or 'points' to take the people from")
        if self.level != "central" and self.zones is None:
            raise ValueError("'level' says which figures of the table in 'zones' to use; name that table")
        if self.calibrate_to == "none" and self.zones is not None:
            raise ValueError("'calibrate_to: none' does not use the table in 'zones'; write one of them")
        return self


class Case(_Part):
    """A past event, what was observed of it, and what may be learnt from it."""

    use: Literal["calibration", "validation", "holdout"]
    """calibration: parameters may be fitted to it. validation: only held against the result. holdout: never read
    by anything that fits."""
    observations: str
    """A table of observed figures: kind, date, zone, origin, value, unit, scope, source."""
    fit_until: dt.date | None = None
    """Fit to observations up to this day; later ones only check. Default: all of them."""
    note: str = ""
    """What to beware of, in your words; printed with the scores."""


class TravelRaster(_Part):
    """How fast people travel off the roads, from a raster of your own in place of one speed for all tracks.

    Roads of the area's table still count where they are faster. A surface that has the roads in it weakens the
    closing of a road: its cells keep the speed of the surface.
    """

    speed: str | None = None
    """A raster of speeds. 0 and no data: impassable. [km/h]"""
    friction: str | None = None
    """A raster of the time a metre takes. 0 and no data: impassable. [min/m]"""

    @model_validator(mode="after")
    def _one_of_both(self) -> TravelRaster:
        if (self.speed is None) == (self.friction is None):
            raise ValueError("write either 'speed' (km/h) or 'friction' (minutes per metre)")
        return self


class _Event(_Part):
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


class DepartureResponse(_Part):
    """How many of some people leave when a controller comes."""

    controlled_by: str | None = None
    """People of places that this controller held at the start."""
    response_group: str | None = None
    """People of places with this response group in the area's table; counts before `controlled_by`."""
    incoming: str
    """The controller that comes."""
    share: ShareWord
    """none, few, half or most."""
    note: str = ""
    """Where this comes from, in your words."""

    @model_validator(mode="after")
    def _says_who(self) -> DepartureResponse:
        if (self.controlled_by is None) == (self.response_group is None):
            raise ValueError(
                "write either 'controlled_by' or 'response_group', to say whose response this is"
            )
        return self


class ObservedDepartures(_Part):
    """First departures from a table in place of the model's."""

    observed: str
    """A table with date, zone (p-code) and people: how many left home for the first time that day."""


def checked_quantiles(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    """Quantiles to show, with the middle among them.

    Raises
    ------
    ValueError
        If one is not between 0 and 1, or they do not rise.

    Examples
    --------
    >>> checked_quantiles((0.05, 0.95))
    (0.05, 0.5, 0.95)
    """
    wrong = [level for level in quantiles if not 0 < level < 1]
    if wrong:
        raise ValueError(
            f"a quantile lies between 0 and 1 (got {wrong[0]:g}); write [0.1, 0.5, 0.9] for the 10th, 50th and 90th "
            "percentile"
        )
    rising = sorted(set(quantiles))
    if list(quantiles) != rising:
        raise ValueError(f"write each quantile once, the smallest first: {rising}")
    return tuple(sorted({*quantiles, 0.5}))


class Uncertainty(_Part):
    """Members of an ensemble."""

    members: int = Field(1, ge=1, le=4096)
    """Number of members; 1 is the median run."""
    seed: int = Field(20241127, ge=0)
    """Seed of the random streams."""
    parameters: Literal["calibrated", "priors"] = "calibrated"
    """`calibrated`: assumptions that were fitted to past cases are as fitted, others as their priors say. `priors`: all
    are as their priors say."""
    parameters_file: str | None = None
    """A parameter set of your own (`displacement calibrate -o FILE`) in place of the one that comes with the package."""
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    """Quantiles over the members that outputs show, between 0 and 1, the smallest first: 0.05 gives a column p05, 0.025
    one p02_5. The middle, 0.5, is always among them. [1]"""

    @field_validator("quantiles")
    @classmethod
    def _rise_from_0_to_1(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        return checked_quantiles(quantiles)


class ScenarioFile(_Part):
    """A question: what happens, where, and what is assumed."""

    title: str = Field(min_length=1)
    """The question in one line; it stands on every output."""
    condition: str = ""
    """What the answer depends on, to follow the word "If"; default: if the events of this scenario come about."""
    title_ar: str = ""
    """The question in Arabic, for the brief; default: the title as it is."""
    condition_ar: str = ""
    """The condition in Arabic, for the brief, to follow the word "إذا"; default: the condition as it is."""
    area: str
    """The area folder, relative to this file."""
    as_of: dt.date | None = None
    """What was known on this day; later events are assumptions, and every output says so."""
    period: Period
    """The days the run covers."""
    grid: GridSettings = GridSettings()
    """The grid."""
    population: Population = Population()
    """Files that say where people live; default: the area's own tables."""
    network: NetworkSettings | None = None
    """Of an area that is a network of places and routes: what counts there."""
    travel_raster: TravelRaster | None = None
    """A raster that says how fast people travel off the roads; default: one speed for all tracks."""
    gazetteer: str | None = None
    """A table of places and spellings of your own: pcode (any id), name, lat, lon and, if known, name_ar, zone, alias.
    Each place is held as the nearest place of the area is, until an event names it."""
    start_control: str | None = None
    """Table with the controller of every place at the start; default: the area's own."""
    events: tuple[Event, ...] = ()
    """What happens, in any order."""
    departure_response: tuple[DepartureResponse, ...] = ()
    """How many leave where control changes; pairs not listed: most. Nobody leaves because of the own side."""
    departures: Literal["model"] | ObservedDepartures = "model"
    """First departures: the model's, or given by a table (`observed: FILE`)."""
    case: Case | None = None
    """Marks a past event that the model is held against (`displacement backtest`)."""
    reports: str | None = None
    """A table of observed figures (date, zone, measure, people, scope), shown beside the estimate."""
    winter_months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = (11, 12, 1, 2, 3)
    """Months that count as winter for travel off the roads. [month]"""
    movement: Movement = Movement()
    """Assumptions of the movement model that differ from the defaults."""
    needs: Needs = Needs()
    """Assumptions of the needs that differ from the defaults."""
    supply: Supply | None = None
    """Stock, routes, trucks and money to meet the needs with; default: needs alone."""
    uncertainty: Uncertainty = Uncertainty()
    """Members of an ensemble."""
    sensitivity: Literal["shared", "restricted"] = "shared"
    """`restricted` marks every file of the run."""


class Scenario(ScenarioFile):
    """A scenario as loaded: names resolved to p-codes, base and variant applied.

    Frozen; a change makes a new one (`scenario.model_copy(update=...)`).
    """

    path: Path
    """The file it was read from."""
    variant: str | None = None
    """The variant that was applied."""
    variants: tuple[str, ...] = ()
    """The variants there are."""
    area_folder: Path
    """The area folder, resolved."""
    marks: dict[tuple[int | str, ...], Mark] = Field(default={}, repr=False)
    """Where each event stands in its file, for messages that come up when events meet the area."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Scenario:
        """A changed copy; other events have no line in the file."""
        changed = dict(update or {})
        if "events" in changed:
            changed = {"marks": {}} | changed
        return super().model_copy(update=changed, deep=deep)

    def finding(self, location: Location, message: str) -> str:
        """One line about a part of this scenario: file, line, column, path and what is wrong."""
        return Document(self.path, {}, self.marks).finding(location, message)

    def line(self, index: int) -> str:
        """File and line of an event, as far as known."""
        mark = self.marks.get(("events", index))
        return f"{mark.path.name}, line {mark.line}" if mark else f"events[{index}]"

    @property
    def own_places(self) -> Path | None:
        """The table of places that the scenario appends."""
        return self.file(self.gazetteer) if self.gazetteer else None

    def file(self, name: str) -> Path:
        """A table or map by its name: beside the scenario, else in the area folder."""
        beside = self.path.parent / name
        return beside if beside.exists() else self.area_folder / name

    def settings(self, home: Path | None = None) -> dict[str, Any]:
        """Everything as plain values, defaults included; with file names as seen from `home`, if given."""
        own = set(ScenarioFile.model_fields)
        values = self.model_dump(mode="json", by_alias=True, include=own, exclude_none=True)
        if home is None:
            return values
        values["area"] = _seen_from(home, self.area_folder)
        for _, holder, key in named_files(values):
            if (self.path.parent / holder[key]).is_file():
                holder[key] = _seen_from(home, self.path.parent / holder[key])
        return values


def _seen_from(home: Path, path: Path) -> str:
    """A path relative to a folder; whole where there is no such way (another drive)."""
    try:
        return Path(os.path.relpath(path.resolve(), home.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()
