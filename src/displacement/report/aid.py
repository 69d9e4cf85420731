"""The files of needs and supply, the same for a run and for observed figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from displacement import variables
from displacement.io import folders, results, tables
from displacement.io.kept import summed
from displacement.needs.listing import as_plain
from displacement.needs.supply import CONSTRAINTS
from displacement.report.behind import people_behind
from displacement.report.pin import PIN_COLUMNS, pin_rows
from displacement.report.rounding import EIGHT_IN_TEN
from displacement.report.share import NEEDS_COLUMNS, needs_rows, with_levels
from displacement.report.supply import (
    STOCK_COLUMNS,
    SUPPLY_COLUMNS,
    TRUCK_COLUMNS,
    stock_rows,
    supply_rows,
    truck_rows,
)
from displacement.result import Aid

Rows = Iterable[Sequence[str]]


def write_shared(
    folder: Path,
    aid: Aid,
    people: xr.Dataset,
    places: Mapping[str, Sequence[str]],
    country: str,
    marked: Callable[[Iterator[list[str]]], Rows] = iter,
    asked: Sequence[float] = EIGHT_IN_TEN,
) -> xr.Dataset:
    """`needs.csv`, `pin.csv` and, where there is supply, `supply.csv`: made to be forwarded.

    Parameters
    ----------
    folder : pathlib.Path
        Where they go.
    aid : Aid
    people : xarray.Dataset
        Who stands behind it.
    places : mapping
        By p-code of a zone: admin 1 code and name, admin 2 code and name, its own name.
    country : str
        ISO code; blank if not known.
    marked : callable
        Changes every row before it is written, to mark it as restricted.
    asked : sequence of float
        Quantiles over the members.

    Returns
    -------
    xarray.Dataset
        The people behind each figure, as `people_behind` returns them.
    """
    behind = people_behind(aid, people, asked)
    header = with_levels(NEEDS_COLUMNS, asked)
    tables.write(folder / "needs.csv", header, marked(needs_rows(aid.needs, behind, asked)))
    tables.write(folder / "pin.csv", PIN_COLUMNS, marked(pin_rows(aid.in_need, country, places)))
    if aid.supply is not None:
        rows = supply_rows(aid.supply, behind)
        tables.write(folder / "supply.csv", SUPPLY_COLUMNS, marked(rows))
    return behind


def in_all(needs: xr.Dataset, behind: xr.Dataset) -> xr.Dataset:
    """What is needed of each item over the run, member by member, with the people whom it serves.

    Parameters
    ----------
    needs : xarray.Dataset
        As `demand` returns it.
    behind : xarray.Dataset
        As `people_behind` returns it.

    Returns
    -------
    xarray.Dataset
        The arrays of `variables.NEEDS_IN_ALL`.
    """
    total = summed(needs, "time", "zone")["need"].isel(time=0, zone=0, drop=True)
    served = behind["in_all"].sum("time").reindex(item=needs["item"].values)
    whole = xr.Dataset({"need_in_all": total.transpose("member", "item"), "served": served})
    described: xr.Dataset = variables.describe(whole, variables.NEEDS_IN_ALL)
    return described


def write_exact(folder: Path, aid: Aid, attributes: dict[str, str]) -> None:
    """The aid lines with where each number came from, and the whole account of supply: for the analyst.

    Parameters
    ----------
    folder : pathlib.Path
        Where they go.
    aid : Aid
    attributes : dict of str
        What stands on every dataset.
    """
    logistics = aid.logistics.model_dump(mode="json") if aid.logistics is not None else None
    folders.write_json(folder / STANDARDS, {**as_plain(aid.catalogue, aid.settings), "supply": logistics})
    if aid.supply is not None:
        flags = {
            "flag_values": np.arange(len(CONSTRAINTS), dtype=np.int8),
            "flag_meanings": " ".join(name or "none" for name in CONSTRAINTS),
        }
        account = aid.supply.assign(binding=aid.supply["binding"].assign_attrs(flags))
        results.write_netcdf(folder / "supply.nc", account, attributes)
        tables.write(folder / "stock.csv", STOCK_COLUMNS, stock_rows(aid.supply))
        tables.write(folder / "trucks.csv", TRUCK_COLUMNS, truck_rows(aid.supply))


STANDARDS = "standards.json"
"""Name of the file with the aid lines."""
