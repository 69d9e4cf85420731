"""Travel time: against the straight line, round a wall, and against a slow heap (law V14)."""

import heapq
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from displacement.kernels import travel

COMPILED = travel.variants()
ALL = (*COMPILED, travel.SCIPY)
SPEEDS = st.sampled_from([0.0, 0.0, 3.5, 8.0, 8.0, 30.0, 50.0])
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))

compiled_only = pytest.mark.skipif(not COMPILED, reason="built without the compiled kernel")
each_kernel = pytest.mark.parametrize("name", ALL)
each_variant = pytest.mark.parametrize("name", COMPILED)


@pytest.fixture
def use(monkeypatch):
    return lambda name: monkeypatch.setenv(travel.FORCED, name)


def slow_field(ground, source):
    """Dijkstra with a heap in single precision, cell by cell: the slow, obvious way."""
    pace, (rows, columns) = ground.pace, ground.pace.shape
    shut = np.zeros(pace.shape, dtype=np.uint8) if ground.shut is None else ground.shut
    straight, diagonal = travel.half_lengths(ground.cell_km)
    edges = {}
    for row in range(rows):
        for column in range(columns):
            for bit, (down, right) in enumerate(STEPS):
                there = row + down, column + right
                if 0 <= there[0] < rows and 0 <= there[1] < columns and not shut[row, column] >> bit & 1:
                    hours = (diagonal if down and right else straight) * (pace[row, column] + pace[there])
                    edges.setdefault((row, column), []).append((there, hours))
                    edges.setdefault(there, []).append(((row, column), hours))
    found = np.full(pace.shape, np.inf, dtype=np.float32)
    found[source] = 0.0
    heap = [(np.float32(0.0), source)]
    while heap:
        now, here = heapq.heappop(heap)
        if now > found[here]:
            continue
        for there, hours in edges.get(here, ()):
            if now + hours < found[there]:
                found[there] = now + hours
                heapq.heappush(heap, (found[there], there))
    return found


def fields(grounds, sources, **how):
    """Hours from every cell to each source, shape (epoch, source, row, column)."""
    shape = grounds[0].pace.shape
    cell = np.array([row * shape[1] + column for row, column in sources], dtype=np.int64)
    found = travel.block_means(grounds, cell, sparse.eye_array(int(np.prod(shape)), format="csr"), **how)
    return np.moveaxis(found, 2, 1).reshape(len(grounds), len(sources), *shape)


def field(speed, cell_km, source):
    return fields([travel.ground(speed, cell_km)], [source])[0, 0]


def country(shape, seed):
    """Speeds with roads one cell wide, a river and walls, and sides with lines between them."""
    draw = np.random.default_rng(seed)
    speed = draw.uniform(2.0, 9.0, shape)
    speed[draw.random(shape) < 0.1] = 0.0
    for at in draw.integers(0, shape[0], 1 + shape[0] // 12):
        speed[at, :] = 40.0
    for at in draw.integers(0, shape[1], 1 + shape[1] // 12):
        speed[:, at] = np.where(draw.random(shape[0]) < 0.9, 50.0, speed[:, at])
    side = (np.indices(shape)[1] > shape[1] * draw.uniform(0.2, 0.8)).astype(int)
    side[draw.random(shape) < 0.05] = -1
    return speed, side, draw.random(shape) < 0.08


CLOSED = np.array([[False, True], [True, False]])


@each_kernel
def test_a_plain_is_crossed_at_most_eight_point_three_percent_slower_than_straight(name, use):
    use(name)
    hours = field(np.full((61, 61), 10.0), 2.0, (30, 30))
    row, column = np.indices((61, 61))
    straight = 2.0 * np.hypot(row - 30, column - 30) / 10.0
    away = straight > 0
    ratio = hours[away] / straight[away]
    assert ratio.min() >= 1.0 - 1e-5
    assert 1.08 < ratio.max() <= 1.0824
    assert hours[30, 60] == pytest.approx(6.0, rel=1e-5)


@each_kernel
def test_a_wall_is_walked_round(name, use):
    """From (2, 0) to (2, 4) round the end of a wall in column 2, rows 1 to 4: two diagonals up, two down."""
    use(name)
    speed = np.full((5, 5), 1.0)
    speed[1:, 2] = 0.0
    assert field(speed, 1.0, (2, 0))[2, 4] == pytest.approx(4 * np.sqrt(2), rel=1e-6)


@compiled_only
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_variant_has_the_bits_of_a_slow_heap_whatever_the_tile_and_the_threads(data):
    shape = data.draw(st.tuples(st.integers(1, 21), st.integers(1, 35)))
    speed = data.draw(hnp.arrays(float, shape, elements=SPEEDS))
    side = data.draw(hnp.arrays(int, shape, elements=st.integers(-1, 1)))
    gate = data.draw(hnp.arrays(bool, shape))
    ground = travel.ground(speed, 1.5, side, CLOSED, gate)
    place = st.tuples(st.integers(0, shape[0] - 1), st.integers(0, shape[1] - 1))
    sources = data.draw(st.lists(place, min_size=1, max_size=4))
    expected = np.stack([slow_field(ground, source) for source in sources])[None]
    how = {"tile": data.draw(st.sampled_from([16, 32, 512])), "threads": data.draw(st.integers(1, 3))}
    with pytest.MonkeyPatch.context() as patch:
        for name in COMPILED:
            patch.setenv(travel.FORCED, name)
            np.testing.assert_array_equal(fields([ground], sources, **how), expected)


@each_variant
@pytest.mark.parametrize("shape", [(70, 45), (1, 150), (150, 1), (33, 129)])
def test_a_country_of_roads_and_walls_has_the_bits_of_a_slow_heap(name, shape, use):
    """More destinations than lanes, tiles that do not divide the grid."""
    use(name)
    speed, side, gate = country(shape, 5)
    ground = travel.ground(speed, 1.0, side, CLOSED, gate)
    draw = np.random.default_rng(1)
    sources = [(int(draw.integers(shape[0])), int(draw.integers(shape[1]))) for _ in range(21)]
    expected = np.stack([slow_field(ground, source) for source in sources])[None]
    for tile, threads in ((16, 1), (64, 2), (256, 3)):
        np.testing.assert_array_equal(fields([ground], sources, tile=tile, threads=threads), expected)


@each_variant
def test_scipy_says_the_same_to_single_precision(name, use):
    speed, side, gate = country((60, 70), 6)
    grounds = [travel.ground(speed, 1.0), travel.ground(speed, 1.0, side, CLOSED, gate)]
    sources = [(0, 0), (59, 69), (30, 20)]
    use(travel.SCIPY)
    expected = fields(grounds, sources)
    use(name)
    np.testing.assert_allclose(fields(grounds, sources), expected, rtol=2e-5)


@compiled_only
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_repaired_field_has_the_bits_of_a_fresh_one(data):
    """Cells get slower, faster, impassable and passable again; lines move; speeds differ so much that sums tie."""
    shape = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    draw = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tied = data.draw(st.booleans())
    speed, side, gate = country(shape, draw)
    if tied:
        speed[draw.random(shape) < 0.5] = 1e9
    grounds = [travel.ground(speed, 1.0, side, CLOSED, gate)]
    for _ in range(3):
        few = draw.random(shape) < draw.choice([0.01, 0.05])
        speed, side = speed.copy(), side.copy()
        speed[few] = draw.choice([0.0, 0.5, 8.0, 50.0, 1e9], few.sum())
        side[draw.random(shape) < 0.02] = draw.integers(-1, 2)
        grounds.append(travel.ground(speed, 1.0, side, CLOSED, gate))
    sources = [(int(draw.integers(shape[0])), int(draw.integers(shape[1]))) for _ in range(5)]
    for name in COMPILED:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(travel.FORCED, name)
            fresh = fields(grounds, sources, repair=False)
            np.testing.assert_array_equal(fields(grounds, sources, tile=16), fresh)


@each_variant
def test_a_road_that_is_cut_and_reopened_is_repaired_and_comes_back_to_the_same_bits(name, use):
    use(name)
    speed, _, _ = country((90, 90), 7)
    cut = speed.copy()
    cut[40:44, 40:44] = 0.0
    open_again, shut = travel.ground(speed, 1.0), travel.ground(cut, 1.0)
    sources = [(5, 5), (80, 10), (42, 88)]
    found = fields([open_again, shut, open_again], sources)
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], fields([shut], sources)[0])
    assert (found[1] >= found[0]).all()
    assert (found[1] > found[0]).any()


def turned(array, way):
    return np.rot90(array, way) if way < 4 else np.rot90(array.T, way)


@each_kernel
def test_a_turned_or_mirrored_grid_has_turned_or_mirrored_hours(name, use):
    use(name)
    speed, _, _ = country((40, 53), 8)
    at = np.zeros(speed.shape, dtype=bool)
    at[11, 17] = True
    plain = field(speed, 1.0, (11, 17))
    for way in range(8):
        source = tuple(int(index) for index in np.argwhere(turned(at, way))[0])
        np.testing.assert_array_equal(field(turned(speed, way), 1.0, source), turned(plain, way))


@each_kernel
def test_the_order_of_the_destinations_does_not_matter(name, use):
    use(name)
    ground = travel.ground(country((50, 50), 9)[0], 1.0)
    sources = [(row, column) for row in range(0, 50, 8) for column in range(0, 50, 8)]
    order = np.random.default_rng(3).permutation(len(sources))
    mixed = fields([ground], [sources[at] for at in order])
    np.testing.assert_array_equal(mixed, fields([ground], sources)[:, order])


@each_kernel
def test_a_closed_line_is_passed_at_an_open_crossing_only(name, use):
    use(name)
    speed, side = np.full((3, 4), 10.0), np.repeat([[0, 0, 1, 1]], 3, axis=0)
    gate = np.zeros((3, 4), dtype=bool)
    hours = fields([travel.ground(speed, 1.0, side, CLOSED, gate)], [(0, 0)])[0, 0]
    assert np.isinf(hours[:, 2:]).all()
    assert np.isfinite(hours[:, :2]).all()
    gate[2, 2] = True
    hours = fields([travel.ground(speed, 1.0, side, CLOSED, gate)], [(0, 0)])[0, 0]
    assert np.isfinite(hours).all()
    assert hours[0, 3] > 0.3


@each_kernel
def test_a_block_has_the_mean_of_those_who_have_a_way(name, use):
    use(name)
    speed = np.array([[10.0, 10.0, 0.0, 10.0]])
    weights = sparse.csr_array(np.array([[1.0, 3.0, 0.0, 6.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]))
    hours = travel.block_means([travel.ground(speed, 1.0)], np.array([0]), weights)[0]
    assert hours[0, 0] == pytest.approx(3.0 * 0.1 / 4.0, rel=1e-6)
    assert np.isinf(hours[1:, 0]).all()


@each_kernel
def test_a_destination_where_nobody_can_pass_is_reached_from_itself_only(name, use):
    use(name)
    hours = field(np.array([[5.0, 0.0, 5.0]]), 1.0, (0, 1))
    np.testing.assert_array_equal(hours, [[np.inf, 0.0, np.inf]])


@each_kernel
def test_a_cell_is_reached_from_its_right_where_nothing_on_its_left_changes(name, use):
    use(name)
    hours = field(np.array([[0.0, 2.0, 2.0, 0.0, 2.0] + 20 * [0.0]]), 1.0, (0, 2))
    np.testing.assert_array_equal(hours[0, :5], [np.inf, 0.5, 0.0, np.inf, np.inf])


@each_kernel
def test_one_cell_no_destination_and_no_block_are_answered(name, use):
    use(name)
    one = travel.ground(np.array([[5.0]]), 1.0)
    nobody = sparse.csr_array((0, 1))
    assert field(np.array([[5.0]]), 1.0, (0, 0)) == 0.0
    assert travel.block_means([one], np.zeros(0, dtype=int), sparse.csr_array([[1.0]])).shape == (1, 1, 0)
    assert travel.block_means([one], np.zeros(1, dtype=int), nobody).shape == (1, 0, 1)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_negative_infinite_or_missing_speed_is_an_error(wrong):
    with pytest.raises(ValueError, match="speed"):
        travel.ground(np.array([[1.0, wrong]]), 1.0)


@each_kernel
@pytest.mark.parametrize("wrong", [-1, 4])
def test_a_destination_outside_the_grid_is_an_error(name, use, wrong):
    use(name)
    with pytest.raises(IndexError, match="destination"):
        travel.block_means(
            [travel.ground(np.ones((2, 2)), 1.0)], np.array([wrong]), sparse.eye_array(4, format="csr")
        )


def test_epochs_of_different_shapes_are_an_error():
    grounds = [travel.ground(np.ones(shape), 1.0) for shape in ((2, 3), (3, 2))]
    with pytest.raises(ValueError, match="shape"):
        fields(grounds, [(0, 0)])


@compiled_only
def test_a_tile_that_chunks_do_not_fill_is_an_error():
    with pytest.raises(ValueError, match="sizes"):
        fields([travel.ground(np.ones((2, 3)), 1.0)], [(0, 0)], tile=24)


def test_an_unknown_kernel_is_an_error(use):
    use("abacus")
    with pytest.raises(ValueError, match=r"abacus: not there; write .*scipy"):
        travel.kernel_name()


def test_the_fastest_variant_is_used_and_scipy_without_any(monkeypatch):
    monkeypatch.delenv(travel.FORCED, raising=False)
    assert travel.kernel_name() == ALL[0]
    monkeypatch.setattr(travel, "_travel", None)
    assert travel.kernel_name() == travel.SCIPY


def test_hours_between_two_cells_are_the_same_both_ways():
    """Up to rounding: sums are taken from the other end."""
    speed, side, gate = country((40, 40), 4)
    ground = travel.ground(speed, 1.0, side, CLOSED, gate)
    sources = [(3, 4), (20, 30), (39, 0), (12, 12)]
    found = fields([ground], sources)[0]
    between = np.array([[one[source] for source in sources] for one in found])
    np.testing.assert_allclose(between, between.T, rtol=1e-5)
    for one, other in pairwise(range(len(sources))):
        through = found[one] + between[one, other]
        assert (found[other] <= through * (1 + 1e-5)).all()
