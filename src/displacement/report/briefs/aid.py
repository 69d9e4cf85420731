"""What the brief says of aid: the first 72 hours, needs by sector with gap, trucks, stock and cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io.kept import over_members, summed
from displacement.needs.loads import in_all, mass_and_volume, trucks_needed
from displacement.report.behind import served_in_all
from displacement.report.briefs.shown import Shown, quantity
from displacement.report.rounding import SMALLEST, UNKNOWN, middle, quantiles
from displacement.report.supply import Met, met_of, money_left_of, trucks_of
from displacement.result import Result

__all__ = ["AidShown", "FirstHours", "Line", "Sector", "Trucks", "aid_of"]

Array = NDArray[Any]

FIRST_DAYS = 3
"""The first 72 hours. [day]"""
FIRST_ITEMS = ("ready_to_eat_ration", "tent", "blanket", "winter_blanket")
"""What people need at once; of these, those that are on the list."""


class Line(NamedTuple):
    """One item over the whole period."""

    item: str
    name: str
    unit: str
    needed: Shown
    target: Shown | None
    """What is to be met; None where nothing is said of supply, or the item is not in the account."""
    delivered: Shown | None
    gap: Shown | None
    binding: str
    """stock, trucks, money or access; blank without a gap."""
    runs_out: dt.date | None
    """When the last hub that held it has none left."""
    in_stock: bool | None
    """False: no hub ever held it; None: hubs do not supply it, or nothing is said of supply."""


class Sector(NamedTuple):
    """The lines of a sector, with what they weigh and cost."""

    sector: str
    tonnes: Shown | None
    """None where nothing of it is weighed."""
    cost: Shown | None
    """None where nothing of it has a cost."""
    lines: tuple[Line, ...]


class FirstHours(NamedTuple):
    """What three days take from when people begin to arrive."""

    first: dt.date
    last: dt.date
    lines: tuple[tuple[str, str, str, Shown], ...]
    """Item, name, unit, quantity."""


class Trucks(NamedTuple):
    """Trucks over the whole period."""

    needed: Shown
    """Whole trucks, if the loads of all days fill them together."""
    most: Shown
    """On the day that takes most, each day's load by itself."""
    available: float | None
    """Trucks that may leave; None without a limit, or where nothing is said of supply."""
    used: Shown | None
    """None where nothing is said of supply."""


class AidShown(NamedTuple):
    """Everything that the brief says of aid."""

    sectors: tuple[Sector, ...]
    first_hours: FirstHours | None
    """None where nobody arrives."""
    trucks: Trucks
    cost: Shown
    tonnes: Shown
    cost_assumed: float
    """Share of the cost that rests on assumed lines. [1]"""
    tonnes_assumed: float
    """Share of the tonnes that rests on assumed lines. [1]"""
    currency: str
    has_supply: bool
    money_left: Shown | None
    """None where no money is given."""
    unweighed: tuple[str, ...]
    """Items in no tonnage, for want of a mass."""
    unpriced: tuple[str, ...]
    """Items in no cost."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, sector by sector."""
        return tuple(line for sector in self.sectors for line in sector.lines)


def aid_of(result: Result) -> AidShown:
    """What people need over the whole area and period, and what of it can be met.

    A figure is suppressed where 1 to 99 people stand behind it: those whom the item is for, of tonnes, trucks and
    cost those who arrive.
    """
    asked = result.scenario.uncertainty.quantiles
    needs = summed(result.needs, "zone")
    served = served_in_all(result.aid, result.people)
    arrived = _arrived(result)
    behind = _fewest(arrived.sum(axis=1), asked)
    hubs = needs.isel(item=np.flatnonzero((needs["supplied"] == "hub").values))
    everything, dry = mass_and_volume(needs), mass_and_volume(hubs)
    (cost, cost_assumed), (tonnes, tonnes_assumed) = in_all(everything, "cost"), in_all(dry, "mass")
    account = {} if result.supply is None else {met.item: met for met in met_of(result.supply)}
    return AidShown(
        sectors=_sectors(needs, everything, dry, served, account, asked, behind),
        first_hours=_first_hours(needs, served, arrived, asked),
        trucks=_trucks(result, needs, asked, behind),
        cost=quantity(cost, asked, behind),
        tonnes=quantity(tonnes, asked, behind),
        cost_assumed=float(middle(cost_assumed)),
        tonnes_assumed=float(middle(tonnes_assumed)),
        currency=str(needs.attrs["currency"]),
        has_supply=result.supply is not None,
        money_left=_money(result, behind),
        unweighed=_named(dry.attrs["items_without_mass"]),
        unpriced=_named(everything.attrs["items_without_cost"]),
    )


def _named(listed: str) -> tuple[str, ...]:
    return tuple(listed.split(", ")) if listed else ()


def _arrived(result: Result) -> Array:
    """Arrivals in the zones of the needs, (member, time). [movement]"""
    inside = result.people["arrivals"].sel(zone=result.needs["zone"].values)
    counted = over_members(inside, lambda part: part.sum(("zone", "type")))
    found: Array = counted.transpose("member", "time").values
    return found


def _fewest(by_member: Array, asked: Sequence[float]) -> float:
    """The smallest of the shared quantiles that is anybody; 0 where none is. [person]"""
    levels = [round(float(level)) for level in quantiles(by_member, asked).values() if level is not None]
    return float(min((level for level in levels if level > 0), default=0))


def _sectors(
    needs: xr.Dataset,
    everything: xr.Dataset,
    dry: xr.Dataset,
    served: Mapping[str, Array],
    account: Mapping[str, Met],
    asked: Sequence[float],
    behind: float,
) -> tuple[Sector, ...]:
    total = needs["need"].sum(("time", "zone"), skipna=False).transpose("member", "item").values
    lines: dict[str, list[Line]] = {}
    for at, item in enumerate(needs["item"].values):
        people = _fewest(served[str(item)].sum(axis=1), asked)
        name, unit = (str(needs[name].values[at]) for name in ("name", "unit"))
        needed = quantity(total[:, at], asked, people)
        line = _line(str(item), name, unit, needed, account.get(str(item)), people)
        if needed.something or needed.note == UNKNOWN:
            lines.setdefault(str(needs["sector"].values[at]), []).append(line)
    return tuple(
        Sector(
            sector,
            _of_sector(dry, "mass", sector, asked, behind),
            _of_sector(everything, "cost", sector, asked, behind),
            tuple(found),
        )
        for sector, found in lines.items()
    )


def _line(item: str, name: str, unit: str, needed: Shown, met: Met | None, people: float) -> Line:
    if met is None:
        return Line(item, name, unit, needed, None, None, None, "", None, None)
    target, delivered, gap = (
        quantity(np.array([value]), (0.5,), people) for value in (met.target, met.delivered, met.gap)
    )
    return Line(item, name, unit, needed, target, delivered, gap, met.binding, met.runs_out, met.in_stock)


def _of_sector(
    loads: xr.Dataset, name: str, sector: str, asked: Sequence[float], behind: float
) -> Shown | None:
    if sector not in loads["sector"].values:
        return None
    by_member = loads[name].sel(sector=sector).transpose("member").values
    return None if np.isnan(by_member).any() else quantity(by_member, asked, behind)


def _first_hours(
    needs: xr.Dataset, served: Mapping[str, Array], arrived: Array, asked: Sequence[float]
) -> FirstHours | None:
    """What is needed on three days from the one by whose end a hundred people have arrived."""
    begun = np.flatnonzero(middle(np.cumsum(arrived, axis=1)) >= SMALLEST)
    if not len(begun):
        return None
    days = slice(int(begun[0]), int(begun[0]) + FIRST_DAYS)
    dates = needs["time"].values[days].astype("datetime64[D]").tolist()
    found = []
    for item in FIRST_ITEMS:
        if item not in needs["item"].values:
            continue
        own = needs["need"].sel(item=item).transpose("member", "time", "zone").values[:, days]
        people = _fewest(served[item][:, days].sum(axis=1), asked)
        name, unit = (str(needs[name].sel(item=item).values) for name in ("name", "unit"))
        found.append((item, name, unit, quantity(own.sum(axis=(1, 2)), asked, people)))
    return FirstHours(dates[0], dates[-1], tuple(found))


def _trucks(result: Result, needs: xr.Dataset, asked: Sequence[float], behind: float) -> Trucks:
    found = trucks_needed(needs, result.aid.logistics)
    needed = quantity(found["trucks_in_all"].values, asked, behind)
    most = quantity(found["trucks"].transpose("member", "time").values.max(axis=1), asked, behind)
    if result.supply is None:
        return Trucks(needed, most, None, None)
    used, available = trucks_of(result.supply)
    return Trucks(needed, most, available, quantity(np.array([used]), (0.5,), behind))


def _money(result: Result, behind: float) -> Shown | None:
    if result.supply is None:
        return None
    left = money_left_of(result.supply)
    return None if left is None else quantity(np.array([left]), (0.5,), behind or NOBODY_ASKS)


NOBODY_ASKS = float(SMALLEST)
"""Stands for the people behind money that nobody's needs have touched. [person]"""
