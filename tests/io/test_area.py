"""The shipped area and the toy area on their grids."""

import json
from pathlib import Path

import numpy as np
import pytest

import displacement as dp
from displacement import asked
from displacement.io import tables
from displacement.io.gazetteer import Gazetteer
from displacement.io.provenance import sha256

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "data" / "nw_syria"


@pytest.fixture(scope="module")
def inputs():
    return asked.read_inputs(dp.load(ROOT / "scenarios" / "quiet.yaml"))


def test_zone_totals_are_met_exactly(inputs):
    zone, people = inputs.cells["zone"].values, inputs.cells["population"].values
    found = np.bincount(zone[zone >= 0], people[zone >= 0], len(inputs.zones.code))
    np.testing.assert_allclose(found, inputs.zones.population, rtol=1e-12)
    assert people[zone < 0].sum() == 0
    assert people.sum() == pytest.approx(12_030_194, rel=1e-12), "the total of the source's zones"


def test_people_displaced_before_add_up_to_the_known_total(inputs):
    """3.4 million in the north-west in 2024; blank, and not zero, where nothing is known."""
    assert np.nansum(inputs.zones.displaced_before) == 3_400_000
    assert np.isnan(inputs.zones.displaced_before).sum() == 122


def test_towns_abroad_hold_nobody(inputs):
    rows = tables.read(SHIPPED / "settlements.csv", ["country", "population", "zone"])
    abroad = [row for row in rows if row["country"] != "SY"]
    assert len(rows) == 530
    assert len(abroad) == 13
    assert all(not row["population"] and not row["zone"] for row in abroad)


def test_every_zone_and_the_150_largest_places_have_an_arabic_name():
    zones = tables.read(SHIPPED / "zones.csv", ["name_ar"])
    places = tables.read(SHIPPED / "settlements.csv", ["name_ar", "population"])
    largest = sorted(places, key=lambda row: -row.number_or("population", 0.0))[:150]
    assert len(zones) == 160
    assert all(row["name_ar"] for row in (*zones, *largest))


def test_every_row_names_its_source_and_confidence():
    for name in ("settlements", "zones", "sites", "roads", "crossings"):
        for row in tables.read(SHIPPED / f"{name}.csv", ["source", "confidence"]):
            assert row.text("source")
            assert row.text("confidence") in ("high", "medium", "low", "low-medium") or name == "roads"


def test_the_manifest_has_the_hash_of_every_file():
    entries = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))["files"]
    files = {path.name for path in SHIPPED.iterdir()} - {"manifest.json", "sources.yaml"}
    assert set(entries) == files
    for name, entry in entries.items():
        assert entry["sha256"] == sha256(SHIPPED / name), f"{name} changed; run `make manifest`"
        assert entry["source"]
        assert entry["licence"]


def test_the_folder_is_below_one_megabyte():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 1_000_000


def test_blocks_are_about_fifteen_hundred_to_three_thousand_and_hold_everybody(inputs):
    assert 1_000 < inputs.blocks.size < 4_000
    assert inputs.blocks.people.sum() == pytest.approx(inputs.zones.population.sum(), rel=1e-12)


def test_no_destination_is_on_an_impassable_cell(inputs):
    on_road = np.concatenate([road.cell for road in inputs.land.roads.values()])
    cell = inputs.destinations.cell
    assert ((inputs.cells["zone"].values[cell] >= 0) | np.isin(cell, on_road)).all()


SPELLINGS = {
    "Saraqib": "C3916",
    "Saraqeb": "C3916",
    "سراقب": "C3916",
    "Idlib": "C3871",
    "Idleb": "C3871",
    "إدلب": "C3871",
    "ادلب": "C3871",
    "Atarib": "C1022",
    "Al-Atarib": "C1022",
    "الأتارب": "C1022",
    "Maarrat al-Numan": "C3985",
    "Maaret al-Numan": "C3985",
    "Ma'arrat al-Nu'man": "C3985",
    "معرة النعمان": "C3985",
    "Kafr Nabl": "C4068",
    "Kafranbel": "C4068",
    "Kafr Nobol": "C4068",
    "Khan Sheikhoun": "C3987",
    "Khan Shaykhun": "C3987",
    "خان شيخون": "C3987",
    "Jisr al-Shughur": "C4199",
    "جسر الشغور": "C4199",
    "Sarmada": "C4121",
    "Binnish": "C3904",
    "Ariha": "C4278",
    "Nayrab": "C3867",
    "Sarmin": "C3953",
    "Tall Rifaat": "C1621",
    "Tel Rifaat": "C1621",
    "Azaz": "C1564",
    "Al-Bab": "C1202",
    "Afrin": "C1366",
    "Manbij": "C1767",
    "Hama": None,
    "Homs": None,
    "Aleppo": "C1007",
    "Rastan": "C2870",
    "Talbiseh": "C2882",
    "Halfaya": "C3453",
    "Darat Izza": "C1139",
    "Morek": "C3029",
    "Taftanaz": "C3932",
}


@pytest.mark.parametrize(("spelling", "code"), SPELLINGS.items())
def test_press_spellings_resolve(spelling, code):
    """Codes are those of COD-AB; where none is given the name must resolve to a place of that name."""
    found = GAZETTEER.resolve(spelling)
    assert found.code == code if code else found.name in (spelling, "Ḩamāh")


GAZETTEER = Gazetteer(SHIPPED)


def test_an_ambiguous_name_lists_its_candidates_the_largest_first():
    with pytest.raises(LookupError, match=r"'Suran' is the name of 2 places: Suran .*write the p-code"):
        GAZETTEER.resolve("Suran")
    assert GAZETTEER.resolve("Suran (Hama)").code == "C3026"


@pytest.mark.parametrize(
    ("slip", "meant"), [("Saraqyb", "C3916"), ("Maarrat Nomann", "C3985"), ("Khan Shekhon", "C3987")]
)
def test_a_slip_is_answered_with_the_right_candidate_first(slip, meant):
    assert GAZETTEER.near(slip)[0].code == meant
    with pytest.raises(LookupError, match="did you mean"):
        GAZETTEER.resolve(slip)


def test_the_toy_area_is_eight_by_eight(toy_result):
    assert toy_result.inputs.grid.shape == (8, 8)
    assert toy_result.inputs.grid.cell_km == 5.0
