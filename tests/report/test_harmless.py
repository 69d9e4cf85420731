"""Every file of a run, whatever its kind: what users wrote stays text, and nothing in `share/` helps anybody aim."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from ruamel.yaml import YAML
from support import TOY

import displacement as dp

ROOT = Path(__file__).parents[2]
FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "<script>alert(1)</script>"
PLAIN = {".csv", ".geojson", ".html", ".json", ".md", ".qml", ".svg", ".txt", ".xml", ".yaml"}
SEALED = {".png", ".tif"}
"""Pictures: of the words in them, only what their tags say is read."""


def parts(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of a file, or of each part of one that has parts; an error if its kind is not known here."""
    kind = path.suffix
    if kind in PLAIN:
        yield path.name, path.read_text(encoding="utf-8-sig")
    elif kind in SEALED:
        yield path.name, path.read_bytes().decode("latin-1")
    elif kind == ".nc":
        with xr.open_dataset(path) as stored:
            texts = [
                array.values.ravel().tolist()
                for array in stored.variables.values()
                if array.dtype.kind in "OUS"
            ]
            about = [stored.attrs, *(array.attrs for array in stored.variables.values())]
            yield path.name, f"{texts} {list(stored.variables)} {about}"
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield f"{path.name}/{name}", archive.read(name).decode("utf-8")
    elif kind == ".gpkg":
        with closing(sqlite3.connect(path)) as base:
            for (table,) in base.execute("select name from sqlite_master where type = 'table'").fetchall():
                found = base.execute(f'select * from "{table}"')
                rows = [[cell for cell in row if not isinstance(cell, bytes)] for row in found]
                yield f"{path.name}/{table}", f"{[column[0] for column in found.description]} {rows}"
    else:
        raise AssertionError(f"{path.name}: a kind of file that nobody searches; say here how to read it")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


HOSTILE = {
    "area/zones.csv": [("Amber,عنبر", f'"{FORMULA}",{SCRIPT}'), ("Birch,", f"{SCRIPT},"), ("North,", f"{SCRIPT} North,")],
    "area/settlements.csv": [("Cedar town", SCRIPT), ("Delta town", f'"{FORMULA}"')],
    "area/sites.csv": [("Amber camp", SCRIPT)],
    "area/crossings.csv": [("The west", SCRIPT)],
    "area/area.yaml": [("Toy area", f"'{SCRIPT}'"), ("label: Alpha", f"label: '{SCRIPT}'")],
    "toy.yaml": [
        ("title: Toy question", f'title: "{SCRIPT} {FORMULA}"\ncondition: "{FORMULA} {SCRIPT}"'),
        ("variants:", SUPPLY := f"supply: {{hubs: {{'{SCRIPT}': {{at: Amber town, stock: {{tent: 30}}}}}}}}\nvariants:"),
        ("  calm:", f"  '{SCRIPT}':"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A run of the toy in whose tables and scenario every name is a formula or a script."""
    place = tmp_path_factory.mktemp("hostile")
    shutil.copytree(TOY, place / "toy")
    for name, swaps in HOSTILE.items():
        path = place / "toy" / name
        text = path.read_text(encoding="utf-8")
        for old, new in swaps:
            assert old in text, (name, old)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    reported = [["date", "zone", "measure", "people", "scope", "source"]]
    reported += [["2030-01-09", "Z1", "newly_displaced", 2000, SCRIPT, FORMULA]]
    with (place / "toy" / "reported.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(reported)
    with (place / "toy" / "toy.yaml").open("a", encoding="utf-8") as stream:
        stream.write("reports: reported.csv\n")
    return dp.write(dp.run(place / "toy" / "toy.yaml", variant=SCRIPT), place / "run")


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: the code it runs, the attributes of elements, and all that is not code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.code, self.words, self.attributes, self._runs = "", "", [], False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._runs = tag in ("script", "style") and dict(attrs).get("type") != "application/json"
        self.attributes += attrs
        self.words += " ".join(value or "" for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        self._runs = False

    def handle_data(self, data: str) -> None:
        if self._runs:
            self.code += data
        else:
            self.words += data


def check_csv(text: str) -> None:
    """No cell begins as a formula does, unless it is a number."""
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not re.match(r"[=@\t\r]|[+-](?![\d.]+(e[+-]?\d+)?$)", cell), cell


def check_html(text: str) -> None:
    seen = Page(text)
    assert "alert(1)" not in seen.code
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def check_markdown(text: str) -> None:
    """No element of HTML begins, for Markdown lets them through."""
    assert not re.search(r"(?<!\\)<[A-Za-z/!?]", text)


def check_json(text: str) -> None:
    json.loads(text)


def check_yaml(text: str) -> None:
    assert SCRIPT in YAML(typ="safe", pure=True).load(text)["title"]


def check_xml(text: str) -> None:
    """What users wrote is text in it, no element and no formula."""
    for element in ET.fromstring(text).iter():
        tag = element.tag.rpartition("}")[2]
        assert tag != "script"
        assert not (tag == "f" and "cmd" in (element.text or ""))


CHECKS = {".csv": check_csv, ".html": check_html, ".md": check_markdown, ".json": check_json, ".geojson": check_json,
          ".yaml": check_yaml, ".qml": check_xml, ".svg": check_xml, ".xml": check_xml, ".rels": check_xml}  # fmt: skip


def test_a_formula_or_script_in_a_users_table_comes_out_inert_in_every_file(hostile):
    """Plain text, NetCDF, GeoPackage and tags of pictures run nothing; other kinds are read as their programs do."""
    carrying = set()
    for path in files(hostile):
        for name, text in parts(path):
            CHECKS.get(Path(name).suffix, lambda _: None)(text)
            if "alert(1)" in text or "calc'!A0" in text:
                carrying.add(path.relative_to(hostile).as_posix())
    assert {
        "share/summary.md",
        "share/README.txt",
        "share/people.csv",
        "share/needs.csv",
        "share/pin.csv",
    } <= carrying
    assert {"share/brief.html", "share/needs.xlsx", "internal/needs.xlsx"} <= carrying
    assert {"share/zones.geojson", "internal/scenario.resolved.yaml", "internal/result.nc"} <= carrying
    assert {"internal/reports.csv", "internal/stock.csv", "internal/manifest.json"} <= carrying


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_csv, f'zone,name\nZ1,"{FORMULA}"\n'),
        (check_html, f"<p>{SCRIPT}</p>"),
        (check_html, "<p onclick='alert(1)'>x</p>"),
        (check_markdown, f"# {SCRIPT}"),
        (check_xml, f"<c><f>{FORMULA}</f></c>"),
        (check_xml, f"<c>{SCRIPT}</c>"),
    ],
)
def test_what_would_run_is_found(check, text):
    with pytest.raises(AssertionError):
        check(text)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def columns(path: Path, *names: str) -> set[str]:
    """What stands in some columns of a table of the area."""
    return {row[name] for row in rows(path) for name in names if row.get(name)}


def aiming(area: Path) -> dict[str, set[str]]:
    """What an area folder tells that `share/` must not: controllers, groups, camps, roads, points."""
    settings = YAML(typ="safe", pure=True).load(area / "area.yaml")
    known = columns(area / "zones.csv", "name", "admin1_name", "admin2_name") | columns(
        area / "settlements.csv", "name"
    )
    points = set()
    for table in ("settlements.csv", "sites.csv", "crossings.csv", "roads.csv"):
        points |= columns(area / table, "lat", "lon")
    return {
        "controller": set(settings["controllers"])
        | {each["label"] for each in settings["controllers"].values()},
        "response group": columns(area / "settlements.csv", "response_group"),
        "camp": columns(area / "sites.csv", "site") | columns(area / "sites.csv", "name") - known,
        "road": columns(area / "roads.csv", "road"),
        "crossing": {each["id"] for each in rows(area / "crossings.csv") if each["kind"] == "crossing"},
        "point": {point for point in points if len(point.partition(".")[2]) >= 3},
    }


def found_in(text: str, words: set[str]) -> set[str]:
    """Which of the words stand in a text, numbers among them with all their digits."""
    numbers = {word for word in words if re.fullmatch(r"\d+\.\d+", word)}
    names = "|".join(map(re.escape, sorted(words - numbers)))
    named = re.findall(rf"(?<![\w.])(?:{names})(?![\w.])", text, re.IGNORECASE) if names else ()
    return numbers & set(re.findall(r"\d+\.\d+", text)) | set(named)


def words_of(name: str, text: str) -> str:
    """What a file says: a page without code, a sheet without addresses, a map without the outlines of its areas."""
    if name.endswith(".html"):
        return Page(text).words
    if "/worksheets/" in name:
        return re.sub(r'<f>.*?</f>|\b(r|ref|sqref|topLeftCell|activeCell)="[^"]*"', "", text)
    if not name.endswith(".geojson"):
        return text
    held = json.loads(text)
    for feature in held["features"]:
        assert feature.pop("geometry")["type"] in ("Polygon", "MultiPolygon"), "a line or a point"
    return json.dumps(held, ensure_ascii=False)


def aimed_at(share: Path, secrets: dict[str, set[str]]) -> list[tuple[str, str, str]]:
    return [
        (name, kind, word)
        for path in files(share)
        for name, text in parts(path)
        for kind, words in secrets.items()
        for word in found_in(words_of(name, text), words)
    ]


RENAMED = {
    "Alpha": "Qxone", "Beta": "Qxtwo", "Gamma": "Qxthree", "alpha": "qxalpha", "beta": "qxbeta", "gamma": "qxgamma",
    "r1": "qxgroup", "Amber camp": "Qxcamp", "S1": "QXS1", "R1": "QXR1", "R2": "QXR2", "R3": "QXR3", "C1": "QXC1",
    "Bridge": "Qxbridge",
}  # fmt: skip


@pytest.fixture(scope="module")
def distinctive(tmp_path_factory) -> Path:
    """The toy with ids that occur nowhere else."""
    place = tmp_path_factory.mktemp("distinctive") / "toy"
    shutil.copytree(TOY, place)
    for path in files(place):
        text = path.read_text(encoding="utf-8")
        for old, new in RENAMED.items():
            text = re.sub(rf"\b{re.escape(old)}\b", new, text)
        path.write_text(text, encoding="utf-8")
    return place


def test_share_names_no_controller_group_camp_road_or_point_of_the_toy(distinctive, tmp_path):
    secrets = aiming(distinctive / "area")
    assert min(map(len, secrets.values())) > 0
    run = dp.write(dp.run(distinctive / "toy.yaml", members=2, keep=()), tmp_path / "run")
    assert aimed_at(run / "share", secrets) == []
    inside = {kind for _, kind, _ in aimed_at(run / "internal", secrets)}
    assert {"controller", "road"} <= inside, "the search finds what the analyst's part does hold"


def test_share_names_no_controller_group_camp_road_or_point_of_a_shipped_scenario(tmp_path):
    """The title and condition are the user's own words, and may name whom they like; here they name nobody by id."""
    run = dp.write(dp.run(ROOT / "scenarios" / "minimal.yaml"), tmp_path / "run")
    secrets = aiming(ROOT / "data" / "nw_syria")
    assert aimed_at(run / "share", secrets) == []


def keys_of(value: Any) -> set[str]:
    """Names of everything in a JSON document."""
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in keys_of(each)}
    return {key for each in value for key in keys_of(each)} if isinstance(value, list) else set()


def test_no_table_or_map_of_share_has_a_column_for_what_is_not_shared(hostile):
    forbidden = re.compile(
        r"lat|lon|controller|control|group|front|block|cell|route|road|path|site", re.IGNORECASE
    )
    for path in files(hostile / "share"):
        ((_, text),) = parts(path) if path.suffix in PLAIN else (("", ""),)
        names = set(next(csv.reader(io.StringIO(text)))) if path.suffix == ".csv" else set()
        names |= keys_of(json.loads(text)["features"]) if path.suffix == ".geojson" else set()
        assert not [name for name in names if any(forbidden.fullmatch(part) for part in name.split("_"))], (
            path.name
        )
