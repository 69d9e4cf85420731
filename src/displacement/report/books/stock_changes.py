"""Stock that was changed in a workbook, as the scenario writes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from displacement.aid import aid_lines_of
from displacement.io import stock
from displacement.io.errors import finding, suggestion
from displacement.io.stock import NO_STOCK
from displacement.io.tables import key
from displacement.needs.catalogue import Catalogue
from displacement.needs.logistics import Supply
from displacement.report.books.edited import Edited, EditedLoad, complain, said, same, short
from displacement.report.books.layout import ALL_HUBS, ANY_STORE, STOCK
from displacement.report.rounding import significant
from displacement.scenario import supplies
from displacement.scenario.model import Scenario

__all__ = ["changed_stock"]

Loads = dict[tuple[str, str, int], float]
"""By hub, item and day of the run: what reaches the hub; on day 0 what is in store. [unit]"""


class _Base(NamedTuple):
    """The stock of the scenario that a workbook was made of."""

    hubs: tuple[str, ...]
    loads: Loads
    items: Mapping[str, str]
    """Units of items that hubs supply, by id."""
    first: dt.date
    last: dt.date


def changed_stock(
    edited: Edited, scenario: Scenario, wrong: list[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What to write under `supply:`, and what changed, in words; what is wrong is added to the list."""
    catalogue = aid_lines_of(scenario)
    base = _base(scenario, catalogue)
    changed = _changes(edited, base, wrong)
    if not changed:
        return {}, ()
    loads = base.loads | changed
    hubs = {hub for hub, _, _ in changed}
    supply = scenario.supply or Supply()
    written: dict[str, Any] = {}
    if supply.stock is not None:
        written["stock"] = None
        hubs |= {hub for hub, _, _ in loads}
    written["hubs"] = {hub: _hub(hub, loads, supply, base) for hub in sorted(hubs)}
    told = tuple(
        f"{item} at {hub} on {base.first + dt.timedelta(days=day)}: "
        f"{base.loads.get((hub, item, day), 0.0):.10g} -> {quantity:.10g}"
        for (hub, item, day), quantity in changed.items()
    )
    return written, told


def _base(scenario: Scenario, catalogue: Catalogue) -> _Base:
    supply = scenario.supply
    period = scenario.period.start, scenario.period.last
    carried = {item.id: item.unit for item in catalogue.items if item.supplied == "hub"}
    if supply is None:
        return _Base((), {}, carried, *period)
    named = scenario.file(supply.stock) if supply.stock is not None else None
    listed = stock.read(named, (*catalogue.items, *catalogue.aside), period) if named else NO_STOCK
    stores, _ = supplies.stores(supply, listed, catalogue, period, scenario.path)
    loads = {
        (stores.hubs[hub], catalogue.items[item].id, int(day)): float(stores.incoming[day, hub, item])
        for day, hub, item in np.argwhere(stores.incoming > 0)
    }
    return _Base(stores.hubs, loads, carried, *period)


def _changes(edited: Edited, base: _Base, wrong: list[str]) -> Loads:
    """Loads that differ from the run."""
    found: Loads = {}
    seen: dict[tuple[str, str, int], int] = {}
    expected = _as_run(edited, base)
    for load in edited.stock:
        place = _place(edited, load, base, wrong)
        if place is None:
            continue
        if place in seen:
            message = (
                f"{load.item} at {load.hub} on this day stands in row {seen[place]} already; add them up"
            )
            complain(edited, STOCK, load.row, "item", message, wrong)
            continue
        seen[place] = load.row
        was = expected.get(place)
        if not same(was, load.quantity.was):
            message = (
                f"was {said(load.quantity.was)} in the run, and the scenario now has {said(was)}; run it again "
                "and change "
                "the new workbook"
            )
            complain(edited, STOCK, load.row, "as run", message, wrong)
        elif load.quantity.now is None:
            complain(edited, STOCK, load.row, "quantity", "is blank; write 0 if there is none", wrong)
        elif load.quantity.changed:
            found[place] = load.quantity.now
    for hub, item, day in expected.keys() - seen.keys():
        date = base.first + dt.timedelta(days=day)
        message = f"the row of {item} at {hub} on {date} is gone; put it back, and write 0 if there is none"
        wrong.append(finding(edited.path, message, at=f"sheet '{STOCK}'"))
    return found


def _as_run(edited: Edited, base: _Base) -> Loads:
    """The base's loads as the workbook should have them: of the only hub, or of all together, where rounded."""
    if not edited.rounded:
        return base.loads
    hub = base.hubs[0] if base.hubs else ANY_STORE
    total: Loads = {}
    for (_, item, day), quantity in base.loads.items():
        total[hub, item, day] = total.get((hub, item, day), 0.0) + quantity
    return {place: significant(quantity) for place, quantity in total.items()}


def _place(edited: Edited, load: EditedLoad, base: _Base, wrong: list[str]) -> tuple[str, str, int] | None:
    """Hub, item and day of a line; nothing where one of them is wrong."""
    if load.item not in base.items:
        hint = suggestion(load.item, list(base.items)) if load.item else "; write the id of an item"
        complain(edited, STOCK, load.row, "item", f"no hub supplies '{load.item}'{hint}", wrong)
        return None
    if load.unit and load.unit != base.items[load.item]:
        message = (
            f"{load.item} is counted in {base.items[load.item]} (got '{load.unit}'); convert the quantity"
        )
        complain(edited, STOCK, load.row, "unit", message, wrong)
        return None
    date = load.date or base.first
    if not base.first <= date <= base.last:
        message = f"{date} is outside the period ({base.first} to {base.last}); correct it"
        complain(edited, STOCK, load.row, "date", message, wrong)
        return None
    hub = _hub_of(edited, load, base, wrong)
    return None if hub is None else (hub, load.item, (date - base.first).days)


def _hub_of(edited: Edited, load: EditedLoad, base: _Base, wrong: list[str]) -> str | None:
    """The hub as the scenario has it."""
    if edited.rounded and load.hub in ("", ALL_HUBS):
        if len(base.hubs) > 1 and load.quantity.changed:
            message = f"the scenario has {len(base.hubs)} hubs; change the stock in internal/needs.xlsx, which names them"
            complain(edited, STOCK, load.row, "hub", message, wrong)
            return None
        return base.hubs[0] if base.hubs else ANY_STORE
    if not load.hub:
        complain(edited, STOCK, load.row, "hub", "is blank; write the name of the store", wrong)
        return None
    return next((hub for hub in base.hubs if key(hub) == key(load.hub)), load.hub)


def _hub(hub: str, loads: Loads, supply: Supply, base: _Base) -> dict[str, Any]:
    """A hub's stock and pipeline, whole; what is on the way of items that are not counted stays."""
    own = next((held for name, held in supply.hubs.items() if name == hub), None)
    in_store = {
        item: short(quantity) for (at, item, day), quantity in loads.items() if at == hub and day == 0
    }
    coming = [
        {"date": base.first + dt.timedelta(days=day), "item": item, "quantity": short(quantity)}
        for (at, item, day), quantity in sorted(loads.items(), key=lambda load: load[0][2])
        if at == hub and day > 0
    ]
    others = [
        {"date": load.date, "item": load.item, "quantity": load.quantity}
        for load in (own.pipeline if own else ())
        if load.item not in base.items
    ]
    written: dict[str, Any] = {"stock": in_store}
    if coming or others or (own is not None and own.pipeline):
        written["pipeline"] = [*coming, *others]
    return written
