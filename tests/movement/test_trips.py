"""Who arrives when, against one loop over origins, destinations and lags, and step by step against a queue."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from displacement.movement import trips
from displacement.movement.assumptions import Travel


def case(seed, origins=9, places=5, groups=3):
    """Random hours, some without a way, and shares of those with one."""
    draw = np.random.default_rng(seed)
    hours = draw.gamma(2.0, 4.0, (origins, places))
    hours[draw.random(hours.shape) < 0.2] = np.inf
    share = np.where(np.isfinite(hours), draw.random(hours.shape), 0.0)
    group = draw.integers(0, groups, origins)
    return draw, hours, share, group


def obvious(people, share, table):
    """Shape (lag, origin, destination), one at a time."""
    found = np.zeros((len(table.weights), *share.shape))
    for lag in range(len(table.weights)):
        for origin in range(share.shape[0]):
            for place in range(share.shape[1]):
                weight = table.weights[lag, table.cost_class[origin, place]]
                found[lag, origin, place] = people[origin] * share[origin, place] * weight
    return found


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), step=st.sampled_from([0.25, 0.5, 1.0]))
def test_groups_arrive_as_their_origins_one_at_a_time_would(seed, step):
    draw, hours, share, group = case(seed)
    table = trips.timetable(hours, group, 3, Travel(), step)
    people = draw.random(len(hours)) * (draw.random(len(hours)) < 0.7)
    one_by_one = obvious(people, share, table)
    expected = np.stack([one_by_one[:, group == at].sum(axis=1) for at in range(3)], axis=1)
    found, sent = trips.by_group(people, share, table)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(sent, expected.sum(axis=0), rtol=1e-12, atol=1e-15)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), step=st.sampled_from([0.25, 0.5, 1.0]))
def test_rows_arrive_as_their_origins_one_at_a_time_would(seed, step):
    draw, hours, share, _ = case(seed)
    table = trips.timetable(hours, np.arange(len(hours)), len(hours), Travel(), step)
    moving = draw.random((4, len(hours))) * (draw.random((4, len(hours))) < 0.5)
    turned = [(slice(0, 1), share), (slice(1, 4), share[:, ::-1])]
    expected = [
        obvious(people, part, table).sum(axis=1)
        for people, part in zip(moving, (share, *(3 * [share[:, ::-1]])), strict=True)
    ]
    found = np.stack([arriving.copy() for arriving in trips.by_row(moving, turned, table.lagged)])
    np.testing.assert_allclose(found, np.stack(expected, axis=1), rtol=1e-12, atol=1e-15)


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
        way.send(people)
        np.testing.assert_allclose(way.by_row(), waiting[step:].sum(axis=(0, 2)), rtol=1e-12)
        np.testing.assert_allclose(way.by_place(), waiting[step:].sum(axis=(0, 1)), rtol=1e-12)
        np.testing.assert_allclose(way.arrive(), waiting[step], rtol=1e-12)
    for step in range(len(longest), len(waiting)):
        np.testing.assert_allclose(way.arrive(), waiting[step], rtol=1e-12)
    assert not way.by_row().any()
