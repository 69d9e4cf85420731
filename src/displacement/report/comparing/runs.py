"""Runs that are set side by side: from memory, or from the folders that were written of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from displacement import variables
from displacement.io import folders, results
from displacement.io.errors import InputError, finding
from displacement.report.aid import in_all
from displacement.report.behind import people_behind
from displacement.result import Result

__all__ = ["Run", "named", "of_folder", "of_result"]


PEOPLE = ("newly_displaced", "newly_displaced_cum", "present_new")
NEEDED = tuple(variables.NEEDS_IN_ALL)
SUPPLY = ("incoming", "runs_out")
"""What is read of a folder."""


class Run(NamedTuple):
    """What is compared of a run."""

    name: str
    title: str
    condition: str
    """A clause that begins with "If"."""
    restricted: bool
    settings: Mapping[str, Any]
    """The resolved scenario, as plain values."""
    made_of: Mapping[str, Any]
    """As `io.provenance.provenance` returns it."""
    people: xr.Dataset
    flows: xr.Dataset
    needed: xr.Dataset
    """`variables.NEEDS_IN_ALL`, with unit and name of each item."""
    supply: xr.Dataset | None

    @property
    def members(self) -> int:
        """How many there are."""
        return int(self.people.sizes["member"])

    @property
    def seed(self) -> int:
        """Of the members."""
        return int(self.settings["uncertainty"]["seed"])

    @property
    def levels(self) -> Sequence[float]:
        """Quantiles that were asked for. [1]"""
        return tuple(self.settings["uncertainty"]["quantiles"])


def of_result(result: Result) -> Run:
    """A run that is in memory."""
    scenario = result.scenario
    behind = people_behind(result.aid, result.people, scenario.uncertainty.quantiles)
    return Run(
        scenario.path.stem + (f"_{scenario.variant}" if scenario.variant else ""),
        scenario.title,
        result.condition,
        scenario.sensitivity == "restricted",
        scenario.settings(),
        result.provenance,
        result.people,
        result.flows,
        in_all(result.needs, behind),
        result.supply,
    )


def of_folder(folder: Path) -> Run:
    """A run that `displacement run` wrote.

    Raises
    ------
    InputError
        If the folder holds none, or one of an older version that kept less.
    """
    internal = folder / "internal"
    try:
        made_of = json.loads((folder / folders.MANIFEST).read_text(encoding="utf-8"))
        kept = results.read_netcdf(internal / "result.nc", [*PEOPLE, *NEEDED])
        flows = internal / "flows.nc"
        account = internal / "supply.nc"
        settings = made_of["scenario"]
        return Run(
            folder.resolve().name,
            str(settings["title"]),
            str(kept.attrs["condition"]),
            settings.get("sensitivity") == "restricted",
            settings,
            made_of,
            kept[[*PEOPLE]],
            results.read_netcdf(flows if flows.is_file() else internal / "result.nc", ["departures"]),
            kept[[*NEEDED]],
            results.read_netcdf(account, SUPPLY) if account.is_file() else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        message = (
            "holds no run that can be compared; name a folder that `displacement run` of this version wrote"
        )
        raise InputError(finding(folder, message)) from None


def named(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs with names that differ: those of one name are numbered."""
    names = [run.name for run in runs]
    told = [
        name if names.count(name) == 1 else f"{name} ({names[: at + 1].count(name)})"
        for at, name in enumerate(names)
    ]
    return tuple(run._replace(name=name) for run, name in zip(runs, told, strict=True))
