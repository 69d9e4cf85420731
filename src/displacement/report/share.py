"""Tables that are made to be forwarded: by zone and day, rounded and suppressed figure by figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io import folders, results, tables
from displacement.io.kept import by_members, over_members, summed
from displacement.report.rounding import (
    EIGHT_IN_TEN,
    level_names,
    middle,
    quantiles,
    shared_people,
    shared_quantity,
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
    for measure in PEOPLE:
        levels = quantiles_by_zone(people[measure], asked, of_all_types)
        in_all = over_members(people[measure], lambda part: of_all_types(part).sum("zone"))
        total = quantiles(in_all.values, asked)
        for day, date in enumerate(dates):
            yield [date, ALL, "whole area", "", "", "", measure, *level_cells(total, (day,), shared_people)]
            for at, code in enumerate(zones.code):
                place = [zones.name[at], zones.name_ar[at], zones.admin1_name[at], zones.admin2_name[at]]
                yield [date, code, *place, measure, *level_cells(levels, (day, at), shared_people)]


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
    code, name_of, admin1 = (needs[name].values for name in ("zone", "zone_name", "admin1"))
    by_zone, in_all = behind["by_zone"].values, behind["in_all"].values
    levels = quantiles_by_zone(needs["need"].transpose("member", "time", "zone", "item"), asked)
    total = summed(needs, "zone")["need"].transpose("member", "time", "zone", "item").values[:, :, 0]
    totals = quantiles(total, asked)
    receives = np.flatnonzero(by_zone.max(axis=(0, 1)) > 0) if ALL not in code else ()
    labels = list(zip(needs["sector"].values, needs["item"].values, needs["unit"].values, strict=True))
    for day, date in enumerate(_dates(needs)):
        for item, (sector, name, unit) in enumerate(labels):
            about = [str(sector), str(name), str(unit)]
            shown = partial(shared_quantity, people=float(in_all[item, day]))
            yield [date, ALL, "whole area", "", *about, *level_cells(totals, (day, item), shown)]
            for at in receives:
                shown = partial(shared_quantity, people=float(by_zone[item, day, at]))
                cells = level_cells(levels, (day, at, item), shown)
                yield [date, str(code[at]), str(name_of[at]), str(admin1[at]), *about, *cells]


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


def write_zones(path: Path, result: Result) -> None:
    """`zones.geojson`: outlines of the statistical areas with the shared figures of the last day."""
    zones, inputs = result.inputs.zones, result.inputs
    shapes = results.outlines(inputs.grid, inputs.cells["zone"].values)
    last = result.people.isel(time=-1)
    measures = ("newly_displaced", "newly_displaced_cum", "present_new", "unable_to_leave")
    levels = {name: middle(of_all_types(last[name]).values) for name in measures}
    features = []
    for at, geometry in shapes.items():
        shown: dict[str, Any] = {"zone": zones.code[at], "zone_name": zones.name[at]}
        shown |= {"zone_name_ar": zones.name_ar[at], "admin1": zones.admin1_name[at]}
        shown |= {"admin2": zones.admin2_name[at], "date": str(result.scenario.period.last)}
        for name, values in levels.items():
            text, note = shared_people(float(values[at]))
            shown[name] = int(text) if text else None
            shown[f"{name}_note"] = note
        features.append({"type": "Feature", "properties": shown, "geometry": geometry})
    about = f"Statistical areas, not official boundaries. {result.notice}"
    folders.write_json(path, {"type": "FeatureCollection", "description": about, "features": features})
