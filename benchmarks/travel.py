"""Travel time from every cell to many destinations, beside the packages a user would otherwise pick.

    pip install -e '.[test,bench]'
    pytest benchmarks/travel.py [-k "512 and not peer"] --benchmark-json travel.json

`units` in `extra_info` is destinations times cells: what a figure is divided by in the table that `make bench` prints.
Peers work out a few destinations, since they take one after the other. Every answer is checked against SciPy's
Dijkstra, on two destinations, before it is timed. Peers that are not installed are skipped. `DISPLACEMENT_TRAVEL`
chooses the kernel, as always.
"""

import time
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from displacement.kernels import travel

Array = NDArray[Any]

SIZES = (512, 2048, 4096)
DESTINATIONS = 64
PEER_DESTINATIONS = 2
CELL_KM = 1.0
CUT_SPEED = 3.5


def close(size: int) -> float:
    """How near single precision comes to SciPy's double: roundings add up along a way. [1]"""
    return 2e-5 if size <= 2048 else 1e-4


@cache
def speeds(size: int, seed: int = 1) -> Array:
    """Terrain, walls, a river and roads one cell wide that bridge it. [km/h]"""
    draw = np.random.default_rng(seed)
    coarse = max(size // 32, 2)
    hills = ndimage.zoom(draw.uniform(3.0, 9.0, (coarse, coarse)), size / coarse, order=1)[:size, :size]
    speed = np.asarray(hills * draw.uniform(0.8, 1.2, (size, size)))
    row = np.arange(size)
    river = size * (0.45 + 0.12 * np.sin(row / size * 7.0) + 0.02 * np.sin(row / size * 40.0))
    for width in (0, 1):
        speed[row, river.astype(int) + width] = 0.0
    for _ in range(size // 16):
        top, left = draw.integers(0, size, 2)
        length = draw.integers(size // 64 + 2, size // 16 + 4)
        if draw.random() < 0.5:
            speed[top, left : left + length] = 0.0
        else:
            speed[top : top + length, left] = 0.0
    towns = draw.integers(0, size, (max(12, size // 24), 2))
    for town in towns:
        for other in towns[np.argsort(np.hypot(*(towns - town).T))[1:4]]:
            steps = np.linspace(0.0, 1.0, int(np.abs(other - town).max()) + 1)[:, None]
            on_road = tuple(np.rint(town + steps * (other - town)).astype(int).T)
            speed[on_road] = np.maximum(speed[on_road], draw.choice([30.0, 50.0, 80.0]))
    return speed


def destinations(size: int, count: int) -> Array:
    """Passable cells, all over the grid."""
    draw = np.random.default_rng(2)
    return draw.choice(np.flatnonzero(speeds(size)), count, replace=False)


def cut(size: int, seed: int) -> Array:
    """Speeds after a day on which the front moved over a piece of road. [km/h]"""
    draw, speed = np.random.default_rng(seed), speeds(size).copy()
    roads = np.argwhere(speed >= 30.0)
    here = roads[draw.integers(len(roads))]
    near = np.hypot(*(np.indices(speed.shape) - here[:, None, None])) <= size / 80
    speed[near & (speed >= 30.0)] = CUT_SPEED
    return speed


def at_cells(cells: Array, size: int) -> sparse.csr_array:
    """One block for each of some cells."""
    count = len(cells)
    return sparse.csr_array((np.ones(count), (np.arange(count), cells)), shape=(count, size * size))


def sample(size: int) -> Array:
    """Cells whose hours are asked for."""
    return destinations(size, 1000)


@cache
def graph(size: int) -> sparse.csr_array:
    """The graph of the cells, made outside what is timed; impassable cells have no edges."""
    speed = speeds(size)
    node = np.arange(speed.size, dtype=np.int32).reshape(speed.shape)
    with np.errstate(divide="ignore"):
        pace = 1.0 / speed
    starts, ends, hours = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one = (slice(None, size - down), slice(max(0, -right), size - max(0, right)))
        other = (slice(down, None), slice(max(0, right), size - max(0, -right)))
        hour = 0.5 * CELL_KM * np.hypot(down, right) * (pace[one] + pace[other])
        there = np.isfinite(hour)
        starts.append(node[one][there])
        ends.append(node[other][there])
        hours.append(hour[there])
    edges = (np.concatenate(hours), (np.concatenate(starts), np.concatenate(ends)))
    return sparse.csr_array(edges, shape=(speed.size, speed.size))


@cache
def expected(size: int) -> Array:
    """Hours from the sampled cells to two destinations by SciPy, shape (destination, cell). [h]"""
    goal = destinations(size, DESTINATIONS)[:PEER_DESTINATIONS]
    return csgraph.dijkstra(graph(size), directed=False, indices=goal)[:, sample(size)]


def ours(grounds: list[travel.Ground], size: int, **how: Any) -> Array:
    """Hours from the sampled cells to all destinations, shape (epoch, cell, destination). [h]"""
    goal = destinations(size, DESTINATIONS)
    return travel.block_means(grounds, goal, at_cells(sample(size), size), **how)


def scipy_dijkstra(size: int, goal: Array) -> Array:
    return csgraph.dijkstra(graph(size), directed=False, indices=goal)


def scikit_image(size: int, goal: Array) -> Array:
    mcp = pytest.importorskip("skimage.graph").MCP_Geometric
    speed = speeds(size)
    pace = np.where(speed > 0, CELL_KM / np.maximum(speed, 1e-9), -1.0)
    return np.stack([mcp(pace).find_costs([divmod(int(cell), size)])[0].ravel() for cell in goal])


def xarray_spatial(size: int, goal: Array) -> Array:
    xarray = pytest.importorskip("xarray")
    cost_distance = pytest.importorskip("xrspatial").cost_distance
    axis = np.arange(size) * CELL_KM
    speed = speeds(size)
    pace = np.where(speed > 0, 1.0 / np.maximum(speed, 1e-9), np.nan).astype(np.float32)
    friction = xarray.DataArray(pace, dims=("y", "x"), coords={"y": axis[::-1], "x": axis})
    found = []
    for cell in goal:
        here = np.zeros(speed.shape, dtype=np.float32)
        here.flat[cell] = 1.0
        field = np.asarray(cost_distance(friction.copy(data=here), friction).data)
        found.append(np.where(np.isnan(field), np.inf, field).ravel())
    return np.stack(found)


PEERS = {"scipy": scipy_dijkstra, "scikit-image": scikit_image, "xarray-spatial": xarray_spatial}
"""Hours from every cell to some destinations, shape (destination, cell), by packages with the same metric."""


def note(benchmark: Any, operation: str, size: int, who: str, count: int) -> None:
    """What was timed, by whom, and for how many destinations times cells."""
    label = f"{size} x {size} x {DESTINATIONS} destinations"
    benchmark.extra_info.update(
        operation=operation, size=label, who=who, units=count * size**2, grows="cells", count=size**2
    )
    benchmark.extra_info["memory"] = 8 * count * size**2  # single precision, read and written once


OTHERS = tuple((name, 1) for name in travel.variants() if name == "avx2" and name != travel.kernel_name())
"""A narrower instruction set beside the one in use."""


@pytest.mark.parametrize("kernel, threads", [(travel.kernel_name(), 1), (travel.kernel_name(), 2), *OTHERS])
@pytest.mark.parametrize("size", SIZES)
def test_kernel(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch, size: int, kernel: str, threads: int
) -> None:
    monkeypatch.setenv(travel.FORCED, kernel)
    ground = [travel.ground(speeds(size), CELL_KM)]
    np.testing.assert_allclose(
        ours(ground, size)[0, :, :PEER_DESTINATIONS].T, expected(size), rtol=close(size)
    )
    rounds = 7 if size <= 512 else 3
    benchmark.pedantic(ours, (ground, size), {"threads": threads}, rounds=rounds, warmup_rounds=1)
    how = "one thread" if threads == 1 else f"{threads} threads"
    note(benchmark, "travel time", size, f"ours, {travel.kernel_name()}, {how}", DESTINATIONS)


@pytest.mark.parametrize("count", [16, 64, 256])
def test_destinations(benchmark: Any, count: int) -> None:
    """One thread; whole groups of lanes."""
    size = SIZES[0]
    ground, goal = [travel.ground(speeds(size), CELL_KM)], destinations(size, count)
    where = (goal, at_cells(sample(size), size))
    benchmark.pedantic(travel.block_means, (ground, *where), {"threads": 1}, rounds=3, warmup_rounds=1)
    benchmark.extra_info.update(
        operation=f"travel time at {size} x {size}",
        size=f"{count} destinations",
        who=f"ours, {travel.kernel_name()}, one thread",
        units=count * size**2,
        grows="destinations",
        count=count,
        memory=8 * count * size**2,
    )


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("size", SIZES)
def test_peer(benchmark: Any, size: int, name: str) -> None:
    goal = destinations(size, DESTINATIONS)[:PEER_DESTINATIONS]
    found = PEERS[name](size, goal)[:, sample(size)]
    np.testing.assert_allclose(found, expected(size), rtol=close(size))
    benchmark.pedantic(PEERS[name], (size, goal), rounds=3 if size <= 512 else 1)
    note(benchmark, "travel time", size, name, PEER_DESTINATIONS)


@pytest.mark.parametrize("repair", [True, False])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", SIZES[:2])
def test_cut(benchmark: Any, size: int, seed: int, repair: bool) -> None:
    """Two fields, the second with repair or afresh; `first` is what the first alone takes, measured in between."""
    grounds = [travel.ground(speed, CELL_KM) for speed in (speeds(size), cut(size, seed))]
    np.testing.assert_array_equal(ours(grounds, size), ours(grounds, size, repair=False))
    first = []

    def time_first() -> None:
        start = time.perf_counter()
        ours(grounds[:1], size, threads=1)
        first.append(time.perf_counter() - start)

    benchmark.pedantic(
        ours, (grounds, size), {"threads": 1, "repair": repair}, rounds=5, warmup_rounds=1, setup=time_first
    )
    benchmark.extra_info["first"] = float(np.median(first))
    who = "ours, repaired" if repair else "ours, afresh"
    note(benchmark, f"travel time before and after cut {seed}", size, who, DESTINATIONS)
