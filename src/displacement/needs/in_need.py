"""People in need: by sector and group, and of all sectors together by the rule of the highest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue
from displacement.needs.crowds import Crowd, crowds
from displacement.needs.demand import eligible
from displacement.needs.item import Item, Sector

__all__ = ["CLUSTERS", "people_in_need"]

Array = npt.NDArray[np.float64]

CLUSTERS: Mapping[Sector, str] = MappingProxyType(
    {
        "water": "WSH",
        "sanitation and hygiene": "WSH",
        "food": "FSC",
        "nutrition": "NUT",
        "shelter": "SHL",
        "household items": "SHL",
        "health": "HEA",
        "sexual and reproductive health": "HEA",
        "protection": "PRO",
        "child protection": "PRO-CPN",
        "gender-based violence": "PRO-GBV",
        "mine action": "PRO-MIN",
        "education": "EDU",
        "camp coordination": "CCM",
        "cash": "MPC",
    }
)
"""Code of the cluster that answers for a sector, as the humanitarian programme cycle writes it."""


def people_in_need(
    people: xr.Dataset,
    catalogue: Catalogue,
    assumptions: NeedsAssumptions | None = None,
    days_per_step: float = 1.0,
) -> xr.Dataset:
    """People in need of each cluster, and of any, by zone and population group.

    A person is in need of a cluster on a day if a line of it is for people of that group, shelter, age and
    season. Of several lines of a cluster the one that is for most people counts; of several clusters the one that
    most people need (in each zone and group, then summed). No severity is given: that is for the clusters to say.
    Stock and trucks play no part.

    Parameters
    ----------
    people : Dataset
        As for `demand`.
    catalogue : Catalogue
        The items; those on the list count.
    assumptions : NeedsAssumptions, optional
    days_per_step : float
        [day]

    Returns
    -------
    Dataset
        `in_need` (member, time, zone, group, cluster); `in_need_of_any` and `population` (member, time, zone,
        group): people of the group who are there, of `returned` those who are home again. [person]

    Notes
    -----
    The largest cluster's total <= people in need of any <= the smaller of the clusters' sum and the population.
    """
    profile = NeedsAssumptions() if assumptions is None else assumptions
    served = {group for item in catalogue.items for group in item.for_group}
    known = {g: crowd for g, crowd in crowds(people, profile, days_per_step).items() if g in served}
    codes = [code for code in dict.fromkeys(CLUSTERS.values()) if _lines(catalogue, code)]
    in_need, population = [], []
    home = _home_again(people)
    for crowd in known.values():
        present, later = _present(crowd, home)
        population.append(present.sum(axis=-1))
        by_cluster = [_in_need(crowd, present, later, _lines(catalogue, code), profile) for code in codes]
        in_need.append(np.stack(by_cluster, axis=-1) if by_cluster else np.zeros((*present.shape[:-1], 0)))
    shape = people["arrivals"].transpose("member", "time", "zone", "type").shape[:-1]
    stacked = np.stack(in_need, axis=3) if known else np.zeros((*shape, 0, len(codes)))
    there = np.stack(population, axis=3) if known else np.zeros((*shape, 0))
    dims = ("member", "time", "zone", "group")
    coords = {name: people[name] for name in people.coords if set(people[name].dims) <= set(dims[:3])}
    return xr.Dataset(
        {
            "in_need": ((*dims, "cluster"), stacked, {"units": "person"}),
            "in_need_of_any": (dims, stacked.max(axis=-1, initial=0.0), {"units": "person"}),
            "population": (dims, there, {"units": "person"}),
        },
        coords={**coords, "group": list(known), "cluster": codes},
    )


def _lines(catalogue: Catalogue, cluster: str) -> list[Item]:
    """Lines of a cluster."""
    return [item for item in catalogue.items if CLUSTERS[item.sector] == cluster]


def _home_again(people: xr.Dataset) -> Array | None:
    """People who had left and are home again, (member, time, zone, 1); None where that is not known. [person]

    Ever left less away now: moves home would count twice who leaves and comes home again.
    """
    names = ("newly_displaced_cum", "newly_displaced")
    if not all(name in people for name in names):
        return None
    ever, away = (people[name].transpose("member", "time", "zone").values for name in names)
    home: Array = np.maximum(ever - away, 0.0)[..., None]
    return home


def _present(crowd: Crowd, home: Array | None) -> tuple[Array, Array]:
    """People who are there, and those of them whose acute days are over, (member, time, zone, type). [person]

    Residents are those who never left: who is home again is among the returned.
    """
    if crowd.group == "returned":
        back = np.cumsum(crowd.arrivals, axis=1) if home is None else home
        return back, back
    if crowd.group == "resident" and home is not None:
        stayed = np.maximum(crowd.present - home, 0.0)
        return stayed, stayed
    return crowd.present, crowd.later


def _in_need(
    crowd: Crowd, present: Array, later: Array, lines: Sequence[Item], profile: NeedsAssumptions
) -> Array:
    """People of a group in need of a cluster, (member, time, zone). [person]"""
    total = np.zeros(present.shape[:-1])
    mine = [item for item in lines if crowd.group in item.for_group]
    for month in np.unique(crowd.months):
        in_month = (crowd.months == month)[:, None]
        counted = [item for item in mine if not item.months or month in item.months]
        shares = {phase: _largest(crowd, counted, profile, phase) for phase in ("acute", "stabilised")}
        month_total = (present - later) @ shares["acute"] + later @ shares["stabilised"]
        total += np.where(in_month, month_total, 0.0)
    return total


def _largest(crowd: Crowd, lines: Sequence[Item], profile: NeedsAssumptions, phase: str) -> Array:
    """Share of the people of each type whom the widest line is for, (type,). [1]"""
    cohorts = profile.cohort_shares(crowd.group)
    widest = np.zeros(len(crowd.types))
    for item in lines:
        once = item.kind in ("household_once", "cohort_once")
        if item.phase not in ("both", phase) and not (once and item.phase == "acute"):
            continue
        share = eligible(item, profile, crowd.group, crowd.types, phase == "stabilised")
        widest = np.maximum(widest, np.array(share) * min(1.0, cohorts.get(item.per, 1.0)))
    return widest
