"""What a scenario says of supply, on items, zones and days."""

import datetime as dt

import numpy as np
import pytest

import displacement as dp
from displacement.aid import aid_lines_of
from displacement.asked import read_inputs
from displacement.io.errors import InputError
from displacement.scenario import supplies, timeline

HEAD = """title: A question
area: {area}
period: {{start: 2030-01-01, days: 6}}
grid: {{cell_km: 5}}
movement: {{area: {{zone_reach: 30, control_reach: 30}}}}
"""


@pytest.fixture
def loaded(tmp_path):
    """Load a scenario from its last lines."""
    from pathlib import Path

    area = Path(__file__).parents[1] / "toy" / "area"

    def load(text):
        path = tmp_path / "q.yaml"
        path.write_text(HEAD.format(area=area) + text, encoding="utf-8")
        return dp.load(path)

    return load


def ways_of(scenario):
    inputs = read_inputs(scenario)
    zones = list(inputs.zones.code[: inputs.zones.inside])
    hubs = tuple(scenario.supply.hubs)
    return supplies.ways(scenario.supply, hubs, zones, 6, inputs, timeline.of(scenario, inputs)), zones


def test_a_route_reaches_the_zones_it_names_and_no_others(loaded):
    ways, zones = ways_of(loaded("supply: {hubs: {N: {}}, routes: {by land: {to: [South, Amber]}}}\n"))
    reached = {zone for at, zone in enumerate(zones) if ways.reach[:, 0, 0, at].all()}
    assert reached == {"Z1", "Z3", "Z4"}
    assert not ways.reach[:, 0, 0, zones.index("Z2")].any()


def test_a_route_is_closed_while_a_stretch_of_its_road_or_its_crossing_is(loaded):
    text = """supply: {hubs: {N: {}}, routes: {R1: {trucks_per_day: 4}, long way: {via: [Bridge]}, free: {}}}
events:
  - {close: R1, between: [Amber town, Birch town], for: trucks, date: 2030-01-02, until: 2030-01-03}
  - {close: Bridge, for: trucks, date: 2030-01-05}
"""
    ways, _ = ways_of(loaded(text))
    assert ways.reach[:, 0, 0].all(axis=1).tolist() == [True, False, False, True, True, True]
    assert ways.reach[:, 1, 0].all(axis=1).tolist() == [True, True, True, True, False, False]
    assert ways.reach[:, 2].all()


def test_people_may_not_pass_where_trucks_may(loaded):
    text = """supply: {hubs: {N: {}}, routes: {R1: {}}}
events:
  - {close: R1, for: people, date: 2030-01-02}
"""
    assert ways_of(loaded(text))[0].reach.all()


def test_a_limit_on_a_route_takes_the_place_of_its_own_and_one_on_a_crossing_is_shared(loaded):
    text = """supply:
  hubs: {N: {}}
  routes: {long way: {via: [Bridge], trucks_per_day: 9}, other: {via: [Bridge]}, free: {}}
events:
  - {trucks: 2, route: Bridge, date: 2030-01-02, until: 2030-01-02}
  - {trucks: 1.5, route: long way, date: 2030-01-05}
"""
    ways, _ = ways_of(loaded(text))
    assert ways.trucks[:4, 0].tolist() == [9, 9, 9, 9]
    assert ways.trucks[4:, 0].sum() == 3
    (gate,) = ways.gates
    assert gate.trucks.tolist() == [np.inf, 2, np.inf, np.inf, np.inf, np.inf]
    assert gate.routes.tolist() == [True, True, False]


def test_a_limit_that_is_over_before_the_first_day_limits_nothing(loaded):
    text = """supply: {hubs: {N: {}}, routes: {way: {trucks_per_day: 9}}}
events:
  - {trucks: 1, route: way, date: 2029-12-20, until: 2029-12-30}
"""
    assert ways_of(loaded(text))[0].trucks[:, 0].tolist() == [9] * 6


def test_zones_beyond_a_boundary_closed_to_trucks_are_not_reached_from_a_hub_with_a_place(loaded):
    """Delta is held by beta, all else by alpha."""
    text = """supply: {hubs: {N: {%s}}, routes: {by land: {}}}
events:
  - {close: boundary, between: [alpha, beta], for: trucks, date: 2030-01-03}
"""
    ways, zones = ways_of(loaded(text % "at: Amber town"))
    delta = zones.index("Z4")
    assert ways.reach[:, 0, 0, delta].tolist() == [True, True, False, False, False, False]
    assert ways.reach[:, 0, 0, zones.index("Z1")].all()
    assert ways_of(loaded(text % ""))[0].reach.all(), "a hub without a place lies on no side"
    crossing = text.replace("by land: {}", "by land: {via: [Bridge]}")
    assert ways_of(loaded(crossing % "at: Amber town"))[0].reach.all(), "an open crossing is a gap in it"
    anyhow = text.replace(", routes: {by land: {}}", "")
    assert not ways_of(loaded(anyhow % "at: Amber town"))[0].reach[3, 0, 0, delta], (
        "also where no route is named"
    )


def test_opening_stock_pipeline_and_table_come_together_hub_by_hub(loaded, tmp_path):
    (tmp_path / "s.csv").write_text(
        "hub,item,quantity,unit,date\nNORTH,Full dry ration,2,t,\nSouth,tent,7,,2030-01-04\nSouth,piano,1,,\n"
        "South,rope,9,,\nSouth,water_domestic,5,,\nSouth,tent,8,,2030-01-05\nSouth,blanket,2,,2029-12-30\n",
        encoding="utf-8",
    )
    text = """supply:
  stock: s.csv
  hubs:
    North: {stock: {full_ration: 500 kg}, pipeline: [{date: 2030-01-02, item: tent, quantity: 3}]}
"""
    scenario = loaded(text)
    lines = aid_lines_of(scenario)
    period = (dt.date(2030, 1, 1), dt.date(2030, 1, 6))
    from displacement.io import stock

    listed = stock.read(tmp_path / "s.csv", (*lines.items, *lines.aside), (dt.date(2029, 12, 1), period[1]))
    period = (period[0], dt.date(2030, 1, 4))
    stores, notes = supplies.stores(scenario.supply, listed, lines, period, scenario.path)
    assert stores.hubs == ("North", "South")
    item = {line.id: at for at, line in enumerate(lines.items)}
    assert stores.incoming[0, 0, item["full_ration"]] == 2500
    assert stores.incoming[1, 0, item["tent"]] == 3
    assert stores.incoming[3, 1, item["tent"]] == 7
    assert stores.incoming[0, 1, item["blanket"]] == 2, "what came before the first day is in store on it"
    assert stores.incoming.sum() == 2512
    assert any("piano" in note for note in listed.notes)
    assert notes == (
        "full_ration at NORTH stands in the scenario and in the table of stock: both are counted",
        "9 of rope at South (the table of stock): in store, but not on the list; name it under needs: include",
        "5 of water_domestic at South (the table of stock): not counted: the line is for what is found or done at the "
        "spot",
        "8 of tent at South (the table of stock): not counted: it comes on 2030-01-05, after the last day",
    )


def test_what_was_left_out_of_the_stock_is_said_by_the_run(loaded, tmp_path):
    (tmp_path / "s.csv").write_text(
        "hub,item,quantity\nNorth,tent,7\nNorth,piano,1\nNorth,rope,9\n", encoding="utf-8"
    )
    result = dp.run(loaded("supply: {stock: s.csv}\n"))
    assert any("piano" in note for note in result.notes)
    assert any("rope" in note and "not on the list" in note for note in result.notes)


def test_a_route_from_a_hub_that_neither_the_scenario_nor_the_table_has_is_an_error(loaded, tmp_path):
    (tmp_path / "s.csv").write_text("hub,item,quantity\nNorth,tent,7\n", encoding="utf-8")
    scenario = loaded("supply: {stock: s.csv, routes: {by land: {hubs: [Nrth]}}}\n")
    with pytest.raises(InputError, match="route 'by land': unknown hub 'Nrth'; did you mean 'North'"):
        dp.run(scenario)


def test_without_routes_one_way_leads_everywhere_without_limit(loaded):
    ways, _ = ways_of(loaded("supply: {hubs: {N: {}}}\n"))
    assert ways.routes == (supplies.ANY_ROAD,)
    assert ways.reach.all()
    assert np.isinf(ways.trucks).all()


def test_money_comes_at_first_and_by_grants(loaded):
    text = "supply: {money: 500, grants: [{date: 2030-01-03, amount: 70}]}\n"
    period = (dt.date(2030, 1, 1), dt.date(2030, 1, 6))
    assert supplies.money(loaded(text).supply, period).tolist() == [500, 0, 70, 0, 0, 0]
    assert supplies.money(loaded("supply: {}\n").supply, period) is None
