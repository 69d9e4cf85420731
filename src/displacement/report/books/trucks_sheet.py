"""The sheet of trucks: weight and volume of what hubs supply, and the trucks that carry it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.needs.loads import truck_loads, trucks
from displacement.report.books.layout import BY_DAY, FIRST, TOP, TRUCKS, Layout
from displacement.report.books.paper import HEAD, Paper, cell

__all__ = ["TOGETHER", "TONNES", "totals", "truck_row", "write_trucks"]

Array = NDArray[Any]
COLUMNS = (
    "week",
    "from",
    "to",
    "tonnes",
    "m3",
    "loads by weight",
    "loads by volume",
    "trucks, day by day",
    "trucks, loads together",
)
WEEK, FROM, TO, TONNES, CUBIC, BY_WEIGHT, BY_VOLUME, WHOLE, TOGETHER = range(9)


def truck_row(window: int) -> int:
    """Row of a window."""
    return HEAD + 1 + window


def write_trucks(paper: Paper, layout: Layout) -> None:
    """Write the sheet."""
    how = (
        "Formulas: need of the whole area x weight and volume of one unit, over what a truck takes; the larger of weight "
        "and volume, as in the run. 'Day by day': whole trucks of each day, added up. Only what hubs supply."
    )
    if len(layout.amounts.levels) > 1:
        how += (
            " The need is the middle of the members by zone and week, so tonnes and trucks differ from those of the "
            "brief, which are the middle of what each member comes to."
        )
    sheet = paper.sheet(TRUCKS, how, [10, 12, 12, 14, 14, 14, 14, 16, 18, 12], (HEAD + 1, 1))
    paper.texts(sheet, HEAD, 0, COLUMNS, "head")
    sheet.set_row(HEAD, 30)
    spans = layout.amounts.windows
    day_head = truck_row(len(spans)) + 2
    need = layout.area_need
    mass, volume = (layout.unit_loads(name) for name in layout.unit_load_rows)
    paper.text(sheet, day_head - 1, 0, "By day", "bold")
    paper.texts(sheet, day_head, 0, ("week", "date", "", *COLUMNS[3:8]), "head")
    for day in range(layout.days):
        _write_day(paper, sheet, layout, day_head + 1 + day, day, need[day], mass, volume)
    for window, span in enumerate(spans):
        first, last = day_head + 1 + span.first, day_head + span.end
        total = need[span.first : span.end]
        _write_window(paper, sheet, layout, window, (first, last), total, mass, volume)
    _write_routes(paper, sheet, layout, day_head)


def totals(layout: Layout) -> dict[int, float]:
    """What the formulas of all days come to, by column."""
    mass, volume = (layout.unit_loads(name) for name in layout.unit_load_rows)
    total = layout.area_need.sum(axis=0)
    return {
        TONNES: float(total @ mass) / 1000,
        TOGETHER: float(trucks(truck_loads(total, mass, volume, layout.supply))),
    }


def _write_day(
    paper: Paper,
    sheet: Any,
    layout: Layout,
    row: int,
    day: int,
    need: Array,
    mass: Array,
    volume: Array,
) -> None:
    paper.text(sheet, row, WEEK, layout.amounts.windows[layout.week_of(day)].name)
    paper.date(sheet, row, FROM, layout.day(day))
    last = FIRST + len(layout.items) - 1

    def across(of: int) -> str:
        return f"{cell(of, FIRST, BY_DAY)}:{cell(of, last)}"

    weights = {name: across(at) for name, at in layout.unit_load_rows.items()}
    needed = across(TOP + day)
    paper.formula(
        sheet, row, TONNES, f"SUMPRODUCT({needed},{weights['mass_kg']})/1000", float(need @ mass) / 1000
    )
    paper.formula(sheet, row, CUBIC, f"SUMPRODUCT({needed},{weights['volume_m3']})", float(need @ volume))
    _write_loads(paper, sheet, layout, row, need, mass, volume)
    whole = f"ROUNDUP(MAX(0,{cell(row, BY_WEIGHT)}-1E-9,{cell(row, BY_VOLUME)}-1E-9),0)"
    paper.formula(sheet, row, WHOLE, whole, float(trucks(truck_loads(need, mass, volume, layout.supply))))


def _write_loads(
    paper: Paper, sheet: Any, layout: Layout, row: int, need: Array, mass: Array, volume: Array
) -> None:
    supply = layout.supply
    weight = f"{cell(row, TONNES)}/{layout.setting('payload_t')}"
    paper.formula(sheet, row, BY_WEIGHT, weight, float(need @ mass) / 1000 / supply.payload_t)
    space = f"({layout.setting('truck_m3')}*{layout.setting('stowage')})"
    room = supply.truck_m3 * supply.stowage
    paper.formula(sheet, row, BY_VOLUME, f"{cell(row, CUBIC)}/{space}", float(need @ volume) / room)


def _write_window(
    paper: Paper,
    sheet: Any,
    layout: Layout,
    window: int,
    rows: tuple[int, int],
    need: Array,
    mass: Array,
    volume: Array,
) -> None:
    """A week as the sum of its days; to be forwarded, rounded."""
    span, row, supply = layout.amounts.windows[window], truck_row(window), layout.supply
    paper.text(sheet, row, WEEK, span.name)
    paper.date(sheet, row, FROM, layout.day(span.first))
    paper.date(sheet, row, TO, layout.day(span.end - 1))
    weight, space = float(need.sum(axis=0) @ mass) / 1000, float(need.sum(axis=0) @ volume)
    loads = weight / supply.payload_t, space / (supply.truck_m3 * supply.stowage)
    whole = float(trucks(truck_loads(need, mass, volume, supply)).sum())

    def over_days(at: int) -> str:
        return f"SUM({cell(rows[0], at)}:{cell(rows[1], at)})"

    values = ((TONNES, weight), (CUBIC, space), (BY_WEIGHT, loads[0]), (BY_VOLUME, loads[1]), (WHOLE, whole))
    for at, value in values:
        paper.formula(sheet, row, at, *layout.rounded(over_days(at), value))
    together = f"ROUNDUP(MAX(0,{over_days(BY_WEIGHT)}-1E-9,{over_days(BY_VOLUME)}-1E-9),0)"
    paper.formula(sheet, row, TOGETHER, *layout.rounded(together, float(trucks(np.array(max(loads))))))


def _write_routes(paper: Paper, sheet: Any, layout: Layout, head: int) -> None:
    """For the analyst: trucks that left in the run, route by route, the middle of the members."""
    supply = layout.result.supply
    if supply is None or not layout.showing.exact:
        return
    used = supply["trucks_used"].transpose("member", "time", "route").values
    allowed = supply["trucks_allowed"].transpose("time", "route").values
    for route, name in enumerate(supply["route"].values):
        at = TOGETHER + 1 + 2 * route
        paper.text(sheet, head, at, f"as run: {name}, used", "head")
        paper.text(sheet, head, at + 1, f"as run: {name}, allowed", "head")
        for day in range(layout.days):
            paper.figure(sheet, head + 1 + day, at, float(np.median(used[:, day, route])), "was_number")
            limit = float(allowed[day, route])
            paper.figure(sheet, head + 1 + day, at + 1, limit if np.isfinite(limit) else None, "was_number")
