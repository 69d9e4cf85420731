"""Members of one run in several jobs that know nothing of each other, and the run that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import xarray as xr

from displacement import crew
from displacement.asked import chosen, made_from, read
from displacement.io import parts
from displacement.io.errors import InputError, finding
from displacement.io.kept import AT_ONCE, Kept, by_members
from displacement.io.parts import Part
from displacement.members import Moved, ceiling, planned, run_all
from displacement.pipeline import fields_of, result_of
from displacement.progress import Progress, Stopwatch, silent
from displacement.result import Result
from displacement.scenario.load import load
from displacement.scenario.model import Scenario

__all__ = ["merge", "run_part"]


def run_part(
    scenario: Scenario | str | Path,
    member_range: tuple[int, int],
    folder: str | Path,
    variant: str | None = None,
    members: int | None = None,
    seed: int | None = None,
    map: crew.Map = map,
    progress: Progress = silent,
    workers: int | None = 1,
    quantiles: Sequence[float] | None = None,
    parameters: Literal["calibrated", "priors"] | None = None,
    max_memory: str | int | None = None,
) -> dict[str, float]:
    """Run some members of a scenario into a folder of their own, for `merge`.

    Parameters
    ----------
    scenario, variant, members, seed, map, progress, workers, quantiles, parameters, max_memory
        As for `run`; `members` are those of the whole run.
    member_range : tuple of int
        The first member, counted from 0, and the one after the last.
    folder : str or pathlib.Path
        Where they go; it is whole or not there.

    Returns
    -------
    dict of str to float
        Where the time went, by step. [s]

    Raises
    ------
    displacement.InputError
        As for `run`, or if the scenario has no such members.
    """
    told = Stopwatch(progress)
    question = chosen(scenario, variant, members, seed, quantiles, parameters)
    (first, end), count = member_range, question.uncertainty.members
    if count == 1:
        raise InputError(finding("member-range", "the scenario has one member; write --members too"))
    if not 0 <= first < end <= count:
        message = f"{first}:{end} are not among the {count} members; they are 0:{count}, the end not included"
        raise InputError(finding("member-range", message))
    asked = read(question, told)
    moved = run_all(asked, asked.assumptions[first:end], map, workers, ceiling(max_memory), told)
    told("writing the folder")
    path, made_of = asked.scenario.path, made_from(asked)
    parts.write(
        Part(
            Path(folder), first, end, count, path, asked.scenario.variant, made_of, moved.people, moved.flows
        )
    )
    return told.stop()


def merge(
    folders: Sequence[str | Path],
    scenario: str | Path | None = None,
    progress: Progress = silent,
    max_memory: str | int | None = None,
) -> Result:
    """The run whose members `run_part` left in several folders: what `run` returns of all of them.

    Parameters
    ----------
    folders : sequence of str or pathlib.Path
        In any order.
    scenario : str or pathlib.Path, optional
        The scenario's file, if it is not where it was.
    progress, max_memory
        As for `run`.

    Returns
    -------
    Result

    Raises
    ------
    displacement.InputError
        If the parts are not those of one run, members are missing or there twice, or the scenario, a table or the package
        has changed since.
    """
    told = Stopwatch(progress)
    limit = ceiling(max_memory)
    there = parts.together([parts.read(Path(folder)) for folder in folders])
    first, count = there[0], there[0].of
    asked = read(_of_part(first, None if scenario is None else Path(scenario)), told)
    changed = parts.unlike(made_from(asked), first.made_of)
    if changed:
        message = f"cannot be merged: since it was run, {changed}; run the parts again"
        raise InputError(finding(first.folder, message))
    told("reading the members")
    people, flows = (each.isel(member=slice(0, 1)) for each in (first.people, first.flows))
    plan = planned(asked, people, flows, count, limit)
    moved = Moved(
        _joined([(part.first, part.people) for part in there], count, plan.in_memory),
        _joined([(part.first, part.flows) for part in there], count, plan.in_memory),
        plan.in_memory,
    )
    return result_of(asked, moved, fields_of(asked.inputs, asked.events, [], asked.scenario, ()), told)


def _joined(held: Sequence[tuple[int, xr.Dataset]], count: int, in_memory: bool) -> xr.Dataset:
    """Members of several files as one dataset."""
    room = Kept(count, in_memory)
    for first, part in held:
        for at, some in enumerate(by_members(part)):
            room.add(first + at * AT_ONCE, some)
        part.close()
    return room.dataset()


def _of_part(part: Part, file: Path | None) -> Scenario:
    """The scenario of a part, with its members."""
    path = file or part.scenario_file
    if not path.is_file():
        message = f"its scenario {path} is not there; write where it is: --scenario FILE"
        raise InputError(finding(part.folder, message))
    scenario = load(path, part.variant)
    given = part.made_of["scenario"]["uncertainty"]
    return scenario.model_copy(update={"uncertainty": scenario.uncertainty.model_validate(given)})
