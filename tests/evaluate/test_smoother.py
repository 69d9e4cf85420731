"""Fitting methods against problems whose answer is known in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from displacement.evaluate.smoother import implausibility, smoothed, weighed


def linear(seed, parameters=3, figures=5):
    """A linear model, the covariance of its errors, and what was seen."""
    random = np.random.default_rng(seed)
    model = random.normal(size=(parameters, figures))
    errors = random.normal(size=(figures, figures))
    return model, errors @ errors.T / figures + 0.2 * np.eye(figures), random.normal(size=figures), random


def exact(model, covariance, observed):
    """Posterior mean and covariance of a linear model with a standard normal prior."""
    precision = np.eye(len(model)) + model @ np.linalg.solve(covariance, model.T)
    spread = np.linalg.inv(precision)
    return spread @ model @ np.linalg.solve(covariance, observed), spread


@pytest.mark.parametrize("steps", [1, 4])
def test_the_smoother_gives_the_exact_posterior_of_a_linear_model(steps):
    model, covariance, observed, random = linear(3)
    prior = random.standard_normal((40_000, 3))
    found, history = smoothed(prior, lambda draws: draws @ model, observed, covariance, steps, random)
    mean, spread = exact(model, covariance, observed)
    np.testing.assert_allclose(found.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(found.T), spread, atol=0.03)
    assert len(history) == steps + 1
    np.testing.assert_array_equal(history[0], prior @ model)
    np.testing.assert_array_equal(history[-1], found @ model)


def test_a_parameter_that_nothing_depends_on_keeps_its_prior():
    model, covariance, observed, random = linear(5)
    model[1] = 0.0
    prior = random.standard_normal((20_000, 3))
    found, _ = smoothed(prior, lambda draws: draws @ model, observed, covariance, 4, random)
    assert abs(found[:, 1].mean()) < 0.05
    assert found[:, 1].std() == pytest.approx(1.0, abs=0.05)


def test_figures_without_worth_move_nothing():
    model, covariance, observed, random = linear(7)
    prior = random.standard_normal((200, 3))
    found, _ = smoothed(prior, lambda draws: draws @ model, observed, 1e12 * covariance, 2, random)
    np.testing.assert_allclose(found, prior, atol=1e-4)


@given(st.permutations(range(4)), st.integers(0, 3))
def test_implausibility_does_not_depend_on_the_order_of_figures_and_falls_with_tolerance(order, tolerated):
    random = np.random.default_rng(0)
    predicted, observed, spread = random.normal(size=(6, 4)), random.normal(size=4), random.uniform(1, 2, 4)
    order = list(order)
    found = implausibility(predicted, observed, spread, tolerated)
    again = implausibility(predicted[:, order], observed[order], spread[order], tolerated)
    np.testing.assert_allclose(found, again)
    assert (found <= implausibility(predicted, observed, spread)).all()
    by_hand = [sorted(abs(row - observed) / spread)[3 - tolerated] for row in predicted]
    np.testing.assert_allclose(found, by_hand)


def test_a_grid_gives_the_exact_posterior_of_a_linear_model_of_one_parameter():
    model, covariance, observed, _ = linear(11, parameters=1)
    scores = np.linspace(-5, 5, 401)
    mean, spread = exact(model, covariance, observed)
    found = weighed(scores, scores[:, None] @ model, observed, covariance)
    np.testing.assert_allclose(found, (mean[0], spread[0, 0]), rtol=1e-6)
