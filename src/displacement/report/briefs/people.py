"""What the brief says of people: how many by when, from where, to where, in sites, beside what was reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io.kept import over_members
from displacement.io.reports import WHOLE_AREA
from displacement.movement.destinations import TYPES
from displacement.report.briefs.shown import Shown, people
from displacement.report.observed import beside
from displacement.report.rounding import middle, significant
from displacement.report.spread import of_all_types, quantiles_by_zone
from displacement.report.summary import DAYS
from displacement.result import Result

__all__ = [
    "Again",
    "Beside",
    "Day",
    "Sites",
    "Zone",
    "again",
    "by_day",
    "in_sites",
    "reported",
    "sites",
    "top",
]

Array = NDArray[Any]

MOST_REPORTS = 12
"""Observed figures that are shown."""


class Day(NamedTuple):
    """Newly displaced people at the end of a day."""

    number: int
    """Counted from the first day of the period, which is 1."""
    date: dt.date
    people: Shown


class Again(NamedTuple):
    """People who are displaced again."""

    before: Shown
    """Of those who ever left, people who had been displaced before the run."""
    share: float | None
    """The same as a share of all who ever left; None where either may not be shown. [1]"""
    onward: Shown
    """Arrivals that were second or later moves in the run. [movement]"""


class Zone(NamedTuple):
    """A figure of one zone."""

    at: int
    """Position of the zone."""
    people: Shown


class Sites(NamedTuple):
    """Places in sites against those who came to them."""

    arrived: Shown
    """Newly displaced people in sites on the last day."""
    registered: Shown
    """People who were registered there when the run began."""
    free: Shown | None
    """Places beyond those; None where the area's table gives none."""


class Beside(NamedTuple):
    """A figure as it was reported, and ours of the same day, place and measure."""

    date: dt.date
    zone: int | None
    """Position of the zone; None for the whole area."""
    measure: str
    scope: str
    reported: float
    ours: Shown | None
    """None on a day outside the run."""
    ratio: float | None
    """Ours over the reported; None where either is nothing or not shown. [1]"""


def by_day(result: Result) -> list[Day]:
    """Newly displaced people at the end of day 3, 7, 14, 30 and the last, as far as the period goes."""
    total = _of_area(result.people["newly_displaced"])
    last = total.shape[1]
    shown = sorted({*(day for day in DAYS if day <= last), last})
    first, asked = result.scenario.period.start, _asked(result)
    return [Day(day, first + dt.timedelta(days=day - 1), people(total[:, day - 1], asked)) for day in shown]


def again(result: Result) -> Again:
    """How many of those who left had been displaced before, and how many moved on."""
    last, asked = result.people.isel(time=-1), _asked(result)
    before = last["displaced_before_cum"].sum("zone").transpose("member").values
    ever = last["newly_displaced_cum"].sum("zone").transpose("member").values
    moves = over_members(result.people["arrivals_again"], lambda part: part.sum(("time", "zone", "type")))
    shown, whole = people(before, asked), people(ever, asked)
    known = bool(shown.middle) and bool(whole.middle)
    share = float(middle(before) / middle(ever)) if known else None
    return Again(shown, share, people(moves.values, asked))


def top(result: Result, measure: str, count: int = 5) -> list[Zone]:
    """The zones with most people of a measure on the last day, without suppressed figures: order would tell of them."""
    last = result.people[measure].isel(time=-1)
    levels = quantiles_by_zone(last, (0.5,), of_all_types)["p50"]
    values = np.asarray(levels)
    order = [int(at) for at in np.argsort(-values, kind="stable")[:count] if round(float(values[at]))]
    asked = _asked(result)
    found = [of_all_types(last.isel(zone=[at])).sum("zone").transpose("member").values for at in order]
    zones = [Zone(at, people(each, asked)) for at, each in zip(order, found, strict=True)]
    return [zone for zone in zones if zone.people.middle]


def sites(result: Result) -> Sites | None:
    """Newly displaced people in sites on the last day, and the places there are; None where the area has no sites."""
    places = result.inputs.destinations
    of_site = places.type == TYPES.index("site")
    if not of_site.any():
        return None
    asked = _asked(result)
    there = result.people["present_new"].isel(time=-1).sel(type="site").sum("zone").transpose("member").values
    free = float(np.maximum(places.capacity[of_site] - places.size[of_site], 0.0).sum())
    return Sites(
        people(there, asked),
        people(places.size[of_site].sum(keepdims=True), asked),
        people(np.array([free]), asked) if np.isfinite(free) and round(free) else None,
    )


def in_sites(result: Result) -> list[Shown]:
    """Newly displaced people in sites on the last day, by zone."""
    there = result.people["present_new"].isel(time=-1).sel(type="site").transpose("member", "zone").values
    return [people(there[:, zone], _asked(result)) for zone in range(there.shape[1])]


def reported(result: Result) -> list[Beside]:
    """Observed figures beside ours: those of the whole area first, then the largest; by date."""
    codes = list(result.inputs.zones.code)
    pairs = sorted(beside(result), key=lambda pair: (pair.report.zone != WHOLE_AREA, -pair.report.people))
    found = []
    for pair in pairs[:MOST_REPORTS]:
        report = pair.report
        ours = None if pair.estimate is None else people(np.array([pair.estimate]), (0.5,))
        ratio = significant(pair.ratio) if pair.ratio is not None and ours and ours.middle else None
        zone = codes.index(report.zone) if report.zone in codes else None
        found.append(Beside(report.date, zone, report.measure, report.scope, report.people, ours, ratio))
    return sorted(found, key=lambda one: (one.date, one.measure, -1 if one.zone is None else one.zone))


def _asked(result: Result) -> Sequence[float]:
    return result.scenario.uncertainty.quantiles


def _of_area(values: xr.DataArray) -> Array:
    """Sum over zones, (member, time)."""
    total: Array = over_members(values, lambda part: part.sum("zone")).transpose("member", "time").values
    return total
