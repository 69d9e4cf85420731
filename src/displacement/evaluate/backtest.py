"""A past case held against what was reported: run with members, observed as reports observe, beside the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement import crew, ensemble, stages, variables
from displacement.asked import read_inputs
from displacement.evaluate import baselines, observe
from displacement.evaluate.baselines import RuleOfThumb
from displacement.evaluate.observe import Area, Draws, Observing
from displacement.evaluate.scoreboard import planning, scores
from displacement.io import observations as tables
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer
from displacement.io.inputs import Inputs
from displacement.io.observations import Observation
from displacement.movement.assumptions import Movement
from displacement.progress import Progress, silent
from displacement.scenario import timeline
from displacement.scenario.load import load
from displacement.scenario.model import Case, Scenario
from displacement.scenario.timeline import Timeline

__all__ = ["planning", "role", "run_case", "scores"]

Array = NDArray[Any]
Level = Literal["low", "central", "high"]

PREVIOUS = "previous_shares.csv"
PLANNING = "planning_figures.csv"
"""Tables of an area folder that concern its past cases; neither need be there."""


AS_ASSUMED = Observing()
"""How counts come about, by the medians."""


def run_case(
    case: Scenario | str | Path,
    members: int | None = None,
    seed: int | None = None,
    population: Level = "central",
    parameters: Literal["calibrated", "priors"] | None = None,
    workers: int = 1,
    progress: Progress = silent,
    observing: Observing = AS_ASSUMED,
) -> xr.Dataset:
    """Run a past case and put it beside what was reported. Needs and supply are not worked out.

    Parameters
    ----------
    case : Scenario, str or pathlib.Path
        A scenario with a `case`, or its file.
    members, seed : int, optional
        In place of the scenario's own. One member is the median run, without noise.
    population : {"low", "central", "high"}
        Which figures of the case's table of population to start from.
    parameters : {"calibrated", "priors"}, optional
        In place of the scenario's own.
    workers : int
        Processes that share the members.
    progress : Progress
        Told what is being done.
    observing : Observing
        How counts come about.

    Returns
    -------
    xarray.Dataset
        `BACKTEST` of the table of variables, one observed figure a row, in the order of the case's table.

    Raises
    ------
    InputError
        If the scenario is no past case, has no other population, or a table is wrong.
    """
    progress("reading the case and the area")
    scenario = ensemble.at_medians(_as_asked(case, members, seed, population, parameters))
    told = _case_of(scenario)
    gazetteer = Gazetteer(scenario.area_folder, scenario.own_places)
    figures = tables.read(scenario.file(told.observations), gazetteer)
    inputs = read_inputs(scenario)
    events = timeline.of(scenario, inputs)
    area = observe.area_of(inputs, events.control, scenario.period)
    assumptions = ensemble.members(scenario)
    count = len(assumptions)
    drawn = observe.draws(observing, count, len(figures), scenario.uncertainty.seed)
    work = partial(
        _observed,
        inputs=inputs,
        events=events,
        scenario=scenario,
        figures=figures,
        area=area,
        observing=observing,
        drawn=drawn,
    )
    progress("running members", 0, count)
    with crew.processes(workers) as each:
        batches = crew.in_batches(
            work, tuple(enumerate(assumptions)), each, lambda ready: progress("running members", ready, count)
        )
        done = list(batches)
    reported, curve = (np.concatenate(parts, axis=1) for parts in zip(*done, strict=True))
    beside = _baselines(scenario, inputs, events, figures, area, observing)
    return _dataset(scenario, gazetteer, figures, area, reported, curve, beside)


def role(observation: Observation, area: Area, case: Case) -> str:
    """What a figure may serve for; the case's own mark decides, not that of the table's row.

    Parameters
    ----------
    observation : Observation
        The figure.
    area : Area
        With the days of the run.
    case : Case
        Its `use` and `fit_until`.

    Returns
    -------
    str
        fitted: fitting may read it; checked: it may not; shares: its level is no test; listed: it is not compared.
    """
    if not observe.comparable(observation, area):
        return "listed"
    if observation.score == "shares":
        return "shares"
    in_time = case.fit_until is None or observation.date <= case.fit_until
    return "fitted" if case.use == "calibration" and in_time else "checked"


def _as_asked(
    case: Scenario | str | Path,
    members: int | None,
    seed: int | None,
    population: Level,
    parameters: Literal["calibrated", "priors"] | None,
) -> Scenario:
    """The case with the members, the population and the parameters asked for."""
    scenario = case if isinstance(case, Scenario) else load(case)
    given = {"members": members, "seed": seed, "parameters": parameters}
    asked = {name: value for name, value in given.items() if value is not None}
    uncertainty = scenario.uncertainty.model_validate(scenario.uncertainty.model_dump() | asked)
    people = scenario.population
    if population != people.level:
        if people.zones is None:
            message = f"has no table of zones with a column '{population}'; leave the population central"
            raise InputError(finding(scenario.path, message, at="population"))
        people = people.model_copy(update={"level": population})
    return scenario.model_copy(update={"uncertainty": uncertainty, "population": people})


def _case_of(scenario: Scenario) -> Case:
    """What a scenario says of itself as a past case."""
    if scenario.case is None:
        message = "is no past case; give it use and observations, the table of what was counted"
        raise InputError(finding(scenario.path, message, at="case"))
    return scenario.case


def _observed(
    batch: Sequence[tuple[int, Movement]],
    inputs: Inputs,
    events: Timeline,
    scenario: Scenario,
    figures: Sequence[Observation],
    area: Area,
    observing: Observing,
    drawn: Draws,
) -> tuple[Array, Array]:
    """Some members as reports would know them: (figure, member) and (day, member). One run is held at a time."""
    edges = stages.edges_of(scenario)
    reported, curves = [], []
    for at, member in batch:
        moved = stages.run_members([member], inputs, events, edges, scenario)
        own = drawn.of(slice(at, at + 1))
        reported.append(observe.reported(moved.people, moved.flows, figures, area, observing, own))
        curves.append(observe.curve(moved.people, figures, area, observing, own))
    return np.concatenate(reported, axis=1), np.concatenate(curves, axis=1)


def _baselines(
    scenario: Scenario,
    inputs: Inputs,
    events: Timeline,
    figures: Sequence[Observation],
    area: Area,
    observing: Observing,
) -> Array:
    """What the baselines say of each figure, shape (baseline, figure)."""
    rule, zones = RuleOfThumb(), inputs.zones
    days = scenario.period.days
    people = baselines.exposed(inputs, events.control, events.answers, rule.within_km, days)
    previous = tables.read_previous(scenario.area_folder / PREVIOUS, scenario.path.stem)
    live = zones.population
    before = inputs.prior_share * live[: zones.inside]
    exits = np.full(len(zones.code) - zones.inside, np.nan)
    return baselines.baselines(
        figures,
        area,
        people * rule.share_left,
        baselines.shares_by_population(previous, area, live),
        np.concatenate([before / before.sum() if before.sum() > 0 else before * np.nan, exits]),
        observing.movements_per_person,
    )


def _dataset(
    scenario: Scenario,
    gazetteer: Gazetteer,
    figures: Sequence[Observation],
    area: Area,
    reported: Array,
    curve: Array,
    beside: Array,
) -> xr.Dataset:
    """Everything in one dataset."""
    case = _case_of(scenario)
    words = {
        "kind": [one.kind for one in figures],
        "unit": [one.unit for one in figures],
        "origin": [tables.in_words(one.origin, gazetteer) for one in figures],
        "destination": [tables.in_words(one.destination, gazetteer) for one in figures],
        "scope": [one.scope for one in figures],
        "source": [one.source for one in figures],
        "confidence": [one.confidence for one in figures],
        "role": [role(one, area, case) for one in figures],
    }
    along: dict[str, Any] = {name: ("figure", np.array(values, dtype=str)) for name, values in words.items()}
    along["since"] = ("figure", np.array([one.since for one in figures], dtype="datetime64[ns]"))
    along["date"] = ("figure", np.array([one.date for one in figures], dtype="datetime64[ns]"))
    along["line"] = ("figure", [one.line for one in figures])
    arrays = {
        "observed": np.array([one.value for one in figures]),
        "observed_low": np.array([one.low for one in figures]),
        "observed_high": np.array([one.high for one in figures]),
        "reported": reported,
        "baselines": beside,
        "displaced": curve,
    }
    dataset = xr.Dataset(
        {name: (variables.BACKTEST[name].dims, values) for name, values in arrays.items()},
        coords={
            **along,
            "member": np.arange(reported.shape[1]),
            "baseline": list(baselines.NAMES),
            "day": np.datetime64(scenario.period.start, "ns")
            + np.arange(len(curve)) * np.timedelta64(1, "D"),
        },
        attrs={
            "case": scenario.path.stem,
            "title": scenario.title,
            "condition": scenario.condition,
            "use": case.use,
            "fit_until": case.fit_until.isoformat() if case.fit_until else "",
            "note": case.note,
            "members": reported.shape[1],
            "seed": scenario.uncertainty.seed,
            "parameters": fitted.version if (fitted := ensemble.chosen(scenario)) else "priors",
            "population": scenario.population.level,
            "planning": str(scenario.area_folder / PLANNING),
        },
    )
    described: xr.Dataset = variables.describe(dataset, variables.BACKTEST)
    return described
