"""The shipped lines of aid, the named profiles over them, and the lines of the area."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import xarray as xr
from ruamel.yaml import YAML

from displacement.needs import assumptions, item
from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, resolve
from displacement.needs.demand import demand
from displacement.needs.item import Item

SHIPPED = Path(assumptions.__file__).parent
AREA_FILE = Path(__file__).parents[2] / "data" / "nw_syria" / "standards.yaml"
WINTER = {11, 12, 1, 2, 3}


def read(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return parsed


STANDARDS = read(SHIPPED / "standards.yaml")
PROFILES = read(SHIPPED / "profiles.yaml")
AREA = read(AREA_FILE)
EVERYTHING: dict[str, Any] = {"include": ["all"]}


def layered(*layers: dict[str, Any]) -> Catalogue:
    return resolve(
        [("standards", STANDARDS), *((f"layer {number}", layer) for number, layer in enumerate(layers))]
    )


LINES = layered(AREA, EVERYTHING).items
LINE = {line.id: line for line in LINES}


def needed(people: float, days: int, *include: str, place: str = "site") -> xr.DataArray:
    """Need over so many days of so many people, long arrived in one place, by item."""
    dims = ("member", "time", "zone", "type")
    present = np.full((1, days, 1, 1), people)
    crowd = xr.Dataset(
        {"arrivals": (dims, np.zeros_like(present)), "present_new": (dims, present)},
        coords={
            "time": np.datetime64("2024-06-01", "ns") + np.arange(days) * np.timedelta64(1, "D"),
            "zone": ["Z"],
            "type": [place],
        },
    )
    return demand(crowd, layered({"include": list(include)})).need.sum(("member", "time", "zone"))


# What is there


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("more", [{}, EVERYTHING], ids=["the list", "every line"])
def test_the_standards_resolve_under_every_profile_with_and_without_the_area(
    profile: str, more: dict[str, Any]
) -> None:
    for layers in ([PROFILES[profile], more], [AREA, PROFILES[profile], more]):
        catalogue = layered(*layers)
        assert bool(catalogue.aside) == (not more)


def test_the_list_for_the_first_thirty_days_is_about_twenty_five_lines() -> None:
    assert 24 <= len(layered().items) <= 29


def test_every_sector_has_a_line() -> None:
    assert {line.sector for line in LINES} == set(get_args(item.Sector))


def test_every_line_names_a_source() -> None:
    assert all(line.source.strip() for line in LINES)
    assert not [line.id for line in LINES if "stated in" in line.source]


def test_every_number_a_profile_changes_names_its_source_and_how_far_to_trust_it() -> None:
    for profile in PROFILES.values():
        for line in profile.get("items", []):
            assert line["source"]
            assert line["status"]


def test_every_profile_has_a_title_and_sphere_changes_nothing() -> None:
    assert set(PROFILES) == {"sphere", "winter", "survival", "practice"}
    assert all(profile["title"] for profile in PROFILES.values())
    assert layered(PROFILES["sphere"]).items == layered().items


def test_the_area_puts_no_line_on_the_list_and_changes_none() -> None:
    assert layered(AREA).items == layered().items
    assert not {line["id"] for line in AREA["items"]} & {line["id"] for line in STANDARDS["items"]}


# What holds of every line


def test_services_weigh_nothing_and_everything_else_on_the_list_weighs_something() -> None:
    services = [line for line in LINES if line.supplied == "service"]
    assert {(line.mass_kg, line.volume_m3) for line in services} == {(None, None)}
    carried = [line for line in layered().items if line.supplied != "service"]
    assert all(line.mass_kg and line.volume_m3 for line in carried)


def test_what_is_counted_in_winter_only_is_counted_from_november_to_march() -> None:
    assert {frozenset(line.months) for line in LINES} == {frozenset(), frozenset(WINTER)}


def test_no_line_that_holds_others_is_itself_held_by_one() -> None:
    holding = {line.id for line in LINES if line.contains}
    held = {other for line in LINES for other in line.contains}
    assert not holding & held


def test_no_kit_weighs_less_than_what_it_holds() -> None:
    """Rations apart, of which the contents are given in kg net."""
    for line in LINES:
        pieces = {other: amount for other, amount in line.contains.items() if other != "full_ration"}
        if line.mass_kg is None or not pieces:
            continue
        assert sum(amount * (LINE[other].mass_kg or 0) for other, amount in pieces.items()) <= line.mass_kg


def test_no_ration_holds_more_food_than_it_weighs() -> None:
    rations = [line for line in LINES if "full_ration" in line.contains]
    assert {"family_ration", "ration_cereal", "bread_wheat"} <= {line.id for line in rations}
    for line in rations:
        assert line.mass_kg is not None
        assert line.contains["full_ration"] <= line.mass_kg


def test_staff_are_counted_in_months_of_work() -> None:
    staff = [line for line in LINES if line.unit in ("worker month", "team month")]
    assert len(staff) >= 8
    assert {(line.kind, line.every_days, line.supplied) for line in staff} == {("daily", 30.4, "service")}


def test_whatever_counts_who_returned_can_be_counted_on_the_day_of_return() -> None:
    returning = {line.id for line in LINES if "returned" in line.for_group}
    assert returning == {"risk_education_on_return", "cash_on_return"}


# Known answers


def test_the_six_commodities_add_up_to_the_full_ration_and_are_taken_off_it() -> None:
    """WFP reference basket: 400 + 60 + 25 + 50 + 15 + 5 g = 555 g."""
    goods = [LINE[f"ration_{name}"] for name in ("cereal", "pulses", "oil", "blend", "sugar", "salt")]
    assert sum(line.quantity for line in goods) == pytest.approx(LINE["full_ration"].quantity, rel=1e-12)
    assert [line.contains for line in goods] == [{"full_ration": 1}] * 6
    assert {line.after for line in goods} == {LINE["full_ration"].after}


def test_a_truck_takes_241_tents_by_volume() -> None:
    """85 m3 stowed to 0.8, tents of 0.282 m3 (IFRC catalogue)."""
    assert LINE["tent"].volume_m3 is not None
    assert int(85 * 0.8 / LINE["tent"].volume_m3) == 241


@pytest.mark.parametrize(
    ("first", "increment", "standard"),
    [
        ("water_domestic", "water_stabilised", 20),
        ("toilet_shared", "toilet_stabilised", 1 / 20),
        ("covered_space", "covered_space_cold", 4.5),
    ],
)
def test_a_standard_and_its_increment_add_up_to_the_higher_standard(
    first: str, increment: str, standard: float
) -> None:
    """UNHCR WASH indicators 2018: 20 l, 20 people a toilet; Sphere 2018: 4.5 m2 in the cold."""
    both: tuple[Item, Item] = (LINE[first], LINE[increment])
    assert sum(line.quantity for line in both) == pytest.approx(standard, rel=1e-12)
    assert (both[0].unit, both[0].per, both[0].where) == (both[1].unit, both[1].per, both[1].where)


def test_the_family_ration_weighs_what_its_contents_weigh() -> None:
    """IRC: 40.5 kg of dry and tinned goods and 4 l of oil of 0.92 kg."""
    goods = 18 + 4 + 2 + 7 + 2 + 3 + 1 + 1 + 0.5 + 2
    assert LINE["family_ration"].mass_kg == pytest.approx(goods + 4 * 0.92, abs=0.05)


def test_the_hygiene_kit_holds_the_soap_and_pads_that_five_people_need_in_its_month() -> None:
    kit, soap, pads = LINE["hygiene_kit"], LINE["soap"], LINE["menstrual_supplies"]
    assert kit.every_days == soap.every_days == pads.every_days
    women = NeedsAssumptions().cohort_shares()["woman_15_49"]
    assert kit.contains == pytest.approx(
        {"soap": 5 * soap.quantity, "menstrual_supplies": 5 * women * pads.quantity}, rel=1e-12
    )


def test_a_site_of_ten_thousand_needs_the_facilities_of_sphere() -> None:
    """250 people a tap, 500 a hand pump, 400 a well, 50 a bathing place, 100 a laundry; 45 m2 each; a health
    centre and 18 beds for 10,000."""
    expected = {
        "tap": 40,
        "handpump": 20,
        "open_well": 25,
        "bathing_facility": 200,
        "laundry_facility": 100,
        "site_area": 450_000,
        "health_centre": 1,
        "inpatient_bed": 18,
    }
    need = needed(10_000, 3, *expected)
    assert {name: need.sel(item=name).item() for name in expected} == pytest.approx(expected, rel=1e-12)


def test_ten_thousand_people_make_thirty_thousand_visits_a_year_which_two_clinicians_see() -> None:
    """Three visits a person and year (Sphere, 2 to 4), fifty a clinician and day: 1.64 clinicians."""
    need = needed(10_000, 365, "clinician")
    assert need.sel(item="outpatient_consultation").item() == pytest.approx(30_000, rel=1e-3)
    months_of_work = need.sel(item="clinician").item()
    assert months_of_work * 30.4 / 365 == pytest.approx(82.2 / 50, rel=1e-3)


def test_a_thousand_people_expect_the_births_of_their_cohort_in_a_year() -> None:
    births = NeedsAssumptions().cohort_shares()["birth_in_a_year"]
    assert needed(1000, 365, "expected_birth").sel(item="expected_birth").item() == pytest.approx(
        1000 * births, rel=1e-12
    )


def test_the_winter_profile_counts_every_winter_line_and_tents_of_four_and_a_half_square_metres() -> None:
    winter = layered(PROFILES["winter"])
    assert not [line.id for line in winter.aside if line.months]
    assert winter.item("tent").quantity * 16 == pytest.approx(5.65 * 4.5, rel=1e-2)
    ration = winter.item("winter_ration_increment")
    assert ration.quantity == pytest.approx(300 / 2100 * 0.555, rel=1e-3)
    assert set(ration.where) == {"tent", "unfinished_building"}


def test_the_survival_profile_is_shorter_and_asks_for_no_more_of_anything() -> None:
    usual = {line.id: line for line in layered().items}
    survival = {line.id: line for line in layered(PROFILES["survival"]).items}
    assert survival.keys() < usual.keys()
    assert survival["water_domestic"].quantity == 7.5
    assert all(survival[name].quantity <= usual[name].quantity for name in survival)


def test_the_ration_of_practice_has_1170_kilocalories() -> None:
    """WFP in the north-west from May 2022; the full ration has 2,100 kcal."""
    practice = layered(PROFILES["practice"]).item("full_ration")
    assert practice.quantity / LINE["full_ration"].quantity * 2100 == pytest.approx(1170, rel=2e-3)
    assert practice.high is not None
    assert practice.high / LINE["full_ration"].quantity * 2100 == pytest.approx(1300, rel=2e-3)
    assert practice.status == "second-hand"
