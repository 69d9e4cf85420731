"""The two workbooks of a run: rounded to be forwarded, exact for the analyst."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from displacement.io.errors import InputError, finding
from displacement.io.tables import saving
from displacement.report.behind import people_behind
from displacement.report.books.amounts import Amounts, amounts
from displacement.report.books.assumptions_sheet import write_assumptions
from displacement.report.books.contents_sheet import write_contents
from displacement.report.books.gap_sheets import balances, write_balance, write_gap
from displacement.report.books.layout import Layout
from displacement.report.books.needs_sheets import (
    fits,
    write_area_by_day,
    write_by_week,
    write_daily,
    write_levels,
)
from displacement.report.books.paper import Paper
from displacement.report.books.people_sheet import write_people
from displacement.report.books.read_me_sheet import write_read_me
from displacement.report.books.showing import EXACT, SHARED
from displacement.report.books.sources_sheet import write_sources
from displacement.report.books.stock_sheet import write_stock
from displacement.report.books.summary_sheet import write_summary
from displacement.report.books.supply_figures import as_run, by_day
from displacement.report.books.trucks_sheet import write_trucks
from displacement.report.spread import middle_by_zone
from displacement.result import Result

__all__ = ["exact_workbook", "workbook", "write_both"]


def workbook(result: Result, path: str | Path = "needs.xlsx", daily: bool = False) -> Path:
    """Write the workbook that is made to be forwarded: rounded figures, each by itself, with live formulas.

    Parameters
    ----------
    result : Result
    path : str or pathlib.Path
        The file; one that is there is replaced.
    daily : bool
        A sheet of the needs of every zone by day too.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If it cannot be written, or the days do not fit a sheet.
    """
    return _written(Layout(result, amounts(result), SHARED, daily), Path(path), result.scenario.path.name)


def exact_workbook(result: Result, path: str | Path = "needs.xlsx", daily: bool = False) -> Path:
    """Write the workbook for the analyst: exact figures, hubs and routes, with live formulas.

    Parameters
    ----------
    result : Result
    path : str or pathlib.Path
        The file; one that is there is replaced.
    daily : bool
        A sheet of the needs of every zone by day too.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If it cannot be written, or the days do not fit a sheet.
    """
    return _written(Layout(result, amounts(result), EXACT, daily), Path(path), result.scenario.path.name)


def write_both(result: Result, shared: Path, exact: Path, daily: bool = False) -> None:
    """Write both workbooks from figures that are worked out once."""
    figures: Amounts = amounts(result)
    name = result.scenario.path.name
    _written(Layout(result, figures, SHARED, daily), shared, name)
    _written(Layout(result, figures, EXACT, daily), exact, name)


def _written(layout: Layout, path: Path, scenario_file: str) -> Path:
    if layout.daily and not fits(len(layout.zones), layout.days):
        raise InputError(
            finding(
                path,
                f"{len(layout.zones)} zones on {layout.days} days do not fit a sheet of 1,048,576 rows; leave "
                "--daily out, "
                "or make the period shorter",
            )
        )
    with saving(path) as partial:
        scenario = layout.result.scenario
        paper = Paper(partial, scenario.title, layout.result.notice, scenario.period.start)
        _write_sheets(paper, layout, scenario_file)
        paper.close()
    return path


def _write_sheets(paper: Paper, layout: Layout, scenario_file: str) -> None:
    """Every sheet, in the order in which they are read."""
    found = balances(layout)
    write_read_me(paper, layout, scenario_file)
    write_summary(paper, layout, found)
    write_people(paper, layout)
    write_by_week(paper, layout)
    write_levels(paper, layout)
    if layout.daily:
        write_daily(paper, layout, *_by_day(layout))
    write_area_by_day(paper, layout)
    write_stock(paper, layout)
    write_gap(paper, layout, found, as_run(layout, layout.amounts.windows))
    write_trucks(paper, layout)
    write_assumptions(paper, layout)
    write_sources(paper, layout)
    write_balance(paper, layout, found, as_run(layout, by_day(layout)))
    if layout.exact_contents:
        write_contents(paper, layout)


def _by_day(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Needs of the zones that are shown and the people behind them, both (zone, time, item)."""
    result = layout.result
    codes = [layout.amounts.places[at].code for at in layout.zones]
    needs = result.needs.sel(zone=codes)
    need = middle_by_zone(needs["need"].transpose("member", "zone", "time", "item"))
    behind = people_behind(result.aid, result.people, result.scenario.uncertainty.quantiles)
    return need, behind["by_zone"].sel(zone=codes).transpose("zone", "time", "item").values
