"""Workbooks: what is forwarded is rounded, what is exact is the run's, and what is changed comes back as a scenario."""

import csv
import datetime as dt
import itertools
import math
import re
import zipfile

import numpy as np
import openpyxl
import pytest
from books import CHANGES, WITHIN, edit, in_workbook, stocked
from hypothesis import given, settings
from hypothesis import strategies as st
from office import cells
from support import TOY, changed, written

import displacement as dp
from displacement import cli, report
from displacement.io.workbooks import sheets
from displacement.needs.supply import deliver
from displacement.report.books.amounts import amounts
from displacement.report.books.changes import import_assumptions
from displacement.report.books.gap_sheets import balance
from displacement.report.rounding import significant

HEADER = 8
"""Row with the ids of items on sheets with an item in each column."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    return stocked(tmp_path_factory.mktemp("stocked"))


@pytest.fixture(scope="module")
def result(scenario):
    return dp.run(scenario)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, result):
    return dp.write(result, tmp_path_factory.mktemp("run") / "toy", daily=True)


@pytest.fixture(scope="module")
def members(toy):
    return dp.run(toy, members=8)


@pytest.fixture(scope="module")
def shared_of_members(tmp_path_factory, members):
    return report.workbook(members, tmp_path_factory.mktemp("members") / "needs.xlsx")


def rows(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def wide(book, name):
    """Cells of a sheet with an item in each column: (zone, week, day) and item -> value."""
    table = cells(book)[name]
    head = table[HEADER]
    return {
        (row[0], row[4], row[5], item): value
        for row in table[HEADER + 1 :]
        if row[5]
        for item, value in zip(head[6:], row[6:], strict=True)
    }


# -- what is forwarded ---------------------------------------------------------------------------------------


def test_the_area_by_day_is_needs_csv(folder):
    """The workbook's figures of the whole area, and of zones with --daily, are those of the table, word for word."""
    book = folder / "share" / "needs.xlsx"
    by_day = {(zone, date, item): value for (zone, _, date, item), value in wide(book, "area by day").items()}
    by_day |= {
        (zone, date, item): value for (zone, _, date, item), value in wide(book, "needs by day").items()
    }
    compared = 0
    for row in rows(folder / "share" / "needs.csv"):
        shown = by_day.get((row["zone"], dt.date.fromisoformat(row["date"]), row["item"]))
        if row["zone"] == "ALL" or shown is not None:
            expected = row["note"] or float(row["p50"])
            assert shown == expected or math.isclose(shown, expected, rel_tol=1e-12), row
            compared += 1
    assert compared > 14 * 29 * 3


def test_the_gap_as_run_is_supply_csv(folder):
    table = cells(folder / "share" / "needs.xlsx")["gap by day"]
    head = table[3]
    shown = {(row[0], row[3].isoformat()): dict(zip(head, row, strict=True)) for row in table[4:]}
    compared = 0
    for row in rows(folder / "share" / "supply.csv"):
        if row["zone"] != "ALL" or (row["item"], row["date"]) not in shown:
            continue
        found = shown[row["item"], row["date"]]
        for name in ("delivered", "gap"):
            assert found[f"as run: {name}"] == (row["note"] or float(row[name])), row
        assert found["as run: for want of"] == row["binding"]
        compared += 1
    assert compared == 14 * 20


def test_needs_by_week_are_rounded_by_themselves_from_the_exact_sum(folder, result):
    need = result.needs["need"].isel(member=0)
    shown = 0
    for (zone, week, _, item), value in wide(folder / "share" / "needs.xlsx", "needs by week").items():
        if isinstance(value, str):
            assert value == "lt100"
            continue
        days = slice(None) if week == "all" else slice(7 * int(week) - 7, 7 * int(week))
        exact = need.isel(time=days).sel(item=item).sum("time")
        total = float(exact.sel(zone=WITHIN.get(zone, [zone])).sum())
        if value:
            assert value == pytest.approx(significant(total), rel=1e-12)
            shown += 1
    assert shown > 100


def is_rounded(value):
    return math.isclose(value, significant(value), rel_tol=1e-9)


def test_no_cell_of_the_shared_workbook_holds_an_unrounded_figure(folder, result):
    """Neither as a value nor as a number in a formula; there is no hidden sheet, row or column."""
    book = openpyxl.load_workbook(folder / "share" / "needs.xlsx")
    values = cells(folder / "share" / "needs.xlsx")
    assert all(sheet.sheet_state == "visible" for sheet in book)
    assert not any(
        sheet.column_dimensions[letter].hidden for sheet in book for letter in sheet.column_dimensions
    )
    for name in ("people", "needs by week", "needs by day", "area by day"):
        for row in values[name][HEADER + 1 :]:
            figures = [value for value in row[(11 if name == "people" else 6) :] if isinstance(value, float)]
            if (
                row[0] in ("mass_kg of one unit; 0: not known, or no hub supplies it", "")
                or "of one unit" in row[0]
            ):
                continue
            assert all(is_rounded(value) for value in figures), (name, row)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    for number in re.findall(
                        r"(?<![A-Z$\d.])\d+\.?\d*(?:[Ee][+-]?\d+)?(?![\d.])", cell.value
                    ):
                        assert is_rounded(float(number)), (sheet.title, cell.coordinate, cell.value)
    exact = {float(value) for value in result.needs["need"].values.ravel() if value > 100}
    for table in values.values():
        for row in table:
            assert not exact & {value for value in row if isinstance(value, float) and not is_rounded(value)}


def interval(value):
    """Where an exact figure may lie that is shown as `value`."""
    if value == 0:
        return 0.0, 0.5
    half = 0.5 * 10.0 ** (math.floor(math.log10(value)) - 1)
    return value - half, value + half


@given(st.lists(st.floats(0, 5000), min_size=2, max_size=6))
def test_no_difference_of_two_figures_tells_a_suppressed_one_closer_than_its_rounding(people):
    """One zone of 1 to 99 people among others: what the total less the others leaves open is wider than its rounding."""
    from displacement.report.books.showing import SHARED

    shown = [SHARED.people(value) for value in people]
    total = SHARED.people(sum(people))
    hidden = [at for at, value in enumerate(shown) if isinstance(value, str)]
    if len(hidden) != 1 or isinstance(total, str):
        return
    bounds = [interval(value) for value in shown if not isinstance(value, str)]
    low = interval(total)[0] - sum(high for _, high in bounds)
    high = interval(total)[1] - sum(low for low, _ in bounds)
    exact = people[hidden[0]]
    assert low - 1 <= exact <= high + 1
    assert high - low >= 2 * 0.5 * 10.0 ** (math.floor(math.log10(max(exact, 1.0))) - 1)


def test_weeks_of_a_shared_workbook_tell_no_suppressed_figure_by_subtraction(folder, result):
    """All pairs of a total and a part on the sheet of people, against the exact figure that is suppressed."""
    table = cells(folder / "share" / "needs.xlsx")["people"]
    head = table[HEADER]
    exact = result.people["present_new"].sum("type").isel(member=0)
    tried = 0
    for end, week in ((7, "1"), (14, "2")):
        column = head.index("present_new p50")
        shown = {row[0]: row[column] for row in table[HEADER + 1 :] if row[7] == week}
        parts = {zone: shown[zone] for zone in exact["zone"].values if zone in shown}
        hidden = [zone for zone, value in parts.items() if isinstance(value, str)]
        for zone in hidden:
            others = sum(float(exact.isel(time=end - 1).sel(zone=other)) for other in hidden if other != zone)
            bounds = [interval(value) for value in parts.values() if not isinstance(value, str)]
            low = interval(shown["ALL"])[0] - sum(high for _, high in bounds) - others
            high = interval(shown["ALL"])[1] - sum(low for low, _ in bounds) - others
            assert high - low >= 1.0, (
                "wider than a person, even to somebody who knows the other suppressed figures"
            )
            tried += 1
    assert tried


def test_the_shared_workbook_names_no_hub_route_controller_group_or_camp(folder):
    text = in_workbook(folder / "share" / "needs.xlsx").lower()
    for word in (
        "alpha",
        "beta",
        "gamma",
        "r1",
        "north store",
        "any road",
        "amber camp",
        "old mill",
        "controller",
    ):
        assert not re.search(rf"\b{word}\b", text), word
    for path in (str(TOY), str(folder), "/home", "/tmp"):
        assert path.lower() not in text


def test_text_of_users_stays_text(tmp_path, toy):
    """In every sheet; XlsxWriter itself would take what begins with <r> for its own XML."""
    evil = "=cmd|' /C calc'!A0"
    for title in (evil, "<script>alert(1)</script>", "<r><t>no</t></r>", "+1+1", "@x", "http://x.test"):
        result = dp.run(changed(toy, title=title))
        path = report.workbook(result, tmp_path / "needs.xlsx")
        texts = [str(cell) for table in cells(path).values() for row in table for cell in row]
        assert any(title in text for text in texts)
        assert not any(text.startswith(("=", "+1", "@")) for text in texts)
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                text = parts.read(name).decode("utf-8")
                assert "<script" not in text
                assert "cmd|" not in "".join(re.findall(r"<f>.*?</f>", text))
                assert 'Target="http://x' not in text


def test_the_same_run_gives_the_same_bytes(result, tmp_path):
    one, other = (
        report.workbook(result, tmp_path / name).read_bytes() for name in ("one.xlsx", "other.xlsx")
    )
    assert one == other


def test_every_sheet_says_what_it_is(folder):
    for part in ("share", "internal"):
        for name, table in cells(folder / part / "needs.xlsx").items():
            assert "Front lines are assumed, not predicted" in table[1][0], (part, name)
            assert "If stock is what there is" in table[1][0]


def test_a_restricted_run_marks_every_sheet(tmp_path, toy):
    path = report.workbook(dp.run(changed(toy, sensitivity="restricted")), tmp_path / "needs.xlsx")
    assert all(table[1][0].startswith("RESTRICTED") for table in cells(path).values())


# -- percentiles ---------------------------------------------------------------------------------------------


def test_percentiles_are_stored_and_never_part_of_a_formula(shared_of_members, members):
    book = openpyxl.load_workbook(shared_of_members)
    assert {"needs p10", "needs p90"} <= set(book.sheetnames)
    for sheet in book:
        for cell in itertools.chain.from_iterable(sheet.iter_rows()):
            if isinstance(cell.value, str) and cell.value.startswith("="):
                assert "needs p" not in cell.value
                assert sheet.title not in ("needs p10", "needs p90")
    need = members.needs["need"].sum(("time", "zone")).sel(item="water_domestic")
    for level, name in ((0.1, "needs p10"), (0.9, "needs p90")):
        found = wide(shared_of_members, name)
        (value,) = [
            value for key, value in found.items() if key[:2] == ("ALL", "all") and key[3] == "water_domestic"
        ]
        assert value == significant(float(np.quantile(need, level)))


def test_figures_of_members_are_quantiles_of_their_sums(members):
    found = amounts(members)
    item = [item.id for item in found.items].index("tent")
    weekly = members.needs["need"].sel(item="tent").isel(time=slice(7, 14)).sum("time")
    by_zone = {place.code: at for at, place in enumerate(found.places)}
    for level, name in ((0.1, "p10"), (0.5, "p50"), (0.9, "p90")):
        exact = weekly.quantile(level, "member")
        for zone in exact["zone"].values:
            if zone in by_zone:
                expected = float(exact.sel(zone=zone))
                assert found.need[name][by_zone[zone], 2, item] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        in_all = float(weekly.sum("zone").quantile(level, "member"))
        assert found.need[name][0, 2, item] == pytest.approx(in_all, rel=1e-9)


# -- stock against need ----------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0, 100), min_size=3, max_size=12),
    st.lists(st.floats(0, 80), min_size=12, max_size=12),
    st.integers(0, 3),
    st.booleans(),
)
@settings(deadline=None)
def test_the_balance_is_the_run_s_account_where_stock_alone_binds(need, incoming, lead, perishes):
    from invented import one

    from displacement.needs.demand import item_coordinates
    from displacement.needs.logistics import Supply
    from displacement.needs.supply import Stores, Ways

    days = len(need)
    kind = {"kind": "daily"} if perishes else {"kind": "household_once", "per": "household"}
    items = one(**kind, mass_kg=1.0, volume_m3=0.01).items
    needs = dp_needs(np.array(need), items, item_coordinates)
    came = np.array(incoming[:days])
    ways = Ways(("way",), np.full((days, 1), np.inf), np.ones((days, 1, 1, 1), bool), np.array([lead]))
    account = deliver(needs, Supply(losses=0.1), Stores(("hub",), came[:, None, None]), ways).isel(member=0)
    found = balance(np.array(need), came, 1.0, 0.1, lead, perishes)
    np.testing.assert_allclose(found.delivered, account["delivered"].values[:, 0, 0], atol=1e-5)
    np.testing.assert_allclose(found.missing, account["gap"].values[:, 0, 0], atol=1e-5)


def dp_needs(need, items, coordinates):
    import xarray as xr

    return xr.Dataset(
        {"need": (("member", "time", "zone", "item"), need[None, :, None, None])},
        coords={
            "time": np.datetime64("2030-01-01", "ns") + np.arange(len(need)) * np.timedelta64(1, "D"),
            "zone": ["Z"],
            **coordinates(items),
        },
        attrs={"currency": "coin"},
    )


# -- back into a scenario --------------------------------------------------------------------------------------


def test_what_was_changed_comes_back_and_runs(tmp_path, folder, scenario):
    edited = edit(folder / "internal" / "needs.xlsx", tmp_path / "edited.xlsx", **CHANGES)
    found = import_assumptions(edited, tmp_path / "mine.yaml", scenario)
    assert "tent at North store on 2030-01-01: 100 -> 140" in found.changes
    mine = dp.load(tmp_path / "mine.yaml")
    lines = {line["id"]: line for line in mine.needs.items}
    assert lines["water_domestic"] == {
        "id": "water_domestic",
        "quantity": 20,
        "source": "workbook edited.xlsx",
        "status": "assumed",
    }
    assert lines["soap"]["high"] == 0.9, "a quantity above the line's range widens it"
    assert (lines["tent"]["mass_kg"], lines["tent"]["source_mass"]) == (70, "workbook edited.xlsx")
    assert mine.needs.household_size == 5
    assert mine.supply.losses == 0.1
    assert mine.supply.payload_t == 10
    before = dp.load(scenario).supply.hubs["North store"]
    assert mine.supply.hubs["North store"].stock["tent"] == 140
    assert mine.supply.hubs["North store"].stock["blanket"] == 777
    assert mine.supply.hubs["North store"].pipeline[0] == before.pipeline[0]
    came = dp.run(mine).supply["incoming"]
    assert came.sel(hub="South store", item="soap").values.tolist() == [0, 0, 0, 0, 0, 250, *[0] * 8]
    assert came.sel(hub="North store", item="full_ration").sum() == 5000


def test_a_second_round_trip_from_the_imported_scenario_changes_nothing(tmp_path, folder, scenario):
    edited = edit(folder / "internal" / "needs.xlsx", tmp_path / "edited.xlsx", **CHANGES)
    import_assumptions(edited, tmp_path / "mine.yaml", scenario)
    again = dp.run(tmp_path / "mine.yaml")
    book = report.exact_workbook(again, tmp_path / "again.xlsx")
    assert import_assumptions(book, tmp_path / "other.yaml", tmp_path / "mine.yaml").path is None
    assert not (tmp_path / "other.yaml").exists()
    more = edit(book, tmp_path / "more.xlsx", lines={("water_domestic", "quantity"): 18})
    import_assumptions(more, tmp_path / "other.yaml")
    other = dp.load(tmp_path / "other.yaml")
    quantities = {line["id"]: line.get("quantity") for line in other.needs.items}
    assert (quantities["water_domestic"], quantities["dignity_kit"]) == (18, 2), "the base's own changes stay"


def test_the_command_says_what_it_wrote(tmp_path, folder, scenario, capsys):
    edited = edit(folder / "share" / "needs.xlsx", tmp_path / "e.xlsx", lines={("tent", "quantity"): 2})
    asked = ["import-assumptions", str(edited), "-o", str(tmp_path / "mine.yaml"), "--base", str(scenario)]
    assert cli.main(asked) == cli.DONE
    printed = capsys.readouterr().out
    assert "tent: quantity 1 -> 2" in printed
    assert f"displacement run {tmp_path / 'mine.yaml'}" in printed
    assert dp.load(tmp_path / "mine.yaml").needs.items[0]["quantity"] == 2


def test_stock_changed_in_the_shared_workbook_goes_to_the_only_hub(tmp_path, folder, scenario):
    stock = {("tent", dt.date(2030, 1, 5)): 80}
    edited = edit(folder / "share" / "needs.xlsx", tmp_path / "e.xlsx", stock=stock)
    import_assumptions(edited, tmp_path / "mine.yaml", scenario)
    hub = dp.load(tmp_path / "mine.yaml").supply.hubs["North store"]
    assert {(load.date.day, load.item): load.quantity for load in hub.pipeline} == {
        (5, "tent"): 80,
        (9, "full_ration"): 3000,
    }
    assert hub.stock["soap"] == 90


def test_a_table_of_stock_is_taken_over_whole(tmp_path):
    (tmp_path / "stock.csv").write_text(
        "hub,item,quantity,date\nA,tent,10,\nB,soap,5,2030-01-03\n", encoding="utf-8"
    )
    base = written(tmp_path, f"base: {TOY / 'toy.yaml'}\nsupply: {{stock: stock.csv}}\n", "base.yaml")
    book = report.exact_workbook(dp.run(base), tmp_path / "needs.xlsx")
    edited = edit(book, tmp_path / "e.xlsx", stock={("tent", dt.date(2030, 1, 1)): 12})
    import_assumptions(edited, tmp_path / "mine.yaml", base)
    came = dp.run(tmp_path / "mine.yaml").supply["incoming"]
    assert came.sel(hub="A", item="tent").sum() == 12
    assert came.sel(hub="B", item="soap").sum() == 5
    assert came.sum() == 17


def test_stock_may_be_written_where_the_scenario_has_none(tmp_path, toy_result):
    book = report.workbook(toy_result, tmp_path / "needs.xlsx")
    edited = edit(book, tmp_path / "e.xlsx", stock={("tent", dt.date(2030, 1, 1)): 12})
    import_assumptions(edited, tmp_path / "mine.yaml", TOY / "toy.yaml")
    assert dp.load(tmp_path / "mine.yaml").supply.hubs["Store"].stock == {"tent": 12}


WRONG = {
    "no number": (
        {"lines": {("tent", "quantity"): "many"}},
        r"sheet 'assumptions', row \d+, quantity: is no number \(got 'many'\)",
    ),
    "negative": ({"lines": {("tent", "quantity"): -1}}, r"quantity: must be 0 or more \(got -1\)"),
    "nothing": ({"lines": {("tent", "quantity"): 0}}, r"quantity: must be above 0 \(got 0\)"),
    "blank": (
        {"lines": {("tent", "quantity"): None}},
        r"quantity: must be above 0 \(got blank\); write a number, or 1 as run",
    ),
    "unit": ({"lines": {("soap", "unit"): "g"}}, r"unit: the line is in kg \(got 'g'\)"),
    "unknown": ({"lines": {("soap", "item"): "soaap"}}, r"unknown item 'soaap'; did you mean 'soap'"),
    "gone": ({"lines": {("soap", "item"): "soaap"}}, r"the row of soap is gone; put it back.*drop: \[soap\]"),
    "trust": (
        {"lines": {("soap", "quantity"): 0.4, ("soap", "status"): "sure"}},
        r"'sure' says nothing of trust; write verified, second-hand, assumed",
    ),
    "lead": ({"settings": {"lead_days": 3}}, r"lead_days: cannot be changed here \(got 3\)"),
    "stock blank": (
        {"stock": {("tent", dt.date(2030, 1, 1)): None}},
        r"sheet 'stock', row \d+, quantity: is blank; write 0",
    ),
    "no item": ({"added": ("South", "boat", dt.datetime(2030, 1, 6), 1)}, r"no hub supplies 'boat'"),
    "late": ({"added": ("South", "soap", dt.datetime(2031, 1, 6), 1)}, r"2031-01-06 is outside the period"),
    "twice": (
        {"added": ("north store", "tent", dt.datetime(2030, 1, 5), 1)},
        r"tent at north store on this day stands in row \d+ already; add them up",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_cell_is_named_with_sheet_and_row(what, tmp_path, folder, scenario):
    changes, message = WRONG[what]
    edited = edit(folder / "internal" / "needs.xlsx", tmp_path / "e.xlsx", **changes)
    with pytest.raises(dp.InputError, match=message) as caught:
        import_assumptions(edited, tmp_path / "mine.yaml", scenario)
    assert all(line.startswith(str(edited)) for line in caught.value.findings)
    assert not (tmp_path / "mine.yaml").exists()


def test_a_base_that_has_changed_since_is_refused(tmp_path, folder, scenario):
    other = written(
        tmp_path,
        f"base: {scenario}\nneeds: {{items: [{{id: tent, quantity: 1.2, high: 2}}]}}\n",
        "other.yaml",
    )
    edited = edit(folder / "internal" / "needs.xlsx", tmp_path / "e.xlsx", **CHANGES)
    with pytest.raises(dp.InputError, match=r"was 1 in the run, and the scenario now has 1.2; run it again"):
        import_assumptions(edited, tmp_path / "mine.yaml", other)


def test_a_workbook_of_somebody_else_is_refused(tmp_path):
    openpyxl.Workbook().save(tmp_path / "plain.xlsx")
    with pytest.raises(dp.InputError, match=r"has no sheet 'read me'; name a needs.xlsx that a run wrote"):
        import_assumptions(tmp_path / "plain.xlsx", tmp_path / "mine.yaml")


def test_a_base_that_is_not_found_is_asked_for(tmp_path, folder):
    book = edit(folder / "share" / "needs.xlsx", tmp_path / "e.xlsx", lines={("tent", "quantity"): 2})
    with pytest.raises(
        dp.InputError, match=r"was made of stocked.yaml, which is not found; write --base FILE"
    ):
        import_assumptions(book, tmp_path / "mine.yaml")


def test_days_that_do_not_fit_a_sheet_are_one_clear_error(tmp_path, result, monkeypatch):
    from displacement.report.books import needs_sheets

    monkeypatch.setattr(needs_sheets, "MOST_ROWS", 40)
    with pytest.raises(dp.InputError, match=r"do not fit a sheet of .* rows; leave --daily out"):
        report.workbook(result, tmp_path / "needs.xlsx", daily=True)


def test_the_reader_of_tables_can_read_every_sheet(folder):
    for part in ("share", "internal"):
        path = folder / part / "needs.xlsx"
        names = [sheet.name for sheet in sheets(path, path.read_bytes())]
        assert names[:4] == ["read me", "summary", "people", "needs by week"]
