"""People times items: how much of what is needed, where and on which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue
from displacement.needs.crowds import COUNTED, Crowd, crowds
from displacement.needs.item import Group, Item

__all__ = ["Fold", "Reckoner", "demand", "eligible", "per_person"]

Array = npt.NDArray[np.float64]

NEED_DIMS = ("member", "time", "zone", "item")


def demand(
    people: xr.Dataset,
    catalogue: Catalogue,
    assumptions: NeedsAssumptions | None = None,
    days_per_step: float | None = None,
    shares: Mapping[str, Array] | None = None,
) -> xr.Dataset:
    """Quantity of every item needed in every step and zone; a sum over time is a total.

    Quantities are exact and not rounded to whole units: adding up comes first. Whoever was there
    before the first step counts as long arrived. What is given at every move is given again to people
    who arrive a second time; what is given once is not, but for the part that is lost on the move.

    Parameters
    ----------
    people : Dataset
        `arrivals` (member, time, zone, type), people arriving in the step [person];
        `present_new` (same), newly displaced people there at its end [person]. Optional:
        `arrivals_again` (same), those of the arrivals who had arrived somewhere before; `present_prior`,
        `residents_present`, `returned_cum` (member, time, zone), the other groups. `type` is
        town or site, `time` is dates in order, one step apart.
    catalogue : Catalogue
        The items.
    assumptions : NeedsAssumptions, optional
        Households, cohorts, shelter, length of the acute phase.
    days_per_step : float, optional
        Length of a step; else the attribute `days_per_step` of `people`, else 1. [day]
    shares : mapping of str to array of shape (member,), optional
        Share of the newly displaced in cohorts by member, as `drawn` gives them; else those of `assumptions`. [1]

    Returns
    -------
    Dataset
        `need` (member, time, zone, item) [unit of the item]; for `peak_capacity` what must be added
        to what was there. Along `item` lie the coordinates sector, name, unit, kind, supplied, for_group, source, status,
        status_mass, status_volume, status_cost, and mass_kg, volume_m3 and cost of one unit (NaN
        where not known). An item for a group that is not given is NaN; the attribute `items_without_people` names
        it.

    Raises
    ------
    ValueError
        If a figure is missing or negative, a variable, dimension or type is not as above, or the dates
        are not one step apart.

    Notes
    -----
    With N(t) arrivals (for what is given once: those who arrive for the first time, and the lost part
    of the others), P(t) people present, q the quantity, f people to units (1, 1 / household
    size or a cohort's share), e the eligible share of a destination type and dt the step:
    on arrival q f e N; daily and kits q f e P dt / period; capacity q f e times the growth of
    max P so far. Acute people are min(P, arrivals of the last `acute_days`), stabilised the rest. What a line
    `contains` is taken off the lines named there: with G gross need and C contents so far, need so far is the largest
    G - C up to now.

    Examples
    --------
    >>> from displacement.needs.catalogue import resolve
    >>> water = {"id": "water", "sector": "water", "name": "Water", "kind": "daily",
    ...          "quantity": 15, "unit": "litre", "per": "person",
    ...          "source": "Sphere 2018", "status": "verified"}
    >>> items = resolve([("standards", {"version": "1", "currency": "USD", "items": [water]})])
    >>> arrived = xr.DataArray(np.zeros((1, 2, 1, 1)), dims=("member", "time", "zone", "type"),
    ...     coords={"time": np.array(["2024-11-27", "2024-11-28"], "datetime64[ns]"),
    ...             "zone": ["A"], "type": ["town"]})
    >>> people = xr.Dataset({"arrivals": arrived, "present_new": arrived + 100.0})
    >>> demand(people, items).need.sel(zone="A", item="water").values
    array([[1500., 1500.]])
    """
    reckoner = Reckoner(people, catalogue, assumptions, days_per_step, shares)
    need = np.empty((len(catalogue.items), *reckoner.shape))
    for position, item in enumerate(catalogue.items):
        need[position] = reckoner.need(item)
    return xr.Dataset(
        {"need": (NEED_DIMS, np.moveaxis(need, 0, -1), NEED_ATTRS)},
        coords={**_kept_coordinates(people), **item_coordinates(catalogue.items)},
        attrs=reckoner.attributes(),
    )


class Fold(NamedTuple):
    """How one group's people are added up for an item: what decides the sum, and the sum's weights."""

    group: Group
    counted: tuple[object, ...]
    """Fields of the item on which the count depends."""
    acute: bytes
    """Eligible share by zone (or 1) and type, in the acute days."""
    later: bytes
    """The same once they are over."""


class Reckoner:
    """Needs item by item from one set of people; counts that several items share are made once.

    Parameters
    ----------
    people, catalogue, assumptions, days_per_step, shares
        As for `demand`.
    """

    def __init__(
        self,
        people: xr.Dataset,
        catalogue: Catalogue,
        assumptions: NeedsAssumptions | None = None,
        days_per_step: float | None = None,
        shares: Mapping[str, Array] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.profile = NeedsAssumptions() if assumptions is None else assumptions
        given = people.attrs.get("days_per_step", 1.0) if days_per_step is None else days_per_step
        self.step = float(given)
        self.crowds = crowds(people, self.profile, self.step)
        self.shares = dict(shares or {})
        self.shape = self.crowds["newly_displaced"].arrivals.shape[:-1]
        """(member, time, zone)."""
        self._zones = [str(zone) for zone in people["zone"].values] if "zone" in people.coords else []
        self._by_id = {item.id: item for item in catalogue.items}
        self._served: dict[Fold, Array] = {}

    def need(self, item: Item) -> Array:
        """What one item calls for in each step, (member, time, zone), contents of others taken off. [unit]

        What kits have brought so far covers what was needed so far; a surplus covers later days, and what was called for
        before the kits came stays called for.
        """
        gross = self.gross(item)
        holders = [other for other in self.catalogue.items if item.id in other.contains]
        if not holders:
            return gross
        brought = sum(np.nan_to_num(self.need(holder)) * holder.contains[item.id] for holder in holders)
        lacking = np.cumsum(gross - brought, axis=1)
        so_far = np.maximum.accumulate(np.maximum(lacking, 0.0), axis=1)
        return np.diff(so_far, axis=1, prepend=0.0)

    def gross(self, item: Item) -> Array:
        """What one item calls for by itself, (member, time, zone); NaN for people who are not given. [unit]"""
        if not set(item.for_group) <= set(self.crowds):
            return np.full(self.shape, np.nan)
        total = np.zeros(self.shape)
        for group in item.for_group:
            total += self.served(item, group) * (item.quantity * self.per_person(item, group))
        return total

    def people_served(self, item: Item) -> Array:
        """People whom an item is for in each step, (member, time, zone); nobody of groups that are not given. [person]"""
        periods = self.step / item.period_days if item.kind in ("daily", "periodic_kit") else 1.0
        total = np.zeros(self.shape)
        for group in item.for_group:
            if group in self.crowds:
                total += self.served(item, group) / (item.share * periods)
        return total

    def per_person(self, item: Item, group: Group) -> Array:
        """Persons, households or cases of the item's kind in one person of a group, (member or 1, 1, 1). [1/person]"""
        if group in ("newly_displaced", "returned") and item.per in self.shares:
            return self.shares[item.per][:, None, None]
        return np.full((1, 1, 1), per_person(item, self.profile, group))

    def fold(self, item: Item, group: Group) -> Fold:
        """What decides how many people of a group an item serves; items of one fold serve the same people."""
        counted = (item.kind, item.phase, self.covered(item), item.months, item.period_days)
        acute, later = (self._weights(item, self.crowds[group], after).tobytes() for after in (False, True))
        return Fold(group, counted, acute, later)

    def served(self, item: Item, group: Group) -> Array:
        """People of a group whom an item serves, (member, time, zone). [person, times periods of the item]"""
        fold = self.fold(item, group)
        if fold not in self._served:
            self._served[fold] = self._count(item, fold)
        return self._served[fold]

    @classmethod
    def sharing(cls, other: Reckoner) -> Reckoner:
        """Another reckoner on the same people, with counts of its own."""
        own = cls.__new__(cls)
        own.__dict__ |= {**other.__dict__, "_served": {}}
        return own

    def attributes(self) -> dict[str, object]:
        """What the figures rest on, for the dataset."""
        without = [item.id for item in self.catalogue.items if not set(item.for_group) <= set(self.crowds)]
        return {
            "currency": self.catalogue.currency,
            "standards_version": self.catalogue.version,
            "standards_layers": ", ".join(self.catalogue.layers),
            "household_size": self.profile.household_size,
            "kit_household_size": self.profile.kit_household_size,
            "acute_days": self.profile.acute_days,
            "days_per_step": self.step,
            "items_without_people": ", ".join(without),
        }

    def covered(self, item: Item) -> float | None:
        """Days that the item it follows covers. [day]"""
        followed = self._by_id.get(item.after) if item.after is not None else None
        return None if followed is None else followed.covers_days

    def _weights(self, item: Item, crowd: Crowd, later: bool) -> Array:
        """Eligible share by zone (or 1) and type; changes of single zones relative to the item's own quantity."""
        shares = np.array(eligible(item, self.profile, crowd.group, crowd.types, later))[None, :]
        for change in self.catalogue.sites:
            changed = next((other for other in change.items if other.id == item.id), None)
            if changed is None:
                continue
            here = np.isin(self._zones, change.zones)[:, None]
            kind = np.array([change.type in ("all", label) for label in crowd.types])[None, :]
            own = np.array(eligible(changed, self.profile, crowd.group, crowd.types, later))[None, :]
            shares = np.where(here & kind, own * (changed.quantity / item.quantity), shares)
        return shares

    def _count(self, item: Item, fold: Fold) -> Array:
        """The people whom an item serves, over the types of a group."""
        crowd = self.crowds[fold.group]
        total, later = COUNTED[item.kind](item, crowd, self.covered(item))
        acute, after = (
            np.frombuffer(weights).reshape(-1, len(crowd.types)) for weights in (fold.acute, fold.later)
        )
        if later is None or fold.acute == fold.later:
            return _weighted(total, acute)
        return _weighted(total - later, acute) + _weighted(later, after)


def _weighted(people: Array, weights: Array) -> Array:
    """Sum over types, (member, time, zone), with weights by zone (or 1) and type."""
    if len(weights) == 1:
        summed: Array = people @ weights[0]
        return summed
    by_zone: Array = np.einsum("mtzk,zk->mtz", people, weights)
    return by_zone


def eligible(
    item: Item, profile: NeedsAssumptions, group: Group, types: Sequence[str], later: bool = False
) -> list[float]:
    """Share of the people of a group at each type of destination who get an item, (type,). [1]

    Residents and those who returned live in towns, in none of the shelter situations.

    Parameters
    ----------
    item : Item
    profile : NeedsAssumptions
    group : str
        One of the population groups.
    types : sequence of str
        Labels of the types; for other groups than the newly displaced, one.
    later : bool
        Once their acute days are over.
    """
    if group == "newly_displaced":
        shelter = [profile.shelter_shares("town" if label == "town" else "site", later) for label in types]
        within = [{**shares, label: 1.0} for shares, label in zip(shelter, types, strict=True)]
    elif group == "displaced_before":
        in_sites = profile.displaced_before_in_sites
        within = [{**profile.shelter_of_displaced_before(), "town": 1.0 - in_sites, "site": in_sites}]
    else:
        within = [{"town": 1.0}]
    return [
        item.share
        * (1.0 if "all" in item.where else min(1.0, sum(shares.get(place, 0.0) for place in set(item.where))))
        for shares in within
    ]


def per_person(item: Item, profile: NeedsAssumptions, group: Group = "newly_displaced") -> float:
    """Persons, households or cases of the item's kind in one person of a group. [1/person]"""
    return {
        **profile.cohort_shares(group),
        "person": 1.0,
        "household": 1.0 / profile.household_size,
        "kit_household": 1.0 / profile.kit_household_size,
    }[item.per]


NEED_ATTRS = {
    "long_name": "aid needed in the step",
    "units": "1",
    "comment": "in the unit of the item, see the coordinate unit",
    "cell_methods": "time: sum area: sum",
}


def _kept_coordinates(people: xr.Dataset) -> dict[str, xr.DataArray]:
    """Coordinates of the people that needs share: all that do not run along type."""
    return {
        str(name): coordinate
        for name, coordinate in people.coords.items()
        if set(coordinate.dims) <= set(NEED_DIMS[:-1])
    }


def item_coordinates(items: Sequence[Item]) -> dict[str, tuple[str, npt.NDArray[np.generic]]]:
    """What each item is, along `item`; a figure that is not known is NaN."""
    words = {
        "item": [item.id for item in items],
        "sector": [item.sector for item in items],
        "name": [item.name for item in items],
        "unit": [item.unit for item in items],
        "kind": [item.kind for item in items],
        "supplied": [item.supplied for item in items],
        "for_group": [" ".join(item.for_group) for item in items],
        "source": [item.source for item in items],
        "status": [item.status for item in items],
        "status_mass": [item.mass_status for item in items],
        "status_volume": [item.volume_status for item in items],
        "status_cost": [item.cost_status for item in items],
    }
    figures = {
        "mass_kg": [item.mass_kg for item in items],
        "volume_m3": [item.volume_m3 for item in items],
        "cost": [item.cost for item in items],
    }
    return {
        **{name: ("item", np.array(values, dtype=str)) for name, values in words.items()},
        **{name: ("item", np.array(values, dtype=float)) for name, values in figures.items()},
    }
