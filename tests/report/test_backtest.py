"""Past cases on a page, in tables and in the README: every figure is there, and comes from the scores."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import past
import pytest

from displacement.report import backtest, charts, trust
from displacement.report.figures import figures, splits

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "scenarios" / "backtests" / "scores.csv"


@pytest.fixture(scope="module")
def cases():
    """Two cases with members, and the first with other populations as median runs."""
    headline = (past.case("case_a"), past.case("case_b", use="validation"))
    return {
        "central": headline,
        "low": (past.case("case_a", 1, "low"),),
        "high": (past.case("case_a", 1, "high"),),
    }


@pytest.fixture(scope="module")
def scores(cases):
    factors = {"central": 2.0, "low": 1.75, "high": 2.5}
    return backtest.joined(
        {level: past.scores(found, factors[level]) for level, found in cases.items()}, cases
    )


@pytest.fixture(scope="module")
def page(cases, scores):
    return backtest.page(cases["central"], scores, past.planning())


class Reader(HTMLParser):
    """Tags that are open, the text of the page, and everything an attribute could ask for."""

    VOID = ("meta", "br", "line", "circle", "path", "img", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_a_figure_has_the_levels_of_its_members_and_the_factor_of_the_middle():
    """10,000 observed; members 5,000 times 0.5, 0.8, 1, 1.25, 2: p10 = 0.62 x 5,000 between the lowest two."""
    first = figures(past.case())[0]
    assert (first.p10, first.p50, first.p90) == pytest.approx((3_100.0, 5_000.0, 8_500.0))
    assert first.factor == pytest.approx(2.0)
    assert first.inside is False
    assert first.baselines == {"B1": 15_000.0}


def test_a_figure_without_a_counterpart_says_nothing():
    listed = figures(past.case())[-1]
    assert (listed.p10, listed.p50, listed.p90, listed.factor, listed.inside) == (None,) * 5


def test_a_median_run_has_no_range():
    first = figures(past.case(members=1))[0]
    assert (first.p10, first.p50, first.p90, first.inside) == (None, pytest.approx(5_000.0), None, None)


def test_shares_are_those_of_each_member_and_add_up():
    """Left: 30,000 and 10,000 observed, 30,000 and 30,000 told. Came to: 600 and 400; 1,200 and 200."""
    found = {split.title: split for split in splits(past.case())}
    left = found["Left, 2021-03-01 to 2021-03-10 (people)"].shares
    assert [(one.label, one.observed, one.p50) for one in left] == [("Ash", 0.75, 0.5), ("Birch", 0.25, 0.5)]
    came = found["Came to, 2021-03-01 to 2021-03-10 (movements)"].shares
    assert [one.observed for one in came] == [0.6, 0.4]
    assert [one.p50 for one in came] == pytest.approx([6 / 7, 1 / 7])
    assert len(found) == 2, "arrivals of one origin are no split of origins"


def test_a_share_has_the_range_of_the_members_shares():
    """Of two members one sends all to Elm and one half: p10 and p90 are 0.55 and 0.95, whatever their totals."""
    case = past.case().isel(figure=[4, 5], member=[0, 1])
    case["reported"].values[:] = [[10.0, 500.0], [0.0, 500.0]]
    (split,) = splits(case)
    assert (split.shares[0].p10, split.shares[0].p90) == pytest.approx((0.55, 0.95))


def test_what_a_total_has_beside_one_place_is_elsewhere():
    """Left: 30,000 of 40,000 from Ash; told 30,000 of 20,000 in all, so nobody from elsewhere."""
    (split,) = splits(past.case().isel(figure=[1, 2]))
    assert [(one.label, one.observed, one.p50) for one in split.shares] == [
        ("Ash", 0.75, 1.0),
        ("elsewhere", 0.25, 0.0),
    ]


def test_the_csv_holds_every_figure_of_every_level_exactly(tmp_path, cases, scores):
    backtest.write(tmp_path / "out", cases, scores, past.planning(), {})
    with (tmp_path / "out" / "backtest.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 4 * len(past.FIGURES)
    first = rows[0]
    assert [first[name] for name in ("population", "case", "role", "line")] == [
        "central",
        "case_a",
        "fitted",
        "2",
    ]
    levels = [float(first[name]) for name in ("observed", "p10", "p50", "p90", "factor", "B1")]
    assert levels == pytest.approx([10_000.0, 3_100.0, 5_000.0, 8_500.0, 2.0, 15_000.0])
    assert first["B2"] == "", "a baseline that says nothing is blank, not 0"
    assert (first["source"], first["confidence"]) == (
        "report & <b>more</b>, https://example.org/a?b=1&c=2",
        "high",
    )
    low = next(row for row in rows if row["population"] == "low")
    assert (low["p10"], low["p90"], float(low["p50"])) == ("", "", 5_000.0)


def test_scores_come_back_from_their_file_as_they_were(tmp_path, cases, scores):
    backtest.write(tmp_path / "out", cases, scores, past.planning(), {})
    again = backtest.read_scores(tmp_path / "out" / "scores.csv")
    assert backtest.markdown(again) == backtest.markdown(scores)
    assert backtest.printed(again) == backtest.printed(scores)
    np.testing.assert_array_equal(again[backtest.NUMBERS], scores[backtest.NUMBERS])


def test_of_other_populations_only_the_factors_on_totals_are_kept(scores):
    assert set(scores[scores["population"] == "low"]["measure"]) == {"factor", "worst factor"}
    assert scores["population"].iloc[0] == "central"


def test_a_folder_is_whole_or_not_there(tmp_path, cases, scores, monkeypatch):
    backtest.write(tmp_path / "out", cases, scores, past.planning(), {})
    before = (tmp_path / "out" / "backtest.html").read_bytes()

    def broken(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(backtest, "_score_rows", broken)
    with pytest.raises(RuntimeError):
        backtest.write(tmp_path / "out", cases, scores, past.planning(), {})
    assert (tmp_path / "out" / "backtest.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_page_asks_no_host_and_runs_no_script(page):
    read = Reader(page)
    assert read.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert "@import" not in page
    assert "url(" not in page
    asked = [value for _, name, value in read.attributes if name in ("href", "src", "action", "xlink:href")]
    assert asked
    assert all(value.startswith("#") for value in asked)
    targets = {value for _, name, value in read.attributes if name == "id"}
    assert {value[1:] for value in asked} <= targets


def test_text_of_tables_is_shown_and_not_obeyed(page):
    assert "<b>more</b>" not in page
    text = "".join(Reader(page).text)
    for written in ("report & <b>more</b>", "Nothing here is real & <all> invented.", "contingency plan <A>"):
        assert written in text


def test_the_page_says_what_it_is_and_whom_it_could_harm(page):
    text = " ".join("".join(Reader(page).text).split())
    assert "Modelled estimate" in text
    assert "Not for choosing targets" in text
    assert "Front lines are assumed, not predicted" in text


def test_every_figure_stands_on_the_page_with_its_role(page):
    text = "".join(Reader(page).text)
    assert text.count("before <the> run") == 2, "once in each case, and not in the charts"
    for role in ("fitted", "checked", "shares", "listed"):
        assert role in text


def test_a_point_that_fitting_may_not_read_is_hollow():
    case = past.case()
    shown = backtest._of_case(case, past.scores([case]))
    assert [point.filled for point in shown["fan"].points] == [True, False]
    rows, _ = shown["charts"][0]
    assert [row.filled for row in rows] == [True, False, False, False, False]


def test_a_chart_shows_an_observed_range_where_one_is_given():
    case = past.case()
    shown = backtest._of_case(case, past.scores([case]))
    first, second = shown["fan"].points
    assert first.low is not None
    assert first.high is not None
    assert first.high < first.y < first.low, "upwards is smaller"
    assert second.low is None


def test_a_reported_total_stands_beside_the_figure_of_the_very_same_count():
    """10,000 reported; 5,000 (3,100 to 8,500) told of the same count; the curve has 16,000 that day."""
    case = past.case()
    first, _ = backtest._of_case(case, past.scores([case]))["fan"].points
    assert first.told is not None
    assert first.told.low > first.told.middle > first.told.high > first.y, "lower down is less"


@pytest.mark.parametrize("keep", [[], [7]], ids=["no figure", "only a listed one"])
def test_a_case_without_a_scored_figure_has_a_page_too(keep):
    case = past.case().isel(figure=keep)
    scores = backtest.joined({"central": past.scores([case])}, {"central": [case]})
    assert "No count of this case names several places" in backtest.page(
        [case], scores, past.planning().iloc[:0]
    )


def test_a_run_in_which_nobody_leaves_is_drawn():
    case = past.case()
    case["displaced"].values[:], case["reported"].values[:] = 0.0, 0.0
    scores = backtest.joined({"central": past.scores([case])}, {"central": [case]})
    assert "nan" not in re.sub(r"<style.*?</style>", "", backtest.page([case], scores, past.planning()))


def test_a_median_run_is_drawn_without_a_band():
    case = past.case(members=1)
    assert backtest._of_case(case, past.scores([case]))["fan"].band == ""


def test_equal_factors_are_equal_lengths_on_an_axis_of_people():
    axis = charts.wide_enough([300.0, 60_000.0], 0.0, 100.0)
    at = [charts.position(axis, value) for value in (1_000.0, 2_000.0, 4_000.0)]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], abs=0.11)


def test_the_readme_table_is_made_of_the_scores(scores):
    lines = backtest.markdown(scores).splitlines()
    row = next(line for line in lines if "case_a" in line)
    assert row == (
        "| The events of case_a \\| invented (`case_a`, calibration) | 2.0 (4.0) | 1.8 / 2.5 | 3 of 4 | 4.0 | -0.25 (B1) "
        "| Totals good to a factor of two; the range holds; a plain rule (B1) scores better |"
    )
    assert any(line.startswith("| **all cases** |") for line in lines)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"factor": 1.5}, "Totals close"),
        ({"factor": 3.14}, "Totals off by a factor of 3.1: plan with the range, not the middle"),
        ({"factor": np.nan}, "No dated total to hold it against"),
        ({"coverage": 0.5}, "the range is too narrow: plan beyond it"),
        ({"coverage": 1.0}, "the range holds, with room to spare"),
        ({"width": 11.0}, "the range holds, but is too wide to plan with"),
        ({"skill": 0.1}, "scores better than every plain rule"),
    ],
)
def test_words_follow_the_scores(given, words):
    case = past.case()
    told = trust.trusts(backtest.joined({"central": past.scores([case], **given)}, {"central": [case]}))
    assert words in told[0].words


def test_skill_is_against_the_best_baseline(scores):
    """B1 is beaten by a quarter less than nothing, B4 by three quarters: B1 is the better of both."""
    assert (trust.trusts(scores)[0].best, trust.trusts(scores)[0].skill) == ("B1", -0.25)


def test_another_population_is_set_beside_the_headline_only_where_it_is_of_the_same_totals(scores):
    """All cases together have two totals with each population here; of four, two would not compare."""
    assert trust.trusts(scores)[-1].factor_low == 1.75
    more = scores.assign(figures=scores["figures"].where(scores["population"] != "central", 4))
    assert trust.trusts(more)[-1].factor_low is None


def test_the_terminal_shows_every_case_within_its_width(scores):
    shown = backtest.printed(scores)
    assert max(map(len, shown.splitlines())) <= 100
    for name in ("case_a", "case_b", "all cases"):
        assert f"\n{name}" in f"\n{shown}"
