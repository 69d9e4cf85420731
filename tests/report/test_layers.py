"""Layers for a GIS: the figures that are shared, no more, and a style that fits them."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest

import displacement as dp
from displacement.report.classes import BREAKS, CLASSES, FEW, NOBODY, UNKNOWN, class_of
from displacement.report.maps.figures import MEASURES, THERE
from displacement.report.maps.styles import condition, qml
from displacement.report.rounding import shared_people


@pytest.fixture(scope="module")
def ensemble(toy):
    return dp.run(toy, members=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ensemble):
    folder = tmp_path_factory.mktemp("layers")
    written = dp.report.layers(ensemble, folder)
    assert [path.name for path in written] == ["zones.geojson", "zones.gpkg", "zones.qml"]
    return folder


def table(path, layer):
    about, _, _, columns = pyogrio.raw.read(path, layer=layer, read_geometry=False)
    return [dict(zip(about["fields"], row, strict=True)) for row in zip(*columns, strict=True)]


def plain(value):
    """Blank as a GIS gives it, as None."""
    return None if isinstance(value, float) and np.isnan(value) else value


def test_a_geopackage_holds_the_zones_and_every_day_of_them(folder, ensemble):
    path = folder / "zones.gpkg"
    kinds = dict(pyogrio.list_layers(path))
    assert kinds["zones"] == kinds["zones_by_day"] == "MultiPolygon"
    shapes = len(np.unique(ensemble.inputs.cells["zone"].values[ensemble.inputs.cells["zone"].values >= 0]))
    assert len(table(path, "zones")) == shapes
    assert len(table(path, "zones_by_day")) == shapes * ensemble.scenario.period.days
    about = pyogrio.read_info(path, layer="zones_by_day")
    assert dict(zip(about["fields"], about["dtypes"], strict=True))["date"] == "datetime64[D]"
    assert ensemble.notice in pyogrio.read_info(path, layer="zones")["layer_metadata"]["DESCRIPTION"]


def test_each_figure_of_a_layer_is_the_exact_one_rounded_or_suppressed(folder, ensemble):
    shown = suppressed = 0
    for row in table(folder / "zones.gpkg", "zones_by_day"):
        for measure in MEASURES:
            values = ensemble.people[measure].sel(time=row["date"], zone=row["zone"])
            values = values.sum("type") if "type" in values.dims else values
            text, note = shared_people(float(np.quantile(values, 0.5)))
            assert row[f"{measure}_note"] == note
            assert plain(row[measure]) == (int(text) if text else None)
            shown, suppressed = shown + bool(text), suppressed + bool(note)
            low, high = (plain(row[f"{measure}_{name}"]) for name in ("p10", "p90"))
            assert (low is None) == (high is None)
            assert low is None or low >= 100 or low == 0
    assert shown > 100
    assert suppressed > 10


def test_geojson_holds_the_last_day_of_the_geopackage(folder, ensemble):
    written = json.loads((folder / "zones.geojson").read_text(encoding="utf-8"))
    rows = table(folder / "zones.gpkg", "zones")
    last = np.datetime64(ensemble.scenario.period.last, "D")
    assert [feature["properties"]["zone"] for feature in written["features"]] == [row["zone"] for row in rows]
    for feature, row in zip(written["features"], rows, strict=True):
        told = {name: plain(value) for name, value in row.items()}
        assert feature["properties"] == {**told, "date": str(told["date"])}
        assert row["date"] == last
    assert ensemble.condition in written["description"]


def test_a_run_of_one_member_has_no_columns_for_ranges(tmp_path, toy_result):
    dp.report.layers(toy_result, tmp_path)
    names = pyogrio.read_info(tmp_path / "zones.gpkg", layer="zones")["fields"]
    assert not [name for name in names if name.endswith(("p10", "p90"))]


def test_layers_written_twice_are_the_same_files_and_replace_the_older(tmp_path, folder, ensemble):
    for _ in range(2):
        dp.report.layers(ensemble, tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_layers_hold_no_controller_group_or_place(folder, ensemble):
    names = {
        name.partition("_p")[0] for name in pyogrio.read_info(folder / "zones.gpkg", layer="zones")["fields"]
    }
    about = {"zone", "zone_name", "zone_name_ar", "admin1", "admin2", "date"}
    assert names == about | set(MEASURES) | {f"{measure}_note" for measure in MEASURES}
    content = (folder / "zones.gpkg").read_bytes()
    for word in (
        *ensemble.inputs.controllers,
        *ensemble.inputs.response_groups,
        *ensemble.inputs.places.code,
    ):
        if len(word) > 3:
            assert word.encode() not in content


def test_both_layers_open_with_a_style_that_is_kept_beside_them(folder):
    with closing(sqlite3.connect(folder / "zones.gpkg")) as book:
        found = book.execute(
            "SELECT f_table_name, f_geometry_column, styleName, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
    default = {layer: style for layer, _, _, style, first in found if first}
    assert set(default) == {"zones", "zones_by_day"}
    assert default["zones"] == (folder / "zones.qml").read_text(encoding="utf-8")
    assert {column for _, column, *_ in found} == {"geom"}
    by_day = ElementTree.fromstring(default["zones_by_day"]).find("temporal")
    assert (by_day.get("enabled"), by_day.get("startField"), by_day.get("mode")) == ("1", "date", "1")


def test_a_name_that_is_an_attack_is_a_name(tmp_path, toy_result):
    attack = "'); DROP TABLE figures; --<script>alert(1)</script>"
    zones = replace(toy_result.inputs.zones, name=(attack,) * len(toy_result.inputs.zones.name))
    hostile = replace(toy_result, inputs=replace(toy_result.inputs, zones=zones))
    dp.report.layers(hostile, tmp_path)
    assert {row["zone_name"] for row in table(tmp_path / "zones.gpkg", "zones_by_day")} == {attack}
    assert "script" not in (tmp_path / "zones.qml").read_text(encoding="utf-8")


def rules(text):
    return {
        rule.get("label"): (rule.get("filter"), rule.get("symbol"))
        for rule in ElementTree.fromstring(text).iter("rule")
        if rule.get("symbol")
    }


def test_the_style_has_a_rule_and_a_colour_for_each_class():
    text = qml(THERE, "title & <mark>")
    found = rules(text)
    assert list(found) == [one.label for one in CLASSES]
    symbols = {symbol.get("name"): symbol for symbol in ElementTree.fromstring(text).iter("symbol")}
    for one in CLASSES:
        layers = symbols[found[one.label][1]].findall("layer")
        assert len(layers) == (2 if one.hatched else 1)
        red, green, blue, _ = layers[0].find("Option/Option[@name='color']").get("value").split(",")
        assert f"#{int(red):02x}{int(green):02x}{int(blue):02x}" == one.colour


def test_every_feature_meets_the_rule_of_its_class_and_no_other(folder):
    """The conditions are plain enough for SQLite to read them as QGIS does."""
    with closing(sqlite3.connect(folder / "zones.gpkg")) as book:
        for measure in MEASURES:
            rows = book.execute(f'SELECT fid, "{measure}", "{measure}_note" FROM figures').fetchall()
            classes = {
                one.name: {
                    fid for (fid,) in book.execute(f"SELECT fid FROM figures WHERE {condition(measure, one)}")
                }
                for one in CLASSES
            }
            for fid, value, note in rows:
                own = FEW.name if note else class_of(value).name
                assert [name for name, fids in classes.items() if fid in fids] == [own]


def test_classes_leave_no_gap_and_keep_nobody_few_and_unknown_apart():
    assert [class_of(value) for value in (0.0, 50.0, None)] == [NOBODY, FEW, UNKNOWN]
    bounded = [one for one in CLASSES if one.low is not None]
    assert [one.low for one in bounded] == [0, *BREAKS]
    assert len({one.colour for one in CLASSES}) == len(CLASSES)
    for value in (100, 999, 1000, 1049, 4999, 9_999, 10_000, 99_999, 100_000, 5e6):
        assert class_of(value).low <= float(shared_people(value)[0])


def lightness(colour):
    """Relative luminance by the formula of sRGB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_more_people_are_darker_so_that_no_colour_vision_is_needed():
    shades = [lightness(one.colour) for one in CLASSES if one.low]
    assert all(after < 0.85 * before for before, after in pairwise(shades))
