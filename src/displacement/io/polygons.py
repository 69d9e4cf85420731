"""A user's own polygons of the zones: which zone each cell lies in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyproj
from numpy.typing import NDArray

from displacement.grid import INDEX, Grid
from displacement.io.errors import InputError, finding

Array = NDArray[Any]

CODE_COLUMN = re.compile(r"(adm(in)?\d?)?p?code|(zone|adm\d)(pcode|code|id)?")
"""Names of a column of p-codes in lower case without signs: ADM3_PCODE, admin3Pcode, pcode, zone."""


class Unknown(NamedTuple):
    """A polygon whose p-code is no zone of the area."""

    feature: int
    """Its place in the file, from 1."""
    column: str
    code: str
    cell: int
    """A cell in it; -1 where it lies off the grid."""


@dataclass(frozen=True)
class Drawn:
    """The polygons of a file on a grid."""

    zone: Array
    """Zone of each cell by its centre; -1 outside every polygon."""
    drawn: Array
    """Whether each zone has a polygon."""
    unknown: tuple[Unknown, ...]
    files: tuple[Path, ...]
    """What was read."""


class _Feature(NamedTuple):
    number: int
    code: str
    geometry: Any


def read(path: Path, grid: Grid, codes: Sequence[str]) -> Drawn:
    """Put the polygons of zones on a grid.

    A cell is in the zone that holds its centre. A zone too small to hold one takes the cell it lies in.

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON, GeoPackage, Shapefile or any other map with one layer of polygons. Several polygons of one
        p-code make one zone.
    grid : Grid
    codes : sequence of str
        P-codes of the zones, in order.

    Returns
    -------
    Drawn

    Raises
    ------
    InputError
        If the file cannot be read, names no reference system or no p-codes, matches no zone, or a zone's
        polygon crosses itself.
    """
    import shapely
    from rasterio.features import rasterize

    from displacement.io.shapes import placed

    column, features = _features(path, codes, grid)
    index = {code: at for at, code in enumerate(codes)}
    known = [feature for feature in features if feature.code in index]
    zone, count = grid.room(INDEX, -1), np.zeros(len(codes), dtype=np.int64)
    shapes = [(feature.geometry, index[feature.code]) for feature in known]
    for band in grid.bands(zone) if shapes else ():
        rows = grid.rows_of(band)
        shape = (rows.stop - rows.start, grid.shape[1])
        label = rasterize(shapes, out_shape=shape, fill=-1, transform=placed(grid, rows.start), dtype=INDEX)
        zone[band] = label.ravel()
        count += np.bincount(zone[band] + 1, minlength=len(codes) + 1)[1:]
    points = shapely.point_on_surface([feature.geometry for feature in features])
    cell = grid.cell(shapely.get_x(points), shapely.get_y(points))
    for feature, inside in zip(features, cell, strict=True):
        at = index.get(feature.code, -1)
        if at >= 0 and inside >= 0 and not count[at]:
            count[zone[inside]] -= zone[inside] >= 0
            zone[inside], count[at] = at, 1
    if not count.any():
        message = "none of its polygons lies inside the area's box; check coordinates and reference system"
        raise InputError(finding(path, message))
    unknown = tuple(
        Unknown(feature.number, column, feature.code, int(inside))
        for feature, inside in zip(features, cell, strict=True)
        if feature.code not in index
    )
    drawn = np.isin(np.arange(len(codes)), [index[feature.code] for feature in known])
    return Drawn(zone, drawn, unknown, _files(path))


def _files(path: Path) -> tuple[Path, ...]:
    """The file, and those that belong to it where it is a Shapefile."""
    if path.suffix.lower() != ".shp":
        return (path,)
    parts = (".shp", ".shx", ".dbf", ".prj", ".cpg")
    return tuple(file for file in sorted(path.parent.glob(f"{path.stem}.*")) if file.suffix.lower() in parts)


def _features(path: Path, codes: Sequence[str], grid: Grid) -> tuple[str, list[_Feature]]:
    """Name of the column of p-codes, and the features in metres of the grid."""
    import shapely

    meta, encoded, fields = _layer(path)
    if meta["crs"] is None:
        raise InputError(finding(path, "names no reference system; add it (for a Shapefile, its .prj file)"))
    column, written = _codes(path, list(meta["fields"]), fields, codes)
    shapes = shapely.from_wkb(encoded, on_invalid="ignore")
    blank = np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if blank.size:
        message = "has no outline that can be read; draw it again or leave it out"
        raise InputError(finding(path, message, at=f"feature {blank[0] + 1}"))
    other = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6)))
    if other.size:
        message = f"is a {shapes[other[0]].geom_type} and no polygon; name a layer of areas"
        raise InputError(finding(path, message, at=f"feature {other[0] + 1}"))
    _check_shapes(path, written, shapes, codes)
    try:
        to_grid = pyproj.Transformer.from_crs(meta["crs"], grid.crs, always_xy=True)
    except pyproj.exceptions.ProjError:
        message = (
            f"its reference system has no place on earth (got {meta['crs']}); write one such as EPSG:4326"
        )
        raise InputError(finding(path, message)) from None
    placed = shapely.transform(shapes, lambda points: np.column_stack(to_grid.transform(*points.T)))
    nowhere = np.flatnonzero([not np.isfinite(shapely.get_coordinates(shape)).all() for shape in placed])
    if nowhere.size:
        message = (
            "lies nowhere on earth by the file's reference system; check coordinates and reference system"
        )
        raise InputError(finding(path, message, at=f"feature {nowhere[0] + 1}"))
    return column, [
        _Feature(number, code, geometry)
        for number, (code, geometry) in enumerate(zip(written, placed, strict=True), start=1)
    ]


def _layer(path: Path) -> tuple[dict[str, Any], Array, list[Array]]:
    """The only layer of a map: what is said of it, outlines in well-known binary, columns."""
    from pyogrio import list_layers, raw

    if path.is_dir():
        raise InputError(finding(path, "is a folder; name a GeoJSON, GeoPackage or Shapefile"))
    if not path.exists():
        raise InputError(finding(path, "there is no such file"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks on how the file is written
            layers = [str(name) for name, kind in list_layers(path) if kind is not None]
            if len(layers) > 1:
                message = (
                    f"has {len(layers)} layers of shapes ({', '.join(layers)}); keep the one with the zones"
                )
                raise InputError(finding(path, message))
            meta, _, geometry, fields = raw.read(path, force_2d=True)
    except (RuntimeError, UnicodeDecodeError, UnboundLocalError, OSError):
        message = "is not a map that can be read; write GeoJSON, GeoPackage or Shapefile"
        raise InputError(finding(path, message)) from None
    if geometry is None or len(geometry) == 0:
        raise InputError(finding(path, "holds no polygons; name a layer of areas"))
    return meta, geometry, fields


def _codes(path: Path, names: list[str], fields: list[Array], codes: Sequence[str]) -> tuple[str, list[str]]:
    """The column of p-codes that matches most zones, and its values."""
    found = {
        name: ["" if value is None else str(value).strip() for value in values]
        for name, values in zip(names, fields, strict=True)
        if CODE_COLUMN.fullmatch(re.sub(r"[^a-z0-9]", "", name.lower()))
    }
    if not found:
        there = ", ".join(names) or "none"
        message = f"no column of p-codes (there are {there}); name it ADM3_PCODE, pcode or zone"
        raise InputError(finding(path, message))
    matches = {name: len(set(values) & set(codes)) for name, values in found.items()}
    column = max(found, key=lambda name: matches[name])
    if not matches[column]:
        first = next((value for value in found[column] if value), "blank")
        message = (
            f"none is a zone of the area (the first is {first}, the area's {codes[0]}); name the area's zones"
        )
        raise InputError(finding(path, message, at=column))
    if "" in found[column]:
        number = found[column].index("") + 1
        message = "is blank; every polygon needs its p-code"
        raise InputError(finding(path, message, at=f"feature {number}: {column}"))
    return column, found[column]


def _check_shapes(path: Path, written: list[str], shapes: Array, codes: Sequence[str]) -> None:
    """Raise an error for polygons of zones that cross themselves, each named with its reason."""
    import shapely

    findings = []
    for at in np.flatnonzero(~shapely.is_valid(shapes) & np.isin(written, list(codes))):
        message = f"is no valid polygon ({shapely.is_valid_reason(shapes[at])}); repair it in a GIS"
        findings.append(finding(path, message, at=f"feature {at + 1} ({written[at]})"))
    if findings:
        raise InputError(*findings)
