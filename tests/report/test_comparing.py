"""Runs side by side: paired differences, the assumptions that differ and only those, and nothing of few people."""

import json
import math
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st
from support import HEAD, changed, written

import displacement as dp
from displacement import cli
from displacement.report.comparing.assumptions import differing
from displacement.report.comparing.differences import compared, shared_figures
from displacement.report.comparing.folder import run_of
from displacement.report.comparing.tables import AWAY, comparison
from displacement.report.comparing.words import how_sure, sentences

SUPPLIED = """supply:
  hubs: {Store: {at: Amber town, stock: {tent: STOCK, full_ration: 3 t}}}
"""
EVENTS = "events: [{control: beta, places: [Cedar town], date: 2030-01-04}]\n"


@pytest.fixture(scope="module")
def pair(toy):
    return dp.run(toy, members=8), dp.run(toy.path, "calm", members=8)


@pytest.fixture(scope="module")
def told(pair):
    return comparison([run_of(one) for one in pair])


def sheets(path):
    book = python_calamine.CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_difference_is_taken_member_by_member(pair, told):
    first, other = (one.people["newly_displaced"].sum("zone").isel(time=-1).values for one in pair)
    found = told.by_day[AWAY].differences[0]
    for name, level in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        assert found[name][-1] == pytest.approx(np.quantile(other - first, level), rel=1e-12)
    apart = np.quantile(other, 0.9) - np.quantile(first, 0.1)
    assert found["p90"][-1] - found["p10"][-1] < 0.5 * apart, "what members have in common is left out"
    assert told.more[0] == (
        int((other.round() > first.round()).sum()),
        int((other.round() < first.round()).sum()),
    )


def test_a_run_beside_itself_differs_in_nothing(pair):
    same = comparison([run_of(pair[0])] * 2)
    assert same.assumptions == ()
    assert [run.name for run in same.runs] == ["toy (1)", "toy (2)"]
    for line in (*same.totals, *same.zones, *same.pairs, *same.needs):
        assert all(value in (0.0, None) for value in line.cells.differences[0])
    assert "as many people newly displaced" in sentences(same)[0]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=2), st.booleans())
def test_no_figure_and_no_difference_of_few_people_is_shown(values, of_aid):
    sides = compared([np.array([value]) for value in values], [False], (0.5,))
    cells = shared_figures(sides, (), values if of_aid else None)
    few = [0 < round(value) < 100 for value in values]
    for (shown,), hidden, value in zip(cells.runs, few, values, strict=True):
        assert (shown is None) == hidden
        assert hidden or shown == pytest.approx(round(value), rel=0.05, abs=0.5)
    ((apart,),) = cells.differences
    if any(few) or (not of_aid and 0 < round(abs(values[1] - values[0])) < 100):
        assert apart is None
        assert cells.note == "lt100"
    else:
        assert apart == pytest.approx(values[1] - values[0], rel=0.051, abs=0.5)


def test_an_end_of_a_range_of_few_people_is_left_out():
    first = np.full(3, 1000.0)
    sides = compared([first, first + np.array([20.0, 500.0, 900.0])], [True], (0.0, 0.5, 1.0))
    assert shared_figures(sides, ()).differences == ((None, 500.0, 900.0),)


def test_folders_hold_all_that_a_comparison_of_results_says(tmp_path, pair, told):
    folders = [dp.write(one, tmp_path / run.name) for one, run in zip(pair, told.runs, strict=True)]
    again = comparison([run_of(folder) for folder in folders])
    assert again.totals == told.totals
    assert again.zones == told.zones
    assert again.pairs == told.pairs
    assert again.needs == told.needs
    assert again.assumptions == told.assumptions
    assert sentences(again) == sentences(told)


def test_a_median_run_kept_in_one_file_is_compared_too(tmp_path, toy_result):
    folder = dp.write(toy_result, tmp_path / "toy")
    both = comparison([run_of(toy_result), run_of(folder)])
    assert all(
        value in (0.0, None) for line in (*both.totals, *both.pairs) for value in line.cells.differences[0]
    )
    assert "each is one run at the middle of every assumption" in how_sure(both)[0]


def test_only_assumptions_that_differ_are_listed(told):
    assert [one.path for one in told.assumptions] == ["events[strikes]", "events[assault]"]
    assert told.assumptions[0].values[0].startswith("strikes: strikes.csv")
    assert {one.values[1] for one in told.assumptions} == {"–"}


def test_assumptions_are_told_by_field_event_seed_and_content(tmp_path, toy):
    first = run_of(dp.run(toy))
    movement = toy.movement.model_copy(
        update={"travel": toy.movement.travel.model_copy(update={"hours_per_day": 6.0})}
    )
    other = run_of(dp.run(changed(toy, movement=movement.model_dump()), seed=7))
    inputs = {name: dict(entry) for name, entry in other.made_of["inputs"].items()}
    inputs["area/zones.csv"]["sha256"] = "0" * 64
    other = other._replace(made_of={**other.made_of, "inputs": inputs})
    found = {one.path: one.values for one in differing([first, other])}
    assert found["movement.travel.hours_per_day"] == ("9.0", "6.0")
    assert found["uncertainty.seed"] == (str(toy.uncertainty.seed), "7")
    assert found["content of area/zones.csv"][1] == "000000000000"
    assert len(found) == 3


def test_members_of_other_seeds_have_no_range_of_differences(toy, pair):
    mixed = comparison([run_of(pair[0]), run_of(dp.run(toy, members=8, seed=5))])
    assert mixed.by_day[AWAY].differences[0]["p10"] is None
    assert (
        "have no range: the members of toy (1) and toy (2) were drawn with other seeds" in how_sure(mixed)[0]
    )
    fewer = comparison([run_of(pair[0]), run_of(dp.run(toy, members=2))])
    assert "has 8 members and toy (2) 2 members" in how_sure(fewer)[0]


def test_stocks_run_out_sooner_where_there_is_less(tmp_path):
    runs = [
        dp.run(written(tmp_path, HEAD + EVENTS + SUPPLIED.replace("STOCK", stock), f"{name}.yaml"), members=4)
        for name, stock in (("much", "150"), ("little", "40"))
    ]
    both = comparison([run_of(one) for one in runs])
    stocks = {stock.item: stock for stock in both.stocks}
    assert set(stocks) == {"tent", "full_ration"}
    for run, day, often in zip(runs, stocks["tent"].days, stocks["tent"].members, strict=True):
        exact = run.supply["runs_out"].sel(item="tent").values[:, 0]
        assert often == int((~np.isnat(exact)).sum())
        assert day == "does not run out" or np.datetime64(day) in exact.astype("datetime64[D]")
    assert stocks["tent"].members[1] >= stocks["tent"].members[0]
    assert stocks["tent"].later[0] is None or stocks["tent"].later[0] < 0
    assert stocks["full_ration"].later == (0.0,)
    kept = [dp.write(one, tmp_path / name) for one, name in zip(runs, ("much", "little"), strict=True)]
    assert comparison([run_of(folder) for folder in kept]).stocks == both.stocks


def test_people_are_compared_on_the_days_that_all_runs_have(toy):
    shorter = changed(toy, period={"start": "2030-01-03", "days": 5})
    both = comparison([run_of(dp.run(toy)), run_of(dp.run(shorter))])
    assert [str(day)[:10] for day in both.days] == [f"2030-01-0{day}" for day in range(3, 8)]
    assert (both.pairs, both.needs) == ((), ())
    assert "compared from 2030-01-03 to 2030-01-07" in how_sure(both)[-1]
    elsewhere = changed(toy, period={"start": "2031-01-03", "days": 5}, events=[])
    with pytest.raises(dp.InputError, match="no day in common"):
        comparison([run_of(dp.run(toy)), run_of(dp.run(elsewhere))])


class Reader(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.asked, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.asked += [value for name, value in attrs if name in ("src", "href", "action", "data", "poster")]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, toy):
    """A comparison of runs whose every text is an attack."""
    attacks = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>")
    folder = tmp_path_factory.mktemp("hostile")
    runs = []
    for at, name in enumerate(("calm", None)):
        result = dp.run(toy.path, name, members=2)
        scenario = changed(result.scenario, title=attacks[at], condition=attacks[1 - at])
        people = result.people.assign_coords(
            zone_name=("zone", [attacks[zone % 2] for zone in range(result.people.sizes["zone"])]),
            admin2=("zone", [attacks[zone % 2] for zone in range(result.people.sizes["zone"])]),
        )
        runs.append(replace(result, scenario=scenario, people=people))
    return dp.report.compare(runs, folder / "compare")


def test_text_of_users_is_text_in_every_file(hostile):
    with zipfile.ZipFile(hostile / "compare.xlsx") as book:
        parts = {
            name: book.read(name).decode("utf-8")
            for name in book.namelist()
            if name.endswith((".xml", ".rels"))
        }
    for name, text in parts.items():
        assert "<f>" not in text, name
        assert "hyperlink" not in text, name
    assert any("=cmd|" in text for text in parts.values()), "it is there, as a string"
    page = (hostile / "compare.html").read_text(encoding="utf-8")
    reader = Reader(page)
    assert "script" not in reader.tags
    assert not [value for value in reader.asked if value and not value.startswith("#")]
    assert "<script>alert(1)</script>" in "".join(reader.text)
    assert not re.search(r"(src|href)=|url\(|@import|https?://", page)


def test_the_workbook_holds_what_the_comparison_says(tmp_path, pair, told):
    folder = dp.report.compare(pair, tmp_path / "compare")
    found = sheets(folder / "compare.xlsx")
    assert list(found) == [
        *("Read me", "What differs", "People by day", "By zone", "From where to where", "Needs over the run"),
        "Stocks run out",
    ]
    assert sentences(told)[0] in [row[0] for row in found["Read me"]]
    header, *rows = found["By zone"][1:]
    assert header[5:8] == ["toy p10", "toy p50", "toy p90"]
    assert header[11:14] == ["toy_calm less toy p10", "toy_calm less toy p50", "toy_calm less toy p90"]
    assert len(rows) == len(told.zones)
    for row, line in zip(rows, told.zones, strict=True):
        cells = [value for one in (*line.cells.runs, *line.cells.differences) for value in one]
        assert [value if value != "" else None for value in row[5:14]] == cells
    listed = json.loads((folder / "internal" / "manifest.json").read_text(encoding="utf-8"))["written"]
    assert listed == ["compare.html", "compare.xlsx"]


def test_the_page_begins_with_what_changes_and_lists_each_difference(tmp_path, pair, told):
    page = (dp.report.compare(pair, tmp_path / "compare") / "compare.html").read_text(encoding="utf-8")
    text = " ".join("".join(Reader(page).text).split())
    assert "Modelled estimate" in text
    assert sentences(told)[0] in text
    assert text.index(sentences(told)[0]) < text.index("What was run")
    assert "events[strikes]" in text
    assert "events[assault]" in text
    assert page.count("<path") == 6, "a band and a line for each run and for the difference"


def test_one_restricted_run_marks_the_whole_comparison(tmp_path, pair):
    marked = replace(pair[1], scenario=changed(pair[1].scenario, sensitivity="restricted"))
    folder = dp.report.compare([pair[0], marked], tmp_path / "compare")
    assert "RESTRICTED, not to be passed on" in (folder / "compare.html").read_text(encoding="utf-8")
    for rows in sheets(folder / "compare.xlsx").values():
        assert rows[0][0].startswith("RESTRICTED, not to be passed on")


def test_the_command_takes_files_variants_and_folders_and_gives_all_the_same_members(tmp_path, toy, capsys):
    kept = dp.write(dp.run(toy, members=3, seed=11), tmp_path / "kept")
    arguments = ["compare", str(kept), f"{toy.path}#calm", str(toy.path), "--workers", "1"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out")]) == cli.DONE
    said = capsys.readouterr().out
    assert "kept, toy_calm, toy ran with the same 3 members (seed 11)" in said
    assert "as many people newly displaced" in said
    header = sheets(tmp_path / "out" / "compare.xlsx")["People by day"][1]
    assert [title for title in header if title.endswith("p50")] == [
        *("kept p50", "toy_calm p50", "toy p50", "toy_calm less kept p50", "toy less kept p50")
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["{toy}"], "needs two runs or more"),
        (["{empty}", "{toy}"], "holds no run that can be compared"),
        (["{toy}", "{toy}#clam"], "unknown variant 'clam'; did you mean 'calm'?"),
        (["{toy}", "missing.yaml"], "missing.yaml"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_line(tmp_path, toy, capsys, given, message):
    (tmp_path / "empty").mkdir()
    filled = [one.format(toy=toy.path, empty=tmp_path / "empty") for one in given]
    assert cli.main(["compare", *filled, "--out", str(tmp_path / "out")]) == cli.WRONG_INPUT
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_figure_that_is_not_known_is_blank():
    sides = compared([np.array([math.nan]), np.array([5.0])], [False], (0.5,))
    cells = shared_figures(sides, (), [500.0, 500.0])
    assert (cells.runs, cells.differences, cells.note) == (((None,), (5.0,)), ((None,),), "not known")
