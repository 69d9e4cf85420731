"""The kernels of movement, beside the plain way to do the same.

    pip install -e '.[test,bench]'
    pytest benchmarks/movement.py [-k choice] --benchmark-json movement.json

Every answer is checked before it is timed. `units` in `extra_info` is what a figure is divided by in the table that
`make bench` prints: a choice of one destination by one block, a cell, a cell and step.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from displacement.kernels import capacity, choice
from displacement.kernels.distance import distance_to
from displacement.movement import hazard
from displacement.movement.assumptions import Hazard
from displacement.movement.control import Change, timeline

Array = NDArray[Any]

DAYS = 30
BLOCKS = (750, 1500, 3000, 12000)
PLACES = 250
CELLS = (10_000, 40_000, 160_000)
GRIDS = (512, 1024, 2048)
DECAY = 0.5


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


def softmax(hours: Array, draws: Array) -> Array:
    """Shares of one day from scratch."""
    with np.errstate(invalid="ignore"):
        utility = np.log(draws) - DECAY * hours
    weight = np.exp(utility - utility.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def ours_by_day(hours: Array, draws: Array) -> Array:
    choose = choice.logit(hours, np.ones(hours.shape), DECAY)
    return np.stack([choose(day[None, :]).sum(axis=0) for day in draws])


def plain_by_day(hours: Array, draws: Array) -> Array:
    return np.stack([softmax(hours, day).sum(axis=0) for day in draws])


@pytest.mark.parametrize("who", ["ours", "NumPy softmax"])
@pytest.mark.parametrize("blocks", BLOCKS)
def test_choice(benchmark: Any, blocks: int, who: str) -> None:
    hours, draws, _ = world(blocks)
    np.testing.assert_allclose(ours_by_day(hours, draws[:2]), plain_by_day(hours, draws[:2]), rtol=1e-10)
    work = ours_by_day if who == "ours" else plain_by_day
    benchmark.pedantic(work, (hours, draws), rounds=3, warmup_rounds=1)
    note(
        benchmark,
        "choice",
        f"{blocks} blocks x {PLACES} x {DAYS} days",
        who,
        blocks * PLACES * DAYS,
        "blocks",
        blocks,
    )


def crowded(hours: Array, draws: Array, going: Array, holds: Array) -> Array:
    """Prices of all days, each found from those of the day before."""
    choose = choice.logit(hours, np.ones(hours.shape), DECAY)
    free, price = np.full(PLACES, np.inf), np.zeros(PLACES)
    found = []
    for day, people in zip(draws, going, strict=True):
        _, price = capacity.crowded(people, choose(day[None, :]), np.zeros(PLACES), holds, 1.0, free, price)
        found.append(price)
    return np.stack(found)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_choice_with_crowding(benchmark: Any, blocks: int) -> None:
    hours, draws, going = world(blocks)
    holds = draws.mean(axis=0)
    price = crowded(hours, draws[:1], going[:1], holds)[0]
    weight = softmax(hours, draws[0] * np.exp(-price))
    there = going[0] @ weight
    np.testing.assert_allclose(price, np.log1p(there / holds), rtol=1e-9)
    benchmark.pedantic(crowded, (hours, draws, going, holds), rounds=3)
    size = f"{blocks} blocks x {PLACES} x {DAYS} days"
    note(benchmark, "choice with crowding", size, "ours", blocks * PLACES * DAYS, "blocks", blocks)


@cache
def seen(cells: int) -> hazard.Threats:
    """A front a day, each at its own distance from every cell."""
    draw = np.random.default_rng(2)
    control = timeline(np.zeros(40, dtype=int), [Change(day + 0.5, day, 1) for day in range(DAYS)])
    east, north = draw.uniform(0, 2e5, (2, cells))
    fronts = [
        hazard.Front(day + 0.5, 1, np.hypot(east - 5e3 * day, north - 1e5) / 1000.0) for day in range(DAYS)
    ]
    return hazard.Threats(east, north, np.full(cells, 39), control, fronts)


def leaving(threats: hazard.Threats) -> Array:
    """Cumulative hazard of two groups."""
    cells = threats.easting.size
    answers = hazard.Answers(np.array([[0.0, 1.0]]), np.array([[False, True]]))
    edges = np.arange(2 * DAYS + 1) / 2
    key = np.zeros(cells, dtype=int)
    return hazard.cumulative(threats, answers, key, Hazard(), edges, np.array([1.0, 0.1]))


@pytest.mark.parametrize("cells", CELLS)
def test_hazard(benchmark: Any, cells: int) -> None:
    found = leaving(seen(cells))
    assert (np.diff(found, axis=1) >= 0).all()
    benchmark.pedantic(leaving, (seen(cells),), rounds=3, warmup_rounds=1)
    size = f"{cells} cells x {2 * DAYS} steps x 2 groups"
    note(benchmark, "hazard", size, "ours", cells * 2 * DAYS * 2, "cells", cells)


@pytest.mark.parametrize("side", GRIDS)
def test_distance(benchmark: Any, side: int) -> None:
    """SciPy's own transform; nothing of ours goes into it but the crop around what changes."""
    mask = ndimage.binary_dilation(np.eye(side, dtype=bool), iterations=3)
    assert distance_to(mask, 1.0)[mask].max() == 0.0
    benchmark.pedantic(distance_to, (mask, 1.0), rounds=3, warmup_rounds=1)
    note(benchmark, "distance", f"{side} x {side}", "ours", side * side, "cells", side * side)
