"""The folder of needs reckoned from observed or planned figures, without the model."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from displacement.io import folders, results, tables
from displacement.io.gazetteer import Gazetteer
from displacement.io.reports import WHOLE_AREA
from displacement.report.aid import write_exact, write_shared
from displacement.report.pin import pin_lines
from displacement.report.summary import inert_in_markdown, needs_lines, too_few
from displacement.report.supply import supply_lines
from displacement.result import Aid

NOTICE = "Needs of observed or planned figures of people; no model is behind them."


def write(
    people: xr.Dataset, aid: Aid, gazetteer: Gazetteer, provenance: dict[str, Any], about: str, folder: Path
) -> str:
    """Write `share/` and `internal/` of needs, whole or not at all.

    Parameters
    ----------
    people : xarray.Dataset
        Who is there.
    aid : Aid
        What they need and what of it can be met.
    gazetteer : Gazetteer
        Names of the zones and what they lie in.
    provenance : dict
        Inputs with hashes, versions.
    about : str
        What the figures are, to stand above them.
    folder : pathlib.Path
        Its place.

    Returns
    -------
    str
        The summary.
    """
    text = inert_in_markdown("\n".join(_summary(people, aid, about)))
    with folders.whole_folder(folder) as partial:
        for part in ("share", "internal"):
            (partial / part).mkdir()
        (partial / "share" / "summary.md").write_text(text, encoding="utf-8")
        write_shared(partial / "share", aid, people, _places(gazetteer), gazetteer.area.country or "")
        attributes = {"title": "Needs of observed figures", "comment": f"{NOTICE} {about}"}
        merged = xr.merge([people, aid.needs], combine_attrs="drop_conflicts")
        results.write_netcdf(partial / "internal" / "result.nc", merged, attributes)
        write_exact(partial / "internal", aid, attributes)
        if aid.notes:
            (partial / "internal" / "notes.txt").write_text("\n".join([*aid.notes, ""]), encoding="utf-8")
        folders.write_manifest(partial, provenance)
    return text


def _summary(people: xr.Dataset, aid: Aid, about: str) -> Iterator[str]:
    """The lines of the summary."""
    yield from ("# Needs of observed or planned figures", "", *textwrap.wrap(about, 96), "")
    yield from needs_lines(aid.needs, people, aid.logistics)
    yield ""
    if not too_few(aid.needs, people):
        if aid.supply is not None:
            yield from (*supply_lines(aid.supply), "")
        yield from (line for text in pin_lines(aid.in_need) for line in textwrap.wrap(text, 96))
        yield ""
    yield "No model is behind the people in this; standards and shares of groups are as in every run."
    yield ""


def _places(gazetteer: Gazetteer) -> dict[str, list[str]]:
    """Codes and names of what each zone lies in, and its own name."""
    columns = ("admin1", "admin1_name", "admin2", "admin2_name", "name")
    rows = tables.read(gazetteer.table("zones"), ["zone", "name"])
    named = {row["zone"]: [row.get(column, "") for column in columns] for row in rows}
    return {**named, WHOLE_AREA: ["", "", "", "", "whole area"]}
