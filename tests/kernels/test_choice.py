"""Choice: the contract that every model of the table passes, and the limits (laws V6, V7, V8)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from displacement.kernels import choice
from displacement.kernels.choice import MODELS, priced, pulled, shares, totals

ORIGINS, PLACES = 4, 6
hours = hnp.arrays(float, (ORIGINS, PLACES), elements=st.floats(0.1, 30.0) | st.just(np.inf))
sizes = hnp.arrays(float, (ORIGINS, PLACES), elements=st.floats(1.0, 1e6) | st.just(0.0))
masks = hnp.arrays(float, (ORIGINS, PLACES), elements=st.sampled_from([0.0, 0.3, 1.0]))


def shared(model):
    """The model's shares where every origin has a key of its own, or all have one."""

    def of(hours, allowed, decay):
        every = np.arange(len(hours))
        own, one = (model(hours, allowed, decay, every, key) for key in (every, np.zeros_like(every)))

        def by_origin(attraction):
            return shares((own if len(attraction) == len(hours) else one)(attraction))

        return by_origin

    return of


logit = shared(choice.logit)


def slow_logit(hours, allowed, attraction, decay):
    """Pair by pair."""
    shares = np.zeros(hours.shape)
    for origin in range(hours.shape[0]):
        for place in range(hours.shape[1]):
            if np.isfinite(hours[origin, place]):
                size = allowed[origin, place] * attraction[origin, place]
                shares[origin, place] = size * np.exp(-decay * hours[origin, place])
        if shares[origin].sum() > 0:
            shares[origin] /= shares[origin].sum()
    return shares


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@settings(max_examples=60, deadline=None)
@given(hours=hours, allowed=masks, attraction=sizes, decay=st.floats(0.0, 20.0))
def test_every_model_keeps_the_contract(model, hours, allowed, attraction, decay):
    model = shared(model)
    found = model(hours, allowed, decay)(attraction)
    usable = (allowed > 0) & np.isfinite(hours) & (attraction > 0)
    assert (found >= 0).all()
    assert (found[~usable] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), usable.any(axis=1), rtol=1e-12)
    turned = model(hours[::-1, ::-1], allowed[::-1, ::-1], decay)(attraction[::-1, ::-1])
    np.testing.assert_allclose(turned[::-1, ::-1], found, rtol=1e-12, atol=1e-15)


@settings(max_examples=60, deadline=None)
@given(hours=hours, allowed=masks, attraction=sizes, decay=st.floats(0.0, 3.0))
def test_the_logit_equals_the_slow_way(hours, allowed, attraction, decay):
    found = logit(hours, allowed, decay)(attraction)
    np.testing.assert_allclose(found, slow_logit(hours, allowed, attraction, decay), rtol=1e-10, atol=1e-15)


@settings(max_examples=60, deadline=None)
@given(hours=hours, attraction=sizes, decay=st.floats(0.0, 3.0))
def test_removing_a_destination_leaves_the_ratios_of_the_others(hours, attraction, decay):
    allowed = np.ones(hours.shape)
    before = logit(hours, allowed, decay)(attraction)
    allowed[:, 0] = 0.0
    after = logit(hours, allowed, decay)(attraction)
    left = before[:, 1:].sum(axis=1, keepdims=True)
    some = (left > 1e-6)[:, 0]
    np.testing.assert_allclose(after[some, 1:], before[some, 1:] / left[some], rtol=1e-9, atol=1e-15)


def test_without_decay_people_go_in_proportion_to_size_exactly():
    found = logit(np.array([[1.0, 9.0]]), np.ones((1, 2)), 0.0)(np.array([[1.0, 3.0]]))
    assert (found == [[0.25, 0.75]]).all()


def test_with_infinite_decay_people_go_to_the_nearest_exactly():
    hours, size = np.array([[2.0, 1.0, 3.0]]), np.array([[1e9, 1.0, 1e9]])
    found = logit(hours, np.ones((1, 3)), 1e6)(size)
    assert (found == [[0.0, 1.0, 0.0]]).all()


def test_splitting_a_destination_changes_no_other_share():
    hours = np.array([[1.0, 2.0, 2.0]])
    whole = logit(hours[:, :2], np.ones((1, 2)), 0.5)(np.array([[5.0, 8.0]]))
    split = logit(hours, np.ones((1, 3)), 0.5)(np.array([[5.0, 3.0, 5.0]]))
    assert split[0, 0] == pytest.approx(whole[0, 0], rel=1e-12)


def test_where_all_is_closed_nobody_goes():
    choose = logit(np.array([[1.0, np.inf]]), np.array([[0.0, 1.0]]), 0.5)
    assert (choose(np.array([[1.0, 1.0]])) == 0).all()


@settings(max_examples=60, deadline=None)
@given(closed=st.integers(0, 2), decay=st.sampled_from([0.5, 50.0, 300.0, 1e4]))
def test_once_the_near_ones_are_closed_the_far_ones_share_as_if_those_had_never_been(closed, decay):
    hours, size = np.array([[1.0, 2.0, 3.0, 3.001]]), np.array([[5.0, 3.0, 2.0, 2.0]])
    choose = logit(hours, np.ones((1, 4)), decay)
    still = np.where(np.arange(4) < closed, 0.0, size)
    alone = logit(hours[:, closed:], np.ones((1, 4 - closed)), decay)(size[:, closed:])
    np.testing.assert_allclose(choose(still)[:, closed:], alone, rtol=1e-10)
    np.testing.assert_array_equal(choose(size), logit(hours, np.ones((1, 4)), decay)(size))


people_by_key = hnp.arrays(float, (3, ORIGINS), elements=st.floats(0.0, 1e5))
factors = hnp.arrays(float, (PLACES,), elements=st.floats(1e-3, 1.0))
drawing = hnp.arrays(float, (3, PLACES), elements=st.floats(1.0, 1e6) | st.just(0.0))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@settings(max_examples=60, deadline=None)
@given(hours, masks, drawing, people_by_key, factors, st.sampled_from([0.0, 0.5, 20.0, 1e4]))
def test_products_give_the_arrivals_that_shares_would(model, hours, allowed, size, people, factor, decay):
    """A second way: every key's shares, formed and multiplied; with places closed next to far ones too."""
    key, origin = (part.ravel() for part in np.indices(people.shape))
    draw = model(hours, allowed, decay, origin, key)(size)
    total = totals(draw, factor)
    assert ((total > 0) == (draw.total > 0)).all()
    arrivals = pulled(draw, people.ravel(), factor) * factor
    share = shares(priced(draw, factor, np.zeros(key.size, dtype=bool))).reshape(*people.shape, -1)
    np.testing.assert_allclose(arrivals, np.einsum("ko,kod->kd", people, share), rtol=1e-9, atol=1e-9)
    assert arrivals.sum() == pytest.approx(people.ravel()[draw.total > 0].sum(), rel=1e-12)
