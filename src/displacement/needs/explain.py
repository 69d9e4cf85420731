"""One number of the needs, taken apart: people times factor times days, with every source and layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue
from displacement.needs.crowds import COUNTED, Crowd
from displacement.needs.demand import Reckoner, eligible, per_person
from displacement.needs.item import Group, Item, Kind
from displacement.needs.loads import truck_loads, trucks, whole_units
from displacement.needs.logistics import Supply
from displacement.needs.supply import CONSTRAINTS
from displacement.needs.units import is_measure, named

__all__ = ["explain"]

Array = npt.NDArray[np.float64]

_COUNTED: Mapping[Kind, str] = MappingProxyType(
    {
        "household_once": "who arrive on the day and have not got it",
        "cohort_once": "who arrive on the day and have not got it",
        "per_move": "who arrive on the day, onward moves included",
        "daily": "who are there on the day",
        "periodic_kit": "who are there on the day",
        "peak_capacity": "by whom the largest number so far was exceeded on the day",
    }
)
_GROUPS: Mapping[Group, str] = MappingProxyType(
    {
        "newly_displaced": "newly displaced",
        "displaced_before": "displaced before",
        "resident": "resident",
        "returned": "returned",
    }
)


def explain(
    people: xr.Dataset,
    catalogue: Catalogue,
    assumptions: NeedsAssumptions,
    zone: str,
    item_id: str,
    day: np.datetime64,
    supply: xr.Dataset | None = None,
    carries: Supply | None = None,
) -> list[str]:
    """Take one number apart.

    Parameters
    ----------
    people : Dataset
        As for `demand`, with one member or more: the first is explained.
    catalogue : Catalogue
        The lines it was reckoned with.
    assumptions : NeedsAssumptions
        Who the people are.
    zone, item_id : str
        P-code of the zone; id of the line.
    day : datetime64
        One of the days.
    supply : Dataset, optional
        As `deliver` returns it.
    carries : Supply, optional
        What a truck carries.

    Returns
    -------
    list of str
        About ten lines to read out; the first holds the number, as `demand` gives it.

    Raises
    ------
    CatalogueError
        If the line is not on the list.
    KeyError
        If the zone or the day is not among the people's.
    """
    item = catalogue.item(item_id)
    here = people.isel(member=[0]).sel(zone=[zone])
    at = int(np.flatnonzero(here["time"].values.astype("datetime64[D]") == day.astype("datetime64[D]"))[0])
    reckoner = Reckoner(here, catalogue, assumptions)
    need = reckoner.need(item)[0, :, 0]
    name = (str(here["zone_name"].values[0]) if "zone_name" in here.coords else "") or "the whole area"
    members = people.sizes["member"]
    one_of = f" In the first of {members} members; each has its own figures." if members > 1 else ""
    what = f"{item.name} in {name} ({zone}) on {day.astype('datetime64[D]')}"
    lines = [f"{what}: {_number(need[at])} {item.unit}.{one_of}"]
    if not set(item.for_group) <= set(reckoner.crowds):
        missing = ", ".join(group for group in item.for_group if group not in reckoner.crowds)
        return [*lines, f"Not known: it is for people who are not given here ({missing})."]
    for group in item.for_group:
        lines += _people(item, reckoner.crowds[group], reckoner.covered(item), assumptions, at)
    lines += _quantity(item, catalogue)
    here_only = [
        (change, other)
        for change in catalogue.sites
        for other in change.items
        if zone in change.zones and other.id == item.id
    ]
    for change, other in here_only:
        amount = f"{other.quantity:g} {item.unit}"
        lines.append(f"Here ({change.type}) it is {amount}, from {change.name}: {other.source}.")
    lines += _reckoning(item, reckoner, at)
    lines += _contents(item, reckoner, need[at], at)
    since = str(here["time"].values[0])[:10]
    lines.append(_so_far(item, float(need[: at + 1].sum()), since, carries or Supply()))
    lines += _load(item, catalogue, float(need[at]))
    return [*lines, *(_met(supply, zone, item, at) if supply is not None else ())]


def _people(
    item: Item, crowd: Crowd, covered: float | None, profile: NeedsAssumptions, at: int
) -> Iterator[str]:
    """Whom it counts, who of them are eligible, and what one of them stands for."""
    counted = COUNTED[item.kind](item, crowd, covered).total[0, at, 0]
    if item.kind in ("daily", "periodic_kit"):
        counted = counted * (item.period_days / crowd.days_per_step)
    by_type = ", ".join(
        f"{_number(value)} in {label}s" if label in ("town", "site") else _number(value)
        for label, value in zip(crowd.types, counted, strict=True)
    )
    whose = {"acute": " in their first days", "stabilised": " past their first days", "both": ""}[item.phase]
    follows = f", once what {item.after} covers is over" if covered is not None else ""
    yield f"People ({_GROUPS[crowd.group]}) {_COUNTED[item.kind]}{whose}{follows}: {by_type}."
    shares = eligible(item, profile, crowd.group, crowd.types)
    if any(share != 1.0 for share in shares):
        listed = ", ".join(
            f"{share:.0%} in {label}s" if label in ("town", "site") else f"{share:.0%}"
            for label, share in zip(crowd.types, shares, strict=True)
        )
        yield f"Of these it is for: {listed} ({', '.join(item.where)}{_why(item, profile)})."
    factor = per_person(item, profile, crowd.group)
    if factor != 1.0:
        yield f"One of them is {factor:.4g} {item.per} ({_whence(item, profile)})."


def _why(item: Item, profile: NeedsAssumptions) -> str:
    """Source of the shelter shares an item rests on."""
    named = [situation for situation in profile.shelter if situation.name in item.where]
    return f"; {named[0].status}: {named[0].source}" if named else ""


def _whence(item: Item, profile: NeedsAssumptions) -> str:
    """Where the people behind one unit come from."""
    if item.per in ("household", "kit_household"):
        size = profile.household_size if item.per == "household" else profile.kit_household_size
        return f"{size:g} people a household"
    cohort = next(cohort for cohort in profile.cohorts if cohort.name == item.per)
    return f"{cohort.status}: {cohort.source}"


def _quantity(item: Item, catalogue: Catalogue) -> Iterator[str]:
    """The factor, its range, source and layer."""
    period = f" for {item.period_days:g} day{'' if item.period_days == 1 else 's'}"
    every = period if item.kind in ("daily", "periodic_kit") else ""
    spread = (
        f" (range {item.low:g} to {item.high:g})" if item.low is not None and item.high is not None else ""
    )
    layer = catalogue.provenance[item.id, "quantity"]
    yield f"Each {item.per.replace('_', ' ')} needs {item.quantity:g} {item.unit}{every}{spread}; from {layer}."
    yield f"Source ({item.status}): {item.source}."
    others = sorted(
        {
            f"{field} from {catalogue.provenance[item.id, field]}"
            for field in ("per", "where", "share", "months", "for_group", "mass_kg", "cost")
            if catalogue.provenance[item.id, field] not in ("default", "standards")
        }
    )
    yield f"Layers, each over the one before: {', '.join(catalogue.layers)}." + (
        f" Changed: {', '.join(others)}." if others else ""
    )


def _reckoning(item: Item, reckoner: Reckoner, at: int) -> Iterator[str]:
    """People times factor times days."""
    parts = []
    for group in item.for_group:
        served = float(reckoner.served(item, group)[0, at, 0])
        people = (
            served * item.period_days / reckoner.step if item.kind in ("daily", "periodic_kit") else served
        )
        factor = float(reckoner.per_person(item, group).ravel()[0])
        days = (
            f" x {reckoner.step:g}/{item.period_days:g} days"
            if item.kind in ("daily", "periodic_kit")
            else ""
        )
        each = "" if factor == 1.0 else f" x {factor:.4g}"
        parts.append(f"{_number(people)} people{each} x {item.quantity:g} {item.unit}{days}")
    gross = float(reckoner.gross(item)[0, at, 0])
    yield f"So: {' + '.join(parts)} = {_number(gross)} {item.unit}."


def _contents(item: Item, reckoner: Reckoner, need: float, at: int) -> Iterator[str]:
    """What kits hold of it."""
    holders = [other.id for other in reckoner.catalogue.items if item.id in other.contains]
    if holders:
        gross = float(reckoner.gross(item)[0, at, 0])
        yield f"Before what {', '.join(holders)} hold of it is taken off: {_number(gross)} {item.unit}."


def _so_far(item: Item, total: float, first: str, supply: Supply) -> str:
    """The sum since the first day, and the trucks that carry it alone."""
    whole = float(whole_units(np.array(total), item.unit))
    text = f"Since {first}: {_number(whole)} {'' if is_measure(item.unit) else 'whole '}{item.unit}"
    if item.supplied != "hub" or item.mass_kg is None:
        return f"{text}."
    units = np.array([total])
    loads = truck_loads(units, np.array([item.mass_kg]), np.array([item.volume_m3 or np.nan]), supply)
    net = f", {_number(total / 1000 / supply.payload_t)} by net weight" if named(item.unit) == "kg" else ""
    return (
        f"{text}; alone it fills {_number(float(trucks(loads)))} trucks of {supply.payload_t:g} t or "
        f"{supply.truck_m3 * supply.stowage:g} m3{net}."
    )


def _load(item: Item, catalogue: Catalogue, need: float) -> Iterator[str]:
    """What it weighs and costs."""
    parts = []
    if item.mass_kg is not None:
        parts.append(f"{_number(need * item.mass_kg / 1000)} t at {item.mass_kg:g} kg ({item.mass_status})")
    if item.cost is not None:
        parts.append(
            f"{_number(need * item.cost)} {catalogue.currency} at {item.cost:g} ({item.cost_status})"
        )
    if parts:
        yield f"That is {'; '.join(parts)}."


def _met(supply: xr.Dataset, zone: str, item: Item, at: int) -> Iterator[str]:
    """What of it was met."""
    if item.id not in supply["item"].values:
        yield "Supply: no account is kept of it (no figure of money)."
        return
    here = supply.isel(member=0, time=at).sel(zone=zone, item=item.id)
    want = CONSTRAINTS[int(here["binding"])]
    reason = f", for want of {want}" if want else ""
    yield (
        f"Supply: {_number(float(here['outstanding']))} wanted with what is owed, {_number(float(here['delivered']))} "
        f"delivered, {_number(float(here['gap']))} missing{reason}."
    )


def _number(value: float) -> str:
    """A number to read out: whole with thousands, or three digits where it is small.

    >>> _number(225000.4), _number(0.03811), _number(float("nan"))
    ('225,000', '0.0381', 'not known')
    """
    if np.isnan(value):
        return "not known"
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.3g}"
