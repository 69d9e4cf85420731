"""Draws under a fitted parameter set."""

import numpy as np
import pytest
from invented import parameter_set
from pydantic import ValidationError

from displacement.movement.calibrated import followed

NAMES = ("hazard.memory", "returns.rate_open", "hazard.threat_reach")


def test_scores_get_the_mean_and_the_covariance_of_the_set_and_others_stay():
    scores = np.random.default_rng(1).standard_normal((200_000, 3))
    found = followed(scores, NAMES, parameter_set())
    np.testing.assert_array_equal(found[:, 1], scores[:, 1])
    np.testing.assert_allclose(found[:, [2, 0]].mean(axis=0), [-1.0, 0.5], atol=0.01)
    np.testing.assert_allclose(np.cov(found[:, [2, 0]].T), [[0.25, 0.1], [0.1, 0.5]], atol=0.01)


def test_a_score_of_zero_is_the_middle_of_the_set():
    np.testing.assert_allclose(followed(np.zeros((1, 3)), NAMES, parameter_set()), [[0.5, 0.0, -1.0]])


def test_a_known_parameter_leaves_the_others_as_they_are_without_it():
    alone = followed(np.ones((1, 1)), ("hazard.memory",), parameter_set())
    np.testing.assert_allclose(alone, [[0.5 + np.sqrt(0.5)]])
    np.testing.assert_array_equal(
        followed(np.ones((2, 1)), ("travel.preparation",), parameter_set()), np.ones((2, 1))
    )


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (((1.0, 0.0),), "2 rows of 2"),
        (((1.0, 0.3), (0.2, 1.0)), "symmetric"),
        (((1.0, 2.0), (2.0, 1.0)), "negative variance"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance, message):
    with pytest.raises(ValidationError, match=message):
        parameter_set(covariance=covariance)
