"""Names of aid items: what is written in plain words is known, and what may be something else is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import HOUSEHOLD_ITEM

from displacement.io import item_names
from displacement.needs.item import Item

ITEMS = [
    Item(id=id, name=name, unit=unit, mass_kg=15 if unit == "carton" else None, **HOUSEHOLD_ITEM)
    for id, name, unit in (
        ("tent", "Family tent, 16 m2", "tent"),
        ("plastic_sheet", "Plastic sheet, 4 x 5 or 4 x 6 m", "sheet"),
        ("blanket", "Blanket, medium thermal", "blanket"),
        ("winter_blanket", "Winter blanket, high thermal, on top of the ordinary one", "blanket"),
        ("baby_blanket", "Blanket, baby", "blanket"),
        ("mattress", "Foam mattress", "mattress"),
        ("kitchen_set", "Kitchen set", "set"),
        ("nfi_kit", "NFI kit", "kit"),
        ("hygiene_kit", "Hygiene kit", "kit"),
        ("shelter_repair_kit", "Shelter repair kit", "kit"),
        ("clothing_child", "Winter clothing, child", "set"),
        ("clothing_adult", "Winter clothing, adult", "set"),
        ("soap", "Soap, bathing and laundry", "kg"),
        ("water_container", "Water container, 10 to 20 l", "container"),
        ("water_domestic", "Water for drinking, cooking and washing", "litre"),
        ("ready_to_eat_ration", "Ready-to-eat ration, five people for five days", "ration"),
        ("full_ration", "Full dry ration, 2,100 kcal", "kg"),
        ("therapeutic_food", "Ready-to-use therapeutic food, carton of 150 sachets", "carton"),
        ("emergency_health_kit", "Interagency emergency health kit, complete", "kit"),
        ("reproductive_kit_3", "Reproductive health kit 3", "kit"),
        ("reproductive_kit_4", "Reproductive health kit 4", "kit"),
        ("heating_stove", "Heater (stove)", "stove"),
        ("heating_fuel", "Heating fuel, diesel", "litre"),
        ("solar_lamp", "Solar lamp", "lamp"),
        ("dignity_kit", "Dignity kit", "kit"),
    )
]


def meant(written, items=ITEMS):
    return item_names.meanings([written], items)[written]


def item_of(written, items=ITEMS):
    found = meant(written, items).item
    return found and found.id


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_the_id_and_the_name_of_an_item_are_exact_in_any_case_and_number(item):
    spaced = item.id.replace("_", " ")
    for written in (item.id, item.name, item.name.upper(), spaced, f"  {spaced.title()} "):
        assert meant(written) == item_names.Meaning(item, True)
    if not item.id[-1].isdigit() and item.id != "mattress":
        assert meant(f"{spaced}s") == item_names.Meaning(item, True)


@pytest.mark.parametrize("written", ["Mattresses", "mattresses", "foam mattresses"])
def test_the_plural_of_mattress_is_a_mattress(written):
    assert meant(written) == item_names.Meaning(next(item for item in ITEMS if item.id == "mattress"), True)


@pytest.mark.parametrize(
    ("written", "item"),
    [
        ("Family tents 16m2", "tent"),
        ("Tent (family, 16 m²)", "tent"),
        ("blankets, thermal", "blanket"),
        ("Thermal blankets (medium)", "blanket"),
        ("blankt", "blanket"),
        ("Blanket, winter", "winter_blanket"),
        ("High thermal blankets", "winter_blanket"),
        ("Mattress (foam)", "mattress"),
        ("matress", "mattress"),
        ("Family kitchen set", "kitchen_set"),
        ("Cooking sets", "kitchen_set"),
        ("Hygiene kit - family", "hygiene_kit"),
        ("RUTF", "therapeutic_food"),
        ("RUTF, carton", "therapeutic_food"),
        ("IEHK", "emergency_health_kit"),
        ("RTE rations", "ready_to_eat_ration"),
        ("Jerry cans", "water_container"),
        ("jerrycan 10-20 L", "water_container"),
        ("JERRY-CAN 20 litres", "water_container"),
        ("Tarpaulins", "plastic_sheet"),
        ("Tarpaulin 4x5", "plastic_sheet"),
        ("tarpaulin 400 x 600 cm", "plastic_sheet"),
        ("Plastic sheets 4m x 6m", "plastic_sheet"),
        ("laundry soap", "soap"),
        ("Drinking water", "water_domestic"),
        ("Heaters", "heating_stove"),
        ("Solar lantern", "solar_lamp"),
        ("Children's winter clothing", "clothing_child"),
    ],
)
def test_a_name_in_plain_words_is_known_and_said_not_to_be_exact(written, item):
    assert item_of(written) == item
    assert not meant(written).exact


@pytest.mark.parametrize(
    ("written", "item"),
    [
        ("خيمة", "tent"),
        ("الخيام", "tent"),
        ("بطانيات", "blanket"),
        ("بطانيه شتويه", "winter_blanket"),
        ("فرشة", "mattress"),
        ("إسفنجة", "mattress"),
        ("صابون", "soap"),
        ("سلل نظافة", "hygiene_kit"),
        ("حقيبة كرامة", "dignity_kit"),
        ("أدوات المطبخ", "kitchen_set"),
        ("شوادر", "plastic_sheet"),
        ("بيدونات مياه", "water_container"),
        ("مدافئ", "heating_stove"),
        ("وقود تدفئة", "heating_fuel"),
    ],
)
def test_the_commonest_items_are_known_in_arabic(written, item):
    assert item_of(written) == item


@pytest.mark.parametrize(
    "written",
    [
        *("tent repair kit", "Repair kit for family tents", "Tents without poles", "used tents"),
        *("kitchen tent", "school tent", "tint", "خيمة مدرسية"),
        *("Blanket for cattle", "Blanket cover", "mattress cover", "bed sheets", "sheet"),
        *("kit", "health kit", "repair kits", "IEHK basic module", "lamp", "soup"),
        *("Water", "water tank", "diesel", "cooking stove", "fuel for heater"),
        *("food basket", "سلة غذائية", "RUSF", "Ready-to-use supplementary food", "Unfortified full ration"),
        *("16 m2", "123", "-", "for the"),
    ],
)
def test_what_may_be_something_else_stands_for_no_item(written):
    assert item_of(written) is None


@pytest.mark.parametrize(
    "written",
    ["Tent 45 m2", "plastic sheet 4x50 m", "Tarpaulin 4 x 60 m", "Jerry can 5 l", "jerry can 1 m3"],
)
def test_another_size_is_another_thing(written):
    assert item_of(written) is None


@pytest.mark.parametrize("written", ["RUTF sachets", "RUTF 92 g", "RUTF, carton of 100 sachets", "RUTF 150"])
def test_what_a_carton_holds_is_no_carton(written):
    assert item_of(written) is None
    assert item_of("RUTF, carton of 150 sachets") == item_of("RUTF carton 14 kg") == "therapeutic_food"


def test_a_prefix_that_turns_the_meaning_is_no_slip_of_the_pen():
    item = Item(id="complicated_case_kit", name="Kit for complicated cases", unit="kit", **HOUSEHOLD_ITEM)
    assert item_of("complicatd cases kit", [item]) == item.id
    assert item_of("uncomplicated cases kit", [item]) is None


def test_numbers_that_are_no_size_tell_kits_apart():
    assert item_of("Reproductive health kits 3") == "reproductive_kit_3"
    assert item_of("reproductive health kit, 4") == "reproductive_kit_4"
    assert item_of("Reproductive health kit 5") is None
    assert item_of("Reproductive health kit") is None


def test_a_blanket_is_no_winter_blanket_and_a_winter_blanket_no_blanket():
    by_id = {item.id: item for item in ITEMS}
    assert item_of("blankets", [by_id["winter_blanket"], by_id["baby_blanket"]]) is None
    assert item_of("winter blankets", [by_id["blanket"], by_id["baby_blanket"]]) is None


def test_a_name_that_two_items_share_stands_for_neither_and_both_are_near():
    found = meant("winter clothing")
    assert found.item is None
    assert set(found.nearest) >= {"clothing_child", "clothing_adult"}
    twins = [Item(id=id, name="Stove", unit="stove", **HOUSEHOLD_ITEM) for id in ("stove_a", "stove_b")]
    assert meant("stoves", twins).item is None
    assert meant("stove b", twins).item == twins[1]


def test_of_several_that_fit_the_clearly_likest_is_taken():
    both = [
        Item(id="blanket", name="Blanket, medium thermal", unit="blanket", **HOUSEHOLD_ITEM),
        Item(id="thermal_blanket", name="Thermal blanket", unit="blanket", **HOUSEHOLD_ITEM),
    ]
    assert item_of("thermal blankets 150x200", both) == "thermal_blanket"


def test_another_name_never_stands_for_what_is_not_among_the_items():
    assert item_of("RUTF", [item for item in ITEMS if item.id != "therapeutic_food"]) is None


def test_an_items_own_name_counts_before_another_name_of_another():
    own = Item(id="jerry_can", name="Jerry can", unit="can", **HOUSEHOLD_ITEM)
    assert meant("jerry cans", [*ITEMS, own]) == item_names.Meaning(own, True)
    assert item_of("jerry can 10 l", [*ITEMS, own]) == "jerry_can"


def test_no_other_name_is_listed_for_two_items():
    known = {}
    for name, item in item_names.OTHER_NAMES.items():
        assert known.setdefault(item_names._compared(name), item) == item


@pytest.mark.parametrize(
    ("written", "nearest"), [("tent repair kit", "tent"), ("RUSF", "therapeutic_food"), ("soup", "soap")]
)
def test_what_is_not_known_comes_with_the_nearest_ids(written, nearest):
    found = meant(written).nearest
    assert nearest in found
    assert len(found) <= 3


@given(
    st.lists(
        st.sampled_from(
            ["tent", "repair", "blanket", "winter", "kit", "soap", "3", "16", "m2", "family", "for", "خيمة"]
        ),
        max_size=5,
    )
)
def test_the_order_of_the_items_never_matters(words):
    written = " ".join(words) or "-"
    assert item_of(written) == item_of(written, ITEMS[::-1])


@given(st.text(max_size=20))
def test_any_text_has_a_meaning_or_none(written):
    found = item_names.meanings([written], ITEMS)
    assert set(found) == ({written} if written else set())
