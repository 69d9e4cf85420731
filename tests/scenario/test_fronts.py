"""Fronts along roads: distances against a slow way, directions, and days of passage."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from displacement.scenario.fronts import day_of_passage, nearest_on_path, stretch

coordinate = st.integers(-20, 20).map(float)
point = st.tuples(coordinate, coordinate)
paths = st.lists(point, min_size=2, max_size=6)


@given(path=paths, points=st.lists(point, min_size=1, max_size=4))
def test_no_point_of_the_path_is_nearer_than_the_nearest(path, points):
    """Against a walk along the path in small steps; and the position found lies at the distance found."""
    distance, along = nearest_on_path(path, points)
    vertices = np.array(path)
    steps = np.linspace(0, 1, 201)[:, None]
    walked = np.concatenate([a + steps * (b - a) for a, b in pairwise(vertices)])
    length = np.append(0.0, np.cumsum(np.hypot(*np.diff(vertices, axis=0).T)))
    for at, (easting, northing) in enumerate(points):
        slow = np.hypot(walked[:, 0] - easting, walked[:, 1] - northing).min()
        assert slow >= distance[at] - 1e-9
        assert slow <= distance[at] + 0.3, "a step is at most 57 / 200 long"
        if length[-1] > 0:
            there = [np.interp(along[at], length, axis) for axis in vertices.T]
            np.testing.assert_allclose(
                np.hypot(there[0] - easting, there[1] - northing), distance[at], atol=1e-9
            )


@given(path=paths, share=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_stretch_is_as_long_as_its_ends_are_apart_and_turns_round_with_them(path, share):
    length = np.hypot(*np.diff(np.array(path), axis=0).T).sum()
    start, end = share[0] * length, share[1] * length
    part = stretch(path, start, end)
    np.testing.assert_allclose(np.hypot(*np.diff(part, axis=0).T).sum(), abs(end - start), atol=1e-9)
    np.testing.assert_allclose(part[::-1], stretch(path, end, start), atol=1e-12)


@given(share=st.floats(0, 1), start=st.integers(-5, 5), days=st.integers(0, 30))
def test_noon_of_the_day_of_passage_is_never_half_a_day_off(share, start, days):
    day = int(day_of_passage(share, start, start + days))
    assert abs(day - (start + share * days)) <= 0.5 + 1e-8
    assert start <= day <= start + days


def test_the_rounding_shifts_nothing_on_average():
    share = (np.arange(1000) + 0.5) / 1000
    np.testing.assert_allclose(day_of_passage(share, 0, 10).mean(), 5.0, atol=1e-12)
