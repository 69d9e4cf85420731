"""Zones with their figures for a GIS: GeoJSON, GeoPackage, and the style with which both open coloured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from displacement.io import geopackage, results
from displacement.io.geopackage import LAYER, VIEW, Style
from displacement.report.maps.figures import LEFT, MEASURES, THERE, zone_columns
from displacement.report.maps.styles import qml
from displacement.result import Result

__all__ = ["boundaries", "layers"]

NAMES = ("zones.geojson", "zones.gpkg", "zones.qml")


def layers(result: Result, folder: str | Path) -> tuple[Path, ...]:
    """Write the zones with their figures, for a GIS.

    Parameters
    ----------
    result : Result
    folder : str or pathlib.Path
        Where they go; it is there. Files of these names are replaced.

    Returns
    -------
    tuple of pathlib.Path
        `zones.geojson` and `zones.gpkg`, outlines with the figures of the last day; in the GeoPackage the layer
        `zones_by_day` has those of every day. `zones.qml`, the style of both for QGIS. Of a network of places nothing:
        places have no outline, and the points of camps are not to be shared.

    Notes
    -----
    Figures are rounded to two digits and suppressed one by one: NULL with `lt100` in the column that ends in `_note`.
    """
    if result.inputs.network is not None:
        return ()
    paths = tuple(Path(folder) / name for name in NAMES)
    shapes = results.outlines(result.inputs.grid, result.inputs.cells["zone"].values)
    about = f"{boundaries(result)} {result.notice}"
    last, daily = _last_day(result, list(shapes)), _by_day(result, list(shapes))
    _write_geojson(paths[0], shapes, last, about)
    paths[1].unlink(missing_ok=True)
    geopackage.write(paths[1], shapes, last, daily, _styles(), about)
    paths[2].write_text(qml(THERE, f"{MEASURES[THERE]}, last day"), encoding="utf-8")
    return paths


def boundaries(result: Result) -> str:
    """What the outlines are."""
    if result.inputs.boundaries.startswith("official"):
        return "Outlines are drawn around the cells of official zones and are coarser than these."
    return "Statistical areas, not official boundaries."


def _styles() -> list[Style]:
    """Each map as a style: where people are is what opens, from where they left can be chosen."""
    found = []
    for measure in (THERE, LEFT):
        title, default = MEASURES[measure], measure == THERE
        found.append(Style(LAYER, measure, qml(measure, f"{title}, last day"), default))
        found.append(Style(VIEW, measure, qml(measure, title, by_day=True), default))
    return found


def _about(result: Result, at: list[int]) -> dict[str, list[str]]:
    zones = result.inputs.zones
    named = {"zone": zones.code, "zone_name": zones.name, "zone_name_ar": zones.name_ar}
    named |= {"admin1": zones.admin1_name, "admin2": zones.admin2_name}
    return {name: [str(values[one]) for one in at] for name, values in named.items()}


def _last_day(result: Result, at: list[int]) -> dict[str, Any]:
    """Columns of the last day, in the order of the zones at some positions."""
    date = np.datetime64(result.scenario.period.last, "D")
    found: dict[str, Any] = {**_about(result, at), "date": np.full(len(at), date)}
    for measure in MEASURES:
        for name, (row,) in zone_columns(result, measure, slice(-1, None)).items():
            found[name] = [row[one] for one in at]
    return found


def _by_day(result: Result, at: list[int]) -> dict[str, Any]:
    """Columns of every day: of each day all zones."""
    days = result.people["time"].values.astype("datetime64[D]")
    found: dict[str, Any] = {
        "zone": _about(result, at)["zone"] * len(days),
        "date": np.repeat(days, len(at)),
    }
    for measure in MEASURES:
        for name, rows in zone_columns(result, measure).items():
            found[name] = [row[one] for row in rows for one in at]
    return found


def _write_geojson(
    path: Path, shapes: Mapping[int, Mapping[str, Any]], columns: Mapping[str, Any], about: str
) -> None:
    """The last day as GeoJSON, which any web map reads: a line a zone."""
    rows = zip(*columns.values(), strict=True)
    features = [
        {"type": "Feature", "properties": dict(zip(columns, row, strict=True)), "geometry": geometry}
        for row, geometry in zip(rows, shapes.values(), strict=True)
    ]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, default=str) for one in features)
    head = f'{{"type": "FeatureCollection", "description": {json.dumps(about, ensure_ascii=False)}, "features": [\n'
    path.write_text(f"{head}{lines}\n]}}\n", encoding="utf-8")
