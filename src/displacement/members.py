"""Many members of one question: in batches, in processes of their own, under a memory ceiling."""

from __future__ import annotations

import builtins
import contextlib
import os
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
import xarray as xr

from displacement import crew, ensemble, memory, stages, ways
from displacement.aid import estimate_aid
from displacement.asked import Asked
from displacement.io.errors import InputError, finding
from displacement.io.inputs import Inputs
from displacement.io.kept import Kept
from displacement.movement.assumptions import Movement
from displacement.progress import Stopwatch
from displacement.result import Aid
from displacement.scenario import supplies

__all__ = ["Moved", "aid_of", "ceiling", "planned", "run_all", "with_names"]


class Moved(NamedTuple):
    """What the members come to."""

    people: xr.Dataset
    flows: xr.Dataset
    in_memory: bool
    """Whether there is room for what follows from them too."""


def ceiling(max_memory: str | int | None) -> int:
    """The memory that a run may take. [byte]"""
    try:
        return memory.ceiling(max_memory)
    except ValueError as error:
        raise InputError(finding("max-memory", str(error))) from None


def run_all(
    asked: Asked,
    parameters: Sequence[Movement],
    map: crew.Map,
    workers: int | None,
    limit: int,
    told: Stopwatch,
) -> Moved:
    """Many members, batch by batch, in processes of their own where there are several workers.

    The first member goes ahead of the others and tells how much memory each of them takes. Of the others those whose
    travel times are alike lie together; no number depends on it.
    """
    count = len(parameters)
    order = sorted(range(1, count), key=lambda at: ways.plain_speeds(parameters[at]).track_speed)
    work = partial(
        stages.run_members,
        inputs=asked.inputs,
        events=asked.events,
        edges=asked.edges,
        scenario=asked.scenario,
        by_week=True,
    )
    given = min(os.cpu_count() or 1, count) if workers is None else workers
    own_processes = map is builtins.map
    told.tell("running members", 0, count)
    with contextlib.ExitStack() as pools:
        each = pools.enter_context(crew.processes(given)) if own_processes else map
        (first,) = each(work, [parameters[:1]])
        at_work = given if not own_processes or given > 1 else 0
        plan = planned(asked, first.people, first.flows, count, limit, first.peak, at_work, workers is None)
        if own_processes and 0 < plan.workers < given:
            pools.close()
            each = pools.enter_context(crew.processes(plan.workers))
        others = crew.in_batches(
            work,
            [parameters[at] for at in order],
            each,
            lambda ready: told.tell("running members", 1 + ready, count),
            stages.batch_of(asked.inputs, asked.edges),
        )
        return _gathered(chain([first], others), [0, *order], plan.in_memory, told)


def _gathered(
    batches: Iterable[stages.Moved], order: Sequence[int], in_memory: bool, told: Stopwatch
) -> Moved:
    """All members, taken in as their batches come, each in its place."""
    people, flows = (Kept(len(order), in_memory) for _ in range(2))
    left = iter(order)
    for part in batches:
        for own in range(part.people.sizes["member"]):
            at = next(left)
            people.add(at, part.people.isel(member=[own]))
            flows.add(at, part.flows.isel(member=[own]))
        told.add(part.seconds)
    return Moved(people.dataset(), flows.dataset(), in_memory)


def planned(
    asked: Asked,
    people: xr.Dataset,
    flows: xr.Dataset,
    count: int,
    limit: int,
    each: int = 0,
    workers: int = 0,
    fewer: bool = True,
) -> memory.Plan:
    """Who works and where the members' figures lie, by what the first of them comes to."""
    aid = aid_of(asked, with_names(people, asked.inputs), in_memory=True)
    held = [people, flows, aid.needs, aid.in_need, *([aid.supply] if aid.supply else [])]
    kept = count * sum(one.nbytes for one in held)
    own = memory.now() if workers else memory.peak()
    try:
        return memory.planned(limit, own, each, workers, kept, fewer)
    except memory.TooLittleMemoryError as error:
        raise InputError(str(error)) from None


def aid_of(asked: Asked, people: xr.Dataset, in_memory: bool) -> Aid:
    """Needs and supply of the people of some or all members."""
    scenario, shares = asked.scenario, ensemble.shares(asked.scenario)
    if shares is not None:
        shares = {name: values[: people.sizes["member"]] for name, values in shares.items()}
    return estimate_aid(
        people,
        scenario.needs,
        asked.lines,
        scenario.supply,
        asked.listed,
        partial(supplies.ways, inputs=asked.inputs, events=asked.events),
        scenario.path,
        shares,
        in_memory,
    )


def with_names(people: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """Names of zones as coordinates."""
    zones = inputs.zones
    named = {"zone_name": zones.name, "zone_name_ar": zones.name_ar}
    named |= {"admin1": zones.admin1_name, "admin2": zones.admin2_name}
    coordinates = {name: ("zone", list(values)) for name, values in named.items()}
    inside = np.arange(len(zones.code)) < zones.inside
    return people.assign_coords({**coordinates, "inside": ("zone", inside)})
