"""A scenario's events on the inputs' places and days: control, strikes, pressure, closures, returns, trucks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.io import network as networks
from displacement.io.errors import InputError, finding
from displacement.io.inputs import Inputs
from displacement.movement.assumptions import Response
from displacement.movement.control import Control
from displacement.movement.returns import DeclaredReturn
from displacement.movement.threats import Answers, Pressure, Strike
from displacement.scenario import closures, control_events, model, strikes, units, verbs
from displacement.scenario.closures import Closures, TruckLimit
from displacement.scenario.model import Scenario
from displacement.scenario.reading import NOON, Reading

__all__ = ["NOON", "Closures", "DeclaredReturn", "Timeline", "TruckLimit", "answers", "of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Timeline:
    """Everything that happens, in days from the first midnight of the run."""

    control: Control
    strikes: tuple[Strike, ...]
    pressures: tuple[Pressure, ...]
    epochs: tuple[Closures, ...]
    epoch_start: Array
    """First day of each epoch, shape (epoch,). [day]"""
    epoch_of_day: Array
    """Shape (day,)."""
    answers: Answers
    observed: Array | None
    """First departures by (day, zone), where the scenario gives them. [person]"""
    files: tuple[Path, ...]
    """What was read, for the manifest."""
    returns: tuple[DeclaredReturn, ...] = ()
    """Agreements that let people go home."""
    trucks: tuple[TruckLimit, ...] = ()
    """Limits on trucks, in order of the day they begin: the last that holds on a day counts."""
    trucks_closed: tuple[Closures, ...] = ()
    """What is closed to trucks on each day, one entry a day; crossings that begin closed included."""
    conflict: Array | None = None
    """On a network: intensity of conflict by (day, place). [1]"""
    counted: Array | None = None
    """On a network with totals as observed: people counted by (day, place), not a number where nobody counts. [person]"""
    notes: tuple[str, ...] = ()
    """What to know about how events were read: file, line and what was chosen or left out."""


def of(scenario: Scenario, inputs: Inputs) -> Timeline:
    """Bring a scenario's events onto the inputs.

    Raises
    ------
    InputError
        If a table or map it names is wrong, or events contradict each other; all findings at once.
    """
    reading = Reading(scenario, inputs)
    control = control_events.control(reading)
    fallen = strikes.strikes(reading)
    with reading.collecting():
        observed = _observed(reading)
    with reading.collecting():
        conflict, counted = _on_network(reading)
    if reading.findings:
        raise InputError(*dict.fromkeys(reading.findings))
    shut, shut_to_trucks = closures.shut_to_people(reading), closures.shut_to_trucks(reading)
    daily = closures.daily(reading, "people", shut)
    starts = _epoch_starts(daily, control, scenario, inputs)
    return Timeline(
        control=control,
        strikes=fallen,
        pressures=tuple(_pressures(reading)),
        epochs=tuple(daily[day] for day in starts),
        epoch_start=np.array(starts, dtype=float),
        epoch_of_day=np.searchsorted(starts, np.arange(len(daily)), side="right") - 1,
        answers=answers(scenario, inputs, scenario.movement.response),
        observed=observed,
        files=tuple(reading.files),
        returns=tuple(_returns(reading)),
        trucks=tuple(closures.truck_limits(reading)),
        trucks_closed=tuple(closures.daily(reading, "trucks", shut_to_trucks)),
        conflict=conflict,
        counted=counted,
        notes=tuple(reading.notes),
    )


def _epoch_starts(daily: list[Closures], control: Control, scenario: Scenario, inputs: Inputs) -> list[int]:
    """Days on which travel times are worked out anew: closures change, or closed lines have moved far enough."""
    block = inputs.blocks.of_cell
    place, population = (inputs.cells[name].values for name in ("any_place", "population"))
    people = np.zeros(len(inputs.places.code))
    for band in inputs.grid.bands(block, place, population):
        lived_in = block[band] >= 0
        people += np.bincount(place[band][lived_in], population[band][lived_in], people.size)
    tolerated = scenario.movement.area.moved_line * people.sum()
    starts, held = [0], control.at(NOON)
    for day in range(1, len(daily)):
        now = control.at(day + NOON)
        concerned = np.unique(daily[day].boundaries)
        moved = (now != held) & (np.isin(now, concerned) | np.isin(held, concerned))
        if daily[day] != daily[day - 1] or people[moved].sum() > tolerated:
            starts.append(day)
            held = now
    return starts


def answers(scenario: Scenario, inputs: Inputs, words: Response) -> Answers:
    """Departure response of each key to each controller, by what the words mean to a member.

    A named response group counts before the controller; one's own side always counts as none; pairs that
    are not listed count as most.
    """
    keys = inputs.keys
    response = np.full((keys.controller.size, len(inputs.controllers)), words.most)
    for by_group in (False, True):
        for entry in scenario.departure_response:
            if (entry.response_group is not None) != by_group:
                continue
            if entry.response_group is not None:
                who = keys.response == inputs.response_groups.index(entry.response_group)
            else:
                who = keys.controller == inputs.controllers.index(str(entry.controlled_by))
            response[who, inputs.controllers.index(entry.incoming)] = getattr(words, entry.share)
    foreign = inputs.side[keys.controller][:, None] != inputs.side[None, :]
    return Answers(response=np.where(foreign, response, 0.0), foreign=foreign)


def _pressures(reading: Reading) -> Iterator[Pressure]:
    """Declared pressure, from the first midnight of `date` to the last of `until`."""
    for event in reading.scenario.events:
        if isinstance(event, verbs.PressureAt):
            days = reading.days(event)
            yield Pressure(
                float(days.start),
                float(days.stop),
                reading.inputs.controllers.index(event.pressure),
                event.intensity,
                *reading.inputs.coordinates[event.at],
                event.within_km,
            )


def _returns(reading: Reading) -> Iterator[DeclaredReturn]:
    """Declared returns, from noon of `date` to the last midnight of `until`."""
    for event in reading.scenario.events:
        if isinstance(event, verbs.ReturnDeclared):
            covered = units.where(reading.inputs, event.to)
            found = {reading.place(code) for code in covered.places} - {None}
            yield DeclaredReturn(
                start=reading.day(event.date) + NOON,
                end=np.inf if event.until is None else reading.day(event.until) + 1.0,
                zones=covered.zones,
                places=np.array(sorted(place for place in found if place is not None), dtype=np.int64),
            )


def _on_network(reading: Reading) -> tuple[Array | None, Array | None]:
    """Conflict, and people counted where they are given, by day and place of a network."""
    network, settings, period = reading.inputs.network, reading.scenario.network, reading.scenario.period
    if network is None:
        return None, None
    settings = settings or model.NetworkSettings()
    span = (reading.inputs.zones.code, period.start, period.days)
    table = network.conflict if settings.conflict is None else reading.scenario.file(settings.conflict)
    reading.files.append(table)
    conflict = networks.conflict(table, *span)
    if settings.totals == "model":
        return conflict, None
    counts = network.observed if settings.counts is None else reading.scenario.file(settings.counts)
    if counts is None:
        raise InputError(finding(reading.scenario.path, "there are no counts to take the totals from"))
    return conflict, networks.counted(counts, *span)


def _observed(reading: Reading) -> Array | None:
    """First departures that the scenario gives, by day and zone."""
    scenario, zones = reading.scenario, reading.inputs.zones
    if not isinstance(scenario.departures, model.ObservedDepartures):
        return None
    name = scenario.departures.observed
    zone_of = {code: at for at, code in enumerate(zones.code)}
    given = np.zeros((scenario.period.days, zones.inside))
    rows = reading.rows(name, ["date", "zone", "people"])
    if not rows:
        raise InputError(finding(scenario.file(name), "has no row; give date, zone and people", 1))
    for row in rows:
        zone = zone_of.get(row.text("zone"))
        if zone is None or zone >= zones.inside:
            raise row.wrong("zone", f"unknown zone '{row['zone']}'; write its p-code")
        day = reading.day(row.date("date"))
        if not 0 <= day < scenario.period.days:
            raise row.wrong("date", f"{row['date']} is outside the period; correct it or the period")
        given[day, zone] += row.number("people", 0)
        live = zones.population[zone]
        if given[:, zone].sum() > live:
            total = f"{given[:, zone].sum():,.0f} people leave {zones.name[zone]} by this row"
            raise row.wrong("people", f"{total}, where {live:,.0f} live; give fewer or a larger population")
    return given
