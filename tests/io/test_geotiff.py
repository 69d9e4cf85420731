"""GeoTIFFs that the validator accepts, and whose smaller copies are no other people."""

import numpy as np
import pytest
import rasterio

import displacement as dp
from displacement.grid import Grid
from displacement.io.results import OVERVIEWS, write_raster


def valid(path):
    cog = pytest.importorskip("rio_cogeo.cogeo")
    return cog.cog_validate(path, strict=True, quiet=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, toy_result):
    return dp.write(toy_result, tmp_path_factory.mktemp("run") / "toy") / "internal"


def test_every_geotiff_of_a_run_is_cloud_optimised(folder):
    paths = sorted(folder.glob("*.tif"))
    assert [path.name for path in paths] == ["control.tif", "departures.tif", "population.tif"]
    assert [valid(path) for path in paths] == [(True, [], [])] * 3


def test_fields_have_a_band_a_day_and_codes_say_who_they_are(folder, toy_result):
    with rasterio.open(folder / "departures.tif") as raster:
        exact = toy_result.fields["departures"].isel(member=0).values
        np.testing.assert_array_equal(raster.read(), exact)
        assert raster.descriptions[0] == "departures 2030-01-01"
        assert raster.units[0] == "person"
    with rasterio.open(folder / "control.tif") as raster:
        np.testing.assert_array_equal(raster.read(), toy_result.fields["control"].values)
        assert raster.nodata == -1
        named = {name: value for name, value in raster.tags().items() if name.startswith("code_")}
        assert named == {f"code_{at}": name for at, name in enumerate(toy_result.inputs.controllers)}


def test_smaller_copies_hold_means_and_say_so(tmp_path):
    grid = Grid("EPSG:32637", 1.0, 0.0, 2_048_000.0, (2048, 1024))
    people = np.random.default_rng(1).random(grid.size)
    write_raster(tmp_path / "p.tif", grid, {"people": people}, "person", "an estimate")
    assert valid(tmp_path / "p.tif") == (True, [], [])
    with rasterio.open(tmp_path / "p.tif") as raster:
        factors = raster.overviews(1)
        assert factors == [2, 4, 8]
        assert raster.tags()["overviews"] == OVERVIEWS
        assert raster.read(1).sum() == people.sum()
    for level, factor in enumerate(factors):
        with rasterio.open(tmp_path / "p.tif", overview_level=level) as smaller:
            assert smaller.read(1).sum() * factor**2 == pytest.approx(people.sum(), rel=1e-9)
