"""The figures that a workbook is made of: by place and week, and of the whole area by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.aid import served_here
from displacement.ensemble import shares
from displacement.io.kept import by_zones, laid_out
from displacement.needs.counts import is_bent, linear, units_per_person
from displacement.needs.demand import Reckoner
from displacement.needs.item import Item
from displacement.report.behind import fewest
from displacement.report.rounding import level_names, quantiles
from displacement.result import Result

__all__ = ["Amounts", "Place", "Window", "amounts", "over_windows", "windows"]

Array = NDArray[Any]

MIDDLE = "p50"
FEWEST = "fewest"
"""Stands for the level of the people behind a figure."""
IN_ALL = "all"
"""Name of the window of all days."""
AREA, ADMIN1, ZONE = "area", "admin 1", "zone"
"""Levels of places."""
MOST_THERE = ("daily", "periodic_kit")
"""Kinds whose people of a week are the most who are there on one of its days; of the others, all who came."""

MEASURES: Mapping[str, str] = {
    "newly_displaced": "end",
    "newly_displaced_cum": "end",
    "arrivals": "sum",
    "present_new": "end",
    "unable_to_leave": "end",
    "returned_cum": "end",
}
"""Measures of people, and which figure of a week stands for it."""
PLANNED = "present_new"
"""The measure whose mean over a week people are planned for by."""


class Window(NamedTuple):
    """Some days in a row."""

    name: str
    """Number of the week, or `all`."""
    first: int
    end: int
    """Not included."""

    @property
    def days(self) -> int:
        """How many. [day]"""
        return self.end - self.first


class Place(NamedTuple):
    """What a row is about."""

    code: str
    name: str
    name_ar: str
    admin1: str
    """P-code."""
    admin1_name: str
    admin2_name: str
    level: str


@dataclass(frozen=True)
class Amounts:
    """Figures of a run as its workbook needs them, exact; of several members their quantiles."""

    items: tuple[Item, ...]
    """Along `item`."""
    bent: NDArray[np.bool_]
    """Whether the need of an item is not its count times its quantity alone, (item,)."""
    per_unit: Array
    """Quantity times units per person, as run, (item,). [unit/person]"""
    windows: tuple[Window, ...]
    """All days, then week by week."""
    places: tuple[Place, ...]
    """The area, its admin 1 units, then the zones that have anybody."""
    need: Mapping[str, Array]
    """By level (place, window, item). [unit]"""
    own: Array
    """The middle of the item's own need before contents of kits, at its own quantity alone, same shape. [unit]"""
    behind: Array
    """People whom it is for, the fewest of the levels, same shape. [person]"""
    need_by_day: Mapping[str, Array]
    """Of the whole area by level (time, item). [unit]"""
    own_by_day: Array
    """As `own`, (time, item). [unit]"""
    behind_by_day: Array
    """As `behind`, (time, item). [person]"""
    people: Mapping[str, Mapping[str, Array]]
    """By measure and level (place, window); `planned`: mean of those present over the days. [person]"""
    daily: Mapping[str, Array]
    """Of a single member: `count` [person] and `fixed` [unit] of items that hold or are held, (place, time, item)."""

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the levels there are."""
        return tuple(self.need)


def windows(days: int) -> tuple[Window, ...]:
    """All days together, and each week from the first day on.

    >>> [tuple(window) for window in windows(9)]
    [('all', 0, 9), ('1', 0, 7), ('2', 7, 9)]
    """
    starts = range(0, days, 7)
    weeks = (Window(str(at + 1), first, min(first + 7, days)) for at, first in enumerate(starts))
    return (Window(IN_ALL, 0, days), *weeks)


def over_windows(values: Array, spans: Sequence[Window], how: str, axis: int = 1) -> Array:
    """Figures by day as figures of windows, in place of the axis of days.

    Parameters
    ----------
    values : array
        By day along `axis`.
    spans : sequence of Window
    how : {"sum", "end", "max", "mean"}
    axis : int
    """
    moved = np.moveaxis(values, axis, 0)
    parts = (moved[span.first : span.end] for span in spans)
    match how:
        case "sum":
            found = [part.sum(axis=0) for part in parts]
        case "mean":
            found = [part.mean(axis=0) for part in parts]
        case "max":
            found = [part.max(axis=0) for part in parts]
        case _:
            found = [part[-1] for part in parts]
    return np.moveaxis(np.stack(found), 0, axis)


def amounts(result: Result) -> Amounts:
    """Work out the figures of a run's workbooks.

    Parameters
    ----------
    result : Result
    """
    here = served_here(result.people)
    asked = result.scenario.uncertainty.quantiles
    spans = windows(here.sizes["time"])
    units, every = _units(result, here)
    gathered = _Gathered(result, here, spans, units, asked)
    for some in by_zones(here["arrivals"]):
        gathered.take(some)
    people = _people(here, spans, units, asked)
    gathered.close()
    behind = gathered.by_place("for", FEWEST)
    any_here = np.rint(behind[:, 0].max(axis=-1)) > 0
    any_left = np.rint(_highest(people["newly_displaced_cum"])[:, 0]) > 0
    shown = any_here | any_left
    shown[: len(units)] = True
    kept = np.flatnonzero(shown)
    zones, alone = kept[len(units) :] - len(units), here.sizes["member"] == 1
    return Amounts(
        items=gathered.items,
        bent=gathered.bent,
        per_unit=gathered.per_unit,
        windows=spans,
        places=tuple(every[at] for at in kept),
        need={name: gathered.by_place("need", name)[kept] for name in gathered.names},
        own=gathered.by_place("own", MIDDLE)[kept],
        behind=behind[kept],
        need_by_day=gathered.by_day("need"),
        own_by_day=gathered.by_day("own")[MIDDLE],
        behind_by_day=gathered.by_day("for")[FEWEST],
        people={
            measure: {name: values[kept] for name, values in levels.items()}
            for measure, levels in people.items()
        },
        daily={name: values[zones] for name, values in gathered.daily.items()} if alone else {},
    )


def _highest(levels: Mapping[str, Array]) -> Array:
    highest: Array = np.max(list(levels.values()), axis=0)
    return highest


def _units(result: Result, here: xr.Dataset) -> tuple[Array, list[Place]]:
    """Sums that are shown, (unit, zone) of 0 and 1: the area, then each admin 1; and all places, units first."""
    zones = result.inputs.zones
    at = [zones.code.index(str(code)) for code in here["zone"].values]
    admin1 = [zones.admin1[one] for one in at]
    codes = sorted({code for code in admin1 if code})
    names = {zones.admin1[one]: zones.admin1_name[one] for one in at}
    summing = [np.ones(len(at)), *(np.array([code == each for each in admin1], float) for code in codes)]
    places = [Place("ALL", "whole area", "", "", "", "", AREA)]
    places += [Place(code, names[code], "", code, names[code], "", ADMIN1) for code in codes]
    for one in at:
        own = (zones.code[one], zones.name[one], zones.name_ar[one], zones.admin1[one])
        places.append(Place(*own, zones.admin1_name[one], zones.admin2_name[one], ZONE))
    return np.stack(summing), places


def _people(
    here: xr.Dataset, spans: Sequence[Window], units: Array, asked: Sequence[float]
) -> dict[str, dict[str, Array]]:
    """Measures of people by level, (unit then zone, window)."""
    found = {}
    for name, measure, how in (
        *((measure, measure, how) for measure, how in MEASURES.items()),
        ("planned", PLANNED, "mean"),
    ):
        by_zone = here[measure].sum("type") if "type" in here[measure].dims else here[measure]
        parts = []
        total: Array = np.zeros(())
        for some in by_zones(by_zone):
            values = laid_out(by_zone.isel(zone=some)).transpose("member", "time", "zone").values
            over = over_windows(values, spans, how)
            parts.append(over)
            total = total + over @ units[:, some].T
        joined = np.concatenate([total, *parts], axis=2).transpose(0, 2, 1)
        found[name] = _there(quantiles(joined, asked))
    return found


def _there(levels: Mapping[str, Array | None]) -> dict[str, Array]:
    return {name: values for name, values in levels.items() if values is not None}


class _Series(NamedTuple):
    """Figures by member, day and zone that several items may share."""

    item: int
    """The first of them."""
    how: str
    """What a week is: the sum of its days, or the most of one."""
    read: Callable[[Reckoner, Item], Array]
    """From the people of some zones, (member, time, zone)."""


class _Gathered:
    """Figures that are gathered while zones are read, some at a time; the only thing here that changes.

    Items that count the same people share one series, so that quantiles are taken once.
    """

    def __init__(
        self,
        result: Result,
        here: xr.Dataset,
        spans: Sequence[Window],
        units: Array,
        asked: Sequence[float],
    ) -> None:
        self.aid, self.here, self.spans, self.units, self.asked = result.aid, here, spans, units, asked
        members = here.sizes["member"]
        drawn = shares(result.scenario)
        self.shares = None if drawn is None else {name: one[:members] for name, one in drawn.items()}
        self.items = result.aid.catalogue.items
        profile = result.aid.settings
        self.per_unit = np.array([item.quantity * units_per_person(item, profile) for item in self.items])
        self.names = level_names(asked) if members > 1 else [MIDDLE]
        self._series: dict[tuple[object, ...], _Series] = {}
        empty = self._reckoner(slice(0, 0))
        self.bent = np.array([is_bent(item, empty) for item in self.items], dtype=bool)
        self._of = {
            what: [self._named(what, at, empty) for at in range(len(self.items))]
            for what in ("need", "own", "for")
        }
        zones, days, rows = here.sizes["zone"], here.sizes["time"], len(units) + here.sizes["zone"]
        self._levels = {
            key: {name: np.zeros((rows, len(spans))) for name in (*self.names, FEWEST)}
            for key in self._series
        }
        self._totals = {key: np.zeros((members, days, len(units))) for key in self._series}
        self.daily = {name: np.zeros((zones, days, len(self.items))) for name in ("count", "fixed")}

    def _reckoner(self, zones: slice, alike: bool = False) -> Reckoner:
        """On the people of some zones; `alike`: as if no zone had a quantity of its own."""
        lines = replace(self.aid.catalogue, sites=()) if alike else self.aid.catalogue
        return Reckoner(laid_out(self.here.isel(zone=zones)), lines, self.aid.settings, shares=self.shares)

    def _named(self, what: str, at: int, empty: Reckoner) -> tuple[object, ...]:
        """The key of an item's series; a new one is noted."""
        item, per_unit = self.items[at], self.per_unit[at]
        known = set(item.for_group) <= set(empty.crowds)
        folds = tuple(repr(empty.fold(item, group)) for group in item.for_group) if known else (item.id,)
        if what == "for":
            how = "max" if item.kind in MOST_THERE else "sum"
            key: tuple[object, ...] = (what, how, folds, item.share)
            series = _Series(at, how, Reckoner.people_served)
        elif self.bent[at] and what == "need":
            key = (what, item.id)
            series = _Series(at, "sum", lambda reckoner, item: reckoner.need(item) / per_unit)
        else:
            key = ("count", item.id if self.bent[at] else folds, item.per)
            series = _Series(at, "sum", lambda reckoner, item: linear(reckoner, item).count)
        self._series.setdefault(key, series)
        return key

    def take(self, zones: slice) -> None:
        """The figures of some zones."""
        reckoner = self._reckoner(zones)
        alike = self._reckoner(zones, alike=True) if self.aid.catalogue.sites else reckoner
        rows = slice(
            zones.start + len(self.units), len(self.units) + min(zones.stop, self.here.sizes["zone"])
        )
        for key, series in self._series.items():
            found = series.read(alike if key[0] == "for" else reckoner, self.items[series.item])
            self._totals[key] += found @ self.units[:, zones].T
            self._note(key, over_windows(found, self.spans, series.how), rows)
        if self.here.sizes["member"] == 1:
            self._take_daily(reckoner, zones)

    def _note(self, key: tuple[object, ...], figures: Array, rows: slice) -> None:
        """The levels of some places, or the fewest people of any of them."""
        levels = self._levels[key]
        if key[0] == "for":
            levels[FEWEST][rows] = fewest(figures, self.asked).T
            return
        for name, values in _there(quantiles(figures, self.asked)).items():
            levels[name][rows] = values.T

    def _take_daily(self, reckoner: Reckoner, zones: slice) -> None:
        """Counts by day of what holds or is held."""
        for at, item in enumerate(self.items):
            if self.bent[at] or item.contains:
                parts = linear(reckoner, item)
                self.daily["count"][zones, :, at] = parts.count[0].T
                self.daily["fixed"][zones, :, at] = parts.fixed[0].T

    def close(self) -> None:
        """The figures of sums over zones."""
        for key, series in self._series.items():
            total = over_windows(self._totals[key], self.spans, series.how)
            self._note(key, total, slice(0, len(self.units)))

    def by_place(self, what: str, level: str) -> Array:
        """One level of all items, (place, window, item)."""
        found = np.stack([self._levels[key][level] for key in self._of[what]], axis=-1)
        return found if what == "for" else found * self.per_unit

    def by_day(self, what: str) -> dict[str, Array]:
        """Levels of the whole area, (time, item)."""
        keys = dict.fromkeys(self._of[what])
        if what == "for":
            few = {key: fewest(self._totals[key][..., 0], self.asked) for key in keys}
            return {FEWEST: np.stack([few[key] for key in self._of[what]], axis=-1)}
        levels = {key: _there(quantiles(self._totals[key][..., 0], self.asked)) for key in keys}
        return {
            name: np.stack([levels[key][name] for key in self._of[what]], axis=-1) * self.per_unit
            for name in self.names
        }
