"""Pressure to leave: closed forms, known limits, and the front that moves (laws V2, V3, V4)."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from displacement.movement import hazard as pressure
from displacement.movement.assumptions import Hazard
from displacement.movement.control import Change, Control, timeline
from displacement.movement.threats import Answers, Front, Pressure, Strike, Threats, front_distances

MOST = Answers(response=np.array([[0.0, 1.0]]), foreign=np.array([[False, True]]))
NEVER = Control(np.array([]), np.zeros((1, 1), dtype=int))


def threats(easting_km, control=NEVER, place=None, **events):
    easting = 1000.0 * np.asarray(easting_km, dtype=float)
    where = np.zeros(easting.size, dtype=int) if place is None else place
    return Threats(easting, np.zeros(easting.size), where, control, **events)


def left(seen, hazard, edges, answers=MOST):
    """Cumulative hazard of mobile residents at each edge."""
    key = np.zeros(seen.easting.size, dtype=int)
    return pressure.cumulative(seen, answers, key, hazard, np.asarray(edges, dtype=float), np.ones(1))[0]


@given(st.floats(0.05, 0.99), st.floats(1.0, 20.0), st.sampled_from([1.0, 0.5, 0.25]))
def test_declared_pressure_empties_a_place_at_the_stated_rate(share, reach, step):
    """V2: P = P0 exp(-lambda_f exp(-d / ell) t)."""
    hazard = Hazard(share_in_week=share, threat_reach=reach)
    distance = np.array([0.0, 3.0, 17.0])
    seen = threats(distance, pressures=[Pressure(0.0, 10.0, 1, 1.0, 0.0, 0.0, 0.0)])
    edges = np.arange(0.0, 10.0 + step, step)
    rate = -np.log1p(-share) / 7.0
    expected = np.exp(-rate * np.exp(-distance / reach) * edges[:, None])
    np.testing.assert_allclose(np.exp(-left(seen, hazard, edges)), expected, rtol=1e-10)


def test_a_boundary_at_which_nothing_happens_moves_nobody():
    """V2, exactly: two controllers side by side, and no event."""
    still = Control(np.array([]), np.array([[0, 1]]))
    seen = threats([0.0, 1.0, 2.0], still, np.array([0, 0, 1]))
    assert (left(seen, Hazard(), np.arange(31)) == 0).all()


def test_people_do_not_leave_because_of_their_own_side():
    seen = threats([0.0, 4.0], pressures=[Pressure(0.0, 5.0, 0, 1.0, 0.0, 0.0, 0.0)])
    assert (left(seen, Hazard(), np.arange(6)) == 0).all()


def moving_front(bin_days, speed=5.0, days=40, cells=160):
    """Cells of 1 km in a row; a front passes them at a constant speed. Distances as the model sees them."""
    centre = np.arange(cells) + 0.5
    time = centre / speed
    binned = (np.floor(time / bin_days) + 0.5) * bin_days
    changes = [Change(at, cell, 1) for cell, at in enumerate(binned)]
    control = timeline(np.zeros(cells, dtype=int), changes)
    fronts = []
    for at, controller, places in control.fronts():
        mine = centre[places]
        away = np.abs(centre[:, None] - mine[None, :]).min(axis=1)
        fronts.append(Front(at, controller, away))
    return threats(centre, control, np.arange(cells), fronts=fronts), binned


def error_of_the_front(bin_days, hazard, speed=5.0):
    """Relative error of the share that has left when a cell changes hands, for cells seen 8 to 28 days ahead."""
    seen, at = moving_front(bin_days, speed)
    rate = -np.log1p(-hazard.share_in_week) / 7.0
    r = min(speed / hazard.threat_reach, np.log(2.0) / hazard.foresight)
    cells = np.flatnonzero((at > 8.0) & (at < 28.0))
    edges = np.unique(np.concatenate([[0.0], at]))
    gone = 1.0 - np.exp(-left(seen, hazard, edges))
    share = gone[np.searchsorted(edges, at[cells]), cells]
    ahead = (cells + 0.5) / speed
    return share / (1.0 - np.exp(-rate * (1.0 - np.exp(-r * ahead)) / r)) - 1.0


@pytest.mark.parametrize(("foresight", "worst"), [(4.0, 0.06), (8.0, 0.06), (2.0, 0.12)])
def test_a_front_at_constant_speed_empties_places_as_the_closed_form_says(foresight, worst):
    """V3: share left at the change = 1 - exp(-lambda_f (1 - exp(-r S)) / r), r = min(v / ell, ln 2 / h_lead).

    The bin moves a change by up to half a day, against (1 - exp(-r S)) / r days of exposure in all: 6 % of it
    at the default foresight, twice that at half the foresight. It halves with the bin.
    """
    hazard = Hazard(foresight=foresight, memory=1e6, horizon=1e6)
    daily = error_of_the_front(1.0, hazard)
    assert np.abs(daily).mean() <= worst / 2
    assert np.abs(daily).max() <= worst
    half = error_of_the_front(0.5, hazard)
    assert np.abs(half).max() <= 0.6 * np.abs(daily).max()


def busy():
    """A capture near, one far, strikes and an assault, at awkward distances."""
    control = timeline(np.array([0, 0, 0]), [Change(3.5, 1, 1), Change(9.5, 2, 1), Change(5.5, 0, 1)])
    where = np.array([0, 1, 2])
    fronts = [
        Front(3.5, 1, np.array([7.0, 0.0, 20.0])),
        Front(5.5, 1, np.array([0.0, 7.0, 12.0])),
        Front(9.5, 1, np.array([12.0, 20.0, 0.0])),
    ]
    return threats(
        [0.0, 7.0, 19.0],
        control,
        where,
        fronts=fronts,
        strikes=[
            Strike(2.5, 9.0, 1000.0, 0.0),
            Strike(4.5, 2.0, 8000.0, 0.0),
            Strike(4.5, 4.0, 3000.0, 0.0, by=1),
            Strike(5.0, 1.5, 18_000.0, 0.0, by=0),
        ],
        pressures=[Pressure(6.0, 8.0, 1, 0.5, 15_000.0, 0.0, 2.0)],
    )


def rate_at(seen, hazard, time):
    """The hazard at a moment, straight from the equation E2. [1/day]"""
    front, takeover, strike = pressure.rates(hazard)
    ln2 = np.log(2.0)
    total = np.zeros(3)
    changed = {0: 5.5, 1: 3.5, 2: 9.5}
    for cell in range(3):
        weights = [
            (
                2 ** (-(time - f.time) / hazard.memory)
                if time >= f.time
                else 2 ** ((time - f.time) / hazard.foresight)
            )
            * np.exp(-f.distance[cell] / hazard.threat_reach)
            for f in seen.fronts
        ]
        for p in seen.pressures:
            if p.start <= time < p.end:
                away = max(0.0, abs(seen.easting[cell] - p.easting) / 1000.0 - p.within_km)
                weights.append(p.intensity * np.exp(-away / hazard.threat_reach))
        s = sum(
            e.weight
            * np.exp(-abs(seen.easting[cell] - e.easting) / 1000.0 / hazard.strike_reach)
            * np.exp(-ln2 * (time - e.time) / hazard.strike_memory)
            for e in seen.strikes
            if e.time <= time and e.by != int(time >= changed[cell])
        )
        taken = time >= changed[cell]
        pulse = takeover * 2 ** (-(time - changed[cell]) / hazard.takeover_half_life) if taken else 0.0
        total[cell] = pulse + (0.0 if taken else front * max(weights)) + strike * s / (1 + s)
    return total


def test_the_integrals_are_those_of_the_equation():
    """A second way: E2 written out for one moment and cell, integrated by adaptive quadrature."""
    seen, hazard = busy(), Hazard()
    found = left(seen, hazard, np.arange(0.0, 13.0))
    breaks = [2.5, 3.5, 4.5, 5.0, 5.5, 6.0, 8.0, 9.5]
    for end in (1.0, 4.0, 8.0, 12.0):
        inside = [time for time in breaks if time < end]
        for cell in range(3):
            edges = [0.0, *inside, end]
            slow = sum(
                integrate.quad(lambda t, cell=cell: rate_at(seen, hazard, t)[cell], a, b, limit=200)[0]
                for a, b in pairwise(edges)
            )
            assert found[int(end), cell] == pytest.approx(slow, rel=1e-6)


def test_departures_do_not_depend_on_the_step():
    """V4: steps of 1, 1/2 and 1/4 day; the left-point rule is the control that must fail."""
    seen, hazard = busy(), Hazard()
    whole = left(seen, hazard, np.arange(0.0, 13.0))
    for step in (0.5, 0.25):
        finer = left(seen, hazard, np.arange(0.0, 12.0 + step, step))[:: round(1 / step)]
        np.testing.assert_allclose(finer, whole, rtol=1e-6, atol=1e-15)
    left_point = np.cumsum([rate_at(seen, hazard, float(day)) for day in range(5)], axis=0)
    gone, gone_left_point = 1 - np.exp(-whole[5]), 1 - np.exp(-left_point[4])
    assert np.abs(gone_left_point / gone - 1.0).max() > 0.05


@settings(max_examples=50, deadline=None)
@given(st.floats(1.0, 3.0), st.floats(0.0, 5.0))
def test_more_pressure_never_keeps_people_at_home(factor, earlier):
    """V9, in the hazard: a larger response, or an assault that begins earlier."""
    seen, hazard = busy(), Hazard()
    less = left(seen, hazard, np.arange(13.0), Answers(MOST.response / 3.0, MOST.foreign))
    more = left(seen, hazard, np.arange(13.0), Answers(MOST.response / 3.0 * factor, MOST.foreign))
    assert (more >= less - 1e-12).all()
    first = seen.pressures[0]
    longer = threats(
        seen.easting / 1000.0,
        seen.control,
        seen.place,
        fronts=seen.fronts,
        strikes=seen.strikes,
        pressures=[first._replace(start=first.start - earlier)],
    )
    assert (left(longer, hazard, np.arange(13.0)) >= left(seen, hazard, np.arange(13.0)) - 1e-12).all()


def test_strikes_press_nobody_where_the_striker_holds_the_place_and_everybody_where_none_is_named():
    """One place under 0 until noon of day 2, then under 1; strikes all along on the spot."""
    control = timeline(np.array([0]), [Change(2.5, 0, 1)])
    edges, hazard = np.arange(6.0), Hazard(takeover_hazard=0.0)

    def pressed(**by):
        fallen = [Strike(0.0, 5.0, 0.0, 0.0, **by)]
        return np.diff(left(threats([0.0], control, np.array([0]), strikes=fallen), hazard, edges)[:, 0])

    assert np.all(pressed() > 0)
    own, other = pressed(by=0), pressed(by=1)
    assert np.all(own[:2] == 0) and own[3:] == pytest.approx(pressed()[3:])
    assert np.all(other[3:] == 0) and other[:2] == pytest.approx(pressed()[:2])
    assert own[2] + other[2] == pytest.approx(pressed()[2])


def test_the_cap_holds():
    seen = threats([0.0], pressures=[Pressure(0.0, 3.0, 1, 1.0, 0.0, 0.0, 0.0)])
    hazard = Hazard(share_in_week=0.99, event_effect=5.0)
    np.testing.assert_allclose(left(seen, hazard, np.arange(4.0))[:, 0], [0.0, 2.0, 4.0, 6.0])


def test_what_is_beyond_the_horizon_has_no_effect():
    seen = threats([61.0], strikes=[Strike(1.5, 100.0, 0.0, 0.0)])
    assert (left(seen, Hazard(), np.arange(5.0)) == 0).all()


def test_a_place_that_goes_back_to_its_own_side_is_threatened_again_and_not_taken_over():
    control = timeline(np.array([0]), [Change(2.5, 0, 1), Change(4.5, 0, 0)])
    fronts = [Front(2.5, 1, np.array([0.0])), Front(4.5, 0, np.array([0.0]))]
    seen = threats([0.0], control, fronts=fronts)
    hazard = Hazard()
    key = np.zeros(1, dtype=int)
    taken = [panel.taken[0] for panel in pressure.panels(seen, MOST, key, hazard, np.array([0.0, 6.0]))]
    assert taken == [False, True, False]
    front, _, _ = pressure.rates(hazard)
    after = np.diff(left(seen, hazard, np.array([5.0, 6.0])), axis=0)[0, 0]
    memory = np.log(2.0) / hazard.memory
    expected = front * (np.exp(-2.5 * memory) - np.exp(-3.5 * memory)) / memory
    assert after == pytest.approx(expected, rel=1e-10)


def test_distances_do_not_depend_on_how_the_rows_are_cut():
    place = np.repeat(np.arange(5), 8).reshape(5, 8)
    control = timeline(np.zeros(5, dtype=int), [Change(1.5, 3, 1)])
    whole = list(front_distances(control, place, 2.0, 3.0, slice(0, 5)))
    assert np.isinf(whole[0].distance.reshape(5, 8)[0]).all()
    parts = [list(front_distances(control, place, 2.0, 3.0, slice(row, row + 1))) for row in range(5)]
    joined = [part[0].distance if part else np.full(8, np.inf) for part in parts]
    np.testing.assert_array_equal(np.concatenate(joined), whole[0].distance)


def test_danger_is_the_mean_threat_with_strikes():
    seen = threats([0.0], pressures=[Pressure(0.0, 1.0, 1, 0.5, 0.0, 0.0, 0.0)])
    found = pressure.danger(seen, MOST, np.zeros(1, dtype=int), Hazard(), np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(found, [[0.5], [0.0]], atol=1e-12)
