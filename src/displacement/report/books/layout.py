"""Where everything stands in a workbook, so that formulas of one sheet find the cells of another."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from displacement.needs.item import Item
from displacement.needs.logistics import Route, Supply
from displacement.report.books.amounts import ZONE, Amounts
from displacement.report.books.paper import HEAD, Figure, cell
from displacement.report.books.showing import Showing
from displacement.result import Result

READ_ME, SUMMARY, PEOPLE, NEEDS, COUNTED = "read me", "summary", "people", "needs by week", "counted"
BY_DAY, COUNTED_BY_DAY, DAILY, CONTENTS = "area by day", "counted by day", "needs by day", "contents of kits"
STOCK, GAP, BALANCE, TRUCKS, ASSUMPTIONS = "stock", "gap", "gap by day", "trucks", "assumptions"
SOURCES = "sources"
"""Names of the sheets."""

SECTOR_ROW, NAME_ROW, UNIT_ROW, EACH_ROW, RUN_ROW, ID_ROW, TOP = range(HEAD, HEAD + 7)
"""Rows of sheets with an item in each column: what it is, how much a person counted calls for, the same as run."""
FIRST = 6
"""First column with an item."""

PLANNED, PLANNED_AS_RUN, PEOPLE_RATIO, PEOPLE_MEASURES = 11, 12, 13, 14
"""Columns of the sheet of people."""
DAYS_COLUMN, WEEK_COLUMN, LEVEL_COLUMN, ADMIN1_COLUMN = 10, 7, 6, 3

EMPTY_STOCK_ROWS = 30
"""Rows below the stock in which more can be written."""
ANY_STORE = "Store"
"""Name of the hub where the scenario names none."""
ALL_HUBS = "all hubs"
"""Stands for the hub where hubs are not named."""


class Setting(NamedTuple):
    """A number beside the lines."""

    name: str
    value: float
    unit: str
    meaning: str
    editable: bool = True


class Load(NamedTuple):
    """So much of an item that a hub has on the first day, or gets on a later one."""

    hub: str
    item: int
    """Position."""
    day: int
    """From the first; 0: in store when the run starts."""
    quantity: float | None
    """Nothing: to be filled in. [unit]"""


@dataclass(frozen=True, eq=False)
class Layout:
    """A run, its figures, how they are shown, and where they stand."""

    result: Result
    amounts: Amounts
    showing: Showing
    daily: bool = False
    """Whether needs of zones by day have a sheet."""

    @property
    def items(self) -> tuple[Item, ...]:
        """The lines, in the order of columns and rows."""
        return self.amounts.items

    @cached_property
    def first_day(self) -> dt.date:
        """The first day of the run."""
        return self.result.scenario.period.start

    @cached_property
    def days(self) -> int:
        """Days of the run."""
        return len(self.amounts.need_by_day["p50"])

    def day(self, at: int) -> dt.date:
        """A day of the run, from 0."""
        return self.first_day + dt.timedelta(days=at)

    @cached_property
    def supply(self) -> Supply:
        """What the scenario says of supply, or what would count if it said something."""
        return self.result.aid.logistics or Supply()

    @cached_property
    def exact_contents(self) -> bool:
        """Whether what kits hold is reckoned day by day and zone by zone in the workbook."""
        return self.showing.exact and bool(self.amounts.daily) and bool(self.held)

    @cached_property
    def held(self) -> tuple[int, ...]:
        """Positions of items of which kits hold some."""
        return tuple(at for at, item in enumerate(self.items) if self.holders(at))

    def holders(self, at: int) -> tuple[tuple[int, float], ...]:
        """Positions of the kits that hold some of an item, and how much of it one holds."""
        own = self.items[at].id
        return tuple(
            (other, kit.contains[own]) for other, kit in enumerate(self.items) if own in kit.contains
        )

    @cached_property
    def bent(self) -> tuple[int, ...]:
        """Positions of items whose need is not count times quantity alone."""
        return tuple(int(at) for at in np.flatnonzero(self.amounts.bent))

    def own_column(self, at: int) -> int:
        """Column of a bent item's own need on sheets of counts."""
        return FIRST + len(self.items) + self.bent.index(at)

    def scales_with_people(self, at: int) -> bool:
        """Whether an item's need follows the newly displaced people who are planned for."""
        return self.items[at].for_group == ("newly_displaced",)

    # -- figures ------------------------------------------------------------------------------------

    def need(self, place: int, window: int, item: int, level: str = "p50") -> Figure:
        """An item's need in a place and window, as shown. [unit]"""
        amounts = self.amounts
        return self.showing.quantity(
            float(amounts.need[level][place, window, item]), float(amounts.behind[place, window, item])
        )

    @cached_property
    def area_need(self) -> NDArray[np.float64]:
        """Needs of the whole area as shown; nothing where a word stands in their place, (time, item). [unit]"""
        need, behind = self.amounts.need_by_day["p50"], self.amounts.behind_by_day
        shown = [
            [_number(self.showing.quantity(float(need[at]), float(behind[at]))) for at in row]
            for row in ([(day, item) for item in range(len(self.items))] for day in range(len(need)))
        ]
        return np.array(shown).reshape(need.shape)

    def rounded(self, formula: str, value: float) -> tuple[str, float]:
        """A formula and its value; to be forwarded, in two significant digits, halves away from zero."""
        if self.showing.exact:
            return formula, value
        text = f"IF({formula}=0,0,ROUND({formula},1-INT(LOG10(ABS({formula})))))"
        if value == 0:
            return text, 0.0
        size = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
        return text, math.copysign(math.floor(abs(value) / size + 0.5 + 1e-9) * size, value)

    # -- rows ---------------------------------------------------------------------------------------

    def row(self, place: int, window: int) -> int:
        """Row of a place and window on the sheets of people, counts and needs."""
        return TOP + place * len(self.amounts.windows) + window

    @property
    def last_row(self) -> int:
        """The last of them."""
        return self.row(len(self.amounts.places) - 1, len(self.amounts.windows) - 1)

    def week_of(self, day: int) -> int:
        """Position of a day's week among the windows."""
        return 1 + day // 7

    def ratio(self, place: int, window: int) -> str:
        """The cell that says how many times the people of the run are planned for."""
        return cell(self.row(place, window), PEOPLE_RATIO, PEOPLE)

    @cached_property
    def zones(self) -> tuple[int, ...]:
        """Positions of the zones among the places."""
        return tuple(at for at, place in enumerate(self.amounts.places) if place.level == ZONE)

    @property
    def unit_load_rows(self) -> dict[str, int]:
        """Rows with weight and volume of one unit of each item, on the sheet of the area by day."""
        return {"mass_kg": TOP + self.days + 2, "volume_m3": TOP + self.days + 3}

    def unit_loads(self, name: str) -> NDArray[np.float64]:
        """Weight or volume of one unit; 0 where it is not known or no hub supplies it, (item,)."""
        values = [getattr(item, name) if at in self.carried else None for at, item in enumerate(self.items)]
        return np.array([0.0 if value is None else value for value in values])

    # -- assumptions --------------------------------------------------------------------------------

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """Numbers that stand above the lines."""
        people, supply = self.result.aid.settings, self.supply
        routes: Sequence[Route] = tuple(supply.routes.values()) or (Route(),)
        lead = float(min(route.lead_days for route in routes))
        return (
            *(_setting(people, name, "person") for name in ("household_size", "kit_household_size")),
            _setting(supply, "payload_t", "t"),
            _setting(supply, "truck_m3", "m3"),
            _setting(supply, "stowage", "1"),
            _setting(supply, "losses", "1"),
            Setting(
                "lead_days",
                lead,
                "day",
                "Shortest way from a hub to people; change it in the scenario.",
                False,
            ),
        )

    def setting(self, name: str) -> str:
        """The cell of a setting."""
        at = next(at for at, setting in enumerate(self.settings) if setting.name == name)
        return cell(HEAD + 1 + at, 1, ASSUMPTIONS)

    @property
    def lines_head(self) -> int:
        """Row with the names of the columns of the lines."""
        return HEAD + len(self.settings) + 4

    def line(self, item: int) -> int:
        """Row of an item on the sheet of assumptions."""
        return self.lines_head + 1 + item

    def line_cell(self, item: int, name: str) -> str:
        """A cell of an item on the sheet of assumptions."""
        return cell(self.line(item), LINE_COLUMNS.index(name), ASSUMPTIONS)

    # -- stock --------------------------------------------------------------------------------------

    @cached_property
    def carried(self) -> tuple[int, ...]:
        """Positions of items that hubs supply and whose need is known."""
        known = np.asarray(~np.isnan(self.amounts.need_by_day["p50"]).any(axis=0))
        return tuple(at for at, item in enumerate(self.items) if item.supplied == "hub" and known[at])

    @cached_property
    def loads(self) -> tuple[Load, ...]:
        """Lines of stock: what there is, and a blank one for each item of which there is none."""
        there = self._there()
        hub = there[0].hub if there else ANY_STORE if self.showing.exact else ALL_HUBS
        named = {load.item for load in there}
        return (*there, *(Load(hub, at, 0, None) for at in self.carried if at not in named))

    def _there(self) -> list[Load]:
        supply = self.result.supply
        if supply is None:
            return []
        position = {item.id: at for at, item in enumerate(self.items)}
        incoming: NDArray[np.float64] = supply["incoming"].transpose("hub", "item", "time").values
        hubs = [str(hub) for hub in supply["hub"].values]
        if not self.showing.exact:
            incoming, hubs = incoming.sum(axis=0, keepdims=True), [ALL_HUBS]
        codes = [str(code) for code in supply["item"].values]
        return [
            Load(
                hubs[hub],
                position[codes[item]],
                int(day),
                self.showing.stock(float(incoming[hub, item, day])),
            )
            for hub, item, day in np.argwhere(incoming > 0)
        ]

    def stock_range(self, at: int) -> str:
        """A column of the lines of stock, with the empty ones below them."""
        first, last = STOCK_TOP, STOCK_TOP + len(self.loads) + EMPTY_STOCK_ROWS - 1
        return f"{cell(first, at, STOCK)}:{cell(last, at)}"

    # -- balance ------------------------------------------------------------------------------------

    def balance_row(self, item: int, day: int) -> int:
        """Row of an item and day on the sheet of the gap by day."""
        return BALANCE_TOP + self.carried.index(item) * self.days + day

    def gap_row(self, item: int, window: int) -> int:
        """Row of an item and window on the sheet of the gap."""
        return GAP_TOP + self.carried.index(item) * len(self.amounts.windows) + window


STOCK_TOP = HEAD + 1
STOCK_COLUMNS = ("hub", "item", "name", "unit", "date", "quantity", "as run")
BALANCE_TOP, GAP_TOP = HEAD + 1, HEAD + 1

EDITABLE = ("quantity", "low", "high", "mass_kg", "volume_m3", "cost")
"""Numbers of a line that may be changed in the workbook."""
LINE_COLUMNS = (
    *("item", "sector", "name", "counted", "per", "unit", "every_days"),
    *EDITABLE,
    *("source", "status", "units_per_person", "each", "each as run", "change", "to be met"),
    *(f"{name} as run" for name in (*EDITABLE, "source", "status")),
    *("phase", "where", "share", "months", "for_group", "supplied", "contains", "given by"),
)
"""Columns of the lines on the sheet of assumptions."""


def _number(value: Figure) -> float:
    return 0.0 if isinstance(value, str) else value


def _setting(holder: BaseModel, name: str, unit: str) -> Setting:
    described = type(holder).model_fields[name].description or ""
    return Setting(name, float(getattr(holder, name)), unit, " ".join(described.split()))
