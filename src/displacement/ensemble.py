"""Members of an ensemble: draws through the priors of a scenario's assumptions, one named stream for each process."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from scipy import stats
from scipy.stats import qmc

from displacement.movement.assumptions import Assumptions, Movement, Prior, Returns
from displacement.needs.draws import drawn, drivers
from displacement.scenario.model import Scenario

__all__ = ["STREAMS", "Uncertain", "members", "shares", "uncertain", "uniforms"]

Array = NDArray[np.float64]


class Uncertain(NamedTuple):
    """One assumption that is drawn."""

    room: str
    """Part of the movement assumptions, such as `hazard`."""
    field: str
    prior: Prior
    default: float


STREAMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "event": ("hazard.event_effect",),
        "hazard": ("hazard",),
        "response": ("response",),
        "departures": ("departures",),
        "travel": ("travel",),
        "destinations": ("destinations",),
        "returns": ("returns",),
    }
)
"""Which assumptions each named stream draws: a whole part, or one field of it (which the part's stream leaves out). A new
assumption in one part changes no draw of another."""

MOST_MEMBERS = 4096
"""Points of a stream that are shuffled together, so that fewer members are the first of more."""
TRAVEL_CLASSES = 4
"""Values that the ratio of track speed to road speed takes over the members: travel times are worked out once for each,
and scale with the road speed exactly."""

NEEDS = "needs"
"""Stream of who the displaced are."""


def uncertain(movement: Movement) -> tuple[Uncertain, ...]:
    """The assumptions that have a prior and stand at its median; one that a scenario changed is taken as known.

    Parameters
    ----------
    movement : Movement
        Of a scenario.
    """
    return tuple(
        one for one in _with_priors() if getattr(getattr(movement, one.room), one.field) == one.default
    )


def _with_priors() -> tuple[Uncertain, ...]:
    """Every assumption that has a prior."""
    found, prior_of = [], TypeAdapter(Prior)
    for room, holder in Movement.model_fields.items():
        part: Assumptions = holder.default
        for field, info in type(part).model_fields.items():
            extra = info.json_schema_extra
            given = extra.get("prior") if isinstance(extra, dict) else None
            if isinstance(given, dict):
                prior = prior_of.validate_python(tuple(given.values()))
                found.append(Uncertain(room, field, prior, float(info.default)))
    return tuple(found)


def uniforms(count: int, columns: int, seed: int, stream: str) -> Array:
    """Scrambled Sobol points of a named stream, shape (count, columns), inside the unit cube.

    The same seed and name give the same points whatever other streams there are; fewer are the first of more. A power
    of two as `count` keeps their balance. Each stream takes its points in an order of its own: scrambling alone leaves
    the leading digits of a dimension in step, so that the same column of two streams would rise and fall together.
    Source: Burley (2020), Practical hash-based Owen scrambling, section 5 (shuffled indices).
    """
    if columns == 0:
        return np.zeros((count, 0))
    source = np.random.default_rng([seed, zlib.crc32(stream.encode())])
    sampler = qmc.Sobol(columns, scramble=True, seed=source)
    size = 1 << max(MOST_MEMBERS - 1, count - 1).bit_length()
    points: Array = sampler.random(size)
    smallest = 2.0**-40
    return np.clip(points[_shuffled(size, source)[:count]], smallest, 1.0 - smallest)


def _shuffled(size: int, source: np.random.Generator) -> NDArray[np.intp]:
    """Positions from 0 to a power of two in random order, halves within halves: the first 2^k are together still."""
    order = np.arange(size)
    while size > 1:
        halves = order.reshape(-1, 2, size // 2)
        swapped = source.random(len(halves)) < 0.5
        order = np.where(swapped[:, None, None], halves[:, ::-1], halves).reshape(-1)
        size //= 2
    return order


def members(scenario: Scenario) -> tuple[Movement, ...]:
    """The movement assumptions of every member.

    One member is the median run: the scenario's own assumptions. More are drawn through the priors, by the seed; the same
    member of two variants has the same draws.

    Parameters
    ----------
    scenario : Scenario
        Its `movement` and `uncertainty`.

    Returns
    -------
    tuple of Movement
    """
    count, seed = scenario.uncertainty.members, scenario.uncertainty.seed
    if count == 1:
        return (scenario.movement,)
    columns = _in_travel_classes(dict(_columns(uncertain(scenario.movement), count, seed)))
    return tuple(_with(scenario.movement, columns, at) for at in range(count))


def shares(scenario: Scenario) -> dict[str, Array] | None:
    """Cohorts of the displaced by member, as `drawn` gives them; None for the median run."""
    count, seed = scenario.uncertainty.members, scenario.uncertainty.seed
    if count == 1:
        return None
    return drawn(scenario.needs, uniforms(count, len(drivers(scenario.needs)), seed, NEEDS))


def _columns(drawn_ones: Sequence[Uncertain], count: int, seed: int) -> Iterator[tuple[Uncertain, Array]]:
    """Values of each uncertain assumption by member. What is known keeps its column, so that no other draw moves."""
    single = {name for parts in STREAMS.values() for name in parts if "." in name}
    for stream, parts in STREAMS.items():
        mine = [
            one
            for one in _with_priors()
            if f"{one.room}.{one.field}" in parts
            or (one.room in parts and f"{one.room}.{one.field}" not in single)
        ]
        points = uniforms(count, len(mine), seed, stream)
        for at, one in enumerate(mine):
            if one in drawn_ones:
                yield one, _quantile(one.prior, points[:, at])


def _in_travel_classes(columns: dict[Uncertain, Array]) -> dict[Uncertain, Array]:
    """Track speeds so that their ratio to the road speed takes few values, each standing for as many members."""
    named = {one.field: one for one in columns if one.room == "travel"}
    track, road = named.get("track_speed"), named.get("road_factor")
    if track is None or road is None:
        return columns
    spread = float(np.hypot(np.log(track.prior.second), np.log(road.prior.second)))
    median = track.prior.first / road.prior.first
    rank = stats.norm.cdf(np.log(columns[track] / columns[road] / median) / spread)
    middle = (np.floor(rank * TRAVEL_CLASSES) + 0.5) / TRAVEL_CLASSES
    ratio = median * np.exp(spread * stats.norm.ppf(middle))
    return {**columns, track: ratio * columns[road]}


def _quantile(prior: Prior, uniform: Array) -> Array:
    """Inverse distribution function of a prior."""
    match prior.name:
        case "lognormal":
            found = prior.first * prior.second ** stats.norm.ppf(uniform)
        case "normal":
            found = prior.first + prior.second * stats.norm.ppf(uniform)
        case "beta":
            found = stats.beta.ppf(uniform, prior.first, prior.second)
        case "uniform":
            found = prior.first + (prior.second - prior.first) * uniform
    values: Array = np.asarray(found, dtype=float)
    return values


def _with(movement: Movement, columns: Mapping[Uncertain, Array], at: int) -> Movement:
    """The assumptions of one member."""
    changed: dict[str, dict[str, float]] = {}
    for one, values in columns.items():
        changed.setdefault(one.room, {})[one.field] = _within(movement, one, float(values[at]))
    parts: dict[str, Any] = {}
    for room, fields in changed.items():
        part = getattr(movement, room)
        whole = {**part.model_dump(), **fields}
        parts[room] = type(part).model_validate(_nested(whole) if isinstance(part, Returns) else whole)
    return movement.model_copy(update=parts)


def _within(movement: Movement, one: Uncertain, value: float) -> float:
    """A draw within the limits of its field: the tail of a log-normal share beyond 1 counts as 1."""
    info = type(getattr(movement, one.room)).model_fields[one.field]
    highest = min((float(limit.le) for limit in info.metadata if hasattr(limit, "le")), default=np.inf)
    return min(value, highest)


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Who goes home to the worse goes home to the better: the smaller shares are at most the larger ones."""
    at_line = min(values["share_at_line"], values["share_open"])
    return {**values, "share_at_line": at_line, "share_under": min(values["share_under"], at_line)}
