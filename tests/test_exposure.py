"""What is seen from bins of cells, against what is seen from each cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import changed

from displacement import asked, exposure, stages
from displacement.kernels.distance import distance_to
from displacement.movement import threats
from displacement.movement.control import Change, timeline
from displacement.scenario import timeline as events_of

CELL = 0.125


def left_by_zone(toy, hazard_cell_km):
    """People of each zone who ever left, by step; on fine cells."""
    grid = {"cell_km": CELL, "travel_cell_km": 5.0, "hazard_cell_km": hazard_cell_km}
    scenario = changed(toy, grid=grid)
    inputs = asked.read_inputs(scenario)
    happening, edges = events_of.of(scenario, inputs), stages.edges_of(scenario)
    left = stages.first_departures(inputs, happening, [(scenario.movement, happening.answers)], edges, map)
    by_block = left.by_block["first_departures"].values[0].sum(axis=1)
    by_zone = np.zeros((len(inputs.zones.code), len(by_block)))
    np.add.at(by_zone, inputs.blocks.zone, by_block.T)
    return by_zone.cumsum(axis=1), inputs


def test_bins_of_a_km_move_less_than_one_in_a_thousand(toy):
    """Cells of 125 m, 64 to a bin, against the hazard cell by cell: by zone and step, of all who ever left."""
    exact, inputs = left_by_zone(toy, CELL)
    binned, of_bins = left_by_zone(toy, None)
    assert (inputs.bin_side, of_bins.bin_side) == (1, 8)
    wrong = np.abs(binned - exact).sum(axis=0) / exact.sum(axis=0).max()
    assert 0 < wrong.max() < 1e-3


def test_the_error_of_bins_falls_faster_than_their_side(toy):
    exact, _ = left_by_zone(toy, CELL)
    wrong = [np.abs(left_by_zone(toy, side)[0] - exact).sum() for side in (4.0, 1.0)]
    assert wrong[1] < wrong[0] / 4


def test_bins_hold_everybody_of_their_cells_and_cross_no_block_or_place(toy):
    scenario = changed(toy, grid={"cell_km": 0.5, "hazard_cell_km": 2.0})
    inputs = asked.read_inputs(scenario)
    happening, watched = events_of.of(scenario, inputs), exposure.watched(inputs)
    people, place = inputs.cells["population"].values, inputs.cells["place"].values
    total = 0.0
    for rows in exposure.tiles(inputs):
        seen = exposure.seen(rows, inputs, happening, 60.0, watched)
        total += seen.bins.population.sum()
        np.testing.assert_allclose(
            seen.share * seen.bins.population[seen.of_cell], people[seen.cell], rtol=1e-12
        )
        assert (seen.threats.place[seen.of_cell] == place[seen.cell]).all()
        blocks = inputs.blocks.of_cell[seen.cell]
        assert (seen.bins.block[seen.of_cell] + seen.bins.first_block == blocks).all()
        assert seen.bins.population.size < seen.cell.size
    assert total == pytest.approx(people.sum(), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    horizon=st.floats(0.5, 12.0),
    rows=st.integers(1, 9),
)
def test_distances_are_those_of_the_whole_grid_within_the_horizon(seed, horizon, rows):
    """Cut to what lies within reach of the change and of the rows, against the whole grid at once."""
    draw = np.random.default_rng(seed)
    place = draw.integers(-1, 12, (9, 11))
    control = timeline(np.zeros(12, dtype=int), [Change(0.5, int(draw.integers(12)), 1), Change(1.5, 3, 2)])
    for first in range(0, 9, rows):
        span = slice(first, min(first + rows, 9))
        found = {
            (front.time, front.controller): front.distance
            for front in threats.front_distances(control, place, 1.5, horizon, span)
        }
        for time, controller, places in control.fronts():
            whole = distance_to(np.append(places, False)[place], 1.5)[span].ravel()
            expected = np.where(whole <= horizon, whole, np.inf)
            near = found.get((time, controller), np.full(expected.size, np.inf))
            np.testing.assert_array_equal(near, expected)


def test_destinations_and_blocks_see_what_their_cells_do(toy):
    """Also from rows where nobody lives: the sights of all tiles together are those of the grid at once."""
    inputs = asked.read_inputs(toy)
    happening, watched = events_of.of(toy, inputs), exposure.watched(inputs)
    parts = [
        exposure.seen(rows, inputs, happening, 60.0, watched).sights
        for rows in exposure.tiles(inputs, least_cells=1)
    ]
    sights = exposure.joined(parts, watched)
    assert set(watched) == {cell for part in parts for cell in part.cell.tolist()}
    place = inputs.cells["place"].values.reshape(inputs.grid.shape)
    whole = threats.front_distances(
        happening.control, place, inputs.grid.cell_km, 60.0, slice(0, inputs.grid.shape[0])
    )
    for front, expected in zip(sights.at(watched), whole, strict=True):
        assert (front.time, front.controller) == (expected.time, expected.controller)
        np.testing.assert_array_equal(front.distance, expected.distance[watched])
