"""What drives the spread, in a few sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from displacement.report.rounding import significant

__all__ = ["drivers_lines"]

MOST = 3
"""Parameters that are named."""
LEAST_SHARE = 0.01
"""A smaller share is not named. [1]"""
ENOUGH_MEMBERS = 64
ENOUGH_EXPLAINED = 0.5
"""With fewer members, or less of an output explained, no driver is named. [1]"""
OUTPUTS: Mapping[str, str] = {
    "peak_displaced": "Most people away at once",
    "arrivals_in_week": "Arrivals by day 7 in {zone}",
    "tonnes": "Tonnes of aid",
    "cost": "Cost of aid",
}


def drivers_lines(drivers: xr.Dataset, zone_names: Sequence[str]) -> list[str]:
    """The strongest drivers of each output with their shares, and the range that each had in the members.

    Parameters
    ----------
    drivers : xarray.Dataset
        As `displacement.sensitivity.drivers` returns it.
    zone_names : sequence of str
        Names of all zones.

    Returns
    -------
    list of str
        At most 96 columns. No driver is named where there are fewer than 64 members, nor of an output less than
        half explained.
    """
    members = int(drivers.attrs["members"])
    if members < ENOUGH_MEMBERS:
        return _wrapped(
            f"What drives the spread: {members} members are too few to name drivers; run {ENOUGH_MEMBERS} or more."
        )
    if not drivers["total"].values.any():
        return _wrapped(f"What drives the spread: it cannot be told from {members} members; run more.")
    lines = [
        f"What drives it: shares of the spread over {members} members, and the range of each assumption."
    ]
    explained: set[int] = set()
    zone = str(zone_names[int(drivers.attrs["zone_of_arrivals"])])
    for at, output in enumerate(drivers["output"].values):
        name = OUTPUTS[str(output)].format(zone=zone)
        if float(drivers["explained"][at]) < ENOUGH_EXPLAINED:
            told = f"{members} members are too few to name drivers ({_explained(drivers, at)} explained)"
        else:
            order = np.argsort(-drivers["total"].values[at], kind="stable")[:MOST]
            named = [int(one) for one in order if float(drivers["total"][at, one]) >= LEAST_SHARE]
            told = "; ".join(_driver(drivers, at, one, one in explained) for one in named)
            told += f" ({_explained(drivers, at)} explained)"
            explained |= set(named)
        lines += textwrap.wrap(f"* {name}: {told}.", 96, subsequent_indent="  ")
    return lines + _wrapped(
        "Shares overlap where assumptions work together, and are of the part that is explained."
    )


def _explained(drivers: xr.Dataset, at: int) -> str:
    return f"{max(float(drivers['explained'][at]), 0.0):.0%}"


def _driver(drivers: xr.Dataset, at: int, one: int, ranged: bool) -> str:
    """Share, plain words and, where it was not said yet, the range."""
    share, meaning = float(drivers["total"][at, one]), str(drivers["meaning"].values[one])
    low, high = (significant(float(drivers[name][one])) for name in ("low", "high"))
    unit = str(drivers["unit"].values[one])
    said = "" if ranged else f" ({low:g} to {high:g}{'' if unit == '1' else f' {unit}'})"
    return f"{share:.0%} {meaning}{said}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 96)
