"""Who arrives when, against one loop over origins, destinations and lags, and step by step against a queue."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import displacement as dp
from displacement.kernels.flows import Sending
from displacement.movement import trips
from displacement.movement.assumptions import Travel


def case(seed, places=5):
    """Random hours from one to another, some without a way, and shares of those with one."""
    draw = np.random.default_rng(seed)
    hours = draw.gamma(2.0, 4.0, (places, places))
    hours[draw.random(hours.shape) < 0.2] = np.inf
    share = np.where(np.isfinite(hours), draw.random(hours.shape), 0.0)
    return draw, hours, share


def obvious(people, share, table):
    """Shape (lag, origin, destination), one at a time."""
    found = np.zeros((len(table.weights), *share.shape))
    for lag in range(len(table.weights)):
        for origin in range(share.shape[0]):
            for place in range(share.shape[1]):
                weight = table.weights[lag, table.cost_class[origin, place]]
                found[lag, origin, place] = people[origin] * share[origin, place] * weight
    return found


def onward(seed, step, rows=4):
    """People of two keys moving on: by row, lag and destination as given, and one at a time; and all who set off."""
    draw, hours, share = case(seed)
    table = trips.timetable(hours, Travel(), step)
    moving = draw.random((rows, len(hours))) * (draw.random((rows, len(hours))) < 0.5)
    key, by_key = np.minimum(np.arange(rows), 1), np.stack([share, share[:, ::-1]])
    expected = np.stack(
        [obvious(people, by_key[at], table) for people, at in zip(moving, key, strict=True)], axis=1
    )
    moved = trips.by_row(moving, key, by_key, table)
    return moved.going * moved.pace[:, key], moved.flows, expected


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), step=st.sampled_from([0.25, 0.5, 1.0]))
def test_who_arrives_where_and_how_many_when_is_as_one_at_a_time(seed, step):
    found, flows, expected = onward(seed, step)
    close = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(found.sum(axis=0), expected.sum(axis=(0, 2)), **close)
    np.testing.assert_allclose(found[:, 1:].sum(axis=1), expected[:, 1:].sum(axis=(1, 2)), **close)
    np.testing.assert_allclose(flows, expected.sum(axis=(0, 1)), **close)
    assert (found >= 0).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), step=st.sampled_from([0.25, 0.5, 1.0]))
def test_a_set_of_one_row_arrives_as_one_at_a_time(seed, step):
    found, _, expected = onward(seed, step, rows=2)
    np.testing.assert_allclose(found, expected.sum(axis=2), rtol=1e-12, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), longest=st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_everybody_on_the_way_arrives_in_the_step_they_were_sent_for(seed, longest):
    """The ring against a list of everybody with the step of arrival; later parties may need more steps than before."""
    draw = np.random.default_rng(seed)
    way, rows, places = trips.OnTheWay(3, 2), 3, 2
    waiting = np.zeros((len(longest) + 6, rows, places))
    for step, lags in enumerate(longest):
        people = draw.random((lags, rows, places))
        waiting[step : step + lags] += people
        way.send(Sending(np.ones((rows, 1)), people, np.arange(rows)))
        np.testing.assert_allclose(way.by_row(), waiting[step:].sum(axis=(0, 2)), rtol=1e-12)
        np.testing.assert_allclose(way.by_place(), waiting[step:].sum(axis=(0, 1)), rtol=1e-12)
        np.testing.assert_allclose(way.arrive(), waiting[step], rtol=1e-12)
    for step in range(len(longest), len(waiting)):
        np.testing.assert_allclose(way.arrive(), waiting[step], rtol=1e-12)
    assert not way.by_row().any()


def row_by_row(moving, key, share, table):
    """Every row's own pace, from `trips.by_row`'s arguments: a product for each lag."""
    going, flows = np.zeros(moving.shape), np.zeros(share.shape[1:])
    by_lag = np.zeros((len(table.weights), *moving.shape))
    for row, people in enumerate(moving):
        flow = people[:, None] * share[key[row]]
        by_lag[:, row] = (flow * table.lagged).sum(axis=1)
        going[row], flows = flow.sum(axis=0), flows + flow
    pace = np.divide(by_lag, going, out=np.zeros_like(by_lag), where=going > 0)
    return trips.Moved(going, pace, flows)


def test_which_of_those_who_move_on_come_first_hardly_matters(toy, monkeypatch):
    """Against every row's own pace: below 1e-4 of the people of any measure, 1 % of those on the way by origin."""
    ours = dp.run(toy).people
    assert float(ours["arrivals_again"].sum()) > 1000
    send = trips.OnTheWay.send
    monkeypatch.setattr(trips, "by_row", row_by_row)
    monkeypatch.setattr(
        trips.OnTheWay,
        "send",
        lambda way, *sendings: send(
            way,
            *(
                one._replace(set_of_row=np.arange(len(one.going)))
                if one.pace.shape[1] == len(one.going)
                else one
                for one in sendings
            ),
        ),
    )
    own = dp.run(toy).people
    for name in own.data_vars:
        away = float(np.abs(ours[name] - own[name]).sum() / np.abs(own[name]).sum().clip(min=1e-9))
        assert away < (1e-2 if name == "in_transit" else 1e-4), name
