"""Make up networks of places with conflict and counts, in the layout of the field's agent model; nothing in them exists.

python tools/made_up_networks.py FOLDER [--worlds 60] [--seed 1]

Six kinds of worlds, each with its own rule of where people go, none of which is the model's:

nearest   people rank camps by the way and go to the first, second, third, ... as 1, 0.41, 0.24, ...
largest   camps draw people by a heavy-tailed size that nobody is told; the way hardly counts
borders   as nearest, and borders close and open
spreads   conflict spreads from place to place; people halve with every so many kilometres, some hosts draw more
opens     camps fill one after the other: whoever opened last takes most
walk      people walk from place to place at random, forward more than back, until they come to a camp

Every camp is luckier or unluckier than its rule says by a factor that stays; counts are noisy, begin with people of
earlier years or with a few in some of the camps, and fall in some worlds.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

Array = NDArray[Any]

KINDS = ("nearest", "largest", "borders", "spreads", "opens", "walk")
START = dt.date(2030, 1, 1)
LUCK = 0.4
"""Standard deviation of the logarithm of what no rule knows about a camp."""
HALF_WAY_KM = 120.0
"""In `spreads`: so much further a camp draws half as many. [km]"""


class World(NamedTuple):
    """A made-up case."""

    kind: str
    point: Array
    """Shape (place, 2). [km]"""
    country: Array
    """Of each place; 0 is the one in conflict."""
    is_camp: Array
    population: Array
    ends: Array
    km: Array
    conflict: Array
    """Shape (day, place)."""
    closures: tuple[tuple[int, int, int], ...]
    """Country, first day, first day after."""
    counts: Array
    """Shape (day, place); zero but for camps."""


def world(kind: str, source: np.random.Generator, places: int = 0, camps: int = 0, days: int = 0) -> World:
    """Make up a world of a kind; sizes that are 0 are drawn too."""
    places, camps = places or int(source.integers(12, 60)), camps or int(source.integers(4, 20))
    days = days or int(source.integers(150, 500))
    hosts = int(source.integers(2, 6))
    point, country, is_camp = _map(places, camps, hosts, source)
    ends, km = _routes(point, source)
    population = np.where(is_camp | (country > 0), 0.0, np.round(source.lognormal(10.5, 1.1, places + camps)))
    conflict = _conflict(point, (country == 0) & ~is_camp, days, kind, source)
    closures = _closures(kind, hosts, days, source)
    counts = _counts(kind, point, country, is_camp, population, ends, km, conflict, closures, source)
    return World(kind, point, country, is_camp, population, ends, km, conflict, closures, counts)


def _map(places: int, camps: int, hosts: int, source: np.random.Generator) -> tuple[Array, Array, Array]:
    """Places inside a country, and camps and some towns around it, host by host."""
    size = source.uniform(150, 600)
    home = source.uniform(-size, size, (places, 2))
    angle = np.sort(source.uniform(0, 2 * np.pi, hosts))
    host = np.concatenate([np.arange(min(hosts, camps)), source.integers(0, hosts, max(camps - hosts, 0))])[
        :camps
    ]
    turn = angle[host] + source.normal(0, 0.25, camps)
    far = size * source.uniform(1.05, 1.9, camps)
    around = np.column_stack([np.cos(turn), np.sin(turn)]) * far[:, None]
    point = np.vstack([home, around])
    country = np.concatenate([np.zeros(places, dtype=int), host + 1])
    return point, country, np.arange(places + camps) >= places


def _routes(point: Array, source: np.random.Generator) -> tuple[Array, Array]:
    """Routes to the three nearest places, and a tree that joins all; longer than the straight line."""
    apart = np.hypot(*(point[:, None] - point[None]).transpose(2, 0, 1))
    near = np.argsort(apart, axis=1)[:, 1:4]
    pairs = {tuple(sorted((at, int(to)))) for at, row in enumerate(near) for to in row}
    tree = csgraph.minimum_spanning_tree(sparse.csr_array(apart)).tocoo()
    pairs |= {tuple(sorted(pair)) for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
    ends = np.array(sorted(pairs))
    return ends, np.maximum(apart[ends[:, 0], ends[:, 1]] * source.uniform(1.1, 1.6, len(ends)), 1.0).round(1)


def _conflict(point: Array, at_home: Array, days: int, kind: str, source: np.random.Generator) -> Array:
    """Conflict begins somewhere and, sooner or later, elsewhere; it lasts."""
    found = np.zeros((days, len(point)))
    inside = np.flatnonzero(at_home)
    first = source.choice(inside)
    near = inside[np.argsort(np.hypot(*(point[inside] - point[first]).T))]
    count = int(source.integers(2, max(3, inside.size // 2 + 1)))
    order = near[:count] if kind in ("spreads", "nearest") else source.choice(inside, count, replace=False)
    last = 0.8 * days if kind == "spreads" else 0.4 * days
    onset = np.sort(np.concatenate([[0, 0], source.uniform(0, last, count)]))[:count].astype(int)
    for place, day in zip(order, onset, strict=True):
        end = days if source.random() < 0.7 else day + int(source.integers(20, 200))
        found[day:end, place] = source.choice([0.3, 0.6, 1.0])
    return found


def _closures(
    kind: str, hosts: int, days: int, source: np.random.Generator
) -> tuple[tuple[int, int, int], ...]:
    if kind != "borders":
        return ()
    shut = source.choice(hosts, int(source.integers(1, hosts)), replace=False) + 1
    begin = source.integers(0, days // 2, shut.size)
    return tuple(
        (int(host), int(day), int(day + source.integers(30, days // 2)))
        for host, day in zip(shut, begin, strict=True)
    )


def _graph(size: int, ends: Array, km: Array, kept: Array) -> Any:
    return sparse.csr_array((km[kept], (ends[kept, 0], ends[kept, 1])), shape=(size, size))


def _ways(country: Array, is_camp: Array, ends: Array, km: Array, shut: set[int]) -> Array:
    """Kilometres from each place to each camp while some borders are shut."""
    crosses = (country[ends] == 0).any(axis=1) & np.isin(country[ends].max(axis=1), list(shut))
    graph = _graph(len(country), ends, km, ~crosses)
    found: Array = csgraph.dijkstra(graph, directed=False, indices=np.flatnonzero(is_camp)).T
    return found


def _rule(kind: str, ways: Array, hidden: Array, opened: Array, walked: Array) -> Array:
    """Where people of each place go, shape (place, camp); rows add up to one."""
    if kind in ("nearest", "borders"):
        rank = np.argsort(np.argsort(ways, axis=1), axis=1) + 1.0
        pull = rank**-1.3
    elif kind == "largest":
        pull = hidden[None] * np.maximum(ways, 20.0) ** -0.3
    elif kind == "spreads":
        pull = np.sqrt(hidden)[None] * 0.5 ** (ways / HALF_WAY_KM)
    elif kind == "opens":
        pull = opened[None] * np.maximum(ways, 20.0) ** -1.0
    else:
        pull = walked
    pull = np.where(np.isfinite(ways), pull, 0.0)
    whole = pull.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(pull, whole, out=np.zeros_like(pull), where=whole > 0))


def _walked(is_camp: Array, point: Array, ends: Array, km: Array) -> Array:
    """Where a walk ends that takes shorter routes more readily: chances of being caught by each camp."""
    size = len(is_camp)
    step = np.zeros((size, size))
    step[ends[:, 0], ends[:, 1]] = step[ends[:, 1], ends[:, 0]] = 1.0 / km
    outward = np.hypot(*point.T)
    step *= np.where(outward[None] > outward[:, None], 2.0, 1.0)
    step /= step.sum(axis=1, keepdims=True)
    through = np.flatnonzero(~is_camp)
    inner, out = step[np.ix_(through, through)], step[np.ix_(through, np.flatnonzero(is_camp))]
    found = np.zeros((size, int(is_camp.sum())))
    found[through] = np.linalg.solve(np.eye(through.size) - inner, out)
    return found


def _counts(
    kind: str, point: Array, country: Array, is_camp: Array, population: Array, ends: Array, km: Array,
    conflict: Array, closures: tuple[tuple[int, int, int], ...], source: np.random.Generator,
) -> Array:  # fmt: skip
    """People counted by day and place."""
    camps, days = np.flatnonzero(is_camp), len(conflict)
    hidden = source.pareto(2.5, camps.size) + 0.3
    luck = source.lognormal(0.0, LUCK, camps.size)
    opening = np.sort(source.uniform(-0.3, 0.8, camps.size))[source.permutation(camps.size)] * days
    opening[source.integers(camps.size)] = -1.0
    walked = _walked(is_camp, point, ends, km) if kind == "walk" else np.zeros((len(point), camps.size))
    ready = source.uniform(0.002, 0.02)
    known: dict[frozenset[int], Array] = {}
    left, there = population.copy(), np.zeros((days, camps.size))
    now = np.zeros(camps.size)
    burst = np.repeat(source.lognormal(0.0, 0.8, days // 14 + 1), 14)[:days]
    ebb = source.uniform(0.0, 0.004) if source.random() < 0.4 else 0.0
    turn = source.uniform(0.5, 1.0) * days
    for day in range(days):
        shut = frozenset(host for host, begin, end in closures if begin <= day < end)
        if shut not in known:
            known[shut] = _ways(country, is_camp, ends, km, set(shut))
        since = day - opening
        opened = np.where(since >= 0, np.exp(-since / 60.0) + 0.2, 0.0)
        share = _rule(kind, known[shut], hidden, opened, walked) * luck
        share = np.divide(share, share.sum(axis=1, keepdims=True), out=np.zeros_like(share), where=share > 0)
        going = left * np.minimum(ready * burst[day] * conflict[day], 0.5)
        left -= going
        now = now + going @ share
        if day > turn:
            now = now * (1.0 - ebb)
        there[day] = now
    if source.random() < 0.5:
        old = (0.5 * hidden / hidden.sum() + 0.5 * there[-1] / there[-1].sum()) * luck**0.5
        there += there[-1].sum() * source.uniform(0.05, 0.8) * old / old.sum()
    else:
        seen = source.lognormal(0.0, 1.0, camps.size) * (source.random(camps.size) < 0.6) * (there[14] + 1.0)
        there += there[-1].sum() * 0.005 * seen / max(seen.sum(), 1.0)
    found = np.zeros((days, len(point)))
    found[:, camps] = there
    return found


def write(made: World, folder: Path, source: np.random.Generator) -> None:
    """Write a world in the layout of the field's agent model."""
    names = [("Camp" if camp else "Place") + f"{at:03d}" for at, camp in enumerate(made.is_camp)]
    given, counted = folder / "input_csv", folder / "source_data"
    for part in (given, counted):
        part.mkdir(parents=True)
    days, camps = len(made.counts), np.flatnonzero(made.is_camp)
    head = [
        "#name",
        "region",
        "country",
        "latitude",
        "longitude",
        "location_type",
        "conflict_date",
        "population",
    ]
    most = made.counts.max(axis=0)
    rows = [
        [name, f"region{made.country[at]}", f"country{made.country[at]}", *(made.point[at] / 111.0).round(5),
         "camp" if made.is_camp[at] else "town", "", int(most[at] if made.is_camp[at] else made.population[at])]
        for at, name in enumerate(names)
    ]  # fmt: skip
    _table(given / "locations.csv", [head, *rows])
    ways = [[names[a], names[b], km, ""] for (a, b), km in zip(made.ends, made.km, strict=True)]
    _table(given / "routes.csv", [["#name1", "name2", "distance", "forced_redirection"], *ways])
    shut = [["country", "country0", f"country{host}", begin, end] for host, begin, end in made.closures]
    _table(
        given / "closures.csv", [["#closure_type", "name1", "name2", "closure_start", "closure_end"], *shut]
    )
    _table(given / "sim_period.csv", [["StartDate", START.isoformat()], ["Length", days]])
    fought = np.flatnonzero(made.conflict.any(axis=0))
    matrix = [[day, *made.conflict[day, fought]] for day in range(days)]
    _table(given / "conflicts.csv", [["#Day", *(names[at] for at in fought)], *matrix])
    dates = np.unique(np.concatenate([[0, days - 1], source.choice(days, max(4, days // 20), replace=False)]))
    layout = [["total", "total.csv"]]
    for at in camps:
        noisy = made.counts[dates, at] * source.lognormal(0.0, 0.03, dates.size)
        series = [
            [(START + dt.timedelta(days=int(day))).isoformat(), round(float(count))]
            for day, count in zip(dates, noisy, strict=True)
        ]
        _table(counted / f"{names[at]}.csv", series)
        layout.append([names[at], f"{names[at]}.csv"])
    _table(counted / "total.csv", [[START.isoformat(), round(float(made.counts[0].sum()))]])
    _table(counted / "data_layout.csv", layout)


def _table(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def make(folder: Path, worlds: int, seed: int) -> list[Path]:
    """Make up worlds, kind after kind in turn, one folder each."""
    found = []
    for number in range(worlds):
        source = np.random.default_rng([seed, number])
        kind = KINDS[number % len(KINDS)]
        path = folder / f"{number:03d}_{kind}"
        write(world(kind, source), path, source)
        found.append(path)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for path in make(chosen.folder, chosen.worlds, chosen.seed):
        print(path)
