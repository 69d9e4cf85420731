"""Results on disk: NetCDF, GeoTIFF, YAML."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import rasterio
import rasterio.shutil
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio.warp import transform_geom

from displacement.grid import Grid
from displacement.io.conventions import CONVENTIONS, DAYS, as_in_memory, conventional, encodings
from displacement.io.kept import AT_ONCE, by_members
from displacement.io.rasters import BLOCK_CACHE
from displacement.io.shapes import of_labels, placed, strips


def write_netcdf(path: Path, dataset: xr.Dataset, attributes: dict[str, str], crs: str | None = None) -> None:
    """Write arrays exactly, compressed, by the Climate and Forecast conventions.

    Parameters
    ----------
    path : pathlib.Path
    dataset : xarray.Dataset
    attributes : dict of str
        What stands on the file beside the dataset's own.
    crs : str, optional
        Reference system, where the arrays are maps.
    """
    history = {"history": f"written by {attributes['source']}"} if "source" in attributes else {}
    about = {"Conventions": CONVENTIONS, **history, **attributes}
    keep(path, dataset.assign_attrs(about), lambda part: conventional(part, crs))


def keep(
    path: Path, dataset: xr.Dataset, named: Callable[[xr.Dataset], xr.Dataset] = lambda part: part
) -> None:
    """Write arrays as they are, compressed, for `opened` to read.

    Parameters
    ----------
    path : pathlib.Path
    dataset : xarray.Dataset
    named : callable
        Done to the arrays first, some members at a time where there are many.
    """
    if dataset.sizes.get("member", 0) > AT_ONCE:
        return _write_members(path, (named(part) for part in by_members(dataset)))
    return _write(path, named(dataset))


def _write(path: Path, dataset: xr.Dataset, unlimited: Sequence[str] = ()) -> None:
    """Write arrays that fit into memory."""
    dataset.to_netcdf(path, engine="netcdf4", encoding=encodings(dataset), unlimited_dims=unlimited)


def _write_members(path: Path, some: Iterator[xr.Dataset]) -> None:
    """Write arrays of many members, some of them at a time."""
    parts = (_dates_as_numbers(part) for part in some)
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


def read_netcdf(path: Path, names: Sequence[str] | None = None) -> xr.Dataset:
    """Read arrays that `write_netcdf` wrote, whole, and close the file; all of them, or some by name.

    Raises
    ------
    KeyError
        If one of the names is not there.
    """
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        found = (dataset if names is None else dataset[list(names)]).load()
    return as_in_memory(found)


def opened(path: Path) -> xr.Dataset:
    """Arrays that `keep` wrote, read when they are used; nothing of how they were written stays with them."""
    found: xr.Dataset = xr.open_dataset(path, engine="netcdf4", cache=False).drop_encoding()
    return found.assign_attrs({}).assign_coords(
        {name: each.astype(str) for name, each in found.coords.items() if each.dtype.kind == "O"}
    )


def write_raster(
    path: Path,
    grid: Grid,
    bands: Mapping[str, NDArray[Any]],
    unit: str,
    notice: str,
    codes: Mapping[int, str] | None = None,
) -> None:
    """Write fields as a cloud-optimised GeoTIFF.

    Smaller copies for drawing (overviews) hold the mean of the cells they stand for, so that a map keeps its colours when
    zoomed out; a total is that of the full resolution. The file says so. Of codes they hold the most frequent.

    Parameters
    ----------
    path : pathlib.Path
    grid : Grid
    bands : mapping
        Values by what they are, each of shape (cell,) or (northing, easting).
    unit : str
    notice : str
        What every reader has to know.
    codes : mapping, optional
        What the values stand for, where they are codes; -1 is no value.
    """
    kind = np.float64 if codes is None else np.int16
    tags = {"TIFFTAG_IMAGEDESCRIPTION": notice}
    tags |= {"overviews": OVERVIEWS} if codes is None else {f"code_{at}": name for at, name in codes.items()}
    profile = {
        "driver": "GTiff",
        "height": grid.shape[0],
        "width": grid.shape[1],
        "count": len(bands),
        "dtype": kind,
        "crs": grid.crs,
        "transform": placed(grid),
        "nodata": None if codes is None else -1,
        "bigtiff": "if_safer",
    }
    layout = {
        "driver": "COG",
        "compress": "deflate",
        "predictor": "yes",
        "blocksize": _block(grid.shape[1]),
        "overview_resampling": "average" if codes is None else "mode",
    }
    with (
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder,
        rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE),
    ):
        plain, cloud = Path(folder) / "plain.tif", Path(folder) / path.name
        with rasterio.open(plain, "w", **profile) as raster:
            for band, (description, values) in enumerate(bands.items(), 1):
                for window, part in strips(grid, values):
                    raster.write(part.astype(kind, copy=False), band, window=window)
                raster.set_band_description(band, description)
                raster.set_band_unit(band, unit)
            raster.update_tags(**tags)
        rasterio.shutil.copy(plain, cloud, **layout)
        _check_whole(cloud, grid, bands)
        cloud.replace(path)


def _check_whole(path: Path, grid: Grid, bands: Mapping[str, NDArray[Any]]) -> None:
    """Read again what was written: on a full disk the library that writes does not say that it failed."""
    with rasterio.open(path) as raster:
        for band, values in enumerate(bands.values(), 1):
            for window, part in strips(grid, values):
                if not np.array_equal(raster.read(band, window=window), part):
                    raise OSError(f"{path.name} could not be written whole")


def _block(width: int) -> int:
    """Side of a block that is not the width of the raster or of a smaller copy: readers take one block across for strips.

    >>> _block(900), _block(1024)
    (512, 496)
    """
    widths = {-(-width // 2**halved) for halved in range(20)}
    return next(side for side in (512, 496) if side not in widths)


OVERVIEWS = "mean of the cells that a pixel stands for; take totals from the full resolution"
DEGREES = "EPSG:4326"


def outlines(grid: Grid, label: NDArray[Any], crs: str = DEGREES) -> dict[int, dict[str, Any]]:
    """Outline of each label's cells in longitude and latitude, as a GeoJSON geometry.

    Parameters
    ----------
    grid : Grid
    label : array of int, shape (cell,)
        -1 belongs to no outline.
    crs : str
        Another reference system for the outlines, such as the grid's own.

    Returns
    -------
    dict
        MultiPolygon by label.
    """
    found = {}
    for at, polygons in of_labels(grid, label).items():
        parts = [shapely.geometry.mapping(polygon) for polygon in polygons]
        if crs != grid.crs:
            parts = [transform_geom(grid.crs, crs, part, precision=4) for part in parts]
        found[at] = {"type": "MultiPolygon", "coordinates": [part["coordinates"] for part in parts]}
    return found


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write plain values as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    with path.open("w", encoding="utf-8") as handle:
        yaml.dump(content, handle)
