"""Scores of past cases on networks of places, as a table for the screen and as CSV."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from displacement.io import tables

SCORES, BY_DAY = "network_scores.csv", "network_days.csv"
NOTE = """\
Averaged relative difference: mean over days of sum over places |estimate - count| / all counted, and, in brackets,
rescaled to the true total. 0: everybody where they were counted; 2: nobody. Totals are as observed: an estimate says
where people are, not how many. Those counted on day 0 are there from the start unless it says not given."""


def printed(scores: pd.DataFrame) -> str:
    """The scores as a table for each case.

    Parameters
    ----------
    scores : pandas.DataFrame
        `case`, `estimate`, `window`, `days`, `plain` and `rescaled`.
    """
    parts = []
    for case, rows in scores.groupby("case", sort=False):
        windows = list(rows["window"].unique())
        lines = ["", str(case), f"{'days':<24}" + "".join(f"{window:>16}" for window in windows)]
        for name, of_estimate in rows.groupby("estimate", sort=False):
            cells = [
                _cell(plain, rescaled)
                for plain, rescaled in zip(of_estimate["plain"], of_estimate["rescaled"], strict=True)
            ]
            lines.append(f"{name:<24}" + "".join(f"{cell:>16}" for cell in cells))
        parts.append("\n".join(lines))
    return "\n".join([*parts, "", NOTE])


def _cell(plain: float, rescaled: float) -> str:
    """Both figures; blank where an estimate says nothing."""
    return "" if math.isnan(plain) else f"{plain:.3f} ({rescaled:.3f})"


def write(folder: Path, scores: pd.DataFrame, by_day: pd.DataFrame) -> list[Path]:
    """Write the scores, and the figures of every day behind them.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there.
    scores, by_day : pandas.DataFrame
        As `displacement.evaluate.network` gives them.

    Returns
    -------
    list of pathlib.Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table, digits in ((SCORES, scores, 6), (BY_DAY, by_day, 8)):
        path = folder / name
        with tables.saving(path) as partial:
            tables.write(
                partial,
                list(table.columns),
                ([_shown(value, digits) for value in row] for row in table.itertuples(index=False)),
            )
        written.append(path)
    return written


def _shown(value: object, digits: int) -> str:
    """A cell: figures to so many digits, blank for what is not known."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.{digits}g}"
    return str(value)
