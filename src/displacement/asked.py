"""A question with everything it takes to answer it: the scenario, and every file that it names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

from displacement import ensemble, stages
from displacement.aid import aid_lines_of
from displacement.io import area, network, parameters, reports, stock
from displacement.io.gazetteer import OBSERVED, PLACES, Gazetteer
from displacement.io.inputs import Inputs
from displacement.io.population import Sources
from displacement.io.provenance import provenance
from displacement.io.reports import Report
from displacement.io.stock import NO_STOCK, StockList
from displacement.kernels import flows, travel
from displacement.movement.assumptions import Movement
from displacement.needs.catalogue import Catalogue
from displacement.progress import Progress
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import NetworkSettings, Scenario
from displacement.scenario.timeline import Timeline

Array = NDArray[Any]


class Asked(NamedTuple):
    """A question with everything it takes to answer it."""

    scenario: Scenario
    inputs: Inputs
    reports: tuple[Report, ...]
    events: Timeline
    lines: Catalogue
    listed: StockList
    edges: Array
    """Of the steps, (step + 1,). [day]"""
    assumptions: tuple[Movement, ...]
    """Of each member."""


def read(scenario: Scenario, told: Progress) -> Asked:
    """Read everything that a scenario names."""
    told("reading the scenario and the area")
    scenario = settled(scenario)
    inputs = read_inputs(scenario)
    lines = aid_lines_of(scenario)
    return Asked(
        scenario=scenario,
        inputs=inputs,
        reports=_reports(scenario),
        events=timeline.of(scenario, inputs),
        lines=lines,
        listed=_stock(scenario, lines),
        edges=stages.edges_of(scenario),
        assumptions=ensemble.members(scenario),
    )


def settled(scenario: Scenario) -> Scenario:
    """The scenario with every assumption that it does not state as fitted, or as networks of places have it."""
    fitted = ensemble.at_medians(scenario)
    if not _is_network(scenario):
        return fitted
    parts = {}
    for room, values in parameters.of_networks().items():
        given, now = getattr(scenario.movement, room), getattr(fitted.movement, room)
        fields = type(given).model_fields
        unstated = {
            name: value for name, value in values.items() if getattr(given, name) == fields[name].default
        }
        parts[room] = now.model_copy(update=unstated)
    return fitted.model_copy(update={"movement": fitted.movement.model_copy(update=parts)})


def _is_network(scenario: Scenario) -> bool:
    """Whether the area is a network of places."""
    return (scenario.area_folder / PLACES).is_file()


def made_from(asked: Asked) -> dict[str, Any]:
    """What a run is made from."""
    scenario = asked.scenario
    files = [scenario.path, *asked.inputs.files, *asked.events.files, *_own_files(scenario)]
    return {
        **provenance(scenario.settings(), files),
        "travel_times": travel.kernel_name(),
        "flows": flows.kernel_name(),
    }


def read_inputs(scenario: Scenario) -> Inputs:
    """The area of a scenario on its grid."""
    gazetteer = Gazetteer(scenario.area_folder, scenario.own_places)
    if gazetteer.is_network:
        return _network(gazetteer, scenario)
    start = scenario.file(scenario.start_control or gazetteer.area.start_control)
    cells = scenario.grid
    return area.read(
        gazetteer,
        cells.cell_km,
        scenario.movement.area,
        start,
        _sources(scenario),
        cells.travel_cell_km,
        cells.hazard_cell_km,
    )


def _network(gazetteer: Gazetteer, scenario: Scenario) -> Inputs:
    """The area of a scenario as a network of places."""
    settings = scenario.network or NetworkSettings()
    counted = None
    if settings.totals == "observed":
        counted = network.places_counted(scenario.file(settings.counts or OBSERVED))
    size = scenario.movement.area.camp_size
    return network.read(gazetteer, size, settings.capacities == "use", counted)


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
        *([parameters.NETWORKS] if _is_network(scenario) else []),
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


def chosen(
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
