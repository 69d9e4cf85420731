"""The whole movement on the toy area: conservation, limits, symmetry of scale, steps (laws V1, V4, V8, V13, V18)."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import changed

import displacement as dp
from displacement import asked, exposure
from displacement.scenario import timeline

PLACES = ["P1", "P2", "P3", "P4", "P5", "P6"]
DATES = [f"2030-01-{day:02}" for day in range(1, 15)]

control = st.fixed_dictionaries(
    {
        "control": st.sampled_from(["alpha", "beta", "gamma"]),
        "places": st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True),
        "date": st.sampled_from(DATES),
    }
)
strikes = st.fixed_dictionaries(
    {
        "strikes": st.floats(0.5, 50.0),
        "at": st.sampled_from(PLACES),
        "date": st.sampled_from(DATES),
    }
)
pressure = st.fixed_dictionaries(
    {
        "pressure": st.sampled_from(["alpha", "beta"]),
        "at": st.sampled_from(PLACES),
        "within_km": st.floats(0.0, 20.0),
        "date": st.sampled_from(DATES),
    }
)
closing = st.one_of(
    st.fixed_dictionaries(
        {"close": st.sampled_from(["X-WEST", "R1", "R2", "R3", "C1"]), "date": st.sampled_from(DATES)}
    ),
    st.fixed_dictionaries(
        {
            "close": st.just("boundary"),
            "between": st.just(["alpha", "beta"]),
            "date": st.sampled_from(DATES),
        }
    ),
)
# One event of control a day: two could give one place to different controllers, which is an error.
events = st.lists(
    st.one_of(control, strikes, pressure, closing),
    max_size=8,
    unique_by=lambda event: event["date"] if "control" in event else repr(event),
)


def balance(result):
    """Everybody, by day: at home, unable to leave, on the way, elsewhere."""
    people = result.people.isel(member=0)
    return sum(
        people[name].sum([dim for dim in people[name].dims if dim != "time"])
        for name in ("residents_present", "present_prior", "unable_to_leave", "in_transit", "present_new")
    ).values


assumptions = st.fixed_dictionaries(
    {
        "destinations": st.fixed_dictionaries(
            {
                "model": st.sampled_from(["logit", "nearest"]),
                "crowding": st.floats(0.0, 3.0),
                "too_dangerous": st.floats(0.05, 1.0),
            }
        ),
        "departures": st.fixed_dictionaries({"crowding_push": st.floats(0.0, 0.5)}),
        "returns": st.fixed_dictionaries(
            {
                "share_open": st.floats(0.5, 1.0),
                "share_at_line": st.floats(0.2, 0.5),
                "share_under": st.floats(0.0, 0.2),
                "rate_open": st.floats(0.0, 20.0),
                "rate_at_line": st.floats(0.0, 2.0),
                "quiet_days": st.floats(0.0, 5.0),
                "line_reach": st.floats(0.0, 30.0),
            }
        ),
        "hazard": st.fixed_dictionaries({"event_effect": st.floats(-1.0, 2.0)}),
    }
)
steps = st.sampled_from([0.5, 0.25])


@settings(max_examples=60, deadline=None)
@given(events=events, assumed=assumptions, step=steps)
def test_nobody_is_lost_or_invented(toy, events, assumed, step):
    """V1, in every step of random scenarios with crowding, onward moves and returns; and nothing is negative."""
    keeps_everybody(toy, events, assumed, step)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(events=events, assumed=assumptions, step=steps)
def test_nobody_is_lost_or_invented_in_ten_thousand_scenarios(toy, events, assumed, step):
    keeps_everybody(toy, events, assumed, step)


def keeps_everybody(toy, events, assumed, step):
    movement = toy.movement.model_dump()
    for part, fields in assumed.items():
        movement[part] |= fields
    scenario = changed(
        toy,
        events=events,
        period={"start": "2030-01-01", "days": 14, "step_days": step},
        movement=movement,
    )
    result = dp.run(scenario)
    start = result.inputs.zones.population.sum()
    np.testing.assert_allclose(balance(result), start, rtol=1e-12)
    people = result.people
    for name in people.data_vars:
        assert (people[name].values >= -1e-9).all(), name
    at_home = people["residents_present"] + people["present_prior"] + people["unable_to_leave"]
    gone = result.inputs.zones.population - at_home.isel(member=0, time=-1).values
    np.testing.assert_allclose(gone, people["newly_displaced"].isel(member=0, time=-1).values, atol=1e-6)
    sent = result.flows["departures"].isel(member=0).sum(("time", "destination")).values
    assert (sent >= people["newly_displaced_cum"].isel(member=0, time=-1).values - 1e-6).all()
    home = people["newly_displaced_cum"] - people["newly_displaced"]
    assert (home.values <= people["returned_cum"].values + 1e-6).all(), "who is back has come back"
    assert (people["arrivals_again"].values <= people["arrivals"].values + 1e-9).all()


def test_nothing_happens_and_nobody_moves(toy):
    result = dp.run(changed(toy, events=[]))
    assert (result.people["newly_displaced_cum"] == 0).all()
    assert (result.people["arrivals"] == 0).all()
    assert (result.needs["need"] == 0).all()


def test_where_all_is_closed_people_are_unable_to_leave_and_not_lost(toy):
    """V8: every destination closed by danger; those who want to leave stay, and are counted."""
    movement = toy.movement.model_dump() | {"destinations": {"too_dangerous": 0.0}}
    events = [
        {"pressure": "beta", "at": "P1", "within_km": 60.0, "date": "2030-01-01", "until": "2030-01-14"},
        {"pressure": "alpha", "at": "P1", "within_km": 60.0, "date": "2030-01-01", "until": "2030-01-14"},
    ]
    result = dp.run(changed(toy, events=events, movement=movement))
    people = result.people.isel(member=0, time=-1)
    assert float(people["newly_displaced_cum"].sum()) == 0.0
    assert float(people["unable_to_leave"].sum()) > 1000.0
    np.testing.assert_allclose(balance(result), result.inputs.zones.population.sum(), rtol=1e-12)


def test_those_unable_to_leave_go_when_a_way_opens(toy):
    """Every town is under assault; the way out is closed until the sixth day."""
    events = [
        {"pressure": who, "at": place, "within_km": 5.0, "date": "2030-01-01", "until": "2030-01-14"}
        for who in ("alpha", "beta")
        for place in ("P1", "P2", "P3", "P4")
    ]
    shut = {"close": "X-WEST", "date": "2030-01-01", "until": "2030-01-06"}
    people = dp.run(changed(toy, events=[*events, shut])).people.isel(member=0)
    waiting = people["unable_to_leave"].sum("zone").values
    gone = people["newly_displaced_cum"].sum("zone").values
    assert waiting[5] > 1000.0
    assert gone[5] == 0.0
    assert waiting[-1] < 0.5 * waiting[5]
    assert gone[-1] > waiting[5]


def test_populations_times_k_give_flows_times_k(toy, toy_result, tmp_path):
    """V13: every table of people times 3."""
    import csv
    import shutil

    folder = tmp_path / "area"
    shutil.copytree(toy.area_folder, folder)
    columns = ["population", "displaced_before", "registered", "people_beyond"]
    for name in ("zones.csv", "settlements.csv", "sites.csv", "crossings.csv"):
        rows = list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
        for row in rows:
            row.update({key: str(3 * float(row[key])) for key in columns if row.get(key)})
        with (folder / name).open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    density = toy.movement.model_dump()
    density["area"]["settled_density"] *= 3
    density["destinations"]["city_density"] *= 3
    scenario = changed(toy, movement=density).model_copy(update={"area_folder": folder})
    np.testing.assert_allclose(
        dp.run(scenario).flows["departures"].values,
        3 * toy_result.flows["departures"].values,
        rtol=1e-10,
        atol=1e-9,
    )


@pytest.mark.parametrize("parameters", ["calibrated", "priors"])
def test_shorter_steps_give_the_same_departures_and_nearly_the_same_stocks(toy, parameters):
    """V4: departures to 1e-6; stocks by zone within 1 % in total variation every day, and half of it for each halving.

    Against steps of 1/32 day, and over two halvings: what happens within a day (a closure at noon, the first arrivals)
    falls on either side of a step, so one halving alone may gain less or more.
    """
    uncertain = toy.uncertainty.model_dump() | {"parameters": parameters}
    runs = {}
    for step in (0.5, 0.125, 0.03125):
        period = {"start": "2030-01-01", "days": 14, "step_days": step}
        runs[step] = dp.run(changed(toy, period=period, uncertainty=uncertain)).people.isel(member=0)
    for step in (0.125, 0.03125):
        np.testing.assert_allclose(
            runs[step]["first_departures"], runs[0.5]["first_departures"], rtol=1e-6, atol=1e-9
        )

    def apart(one, other):
        shares = [run["present_new"].sum("type").values for run in (one, other)]
        shares = [share / share.sum(axis=1, keepdims=True) for share in shares]
        return np.abs(shares[0] - shares[1]).sum(axis=1) / 2

    coarse, fine = apart(runs[0.5], runs[0.03125]), apart(runs[0.125], runs[0.03125])
    assert coarse.max() < 0.01
    assert coarse.mean() < 0.003
    assert fine.mean() < 0.25 * coarse.mean()


def test_tiles_and_workers_give_the_same_bits(toy, toy_result, monkeypatch):
    """V18: one tile or many, one after the other or at once."""
    monkeypatch.setattr(exposure, "tiles", tiles_of_one_row)
    with ThreadPoolExecutor(2) as pool:
        result = dp.run(toy, map=pool.map)
    for name in result.people.data_vars:
        assert (result.people[name].values == toy_result.people[name].values).all(), name


real_tiles = exposure.tiles


def tiles_of_one_row(inputs, **_):
    tiles = real_tiles(inputs, least_cells=1)
    assert len(tiles) == 8
    return tiles


def test_blocks_move_people_as_cells_would(toy):
    """The block reduction against the answer cell by cell: less than 1 % of people arrive elsewhere."""
    by_block = dp.run(changed(toy, grid={"cell_km": 1.0}))
    area = toy.movement.model_dump()
    area["area"]["block_km"] = 1.0
    by_cell = dp.run(changed(toy, grid={"cell_km": 1.0}, movement=area))
    assert by_cell.inputs.blocks.size > 10 * by_block.inputs.blocks.size
    arrived = [run.people["arrivals"].sum(("time", "member")).values for run in (by_block, by_cell)]
    assert np.abs(arrived[0] - arrived[1]).sum() / 2 / arrived[1].sum() < 0.01


def test_given_departures_replace_the_models(toy, tmp_path):
    table = tmp_path / "left.csv"
    table.write_text("date,zone,people\n2030-01-03,Z1,500\n2030-01-04,Z2,40\n", encoding="utf-8")
    scenario = changed(toy, departures={"observed": str(table)})
    left = dp.run(scenario).people["first_departures"].isel(member=0)
    np.testing.assert_allclose(left.sel(zone="Z1", time="2030-01-03"), 500.0)
    np.testing.assert_allclose(left.sum(), 540.0)


def test_more_given_departures_than_people_are_an_error(toy, tmp_path):
    table = tmp_path / "left.csv"
    table.write_text("date,zone,people\n2030-01-03,Z4,5000\n", encoding="utf-8")
    with pytest.raises(dp.InputError, match=r"left\.csv.*Delta.*4,000 live"):
        dp.run(changed(toy, departures={"observed": str(table)}))


def test_the_nearest_model_sends_everybody_to_one_place(toy):
    movement = toy.movement.model_dump() | {"destinations": {"model": "nearest"}}
    flows = (
        dp.run(
            changed(
                toy,
                movement=movement,
                events=[
                    {"control": "beta", "places": ["P3"], "date": "2030-01-06"},
                ],
            )
        )
        .flows["departures"]
        .isel(member=0, time=0)
    )
    busy = flows.sel(origin="Z3").values
    assert (busy > 0).sum() <= 3


def test_a_named_response_group_counts_before_the_controller(toy):
    scenario = changed(
        toy,
        departure_response=[
            {"controlled_by": "beta", "incoming": "alpha", "share": "few"},
            {"response_group": "r1", "incoming": "alpha", "share": "none"},
        ],
    )
    inputs = asked.read_inputs(scenario)
    answers = timeline.answers(scenario, inputs, scenario.movement.response)
    alpha = inputs.controllers.index("alpha")
    named = inputs.keys.response == inputs.response_groups.index("r1")
    beta = inputs.keys.controller == inputs.controllers.index("beta")
    assert (answers.response[named & beta, alpha] == 0).all()
    if (beta & ~named).any():
        assert (answers.response[beta & ~named, alpha] == 0.12).all()
    assert (answers.response[~beta, alpha] == 0).all()


def test_a_run_has_at_least_one_member(toy):
    for count in (0, -1, 5000):
        with pytest.raises(ValueError, match="members"):
            dp.run(toy, members=count)


def test_fields_by_cell_add_up_to_zones(toy_result):
    fields = toy_result.fields
    assert fields["departures"].dims == ("member", "time", "northing", "easting")
    total = fields["departures"].isel(member=0).sum(("northing", "easting"))
    np.testing.assert_allclose(
        total, toy_result.people["first_departures"].isel(member=0).sum("zone"), rtol=1e-9
    )
    assert set(np.unique(fields["control"])) == {0, 1}


def test_an_unknown_field_is_an_error(toy):
    with pytest.raises(ValueError, match="keep: unknown field"):
        dp.run(toy, keep=("wind",))
