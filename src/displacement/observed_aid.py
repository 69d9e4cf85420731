"""Needs and supply of observed or planned people: the same code as a run's, without the movement."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from displacement.aid import estimate_aid
from displacement.asked import read_inputs
from displacement.io import stock
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer
from displacement.io.provenance import provenance
from displacement.io.stock import NO_STOCK
from displacement.needs.catalogue import CatalogueError
from displacement.needs.logistics import Supply
from displacement.result import Aid
from displacement.scenario import aid_lines, supplies, timeline
from displacement.scenario.aid import Needs
from displacement.scenario.model import Period, Scenario


def aid_of(
    people: xr.Dataset,
    gazetteer: Gazetteer,
    scenario: Scenario | None,
    profile: str | None,
    stock_table: Path | None,
    table: Path,
) -> tuple[Aid, dict[str, Any]]:
    """Needs and supply of people that no model made.

    Parameters
    ----------
    people : xarray.Dataset
        As `io.observed.people` returns it.
    gazetteer : Gazetteer
        The area's names.
    scenario : Scenario, optional
        Its `needs` and `supply` count, with the events that close and limit routes; its movement does not. Without one,
        trucks reach every zone in a day and without limit.
    profile : str, optional
        In place of the scenario's.
    stock_table : pathlib.Path, optional
        In place of the scenario's.
    table : pathlib.Path
        The table of people, for errors and provenance.

    Returns
    -------
    Aid
    dict
        Inputs with hashes, versions.

    Raises
    ------
    InputError
        If the stock, the profile or a line is wrong.
    """
    settings = scenario.needs if scenario is not None else Needs()
    if profile is not None:
        settings = settings.model_copy(update={"profile": profile})
    try:
        lines = aid_lines.catalogue_of(settings, gazetteer.standards)
    except CatalogueError as error:
        raise InputError(*(finding(table, problem) for problem in error.problems)) from None
    supply = scenario.supply if scenario is not None else None
    if stock_table is not None:
        empty = {
            name: hub.model_copy(update={"stock": {}, "pipeline": ()})
            for name, hub in (supply or Supply()).hubs.items()
        }
        supply = (supply or Supply()).model_copy(update={"stock": str(stock_table), "hubs": empty})
    named = stock_table
    if named is None and scenario is not None and supply is not None and supply.stock is not None:
        named = scenario.file(supply.stock)
    days = people["time"].values.astype("datetime64[D]")
    period = days[0].item(), days[-1].item()
    listed = stock.read(named, (*lines.items, *lines.aside), period) if named else NO_STOCK
    ways, files = supplies.open_ways, [table, gazetteer.table("zones"), *([named] if named else [])]
    if scenario is not None and supply is not None:
        its = scenario.model_copy(update={"period": Period(start=period[0], days=len(days))})
        inputs = read_inputs(its)
        events = timeline.of(its, inputs)
        ways = partial(supplies.ways, inputs=inputs, events=events)
        files += [scenario.path, *inputs.files, *events.files]
    aid = estimate_aid(people, settings, lines, supply, listed, ways, scenario.path if scenario else table)
    return aid, provenance({}, list(dict.fromkeys(files)))
