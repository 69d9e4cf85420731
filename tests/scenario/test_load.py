"""Scenario files: what is read, and one clear error for each way to be wrong."""

import datetime as dt
import re
from pathlib import Path

import pytest
from support import HEAD, TOY, written

import displacement as dp
from displacement.scenario import verbs

ROOT = Path(__file__).parents[2]


def error(folder, text):
    with pytest.raises(dp.InputError) as caught:
        dp.load(written(folder, text))
    return str(caught.value)


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_and_variant_loads(path):
    scenario = dp.load(path)
    for variant in scenario.variants:
        assert dp.load(path, variant).variant == variant


def test_the_minimal_scenario_has_at_most_twelve_lines():
    assert len((ROOT / "scenarios" / "minimal.yaml").read_text(encoding="utf-8").splitlines()) <= 12


def test_names_become_codes(toy):
    pressure = next(event for event in toy.events if isinstance(event, verbs.PressureAt))
    assert pressure.at == "P2"
    road = next(event for event in toy.events if isinstance(event, verbs.Close))
    assert (road.close, road.between) == ("R1", ("P1", "P2"))


def test_a_place_is_found_by_its_arabic_name(tmp_path):
    scenario = dp.load(
        written(tmp_path, HEAD + "events:\n  - {control: beta, places: [سيدر], date: 2030-01-03}\n")
    )
    assert scenario.events[0].places == ("P3",)


def test_a_variant_drops_by_id_and_adds():
    calm, more = dp.load(TOY / "toy.yaml", "calm"), dp.load(TOY / "toy.yaml", "more")
    assert [type(event).__name__ for event in calm.events] == ["ControlTable", "Close"]
    assert more.events[-1] == verbs.ControlPlaces(control="beta", places=("P2",), date=dt.date(2030, 1, 10))


def test_a_scenario_with_base_changes_fields_and_events(tmp_path):
    path = written(
        tmp_path,
        f"base: {TOY / 'toy.yaml'}\ntitle: Other\ndrop: [assault]\nmovement: {{hazard: {{memory: 5}}}}\n"
        "add:\n  - {strikes: 1, at: Ambre, date: 2030-01-02}\n",
    )
    scenario = dp.load(path)
    assert scenario.title == "Other"
    assert scenario.movement.hazard.memory == 5
    assert scenario.movement.area.zone_reach == 30
    assert scenario.area_folder == TOY / "area"
    assert not any(isinstance(event, verbs.PressureAt) for event in scenario.events)
    assert scenario.events[-1].at == "P1"
    assert scenario.variants == ("calm", "more")
    assert dp.run(scenario).people["first_departures"].sum() > 0


WRONG = {
    "an unknown key": ("titel2: x\n", r"test\.yaml:4:1: titel2: unknown key"),
    "an unknown key deeper down": (
        "movement: {hazard: {memry: 3}}\n",
        r"test\.yaml:4:21: movement\.hazard\.memry: unknown key; did you mean 'memory'\?",
    ),
    "a key of an event": (
        "events:\n  - {control: beta, places: [P1], date: 2030-01-02, dat: 2}\n",
        r"test\.yaml:5:53: events\[0\]\.dat: unknown key; did you mean 'date'\?",
    ),
    "a duplicate key": ("title: again\n", r"test\.yaml:4:1: .*duplicate key"),
    "a wrong type": ("grid: {cell_km: wide}\n", r"test\.yaml:4:8: grid\.cell_km: .*number.*\(got 'wide'\)"),
    "a value out of range": ("grid: {cell_km: -1}\n", r"grid\.cell_km: .*greater than 0 \(got -1\)"),
    "no verb": (
        "events:\n  - {contrl: beta, date: 2030-01-02}\n",
        r"test\.yaml:5:5: events\[0\]: an event needs one verb: control, strikes, strikes_times, pressure, close, open, "
        r"return or trucks \(got contrl, date; did you mean 'control'\?\)",
    ),
    "an unknown place": (
        "events:\n  - {strikes: 3, at: Amber twn, date: 2030-01-02}\n",
        r"test\.yaml:5:18: events\[0\]\.at: unknown place 'Amber twn'; did you mean Amber town \(P1, zone Z1\)",
    ),
    "an ambiguous place": (
        "events:\n  - {strikes: 3, at: Old Mill, date: 2030-01-02}\n",
        r"'Old Mill' is the name of 2 places: Old Mill \(P5, zone Z1\); Old Mill \(P6, zone Z4\); write the p-code",
    ),
    "an unknown controller": (
        "events:\n  - {control: betta, places: [P1], date: 2030-01-02}\n",
        r"test\.yaml:5:6: events\[0\]\.control: unknown controller 'betta'; did you mean 'beta'\?",
    ),
    "until before date": (
        "events:\n  - {strikes: 3, at: P1, date: 2030-01-05, until: 2030-01-02}\n",
        r"'until' \(2030-01-02\) is before 'date' \(2030-01-05\)",
    ),
    "a date far outside": (
        "events:\n  - {strikes: 3, at: P1, date: 2003-01-05}\n",
        r"events\[0\]\.date: 2003-01-05 is far outside the period",
    ),
    "no date": (
        "events:\n  - {strikes: 3, at: P1, date: soon}\n",
        r"events\[0\]\.date: .*date.*\(got 'soon'\)",
    ),
    "a contradiction": (
        "events:\n  - {control: beta, places: [P1], date: 2030-01-02}\n"
        "  - {control: alpha, places: [Ambre], date: 2030-01-02}\n",
        r"test\.yaml:6:22: events\[1\]\.places: P1 comes under 'alpha', and under 'beta' on the same day, "
        r"2030-01-02 \(test\.yaml, line 5\); keep one",
    ),
    "a table that is not there": (
        "events:\n  - {control: contrl.csv}\n",
        r"events\[0\]\.control: there is no table 'contrl\.csv'.*did you mean 'control\.csv'",
    ),
    "an unknown road": (
        "events:\n  - {control: beta, along: R22, between: [P1, P3], date: 2030-01-02}\n",
        r"test\.yaml:5:21: events\[0\]\.along: unknown road 'R22'; did you mean R2",
    ),
    "a front from nowhere": (
        "events:\n  - {control: beta, along: R2, between: [P1, Nowhere], date: 2030-01-02}\n",
        r"test\.yaml:5:\d+: events\[0\]\.between\[1\]: unknown place 'Nowhere'",
    ),
    "a front between three places": (
        "events:\n  - {control: beta, along: R2, between: [P1, P2, P3], date: 2030-01-02}\n",
        r"events\[0\]\.between: tuple should have at most 2 items",
    ),
    "a front without ends": (
        "events:\n  - {control: beta, along: R2, date: 2030-01-02}\n",
        r"events\[0\]\.between: is missing; write it",
    ),
    "a front without width": (
        "events:\n  - {control: beta, along: R2, between: [P1, P3], width_km: 0, date: 2030-01-02}\n",
        r"events\[0\]\.width_km: .*greater than 0 \(got 0\)",
    ),
    "a front of nobody known": (
        "events:\n  - {control: betta, along: R2, between: [P1, P3], date: 2030-01-02}\n",
        r"test\.yaml:5:6: events\[0\]\.control: unknown controller 'betta'; did you mean 'beta'\?",
    ),
    "a front that arrives before it sets out": (
        "events:\n  - {control: beta, along: R2, between: [P1, P3], date: 2030-01-05, until: 2030-01-02}\n",
        r"'until' \(2030-01-02\) is before 'date' \(2030-01-05\)",
    ),
    "a change of control of nothing": (
        "events:\n  - {control: beta, date: 2030-01-02}\n",
        r"events\[0\]\.places: is missing; write 'places', or 'along' and 'between', or 'area'",
    ),
    "a map that is not there": (
        "events:\n  - {control: beta, area: gone.kml, date: 2030-01-02}\n",
        r"test\.yaml:5:21: events\[0\]\.area: there is no file 'gone\.kml' beside the scenario or in the area",
    ),
    "a map of no known format": (
        "events:\n  - {control: beta, area: test.yaml, date: 2030-01-02}\n",
        r"test\.yaml:5:21: events\[0\]\.area: test\.yaml: unknown format '\.yaml'; save it as GeoJSON",
    ),
    "a map without a date": (
        "events:\n  - {control: beta, area: gone.kml}\n",
        r"events\[0\]\.date: is missing; write it",
    ),
    "fewer than no strikes": (
        "events:\n  - {strikes_times: -1, date: 2030-01-02}\n",
        r"test\.yaml:5:6: events\[0\]\.strikes_times: .*greater than or equal to 0 \(got -1\)",
    ),
    "strikes in a place that is not there": (
        "events:\n  - {strikes_times: 2, in: [Amber, Ambr distr], date: 2030-01-02}\n",
        r"events\[0\]\.in\[1\]: unknown administrative unit or place 'Ambr distr'; did you mean Amber district \(NW\)",
    ),
    "strikes in a place of an ambiguous name": (
        "events:\n  - {strikes_times: 2, in: [Old Mill], date: 2030-01-02}\n",
        r"events\[0\]\.in\[0\]: 'Old Mill' is the name of 2 places: Old Mill \(P5, zone Z1\)",
    ),
    "strikes in a name where a list belongs": (
        "events:\n  - {strikes_times: 2, in: Amber, date: 2030-01-02}\n",
        r"events\[0\]\.in: must be a list; write it in brackets",
    ),
    "another return than declared": (
        "events:\n  - {return: agreed, date: 2030-01-02}\n",
        r"test\.yaml:5:6: events\[0\]\.return: .*'declared' \(got 'agreed'\)",
    ),
    "a return to a road": (
        "events:\n  - {return: declared, to: [R1], date: 2030-01-02}\n",
        r"events\[0\]\.to\[0\]: unknown administrative unit or place 'R1'",
    ),
    "fewer than no trucks": (
        "events:\n  - {trucks: -1, route: R1, date: 2030-01-02}\n",
        r"events\[0\]\.trucks: .*greater than or equal to 0 \(got -1\)",
    ),
    "trucks on an unknown route": (
        "events:\n  - {trucks: 1, route: Bridgge, date: 2030-01-02}\n",
        r"test\.yaml:5:17: events\[0\]\.route: unknown road or crossing 'Bridgge'; did you mean Bridge",
    ),
    "trucks on a date far outside": (
        "events:\n  - {trucks: 1, route: R1, date: 2031-01-02}\n",
        r"events\[0\]\.date: 2031-01-02 is far outside the period",
    ),
    "a return on a date far outside": (
        "events:\n  - {return: declared, date: 2031-01-02}\n",
        r"events\[0\]\.date: 2031-01-02 is far outside the period",
    ),
    "an id that stands twice": (
        "events:\n  - {id: a, strikes: 1, at: P1, date: 2030-01-02}\n  - {id: a, strikes: 1, at: P2, date: 2030-01-02}\n",
        r"test\.yaml:6:6: events\[1\]\.id: 'a' is the id of another event \(test\.yaml, line 5\) already",
    ),
    "a date that is none": (
        "events:\n  - {strikes: 3, at: P1, date: 2030-13-01}\n",
        r"test\.yaml:5:26: events\[0\]\.date: is not a date; write it as 2024-11-27 \(got '2030-13-01'\)",
    ),
    "a name where a list belongs": (
        "events:\n  - {control: beta, places: P1, date: 2030-01-02}\n",
        r"events\[0\]\.places: must be a list; write it in brackets",
    ),
    "a zone where a place belongs": (
        "events:\n  - {control: beta, places: [Z1], date: 2030-01-02}\n",
        r"events\[0\]\.places\[0\]: 'Z1' is the zone Amber; write a place",
    ),
    "a boundary without sides": (
        "events:\n  - {close: boundary, date: 2030-01-02}\n",
        r"a boundary needs 'between' with two controllers",
    ),
    "a response without a who": (
        "departure_response:\n  - {incoming: beta, share: few}\n",
        r"write either 'controlled_by' or 'response_group'",
    ),
    "a response group that nobody has": (
        "departure_response:\n  - {response_group: r1x, incoming: beta, share: few}\n",
        r"no place has the response group 'r1x'; did you mean 'r1'\?",
    ),
    "an aid item that is not there": (
        "needs: {items: [{id: watr_domestic, quantity: 7}]}\n",
        r"test\.yaml:4:17: needs\.items\[0\]: .*did you mean 'water_domestic'",
    ),
    "an aid item out of its range": (
        "needs: {items: [{id: water_domestic, quantity: 70000}]}\n",
        r"test\.yaml:4:17: needs\.items\[0\]: .*70000",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_line_and_column(tmp_path, text, message):
    import re

    found = error(tmp_path, HEAD + text)
    assert re.search(message, found), found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("name", ["t.csv", "t.CSV", "t.tsv", "t.txt", "t.xlsx", "t.XLS", "t.ods"])
def test_a_table_is_told_from_a_controller_or_a_number_by_its_ending(tmp_path, name):
    (tmp_path / name).touch()
    text = HEAD + f"events:\n  - {{control: {name}, until: 2030-01-03}}\n  - {{strikes: {name}}}\n"
    control, strikes = dp.load(written(tmp_path, text)).events
    assert control == verbs.ControlTable(control=name, until=dt.date(2030, 1, 3))
    assert strikes == verbs.StrikesTable(strikes=name)


def test_a_map_is_checked_when_a_scenario_is_validated(tmp_path):
    (tmp_path / "map.geojson").write_text('{"type": "Point", "coordinates": [39, 36.2]}', encoding="utf-8")
    event = "events:\n  - {control: beta, area: map.geojson, date: 2030-01-03}\n"
    message = "test.yaml:5:21: events[0].area: map.geojson: holds points only; draw polygons or a line"
    assert message in error(tmp_path, HEAD + event)


UNITS = {
    "North": "N",
    "N": "N",
    "Amber district": "NW",
    "Amber": "Z1",
    "Cedar land": "Z3",
    "Amber town": "P1",
}


@pytest.mark.parametrize(("name", "code"), UNITS.items())
def test_a_unit_is_found_by_name_or_code_and_a_place_where_no_unit_has_the_name(tmp_path, name, code):
    text = HEAD + f"events:\n  - {{strikes_times: 2, in: [{name}], date: 2030-01-03}}\n"
    (event,) = dp.load(written(tmp_path, text)).events
    assert event.in_ == (code,)


def test_a_name_means_the_largest_unit_that_has_it_and_a_place_where_only_places_are_asked_for(tmp_path):
    """One name for everything: admin 1 SY07, admin 2 SY0700, zone SY070000 and the town C3871."""
    head = HEAD.replace(str(TOY / "area"), str(ROOT / "data" / "nw_syria")).replace("2030-01", "2024-12")
    units = "[Idleb, Idlib, إدلب, SY0700, SY070000, C3871, Saraqab, Saraqib, Khan Tuman]"
    events = f"events:\n  - {{strikes_times: 2, in: {units}, date: 2024-12-02}}\n"
    events += "  - {strikes: 1, at: Idleb, date: 2024-12-02}\n"
    times, strikes = dp.load(written(tmp_path, head + events)).events
    assert times.in_ == (*["SY07"] * 3, "SY0700", "SY070000", "C3871", *["SY070003"] * 2, "C1015")
    assert strikes.at == "C3871"


def test_the_schema_shows_every_verb():
    from displacement.scenario.schema import schema

    definitions = schema()["$defs"]
    for verb, kinds in verbs.VERBS.items():
        for kind in kinds:
            assert verb in definitions[kind]["properties"], kind
            assert definitions[kind]["description"]


def test_all_errors_come_at_once(tmp_path):
    """A missing title, an unknown key, an unknown place and an unknown controller."""
    events = "events:\n  - {strikes: 3, at: Nowhere, date: 2030-01-02}\n"
    events += "  - {control: zeta, places: [P1], date: 2030-01-02}\n"
    found = error(tmp_path, HEAD.replace("title", "name") + events).splitlines()
    parts = [
        ("title", "is missing"),
        ("name", "unknown key"),
        ("events[0].at", "Nowhere"),
        ("events[1].control", "zeta"),
    ]
    assert len(found) == len(parts)
    for line, (place, message) in zip(found, parts, strict=True):
        assert place in line
        assert message in line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("- 1\n", "must be keys with values"),
        ("title: 'x\n", "check the indentation and quotes"),
        ("title: x\nperiod: {start: 2030-01-01}\n", "area: is missing"),
        ("title: x\narea: nowhere\nperiod: {start: 2030-01-01}\n", "there is no area folder 'nowhere'"),
        (
            HEAD.replace("days: 10", "days: 3, step_days: 0.3"),
            "test.yaml:3:38: period.step_days: a whole number of steps must make half a day; write 0.5, 0.25 or 0.125",
        ),
        ("base: test.yaml\n", "a scenario includes itself"),
        ("base: gone.yaml\n", "there is no file 'gone.yaml'"),
        ("title: x\nadd: []\n", "needs 'base'"),
    ],
)
def test_a_file_that_is_no_scenario_is_an_error(tmp_path, text, message):
    assert message in error(tmp_path, text)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(dp.InputError, match="there is no such file"):
        dp.load(tmp_path / "gone.yaml")


def test_an_unknown_variant_is_answered_with_the_known_ones():
    with pytest.raises(dp.InputError, match="unknown variant 'clam'; did you mean 'calm'"):
        dp.load(TOY / "toy.yaml", "clam")


def test_an_error_in_a_base_names_the_base(tmp_path):
    base = written(tmp_path, HEAD + "events:\n  - {strikes: 3, at: Nowhere, date: 2030-01-02}\n", "base.yaml")
    found = error(tmp_path, f"base: {base.name}\n")
    assert "base.yaml:5:18: events[0].at" in found


def test_an_inherited_condition_does_not_outlive_a_change_of_events(tmp_path):
    base = written(tmp_path, HEAD + "condition: all is quiet\n", "base.yaml")
    strike = "add:\n  - {strikes: 3, at: P1, date: 2030-01-02}\n"
    assert dp.load(written(tmp_path, f"base: {base.name}\ntitle: x\n")).condition == "all is quiet"
    assert dp.load(written(tmp_path, f"base: {base.name}\n{strike}")).condition == ""
    assert dp.load(written(tmp_path, f"base: {base.name}\ncondition: not so\n{strike}")).condition == "not so"


def test_a_variant_of_the_base_can_be_left_out(tmp_path):
    path = written(tmp_path, f"base: {TOY / 'toy.yaml'}\nvariants: {{calm: null}}\n")
    assert dp.load(path).variants == ("more",)
    found = error(tmp_path, f"base: {TOY / 'toy.yaml'}\nvariants: {{clam: null}}\n")
    assert "test.yaml:2:12: variants.clam: is no variant of the base" in found
    assert "did you mean 'calm'?" in found


def test_an_unknown_id_in_drop_is_an_error(tmp_path):
    found = error(tmp_path, f"base: {TOY / 'toy.yaml'}\ndrop: [asault]\n")
    assert "test.yaml:2:8: drop[0]: no event has the id 'asault'; did you mean 'assault'?" in found


def test_the_schema_names_every_field_with_its_meaning():
    from displacement.scenario.schema import schema

    found = schema()
    assert found["properties"]["title"]["description"]
    hazard = found["$defs"]["Hazard"]["properties"]
    assert hazard["memory"]["unit"] == "day"
    assert hazard["memory"]["prior"]["distribution"] == "lognormal"
    for name, definition in found["$defs"].items():
        for field, about in definition.get("properties", {}).items():
            assert about.get("description") or {"$ref", "allOf"} & set(about), f"{name}.{field}"


def test_every_default_is_the_median_of_its_prior():
    from scipy import stats

    from displacement.movement.assumptions import Movement

    checked = 0
    for room in Movement.model_fields.values():
        for name, info in type(room.default).model_fields.items():
            prior = (info.json_schema_extra or {}).get("prior")
            if prior is None:
                continue
            first, second = prior["first"], prior["second"]
            median = {
                "lognormal": first,
                "normal": first,
                "uniform": (first + second) / 2,
                "halfnormal": first + second * stats.halfnorm.median(),
                "beta": stats.beta(first, second).median() if prior["distribution"] == "beta" else None,
            }[prior["distribution"]]
            assert info.default == pytest.approx(median, rel=5e-3, abs=1e-12), name
            checked += 1
    assert checked > 20


def test_files_of_people_and_ways_are_found_beside_the_scenario_and_through_a_base(tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    for folder in (home, other):
        folder.mkdir()
    for name in ("people.csv", "people.tif", "zones.geojson", "speed.tif"):
        (home / name).write_text("", encoding="utf-8")
    population = "population: {zones: people.csv, raster: people.tif, polygons: zones.geojson}\n"
    base = written(home, HEAD + population + "travel_raster: {speed: speed.tif}\n")
    scenario = dp.load(written(other, f"base: {base}\ntitle: Other\n"))
    assert scenario.file(scenario.population.raster) == home / "people.tif"
    assert scenario.file(scenario.travel_raster.speed) == home / "speed.tif"
    seen = dp.load(base).settings(other)
    assert seen["population"]["zones"] == "../home/people.csv"
    assert seen["population"]["polygons"] == "../home/zones.geojson"
    assert seen["travel_raster"]["speed"] == "../home/speed.tif"
    assert seen["population"]["calibrate_to"] == "zones"


WRONG_FILES = {
    "a file that is not there": (
        "population: {raster: gone.tif}\n",
        r"test\.yaml:4:14: population\.raster: there is no file 'gone\.tif' beside the scenario",
    ),
    "a name close to one": (
        "population:\n  zones: zone.csv\n",
        r"test\.yaml:5:3: population\.zones: there is no file 'zone\.csv' .*did you mean 'zones\.csv'\?",
    ),
    "a folder": (
        "population: {points: .}\n",
        r":4:14: population\.points: is a folder; name a file \(got '\.'\)",
    ),
    "two that say where": (
        "population: {raster: a.tif, points: b.csv}\n",
        r":4:1: population: write either 'raster' or 'points'",
    ),
    "nothing to count": (
        "population: {calibrate_to: none}\n",
        r":4:1: population: 'calibrate_to: none' needs",
    ),
    "a table that would not count": (
        "population: {raster: a.tif, zones: b.csv, calibrate_to: none}\n",
        r":4:1: population: 'calibrate_to: none' does not use the table",
    ),
    "an unknown key of people": (
        "population: {rastr: a.tif}\n",
        r":4:14: population\.rastr: unknown key; did you mean 'raster'\?",
    ),
    "both rasters of ways": (
        "travel_raster: {speed: a.tif, friction: b.tif}\n",
        r":4:1: travel_raster: write either 'speed' \(km/h\) or 'friction'",
    ),
    "no raster of ways": ("travel_raster: {}\n", r":4:1: travel_raster: write either"),
    "a raster of ways that is not there": (
        "travel_raster: {friction: a.tif}\n",
        r":4:17: travel_raster\.friction: there is no file 'a\.tif'",
    ),
    "an unknown key of ways": (
        "travel_raster: {sped: a.tif}\n",
        r":4:17: travel_raster\.sped: unknown key; did you mean 'speed'\?",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_file_of_people_or_ways_that_cannot_be_used_is_said_with_line_and_column(tmp_path, text, message):
    found = error(tmp_path, HEAD + text)
    assert re.search(message, found)
    assert len(found.splitlines()) == 1


def test_quantiles_of_a_scenario_rise_and_hold_the_middle(tmp_path):
    asked = written(tmp_path, HEAD + "uncertainty: {members: 8, quantiles: [0.05, 0.95]}\n")
    assert dp.load(asked).uncertainty.quantiles == (0.05, 0.5, 0.95)
    wrong = written(tmp_path, HEAD + "uncertainty: {members: 8, quantiles: [0.5, 50]}\n")
    with pytest.raises(
        dp.InputError, match=r"test.yaml:4:\d+: uncertainty.quantiles: .*between 0 and 1 \(got 50\)"
    ):
        dp.load(wrong)
