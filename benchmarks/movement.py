"""The kernels of movement, beside the plain way to do the same.

    pip install -e '.[test,bench]'
    pytest benchmarks/movement.py [-k choice] --benchmark-json movement.json

Every answer is checked before it is timed. `units` in `extra_info` is what a figure is divided by in the table that
`make bench` prints: a choice of one destination by one block, a cell, a cell and step.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from threadpoolctl import threadpool_limits

from displacement.kernels import capacity, choice, flows, pressure
from displacement.kernels.distance import distance_to
from displacement.movement import hazard, threats
from displacement.movement.assumptions import Hazard
from displacement.movement.control import Change, timeline

Array = NDArray[Any]

DAYS = 30
BLOCKS = (750, 1500, 3000, 12000)
PLACES = 250
CELLS = (10_000, 40_000, 160_000)
GRIDS = (512, 1024, 2048)
DECAY = 0.5
MEMBERS = 1000


@cache
def world(blocks: int) -> tuple[Array, Array, Array]:
    """Hours, what draws people by day, and who sets off; one in fifty pairs has no way."""
    draw = np.random.default_rng(1)
    hours = draw.gamma(2.0, 3.0, (blocks, PLACES))
    hours[draw.random(hours.shape) < 0.02] = np.inf
    return hours, draw.lognormal(9.0, 1.0, (DAYS, PLACES)), draw.lognormal(2.0, 1.0, (DAYS, blocks))


def note(benchmark: Any, operation: str, size: str, who: str, units: float, grows: str, count: int) -> None:
    """What was timed, by whom, what a figure is divided by, and how many there were of what grows."""
    benchmark.extra_info.update(
        operation=operation, size=size, who=who, units=units, grows=grows, count=count
    )
    if operation.startswith("choice") and "crowding" not in operation and "with cap" not in operation:
        benchmark.extra_info["arithmetic"] = 4 * units  # two products, each a multiplication and an addition
    if operation in ("hazard", "distance"):
        benchmark.extra_info["memory"] = 8 * units


def softmax(hours: Array, draws: Array) -> Array:
    """Shares of one day from scratch."""
    with np.errstate(invalid="ignore"):
        utility = np.log(draws) - DECAY * hours
    weight = np.exp(utility - utility.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def by_day(hours: Array, allowed: Array, decay: float) -> choice.Choose:
    """Choices of the people of all days at once: those of a day are a group at each block."""
    block, day = (part.ravel() for part in np.indices((len(hours), DAYS)))
    return choice.logit(hours, allowed, decay, block, day)


def arrivals(hours: Array, draws: Array, going: Array) -> Array:
    """Of all days at once: a day takes the part of a key."""
    return choice.pulled(by_day(hours, np.ones(hours.shape), DECAY)(draws), going.T.ravel())


def plain_by_day(hours: Array, draws: Array, going: Array) -> Array:
    return np.stack([people @ softmax(hours, day) for day, people in zip(draws, going, strict=True)])


@pytest.mark.parametrize("who", ["ours", "NumPy softmax"])
@pytest.mark.parametrize("blocks", BLOCKS)
def test_choice(benchmark: Any, blocks: int, who: str) -> None:
    hours, draws, going = world(blocks)
    np.testing.assert_allclose(
        arrivals(hours, draws, going)[:2], plain_by_day(hours, draws[:2], going[:2]), rtol=1e-10
    )
    work = arrivals if who == "ours" else plain_by_day
    benchmark.pedantic(work, (hours, draws, going), rounds=3, warmup_rounds=1)
    size = f"{blocks} blocks x {PLACES} x {DAYS} days"
    note(benchmark, "choice", size, who, blocks * PLACES * DAYS, "blocks", blocks)


def crowded(hours: Array, draws: Array, going: Array, holds: Array, decay: float = DECAY) -> Array:
    """Prices of all days, each found from those of the day before, with those who came still there."""
    every = np.arange(len(hours))
    choose = choice.logit(hours, np.ones(hours.shape), decay, every, np.zeros_like(every))
    free, price, there = np.full(PLACES, np.inf), np.zeros(PLACES), np.zeros(PLACES)
    found = []
    for day, people in zip(draws[:, None], going, strict=True):
        draw = choose(day)
        price, factor, _ = capacity.crowded([capacity.Party(people, draw)], there, holds, 1.0, free, price)
        there = there + factor * choice.pulled(draw, people, factor)[0]
        found.append(price)
    return np.stack(found)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_choice_with_crowding(benchmark: Any, blocks: int) -> None:
    hours, draws, going = world(blocks)
    hold_up(hours, draws, going)
    benchmark.pedantic(crowded, (hours, draws, going, draws.mean(axis=0)), rounds=3)
    size = f"{blocks} blocks x {PLACES} x {DAYS} days"
    note(benchmark, "choice with crowding", size, "ours", blocks * PLACES * DAYS, "blocks", blocks)


def hold_up(hours: Array, draws: Array, going: Array) -> None:
    """The prices of the first day are those of the arrivals that they lead to."""
    holds = draws.mean(axis=0)
    price = crowded(hours, draws[:1], going[:1], holds)[0]
    there = going[0] @ softmax(hours, draws[0] * np.exp(-price))
    np.testing.assert_allclose(price, np.log1p(there / holds), rtol=1e-9)


def of_members(work: Callable[[float], Array]) -> None:
    """Members with a decay each, shared by the threads; every thread has one of BLAS."""
    decays = np.linspace(0.2, 1.2, MEMBERS)
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as threads:
        for found in threads.map(work, decays):
            assert np.isfinite(found).all()


@pytest.mark.parametrize("capacities", [False, True], ids=["without capacities", "with capacities"])
def test_choice_of_members(benchmark: Any, capacities: bool) -> None:
    """A thousand members, each with ways of its own to weigh; nothing is shared between them but the hours."""
    hours, draws, going = world(1500)
    hold_up(hours, draws, going)
    holds, allowed = draws.mean(axis=0), np.ones(hours.shape)

    def free(decay: float) -> Array:
        return choice.pulled(by_day(hours, allowed, decay)(draws), going.T.ravel())

    def priced(decay: float) -> Array:
        return crowded(hours, draws, going, holds, decay)

    benchmark.pedantic(of_members, (priced if capacities else free,), rounds=1)
    how = f"choice, {MEMBERS} members, {'with' if capacities else 'without'} capacities"
    size = f"1500 blocks x {PLACES} x {DAYS} days"
    note(benchmark, how, size, "ours", MEMBERS * 1500 * PLACES * DAYS, "members", MEMBERS)


@cache
def seen(cells: int) -> threats.Threats:
    """A front a day, each at its own distance from every cell."""
    draw = np.random.default_rng(2)
    control = timeline(np.zeros(40, dtype=int), [Change(day + 0.5, day, 1) for day in range(DAYS)])
    east, north = draw.uniform(0, 2e5, (2, cells))
    fronts = [
        threats.Front(day + 0.5, 1, np.hypot(east - 5e3 * day, north - 1e5) / 1000.0) for day in range(DAYS)
    ]
    return threats.Threats(east, north, np.full(cells, 39), control, fronts)


def leaving(met: threats.Threats) -> Array:
    """Cumulative hazard of two groups."""
    cells = met.easting.size
    answers = threats.Answers(np.array([[0.0, 1.0]]), np.array([[False, True]]))
    edges = np.arange(2 * DAYS + 1) / 2
    key = np.zeros(cells, dtype=int)
    return hazard.cumulative(met, answers, key, Hazard(), edges, np.array([1.0, 0.1]))


@pytest.mark.parametrize("cells", CELLS)
def test_hazard(benchmark: Any, cells: int) -> None:
    found = leaving(seen(cells))
    assert (np.diff(found, axis=1) >= 0).all()
    benchmark.pedantic(leaving, (seen(cells),), rounds=3, warmup_rounds=1)
    size = f"{cells} cells x {2 * DAYS} steps x 2 groups"
    note(benchmark, "hazard", size, "ours", cells * 2 * DAYS * 2, "cells", cells)


def who_stays(met: threats.Threats, reach: float) -> Array:
    """Who never left, by group, step and block, of a member with its own reach; 40 cells to a block."""
    cells = met.easting.size
    answers = threats.Answers(np.array([[0.0, 1.0]]), np.array([[False, True]]))
    people = pressure.People(np.arange(0, cells + 1, 40), np.ones((4, cells)), np.arange(4))
    key, factors = np.zeros(cells, dtype=int), np.array([1.0, 0.1, 1.5, 0.15])
    edges = np.arange(2 * DAYS + 1) / 2
    return hazard.by_block(met, answers, Hazard(threat_reach=reach), edges, factors, key, people)[0]


@pytest.mark.parametrize("who, members", [("ours", MEMBERS), ("NumPy cell by cell", 8)])
def test_departures_of_members(benchmark: Any, monkeypatch: Any, who: str, members: int) -> None:
    """Hazards and first departures of all groups on a grid of 1 km, each member with its own reach."""
    met, steps = seen(CELLS[1]), 2 * DAYS
    ours = who_stays(met, 5.0)
    if who != "ours":
        monkeypatch.setenv(flows.FORCED, flows.NUMPY)
        np.testing.assert_allclose(who_stays(met, 5.0), ours, rtol=1e-10)

    def all_members() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as threads_:
            for home in threads_.map(lambda reach: who_stays(met, reach), np.linspace(3.0, 12.0, members)):
                assert home[0, -1].sum() < CELLS[1]

    benchmark.pedantic(all_members, rounds=1)
    size = f"{CELLS[1]} cells x {steps} steps x 4 groups"
    note(
        benchmark,
        f"hazard and departures, {MEMBERS} members",
        size,
        who,
        members * CELLS[1] * steps * 4,
        "members",
        members,
    )


@pytest.mark.parametrize("side", GRIDS)
def test_distance(benchmark: Any, side: int) -> None:
    """SciPy's own transform; nothing of ours goes into it but the crop around what changes."""
    mask = ndimage.binary_dilation(np.eye(side, dtype=bool), iterations=3)
    assert distance_to(mask, 1.0)[mask].max() == 0.0
    benchmark.pedantic(distance_to, (mask, 1.0), rounds=3, warmup_rounds=1)
    note(benchmark, "distance", f"{side} x {side}", "ours", side * side, "cells", side * side)
