"""What a run returns: frozen, with everything it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from displacement import shown
from displacement.io.inputs import Inputs
from displacement.io.reports import Report
from displacement.needs.catalogue import Catalogue
from displacement.needs.logistics import Supply
from displacement.scenario.aid import Needs
from displacement.scenario.model import Scenario

LIMITS = (
    "Modelled estimate, if the events of this scenario come about. Front lines are assumed, not predicted. "
    "Figures are by zone; they say nothing about a single place or person."
)
"""Stands on every file."""


@dataclass(frozen=True)
class Aid:
    """What people need and what of it can be met, from the model or from observed figures.

    Parameters
    ----------
    catalogue : Catalogue
        The aid lines, and which layer gave each number.
    settings : Needs
        Who the people are, and the layers of the scenario.
    needs : xarray.Dataset
        `need` by (member, time, zone, item), in each item's unit.
    in_need : xarray.Dataset
        People in need by cluster and group (`displacement.needs.in_need.people_in_need`). [person]
    logistics : Supply, optional
        What the scenario says of supply.
    supply : xarray.Dataset, optional
        What of the needs can be met (`displacement.needs.supply.deliver`); None where nothing is said of supply.
    notes : tuple of str
        What to know about how stock was read.
    """

    catalogue: Catalogue
    settings: Needs
    needs: xr.Dataset
    in_need: xr.Dataset
    logistics: Supply | None = None
    supply: xr.Dataset | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A run: people, flows and needs as xarray datasets, and what they were made from.

    Parameters
    ----------
    scenario : Scenario
        The question.
    inputs : Inputs
        The area on its grid.
    people : xarray.Dataset
        The measures of people by (member, time, zone[, type]). [person]
    flows : xarray.Dataset
        `departures` by (member, time, origin, destination). [movement]
    aid : Aid
        Needs and supply, with the aid lines behind them.
    fields : xarray.Dataset
        Gridded fields that were kept.
    provenance : mapping
        Inputs with hashes, versions, settings.
    notes : tuple of str
        What somebody should look at: choices that were made, and where inputs disagree.
    reports : tuple of Report
        Observed figures that the scenario names.
    drivers : xarray.Dataset, optional
        What the spread of the members comes from (`displacement.sensitivity.drivers`); None of one member.
    variants : xarray.Dataset, optional
        A few figures of every variant beside those of this run, if they were run
        (`displacement.sensitivity.side_by_side`).
    seconds : mapping of str to float
        Where the time went, by step, that of all workers together. [s]
    """

    scenario: Scenario
    inputs: Inputs
    people: xr.Dataset
    flows: xr.Dataset
    aid: Aid
    fields: xr.Dataset
    provenance: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    drivers: xr.Dataset | None = None
    variants: xr.Dataset | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def needs(self) -> xr.Dataset:
        """`need` by (member, time, zone, item), in each item's unit."""
        return self.aid.needs

    @property
    def supply(self) -> xr.Dataset | None:
        """What of the needs can be met; None where the scenario says nothing of supply."""
        return self.aid.supply

    @property
    def in_need(self) -> xr.Dataset:
        """People in need by cluster and group. [person]"""
        return self.aid.in_need

    @property
    def condition(self) -> str:
        """What the answer depends on, as a clause that begins with "If"."""
        scenario = self.scenario
        those = f"the variant '{scenario.variant}'" if scenario.variant else "this scenario"
        clause = scenario.condition or f"the events of {those} come about"
        known = (
            f" (known on {scenario.as_of.day} {scenario.as_of:%B %Y}, later events assumed)"
            if scenario.as_of
            else ""
        )
        return f"If {clause}{known}"

    @property
    def notice(self) -> str:
        """What every reader has to know: restriction, condition and limits."""
        restricted = "RESTRICTED, not to be passed on. " if self.scenario.sensitivity == "restricted" else ""
        return f"{restricted}{self.condition}. {LIMITS}"

    def __repr__(self) -> str:
        away = float(self.people["newly_displaced"].isel(time=-1).sum("zone").median("member"))
        return (
            f"<displacement.Result '{self.scenario.title}'"
            f"{f' [{self.scenario.variant}]' if self.scenario.variant else ''}: "
            f"{away:,.0f} newly displaced on {self.scenario.period.last}>"
        )

    def _repr_html_(self) -> str:
        variant = f" [{self.scenario.variant}]" if self.scenario.variant else ""
        arrays = {
            name: getattr(self, name) for name in ("people", "flows", "needs", "in_need", "supply", "drivers")
        }
        notes = f" Notes: {len(self.notes)}, in result.notes." if self.notes else ""
        return shown.page(
            self.scenario.title + variant,
            self.condition,
            self.people,
            self.scenario.uncertainty.quantiles,
            arrays,
            LIMITS + notes,
        )
