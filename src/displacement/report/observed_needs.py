"""The folder of needs reckoned from observed or planned figures, without the model."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import xarray as xr

from displacement.io import folders, tables
from displacement.report.share import NEEDS_COLUMNS, needs_rows
from displacement.report.summary import needs_lines


def write(people: xr.Dataset, needs: xr.Dataset, provenance: dict[str, Any], about: str, folder: Path) -> str:
    """Write `share/needs.csv` and `share/summary.md`, whole or not at all.

    Parameters
    ----------
    people, needs : xarray.Dataset
        Who is there, and what `estimate_needs` makes of it.
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
    text = "\n".join(
        [
            "# Needs of observed or planned figures",
            "",
            *textwrap.wrap(about, 96),
            "",
            *needs_lines(needs, people),
            "",
            "No model is behind the people in this; standards and shares of groups are as in every run.",
            "",
        ]
    )
    with folders.whole_folder(folder) as partial:
        (partial / "share").mkdir()
        (partial / "internal").mkdir()
        (partial / "share" / "summary.md").write_text(text, encoding="utf-8")
        tables.write(partial / "share" / "needs.csv", NEEDS_COLUMNS, needs_rows(needs, people))
        folders.write_manifest(partial, provenance)
    return text
