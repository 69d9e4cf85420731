"""Need is a count times a quantity; the count is what a workbook multiplies."""

import numpy as np
import pytest
from invented import EVERYTHING, LINE, PROFILE, populace

from displacement.needs.catalogue import resolve
from displacement.needs.counts import is_bent, linear, units_per_person
from displacement.needs.demand import Reckoner, demand

STRAIGHT = [item for item in EVERYTHING.items if not is_bent(item, Reckoner(populace(1), EVERYTHING))]


def test_the_need_of_every_line_that_no_kit_holds_is_its_count_times_its_quantity():
    people = populace(7)
    reckoner, needs = Reckoner(people, EVERYTHING, PROFILE), demand(people, EVERYTHING, PROFILE)
    assert len(STRAIGHT) > 60
    for item in STRAIGHT:
        count = linear(reckoner, item).count
        expected = needs["need"].sel(item=item.id).transpose("member", "time", "zone").values
        each = item.quantity * units_per_person(item, PROFILE)
        np.testing.assert_allclose(count * each, expected, rtol=1e-12, err_msg=item.id)


def test_a_count_does_not_know_the_quantity():
    people = populace(3)
    item = next(item for item in STRAIGHT if item.id == "tent")
    reckoner = Reckoner(people, EVERYTHING, PROFILE)
    other = item.model_copy(update={"quantity": 3.7})
    np.testing.assert_allclose(linear(reckoner, item).count, linear(reckoner, other).count, rtol=1e-14)


@pytest.mark.parametrize("quantity", [0.5, 1.0, 4.0])
def test_what_zones_with_a_quantity_of_their_own_call_for_is_fixed(quantity):
    """Zone Z1 has 9 of its own; the others follow the line."""
    people = populace(5)

    def lines(of):
        layer = {"version": "1", "currency": "coin", "items": [{**LINE, "quantity": of}]}
        sites = [{"zones": ["Z1"], "type": "site", "items": [{"id": "thing", "quantity": 9}]}]
        return resolve([("test", layer)], PROFILE, sites)

    parts = linear(Reckoner(people, lines(1.0), PROFILE), lines(1.0).items[0])
    expected = demand(people, lines(quantity), PROFILE)["need"].values[..., 0]
    np.testing.assert_allclose(parts.count * quantity + parts.fixed, expected, rtol=1e-9)
    assert parts.fixed[:, :, 1].sum() > 0
    np.testing.assert_allclose(parts.fixed[:, :, [0, 2]], 0.0, atol=1e-6)
