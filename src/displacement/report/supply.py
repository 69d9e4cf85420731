"""What of the needs can be met: tables to forward and for the analyst, and the lines of the summary."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.io.kept import by_members, over_members
from displacement.needs.supply import CONSTRAINTS
from displacement.report.rounding import middle, middle_day, shared_quantity, significant
from displacement.report.spread import middle_by_zone

Array = NDArray[Any]

SUPPLY_COLUMNS = [
    *("date", "zone", "zone_name", "admin1", "sector", "item", "unit"),
    *("need", "target", "outstanding", "deliverable", "delivered", "gap", "binding", "note"),
]
STOCK_COLUMNS = ["hub", "item", "unit", "incoming", "left", "runs_out"]
TRUCK_COLUMNS = ["date", "route", "allowed", "used"]
QUANTITIES = ("need", "target", "outstanding", "deliverable", "delivered", "gap")
ALL = "ALL"
WIDTH = 96


def supply_rows(supply: xr.Dataset, behind: xr.Dataset) -> Iterator[list[str]]:
    """Rows of `supply.csv`: each item by day, of the whole area and of every zone where anything is wanted of it.

    Of several members the figures are their middle, that of the whole area the middle of the totals.

    Parameters
    ----------
    supply : xarray.Dataset
        As `deliver` returns it.
    behind : xarray.Dataset
        As `people_behind` returns it: 1 to 99 people suppress a figure.
    """
    people = behind.sel(item=supply["item"].values)
    today = people["by_zone"].transpose("time", "zone", "item").values
    today_all = people["in_all"].transpose("time", "item").values
    kinds = supply["kind"].values
    ever, ever_all = who_is_owed(today, kinds), who_is_owed(today_all, kinds)
    by_zone = {
        name: middle_by_zone(supply[name].transpose("member", "time", "zone", "item")) for name in QUANTITIES
    }
    in_all = {name: middle(of_area(supply, name)) for name in QUANTITIES}
    lacking = _lacking_by(supply)
    where = list(zip(*(supply[name].values for name in ("zone", "zone_name", "admin1")), strict=True))
    what = list(zip(*(supply[name].values for name in ("sector", "item", "unit")), strict=True))
    needed = np.flatnonzero(by_zone["outstanding"].max(axis=(0, 2)) > 0) if ALL not in supply["zone"] else ()
    for day, date in enumerate(np.datetime_as_string(supply["time"].values, unit="D")):
        for item, about in enumerate(what):
            names = [str(part) for part in about]
            totals = [float(in_all[name][day, item]) for name in QUANTITIES]
            limit = _largest(lacking[:, day, :, item].sum(axis=1))
            shown = _shown(totals, today_all[day, item], ever_all[day, item], limit)
            yield [str(date), ALL, "whole area", "", *names, *shown]
            for zone in needed:
                figures = [float(by_zone[name][day, zone, item]) for name in QUANTITIES]
                if not any(figures):
                    continue
                limit = _largest(lacking[:, day, zone, item])
                shown = _shown(figures, today[day, zone, item], ever[day, zone, item], limit)
                yield [str(date), *(str(part) for part in where[zone]), *names, *shown]


def of_area(supply: xr.Dataset, name: str) -> Array:
    """A quantity of all zones together, (member, time, item)."""
    found = over_members(supply[name], lambda part: part.sum("zone"))
    return found.transpose("member", "time", "item").values


def lacking_by_item(supply: xr.Dataset) -> Array:
    """How much of the members' gaps in all zones is for want of what, (constraint, time, item)."""
    found = np.zeros((len(CONSTRAINTS), supply.sizes["time"], supply.sizes["item"]))
    for part in by_members(supply[["binding", "gap"]].transpose("member", "time", "zone", "item")):
        gap = part["gap"].values
        for code in range(len(CONSTRAINTS)):
            found[code] += np.where(part["binding"].values == code, gap, 0.0).sum(axis=(0, 2))
    return found


def _lacking_by(supply: xr.Dataset) -> Array:
    """How much of the members' gaps is for want of what, (constraint, time, zone, item)."""
    dims = ("time", "zone", "item")
    found = np.zeros((len(CONSTRAINTS), *(supply.sizes[dim] for dim in dims)))
    for part in by_members(supply[["binding", "gap"]].transpose("member", *dims)):
        gap = part["gap"].values
        for code in range(len(CONSTRAINTS)):
            found[code] += np.where(part["binding"].values == code, gap, 0.0).sum(axis=0)
    return found


def who_is_owed(today: Array, kinds: Array) -> Array:
    """People to whom anything of an item may still be owed: all so far; of what is by day or period, the most there at
    once. The last axis is the item."""
    most, all_so_far = np.maximum.accumulate(today, axis=0), np.cumsum(today, axis=0)
    by_period = np.where(kinds == "periodic_kit", most, all_so_far)
    return np.asarray(np.where(kinds == "daily", today, by_period))


def _shown(figures: list[float], today: float, ever: float, limit: str) -> list[str]:
    """Figures as shared, the constraint and the note.

    Suppressed where 1 to 99 people came today, or in all: what is owed tells of those who came before.
    """
    smallest = min((float(count) for count in (today, ever) if round(count)), default=0.0)
    cells = [shared_quantity(figure, smallest) for figure in figures]
    note = next((note for _, note in cells if note), "")
    return [*("" for _ in figures), "", note] if note else [*(text for text, _ in cells), limit, ""]


def _largest(weight: Array) -> str:
    """The constraint of most weight; blank where none has any."""
    return CONSTRAINTS[int(np.argmax(weight))] if weight.any() else ""


def stock_rows(supply: xr.Dataset) -> Iterator[list[str]]:
    """Rows of `stock.csv`: what each hub held of each item, what is left on the last day, and when it ran out.

    Of several members the middle of what is left, and the first day by which it has run out in half of them.
    """
    came = supply["incoming"].sum("time")
    left = middle(supply["left"].isel(time=-1).transpose("member", "hub", "item").values)
    day = middle_day(supply["runs_out"].transpose("member", "hub", "item").values)
    for of_hub, hub in enumerate(supply["hub"].values):
        for at, (item, unit) in enumerate(zip(supply["item"].values, supply["unit"].values, strict=True)):
            total = float(came.sel(hub=hub, item=item))
            if total > 0:
                still, out = float(left[of_hub, at]), _date(day[of_hub, at])
                yield [str(hub), str(item), str(unit), repr(total), repr(still), out]


def truck_rows(supply: xr.Dataset) -> Iterator[list[str]]:
    """Rows of `trucks.csv`: trucks by day and route, the middle of the members; blank where there is no limit."""
    allowed = supply["trucks_allowed"].values
    used = middle(supply["trucks_used"].transpose("member", "time", "route").values)
    for day, date in enumerate(np.datetime_as_string(supply["time"].values, unit="D")):
        for at, route in enumerate(supply["route"].values):
            limit = allowed[day, at]
            yield [
                str(date),
                str(route),
                f"{limit:.0f}" if np.isfinite(limit) else "",
                f"{used[day, at]:.0f}",
            ]


def _date(day: Any) -> str:
    return "" if np.isnat(day) else str(np.datetime_as_string(day, unit="D"))


class Met(NamedTuple):
    """What of one item is met, over the whole period and area."""

    item: str
    target: float
    """What is to be met. [unit]"""
    delivered: float
    """[unit]"""
    gap: float
    """Of meals and the like what was missed on all days, of all else what stays owed on the last. [unit]"""
    binding: str
    """What most of the gap is for want of; blank without one."""
    runs_out: dt.date | None
    """When the last hub that held the item has none left; None if one still has some, or none held any."""
    in_stock: bool | None
    """Whether any hub held it; None where hubs do not supply it."""


def met_of(supply: xr.Dataset) -> list[Met]:
    """What is met of every item of which anything is to be met.

    Of several members the figures are the middle of what each comes to, and what binds is what most of all their gaps is
    for want of; stock runs out on the first day by which it has in half of them.

    Parameters
    ----------
    supply : xarray.Dataset
        As `deliver` returns it.
    """
    target, delivered = (middle(of_area(supply, name).sum(axis=1)) for name in ("target", "delivered"))
    gap, lacking = middle(_missed(supply, of_area(supply, "gap"))), _missed(supply, lacking_by_item(supply))
    found = []
    for at in np.flatnonzero(target > 0):
        of_item = supply.isel(item=at)
        held = _held(of_item)
        in_stock = None if held is None else bool(held.any())
        out = _empty(of_item, held) if held is not None and in_stock else None
        name, binding = str(supply["item"].values[at]), _largest(lacking[:, at])
        found.append(
            Met(name, float(target[at]), float(delivered[at]), float(gap[at]), binding, out, in_stock)
        )
    return found


def _missed(supply: xr.Dataset, gap: Array) -> Array:
    """Gaps that count, (..., item), from those by day, (..., time, item): of meals all, of what stays owed the last."""
    return np.where(supply["kind"].values == "daily", gap.sum(axis=-2), gap[..., -1, :])


def supply_lines(supply: xr.Dataset) -> list[str]:
    """The account in a few lines: item by item what was to be met, what was, and what stood in the way.

    Parameters
    ----------
    supply : xarray.Dataset
        As `deliver` returns it.
    """
    met = met_of(supply)
    if not met:
        return []
    lines = [
        "What of that can be met, with the stock, trucks and money that the scenario gives:",
        f"  {'item':<30}{'to be met':>13}{'delivered':>13}{'share':>7}  {'for want of':<12}{'stock runs out':<14}",
    ]
    for one in met:
        out = "none in stock" if one.in_stock is False else "" if one.runs_out is None else str(one.runs_out)
        lines.append(
            f"  {one.item.replace('_', ' ')[:29]:<30}{_figure(one.target):>13}{_figure(one.delivered):>13}"
            f"{one.delivered / one.target:>7.0%}  {one.binding:<12}{out:<14}".rstrip()
        )
    return [*lines, *_wrapped(_trucks(supply)), *_wrapped(_money(supply))]


def _held(of_item: xr.Dataset) -> NDArray[np.bool_] | None:
    """Which hubs ever held an item; None where hubs do not supply it."""
    if str(of_item["supplied"].values) != "hub":
        return None
    held: NDArray[np.bool_] = (of_item["incoming"].sum("time") > 0).values
    return held


def _empty(of_item: xr.Dataset, held: NDArray[np.bool_]) -> dt.date | None:
    """The day on which the last hub that held an item runs out of it; of several members by `middle_day`."""
    days = of_item["runs_out"].transpose("member", "hub").values[:, held]
    last = middle_day(days.max(axis=1))  # no day where any hub has none
    return None if np.isnat(last) else last.astype("datetime64[D]").item()


def trucks_of(supply: xr.Dataset) -> tuple[float, float | None]:
    """Trucks that left, the middle of the members, and those that could: None without a limit."""
    used = float(middle(supply["trucks_used"].sum(("time", "route")).transpose("member").values))
    allowed = supply["trucks_allowed"].values
    return used, float(allowed.sum()) if np.isfinite(allowed).all() else None


def money_left_of(supply: xr.Dataset) -> float | None:
    """Money left on the last day, the middle of the members; None where none is given."""
    left = supply["money_left"].median("member").values
    return None if np.isnan(left).all() else float(left[-1])


def _trucks(supply: xr.Dataset) -> str:
    used, allowed = trucks_of(supply)
    could = " (no limit given)" if allowed is None else f" of {allowed:,.0f} that could"
    without = str(supply.attrs.get("items_without_cost", "")).replace("_", " ")
    unpriced = f" Not in this account, for want of a cost: {without}." if without else ""
    return f"{used:,.0f} trucks left{could}. Meals that are missed are missed; all else stays owed.{unpriced}"


def _money(supply: xr.Dataset) -> str:
    left = money_left_of(supply)
    if left is None:
        return "No figure of money is given: what is bought or done at the spot is not in this account."
    return f"Money left on the last day: {_figure(left)} {supply.attrs['currency']}."


def _figure(value: float) -> str:
    rounded = significant(value)
    return f"{rounded:,.0f}" if rounded >= 10 or rounded == 0 else f"{rounded:g}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)
