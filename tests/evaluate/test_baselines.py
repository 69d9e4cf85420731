"""The baselines on the toy area, worked out by hand.

Cedar (P3) comes under beta on 6 January. Cells are 5 km; Cedar's cells are those nearest to P3.
"""

import datetime as dt

import numpy as np
import pytest
from support import changed

from displacement.asked import read_inputs
from displacement.evaluate import baselines, observe
from displacement.evaluate.observe import Area
from displacement.io.observations import Observation, PreviousShare
from displacement.scenario import timeline

ZONES = ("Z1", "Z2", "Z3", "X-WEST")
AREA = Area(
    ZONES, ("N", "N", "S", ""), ("", "", "", ""), ("a", "a", "b"), dt.date(2030, 1, 1), dt.date(2030, 1, 4)
)
LEFT = np.array([[0.0, 0, 0, 0], [10, 0, 4, 0], [10, 20, 4, 0], [10, 20, 4, 0]])
"""People who have left by the end of each day and zone."""
PREVIOUS = np.array([0.5, 0.25, np.nan, np.nan])
BEFORE = np.array([0.2, 0.0, 0.8, np.nan])


def figure(kind="displaced_cum", first=1, last=4, **fields):
    days = [dt.date(2030, 1, day) for day in (first, last)]
    given = {"origin": (), "destination": (), "value": 1.0, "low": np.nan, "high": np.nan, "unit": "people"}
    return Observation(kind=kind, since=days[0], date=days[1], **(given | fields))


def exposed(scenario, within_km):
    inputs = read_inputs(scenario)
    events = timeline.of(scenario, inputs)
    days = scenario.period.days
    return inputs, baselines.exposed(inputs, events.control, events.answers, within_km, days)


def test_people_are_exposed_from_the_day_on_which_control_changes_and_not_before(toy):
    """No reach: who lives in the cells that change hands, Cedar's 6,000 with those of no other place."""
    inputs, found = exposed(toy, within_km=0.0)
    assert found[:5].sum() == 0
    cells = inputs.cells
    mine = cells["place"].values == inputs.places.code.index("P3")
    lived = np.bincount(cells["zone"].values[mine], cells["population"].values[mine], 5)
    np.testing.assert_allclose(found[5], lived)
    assert lived[2] == pytest.approx(6000)
    np.testing.assert_allclose(found[-1], found[5])


def test_those_near_are_exposed_too_and_the_new_controllers_own_side_is_not(toy):
    """A loop over cells: some of alpha's people within 10 km of a cell of Cedar; Delta is held by beta itself."""
    inputs, found = exposed(toy, within_km=10.0)
    cells, (easting, northing) = inputs.cells, inputs.grid.centres()
    changed_hands = cells["place"].values == inputs.places.code.index("P3")
    beta = inputs.controllers.index("beta")
    by_hand = np.zeros(5)
    for at in range(inputs.grid.size):
        away = np.hypot(easting - easting[at], northing - northing[at])[changed_hands].min()
        key = cells["response"].values[at]
        if away <= 10_000 and inputs.keys.controller[key] != beta and cells["zone"].values[at] >= 0:
            by_hand[cells["zone"].values[at]] += cells["population"].values[at]
    np.testing.assert_allclose(found[-1], by_hand)
    assert by_hand[3] == 0
    assert by_hand.sum() > 6000


def test_nobody_is_exposed_by_strikes_alone(toy):
    """So B1 says that nobody leaves."""
    strikes = changed(toy, events=[event.model_dump(by_alias=True) for event in toy.events[1:2]])
    _, found = exposed(strikes, within_km=10.0)
    assert found.sum() == 0


def test_who_never_leaves_because_of_the_new_controller_is_not_exposed(toy):
    calm = changed(toy, departure_response=[{"controlled_by": "alpha", "incoming": "beta", "share": "none"}])
    assert exposed(calm, within_km=10.0)[1].sum() == 0


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (figure(), [34, 34, 34]),
        (figure(first=3), [20, 20, 20]),
        (figure(unit="movements"), [68, 68, 68]),
        (figure(held_by=("b",)), [4, 4, 4]),
        (figure("departures_cum", origin=("N",)), [30, 30, 30]),
        (figure("arrivals_cum"), [34, 34, 34]),
        (figure("arrivals_cum", destination=("Z1",)), [np.nan, 17, 6.8]),
        (figure("arrivals_cum", destination=("N",), unit="movements"), [np.nan, 51, 13.6]),
        (figure("arrivals_cum", destination=("Z3",)), [np.nan, np.nan, 27.2]),
        (figure("arrivals_cum", origin=("Z2",), destination=("Z1",)), [np.nan, 10, 4]),
        (figure("remaining"), [np.nan, np.nan, np.nan]),
        (figure("returned_cum"), [np.nan, np.nan, np.nan]),
        (figure(score="no"), [np.nan, np.nan, np.nan]),
    ],
)
def test_baselines_of_change_and_destination(observation, expected):
    found = baselines.baselines([observation], AREA, LEFT, PREVIOUS, BEFORE, 2.0)
    np.testing.assert_allclose(found[:3, 0], expected)


def test_the_newest_figure_of_a_series_goes_on():
    series = [
        figure(last=2, value=5.0, score="no"),
        figure(last=3, value=7.0),
        figure(last=3, value=8.0),
        figure(last=4, value=9.0),
        figure(last=4, value=9.5, unit="movements"),
        figure(last=4, value=9.5, origin=("N",)),
    ]
    found = [baselines.persistence(series, at) for at in range(len(series))]
    np.testing.assert_array_equal(found, [np.nan, 5.0, 5.0, 8.0, np.nan, np.nan])
    np.testing.assert_array_equal(
        baselines.baselines(series, AREA, LEFT, PREVIOUS, BEFORE, 2.0)[3],
        [np.nan, 5.0, 5.0, 8.0, np.nan, np.nan],
    )


def test_the_share_of_a_row_is_split_by_people_and_the_longest_code_counts():
    area = Area(
        ("A1", "A2", "A3", "B1"), ("",) * 4, ("",) * 4, ("",) * 4, dt.date(2030, 1, 1), dt.date(2030, 1, 2)
    )
    rows = [PreviousShare(("A",), 0.3, ""), PreviousShare(("A3",), 0.6, "")]
    found = baselines.shares_by_population(rows, area, np.array([10.0, 20.0, 5.0, 7.0]))
    np.testing.assert_allclose(found, [0.1, 0.2, 0.6, np.nan])
    assert np.isnan(baselines.shares_by_population([], area, np.ones(4))).all()


def test_the_rule_of_thumb_is_the_median_of_ten_shares():
    shares = [0.97, 0.99, 0.57, 0.62, 0.41, 0.153, 0.119, 0.102, 0.8, 0.04]
    assert baselines.RuleOfThumb().share_left == pytest.approx(np.median(shares))
    assert set(baselines.NAMES) == {"B1", "B2", "B3", "B4"}
    assert observe.comparable(figure(), AREA)
