"""What is set side by side: people by day and by zone, trips between districts, aid, and when stocks run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io.errors import InputError
from displacement.io.kept import by_members, over_members
from displacement.report.comparing.assumptions import Assumption, differing
from displacement.report.comparing.differences import Cells, Sides, compared, shared_figures, unpaired_because
from displacement.report.comparing.runs import Run, named

__all__ = ["Comparison", "Line", "Stock", "comparison"]

Array = NDArray[Any]

DAYS = (3, 7, 14, 30)
"""Days of the first run on which people are compared, beside the last. [day]"""
AWAY, EVER, THERE = "newly_displaced", "newly_displaced_cum", "present_new"
TOTALS: Mapping[str, str] = {AWAY: "away from home", EVER: "ever left home"}
BY_ZONE: Mapping[str, str] = {
    EVER: "ever left home, by zone of origin",
    THERE: "newly displaced people there",
}


class Line(NamedTuple):
    """A line of a table."""

    labels: tuple[str, ...]
    cells: Cells


class Stock(NamedTuple):
    """When an item runs out."""

    item: str
    days: tuple[str, ...]
    """By run the middle of the days on which the last hub runs out; `does not run out`, or `none in stock`."""
    members: tuple[int | None, ...]
    """By run in how many members it runs out."""
    later: tuple[float | None, ...]
    """Of each run but the first, by how many days later than in the first: middle of the members in which both run
    out. [day]"""


class Comparison(NamedTuple):
    """Everything that a comparison says."""

    runs: tuple[Run, ...]
    levels: tuple[float, ...]
    """Quantiles over the members. [1]"""
    unpaired: tuple[str, ...]
    """Of each run but the first, why its differences have no range; blank if they have."""
    days: NDArray[np.datetime64]
    """Days that all runs have."""
    whole: bool
    """Whether all runs have these days and no others, so that sums over a run compare."""
    assumptions: tuple[Assumption, ...]
    by_day: Mapping[str, Sides]
    """Of away and ever left, (time)."""
    more: tuple[tuple[int, int], ...]
    """Of each run but the first, in how many members more people are away on the last day than in the first, and in how
    many fewer; of members that are not the same, 0."""
    totals: tuple[Line, ...]
    zones: tuple[Line, ...]
    pairs: tuple[Line, ...]
    needs: tuple[Line, ...]
    stocks: tuple[Stock, ...]


def comparison(given: Sequence[Run]) -> Comparison:
    """Set runs side by side; the first is what the others are held against.

    Raises
    ------
    InputError
        If there are fewer than two, or they have other zones or no day in common.
    """
    runs = named(given)
    days = _common_days(runs)
    levels = tuple(sorted({*runs[0].levels, 0.5}))
    unpaired = tuple(unpaired_because(runs[0], other) for other in runs[1:])
    compare = partial(compared, pairs=[not why for why in unpaired], levels=levels)
    by_day = {name: [_in_all(run.people[name].sel(time=days)) for run in runs] for name in TOTALS}
    last = [one[:, -1] for one in by_day[AWAY]]
    whole = all(run.people.sizes["time"] == len(days) for run in runs)
    return Comparison(
        runs,
        levels,
        unpaired,
        days,
        whole,
        differing(runs),
        {name: compare(values) for name, values in by_day.items()},
        tuple(
            (0, 0) if why else _more_and_fewer(last[0], other)
            for why, other in zip(unpaired, last[1:], strict=True)
        ),
        tuple(_totals(by_day, days, compare)),
        tuple(_zones(runs, days[-1], compare)),
        tuple(_pairs(runs, compare)) if whole else (),
        tuple(_needs(runs, compare)) if whole else (),
        tuple(_stocks(runs, unpaired)),
    )


def _more_and_fewer(first: Array, other: Array) -> tuple[int, int]:
    apart = np.round(other) - np.round(first)
    return int((apart > 0).sum()), int((apart < 0).sum())


Compare = Callable[[Sequence[Array]], Sides]


def _common_days(runs: Sequence[Run]) -> NDArray[np.datetime64]:
    """Days that all runs have."""
    if len(runs) < 2:
        raise InputError("a comparison needs two runs or more; name another scenario or run folder")
    first, *others = runs
    zones = first.people["zone"].values.tolist()
    for other in others:
        if other.people["zone"].values.tolist() != zones:
            raise InputError(f"{other.name} has other zones than {first.name}; compare runs of one area")
    days: NDArray[Any] = first.people["time"].values
    for other in others:
        days = np.intersect1d(days, other.people["time"].values)
    if not len(days):
        raise InputError("the runs have no day in common; compare runs whose periods overlap")
    return days


def _in_all(people: xr.DataArray) -> Array:
    """Sum over zones, (member, time)."""
    total: Array = over_members(people, lambda part: part.sum("zone")).transpose("member", "time").values
    return total


def _totals(by_day: Mapping[str, Sequence[Array]], days: Array, compare: Compare) -> list[Line]:
    """People on some days, and the most at once."""
    dates = np.datetime_as_string(days, unit="D")
    shown = [day for day in DAYS if day < len(days)] + [len(days)]
    lines = []
    for name, words in TOTALS.items():
        sides = compare(by_day[name])
        for day in shown:
            lines.append(Line((words, f"day {day}", str(dates[day - 1])), shared_figures(sides, (day - 1,))))
    peak = compare([one.max(axis=1) for one in by_day[AWAY]])
    return [*lines, Line((TOTALS[AWAY], "most at once", ""), shared_figures(peak, ()))]


def _zones(runs: Sequence[Run], last: np.datetime64, compare: Compare) -> list[Line]:
    """By zone who left and who is there on the last day; what differs most comes first."""
    like = runs[0].people
    about = [like[name].values for name in ("zone", "zone_name", "admin1", "admin2")]
    lines = []
    for name, words in BY_ZONE.items():
        values = [_of_types(run.people[name].sel(time=last)) for run in runs]
        sides = compare(values)
        for at in _most_different(sides):
            labels = (words, *(str(part[at]) for part in about))
            lines.append(Line(labels, shared_figures(sides, (int(at),))))
    return lines


def _of_types(people: xr.DataArray) -> Array:
    """All types of destination together, (member, zone)."""
    found: Array = over_members(people, _all_types).transpose("member", "zone").values
    return found


def _all_types(part: xr.DataArray) -> xr.DataArray:
    return part.sum("type") if "type" in part.dims else part


def _most_different(sides: Sides) -> list[int]:
    """Positions where any run has anybody, by how far the middles lie apart, farthest first."""
    apart = np.max([np.abs(np.asarray(one["p50"])) for one in sides.differences], axis=0)
    there = np.max([np.asarray(one["p50"]) for one in sides.runs], axis=0)
    return [int(at) for at in np.argsort(-np.nan_to_num(apart), kind="stable") if there[at] >= 0.5]


def _pairs(runs: Sequence[Run], compare: Compare) -> list[Line]:
    """Trips over the run between districts (admin 2), and to exits."""
    like = runs[0].people
    places = {
        code: (str(admin1), str(admin2) or str(name)) if inside else ("", str(name))
        for code, name, admin1, admin2, inside in zip(
            *(like[column].values for column in ("zone", "zone_name", "admin1", "admin2", "inside")),
            strict=True,
        )
    }
    units = sorted(set(places.values()))
    values = [_between(run.flows["departures"], places, units) for run in runs]
    sides = compare(values)
    lines = []
    for at in _most_different(sides):
        origin, destination = divmod(at, len(units))
        lines.append(Line((*units[origin], *units[destination]), shared_figures(sides, (at,))))
    return lines


def _between(
    departures: xr.DataArray, places: Mapping[str, tuple[str, str]], units: Sequence[tuple[str, str]]
) -> Array:
    """Trips by pair of units, (member, origin x destination)."""
    sums = [
        np.array([[places[code] == unit for code in departures[side].values] for unit in units], dtype=float)
        for side in ("origin", "destination")
    ]
    parts = [
        np.einsum(
            "az,mzd,bd->mab",
            sums[0],
            part.sum("time").transpose("member", "origin", "destination").values,
            sums[1],
        )
        for part in by_members(departures)
    ]
    return np.concatenate(parts).reshape(departures.sizes["member"], -1)


def _needs(runs: Sequence[Run], compare: Compare) -> list[Line]:
    """What is needed over the run of the items that all runs have."""
    items = [
        item for item in runs[0].needed["item"].values if all(item in run.needed["item"] for run in runs)
    ]
    needed = [run.needed.sel(item=items) for run in runs]
    about = [[str(text) for text in needed[0][name].values] for name in ("sector", "item", "unit")]
    sides = compare([one["need_in_all"].transpose("member", "item").values for one in needed])
    lines = []
    for at, labels in enumerate(zip(*about, strict=True)):
        if any(float(np.nan_to_num(np.asarray(one["p50"])[at])) > 0 for one in sides.runs):
            served = [float(one["served"].values[at]) for one in needed]
            lines.append(Line(labels, shared_figures(sides, (at,), served)))
    return lines


def _stocks(runs: Sequence[Run], unpaired: Sequence[str]) -> list[Stock]:
    """When stocks run out, of the items that any run has in stock."""
    supplied = [run.supply for run in runs]
    items = dict.fromkeys(str(item) for one in supplied if one is not None for item in _in_stock(one))
    found = []
    for item in items:
        days = [_runs_out(one, item) for one in supplied]
        later = tuple(
            None if why or days[0] is None or other is None else _later(days[0], other)
            for why, other in zip(
                (_single(runs, at, why) for at, why in enumerate(unpaired, 1)), days[1:], strict=True
            )
        )
        told = tuple("none in stock" if one is None else _middle_day(one) for one in days)
        often = tuple(None if one is None else int((~np.isnat(one)).sum()) for one in days)
        found.append(Stock(item, told, often, later))
    return found


def _single(runs: Sequence[Run], at: int, why: str) -> str:
    """Why days of two runs are not subtracted: two single runs may be, for there is no range to give."""
    return "" if runs[0].members == runs[at].members == 1 else why


def _in_stock(supply: xr.Dataset) -> list[str]:
    held = (supply["incoming"].sum(("time", "hub")) > 0).values
    return [str(item) for item in supply["item"].values[held]]


def _runs_out(supply: xr.Dataset | None, item: str) -> NDArray[np.datetime64] | None:
    """By member the day on which the last hub that held an item runs out, not a time where one does not; None if none
    held it."""
    if supply is None or item not in _in_stock(supply):
        return None
    held = (supply["incoming"].sel(item=item).sum("time") > 0).values
    days: NDArray[Any] = supply["runs_out"].sel(item=item).transpose("member", "hub").values[:, held]
    return np.where(np.isnat(days).any(axis=1), np.datetime64("NaT"), days.max(axis=1)).astype(
        "datetime64[D]"
    )


def _middle_day(days: NDArray[np.datetime64]) -> str:
    """The day by which it has run out in half of the members."""
    never = np.datetime64("9999-12-31")
    ordered = np.sort(np.where(np.isnat(days), never, days))
    found = ordered[(len(ordered) - 1) // 2]
    return "does not run out" if found == never else str(found)


def _later(first: NDArray[np.datetime64], other: NDArray[np.datetime64]) -> float | None:
    """By how many days later, the middle of the members in which both run out. [day]"""
    both = ~(np.isnat(first) | np.isnat(other))
    if not both.any():
        return None
    return float(np.median((other[both] - first[both]).astype(int)))
