"""Layers of standards, and where each number comes from."""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from displacement.needs import assumptions
from displacement.needs.catalogue import Catalogue, CatalogueError, resolve
from displacement.needs.item import Item
from displacement.needs.listing import table

STANDARDS: dict[str, Any] = YAML(typ="safe").load(
    Path(assumptions.__file__).with_name("standards.yaml").read_text(encoding="utf-8")
)


def layered(*layers: dict[str, Any]) -> Catalogue:
    names = ("area", "scenario", "site")
    return resolve([("standards", STANDARDS), *zip(names, layers, strict=False)])


def test_the_standards_resolve_and_cover_the_first_needs() -> None:
    catalogue = layered()
    assert {item.sector for item in catalogue.items} == {
        "water",
        "sanitation and hygiene",
        "food",
        "shelter",
        "household items",
        "health",
        "sexual and reproductive health",
        "nutrition",
        "child protection",
        "gender-based violence",
        "mine action",
        "camp coordination",
    }
    assert {item.kind for item in catalogue.items} == {
        "household_once",
        "per_move",
        "daily",
        "periodic_kit",
        "cohort_once",
        "peak_capacity",
    }
    assert catalogue.item("water_domestic").quantity == 15
    assert (catalogue.currency, catalogue.version) == (STANDARDS["currency"], "1")


def test_a_later_layer_wins_field_by_field_and_every_winner_is_named() -> None:
    catalogue = layered(
        {"items": [{"id": "tent", "quantity": 1.6, "source": "cold rule"}]},
        {"items": [{"id": "tent", "share": 0.5}]},
    )
    tent = catalogue.item("tent")
    assert (tent.quantity, tent.share, tent.mass_kg) == (1.6, 0.5, 55)
    assert catalogue.provenance["tent", "quantity"] == "area"
    assert catalogue.provenance["tent", "share"] == "scenario"
    assert catalogue.provenance["tent", "mass_kg"] == "standards"
    assert catalogue.provenance["tent", "months"] == "default"


def test_every_field_of_every_item_has_a_provenance() -> None:
    catalogue = layered({"items": [{"id": "tent", "quantity": 1.2}]})
    lines = (*catalogue.items, *catalogue.aside)
    expected = {(item.id, field) for item in lines for field in Item.model_fields}
    assert set(catalogue.provenance) == expected


def test_a_number_changed_without_a_source_counts_as_assumed_on_the_layers_word() -> None:
    changed = layered({"items": [{"id": "water_domestic", "quantity": 7.5, "mass_kg": 1.1, "cost": 1}]})
    item = changed.item("water_domestic")
    assert (item.status, item.status_mass, item.status_cost) == ("assumed", "assumed", "assumed")
    assert item.source == "stated in area without a source"
    assert changed.provenance["water_domestic", "status"] == "area"


def test_a_whole_item_is_added_in_eight_lines() -> None:
    text = """
    items:
      - id: hand_torch
        sector: household items
        name: Hand torch
        kind: household_once
        quantity: 1
        unit: torch
        per: household
        source: agreed in the cluster meeting
        status: assumed
    """
    catalogue = layered(YAML(typ="safe").load(text))
    assert catalogue.items[-1].id == "hand_torch"
    assert catalogue.provenance["hand_torch", "quantity"] == "area"
    assert catalogue.items[-1].mass_kg is None


def test_a_dropped_item_is_gone_and_may_come_back_as_another_line() -> None:
    assert "tent" not in {item.id for item in layered({"drop": ["tent"]}).items}
    line = {**next(line for line in STANDARDS["items"] if line["id"] == "tent"), "unit": "set"}
    assert layered({"drop": ["tent"], "items": [line]}).item("tent").unit == "set"


def test_layers_are_left_as_they_were() -> None:
    before = copy.deepcopy(STANDARDS)
    layered({"items": [{"id": "tent", "quantity": 1.2}], "drop": ["measles_dose"]})
    assert before == STANDARDS


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"items": [{"id": "tnet", "quantity": 1}]}, "area: tnet: no such item; did you mean 'tent'?"),
        ({"items": [{"id": "tent", "quantty": 1}]}, "area: tent.quantty: unknown field; did you mean 'quan"),
        (
            {"items": [{"id": "tent", "quantity": "many"}]},
            "area: tent.quantity: 'many' is no number with a unit",
        ),
        ({"items": [{"id": "water_domestic", "quantity": 105}]}, "area: water_domestic: quantity 105 is abo"),
        ({"items": [{"id": "water_domestic", "unit": "m3"}]}, "area: water_domestic.unit: the line is in li"),
        ({"items": [{"id": "soap", "every_days": 7}]}, "area: soap.every_days: changed from 30.4 to 7 with"),
        ({"items": [{"id": "soap", "per": "household"}]}, "area: soap.per: changed from person to household"),
        ({"items": [{"id": "tent", "where": "site"}]}, "area: tent.where: write a list, such as \\[site\\]"),
        ({"items": [{"id": "tent", "where": ["tents"]}]}, "tent.where: unknown place 'tents'; did you mean"),
        ({"items": [{"id": "measles_dose", "per": "child_6m_15y", "quantity": 1}]}, "did you mean 'child_6m"),
        ({"items": [{"id": "tent"}, {"id": "tent"}]}, "area: tent: given twice in this layer"),
        ({"items": [{"quantity": 1}]}, "area: items, line 1: a line is a mapping with an id"),
        ({"items": {"id": "tent"}}, "area: items: write a list"),
        ({"item": []}, "area: item: unknown key; did you mean 'items'?"),
        ({"drop": ["tnet"]}, "area: drop: tnet: no such item; did you mean 'tent'?"),
        ({"drop": ["ready_to_eat_ration"]}, "full_ration.after: no such item 'ready_to_eat_ration'"),
        ({"items": [{"id": "ready_to_eat_ration", "covers_days": None}]}, "has no covers_days"),
        ({"currency": "other"}, "area: currency: costs are in"),
        (["tent"], "area: a layer is a mapping with items or drop"),
    ],
)
def test_a_bad_layer_is_refused_with_what_to_write_instead(layer: Any, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        layered(layer)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(CatalogueError) as caught:
        layered({"drop": ["tnet"], "items": [{"id": "tent", "quantty": 1}], "item": []})
    assert len(caught.value.problems) == 3
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_no_layer_at_all_is_refused() -> None:
    with pytest.raises(CatalogueError, match="no standards given"):
        resolve([])


def test_an_unknown_item_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'blanket'"):
        layered().item("blankets")


def test_the_table_has_a_row_an_item_and_leaves_unknown_figures_blank() -> None:
    rows = table(layered({"items": [{"id": "tent", "quantity": 1.6, "source": "cold rule"}]}))
    row = {row["id"]: row for row in rows}
    assert len(rows) == len(STANDARDS["items"])
    assert row["toilet_shared"]["mass_kg"] is None
    assert (row["tent"]["quantity_from"], row["tent"]["changed_by"]) == ("area", ("area",))
    assert (row["soap"]["quantity_from"], row["soap"]["changed_by"]) == ("standards", ())


def test_no_item_is_counted_both_loose_and_in_a_kit() -> None:
    """The NFI kit holds kitchen set, mattresses and blankets (shelter cluster overview, May 2020),
    the hygiene kit holds soap; the standards list the loose lines."""
    assert not {"nfi_kit", "hygiene_kit"} & {item.id for item in layered().items}
