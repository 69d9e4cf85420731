"""Workbooks recalculated by LibreOffice: cached values are right, and a change gives what a run gives with it."""

import datetime as dt
import math

import numpy as np
import pytest
from books import CHANGES, WITHIN, edit, stocked
from office import PROGRAM, cells, recalculated

import displacement as dp
from displacement import report
from displacement.needs.loads import trucks_needed
from displacement.report.books.changes import import_assumptions

pytestmark = [
    pytest.mark.office,
    pytest.mark.skipif(PROGRAM is None, reason="LibreOffice is not installed"),
]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    return stocked(tmp_path_factory.mktemp("stocked"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, scenario):
    return dp.write(dp.run(scenario), tmp_path_factory.mktemp("run") / "toy", daily=True)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert len(one[name]) == len(other[name]), name
        for row, (left, right) in enumerate(zip(one[name], other[name], strict=True), start=1):
            for at, (was, now) in enumerate(zip(left, right, strict=False)):
                if isinstance(was, float) and isinstance(now, float):
                    assert math.isclose(was, now, rel_tol=1e-9, abs_tol=1e-6), (name, row, at, was, now)
                else:
                    assert was == now, (name, row, at, was, now)


@pytest.fixture(scope="module")
def exact_again(folder, tmp_path_factory):
    """The exact workbook, recalculated."""
    return cells(recalculated(folder / "internal" / "needs.xlsx", tmp_path_factory.mktemp("again")))


def test_the_values_written_are_those_of_the_formulas(folder, exact_again, tmp_path):
    assert_same(cells(folder / "internal" / "needs.xlsx"), exact_again)
    book = folder / "share" / "needs.xlsx"
    assert_same(cells(book), cells(recalculated(book, tmp_path)))


def test_the_values_of_several_members_are_those_of_the_formulas(toy, tmp_path):
    result = dp.run(toy, members=4)
    for write in (report.workbook, report.exact_workbook):
        book = write(result, tmp_path / f"{write.__name__}.xlsx")
        assert_same(cells(book), cells(recalculated(book, tmp_path)))


def assert_needs(book, result):
    """Needs of every place and week, and of the whole area by day, are the run's."""
    need = result.needs["need"].isel(member=0)
    table = book["needs by week"]
    for row in table[9:]:
        days = slice(None) if row[4] == "all" else slice(7 * int(row[4]) - 7, 7 * int(row[4]))
        there = need.isel(time=days).sum("time")
        exact = there.sel(zone=WITHIN.get(row[0], [row[0]])).sum("zone")
        for item, value in zip(table[8][6:], row[6:], strict=True):
            assert math.isclose(value, float(exact.sel(item=item)), rel_tol=1e-9, abs_tol=1e-9), (
                row[:5],
                item,
            )
    by_day = np.array([row[6:] for row in book["area by day"][9 : 9 + need.sizes["time"]]])
    np.testing.assert_allclose(by_day, need.sum("zone").values, rtol=1e-9, atol=1e-9)


def assert_supply(book, result):
    """What is to be met, delivered and missing on every day is the run's, and so are the trucks."""
    supply = result.supply.isel(member=0).sum("zone")
    table = book["gap by day"]
    for row in table[4:]:
        found = dict(zip(table[3], row, strict=True))
        exact = supply.sel(item=found["item"], time=found["date"].isoformat())
        for name, column in (("target", "to be met"), ("delivered", "delivered"), ("gap", "gap")):
            assert math.isclose(found[column], float(exact[name].item()), rel_tol=1e-9, abs_tol=1e-6), (
                found,
                name,
            )
    needed = trucks_needed(result.needs, result.aid.logistics)
    trucks = book["trucks"]
    in_all = dict(zip(trucks[3], trucks[4], strict=False))
    assert in_all["trucks, day by day"] == float(needed["trucks"].sum())
    assert in_all["trucks, loads together"] == float(needed["trucks_in_all"].item())
    assert in_all["tonnes"] == pytest.approx(float(needed["tonnes"].sum()), rel=1e-9)


def test_the_recalculated_workbook_has_the_run_s_totals(exact_again, scenario):
    result = dp.run(scenario)
    assert_needs(exact_again, result)
    assert_supply(exact_again, result)


def test_changed_factors_and_stock_give_what_a_run_gives_with_them(folder, scenario, tmp_path):
    """Kits that hold other lines, households, losses, trucks, stock in store, new and on the way, all at once."""
    edited = edit(folder / "internal" / "needs.xlsx", tmp_path / "edited.xlsx", **CHANGES)
    import_assumptions(edited, tmp_path / "mine.yaml", scenario)
    result = dp.run(tmp_path / "mine.yaml")
    book = cells(recalculated(edited, tmp_path))
    assert_needs(book, result)
    assert_supply(book, result)


def test_a_workbook_saved_by_the_spreadsheet_is_read_back(folder, scenario, tmp_path):
    edited = edit(folder / "internal" / "needs.xlsx", tmp_path / "edited.xlsx", **CHANGES)
    found = import_assumptions(recalculated(edited, tmp_path, "ods"), tmp_path / "mine.yaml", scenario)
    assert len(found.changes) == 14
    assert not found.notes
    assert dp.load(tmp_path / "mine.yaml").supply.hubs["South store"].pipeline[0].quantity == 250


def test_a_changed_factor_changes_the_shared_totals_in_proportion(folder, tmp_path):
    change = {("water_domestic", "quantity"): 30}
    edited = edit(folder / "share" / "needs.xlsx", tmp_path / "edited.xlsx", lines=change)
    before, after = cells(folder / "share" / "needs.xlsx"), cells(recalculated(edited, tmp_path))
    for name in ("needs by week", "area by day"):
        at = before[name][8].index("water_domestic")
        pairs = [(old[at], new[at]) for old, new in zip(before[name][9:], after[name][9:], strict=True)]
        assert all(new == (2 * old if isinstance(old, float) else old) for old, new in pairs[:14])


def test_more_people_planned_for_in_a_zone_reach_the_area_and_the_gap(folder, tmp_path):
    import openpyxl

    opened = openpyxl.load_workbook(folder / "internal" / "needs.xlsx")
    sheet = opened["people"]
    (row,) = [row for row in sheet.iter_rows(min_row=10) if (row[0].value, row[7].value) == ("Z1", "2")]
    more = row[11].value
    row[11].value = 2 * more
    opened.save(tmp_path / "edited.xlsx")
    before, after = (
        cells(folder / "internal" / "needs.xlsx"),
        cells(recalculated(tmp_path / "edited.xlsx", tmp_path)),
    )
    at = before["needs by week"][8].index("water_domestic")

    def need(book, zone, week):
        return next(row[at] for row in book["needs by week"][9:] if (row[0], row[4]) == (zone, week))

    assert need(after, "Z1", "2") == pytest.approx(2 * need(before, "Z1", "2"), rel=1e-12)
    assert need(after, "Z2", "2") == pytest.approx(need(before, "Z2", "2"), rel=1e-12)
    added = need(after, "ALL", "2") - need(before, "ALL", "2")
    assert added == pytest.approx(need(before, "Z1", "2"), rel=1e-9)
    last = dt.date(2030, 1, 14)
    gap = [
        next(row[11] for row in book["gap by day"][4:] if row[0] == "blanket" and row[3] == last)
        for book in (before, after)
    ]
    assert gap[1] > gap[0]
