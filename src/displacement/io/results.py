"""Results on disk: NetCDF, GeoTIFF, YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

from displacement.grid import Grid
from displacement.io.kept import AT_ONCE, by_members


def write_netcdf(path: Path, dataset: xr.Dataset, attributes: dict[str, str]) -> None:
    """Write arrays exactly, compressed, with CF attributes."""
    named = dataset.assign_attrs({"Conventions": "CF-1.10", **attributes})
    if named.sizes.get("member", 0) > AT_ONCE:
        return _write_members(path, named)
    _write(path, named)


def _write(path: Path, named: xr.Dataset, unlimited: Sequence[str] = ()) -> None:
    """Write arrays that fit into memory."""
    encoding: dict[Any, dict[str, Any]] = {
        name: {"zlib": True, "complevel": 1} for name, array in named.data_vars.items() if array.ndim > 1
    }
    if "time" in named:
        named["time"].attrs = {"long_name": "day", "standard_name": "time"}
        encoding["time"] = {"units": DAYS, "calendar": "standard", "dtype": "int32"}
    named.to_netcdf(path, engine="netcdf4", encoding=encoding, unlimited_dims=unlimited)


DAYS = "days since 1970-01-01"


def _write_members(path: Path, named: xr.Dataset) -> None:
    """Write arrays of many members, some of them at a time."""
    parts = (_dates_as_numbers(part) for part in by_members(named))
    _write(path, next(parts), ["member"])
    with netCDF4.Dataset(path, "a") as file:
        for array in file.variables.values():
            array.set_var_chunk_cache(size=0)  # each piece is written once, so none need be held
        for part in parts:
            there = file.dimensions["member"].size
            for name, values in part.variables.items():
                if "member" in values.dims:
                    rows = tuple(
                        slice(there, None) if dim == "member" else slice(None) for dim in values.dims
                    )
                    file[str(name)][rows] = values.values


def _dates_as_numbers(part: xr.Dataset) -> xr.Dataset:
    """Dates among the figures as days with their unit, missing ones as NaN: what is added to a file is not decoded."""
    dates = [name for name, values in part.data_vars.items() if np.issubdtype(values.dtype, np.datetime64)]
    since = np.datetime64("1970-01-01")
    of_days = {"units": DAYS, "calendar": "standard"}
    return part.assign(
        {
            name: ((part[name] - since) / np.timedelta64(1, "D")).assign_attrs(part[name].attrs | of_days)
            for name in dates
        }
    )


def read_netcdf(path: Path) -> xr.Dataset:
    """Read arrays that `write_netcdf` wrote, whole, and close the file."""
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        found: xr.Dataset = dataset.load()
    return found


def opened(path: Path) -> xr.Dataset:
    """Arrays that `write_netcdf` wrote, read when they are used; nothing of how they were written stays with them."""
    found: xr.Dataset = xr.open_dataset(path, engine="netcdf4", cache=False).drop_encoding()
    return found.assign_attrs({}).assign_coords(
        {name: each.astype(str) for name, each in found.coords.items() if each.dtype.kind == "O"}
    )


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
    with (
        rasterio.MemoryFile() as memory
    ):  # on a full disk, what writes the file itself would not say why it fails
        with memory.open(**profile) as raster:
            raster.write(values.reshape(grid.shape).astype(np.float64), 1)
            raster.set_band_description(1, description)
            raster.set_band_unit(1, unit)
            raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=notice)
        path.write_bytes(memory.read())


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
