"""The spread of needs over many members, without holding the whole cube."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue
from displacement.needs.demand import Reckoner, item_coordinates
from displacement.needs.item import Item

__all__ = ["quantiles_of_demand"]

Array = npt.NDArray[np.float64]


ZONES_AT_ONCE = 32
"""Zones worked on together: few enough for the caches and little memory, many enough for whole-array arithmetic."""


class _Like(NamedTuple):
    """Items whose needs are one array times a number each."""

    key: tuple[object, ...]
    items: tuple[tuple[int, Item], ...]
    """Position in the catalogue, and the item."""


def quantiles_of_demand(
    people: xr.Dataset,
    catalogue: Catalogue,
    levels: Sequence[float] = (0.1, 0.5, 0.9),
    assumptions: NeedsAssumptions | None = None,
    shares: Mapping[str, Array] | None = None,
    workers: int | None = None,
) -> xr.Dataset:
    """Quantiles over members of what is needed, by day and zone and of all zones together.

    Demand is computed for every member and quantiles are taken last; the quantile of a total is that of the
    members' totals, never the sum of the zones' quantiles. Items that serve the same people differ by a factor,
    so their quantiles are taken once; the cube (member, time, zone, item) is never held.

    Parameters
    ----------
    people : Dataset
        As for `demand`.
    catalogue : Catalogue
    levels : sequence of float
        From 0 to 1; between two members the quantile is interpolated.
    assumptions : NeedsAssumptions, optional
    shares : mapping of str to array of shape (member,), optional
        Cohorts by member, as for `demand`.
    workers : int, optional
        Threads; default: as many as there are cores.

    Returns
    -------
    Dataset
        `need` (quantile, time, zone, item), `need_in_all` (quantile, time, item), the total of the zones, and
        `need_by_member` (member, item), the total of the period. [unit of the item]
    """
    count, zones = len(catalogue.items), people.sizes["zone"]
    members, days = people.sizes["member"], people.sizes["time"]
    need = np.empty((count, len(levels), days, zones))
    over_zones = np.zeros((count, members, days))
    for first in range(0, zones, ZONES_AT_ONCE):
        block = slice(first, first + ZONES_AT_ONCE)
        reckoner = Reckoner(people.isel(zone=block), catalogue, assumptions, None, shares)
        for crowd in reckoner.crowds.values():
            _ = crowd.later  # made once, before the threads
        work = partial(_fill, reckoner, levels, need[..., block], over_zones)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, _batches(reckoner)))
    coords = {**item_coordinates(catalogue.items), "quantile": list(levels), "time": people["time"]}
    in_all = np.stack([_quantiles(total, levels) for total in over_zones]) if count else over_zones[:, :0]
    return xr.Dataset(
        {
            "need": (("item", "quantile", "time", "zone"), need),
            "need_in_all": (("item", "quantile", "time"), in_all),
            "need_by_member": (("item", "member"), over_zones.sum(axis=2)),
        },
        coords={**coords, "zone": people["zone"]},
        attrs=Reckoner(people.isel(zone=slice(0, 0)), catalogue, assumptions, None, shares).attributes(),
    ).transpose("quantile", "member", "time", "zone", "item")


def _fill(
    shared: Reckoner, levels: Sequence[float], need: Array, over_zones: Array, likes: Sequence[_Like]
) -> None:
    """Quantiles of some items in some zones, and their totals added to those of the other zones."""
    own = Reckoner.sharing(shared)
    for like in likes:
        first = like.items[0][1]
        per_unit = own.need(first) / first.quantity
        at_zones, total = _quantiles(per_unit, levels), per_unit.sum(axis=2)
        for position, item in like.items:
            need[position] = at_zones * item.quantity
            over_zones[position] += total * item.quantity


def _batches(reckoner: Reckoner) -> list[list[_Like]]:
    """Items that are alike together, and those that count the same people in one batch."""
    held = {other for item in reckoner.catalogue.items for other in item.contains}
    keyed = []
    for position, item in enumerate(reckoner.catalogue.items):
        known = set(item.for_group) <= set(reckoner.crowds)
        folds = tuple(reckoner.fold(item, group) for group in item.for_group) if known else ()
        alone = (item.id,) if item.id in held or len(folds) != 1 else ()
        keyed.append(((repr(folds), repr((item.per, alone))), position, item))
    keyed.sort(key=lambda entry: entry[0])
    batches = []
    for _, same_people in groupby(keyed, key=lambda entry: entry[0][0]):
        likes = [
            _Like(key, tuple((position, item) for _, position, item in alike))
            for key, alike in groupby(same_people, key=lambda entry: entry[0])
        ]
        batches.append(likes)
    return batches


def _quantiles(values: Array, levels: Sequence[float]) -> Array:
    """Quantiles over the first axis, interpolated between members, (level, ...)."""
    members, rest = values.shape[0], values.shape[1:]
    rows = np.ascontiguousarray(values.reshape(members, -1).T, dtype=np.float32)
    rows.sort(axis=1)
    at = np.asarray(levels, dtype=float) * (members - 1)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, members - 1)
    low, high = rows[:, below].astype(float), rows[:, above].astype(float)
    found: Array = (low + (high - low) * (at - below)).T.reshape(len(at), *rest)
    return found
