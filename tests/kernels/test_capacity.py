"""Crowding and full places (laws V6, V9, V10): a convex problem with one answer."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize

from displacement.kernels import capacity
from displacement.kernels.choice import Draw, priced, shares


def crowded(people, share, occupied, capacity_, crowding, room, start=None):
    """Where people of one key go, and the prices, from where they would go if nothing crowded."""
    everywhere = np.arange(len(share))
    draw = Draw(share, everywhere, np.zeros_like(everywhere), np.ones((1, share.shape[1])), share.sum(axis=1))
    found = capacity.crowded([capacity.Party(people, draw)], occupied, capacity_, crowding, room, start)
    return shares(priced(draw, found.factor, found.free[0])), found.price


def problem(seed, origins=12, places=6, full=2):
    """People, shares, occupancy, capacity and room, at random; the last place is never full."""
    random = np.random.default_rng(seed)
    weight = random.lognormal(0.0, 1.5, (origins, places)) * (random.random((origins, places)) < 0.8)
    weight[:, -1] += 0.05
    people = random.lognormal(3.0, 1.5, origins) * (random.random(origins) < 0.9)
    room = np.full(places, np.inf)
    room[:full] = random.uniform(0.0, 0.4 * people.sum(), full)
    return {
        "people": people,
        "share": weight / weight.sum(axis=1, keepdims=True),
        "occupied": random.lognormal(2.0, 1.0, places),
        "capacity_": random.lognormal(4.0, 1.5, places),
        "crowding": random.uniform(0.0, 2.5),
        "room": room,
    }


def arrivals(case, share):
    return case["people"] @ share


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=200, deadline=None)
@given(seed=seeds)
def test_each_price_fits_its_arrivals(seed):
    """V10: complementary slackness for full places, the law of crowding for the others."""
    case = problem(seed)
    share, price = crowded(**case)
    arriving, full = arrivals(case, share), np.isfinite(case["room"])
    total = case["people"].sum()
    assert (price >= 0).all()
    assert (arriving[full] <= case["room"][full] + 1e-8 * total).all()
    slack = case["room"][full] - arriving[full]
    with np.errstate(invalid="ignore"):
        product = np.where(slack == 0, 0.0, price[full] * slack)
    np.testing.assert_allclose(product, 0.0, atol=1e-8 * max(total, 1.0))
    law = case["crowding"] * np.log1p((case["occupied"] + arriving) / case["capacity_"])
    np.testing.assert_allclose(price[~full], law[~full], atol=1e-8)
    np.testing.assert_allclose(share.sum(axis=1), 1.0, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(seed=seeds, other=seeds)
@example(seed=0, other=2_200_634_657)  # begins 10^10 too high at one place: the fall from there is no pace
def test_the_answer_does_not_depend_on_where_the_search_starts(seed, other):
    """V10, from random prices."""
    case = problem(seed)
    share, _ = crowded(**case)
    start = np.random.default_rng(other).exponential(3.0, case["room"].size)
    again, _ = crowded(**case, start=start)
    np.testing.assert_allclose(again, share, atol=1e-8)


def test_two_places_by_hand():
    """Two places alike, 90 people, one with capacity for 30 and nobody in either.

    If the second takes 30 and no more, exp(-mu) = 30 / 60. If instead both crowd, with capacities of 30 and 210
    and kappa = 1, the share p of the first solves p / (1 - p) = (1 + 90 (1 - p) / 210) / (1 + 90 p / 30).
    """
    alike = np.array([[0.5, 0.5]])
    people, nobody, wide = np.array([90.0]), np.zeros(2), np.full(2, np.inf)
    share, price = crowded(people, alike, nobody, wide, 1.0, np.array([np.inf, 30.0]))
    np.testing.assert_allclose(share, [[2 / 3, 1 / 3]], atol=1e-10)
    np.testing.assert_allclose(price, [0.0, np.log(2.0)], atol=1e-10)

    def odds(p):
        return p / (1 - p) - (1 + 90 * (1 - p) / 210) / (1 + 90 * p / 30)

    p = optimize.brentq(odds, 1e-6, 1 - 1e-6, xtol=1e-14)
    share, _ = crowded(people, alike, nobody, np.array([30.0, 210.0]), 1.0, wide)
    np.testing.assert_allclose(share, [[p, 1 - p]], atol=1e-10)


def test_the_flows_solve_the_convex_problem():
    """A second way: minimise the dual with SciPy's bounded quasi-Newton and compare the flows."""
    for seed in range(20):
        case = problem(seed) | {"crowding": 1.0}
        full = np.isfinite(case["room"])
        share = case["share"]
        least = np.where(full, 0.0, np.log1p(case["occupied"] / case["capacity_"]))

        def dual(price, case=case, full=full, share=share):
            weight = share * np.exp(-price)
            total = weight.sum(axis=1)
            supply = np.where(
                full,
                np.where(full, case["room"], 0.0) * price,
                case["capacity_"] * (np.exp(price) - price) - case["occupied"] * price,
            )
            given_room = np.where(full, case["room"], case["capacity_"] * np.expm1(price) - case["occupied"])
            arriving = case["people"] @ (weight / total[:, None])
            return case["people"] @ np.log(total) + supply.sum(), given_room - arriving

        found = optimize.minimize(
            dual,
            least,
            jac=True,
            method="L-BFGS-B",
            bounds=[(low, 60.0) for low in least],
            options={"maxiter": 20000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-9},
        )
        weight = share * np.exp(-found.x)
        expected = case["people"] @ (weight / weight.sum(axis=1, keepdims=True))
        got = arrivals(case, crowded(**case)[0])
        np.testing.assert_allclose(got, expected, atol=2e-5 * case["people"].sum())


@settings(max_examples=200, deadline=None)
@given(seed=seeds, closed=st.integers(0, 4))
def test_closing_a_place_lowers_no_others_arrivals(seed, closed):
    """V9, within a step."""
    case = problem(seed)
    before = arrivals(case, crowded(**case)[0])
    share = case["share"].copy()
    share[:, closed] = 0.0
    share /= share.sum(axis=1, keepdims=True)
    after = arrivals(case, crowded(**(case | {"share": share}))[0])
    others = np.arange(share.shape[1]) != closed
    assert (after[others] >= before[others] - 1e-8 * case["people"].sum()).all()


@settings(max_examples=50, deadline=None)
@given(seed=seeds, part=st.floats(0.05, 0.95))
def test_splitting_a_place_leaves_the_others_as_they_were(seed, part):
    """V6: size, occupancy, capacity and room split alike."""
    case = problem(seed)
    whole = arrivals(case, crowded(**case)[0])

    def split(values):
        first = values[..., :1]
        return np.concatenate([first * (1 - part), values[..., 1:], first * part], axis=-1)

    parts = case | {name: split(case[name]) for name in ("share", "occupied", "capacity_", "room")}
    apart = arrivals(parts, crowded(**parts)[0])
    np.testing.assert_allclose(apart[1:-1], whole[1:], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(apart[0] + apart[-1], whole[0], rtol=1e-8, atol=1e-8)


def test_permuting_origins_and_places_permutes_the_answer():
    case = problem(5)
    rows, columns = np.random.default_rng(1).permutation(12), np.random.default_rng(2).permutation(6)
    moved = case | {"people": case["people"][rows], "share": case["share"][rows][:, columns]}
    moved |= {name: case[name][columns] for name in ("occupied", "capacity_", "room")}
    share, price = crowded(**case)
    share_moved, price_moved = crowded(**moved)
    np.testing.assert_allclose(share_moved, share[rows][:, columns], atol=1e-12)
    np.testing.assert_allclose(price_moved, price[columns], atol=1e-12)


def test_without_crowding_and_full_places_nothing_changes():
    case = problem(3, full=0) | {"crowding": 0.0}
    share, price = crowded(**case)
    np.testing.assert_allclose(share, case["share"], rtol=1e-14)
    assert (price == 0).all()


def test_who_can_reach_full_places_alone_goes_there_whatever_the_room():
    """And the others find none left."""
    share = np.array([[1.0, 0.0], [0.5, 0.5]])
    got, price = crowded(
        np.array([40.0, 60.0]), share, np.zeros(2), np.full(2, np.inf), 1.0, np.array([10.0, np.inf])
    )
    np.testing.assert_allclose(got, [[1.0, 0.0], [0.0, 1.0]])
    assert price[0] == np.inf


def test_nobody_setting_off_and_nothing_open_are_defined():
    share, price = crowded(
        np.zeros(2),
        np.array([[0.5, 0.5], [0.0, 0.0]]),
        np.array([5.0, 0.0]),
        np.full(2, 5.0),
        1.0,
        np.full(2, np.inf),
    )
    np.testing.assert_allclose(price, [np.log(2.0), 0.0])
    np.testing.assert_allclose(share, [[1 / 3, 2 / 3], [0.0, 0.0]])


@pytest.mark.parametrize("away", [1e-6, 1e-9])
def test_a_place_that_is_nearly_the_only_one_is_filled_and_no_more(away):
    """The slowest case: 99 of 100 fit, and the only alternative hardly draws anybody."""
    share, _ = crowded(
        np.array([100.0]),
        np.array([[1 - away, away]]),
        np.zeros(2),
        np.full(2, np.inf),
        1.0,
        np.array([99.0, np.inf]),
    )
    np.testing.assert_allclose(100 * share, [[99.0, 1.0]], atol=1e-6)
