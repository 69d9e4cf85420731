"""Between state and report: scopes, lags, movements and noise, each worked out by hand."""

import datetime as dt

import numpy as np
import pytest
import xarray as xr

from displacement.asked import read_inputs
from displacement.evaluate import observe
from displacement.evaluate.observe import Area, Observing
from displacement.io.observations import Observation
from displacement.scenario import timeline

ZONES = ("Z1", "Z2", "Z3", "X-WEST")
FIRST = dt.date(2030, 1, 1)
AREA = Area(
    ZONES, ("N", "N", "S", ""), ("NW", "NE", "SW", ""), ("alpha", "alpha", "beta"), FIRST, dt.date(2030, 1, 4)
)
SURE = Observing(movements_per_person=2.0, lag_days=0.0)


def figure(kind="displaced_cum", first=1, last=4, **fields):
    days = [dt.date(2030, 1, day) for day in (first, last)]
    given = {"origin": (), "destination": (), "value": 1.0, "low": np.nan, "high": np.nan, "unit": "people"}
    return Observation(kind=kind, since=days[0], date=days[1], **(given | fields))


def moved():
    """On day 1, 10 leave Z1 (6 to Z2, 4 out), on day 3, 20 leave Z2 and 5 leave Z3, all to Z1; 6 of Z1 move on to Z3."""
    first = np.zeros((1, 4, 4))
    first[0, 0, 0], first[0, 2, 1], first[0, 2, 2] = 10, 20, 5
    sent = np.zeros((1, 4, 4, 4))
    sent[0, 0, 0] = [0, 6, 0, 4]
    sent[0, 2, 1] = [20, 0, 6, 0]  # with the 6 who move on from there
    sent[0, 2, 2] = [5, 0, 0, 0]
    came, again = np.zeros((1, 4, 4, 2)), np.zeros((1, 4, 4, 2))
    came[0, 1, 1, 0], came[0, 1, 3, 0] = 6, 4
    came[0, 3, 0] = [15, 10]
    came[0, 3, 2, 0] = again[0, 3, 2, 0] = 6
    back = np.zeros((1, 4, 4))
    back[0, 3, 0] = 3
    people = {
        "first_departures": first,
        "newly_displaced_cum": first.cumsum(axis=1),
        "newly_displaced": first.cumsum(axis=1) - back,
        "returned_cum": back,
    }
    dims = ("member", "time", "zone")
    dataset = {name: (dims, values) for name, values in people.items()}
    dataset |= {"arrivals": ((*dims, "type"), came), "arrivals_again": ((*dims, "type"), again)}
    flows = xr.Dataset({"departures": (("member", "time", "origin", "destination"), sent)})
    return xr.Dataset(dataset), flows


def told(*figures, observing=SURE):
    drawn = observe.draws(observing, 1, len(figures), seed=1)
    return observe.reported(*moved(), figures, AREA, observing, drawn)[:, 0]


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (figure(), 35),
        (figure(first=2), 25),
        (figure(last=2), 10),
        (figure(origin=("N",)), 30),
        (figure(origin=("Z2", "S")), 25),
        (figure(held_by=("alpha",)), 30),
        (figure(counts_from=("Z3",)), 5),
        (figure(held_by=("alpha",), counts_from=("Z2", "Z3")), 20),
        (figure("departures_cum", origin=("NW",)), 10),
        (figure("remaining"), 32),
        (figure("remaining", first=3), 32),
        (figure("returned_cum"), 3),
        (figure("returned_cum", destination=("S",)), 0),
        (figure("returned_cum", unit="movements"), 3),
        (figure("arrivals_cum"), 31),
        (figure("arrivals_cum", destination=("Z1",)), 25),
        (figure("arrivals_cum", destination=("Z3",)), 0),
        (figure("arrivals_cum", destination=("X-WEST",)), 4),
        (figure("arrivals_cum", first=3), 25),
        (figure("arrivals_cum", destination=("Z2",), unit="movements"), 12),
        (figure(unit="movements"), 70),
        (figure("arrivals_cum", origin=("Z1",), destination=("Z2",)), 6),
        (figure("arrivals_cum", origin=("N",), destination=("N",)), 6 + 20 * 20 / 26),
        (figure("arrivals_cum", held_by=("beta",), destination=("Z1",)), 5),
    ],
)
def test_each_kind_counts_what_it_says(observation, expected):
    assert told(observation)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    "observation",
    [
        figure(score="no"),
        figure()._replace(since=dt.date(2029, 12, 31)),
        figure()._replace(date=dt.date(2030, 1, 5)),
    ],
)
def test_what_has_no_counterpart_is_left_blank(observation):
    assert np.isnan(told(observation)[0])


def test_the_weights_of_the_lag_add_up_to_one_and_their_mean_is_the_lag():
    """The answer to a jump by one rises by the weight of each delay."""
    lags = np.array([0.0, 0.5, 2.0, 7.0])
    weights = np.diff(observe.lagged(np.ones((4, 400)), lags), axis=1, prepend=0.0)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose((weights * np.arange(400)).sum(axis=1), lags, atol=1e-9)


def test_a_count_comes_late():
    """With a mean lag of a day half of those not yet counted enter each day: 10 on day 1 are 5, 7.5, 8.75 and 9.375."""
    late = Observing(lag_days=1.0)
    found = told(*(figure(last=day, origin=("Z1",)) for day in (1, 2, 3, 4)), observing=late)
    np.testing.assert_allclose(found, [5.0, 7.5, 8.75, 9.375])
    assert told(figure(first=3, origin=("Z1",)), observing=late)[0] == pytest.approx(9.375 - 7.5)


def test_draws_are_the_medians_of_one_member_and_the_priors_of_many():
    observing = Observing()
    alone = observe.draws(observing, 1, 3, seed=5)
    assert (alone.movements_per_person[0], alone.lag_days[0]) == (1.35, 2.0)
    assert not alone.noise.any() and not alone.noise_of_curve.any()
    many = observe.draws(observing, 1024, 3, seed=5)
    for values, median, spread in ((many.movements_per_person, 1.35, 1.15), (many.lag_days, 2.0, 1.5)):
        assert np.median(values) == pytest.approx(median, rel=0.01)
        assert np.exp(np.log(values).std()) == pytest.approx(spread, rel=0.01)
    assert many.noise.shape == (3, 1024)
    np.testing.assert_allclose(many.noise.std(axis=1), 1.0, rtol=0.02)
    assert np.abs(np.corrcoef(np.vstack([many.noise, many.noise_of_curve])) - np.eye(4)).max() < 0.1


def test_an_assumption_that_was_set_is_not_drawn():
    many = observe.draws(Observing(lag_days=3.0), 8, 1, seed=5)
    assert set(many.lag_days) == {3.0}


def test_draws_of_a_batch_are_those_of_its_members():
    many = observe.draws(Observing(), 8, 2, seed=5)
    part = many.of(slice(4, 6))
    np.testing.assert_array_equal(part.noise, many.noise[:, 4:6])
    np.testing.assert_array_equal(part.lag_days, many.lag_days[4:6])


def test_noise_is_wide_in_the_first_week_and_narrow_later():
    """Draws of one standard deviation: the first count is off by a factor of 2, that of the eighth day by 1.25."""
    area = AREA.__class__(**{**vars(AREA), "last": dt.date(2030, 1, 20)})
    figures = (figure(first=2, last=8), figure(first=2, last=9), figure(first=3, last=3, score="no"))
    people, flows = moved()
    people, flows = (part.pad(time=(0, 8), mode="edge") for part in (people, flows))
    drawn = observe.draws(SURE, 1, 3, seed=1)._replace(noise=np.ones((3, 1)))
    found = observe.reported(people, flows, figures, area, SURE, drawn)[:, 0]
    np.testing.assert_allclose(found[:2], [25 * 2.0, 25 * 1.25])


def test_the_curve_has_the_scope_of_most_totals():
    scoped = [figure(last=day, held_by=("beta",)) for day in (2, 3)]
    others = [figure(), figure(unit="movements", last=3), figure("remaining")]
    drawn = observe.draws(SURE, 1, 5, seed=1)
    assert observe.main_series([*scoped, *others], AREA) == scoped[1]
    found = observe.curve(moved()[0], [*scoped, *others], AREA, SURE, drawn)
    np.testing.assert_allclose(found, [[0.0], [0.0], [5.0], [5.0]])
    everybody = observe.curve(moved()[0], [], AREA, SURE, drawn)
    np.testing.assert_allclose(everybody[:, 0], [10.0, 10.0, 35.0, 35.0])


def test_a_zone_is_held_by_who_holds_the_places_of_most_of_its_people(toy):
    """Cedar changes hands on the sixth day; the start counts."""
    inputs = read_inputs(toy)
    area = observe.area_of(inputs, timeline.of(toy, inputs).control, toy.period)
    assert area.holder == ("alpha", "alpha", "alpha", "beta")
    assert area.zone == ("Z1", "Z2", "Z3", "Z4", "X-WEST")
    np.testing.assert_array_equal(area.covered(("S",), ("alpha",)), [False, False, True, False, False])
    np.testing.assert_array_equal(area.covered(("X-WEST",)), [False, False, False, False, True])
    np.testing.assert_array_equal(area.covered(()), [True, True, True, True, False])
