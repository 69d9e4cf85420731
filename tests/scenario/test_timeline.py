"""Events from the file to the timeline, on the toy area: what each verb does, by hand."""

import datetime as dt
import json
import math
import re

import numpy as np
import pytest
from support import HEAD, TOY, written

import displacement as dp
from displacement import asked
from displacement.io import tables
from displacement.io.errors import InputError
from displacement.io.gazetteer import Box
from displacement.movement.threats import UNNAMED
from displacement.scenario import timeline
from displacement.scenario.control_events import sides_of_line
from displacement.scenario.strikes import of_acled

MORE = "grid: {cell_km: 5}\nmovement: {area: {zone_reach: 30, control_reach: 30}}\n"
ALPHA, BETA, GAMMA = range(3)


@pytest.fixture(scope="module")
def inputs(toy):
    return asked.read_inputs(toy)


@pytest.fixture
def read(tmp_path, inputs):
    """Events, as a planner writes them, to the timeline."""

    def reader(*events, folder=tmp_path, **files):
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
        lines = "".join(f"  - {{{event}}}\n" for event in events)
        return timeline.of(dp.load(written(folder, f"{HEAD}{MORE}events:\n{lines}")), inputs)

    return reader


def changes(found, inputs):
    """Day of the month, place and controller of every change."""
    seen = []
    for at, time in enumerate(found.control.times):
        assert time % 1 == 0.5, "changes are at noon"
        before, after = found.control.holder[at : at + 2]
        seen += [
            (int(time) + 1, inputs.places.code[place], inputs.controllers[after[place]])
            for place in np.flatnonzero(before != after)
        ]
    return sorted(seen)


def mapped(*geometries):
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features})


def box(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return mapped({"type": "Polygon", "coordinates": [ring]})


NORTH = box(38.8, 36.2, 39.2, 36.35)
LEVEL = mapped({"type": "LineString", "coordinates": [[38.9, 36.19], [39.0, 36.19]]})


def test_a_front_moves_down_the_road_from_the_first_place_to_the_second(read, inputs):
    down = read(
        "control: beta, along: R2, between: [P1, P3], width_km: 5, date: 2030-01-02, until: 2030-01-06"
    )
    assert changes(down, inputs) == [(2, "P1", "beta"), (6, "P3", "beta")]
    up = read("control: beta, along: R2, between: [P3, P1], width_km: 5, date: 2030-01-02, until: 2030-01-06")
    assert changes(up, inputs) == [(2, "P3", "beta"), (6, "P1", "beta")]


def test_without_until_all_beside_the_road_changes_on_one_day(read, inputs):
    found = read("control: beta, along: R2, between: [P3, P1], width_km: 5, date: 2030-01-04")
    assert changes(found, inputs) == [(4, "P1", "beta"), (4, "P3", "beta")]


def test_a_wider_front_takes_in_places_beside_the_road_and_leaves_its_own_alone(read, inputs):
    """P5 lies 7 km off the western end, P2 on the road; P3 and P4 are 15 km away, and P4 is held by beta."""
    words = "control: beta, along: R1, between: [P1, P2], date: 2030-01-02, until: 2030-01-04, width_km: "
    assert [code for _, code, _ in changes(read(words + "5"), inputs)] == ["P1", "P2"]
    assert changes(read(words + "8"), inputs) == [
        (2, "P1", "beta"),
        (2, "P5", "beta"),
        (4, "P2", "beta"),
    ]
    wide = read(words + "16")
    assert [code for _, code, _ in changes(wide, inputs)] == ["P1", "P3", "P5", "P2"]
    assert "4 of 5 places change hands, the others would be held already" in wide.notes[0]


def test_the_ends_of_a_front_may_lie_off_the_road(read, inputs):
    """P9 lies 14 km from the end of R1 and has no controller: P2, the nearest that has one, stands for it."""
    found = read(
        "control: beta, along: R1, between: [P1, P9], width_km: 5, date: 2030-01-02, until: 2030-01-04"
    )
    assert changes(found, inputs) == [(2, "P1", "beta"), (4, "P2", "beta")]


def test_every_place_inside_the_polygons_comes_under_the_controller(read, inputs):
    found = read("control: beta, area: map.geojson, date: 2030-01-03", map__geojson=NORTH)
    assert changes(found, inputs) == [(3, "P1", "beta"), (3, "P2", "beta"), (3, "P5", "beta")]
    assert found.notes == ("test.yaml, line 7: map.geojson: 3 places with a controller inside",)
    assert [path.name for path in found.files] == ["map.geojson"]


@pytest.mark.parametrize("whose", ["alpha", "beta"])
def test_a_line_gives_each_side_to_who_holds_most_there(read, inputs, whose):
    """North: three of alpha. South: one of alpha, one of beta; so the line moves alpha's place there to beta."""
    found = read(f"control: {whose}, area: line.geojson, date: 2030-01-03", line__geojson=LEVEL)
    assert changes(found, inputs) == [(3, "P3", "beta")]
    (note,) = found.notes
    assert "the side to the north goes to alpha (holds 3 of 3 places)" in note
    assert "the side to the south goes to beta (holds 1 of 2 places)" in note
    assert note.endswith("; changed: 1 place to beta")


def test_a_line_is_read_against_what_is_held_that_morning(read, inputs):
    """By the third, beta holds the north as well but for P5: alpha, left with P3 and P5, keeps the south."""
    found = read(
        "control: alpha, area: line.geojson, date: 2030-01-04",
        "control: beta, places: [P1, P2], date: 2030-01-03",
        line__geojson=LEVEL,
    )
    assert changes(found, inputs)[2:] == [(4, "P4", "alpha"), (4, "P5", "beta")]


def test_a_third_controllers_places_stay_as_they_are_behind_a_line():
    side = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    held = np.array([ALPHA, ALPHA, BETA, GAMMA, BETA, BETA, ALPHA, GAMMA])
    found = sides_of_line(side, held, ALPHA, 2, 3)
    assert found.owner.tolist() == [ALPHA, BETA]
    assert found.after.tolist() == [-1, -1, ALPHA, -1, -1, -1, BETA, -1]


def test_a_controller_that_holds_most_on_both_sides_keeps_the_one_it_holds_more_of():
    side = np.array([0, 0, 1, 1, 1, 1])
    held = np.array([ALPHA, ALPHA, ALPHA, ALPHA, ALPHA, BETA])
    found = sides_of_line(side, held, ALPHA, 2, 2)
    assert found.owner.tolist() == [ALPHA, BETA]
    assert found.after.tolist() == [-1, -1, BETA, BETA, BETA, -1]


def test_a_controller_that_holds_most_on_neither_side_gets_the_one_it_holds_more_of():
    side = np.array([0, 0, 0, 1, 1])
    held = np.array([GAMMA, GAMMA, ALPHA, BETA, BETA])
    assert sides_of_line(side, held, ALPHA, 2, 3).owner.tolist() == [ALPHA, BETA]


def test_a_side_where_nobody_holds_a_place_is_nobodys():
    found = sides_of_line(np.array([0, 1]), np.array([ALPHA, BETA]), ALPHA, 3, 2)
    assert found.owner.tolist() == [ALPHA, BETA, -1]


@pytest.mark.parametrize(("controller", "message"), [(GAMMA, "holds no place"), (ALPHA, "is alone")])
def test_a_line_with_nobody_to_draw_it_between_is_an_error(controller, message):
    with pytest.raises(LookupError, match=message):
        sides_of_line(np.array([0, 1]), np.array([ALPHA, ALPHA]), controller, 2, 3)


def test_an_event_counts_over_a_table_on_the_same_day(read, inputs):
    table = "pcode,date,controller\nP1,2030-01-03,beta\nP2,2030-01-03,beta\n"
    found = read("control: gamma, places: [P1], date: 2030-01-03", "control: changes.csv", changes__csv=table)
    assert changes(found, inputs) == [(3, "P1", "gamma"), (3, "P2", "beta")]


def test_an_event_that_changes_nothing_is_noted(read, inputs):
    found = read(
        "control: alpha, places: [P1, P2], date: 2030-01-03",
        "control: beta, area: map.geojson, date: 2030-01-04",
        "strikes_times: 2, in: [Cedar], date: 2030-01-02",
        map__geojson=box(39.05, 36.1, 39.1, 36.15),
    )
    assert changes(found, inputs) == []
    assert found.notes == (
        "test.yaml, line 8: map.geojson: 1 place with a controller inside",
        "test.yaml, line 7: changes nothing: all 2 places would be held by 'alpha' already",
        "test.yaml, line 8: changes nothing: the place would be held by 'beta' already",
        "test.yaml, line 9: changes nothing: no strike falls there on these days",
    )


STRIKES = ("strikes: 4, at: P1, date: 2030-01-02, until: 2030-01-05", "strikes: 1, at: P4, date: 2030-01-03")


def weights(found):
    return [(int(strike.time) + 1, strike.weight) for strike in found.strikes]


@pytest.mark.parametrize("where", ["Amber", "Z1", "NW", "Amber district", "N", "North", "Amber town", "P1"])
def test_strikes_are_multiplied_in_a_unit_of_any_level_or_at_a_place(read, where):
    found = read(*STRIKES, f"strikes_times: 2, in: [{where}], date: 2030-01-03, until: 2030-01-04")
    assert weights(found) == [(2, 4), (3, 8), (4, 8), (5, 4), (3, 1)]


def test_strikes_are_multiplied_everywhere_where_no_unit_is_named(read):
    assert weights(read(*STRIKES, "strikes_times: 3, date: 2030-01-03"))[1::3] == [(3, 12), (3, 3)]


def test_several_factors_multiply_and_zero_removes(read):
    found = read(
        *STRIKES,
        "strikes_times: 3, in: [Amber], date: 2030-01-02, until: 2030-01-03",
        "strikes_times: 0.5, in: [North], date: 2030-01-03, until: 2030-01-04",
        "strikes_times: 0, in: [P1], date: 2030-01-05",
    )
    assert weights(found) == [(2, 12), (3, 6), (4, 2), (3, 1)]


def test_strikes_of_tables_are_multiplied_too(read):
    assert weights(read("strikes: strikes.csv", "strikes_times: 2, in: [Amber], date: 2030-01-03")) == [
        (3, 4)
    ]


def test_relative_strikes_have_a_mean_of_one_a_place_and_week_whatever_they_count(read):
    """Two places over two weeks (2 to 15 January), 40 in all: 10 a place and week; `until` does not change the unit."""
    table = "date,lat,lon,strikes\n2030-01-02,36.104,38.916,24\n2030-01-15,36.104,39.09,16\n"
    found = read("strikes: s.csv, relative: true", s__csv=table)
    assert weights(found) == [(2, pytest.approx(2.4)), (15, pytest.approx(1.6))]
    assert any("10 strikes on a place in a week" in note for note in found.notes)
    in_shells = read(
        "strikes: s.csv, relative: true", s__csv=table.replace(",24", ",2400").replace(",16", ",1600")
    )
    assert weights(in_shells) == weights(found)
    earlier = read("strikes: s.csv, relative: true, until: 2030-01-10", s__csv=table)
    assert weights(earlier) == weights(found)[:1]


def test_strikes_are_laid_to_a_controller_by_the_event_or_by_the_row(read, inputs):
    table = "date,lat,lon,strikes,by\n2030-01-02,36.104,38.916,1,\n2030-01-03,36.104,39.09,1,beta\n"
    alpha, beta = (inputs.controllers.index(name) for name in ("alpha", "beta"))
    found = read("strikes: s.csv, by: alpha", "strikes: 2, at: P1, date: 2030-01-04, by: beta", s__csv=table)
    assert [strike.by for strike in found.strikes] == [alpha, beta, beta]
    assert [strike.by for strike in read("strikes: s.csv", s__csv=table).strikes] == [UNNAMED, beta]


def test_a_striker_that_is_no_controller_is_an_error_with_its_line(read):
    table = "date,lat,lon,strikes,by\n2030-01-02,36.104,38.916,1,gamme\n"
    with pytest.raises(InputError, match=r"s\.csv:2.*unknown controller 'gamme'; write one of"):
        read("strikes: s.csv", s__csv=table)
    with pytest.raises(InputError, match=r"by: unknown controller 'alfa'.*alpha"):
        read("strikes: 2, at: P1, date: 2030-01-04, by: alfa")


def test_a_place_covers_the_strikes_it_is_the_nearest_named_place_of(read):
    """The first lies 2 km south of Cedar town, the second half way to Old Mill and nearer to Delta town."""
    table = "date,lat,lon,strikes\n2030-01-02,36.104,38.916,1\n2030-01-02,36.104,39.09,1\n"
    found = read("strikes: s.csv", "strikes_times: 5, in: [P3], date: 2030-01-02", s__csv=table)
    assert [weight for _, weight in weights(found)] == [5, 1]


def test_a_declared_return_names_zones_and_places(read, inputs):
    whole, north, town = read(
        "return: declared, date: 2030-01-03",
        "return: declared, to: [North, Cedar], date: 2030-01-03, until: 2030-01-05",
        "return: declared, to: [Cedar town, P6], date: 2030-01-04",
    ).returns
    assert (whole.start, whole.end, whole.zones.tolist(), whole.places.tolist()) == (
        2.5,
        math.inf,
        [0, 1, 2, 3],
        [],
    )
    assert (north.start, north.end, north.zones.tolist()) == (2.5, 5.0, [0, 1, 2])
    assert town.zones.tolist() == []
    names = [inputs.places.code[at] for at in town.places]
    assert names == ["P3", "P4"], "P6 has no controller of its own: the nearest place that has"


def test_trucks_are_limited_from_the_first_day_to_the_last(read):
    limits = read(
        "trucks: 5, route: R1, date: 2030-01-04",
        "trucks: 0, route: Bridge, date: 2030-01-02, until: 2030-01-03",
    ).trucks
    assert [tuple(limit) for limit in limits] == [("C1", 1, 2, 0.0), ("R1", 3, 9, 5.0)]


def test_what_is_closed_to_trucks_is_kept_by_day_apart_from_people(read):
    found = read(
        "close: C1, for: trucks, date: 2030-01-02, until: 2030-01-03",
        "close: X-WEST, for: people, date: 2030-01-02",
        "close: R1, date: 2030-01-04",
    )
    assert [day.crossings for day in found.trucks_closed] == [(), ("C1",), ("C1",), *[()] * 7]
    assert [bool(day.roads) for day in found.trucks_closed] == [False] * 3 + [True] * 7
    people = [found.epochs[at] for at in found.epoch_of_day]
    assert [day.crossings for day in people] == [(), *[("X-WEST",)] * 9]
    assert [day.roads for day in people] == [day.roads for day in found.trucks_closed]


ACLED = (
    "event_date,event_type,sub_event_type,location,latitude,longitude,geo_precision\n"
    "02 January 2030,Explosions/Remote violence,Air/drone strike,Amber,36.257,38.917,1\n"
    "2030-01-02,Explosions/Remote violence,Shelling/artillery/missile attack,Amber,36.257,38.917,3\n"
    "3 Jan 2030,Explosions/Remote violence,Remote explosive/landmine/IED,Amber,36.257,38.917,1\n"
    "3 January 2030,Battles,Armed clash,Amber,36.257,38.917,1\n"
    "3 January 2030,Explosions/Remote violence,Air/drone strike,Far,33.0,36.0,1\n"
    "4 January 2028,Explosions/Remote violence,Air/drone strike,Amber,36.257,38.917,1\n"
    "5 January 2030,Explosions/Remote violence,Air/drone strike,Delta,36.122,39.083,1\n"
)


def test_strikes_are_read_as_acled_exports_them(read, inputs):
    found = read("strikes: acled.csv", acled__csv=ACLED)
    assert weights(found) == [(2, 1), (2, 1), (5, 1)]
    east, north = inputs.coordinates["P4"]
    assert math.hypot(found.strikes[2].easting - east, found.strikes[2].northing - north) < 100
    assert [note.partition("acled.csv: ")[2] for note in found.notes] == [
        "2 rows left out: no air or drone strike, no shelling",
        "1 row left out: outside the area",
        "1 row left out: other days",
        "1 of 3 strikes placed by region only (geo_precision 3)",
    ]
    assert len(read("strikes: acled.csv, until: 2030-01-04", acled__csv=ACLED).strikes) == 2


@pytest.mark.parametrize("written", ["31 February 2030", "2 Janvier 2030x", "2 Foo 2030", "01/02/2030"])
def test_a_date_that_acled_would_not_write_is_an_error(tmp_path, written):
    path = tmp_path / "acled.csv"
    path.write_text(ACLED.replace("3 January 2030,Exp", f"{written},Exp"), encoding="utf-8")
    everywhere = Box(south=-90, north=90, west=-180, east=180)
    with pytest.raises(dp.InputError, match=r"acled\.csv:6: event_date: is not a date"):
        of_acled(tables.read(path, []), everywhere, (dt.date.min, dt.date.max))


def test_an_acled_table_without_coordinates_is_an_error(read):
    with pytest.raises(dp.InputError, match=r"acled\.csv:1: column 'latitude' is missing"):
        read("strikes: acled.csv", acled__csv=ACLED.replace("latitude", "lat", 1))


CONTROL = "control: beta, places: [P1], date: 2030-01-03"
WRONG = {
    "a front that changes nothing": (
        ["control: alpha, along: R2, between: [P1, P3], date: 2030-01-02"],
        r"test\.yaml:7:22: events\[0\]\.along: no place changes: all 2 places would be held by 'alpha' already "
        r"within 5 km of the stretch; correct",
    ),
    "a place far from the road": (
        ["control: beta, along: R3, between: [P3, P2], date: 2030-01-02"],
        r"test\.yaml:7:32: events\[0\]\.between: Birch town \(P2\) lies 15\.\d km from R3, further than 15 km",
    ),
    "one point of the road": (
        ["control: beta, along: R3, between: [P3, P3], date: 2030-01-02"],
        r"events\[0\]\.between: both places lie beside the same point of R3",
    ),
    "polygons without a place": (
        ["control: beta, area: empty.geojson, date: 2030-01-02"],
        r"test\.yaml:7:21: events\[0\]\.area: empty\.geojson: no place with a controller lies inside; the nearest, "
        r"Birch town \(P2\), lies \d\.\d km away",
    ),
    "a line of a controller that holds nothing": (
        ["control: gamma, area: line.geojson, date: 2030-01-02"],
        r"events\[0\]\.area: line\.geojson: 'gamma' holds no place on either side",
    ),
    "a front against a place": (
        [CONTROL, "control: gamma, along: R2, between: [P1, P3], date: 2030-01-03, until: 2030-01-05"],
        r"test\.yaml:8:6: events\[1\]\.control: Amber town \(P1\) comes under 'gamma', and under 'beta' on the same "
        r"day, 2030-01-03 \(test\.yaml, line 7\); keep one",
    ),
    "a map against a place": (
        ["control: gamma, area: north.geojson, date: 2030-01-03", CONTROL],
        r"test\.yaml:8:6: events\[1\]\.control: Amber town \(P1\) comes under 'beta', and under 'gamma'.*line 7\)",
    ),
    "two codes that stand for one place": (
        ["control: beta, places: [P6], date: 2030-01-03", "control: alpha, places: [P4], date: 2030-01-03"],
        r"test\.yaml:8:6: events\[1\]\.control: Delta town \(P4\) comes under 'alpha', and under 'beta'",
    ),
}


@pytest.mark.parametrize(("events", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_events_on_the_area_is_said_with_file_and_line(read, events, message):
    files = {"empty__geojson": box(39.15, 36.3, 39.16, 36.31), "line__geojson": LEVEL}
    with pytest.raises(dp.InputError) as caught:
        read(*events, north__geojson=NORTH, **files)
    assert re.search(message, str(caught.value)), caught.value
    assert len(caught.value.findings) == 1


def test_all_that_is_wrong_with_events_on_the_area_comes_at_once(read):
    events = [event for events, _ in list(WRONG.values())[:3] for event in events]
    with pytest.raises(dp.InputError) as caught:
        read(*events, "control: bad.csv", bad__csv="pcode,date,controller\nP1,soon,beta\n")
    lines = [line.rpartition("/")[2].partition(": ")[0] for line in caught.value.findings]
    assert lines == ["bad.csv:2", "test.yaml:8:32", "test.yaml:9:32", "test.yaml:7:22"]


def test_files_of_a_base_in_another_folder_stay_where_they_are(tmp_path, inputs):
    """Maps, tables of control and of strikes, those of its variants too; and so in the resolved scenario."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "map.geojson").write_text(NORTH, encoding="utf-8")
    (there / "south.geojson").write_text(box(38.8, 36.1, 39.0, 36.15), encoding="utf-8")
    (there / "acled.csv").write_text(ACLED, encoding="utf-8")
    (there / "own.csv").write_text("pcode,date,controller\nP3,2030-01-05,beta\n", encoding="utf-8")
    (there / "start.csv").write_text((TOY / "area" / "control.csv").read_text(encoding="utf-8"))
    events = (
        "events:\n  - {control: beta, area: map.geojson, date: 2030-01-03}\n  - {strikes: acled.csv}\n"
        "  - {id: own, control: own.csv}\n"
        "variants:\n  south:\n    drop: [own]\n"
        "    add:\n      - {control: beta, area: south.geojson, date: 2030-01-07}\n"
    )
    written(there, HEAD + MORE + "start_control: start.csv\n" + events, "base.yaml")
    path = written(
        here,
        "base: ../there/base.yaml\nadd:\n  - {trucks: 1, route: R1, date: 2030-01-02}\n"
        "  - {strikes_times: 2, in: [North], date: 2030-01-02}\n  - {return: declared, to: [Z1], date: 2030-01-05}\n",
    )
    for variant, day in ((None, 5), ("south", 7)):
        scenario = dp.load(path, variant)
        found = timeline.of(scenario, asked.read_inputs(scenario))
        assert (day, "P3", "beta") in changes(found, inputs)
        if variant is None:
            assert weights(found)[0] == (2, 2)
            assert len(found.trucks) == len(found.returns) == 1
        settings = scenario.settings(here)
        assert settings["start_control"] == "../there/start.csv"
        again = written(here, json.dumps(settings), "again.yaml")
        assert dp.load(again).events == scenario.model_copy(update={"events": dp.load(again).events}).events
        assert timeline.of(dp.load(again), inputs).control.times.tolist() == found.control.times.tolist()


def test_a_copy_with_other_events_forgets_the_lines_of_the_file(toy):
    assert toy.line(0) == "toy.yaml, line 9"
    assert toy.model_copy(update={"events": toy.events[1:]}).line(0) == "events[0]"
    assert toy.model_copy(update={"title": "x"}).line(0) == "toy.yaml, line 9"
