"""People to groups: cohorts drawn together, population groups, shelter by time, people in need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import CATALOGUE, EVERYTHING, LINE, PROFILE, one, populace

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, CatalogueError, resolve
from displacement.needs.demand import demand
from displacement.needs.draws import drawn, drivers
from displacement.needs.in_need import CLUSTERS, people_in_need
from displacement.needs.spread import quantiles_of_demand

some_cases = settings(max_examples=25, deadline=None)


# Cohorts drawn together


@some_cases
@given(seed=st.integers(0, 2**32 - 1))
def test_no_member_counts_anybody_twice_and_ages_stay_nested(seed: int) -> None:
    uniforms = np.random.default_rng(seed).random((64, len(drivers(PROFILE))))
    shares = drawn(PROFILE, uniforms)
    np.testing.assert_allclose(shares["child_0_17"] + shares["adult"], 1.0, rtol=1e-12)
    assert (shares["infant_0_5m"] + shares["child_6_59m"] < shares["child_6m_14y"]).all()
    assert (shares["child_6m_14y"] < shares["child_0_17"]).all()
    for cohort in PROFILE.cohorts:
        assert (shares[cohort.name] >= 0).all()
        assert (shares[cohort.name] <= 1).all()
    order = np.argsort(shares["child_0_17"])
    assert (np.diff(shares["child_6_59m"][order]) >= -1e-12).all(), "more children, more infants"


def test_the_middle_of_every_driver_is_the_median_run() -> None:
    shares = drawn(PROFILE, np.full((1, len(drivers(PROFILE))), 0.5))
    for name, share in PROFILE.cohort_shares().items():
        assert shares[name].item() == pytest.approx(share)


def test_the_ends_of_a_driver_are_its_low_and_its_high_and_half_of_the_members_lie_below_its_share() -> None:
    names = drivers(PROFILE)
    cohort = next(cohort for cohort in PROFILE.cohorts if cohort.name == names[0])
    grid = np.tile(np.linspace(0, 1, 1001)[:, None], (1, len(names)))
    values = drawn(PROFILE, grid)[cohort.name]
    assert (values[0], values[-1]) == pytest.approx((cohort.low, cohort.high))
    assert np.median(values) == pytest.approx(cohort.share)
    with pytest.raises(ValueError, match="one for each of"):
        drawn(PROFILE, grid[:, :-1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        drawn(PROFILE, grid + 0.5)


def test_needs_of_members_follow_their_own_shares() -> None:
    people = populace(1)
    shares = {**{name: np.full(2, s) for name, s in PROFILE.cohort_shares().items()}}
    shares["child_6m_14y"] = np.array([0.4, 0.5])
    doses = demand(people, CATALOGUE, shares=shares).need.sel(item="measles_dose").sum(("time", "zone"))
    plain = demand(people, CATALOGUE).need.sel(item="measles_dose").sum(("time", "zone"))
    np.testing.assert_allclose(doses / plain, [0.8, 1.0])


# Population groups


def test_pregnant_women_of_17_5_million_residents_are_279_563() -> None:
    """UNFPA's MISP calculator 2020 for the country: births of 21.3 per 1,000 a year, nine twelfths of it, 279,562.5
    (design, section 8)."""
    assert 17_500_000 * PROFILE.cohort_shares("resident")["pregnant_woman"] == pytest.approx(279_562.5)


def test_a_hundred_thousand_residents_have_178_births_a_month_and_80_complications_in_three() -> None:
    """UNFPA's MISP calculator 2020: 21.3 births a year per 1,000; 15 % of pregnancies with complications (design, 8)."""
    yearly = 100_000 * PROFILE.cohort_shares("resident")["birth_in_a_year"]
    assert round(yearly / 12) == 178
    assert round(yearly / 4 * 0.15) == 80
    people = populace(0, 1, 365, 1) * 0
    people["residents_present"] += 100_000.0
    births = one(kind="daily", per="birth_in_a_year", every_days=365, for_group=["resident"])
    assert demand(people, births).need.sum().item() == pytest.approx(2130)


def test_the_displaced_are_not_the_national_pyramid() -> None:
    """Six in ten of the 961,000 displaced in 2019-20 were children; of people in need in 2025, 45 % (health
    cluster, OCHA)."""
    displaced, resident = PROFILE.cohort_shares(), PROFILE.cohort_shares("resident")
    assert (displaced["child_0_17"], resident["child_0_17"]) == (0.60, 0.45)
    assert PROFILE.cohort_shares("displaced_before")["person_with_disability"] == 0.042
    assert all(set(PROFILE.cohort_shares(group)) == set(displaced) for group in ("resident", "returned"))


def test_each_group_is_counted_by_itself_and_together_they_are_the_sum() -> None:
    people = populace(2)
    groups = ["newly_displaced", "displaced_before", "resident"]
    apart = [demand(people, one(for_group=[group])).need for group in groups]
    together = demand(people, one(for_group=groups)).need
    np.testing.assert_allclose(sum(part.values for part in apart), together.values, rtol=1e-12)
    np.testing.assert_allclose(apart[1].isel(item=0), people.present_prior)


def test_who_was_there_before_is_owed_what_is_given_once_on_the_first_day() -> None:
    people = populace(3)
    once = demand(people, one(kind="household_once", for_group=["displaced_before"])).need.isel(item=0)
    np.testing.assert_allclose(once.isel(time=0), people.present_prior.isel(time=0))
    assert not once.isel(time=slice(1, None)).values.any()


@some_cases
@given(seed=st.integers(0, 2**32 - 1))
def test_full_return_leaves_only_the_return_package(seed: int) -> None:
    """Everybody goes home on the fifth day: from then on nothing is needed but what is for those who return."""
    people = populace(seed)
    people["present_new"][:, 4:] = 0
    people["arrivals"][:, 4:] = 0
    people["arrivals_again"][:, 4:] = 0
    people["returned_cum"] = people["returned_cum"] * 0
    people["returned_cum"][:, 4:] = 1000.0
    need = demand(people, EVERYTHING).need.isel(time=slice(4, None)).sum(("member", "time", "zone"))
    on_return = np.array([item.for_group == ("returned",) for item in EVERYTHING.items])
    assert (need.values[on_return] > 0).all()
    assert not need.values[~on_return].any()


# Shelter by time since arrival


def test_shelter_changes_once_the_acute_days_are_over() -> None:
    """All in a collective centre at first, all in tents later: 100 people on the first day, acute for two days."""
    shelter = [
        {"name": "tent", "in_town": 0, "in_site": 0, "in_town_later": 1, "in_site_later": 1},
        {"name": "collective_centre", "in_town": 1, "in_site": 1, "in_town_later": 0, "in_site_later": 0},
    ]
    given = [{**line, "source": "invented", "status": "assumed"} for line in shelter]
    profile = NeedsAssumptions.model_validate({"shelter": given, "acute_days": 2})
    arrivals = np.zeros((1, 4, 1, 2))
    arrivals[0, 0, 0, 0] = 100
    people = populace(0, 1, 4, 1)[["arrivals", "present_new"]]
    people["arrivals"][:], people["present_new"][:] = arrivals, np.cumsum(arrivals, axis=1)
    in_tents = demand(people, one(where=["tent"]), profile).need.values.ravel()
    in_centres = demand(people, one(where=["collective_centre"]), profile).need.values.ravel()
    assert in_tents.tolist() == [0, 0, 100, 100]
    assert in_centres.tolist() == [100, 100, 0, 0]
    kit = one(kind="household_once", phase="stabilised", where=["tent"])
    assert demand(people, kit, profile).need.values.ravel().tolist() == [0, 0, 100, 0]


# Zones in which lines differ


def test_a_line_differs_where_a_site_says_so_and_nowhere_else() -> None:
    people = populace(4)
    water = {**LINE, "quantity": 15}
    layers = [("test", {"version": "1", "currency": "coin", "items": [water]})]
    site = {"zones": ["Z1"], "type": "site", "items": [{"id": "thing", "quantity": 20}]}
    found = demand(people, resolve(layers, sites=[site])).need.isel(item=0)
    plain = people.present_new.sum("type") * 15
    np.testing.assert_allclose(found.sel(zone=["Z0", "Z2"]), plain.sel(zone=["Z0", "Z2"]))
    by_hand = (
        people.present_new.sel(zone="Z1", type="town") * 15
        + people.present_new.sel(zone="Z1", type="site") * 20
    )
    np.testing.assert_allclose(found.sel(zone="Z1"), by_hand)


# Many members


@pytest.mark.parametrize("catalogue", [CATALOGUE, EVERYTHING], ids=["the list", "every line"])
@pytest.mark.parametrize("own_shares", [False, True])
def test_quantiles_without_the_cube_are_those_of_the_cube(catalogue: Catalogue, own_shares: bool) -> None:
    people = populace(5, members=16)
    uniforms = np.random.default_rng(6).random((16, len(drivers(PROFILE))))
    shares = drawn(PROFILE, uniforms) if own_shares else None
    found = quantiles_of_demand(people, catalogue, (0.1, 0.5, 0.9), shares=shares)
    cube = demand(people, catalogue, shares=shares).need
    size = np.abs(cube.values).max(axis=(0, 1, 2)) + 1e-30
    for name, expected in (("need", cube), ("need_in_all", cube.sum("zone"))):
        quantiles = np.quantile(expected.values, [0.1, 0.5, 0.9], axis=0)
        difference = np.abs(found[name].values - quantiles) / (size * (3 if name == "need_in_all" else 1))
        assert difference.max() < 1e-6, "single precision in the sorting, and nowhere else"
    np.testing.assert_allclose(found.need_by_member, cube.sum(("time", "zone")), rtol=1e-9, atol=1e-9)


# People in need


@some_cases
@given(seed=st.integers(0, 2**32 - 1))
def test_people_in_need_of_any_lie_between_the_largest_cluster_and_the_sum_and_the_population(
    seed: int,
) -> None:
    found = people_in_need(populace(seed), EVERYTHING)
    of_any = found.in_need_of_any.sum(("zone", "group"))
    by_cluster = found.in_need.sum(("zone", "group"))
    assert (by_cluster.max("cluster") <= of_any + 1e-6).all()
    assert (of_any <= by_cluster.sum("cluster") + 1e-6).all()
    assert (of_any <= found.population.sum(("zone", "group")) + 1e-6).all()
    assert (found.in_need >= 0).all()
    assert (found.in_need <= found.population * (1 + 1e-12)).all()


def test_people_in_need_worked_by_hand() -> None:
    """100 in towns, 50 in a site. Food is for all; a blanket for women of 15 to 49 (27 %); toilets for sites only. One
    zone, one group: 150 need food, 40.5 a blanket, 50 a toilet; 150 something."""
    people = populace(0, 1, 1, 1)[["arrivals", "present_new"]] * 0
    people["present_new"][0, 0, 0] = [100.0, 50.0]
    lines = [
        LINE,
        {**LINE, "id": "blanket", "sector": "household items", "per": "woman_15_49"},
        {
            **LINE,
            "id": "toilet",
            "sector": "sanitation and hygiene",
            "kind": "peak_capacity",
            "where": ["site"],
        },
    ]
    found = people_in_need(people, resolve([("test", {"version": "1", "currency": "coin", "items": lines})]))
    by_cluster = found.in_need.sum(("member", "time", "zone", "group")).to_series().to_dict()
    assert by_cluster == pytest.approx({"WSH": 50, "FSC": 150, "SHL": 40.5})
    assert found.in_need_of_any.item() == 150
    assert found.group.values.tolist() == ["newly_displaced"]


def test_who_came_home_and_left_again_is_one_person_in_need() -> None:
    """300 left, came home, left again: 300 away now, nobody home again, though 300 moves home were made."""
    people = populace(0, 1, 2, 1) * 0
    people["returned_cum"][:] = 300.0
    people["newly_displaced_cum"] = people["returned_cum"].copy()
    people["newly_displaced"] = people["returned_cum"].copy()
    people["present_new"][0, :, 0, 0] = 300.0
    lines = one(for_group=["newly_displaced"]), one(kind="per_move", for_group=["returned"])
    both = [
        item.model_copy(update={"id": f"thing{at}"})
        for at, item in enumerate(line.items[0] for line in lines)
    ]
    catalogue = Catalogue(tuple(both), (), {}, "coin", "1", ("test",))
    found = people_in_need(people, catalogue).isel(time=-1)
    assert found.population.sum().item() == 300
    assert found.in_need_of_any.sum().item() == 300


def test_who_is_home_again_is_not_a_resident_too() -> None:
    people = populace(0, 1, 1, 1) * 0
    people["residents_present"][:] = 1000.0
    people["newly_displaced_cum"] = people["returned_cum"] + 300.0
    people["newly_displaced"] = people["returned_cum"] * 0
    found = people_in_need(people, one(for_group=["resident"]))
    assert found.population.sum().item() == 700


def test_once_in_the_stabilised_phase_reaches_who_was_there_before_and_who_stabilised_before_the_season() -> (
    None
):
    people = populace(0, 1, 9, 1) * 0
    people["present_prior"][:] = 1000.0
    kit = {"kind": "household_once", "phase": "stabilised"}
    assert demand(people, one(**kit, for_group=["displaced_before"])).need.sum().item() == 1000
    people["arrivals"][0, 0, 0, 0] = 400.0
    people["present_new"][0, :, 0, 0] = 400.0
    early = NeedsAssumptions(acute_days=2)
    assert demand(people, one(**kit, months=[11]), early).need.values.ravel().tolist() == [
        0,
        0,
        0,
        0,
        400,
        0,
        0,
        0,
        0,
    ]


def test_a_line_that_two_entries_change_in_one_zone_is_an_error() -> None:
    layers = [("test", {"version": "1", "currency": "coin", "items": [LINE]})]
    site = {"zones": ["Z1"], "type": "site", "items": [{"id": "thing", "quantity": 20}]}
    with pytest.raises(CatalogueError, match="differs in Z1 by entry 1 already"):
        resolve(layers, sites=[site, {**site, "type": "all"}])
    assert resolve(layers, sites=[site, {**site, "type": "town"}]).sites[1].items[0].quantity == 20


def test_every_sector_has_a_cluster_code() -> None:
    from typing import get_args

    from displacement.needs.item import Sector

    assert set(CLUSTERS) == set(get_args(Sector))
