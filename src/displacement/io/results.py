"""Results on disk: NetCDF, GeoTIFF, YAML."""

from __future__ import annotations

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


def write_netcdf(path: Path, dataset: xr.Dataset, attributes: dict[str, str]) -> None:
    """Write arrays exactly, compressed, with CF attributes."""
    named = dataset.assign_attrs({"Conventions": "CF-1.10", **attributes})
    encoding: dict[Any, dict[str, Any]] = {
        name: {"zlib": True, "complevel": 4} for name, array in named.data_vars.items() if array.ndim > 1
    }
    if "time" in named:
        named["time"].attrs = {"long_name": "day", "standard_name": "time"}
        encoding["time"] = {"units": "days since 1970-01-01", "calendar": "standard", "dtype": "int32"}
    named.to_netcdf(path, engine="netcdf4", encoding=encoding)


def read_netcdf(path: Path) -> xr.Dataset:
    """Read arrays that `write_netcdf` wrote, whole, and close the file."""
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        found: xr.Dataset = dataset.load()
    return found


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


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write plain values as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    with path.open("w", encoding="utf-8") as handle:
        yaml.dump(content, handle)
