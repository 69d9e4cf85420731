"""Stock against need: day by day as formulas, week by week, and beside them what the run itself could deliver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.report.books.layout import (
    BALANCE,
    BY_DAY,
    FIRST,
    GAP,
    TOP,
    Layout,
)
from displacement.report.books.paper import EPOCH, HEAD, Figure, Paper, cell
from displacement.report.books.supply_figures import AsRun

__all__ = ["Balance", "balance", "balances", "write_balance", "write_gap"]

Array = NDArray[Any]
COLUMNS = (
    *("item", "name", "unit", "date", "week", "need", "to be met", "could have reached people"),
    *("wanted", "delivered", "delivered so far", "gap", "left in store", "runs out"),
    *("as run: delivered", "as run: gap", "as run: for want of"),
)
NEED, TARGET, REACHED, WANTED, DELIVERED, SO_FAR, MISSING, LEFT, OUT = range(5, 14)
GAP_COLUMNS = (
    *(
        "item",
        "name",
        "sector",
        "unit",
        "week",
        "from",
        "need",
        "to be met",
        "delivered",
        "gap",
        "share delivered",
    ),
    *("stock runs out", "as run: delivered", "as run: gap", "as run: for want of"),
)
TINY = 1e-9
"""Relative size below which stock that is left is an error of rounding."""


@dataclass(frozen=True)
class Balance:
    """What the formulas of one item come to, each (time,). [unit]"""

    need: Array
    target: Array
    reached: Array
    wanted: Array
    delivered: Array
    so_far: Array
    missing: Array
    left: Array


def balance(need: Array, incoming: Array, share: float, losses: float, lead: int, perishes: bool) -> Balance:
    """Stock against need where nothing but stock limits what is delivered.

    Parameters
    ----------
    need : array of shape (time,)
        [unit]
    incoming : array of shape (time,)
        What reaches hubs, the opening stock on the first day. [unit]
    share : float
        Of the need that is to be met. [1]
    losses : float
        Share of what leaves a hub that is lost. [1]
    lead : int
        From the hub to people. [day]
    perishes : bool
        Whether what is missed is missed (a meal), or stays owed (a tent).

    Examples
    --------
    >>> found = balance(np.array([0.0, 5.0, 5.0]), np.array([6.0, 0.0, 0.0]), 1.0, 0.0, 1, False)
    >>> found.delivered, found.missing
    (array([0., 5., 1.]), array([0., 0., 4.]))
    """
    days = len(need)
    so_far_in = np.cumsum(incoming)
    reached = np.zeros(days)
    reached[lead:] = (1.0 - losses) * so_far_in[: max(days - lead, 0)]
    target = need * share
    wanted, delivered, so_far, missing = (np.zeros(days) for _ in range(4))
    before = owed = 0.0
    for day in range(days):
        wanted[day] = target[day] + (0.0 if perishes else owed)
        delivered[day] = max(0.0, min(wanted[day], reached[day] - before))
        so_far[day] = before = before + delivered[day]
        missing[day] = owed = wanted[day] - delivered[day]
    left = so_far_in - so_far / (1.0 - losses)
    return Balance(need, target, reached, wanted, delivered, so_far, missing, left)


def balances(layout: Layout) -> dict[int, Balance]:
    """What the formulas come to for every item that hubs supply, by position."""
    losses, lead = layout.supply.losses, int(_lead(layout))
    found = {}
    for at in layout.carried:
        item = layout.items[at]
        incoming = np.zeros(layout.days)
        for load in layout.loads:
            if load.item == at and load.quantity is not None:
                incoming[load.day] += load.quantity
        share = layout.supply.share_of_need(item.sector)
        found[at] = balance(layout.area_need[:, at], incoming, share, losses, lead, item.kind == "daily")
    return found


def _lead(layout: Layout) -> float:
    return next(setting.value for setting in layout.settings if setting.name == "lead_days")


def write_balance(paper: Paper, layout: Layout, found: dict[int, Balance], told: AsRun | None) -> None:
    """Write the sheet of the whole area by item and day."""
    how = (
        "Stock of all hubs against the need of the whole area, where nothing but stock limits: what reached a hub "
        "'lead_days' ago, less losses. What is missed of a daily line is missed, all else stays owed. Do not sort."
    )
    sheet = paper.sheet(BALANCE, how, [26, 30, 11, 11, 6, 13], (HEAD + 1, 1))
    paper.texts(sheet, HEAD, 0, COLUMNS, "head")
    for item in layout.carried:
        for day in range(layout.days):
            _write_day(paper, sheet, layout, item, day, found[item])
            _write_as_run(paper, sheet, layout, layout.balance_row(item, day), OUT + 1, item, told, day)
    if layout.carried:
        sheet.autofilter(HEAD, 0, layout.balance_row(layout.carried[-1], layout.days - 1), len(COLUMNS) - 1)


def _write_day(paper: Paper, sheet: Any, layout: Layout, at: int, day: int, found: Balance) -> None:
    item, row = layout.items[at], layout.balance_row(at, day)
    paper.texts(sheet, row, 0, [item.id, item.name, item.unit])
    paper.date(sheet, row, 3, layout.day(day))
    paper.text(sheet, row, 4, layout.amounts.windows[layout.week_of(day)].name)
    need = f"N({cell(TOP + day, FIRST + at, BY_DAY)})"
    paper.formula(sheet, row, NEED, need, float(found.need[day]))
    target = f"{cell(row, NEED)}*{layout.line_cell(at, 'to be met')}"
    paper.formula(sheet, row, TARGET, target, float(found.target[day]))
    incoming = _incoming(layout, at)
    kept = f"(1-{layout.setting('losses')})"
    until = f'"<="&({cell(row, 3)}-{layout.setting("lead_days")})'
    paper.formula(sheet, row, REACHED, f"{kept}*SUMIFS({incoming},{until})", float(found.reached[day]))
    wanted = cell(row, TARGET)
    before = "0"
    if day > 0:
        before = cell(row - 1, SO_FAR)
        wanted += "" if item.kind == "daily" else f"+{cell(row - 1, MISSING)}"
    paper.formula(sheet, row, WANTED, wanted, float(found.wanted[day]))
    delivered = f"MAX(0,MIN({cell(row, WANTED)},{cell(row, REACHED)}-{before}))"
    paper.formula(sheet, row, DELIVERED, delivered, float(found.delivered[day]))
    paper.formula(sheet, row, SO_FAR, f"{before}+{cell(row, DELIVERED)}", float(found.so_far[day]))
    missing = f"{cell(row, WANTED)}-{cell(row, DELIVERED)}"
    paper.formula(sheet, row, MISSING, missing, float(found.missing[day]))
    had = f'SUMIFS({incoming},"<="&{cell(row, 3)})'
    left = f"{had}-{cell(row, SO_FAR)}/{kept}"
    paper.formula(sheet, row, LEFT, left, float(found.left[day]))
    _write_out(paper, sheet, layout, row, day, found)


def _write_out(paper: Paper, sheet: Any, layout: Layout, row: int, day: int, found: Balance) -> None:
    """The day, if nothing is left of what there was."""
    empty = f"AND({cell(row, SO_FAR)}>0,{cell(row, LEFT)}<={TINY:g}*(1+{cell(row, SO_FAR)}))"
    out = found.so_far[day] > 0 and found.left[day] <= TINY * (1.0 + found.so_far[day])
    number = float((layout.day(day) - EPOCH).days)
    paper.formula(sheet, row, OUT, f'IF({empty},{cell(row, 3)},"")', number if out else "", "date")


def _incoming(layout: Layout, item: int) -> str:
    """The lines of stock of an item, ready for a limit on their date."""
    code = layout.line_cell(item, "item")
    return f"{layout.stock_range(5)},{layout.stock_range(1)},{code},{layout.stock_range(4)}"


def write_gap(paper: Paper, layout: Layout, found: dict[int, Balance], told: AsRun | None) -> None:
    """Write the sheet of the whole area by item and week."""
    how = (
        "Formulas: as if stock alone limited what is delivered (all hubs together). 'As run' is what the run could "
        "deliver "
        "with its routes, trucks, money and order too, and for want of what: run again to see a change of it."
    )
    sheet = paper.sheet(GAP, how, [26, 34, 18, 11, 6, 11, 13], (HEAD + 1, 2))
    paper.texts(sheet, HEAD, 0, GAP_COLUMNS, "head")
    sheet.set_row(HEAD, 30)
    for item in layout.carried:
        for window in range(len(layout.amounts.windows)):
            _write_window(paper, sheet, layout, item, window, found[item])
            row = layout.gap_row(item, window)
            _write_as_run(paper, sheet, layout, row, 12, item, told, window)
    if layout.carried:
        last = layout.gap_row(layout.carried[-1], len(layout.amounts.windows) - 1)
        sheet.autofilter(HEAD, 0, last, len(GAP_COLUMNS) - 1)


def _write_window(paper: Paper, sheet: Any, layout: Layout, at: int, window: int, found: Balance) -> None:
    item, span, row = layout.items[at], layout.amounts.windows[window], layout.gap_row(at, window)
    look = "strong" if window == 0 else "number"
    paper.texts(sheet, row, 0, [item.id, item.name, item.sector, item.unit, span.name])
    paper.date(sheet, row, 5, layout.day(span.first))
    days = slice(span.first, span.end)
    for offset, (which, values) in enumerate(
        ((NEED, found.need), (TARGET, found.target), (DELIVERED, found.delivered))
    ):
        total = layout.rounded(f"SUM({_span(layout, at, days, which)})", float(values[days].sum()))
        paper.formula(sheet, row, 6 + offset, *total, look)
    if item.kind == "daily":
        missing, value = f"SUM({_span(layout, at, days, MISSING)})", float(found.missing[days].sum())
    else:
        missing, value = (
            cell(layout.balance_row(at, span.end - 1), MISSING, BALANCE),
            float(found.missing[span.end - 1]),
        )
    paper.formula(sheet, row, 9, *layout.rounded(missing, value), look)
    target, delivered = (
        layout.rounded("", float(one[days].sum()))[1] for one in (found.target, found.delivered)
    )
    share: Figure = delivered / target if target > 0 else ""
    paper.formula(sheet, row, 10, f'IF({cell(row, 7)}>0,{cell(row, 8)}/{cell(row, 7)},"")', share, "share")
    out = _span(layout, at, days, OUT)
    paper.formula(sheet, row, 11, f'IF(COUNT({out})=0,"",MIN({out}))', _runs_out(layout, found, days), "date")


def _runs_out(layout: Layout, found: Balance, days: slice) -> Figure:
    left = found.left[days] <= TINY * (1.0 + found.so_far[days])
    empty = np.flatnonzero((found.so_far[days] > 0) & left)
    if not len(empty):
        return ""
    return float((layout.day(int(days.start + empty[0])) - EPOCH).days)


def _span(layout: Layout, item: int, days: slice, column: int) -> str:
    first, last = layout.balance_row(item, days.start), layout.balance_row(item, days.stop - 1)
    return f"{cell(first, column, BALANCE)}:{cell(last, column)}"


def _write_as_run(
    paper: Paper, sheet: Any, layout: Layout, row: int, column: int, item: int, told: AsRun | None, at: int
) -> None:
    """The run's own account, on a day or in a window; blank where there is none."""
    code = layout.items[item].id
    if told is None or code not in told.position:
        return
    which = told.position[code]
    behind = float(told.behind[at, which])
    shown = [layout.showing.quantity(float(one[at, which]), behind) for one in (told.delivered, told.gap)]
    paper.figure(sheet, row, column, shown[0], "was_number")
    paper.figure(sheet, row, column + 1, shown[1], "was_number")
    hidden = any(isinstance(value, str) for value in shown)
    paper.text(sheet, row, column + 2, "" if hidden else told.binding[at][which])
