"""Going home, moving on, crowding (E6, E8, E9): cases by hand and the path on the toy area."""

import numpy as np
import pytest
from support import changed

import displacement as dp
from displacement import asked, stages
from displacement.movement import returns as module
from displacement.movement.assumptions import Hazard, Returns
from displacement.movement.control import Change, timeline
from displacement.movement.returns import LINE, OPEN, UNDER, DeclaredReturn, Origins
from displacement.movement.threats import Answers, Front, Pressure, Strike, Threats
from displacement.scenario import timeline as timeline_module

KEY_ALONE = np.zeros(1, dtype=int)
ANSWERS = Answers(response=np.array([[0.0, 1.0]]), foreign=np.array([[False, True]]))


def threats(fronts=(), strikes=(), pressures=()):
    """One cell at the origin of the plane, held by its own side all along."""
    control = timeline(np.array([0]), [])
    zero = np.zeros(1)
    return Threats(zero, zero, KEY_ALONE, control, fronts, strikes, pressures)


EDGES = np.arange(0.0, 40.1, 0.5)


def calm(seen, rules):
    return module.quiet(seen, Hazard(), rules, EDGES)[:, 0]


def test_it_is_quiet_again_so_many_days_after_a_change_of_control_and_not_while_it_is_foreseen():
    """A change on the spot on day 20: felt 4 log2(1 / 0.02) = 22.6 days ahead, hence all along; quiet after day 23."""
    front = Front(20.0, 1, np.zeros(1))
    share = calm(threats([front]), Returns(quiet_days=3.0))
    assert (share[:46] == 0).all()
    assert (share[46:] == 1).all()


def test_a_change_far_away_is_felt_later_and_less():
    """At 12 km the effect is e^-2, felt 4 log2(e^-2 / 0.02) = 11.03 days ahead: quiet until day 8.97."""
    front = Front(20.0, 1, np.array([12.0]))
    share = calm(threats([front]), Returns(quiet_days=3.0))
    since = 20.0 - 4.0 * np.log2(np.exp(-2.0) / 0.02)
    np.testing.assert_allclose(share[:19], [*[1.0] * 17, (since - 8.5) / 0.5, 0.0], atol=1e-12)
    assert (calm(threats([Front(20.0, 1, np.array([30.0]))]), Returns()) == 1).all(), "too far to be felt"
    own_side = calm(threats([Front(20.0, 0, np.zeros(1))]), Returns(quiet_days=3.0))
    assert own_side.nonzero()[0].min() == 46, "fighting is fighting, whoever comes"


def test_strikes_and_assaults_are_felt_while_they_last_and_some_days_after():
    struck = calm(threats(strikes=[Strike(5.5, 9.0, 0.0, 0.0)]), Returns(quiet_days=2.0))
    assert struck.nonzero()[0].tolist() == [*range(11), *range(15, 80)]
    pressed = calm(threats(pressures=[Pressure(3.0, 6.0, 1, 0.5, 0.0, 0.0, 0.0)]), Returns(quiet_days=1.0))
    assert pressed.nonzero()[0].tolist() == [*range(6), *range(14, 80)]


def test_who_holds_a_place_and_how_near_the_line_is_say_what_it_is_like_to_its_people():
    """Blocks on a line at 0, 8 and 30 km; the first place comes under controller 1 on day 2.5."""
    where = np.array([0.0, 8_000.0, 30_000.0])
    zero = np.zeros(3, dtype=int)
    blocks = Origins(np.arange(3), np.arange(3), zero, where, zero.astype(float))
    control = timeline(zero, [Change(2.5, 0, 1)])
    declared = (DeclaredReturn(5.5, 7.0, np.array([0]), np.array([], dtype=int)),)

    def found(answers, agreements=()):
        times = np.array([1.0, 3.0, 6.0, 8.0])
        return module.situations(
            blocks, control, (where, zero.astype(float)), answers, agreements, Returns(line_reach=10), times
        ).tolist()

    taken = [UNDER, LINE, OPEN]
    assert found(ANSWERS) == [[OPEN] * 3, taken, taken, taken]
    assert found(ANSWERS, declared) == [[OPEN] * 3, taken, [OPEN, LINE, OPEN], taken]
    nobody_leaves = Answers(response=np.zeros((1, 2)), foreign=ANSWERS.foreign)
    assert found(nobody_leaves) == [[OPEN] * 3] * 4


def test_the_shares_of_those_who_return_are_nested():
    with pytest.raises(ValueError, match="share_under <= share_at_line <= share_open"):
        Returns(share_open=0.2, share_at_line=0.3)
    assert module.classes(Returns()).sum() == pytest.approx(1.0)


def assault(last, at=("P1", "P2", "P5")):
    """An assault that takes nothing, from the second day."""
    return [
        {"pressure": "beta", "at": at_place, "within_km": 3.0, "date": "2030-01-02", "until": last}
        for at_place in at
    ]


def run(toy, events, days=60, **movement):
    settings = toy.movement.model_dump()
    for part, fields in movement.items():
        settings[part] |= fields
    period = {"start": "2030-01-01", "days": days}
    return dp.run(changed(toy, events=events, period=period, movement=settings)).people.isel(member=0)


def test_the_share_that_goes_home_is_the_one_assumed(toy):
    """Known answer: nobody leaves again, every origin is open, so in the long run share_open is home again."""
    people = run(
        toy,
        assault("2030-01-04"),
        days=90,
        returns={"line_reach": 0.0, "share_open": 0.6, "rate_open": 0.5},
        departures={"crowding_push": 0.0},
    )
    left, home = (people[name].sum("zone").values for name in ("newly_displaced_cum", "returned_cum"))
    assert left[-1] > 1000
    assert home[-1] == pytest.approx(0.6 * left[-1], rel=1e-6)
    assert home[6] < 1e-3 * home[-1], (
        "three quiet days after the last of the assault, the fourth of the month"
    )
    assert home[7] > 0.1 * home[-1]


def test_nobody_goes_home_where_nobody_is_assumed_to(toy):
    people = run(
        toy, assault("2030-01-04"), returns={"share_open": 0.0, "share_at_line": 0.0, "share_under": 0.0}
    )
    assert float(people["returned_cum"].sum()) == 0.0


def test_people_go_home_at_the_rate_of_the_situation(toy):
    """Open: the ready part of those settled falls by exp(-rate) a day; at a line it does so at that rate."""
    rules = {"share_open": 0.5, "share_at_line": 0.5, "rate_open": 0.3, "rate_at_line": 0.05}
    for reach, rate in ((0.0, 0.3), (1000.0, 0.05)):
        people = run(
            toy,
            assault("2030-01-03"),
            returns=rules | {"line_reach": reach},
            departures={"crowding_push": 0.0},
        )
        ready = 0.5 * people["newly_displaced_cum"].isel(time=-1).sum("zone").values
        left = ready - people["returned_cum"].sum("zone").values
        np.testing.assert_allclose(left[21:40] / left[20:39], np.exp(-rate), rtol=1e-3)


def test_under_a_controller_they_left_from_hardly_anybody_goes_home_unless_it_is_declared(toy, monkeypatch):
    events = [{"control": "beta", "places": ["P3"], "date": "2030-01-05"}]
    alone = run(toy, events)
    left = float(alone["newly_displaced_cum"].isel(time=-1).sel(zone="Z3"))
    share = Returns().share_under
    assert 0 < float(alone["returned_cum"].isel(time=-1).sel(zone="Z3")) < share * left

    plain = timeline_module.of

    def declared(scenario, inputs):
        events = plain(scenario, inputs)
        agreement = DeclaredReturn(20.5, np.inf, np.array([2]), np.array([], dtype=int))
        return type(events)(**{**vars(events), "returns": (agreement,)})

    monkeypatch.setattr(timeline_module, "of", declared)
    agreed = run(toy, events)
    home = agreed["returned_cum"].sel(zone="Z3").values
    np.testing.assert_allclose(home[:20], alone["returned_cum"].sel(zone="Z3").values[:20])
    assert home[-1] > 0.4 * left


def test_who_came_home_leaves_again_when_it_gets_dangerous_and_is_not_counted_twice(toy):
    returns = {"line_reach": 0.0, "share_open": 0.9, "rate_open": 2.0, "quiet_days": 0.5}
    again = [
        {"pressure": "beta", "at": "P1", "within_km": 3.0, "date": "2030-01-20", "until": "2030-01-25"},
    ]
    once = run(toy, assault("2030-01-04"), days=40, returns=returns)
    twice = run(toy, [*assault("2030-01-04"), *again], days=40, returns=returns)
    home = once["newly_displaced"].sum("zone").values
    assert home[18] == pytest.approx(0.1 * float(once["newly_displaced_cum"].isel(time=18).sum()), rel=0.05)
    assert float(twice["newly_displaced"].sum("zone")[24]) > home[24] + 1000
    assert float(twice["arrivals_again"].sum()) > float(once["arrivals_again"].sum()) + 1000
    left = twice["newly_displaced_cum"].isel(time=-1).sum("zone").values
    assert left <= float(twice["newly_displaced_cum"].isel(time=18).sum("zone")) + 18_000


def test_danger_where_people_fled_to_makes_them_move_on(toy):
    """E8: they flee from P1; then P3, where many went, is assaulted, and they leave it again."""
    flight = assault("2030-01-05", at=("P1", "P5"))
    later = [{"pressure": "beta", "at": "P3", "within_km": 3.0, "date": "2030-01-15", "until": "2030-01-20"}]
    stays = {
        "returns": {"share_open": 0.0, "share_at_line": 0.0, "share_under": 0.0},
        "departures": {"crowding_push": 0.0},
    }
    calm_there, pressed = run(toy, flight, 30, **stays), run(toy, [*flight, *later], 30, **stays)
    again = [run["arrivals_again"].sum(("zone", "type")).values for run in (calm_there, pressed)]
    np.testing.assert_allclose(again[0][:14], again[1][:14])
    assert again[0][14:].sum() == pytest.approx(0.0, abs=1e-6)
    assert again[1][14:].sum() > 2000
    fled_to = [run["present_new"].sel(zone="Z3").isel(time=-1).sum() for run in (calm_there, pressed)]
    assert float(fled_to[1]) < 0.5 * float(fled_to[0])


def test_crowding_pushes_those_beyond_the_capacity_on(toy):
    """Everybody leaves three of four zones: the places that take them in are over their capacity."""
    events = assault("2030-01-08", at=("P1", "P2", "P5", "P4"))
    stays = {"returns": {"share_open": 0.0, "share_at_line": 0.0, "share_under": 0.0}}
    still = run(toy, events, 30, departures={"crowding_push": 0.0}, **stays)
    pushed = run(toy, events, 30, departures={"crowding_push": 0.1}, **stays)
    more = pushed["arrivals_again"].sum() - still["arrivals_again"].sum()
    assert float(more) > 10


def test_crowding_spreads_people(toy):
    """E6: with a higher price of crowding the places fill more evenly for their size."""
    spread = []
    for price in (0.0, 1.0, 4.0):
        people = run(toy, assault("2030-01-08"), 14, destinations={"crowding": price})
        present = people["present_new"].isel(time=-1).sum("type").values
        spread.append(present.max() / present.sum())
    assert spread[0] > spread[1] > spread[2]


def test_a_site_declared_full_takes_no_more_than_it_has_room_for(toy, tmp_path):
    """S1 has 1,000 registered; with a capacity of 1,200 and `full` it takes 200, and not one more."""
    import shutil

    folder = tmp_path / "area"
    shutil.copytree(toy.area_folder, folder)
    sites = folder / "sites.csv"

    def arrivals(full):
        sites.write_text(
            "site,name,pcode,zone,lat,lon,registered,capacity,full,source\n"
            f"S1,Amber camp,P1,Z1,36.30249,38.91658,1000,1200,{full},invented\n",
            encoding="utf-8",
        )
        scenario = changed(toy, events=assault("2030-01-08", at=("P2", "P3")))
        result = dp.run(scenario.model_copy(update={"area_folder": folder}))
        there = result.people["present_new"].isel(member=0).sel(zone="Z1", type="site").values
        return there.max()

    assert arrivals("") > 300
    assert arrivals("yes") == pytest.approx(200.0, abs=0.5)
    assert arrivals("yes") <= 200.0 + 1e-6


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("1000,unknown,yes", "sites.csv:2: capacity: is unknown for a site declared full"),
        ("1000,0,", "sites.csv:2: capacity: is 0, and 1,000 are registered"),
        ("1000,2000,perhaps", "sites.csv:2: full: must be yes, no or blank"),
        ("1000,-5,", "sites.csv:2: capacity: must be from 0"),
    ],
)
def test_a_wrong_capacity_is_an_error_with_its_row(toy, tmp_path, cells, message):
    import shutil

    folder = tmp_path / "area"
    shutil.copytree(toy.area_folder, folder)
    (folder / "sites.csv").write_text(
        "site,name,pcode,zone,lat,lon,registered,capacity,full,source\n"
        f"S1,Amber camp,P1,Z1,36.30249,38.91658,{cells},invented\n",
        encoding="utf-8",
    )
    with pytest.raises(dp.InputError) as error:
        dp.run(toy.model_copy(update={"area_folder": folder}))
    assert message in str(error.value)


def test_people_displaced_before_move_again_and_are_told_apart(toy):
    """Z1 has 2,000 of 10,000 displaced before: they leave as readily as the others, and are counted once more."""
    people = run(toy, assault("2030-01-08"), 14)
    left = people["newly_displaced_cum"].isel(time=-1).sel(zone="Z1")
    before = people["displaced_before_cum"].isel(time=-1).sel(zone="Z1")
    assert float(before) == pytest.approx(0.2 * float(left), rel=1e-9)
    assert float(people["displaced_before_cum"].isel(time=-1).sel(zone="Z2")) == 0.0


def test_people_by_block_and_by_destination_are_the_same_people(toy, monkeypatch):
    """The state is kept twice, by block of origin and by destination: both agree in every step."""
    from displacement.movement import simulate

    real, gaps = simulate._step, []

    def watched(state, fresh, pressed, met, epoch, setting):
        after, written = real(state, fresh, pressed, met, epoch, setting)
        classes = setting.classes
        by_block = classes.by_row(after.away.sum(axis=1))
        first = after.first.by_row() + after.turned_first.sum(axis=1)
        again = after.again.by_row() + after.turned_again.sum(axis=1)
        elsewhere = after.present.sum(axis=1) + classes.split * first[classes.of_row] + again
        gaps.append(np.abs(by_block - elsewhere).max())
        return after, written

    monkeypatch.setattr(simulate, "_step", watched)
    events = [*assault("2030-01-08"), {"close": "X-WEST", "date": "2030-01-05"}]
    people = run(toy, events, 60, returns={"line_reach": 0.0})
    assert float(people["returned_cum"].sum()) > 0
    assert max(gaps) < 1e-9


def test_those_who_always_go_home_alike_move_together_as_they_would_one_by_one(toy, monkeypatch):
    """Lumping rows of like hazards is exact; every class and entry of READY in a row of its own gives the same."""
    from displacement.movement import classes

    def one_by_one(homeward, adding):
        return np.arange(homeward.shape[1] * adding.shape[1]).reshape(adding.shape[1], -1).T

    real, rows = classes.rows_of, []

    def watched(homeward, adding):
        rows.append(real(homeward, adding))
        return rows[-1]

    events = [*assault("2030-01-08"), {"close": "X-WEST", "date": "2030-01-05"}]
    found = []
    for way in (watched, one_by_one):
        monkeypatch.setattr(classes, "rows_of", way)
        found.append(run(toy, events, 60))
    lumped, apart = found
    assert float(lumped["returned_cum"].sum()) > 0
    assert rows[0].max() + 1 < rows[0].size
    for name in lumped.data_vars:
        np.testing.assert_allclose(lumped[name], apart[name], rtol=1e-10, atol=1e-9, err_msg=str(name))


def test_travel_home_needs_a_way(toy):
    """Those who left through an exit that is closed afterwards stay out."""
    shut = {"close": "X-WEST", "date": "2030-01-11"}
    rules = {"line_reach": 0.0, "share_open": 1.0, "rate_open": 1.0}
    open_again = run(toy, assault("2030-01-08"), 60, returns=rules)
    closed = run(toy, [*assault("2030-01-08"), shut], 60, returns=rules)
    out = [people["present_new"].sel(zone="X-WEST").isel(time=-1).sum() for people in (open_again, closed)]
    assert float(out[0]) < 1.0
    assert float(out[1]) > 10.0


def test_blocks_go_home_each_by_its_own_situation(toy):
    inputs = asked.read_inputs(toy)
    main = inputs.blocks.main_cell
    assert (inputs.blocks.of_cell[main] == np.arange(inputs.blocks.size)).all()
    population = inputs.cells["population"].values
    for block, cell in enumerate(main):
        assert population[cell] == population[inputs.blocks.of_cell == block].max()
    assert stages.edges_of(toy).size == 2 * 14 + 1
