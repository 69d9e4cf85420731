"""GeoPackages: outlines of zones once, and their figures of every day, each with its style."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAYER", "TABLE", "VIEW", "Style", "write"]

LAYER, TABLE, VIEW = "zones", "figures", "zones_by_day"
"""The outlines with the figures of one day, the figures of every day, and both joined."""
WRITTEN = "2000-01-01T00:00:00.000Z"
"""Stands for the time of writing, so that a run written twice is the same file twice."""


class Style(NamedTuple):
    """How QGIS draws a layer."""

    layer: str
    """`LAYER` or `VIEW`."""
    name: str
    qml: str
    default: bool
    """Whether the layer opens with it."""


def write(
    path: Path,
    outlines: Mapping[int, Mapping[str, Any]],
    last: Mapping[str, Sequence[Any]],
    daily: Mapping[str, Sequence[Any]],
    styles: Sequence[Style],
    description: str,
) -> None:
    """Write outlines with figures.

    Parameters
    ----------
    path : pathlib.Path
        Ends in `.gpkg`; it must not be there.
    outlines : mapping
        GeoJSON MultiPolygon by position of the zone, in degrees.
    last : mapping
        Columns of `zones` by name, as long as `outlines`: text, whole numbers with None where missing, or days
        (datetime64). One of them is `zone`.
    daily : mapping
        Columns of `figures`, rows by day and zone; `zone` and `date` among them.
    styles : sequence of Style
    description : str
        What every reader has to know.
    """
    import pyogrio.raw
    import shapely
    from shapely.geometry import shape

    kinds = [_typed(values) for values in last.values()]
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    pyogrio.raw.write(
        draft,
        geometry=shapely.to_wkb([shape(outline) for outline in outlines.values()]),
        field_data=[values for values, _ in kinds],
        field_mask=[missing for _, missing in kinds],
        fields=list(last),
        layer=LAYER,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        layer_metadata={"DESCRIPTION": description},
        layer_options={"DESCRIPTION": description},
        dataset_options={"VERSION": "1.2"},
    )
    with contextlib.closing(sqlite3.connect(draft)) as book:
        with book:
            _add_table(book, daily, description)
            _add_view(book, [name for name in daily if name != "zone"], description)
            _add_styles(book, styles)
            book.execute("UPDATE gpkg_contents SET last_change = ?", (WRITTEN,))
        # GDAL builds its index in a thread of its own, so how often it wrote differs; a copy made at once does not.
        book.execute("VACUUM INTO ?", (str(path),))
    draft.unlink()


def _typed(values: Sequence[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """A column as an array, and where it has no value."""
    array = np.asarray(values)
    if array.dtype.kind in "Mb":
        return array, None
    if array.dtype.kind == "U":
        return array.astype(object), None
    missing = np.array([value is None for value in values])
    return np.array([0 if value is None else value for value in values], dtype=np.int64), missing


def _quoted(name: str) -> str:
    """A name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _sql_type(values: Sequence[Any]) -> str:
    kind = np.asarray(values).dtype.kind
    return {"M": "DATE", "U": "TEXT"}.get(kind, "INTEGER")


def _add_table(book: sqlite3.Connection, columns: Mapping[str, Sequence[Any]], description: str) -> None:
    """The figures of every day, as a table without geometry."""
    typed = ", ".join(f"{_quoted(name)} {_sql_type(values)}" for name, values in columns.items())
    book.execute(f"CREATE TABLE {TABLE} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {typed})")
    marks = ", ".join("?" * len(columns))
    names = ", ".join(map(_quoted, columns))
    book.executemany(f"INSERT INTO {TABLE} ({names}) VALUES ({marks})", _rows(columns))
    book.execute(f"CREATE INDEX {TABLE}_zone ON {TABLE} (zone)")
    book.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) "
        "VALUES (?, 'attributes', ?, ?)",
        (TABLE, TABLE, description),
    )


def _rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    plain = []
    for values in columns.values():
        array = np.asarray(values)
        dates = array.dtype.kind == "M"
        plain.append(np.datetime_as_string(array, unit="D").tolist() if dates else list(values))
    yield from zip(*plain, strict=True)


def _add_view(book: sqlite3.Connection, columns: Sequence[str], description: str) -> None:
    """Outlines and figures of every day as one layer, which holds no outline twice.

    The name of the first column tells GDAL that it is the key.
    """
    names = ", ".join(f"f.{_quoted(name)} AS {_quoted(name)}" for name in columns)
    about = ", ".join(f"z.{name} AS {name}" for name in ("geom", "zone", "zone_name", "zone_name_ar"))
    book.execute(
        f"CREATE VIEW {VIEW} AS SELECT f.fid AS OGC_FID, {about}, {names} "
        f"FROM {TABLE} f JOIN {LAYER} z ON f.zone = z.zone"
    )
    book.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id) "
        "SELECT ?, data_type, ?, ?, min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents WHERE table_name = ?",
        (VIEW, VIEW, description, LAYER),
    )
    book.execute(
        "INSERT INTO gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m) "
        "SELECT ?, column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = ?",
        (VIEW, LAYER),
    )


def _add_styles(book: sqlite3.Connection, styles: Sequence[Style]) -> None:
    """Styles where QGIS looks for them."""
    book.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
        "f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), "
        "f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, "
        "description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"
    )
    book.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
        "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
        "VALUES ('', '', ?, 'geom', ?, ?, '', ?, ?, '', '', ?)",
        [
            (style.layer, style.name, style.qml, style.default, style.name, WRITTEN)
            for style in sorted(styles, key=lambda style: style.default)
        ],
    )
    book.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles')"
    )
