"""Maps as planners draw them: GeoJSON, KML, KMZ, GeoPackage and Shapefile.

Everything is in degrees (EPSG:4326), as map files have it: a straight line is straight in longitude and latitude.
shapely and pyogrio are imported where they are used, so that a scenario without maps does not load them.
"""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from displacement.io.gazetteer import Box

Array = NDArray[Any]

FORMATS = (".geojson", ".json", ".kml", ".kmz", ".gpkg", ".shp")
"""Endings of the files that are read, in any case."""
LAYERED = (".kml", ".kmz")
"""Of these every layer is read: they are the folders of one drawing."""


class VectorError(ValueError):
    """A map file cannot be used: which, why, and what to do about it, in one line."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path.name}: {message}")


class Feature(NamedTuple):
    """One thing drawn on a map."""

    geometry: Any
    """A shapely geometry in degrees, without heights; None where the feature has none."""
    properties: dict[str, Any]
    ordinal: int
    """Position in the file, from 1."""


@dataclass(frozen=True)
class Drawing:
    """What a map file says about an area.

    Parameters
    ----------
    kind : {"polygons", "line"}
        Whether it shows what lies inside, or splits the area.
    parts : tuple of shapely.Polygon
        The polygons; or the sides into which the line splits the area. [degree]
    """

    kind: Literal["polygons", "line"]
    parts: tuple[Any, ...]


def read(path: Path) -> list[Feature]:
    """Read the features of a map file.

    Parameters
    ----------
    path : pathlib.Path
        A file of one of `FORMATS`.

    Returns
    -------
    list of Feature
        In the order of the file, in degrees whatever the file's own reference system.

    Raises
    ------
    VectorError
        If it is no file, of no known format, unreadable, or does not say its reference system.
    """
    ending = path.suffix.casefold()
    if path.is_dir():
        raise VectorError(path, "is a folder; name a file")
    if not path.is_file():
        raise VectorError(path, "there is no such file; correct the name")
    if ending not in FORMATS:
        raise VectorError(path, f"unknown format '{path.suffix}'; save it as GeoJSON, KML, KMZ or GeoPackage")
    if ending == ".kmz":
        return _of_archive(path)
    return _layers(path, path)


def _of_archive(path: Path) -> list[Feature]:
    """The features of the KML in a KMZ."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            names = sorted(name for name in archive.namelist() if name.casefold().endswith(".kml"))
            if not names:
                raise VectorError(path, "holds no KML; export it again, or save it as KML")
            main = next((name for name in names if name.casefold() == "doc.kml"), names[0])
            inside = Path(folder) / "doc.kml"
            inside.write_bytes(archive.read(main))
            return _layers(inside, path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise VectorError(path, f"cannot be unpacked ({_first_line(error)}); save it as KML") from None


def _layers(path: Path, named: Path) -> list[Feature]:
    """The features of every layer that has geometry."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    found: list[Feature] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = [str(name) for name, geometry in pyogrio.list_layers(path) if geometry is not None]
            if len(layers) > 1 and named.suffix.casefold() not in LAYERED:
                listed = ", ".join(layers)
                raise VectorError(
                    named, f"holds {len(layers)} layers ({listed}); save the one meant by itself"
                )
            for layer in layers:
                found += _features(path, named, layer, len(found))
    except UnboundLocalError:  # pyogrio's answer to a .prj that GDAL cannot write down
        raise VectorError(named, "has a damaged reference system; save it anew, as EPSG:4326") from None
    except (DataSourceError, DataLayerError, UnicodeDecodeError, OSError) as error:
        raise VectorError(named, f"cannot be read ({_first_line(error)}); save it anew") from None
    return found


def _features(path: Path, named: Path, layer: str, before: int) -> list[Feature]:
    """The features of one layer, in degrees."""
    import pyogrio.raw
    import shapely

    meta, _, geometry, columns = pyogrio.raw.read(path, layer=layer, force_2d=True)
    if geometry is None or len(geometry) == 0:
        return []
    if not meta["crs"]:
        message = "does not say its reference system; save it with one, as EPSG:4326 (for a Shapefile: with its .prj)"
        raise VectorError(named, message)
    try:
        shapes = shapely.from_wkb(geometry)
    except shapely.errors.GEOSException as error:
        raise VectorError(
            named, f"holds a shape that cannot be read ({_first_line(error)}); redraw it"
        ) from None
    shapes = _in_degrees(shapely.force_2d(shapes), str(meta["crs"]), named)
    return [
        Feature(
            shape,
            {str(name): column[at] for name, column in zip(meta["fields"], columns, strict=True)},
            before + at + 1,
        )
        for at, shape in enumerate(shapes)
    ]


def _in_degrees(shapes: Array, crs: str, named: Path) -> Array:
    """Shapes in longitude and latitude."""
    import pyproj
    import shapely

    if crs == "EPSG:4326":
        return np.asarray(shapes)
    try:
        transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError:
        raise VectorError(named, "has an unknown reference system; save it as EPSG:4326") from None
    moved = shapely.transform(
        shapes, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
    )
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise VectorError(named, "lies nowhere on earth by its reference system; save it as EPSG:4326")
    return np.asarray(moved)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].partition(";")[0].rstrip(".") if lines else type(error).__name__


def drawn(path: Path, box: Box) -> Drawing:
    """What a map file says about an area: polygons, or a line that splits it.

    Points beside them, such as labels, are left out.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    box : Box
        The area. [degree]

    Returns
    -------
    Drawing

    Raises
    ------
    VectorError
        If the file cannot be read; holds nothing, points only, or both polygons and lines; if a polygon crosses
        itself; if all lies outside the area; or if the line does not split it.
    """
    import shapely

    features = read(path)
    shapes: list[tuple[int, Any]] = []
    for feature in features:
        if feature.geometry is not None and not shapely.is_empty(feature.geometry):
            parts = _simple(feature.geometry)
            shapes += [(feature.ordinal, part) for part in parts]
    if not shapes:
        raise VectorError(path, "holds no shape; draw polygons or a line")
    polygons = [(ordinal, shape) for ordinal, shape in shapes if shape.geom_type == "Polygon"]
    lines = [shape for _, shape in shapes if shape.geom_type in ("LineString", "LinearRing")]
    if polygons and lines:
        raise VectorError(path, "holds both polygons and lines; keep one kind, or make two files")
    if not polygons and not lines:
        raise VectorError(path, "holds points only; draw polygons or a line")
    for ordinal, polygon in polygons:
        if not shapely.is_valid(polygon):
            why = shapely.is_valid_reason(polygon)
            raise VectorError(path, f"feature {ordinal} is no proper polygon ({why}); redraw it there")
    inside = shapely.intersects([shape for _, shape in shapes], _frame(box))
    if not np.any(inside & np.array([shape.geom_type != "Point" for _, shape in shapes])):
        message = (
            f"lies outside the area ({_extent([shape for _, shape in shapes])}; the area: "
            f"{box.west:g} to {box.east:g} east, {box.south:g} to {box.north:g} north); correct its coordinates"
        )
        raise VectorError(path, message)
    if polygons:
        return Drawing("polygons", tuple(polygon for _, polygon in polygons))
    return Drawing("line", _sides(path, lines, box))


def _simple(shape: Any) -> list[Any]:
    """The single shapes in a collection, however deep."""
    if not hasattr(shape, "geoms"):
        return [shape]
    return [simple for part in shape.geoms for simple in _simple(part) if not simple.is_empty]


def _frame(box: Box) -> Any:
    import shapely

    return shapely.box(box.west, box.south, box.east, box.north)


def _extent(shapes: Sequence[Any]) -> str:
    import shapely

    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    return f"{west:g} to {east:g} east, {south:g} to {north:g} north"


def _sides(path: Path, lines: Sequence[Any], box: Box) -> tuple[Any, ...]:
    """The sides into which lines split the area, each line's ends drawn straight on to beyond its box."""
    import shapely

    whole = _simple(shapely.line_merge(shapely.multilinestrings(list(lines))))
    if not whole or not all(line.length > 0 for line in whole):
        raise VectorError(path, "the line has no length; draw it anew")
    if any(line.is_closed for line in whole):
        raise VectorError(path, "the line is closed; draw it open, or as a polygon")
    frame = _frame(box)
    longer = [_extended(line, box) for line in whole]
    ways = shapely.union_all([frame.boundary, *longer])
    faces = [part for part in shapely.polygonize([ways]).geoms if frame.covers(part.representative_point())]
    if len(faces) < 2:
        raise VectorError(path, "the line does not split the area; draw it from edge to edge, or a polygon")
    return tuple(faces)


def _extended(line: Any, box: Box) -> Any:
    """A line whose ends, where they lie in the box, go straight on to beyond it.

    >>> _extended(__import__("shapely").LineString([(1, 1), (2, 1)]), Box(south=0, north=2, west=0, east=3)).wkt
    'LINESTRING (-8 1, 1 1, 2 1, 11 1)'
    """
    import shapely

    points = shapely.get_coordinates(line)
    points = points[np.append(True, np.any(np.diff(points, axis=0) != 0, axis=1))]
    far = 3.0 * max(box.east - box.west, box.north - box.south)
    first = _beyond(points[1], points[0], box, far)
    last = _beyond(points[-2], points[-1], box, far)
    return shapely.LineString(np.concatenate([first, points, last]))


def _beyond(before: Array, end: Array, box: Box, far: float) -> Array:
    """A point straight on from an end, or none where the end lies outside the box already."""
    if not (box.west <= end[0] <= box.east and box.south <= end[1] <= box.north):
        return np.empty((0, 2))
    along = (end - before) / np.hypot(*(end - before))
    return np.asarray(end + far * along)[None]


def degrees(crs: str, easting: ArrayLike, northing: ArrayLike) -> tuple[Array, Array]:
    """Longitude and latitude of points of a reference system. [degree]"""
    import pyproj

    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    longitude, latitude = transformer.transform(np.asarray(easting), np.asarray(northing))
    return np.asarray(longitude), np.asarray(latitude)


def metres(crs: str, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Array, Array]:
    """Easting and northing of points in a reference system. [m]"""
    import pyproj

    transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    easting, northing = transformer.transform(np.asarray(longitude), np.asarray(latitude))
    return np.asarray(easting), np.asarray(northing)


def part_of(drawing: Drawing, longitude: Array, latitude: Array) -> Array:
    """The part of a drawing in which each point lies; points on an edge count as inside.

    Parameters
    ----------
    drawing : Drawing
        Polygons or sides.
    longitude, latitude : array of shape (point,)
        [degree]

    Returns
    -------
    array of int, shape (point,)
        Position of the first part that holds the point; -1 for none.
    """
    import shapely

    found = np.full(len(longitude), -1)
    for at in reversed(range(len(drawing.parts))):
        shapely.prepare(drawing.parts[at])
        found[shapely.intersects_xy(drawing.parts[at], longitude, latitude)] = at
    return found


def distance_km(drawing: Drawing, longitude: Array, latitude: Array) -> Array:
    """About how far each point lies from a drawing: a degree is 111.2 km, less from east to west. [km]"""
    import shapely

    squeeze = float(np.cos(np.radians(np.mean(latitude))))
    whole = shapely.transform(
        shapely.union_all(list(drawing.parts)), lambda points: points * np.array([squeeze, 1.0])
    )
    return np.asarray(shapely.distance(whole, shapely.points(longitude * squeeze, latitude))) * 111.2


def centre(part: Any) -> tuple[float, float]:
    """Longitude and latitude of the middle of a part. [degree]"""
    return float(part.centroid.x), float(part.centroid.y)
