"""Small things that several tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import displacement as dp


def changed(scenario: dp.Scenario, **fields: Any) -> dp.Scenario:
    """A scenario with other values, validated anew."""
    values = scenario.model_dump(by_alias=True) | ({"marks": {}} if "events" in fields else {}) | fields
    return type(scenario).model_validate(values)


def write_raster(
    path: Path,
    values: Any,
    west: float,
    north: float,
    pixel: float,
    crs: str | None = "EPSG:4326",
    **profile: Any,
) -> Path:
    """Write values as a GeoTIFF with square pixels."""
    import rasterio
    from rasterio.transform import from_origin

    bands = values if values.ndim == 3 else values[None]
    shape = {"count": bands.shape[0], "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype}
    place = from_origin(west, north, pixel, pixel)
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=place, **shape, **profile) as raster:
        raster.write(bands)
    return path
