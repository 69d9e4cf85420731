"""Travel time: against the straight line, round a wall, and against a slow heap (law V14)."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from displacement.kernels import travel


def slow_field(speed, cell_km, source):
    """Dijkstra with a heap, cell by cell: the slow, obvious way."""
    rows, columns = speed.shape
    hours = np.full(speed.shape, np.inf)
    hours[source] = 0.0
    heap = [(0.0, source)]
    while heap:
        now, (row, column) = heapq.heappop(heap)
        if now > hours[row, column]:
            continue
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                there = row + down, column + right
                if there == (row, column) or not (0 <= there[0] < rows and 0 <= there[1] < columns):
                    continue
                if speed[row, column] == 0 or speed[there] == 0:
                    continue
                pace = 0.5 * (1 / speed[row, column] + 1 / speed[there])
                later = now + cell_km * np.hypot(down, right) * pace
                if later < hours[there]:
                    hours[there] = later
                    heapq.heappush(heap, (later, there))
    return hours


def field(speed, cell_km, source):
    graph = travel.graph(speed, cell_km)
    cell = source[0] * speed.shape[1] + source[1]
    ((_, found),) = travel.fields(graph, np.array([cell]))
    return found.reshape(speed.shape)


def test_a_plain_is_crossed_at_most_eight_point_three_percent_slower_than_straight():
    hours = field(np.full((61, 61), 10.0), 2.0, (30, 30))
    row, column = np.indices((61, 61))
    straight = 2.0 * np.hypot(row - 30, column - 30) / 10.0
    away = straight > 0
    ratio = hours[away] / straight[away]
    assert ratio.min() >= 1.0 - 1e-12
    assert 1.08 < ratio.max() <= 1.0824
    assert hours[30, 60] == pytest.approx(6.0, rel=1e-12)


def test_a_wall_is_walked_round():
    """From (2, 0) to (2, 4) round the end of a wall in column 2, rows 1 to 4: two diagonals up, two down."""
    speed = np.full((5, 5), 1.0)
    speed[1:, 2] = 0.0
    assert field(speed, 1.0, (2, 0))[2, 4] == pytest.approx(4 * np.sqrt(2), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(float, (7, 9), elements=st.sampled_from([0.0, 3.5, 8.0, 30.0, 50.0])),
    st.tuples(st.integers(0, 6), st.integers(0, 8)),
)
def test_the_kernel_equals_a_slow_heap(speed, source):
    speed[source] = 8.0
    np.testing.assert_allclose(field(speed, 1.5, source), slow_field(speed, 1.5, source), rtol=1e-12)


def test_a_closed_line_is_passed_at_an_open_crossing_only():
    speed, side = np.full((3, 4), 10.0), np.repeat([[0, 0, 1, 1]], 3, axis=0)
    closed = np.array([[False, True], [True, False]])
    shut = travel.graph(speed, 1.0, side, closed, np.zeros((3, 4), dtype=bool))
    ((_, hours),) = travel.fields(shut, np.array([0]))
    assert np.isinf(hours.reshape(3, 4)[:, 2:]).all()
    gate = np.zeros((3, 4), dtype=bool)
    gate[2, 2] = True
    ((_, hours),) = travel.fields(travel.graph(speed, 1.0, side, closed, gate), np.array([0]))
    assert np.isfinite(hours).all()
    assert hours.reshape(3, 4)[0, 3] > 0.3


def test_a_block_has_the_mean_of_those_who_have_a_way():
    speed = np.array([[10.0, 10.0, 0.0, 10.0]])
    weights = sparse.csr_array(np.array([[1.0, 3.0, 0.0, 6.0], [0.0, 0.0, 0.0, 1.0]]))
    hours = travel.block_means(travel.graph(speed, 1.0), np.array([0]), weights)
    assert hours[0, 0] == pytest.approx(3.0 * 0.1 / 4.0)
    assert np.isinf(hours[1, 0])


@pytest.mark.parametrize("wrong", [-1.0, np.nan])
def test_a_negative_or_missing_speed_is_an_error(wrong):
    with pytest.raises(ValueError, match="speed"):
        travel.graph(np.array([[1.0, wrong]]), 1.0)
