"""The whole path on one screen: `run`. A step that does not appear there does not happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import ensemble, sensitivity, stages, variables
from displacement.io import area, reports, stock
from displacement.io.gazetteer import Gazetteer
from displacement.io.inputs import Inputs
from displacement.io.population import Sources
from displacement.io.provenance import provenance
from displacement.io.reports import Report
from displacement.io.stock import NO_STOCK, StockList
from displacement.movement.assumptions import Movement
from displacement.movement.control import of_cells
from displacement.needs.catalogue import Catalogue
from displacement.needs.demand import demand
from displacement.needs.in_need import people_in_need
from displacement.needs.logistics import Supply
from displacement.needs.supply import Ways, deliver
from displacement.result import Aid, Result
from displacement.scenario import aid_lines, supplies, timeline
from displacement.scenario.aid import Needs
from displacement.scenario.load import load
from displacement.scenario.model import Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]

SUPPLIED_AT_ONCE = 16
"""Members whose stock and trucks are followed together."""


def run(
    scenario: Scenario | str | Path,
    variant: str | None = None,
    members: int | None = None,
    seed: int | None = None,
    keep: Sequence[str] = (),
    map: stages.Map = map,
    progress: Callable[[str], None] = lambda step: None,
    workers: int = 1,
    quantiles: Sequence[float] | None = None,
    parameters: Literal["calibrated", "priors"] | None = None,
) -> Result:
    """Run a scenario: who leaves, where they go, what aid it takes.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        A loaded scenario, or its file.
    variant : str, optional
        A variant of the file.
    members, seed : int, optional
        In place of the scenario's own. One member is the median run.
    keep : sequence of str
        Gridded fields to keep: ``"control"``, ``"departures"``.
    map : callable
        How tiles are worked through: the built-in `map`, or a cluster's.
    progress : callable
        Told the name of each step as it begins.
    workers : int
        Processes that share the members; from a script of your own only below ``if __name__ == "__main__":``.
    quantiles : sequence of float, optional
        Over the members, for what is written; in place of the scenario's own.
    parameters : {"calibrated", "priors"}, optional
        Assumptions as fitted to past cases, or as their priors say; in place of the scenario's own.

    Returns
    -------
    Result
        Of several members, `flows` are by week.

    Raises
    ------
    displacement.InputError
        If the scenario or a table it names is wrong.
    ValueError
        If a field to keep is unknown, or fields are to be kept of several members.
    """
    unknown = set(keep) - set(variables.FIELDS)
    if unknown:
        raise ValueError(f"keep: unknown field '{min(unknown)}'; write {' or '.join(variables.FIELDS)}")
    progress("reading the scenario and the area")
    scenario = ensemble.at_medians(_chosen(scenario, variant, members, seed, quantiles, parameters))
    inputs = read_inputs(scenario)
    observed = _reports(scenario)
    events = timeline.of(scenario, inputs)
    lines = aid_lines_of(scenario)
    listed = _stock(scenario, lines)
    edges = stages.edges_of(scenario)
    assumptions = ensemble.members(scenario)
    if keep and len(assumptions) > 1:
        raise ValueError("keep: gridded fields are those of one member; run with members=1")

    if len(assumptions) == 1:
        moved = stages.run_members(assumptions, inputs, events, edges, scenario, map=map, progress=progress)
    else:
        moved = _ensemble(assumptions, inputs, events, edges, scenario, workers, progress)
    people = variables.describe(_with_names(moved.people, inputs), variables.PEOPLE)
    flows = variables.describe(moved.flows, variables.FLOWS)

    progress("working out the needs")
    open_to_trucks = partial(supplies.ways, inputs=inputs, events=events)
    shares = ensemble.shares(scenario)
    aid = estimate_aid(
        people, scenario.needs, lines, scenario.supply, listed, open_to_trucks, scenario.path, shares
    )
    return Result(
        scenario=scenario,
        inputs=inputs,
        people=people,
        flows=flows,
        aid=aid,
        fields=_fields(inputs, events, moved.of_cells, scenario, keep),
        provenance=provenance(
            scenario.settings(), [scenario.path, *inputs.files, *events.files, *_own_files(scenario)]
        ),
        notes=(*inputs.notes, *events.notes, *stages.travel_notes(), *aid.notes),
        reports=observed,
        drivers=_drivers(scenario, people, aid),
    )


AS_WRITTEN = "as written"
"""Name of a scenario without a variant among its variants."""


def run_variants(
    scenario: Scenario | str | Path,
    members: int | None = None,
    seed: int | None = None,
    keep: Sequence[str] = (),
    map: stages.Map = map,
    progress: Callable[[str], None] = lambda step: None,
    workers: int = 1,
    quantiles: Sequence[float] | None = None,
    parameters: Literal["calibrated", "priors"] | None = None,
) -> Result:
    """Run a scenario as it is written, and every variant of its file with the same members beside it.

    Of the variants a few figures are kept and no more.

    Parameters
    ----------
    scenario, members, seed, keep, map, progress, workers, quantiles, parameters
        As for `run`. Variants are read from the scenario's file.

    Returns
    -------
    Result
        Of the scenario as written; `variants` sets all side by side.

    Raises
    ------
    displacement.InputError
        If the scenario, a variant or a table it names is wrong.
    ValueError
        If the scenario is a variant itself, or as for `run`.
    """
    scenario = _chosen(scenario, None, members, seed, quantiles, parameters)
    if scenario.variant is not None:
        raise ValueError(f"scenario: is the variant '{scenario.variant}' already; load it without one")
    of_variants = [load(scenario.path, name) for name in scenario.variants]
    runs, conditions = {}, {}
    for variant in of_variants:
        name, same = str(variant.variant), scenario.uncertainty
        beside = run(
            variant.model_copy(update={"uncertainty": same}),
            map=map,
            progress=lambda step, name=name: progress(f"{name}: {step}"),  # type: ignore[misc]
            workers=workers,
        )
        runs[name], conditions[name] = sensitivity.at_a_glance(beside.people, beside.needs), beside.condition
        del beside
    result = run(scenario, keep=keep, map=map, progress=progress, workers=workers)
    runs = {AS_WRITTEN: sensitivity.at_a_glance(result.people, result.needs), **runs}
    conditions = {AS_WRITTEN: result.condition, **conditions}
    return replace(result, variants=sensitivity.side_by_side(runs, conditions))


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

    Returns
    -------
    Aid
    """
    here = served_here(people)
    needs = demand(here, lines, settings, shares=shares)
    in_need = variables.describe(people_in_need(here, lines, settings), variables.IN_NEED)
    aid = Aid(lines, settings, needs, in_need, supply, None, listed.notes)
    if supply is None:
        return aid
    first, last = (day.astype("datetime64[D]").item() for day in needs["time"].values[[0, -1]])
    stores, notes = supplies.stores(supply, listed, lines, (first, last), path)
    zones = [str(zone) for zone in needs["zone"].values]
    routes = ways(supply, stores.hubs, zones, needs.sizes["time"])
    funds = supplies.money(supply, (first, last))
    met = [
        deliver(needs.isel(member=slice(at, at + SUPPLIED_AT_ONCE)), supply, stores, routes, funds)
        for at in range(0, needs.sizes["member"], SUPPLIED_AT_ONCE)
    ]
    if len(met) > 1:
        met = [xr.concat([_lighter(part) for part in met], "member", data_vars="minimal")]
    return replace(aid, supply=variables.describe(met[0], variables.SUPPLY), notes=(*aid.notes, *notes))


def _drivers(scenario: Scenario, people: xr.Dataset, aid: Aid) -> xr.Dataset | None:
    """What the spread of the members comes from."""
    if scenario.uncertainty.members == 1:
        return None
    outputs = sensitivity.outcomes(people, aid.needs)
    return sensitivity.drivers(ensemble.drawn_ones(scenario), outputs, scenario.uncertainty.quantiles)


def _lighter(supply: xr.Dataset) -> xr.Dataset:
    """Figures by zone in single precision: those of many members are too many to hold in full."""
    heavy = [name for name in supply.data_vars if {"zone", "item"} <= set(supply[name].dims)]
    light = {name: supply[name].astype(np.float32) for name in heavy if supply[name].dtype == np.float64}
    return supply.assign(light)


def read_inputs(scenario: Scenario) -> Inputs:
    """The area of a scenario on its grid."""
    gazetteer = Gazetteer(scenario.area_folder, scenario.own_places)
    start = scenario.file(scenario.start_control or gazetteer.area.start_control)
    return area.read(gazetteer, scenario.grid.cell_km, scenario.movement.area, start, _sources(scenario))


def _sources(scenario: Scenario) -> Sources:
    """The files that a scenario names in place of the area's own."""
    people, travel = scenario.population, scenario.travel_raster
    names = {
        "zones": people.zones,
        "points": people.points,
        "raster": people.raster,
        "polygons": people.polygons,
        "speed": travel.speed if travel else None,
        "friction": travel.friction if travel else None,
    }
    files = {name: scenario.file(file) for name, file in names.items() if file is not None}
    column = "population" if people.level == "central" else people.level
    return Sources(**files, calibrate=people.calibrate_to == "zones", column=column)


def _stock(scenario: Scenario, lines: Catalogue) -> StockList:
    """The table of stock that a scenario names."""
    if scenario.supply is None or scenario.supply.stock is None:
        return NO_STOCK
    period = scenario.period.start, scenario.period.last
    return stock.read(scenario.file(scenario.supply.stock), (*lines.items, *lines.aside), period)


def _own_files(scenario: Scenario) -> list[Path]:
    """Tables of observed figures and stock that the scenario names, and the fitted parameters."""
    named = scenario.supply.stock if scenario.supply else None
    fitted = ensemble.set_file(scenario)
    return [
        *_report_files(scenario),
        *([scenario.file(named)] if named else []),
        *([fitted] if fitted else []),
    ]


def _report_files(scenario: Scenario) -> list[Path]:
    """The table of observed figures, if the scenario names one."""
    return [scenario.file(scenario.reports)] if scenario.reports else []


def _reports(scenario: Scenario) -> tuple[Report, ...]:
    """Observed figures that the scenario names."""
    files = _report_files(scenario)
    return tuple(
        row
        for file in files
        for row in reports.read(file, Gazetteer(scenario.area_folder, scenario.own_places))
    )


def _chosen(
    scenario: Scenario | str | Path,
    variant: str | None,
    members: int | None,
    seed: int | None,
    quantiles: Sequence[float] | None,
    parameters: Literal["calibrated", "priors"] | None,
) -> Scenario:
    """The scenario asked for, loaded if need be."""
    if not isinstance(scenario, Scenario):
        scenario = load(scenario, variant)
    elif variant is not None and variant != scenario.variant:
        scenario = load(scenario.path, variant)
    given = {"members": members, "seed": seed, "quantiles": quantiles, "parameters": parameters}
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed:
        return scenario
    uncertainty = scenario.uncertainty.model_validate(scenario.uncertainty.model_dump() | changed)
    return scenario.model_copy(update={"uncertainty": uncertainty})


def _ensemble(
    parameters: Sequence[Movement],
    inputs: Inputs,
    events: Timeline,
    edges: Array,
    scenario: Scenario,
    workers: int,
    progress: Callable[[str], None],
) -> stages.Moved:
    """Many members, batch by batch, in processes of their own where there are several workers."""
    work = partial(
        stages.run_members, inputs=inputs, events=events, edges=edges, scenario=scenario, by_week=True
    )
    count = len(parameters)
    progress(f"running {count} members")
    done = list(
        stages.in_batches(
            work, parameters, workers, lambda ready: progress(f"running members: {ready} of {count}")
        )
    )
    number = np.arange(count)
    people, flows = (
        xr.concat(parts, "member").assign_coords(member=number)
        for parts in ([part.people for part in done], [part.flows for part in done])
    )
    return stages.Moved(people, flows, [])


def _with_names(people: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """Names of zones as coordinates."""
    zones = inputs.zones
    named = {"zone_name": zones.name, "zone_name_ar": zones.name_ar}
    named |= {"admin1": zones.admin1_name, "admin2": zones.admin2_name}
    coordinates = {name: ("zone", list(values)) for name, values in named.items()}
    inside = np.arange(len(zones.code)) < zones.inside
    return people.assign_coords({**coordinates, "inside": ("zone", inside)})


def _fields(
    inputs: Inputs,
    events: Timeline,
    of_cells: list[tuple[Array, Array]],
    scenario: Scenario,
    keep: Sequence[str],
) -> xr.Dataset:
    """The gridded fields asked for."""
    grid, days = inputs.grid, scenario.period.days
    easting, northing = grid.centres()
    coords = {
        "time": np.datetime64(scenario.period.start, "ns") + np.arange(days) * np.timedelta64(1, "D"),
        "northing": northing.reshape(grid.shape)[:, 0],
        "easting": easting.reshape(grid.shape)[0],
    }
    found: dict[str, Any] = {}
    if "control" in keep:
        place = inputs.cells["place"].values
        held = [of_cells_at(events, place, day).reshape(grid.shape) for day in range(days)]
        found["control"] = (variables.FIELDS["control"].dims, np.stack(held))
    if "departures" in keep:
        left = np.zeros((len(of_cells[0][1]), days, grid.size))
        for cell, people in of_cells:
            left[:, :, cell] = people.reshape(len(people), days, -1, cell.size).sum(axis=2)
        whole = left.reshape(*left.shape[:2], *grid.shape)
        found["departures"] = (variables.FIELDS["departures"].dims, whole)
    fields: xr.Dataset = variables.describe(xr.Dataset(found, coords=coords), variables.FIELDS)
    return fields


def of_cells_at(events: Timeline, place: Array, day: int) -> Array:
    """Controller of each cell at the end of a day."""
    return of_cells(events.control.at(day + 1.0), place)
