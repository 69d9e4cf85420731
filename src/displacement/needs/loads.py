"""What aid weighs, takes up and costs: totals by sector, and the trucks that carry it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.logistics import Supply
from displacement.needs.units import is_measure

__all__ = ["in_all", "mass_and_volume", "truck_loads", "trucks", "trucks_needed", "whole_units"]

Array = npt.NDArray[np.float64]


def mass_and_volume(needs: xr.Dataset) -> xr.Dataset:
    """Tonnes, cubic metres and cost by sector, with the share that rests on assumed lines.

    Sums over time and zone: select the days and zones first. Items without a mass enter no tonnage
    and are listed, but for services, which have none; an item without a figure of need counts nowhere;
    a sector of which nothing is known is NaN, not 0. A figure rests on an assumption
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
    needed = np.nan_to_num(
        needs["need"].sum(("time", "zone"), skipna=False).transpose("member", "item").values
    )
    sectors = list(dict.fromkeys(needs["sector"].values.tolist()))
    of_sector = needs["sector"].values[:, None] == np.array(sectors, dtype=object)
    of_hub = "supplied" not in needs.coords or (needs["supplied"] != "service").values
    variables: dict[str, tuple[tuple[str, str], Array, dict[str, str]]] = {}
    without: dict[str, str] = {}
    for name, coordinate, per_unit, units, status in (
        ("mass", "mass_kg", 1e-3, "t", "status_mass"),
        ("volume", "volume_m3", 1.0, "m3", "status_volume"),
        ("cost", "cost", 1.0, needs.attrs["currency"], "status_cost"),
    ):
        each = needs[coordinate].values.astype(float)
        known = ~np.isnan(each)
        assumed = (needs["status"].values == "assumed") | (needs[status].values == "assumed")
        amount = needed * np.where(known, each, 0.0) * per_unit
        total = np.where((of_sector & known[:, None]).any(axis=0), amount @ of_sector.astype(float), np.nan)
        resting = (amount * assumed) @ of_sector.astype(float)
        share = np.divide(resting, total, out=np.full(total.shape, np.nan), where=total > 0)
        variables[name] = (("member", "sector"), total, {"units": units})
        variables[f"{name}_assumed_share"] = (("member", "sector"), share, {"units": "1"})
        unknown = ~known & (needed > 0).any(axis=0) & (True if name == "cost" else of_hub)
        without[f"items_without_{name}"] = ", ".join(needs["item"].values[unknown].tolist())
    coords = {"sector": sectors} | ({"member": needs["member"]} if "member" in needs.coords else {})
    return xr.Dataset(variables, coords, attrs={"currency": needs.attrs["currency"], **without})


def in_all(loads: xr.Dataset, name: str) -> tuple[Array, Array]:
    """All sectors of each member together, and the share of that which rests on assumed lines.

    Parameters
    ----------
    loads : Dataset
        As `mass_and_volume` returns it; a sector of which nothing is known adds nothing.
    name : {"mass", "volume", "cost"}

    Returns
    -------
    array of shape (member,)
        [t], [m3], or the currency.
    array of shape (member,)
        0 of nothing. [1]

    Examples
    --------
    >>> loads = xr.Dataset({"mass": (("member", "sector"), [[30.0, 10.0, np.nan]]),
    ...                     "mass_assumed_share": (("member", "sector"), [[0.5, 1.0, np.nan]])})
    >>> in_all(loads, "mass")
    (array([40.]), array([0.625]))
    """
    by_sector, resting = (
        loads[part].fillna(0.0).transpose("member", "sector").values
        for part in (name, f"{name}_assumed_share")
    )
    total, assumed = by_sector.sum(axis=1), (by_sector * resting).sum(axis=1)
    return total, np.divide(assumed, total, out=np.zeros_like(total), where=total > 0)


def truck_loads(quantity: Array, mass_kg: Array, volume_m3: Array, supply: Supply) -> Array:
    """Trucks that a mixed load fills: the larger of what its mass and what its volume take.

    Parameters
    ----------
    quantity : array of shape (..., item)
        In the items' units.
    mass_kg, volume_m3 : array of shape (item,)
        Of one unit; NaN where not known, which then takes no room. [kg], [m3]
    supply : Supply
        Payload, load space and stowage of a truck.

    Returns
    -------
    array of shape (...)
        Not rounded. [truck]

    Examples
    --------
    >>> tents, flour = np.array([241.0, 0.0]), np.array([0.0, 20_400.0])
    >>> loads = truck_loads(np.array([tents, flour]), np.array([55.0, 1.0]), np.array([0.282, 0.001]), Supply())
    >>> loads.round(3)
    array([0.999, 1.   ])
    """
    by_mass = quantity @ np.nan_to_num(mass_kg) / (1000.0 * supply.payload_t)
    by_volume = quantity @ np.nan_to_num(volume_m3) / (supply.truck_m3 * supply.stowage)
    larger: Array = np.maximum(by_mass, by_volume)
    return larger


def trucks(loads: Array) -> Array:
    """Whole trucks for loads that may share them; a rounding error beyond a whole truck calls for no other.

    >>> trucks(np.array([0.0, 0.2, 1.0 + 1e-12, 1.01]))
    array([0., 1., 1., 2.])
    """
    whole: Array = np.ceil(loads - 1e-9)
    return np.maximum(whole, 0.0)


def trucks_needed(needs: xr.Dataset, supply: Supply | None = None) -> xr.Dataset:
    """Trucks that carry what hubs supply, by day and for the whole period.

    Parameters
    ----------
    needs : Dataset
        As `demand` returns it; what is local or a service is left out, and so is an item without a figure.
    supply : Supply, optional
        What a truck carries.

    Returns
    -------
    Dataset
        `trucks` (member, time), whole ones, each day's load by itself; `trucks_in_all` (member), if loads of all days
        fill trucks together; `tonnes` (member, time) [t]; attribute `items_without_mass`: in none of them.
    """
    settings = Supply() if supply is None else supply
    carried = needs.isel(item=np.flatnonzero((needs["supplied"] == "hub").values))
    quantity = np.nan_to_num(
        carried["need"].sum("zone", skipna=False).transpose("member", "time", "item").values
    )
    mass, volume = carried["mass_kg"].values, carried["volume_m3"].values
    unknown = np.isnan(mass) & (quantity > 0).any(axis=(0, 1))
    loads = truck_loads(quantity, mass, volume, settings)
    in_all = truck_loads(quantity.sum(axis=1), mass, volume, settings)
    return xr.Dataset(
        {
            "trucks": (("member", "time"), trucks(loads)),
            "trucks_in_all": ("member", trucks(in_all)),
            "tonnes": (("member", "time"), quantity @ np.nan_to_num(mass) / 1000.0),
        },
        coords={"time": needs["time"]},
        attrs={"items_without_mass": ", ".join(carried["item"].values[unknown].tolist())},
    )


def whole_units(so_far: Array, unit: str) -> Array:
    """Whole units to be handed out so far: half a tent is a tent; what is weighed or measured (kg, litre) is not rounded.

    Parameters
    ----------
    so_far : array of any shape
        Needed since the first day, in one zone or of several by itself. [unit]
    unit : str
        Unit of the item.

    Returns
    -------
    array of the same shape
        [unit]

    Examples
    --------
    >>> whole_units(np.array([0.5, 1.0, 1.2]), "tent"), whole_units(np.array([0.5]), "kg")
    (array([1., 1., 2.]), array([0.5]))
    """
    return so_far if is_measure(unit) else np.maximum(np.ceil(so_far - 1e-9), 0.0)
