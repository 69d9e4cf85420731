"""Laws of the scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from displacement.evaluate.scores import (
    coverage,
    crps_of_logs,
    factor,
    interval,
    skill,
    total_variation,
    width,
)

people = st.floats(1, 1e7)
shares = st.lists(st.floats(0, 1e6), min_size=3, max_size=3).filter(lambda values: sum(values) > 1)


@given(estimate=people, observed=people)
def test_a_factor_is_the_same_for_too_high_and_too_low(estimate, observed):
    assert factor(estimate, observed) == pytest.approx(factor(observed, estimate))
    assert factor(estimate, observed) >= 1


def test_a_factor_without_an_observed_figure_is_not_known_and_of_nobody_is_endless():
    assert np.isnan(factor(5.0, 0.0))
    assert np.isinf(factor(0.0, 5.0))


@given(one=shares, other=shares, third=shares)
def test_total_variation_is_a_distance_of_shares(one, other, third):
    there = total_variation(one, other)
    assert 0 <= there <= 1 + 1e-12
    assert there == pytest.approx(total_variation(other, one))
    assert total_variation(one, np.multiply(one, 7)) == pytest.approx(0, abs=1e-9)
    assert there <= total_variation(one, third) + total_variation(third, other) + 1e-9


@settings(max_examples=50)
@given(observed=people, members=st.lists(people, min_size=2, max_size=30))
def test_the_score_of_an_ensemble_is_the_mean_error_less_half_the_mean_difference(observed, members):
    """The definition, as a loop over pairs."""
    told, seen = np.log1p(members), np.log1p(observed)
    pairs = [abs(one - other) for at, one in enumerate(told) for other in told[:at]]
    by_hand = np.abs(told - seen).mean() - np.sum(pairs) / (len(told) * (len(told) - 1))
    assert crps_of_logs([observed], [members])[0] == pytest.approx(by_hand, abs=1e-9)


def test_a_wide_ensemble_around_the_truth_scores_worse_than_a_narrow_one_and_better_than_a_wrong_sure_one():
    truth = 100_000.0
    narrow = truth * np.exp(np.linspace(-0.1, 0.1, 41))
    wide = truth * np.exp(np.linspace(-2, 2, 41))
    wrong = narrow * 5
    scores = [crps_of_logs([truth], [members])[0] for members in (narrow, wide, wrong)]
    assert scores[0] < scores[1] < scores[2]


def test_eight_in_ten_draws_of_a_known_distribution_lie_in_its_interval():
    stream = np.random.default_rng(1)
    members = np.exp(stream.normal(10, 1, (4000, 200)))
    observed = np.exp(stream.normal(10, 1, 4000))
    low, high = interval(members)
    assert coverage(observed, low, high) == pytest.approx(0.8, abs=0.02)
    assert width(low, high) == pytest.approx(np.exp(2 * 1.2816), rel=0.05)
    assert np.isnan(coverage([], [], []))
    assert np.isnan(width([], []))


def test_skill_is_against_the_best_baseline_that_there_is():
    assert skill(0.3, [np.nan, 0.6, 2.0]) == pytest.approx(0.5)
    assert np.isnan(skill(0.3, [np.nan]))
    assert skill(0.6, [0.6]) == 0
