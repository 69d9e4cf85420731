"""Rasters on the grid: nobody is lost whatever the reference system, and one clear error for each way to be wrong."""

import tempfile
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from support import write_raster

import displacement as dp
from displacement.grid import Grid
from displacement.io import rasters

GRID = Grid("EPSG:32637", 1.0, 200_000.0, 4_100_000.0, (60, 70))
SOURCES = {
    "30 arc-seconds": ("EPSG:4326", 30 / 3600),
    "3 arc-seconds": ("EPSG:4326", 3 / 3600),
    "Mollweide 1 km": ("ESRI:54009", 1000.0),
    "Mollweide 100 m": ("ESRI:54009", 100.0),
    "a neighbouring zone of UTM": ("EPSG:32636", 750.0),
    "Web Mercator": ("EPSG:3857", 500.0),
}


def projected(crs):
    """From a reference system to the grid's."""
    return pyproj.Transformer.from_crs(crs, GRID.crs, always_xy=True)


def corner_inside(crs, pixel, rows, columns, easting, northing):
    """West and north of a raster whose middle lies at a point of the grid."""
    x, y = projected(crs).transform(easting, northing, direction="INVERSE")
    return x - columns / 2 * pixel, y + rows / 2 * pixel


@pytest.mark.parametrize(("crs", "pixel"), SOURCES.values(), ids=SOURCES)
@settings(max_examples=15, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seed=st.integers(0, 2**32 - 1),
    easting=st.floats(220_000, 250_000),
    northing=st.floats(4_060_000, 4_080_000),
)
def test_a_raster_keeps_its_people(crs, pixel, shape, seed, easting, northing):
    stream = np.random.default_rng(seed)
    values = np.where(stream.random(shape) < 0.5, stream.lognormal(3, 3, shape), 0.0)
    values.flat[0] += 1.0
    with tempfile.TemporaryDirectory() as folder:
        place = corner_inside(crs, pixel, *shape, easting, northing)
        people = rasters.people(write_raster(Path(folder) / "people.tif", values, *place, pixel, crs), GRID)
    assert people.sum() == pytest.approx(values.sum(), rel=1e-12)
    assert (people >= 0).all()


@pytest.mark.parametrize(("crs", "pixel"), SOURCES.values(), ids=SOURCES)
def test_an_even_density_stays_even_in_every_cell(tmp_path, crs, pixel):
    """Pixels hold their area in the grid's plane, so that every cell must hold its own: 1 km2."""
    west, south, east, north = projected(crs).transform_bounds(
        200_000, 4_040_000, 270_000, 4_100_000, densify_pts=50, direction="INVERSE"
    )
    rows, columns = int((north - south) / pixel) + 6, int((east - west) / pixel) + 6
    west, north = west - 2.3 * pixel, north + 2.7 * pixel
    column, row = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1))
    x, y = projected(crs).transform(west + column * pixel, north - row * pixel)
    one, other = ((a[1:, 1:] - a[:-1, :-1], a[1:, :-1] - a[:-1, 1:]) for a in (x, y))
    area = abs(one[0] * other[1] - one[1] * other[0]) / 2e6
    people = rasters.people(write_raster(tmp_path / "even.tif", area, west, north, pixel, crs), GRID)
    np.testing.assert_allclose(people, 1.0, rtol=0.005)
    assert people.sum() == pytest.approx(GRID.size, rel=1e-4)


@pytest.mark.parametrize(("crs", "pixel"), SOURCES.values(), ids=SOURCES)
def test_people_of_one_pixel_land_where_it_lies(tmp_path, crs, pixel):
    values = np.zeros((9, 9))
    values[2, 6] = 100.0
    west, north = corner_inside(crs, pixel, 9, 9, 231_234.0, 4_071_321.0)
    people = rasters.people(write_raster(tmp_path / "one.tif", values, west, north, pixel, crs), GRID)
    east, north_of = projected(crs).transform(west + 6.5 * pixel, north - 2.5 * pixel)
    easting, northing = GRID.centres()
    assert np.average(easting, weights=people) == pytest.approx(east, abs=500)
    assert np.average(northing, weights=people) == pytest.approx(north_of, abs=500)
    assert people[GRID.cell(east, north_of)] == people.max()


def test_pixels_as_large_as_cells_and_in_line_with_them_are_copied(tmp_path):
    values = np.arange(1.0, GRID.size + 1).reshape(GRID.shape)
    path = write_raster(tmp_path / "same.tif", values, GRID.west, GRID.north, 1000.0, GRID.crs)
    np.testing.assert_allclose(rasters.people(path, GRID), values.ravel(), rtol=1e-9)


def test_only_the_part_of_a_pixel_inside_the_box_counts(tmp_path):
    """One pixel of 100 km on a box of 60 x 70 km inside it."""
    path = write_raster(tmp_path / "large.tif", np.array([[1e6]]), 190_000, 4_120_000, 100_000, GRID.crs)
    people = rasters.people(path, GRID)
    np.testing.assert_allclose(people, 1e6 / 100**2, rtol=1e-9)


def test_strips_and_blocks_of_the_file_do_not_matter(tmp_path, monkeypatch):
    values = np.random.default_rng(1).random((300, 400)).astype(np.float32)
    place = corner_inside("EPSG:4326", 3 / 3600, 300, 400, 235_000, 4_070_000)
    whole = rasters.people(write_raster(tmp_path / "whole.tif", values, *place, 3 / 3600), GRID)
    tiled = {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"}
    monkeypatch.setattr(rasters, "STRIP_PIXELS", 400 * 100)
    monkeypatch.setattr(rasters, "CHUNK_PARTS", 1000)
    parts = rasters.people(write_raster(tmp_path / "tiled.tif", values, *place, 3 / 3600, **tiled), GRID)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-9)
    assert parts.sum() == pytest.approx(whole.sum(), rel=1e-12)


KNOWN_GAPS = (-99999.0, -200.0, -3.4028234663852886e38, 3.4e38, np.nan)


@pytest.mark.parametrize(
    ("missing", "declared"),
    [(value, declared) for value in KNOWN_GAPS for declared in (True, False)] + [(-9999.0, True)],
)
def test_no_data_counts_as_nobody(tmp_path, missing, declared):
    values = np.array([[1.5, missing], [missing, 2.5]], dtype=np.float32)
    place = corner_inside("EPSG:4326", 0.01, 2, 2, 235_000, 4_070_000)
    profile = {"nodata": missing} if declared else {}
    people = rasters.people(write_raster(tmp_path / "gaps.tif", values, *place, 0.01, **profile), GRID)
    assert people.sum() == pytest.approx(4.0, rel=1e-12)


HERE = corner_inside("EPSG:4326", 0.01, 20, 20, 235_000, 4_070_000)
ONES = np.ones((20, 20), dtype=np.float32)


def truncated(folder):
    stream = np.random.default_rng(2)
    path = write_raster(folder / "people.tif", stream.random((200, 200)), *HERE, 0.001)
    path.write_bytes(path.read_bytes()[:9000])
    return path


def text(folder):
    path = folder / "people.tif"
    path.write_text("people", encoding="utf-8")
    return path


def without_georeference(folder):
    path = folder / "people.tif"
    shape = {"count": 1, "height": 20, "width": 20, "dtype": "float32"}
    with (
        pytest.warns(rasterio.errors.NotGeoreferencedWarning),
        rasterio.open(path, "w", driver="GTiff", crs="EPSG:4326", **shape) as raster,
    ):
        raster.write(ONES, 1)
    return path


def negative(folder):
    values = ONES.copy()
    values[3, 7] = values[5, 1] = -4.0
    return write_raster(folder / "people.tif", values, *HERE, 0.01)


def simple(values=ONES, west=HERE[0], north=HERE[1], crs="EPSG:4326", **profile):
    return lambda folder: write_raster(folder / "people.tif", values, west, north, 0.01, crs, **profile)


WRONG = {
    "missing": (lambda folder: folder / "people.tif", r"people\.tif: there is no such file"),
    "a folder": (lambda folder: folder, r": is a folder; name a GeoTIFF"),
    "text": (text, r"people\.tif: is not a raster, or not whole"),
    "cut off": (truncated, r"people\.tif: (is not a raster, or not whole|cannot be read beyond row \d+)"),
    "no reference system": (simple(crs=None), r"names no reference system; write one into it"),
    "no georeference": (without_georeference, r"has no georeference; write a GeoTIFF that says"),
    "bands": (simple(np.stack([ONES] * 3)), r"has 3 bands where one is needed"),
    "no data": (simple(ONES * -99999, nodata=-99999), r"has nothing but 'no data' inside the area's box"),
    "nobody": (simple(ONES * 0), r"counts nobody inside the area's box"),
    "elsewhere": (simple(west=10.0), r"does not reach the area \(it covers 10 to 10\.2 and"),
    "below zero": (
        negative,
        r"2 pixels are below zero, the first in row 4, column 8 \(got -4\); correct them",
    ),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_a_raster_that_cannot_be_used_is_one_clear_error(tmp_path, make, message):
    with pytest.raises(dp.InputError, match=message) as caught:
        rasters.people(make(tmp_path), GRID)
    assert len(str(caught.value).splitlines()) == 1


SIDE = {"west": GRID.west, "north": GRID.north, "pixel": 500.0, "crs": GRID.crs}


def test_a_cell_takes_the_mean_time_of_its_pixels_and_not_the_mean_speed(tmp_path):
    """Half the pixels at 60 km/h and half at 20 km/h: 2 / (1/60 + 1/20) = 30 km/h."""
    values = np.full((120, 140), 60.0)
    values[:, ::2] = 20.0
    speed = rasters.terrain_speed(write_raster(tmp_path / "speed.tif", values, **SIDE), GRID, "speed")
    np.testing.assert_allclose(speed, 30.0, rtol=1e-9)


def test_friction_in_minutes_per_metre_is_the_same_as_its_speed(tmp_path):
    """A metre at v km/h takes 60 / (1000 v) minutes."""
    speeds = np.random.default_rng(3).uniform(5, 120, (120, 140))
    first = rasters.terrain_speed(write_raster(tmp_path / "speed.tif", speeds, **SIDE), GRID, "speed")
    second = rasters.terrain_speed(write_raster(tmp_path / "f.tif", 0.06 / speeds, **SIDE), GRID, "friction")
    np.testing.assert_allclose(first, second, rtol=1e-9)


def test_a_cell_is_passable_where_at_least_half_of_it_is(tmp_path):
    values = np.full((120, 140), 10.0)
    values[:2, :2] = [[0.0, 0.0], [0.0, 10.0]]  # a quarter of the first cell
    values[:2, 2:4] = [[-99999.0, 10.0], [10.0, 10.0]]  # three quarters of the second
    speed = rasters.terrain_speed(write_raster(tmp_path / "speed.tif", values, **SIDE), GRID, "speed")
    assert speed[:3] == pytest.approx([0.0, 10.0, 10.0])


def test_where_a_raster_of_speeds_does_not_reach_nobody_passes(tmp_path):
    path = write_raster(tmp_path / "speed.tif", np.full((60, 70), 10.0), **SIDE)
    speed = rasters.terrain_speed(path, GRID, "speed").reshape(GRID.shape)
    assert (speed[:30, :35] > 0).all()
    assert (speed[30:] == 0).all()
    assert (speed[:, 35:] == 0).all()


@pytest.mark.parametrize(
    ("holds", "value", "message"),
    [
        ("speed", 0.002, r"makes 0\.002 km/h of the middle cell; speed must be in km/h"),
        ("friction", 30.0, r"makes 0\.002 km/h of the middle cell; friction must be in minutes per metre"),
        ("friction", 0.0001, r"makes 600 km/h of the middle cell"),
        ("speed", 0.0, r"lets nobody pass anywhere"),
        ("speed", -5.0, r"16,800 pixels are below zero, the first in row 1, column 1 \(got -5\)"),
    ],
)
def test_a_raster_of_ways_in_another_unit_is_an_error(tmp_path, holds, value, message):
    path = write_raster(tmp_path / "ways.tif", np.full((120, 140), value), **SIDE)
    with pytest.raises(dp.InputError, match=message):
        rasters.terrain_speed(path, GRID, holds)
