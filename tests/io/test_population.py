"""People on the grid: zone totals, discs, and what cannot be (law V15)."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import changed

import displacement as dp
from displacement.grid import Grid
from displacement.io.population import Settlements, spread

GRID = Grid("EPSG:32637", 1.0, 0.0, 12_000.0, (12, 16))
ZONE = np.where(np.arange(GRID.size) % 16 < 8, 0, 1)


def settlements(points, zone, people):
    east, north = np.array(points, dtype=float).T
    return Settlements(east, north, np.array(zone), np.array(people, dtype=float), ("",) * len(zone))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(100, 15_900), st.floats(100, 11_900), st.floats(0, 90_000)), min_size=1),
    st.tuples(st.just(0.0) | st.floats(1, 300_000), st.floats(1, 300_000)),
)
def test_zone_totals_are_met_whatever_the_settlements(points, totals):
    east = np.array([point[0] for point in points])
    zone = (east > 8000).astype(int)
    listed = settlements([point[:2] for point in points], zone, [point[2] for point in points])
    people = spread(GRID, listed, ZONE, np.array(totals), 5000.0)
    assert (people >= 0).all()
    np.testing.assert_allclose(np.bincount(ZONE, people, 2), totals, rtol=1e-12)


def test_a_town_fills_a_disc_of_the_stated_density_inside_its_zone():
    town = settlements([(4500.0, 6500.0)], [0], [45_000.0])
    people = spread(GRID, town, ZONE, np.array([45_000.0, 0.0]), 5000.0)
    east, north = GRID.centres(np.flatnonzero(people))
    assert np.hypot(east - 4500, north - 6500).max() <= 1000 * np.sqrt(9.0 / np.pi)
    assert np.count_nonzero(people) == 9


def test_what_no_settlement_holds_lives_all_over_the_zone():
    people = spread(GRID, settlements([(500.0, 500.0)], [0], [100.0]), ZONE, np.array([1060.0, 0.0]), 5000.0)
    assert (people[ZONE == 0] >= 9.99).all()
    assert people.max() == pytest.approx(110.0)


def test_a_zone_with_people_and_without_a_cell_is_an_error():
    with pytest.raises(ValueError, match="has people but no cell; use smaller cells"):
        spread(
            GRID,
            settlements([(500.0, 500.0)], [0], [1.0]),
            np.zeros(GRID.size, int),
            np.array([1.0, 5.0]),
            1.0,
        )


@pytest.fixture
def area(toy, tmp_path):
    """A copy of the toy area to spoil."""
    folder = tmp_path / "area"
    shutil.copytree(toy.area_folder, folder)
    return folder, toy.model_copy(update={"area_folder": folder})


def test_a_zone_whose_places_all_lie_in_another_ones_cells_is_an_error_that_names_it(area):
    folder, scenario = area
    here = "36.25741,38.91658"
    for name in ("zones.csv", "settlements.csv", "control.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        text = text.replace("36.27995,39.11123,36.25741,39.08342", f"{here},{here}")
        (folder / name).write_text(text.replace("36.25741,39.08342", here), encoding="utf-8")
    with pytest.raises(
        dp.InputError, match=r"zones\.csv: zone: Birch \(Z2\) has people but no cell of 5 km; use smaller"
    ):
        dp.run(changed(scenario, movement={"area": {"zone_reach": 1.0}}))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("settlements.csv", "36.25741,38.91658,Z1", "40.0,38.91658,Z1", r"lat: lies outside the area's box"),
        ("settlements.csv", "Z1,7000", "Z9,7000", r"zone: there is no zone 'Z9' in zones\.csv"),
        ("settlements.csv", "Z1,7000", "Z1,nan", r"population: is not a number"),
        ("settlements.csv", "Z1,7000", "Z1,", r"population: is blank"),
        (
            "zones.csv",
            "400,10000,2000",
            "400,10000,12000",
            r"displaced_before: is above the zone's population",
        ),
        ("zones.csv", "400,8000", "400,-8000", r"population: must be from 0"),
        ("zones.csv", "Z2,Birch", "Z1,Birch", r"zone: 'Z1' stands in line 2 already"),
        (
            "sites.csv",
            "36.30249,38.91658,1000",
            "36.30249,38.91658,11000",
            r"registered in its sites are more",
        ),
        ("control.csv", "Z2,0,,alpha", "Z2,0,,delta", r"controller: unknown controller 'delta'"),
        ("control.csv", "P2,Birch", "P1,Birch", r"pcode: 'P1' stands in line 2 already"),
        ("roads.csv", "38.80536,40", "38.80536,0", r"speed_kmh: must be from 0\.1"),
        ("area.yaml", "EPSG:32637", "EPSG:1", r"crs: 'EPSG:1' is no reference system"),
        ("area.yaml", "crs: EPSG", "cell: 1\ncrs: EPSG", r"area\.yaml:3:1: cell: unknown key"),
    ],
)
def test_a_wrong_table_is_one_error_that_names_the_row(area, name, old, new, message):
    folder, scenario = area
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(dp.InputError, match=message) as caught:
        dp.run(scenario)
    assert len(str(caught.value).splitlines()) == 1


def test_an_area_with_one_zone_and_no_way_out_keeps_its_people(area):
    """V15: the only destination is the zone's own town: near blocks cannot leave, far ones go there."""
    folder, scenario = area
    for name in ("zones", "settlements", "control", "sites", "roads", "crossings"):
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        with_zone = name in ("zones", "settlements", "control")
        kept = [line for line in lines[1:] if with_zone and "Z1" in line.split(",")]
        (folder / f"{name}.csv").write_text("\n".join([lines[0], *kept]) + "\n", encoding="utf-8")
    scenario = scenario.model_copy(
        update={"events": tuple(e for e in scenario.events if hasattr(e, "strikes"))}
    )
    people = dp.run(scenario).people.isel(member=0)
    everybody = sum(
        float(people[name].isel(time=-1).sum())
        for name in ("residents_present", "present_prior", "unable_to_leave", "in_transit", "present_new")
    )
    assert everybody == pytest.approx(10_000, rel=1e-12)


def test_a_zone_without_people_takes_nobody_and_loses_nobody(area):
    folder, scenario = area
    text = (folder / "zones.csv").read_text(encoding="utf-8").replace("400,4000,0", "400,0,0")
    (folder / "zones.csv").write_text(text, encoding="utf-8")
    people = dp.run(scenario).people
    assert float(people["present_new"].sel(zone="Z4").sum()) == 0.0
    assert float(people["first_departures"].sel(zone="Z4").sum()) == 0.0
