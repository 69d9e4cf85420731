"""How much each place draws people, who is turned away, and how a cut road delays."""

import numpy as np
import pytest
from support import changed

import displacement as dp
from displacement import asked, ways
from displacement.movement.assumptions import Destinations, Travel
from displacement.movement.control import Change, timeline
from displacement.movement.destinations import Keys, Places, attraction
from displacement.movement.routes import speeds
from displacement.movement.threats import Answers
from displacement.scenario import timeline as timeline_module


def places(count=3):
    """Towns of 100, 200 and 300 people, each its own named place."""
    index = np.arange(count)
    zero = np.zeros(count)
    size = 100.0 * (index + 1)
    endless = np.full(count, np.inf)
    return Places(index, zero.astype(int), size, index, index, zero, zero, zero, index % 2, size, endless)


KEYS = Keys(controller=np.array([0, 1]), response=np.array([0, 1]))
ANSWERS = Answers(
    response=np.array([[0.0, 0.12], [1.0, 0.0]]), foreign=np.array([[False, True], [True, False]])
)


def drawn(holder, start, danger=None, closed=None, **assumptions):
    quiet = np.zeros((2, 3)) if danger is None else danger
    is_closed = np.zeros(3, dtype=bool) if closed is None else closed
    return attraction(
        places(),
        KEYS,
        np.array(holder),
        np.array(start),
        quiet,
        is_closed,
        ANSWERS,
        Destinations(**assumptions),
    )


def test_size_counts_once_and_the_other_side_is_penalised():
    """S exp(gamma other_side + delta own_group): worked by hand for two keys and three places."""
    found = drawn([0, 0, 1], [0, 0, 1], other_side=-4.0, own_group=2.0)
    expected = [[100, 200, 300 * np.exp(-4)], [100 * np.exp(-4), 200 * np.exp(-2), 300]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_place_that_changed_hands_to_those_one_leaves_from_is_closed_to_them_alone():
    found = drawn([1, 0, 1], [0, 0, 1])
    assert found[0, 0] == 0.0
    assert found[1, 0] > 0.0
    assert found[0, 2] > 0.0, "held by them from the start: open, with the penalty of the other side"


def test_a_dangerous_place_draws_less_and_above_the_limit_nobody():
    danger = np.array([[0.2, 0.0, 0.6], [0.0, 0.0, 0.0]])
    found = drawn([0, 0, 0], [0, 0, 0], danger, threat_aversion=3.0, too_dangerous=0.5)
    assert found[0, 0] == pytest.approx(100 * np.exp(-0.6))
    assert found[0, 2] == 0.0


def test_a_closed_exit_draws_nobody():
    assert (drawn([0, 0, 0], [0, 0, 0], closed=np.array([True, False, False]))[:, 0] == 0).all()


def test_a_place_held_by_nobody_named_is_on_no_side():
    np.testing.assert_allclose(drawn([-1, -1, -1], [-1, -1, -1])[0], [100, 200, 300])


def test_a_cut_road_falls_back_to_the_track_and_can_be_crossed():
    land = np.ones(6, dtype=bool)
    road = (np.arange(6), np.full(6, 50.0))
    cut = (np.array([0, 1, 4, 5]), np.full(4, 50.0))
    np.testing.assert_allclose(speeds(land, [road], Travel()), 50.0)
    np.testing.assert_allclose(speeds(land, [cut], Travel()), [50, 50, 8, 8, 50, 50])
    assert (speeds(~land, [cut], Travel()) > 0).tolist() == [True, True, False, False, True, True]


def test_people_who_find_their_destination_closed_choose_again(toy):
    """E7: they set off for the west while it is open; once it shuts, nobody arrives there any more."""
    movement = toy.movement.model_dump() | {"travel": {"preparation": 2.0}}
    pressure = [
        {"pressure": "beta", "at": "P1", "within_km": 4.0, "date": "2030-01-01", "until": "2030-01-04"}
    ]
    shut = {"close": "X-WEST", "date": "2030-01-04"}
    still_open = dp.run(changed(toy, events=pressure, movement=movement)).people.isel(member=0)
    then_shut = dp.run(changed(toy, events=[*pressure, shut], movement=movement)).people.isel(member=0)
    west = then_shut["arrivals"].sel(zone="X-WEST").sum("type").values
    assert west[:3].sum() > 0
    assert (west[3:] == 0).all()
    assert float(still_open["arrivals"].sel(zone="X-WEST").sum()) > 1.2 * west.sum()
    elsewhere = [run["arrivals"].drop_sel(zone="X-WEST").sum() for run in (then_shut, still_open)]
    assert float(elsewhere[0]) > float(elsewhere[1])
    everybody = sum(
        float(then_shut[name].isel(time=-1).sum())
        for name in ("residents_present", "present_prior", "unable_to_leave", "in_transit", "present_new")
    )
    assert everybody == pytest.approx(28_000, rel=1e-12)


def test_the_last_of_several_changes_on_one_day_holds_and_no_change_starts_no_front():
    control = timeline(np.array([0, 1]), [Change(2.5, 0, 1), Change(2.5, 0, 2), Change(3.5, 1, 1)])
    assert control.times.tolist() == [2.5]
    assert control.at(2.5).tolist() == [2, 1]
    assert [(time, controller, places.tolist()) for time, controller, places in control.fronts()] == [
        (2.5, 2, [True, False])
    ]


def timeline_of(scenario):
    return timeline_module.of(scenario, asked.read_inputs(scenario))


def test_opening_any_stretch_of_a_closed_road_opens_just_that(toy):
    """A road of 15 half-cell points or so, closed whole, opened in part, closed again in a part."""
    events = [
        {"close": "R1", "date": "2030-01-02"},
        {"open": "R1", "between": ["P1", "P2"], "date": "2030-01-04"},
        {"close": "R1", "date": "2030-01-06", "until": "2030-01-07"},
    ]
    found = timeline_of(changed(toy, events=events))
    by_day = [found.epochs[found.epoch_of_day[day]].roads for day in range(8)]
    assert by_day[0] == ()
    ((_, first, last),) = by_day[1]
    assert first == 0
    ((_, first_part, last_part),) = by_day[3]
    assert (first_part, last_part < last) == (0, True)
    assert by_day[5] == by_day[1]
    assert by_day[7] == by_day[3]


def test_a_closed_line_lets_nobody_through_even_beyond_the_reach_of_places(toy):
    """Cells too far from a named place to change hands still lie on somebody's side of a closed line."""
    movement = toy.movement.model_dump()
    movement["area"]["control_reach"] = 4.0
    close = {"close": "boundary", "between": ["alpha", "beta"], "date": "2030-01-01"}
    scenario = changed(toy, events=[close, {"close": "C1", "date": "2030-01-01"}], movement=movement)
    inputs = asked.read_inputs(scenario)
    events = timeline_module.of(scenario, inputs)
    assert (inputs.cells["place"].values == -1).any()
    (hours,) = ways.travel_times(inputs, events, scenario.movement, scenario).from_blocks
    beta = inputs.controllers.index("beta")
    of_block = inputs.keys.controller[inputs.blocks.key] == beta
    of_place = inputs.places.start[inputs.destinations.place] == beta
    assert np.isinf(hours[np.ix_(of_block, ~of_place)]).all()
    assert np.isfinite(hours[np.ix_(of_block, of_place)]).all()


def test_closed_lines_move_with_control(toy):
    close = {"close": "boundary", "between": ["alpha", "beta"], "date": "2030-01-01"}
    take = {"control": "beta", "places": ["P2"], "date": "2030-01-05"}
    assert timeline_of(changed(toy, events=[close, take])).epoch_start.tolist() == [0.0, 4.0]
    assert timeline_of(changed(toy, events=[take])).epoch_start.tolist() == [0.0]


def test_seq_gives_the_order_of_changes_on_one_day(toy, tmp_path):
    table = tmp_path / "changes.csv"
    table.write_text(
        "pcode,date,seq,controller\nP1,2030-01-05,3,alpha\nP1,2030-01-05,2,beta\nP2,2030-01-04,1,A-side\n",
        encoding="utf-8",
    )
    assert timeline_of(changed(toy, events=[{"control": str(table)}])).control.times.size == 0
    table.write_text("pcode,date,controller\nP1,2030-01-05,beta\nP1,2030-01-05,alpha\n", encoding="utf-8")
    with pytest.raises(dp.InputError, match=r"changes\.csv:3: controller: P1 comes under 'beta' \(line 2\)"):
        timeline_of(changed(toy, events=[{"control": str(table)}]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("P1,soon,beta", r"date: is not a date"),
        ("P1,2030-01-05,zeta", r"controller: unknown controller 'zeta'"),
        ("P77,2030-01-05,beta", r"pcode: unknown place 'P77'"),
    ],
)
def test_a_wrong_row_of_a_control_table_is_named(toy, tmp_path, row, message):
    table = tmp_path / "changes.csv"
    table.write_text(f"pcode,date,controller\n{row}\n", encoding="utf-8")
    with pytest.raises(dp.InputError, match=r"changes\.csv:2: " + message):
        timeline_of(changed(toy, events=[{"control": str(table)}]))


def test_rows_of_strikes_that_are_left_out_need_no_place(toy, tmp_path):
    table = tmp_path / "strikes.csv"
    table.write_text(
        "date,lat,lon,strikes,use\n2030-01-05,,,5,No\n2030-01-05,36.2,39.0,3,yes\n", encoding="utf-8"
    )
    (strike,) = timeline_of(changed(toy, events=[{"strikes": str(table)}])).strikes
    assert (strike.time, strike.weight) == (4.5, 3.0)


def test_winter_slows_travel_off_the_roads_from_its_first_day(toy):
    movement = toy.movement.model_dump() | {"travel": {"winter_factor": 0.5}}
    period = {"start": "2030-10-28", "days": 8}
    found = timeline_of(changed(toy, events=[], movement=movement, period=period))
    assert found.epoch_start.tolist() == [0.0, 4.0]
    assert [epoch.winter for epoch in found.epochs] == [False, True]
