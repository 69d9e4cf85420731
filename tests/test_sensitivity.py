"""What drives the spread: indices against closed forms and against SciPy's, and the split between variants."""

import inspect

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri
from scipy.stats import qmc
from support import changed

import displacement as dp
from displacement import ensemble, sensitivity, variables
from displacement.report.drivers import drivers_lines
from displacement.sensitivity import between, indices


def sobol(members, parameters, seed=1):
    """Scores of a scrambled Sobol sequence."""
    return ndtri(qmc.Sobol(parameters, seed=seed).random(members))


def with_interaction(z):
    """Variance 1 + 4 + 2.25 + 0.5 x 2 = 8.25: linear parts, a product, and the square of the third."""
    return z[0] + 2.0 * z[1] + 1.5 * z[0] * z[2] + (z[2] ** 2 - 1.0) / np.sqrt(2.0)


WHOLE = 1.0 + 4.0 + 2.25 + 1.0
TOTAL = np.array([1.0 + 2.25, 4.0, 2.25 + 1.0]) / WHOLE
FIRST = np.array([1.0, 4.0, 1.0]) / WHOLE


def test_a_polynomial_has_the_indices_of_its_coefficients_exactly():
    """By hand: the terms are orthonormal, so each index is a sum of squared coefficients; seven parameters are inert."""
    scores = sobol(256, 10)
    found = indices(scores, with_interaction(scores.T))
    np.testing.assert_allclose(found.total, [*TOTAL, *np.zeros(7)], atol=1e-9)
    np.testing.assert_allclose(found.first, [*FIRST, *np.zeros(7)], atol=1e-9)
    assert found.explained == pytest.approx(1.0, abs=1e-9)


def scipys(function, n, parameters):
    """SciPy's own indices; before its version 1.15 the seed had another name."""
    seed = "rng" if "rng" in inspect.signature(stats.sobol_indices).parameters else "random_state"
    return stats.sobol_indices(
        func=lambda z: function(z)[None], n=n, dists=[stats.norm()] * parameters, **{seed: 1}
    )


def test_scipy_s_own_runs_give_the_same_indices():
    """SciPy's Saltelli design (5 x 4,096 runs) on the same function, within its own error of two hundredths."""
    scores = sobol(256, 3)
    found = indices(scores, with_interaction(scores.T))
    peer = scipys(with_interaction, n=4096, parameters=3)
    np.testing.assert_allclose(found.total, peer.total_order.ravel(), atol=0.03)
    np.testing.assert_allclose(found.first, peer.first_order.ravel(), atol=0.03)


def test_a_bent_function_with_noise_is_told_within_a_few_hundredths():
    """No polynomial: exp of a sum, cut off above; the peer runs the function itself 6 x 8,192 times."""

    def bent(z):
        return np.log1p(np.minimum(np.exp(0.8 * z[0] + 0.4 * z[1] + 0.3 * z[0] * z[2]), 4.0))

    scores = sobol(256, 12, seed=3)
    noise = np.random.default_rng(0).normal(0, 0.05, 256)
    found = indices(scores, bent(scores.T) + noise)
    peer = scipys(bent, n=8192, parameters=4)
    np.testing.assert_allclose(found.total[:4], peer.total_order.ravel(), atol=0.06)
    assert found.total[3:].max() < 0.02, "inert"
    assert 0.85 < found.explained < 1


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(8)), st.integers(0, 99))
def test_parameters_in_another_order_have_the_same_indices(order, seed):
    scores = sobol(128, 8, seed)
    output = with_interaction(scores.T) + np.random.default_rng(seed).normal(0, 1, 128)
    plain, other = indices(scores, output), indices(scores[:, list(order)], output)
    np.testing.assert_allclose(other.total, plain.total[list(order)], atol=1e-9)
    assert other.explained == pytest.approx(plain.explained, abs=1e-9)


def test_of_pure_noise_nothing_is_told():
    """40 parameters, 64 members, 100 times: a term enters in one case of twenty at each of two steps, so in about ten of
    a hundred, and never explains half."""
    explained = []
    for seed in range(100):
        stream = np.random.default_rng(seed)
        explained.append(indices(stream.standard_normal((64, 40)), stream.normal(size=64)).explained)
    assert np.mean(np.array(explained) == 0) > 0.8
    assert max(explained) < 0.5


def test_without_spread_or_with_too_few_members_there_is_no_index():
    scores = sobol(64, 3)
    for output in (np.full(64, 7.0), np.zeros(64)):
        assert not indices(scores, output).total.any()
    assert not indices(scores[:3], scores[:3, 0]).total.any()


@settings(max_examples=50, deadline=None)
@given(st.floats(-3, 3), st.floats(0.1, 3), st.integers(0, 99))
def test_the_split_between_groups_is_that_of_the_variances(apart, within, seed):
    """Two groups whose logarithms lie `apart` with the same spread: (d/2)^2 over (d/2)^2 + s^2."""
    draws = np.random.default_rng(seed).normal(size=40)
    draws = 4 + within * (draws - draws.mean()) / draws.std()
    found = (
        between(np.expm1(np.stack([draws, draws + apart]))) if (draws + min(apart, 0)).min() > -30 else None
    )
    assert found == pytest.approx((apart / 2) ** 2 / ((apart / 2) ** 2 + within**2), abs=1e-6)


def test_the_split_is_nought_of_like_groups_and_one_of_groups_without_members_that_differ():
    like = np.tile(np.random.default_rng(1).lognormal(size=16), (3, 1))
    assert between(like) == pytest.approx(0, abs=1e-12)
    assert between(np.array([[5.0, 5.0], [9.0, 9.0]])) == pytest.approx(1)
    assert between(np.zeros((3, 4))) == 0


@pytest.fixture(scope="module")
def many(toy):
    return dp.run(toy, members=64)


def test_outcomes_are_those_of_the_run(many):
    found = variables.check(sensitivity.outcomes(many.people, many.needs), variables.OUTCOMES)
    away = many.people["newly_displaced"].sum("zone")
    np.testing.assert_allclose(found["peak_displaced"], away.max("time"))
    inside = many.people.isel(zone=np.flatnonzero(many.people["inside"].values))
    week = inside["arrivals"].sel(time=slice("2030-01-01", "2030-01-07")).sum(("time", "type"))
    most = week.median("member").idxmax("zone").item()
    np.testing.assert_allclose(found["arrivals_in_week"], week.sel(zone=most))
    assert many.people["zone"].values[found["arrivals_in_week"].attrs["zone"]] == most
    hubs = many.needs.where(many.needs["supplied"] == "hub", drop=True)
    by_hand = (hubs["need"] * hubs["mass_kg"].fillna(0)).sum(("time", "zone", "item")) / 1000
    np.testing.assert_allclose(found["tonnes"], by_hand)


def test_the_drivers_of_a_run_are_shares_with_the_ranges_of_the_members(many, toy):
    found = variables.check(many.drivers, variables.DRIVERS)
    assert ((found["total"] >= found["first"] - 1e-12) & (found["total"] <= 1 + 1e-12)).all()
    assert (found["explained"] <= 1).all()
    of_needs = found["parameter"].str.startswith("needs.")
    assert of_needs.any()
    assert (
        not found["total"].sel(output=["peak_displaced", "arrivals_in_week"])[:, of_needs.values].values.any()
    )
    drawn = ensemble.draws(many.scenario)
    for at, one in enumerate(drawn.parameters):
        low, high = np.quantile(drawn.values[:, at], [0.1, 0.9])
        here = found.sel(parameter=f"{one.room}.{one.field}")
        assert (here["low"], here["high"]) == (pytest.approx(low), pytest.approx(high))
    assert dp.run(toy).drivers is None


def test_one_uncertain_assumption_alone_is_the_driver(toy):
    """All others stated a hair off their medians, so that they are known."""
    known = toy.movement.model_dump()
    for one in ensemble.uncertain(toy.movement):
        if (one.room, one.field) != ("hazard", "takeover_hazard"):
            known[one.room][one.field] = (one.default or 1e-9) * (1 - 1e-9)
    alone = dp.run(changed(toy, movement=known), members=64)
    found = alone.drivers.sel(output="peak_displaced")
    assert alone.drivers["parameter"].values[0] == "hazard.takeover_hazard"
    assert found["total"].values[0] == pytest.approx(1)
    assert found["explained"] > 0.8


def told(**fields):
    """Drivers of four outputs by hand."""
    outputs = ["peak_displaced", "arrivals_in_week", "tonnes", "cost"]
    total = np.array([[0.62, 0.304, 0.1, 0.004]] * 4)
    values = {
        "total": (("output", "parameter"), total),
        "first": (("output", "parameter"), total),
        "explained": ("output", [0.9, 0.8, 0.3, 0.9]),
        "low": ("parameter", [4.021, 0.1, 2.0, 1.0]),
        "high": ("parameter", [8.96, 0.9, 3.0, 2.0]),
    }
    coords = {
        "parameter": list("abcd"),
        "output": outputs,
        "meaning": ("parameter", ["reach", "share", "days", "x"]),
    }
    coords |= {"unit": ("parameter", ["km", "1", "day", "1"])}
    return xr.Dataset(values, coords=coords, attrs={"members": 64, "zone_of_arrivals": 1, **fields})


def test_the_three_strongest_are_named_with_whole_per_cents_and_ranges_once():
    text = " ".join(" ".join(drivers_lines(told(), ["Here", "There"])).split())
    assert (
        "away at once: 62 % reach (4 to 9 km); 30 % share (0.1 to 0.9); 10 % days (2 to 3 day) (90 % exp"
        in (text.replace("%", " %").replace("  ", " "))
    )
    assert "Arrivals by day 7 in There: 62% reach; 30% share; 10% days (80% explained)." in text
    assert "Tonnes of aid: 64 members are too few to name drivers (30% explained)." in text
    assert text.count("4 to 9 km") == 1


def test_fewer_than_64_members_name_no_driver():
    (text,) = drivers_lines(told(members=63), ["Here", "There"])
    assert "63 members are too few" in text
    assert "reach" not in text
