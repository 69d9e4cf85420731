"""Figures of zones as maps share them: rounded and suppressed one by one, by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.report.rounding import shared_people
from displacement.report.spread import quantiles_by_zone
from displacement.result import Result

__all__ = ["LEFT", "MEASURES", "THERE", "Shared", "exact", "shared", "zone_columns"]

Array = NDArray[Any]

LEFT, THERE = "newly_displaced_cum", "present_new"
"""The two maps that answer from where, and to where."""
MEASURES: Mapping[str, str] = {
    THERE: "newly displaced people in the zone",
    LEFT: "ever left home, by zone of origin",
    "newly_displaced": "away from home now, by zone of origin",
    "unable_to_leave": "want to leave, no way open",
}
"""What layers hold of each zone, the main one first. [person]"""


class Shared(NamedTuple):
    """A figure as it is shared."""

    levels: Mapping[str, int | None]
    """Quantiles by name, rounded each by itself; None where not shown or not known. [person]"""
    note: str
    """Why the middle is not shown; blank if it is."""


def exact(result: Result, measure: str, days: slice = slice(None)) -> dict[str, Array | None]:
    """Quantiles of a measure over the members, all types of destination together.

    Parameters
    ----------
    result : Result
    measure : str
        One of `MEASURES`.
    days : slice
        Positions on the axis `time`.

    Returns
    -------
    dict
        By name of the quantile an array of shape (time, zone) [person]; only p50 of one member. p50 is always there.
    """
    values = result.people[measure].isel(time=days)
    asked = sorted({*result.scenario.uncertainty.quantiles, 0.5})
    return quantiles_by_zone(values.transpose("member", "time", "zone", ...), asked, _of_all_types)


def _of_all_types(people: xr.DataArray) -> xr.DataArray:
    return people.sum("type") if "type" in people.dims else people


def shared(levels: Mapping[str, Array | None], at: tuple[int, ...]) -> Shared:
    """A figure as it is shared: a range is left out where one of its ends is suppressed, the middle stands by itself.

    >>> levels = {"p10": np.array([40.0]), "p50": np.array([1234.0]), "p90": np.array([5678.0])}
    >>> shared(levels, (0,))
    Shared(levels={'p10': None, 'p50': 1200, 'p90': None}, note='')
    """
    told = {name: None if one is None else shared_people(float(one[at])) for name, one in levels.items()}
    few = any(one is not None and one[1] for one in told.values())
    text, note = told["p50"] or ("", "")
    shown = {
        name: None if one is None or few or note else int(one[0])
        for name, one in told.items()
        if name != "p50"
    }
    middle = {"p50": int(text) if text else None}
    return Shared({name: ({**shown, **middle})[name] for name in levels}, note)


def zone_columns(result: Result, measure: str, days: slice = slice(None)) -> dict[str, list[list[Any]]]:
    """Shared figures of a measure.

    Returns
    -------
    dict
        By name of the column, by day the figure of each zone; None where there is none to show.
    """
    levels = exact(result, measure, days)
    if result.people.sizes["member"] == 1:
        levels = {"p50": levels["p50"]}
    count, zones = np.asarray(levels["p50"]).shape
    found = [[shared(levels, (day, zone)) for zone in range(zones)] for day in range(count)]
    cells: dict[str, list[list[Any]]] = {measure: [[one.levels["p50"] for one in row] for row in found]}
    for name in levels:
        if name != "p50":
            cells[f"{measure}_{name}"] = [[one.levels[name] for one in row] for row in found]
    cells[f"{measure}_note"] = [[one.note for one in row] for row in found]
    return cells
