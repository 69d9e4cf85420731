"""What files say of themselves by the Climate and Forecast conventions, and what of that is ours again when read.

In memory an array has the unit of `variables`, such as person, and time before zone. CF knows neither: people are a
plain number whose name says what it counts, and time goes last where there is no map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from displacement import variables

__all__ = ["CONVENTIONS", "as_in_memory", "conventional", "encodings"]

CONVENTIONS = "CF-1.11"
COUNTED = ("person", "movement", "truck", "person or movement")
"""Units of things that are counted: to CF, 1."""
WHAT = "counted"
"""Attribute that says what is counted."""
MAP = ("northing", "easting")
DAYS = "days since 1970-01-01"


def conventional(dataset: xr.Dataset, crs: str | None = None) -> xr.Dataset:
    """A dataset as CF wants it: units that UDUNITS knows, every array with a name, time last or a map's axes last.

    Parameters
    ----------
    dataset : xarray.Dataset
    crs : str, optional
        Reference system of `northing` and `easting`.
    """
    found = dataset.copy()
    for name, array in found.variables.items():
        array.attrs = _attributes(str(name), array)
    if "time" in found.dims and not set(MAP) & set(found.dims):
        found = found.transpose(..., "time")
    return found if crs is None else _on_a_map(found, crs)


def _attributes(name: str, array: xr.Variable) -> dict[str, Any]:
    """What CF is told of an array."""
    attributes = dict(array.attrs)
    unit, meaning = variables.COORDINATES.get(name, ("", ""))
    attributes |= {key: value for key, value in (("units", unit), ("long_name", meaning)) if value}
    if attributes.get("units") in COUNTED:
        attributes |= {WHAT: attributes["units"], "units": "1"}
    if array.dtype == bool:
        attributes |= {"flag_values": np.array([0, 1], dtype=np.int8), "flag_meanings": "no yes"}
    return attributes | _AXES.get(name, {})


_AXES: dict[str, dict[str, str]] = {
    "time": {"standard_name": "time", "axis": "T", "units_metadata": "leap_seconds: none"},
    "northing": {"standard_name": "projection_y_coordinate", "axis": "Y"},
    "easting": {"standard_name": "projection_x_coordinate", "axis": "X"},
    "member": {"standard_name": "realization"},
}


def _on_a_map(dataset: xr.Dataset, crs: str) -> xr.Dataset:
    """Say where on earth the axes of a map lie."""
    import pyproj

    mapped = {
        name: array.assign_attrs(grid_mapping="crs")
        for name, array in dataset.data_vars.items()
        if set(MAP) <= set(array.dims)
    }
    return dataset.assign(mapped).assign(crs=((), np.int32(0), pyproj.CRS(crs).to_cf()))


def encodings(dataset: xr.Dataset) -> dict[Any, dict[str, Any]]:
    """How a conventional dataset is laid down: compressed, days as whole numbers, no gap in a coordinate.

    Names along an axis are characters: tools that expect numbers there leave them alone.
    """
    found: dict[Any, dict[str, Any]] = {
        name: {"zlib": True, "complevel": 1} for name, array in dataset.data_vars.items() if array.ndim > 1
    }
    for name in set(dataset.coords) & set(dataset.dims):
        words = dataset[name].dtype.kind in "UO"
        found[name] = {"dtype": "S1"} if words else {"_FillValue": None}
    if "time" in dataset.coords:
        found["time"] = {"units": DAYS, "calendar": "standard", "dtype": "int32", "_FillValue": None}
    return found


def as_in_memory(dataset: xr.Dataset) -> xr.Dataset:
    """The opposite of `conventional`, as far as the model's own units and order of dimensions go."""
    found = dataset.copy()
    for array in found.variables.values():
        attributes = dict(array.attrs)
        if WHAT in attributes:
            attributes["units"] = attributes.pop(WHAT)
        array.attrs = attributes
    return found.transpose("member", "quantile", "time", ..., missing_dims="ignore")
