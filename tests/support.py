"""Small things that several tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import displacement as dp

TOY = Path(__file__).parent / "toy"
HEAD = f"""title: A test
area: {TOY / "area"}
period: {{start: 2030-01-01, days: 10}}
"""
"""How a scenario on the toy area begins; it has three lines."""


def written(folder: Path, text: str, name: str = "test.yaml") -> Path:
    """A scenario file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


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


def seen_of(_: Any, inputs: Any) -> tuple[float, int, bool, bool]:
    """What a process that a run starts sees of the inputs; it stands here because such a process finds this module."""
    from displacement.mapped import is_mapped

    population, block = inputs.cells["population"].values, inputs.blocks.of_cell
    return float(population.sum()), int((block >= 0).sum()), is_mapped(population), is_mapped(block)
