"""What stands behind the brief: what would change it, what it assumes, where it comes from, and its variants."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import NamedTuple

import numpy as np
import xarray as xr

from displacement.ensemble import chosen
from displacement.report.behind import fewest
from displacement.report.briefs.shown import Shown, people, quantity
from displacement.report.drivers import ENOUGH_EXPLAINED, ENOUGH_MEMBERS, LEAST_SHARE, MOST
from displacement.report.record import Record, found
from displacement.report.rounding import middle, significant
from displacement.result import Result

__all__ = ["Assumed", "Driver", "Variant", "assumed", "drivers_of", "track_record", "variants_of"]

OF_PEOPLE = "peak_displaced"
"""The output whose drivers are named: most people away at once."""


class Driver(NamedTuple):
    """An assumption from which the spread comes."""

    parameter: str
    meaning: str
    """In plain words, as in the manual."""
    share: float
    """Of the spread of the most people away at once. [1]"""
    low: float
    high: float
    """The range that it had. [unit]"""
    unit: str


class Variant(NamedTuple):
    """A few figures of one variant."""

    name: str
    condition: str
    """What it depends on, as a clause that begins with "If"."""
    condition_ar: str
    """The same in Arabic, without its "If"; blank where the scenario gives none."""
    left: tuple[tuple[int, Shown | None], ...]
    """By day: who ever left home; None where the run does not reach it."""
    most: Shown
    """Most people away at once."""
    zone: int | None
    """Position of the zone where most are on the last day; None where fewer than 100 are."""
    there: Shown
    """How many are there."""
    tonnes: Shown


class Assumed(NamedTuple):
    """What the run assumes, without a place or a party."""

    events: tuple[tuple[str, int], ...]
    """How many events of each kind the scenario has, by kind in the order of the scenario."""
    first: dt.date | None
    last: dt.date | None
    """First and last day on which an event that bears a date begins or ends."""
    members: int
    fitted: int
    """Assumptions that are as fitted to past cases."""
    parameters: str
    """Version of the parameters; blank: priors."""
    profile: str
    """Of the aid lines."""
    household_size: float
    acute_days: float
    seed: int


def drivers_of(result: Result) -> tuple[Driver, ...]:
    """The three strongest drivers of the most people away at once; none where members are too few to tell."""
    drivers = result.drivers
    if drivers is None or int(drivers.attrs["members"]) < ENOUGH_MEMBERS:
        return ()
    one = drivers.sel(output=OF_PEOPLE)
    if float(one["explained"]) < ENOUGH_EXPLAINED:
        return ()
    order = np.argsort(-one["total"].values, kind="stable")[:MOST]
    return tuple(_driver(one, int(at)) for at in order if float(one["total"][at]) >= LEAST_SHARE)


def _driver(one: xr.Dataset, at: int) -> Driver:
    return Driver(
        str(one["parameter"].values[at]),
        str(one["meaning"].values[at]),
        float(one["total"][at]),
        significant(float(one["low"][at])),
        significant(float(one["high"][at])),
        str(one["unit"].values[at]),
    )


def variants_of(result: Result) -> tuple[Variant, ...]:
    """The variants that were run beside this one, as written first; none where it has none."""
    if result.variants is None:
        return ()
    codes = list(result.inputs.zones.code)
    asked = result.scenario.uncertainty.quantiles
    return tuple(
        _variant(result.variants.isel(variant=at), codes, asked)
        for at in range(result.variants.sizes["variant"])
    )


def _variant(one: xr.Dataset, codes: list[str], asked: tuple[float, ...]) -> Variant:
    left = [one["ever_left"].sel(day=day).values for day in one["day"].values]
    present = np.nan_to_num(one["present"].transpose("member", "zone").values)
    most = int(np.argmax(middle(present)))
    there = people(present[:, most], asked)
    return Variant(
        name=str(one["variant"].values),
        condition=str(one["condition"].values),
        condition_ar=str(one["condition_ar"].values) if "condition_ar" in one.coords else "",
        left=tuple(
            (int(day), None if np.isnan(values).any() else people(values, asked))
            for day, values in zip(one["day"].values, left, strict=True)
        ),
        most=people(one["peak_displaced"].values, asked),
        zone=codes.index(str(one["zone"].values[most])) if there.middle else None,
        there=there,
        tonnes=quantity(one["tonnes"].values, asked, float(fewest(one["arrived"].values, asked))),
    )


def assumed(result: Result) -> Assumed:
    """What the run assumes: kinds and days of events, never where or by whom."""
    scenario = result.scenario
    kinds = Counter(_kind(event) for event in scenario.events)
    dates = [
        date
        for event in scenario.events
        for date in (getattr(event, "date", None), getattr(event, "until", None))
        if date is not None
    ]
    fitted = chosen(scenario)
    return Assumed(
        tuple(kinds.items()),
        min(dates, default=None),
        max(dates, default=None),
        result.people.sizes["member"],
        len(fitted.parameters) if fitted else 0,
        fitted.version if fitted else "",
        scenario.needs.profile,
        float(result.needs.attrs["household_size"]),
        float(result.needs.attrs["acute_days"]),
        scenario.uncertainty.seed,
    )


KINDS = {
    "ControlTable": "control_table",
    "ControlPlaces": "control",
    "ControlAlong": "control",
    "ControlArea": "control",
    "StrikesTable": "strikes_table",
    "StrikesAt": "strikes",
    "StrikesTimes": "strikes",
    "PressureAt": "pressure",
    "Close": "close",
    "Open": "open",
    "ReturnDeclared": "return",
    "Trucks": "trucks",
}
"""Kinds of events as the brief counts them."""


def _kind(event: object) -> str:
    return KINDS[type(event).__name__]


def track_record(result: Result) -> Record | None:
    """How such runs did on past cases of the area; None where there is no record."""
    fitted = chosen(result.scenario)
    return found(result.scenario.area_folder, fitted.version if fitted else "priors")
