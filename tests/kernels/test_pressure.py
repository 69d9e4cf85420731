"""Pressure to leave: every compiled variant against the integrals in NumPy, which are held to the equation elsewhere."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from displacement.kernels import flows, pressure
from displacement.movement import hazard
from displacement.movement.assumptions import Hazard
from displacement.movement.control import Change, timeline
from displacement.movement.threats import UNNAMED, Answers, Front, Pressure, Strike, Threats

COMPILED = flows.variants()
compiled_only = pytest.mark.skipif(not COMPILED, reason="built without the compiled kernel")
CONTROLLERS, PLACES = 4, 6


class World:
    """Places that change hands, some of them before the start or twice, strikes, and assaults; some cells see nothing."""

    def __init__(self, seed, cells, assaults):
        draw = np.random.default_rng(seed)
        peaceful = draw.random(cells) < 0.3
        times = np.round(draw.uniform(-6.0, 12.0, 8) * 2) / 2
        changes = [Change(time, draw.integers(PLACES), draw.integers(CONTROLLERS)) for time in times]
        control = timeline(draw.integers(-1, CONTROLLERS, PLACES), changes)
        fronts = [
            Front(
                time,
                controller,
                np.where(peaceful | (draw.random(cells) < 0.2), np.inf, draw.exponential(12.0, cells)),
            )
            for time, controller, _ in control.fronts()
        ]
        strikes = [
            Strike(time, draw.exponential(3.0), *draw.uniform(0, 3e4, 2), int(draw.choice([UNNAMED, 0, 2])))
            for time in np.round(draw.uniform(-5.0, 12.0, 9 * (seed % 2)) * 4) / 4
        ]
        pressures = [
            Pressure(
                start, start + 2.5, draw.integers(CONTROLLERS), draw.random(), *draw.uniform(0, 3e4, 2), 2.0
            )
            for start in draw.uniform(-1.0, 9.0, assaults)
        ]
        east, north = draw.uniform(0, 3e4, (2, cells))
        place = draw.integers(-1, PLACES, cells)
        self.threats = Threats(east, north, place, control, fronts, strikes, pressures)
        foreign = draw.random((3, CONTROLLERS)) < 0.7
        self.answers = Answers(draw.random((3, CONTROLLERS)) * (draw.random((3, CONTROLLERS)) < 0.8), foreign)
        self.key = draw.integers(0, 3, cells)
        self.hazard = Hazard(
            share_in_week=0.7,
            memory=draw.uniform(0.3, 9),
            foresight=draw.uniform(0.3, 5),
            strike_memory=draw.uniform(0.5, 9),
        )
        self.edges = np.linspace(0.0, 12.0, 1 + 12 * int(draw.integers(1, 4)))
        first = np.sort(np.concatenate([[0, cells], draw.integers(0, cells + 1, 3)]))
        self.people = pressure.People(first, draw.exponential(900.0, (4, cells)), np.array([1, 0, 1, 2]))

    def all(self):
        seen = (self.threats, self.answers)
        factors = np.array([0.1, 1.0, 2.5])
        yield hazard.cumulative(*seen, self.key, self.hazard, self.edges, factors)
        yield hazard.danger(*seen, self.key, self.hazard, self.edges)
        yield from hazard.by_block(*seen, self.hazard, self.edges, factors, self.key, self.people)


def under(name, world):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(flows.FORCED, name)
        return list(world.all())


@compiled_only
@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 3))
def test_every_variant_gives_the_integrals_and_all_the_same_bits(seed, cells, assaults):
    world = World(seed, cells, assaults)
    plain, first = under(flows.NUMPY, world), under(COMPILED[0], world)
    for expected, found in zip(plain, first, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    for name in COMPILED[1:]:
        for found, same in zip(under(name, world), first, strict=True):
            np.testing.assert_array_equal(found, same)


@compiled_only
def test_who_stays_is_never_more_than_before_and_everybody_at_first():
    world = World(7, 40, 1)
    home, pressed = under(COMPILED[0], world)[2:]
    assert (np.diff(home, axis=1) <= 1e-12 * home[:, :1]).all()
    assert (np.diff(pressed, axis=1) >= 0).all()
    first = world.people.first
    expected = [world.people.start[:, one:end].sum(axis=1) for one, end in itertools.pairwise(first)]
    np.testing.assert_allclose(home[:, 0], np.transpose(expected), rtol=1e-14)


@compiled_only
def test_steps_with_gaps_and_rows_that_are_not_there_are_refused():
    cells, nothing = 3, np.array([-1, -1])
    rows = np.zeros((0, cells))
    still = np.full((1, cells), -1.0)
    seen = pressure.Seen(
        rows,
        rows,
        rows,
        rows.reshape(0, 0, cells),
        still,
        still,
        still,
        np.zeros(cells),
        rows,
        np.zeros(cells),
    )
    rates = pressure.Rates(0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 2.0, np.ones(1))
    course = pressure.Course(
        2, np.ones(2), np.array([0, 1]), nothing, np.zeros(2), nothing, nothing, nothing, nothing
    )
    assert (pressure.by_cell(course, seen, rates)[0] == 0).all()
    with pytest.raises(ValueError, match="steps"):
        pressure.by_cell(course._replace(step=np.array([0, 2])), seen, rates)
    with pytest.raises(IndexError, match="front: row 0 of 0"):
        pressure.by_cell(course._replace(front=np.array([0, -1])), seen, rates)
