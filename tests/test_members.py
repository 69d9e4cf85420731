"""Runs of several members: the median run among them, the same numbers however they are worked through."""

import operator
import os
from functools import partial

import numpy as np
import pytest
import xarray as xr
from support import changed

import displacement as dp
from displacement import crew, ensemble, stages, variables, ways
from displacement.asked import read, read_inputs
from displacement.progress import silent
from displacement.report.folder import write
from displacement.scenario import timeline


@pytest.fixture(scope="module")
def eight(toy):
    return dp.run(toy, members=8)


def test_one_member_is_the_median_run(toy, toy_result):
    again = dp.run(toy, members=1, seed=99)
    xr.testing.assert_identical(again.people, toy_result.people)
    xr.testing.assert_identical(again.needs, toy_result.needs)


def test_a_member_is_the_run_with_its_assumptions(toy, eight):
    """So nothing of one member reaches another, and quantiles come last."""
    drawn = ensemble.members(changed(toy, uncertainty={"members": 8}))
    alone = dp.run(toy.model_copy(update={"movement": drawn[3]}), members=1)
    for name in eight.people.data_vars:
        np.testing.assert_allclose(eight.people[name].values[3], alone.people[name].values[0], rtol=1e-12)


def test_what_few_means_differs_from_member_to_member(toy):
    """Nothing but the response is drawn here."""
    scenario = changed(
        toy,
        departure_response=[{"controlled_by": "alpha", "incoming": "beta", "share": "few"}],
        uncertainty={"members": 8},
    )
    drawn = ensemble.members(scenario)
    only_few = [scenario.movement.model_copy(update={"response": one.response}) for one in drawn]
    inputs = read_inputs(scenario)
    moved = stages.run_members(
        only_few, inputs, timeline.of(scenario, inputs), stages.edges_of(scenario), scenario
    )
    left = moved.people["newly_displaced_cum"].isel(time=-1).sum("zone").values
    order = np.argsort([one.response.few for one in drawn])
    assert np.all(np.diff(left[order]) > 0)


def test_two_processes_give_the_same_bits_as_one(toy, eight):
    shared = dp.run(toy, members=8, workers=2)
    for name in eight.people.data_vars:
        np.testing.assert_array_equal(shared.people[name].values, eight.people[name].values)
    np.testing.assert_array_equal(shared.needs["need"].values, eight.needs["need"].values)


def test_fewer_members_are_the_first_of_more(toy, eight):
    three = dp.run(toy, members=3)
    np.testing.assert_array_equal(three.people["arrivals"].values, eight.people["arrivals"].values[:3])


def test_members_are_paired_over_variants(toy, eight):
    """Without the assault and the strikes no member has more people leave than with them."""
    calm = dp.run(toy, variant="calm", members=8)
    with_all, without = (
        run.people["newly_displaced_cum"].isel(time=-1).sum("zone").values for run in (eight, calm)
    )
    assert ensemble.members(calm.scenario) == ensemble.members(eight.scenario)
    assert (without <= with_all * (1 + 1e-9)).all()
    assert (without < with_all).any()


def test_nobody_is_lost_in_any_member(toy, eight):
    people = eight.people
    start = (
        people["residents_present"]
        + people["present_prior"]
        + people["unable_to_leave"]
        + people["in_transit"]
    )
    total = start.sum("zone") + people["present_new"].sum(("zone", "type"))
    np.testing.assert_allclose(total, 28_000.0, rtol=1e-9)


def test_flows_of_members_are_those_of_days_added_up_by_week(toy, eight):
    drawn = ensemble.members(changed(toy, uncertainty={"members": 8}))
    alone = dp.run(toy.model_copy(update={"movement": drawn[0]}), members=1).flows["departures"]
    weeks = eight.flows["departures"]
    np.testing.assert_allclose(weeks.values[0, 0], alone.values[0, :7].sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(weeks.isel(member=0).sum(), alone.sum(), rtol=1e-6)


def test_gridded_fields_are_those_of_one_member(toy):
    with pytest.raises(ValueError, match="members=1"):
        dp.run(toy, members=2, keep=("control",))


def test_travel_times_scale_with_the_speed_of_roads_and_tracks_together(toy):
    inputs = read_inputs(toy)
    events = timeline.of(toy, inputs)
    travel = toy.movement.travel
    faster = travel.model_copy(update={"road_factor": 1.25, "track_speed": travel.track_speed * 1.25})
    slow, fast = (
        ways.travel_times(inputs, events, toy.movement.model_copy(update={"travel": each}), toy)
        for each in (travel, faster)
    )
    for plain, quick in zip(slow.from_blocks, fast.from_blocks, strict=True):
        np.testing.assert_allclose(quick, plain / 1.25, rtol=1e-9)


def test_members_whose_travel_times_are_alike_share_them(toy, monkeypatch):
    """As many times as a batch has speeds, hours are worked out; they are those of each member by itself."""
    asked = read(changed(toy, uncertainty={"members": 64, "seed": 5}), silent)
    parts = (asked.inputs, asked.events, asked.edges, asked.scenario)
    alike = sorted(asked.assumptions, key=lambda one: ways.plain_speeds(one).track_speed)[:10]
    assert len({ways.plain_speeds(one) for one in alike}) == 1
    alone = [stages.run_members([one], *parts) for one in (alike[0], alike[9])]
    found, hours = [], ways._hours
    monkeypatch.setattr(ways, "_hours", lambda *given: (found.append(given), hours(*given))[1])
    together = stages.run_members(alike, *parts)
    assert len(found) == 1
    for at, one in zip((0, 9), alone, strict=True):
        np.testing.assert_array_equal(together.people["arrivals"][at], one.people["arrivals"][0])


def test_the_tables_hold_the_range_and_the_summary_says_it(tmp_path, eight):
    folder = write(eight, tmp_path / "run")
    text = (folder / "share" / "summary.md").read_text(encoding="utf-8")
    assert "8 members" in text
    assert " to " in text.splitlines()[2] + text.splitlines()[3]
    rows = [
        line.split(",")
        for line in (folder / "share" / "people.csv").read_text(encoding="utf-8-sig").splitlines()
    ]
    of_all = [row for row in rows if row[1] == "ALL" and row[6] == "newly_displaced_cum" and row[8]]
    assert of_all
    for row in of_all:
        low, middle, high = (float(value) for value in row[7:10])
        assert low <= middle <= high
    kept = xr.open_dataset(folder / "internal" / "result.nc")
    assert kept["need"].dims == ("quantile", "zone", "item", "time")
    assert kept["newly_displaced"].sizes["member"] == 8
    kept.close()


def test_supply_of_members_is_that_of_each(toy, tmp_path):
    supplied = changed(
        toy,
        supply={
            "hubs": {"N": {"stock": {"tent": 50, "full_ration": "2 t"}}},
            "routes": {"way": {"trucks_per_day": 1}},
        },
    )
    many = dp.run(supplied, members=20).supply
    drawn = ensemble.members(changed(supplied, uncertainty={"members": 20}))
    alone = dp.run(supplied.model_copy(update={"movement": drawn[17]}), members=1).supply
    tents = [run["delivered"].sel(item="tent").sum(("time", "zone")) for run in (many, alone)]
    np.testing.assert_allclose(tents[0].values[17], tents[1].values[0], rtol=1e-5)
    assert many.sizes["member"] == 20


def test_what_passes_between_rooms_is_as_the_table_of_variables_says(toy):
    supplied = changed(
        toy, supply={"hubs": {"N": {"stock": {"tent": 50}}}, "routes": {"way": {"trucks_per_day": 1}}}
    )
    result = dp.run(supplied)
    variables.check(result.people, variables.PEOPLE)
    variables.check(result.flows, variables.FLOWS)
    variables.check(result.needs, variables.NEEDS)
    variables.check(result.in_need, variables.IN_NEED)
    account = result.supply.drop_vars("runs_out").fillna(0)
    variables.check(account, variables.SUPPLY)
    assert result.supply["left"].attrs["long_name"] == variables.SUPPLY["left"].meaning


def test_batches_come_in_order_and_are_counted():
    counts = []
    found = list(crew.in_batches(sum, range(2 * crew.BATCH + 1), map, counts.append))
    assert found == [sum(range(crew.BATCH)), sum(range(crew.BATCH, 2 * crew.BATCH)), 2 * crew.BATCH]
    assert counts == [crew.BATCH, 2 * crew.BATCH, 2 * crew.BATCH + 1]


class Sent:
    """Counts how often it is pickled; among workers it doubles."""

    def __init__(self):
        self.times = 0

    def __reduce__(self):
        self.times += 1
        return (partial, (operator.mul, 2))


def test_what_all_batches_share_goes_to_each_process_once():
    work = Sent()
    with crew.processes(2) as each:
        assert list(each(work, range(20))) == [2 * item for item in range(20)]
        assert list(each(work, range(2))) == [0, 2]
    assert 1 <= work.times <= 2


def test_a_worker_that_is_killed_is_told_in_one_line():
    with crew.processes(2) as each, pytest.raises(RuntimeError, match="ended from outside"):
        list(each(os._exit, [1, 1]))
