"""What an aid item and a profile may say."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.item import Item

LINE = {
    "id": "lamp",
    "sector": "household items",
    "name": "Solar lamp",
    "kind": "household_once",
    "quantity": 1,
    "unit": "lamp",
    "per": "household",
    "source": "invented",
    "status": "assumed",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantity": 0}, "greater than 0"),
        ({"low": 2}, "below the line's low"),
        ({"high": 0.5}, "above the line's high"),
        ({"quantity": float("nan")}, "finite number"),
        ({"mass_kg": 0}, "greater than 0"),
        ({"kind": "periodic_kit"}, "write every_days"),
        ({"every_days": 30}, "every_days has no meaning for household_once"),
        ({"covers_days": 5}, "covers_days has no meaning for household_once"),
        ({"after": "tent"}, "after has no meaning for household_once"),
        ({"kind": "daily", "after": "tent", "phase": "acute"}, "keep one of them"),
        ({"kind": "per_move", "phase": "stabilised"}, "counted on arrival"),
        ({"kind": "daily", "for_group": ["returned"]}, "counted on the day of return"),
        ({"id": "lamp", "contains": {"lamp": 1}}, "contains names the line itself"),
        ({"contains": {"tent": 0}}, "greater than 0"),
        ({"kind": "cohort_once"}, "write kind: household_once"),
        ({"months": [1, 1]}, "a month twice"),
        ({"months": [13]}, "less than or equal to 12"),
        ({"share": 1.5}, "less than or equal to 1"),
        ({"where": []}, "at least 1 item"),
        ({"id": "Solar lamp"}, "match pattern"),
        ({"sector": "lighting"}, "household items"),
        ({"colour": "red"}, "not permitted"),
    ],
)
def test_a_bad_line_is_refused_with_what_to_write_instead(change: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Item.model_validate({**LINE, **change})


def test_trust_in_mass_and_cost_follows_the_quantity_until_it_is_stated() -> None:
    plain = Item.model_validate({**LINE, "status": "verified"})
    weighed = Item.model_validate({**LINE, "status": "verified", "status_mass": "assumed"})
    assert {plain.mass_status, plain.volume_status, plain.cost_status} == {"verified"}
    assert {weighed.mass_status, weighed.volume_status, weighed.cost_status} == {"assumed"}


def test_a_cohort_given_by_a_planner_replaces_its_namesake_and_leaves_the_others() -> None:
    given = {
        "name": "child_6_59m",
        "share": 0.2,
        "low": 0.1,
        "high": 0.3,
        "source": "a survey",
        "status": "second-hand",
    }
    before = NeedsAssumptions().cohort_shares()
    after = NeedsAssumptions.model_validate({"cohorts": [given]}).cohort_shares()
    assert after == {**before, "child_6_59m": 0.2}


def test_shelter_shares_that_do_not_add_up_to_one_are_refused() -> None:
    tent = {"name": "tent", "in_town": 0.3, "in_site": 1, "source": "a guess", "status": "assumed"}
    with pytest.raises(ValidationError, match=r"in_town shares of shelter add up to 0\.3; make them 1"):
        NeedsAssumptions.model_validate({"shelter": [tent]})


def test_the_same_cohort_twice_is_refused() -> None:
    cohort = NeedsAssumptions().cohorts[0]
    with pytest.raises(ValidationError, match="names one entry twice"):
        NeedsAssumptions.model_validate({"cohorts": [cohort, cohort]})


def test_children_of_the_displaced_are_nested_as_their_ages_are() -> None:
    share = NeedsAssumptions().cohort_shares()
    assert share["sam_case_6_59m"] < share["child_6_59m"] < share["child_6m_14y"] < share["child_0_17"]
    assert share["sam_case_6_59m"] == pytest.approx(0.01 * share["child_6_59m"])


def test_every_field_is_explained_to_the_planner() -> None:
    for model in (Item, NeedsAssumptions):
        assert all(field.description for field in model.model_fields.values())


def test_assumptions_and_catalogue_load_no_heavy_package() -> None:
    code = (
        "import sys; import displacement.needs.catalogue; "
        "print([m for m in ('numpy', 'xarray', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
