"""Observed figures of past cases: what a row means, all that is wrong at once, and the tables that are shipped."""

import datetime as dt
import math
from pathlib import Path

import pytest

import displacement as dp
from displacement.io import observations
from displacement.io.gazetteer import Gazetteer

ROOT = Path(__file__).parents[2]
TOY = Gazetteer(ROOT / "tests" / "toy" / "area")
SHIPPED = Gazetteer(ROOT / "data" / "nw_syria")
TABLES = ("observed_2019_12.csv", "observed_2019_04.csv", "observed_2023_10.csv", "cases_2024_11.csv")
HEADER = (
    "kind,period_start,date,origin,destination,value,low,high,unit,"
    "counts_from,held_by,score,reason,scope,source,confidence"
)


def table(folder, *rows, header=HEADER):
    path = folder / "observed.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_figure_is_read_with_whom_it_covers(tmp_path):
    row = (
        "departures_cum,2030-01-02,2030-01-06,Z1 S,,500,400,,people,N,Alpha,shares,a town,of two,invented,low"
    )
    (found,) = observations.read(table(tmp_path, row), TOY)
    assert math.isnan(found.high)
    assert found._replace(high=0.0) == observations.Observation(
        kind="departures_cum",
        since=dt.date(2030, 1, 2),
        date=dt.date(2030, 1, 6),
        origin=("Z1", "S"),
        destination=(),
        value=500.0,
        low=400.0,
        high=0.0,
        unit="people",
        counts_from=("N",),
        held_by=("alpha",),
        score="shares",
        reason="a town",
        scope="of two",
        source="invented",
        confidence="low",
        line=2,
    )
    assert observations.in_words(found.origin, TOY) == "Amber, South"


def test_columns_of_scope_may_be_left_out(tmp_path):
    header = "kind,period_start,date,origin,destination,value,unit,scope,source"
    path = table(tmp_path, "remaining,2030-01-02,2030-01-06,,,500,people,,invented", header=header)
    (found,) = observations.read(path, TOY)
    assert (found.score, found.counts_from, found.held_by) == ("yes", (), ())


def test_a_beginning_of_codes_stands_for_all_that_begin_with_it(tmp_path):
    row = "arrivals_cum,2030-01-02,2030-01-06,,Z,5,,,people,,,,,,invented,"
    assert observations.read(table(tmp_path, row), TOY)[0].destination == ("Z",)


GOOD = "displaced_cum,2030-01-02,2030-01-06,,,500,,,people,,,,,,invented,"


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("displaced_cum", "displaced_cu", "kind", "did you mean 'displaced_cum'"),
        ("people", "persons", "unit", "unknown word 'persons'"),
        ("2030-01-06", "2030-01-01", "date", "lies before period_start"),
        ("2030-01-06", "soon", "date", "date"),
        (",500,", ",many,", "value", "many"),
        (",500,,", ",500,600,", "value", "outside low and high"),
        ("06,,,500", "06,Y9,,500", "origin", "'Y9' is no p-code of the area"),
        ("people,,", "people,,omega", "held_by", "unknown controller 'omega'"),
        ("people,,,", "people,,,perhaps", "score", "unknown word 'perhaps'"),
        ("people,,,", "people,,,no", "reason", "is blank where score is no"),
        ("invented", "", "source", "is blank"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path, old, new, at, said):
    path = table(tmp_path, GOOD, GOOD.replace(old, new, 1))
    with pytest.raises(dp.InputError) as error:
        observations.read(path, TOY)
    (message,) = error.value.findings
    assert message.startswith(f"{path}:3: {at}: "), message
    assert said in message


def test_all_wrong_cells_are_named_at_once(tmp_path):
    path = table(tmp_path, GOOD.replace("people", "x").replace("500", "y"), GOOD.replace("displaced", "z"))
    with pytest.raises(dp.InputError) as error:
        observations.read(path, TOY)
    assert [line.split(": ")[1] for line in error.value.findings] == ["value", "unit", "kind"]


def test_a_figure_that_is_not_scored_may_lie_outside_the_area(tmp_path):
    row = "arrivals_cum,2030-01-02,2030-01-06,,Y9,5,,,people,,,no,outside,,invented,"
    assert observations.read(table(tmp_path, row), TOY)[0].destination == ("Y9",)


def test_a_table_without_rows_says_so(tmp_path):
    with pytest.raises(dp.InputError, match="no row"):
        observations.read(table(tmp_path), TOY)


@pytest.mark.parametrize("name", TABLES)
def test_every_shipped_figure_says_whether_it_is_scored_and_if_not_why(name):
    found = observations.read(SHIPPED.folder / name, SHIPPED)
    assert any(row.score == "yes" for row in found)
    assert all(bool(row.reason) == (row.score != "yes") for row in found)


def test_a_town_alone_and_places_outside_are_not_scored():
    for name in TABLES:
        for row in observations.tables.read(SHIPPED.folder / name, ["level", "in_window", "score"]):
            if row["level"] == "settlement" or row["in_window"] == "no":
                assert row["score"] == "no", row["scope"]


@pytest.mark.parametrize(
    "zone", ["SY070003", "SY070500", "SY020001", "SY070301", "SY070005", "SY070302", "SY020400"]
)
def test_levels_that_the_population_of_december_2019_has_seen_are_no_test(zone):
    """Saraqab, Ariha, Atareb, Dana, Maaret Tamsrin, Salqin and A'zaz: shares only."""
    found = observations.read(SHIPPED.folder / "observed_2019_12.csv", SHIPPED)
    concerned = [row for row in found if zone in (*row.origin, *row.destination)]
    assert concerned
    assert all(row.score != "yes" for row in concerned)


def test_of_april_2019_only_totals_and_dana_are_scored():
    found = observations.read(SHIPPED.folder / "observed_2019_04.csv", SHIPPED)
    assert {row.destination + row.origin for row in found if row.score != "no"} == {(), ("SY070301",)}


def test_the_total_of_12_december_2024_is_that_of_three_governorates():
    """640,000 + 136,000 + 334,000 of the same source are the 1,100,000 said of the whole country, to 1 %."""
    found = observations.read(SHIPPED.folder / "cases_2024_11.csv", SHIPPED)
    day = [row for row in found if row.date == dt.date(2024, 12, 12)]
    (total,) = (row for row in day if row.kind == "displaced_cum")
    parts = {row.origin[0]: row.value for row in day if row.kind == "departures_cum"}
    assert set(total.counts_from) == set(parts)
    assert sum(parts.values()) == pytest.approx(total.value, rel=0.01)


def test_counts_of_one_hub_cover_the_places_it_served():
    found = observations.read(SHIPPED.folder / "cases_2024_11.csv", SHIPPED)
    for row in found:
        assert bool(row.held_by) == ("NW hub only" in row.scope)


def shares(folder, *rows):
    path = folder / "previous.csv"
    path.write_text("\n".join(("case,zone,share,source", *rows)) + "\n", encoding="utf-8")
    return path


def test_shares_of_the_wave_before_are_those_of_the_case(tmp_path):
    path = shares(tmp_path, "one,Z1 Z2,0.5,a", "two,Z1,0.9,b", "one,Z3,0.25,c")
    assert observations.read_previous(path, "one") == (
        observations.PreviousShare(("Z1", "Z2"), 0.5, "a"),
        observations.PreviousShare(("Z3",), 0.25, "c"),
    )
    assert observations.read_previous(path, "three") == ()
    assert observations.read_previous(tmp_path / "none.csv", "one") == ()


def test_shares_of_more_than_everybody_are_refused(tmp_path):
    with pytest.raises(dp.InputError, match=r"previous.csv:3: share: the shares of one add up to 1.3"):
        observations.read_previous(shares(tmp_path, "one,Z1,0.9,a", "one,Z2,0.4,a"), "one")


PLANNED = "case,until,made,figure,what,kind,observed,observed_what,source,confidence"


def test_a_planning_figure_may_speak_of_two_cases(tmp_path):
    path = tmp_path / "planning.csv"
    row = "one two,2030-01-03 2030-02-03,2029-12,900,a plan,before,450,displaced,invented,low"
    path.write_text(f"{PLANNED}\n{row}\n", encoding="utf-8")
    (found,) = observations.read_planning(path)
    assert found.cases == ("one", "two")
    assert found.until == (dt.date(2030, 1, 3), dt.date(2030, 2, 3))
    assert (found.figure, found.observed) == (900, 450)
    path.write_text(f"{PLANNED}\n{row.replace(' 2030-02-03', '')}\n", encoding="utf-8")
    with pytest.raises(dp.InputError, match="one date for each of the 2 cases"):
        observations.read_planning(path)
    path.write_text(f"{PLANNED}\n{row.replace('2030-02-03', 'soon')}\n", encoding="utf-8")
    with pytest.raises(dp.InputError, match="until"):
        observations.read_planning(path)
    assert observations.read_planning(tmp_path / "none.csv") == ()


def test_the_shipped_tables_of_what_planners_had_name_shipped_cases():
    cases = {path.stem for path in (ROOT / "scenarios" / "backtests").glob("*.yaml")}
    planned = observations.read_planning(SHIPPED.folder / "planning_figures.csv")
    assert {case for row in planned for case in row.cases} <= cases
    assert len(planned) == 5
    for case in cases:
        rows = observations.read_previous(SHIPPED.folder / "previous_shares.csv", case)
        assert rows
        assert all(any(zone.startswith(code) for zone in SHIPPED.units) for row in rows for code in row.zone)
