"""Observed figures: what they mean, and all that is wrong with them at once."""

import datetime as dt
from pathlib import Path

import pytest
import xlsxwriter

import displacement as dp
from displacement.io import reports
from displacement.io.gazetteer import Gazetteer
from displacement.variables import PEOPLE

ROOT = Path(__file__).parents[2]
TOY = Gazetteer(ROOT / "tests" / "toy" / "area")
SHIPPED = Gazetteer(ROOT / "data" / "nw_syria")
HEADER = "date,zone,measure,people,scope,source"


def table(folder, *rows, header=HEADER, encoding="utf-8"):
    path = folder / "reports.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding=encoding)
    return path


def test_a_figure_is_read_with_where_it_stands(tmp_path):
    path = table(tmp_path, "2024-11-27,Z1,arrivals,1250,camps, by telephone ")
    assert reports.read(path, TOY) == [
        reports.Report(dt.date(2024, 11, 27), "Z1", "arrivals", 1250.0, "camps", "by telephone", 2, "Z1")
    ]


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("Z1", "Z1"),
        ("Amber", "Z1"),
        ("عنبر", "Z1"),
        ("cedar land", "Z3"),
        ("Birch town", "Z2"),
        ("P4", "Z4"),
        ("سيدر", "Z3"),
        ("", "ALL"),
        ("all", "ALL"),
        (" ALL ", "ALL"),
    ],
)
def test_a_zone_is_known_by_code_name_or_a_place_in_it(tmp_path, written, zone):
    (report,) = reports.read(table(tmp_path, f"2024-11-27,{written},arrivals,5,,"), TOY)
    assert report.zone == zone


@pytest.mark.parametrize(
    ("written", "zone"),
    [("Idleb", "SY070000"), ("İdlib", "SY070000"), ("سراقب", "SY070003"), ("Maarat Mısrin", "SY070005")],
)
def test_names_of_the_shipped_area_are_known_in_three_languages(tmp_path, written, zone):
    (report,) = reports.read(table(tmp_path, f"2024-11-27,{written},arrivals,5,,"), SHIPPED)
    assert report.zone == zone


def test_a_pcode_counts_before_the_name_beside_it(tmp_path):
    path = table(
        tmp_path,
        *("2024-11-27,Old Mill,P6,new,5", "2024-11-27,Amber,,new,6"),
        header="date,place,pcode,measure,people",
    )
    assert [report.zone for report in reports.read(path, TOY)] == ["Z4", "Z1"]


@pytest.mark.parametrize(
    ("written", "measure"),
    [
        ("arrivals", "arrivals"),
        ("New", "first_departures"),
        ("displaced", "newly_displaced"),
        ("Newly displaced", "newly_displaced"),
        ("cumulative", "newly_displaced_cum"),
        ("displaced_cum", "newly_displaced_cum"),
        ("present", "present_new"),
        ("Present-new", "present_new"),
        ("returned", "returned_cum"),
    ],
)
def test_a_measure_is_known_by_plain_words(tmp_path, written, measure):
    (report,) = reports.read(table(tmp_path, f"2024-11-27,Z1,{written},5,,"), TOY)
    assert report.measure == measure


def test_measures_are_those_of_the_estimate():
    """Returned people come with returns."""
    assert set(reports.MEASURES) - {"returned_cum"} <= set(PEOPLE)


@pytest.mark.parametrize("header", ["People", "individuals", "IDPs", "value", "figure"])
def test_the_figure_may_stand_under_other_headers(tmp_path, header):
    path = table(tmp_path, "2024-11-27,Z1,new,5", header=f"date,zone,measure,{header}")
    assert reports.read(path, TOY)[0].people == 5


def test_households_count_with_their_size(tmp_path):
    path = table(tmp_path, "2024-11-27,Z1,new,200,5.5", header="date,zone,measure,households,household_size")
    assert reports.read(path, TOY)[0].people == 1100


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2024-11-27,Nowhere,new,5,,", r"reports\.csv:2: zone: unknown zone or place 'Nowhere'"),
        ("2024-11-27,Ambar,new,5,,", r"zone: unknown zone or place 'Ambar'; did you mean Amber \(Z1\)"),
        (
            "2024-11-27,Old Mill,new,5,,",
            r"zone: 'Old Mill' is the name of 2 places: .*P5.*P6.*write the p-code",
        ),
        ("2024-11-27,Abroad,new,5,,", r"zone: 'Abroad' lies in no zone of the area"),
        ("2024-11-27,Z1,arrivalz,5,,", r"measure: unknown measure 'arrivalz'; did you mean 'arrivals'"),
        ("2024-11-27,Z1,,5,,", r"measure: is blank"),
        ("2024-11-27,Z1,new,-5,,", r"people: must be from 0 to inf \(got -5\)"),
        ("2024-11-27,Z1,new,many,,", r"people: is not a number \(got 'many'\)"),
        ("2024-11-27,Z1,new,nan,,", r"people: is not a number"),
        ("2024-11-27,Z1,new,,,", r"people: is blank"),
        ("2024-11-27,Z1,new,1.250,,", r"people: is not a whole number \(got '1\.250'\); write it without"),
        ("1/2/2024,Z1,new,5,,", r"date: is not a date with only one meaning"),
        (",Z1,new,5,,", r"date: is blank"),
    ],
)
def test_a_wrong_row_is_named_by_file_row_and_column(tmp_path, row, message):
    with pytest.raises(dp.InputError, match=message):
        reports.read(table(tmp_path, row), TOY)


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("date,measure,people", "2024-11-27,new,5", r"none of the columns pcode, p-code, zone, .* is there"),
        ("date,zone,measure", "2024-11-27,Z1,new", r"none of the columns people, individuals, idps, value"),
        (
            "date,zone,measure,households",
            "2024-11-27,Z1,new,5",
            r"households and no people; write people, or",
        ),
        ("date,zone,measure,idps,value", "2024-11-27,Z1,new,5,5", r"idps and value could both be the figure"),
        ("date,zone,measure,peeple,people_", "2024-11-27,Z1,new,5,5", r"none of the columns people, indiv"),
    ],
)
def test_a_table_without_what_it_needs_says_so(tmp_path, header, row, message):
    with pytest.raises(dp.InputError, match=message):
        reports.read(table(tmp_path, row, header=header), TOY)


def test_the_same_figure_twice_is_an_error_unless_its_scope_differs(tmp_path):
    rows = ["2024-11-27,Z1,new,5,camps,", "2024-11-27,Amber,first_departures,6,Camps,"]
    with pytest.raises(dp.InputError, match=r":3: first_departures of Z1 on 2024-11-27 stands in row 2 alr"):
        reports.read(table(tmp_path, *rows), TOY)
    rows[1] = rows[1].replace("Camps", "towns")
    assert len(reports.read(table(tmp_path, *rows), TOY)) == 2


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    rows = ["soon,Nowhere,fled,-1,,", "2024-11-27,Z1,new,5,,", "2024-11-27,Z1,new,6,,", "2024-11-28,,new,x,,"]
    with pytest.raises(dp.InputError) as caught:
        reports.read(table(tmp_path, *rows), TOY)
    places = [message.split("reports.csv:")[1].split(": ")[:2] for message in caught.value.findings]
    assert [(line, at) for line, at in places[:5]] == [
        ("2", "date"), ("2", "zone"), ("2", "measure"), ("2", "people"), ("5", "people"),
    ]  # fmt: skip
    assert places[5][0] == "4"


def test_a_table_without_rows_has_no_figures(tmp_path):
    assert reports.read(table(tmp_path), TOY) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1254"])
def test_a_turkish_export_is_read(tmp_path, encoding):
    rows = ["27.11.2024;Han Şeyhun;new;1.250;0,5", "28.11.2024;Maarat Mısrin;new;12.000;0,25"]
    path = table(tmp_path, *rows, header="Date;Zone;Measure;People;share", encoding=encoding)
    found = reports.read(path, SHIPPED)
    assert [(report.zone, report.people) for report in found] == [("SY070201", 1250), ("SY070005", 12_000)]


def test_an_arabic_export_and_a_workbook_say_the_same(tmp_path):
    row, header = "27/11/2024;سراقب;arrivals;1250", "date;zone;measure;people"
    text = table(tmp_path, row, header=header, encoding="cp1256")
    with xlsxwriter.Workbook(tmp_path / "r.xlsx", {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["date", "zone", "measure", "people"])
        sheet.write_row(1, 0, [dt.date(2024, 11, 27), "سراقب", "arrivals", 1250])
    assert reports.read(text, SHIPPED) == reports.read(tmp_path / "r.xlsx", SHIPPED)
