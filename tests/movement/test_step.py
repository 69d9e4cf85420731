"""Steps worked by hand in a world of two blocks and two or three towns (E7 to E9)."""

import numpy as np
import pytest
import xarray as xr
from support import changed

from displacement import asked, stages
from displacement.movement import destinations, simulate
from displacement.movement.assumptions import Destinations, Movement
from displacement.movement.blocks import Blocks
from displacement.movement.departures import GROUPS
from displacement.movement.destinations import Places
from displacement.movement.simulate import Allowed, Conditions, Routes
from displacement.scenario import timeline

READY = 4
STEP = 0.5


def towns(count, capacity=np.inf, size=1000.0):
    """Towns of a zone each, 100 km apart, after the two zones of origin."""
    at, zero = np.arange(count), np.zeros(count)
    full = np.full(count, np.inf)
    return Places(
        at + 2,
        zero.astype(int),
        np.full(count, size),
        at,
        at,
        1e5 * at,
        zero,
        zero,
        zero,
        np.full(count, capacity),
        full,
    )


class World:
    """1,000 residents and 500 displaced before in each of two blocks; everybody leaves in the first step."""

    def __init__(self, steps=12, zones=(0, 1), count=2, capacity=np.inf, movement=None):
        self.steps, self.count = steps, count
        self.blocks = Blocks(
            of_cell=np.array([0, 1]),
            zone=np.array(zones),
            key=np.zeros(2, dtype=int),
            people=np.full(2, 1500.0),
            easting=np.zeros(2),
            northing=np.zeros(2),
            main_cell=np.array([0, 1]),
        )
        self.places = towns(count, capacity)
        self.movement = movement or Movement.model_validate(
            {"travel": {"preparation": 1e-6}, "departures": {"crowding_push": 0.0}}
        )
        start = np.zeros((4, 2))
        start[0], start[2] = 1000.0, 500.0
        leaving = np.zeros((steps, 4, 2))
        leaving[0] = start
        dims = ("time", "group", "origin")
        self.departures = xr.Dataset(
            {
                "first_departures": (dims, leaving),
                "mean_hazard": (dims, np.zeros((steps, 4, 2))),
                "start": (("group", "origin"), start),
            },
            coords={"group": list(GROUPS)},
        )
        self.attraction = np.ones((steps, 1, count))
        self.onward = np.zeros((steps, 1, count))
        self.homeward = np.zeros((steps, READY, 2))
        self.hours = [np.zeros((2, count))]
        self.epoch = np.zeros(steps, dtype=int)
        self.allowed = Allowed(np.ones((2, count)), 1.0 - np.eye(count))

    def run(self):
        calm, shut = np.zeros(2), np.zeros(self.count, dtype=bool)
        conditions = [
            Conditions(self.attraction[step], self.onward[step], self.homeward[step], calm, shut)
            for step in range(self.steps)
        ]
        between = np.zeros((self.count, self.count))
        routes = Routes(self.epoch, self.hours, [between] * len(self.hours))
        zones = [f"Z{at}" for at in range(2 + self.count)]
        people, flows = simulate.simulate(
            self.departures,
            self.blocks,
            self.places,
            self.allowed,
            routes,
            conditions,
            self.movement,
            zones,
            STEP,
        )
        return people.isel(member=0), flows.isel(member=0)


def test_moving_on_and_going_home_compete_for_the_same_people():
    """Everybody is in town 0; in step 8 they move on at 0.3 and the ready half goes home at 0.1, as hazards."""
    world = World()
    world.attraction[:6, :, 1] = 0.0
    world.onward[8, 0, 0] = 0.3
    world.homeward[8, :3] = 0.1
    people, flows = world.run()
    ready = world.movement.returns.share_open
    leave, stay = -np.expm1(-0.4), -np.expm1(-0.3)
    home = 3000 * ready * leave * 0.1 / 0.4
    onward = 3000 * (ready * leave * 0.3 / 0.4 + (1 - ready) * stay)
    assert float(people["returned_cum"].isel(time=8).sum()) == pytest.approx(home, rel=1e-9)
    assert float(flows["departures"].isel(time=8).sum()) == pytest.approx(onward, rel=1e-9)
    assert float(people["arrivals_again"].sum()) == pytest.approx(onward, rel=1e-6)


def test_each_block_of_a_class_goes_home_by_its_own_situation(monkeypatch):
    """Two blocks of one zone: those of the first may go home, those of the second may not, and none of theirs does."""
    real, states = simulate._step, []

    def watched(*arguments):
        after, written = real(*arguments)
        states.append(after)
        return after, written

    monkeypatch.setattr(simulate, "_step", watched)
    world = World(steps=40, zones=(0, 0))
    world.homeward[4:, :3, 0] = 0.5
    people, _ = world.run()
    back = states[-1].returned.sum(axis=(0, 1))
    assert back[0] == pytest.approx(1500 * world.movement.returns.share_open, rel=1e-6)
    assert back[1] == 0.0
    assert float(people["returned_cum"].isel(time=-1).sum()) == pytest.approx(back.sum(), rel=1e-9)


def test_those_without_a_way_stay_while_others_go_home():
    """Zone 1 is cut off from the fourth step on: nobody goes home there, residents or displaced before."""
    world = World(steps=40)
    cut = world.hours[0].copy()
    cut[1] = np.inf
    world.hours.append(cut)
    world.epoch[4:] = 1
    world.homeward[4:, :3] = 0.5
    people, _ = world.run()
    home = people["returned_cum"].isel(time=-1)
    assert float(home.sel(zone="Z0")) == pytest.approx(1500 * world.movement.returns.share_open, rel=1e-6)
    assert float(home.sel(zone="Z1")) == 0.0
    back = people.isel(time=-1)
    assert float(back["residents_present"].sel(zone="Z0")) == pytest.approx(500, rel=1e-6)
    assert float(back["present_prior"].sel(zone="Z0")) == pytest.approx(250, rel=1e-6)


def test_crowding_pushes_just_those_beyond_the_capacity():
    """3,000 in a town for 1,200: 0.02 a day x half a day x the share beyond it, 1,800 of 3,000."""
    movement = Movement.model_validate(
        {
            "travel": {"preparation": 1e-6},
            "departures": {"crowding_push": 0.02},
            "destinations": {"crowding": 0.0},
        }
    )
    world = World(steps=9, capacity=1200.0, movement=movement)
    world.attraction[:, :, 1] = 0.0
    world.attraction[8, :, 1] = 1.0
    _, flows = world.run()
    moved = 3000 * -np.expm1(-0.02 * 0.5 * 1800 / 3000)
    assert float(flows["departures"].isel(time=8).sum()) == pytest.approx(moved, rel=1e-9)
    assert float(flows["departures"].isel(time=slice(2, 8)).sum()) == 0.0


def test_people_turned_away_on_their_first_trip_are_not_counted_as_displaced_again():
    """Both towns are 9 hours away; the first closes while they are on the way."""
    world = World()
    world.hours = [np.full((2, 2), 9.0)]
    world.attraction[0, :, 1] = 0.0
    world.attraction[1:, :, 0] = 0.0
    people, flows = world.run()
    assert float(people["arrivals"].sel(zone="Z2").sum()) == 0.0
    assert float(people["arrivals"].sel(zone="Z3").sum()) == pytest.approx(3000, rel=1e-9)
    assert float(people["arrivals_again"].sum()) == 0.0
    assert float(flows["departures"].sum()) == pytest.approx(6000, rel=1e-9), "two trips each"


def test_those_turned_away_are_priced_with_the_others_and_do_not_crowd_the_place_that_is_closed():
    """They set off for town 0, which closes; towns 1 and 2 are alike, and 2 is small: crowding shifts them to 1."""
    movement = Movement.model_validate(
        {
            "travel": {"preparation": 1e-6},
            "departures": {"crowding_push": 0.0},
            "destinations": {"crowding": 2.0},
        }
    )
    world = World(count=3, movement=movement)
    world.places = Places(**{**vars(world.places), "capacity": np.array([1e9, 1e9, 300.0])})
    world.hours = [np.full((2, 3), 9.0)]
    world.attraction[0, :, 1:] = 0.0
    world.attraction[1:, :, 0] = 0.0
    people, _ = world.run()
    there = people["present_new"].isel(time=-1).sum("type")
    small = float(there.sel(zone="Z4")) / 3000
    assert small / (1 - small) == pytest.approx((1 + small * 3000 / 300) ** -2, rel=1e-3)


def test_who_wanted_to_leave_and_could_not_stays_counted_only_until_it_is_quiet_again():
    world = World()
    world.hours = [np.full((2, 2), np.inf)]
    people, _ = world.run()
    assert (people["unable_to_leave"].sum("zone") == 3000).all()
    quiet = World()
    quiet.hours = [np.full((2, 2), np.inf)]
    shut = np.zeros(2, dtype=bool)
    calm_from_the_fourth = [
        Conditions(attraction, onward, homeward, np.full(2, float(step >= 4)), shut)
        for step, (attraction, onward, homeward) in enumerate(
            zip(quiet.attraction, quiet.onward, quiet.homeward, strict=True)
        )
    ]

    routes = Routes(quiet.epoch, quiet.hours, [np.zeros((2, 2))])
    people, _ = simulate.simulate(
        quiet.departures,
        quiet.blocks,
        quiet.places,
        quiet.allowed,
        routes,
        calm_from_the_fourth,
        quiet.movement,
        ["Z0", "Z1", "Z2", "Z3"],
        STEP,
    )
    waiting = people.isel(member=0)["unable_to_leave"].sum("zone").values
    assert (waiting[:4] == 3000).all()
    assert (waiting[4:] == 0).all()
    home = people.isel(member=0, time=-1)
    assert float(home["residents_present"].sum() + home["present_prior"].sum()) == pytest.approx(3000)


def test_a_destination_nearer_than_the_least_distance_is_no_place_to_move_on_to():
    near = Places(**{**vars(towns(3)), "easting": np.array([0.0, 4000.0, 9000.0])})
    expected = [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert destinations.allowed_between(near, Destinations(nearest_km=5.0)).tolist() == expected
    exit_beside = Places(**{**vars(near), "hours_beyond": np.array([0.0, 2.0, 0.0])})
    assert destinations.allowed_between(exit_beside, Destinations(nearest_km=5.0))[0].tolist() == [0, 1, 1]


def test_people_away_face_the_hazard_of_the_displaced(toy):
    """Half the relative hazard for people displaced before is half the hazard of moving on."""
    inputs = asked.read_inputs(toy)
    events, edges = timeline.of(toy, inputs), stages.edges_of(toy)

    def met(factor):
        settings = toy.movement.model_dump()
        settings["departures"] |= {"prior_displaced_factor": factor}
        member = changed(toy, movement=settings).movement
        left = stages.first_departures(inputs, events, [(member, events.answers)], edges, map)
        return stages._at_destinations(inputs, events, member, edges, left.sights)[1]

    assert met(1.0).max() > 0
    np.testing.assert_allclose(met(0.5), 0.5 * met(1.0), rtol=1e-12)
