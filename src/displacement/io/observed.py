"""Observed or planned figures of people in place of the model's: reports by zone and day -> a people dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io import tables
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer
from displacement.io.reports import WHOLE_AREA, Report

Array = NDArray[Any]
Measure = Literal["new", "cumulative", "present"]
Between = Literal["hold", "spread"]

MEASURES: Mapping[str, str] = {
    "new": "arrivals",
    "cumulative": "newly_displaced_cum",
    "present": "present_new",
}
"""How the figures count people who arrive in a zone: those of the day; all so far; those who are there."""


def people(
    reports: Sequence[Report],
    path: Path,
    gazetteer: Gazetteer,
    measure: Measure,
    between: Between,
    until: dt.date | None,
) -> xr.Dataset:
    """People by day and zone from observed figures.

    Parameters
    ----------
    reports : sequence of Report
        Figures of one measure. Several places of a zone on one day add up.
    path : pathlib.Path
        Their table, for errors.
    gazetteer : Gazetteer
        Names of the zones.
    measure : {"new", "cumulative", "present"}
        What they count. `cumulative` must not fall. Of `present`, a rise counts as arrivals and a fall as people who
        left.
    between : {"hold", "spread"}
        Days without a figure: nothing changes until the next (`hold`), or its change is spread evenly over the days
        since the last (`spread`).
    until : datetime.date, optional
        Last day; that of the last figure if left out.

    Returns
    -------
    xarray.Dataset
        `arrivals` [movement] and `present_new` [person] by (member, time, zone, type), all in towns.

    Raises
    ------
    InputError
        If there is no figure, rows of the whole area stand beside rows of zones, a cumulative figure falls, or the last
        day lies before the figures.
    """
    if not reports:
        raise InputError(finding(path, "has no row with a figure"))
    zones = sorted({report.zone for report in reports})
    if WHOLE_AREA in zones and len(zones) > 1:
        line = next(report.line for report in reports if report.zone == WHOLE_AREA)
        message = (
            "names no zone, and other rows do: the total would count twice; leave it out or name its zone"
        )
        raise InputError(finding(path, message, line))
    first, last = min(report.date for report in reports), max(report.date for report in reports)
    if until is not None and until < last:
        raise InputError(
            finding(path, f"has figures up to {last}; let --until be that day or later (got {until})")
        )
    days = ((until or last) - first).days + 1
    given = np.full((days, len(zones)), np.nan)
    for report in reports:
        at = (report.date - first).days, zones.index(report.zone)
        given[at] = np.nansum([given[at], report.people])
    if measure == "cumulative":
        _never_falls(reports, given, zones, first, path)
    arrivals, present = _between(given, measure, between)
    time = np.datetime64(first, "ns") + np.arange(days) * np.timedelta64(1, "D")
    dims = ("member", "time", "zone", "type")
    return xr.Dataset(
        {"arrivals": (dims, arrivals[None, :, :, None]), "present_new": (dims, present[None, :, :, None])},
        coords={"time": time, "zone": zones, "type": ["town"], "member": [0], **_names(zones, gazetteer)},
    )


def in_towns_and_sites(people: xr.Dataset, in_sites: float) -> xr.Dataset:
    """Observed people of whom only the number is known, split between towns and sites.

    Parameters
    ----------
    people : xarray.Dataset
        As `people` returns it, all in towns.
    in_sites : float
        Share in camps and centres. [1]

    Returns
    -------
    xarray.Dataset
        The same with both types; their sum is what was given.
    """
    shares = xr.DataArray([1.0 - in_sites, in_sites], dims="type", coords={"type": ["town", "site"]})
    split: xr.Dataset = people.squeeze("type", drop=True) * shares
    return split.transpose("member", "time", "zone", "type").assign_coords(
        {name: people[name] for name in people.coords if name != "type"}
    )


def _between(given: Array, measure: Measure, between: Between) -> tuple[Array, Array]:
    """Arrivals and people present on every day, shape (day, zone). [person]

    >>> _between(np.array([[2.0], [np.nan], [6.0]]), "cumulative", "spread")[0].ravel()
    array([2., 2., 2.])
    >>> _between(np.array([[2.0], [np.nan], [6.0]]), "cumulative", "hold")[0].ravel()
    array([2., 0., 4.])
    >>> _between(np.array([[2.0], [np.nan], [6.0]]), "new", "spread")[0].ravel()
    array([2., 3., 3.])
    >>> _between(np.array([[5.0], [3.0]]), "present", "hold")
    (array([[5.],
           [0.]]), array([[5.],
           [3.]]))
    """
    total = np.zeros(given.shape)
    for column in range(given.shape[1]):
        known = np.flatnonzero(~np.isnan(given[:, column]))
        levels = given[known, column]
        levels = np.cumsum(levels) if measure == "new" else levels
        days = np.arange(len(given))
        if between == "spread":
            total[:, column] = np.interp(days, known, levels, left=0.0)
        else:
            at = np.searchsorted(known, days, side="right") - 1
            total[:, column] = np.where(at >= 0, levels[at], 0.0)
    change = np.diff(total, axis=0, prepend=0.0)
    return np.maximum(change, 0.0), total


def _never_falls(
    reports: Sequence[Report], given: Array, zones: Sequence[str], first: dt.date, path: Path
) -> None:
    """Raise an error where a cumulative figure is below an earlier one."""
    wrong = []
    for column, zone in enumerate(zones):
        known = np.flatnonzero(~np.isnan(given[:, column]))
        for before, after in pairwise(known):
            if given[after, column] < given[before, column]:
                day = first + dt.timedelta(days=int(after))
                line = next(report.line for report in reports if report.zone == zone and report.date == day)
                figures = f"{given[before, column]:,.0f} to {given[after, column]:,.0f}"
                message = f"the cumulative figure of {zone} falls from {figures}; correct it, or use --measure present"
                wrong.append(finding(path, message, line))
    if wrong:
        raise InputError(*wrong)


def _names(zones: Sequence[str], gazetteer: Gazetteer) -> dict[str, tuple[str, list[str]]]:
    """Names of the zones and of what they lie in, as coordinates."""
    rows = {row["zone"]: row for row in tables.read(gazetteer.table("zones"), ["zone", "name"])}
    columns = {
        "zone_name": "name",
        "zone_name_ar": "name_ar",
        "admin1": "admin1_name",
        "admin2": "admin2_name",
    }
    found = {
        name: ("zone", [rows[zone].get(column, "") if zone in rows else "" for zone in zones])
        for name, column in columns.items()
    }
    return found
