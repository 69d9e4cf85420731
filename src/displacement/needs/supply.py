"""Demand into what can be delivered: stock, routes, trucks and money, day by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.loads import truck_loads, trucks
from displacement.needs.logistics import Supply

__all__ = ["CONSTRAINTS", "RULES", "Stores", "Ways", "deliver", "whole_trucks"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CONSTRAINTS = ("", "stock", "trucks", "money", "access")
"""What keeps a need from being met, by its number in `binding`; 0: nothing."""
STOCK, TRUCKS, MONEY, ACCESS = 1, 2, 3, 4
EPSILON = 1e-9
"""Relative size below which a remainder is an error of rounding."""


@dataclass(frozen=True)
class Stores:
    """What hubs hold and what reaches them."""

    hubs: tuple[str, ...]
    """Names."""
    incoming: Array
    """What reaches a hub in the morning of a day, the opening stock on the first, (time, hub, item). [unit]"""


@dataclass(frozen=True)
class Ways:
    """Routes from hubs to zones, day by day."""

    routes: tuple[str, ...]
    """Names, in the order in which they are used."""
    trucks: Array
    """Whole trucks that may leave, inf without a limit, (time, route). [truck]"""
    reach: Flags
    """Whether a route is open and reaches a zone, (time, route, zone); by the day on which trucks leave."""
    hubs: Flags
    """Whether a route serves a hub, (route, hub)."""
    lead: npt.NDArray[np.int64]
    """Days from leaving to being handed out, (route,). [day]"""


def whole_trucks(per_day: Array) -> Array:
    """Whole trucks a day from a limit that may be a fraction: as they add up.

    Parameters
    ----------
    per_day : array of shape (time, ...)
        inf: no limit. [truck/day]

    Returns
    -------
    array of the same shape
        Sums to the whole part of the sum. [truck]

    Examples
    --------
    >>> whole_trucks(np.full(5, 1.6))
    array([1., 2., 1., 2., 2.])
    """
    limited = np.where(np.isfinite(per_day), per_day, 0.0)
    so_far = np.floor(np.cumsum(limited, axis=0) + EPSILON)
    return np.where(np.isfinite(per_day), np.diff(so_far, axis=0, prepend=0.0), np.inf)


def _lifesaving(sectors: Sequence[str], order: Sequence[str]) -> list[list[int]]:
    """Sectors in their order; those that are not in it last, together."""
    tiers = [[at for at, sector in enumerate(sectors) if sector == wanted] for wanted in order]
    rest = [at for at, sector in enumerate(sectors) if sector not in order]
    return [tier for tier in (*tiers, rest) if tier]


def _proportional(sectors: Sequence[str], order: Sequence[str]) -> list[list[int]]:
    """All items at once."""
    return [list(range(len(sectors)))] if sectors else []


RULES: Mapping[str, Callable[[Sequence[str], Sequence[str]], list[list[int]]]] = MappingProxyType(
    {"lifesaving": _lifesaving, "proportional": _proportional}
)
"""Who is served first where there is not enough for all.

Contract: (sector of each item, sectors in order) -> positions of items in tiers, every item in exactly one. A tier gets
what the earlier ones left. Within a tier stock is shared among zones, and trucks and money among zones and items, in
proportion to what is wanted.
"""


def deliver(
    needs: xr.Dataset, supply: Supply, stores: Stores, ways: Ways, money: Array | None = None
) -> xr.Dataset:
    """What of the needs can be met, day by day: the hub, the route, the zone, and what stands in the way.

    Trucks leave for what is wanted on the day they arrive, so the needs of the coming days are taken as known. What is
    missed of a `daily` line is missed; what is owed of any other line stays owed. What would arrive after the last day is
    not sent. What is local or a service is bought on the day; without a figure of money it is left out.

    Parameters
    ----------
    needs : Dataset
        As `demand` returns it; lines without a figure are left out.
    supply : Supply
        Settings.
    stores : Stores
        Along the items of `needs`.
    ways : Ways
        Along the zones of `needs`.
    money : array of shape (time,), optional
        What becomes available on each day; None: not known, no limit. [currency]

    Returns
    -------
    Dataset
        By (member, time, zone, item), in the items' units: `need`; `target`, the part that is to be met; `outstanding`,
        what is wanted on the day with what is still owed; `deliverable`, what would reach the zone if it had all stock,
        trucks and money to itself; `delivered`; `gap`, what is missing at the day's end; `binding`, the position in
        `CONSTRAINTS` of what keeps it from being met: the limit met on the last open route; access where none is open, or
        where it is still on the way. By (time, hub, item) `incoming`; by (member, time, hub, item) `left`; by
        (member, time, item) `lost` on the way, by the day of arrival; by (member, time, route) `trucks_used`; by
        (time, route) `trucks_allowed`; by (member, time) `money_left` (NaN: no figure). `runs_out` (member, hub,
        item): the first day at whose end nothing is left.

    Notes
    -----
    For every item delivered + left + lost + on the way = incoming so far.
    """
    chosen = needs.isel(item=_account(needs, money is not None))
    kept = np.isin(needs["item"].values, chosen["item"].values)
    account = _Account(chosen, supply, Stores(stores.hubs, stores.incoming[:, :, kept]), ways, money)
    for day in range(account.days):
        account.send(day)
    return account.dataset()


def _account(needs: xr.Dataset, with_money: bool) -> npt.NDArray[np.int64]:
    """Positions of the items of which an account can be kept."""
    known = needs["need"].notnull().all(("member", "time", "zone"))
    carried = (needs["supplied"] == "hub") | with_money
    return np.flatnonzero((known & carried).values)


class _Account:
    """The state of stock, trucks and money while the days pass; the only thing here that changes."""

    def __init__(
        self, needs: xr.Dataset, supply: Supply, stores: Stores, ways: Ways, money: Array | None
    ) -> None:
        self.needs, self.supply, self.stores, self.ways = needs, supply, stores, ways
        self.need: Array = needs["need"].transpose("member", "time", "zone", "item").values
        share = [supply.share_of_need(str(sector)) for sector in needs["sector"].values]
        self.target = self.need * np.array(share)
        self.members, self.days, self.zones, self.items = self.need.shape
        self.perishes: Flags = needs["kind"].values == "daily"
        self.carried: Flags = needs["supplied"].values == "hub"
        self.mass, self.volume = needs["mass_kg"].values, needs["volume_m3"].values
        self.cost = np.nan_to_num(needs["cost"].values)
        sectors = [str(sector) for sector in needs["sector"].values]
        self.tiers = [np.array(tier) for tier in RULES[supply.rule](sectors, supply.order)]
        self.owed = np.cumsum(self.target, axis=1)
        self.sent = np.zeros((self.members, self.zones, self.items))
        self.delivered = np.zeros_like(self.need)
        self.capable = np.zeros_like(self.need)
        self.binding = np.full(self.need.shape, ACCESS, dtype=np.int8)
        self.stock = np.zeros((self.members, len(stores.hubs), self.items))
        self.left = np.zeros((self.members, self.days, len(stores.hubs), self.items))
        self.lost = np.zeros((self.members, self.days, self.items))
        self.used = np.zeros((self.members, self.days, len(ways.routes)))
        self.money_in = money
        self.money = np.full(self.members, np.inf) if money is None else np.zeros(self.members)
        self.money_left = np.full((self.members, self.days), np.nan)

    def wanted(self, day: int) -> Array:
        """What is still to be sent so that it is there on a day, (member, zone, item). [unit]"""
        today = self.target[:, day] - self.delivered[:, day]
        all_along = self.owed[:, day] - self.sent
        wanted = np.where(self.perishes, today, all_along)
        return np.where(wanted > EPSILON * (1.0 + self.target[:, day]), wanted, 0.0)

    def send(self, day: int) -> None:
        """A day: what comes in, tier by tier what goes out."""
        self.stock += self.stores.incoming[day]
        if self.money_in is not None:
            self.money = self.money + self.money_in[day]
        lorries = [
            _Lorries(self, day, at)
            for at in np.argsort(self.ways.lead, kind="stable")
            if day + self.ways.lead[at] < self.days
        ]
        for each in lorries:
            each.note_what_one_could_have()
        for tier in self.tiers:
            self.buy(day, tier[~self.carried[tier]])
            for each in lorries:
                each.load(tier[self.carried[tier]])
        self.left[:, day] = self.stock
        if self.money_in is not None:
            self.money_left[:, day] = self.money

    def buy(self, day: int, items: npt.NDArray[np.int64]) -> None:
        """Local goods and services, as far as money goes."""
        if not len(items):
            return
        wanted = self.wanted(day)[:, :, items]
        price = (wanted * self.cost[items]).sum(axis=(1, 2))
        share = _share(self.money, price)
        alone = _share(self.money[:, None, None], wanted * self.cost[items]) * wanted
        bought = wanted * share[:, None, None]
        self.money = self.money - share * price
        self.capable[:, day][:, :, items] += alone
        self.hand_out(day, items, bought, np.where((share < 1.0)[:, None, None], MONEY, 0))

    def hand_out(
        self, day: int, items: npt.NDArray[np.int64], quantity: Array, limit: npt.NDArray[Any]
    ) -> None:
        """Write down what reaches zones on a day, and what limited it; zeros of `limit` mean: nothing."""
        self.delivered[:, day][:, :, items] += quantity
        self.sent[:, :, items] += quantity
        self.binding[:, day][:, :, items] = np.broadcast_to(limit, quantity.shape)

    def dataset(self) -> xr.Dataset:
        """The account as arrays with names."""
        before = np.cumsum(self.delivered, axis=1) - self.delivered
        outstanding = np.maximum(np.where(self.perishes, self.target, self.owed - before), 0.0)
        gap = np.maximum(outstanding - self.delivered, 0.0)
        gap[gap <= EPSILON * 10 * (1.0 + outstanding)] = 0.0
        on_the_way = (gap > 0) & (self.binding == 0)
        binding = np.where(gap > 0, np.where(on_the_way, ACCESS, self.binding), 0).astype(np.int8)
        dims = ("member", "time", "zone", "item")
        by_zone = {
            "need": self.need,
            "target": self.target,
            "outstanding": outstanding,
            "deliverable": np.minimum(outstanding, np.maximum(self.capable, self.delivered)),
            "delivered": self.delivered,
            "gap": gap,
            "binding": binding,
        }
        of_hubs = {
            "incoming": (("time", "hub", "item"), self.stores.incoming),
            "left": (("member", "time", "hub", "item"), self.left),
            "lost": (("member", "time", "item"), self.lost),
            "trucks_used": (("member", "time", "route"), self.used),
            "trucks_allowed": (("time", "route"), self.ways.trucks),
            "money_left": (("member", "time"), self.money_left),
            "runs_out": (("member", "hub", "item"), self._runs_out()),
        }
        coords = {**self.needs.coords, "hub": list(self.stores.hubs), "route": list(self.ways.routes)}
        held = {name: (dims, values) for name, values in by_zone.items()}
        return xr.Dataset({**held, **of_hubs}, coords=coords, attrs=dict(self.needs.attrs))

    def _runs_out(self) -> npt.NDArray[np.datetime64]:
        """First day at whose end a hub that held an item has nothing left of it; NaT: never."""
        so_far = np.cumsum(self.stores.incoming, axis=0)
        empty = (self.left <= EPSILON * 10 * (1.0 + so_far)) & (so_far > 0)
        first = (
            np.argmax(empty, axis=1) if self.days else np.zeros(empty.shape[:1] + empty.shape[2:], dtype=int)
        )
        days = self.needs["time"].values.astype("datetime64[ns]")
        never = np.datetime64("NaT", "ns")
        return np.where(empty.any(axis=1), days[first] if self.days else never, never)


class _Lorries:
    """One route on one day: trucks that may leave, and what is on them."""

    def __init__(self, account: _Account, day: int, route: int) -> None:
        self.account, self.day, self.route = account, day, route
        ways = account.ways
        self.arrival = int(day + ways.lead[route])
        self.reach: Flags = ways.reach[day, route]
        self.hubs: Flags = ways.hubs[route]
        self.allowed = float(ways.trucks[day, route])
        self.quantity = np.zeros((account.members, account.items))
        self.paid = np.zeros(account.members)

    def room(self) -> tuple[Array, Flags]:
        """Trucks that may leave in all, by limit and by money, (member,), and whether money is the smaller."""
        price = self.account.supply.cost_per_truck
        affordable = np.full(self.account.members, np.inf)
        if price > 0:
            affordable = self.paid + np.floor(self.account.money / price + EPSILON)
        return np.minimum(self.allowed, affordable), affordable < self.allowed

    def filled(self, quantity: Array, per_unit: Array, space: float) -> Array:
        """Trucks that a load fills by one measure, (member,)."""
        filled: Array = quantity @ np.nan_to_num(per_unit) / space
        return filled

    def note_what_one_could_have(self) -> None:
        """For each zone and item: what the route would bring if all stock, trucks and money were its own."""
        account, supply = self.account, self.account.supply
        room, _ = self.room()
        stock = account.stock[:, self.hubs].sum(axis=1)
        heaviest = np.maximum(
            np.nan_to_num(account.mass) / (1000.0 * supply.payload_t),
            np.nan_to_num(account.volume) / (supply.truck_m3 * supply.stowage),
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            by_truck = np.where(
                heaviest > 0, room[:, None] / heaviest, np.where(room[:, None] > 0, np.inf, 0.0)
            )
        alone = np.minimum(stock, by_truck) * (1.0 - supply.losses)
        alone = np.where(account.carried, alone, 0.0)
        account.capable[:, self.arrival] += alone[:, None, :] * self.reach[:, None]

    def load(self, items: npt.NDArray[np.int64]) -> None:
        """Load a tier of items: stock shared among zones, room among zones and items, by what is wanted."""
        if not len(items) or not self.reach.any():
            return
        account, supply = self.account, self.account.supply
        wanted = account.wanted(self.arrival)[:, :, items] * self.reach[:, None]
        asked = wanted.sum(axis=1) / (1.0 - supply.losses)
        stock = account.stock[:, self.hubs][:, :, items]
        by_stock = _share(stock.sum(axis=1), asked)
        by_room, by_money = self._share_of_room(asked * by_stock, items)
        leaves = asked * by_stock * by_room[:, None]
        self._take(items, stock, leaves)
        self.quantity[:, items] += leaves
        self._pay()
        arrives = wanted * (by_stock * by_room[:, None])[:, None, :]
        account.lost[:, self.arrival][:, items] += leaves * supply.losses
        limit = np.where(by_stock < 1.0 - EPSILON, STOCK, 0)
        full = np.where(by_money, MONEY, TRUCKS)[:, None]
        crowded = (by_room < 1.0 - EPSILON)[:, None] & (by_stock > 0)
        limit = np.where(crowded, full, limit)[:, None, :]
        before = account.binding[:, self.arrival][:, :, items]
        account.hand_out(self.arrival, items, arrives, np.where(self.reach[:, None], limit, before))

    def _share_of_room(self, quantity: Array, items: npt.NDArray[np.int64]) -> tuple[Array, Flags]:
        """Share of a tier's load that finds room, (member,), and whether money is what limits it."""
        account, supply = self.account, self.account.supply
        room, by_money = self.room()
        share = np.ones(account.members)
        for per_unit, space in (
            (account.mass, 1000.0 * supply.payload_t),
            (account.volume, supply.truck_m3 * supply.stowage),
        ):
            taken = self.filled(self.quantity, per_unit, space)
            share = np.minimum(share, _share(room - taken, self.filled(quantity, per_unit[items], space)))
        found: Array = np.where(room > 0, share, 0.0)
        return found, by_money

    def _take(self, items: npt.NDArray[np.int64], stock: Array, leaves: Array) -> None:
        """Take from the hubs of the route in proportion to what they hold."""
        held = stock.sum(axis=1, keepdims=True)
        part = np.divide(stock, held, out=np.zeros_like(stock), where=held > 0)
        hubs = np.flatnonzero(self.hubs)
        grid = np.ix_(np.arange(self.account.members), hubs, items)
        self.account.stock[grid] = np.maximum(stock - part * leaves[:, None, :], 0.0)

    def _pay(self) -> None:
        """Trucks for what is loaded so far."""
        account = self.account
        needed = trucks(truck_loads(self.quantity, account.mass, account.volume, account.supply))
        account.money = account.money - (needed - self.paid) * account.supply.cost_per_truck
        self.paid = needed
        account.used[:, self.day, self.route] = needed


def _share(available: Array, asked: Array) -> Array:
    """Share of what is asked that is available, from 0 to 1; 1 where nothing is asked."""
    ample = np.broadcast_to(available >= asked, asked.shape)
    part = np.divide(available, asked, out=np.ones(asked.shape), where=(asked > 0) & ~ample)
    return np.clip(part, 0.0, 1.0)
