"""The land people travel over: a grid of its own, coarser than that of the people where these are fine."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import changed

import displacement as dp
from displacement import asked
from displacement.grid import Grid
from displacement.io import area


def on_cells(toy, cell_km, travel_cell_km=None):
    return changed(toy, grid={"cell_km": cell_km, "travel_cell_km": travel_cell_km})


@settings(max_examples=50, deadline=None)
@given(
    west=st.floats(-1e6, 1e6),
    north=st.floats(-1e6, 1e6),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    cells=st.sampled_from([(0.1, 1.0), (0.25, 1.0), (0.3, 1.0), (0.5, 0.5), (1.0, 2.5)]),
)
def test_the_land_covers_every_cell_of_the_people_once(west, north, rows, columns, cells):
    fine, side = cells
    grid = Grid("EPSG:32637", fine, west, north, (rows, columns))
    land = area._covering(grid, side)
    easting, northing = grid.centres()
    cell = land.cell(easting, northing)
    assert (cell >= 0).all()
    east, south = land.centres(cell)
    assert np.abs(east - easting).max() <= side * 500 + 1e-6
    assert np.abs(south - northing).max() <= side * 500 + 1e-6


def test_left_out_the_land_has_the_cells_of_the_people_or_of_one_km(toy):
    coarse, fine = (asked.read_inputs(on_cells(toy, cell)) for cell in (1.0, 0.5))
    assert coarse.land.grid is coarse.grid
    assert (coarse.land.passable == (coarse.cells["zone"].values >= 0)).all()
    assert (fine.grid.cell_km, fine.land.grid.cell_km) == (0.5, 1.0)


def test_wherever_people_live_the_land_can_be_crossed_and_their_number_is_kept(toy):
    inputs = asked.read_inputs(on_cells(toy, 0.5, 2.0))
    people = inputs.cells["population"].values
    of_cell = inputs.land.grid.cell(*inputs.grid.centres(np.flatnonzero(people > 0)))
    assert inputs.land.passable[of_cell].all()
    weights = inputs.blocks.weights(people, inputs.grid, inputs.land.grid)
    np.testing.assert_allclose(weights.sum(axis=1), inputs.blocks.people, rtol=1e-12)


def test_a_coarser_land_moves_the_shares_of_destinations_little(toy):
    """Half-kilometre cells, travel over cells of 0.5 and 1 km: 2 % in total variation at most; as many leave."""
    fine, coarse = (dp.run(on_cells(toy, 0.5, travel)).people.isel(member=0) for travel in (0.5, 1.0))
    np.testing.assert_allclose(coarse["first_departures"], fine["first_departures"], rtol=1e-12)
    shares = [run["present_new"].sum("type").isel(time=-1).values for run in (fine, coarse)]
    shares = [share / share.sum() for share in shares]
    assert 0 < np.abs(shares[0] - shares[1]).sum() / 2 < 0.02


def test_land_finer_than_the_people_is_an_error(toy):
    with pytest.raises(ValueError, match=r"must not be below cell_km, 1 \(got 0.5\)"):
        on_cells(toy, 1.0, 0.5)
