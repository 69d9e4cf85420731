"""A user's own places: found by name, each with cells of its own."""

import pytest
from support import changed

import displacement as dp
from displacement import asked
from displacement.scenario import timeline

TABLE = (
    "pcode,name,name_ar,lat,lon,zone,alias\n"
    "MY1,New Ford,مخاضة,36.20,38.95,Z3,Ford;Nueva\n"
    "P1,Amber,,,,,Ambertown by the river\n"
)
YAML = """\
title: Own places
area: {area}
gazetteer: mine.csv
period: {{start: 2030-01-01, days: 14}}
grid: {{cell_km: 1}}
movement: {{area: {{zone_reach: 30, control_reach: 30}}}}
events:
  - {{control: beta, places: [{place}], date: 2030-01-06}}
"""


def scenario(toy, folder, place, table=TABLE):
    (folder / "mine.csv").write_text(table, encoding="utf-8")
    file = folder / "own.yaml"
    file.write_text(YAML.format(area=toy.area_folder.as_posix(), place=place), encoding="utf-8")
    return dp.load(file)


@pytest.mark.parametrize("spelling", ["New Ford", "مخاضة", "nueva", "MY1"])
def test_an_appended_place_is_found_by_each_of_its_names(toy, tmp_path, spelling):
    assert scenario(toy, tmp_path, spelling).events[0].places == ("MY1",)


def test_a_known_place_gets_another_spelling(toy, tmp_path):
    assert scenario(toy, tmp_path, "Ambertown by the river").events[0].places == ("P1",)


def test_an_appended_place_takes_its_own_cells_and_begins_like_its_neighbour(toy, tmp_path):
    loaded = scenario(toy, tmp_path, "New Ford")
    inputs = asked.read_inputs(loaded)
    assert inputs.places.code[-1] == "MY1"
    assert inputs.controllers[inputs.places.start[-1]] == "alpha"
    held = dp.run(loaded, keep=("control",)).fields["control"]
    taken = (held.isel(time=-1) == inputs.controllers.index("beta")) & (
        held.isel(time=0) != held.isel(time=-1)
    )
    assert 50 < int(taken.sum()) < 600, "the cells nearer to it than to any other place"
    left = dp.run(loaded).people["newly_displaced_cum"].isel(member=0, time=-1)
    assert float(left.sum()) > 100


def test_an_appended_place_is_held_as_its_neighbour_until_an_event_names_it(toy, tmp_path):
    near_cedar = "pcode,name,lat,lon\nMY1,New Ford,36.13,38.93\n"
    (tmp_path / "mine.csv").write_text(near_cedar, encoding="utf-8")
    own = {"gazetteer": str(tmp_path / "mine.csv")}
    followed = {"control": "beta", "places": ["P3"], "date": "2030-01-06"}
    named = {"control": "alpha", "places": ["MY1"], "date": "2030-01-08"}

    def held(*events):
        scenario = changed(toy, **own, events=events)
        control = timeline.of(scenario, asked.read_inputs(scenario)).control
        return [int(control.at(day)[-1]) for day in (4.0, 6.0, 9.0)]

    alpha, beta = 0, 1
    assert held(followed) == [alpha, beta, beta]
    assert held(followed, named) == [alpha, beta, alpha]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("pcode,name,lat,lon\nMY1,Ford,36.2,\n", r"mine\.csv:2: lon: is blank"),
        ("pcode,name,lat,lon\nMY1,Ford,96.2,39\n", r"mine\.csv:2: lat: must be from -90 to 90"),
        ("pcode,name,lat,lon\nMY1,,36.2,39\n", r"mine\.csv:2: name: is blank"),
        ("pcode,name,lat,lon,zone\nMY1,Ford,36.2,39,Z9\n", r"mine\.csv:2: zone: there is no zone 'Z9'"),
        ("pcode,name,lat,lon\nMY1,A,36.2,39\nMY1,B,36.2,39\n", r"mine\.csv:3: pcode: 'MY1' stands in line 2"),
        ("name,lat,lon\nFord,36.2,39\n", r"mine\.csv:1: column 'pcode' is missing"),
    ],
)
def test_a_wrong_table_of_places_is_an_error_with_its_row(toy, tmp_path, table, message):
    with pytest.raises(dp.InputError, match=message):
        scenario(toy, tmp_path, "P1", table)


def test_a_table_of_places_that_is_not_there_is_named_with_its_line(toy, tmp_path):
    loaded = scenario(toy, tmp_path, "P1")
    (tmp_path / "mine.csv").unlink()
    with pytest.raises(dp.InputError, match=r"own\.yaml:3:1: gazetteer: there is no file 'mine\.csv'"):
        dp.load(loaded.path)
