"""The people who stand behind each figure of aid: what decides whether it may be shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io.kept import by_zones, laid_out, over_members
from displacement.needs.demand import Reckoner
from displacement.report.rounding import EIGHT_IN_TEN, quantiles
from displacement.result import Aid

__all__ = ["fewest", "people_behind", "served_in_all"]

Array = NDArray[np.float64]


def people_behind(aid: Aid, people: xr.Dataset, asked: Sequence[float] = EIGHT_IN_TEN) -> xr.Dataset:
    """People whom each item serves on each day: those for whom it is, by where and how they live.

    Of several members the fewest count, in whichever of the shared quantiles there is anybody.

    Parameters
    ----------
    aid : Aid
        The lines and who the people are.
    people : xarray.Dataset
        As the needs were reckoned from.
    asked : sequence of float
        Quantiles over the members that are shared.

    Returns
    -------
    xarray.Dataset
        `by_zone` (item, time, zone) and `in_all` (item, time), that of the zones together. [person]
    """
    zones, items = aid.needs["zone"].values, aid.catalogue.items
    here = people.sel(zone=zones).drop_vars("inside", errors="ignore")
    members, days = (here.sizes[name] for name in ("member", "time"))
    by_zone, in_all = np.zeros((len(items), days, len(zones))), np.zeros((len(items), days))
    total = np.zeros((len(items), members, days))
    for some in by_zones(here["arrivals"]):
        reckoner = Reckoner(laid_out(here.isel(zone=some)), replace(aid.catalogue, sites=()), aid.settings)
        for at, item in enumerate(items):
            served = reckoner.people_served(item)
            by_zone[at, :, some] = fewest(served, asked)
            total[at] += served.sum(axis=2)
    for at in range(len(items)):
        in_all[at] = fewest(total[at], asked)
    coords = {"item": [item.id for item in items], "time": here["time"].values, "zone": zones}
    return xr.Dataset(
        {"by_zone": (("item", "time", "zone"), by_zone), "in_all": (("item", "time"), in_all)}, coords=coords
    )


def served_in_all(aid: Aid, people: xr.Dataset) -> dict[str, Array]:
    """People whom each item serves on each day in the whole area, as if it were one zone: for figures of it alone.

    Takes a moment where `people_behind` goes zone by zone. Where an item adds capacity for the largest number in any
    zone so far, it comes to fewer people than the zones together: the figure is suppressed rather sooner.

    Parameters
    ----------
    aid : Aid
        The lines and who the people are.
    people : xarray.Dataset
        As the needs were reckoned from.

    Returns
    -------
    dict of str to array of shape (member, time)
        By item. [person]
    """
    here = people.sel(zone=aid.needs["zone"].values)
    whole = {
        name: over_members(each, lambda part: part.sum("zone", keepdims=True)) for name, each in here.items()
    }
    inside = xr.Dataset(whole).transpose("member", "time", "zone", ...)
    reckoner = Reckoner(laid_out(inside), replace(aid.catalogue, sites=()), aid.settings)
    return {item.id: reckoner.people_served(item)[:, :, 0] for item in aid.catalogue.items}


def fewest(served: Array, asked: Sequence[float]) -> Array:
    """The smallest of the shared quantiles that is anybody; 0 where none is."""
    levels = [np.round(level) for level in quantiles(served, asked).values() if level is not None]
    there = np.stack([np.where(level > 0, level, np.inf) for level in levels]).min(axis=0)
    found: Array = np.where(np.isfinite(there), there, 0.0)
    return found
