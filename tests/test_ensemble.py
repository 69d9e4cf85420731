"""Members: draws through the priors, the same for the same seed, paired over variants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import SPREAD, parameter_set
from scipy import stats
from support import changed

from displacement import ensemble
from displacement.io import parameters
from displacement.movement.assumptions import Movement
from displacement.needs.draws import drivers


@pytest.fixture
def many(toy):
    def of(members, seed=1, **movement):
        return changed(
            toy, uncertainty={"members": members, "seed": seed, "parameters": "priors"}, **movement
        )

    return of


def values(drawn, room, field):
    return np.array([getattr(getattr(member, room), field) for member in drawn])


def test_one_member_is_the_scenario_itself(many, toy):
    assert ensemble.members(many(1)) == (toy.movement,)
    assert ensemble.shares(many(1)) is None


def test_the_median_over_members_is_the_default_of_every_assumption_that_is_drawn(many):
    """Every default is the median of its prior; 1,024 Sobol points meet it within two per cent of the spread."""
    drawn = ensemble.members(many(1024))
    for one in ensemble.uncertain(Movement()):
        found = values(drawn, one.room, one.field)
        low, middle, high = np.quantile(found, [0.1, 0.5, 0.9])
        if one.field not in ("share_at_line", "share_under"):
            assert abs(middle - one.default) <= 0.03 * (high - low), one
        assert low < one.default < high, one


def test_the_same_seed_gives_the_same_members_and_another_seed_others(many):
    assert ensemble.members(many(8, 5)) == ensemble.members(many(8, 5))
    assert ensemble.members(many(8, 5)) != ensemble.members(many(8, 6))


def test_fewer_members_are_the_first_of_more(many):
    assert ensemble.members(many(8)) == ensemble.members(many(32))[:8]
    some, more = ensemble.shares(many(8)), ensemble.shares(many(32))
    np.testing.assert_array_equal(some["child_0_17"], more["child_0_17"][:8])


def test_what_a_scenario_states_is_known_and_changes_no_other_draw(many, toy):
    movement = Movement.model_validate({**toy.movement.model_dump(), "hazard": {"threat_reach": 9.0}})
    stated, free = ensemble.members(many(16, movement=movement)), ensemble.members(many(16))
    assert set(values(stated, "hazard", "threat_reach")) == {9.0}
    for room, field in (
        ("returns", "rate_open"),
        ("destinations", "crowding"),
        ("hazard", "memory"),
        ("hazard", "event_effect"),
    ):
        np.testing.assert_array_equal(values(stated, room, field), values(free, room, field))


def test_every_member_is_within_the_limits_of_its_fields_and_returns_stay_nested(many):
    for member in ensemble.members(many(512)):
        assert Movement.model_validate(member.model_dump()) == member
        homeward = member.returns
        assert homeward.share_under <= homeward.share_at_line <= homeward.share_open
        assert member.response.few <= 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.sampled_from([1, 2, 3, 16, 100]), columns=st.integers(0, 12))
def test_points_lie_inside_the_cube_and_streams_do_not_share_them(seed, count, columns):
    points = ensemble.uniforms(count, columns, seed, "hazard")
    assert points.shape == (count, columns)
    assert ((points > 0) & (points < 1)).all()
    if columns:
        assert (points != ensemble.uniforms(count, columns, seed, "returns")).any()


def test_streams_are_independent_of_each_other_column_by_column():
    """Correlations of 1,024 points stay below seven times the standard error of plain chance."""
    points = np.hstack(
        [ensemble.uniforms(1024, 8, 1, stream) for stream in (*ensemble.STREAMS, ensemble.NEEDS)]
    )
    correlation = np.corrcoef(points.T) - np.eye(points.shape[1])
    assert abs(correlation).max() < 7 / np.sqrt(1024)


@pytest.mark.parametrize("count", [2, 16, 256])
def test_a_power_of_two_has_one_point_in_every_stripe(count):
    """The balance of Sobol points outlasts their shuffling."""
    for stream in ensemble.STREAMS:
        stripes = np.sort(np.floor(ensemble.uniforms(count, 5, 3, stream) * count), axis=0)
        np.testing.assert_array_equal(stripes, np.repeat(np.arange(count)[:, None], 5, axis=1))


def test_every_assumption_with_a_prior_belongs_to_exactly_one_stream(many):
    found = [ensemble._stream(one) for one in ensemble.uncertain(Movement())]
    assert set(found) == set(ensemble.STREAMS)
    scores = ensemble.draws(many(64)).scores
    assert len(np.unique(scores, axis=1).T) == len(found), "no two share a column"


def test_scores_are_independent_standard_normal_and_values_are_those_of_the_members(many):
    """4,096 points: moments within a hundredth, correlations within seven standard errors of plain chance."""
    drawn = ensemble.draws(many(4096))
    assert abs(drawn.scores.mean(axis=0)).max() < 0.01
    assert abs(drawn.scores.std(axis=0) - 1).max() < 0.01
    correlation = np.corrcoef(drawn.scores.T) - np.eye(len(drawn.parameters))
    assert abs(correlation).max() < 7 / np.sqrt(4096)
    some = ensemble.draws(many(16))
    for at, one in enumerate(some.parameters):
        np.testing.assert_array_equal(
            some.values[:, at], values(ensemble.members(many(16)), one.room, one.field)
        )


def test_values_are_the_quantiles_of_the_priors_at_the_points_of_the_streams(many):
    """The long way: SciPy's distributions at the points themselves, for what no rule changes afterwards."""
    drawn = ensemble.draws(many(32, 7))
    column = {(one.room, one.field): drawn.values[:, at] for at, one in enumerate(drawn.parameters)}
    hazard, returns = (
        ensemble.uniforms(32, count, 7, stream) for count, stream in ((9, "hazard"), (7, "returns"))
    )
    expected = {
        ("hazard", "share_in_week"): stats.beta(8, 2).ppf(hazard[:, 0]),
        ("hazard", "threat_reach"): stats.lognorm(np.log(1.5), scale=6.0).ppf(hazard[:, 1]),
        ("hazard", "strike_memory"): stats.lognorm(np.log(1.6), scale=7.0).ppf(hazard[:, 8]),
        ("returns", "share_open"): stats.beta(4, 4).ppf(returns[:, 0]),
    }
    for name, found in expected.items():
        np.testing.assert_allclose(column[name], found, rtol=1e-12, err_msg=str(name))


def test_the_event_effect_is_a_normal_with_a_spread_that_is_half_normal(many):
    """u ~ N(0, tau), tau ~ HalfNormal(0.5): sd of u is 0.5, its kurtosis 9 (3 times E tau^4 / (E tau^2)^2 = 3 x 3)."""
    drawn = ensemble.members(many(4096))
    spread, effect = (values(drawn, "hazard", field) for field in ("event_spread", "event_effect"))
    low, high = np.quantile(spread, [0.1, 0.9])
    np.testing.assert_allclose([low, high], stats.halfnorm(scale=0.5).ppf([0.1, 0.9]), rtol=0.01)
    assert np.std(effect) == pytest.approx(0.5, rel=0.05)
    assert stats.kstest(effect / spread, "norm").pvalue > 0.01
    assert stats.kurtosis(effect, fisher=False) == pytest.approx(9, rel=0.3)


def test_a_stated_effect_is_known_and_a_stated_spread_draws_with_that_spread(many, toy):
    def hazard(**fields):
        return Movement.model_validate({**toy.movement.model_dump(), "hazard": fields})

    assert set(
        values(ensemble.members(many(16, movement=hazard(event_effect=0.3))), "hazard", "event_effect")
    ) == {0.3}
    one, two = (
        values(ensemble.members(many(16, movement=hazard(event_spread=spread))), "hazard", "event_effect")
        for spread in (0.1, 0.2)
    )
    np.testing.assert_allclose(two, 2 * one, rtol=1e-12)
    assert not values(
        ensemble.members(many(16, movement=hazard(event_spread=0.0))), "hazard", "event_effect"
    ).any()
    assert many(1).movement.hazard.event_effect == 0, "the median run"


def test_one_member_has_scores_of_nought_and_its_own_values(many):
    drawn = ensemble.draws(many(1))
    assert not drawn.scores.any()
    assert drawn.values[0].tolist() == [one.default for one in drawn.parameters]


def test_cohorts_by_member_keep_children_and_adults_together(many):
    found = ensemble.shares(many(64))
    np.testing.assert_allclose(found["child_0_17"] + found["adult"], 1.0)
    assert len(drivers(many(64).needs)) > 5


@pytest.fixture
def with_own_set(toy, tmp_path):
    """The toy scenario with a parameter set of its own."""
    parameters.write(parameter_set(), tmp_path / "own.yaml")
    return changed(toy, uncertainty={"parameters_file": str(tmp_path / "own.yaml"), "members": 64})


def test_members_follow_a_fitted_set_and_what_it_does_not_name_keeps_its_draws(toy, with_own_set):
    """threat_reach has mean -1 and sd 0.5 in score, so its median is 6 / 1.5 km; memory 0.5 and sd 0.71."""
    by_priors = ensemble.draws(changed(toy, uncertainty={"parameters": "priors", "members": 64}))
    fitted = ensemble.draws(with_own_set)
    names = [ensemble.name_of(one) for one in fitted.parameters]
    assert fitted.parameters == by_priors.parameters
    np.testing.assert_array_equal(fitted.scores, by_priors.scores)
    reach, memory = names.index("hazard.threat_reach"), names.index("hazard.memory")
    scores = np.log(fitted.values[:, [reach, memory]] / [6.0, 8.0]) / np.log(1.5)
    np.testing.assert_allclose(scores.mean(axis=0), [-1.0, 0.5], atol=0.05)
    np.testing.assert_allclose(np.cov(scores.T), SPREAD, atol=0.08)
    others = [at for at in range(len(names)) if at not in (reach, memory)]
    np.testing.assert_array_equal(fitted.values[:, others], by_priors.values[:, others])


def test_the_median_run_has_the_fitted_medians_where_the_scenario_states_nothing(toy, with_own_set):
    stated = with_own_set.movement.model_copy(
        update={"hazard": with_own_set.movement.hazard.model_copy(update={"memory": 3.0})}
    )
    found = ensemble.at_medians(with_own_set.model_copy(update={"movement": stated}))
    assert found.movement.hazard.threat_reach == 1.0
    assert found.movement.hazard.memory == 3.0
    assert ensemble.at_medians(found) == found
    by_priors = changed(toy, uncertainty={"parameters": "priors"})
    assert ensemble.at_medians(by_priors) == by_priors


def test_what_stands_at_a_fitted_median_is_drawn_as_if_nothing_were_stated(with_own_set):
    """So a resolved scenario, which writes every value out, gives the same members again."""
    again = ensemble.draws(ensemble.at_medians(with_own_set))
    np.testing.assert_array_equal(again.values, ensemble.draws(with_own_set).values)


def test_the_shipped_set_is_the_default_and_names_assumptions_that_have_priors(toy):
    shipped = parameters.read(parameters.SHIPPED)
    known = {ensemble.name_of(one): one for one in ensemble.uncertain(Movement())}
    assert toy.uncertainty.parameters == "calibrated"
    assert ensemble.chosen(toy) == shipped
    for one in shipped.parameters:
        assert one.prior_median == known[one.name].default
        of_score = ensemble.in_units(Movement(), [known[one.name]], np.array([[one.score]]))
        assert one.median == pytest.approx(float(of_score[0, 0]), rel=2e-3)
        assert one.low <= one.median <= one.high
