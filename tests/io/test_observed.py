"""Needs of observed figures: days in between, cumulative figures, several places of a zone, errors."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import displacement as dp
from displacement.cli import main
from displacement.io import observed, reports
from displacement.io.gazetteer import Gazetteer

ROOT = Path(__file__).parents[2]
TOY = Gazetteer(ROOT / "tests" / "toy" / "area")
SHIPPED = ROOT / "data" / "nw_syria"


def people(folder, rows, measure="cumulative", between="hold", until=None):
    path = folder / "seen.csv"
    path.write_text("date,location,people\n" + "\n".join(rows) + "\n", encoding="utf-8")
    figures = reports.read(path, TOY, observed.MEASURES[measure])
    return observed.people(figures, path, TOY, measure, between, until)


def by_day(dataset, name, zone):
    return dataset[name].sel(zone=zone).sum(("member", "type")).values.tolist()


def test_cumulative_figures_become_arrivals_of_the_days_between(tmp_path):
    rows = ["2030-01-01,Z1,100", "2030-01-04,Z1,400", "2030-01-02,Cedar,50"]
    held = people(tmp_path, rows)
    assert by_day(held, "arrivals", "Z1") == [100, 0, 0, 300]
    assert by_day(held, "present_new", "Z1") == [100, 100, 100, 400]
    assert by_day(held, "arrivals", "Z3") == [0, 50, 0, 0]
    spread = people(tmp_path, rows, between="spread")
    assert by_day(spread, "arrivals", "Z1") == [100, 100, 100, 100]


def test_new_figures_add_up_and_people_present_may_leave(tmp_path):
    rows = ["2030-01-01,Z1,100", "2030-01-03,Z1,60"]
    new = people(tmp_path, rows, "new", until=dt.date(2030, 1, 5))
    assert by_day(new, "arrivals", "Z1") == [100, 0, 60, 0, 0]
    assert by_day(new, "present_new", "Z1") == [100, 100, 160, 160, 160]
    present = people(tmp_path, rows, "present")
    assert by_day(present, "arrivals", "Z1") == [100, 0, 0]
    assert by_day(present, "present_new", "Z1") == [100, 100, 60]


def test_places_of_one_zone_add_up(tmp_path):
    rows = ["2030-01-01,Amber town,100", "2030-01-01,P5,40"]
    assert by_day(people(tmp_path, rows), "arrivals", "Z1") == [140]


def test_spreading_keeps_the_total(tmp_path):
    rows = [f"2030-01-{day:02},Z1,{count}" for day, count in ((1, 5), (4, 80), (9, 90))]
    for between in ("hold", "spread"):
        assert sum(by_day(people(tmp_path, rows, between=between), "arrivals", "Z1")) == pytest.approx(90)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ["2030-01-01,Z1,100", "2030-01-02,Z1,90"],
            r"seen\.csv:3: the cumulative figure of Z1 falls from 100 to 90",
        ),
        (["2030-01-01,Z1,100", "2030-01-02,,190"], r"seen\.csv:3: names no zone, and other rows do"),
        (["2030-01-01,Z1,100", "2030-01-01,Z1,90"], r"seen\.csv:3: .* stands in row 2 already"),
        (["2030-01-01,Old Mill,100"], r"seen\.csv:2: location: 'Old Mill' is the name of 2 places"),
        (["2030-01-01,Z1,-3"], r"seen\.csv:2: people: must be from 0"),
        ([], r"seen\.csv: has no row with a figure"),
    ],
)
def test_figures_that_cannot_be_are_an_error_with_their_row(tmp_path, rows, message):
    with pytest.raises(dp.InputError, match=message):
        people(tmp_path, rows)


def test_a_last_day_before_the_figures_is_an_error(tmp_path):
    with pytest.raises(dp.InputError, match="has figures up to 2030-01-04"):
        people(tmp_path, ["2030-01-04,Z1,5"], until=dt.date(2030, 1, 2))


def test_a_workbook_with_arabic_names_and_no_p_codes_becomes_needs(tmp_path, capsys):
    """The command, on the shipped area: 1,200 people in one town and 800 in another need 80 tents or so a thousand."""
    from displacement.io import workbooks

    assert workbooks
    import xlsxwriter

    path = tmp_path / "arrivals.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["date", "location", "individuals"])
        for row, (name, count) in enumerate([("سراقب", 1200), ("سرمدا", 800)], start=1):
            sheet.write_datetime(row, 0, dt.datetime(2024, 12, 2), day)
            sheet.write_row(row, 1, [name, count])
    out = tmp_path / "needs"
    assert main(["needs", str(path), "--area", str(SHIPPED), "--measure", "new", "--out", str(out)]) == 0
    assert "2 figures of people arriving on the day" in capsys.readouterr().out
    rows = (out / "share" / "needs.csv").read_text(encoding="utf-8-sig")
    assert "2024-12-02,SY070003,Saraqab,Idleb,water,water_domestic,litre" in rows
    assert (out / "internal" / "manifest.json").is_file()


def test_needs_of_figures_are_those_of_the_same_people_from_the_model(toy_result):
    """The same code path: the model's people by zone as observed figures give the model's needs."""
    inside = toy_result.people.isel(zone=np.flatnonzero(toy_result.people["inside"].values))
    given = inside[["arrivals", "present_new", "arrivals_again", "returned_cum"]].drop_vars("inside")
    np.testing.assert_allclose(dp.estimate_needs(given)["need"], toy_result.needs["need"], rtol=1e-12)
    without = dp.estimate_needs(given.drop_vars("returned_cum"))
    blank = without["item"].values[np.isnan(without["need"]).all(("member", "time", "zone")).values]
    assert blank.tolist() == ["risk_education_on_return"], "nobody's missing value is a zero"
