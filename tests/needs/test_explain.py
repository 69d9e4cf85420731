"""A number taken apart says the same number."""

import numpy as np
import pytest
import xarray as xr
from invented import CATALOGUE, EVERYTHING, LINE, PROFILE, STANDARDS, populace

from displacement.needs.catalogue import CatalogueError, resolve
from displacement.needs.demand import demand
from displacement.needs.explain import explain
from displacement.needs.listing import as_plain, from_plain, printed
from displacement.needs.logistics import Supply
from displacement.needs.supply import Stores, Ways, deliver

DAY = np.datetime64("2024-11-02")


@pytest.mark.parametrize("item", [item.id for item in EVERYTHING.items])
def test_the_first_line_holds_the_number_of_the_table_and_the_reckoning_gives_it(item: str) -> None:
    people = populace(7)
    lines = explain(people, EVERYTHING, PROFILE, "Z1", item, DAY)
    need = demand(people, EVERYTHING).need.sel(item=item, zone="Z1", time=DAY).isel(member=0).item()
    said = float(lines[0].split(": ")[-1].split(" ")[0].replace(",", ""))
    assert said == pytest.approx(need, rel=0.01, abs=0.5 if need >= 100 else 1e-12)
    assert 5 <= len(lines) <= 14
    assert any(EVERYTHING.item(item).source in line for line in lines)
    so = next(line for line in lines if line.startswith("So: "))
    product = 0.0
    for term in so.removeprefix("So: ").split(" = ")[0].split(" + "):
        people_text, *factors = term.split(" x ")
        value = float(people_text.split(" ")[0].replace(",", ""))
        for factor in factors:
            word = factor.split(" ")[0]
            above, _, below = word.partition("/")
            value *= float(above) / float(below or 1)
        product += value
    gross = float(so.split(" = ")[1].split(" ")[0].replace(",", ""))
    assert product == pytest.approx(gross, rel=0.02, abs=0.6)


def test_it_says_which_layer_gave_the_number_and_what_differs_here() -> None:
    layers = [
        ("standards", {"version": "1", "currency": "coin", "items": [{**LINE, "quantity": 15}]}),
        (
            "profile winter",
            {"items": [{"id": "thing", "quantity": 17, "source": "winter", "status": "assumed"}]},
        ),
    ]
    changed = {"id": "thing", "quantity": 20, "source": "clinic", "status": "assumed"}
    catalogue = resolve(layers, sites=[{"zones": ["Z1"], "type": "all", "items": [changed]}])
    here = "\n".join(explain(populace(7), catalogue, PROFILE, "Z1", "thing", DAY))
    there = "\n".join(explain(populace(7), catalogue, PROFILE, "Z0", "thing", DAY))
    assert "from profile winter" in here
    assert "Here (all) it is 20 piece, from sites[1]: clinic." in here
    assert "clinic" not in there


def test_an_item_for_people_who_are_not_given_is_said_to_be_unknown() -> None:
    people = populace(7)[["arrivals", "present_new"]]
    lines = explain(people, CATALOGUE, PROFILE, "Z1", "risk_education_on_return", DAY)
    assert "not known session." in lines[0]
    assert "people who are not given here (returned)" in lines[1]


def test_what_was_met_is_said_with_what_stood_in_the_way() -> None:
    people = populace(7)
    needs = demand(people, CATALOGUE)
    days, zones = needs.sizes["time"], needs.sizes["zone"]
    none = Stores(("north",), np.zeros((days, 1, needs.sizes["item"])))
    ways = Ways(("road",), np.full((days, 1), 5.0), np.ones((days, 1, 1, zones), bool), np.array([1]))
    supply: xr.Dataset = deliver(needs, Supply(), none, ways)
    lines = explain(people, CATALOGUE, PROFILE, "Z1", "tent", DAY, supply)
    assert lines[-1].startswith("Supply: ")
    assert lines[-1].endswith("missing, for want of stock.")
    water = explain(people, CATALOGUE, PROFILE, "Z1", "water_domestic", DAY, supply)
    assert water[-1] == "Supply: no account is kept of it (no figure of money)."


def test_a_line_that_does_not_count_cannot_be_explained() -> None:
    with pytest.raises(CatalogueError, match="is not on the list"):
        explain(populace(7), CATALOGUE, PROFILE, "Z1", "rope", DAY)


def test_the_catalogue_written_and_read_again_is_the_same() -> None:
    site = {"zones": ["Z1"], "type": "site", "items": [{"id": "tent", "quantity": 1.2}]}
    catalogue = resolve([("standards", STANDARDS)], sites=[site])
    again, profile = from_plain(as_plain(catalogue, PROFILE))
    assert again == catalogue
    assert profile == PROFILE


def test_the_printed_standards_name_every_line_on_the_list_and_the_others_when_asked() -> None:
    short, whole = printed(CATALOGUE), printed(CATALOGUE, with_aside=True)
    assert all(f"  {item.id} " in short for item in CATALOGUE.items)
    assert all(f"  {item.id}* " in whole for item in CATALOGUE.aside)
    assert "rope" not in short
