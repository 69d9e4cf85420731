"""The scenario file: every field a planner can write, documented where it is defined."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from displacement.io.documents import Document, Location, Mark
from displacement.movement.assumptions import Movement
from displacement.needs.logistics import Supply
from displacement.scenario.aid import Needs
from displacement.scenario.part import Part
from displacement.scenario.verbs import Event

ShareWord = Literal["none", "few", "half", "most"]


class Period(Part):
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


class GridSettings(Part):
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


class NetworkSettings(Part):
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


class Population(Part):
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


class Case(Part):
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


class TravelRaster(Part):
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


class DepartureResponse(Part):
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


class ObservedDepartures(Part):
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


class Uncertainty(Part):
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


class ScenarioFile(Part):
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
