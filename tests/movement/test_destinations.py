"""How much each place draws people, who is turned away, and how a cut road delays."""

import numpy as np
import pytest
from support import changed

import displacement as dp
from displacement.movement.assumptions import Destinations, Travel
from displacement.movement.control import Change, timeline
from displacement.movement.destinations import Keys, Places, attraction
from displacement.movement.hazard import Answers
from displacement.movement.routes import speeds


def places(count=3):
    """Towns of 100, 200 and 300 people, each its own named place."""
    index = np.arange(count)
    zero = np.zeros(count)
    return Places(index, zero.astype(int), 100.0 * (index + 1), index, index, zero, zero, zero, index % 2)


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
    zone = np.zeros(6, dtype=int)
    road = (np.arange(6), np.full(6, 50.0))
    cut = (np.array([0, 1, 4, 5]), np.full(4, 50.0))
    np.testing.assert_allclose(speeds(zone, [road], Travel()), 50.0)
    np.testing.assert_allclose(speeds(zone, [cut], Travel()), [50, 50, 8, 8, 50, 50])
    assert (speeds(np.full(6, -1), [cut], Travel()) > 0).tolist() == [True, True, False, False, True, True]


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
