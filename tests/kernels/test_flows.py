"""Flows: every compiled variant against NumPy, and NumPy against one pair at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import displacement as dp
from displacement.kernels import capacity, flows
from displacement.kernels.capacity import Market
from displacement.kernels.flows import Groups, Ring, Sending, Timetable, sets_of

COMPILED = flows.variants()
compiled_only = pytest.mark.skipif(not COMPILED, reason="built without the compiled kernel")
seeds = st.integers(0, 2**32 - 1)
places = st.integers(1, 35)


class World:
    """Some groups, what draws them, and when they arrive, at random; some pairs draw nobody, but for the first place."""

    def __init__(self, seed, places, sets=4, entries=7, origins=5):
        draw = np.random.default_rng(seed)
        keys = int(draw.choice([3, 9]))
        groups, lags = int(draw.choice([23, 190])), int(draw.integers(1, 20))
        near = draw.random((entries, places)) * (draw.random((entries, places)) < 0.8)
        near[:, 0] += 0.05
        self.groups = Groups(near, draw.integers(0, entries, groups), draw.integers(0, keys, groups))
        self.weight = draw.lognormal(3.0, 2.0, (keys, places)) * (draw.random((keys, places)) < 0.8)
        self.weight[:, 0] += 1.0
        self.people = draw.lognormal(2.0, 1.0, groups) * (draw.random(groups) < 0.7)
        self.sets = sets_of(draw.integers(0, sets, groups), sets)
        self.origin = draw.integers(0, origins, groups)
        cost = draw.integers(0, 6, (origins, places)).astype(np.uint16)
        self.table = Timetable(draw.dirichlet(np.ones(lags), 6).T, cost)
        self.going = draw.random((groups, places)) * (draw.random((groups, 1)) < 0.7)
        self.pace = draw.random((lags, sets, places))
        self.onward = draw.exponential(1.0, (keys, places)) * (draw.random((keys, places)) < 0.7)
        self.homeward = draw.exponential(1.0, groups) * (draw.random(groups) < 0.7)
        full = np.arange(places) % 3 == 1
        many, some = draw.lognormal(4.0, 1.0, (2, places))
        self.market = Market(
            full,
            np.where(full, some, np.inf),
            some,
            np.where(full, np.inf, many),
            np.zeros(places),
            1.0,
            600.0,
        )
        self.factor = draw.random(places)
        self.way_home = draw.random((sets, places)) < 0.6

    def all(self):
        """What every function gives, one after the other."""
        yield flows.totals(self.groups, self.weight)
        yield flows.pulled(self.groups, self.weight, self.people)
        yield from flows.arriving(self.groups, self.weight, self.people, self.sets, self.origin, self.table)
        for going in (self.going, self.people[:, None]):
            groups, count = self.going.shape
            ring = Ring(np.ones((20, groups, count)), np.ones((20, groups)), np.ones((20, count)))
            one = Sending(going, self.pace, self.sets.of_group)
            flows.send(ring, 9, [one])
            flows.send(ring, 3, [one, Sending(self.going, self.pace[:2], self.sets.of_group), one])
            yield from ring
        yield capacity.cleared(
            [(self.groups, self.weight, self.people)], self.market, self.factor, 1e-12, 5000
        )
        yield from flows.leave(
            self.going, self.onward, self.homeward, self.way_home, self.groups.key, self.sets.of_group
        )


@pytest.fixture
def use(monkeypatch):
    return lambda name: monkeypatch.setenv(flows.FORCED, name)


def under(name, seed, places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(flows.FORCED, name)
        return list(World(seed, places).all())


@compiled_only
@settings(max_examples=60, deadline=None)
@given(seeds, places)
def test_every_variant_gives_what_numpy_gives_and_all_the_same_bits(seed, places):
    plain, first = under(flows.NUMPY, seed, places), under(COMPILED[0], seed, places)
    for expected, found in zip(plain, first, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max(initial=0))
    for name in COMPILED[1:]:
        for found, same in zip(under(name, seed, places), first, strict=True):
            np.testing.assert_array_equal(found, same)


@settings(max_examples=30, deadline=None)
@given(seeds, places)
def test_numpy_gives_what_one_pair_at_a_time_does(seed, places):
    world = World(seed, places)
    total, pull, by_lag, sent, *_, on, home = under(flows.NUMPY, seed, places)
    near, entry, key = world.groups
    draws = np.zeros((entry.size, places))
    expected = [np.zeros_like(part) for part in (pull, by_lag, sent)]
    for group in range(entry.size):
        for place in range(places):
            draws[group, place] = near[entry[group], place] * world.weight[key[group], place]
        of_unit = world.people[group] / draws[group].sum() if draws[group].sum() > 0 else 0.0
        for place in range(places):
            flow = draws[group, place] * world.people[group]
            cost = world.table.cost_class[world.origin[group], place]
            expected[0][key[group], place] += near[entry[group], place] * of_unit
            expected[1][:, world.sets.of_group[group], place] += flow * world.table.weights[:, cost]
            expected[2][world.sets.of_group[group], place] += flow
    np.testing.assert_allclose(total, draws.sum(axis=1), rtol=1e-12)
    for found, one_by_one in zip((pull, by_lag, sent), expected, strict=True):
        np.testing.assert_allclose(found, one_by_one, rtol=1e-12, atol=1e-15)
    own = np.where(world.way_home[world.sets.of_group], world.homeward[:, None], 0.0)
    hazard = own + world.onward[key]
    gone = world.going * -np.expm1(-hazard)
    np.testing.assert_allclose(on + home, gone, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(home * hazard, gone * own, rtol=1e-12, atol=1e-300)


@settings(max_examples=60, deadline=None)
@given(seeds, places)
def test_prices_fit_the_arrivals_that_they_lead_to(seed, places):
    """Full places take no more than their room, and the price of the others is that of their crowding."""
    world = World(seed, places)
    factor = capacity.cleared(
        [(world.groups, world.weight, world.people)], world.market, world.factor, 1e-12, 5000
    )
    weight = world.weight * factor
    arriving = (flows.pulled(world.groups, weight, world.people) * weight).sum(axis=0)
    full, room, occupied, holds, *_ = world.market
    total = world.people.sum()
    assert (arriving[full] <= room[full] + 1e-8 * total).all()
    assert ((factor[full] == 1.0) | (arriving[full] >= room[full] - 1e-8 * total)).all()
    crowding = np.log1p((occupied + arriving) / holds)
    np.testing.assert_allclose(-np.log(factor[~full]), crowding[~full], atol=1e-9)


def test_those_sent_are_added_up_by_slot_row_and_place():
    ring = Ring(np.zeros((3, 2, 2)), np.zeros((3, 2)), np.zeros((3, 2)))
    both = np.zeros(2, dtype=int)
    alike = Sending(np.array([[2.0], [3.0]]), np.array([[[1.0, 2.0]], [[10.0, 0.0]]]), both)
    by_place = Sending(np.array([[1.0, 0.0], [0.0, 100.0]]), np.array([[[1.0, 1.0]]]), both)
    flows.send(ring, 2, [alike, by_place])
    np.testing.assert_array_equal(ring.people[2], [[3, 4], [3, 106]])
    np.testing.assert_array_equal(ring.people[0], [[20, 0], [30, 0]])
    assert not ring.people[1].any()
    np.testing.assert_array_equal(ring.of_rows, [[20, 30], [0, 0], [7, 109]])
    np.testing.assert_array_equal(ring.of_places, [[50, 0], [0, 0], [6, 110]])


@compiled_only
def test_positions_outside_the_arrays_are_refused():
    world = World(1, 4)
    wrong = world.groups._replace(entry=world.groups.entry + 7)
    with pytest.raises(IndexError, match="entry"):
        flows.totals(wrong, world.weight)
    with pytest.raises(ValueError, match="near"):
        flows.pulled(world.groups._replace(near=world.groups.near[:, :3]), world.weight, world.people)


def test_a_kernel_that_is_not_there_is_named_with_those_that_are(use):
    use("fast")
    with pytest.raises(ValueError, match=r"DISPLACEMENT_FLOWS=fast: not there; write .*numpy"):
        flows.kernel_name()


@compiled_only
def test_a_run_without_the_compiled_kernel_has_the_same_figures(toy, use):
    ours = dp.run(toy)
    use(flows.NUMPY)
    plain = dp.run(toy)
    for name in ours.people.data_vars:
        np.testing.assert_allclose(ours.people[name], plain.people[name], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(ours.flows["departures"], plain.flows["departures"], rtol=1e-9, atol=1e-6)
