"""Scores of invented cases, each worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from displacement.evaluate import backtest
from displacement.evaluate.scoreboard import COLUMNS

NAN = np.nan


def case(*rows, name="one", use="calibration", until="", members=1, planning=""):
    """A case of figures: (role, kind, unit, since, date, origin, destination, observed, reported, [B1, B2, B3, B4])."""
    texts = {
        key: ("figure", np.array([row[at] for row in rows], dtype=str))
        for at, key in ((0, "role"), (1, "kind"), (2, "unit"), (5, "origin"), (6, "destination"))
    }
    days = {
        key: ("figure", np.array([f"2030-01-{row[at]:02d}" for row in rows], dtype="datetime64[ns]"))
        for at, key in ((3, "since"), (4, "date"))
    }
    told = np.array([np.broadcast_to(row[8], members) for row in rows], dtype=float)
    day = np.arange("2030-01-01", "2030-01-11", dtype="datetime64[D]").astype("datetime64[ns]")
    return xr.Dataset(
        {
            "observed": ("figure", [float(row[7]) for row in rows]),
            "reported": (("figure", "member"), told),
            "baselines": (("baseline", "figure"), np.array([row[9] for row in rows], dtype=float).T),
            "displaced": (("day", "member"), np.arange(10.0)[:, None] * np.arange(1, members + 1)),
        },
        coords={
            **texts,
            **days,
            "source": ("figure", ["s"] * len(rows)),
            "baseline": ["B1", "B2", "B3", "B4"],
            "day": day,
        },
        attrs={"case": name, "use": use, "fit_until": until, "planning": planning},
    )


def total(date, observed, told, beside, role="fitted", unit="people", kind="displaced_cum"):
    return role, kind, unit, 1, date, "", "", observed, told, beside


def value(table, measure, column="model", role="all", name="one"):
    (found,) = table.loc[
        (table["measure"] == measure) & (table["role"] == role) & (table["case"] == name), column
    ]
    return found


TOTALS = case(
    total(2, 100, 400, [0, 0, 0, NAN]),
    total(6, 100, 50, [200, 200, 200, 100]),
    total(8, 100, 100, [100, 100, 100, 50], role="checked", unit="movements"),
    total(9, 100, 1e9, [1, 1, 1, 1], role="shares"),
    total(31, 100, NAN, [NAN] * 4, role="listed"),
)


def test_the_columns_are_those_of_the_contract():
    assert tuple(backtest.scores([TOTALS]).columns) == COLUMNS


def test_the_factor_is_the_geometric_mean_over_dated_totals():
    """Factors of 4, 2 and 1: their geometric mean is 2. A baseline of nobody is endlessly off."""
    table = backtest.scores([TOTALS])
    assert value(table, "factor") == pytest.approx(2.0)
    assert value(table, "factor", "figures") == 3
    assert value(table, "factor", "unit") == "movements, people"
    assert value(table, "factor", role="fitted") == pytest.approx(8**0.5)
    assert value(table, "factor", role="checked") == pytest.approx(1.0)
    assert value(table, "worst factor") == pytest.approx(4.0)
    assert value(table, "worst factor after day 3") == pytest.approx(2.0)
    assert value(table, "factor", "B1") == np.inf
    assert value(table, "factor", "B4") == pytest.approx(2**0.5)
    assert value(table, "factor", "note") == "speaks of fewer figures: B4 of 2"


def test_model_and_baseline_are_compared_on_the_same_figures():
    """|log(1 + told) - log(1 + seen)| of one member; B4 speaks of two figures only."""
    table = backtest.scores([TOTALS])
    off = np.abs(np.log1p([400, 50, 100]) - np.log1p(100))
    assert value(table, "CRPS") == pytest.approx(off.mean())
    assert value(table, "CRPS on B4's figures") == pytest.approx(off[1:].mean())
    b4 = (np.log(101) - np.log(51)) / 2
    assert value(table, "CRPS on B4's figures", "B4") == pytest.approx(b4)
    assert np.isnan(value(table, "CRPS on B4's figures", "B1"))
    assert value(table, "CRPS on B4's figures", "skill") == pytest.approx(1 - off[1:].mean() / b4)
    skills = [value(table, f"CRPS on {name}'s figures", "skill") for name in ("B1", "B2", "B3", "B4")]
    assert value(table, "CRPS", "skill") == pytest.approx(min(skills))


def test_coverage_and_width_are_those_of_the_eighty_percent_interval():
    """Eleven members from 0 to 1000: the interval is 100 to 900."""
    members = np.linspace(0, 1000, 11)
    table = backtest.scores(
        [
            case(
                total(5, 100, members, [NAN] * 4),
                total(6, 950, members, [NAN] * 4),
                members=11,
            )
        ]
    )
    assert value(table, "coverage") == 0.5
    assert value(table, "width") == pytest.approx(901 / 101)
    assert "CRPS on B1's figures" not in set(table["measure"])
    assert not {"coverage", "width"} & set(backtest.scores([TOTALS])["measure"]), "one member has no range"


def test_shares_are_held_against_one_another_with_what_is_elsewhere():
    """Observed 50, 30 and 20 elsewhere of 100; the model 60, 60 and 80 elsewhere of 200: 20 % must be moved."""
    table = backtest.scores(
        [
            case(
                ("shares", "arrivals_cum", "people", 1, 9, "", "A", 50, 60, [NAN, 50, 0, 5]),
                ("shares", "arrivals_cum", "people", 1, 9, "", "B", 30, 60, [NAN, 50, 10, 3]),
                total(9, 100, 200, [100, 100, 10, 10]),
            )
        ]
    )
    name = "total variation of destinations"
    assert value(table, name) == pytest.approx(0.5 * (0.2 + 0.0 + 0.2))
    assert np.isnan(value(table, name, "B1"))
    assert value(table, name, "B2") == pytest.approx(0.2)
    assert value(table, name, "B3") == pytest.approx(0.7)
    assert value(table, name, "B4") == pytest.approx(0.0, abs=1e-12)
    (note,) = table.loc[table["measure"] == f"{name}, 2030-01-01 to 2030-01-09, arrivals"].query(
        "role == 'all'"
    )["note"]
    assert note == "A 30%, observed 50%; B 30%, observed 30%; elsewhere 40%, observed 20%"


def test_a_matrix_of_both_ends_is_added_up_by_either():
    """From A 10 to A and 20 to B; from B 30 to A and 40 to B. The model has everybody stay in A."""
    ends = (("A", "A", 10, 1), ("A", "B", 20, 0), ("B", "A", 30, 0), ("B", "B", 40, 0))
    rows = [
        ("checked", "arrivals_cum", "movements", 1, 9, origin, to, seen, told, [NAN] * 4)
        for origin, to, seen, told in ends
    ]
    table = backtest.scores([case(*rows, use="validation")])
    assert value(table, "total variation of origins") == pytest.approx(0.7)
    assert value(table, "total variation of destinations") == pytest.approx(0.6)
    assert value(table, "total variation of origins", "figures", role="checked") == 2
    assert "fitted" not in set(table["role"])


def test_one_place_without_a_total_gives_no_shares():
    table = backtest.scores(
        [case(("fitted", "departures_cum", "people", 1, 9, "A", "", 50, 60, [60, 60, 60, NAN]))]
    )
    assert not table["measure"].str.startswith("total variation").any()


def test_parts_that_make_up_the_total_leave_nothing_elsewhere():
    rows = [
        ("checked", "departures_cum", "people", 1, 9, "A", "", 60, 30, [NAN] * 4),
        ("checked", "departures_cum", "people", 1, 9, "B", "", 41, 30, [NAN] * 4),
        total(9, 100, 90, [NAN] * 4),
    ]
    assert value(backtest.scores([case(*rows)]), "total variation of origins") == pytest.approx(
        60 / 101 - 0.5
    )


def test_who_remains_is_a_share_of_the_highest_total():
    """Observed 60 of 100, the model 100 of 200, B4 80 of 100."""
    table = backtest.scores(
        [
            case(
                total(4, 80, 190, [NAN] * 4),
                total(6, 100, 200, [NAN] * 4),
                total(9, 60, 100, [NAN, NAN, NAN, 80], kind="remaining"),
            )
        ]
    )
    assert value(table, "remaining share") == pytest.approx(0.1)
    assert value(table, "remaining share", "B4") == pytest.approx(0.2)
    assert value(table, "remaining share on 2030-01-09", "note") == "0.50, observed 0.60"


def test_fitted_and_checked_shares_follow_the_last_day_of_fitting():
    parts = [
        ("shares", "arrivals_cum", "people", 1, date, "", place, 50, 60, [NAN] * 4)
        for date in (4, 9)
        for place in ("A", "B")
    ]
    table = backtest.scores([case(*parts, until="2030-01-05")])
    for role, count in (("fitted", 2), ("checked", 2), ("all", 4)):
        assert value(table, "total variation of destinations", "figures", role=role) == count


def test_cases_are_pooled_figure_by_figure():
    """Factors 4, 2 and 1 of one case, 16 of another: the geometric mean of four is (128)^(1/4)."""
    other = case(total(5, 100, 1600, [NAN] * 4), name="two", members=3)
    table = backtest.scores([TOTALS, other])
    assert value(table, "factor", name="all") == pytest.approx(128**0.25)
    assert value(table, "factor", "figures", name="two") == 1
    assert set(backtest.scores([other])["case"]) == {"two"}


def test_single_counts_are_listed_by_case_and_not_again_for_all():
    rows = [
        ("shares", "arrivals_cum", "people", 1, 9, "", place, seen, 60, [20, 50, 30, 40])
        for place, seen in (("A", 60), ("B", 40))
    ]
    table = backtest.scores([case(*rows), case(*rows, name="two")])
    mine = table[table["measure"].str.startswith("total variation") & (table["role"] == "all")]
    assert list(mine["case"].value_counts().loc[["one", "two", "all"]]) == [2, 2, 1]
    assert value(table, "total variation of destinations", name="all") == pytest.approx(0.1)
    assert value(table, "total variation of destinations", "skill", name="all") == pytest.approx(0.0)


def test_a_case_without_scored_figures_has_no_rows():
    assert backtest.scores([case(total(31, 100, NAN, [NAN] * 4, role="listed"))]).empty


def test_planning_figures_stand_beside_what_was_observed_and_the_model(tmp_path):
    """`displaced` of member m is m times the day's number from 0: on the fourth day 3, 6, 9."""
    path = tmp_path / "planning.csv"
    path.write_text(
        "case,until,made,figure,what,kind,observed,observed_what,source,confidence\n"
        "one,2030-01-04,before,30,a plan,early,12,displaced,invented,low\n"
        "one two,2030-01-04 2030-01-03,before,30,a plan,early,20,displaced,invented,low\n"
        "three,2030-01-04,before,30,a plan,early,12,displaced,invented,low\n",
        encoding="utf-8",
    )
    both = [
        case(total(5, 1, 1, [NAN] * 4), name=name, members=3, planning=str(path)) for name in ("one", "two")
    ]
    found = backtest.planning(both)
    assert list(found["case"]) == ["one", "one, two"]
    assert list(found["model_p50"]) == [6.0, 10.0]
    assert list(found["figure_over_observed"]) == [2.5, 1.5]
    assert list(found["model_over_observed"]) == [0.5, 0.5]
    assert found["model_p90"].iloc[0] == pytest.approx(8.4)
    pd.testing.assert_frame_equal(backtest.planning(both[:1], path), found.iloc[:1])
    assert backtest.planning([]).empty
