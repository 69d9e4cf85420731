"""Demand into what can be delivered: stock, routes, trucks and money, day by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

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


class Gate(NamedTuple):
    """A crossing or road that several routes share."""

    trucks: Array
    """Whole trucks that may pass on each day, inf without a limit, (time,). [truck]"""
    routes: Flags
    """Whether a route passes it, (route,)."""


@dataclass(frozen=True)
class Ways:
    """Routes from hubs to zones, day by day."""

    routes: tuple[str, ...]
    """Names, in the order in which they are used; those of shorter lead go first."""
    trucks: Array
    """Whole trucks that may leave, inf without a limit, (time, route). [truck]"""
    reach: Flags
    """Whether a route is open, serves a hub and reaches a zone from it, (time, route, hub, zone); by the day on
    which trucks leave."""
    lead: npt.NDArray[np.int64]
    """Days from leaving to being handed out, (route,). [day]"""
    gates: tuple[Gate, ...] = ()
    """Limits that routes share."""


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

    Days of arrival are served in order, and of each the routes of shorter lead first, so a slow route brings only what a
    faster one cannot. Trucks leave for what is wanted on the day they arrive: the needs of the coming days are
    taken as known. What is missed of a `daily` line is missed; what is owed of any other line stays owed. What
    would arrive after the last day is not sent. What is local or a service is bought on the day; without a figure
    of money, or of its cost, it is left out.

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
        `CONSTRAINTS` of what keeps it from being met: the limit met on the last open route; access where none is open.
        By (time, hub, item) `incoming`; by (member, time, hub, item) `left`; by (member, time, item) `lost` on
        the way, by the day of arrival; by (member, time, route) `trucks_used`; by (time, route) `trucks_allowed`,
        gates and closures counted; by (member, time) `money_left` (NaN: no figure). `runs_out` (member, hub,
        item): the first day at whose end nothing is left. Attribute `items_without_cost`: local goods and
        services left out for want of a cost.

    Notes
    -----
    For every item delivered + left + lost + on the way = incoming so far.
    """
    chosen = needs.isel(item=_kept(needs, money is not None))
    kept = np.isin(needs["item"].values, chosen["item"].values)
    account = _Account(chosen, supply, Stores(stores.hubs, stores.incoming[:, :, kept]), ways, money)
    for day in range(account.days):
        account.serve(day)
    local = (needs["supplied"] != "hub") & needs["cost"].isnull()
    without = ", ".join(needs["item"].values[local.values].tolist()) if money is not None else ""
    return account.dataset().assign_attrs(items_without_cost=without)


def _kept(needs: xr.Dataset, with_money: bool) -> npt.NDArray[np.int64]:
    """Positions of the items of which an account can be kept."""
    known = needs["need"].notnull().all(("member", "time", "zone"))
    bought = needs["cost"].notnull() & with_money
    return np.flatnonzero((known & ((needs["supplied"] == "hub") | bought)).values)


class _Account:
    """The state of stock, trucks and money while days are served; the only thing here that changes.

    Stock and money are kept for every day: what leaves on a day is gone from then on, and no more may leave than the
    smallest amount left on any day after.
    """

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
        self.cost: Array = np.where(self.carried, 0.0, needs["cost"].values)
        sectors = [str(sector) for sector in needs["sector"].values]
        self.tiers = [np.array(tier) for tier in RULES[supply.rule](sectors, supply.order)]
        self.owed = np.cumsum(self.target, axis=1)
        self.delivered = np.zeros_like(self.need)
        self.capable = np.zeros_like(self.need)
        self.binding = np.full(self.need.shape, ACCESS, dtype=np.int8)
        self.left = np.repeat(np.cumsum(stores.incoming, axis=0)[None], self.members, axis=0)
        self.lost = np.zeros((self.members, self.days, self.items))
        self.used = np.zeros((self.members, self.days, len(ways.routes)))
        self.has_money = money is not None
        funds = np.full(self.days, np.inf) if money is None else np.cumsum(money)
        self.money = np.repeat(funds[None], self.members, axis=0)

    def wanted(self, day: int) -> Array:
        """What is still to come so that a day's needs and what is owed are met, (member, zone, item). [unit]"""
        today = self.target[:, day] - self.delivered[:, day]
        all_along = self.owed[:, day] - self.delivered[:, : day + 1].sum(axis=1)
        wanted = np.where(self.perishes, today, all_along)
        return np.where(wanted > EPSILON * (1.0 + self.owed[:, day]), wanted, 0.0)

    def funds(self, day: int) -> Array:
        """What may be spent on a day, (member,). [currency]"""
        least: Array = self.money[:, day:].min(axis=1)
        return least

    def serve(self, day: int) -> None:
        """What arrives on a day, tier by tier."""
        order = np.argsort(self.ways.lead, kind="stable")
        convoys = [_Convoy(self, day, int(at)) for at in order if day >= self.ways.lead[at]]
        self._note_what_each_could_have(day, convoys)
        for tier in self.tiers:
            local, carried = tier[~self.carried[tier]], tier[self.carried[tier]]
            self._buy(day, local, self._price(convoys, day, carried))
            for convoy in convoys:
                convoy.load(carried)

    def _price(self, convoys: Sequence[_Convoy], day: int, carried: npt.NDArray[np.int64]) -> Array:
        """What the trucks for a tier would cost if all of it could go, (member,). [currency]"""
        if not convoys or not len(carried):
            return np.zeros(self.members)
        wanted = self.wanted(day)[:, :, carried].sum(axis=1)
        loads = truck_loads(wanted, self.mass[carried], self.volume[carried], self.supply)
        return trucks(loads) * self.supply.cost_per_truck

    def _buy(self, day: int, items: npt.NDArray[np.int64], beside: Array) -> None:
        """Local goods and services, as far as money goes that trucks of their tier (which cost `beside`) share."""
        if not len(items):
            return
        wanted, funds = self.wanted(day)[:, :, items], self.funds(day)
        price = (wanted * self.cost[items]).sum(axis=(1, 2))
        share = _share(funds, price + beside)
        alone = _share(funds[:, None, None], wanted * self.cost[items]) * wanted
        self.money[:, day:] -= (share * price)[:, None]
        self.capable[:, day][:, :, items] = alone
        limit = np.where((share < 1.0)[:, None, None], MONEY, 0)
        self.hand_out(day, items, wanted * share[:, None, None], limit)

    def _note_what_each_could_have(self, day: int, convoys: Sequence[_Convoy]) -> None:
        """For each zone and item: what would come if all stock, trucks and money were its own."""
        supply = self.supply
        heaviest = np.maximum(
            np.nan_to_num(self.mass) / (1000.0 * supply.payload_t),
            np.nan_to_num(self.volume) / (supply.truck_m3 * supply.stowage),
        )
        stock = np.zeros((self.members, self.zones, self.items))
        room = np.zeros((self.members, self.zones))
        for hub in range(len(self.stores.hubs)):
            reaching = [convoy for convoy in convoys if convoy.reach[hub].any()]
            if reaching:
                last = max(convoy.day for convoy in reaching)
                held = self.left[:, last:, hub].min(axis=1)
                stock += held[:, None, :] * np.any([each.reach[hub] for each in reaching], axis=0)[:, None]
        for convoy in convoys:
            room += np.where(convoy.reach.any(axis=0), convoy.room()[0][:, None], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            by_truck = np.where(
                heaviest > 0, room[..., None] / heaviest, np.where(room[..., None] > 0, np.inf, 0.0)
            )
        alone = np.minimum(stock, by_truck) * (1.0 - supply.losses)
        self.capable[:, day] = np.where(self.carried, alone, 0.0)

    def hand_out(
        self, day: int, items: npt.NDArray[np.int64], quantity: Array, limit: npt.NDArray[Any]
    ) -> None:
        """Write down what reaches zones on a day, and what limited it; zeros of `limit` mean: nothing."""
        self.delivered[:, day][:, :, items] += quantity
        self.binding[:, day][:, :, items] = np.broadcast_to(limit, quantity.shape)

    def dataset(self) -> xr.Dataset:
        """The account as arrays with names."""
        before = np.cumsum(self.delivered, axis=1) - self.delivered
        outstanding = np.maximum(np.where(self.perishes, self.target, self.owed - before), 0.0)
        gap = np.maximum(outstanding - self.delivered, 0.0)
        gap[gap <= EPSILON * 10 * (1.0 + self.owed)] = 0.0
        unnamed = (gap > 0) & (self.binding == 0)
        binding = np.where(gap > 0, np.where(unnamed, STOCK, self.binding), 0).astype(np.int8)
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
        left = np.where(
            self.left > EPSILON * 10 * (1.0 + np.cumsum(self.stores.incoming, axis=0)), self.left, 0.0
        )
        money_left = self.money if self.has_money else np.full_like(self.money, np.nan)
        others = {
            "incoming": (("time", "hub", "item"), self.stores.incoming),
            "left": (("member", "time", "hub", "item"), left),
            "lost": (("member", "time", "item"), self.lost),
            "trucks_used": (("member", "time", "route"), self.used),
            "trucks_allowed": (("time", "route"), self._allowed()),
            "money_left": (("member", "time"), money_left),
            "runs_out": (("member", "hub", "item"), self._runs_out(left)),
        }
        coords = {**self.needs.coords, "hub": list(self.stores.hubs), "route": list(self.ways.routes)}
        held = {name: (dims, values) for name, values in by_zone.items()}
        return xr.Dataset({**held, **others}, coords=coords, attrs=dict(self.needs.attrs))

    def _allowed(self) -> Array:
        """Trucks that each route could send on a day if no other used its gates; 0 where it is closed."""
        allowed = self.ways.trucks.copy()
        for gate in self.ways.gates:
            allowed[:, gate.routes] = np.minimum(allowed[:, gate.routes], gate.trucks[:, None])
        return np.where(self.ways.reach.any(axis=(2, 3)) | (allowed == 0), allowed, 0.0)

    def _runs_out(self, left: Array) -> npt.NDArray[np.datetime64]:
        """First day at whose end a hub that held an item has nothing left of it; NaT: never."""
        empty = (left <= 0) & (np.cumsum(self.stores.incoming, axis=0) > 0)
        days = self.needs["time"].values.astype("datetime64[ns]")
        never = np.full(empty.shape[:1] + empty.shape[2:], np.datetime64("NaT", "ns"))
        if not self.days:
            return never
        return np.where(empty.any(axis=1), days[np.argmax(empty, axis=1)], never)


class _Convoy:
    """The trucks of one route that arrive on one day, and what is on them."""

    def __init__(self, account: _Account, arrival: int, route: int) -> None:
        ways = account.ways
        self.account, self.arrival, self.route = account, arrival, route
        self.day = int(arrival - ways.lead[route])
        self.reach: Flags = ways.reach[self.day, route]
        self.quantity = np.zeros((account.members, account.items))

    @property
    def paid(self) -> Array:
        """Trucks that go already, (member,)."""
        used: Array = self.account.used[:, self.day, self.route]
        return used

    def room(self) -> tuple[Array, Flags]:
        """Trucks that may go in all, by every limit and by money, (member,), and whether money is the smallest."""
        account, ways = self.account, self.account.ways
        allowed = np.full(account.members, ways.trucks[self.day, self.route])
        for gate in ways.gates:
            if gate.routes[self.route]:
                others = account.used[:, self.day][:, gate.routes].sum(axis=1) - self.paid
                allowed = np.minimum(allowed, gate.trucks[self.day] - others)
        price = account.supply.cost_per_truck
        affordable = np.full(account.members, np.inf)
        if price > 0:
            affordable = self.paid + np.floor(account.funds(self.day) / price + EPSILON)
        return np.minimum(allowed, affordable), affordable < allowed

    def load(self, items: npt.NDArray[np.int64]) -> None:
        """Load a tier of items from the hubs of the route; hubs that reach the same zones together."""
        if not len(items):
            return
        for hubs, zones in _alike(self.reach):
            self._load_from(items, hubs, zones)

    def _load_from(self, items: npt.NDArray[np.int64], hubs: npt.NDArray[np.int64], zones: Flags) -> None:
        """Stock shared among zones, room among zones and items, by what is wanted."""
        account, supply = self.account, self.account.supply
        wanted = account.wanted(self.arrival)[:, :, items] * zones[:, None]
        asked = wanted.sum(axis=1) / (1.0 - supply.losses)
        stock = np.maximum(account.left[:, self.day :][:, :, hubs].min(axis=1)[:, :, items], 0.0)
        by_stock = _share(stock.sum(axis=1), asked)
        by_room, by_money = self._share_of_room(asked * by_stock, items)
        leaves = asked * by_stock * by_room[:, None]
        self._take(items, hubs, stock, leaves)
        self.quantity[:, items] += leaves
        self._pay()
        arrives = wanted * (by_stock * by_room[:, None])[:, None, :]
        account.lost[:, self.arrival][:, items] += leaves * supply.losses
        limit = np.where(by_stock < 1.0 - EPSILON, STOCK, 0)
        full = np.where(by_money, MONEY, TRUCKS)[:, None]
        crowded = (by_room < 1.0 - EPSILON)[:, None] & (by_stock > 0)
        limit = np.where(crowded, full, limit)[:, None, :]
        before = account.binding[:, self.arrival][:, :, items]
        account.hand_out(self.arrival, items, arrives, np.where(zones[:, None], limit, before))

    def _share_of_room(self, quantity: Array, items: npt.NDArray[np.int64]) -> tuple[Array, Flags]:
        """Share of a tier's load that finds room, (member,), and whether money is what limits it."""
        account, supply = self.account, self.account.supply
        room, by_money = self.room()
        share = np.ones(account.members)
        for per_unit, space in (
            (account.mass, 1000.0 * supply.payload_t),
            (account.volume, supply.truck_m3 * supply.stowage),
        ):
            taken = self.quantity @ np.nan_to_num(per_unit) / space
            share = np.minimum(share, _share(room - taken, quantity @ np.nan_to_num(per_unit[items]) / space))
        found: Array = np.where(room > 0, share, 0.0)
        return found, by_money

    def _take(
        self, items: npt.NDArray[np.int64], hubs: npt.NDArray[np.int64], stock: Array, leaves: Array
    ) -> None:
        """Take from the hubs in proportion to what they can give, from the day of leaving on."""
        held = stock.sum(axis=1, keepdims=True)
        part = np.divide(stock, held, out=np.zeros_like(stock), where=held > 0)
        taken = part * leaves[:, None, :]
        for at, hub in enumerate(hubs):
            self.account.left[:, self.day :, hub, items] -= taken[:, None, at]

    def _pay(self) -> None:
        """Trucks for what is loaded so far."""
        account = self.account
        needed = trucks(truck_loads(self.quantity, account.mass, account.volume, account.supply))
        account.money[:, self.day :] -= ((needed - self.paid) * account.supply.cost_per_truck)[:, None]
        account.used[:, self.day, self.route] = needed


def _alike(reach: Flags) -> list[tuple[npt.NDArray[np.int64], Flags]]:
    """Hubs that reach the same zones, and those zones; hubs that reach none are left out."""
    found: dict[bytes, list[int]] = {}
    for hub, zones in enumerate(reach):
        if zones.any():
            found.setdefault(zones.tobytes(), []).append(hub)
    return [(np.array(hubs), reach[hubs[0]]) for hubs in found.values()]


def _share(available: Array, asked: Array) -> Array:
    """Share of what is asked that is available, from 0 to 1; 1 where nothing is asked."""
    ample = np.broadcast_to(available >= asked, asked.shape)
    part = np.divide(available, asked, out=np.ones(asked.shape), where=(asked > 0) & ~ample)
    return np.clip(part, 0.0, 1.0)
