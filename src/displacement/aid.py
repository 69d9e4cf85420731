"""What people need and what of it can be met: from the model or from observed figures alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import ensemble, variables
from displacement.io.gazetteer import Gazetteer
from displacement.io.kept import AT_ONCE, Kept, by_members
from displacement.io.stock import NO_STOCK, StockList
from displacement.needs.catalogue import Catalogue
from displacement.needs.demand import demand
from displacement.needs.in_need import people_in_need
from displacement.needs.logistics import Supply
from displacement.needs.supply import Ways, deliver
from displacement.result import Aid
from displacement.scenario import aid_lines, supplies
from displacement.scenario.aid import Needs
from displacement.scenario.model import Scenario

Array = NDArray[Any]


def estimate_needs(people: xr.Dataset, scenario: Scenario | None = None) -> xr.Dataset:
    """Aid that people need, from the model or from observed figures.

    Parameters
    ----------
    people : xarray.Dataset
        `arrivals` and `present_new` by (member, time, zone, type). A coordinate `inside`, as in a result,
        leaves out exits: people there are not served here. [person]
    scenario : Scenario, optional
        Whose `needs` to reckon with; the standards as they are if left out.

    Returns
    -------
    xarray.Dataset
        `need` by (member, time, zone, item), in each item's unit, for each day.
    """
    settings = scenario.needs if scenario is not None else Needs()
    shares = ensemble.shares(scenario) if scenario is not None else None
    if scenario is not None and people.sizes["member"] != scenario.uncertainty.members:
        shares = None
    return demand(served_here(people), aid_lines_of(scenario), settings, shares=shares)


def served_here(people: xr.Dataset) -> xr.Dataset:
    """People inside the area; those who left through exits are not served here."""
    if "inside" not in people.coords:
        return people
    return people.isel(zone=np.flatnonzero(people["inside"].values)).drop_vars("inside")


def aid_lines_of(scenario: Scenario | None = None) -> Catalogue:
    """The aid lines of a scenario with all layers; the standards as they are if left out.

    Raises
    ------
    displacement.needs.catalogue.CatalogueError
        With every mistake in the lines.
    """
    if scenario is None:
        return aid_lines.catalogue_of(Needs(), None)
    return aid_lines.catalogue_of(scenario.needs, Gazetteer(scenario.area_folder).standards)


def estimate_aid(
    people: xr.Dataset,
    settings: Needs,
    lines: Catalogue,
    supply: Supply | None = None,
    listed: StockList = NO_STOCK,
    ways: Callable[[Supply, Sequence[str], Sequence[str], int], Ways] = supplies.open_ways,
    path: Path = Path(),
    shares: Mapping[str, Array] | None = None,
    in_memory: bool = True,
) -> Aid:
    """Needs, people in need and what can be met, from modelled or observed people alike.

    Parameters
    ----------
    people : xarray.Dataset
        As for `estimate_needs`, by day.
    settings : Needs
        Who the people are.
    lines : Catalogue
        The aid lines.
    supply : Supply, optional
        What there is to meet the needs with; left out: needs alone.
    listed : StockList
        The table of stock.
    ways : callable, optional
        (supply, hubs, zones, days) -> routes day by day; default: the supply's routes, which nothing closes.
    path : pathlib.Path
        The scenario or table, for errors.
    shares : mapping of str to array of shape (member,), optional
        Cohorts of the displaced by member; default: those of `settings`.
    in_memory : bool
        Else what the members come to lies in temporary files.

    Returns
    -------
    Aid
    """
    here = served_here(people)
    serve, notes = _serving(here, supply, listed, lines, ways, path)
    count = here.sizes["member"]
    needs, in_need, met = (Kept(count, in_memory, outermost="zone") for _ in range(3))
    for first, part in zip(range(0, count, AT_ONCE), by_members(here), strict=True):
        own = {name: values[first : first + AT_ONCE] for name, values in (shares or {}).items()}
        needed = demand(part, lines, settings, shares=own)
        needs.add(first, needed)
        in_need.add(first, people_in_need(part, lines, settings))
        if serve is not None:
            met.add(first, serve(needed) if count <= AT_ONCE else _lighter(serve(needed)))
    return Aid(
        lines,
        settings,
        needs.dataset(),
        variables.describe(in_need.dataset(), variables.IN_NEED),
        supply,
        None if serve is None else variables.describe(met.dataset(), variables.SUPPLY),
        (*listed.notes, *notes),
    )


def _serving(
    people: xr.Dataset,
    supply: Supply | None,
    listed: StockList,
    lines: Catalogue,
    ways: Callable[[Supply, Sequence[str], Sequence[str], int], Ways],
    path: Path,
) -> tuple[Callable[[xr.Dataset], xr.Dataset] | None, tuple[str, ...]]:
    """What meets the needs of some members, if there is anything; and what to know of the stock."""
    if supply is None:
        return None, ()
    first, last = (day.astype("datetime64[D]").item() for day in people["time"].values[[0, -1]])
    stores, notes = supplies.stores(supply, listed, lines, (first, last), path)
    routes = ways(supply, stores.hubs, [str(zone) for zone in people["zone"].values], people.sizes["time"])
    funds = supplies.money(supply, (first, last))
    return partial(deliver, supply=supply, stores=stores, ways=routes, money=funds), notes


def _lighter(supply: xr.Dataset) -> xr.Dataset:
    """Figures by zone in single precision: those of many members are too many to hold in full."""
    heavy = [name for name in supply.data_vars if {"zone", "item"} <= set(supply[name].dims)]
    light = {name: supply[name].astype(np.float32) for name in heavy if supply[name].dtype == np.float64}
    return supply.assign(light)
