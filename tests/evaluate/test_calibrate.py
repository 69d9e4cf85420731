"""Fitting: which cases it may read, and whether it finds again what it was given."""

import csv
import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from support import HEAD, written

from displacement.evaluate import calibrate, fitting
from displacement.evaluate.smoother import smoothed
from displacement.io import observations
from displacement.io.errors import InputError

OBSERVED = """kind,period_start,date,origin,destination,value,unit,score,reason,scope,source
displaced_cum,2030-01-02,2030-01-05,,,3000,people,yes,,whole area,invented
displaced_cum,2030-01-02,2030-01-07,,,6000,people,yes,,whole area,invented
arrivals_cum,2030-01-02,2030-01-07,,Z1,1000,people,shares,a test,to Z1,invented
arrivals_cum,2030-01-02,2030-01-07,,Z2,500,people,shares,a test,to Z2,invented
displaced_cum,2030-01-02,2030-01-09,,,9000,people,yes,,whole area,invented
"""
DAILY = OBSERVED.splitlines()[0] + "".join(
    f"\ndisplaced_cum,2030-01-02,2030-01-{day:02},{zone},,1000,people,yes,,from {zone or 'everywhere'},invented"
    for zone in ("", "Z1", "Z2", "Z3")
    for day in range(3, 8)
)
"""More figures of departures: every day, of each zone and of all."""
EVENTS = """events:
  - {control: control.csv}
  - {strikes: strikes.csv}
movement:
  area: {zone_reach: 30, control_reach: 30}
grid: {cell_km: 5}
"""


def case(folder, use="calibration", observed=OBSERVED, until="2030-01-07"):
    """A scenario with a table of observed figures beside it."""
    (folder / "observed.csv").write_text(observed, encoding="utf-8")
    marked = f"case: {{use: {use}, observations: observed.csv, fit_until: {until}}}\n"
    return written(folder, HEAD + EVENTS + marked)


@pytest.mark.parametrize("use", ["validation", "holdout"])
def test_a_case_that_is_not_for_calibration_is_refused_before_its_figures_are_opened(
    tmp_path, monkeypatch, use
):
    opened = []
    monkeypatch.setattr(observations, "read", lambda *read: opened.append(read))
    path = case(tmp_path, use)
    for attempt in (fitting.prepared, lambda one: calibrate.calibrate([one], "test", draws=8, members=8)):
        with pytest.raises(InputError, match=rf"is marked '{use}', and only cases marked 'use: calibration'"):
            attempt(path)
    assert not opened


def test_a_scenario_without_a_case_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no 'case'"):
        fitting.prepared(written(tmp_path, HEAD))


def test_figures_after_the_case_says_fit_until_change_nothing(tmp_path):
    """The last figure, of 9 January, lies after 7 January: neither its number nor its day reaches the fitting."""
    first = fitting.prepared(case(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    second = fitting.prepared(case(other, observed=OBSERVED.replace("9000", "1")))
    assert [row.value for row in first.observations] == [3000, 6000, 1000, 500]
    assert first.scenario.period.last == dt.date(2030, 1, 7)
    for one, other in zip(fitting.targets(first), fitting.targets(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_shares_count_by_their_ratios_and_levels_by_their_levels(tmp_path):
    """By hand: ln(1001/501)/2 apart from the mean of the two logarithms; levels as they are."""
    goal = fitting.targets(fitting.prepared(case(tmp_path)))
    half = np.log(1001 / 501) / 2
    np.testing.assert_allclose(goal.values, [np.log(3001), np.log(6001), half, -half])
    np.testing.assert_allclose(goal.centring @ np.array([1.0, 2.0, 7.0, 3.0]), [1.0, 2.0, 2.0, -2.0])
    early = np.log(2.0) ** 2 + fitting.MODEL_ERROR**2
    np.testing.assert_allclose(np.diag(goal.covariance)[:2], early, rtol=1e-4)
    assert goal.covariance[0, 1] == pytest.approx(fitting.WITHIN_SERIES * early, rel=1e-4)
    assert goal.covariance[0, 2] == 0


def test_no_more_than_eight_shared_parameters_are_free(monkeypatch):
    assert len(calibrate.free()) == 8
    monkeypatch.setattr(calibrate, "FREE", (*calibrate.FREE, "returns.rate_open"))
    with pytest.raises(ValueError, match="at most 8"):
        calibrate.free()


def test_departures_are_those_of_the_whole_run(tmp_path):
    found = fitting.prepared(case(tmp_path))
    scores = np.random.default_rng(1).normal(size=(2, len(calibrate.FREE) + 1))
    members = calibrate.of_case(scores, 0, found.scenario.movement)
    alone = fitting.departures(found, members)
    everything = fitting.arrivals(replace(found, leaving=0), members)
    np.testing.assert_allclose(everything[:, :2], alone, rtol=1e-6)
    np.testing.assert_allclose(everything[:, 2:], fitting.arrivals(found, members))


def test_the_event_effect_of_a_case_is_its_score_times_the_spread(tmp_path):
    """Of two cases, the second: median of the spread is 0.337, its score 2; the other case's score does not matter."""
    movement = fitting.prepared(case(tmp_path)).scenario.movement
    scores = np.zeros((1, len(calibrate.FREE) + 2))
    scores[0, -2:] = 7.0, 2.0
    (found,) = calibrate.of_case(scores, 1, movement)
    assert found.hazard.event_effect == pytest.approx(2 * 0.337, abs=1e-3)
    assert found.hazard.threat_reach == movement.hazard.threat_reach


def told(folder, found, member):
    """The case again, with a member's own figures in place of the invented ones."""
    figures = [*fitting.departures(found, [member])[0], *fitting.arrivals(found, [member])[0]]
    rows = list(csv.reader(OBSERVED.splitlines()))
    text = "\n".join(
        ",".join([*row[:5], f"{value:.0f}", *row[6:]]) for row, value in zip(rows[1:5], figures, strict=True)
    )
    folder.mkdir()
    return case(folder, observed=f"{','.join(rows[0])}\n{text}\n")


def test_fitting_moves_the_estimates_towards_the_figures(tmp_path):
    """Figures of a hazard twice as strong and people who mind the way; one process or two give the same set."""
    found = fitting.prepared(case(tmp_path))
    movement = found.scenario.movement
    member = movement.model_copy(
        update={
            "hazard": movement.hazard.model_copy(update={"event_effect": 0.7}),
            "destinations": movement.destinations.model_copy(update={"travel_time_decay": 2.0}),
        }
    )
    path = told(tmp_path / "told", found, member)
    settings = {"version": "test", "draws": 16, "members": 32, "steps": 2, "seed": 3}
    fitted = calibrate.calibrate([path], **settings)
    assert fitted.diagnostics.misfit_after < fitted.diagnostics.misfit_before
    assert fitted.cases[0].event_effect > 0
    assert [one.name for one in fitted.parameters] == [*calibrate.FREE, calibrate.WEIGHED]
    assert fitted.parameters[-1].median > fitted.parameters[-1].prior_median
    assert calibrate.calibrate([path], **settings, workers=2) == fitted


@pytest.mark.slow
def test_known_parameters_are_found_again(tmp_path, record_property):
    """V16: in 50 repeats, draw what departures depend on from the priors, make figures with the errors that are assumed,
    fit, and count how often the 80 % interval holds what was drawn. Of all intervals 70 to 90 % must."""
    found = fitting.prepared(case(tmp_path, observed=DAILY))
    goal = fitting.targets(found)
    columns, random = len(calibrate.FREE) + 1, np.random.default_rng(16)
    root = np.linalg.cholesky(goal.covariance)
    held, spread = [], []

    def predict(scores):
        return np.log1p(fitting.departures(found, calibrate.of_case(scores, 0, found.scenario.movement)))

    for _ in range(50):
        truth = random.standard_normal(columns)
        figures = predict(truth[None])[0] + root @ random.standard_normal(goal.values.size)
        draws = random.standard_normal((96, columns))
        fitted, _ = smoothed(draws, predict, figures, goal.covariance, 4, random)
        low, high = np.quantile(fitted, [0.1, 0.9], axis=0)
        held.append((low <= truth) & (truth <= high))
        spread.append(fitted.std(axis=0))
    share, narrowest = float(np.mean(held)), float(np.mean(spread, axis=0).min())
    record_property("intervals that hold", share)
    by_name = dict(zip([*calibrate.FREE, "event effect"], np.mean(held, axis=0).round(2), strict=True))
    assert 0.70 <= share <= 0.90, (share, by_name)
    assert narrowest < 0.8, "the figures taught nothing"
