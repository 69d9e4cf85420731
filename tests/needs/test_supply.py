"""Laws and known answers of supply: stock, routes, trucks, money."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from displacement.needs.catalogue import Catalogue, resolve
from displacement.needs.demand import item_coordinates
from displacement.needs.loads import truck_loads, trucks, trucks_needed, whole_units
from displacement.needs.logistics import LIFESAVING_FIRST, Supply
from displacement.needs.supply import CONSTRAINTS, RULES, Gate, Stores, Ways, deliver, whole_trucks

FOOD = {
    "id": "ration",
    "sector": "food",
    "name": "Ration",
    "kind": "daily",
    "quantity": 1,
    "unit": "kg",
    "per": "person",
    "mass_kg": 1.0,
    "volume_m3": 0.001,
    "cost": 1.0,
    "source": "invented",
    "status": "verified",
}
TENT = {**FOOD, "id": "tent", "sector": "shelter", "kind": "household_once", "unit": "tent", "mass_kg": 55.0}
TENT["volume_m3"] = 0.282
WATER = {**FOOD, "id": "water", "sector": "water", "unit": "litre", "supplied": "local", "cost": 0.01}
SCHOOL = {
    **FOOD,
    "id": "books",
    "sector": "education",
    "kind": "cohort_once",
    "unit": "book",
    "mass_kg": None,
}


def catalogue(*lines: dict[str, Any]) -> Catalogue:
    return resolve([("test", {"version": "1", "currency": "coin", "items": list(lines)})])


def needed(need: np.ndarray, *lines: dict[str, Any]) -> xr.Dataset:
    """Needs of invented lines, from an array (member, time, zone, item)."""
    dims = ("member", "time", "zone", "item")
    items = catalogue(*lines).items
    time = np.datetime64("2024-12-01", "ns") + np.arange(need.shape[1]) * np.timedelta64(1, "D")
    coords = {"time": time, "zone": [f"Z{at}" for at in range(need.shape[2])], **item_coordinates(items)}
    return xr.Dataset({"need": (dims, np.asarray(need, float))}, coords=coords, attrs={"currency": "coin"})


def everywhere(days: int, zones: int, trucks_a_day: float = np.inf, lead: int = 0, hubs: int = 1) -> Ways:
    """One route from every hub to every zone."""
    return Ways(
        routes=("road",),
        trucks=np.full((days, 1), trucks_a_day),
        reach=np.ones((days, 1, hubs, zones), bool),
        lead=np.array([lead]),
    )


def stored(opening: list[float], days: int) -> Stores:
    incoming = np.zeros((days, 1, len(opening)))
    incoming[0, 0] = opening
    return Stores(("north",), incoming)


PLAIN = Supply(losses=0.0, cost_per_truck=0.0)


# Known answers, by hand


def test_a_stock_that_lasts_two_days_runs_out_on_the_second_and_stock_binds_from_then() -> None:
    """100 kg a day from 250 kg: 100, 100, 50, 0; nothing is left at the end of the third day."""
    needs = needed(np.full((1, 4, 1, 1), 100.0), FOOD)
    found = deliver(needs, PLAIN, stored([250.0], 4), everywhere(4, 1))
    assert found.delivered.values.ravel().tolist() == [100, 100, 50, 0]
    assert found.gap.values.ravel().tolist() == [0, 0, 50, 100]
    assert [CONSTRAINTS[code] for code in found.binding.values.ravel()] == ["", "", "stock", "stock"]
    assert found.runs_out.item() == np.datetime64("2024-12-03", "ns").astype("datetime64[ns]").astype(int)


def test_what_is_missed_of_a_meal_is_missed_and_what_is_owed_of_tents_stays_owed() -> None:
    """Three of each a day; the stock comes on the second day."""
    need = np.zeros((1, 3, 1, 2))
    need[0, 0] = 3.0
    stores = Stores(("north",), np.array([[[0.0, 0.0]], [[9.0, 9.0]], [[0.0, 0.0]]]))
    found = deliver(needed(need, FOOD, TENT), PLAIN, stores, everywhere(3, 1))
    assert found.delivered.sel(item="ration").values.ravel().tolist() == [0, 0, 0]
    assert found.delivered.sel(item="tent").values.ravel().tolist() == [0, 3, 0]
    assert found.outstanding.sel(item="tent").values.ravel().tolist() == [3, 3, 0]


def test_the_lifesaving_order_fills_the_truck_with_food_first_and_the_other_rule_shares_it() -> None:
    """A truck takes 20.4 t. Wanted: 20.4 t of food, and tents of as many tonnes (and less volume)."""
    need = np.array([20_400.0, 200.0]).reshape(1, 1, 1, 2)
    heavy = {**TENT, "mass_kg": 102.0, "volume_m3": 0.1}
    needs = needed(need, FOOD, heavy)
    stores, ways = stored([1e9, 1e9], 1), everywhere(1, 1, 1.0)
    first = deliver(needs, PLAIN, stores, ways)
    assert first.delivered.values.ravel().tolist() == [20_400, 0]
    assert CONSTRAINTS[int(first.binding.sel(item="tent").item())] == "trucks"
    shared = deliver(needs, PLAIN.model_copy(update={"rule": "proportional"}), stores, ways)
    np.testing.assert_allclose(shared.delivered.values.ravel(), [10_200, 100])
    assert first.deliverable.values.ravel().tolist() == [20_400, 200]


def test_tents_cube_out_241_to_a_truck_and_losses_are_loaded_too() -> None:
    """85 m3 stowed to 0.8 over 0.282 m3 is 241.13 tents; with 2 % losses 236.3 of them arrive."""
    needs = needed(np.full((1, 1, 1, 1), 1000.0), TENT)
    found = deliver(needs, Supply(losses=0.02, cost_per_truck=0), stored([1e6], 1), everywhere(1, 1, 1.0))
    assert found.delivered.item() == pytest.approx(85 * 0.8 / 0.282 * 0.98)
    assert found.lost.item() == pytest.approx(85 * 0.8 / 0.282 * 0.02)
    assert found.trucks_used.item() == 1


def test_a_closed_route_and_the_days_before_the_first_truck_can_arrive_are_a_matter_of_access() -> None:
    need = np.full((1, 4, 2, 1), 10.0)
    ways = everywhere(4, 2, lead=2)
    ways.reach[:, 0, :, 1] = False
    found = deliver(needed(need, FOOD), PLAIN, stored([1e6], 4), ways)
    assert found.delivered.isel(zone=0).values.ravel().tolist() == [0, 0, 10, 10]
    assert not found.delivered.isel(zone=1).values.any()
    codes = found.binding.values[0, :, :, 0]
    assert [CONSTRAINTS[code] for code in codes[:, 0]] == ["access", "access", "", ""]
    assert {CONSTRAINTS[code] for code in codes[:, 1]} == {"access"}


def test_money_buys_water_before_it_pays_for_trucks_and_is_named_when_it_binds() -> None:
    """1,000 l of water cost 10, a truck 450: of 500 coins 490 are left after the water, one truck goes, not two."""
    need = np.array([1000.0, 40_800.0]).reshape(1, 1, 1, 2)
    supply = Supply(losses=0.0, cost_per_truck=450.0)
    needs = needed(need, WATER, FOOD)
    found = deliver(needs, supply, stored([0, 1e9], 1), everywhere(1, 1), money=np.array([500.0]))
    assert found.delivered.values.ravel().tolist() == [1000, 20_400]
    assert found.money_left.item() == 40
    assert CONSTRAINTS[int(found.binding.sel(item="ration").item())] == "money"
    without = deliver(needs, supply, stored([0, 1e9], 1), everywhere(1, 1))
    assert without.item.values.tolist() == ["ration"], "no figure of money, no account of what it buys"


def test_a_limit_of_half_a_truck_a_day_lets_one_go_every_other_day() -> None:
    needs = needed(np.full((1, 4, 1, 1), 1e6), FOOD)
    ways = everywhere(4, 1)
    limited = Ways(ways.routes, whole_trucks(np.full((4, 1), 0.5)), ways.reach, ways.lead)
    found = deliver(needs, PLAIN, stored([1e9], 4), limited)
    assert found.trucks_used.values.ravel().tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(found.delivered.values.ravel(), [0, 20_400, 0, 20_400])


def test_two_hubs_of_a_route_are_drawn_on_in_proportion_to_what_they_hold() -> None:
    needs = needed(np.full((1, 1, 1, 1), 40.0), FOOD)
    stores = Stores(("north", "south"), np.array([[[90.0], [30.0]]]))
    found = deliver(needs, PLAIN, stores, everywhere(1, 1, hubs=2))
    np.testing.assert_allclose(found.left.values.ravel(), [60, 20])


def test_a_target_below_the_need_is_all_that_is_sent() -> None:
    needs = needed(np.full((1, 1, 1, 2), 100.0), FOOD, TENT)
    supply = PLAIN.model_copy(update={"targets": {"food": 0.6}})
    found = deliver(needs, supply, stored([1e6, 1e6], 1), everywhere(1, 1))
    assert found.delivered.values.ravel().tolist() == [60, 100]
    assert not found.gap.values.any()


def test_what_has_no_mass_takes_no_room_and_is_named() -> None:
    needs = needed(np.full((1, 1, 1, 2), 1e5), FOOD, SCHOOL)
    assert trucks_needed(needs).items_without_mass == "books"
    assert trucks_needed(needs).trucks.item() == 5


def test_half_a_tent_is_a_tent_and_half_a_kilogram_is_not_a_kilogram() -> None:
    so_far = np.array([0.0, 0.5, 1.0, 1.0 + 1e-12, 1.5])
    assert whole_units(so_far, "tent").tolist() == [0, 1, 1, 1, 2]
    assert whole_units(so_far, "kg").tolist() == so_far.tolist()


def test_a_slow_route_beside_a_fast_one_takes_nothing_from_it() -> None:
    """Ten tents a day, stock without end: with or without the slow route ten arrive each day."""
    needs = needed(np.full((1, 8, 1, 1), 10.0), TENT)
    fast = everywhere(8, 1)
    both = Ways(("slow", "fast"), np.full((8, 2), np.inf), np.ones((8, 2, 1, 1), bool), np.array([5, 0]))
    for ways in (fast, both):
        found = deliver(needs, PLAIN, stored([1e6], 8), ways)
        assert found.delivered.values.ravel().tolist() == [10] * 8
    assert found.trucks_used.sel(route="slow").sum() == 0


def test_a_slow_route_brings_what_the_fast_one_cannot() -> None:
    """One truck a day on the fast way takes 241 tents, and on the slow way as many more, from the third day on."""
    needs = needed(np.full((1, 4, 1, 1), 1000.0), TENT)
    ways = Ways(("fast", "slow"), np.ones((4, 2)), np.ones((4, 2, 1, 1), bool), np.array([0, 2]))
    found = deliver(needs, PLAIN, stored([1e6], 4), ways)
    np.testing.assert_allclose(found.delivered.values.ravel() / (85 * 0.8 / 0.282), [1, 1, 2, 2])


def test_routes_over_one_crossing_share_its_limit() -> None:
    needs = needed(np.full((1, 2, 1, 1), 1e6), FOOD)
    gate = Gate(np.array([5.0, 5.0]), np.array([True, True, False]))
    reach = np.ones((2, 3, 1, 1), bool)
    limits = np.array([[np.inf, 2.0, 1.0]] * 2)
    ways = Ways(("north", "south", "free"), limits, reach, np.array([0, 0, 0]), (gate,))
    found = deliver(needs, PLAIN, stored([1e9], 2), ways)
    assert found.trucks_used.values[0, 0].tolist() == [5, 0, 1]
    assert found.trucks_allowed.values[0].tolist() == [5, 2, 1]


def test_a_hub_beyond_a_closed_line_gives_nothing_across_it() -> None:
    """Hub A holds 100 and reaches zone 0 only; hub B holds 1 and reaches zone 1 only."""
    needs = needed(np.full((1, 1, 2, 1), 50.0), TENT)
    reach = np.zeros((1, 1, 2, 2), bool)
    reach[0, 0, 0, 0] = reach[0, 0, 1, 1] = True
    ways = Ways(("road",), np.full((1, 1), np.inf), reach, np.array([0]))
    found = deliver(needs, PLAIN, Stores(("A", "B"), np.array([[[100.0], [1.0]]])), ways)
    assert found.delivered.values.ravel().tolist() == [50, 1]
    assert found.left.values.ravel().tolist() == [50, 0]


def test_stock_that_comes_later_is_not_sent_before_and_not_sent_twice() -> None:
    """60 tents come on the second day. 50 wanted on each of three days by a way of one day."""
    needs = needed(np.array([0.0, 50, 50, 50]).reshape(1, 4, 1, 1), TENT)
    stores = Stores(("north",), np.array([0.0, 60.0, 0.0, 0.0]).reshape(4, 1, 1))
    found = deliver(needs, PLAIN, stores, everywhere(4, 1, lead=1))
    assert found.delivered.values.ravel().tolist() == [0, 0, 60, 0]
    assert found.left.values.ravel().tolist() == [0, 0, 0, 0]


def test_what_has_no_cost_is_left_out_of_an_account_of_money_and_named() -> None:
    free = {**WATER, "id": "washing_place", "cost": None}
    needs = needed(np.full((1, 1, 1, 2), 10.0), WATER, free)
    found = deliver(needs, PLAIN, stored([0, 0], 1), everywhere(1, 1), money=np.array([0.0]))
    assert found.item.values.tolist() == ["water"]
    assert found.delivered.item() == 0
    assert found.items_without_cost == "washing_place"


def test_under_the_proportional_rule_water_and_trucks_share_money() -> None:
    """Water costs 1,000, the truck for food 450: of 1,000 coins 690 go to water, and none is left for a whole truck."""
    need = np.array([100_000.0, 20_400.0]).reshape(1, 1, 1, 2)
    supply = Supply(losses=0.0, cost_per_truck=450.0, rule="proportional")
    found = deliver(
        needed(need, WATER, FOOD), supply, stored([0, 1e9], 1), everywhere(1, 1), np.array([1000.0])
    )
    assert found.delivered.sel(item="water").item() == pytest.approx(100_000 * 1000 / 1450)
    richer = deliver(
        needed(need, WATER, FOOD), supply, stored([0, 1e9], 1), everywhere(1, 1), np.array([1449.0])
    )
    assert richer.delivered.sel(item="ration").item() == pytest.approx(20_400 * 0, abs=1)


def test_deliverable_counts_stock_once_over_all_routes() -> None:
    needs = needed(np.full((1, 1, 1, 1), 200.0), FOOD)
    ways = Ways(("a", "b"), np.full((1, 2), np.inf), np.ones((1, 2, 1, 1), bool), np.array([0, 0]))
    found = deliver(needs, PLAIN, stored([100.0], 1), ways)
    assert (found.deliverable.item(), found.delivered.item()) == (100, 100)


# Laws


@st.composite
def questions(draw: st.DrawFn) -> tuple[xr.Dataset, Supply, Stores, Ways, np.ndarray | None]:
    """Random needs, stock, routes and money; some of everything is zero."""
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    members, days, zones, hubs, routes = 2, int(stream.integers(1, 7)), 3, 2, 2
    lines = (FOOD, TENT, WATER, SCHOOL)

    def some(shape: tuple[int, ...], most: float) -> np.ndarray:
        return stream.uniform(0, most, shape) * (stream.random(shape) < 0.6)

    needs = needed(some((members, days, zones, len(lines)), 50_000), *lines)
    stores = Stores(("north", "south"), some((days, hubs, len(lines)), 100_000))
    allowed = np.where(stream.random((days, routes)) < 0.3, np.inf, stream.integers(0, 6, (days, routes)))
    ways = Ways(
        routes=("east", "west"),
        trucks=allowed,
        reach=stream.random((days, routes, hubs, zones)) < 0.8,
        lead=stream.integers(0, 3, routes),
        gates=(Gate(stream.integers(0, 8, days).astype(float), np.array([True, True])),)[
            : stream.integers(0, 2)
        ],
    )
    supply = Supply(
        losses=draw(st.sampled_from([0.0, 0.02, 0.3])),
        rule=draw(st.sampled_from(sorted(RULES))),
        target=draw(st.sampled_from([1.0, 0.5])),
    )
    money = draw(st.sampled_from([None, "some"]))
    return needs, supply, stores, ways, None if money is None else some((days,), 20_000)


some_cases = settings(max_examples=60, deadline=None)


@some_cases
@given(question=questions())
def test_delivered_and_left_and_lost_is_what_came_in(question: Any) -> None:
    needs, supply, stores, ways, money = question
    found = deliver(needs, supply, stores, ways, money)
    carried = found.isel(item=np.flatnonzero(found.supplied == "hub"))
    kept = np.isin(needs.item, carried.item)
    came = stores.incoming[:, :, kept].sum(axis=(0, 1))
    went = (
        carried.delivered.sum(("time", "zone"))
        + carried.lost.sum("time")
        + carried.left.isel(time=-1).sum("hub")
    )
    np.testing.assert_allclose(went.values, np.broadcast_to(came, went.shape), rtol=1e-9, atol=1e-5)
    for per_unit in ("mass_kg", "volume_m3"):
        weight = np.nan_to_num(carried[per_unit].values)
        np.testing.assert_allclose(went.values @ weight, np.full(2, came @ weight), rtol=1e-9, atol=1e-5)


@some_cases
@given(question=questions())
def test_nothing_is_negative_and_nobody_gets_more_than_asked(question: Any) -> None:
    found = deliver(*question)
    for name in ("delivered", "left", "lost", "gap", "deliverable", "trucks_used"):
        assert (found[name].values >= 0).all(), name
    slack = 1e-6 * (1 + found.outstanding)
    assert (found.delivered <= found.outstanding + slack).all()
    assert (found.delivered <= found.deliverable + slack).all()
    assert (found.deliverable <= found.outstanding + slack).all()
    so_far, asked = found.delivered.cumsum("time"), found.need.cumsum("time")
    assert (so_far <= asked + 1e-6 * (1 + asked)).all()


@some_cases
@given(question=questions())
def test_every_gap_has_a_reason_and_only_a_gap_has_one(question: Any) -> None:
    found = deliver(*question)
    np.testing.assert_array_equal(found.binding.values > 0, found.gap.values > 0)


@some_cases
@given(question=questions())
def test_trucks_are_whole_within_their_limit_and_carry_the_mixed_load(question: Any) -> None:
    """With one route and no lead, what left on a day is what arrived and was lost on it."""
    needs, supply, stores, ways, money = question
    one = Ways(("east",), ways.trucks[:, :1], ways.reach[:, :1], np.array([0]))
    found = deliver(needs, supply, stores, one, money)
    used = found.trucks_used.values[..., 0]
    assert (used == np.round(used)).all()
    assert (used <= one.trucks[:, 0] + 1e-9).all()
    carried = np.flatnonzero(found.supplied == "hub")
    left_hub = (
        (found.delivered.sum("zone") + found.lost).transpose("member", "time", "item").values[..., carried]
    )
    loads = truck_loads(left_hub, found.mass_kg.values[carried], found.volume_m3.values[carried], supply)
    np.testing.assert_array_equal(trucks(loads - 1e-7), np.maximum(used - (used - loads >= 1), 0))


@some_cases
@given(question=questions())
def test_money_spent_is_trucks_and_what_is_bought_and_never_more_than_there_is(question: Any) -> None:
    needs, supply, stores, ways, _ = question
    money = np.linspace(0, 30_000, needs.sizes["time"])
    found = deliver(needs, supply, stores, ways, money)
    bought = found.isel(item=np.flatnonzero(found.supplied != "hub"))
    spent = (bought.delivered * bought.cost).sum(("zone", "item")).cumsum("time")
    spent = spent + found.trucks_used.sum("route").cumsum("time") * supply.cost_per_truck
    np.testing.assert_allclose(found.money_left, np.cumsum(money) - spent, rtol=1e-9, atol=1e-5)
    assert (found.money_left >= -1e-6).all()


@some_cases
@given(question=questions(), factor=st.sampled_from([1.5, 3.0]))
def test_more_stock_never_lowers_what_is_delivered_where_only_stock_binds(
    question: Any, factor: float
) -> None:
    needs, supply, stores, _, _ = question
    ways = everywhere(needs.sizes["time"], 3, hubs=2)
    free = supply.model_copy(update={"cost_per_truck": 0.0})
    less = deliver(needs, free, stores, ways).delivered.sum("time")
    more = deliver(needs, free, Stores(stores.hubs, stores.incoming * factor), ways).delivered.sum("time")
    assert (more >= less - 1e-6).all()


@some_cases
@given(question=questions())
def test_members_do_not_touch_each_other(question: Any) -> None:
    needs, *rest = question
    together = deliver(needs, *rest).delivered
    apart = [deliver(needs.isel(member=[at]), *rest).delivered for at in range(2)]
    np.testing.assert_allclose(together, xr.concat(apart, "member"), rtol=1e-12, atol=1e-6)


@pytest.mark.parametrize("rule", RULES.values())
def test_a_rule_serves_every_item_in_exactly_one_tier(rule: Any) -> None:
    sectors = ["education", "food", "food", "poetry", "water"]
    tiers = rule(sectors, LIFESAVING_FIRST)
    assert sorted(at for tier in tiers for at in tier) == list(range(len(sectors)))
    assert rule([], LIFESAVING_FIRST) == []


def test_the_lifesaving_rule_keeps_the_order_and_leaves_strangers_for_last() -> None:
    assert RULES["lifesaving"](["poetry", "food", "water"], LIFESAVING_FIRST) == [[2], [1], [0]]


@some_cases
@given(seed=st.integers(0, 2**32 - 1))
def test_doubling_people_never_lowers_whole_units_or_whole_trucks(seed: int) -> None:
    stream = np.random.default_rng(seed)
    need = stream.uniform(0, 3, (2, 5, 3, 2)) * stream.choice([1.0, 1e-3, 1e4], (2, 5, 3, 2))
    once, twice = needed(need, FOOD, TENT), needed(2 * need, FOOD, TENT)
    for unit in ("tent", "kg"):
        so_far = need.cumsum(axis=1)
        whole = whole_units(so_far, unit)
        assert (whole_units(2 * so_far, unit) >= whole).all()
        assert (whole >= so_far - 1e-8).all()
        assert (np.diff(whole, axis=1) >= 0).all()
    for name in ("trucks", "trucks_in_all"):
        assert (trucks_needed(twice)[name] >= trucks_needed(once)[name]).all()
        assert (trucks_needed(twice)[name] <= 2 * trucks_needed(once)[name]).all()


@given(per_day=st.lists(st.floats(0, 50), min_size=1, max_size=40))
def test_whole_trucks_add_up_to_the_limit(per_day: list[float]) -> None:
    whole = whole_trucks(np.array(per_day))
    assert (whole == np.round(whole)).all()
    assert abs(whole.sum() - sum(per_day)) <= 1


def test_no_days_no_zones_and_no_items_give_an_empty_answer() -> None:
    for shape in ((1, 0, 1, 1), (1, 2, 0, 1)):
        stores = Stores(("north",), np.zeros((shape[1], 1, 1)))
        found = deliver(needed(np.zeros(shape), FOOD), PLAIN, stores, everywhere(shape[1], shape[2]))
        assert found.delivered.shape == shape
