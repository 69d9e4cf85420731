"""Observed figures: read with the scenario, kept in the result, shown beside the estimate."""

import numpy as np
import pytest
from support import changed

import displacement as dp
from displacement.report.observed import beside
from displacement.report.summary import summary

TABLE = (
    "date;location;measure;individuals;scope\n"
    "10.01.2030;;displaced;4000;alpha's side only\n"
    "10.01.2030;Cedar;arrivals;150;\n"
    "12.01.2030;Z1;present;2500;\n"
    "01.03.2030;ALL;cumulative;9000;\n"
)


@pytest.fixture
def reported(toy, tmp_path):
    table = tmp_path / "seen.csv"
    table.write_text(TABLE, encoding="utf-8")
    return dp.run(changed(toy, reports=str(table)))


def test_each_report_stands_beside_the_same_of_the_run(reported):
    found = beside(reported)
    people = reported.people.isel(member=0)
    inside = people["inside"].values
    assert [pair.report.people for pair in found] == [4000, 150, 2500, 9000]
    expected = [
        people["newly_displaced"].sel(time="2030-01-10").sum(),
        people["arrivals"].sel(time="2030-01-10", zone="Z3").sum(),
        people["present_new"].sel(time="2030-01-12", zone="Z1").sum(),
    ]
    np.testing.assert_allclose([pair.estimate for pair in found[:3]], expected)
    assert inside.sum() == 4
    assert found[3].estimate is None


def test_the_summary_shows_them_rounded_and_says_which_lie_outside(reported):
    text = summary(reported)
    assert "| 2030-01-10 | whole area (alpha's side only) | newly displaced | 4,000 |" in text
    assert "| 2030-03-01 | whole area | newly displaced cum | 9,000 | outside the run |" in text
    assert text.count("| 2030-") == 4


def test_they_are_kept_with_the_run_and_in_its_provenance(reported, tmp_path):
    dp.write(reported, tmp_path / "run")
    rows = (tmp_path / "run" / "internal" / "reports.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 5
    assert rows[-1].startswith("2030-03-01,ALL,newly_displaced_cum,9000.0,,")
    assert any(name.endswith("seen.csv") for name in reported.provenance["inputs"])


def test_a_scenario_without_reports_shows_none(toy_result):
    assert toy_result.reports == ()
    assert "Reported" not in summary(toy_result)
