"""Stock, routes, trucks and money: what a planner can say about supply."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from displacement.needs.item import Assumptions, Positive, Sector, Share, Slug

__all__ = ["LIFESAVING_FIRST", "Consignment", "Grant", "Hub", "Route", "Supply"]

Name = Annotated[str, Field(min_length=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]

LIFESAVING_FIRST: tuple[Sector, ...] = (
    "water",
    "food",
    "health",
    "nutrition",
    "shelter",
    "sanitation and hygiene",
    "sexual and reproductive health",
    "household items",
    "protection",
    "child protection",
    "gender-based violence",
    "mine action",
    "camp coordination",
    "education",
    "cash",
)
"""Sectors in the order in which they are served where not everything can be. A judgement; a scenario may give another."""


class Consignment(Assumptions):
    """What reaches a hub on a day."""

    date: dt.date
    """The day; from its morning it can be sent on."""
    item: Slug
    """The aid item."""
    quantity: float | str
    """How much, with its unit or in the item's: 500 t. [unit]"""


class Hub(Assumptions):
    """A store."""

    at: str | None = None
    """Where it is: place or crossing, by name or id. Needed only where boundaries closed to trucks are to count."""
    stock: dict[Slug, float | str] = Field(default={})
    """What is in store when the run starts, by item, with its unit or in the item's: {tent: 2000, full_ration: 500 t}."""
    pipeline: tuple[Consignment, ...] = ()
    """What arrives later."""


class Route(Assumptions):
    """A way by which trucks carry aid from hubs to zones."""

    trucks_per_day: Amount | None = None
    """Trucks that can leave in a day; of a part of a truck, the whole ones as they add up (1.5: three in two days).
    Blank: no limit. `trucks` events of the scenario count over it. [1/day]"""
    hubs: tuple[Name, ...] = ()
    """Hubs that it serves; default: every hub."""
    to: tuple[Name, ...] = ()
    """Zones or larger units that it reaches, by name or p-code; default: the whole area."""
    via: tuple[Name, ...] = ()
    """Roads and crossings it runs over: closed for trucks (also one stretch), it is closed. Default: the road or crossing
    of the route's own name, if there is one."""
    lead_days: int = Field(1, ge=0, le=365)
    """Days from leaving the hub to being handed out. [day]
    Source: assumed for stores near the area; from regional stores 5 to 14 days, overseas 30 to 45."""


class Grant(Assumptions):
    """Money that becomes available on a day."""

    date: dt.date
    """The day."""
    amount: Amount
    """In the catalogue's currency."""


class Supply(Assumptions):
    """What there is to meet the needs with."""

    stock: str | None = None
    """A table of stock: hub, item (id or name), quantity, unit, date (blank: in store when the run starts), source."""
    hubs: dict[Name, Hub] = Field(default={})
    """Stores, by name; those of the table need not be repeated."""
    routes: dict[Name, Route] = Field(default={})
    """Ways from hubs to zones, by name, in the order in which they are used. None: trucks reach every zone in a day,
    without limit."""
    money: Amount | None = None
    """What may be spent from the first day: on trucks, and on what is bought or done at the spot. Blank: not known, so it
    limits nothing, and what is not carried from hubs is left out of the account. In the catalogue's currency."""
    grants: tuple[Grant, ...] = ()
    """Money that becomes available later."""
    target: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the need that is to be met. [1]"""
    targets: dict[Sector, Share] = Field(default={})
    """The same for single sectors: {food: 0.6}. [1]"""
    losses: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """Share of what leaves a hub that is lost on the way or at distribution. [1]
    Source: recalled; range 0.01 to 0.15, the last for December 2024, when stores were looted."""
    rule: Literal["lifesaving", "proportional"] = "lifesaving"
    """Who is served first: sectors in their `order`, within one in proportion to unmet need; or all in proportion."""
    order: Annotated[tuple[Sector, ...], Field(min_length=1)] = LIFESAVING_FIRST
    """Sectors in the order in which they are served; those left out come last, together."""
    payload_t: Positive = 20.4
    """Load of a truck by weight. [t]
    Source: transhipment of February 2020, 2,160 t on 106 trucks; 22.2 t on 12 December 2024; rated 24. Range 18 to 24."""
    truck_m3: Positive = 85.0
    """Load space of a truck, a 13.6 m semi-trailer. [m3]
    Source: its inner dimensions (recalled). Range 76 to 92."""
    stowage: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Share of the load space that mixed cargo fills. [1]
    Source: recalled; range 0.7 to 0.9."""
    cost_per_truck: Amount = 450.0
    """Cost of one truck trip from hub to zone, in the catalogue's currency.
    Source: recalled; range 250 to 900."""

    @model_validator(mode="after")
    def _names_each_sector_once(self) -> "Supply":
        if len(set(self.order)) != len(self.order):
            raise ValueError("order names a sector twice; keep one")
        if self.grants and self.money is None:
            raise ValueError("'grants' come on top of 'money'; write money: 0 if there is none at first")
        return self

    def share_of_need(self, sector: str) -> float:
        """Share of a sector's need that is to be met. [1]"""
        return next((share for name, share in self.targets.items() if name == sector), self.target)
