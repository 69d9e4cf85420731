"""Arrival weights: they add up to one, and their mean does not depend on the step (law V11)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from displacement.kernels import transit

days = st.floats(0.0, 12.0)


@given(st.lists(days, min_size=1, max_size=5), st.floats(0.05, 4.0), st.sampled_from([1.0, 0.5, 0.25]))
def test_weights_add_up_to_one_and_none_is_negative(travel_days, preparation, step):
    weights = transit.weights(np.array(travel_days), preparation, step)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, rtol=1e-12)
    assert weights.min() >= 0


@given(days, st.floats(0.05, 4.0))
def test_the_mean_lag_is_the_mean_delay_whatever_the_step(travel_days, preparation):
    for step in (1.0, 0.5, 0.25):
        weights = transit.weights(np.array([travel_days]), preparation, step)[:, 0]
        mean = step * (np.arange(len(weights)) * weights).sum()
        assert mean == pytest.approx(travel_days + preparation, rel=1e-9)


def test_weights_are_those_of_people_drawn_one_by_one():
    """A second way: 400,000 draws of departure, preparation and travel, counted by step of arrival."""
    stream = np.random.default_rng(7)
    leave = stream.uniform(0.0, 1.0, 400_000)
    arrive = leave + stream.gamma(3.0, 0.5 / 3.0, leave.size) + 0.7
    drawn = np.bincount(np.floor(arrive).astype(int), minlength=8) / leave.size
    weights = transit.weights(np.array([0.7]), 0.5, 1.0)[:, 0]
    np.testing.assert_allclose(weights[:5], drawn[:5], atol=0.003)


@pytest.mark.parametrize("wrong", [(-1.0, 0.5, 1.0), (1.0, 0.0, 1.0), (1.0, 0.5, 0.0)])
def test_a_time_that_cannot_be_is_an_error(wrong):
    travel_days, preparation, step = wrong
    with pytest.raises(ValueError, match="0 days"):
        transit.weights(np.array([travel_days]), preparation, step)
