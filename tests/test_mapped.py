"""Large grids: arrays by cell lie in files, and neither a number nor an outline depends on it."""

import errno
import io
import json
import os
import pickle
import sys
import tempfile
from functools import partial

import numpy as np
import pyproj
import pytest
import shapely
from support import changed, seen_of, write_raster

import displacement as dp
from displacement import asked, crew, grid, mapped, memory
from displacement.io import polygons, results
from displacement.report.folder import write

MB = 1_000_000


@pytest.fixture
def large(monkeypatch):
    """Every array by cell in a file, and bands of a few rows."""
    monkeypatch.setattr(mapped, "MOST_HELD", 0)
    monkeypatch.setattr(grid, "BAND_CELLS", 2_000)


@pytest.fixture(scope="module")
def in_detail(toy, tmp_path_factory):
    """The toy area on 26,000 cells, with people from a raster."""
    draw = np.random.default_rng(4)
    folder = tmp_path_factory.mktemp("raster")
    people = write_raster(folder / "people.tif", draw.uniform(0, 50, (40, 50)), 38.77, 36.38, 0.01)
    return changed(toy, grid={"cell_km": 0.25}, population={"raster": str(people)})


@pytest.fixture(scope="module")
def held(in_detail):
    return dp.run(in_detail)


def test_a_run_from_files_gives_the_same_numbers(in_detail, held, large, tmp_path):
    """Sums over bands differ from those over all cells in the last bits, and nothing else does."""
    found = dp.run(in_detail)
    assert not isinstance(held.inputs.cells["zone"].values.base, memoryview)
    for name, values in found.inputs.cells.items():
        assert isinstance(values.values.base, memoryview), name
        np.testing.assert_allclose(values.values, held.inputs.cells[name].values, rtol=1e-13, err_msg=name)
    for name, values in held.people.items():
        np.testing.assert_allclose(found.people[name], values, rtol=1e-11, atol=1e-9, err_msg=name)
    outlines = [
        json.loads((write(run, tmp_path / at) / "share" / "zones.geojson").read_text("utf-8"))["features"]
        for at, run in (("held", held), ("files", found))
    ]
    assert len(outlines[0]) > 1
    for one, other in zip(*outlines, strict=True):
        assert shapely.equals(*(shapely.geometry.shape(each["geometry"]) for each in (one, other)))
        assert one["properties"] == other["properties"]
    rasters = [tmp_path / at / "internal" / "population.tif" for at in ("held", "files")]
    assert rasters[0].stat().st_size == pytest.approx(rasters[1].stat().st_size, rel=0.01)


def test_polygons_of_a_user_are_the_same_zones_band_by_band(in_detail, held, monkeypatch, tmp_path):
    """Also where bands have none, and for a polygon too small for any cell's centre."""
    zone = held.inputs.cells["zone"].values
    outline = results.outlines(held.inputs.grid, zone)[0]
    easting, northing = held.inputs.grid.centres(np.flatnonzero(zone == 1)[:1])
    to_degrees = pyproj.Transformer.from_crs(held.inputs.grid.crs, "EPSG:4326", always_xy=True)
    corners = [
        to_degrees.transform(easting[0] + x, northing[0] + y) for x, y in ((50, 50), (60, 50), (60, 60))
    ]
    speck = [[*corners, corners[0]]]
    shapes = {"Z1": outline, "Z2": {"type": "Polygon", "coordinates": speck}}
    parts = [
        {"type": "Feature", "properties": {"zone": code}, "geometry": shape} for code, shape in shapes.items()
    ]
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": parts}), encoding="utf-8")
    codes = held.inputs.zones.code[: held.inputs.zones.inside]
    whole = polygons.read(path, held.inputs.grid, codes)
    monkeypatch.setattr(mapped, "MOST_HELD", 0)
    monkeypatch.setattr(grid, "BAND_CELLS", 2_000)
    found = polygons.read(path, held.inputs.grid, codes)
    assert set(np.unique(whole.zone)) == {-1, 0, 1}
    assert (whole.zone == 1).sum() == 1
    assert mapped.is_mapped(found.zone)
    assert (found.zone == whole.zone).all()


def test_only_the_band_at_work_takes_memory():
    """64 MB of figures in bands of 8 MB; read again they are what was written."""
    cells = grid.Grid("EPSG:32637", 1.0, 0.0, 0.0, (2_000, 4_000))
    before = memory.now()
    values = cells.room(float)
    for at, band in enumerate(cells.bands(values)):
        values[band] = at
        assert not sys.platform.startswith("linux") or memory.now() - before < 32 * MB
    assert not sys.platform.startswith("linux") or memory.now() - before < 8 * MB
    assert [set(values[band]) for band in cells.bands(values)] == [{float(at)} for at in range(8)]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere figures are copied")
def test_processes_of_this_machine_read_the_same_files(in_detail, large):
    """So that members of a large grid on several processes take no copy of it each."""
    inputs = asked.read_inputs(in_detail)
    with crew.processes(2) as each:
        seen = list(each(partial(seen_of, inputs=inputs), range(2)))
    assert seen == [seen_of(0, inputs)] * 2
    assert all(seen[0])
    copied = pickle.loads(pickle.dumps(inputs))
    assert seen_of(0, copied)[:2] == seen_of(0, inputs)[:2]
    assert not mapped.is_mapped(copied.blocks.of_cell)


def test_what_is_let_go_stays(large):
    values = mapped.room(1_000, "int32", -1)
    values[10:20] = 7
    mapped.let_go(values, values[5:].reshape(5, -1), np.zeros(3))
    assert (values == 7).sum() == 10
    assert (values == -1).sum() == 990
    assert (pickle.loads(pickle.dumps(values)) == values).all()


def test_a_full_disk_is_told_before_anything_is_worked_out(large, monkeypatch):
    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(
        OSError, match=r"no room for 5 cells in .* \(No space left on device\); set TMPDIR to"
    ):
        mapped.room(5, float)
