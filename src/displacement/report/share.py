"""Tables that are made to be forwarded: by zone and day, rounded and suppressed figure by figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io import tables
from displacement.io.kept import by_members, over_members, summed
from displacement.report.rounding import (
    EIGHT_IN_TEN,
    level_names,
    quantiles,
    shared_cells,
    shared_people,
)
from displacement.report.spread import of_all_types, quantiles_by_zone
from displacement.result import Result
from displacement.variables import PEOPLE

Array = NDArray[Any]

PEOPLE_COLUMNS = ("date", "zone", "zone_name", "zone_name_ar", "admin1", "admin2", "measure")
NEEDS_COLUMNS = ("date", "zone", "zone_name", "admin1", "sector", "item", "unit")
PAIR_COLUMNS = ("week_start", "origin_admin2", "origin_name", "destination_admin2", "destination_name")
"""What stands before the quantiles and the note."""
ALL = "ALL"
"""Stands for the zone in rows that hold the total of the area."""


def with_levels(columns: Sequence[str], levels: Sequence[float]) -> list[str]:
    """The header of a table: its columns, the quantiles and the note."""
    return [*columns, *level_names(levels), "note"]


def write_people(path: Path, result: Result) -> None:
    """`people.csv`: every measure by day and zone, and of the whole area."""
    header = with_levels(PEOPLE_COLUMNS, result.scenario.uncertainty.quantiles)
    tables.write(path, header, marked(result, _people_rows(result)))


def write_pairs(path: Path, result: Result) -> None:
    """`origin_destination.csv`: who set off from where to where, by week and admin 2."""
    header = with_levels(PAIR_COLUMNS, result.scenario.uncertainty.quantiles)
    tables.write(path, header, marked(result, _pair_rows(result)))


def marked(result: Result, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows as they are; in a restricted run each says so in its last column, the note."""
    if result.scenario.sensitivity != "restricted":
        return rows
    return ([*row[:-1], " ".join(filter(None, (row[-1], "restricted")))] for row in rows)


def _dates(dataset: xr.Dataset) -> list[str]:
    return [str(date) for date in np.datetime_as_string(dataset["time"].values, unit="D")]


def level_cells(
    levels: dict[str, Any], at: tuple[Any, ...], shown: Callable[[float], tuple[str, str]]
) -> list[str]:
    """The quantiles and the note; a suppressed one suppresses the others."""
    cells = [shown(float(level[at])) if level is not None else ("", "") for level in levels.values()]
    note = next((note for _, note in cells if note), "")
    return [*("" for _ in cells), note] if note else [text for text, _ in cells] + [""]


def _people_rows(result: Result) -> Iterator[list[str]]:
    people, zones = result.people, result.inputs.zones
    dates, asked = _dates(people), result.scenario.uncertainty.quantiles
    columns = (zones.code, zones.name, zones.name_ar, zones.admin1_name, zones.admin2_name)
    places = list(zip(*columns, strict=True))
    for measure in PEOPLE:
        levels = quantiles_by_zone(people[measure], asked, of_all_types)
        in_all = over_members(people[measure], lambda part: of_all_types(part).sum("zone"))
        total = shared_cells(quantiles(in_all.values, asked))
        for date, of_all, of_zones in zip(dates, total, shared_cells(levels), strict=True):
            yield [date, ALL, "whole area", "", "", "", measure, *of_all]
            for place, cells in zip(places, of_zones, strict=True):
                yield [date, *place, measure, *cells]


def needs_rows(
    needs: xr.Dataset, behind: xr.Dataset, asked: Sequence[float] = EIGHT_IN_TEN
) -> Iterator[list[str]]:
    """Rows of `needs.csv`: each item by day, of the whole area and of every zone that has people.

    Parameters
    ----------
    needs : xarray.Dataset
        As `demand` returns it.
    behind : xarray.Dataset
        As `people_behind` returns it: 1 to 99 people suppress a figure.
    asked : sequence of float
        Quantiles over the members.
    """
    code, name_of, admin1 = (needs[name].values.astype(str) for name in ("zone", "zone_name", "admin1"))
    by_zone, in_all = behind["by_zone"].values, behind["in_all"].values
    levels = quantiles_by_zone(needs["need"].transpose("member", "time", "zone", "item"), asked)
    total = summed(needs, "zone")["need"].transpose("member", "time", "zone", "item").values[:, :, 0]
    totals = quantiles(total, asked)
    receives = np.flatnonzero(by_zone.max(axis=(0, 1)) > 0) if ALL not in code else np.zeros(0, dtype=int)
    places = list(zip(*(each[receives].tolist() for each in (code, name_of, admin1)), strict=True))
    labels = zip(
        *(needs[name].values.astype(str).tolist() for name in ("sector", "item", "unit")), strict=True
    )
    items = list(enumerate(labels))
    for day, date in enumerate(_dates(needs)):
        of_all = shared_cells(_of_day(totals, day), in_all[:, day])
        of_zones = shared_cells(_of_day(levels, day, receives), by_zone[:, day, receives].T)
        for item, about in items:
            yield [date, ALL, "whole area", "", *about, *of_all[item]]
            for at, place in enumerate(places):
                yield [date, *place, *about, *of_zones[at][item]]


def _of_day(
    levels: Mapping[str, Array | None], day: int, zones: Array | slice = slice(None)
) -> dict[str, Array | None]:
    """The levels of one day, in some zones."""
    return {name: None if level is None else level[day][zones] for name, level in levels.items()}


def by_admin2(result: Result) -> tuple[list[str], list[str], Array]:
    """Codes and names of admin 2 units and exits, and the unit of each zone."""
    zones = result.inputs.zones
    label = [admin2 or code for admin2, code in zip(zones.admin2, zones.code, strict=True)]
    name_of = {}
    for at, code in enumerate(label):
        name_of[code] = zones.admin2_name[at] if at < zones.inside else zones.name[at]
    codes = sorted(name_of)
    return codes, [name_of[code] for code in codes], np.array([codes.index(code) for code in label])


def _pair_rows(result: Result) -> Iterator[list[str]]:
    codes, names, unit = by_admin2(result)
    summing = np.zeros((len(codes), len(unit)))
    summing[unit, np.arange(len(unit))] = 1.0
    pairs = np.concatenate(
        [
            np.einsum("az,mtzd,bd->mtab", summing, some.values, summing, optimize=True)
            for some in by_members(result.flows["departures"])
        ]
    )
    dates = _dates(result.flows)
    of_week = 7 if result.flows.sizes["time"] == result.people.sizes["time"] else 1
    for first in range(0, len(dates), of_week):
        levels = quantiles(
            pairs[:, first : first + of_week].sum(axis=1), result.scenario.uncertainty.quantiles
        )
        for origin, destination in np.argwhere(np.asarray(levels["p50"]) >= 0.5):
            cells = level_cells(levels, (origin, destination), shared_people)
            yield [dates[first], codes[origin], names[origin], codes[destination], names[destination], *cells]
