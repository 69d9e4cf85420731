"""One number of a run folder, taken apart."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import xarray as xr

from displacement.io import results
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.tables import key
from displacement.needs.catalogue import CatalogueError
from displacement.needs.explain import explain
from displacement.needs.listing import from_plain
from displacement.needs.logistics import Supply
from displacement.report.aid import STANDARDS


def explained(run: Path, zone: str, item: str, date: dt.date) -> list[str]:
    """The lines of `explain` for a folder that `run` or `needs` wrote.

    Parameters
    ----------
    run : pathlib.Path
        The folder.
    zone : str
        P-code or name.
    item : str
        Id of the line.
    date : datetime.date
        The day.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If the folder is none of a run, or the zone, item or day is not in it.
    """
    internal = run / "internal"
    if not (internal / "result.nc").is_file() or not (internal / STANDARDS).is_file():
        raise InputError(
            finding(
                run, f"holds no run with internal/result.nc and internal/{STANDARDS}; name a run's folder"
            )
        )
    people = results.read_netcdf(internal / "result.nc")
    kept = json.loads((internal / STANDARDS).read_text(encoding="utf-8"))
    catalogue, assumptions = from_plain(kept)
    carries = Supply.model_validate(kept["supply"]) if kept.get("supply") else None
    code = _zone(run, people, zone)
    days = people["time"].values.astype("datetime64[D]")
    if np.datetime64(date, "D") not in days:
        raise InputError(finding(run, f"{date} is not among its days, {days[0]} to {days[-1]}"))
    account = internal / "supply.nc"
    supply = results.read_netcdf(account) if account.is_file() else None
    try:
        return explain(people, catalogue, assumptions, code, item, np.datetime64(date, "D"), supply, carries)
    except CatalogueError as error:
        raise InputError(*(finding(run, problem) for problem in error.problems)) from None


def _zone(run: Path, people: xr.Dataset, written: str) -> str:
    """P-code of a zone, by p-code or name."""
    codes = [str(code) for code in people["zone"].values]
    if "inside" in people.coords:
        codes = [code for code, inside in zip(codes, people["inside"].values, strict=True) if inside]
    names = people["zone_name"].values if "zone_name" in people.coords else codes
    named = {str(code): str(name) for code, name in zip(people["zone"].values, names, strict=True)}
    found = [code for code in codes if written == code or key(named[code]) == key(written)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(finding(run, f"'{written}' is the name of {', '.join(found)}; write the p-code"))
    near = [*codes, *(named[code] for code in codes)]
    raise InputError(finding(run, f"has no zone '{written}'" + suggestion(written, near)))
