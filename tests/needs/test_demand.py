"""Laws and known answers of the needs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import LINE, one
from ruamel.yaml import YAML

from displacement.needs import assumptions
from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import resolve
from displacement.needs.crowds import arrived_within
from displacement.needs.demand import demand
from displacement.needs.item import Item
from displacement.needs.loads import mass_and_volume

STANDARDS: dict[str, Any] = YAML(typ="safe").load(
    Path(assumptions.__file__).with_name("standards.yaml").read_text(encoding="utf-8")
)
CATALOGUE = resolve([("standards", STANDARDS)])
PROFILE = NeedsAssumptions()
SHAPE = (2, 9, 3, 2)
DURABLE = [item.id for item in CATALOGUE.items if item.kind == "household_once"]


def crowd(arrivals: np.ndarray, present: np.ndarray | None = None, start: str = "2024-11-20") -> xr.Dataset:
    """People who stay where they arrive, unless `present` says otherwise; a tenth of them have come home as well."""
    there = np.cumsum(arrivals, axis=1) if present is None else present
    dims = ("member", "time", "zone", "type")
    return xr.Dataset(
        {
            "arrivals": (dims, arrivals),
            "present_new": (dims, there),
            "returned_cum": (dims[:3], np.cumsum(arrivals.sum(axis=3), axis=1) / 10),
        },
        coords={
            "time": np.datetime64(start, "ns") + np.arange(arrivals.shape[1]) * np.timedelta64(1, "D"),
            "zone": [f"Z{number}" for number in range(arrivals.shape[2])],
            "zone_name": ("zone", [f"Zone {number}" for number in range(arrivals.shape[2])]),
            "type": ["town", "site"][: arrivals.shape[3]],
        },
    )


def steady(people: float, days: int, label: str = "town") -> xr.Dataset:
    """So many people long arrived, in one zone, for so many days."""
    present = np.full((1, days, 1, 1), people)
    return crowd(np.zeros_like(present), present).assign_coords(type=[label])


def need_of(people: xr.Dataset, **fields: Any) -> np.ndarray:
    """Need of one invented item, by step, of the only member and zone."""
    return demand(people, one(**fields)).need.values[0, :, 0, 0]


some_cases = settings(max_examples=25, deadline=None)


@st.composite
def waves(draw: st.DrawFn) -> np.ndarray:
    """Random arrivals in whole people; many days without any."""
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share_of_days = draw(st.sampled_from([0.1, 0.5, 1.0]))
    return np.floor(stream.uniform(0, 50_000, SHAPE)) * (stream.random(SHAPE) < share_of_days)


@st.composite
def crowds(draw: st.DrawFn) -> xr.Dataset:
    """Random arrivals, of whom a random share has left again each day; winter may begin or end."""
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrivals = draw(waves())
    present = np.cumsum(arrivals, axis=1) * stream.random(SHAPE)
    return crowd(arrivals, present, draw(st.sampled_from(["2024-06-01", "2024-10-28", "2024-03-28"])))


# Laws


@some_cases
@given(start=st.dates())
def test_zero_people_need_zero_of_everything(start: Any) -> None:
    start = start.replace(year=2024, day=1).isoformat()
    assert not demand(crowd(np.zeros(SHAPE), start=start), CATALOGUE).need.values.any()


@some_cases
@given(people=crowds())
def test_doubling_people_doubles_every_line(people: xr.Dataset) -> None:
    once = demand(people, CATALOGUE).need.values
    np.testing.assert_allclose(demand(2 * people, CATALOGUE).need.values, 2 * once, rtol=1e-12)


@some_cases
@given(people=crowds())
def test_no_need_is_negative_or_missing(people: xr.Dataset) -> None:
    need = demand(people, CATALOGUE).need.values
    assert np.isfinite(need).all()
    assert (need >= 0).all()


@some_cases
@given(people=crowds())
def test_the_sum_over_zones_is_the_total_for_every_line_but_peaks(people: xr.Dataset) -> None:
    """Toilets of one zone do not serve another, so peaks add up over zones to at least the total's."""
    by_zone = demand(people, CATALOGUE).need.sum("zone")
    together = people.drop_vars(["zone", "zone_name"]).sum("zone").expand_dims(zone=["all"])
    total = demand(together, CATALOGUE).need.isel(zone=0)
    peak = (by_zone.kind == "peak_capacity").values
    phased = np.array([item.after is not None or item.phase != "both" for item in CATALOGUE.items])
    held = {other for item in CATALOGUE.items for other in item.contains}
    linear = ~peak & ~phased & ~np.isin(by_zone["item"].values, list(held))
    np.testing.assert_allclose(by_zone.values[..., linear], total.values[..., linear], rtol=1e-10)
    ever = by_zone.sum("time").values - total.sum("time").values
    assert (ever[..., peak] >= -1e-9).all()


@some_cases
@given(arrivals=waves())
def test_where_nobody_leaves_the_sum_over_zones_is_the_total_for_every_line(arrivals: np.ndarray) -> None:
    by_zone = demand(crowd(arrivals), CATALOGUE).need.sum("zone").values
    total = demand(crowd(arrivals.sum(axis=2, keepdims=True)), CATALOGUE).need.isel(zone=0).values
    held = {other for item in CATALOGUE.items for other in item.contains}
    whole = ~np.isin([item.id for item in CATALOGUE.items], list(held))
    np.testing.assert_allclose(by_zone[..., whole], total[..., whole], rtol=1e-10, atol=1e-6)


@some_cases
@given(people=crowds(), order=st.permutations(range(SHAPE[2])))
def test_the_order_of_the_zones_does_not_matter(people: xr.Dataset, order: list[int]) -> None:
    shuffled = demand(people.isel(zone=order), CATALOGUE)
    xr.testing.assert_identical(shuffled, demand(people, CATALOGUE).isel(zone=order))


@some_cases
@given(people=crowds())
def test_members_do_not_touch_each_other(people: xr.Dataset) -> None:
    together = demand(people, CATALOGUE)
    apart = [demand(people.isel(member=[member]), CATALOGUE) for member in range(SHAPE[0])]
    np.testing.assert_array_equal(together.need.values, np.concatenate([a.need.values for a in apart]))


@some_cases
@given(people=crowds(), dims=st.permutations(["member", "time", "zone", "type"]))
def test_the_order_of_the_dimensions_and_types_does_not_matter(people: xr.Dataset, dims: list[str]) -> None:
    turned = people.transpose(*dims).sel(type=["site", "town"])
    np.testing.assert_allclose(
        demand(turned, CATALOGUE).need.values, demand(people, CATALOGUE).need.values, rtol=1e-12
    )


@some_cases
@given(first=st.integers(0, 10**6), second=st.integers(0, 10**6), gap=st.integers(1, 7))
def test_two_waves_of_the_same_total_need_the_same_durable_items(first: int, second: int, gap: int) -> None:
    at_once, in_waves = np.zeros((2, 1, 9, 1, 1))
    at_once[0, 1] = first + second
    in_waves[0, 1] += first
    in_waves[0, 1 + gap] += second
    totals = [
        demand(crowd(wave), CATALOGUE).need.sum("time").sel(item=DURABLE) for wave in (at_once, in_waves)
    ]
    np.testing.assert_allclose(totals[0], totals[1], rtol=1e-12)


@some_cases
@given(people=crowds(), days=st.integers(1, 12))
def test_acute_and_stabilised_people_are_together_those_present(people: xr.Dataset, days: int) -> None:
    profile = NeedsAssumptions(acute_days=days)
    need = {
        phase: demand(people, one(phase=phase), profile).need.values
        for phase in ("acute", "stabilised", "both")
    }
    np.testing.assert_allclose(need["acute"] + need["stabilised"], need["both"], rtol=1e-12, atol=1e-6)


@some_cases
@given(arrivals=waves())
def test_nobody_who_stays_is_fed_twice_or_forgotten(arrivals: np.ndarray) -> None:
    """Person-days of ready-to-eat food (25 a ration) and of full ration (0.555 kg) add up to the
    person-days spent by all who arrived at least five days before the end."""
    arrivals[:, -4:] = 0
    people = crowd(arrivals)
    need = demand(people, CATALOGUE).need.sum(("time", "zone"))
    fed = need.sel(item="ready_to_eat_ration") * 25 + need.sel(item="full_ration") / 0.555
    lived = people.present_new.sum(("time", "zone", "type"))
    np.testing.assert_allclose(fed, lived, rtol=1e-10)


@some_cases
@given(people=crowds())
def test_the_arrays_give_what_an_obvious_loop_gives(people: xr.Dataset) -> None:
    need = demand(people, CATALOGUE).need
    for item in CATALOGUE.items:
        expected = [
            loop_over_steps(item, people.isel(member=0, zone=1)),
            loop_over_steps(item, people.isel(member=1, zone=2)),
        ]
        found = need.sel(item=item.id).values
        np.testing.assert_allclose([found[0, :, 1], found[1, :, 2]], expected, rtol=1e-9, atol=1e-6)


def loop_over_steps(item: Item, people: xr.Dataset) -> list[float]:
    """One item in one zone, a day at a time, as one would do it by hand; what kits hold of it is taken off."""
    gross = loop_without_kits(item, people)
    holders = [other for other in CATALOGUE.items if item.id in other.contains]
    if not holders:
        return gross
    inside = [np.multiply(loop_over_steps(other, people), other.contains[item.id]) for other in holders]
    needed, asked = [], 0.0
    for day in range(len(gross)):
        lacking = sum(gross[: day + 1]) - sum(held[: day + 1].sum() for held in inside)
        needed.append(max(lacking - asked, 0.0))
        asked = max(asked, lacking)
    return needed


def loop_without_kits(item: Item, people: xr.Dataset) -> list[float]:
    per = {
        **PROFILE.cohort_shares(),
        "person": 1,
        "household": 1 / PROFILE.household_size,
        "kit_household": 1 / PROFILE.kit_household_size,
    }[item.per]
    months = people.time.dt.month.values.tolist()
    needed = []
    for day in range(people.sizes["time"]):
        served = 0.0
        for label in ("town", "site") if "newly_displaced" in item.for_group else ():
            arrived = people.arrivals.sel(type=label).values
            present = people.present_new.sel(type=label).values
            season = [not item.months or month in item.months for month in months]
            eligible = sum(
                1 if place in ("all", label) else PROFILE.shelter_shares(label).get(place, 0)
                for place in item.where
            )
            served += eligible * counted_by_hand(item, arrived, present, season, day)
        if "returned" in item.for_group:
            home = people.returned_cum.values
            served += home[day] - (home[day - 1] if day else 0)
        needed.append(served * item.share * item.quantity * per)
    return needed


def counted_by_hand(
    item: Item, arrived: np.ndarray, present: np.ndarray, season: list[bool], day: int
) -> float:
    if item.kind in ("household_once", "cohort_once", "per_move"):
        if item.kind != "per_move" and day and season[day] and not season[day - 1]:
            return present[day]
        return arrived[day] * season[day]
    there = in_phase_by_hand(item, arrived, present, day) * season[day]
    if item.kind == "peak_capacity":
        before = [in_phase_by_hand(item, arrived, present, d) * season[d] for d in range(day)]
        return max(there - max(before, default=0), 0)
    return there / (item.every_days or 1)


def in_phase_by_hand(item: Item, arrived: np.ndarray, present: np.ndarray, day: int) -> float:
    """People present whom the item is for; `arrived` lately are those of the last 5 or 14 days."""
    days = 5 if item.after == "ready_to_eat_ration" else int(PROFILE.acute_days)
    lately = min(present[day], arrived[max(day - days + 1, 0) : day + 1].sum())
    if item.phase == "acute":
        return lately
    if item.phase == "stabilised" or item.after == "ready_to_eat_ration":
        return present[day] - lately
    return present[day]


@some_cases
@given(people=crowds())
def test_what_kits_hold_and_what_is_handed_out_loose_is_never_less_than_the_need(people: xr.Dataset) -> None:
    """With a kit that holds two soaps; and without it the loose soap is the need itself."""
    soap = {**LINE, "id": "soap", "kind": "daily"}
    kit = {**LINE, "id": "kit", "kind": "cohort_once", "quantity": 0.3, "contains": {"soap": 2}}
    with_kit, alone = (
        demand(people, resolve([("test", {"version": "1", "currency": "coin", "items": lines})])).need
        for lines in ([soap, kit], [soap])
    )
    held = with_kit.sel(item="kit") * 2
    loose, gross = with_kit.sel(item="soap"), alone.sel(item="soap")
    assert (loose.cumsum("time") + held.cumsum("time") >= gross.cumsum("time") - 1e-6).all()
    assert (loose.cumsum("time") <= gross.cumsum("time") + 1e-6).all()


# Known answers


def test_a_hundred_thousand_people_need_55_5_tonnes_of_full_ration_a_day() -> None:
    """WFP's reference basket of 555 g a person and day (design, section 8), net weight."""
    need = demand(steady(100_000, 3), CATALOGUE).need.sel(item="full_ration")
    np.testing.assert_allclose(need.values.ravel() / 1000, 55.5, rtol=1e-12)


def test_ten_thousand_people_for_90_days_need_one_emergency_health_kit() -> None:
    """UNICEF information note of December 2019: 10,000 people, three months, 1.25 t, 7.15 m3."""
    needs = demand(steady(10_000, 90), CATALOGUE).sel(item=["emergency_health_kit"])
    total = mass_and_volume(needs)
    assert needs.need.sum().item() == pytest.approx(1, rel=1e-12)
    assert total.mass.item() == pytest.approx(1.25, rel=1e-12)
    assert total.volume.item() == pytest.approx(7.15, rel=1e-12)


def test_a_thousand_cases_of_severe_malnutrition_need_a_thousand_cartons_for_62_600() -> None:
    """UNICEF S0000240: a carton of 150 sachets at 62.60, about one a child (design, section 8)."""
    arrivals = np.full((1, 1, 1, 1), 1000 / PROFILE.cohort_shares()["sam_case_6_59m"])
    needs = demand(crowd(arrivals), CATALOGUE).sel(item=["therapeutic_food"])
    assert needs.need.sum().item() == pytest.approx(1000, rel=1e-12)
    assert mass_and_volume(needs).cost.item() == pytest.approx(62_600, rel=1e-12)


def test_water_is_fifteen_litres_a_person_and_day() -> None:
    """Sphere 2018, water supply standard 2.1."""
    assert demand(steady(2, 1), CATALOGUE).need.sel(item="water_domestic").item() == 30


def test_a_tent_goes_to_every_household_in_tents_and_a_truck_takes_241() -> None:
    """Household of 5.65, 27 % of those in towns and 90 % in sites in tents (profile); a truck of 85 m3
    stowed to 0.8 takes 241 tents of 0.282 m3 (design, section 8)."""
    need = demand(crowd(np.full((1, 1, 1, 2), 5650.0)), CATALOGUE).need.sel(item="tent")
    assert need.item() == pytest.approx(1000 * (0.27 + 0.90), rel=1e-12)
    assert int(85 * 0.8 / CATALOGUE.item("tent").volume_m3) == 241


def test_rations_are_packed_for_five_and_tents_given_to_households_of_5_65() -> None:
    needs = demand(crowd(np.full((1, 1, 1, 1), 1000.0)), CATALOGUE)
    assert needs.need.sel(item="ready_to_eat_ration").item() == pytest.approx(200)
    assert needs.need.sel(item="kitchen_set").item() == pytest.approx(1000 / 5.65)
    assert (needs.household_size, needs.kit_household_size) == (5.65, 5.0)


def test_full_ration_begins_on_the_day_after_the_ready_to_eat_ration_ends() -> None:
    arrivals = np.zeros((1, 8, 1, 1))
    arrivals[0, 0] = 1000
    need = demand(crowd(arrivals), CATALOGUE).need.sel(item="full_ration").values.ravel()
    np.testing.assert_allclose(need, [0, 0, 0, 0, 0, 555, 555, 555])


def test_acute_is_counted_from_each_arrival_not_by_the_calendar() -> None:
    arrivals = np.zeros((1, 6, 1, 1))
    arrivals[0, [0, 3]] = 10
    profile = NeedsAssumptions(acute_days=2)
    need = demand(crowd(arrivals), one(phase="acute"), profile).need.values.ravel()
    np.testing.assert_array_equal(need, [10, 10, 0, 10, 10, 0])


def test_toilets_are_added_only_where_a_peak_is_exceeded_and_only_in_sites() -> None:
    """One toilet for 50 people (UNHCR WASH indicators 2018)."""
    present = np.array([100.0, 50.0, 100.0, 150.0]).reshape(1, 4, 1, 1)
    site = crowd(np.zeros_like(present), present).assign_coords(type=["site"])
    assert demand(site, CATALOGUE).need.sel(item="toilet_shared").values.ravel().tolist() == [2, 0, 0, 1]
    town = site.assign_coords(type=["town"])
    assert not demand(town, CATALOGUE).need.sel(item="toilet_shared").values.any()


def test_fuel_is_needed_in_winter_months_only() -> None:
    """3.75 l a household and day; the months of the line are November to March."""
    present = np.full((1, 3, 1, 1), 565.0)
    for start, expected in (("2024-10-30", [0, 0, 375]), ("2024-03-30", [375, 375, 0])):
        need = demand(crowd(np.zeros_like(present), present, start), CATALOGUE).need.sel(item="heating_fuel")
        np.testing.assert_allclose(need.values.ravel(), expected)


def test_winter_blankets_are_owed_to_those_already_there_when_winter_begins() -> None:
    arrivals = np.array([100.0, 0.0, 20.0, 0.0]).reshape(1, 4, 1, 1)
    need = need_of(crowd(arrivals, start="2024-10-30"), kind="household_once", per="person", months=[11])
    np.testing.assert_array_equal(need, [0, 0, 120, 0])


def test_onward_moves_call_for_what_is_given_at_every_move() -> None:
    arrivals = np.array([100.0, 100.0]).reshape(1, 2, 1, 1)
    present = np.array([100.0, 100.0]).reshape(1, 2, 1, 1)
    need = need_of(crowd(arrivals, present), kind="per_move", covers_days=5)
    np.testing.assert_array_equal(need, [100, 100])


def test_what_is_given_once_is_replaced_for_the_lost_part_when_people_move_again() -> None:
    """100 arrive, and 40 of them again somewhere else: tents for 100 + 0.3 x 40, vaccinations for 100."""
    people = crowd(np.array([100.0, 40.0]).reshape(1, 2, 1, 1), np.array([100.0, 100.0]).reshape(1, 2, 1, 1))
    people["arrivals_again"] = people["arrivals"].copy(data=np.array([0.0, 40.0]).reshape(1, 2, 1, 1))
    np.testing.assert_allclose(need_of(people, kind="household_once", per="person"), [100, 12])
    np.testing.assert_allclose(need_of(people, kind="cohort_once", per="person"), [100, 0])
    people["arrivals_again"] += 50.0
    with pytest.raises(ValueError, match="arrive again"):
        demand(people, CATALOGUE)


def test_longer_steps_need_as_much_in_total() -> None:
    daily = demand(steady(1000, 14), CATALOGUE).need.sum("time")
    weekly = demand(steady(1000, 14).isel(time=slice(0, None, 7)), CATALOGUE, days_per_step=7)
    np.testing.assert_allclose(weekly.need.sum("time"), daily, rtol=1e-12)
    stated = steady(1000, 14).isel(time=slice(0, None, 7)).assign_attrs(days_per_step=7)
    xr.testing.assert_identical(demand(stated, CATALOGUE), weekly)


def test_arrivals_of_the_last_days_match_a_moving_sum() -> None:
    arrivals = np.arange(12.0).reshape(1, 12)
    expected = [arrivals[0, max(0, day - 2) : day + 1].sum() for day in range(12)]
    np.testing.assert_array_equal(arrived_within(arrivals, 3)[0], expected)
    np.testing.assert_array_equal(arrived_within(arrivals, 100), np.cumsum(arrivals, axis=1))


def test_coordinates_of_the_people_and_of_the_items_are_kept() -> None:
    needs = demand(crowd(np.ones(SHAPE)), CATALOGUE)
    assert needs.need.dims == ("member", "time", "zone", "item")
    assert needs.zone_name.values.tolist() == ["Zone 0", "Zone 1", "Zone 2"]
    tent = needs.sel(item="tent")
    assert (tent.sector.item(), tent.unit.item(), tent.mass_kg.item()) == ("shelter", "tent", 55)


# Totals


def test_sector_totals_add_up_to_the_items() -> None:
    needs = demand(crowd(np.full(SHAPE, 100.0)), CATALOGUE)
    by_hand = (needs.need.sum(("time", "zone")) * needs.mass_kg.fillna(0)).sum("item") / 1000
    np.testing.assert_allclose(mass_and_volume(needs).mass.sum("sector"), by_hand, rtol=1e-12)


def test_what_has_no_mass_is_listed_and_not_counted_as_nothing() -> None:
    """Insulin has no mass in the standards; a toilet is a service, of which nothing is carried."""
    catalogue = resolve([("standards", STANDARDS), ("test", {"include": ["insulin_treatment"]})])
    needs = demand(crowd(np.full(SHAPE, 100.0)), catalogue)
    assert mass_and_volume(needs).items_without_mass == "insulin_treatment"
    insulin = mass_and_volume(needs.sel(item=["insulin_treatment"]))
    assert np.isnan(insulin.mass).all()
    assert np.isnan(insulin.volume).all()
    assert (insulin.cost > 0).all()


def test_the_share_on_assumed_lines_counts_assumed_quantities_and_assumed_masses() -> None:
    needs = demand(steady(1000, 1), CATALOGUE)
    total = mass_and_volume(needs).isel(member=0)
    assert total.mass_assumed_share.sel(sector="water") == 0
    assert total.mass_assumed_share.sel(sector="food") == 0
    assert total.volume_assumed_share.sel(sector="food") == 1
    assert total.mass_assumed_share.sel(sector="health") == 0
    assert total.cost_assumed_share.sel(sector="health") == 1
    assert list(total.sector.values) == list(dict.fromkeys(item.sector for item in CATALOGUE.items))


# Limits and errors


@pytest.mark.parametrize("shape", [(1, 0, 2, 2), (1, 3, 0, 2), (0, 3, 2, 2)])
def test_no_days_zones_or_members_give_an_empty_answer(shape: tuple[int, ...]) -> None:
    assert demand(crowd(np.zeros(shape)), CATALOGUE).need.shape == (*shape[:3], len(CATALOGUE.items))


def test_one_day_and_one_type_are_enough() -> None:
    assert demand(steady(1, 1, "site"), CATALOGUE).need.sel(item="water_domestic").item() == 15


def missing() -> xr.Dataset:
    arrivals = np.ones(SHAPE)
    arrivals[1, 2, 1, 0] = np.nan
    return crowd(arrivals)


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (missing(), r"arrivals: a figure is missing.*\(zone Z1, 2024-11-22, town; 1 in all\)"),
        (crowd(np.full(SHAPE, -1.0)), "arrivals: people cannot be fewer than 0"),
        (crowd(np.ones(SHAPE)).drop_vars("arrivals"), "arrivals: missing"),
        (crowd(np.ones(SHAPE)).isel(type=0), "dimensions must be member, time, zone, type"),
        (crowd(np.ones(SHAPE)).assign_coords(type=["town", "camp"]), "unknown camp; write town or site"),
        (crowd(np.ones(SHAPE)).isel(time=[0, 1, 3]), "follow one another every 1 days"),
        (crowd(np.ones(SHAPE)).isel(time=[1, 0]), "put them in order"),
        (crowd(np.ones(SHAPE)).assign_coords(time=np.arange(SHAPE[1])), "must be dates"),
        (crowd(np.ones(SHAPE)).assign_attrs(days_per_step=0), "more than 0 days"),
    ],
)
def test_unusable_people_are_an_error_and_never_a_zero(people: xr.Dataset, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        demand(people, CATALOGUE)


def test_an_item_for_people_who_are_not_given_is_a_blank_and_never_a_zero() -> None:
    needs = demand(steady(1, 1), one(for_group=["newly_displaced", "resident"]))
    assert np.isnan(needs.need.item())
    assert needs.items_without_people == "thing"
    assert np.isnan(demand(steady(0, 1), one(for_group=["resident"])).need.item())
