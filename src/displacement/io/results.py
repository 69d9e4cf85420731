"""Results on disk: NetCDF, GeoTIFF, YAML, JSON and a folder that is whole or not there."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

from displacement.grid import Grid
from displacement.io.errors import InputError, finding
from displacement.io.provenance import PACKAGE

MANIFEST = "internal/manifest.json"
"""Names every file of a run, and so tells a run folder from any other."""


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into that takes its place only when all is written.

    What stood there before stays until then. A run that is stopped leaves nothing.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    target = target.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise InputError(
            finding(target, f"cannot be written ({error.strerror}); name another --out")
        ) from None
    try:
        yield partial
        partial.chmod(0o755)
        _take_place(partial, target)
    except OSError as error:
        message = f"could not be written ({error.strerror or error}); nothing was changed"
        raise InputError(finding(target, message)) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _others(folder: Path) -> list[str]:
    """What lies in a folder and was not written by an earlier run: it is never deleted."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    with contextlib.suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["package"]["name"] == PACKAGE:
            there -= {MANIFEST, *manifest["written"]}
    return sorted(there)


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write the manifest of a run folder, last, with the names of all files in it."""
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_json(folder / MANIFEST, {**content, "written": written})


def _take_place(partial: Path, target: Path) -> None:
    """Put a finished folder in the place of an older one, which goes only when that is done."""
    if not target.exists():
        partial.replace(target)
        return
    others = _others(target) if target.is_dir() else [target.name]
    if others:
        message = f"{target.name} holds what no run has written ({', '.join(others[:3])}); name another --out"
        raise FileExistsError(0, message)
    older = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-old-"))
    try:
        target.replace(older / "run")
        partial.replace(target)
    except BaseException:
        if not target.exists():
            (older / "run").replace(target)
        older.rmdir()
        raise
    shutil.rmtree(older, ignore_errors=True)


def write_netcdf(path: Path, dataset: xr.Dataset, attributes: dict[str, str]) -> None:
    """Write arrays exactly, compressed, with CF attributes."""
    named = dataset.assign_attrs({"Conventions": "CF-1.10", **attributes})
    named["time"].attrs = {"long_name": "day", "standard_name": "time"}
    encoding: dict[Any, dict[str, Any]] = {
        name: {"zlib": True, "complevel": 4} for name, array in named.data_vars.items() if array.ndim > 1
    }
    encoding["time"] = {"units": "days since 1970-01-01", "calendar": "standard", "dtype": "int32"}
    named.to_netcdf(path, engine="netcdf4", encoding=encoding)


def write_raster(
    path: Path, grid: Grid, values: NDArray[Any], unit: str, description: str, notice: str
) -> None:
    """Write a field as a cloud-optimised GeoTIFF."""
    side = grid.cell_km * 1000.0
    profile = {
        "driver": "COG",
        "height": grid.shape[0],
        "width": grid.shape[1],
        "count": 1,
        "dtype": "float64",
        "crs": grid.crs,
        "transform": from_origin(grid.west, grid.north, side, side),
        "compress": "deflate",
    }
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(values.reshape(grid.shape).astype(np.float64), 1)
        raster.set_band_description(1, description)
        raster.set_band_unit(1, unit)
        raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=notice)


def outlines(grid: Grid, label: NDArray[Any]) -> dict[int, dict[str, Any]]:
    """Outline of each label's cells in longitude and latitude, as a GeoJSON geometry.

    Parameters
    ----------
    grid : Grid
    label : array of int, shape (cell,)
        -1 belongs to no outline.

    Returns
    -------
    dict
        MultiPolygon by label.
    """
    side = grid.cell_km * 1000.0
    image = label.reshape(grid.shape).astype(np.int32)
    parts: dict[int, list[Any]] = {}
    for shape, value in features.shapes(
        image, image >= 0, transform=from_origin(grid.west, grid.north, side, side)
    ):
        degrees = transform_geom(grid.crs, "EPSG:4326", shape, precision=4)
        parts.setdefault(int(value), []).append(degrees["coordinates"])
    return {at: {"type": "MultiPolygon", "coordinates": polygons} for at, polygons in sorted(parts.items())}


def write_json(path: Path, content: Any) -> None:
    """Write plain values as JSON."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write plain values as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    with path.open("w", encoding="utf-8") as handle:
        yaml.dump(content, handle)
