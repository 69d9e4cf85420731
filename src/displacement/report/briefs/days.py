"""What the brief's map, chart and table show day by day: shared figures as plain lists."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from displacement.io.kept import over_members
from displacement.report.briefs.shown import Steps, people_by
from displacement.report.rounding import quantiles
from displacement.report.spread import of_all_types, quantiles_by_zone
from displacement.result import Result

__all__ = ["MEASURES", "Days", "days_of"]

MEASURES = {"there": "present_new", "from": "newly_displaced"}
"""What is mapped: newly displaced people in a zone; people away from home, by the zone that they left."""
MOST_FIGURES = 90_000
"""Figures by day and zone that a page holds: of a longer or larger run some days are left out. [1]"""


class Days(NamedTuple):
    """Newly displaced people by day, in the whole area and by zone."""

    shown: list[int]
    """Days of the map and the table, counted from the first of the period, which is 1; the last is always among them."""
    area: Steps
    """People away from home on every day of the period. [person]"""
    zones: dict[str, Steps]
    """By name of `MEASURES`, lists by shown day and zone. [person]"""


def days_of(result: Result) -> Days:
    """Newly displaced people by day, in the whole area and by zone, each figure rounded and suppressed by itself."""
    asked = result.scenario.uncertainty.quantiles
    away = over_members(result.people["newly_displaced"], lambda part: part.sum("zone"))
    area = people_by(quantiles(away.transpose("member", "time").values, asked), asked)
    shown = _shown(result.people)
    at = [day - 1 for day in shown]
    zones = {}
    for name, measure in MEASURES.items():
        levels = quantiles_by_zone(result.people[measure].isel(time=at), asked, of_all_types)
        zones[name] = people_by(levels, asked)
    return Days(shown, area, zones)


def _shown(people: xr.Dataset) -> list[int]:
    """Days that are shown: all, or as many evenly spread as there is room for; the last always."""
    days, levels = people.sizes["time"], 1 if people.sizes["member"] == 1 else 3
    room = max(2, MOST_FIGURES // (levels * len(MEASURES) * max(people.sizes["zone"], 1)))
    step = -(-days // room)
    found: list[Any] = np.arange(days, 0, -step)[::-1].tolist()
    return [int(day) for day in found]
