"""Networks of places: a case worked by hand, and the laws on random networks (V1, V6, V8)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import CLOSURES, LOCATIONS, ROUTES, layout

import displacement as dp
from displacement import asked, ensemble, stages
from displacement.evaluate import network
from displacement.io import network_layout, parameters
from displacement.io.errors import InputError
from displacement.movement import simulate
from displacement.scenario import timeline

BY_HAND = """movement:
  destinations: {travel_time_decay: 0.6931471805599453, long_way: 1.0e-12, following: 1.0e-12, host_pull: 0.999999999999}
"""
"""An hour halves what draws people; nothing else tells camps apart. Values beside the defaults count as stated."""


def area(folder: Path, changed: dict[str, str | None] | None = None, extra: str = "") -> Path:
    """The network area of a folder in the layout of the field's agent model; its scenario with more lines."""
    found = network_layout.read(layout(folder / "case", changed))
    network_layout.write_area(found, folder / "area", "case")
    scenario = folder / "area" / "scenario.yaml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + extra, encoding="utf-8")
    return scenario


def moved(scenario: dp.Scenario):
    """People of a scenario by day and place, without needs, and the inputs."""
    scenario = asked.settled(scenario)
    inputs = asked.read_inputs(scenario)
    events = timeline.of(scenario, inputs)
    (alone,) = ensemble.members(scenario)
    people = stages.run_members([alone], inputs, events, stages.edges_of(scenario), scenario).people
    return people.isel(member=0), inputs


def there(people, place: str) -> np.ndarray:
    """Displaced people in a place by day."""
    return people["present_new"].sel(zone=place).sum("type").values


def test_arrivals_of_three_places_and_two_camps_are_those_worked_by_hand(tmp_path):
    """A (300 people) and B (100) are in conflict, X and Y are camps, C lies between; speed 30 km/h, an hour halves.

    Shortest ways: A-C-X 60 km, 2 h; A-C-Y 120 km, 4 h; B-Y 60 km, 2 h; B-C-X 90 km, 3 h.
    Day 0: 100 were counted in X and 100 in Y, and are there from the start.
    Day 1: 600 are counted in all, 400 more. They come from A and B as 300 to 100: 300 from A, 100 from B.
        From A, X draws 2^-2 and Y 2^-4, as 4 to 1: 240 to X, 60 to Y.
        From B, X draws 2^-3 and Y 2^-2, as 1 to 2: 33 1/3 to X, 66 2/3 to Y.
        X holds 100 + 240 + 33 1/3 = 373 1/3, Y holds 100 + 60 + 66 2/3 = 226 2/3.
    Day 2: 300 are counted in all, half of 600. Half of each camp leave: 186 2/3 and 113 1/3.
    After that nothing changes.
    """
    people, _ = moved(dp.load(area(tmp_path, extra=BY_HAND)))
    x, y = there(people, "X"), there(people, "Y")
    np.testing.assert_allclose(x, [100, 373 + 1 / 3, *[186 + 2 / 3] * 4], rtol=1e-9)
    np.testing.assert_allclose(y, [100, 226 + 2 / 3, *[113 + 1 / 3] * 4], rtol=1e-9)
    np.testing.assert_allclose(people["returned_cum"].isel(time=-1).sum(), 300, rtol=1e-9)


def test_those_who_are_there_draw_others_as_worked_by_hand(tmp_path):
    """As above, but 150 are in X and 50 in Y on day 0 (shares 3/4 and 1/4), and these have half of the pull.

    Sizes are alike, 1/2 and 1/2; so X draws 1/2 1/2 + 1/2 3/4 = 5/8, Y 3/8. From A as 4 x 5 to 1 x 3: 300 x 20/23 to X.
    From B as 1 x 5 to 2 x 3: 100 x 5/11 to X.
    """
    text = BY_HAND.replace("following: 1.0e-12", "following: 0.5, followed_from: 1.0e-9")
    counts = {
        "source_data/x.csv": "2030-01-01,150\n2030-01-02,400\n",
        "source_data/y.csv": "2030-01-01,50\n2030-01-02,200\n",
    }
    people, _ = moved(dp.load(area(tmp_path, counts, text)))
    np.testing.assert_allclose(there(people, "X")[1], 150 + 300 * 20 / 23 + 100 * 5 / 11, rtol=1e-9)
    assert there(people, "X")[5] + there(people, "Y")[5] == pytest.approx(600, rel=1e-12)


def test_hosts_share_their_pull_among_their_camps_as_worked_by_hand(tmp_path):
    """Three camps as far from A as from one another, two of them in one country, hosts pulling by the square root.

    Each camp is 1/3 of all; East has 2/3 and West 1/3, which pull as sqrt 2 to 1. So each camp in East gets
    sqrt 2 / (sqrt 2 + 1) / 2 of those who come.
    """
    changed = {
        "input_csv/locations.csv": LOCATIONS + "Z,z,East,3,3,camp,0,0\n",
        "input_csv/routes.csv": "A,X,60\nA,Y,60\nA,Z,60\nB,A,10\nB,C,10\n",
        "source_data/data_layout.csv": "total,total.csv\nX,x.csv\nY,y.csv\nZ,z.csv\n",
        "source_data/x.csv": "2030-01-01,0\n2030-01-02,100\n",
        "source_data/y.csv": "2030-01-01,0\n2030-01-02,200\n",
        "source_data/z.csv": "2030-01-01,0\n2030-01-02,300\n",
    }
    people, _ = moved(dp.load(area(tmp_path, changed, BY_HAND.replace("0.999999999999", "0.5"))))
    east = np.sqrt(2) / (np.sqrt(2) + 1)
    np.testing.assert_allclose(
        [there(people, place)[1] for place in "XYZ"], [300 * east, 600 * (1 - east), 300 * east]
    )


def test_a_network_moves_people_by_the_same_code_as_a_grid(tmp_path, toy, monkeypatch):
    """One loop over steps, one choice: both kinds of areas come by."""
    seen = []
    whole = simulate.simulate
    monkeypatch.setattr(
        simulate, "simulate", lambda *args, **more: seen.append(args[3:5]) or whole(*args, **more)
    )
    moved(dp.load(area(tmp_path)))
    moved(toy)
    assert [[type(part).__name__ for part in one] for one in seen] == [["Allowed", "Routes"]] * 2


def test_where_the_model_says_how_many_leave_it_is_the_hazard_of_conflict(tmp_path):
    """On one day at full intensity 1 - (1 - p)^(1/14) of the mobile leave, p being the share in a fortnight."""
    extra = "movement: {hazard: {share_in_fortnight_strikes: 0.4}, departures: {staying_share: 0}}\n"
    text = area(tmp_path, extra=extra)
    text.write_text(
        text.read_text(encoding="utf-8").replace("totals: observed", "totals: model"), encoding="utf-8"
    )
    people, _ = moved(dp.load(text))
    leaving = people["first_departures"].sel(zone="A").values[0]
    np.testing.assert_allclose(leaving, 300 * (1 - 0.6 ** (1 / 14)), rtol=1e-12)
    assert float(people["first_departures"].sel(zone="C").sum()) == 0, (
        "nobody leaves a place without conflict"
    )
    assert float(people["in_transit"].isel(time=0).sum()) > 0, "the way takes time"


def test_a_closed_border_lets_nobody_pass_until_it_opens(tmp_path):
    """East closes on day 1 and opens on day 2: all of the first day's arrivals go to Y, some of the next day's to X."""
    changed = {
        "input_csv/closures.csv": CLOSURES + "country,Home,East,1,2\n",
        "source_data/x.csv": "2030-01-01,0\n2030-01-06,500\n",
        "source_data/y.csv": "2030-01-01,0\n2030-01-06,500\n",
    }
    people, _ = moved(dp.load(area(tmp_path, changed)))
    np.testing.assert_allclose(there(people, "X")[:2], [0, 0], atol=1e-12)
    np.testing.assert_allclose(there(people, "Y")[:2], [0, 200])
    assert there(people, "X")[2] > 0


@pytest.mark.parametrize(
    "closure", ["location,X,,1,0", "camp,X,,1,0", "link,C,X,1,0", "country,East,Home,1,0"]
)
def test_whatever_closes_a_camp_no_more_people_come_there(closure, tmp_path):
    changed = {
        "input_csv/closures.csv": CLOSURES + closure + "\n",
        "source_data/x.csv": "2030-01-01,100\n2030-01-03,400\n",
    }
    people, _ = moved(dp.load(area(tmp_path, changed)))
    assert there(people, "X").max() == pytest.approx(100)


def test_nobody_who_finds_every_way_closed_is_lost(tmp_path):
    """They wait at home and come when a way opens."""
    changed = {"input_csv/closures.csv": CLOSURES + "country,Home,East,1,3\ncountry,Home,West,1,3\n"}
    changed |= {
        "source_data/x.csv": "2030-01-01,0\n2030-01-02,300\n",
        "source_data/y.csv": "2030-01-01,0\n2030-01-02,100\n",
    }
    people, _ = moved(dp.load(area(tmp_path, changed)))
    waiting = people["unable_to_leave"].sum("zone").values
    np.testing.assert_allclose(waiting[:4], [0, 400, 400, 0], atol=1e-9)
    np.testing.assert_allclose((there(people, "X") + there(people, "Y"))[3:], 400)


def test_a_hub_passes_everybody_on_until_it_no_longer_does(tmp_path):
    """X lies behind Y, which sends all who come on to X until day 3; from then on Y takes people in too."""
    changed = {
        "input_csv/routes.csv": "A,Y,60,0\nY,X,60,1\nB,A,10\nC,A,10\n",
        "input_csv/closures.csv": CLOSURES + "remove_forced_redirection,Y,X,3,0\n",
        "source_data/x.csv": "2030-01-01,0\n2030-01-06,500\n",
        "source_data/y.csv": "2030-01-01,0\n2030-01-06,500\n",
    }
    people, _ = moved(dp.load(area(tmp_path, changed)))
    np.testing.assert_allclose(there(people, "Y")[:3], 0, atol=1e-12)
    assert there(people, "Y")[3] > 0


network_cases = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "totals": st.sampled_from(["observed", "model"]),
        "joined": st.booleans(),
    }
)


def made_up(folder: Path, seed: int, joined: bool = True, order: np.random.Generator | None = None) -> Path:
    """A random network: places with and without people, camps, closures that open and close, perhaps in two parts."""
    source = np.random.default_rng(seed)
    towns, camps = int(source.integers(2, 7)), int(source.integers(1, 5))
    names = [f"T{at}" for at in range(towns)] + [f"K{at}" for at in range(camps)]
    countries = ["Home"] * towns + [f"Host{source.integers(2)}" for _ in range(camps)]
    people = np.where(source.random(towns) < 0.3, 0, source.integers(1, 9000, towns))
    rows = [
        f"{name},,{country},1,1,{'camp' if name[0] == 'K' else 'conflict_zone' if source.random() < 0.6 else 'town'},"
        f"{source.integers(0, 8)},{people[at] if at < towns else 0}"
        for at, (name, country) in enumerate(zip(names, countries, strict=True))
    ]
    pairs = {(int(source.integers(at)), at) for at in range(1, len(names)) if joined or source.random() < 0.6}
    pairs |= {
        tuple(sorted(source.choice(len(names), 2, replace=False).tolist())) for _ in range(3 if joined else 0)
    }
    pairs |= {(0, 1)}
    ways = [f"{names[a]},{names[b]},{source.integers(0, 400)}" for a, b in sorted(pairs)]
    shut = [
        f"location,{names[source.integers(len(names))]},,{source.integers(0, 6)},{source.integers(7, 12)}",
        f"country,Home,{countries[-1]},{source.integers(0, 6)},{source.choice([0, 8, 11])}",
    ]
    series = {
        f"source_data/{name}.csv": "".join(
            f"2030-01-{day:02},{source.integers(0, 500)}\n" for day in (1, 4, 9, 12)
        )
        for name in names[towns:]
    }
    listed = [f"{name},{name}.csv" for name in names[towns:]]
    if order is not None:
        for part in (rows, ways, shut, listed):
            order.shuffle(part)
    return area(
        folder,
        {
            "input_csv/locations.csv": "\n".join(rows),
            "input_csv/routes.csv": "\n".join(ways),
            "input_csv/closures.csv": "\n".join(shut),
            "input_csv/sim_period.csv": "StartDate,2030-01-01\nLength,14\n",
            "source_data/data_layout.csv": "\n".join(["total,total.csv", *listed]),
            **series,
        },
    )


def as_model(path: Path, totals: str) -> dp.Scenario:
    """The scenario with totals of a kind."""
    scenario = dp.load(path)
    return scenario.model_copy(update={"network": scenario.network.model_copy(update={"totals": totals})})


@settings(max_examples=25, deadline=None)
@given(case=network_cases)
def test_nobody_is_lost_or_invented_on_any_network(case, tmp_path_factory):
    path = made_up(tmp_path_factory.mktemp("case"), case["seed"], case["joined"])
    people, _ = moved(as_model(path, case["totals"]))
    at_home = people["residents_present"] + people["present_prior"] + people["unable_to_leave"]
    away = people["newly_displaced"].sum("zone").values
    elsewhere = people["present_new"].sum(("zone", "type")) + people["in_transit"].sum("zone")
    whole = (at_home.sum("zone") + people["newly_displaced"].sum("zone")).values
    np.testing.assert_allclose(whole, whole[0], rtol=1e-12)
    np.testing.assert_allclose(elsewhere.values, away, rtol=1e-9, atol=1e-9)
    for name in people.data_vars:
        assert float(people[name].min()) >= -1e-9, name


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_sum_of_all_camps_is_what_was_counted_wherever_a_way_is_open(seed, tmp_path_factory):
    path = made_up(tmp_path_factory.mktemp("case"), seed)
    scenario = dp.load(path).model_copy(update={"events": ()})
    people, inputs = moved(scenario)
    counts = timeline.of(asked.settled(scenario), inputs).counted[:, inputs.destinations.zone].sum(axis=1)
    found = people["present_new"].sum(("zone", "type")).values
    np.testing.assert_allclose(
        found + people["unable_to_leave"].sum("zone").values, counts, rtol=1e-9, atol=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(case=network_cases)
def test_the_order_of_rows_changes_nothing(case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("case")
    parts = []
    for name, order in (("one", None), ("other", np.random.default_rng(case["seed"] + 1))):
        (folder / name).mkdir()
        path = made_up(folder / name, case["seed"], case["joined"], order)
        parts.append(moved(as_model(path, case["totals"]))[0])
    one, other = parts[0], parts[1].sel(zone=parts[0]["zone"].values)
    for name in one.data_vars:
        np.testing.assert_allclose(
            one[name].values, other[name].values, rtol=1e-9, atol=1e-9, err_msg=str(name)
        )


@settings(max_examples=10, deadline=None)
@given(
    size=st.floats(1.0, 1e5),
    part=st.floats(0.05, 0.95),
    following=st.floats(0.01, 1.0),
    pull=st.floats(0.01, 0.99),
    count=st.integers(1, 1000),
)
def test_splitting_a_camp_changes_no_other(size, part, following, pull, count, tmp_path_factory):
    """X in two, with its size and people in any parts, at the same place in the same country."""
    rules = f"movement: {{destinations: {{following: {following}, host_pull: {pull}}}}}\n"
    found = []
    for split in (False, True):
        shares = {"X": part, "X2": 1 - part} if split else {"X": 1.0}
        changed = {
            "input_csv/locations.csv": LOCATIONS
            + "Z,z,East,3,3,camp,0,0\n"
            + ("X2,x,East,2.0,1.0,camp,0,0\n" if split else ""),
            "input_csv/routes.csv": ROUTES + "A,Z,200\n" + ("C,X2,30,0\n" if split else ""),
            "source_data/data_layout.csv": "Y,y.csv\nZ,z.csv\n"
            + "".join(f"{name},{name}.csv\n" for name in shares),
            "source_data/z.csv": "2030-01-01,30\n2030-01-06,900\n",
        } | {f"source_data/{name}.csv": f"2030-01-01,{count * share}\n" for name, share in shares.items()}
        path = area(tmp_path_factory.mktemp("case"), changed, rules)
        table = path.parent / "places.csv"
        lines = table.read_text(encoding="utf-8-sig").splitlines()
        for name, share in {**shares, "Y": 1.0, "Z": 1.0}.items():
            at = next(row for row, line in enumerate(lines) if line.startswith(f"{name},"))
            lines[at] = lines[at][: -len(",")] + f"{size * share if name[0] == 'X' else 5000.0},"
        table.write_text("\n".join(lines), encoding="utf-8")
        found.append(moved(dp.load(path))[0])
    whole, halves = found
    for place in ("Y", "Z"):
        np.testing.assert_allclose(there(whole, place), there(halves, place), rtol=1e-9)
    np.testing.assert_allclose(there(whole, "X"), there(halves, "X") + there(halves, "X2"), rtol=1e-9)


def test_members_spread_around_the_median_run(tmp_path):
    result = dp.run(area(tmp_path), members=4)
    in_x = result.people["present_new"].sel(zone="X").sum("type").isel(time=-1).values
    assert in_x.std() > 1, "where people go is not known exactly"
    assert result.people.sizes["member"] == 4
    total = result.people["present_new"].sum(("zone", "type")).isel(time=-1).values
    np.testing.assert_allclose(total, 300, rtol=1e-9, err_msg="totals are as observed in every member")


def test_a_scenario_can_state_what_networks_assume(tmp_path):
    stated = asked.settled(dp.load(area(tmp_path, extra="movement: {destinations: {following: 0.111}}\n")))
    shipped = parameters.of_networks()["destinations"]
    assert stated.movement.destinations.following == 0.111
    assert stated.movement.destinations.long_way == shipped["long_way"]


def test_members_keep_what_a_scenario_states(tmp_path):
    stated = dp.load(area(tmp_path, extra="movement: {destinations: {long_way: 0.5}}\n"))
    several = stated.uncertainty.model_copy(update={"members": 8})
    drawn = ensemble.members(asked.settled(stated.model_copy(update={"uncertainty": several})))
    assert {one.destinations.long_way for one in drawn} == {0.5}
    assert len({one.destinations.following for one in drawn}) == 8
    assert max(one.destinations.following for one in drawn) <= 1.0


def test_grids_keep_their_assumptions(toy):
    rules = asked.settled(toy).movement.destinations
    assert (rules.long_way, rules.following, rules.host_pull) == (0.0, 0.0, 1.0)


WRONG = {
    "events": ("events:\n  - {strikes: 3, at: A, date: 2030-01-02}\n", "knows close and open (got strikes)"),
    "country": (
        "events:\n  - {close: boundary, between: [Home, Mars], date: 2030-01-02}\n",
        "no place is in 'Mars'",
    ),
    "route": ("events:\n  - {close: A--Y, date: 2030-01-02}\n", "unknown road or zone 'A--Y'"),
    "raster": ("travel_raster: {speed: speed.tif}\n", "has no meaning on a network of places"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_a_network_does_not_know_is_told_with_its_line(what, tmp_path):
    text, message = WRONG[what]
    path = area(tmp_path)
    lines = path.read_text(encoding="utf-8")
    path.write_text(lines.replace("events: []\n", "") + text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        dp.load(path)
    assert any(message in found and found.startswith(f"{path}:") for found in raised.value.findings)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("places.csv", "X,camp", "X,castle", "places.csv:5: type: unknown type 'castle'"),
        ("routes.csv", "A,C,30", "A,C,-30", "routes.csv:2: distance_km: must be from 0"),
        ("routes.csv", "A,C,30", "A,D,30", "routes.csv:2: to: unknown place 'D'"),
        (
            "conflict.csv",
            "A,2030-01-01,,1",
            "A,2030-01-01,,2",
            "conflict.csv:2: intensity: must be from 0 to 1",
        ),
        ("observed.csv", "X,2030-01-01,100", "X,2030-01-01,-1", "observed.csv:2: count: must be from 0"),
    ],
)
def test_a_slip_in_a_network_area_is_told_with_its_line(table, old, new, message, tmp_path):
    path = area(tmp_path)
    file = path.parent / table
    text = file.read_text(encoding="utf-8-sig")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        moved(dp.load(path))
    assert any(message in found for found in raised.value.findings), raised.value.findings


def test_grids_have_no_network_and_no_steps_of_a_day(tmp_path, toy):
    text = "period: {start: 2030-01-01, days: 3, step_days: 1}\nnetwork: {}\n"
    text = f"title: A test\narea: {toy.area_folder}\n{text}"
    path = tmp_path / "test.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        dp.load(path)
    assert len(raised.value.findings) == 2
    assert network.MODEL == "model"
