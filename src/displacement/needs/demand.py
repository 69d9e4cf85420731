"""People times items: how much of what is needed, where and on which day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue
from displacement.needs.item import Item, Kind

__all__ = ["demand", "mass_and_volume"]

Array = npt.NDArray[np.float64]

PEOPLE_DIMS = ("member", "time", "zone", "type")
NEED_DIMS = ("member", "time", "zone", "item")
TYPES = ("town", "site")
DAY = np.timedelta64(1, "D")


def demand(
    people: xr.Dataset,
    catalogue: Catalogue,
    assumptions: NeedsAssumptions | None = None,
    days_per_step: float | None = None,
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
        `arrivals_again` (same), those of the arrivals who had arrived somewhere before. `type` is
        town or site, `time` is dates in order, one step apart.
    catalogue : Catalogue
        The items.
    assumptions : NeedsAssumptions, optional
        Households, cohorts, shelter, length of the acute phase.
    days_per_step : float, optional
        Length of a step; else the attribute `days_per_step` of `people`, else 1. [day]

    Returns
    -------
    Dataset
        `need` (member, time, zone, item) [unit of the item]; for `peak_capacity` what must be added
        to what was there. Along `item` lie the coordinates sector, name, unit, kind, source, status,
        status_mass, status_volume, status_cost, and mass_kg, volume_m3 and cost of one unit (NaN
        where not known).

    Raises
    ------
    ValueError
        If a figure is missing or negative, a variable, dimension or type is not as above, the dates
        are not one step apart, or an item asks for people that are not given.

    Notes
    -----
    With N(t) arrivals (for what is given once: those who arrive for the first time, and the lost part
    of the others), P(t) people present, q the quantity, f people to units (1, 1 / household
    size or a cohort's share), e the eligible share of a destination type and dt the step:
    on arrival q f e N; daily and kits q f e P dt / period; capacity q f e times the growth of
    max P so far. Acute people are min(P, arrivals of the last `acute_days`), stabilised the rest.

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
    profile = NeedsAssumptions() if assumptions is None else assumptions
    step = float(people.attrs.get("days_per_step", 1.0) if days_per_step is None else days_per_step)
    crowd = _crowd(people, profile, step)
    covered = {item.id: item.covers_days for item in catalogue.items if item.covers_days is not None}
    shape = (len(catalogue.items), *crowd.arrivals.shape[:-1])
    need = np.empty(shape)
    for position, item in enumerate(catalogue.items):
        need[position] = _quantity(item, crowd, profile, covered)
    return xr.Dataset(
        {"need": (NEED_DIMS, np.moveaxis(need, 0, -1), _NEED_ATTRS)},
        coords={**_kept_coordinates(people), **_item_coordinates(catalogue.items)},
        attrs={
            "currency": catalogue.currency,
            "standards_version": catalogue.version,
            "standards_layers": ", ".join(catalogue.layers),
            "household_size": profile.household_size,
            "kit_household_size": profile.kit_household_size,
            "acute_days": profile.acute_days,
            "days_per_step": step,
        },
    )


def mass_and_volume(needs: xr.Dataset) -> xr.Dataset:
    """Tonnes, cubic metres and cost by sector, with the share that rests on assumed lines.

    Sums over time and zone: select the days and zones first. Items without a mass enter no tonnage
    and are listed; a sector of which nothing is known is NaN, not 0. A figure rests on an assumption
    where either the quantity of its line or the mass, volume or cost of its unit is assumed.

    Parameters
    ----------
    needs : Dataset
        As `demand` returns it.

    Returns
    -------
    Dataset
        `mass` [t], `volume` [m3], `cost` [attribute currency] and `mass_assumed_share`,
        `volume_assumed_share`, `cost_assumed_share` [1], all (member, sector), the sectors in the
        catalogue's order. Attributes `items_without_mass`, `..._volume` and `..._cost` name what is
        needed and has none, separated by commas.

    Examples
    --------
    >>> needs = xr.Dataset(
    ...     {"need": (("member", "time", "zone", "item"), np.full((1, 1, 1, 2), 10.0))},
    ...     coords={"sector": ("item", ["food", "food"]), "mass_kg": ("item", [100.0, 300.0]),
    ...             "volume_m3": ("item", [1.0, np.nan]), "cost": ("item", [1.0, 1.0]),
    ...             "status": ("item", ["assumed", "verified"]), "item": ["bread", "oil"],
    ...             "status_mass": ("item", ["assumed", "verified"]),
    ...             "status_volume": ("item", ["assumed", "verified"]),
    ...             "status_cost": ("item", ["assumed", "verified"])},
    ...     attrs={"currency": "USD"})
    >>> total = mass_and_volume(needs)
    >>> float(total.mass.item()), float(total.mass_assumed_share.item())
    (4.0, 0.25)
    >>> total.items_without_volume
    'oil'
    """
    needed = needs["need"].sum(("time", "zone"), skipna=False)
    sectors = list(dict.fromkeys(needs["sector"].values.tolist()))
    variables: dict[str, xr.DataArray] = {}
    without: dict[str, str] = {}
    for name, coordinate, per_unit, units, status in (
        ("mass", "mass_kg", 1e-3, "t", "status_mass"),
        ("volume", "volume_m3", 1.0, "m3", "status_volume"),
        ("cost", "cost", 1.0, needs.attrs["currency"], "status_cost"),
    ):
        amount = needed * needs[coordinate] * per_unit
        assumed = (needs["status"] == "assumed") | (needs[status] == "assumed")
        total = _by_sector(amount, sectors)
        resting = _by_sector(amount.where(assumed | amount.isnull(), 0.0), sectors)
        variables[name] = total.assign_attrs(units=units)
        variables[f"{name}_assumed_share"] = (resting / total.where(total > 0)).assign_attrs(units="1")
        unknown = needs[coordinate].isnull() & (needed > 0).any("member")
        without[f"items_without_{name}"] = ", ".join(needs["item"].values[unknown.values].tolist())
    return xr.Dataset(variables, attrs={"currency": needs.attrs["currency"], **without})


@dataclass(frozen=True)
class _Crowd:
    """People by step, zone and type, and the figures every item draws from."""

    arrivals: Array
    """People arriving in the step, (member, time, zone, type). [person]"""
    again: Array
    """Those of them who had arrived somewhere before, same shape. [person]"""
    lost_on_move: float
    """Share of what households were given that is lost when they move on. [1]"""
    present: Array
    """People there at its end, same shape. [person]"""
    months: npt.NDArray[np.int64]
    """Calendar month of each step, (time,). [1..12]"""
    types: tuple[str, ...]
    """Labels of the last axis."""
    days_per_step: float
    """Length of a step. [day]"""
    acute_days: float
    """Length of the acute phase. [day]"""

    def recent(self, days: float) -> Array:
        """Of the people present, those who arrived in the last `days`. [person]"""
        return np.minimum(self.present, arrived_within(self.arrivals, days / self.days_per_step))

    @cached_property
    def acute(self) -> Array:
        """People in the acute phase. [person]"""
        return self.recent(self.acute_days)

    def in_season(self, months: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Whether each step begins in one of the months (always, where there are none), (time,)."""
        return np.isin(self.months, months) if months else np.ones(len(self.months), bool)


def _quantity(item: Item, crowd: _Crowd, profile: NeedsAssumptions, covered: Mapping[str, float]) -> Array:
    """What one item calls for in each step, (member, time, zone). [unit]"""
    if "newly_displaced" not in item.for_group:
        raise ValueError(
            f"{item.id}.for_group: the people given are newly displaced and the item is for "
            f"{', '.join(item.for_group)}; drop the item, or add newly_displaced"
        )
    served: Array = COUNTED[item.kind](item, crowd, covered) @ _eligible(item, profile, crowd.types)
    return served * (item.quantity * _per_person(item, profile))


def _eligible(item: Item, profile: NeedsAssumptions, types: Sequence[str]) -> Array:
    """Share of the people at each type of destination who get the item, (type,). [1]"""
    shares = []
    for label in types:
        shelter = profile.shelter_shares("town" if label == "town" else "site")
        whole = "all" in item.where or label in item.where
        shares.append(1.0 if whole else sum(shelter.get(place, 0.0) for place in set(item.where)))
    return np.array(shares, dtype=float) * item.share


def _per_person(item: Item, profile: NeedsAssumptions) -> float:
    """Persons, households or cases of the item's kind in one displaced person. [1/person]"""
    return {
        **profile.cohort_shares(),
        "person": 1.0,
        "household": 1.0 / profile.household_size,
        "kit_household": 1.0 / profile.kit_household_size,
    }[item.per]


def _on_arrival(item: Item, crowd: _Crowd, covered: Mapping[str, float]) -> Array:
    """People arriving in season."""
    return crowd.arrivals * crowd.in_season(item.months)[:, None, None]


def _once(item: Item, crowd: _Crowd, covered: Mapping[str, float]) -> Array:
    """People arriving in season who have not got it, and at its beginning those who are there already."""
    lost = crowd.lost_on_move if item.kind == "household_once" else 0.0
    in_season = crowd.in_season(item.months)
    begins = np.zeros_like(in_season)
    begins[1:] = in_season[1:] & ~in_season[:-1]
    there = np.zeros_like(crowd.present)
    there[:, 1:] = crowd.present[:, :-1]
    lacking = crowd.arrivals - (1.0 - lost) * crowd.again
    return lacking * in_season[:, None, None] + there * begins[:, None, None]


def _while_present(item: Item, crowd: _Crowd, covered: Mapping[str, float]) -> Array:
    """Periods of the item spent by the people of its phase, in season."""
    periods = crowd.days_per_step / item.period_days
    return _in_phase(item, crowd, covered) * crowd.in_season(item.months)[:, None, None] * periods


def _growth_of_peak(item: Item, crowd: _Crowd, covered: Mapping[str, float]) -> Array:
    """People by whom the largest number so far was exceeded."""
    served = _in_phase(item, crowd, covered) * crowd.in_season(item.months)[:, None, None]
    peak = np.maximum.accumulate(served, axis=1)
    return np.diff(peak, axis=1, prepend=0.0)


COUNTED: Mapping[Kind, Callable[[Item, _Crowd, Mapping[str, float]], Array]] = MappingProxyType(
    {
        "household_once": _once,
        "cohort_once": _once,
        "per_move": _on_arrival,
        "daily": _while_present,
        "periodic_kit": _while_present,
        "peak_capacity": _growth_of_peak,
    }
)
"""How each kind of item counts people.

Contract: (item, crowd, days covered by item id) -> people in units of the item's period,
(member, time, zone, type), never negative, linear in the people (doubling them doubles it).
"""


def _in_phase(item: Item, crowd: _Crowd, covered: Mapping[str, float]) -> Array:
    """People present whom the item is for by the time since they arrived."""
    if item.after is not None:
        return crowd.present - crowd.recent(covered[item.after])
    match item.phase:
        case "acute":
            return crowd.acute
        case "stabilised":
            return crowd.present - crowd.acute
        case "both":
            return crowd.present


def arrived_within(arrivals: Array, steps: float) -> Array:
    """People who arrived in the last `steps` steps, this one included.

    Parameters
    ----------
    arrivals : array of shape (member, time, ...)
        People arriving in each step. [person]
    steps : float
        Length of the window; of a part of a step, that part is taken. [step]

    Returns
    -------
    array of the same shape
        [person]

    Examples
    --------
    >>> arrived_within(np.array([[10.0, 0.0, 0.0, 0.0]]), 2.5)
    array([[10., 10.,  5.,  0.]])
    """
    whole = int(steps)
    so_far = np.cumsum(arrivals, axis=1)
    recent = so_far - _later(so_far, whole) + (steps - whole) * _later(arrivals, whole)
    return np.maximum(recent, 0.0)


def _later(series: Array, steps: int) -> Array:
    """The series shifted `steps` later along time, nothing before it."""
    shifted = np.zeros_like(series)
    kept = max(series.shape[1] - steps, 0)
    shifted[:, series.shape[1] - kept :] = series[:, :kept]
    return shifted


def _crowd(people: xr.Dataset, profile: NeedsAssumptions, step: float) -> _Crowd:
    """The people as checked arrays."""
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"days_per_step: must be more than 0 days (got {step})")
    arrivals = _checked(people, "arrivals")
    present = _checked(people, "present_new")
    again = _checked(people, "arrivals_again") if "arrivals_again" in people else np.zeros_like(arrivals)
    _refuse(
        people["arrivals"].transpose(*PEOPLE_DIMS),
        again > arrivals * (1 + 1e-9) + 1e-6,
        "fewer than arrive again",
    )
    again = np.minimum(again, arrivals)
    types = tuple(str(label) for label in people["type"].values)
    if unknown := [label for label in types if label not in TYPES]:
        raise ValueError(f"people: type: unknown {', '.join(unknown)}; write town or site")
    times = people["time"].values
    if not np.issubdtype(times.dtype, np.datetime64):
        raise ValueError(f"people: time: must be dates (got {times.dtype})")
    if len(times) > 1 and not np.allclose(np.diff(times) / DAY, step):
        raise ValueError(
            f"people: time: the dates must follow one another every {step:g} days; put them in order, "
            "fill the days without a figure, or give days_per_step"
        )
    months = times.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return _Crowd(arrivals, again, profile.lost_on_move, present, months, types, step, profile.acute_days)


def _checked(people: xr.Dataset, name: str) -> Array:
    """One variable as float64 (member, time, zone, type); no figure missing or below zero."""
    if name not in people:
        raise ValueError(f"people: {name}: missing; give it by {', '.join(PEOPLE_DIMS)}")
    variable = people[name]
    if set(variable.dims) != set(PEOPLE_DIMS):
        raise ValueError(
            f"people: {name}: dimensions must be {', '.join(PEOPLE_DIMS)} (got "
            f"{', '.join(map(str, variable.dims))})"
        )
    ordered = variable.transpose(*PEOPLE_DIMS)
    figures: Array = np.asarray(ordered.values, dtype=np.float64)
    _refuse(ordered, ~np.isfinite(figures), "a figure is missing; write 0 only where nobody was")
    _refuse(ordered, figures < 0, "people cannot be fewer than 0")
    return figures


def _refuse(variable: xr.DataArray, wrong: npt.NDArray[np.bool_], why: str) -> None:
    """Raise an error that names the first place and day where `wrong` holds."""
    if not wrong.any():
        return
    _, time, zone, label = np.argwhere(wrong)[0]
    day = np.datetime_as_string(variable["time"].values[time], unit="D")
    raise ValueError(
        f"people: {variable.name}: {why} (zone {variable['zone'].values[zone]}, {day}, "
        f"{variable['type'].values[label]}; {int(wrong.sum())} in all)"
    )


_NEED_ATTRS = {
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


def _item_coordinates(items: Sequence[Item]) -> dict[str, tuple[str, npt.NDArray[np.generic]]]:
    """What each item is, along `item`; a figure that is not known is NaN."""
    words = {
        "item": [item.id for item in items],
        "sector": [item.sector for item in items],
        "name": [item.name for item in items],
        "unit": [item.unit for item in items],
        "kind": [item.kind for item in items],
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


def _by_sector(amount: xr.DataArray, sectors: Sequence[str]) -> xr.DataArray:
    """Sum over the items of each sector, NaN where none of them is known."""
    known = [amount.where(amount["sector"] == sector, drop=True) for sector in sectors]
    totals = [lines.sum("item", min_count=1) for lines in known]
    return xr.concat(totals, dim=xr.DataArray(list(sectors), dims="sector", name="sector"))
