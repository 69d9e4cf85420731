"""Quantiles over the members of figures by zone, with little of them in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io.kept import by_zones
from displacement.report.rounding import EIGHT_IN_TEN, quantiles

__all__ = ["middle_by_zone", "of_all_types", "quantiles_by_zone"]

Array = NDArray[Any]


def quantiles_by_zone(
    values: xr.DataArray,
    levels: Sequence[float] = EIGHT_IN_TEN,
    work: Callable[[xr.DataArray], xr.DataArray] = lambda part: part,
    zone: str = "zone",
) -> dict[str, Array | None]:
    """Quantiles over the members, as `quantiles` has them; zones are read one after the other.

    Parameters
    ----------
    values : xarray.DataArray
        By member, zone and more.
    levels : sequence of float
        [1]
    work : callable
        Made of the zones first, such as a sum over types; keeps the zones.
    zone : str
        Name of that dimension.

    Returns
    -------
    dict
        By name of the quantile the dimensions but member, in their order; only p50 where there is one member.
    """
    found: list[dict[str, Array | None]] = []
    axis = 0
    for some in by_zones(values, zone):
        part = work(values.isel({zone: some})).transpose("member", ...)
        axis = part.dims.index(zone) - 1
        found.append(quantiles(part.values, levels))
    return {name: _joined([part[name] for part in found], axis) for name in found[0]}


def of_all_types(people: xr.DataArray) -> xr.DataArray:
    """People by zone, wherever in it: in its towns and in its sites."""
    return people.sum("type") if "type" in people.dims else people


def middle_by_zone(
    values: xr.DataArray, work: Callable[[xr.DataArray], xr.DataArray] = lambda part: part, zone: str = "zone"
) -> Array:
    """The middle of the members, zones read one after the other."""
    return np.asarray(quantiles_by_zone(values, (0.5,), work, zone)["p50"])


def _joined(parts: Sequence[Array | None], axis: int) -> Array | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there, axis=axis) if there else None
