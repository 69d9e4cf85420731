"""A past case from end to end, on an invented case over the toy area."""

import datetime as dt

import numpy as np
import pytest
import xarray as xr
from support import TOY

import displacement as dp
from displacement import variables
from displacement.evaluate import backtest, observe
from displacement.evaluate.observe import Observing
from displacement.io.observations import Observation
from displacement.scenario.model import Case

OBSERVED = """kind,period_start,date,origin,destination,value,low,high,unit,held_by,score,reason,scope,source,confidence
displaced_cum,2030-01-02,2030-01-04,,,300,,,people,,yes,,everybody,invented,high
displaced_cum,2030-01-02,2030-01-08,,,2000,1500,2500,people,,yes,,everybody,invented,high
displaced_cum,2030-01-02,2030-01-12,,,4000,,,movements,,yes,,everybody,invented,high
departures_cum,2030-01-02,2030-01-12,Z3,,1800,,,people,,yes,,Cedar,invented,high
departures_cum,2030-01-02,2030-01-12,N,,1200,,,people,,yes,,the north,invented,high
arrivals_cum,2030-01-02,2030-01-12,,Z1,1000,,,people,,shares,a camp,Amber,invented,low
remaining,2030-01-02,2030-01-12,,,2500,,,people,,yes,,everybody,invented,high
displaced_cum,2030-01-02,2030-02-12,,,9000,,,people,,yes,,after the run,invented,high
"""
CASE = """base: toy.yaml
title: A past toy
case: {use: calibration, observations: observed.csv, fit_until: 2030-01-09, note: invented}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The toy scenario made into a past case."""
    folder = tmp_path_factory.mktemp("cases")
    text = (TOY / "toy.yaml").read_text(encoding="utf-8").replace("area: area", f"area: {TOY / 'area'}")
    (folder / "toy.yaml").write_text(text, encoding="utf-8")
    (folder / "past.yaml").write_text(CASE, encoding="utf-8")
    (folder / "observed.csv").write_text(OBSERVED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def five(folder):
    return backtest.run_case(folder / "past.yaml", members=5, seed=3)


def test_a_case_has_the_arrays_of_the_table_of_variables(five):
    for name, variable in variables.BACKTEST.items():
        assert five[name].dims == variable.dims, name
        assert five[name].attrs["long_name"] == variable.meaning
    assert dict(five.sizes) == {"figure": 8, "member": 5, "baseline": 4, "day": 14}
    assert list(five["line"].values) == list(range(2, 10))
    assert five["origin"].values[3] == "Cedar"
    assert five["destination"].values[5] == "Amber"
    assert (five.attrs["case"], five.attrs["use"], five.attrs["fit_until"]) == (
        "past",
        "calibration",
        "2030-01-09",
    )
    assert (five.attrs["members"], five.attrs["seed"], five.attrs["population"]) == (5, 3, "central")


def test_roles_follow_the_case_and_its_last_day_of_fitting(five):
    assert list(five["role"].values) == ["fitted"] * 2 + ["checked"] * 3 + ["shares", "checked", "listed"]


@pytest.mark.parametrize(
    ("use", "until", "expected"),
    [
        ("calibration", None, "fitted"),
        ("calibration", dt.date(2030, 1, 5), "fitted"),
        ("calibration", dt.date(2030, 1, 4), "checked"),
        ("validation", None, "checked"),
        ("holdout", None, "checked"),
    ],
)
def test_fitting_may_read_calibration_cases_only(use, until, expected):
    area = observe.Area(("Z1",), ("N",), ("",), ("alpha",), dt.date(2030, 1, 1), dt.date(2030, 1, 9))
    one = Observation(
        "displaced_cum", dt.date(2030, 1, 2), dt.date(2030, 1, 5), (), (), 1.0, np.nan, np.nan, "people"
    )
    case = Case(use=use, observations="observed.csv", fit_until=until)
    assert backtest.role(one, area, case) == expected
    assert backtest.role(one._replace(score="no"), area, case) == "listed"


def test_what_is_outside_the_run_has_no_counterpart(five):
    assert np.isnan(five["reported"].values[7]).all()
    assert np.isfinite(five["reported"].values[:7]).all()
    assert np.isnan(five["baselines"].values[:, 7]).all()


def test_one_member_is_the_median_run_as_reports_would_know_it(folder):
    """By hand from the run itself: mean lag of two days, 1.35 movements a person, no noise."""
    found = backtest.run_case(folder / "past.yaml", members=1)
    people = dp.run(folder / "past.yaml", members=1).people
    ever = people["newly_displaced_cum"].values[0, :, :4].sum(axis=1)
    known, seen = 0.0, []
    for total in ever:
        known += (total - known) / 3.0
        seen.append(known)
    np.testing.assert_allclose(found["displaced"].values[:, 0], seen)
    expected = [seen[3] - seen[0], seen[7] - seen[0], 1.35 * (seen[11] - seen[0])]
    np.testing.assert_allclose(found["reported"].values[:3, 0], expected)


def test_members_are_those_of_the_ensemble_and_processes_do_not_matter(folder, five):
    shared = backtest.run_case(folder / "past.yaml", members=5, seed=3, workers=2)
    xr.testing.assert_identical(shared, five)
    clear = Observing(movements_per_person=1.35, lag_days=0.0, noise_first_week=1.0, noise_later=1.0)
    exact = backtest.run_case(folder / "past.yaml", members=5, seed=3, observing=clear)
    people = dp.run(folder / "past.yaml", members=5, seed=3).people
    away = people["newly_displaced"].isel(time=11).values[:, :4].sum(axis=1)
    np.testing.assert_allclose(exact["reported"].values[6], away)


def test_the_baselines_stand_beside(five):
    """B1 has nobody leave before control changes on 6 January, and 1.35 movements a person."""
    b1 = five["baselines"].sel(baseline="B1").values
    assert b1[0] == 0
    assert b1[1] > 0
    assert b1[2] == pytest.approx(1.35 * b1[1])
    assert b1[3] + b1[4] == pytest.approx(b1[1])
    assert five["baselines"].sel(baseline="B4").values[1] == 300


def test_a_scenario_that_is_no_case_is_refused(folder):
    with pytest.raises(dp.InputError, match=r"toy.yaml: case: is no past case"):
        backtest.run_case(folder / "toy.yaml", members=1)


def test_another_population_needs_a_table_of_it(folder):
    with pytest.raises(dp.InputError, match="no table of zones with a column 'low'"):
        backtest.run_case(folder / "past.yaml", members=1, population="low")


def test_another_population_starts_from_its_column(folder):
    (folder / "people.csv").write_text("zone,population,low,high\nZ3,6000,3000,9000\n", encoding="utf-8")
    (folder / "less.yaml").write_text(
        CASE.replace("toy.yaml", "past.yaml") + "population: {zones: people.csv}\n", encoding="utf-8"
    )
    low, high = (
        backtest.run_case(folder / "less.yaml", members=1, population=level) for level in ("low", "high")
    )
    assert (low.attrs["population"], high.attrs["population"]) == ("low", "high")
    b1_low, b1_high = (run["baselines"].sel(baseline="B1").values[3] for run in (low, high))
    assert b1_high == pytest.approx(3 * b1_low)
