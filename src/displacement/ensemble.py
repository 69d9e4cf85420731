"""Members of an ensemble: draws through the priors of a scenario's assumptions, one named stream for each process."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import TypeAdapter
from scipy.special import ndtr, ndtri

from displacement import variables
from displacement.io import parameters as parameter_sets
from displacement.io.gazetteer import PLACES
from displacement.movement.assumptions import Assumptions, Movement, Prior, Returns
from displacement.movement.calibrated import ParameterSet, followed
from displacement.needs.draws import drawn, drivers
from displacement.scenario.model import Scenario

__all__ = [
    "STREAMS",
    "Draws",
    "Uncertain",
    "drawn_ones",
    "draws",
    "in_units",
    "members",
    "shares",
    "uncertain",
    "uniforms",
    "with_values",
]

Array = NDArray[np.float64]


class Uncertain(NamedTuple):
    """One assumption that is drawn."""

    room: str
    """Part of the movement assumptions, such as `hazard`."""
    field: str
    prior: Prior
    default: float


class Draws(NamedTuple):
    """What is drawn for the members, before it becomes assumptions."""

    parameters: tuple[Uncertain, ...]
    scores: Array
    """Independent standard normal scores by (member, parameter). [1]"""
    values: Array
    """What each comes to by (member, parameter), in its own unit: within limits, returns nested, speeds in classes."""


STREAMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "event": ("hazard.event_effect", "hazard.event_spread"),
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

NETWORK = "network"
"""Stream of what networks of places assume in place of the defaults."""
NEEDS = "needs"
"""Stream of who the displaced are."""


def chosen(scenario: Scenario) -> ParameterSet | None:
    """The fitted parameter set that a scenario asks for; None where it asks for the priors.

    Raises
    ------
    InputError
        If a set of the user's own cannot be read.
    """
    file = set_file(scenario)
    return None if file is None else parameter_sets.read(file)


def set_file(scenario: Scenario) -> Path | None:
    """The file of that parameter set."""
    if scenario.uncertainty.parameters == "priors":
        return None
    own = scenario.uncertainty.parameters_file
    return scenario.file(own) if own else parameter_sets.SHIPPED


def at_medians(scenario: Scenario) -> Scenario:
    """The scenario with fitted medians where it states nothing of its own; unchanged where it asks for the priors."""
    fitted = chosen(scenario)
    if fitted is None:
        return scenario
    median = {one.name: one.median for one in fitted.parameters}
    moved = [one for one in uncertain(scenario.movement) if name_of(one) in median]
    values = np.array([median[name_of(one)] for one in moved])
    return scenario.model_copy(update={"movement": with_values(scenario.movement, moved, values)})


def name_of(one: Uncertain) -> str:
    """Part and field, such as `hazard.threat_reach`."""
    return f"{one.room}.{one.field}"


def uncertain(movement: Movement, fitted: ParameterSet | None = None) -> tuple[Uncertain, ...]:
    """The assumptions that have a prior and stand at its median, or at the fitted one; what a scenario changed is known.

    Parameters
    ----------
    movement : Movement
        Of a scenario.
    fitted : ParameterSet, optional
        Whose medians count as not stated too.
    """
    median = {one.name: one.median for one in fitted.parameters} if fitted else {}
    return tuple(
        one
        for one in _with_priors()
        if getattr(getattr(movement, one.room), one.field) in (one.default, median.get(name_of(one)))
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
    from scipy.stats import qmc  # half a second, which a median run does without

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


def draws(scenario: Scenario) -> Draws:
    """The draws behind the members of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Its `movement` and `uncertainty`.

    Returns
    -------
    Draws
        Of one member, the median run: scores of 0 and the scenario's own values.
    """
    count, seed = scenario.uncertainty.members, scenario.uncertainty.seed
    fitted = chosen(scenario)
    unknown, of_network = uncertain(scenario.movement, fitted), _of_network(scenario)
    every = (*unknown, *of_network)
    if count == 1:
        own = [float(getattr(getattr(scenario.movement, one.room), one.field)) for one in every]
        return Draws(every, np.zeros((1, len(own))), np.array([own]))
    scores = _scores(unknown, count, seed)
    moved = followed(scores, [name_of(one) for one in unknown], fitted) if fitted else scores
    beside = ndtri(uniforms(count, len(of_network), seed, NETWORK))
    scores, moved = (np.hstack([part, beside]) for part in (scores, moved))
    return Draws(every, scores, in_units(scenario.movement, every, moved))


def _of_network(scenario: Scenario) -> tuple[Uncertain, ...]:
    """What networks of places assume in place of the defaults and the scenario does not state, with its own spread."""
    if not (scenario.area_folder / PLACES).is_file():
        return ()
    given = parameter_sets.of_networks()
    found = [
        Uncertain(room, field, Prior("lognormal", given[room][field], spread), given[room][field])
        for room, fields in parameter_sets.spread_of_networks().items()
        for field, spread in fields.items()
    ]
    return tuple(
        one for one in found if getattr(getattr(scenario.movement, one.room), one.field) == one.default
    )


def drawn_ones(scenario: Scenario) -> xr.Dataset:
    """Everything that is drawn for the members, who the displaced are too.

    Returns
    -------
    xarray.Dataset
        `score` and `value` by (member, parameter); along `parameter` (`room.field`, of cohorts `needs.name`) lie the
        coordinates `meaning`, a few plain words, and `unit`.
    """
    moves, people = draws(scenario), shares(scenario) or {}
    count, names = scenario.uncertainty.members, drivers(scenario.needs)
    of_needs = (
        ndtri(uniforms(count, len(names), scenario.uncertainty.seed, NEEDS))
        if people
        else np.zeros((count, 0))
    )
    cohorts = names if people else ()
    infos = [type(getattr(scenario.movement, one.room)).model_fields[one.field] for one in moves.parameters]
    units = [_unit(info.json_schema_extra) for info in infos]
    told = [_in_few_words(info.description or "") for info in infos]
    codes = [
        *(f"{one.room}.{one.field}" for one in moves.parameters),
        *(f"{NEEDS}.{name}" for name in cohorts),
    ]
    values = np.column_stack([moves.values, *(people[name] for name in cohorts)])
    found = {"score": np.hstack([moves.scores, of_needs]), "value": values}
    dataset = xr.Dataset(
        {name: (("member", "parameter"), array) for name, array in found.items()},
        coords={
            "parameter": codes,
            "meaning": (
                "parameter",
                [*told, *(f"share of the displaced who are: {name.replace('_', ' ')}" for name in cohorts)],
            ),
            "unit": ("parameter", [*units, *("1" for _ in cohorts)]),
        },
    )
    return variables.describe(dataset, variables.DRAWN)


def _unit(extra: Any) -> str:
    return str(extra.get("unit", "1")) if isinstance(extra, dict) else "1"


def _in_few_words(description: str) -> str:
    """The first clause of what the manual says of a field.

    >>> _in_few_words("Price of crowding: at as many people as it has. [logit]")
    'price of crowding'
    """
    clause = re.split(r"[.:;](?:\s|$)", " ".join(description.split()), maxsplit=1)[0]
    return clause[:1].lower() + clause[1:]


def members(scenario: Scenario) -> tuple[Movement, ...]:
    """The movement assumptions of every member.

    One member is the median run: the scenario's own assumptions. More are drawn by the seed, through the priors or as the
    fitted parameter set moves them; the same member of two variants has the same draws.

    Parameters
    ----------
    scenario : Scenario
        Its `movement` and `uncertainty`.

    Returns
    -------
    tuple of Movement
    """
    if scenario.uncertainty.members == 1:
        return (scenario.movement,)
    drawn = draws(scenario)
    return tuple(with_values(scenario.movement, drawn.parameters, values) for values in drawn.values)


def shares(scenario: Scenario) -> dict[str, Array] | None:
    """Cohorts of the displaced by member, as `drawn` gives them; None for the median run."""
    count, seed = scenario.uncertainty.members, scenario.uncertainty.seed
    if count == 1:
        return None
    return drawn(scenario.needs, uniforms(count, len(drivers(scenario.needs)), seed, NEEDS))


def _scores(parameters: Sequence[Uncertain], count: int, seed: int) -> Array:
    """Scores by (member, parameter). What is known keeps its column of the stream, so that no other draw moves."""
    column: dict[Uncertain, Array] = {}
    for stream in STREAMS:
        mine = [one for one in _with_priors() if _stream(one) == stream]
        points = ndtri(uniforms(count, len(mine), seed, stream))
        column |= {one: points[:, at] for at, one in enumerate(mine)}
    return np.array([column[one] for one in parameters]).T.reshape(count, len(parameters))


def _stream(one: Uncertain) -> str:
    """The stream that draws an assumption: one that names the very field counts before one of the whole part."""
    for name in (f"{one.room}.{one.field}", one.room):
        for stream, parts in STREAMS.items():
            if name in parts:
                return stream
    raise ValueError(f"{one.room}.{one.field} has a prior and no stream; add it to STREAMS")


def in_units(movement: Movement, parameters: Sequence[Uncertain], scores: Array) -> Array:
    """What scores mean, each in its own unit.

    Parameters
    ----------
    movement : Movement
        What is known.
    parameters : sequence of Uncertain
    scores : array of shape (member, parameter)
        Standard normal where the priors hold. [1]

    Returns
    -------
    array of shape (member, parameter)
        Within the limits of each field; the speed of tracks in `TRAVEL_CLASSES`; the event's effect by its spread; of
        returns the smaller shares at most the larger ones.

    Examples
    --------
    >>> reach = Uncertain("hazard", "threat_reach", Prior("lognormal", 6.0, 1.5), 6.0)
    >>> in_units(Movement(), [reach], np.array([[0.0], [1.0]]))
    array([[6.],
           [9.]])
    """
    columns = {one: _quantile(one.prior, scores[:, at]) for at, one in enumerate(parameters)}
    columns = _by_spread(_in_travel_classes(columns), movement)
    columns = _nested_columns(
        {one: _within(movement, one, column) for one, column in columns.items()}, movement
    )
    return np.array([columns[one] for one in parameters]).T.reshape(len(scores), len(parameters))


def _by_spread(columns: dict[Uncertain, Array], movement: Movement) -> dict[Uncertain, Array]:
    """The event's effect: drawn as a multiple of its spread, which is drawn or known."""
    named = {one.field: one for one in columns if one.room == "hazard"}
    effect, spread = named.get("event_effect"), named.get("event_spread")
    if effect is None:
        return columns
    scale = movement.hazard.event_spread if spread is None else columns[spread]
    return {**columns, effect: columns[effect] * scale}


def _in_travel_classes(columns: dict[Uncertain, Array]) -> dict[Uncertain, Array]:
    """Track speeds so that their ratio to the road speed takes few values, each standing for as many members."""
    named = {one.field: one for one in columns if one.room == "travel"}
    track, road = named.get("track_speed"), named.get("road_factor")
    if track is None or road is None:
        return columns
    spread = float(np.hypot(np.log(track.prior.second), np.log(road.prior.second)))
    median = track.prior.first / road.prior.first
    rank = ndtr(np.log(columns[track] / columns[road] / median) / spread)
    middle = (np.floor(rank * TRAVEL_CLASSES) + 0.5) / TRAVEL_CLASSES
    ratio = median * np.exp(spread * ndtri(middle))
    return {**columns, track: ratio * columns[road]}


def _quantile(prior: Prior, score: Array) -> Array:
    """Where a prior has as much below it as the standard normal has below the score."""
    match prior.name:
        case "lognormal":
            found = prior.first * prior.second**score
        case "normal":
            found = prior.first + prior.second * score
        case "halfnormal":
            found = prior.first - prior.second * ndtri(ndtr(-score) / 2.0)
        case "beta":
            from scipy.stats import beta

            found = beta.ppf(ndtr(score), prior.first, prior.second)
        case "uniform":
            found = prior.first + (prior.second - prior.first) * ndtr(score)
    values: Array = np.asarray(found, dtype=float)
    return values


def with_values(movement: Movement, parameters: Sequence[Uncertain], values: Array) -> Movement:
    """Assumptions with other values of some of them.

    Parameters
    ----------
    movement : Movement
        All assumptions.
    parameters : sequence of Uncertain
        Those that change.
    values : array of shape (parameter,)
        What each becomes, in its own unit.
    """
    changed: dict[str, dict[str, float]] = {}
    for one, value in zip(parameters, values, strict=True):
        changed.setdefault(one.room, {})[one.field] = float(value)
    parts: dict[str, Any] = {}
    for room, fields in changed.items():
        part = getattr(movement, room)
        whole = {**part.model_dump(), **fields}
        parts[room] = type(part).model_validate(
            {**whole, **_nested(whole)} if isinstance(part, Returns) else whole
        )
    return movement.model_copy(update=parts)


def _within(movement: Movement, one: Uncertain, values: Array) -> Array:
    """Draws within the limits of their field: the tail of a log-normal share beyond 1 counts as 1."""
    info = type(getattr(movement, one.room)).model_fields[one.field]
    highest = min((float(limit.le) for limit in info.metadata if hasattr(limit, "le")), default=np.inf)
    return np.minimum(values, highest)


def _nested(shares: Mapping[str, Any]) -> dict[str, Any]:
    """Who goes home to the worse goes home to the better: the smaller shares are at most the larger ones."""
    at_line = np.minimum(shares["share_at_line"], shares["share_open"])
    return {"share_at_line": at_line, "share_under": np.minimum(shares["share_under"], at_line)}


def _nested_columns(columns: dict[Uncertain, Array], movement: Movement) -> dict[Uncertain, Array]:
    """The same over members, for those of the shares that are drawn."""
    of_returns = {one.field: column for one, column in columns.items() if one.room == "returns"}
    nested = _nested({**movement.returns.model_dump(), **of_returns})
    return {
        one: nested[one.field] if one.room == "returns" and one.field in nested else column
        for one, column in columns.items()
    }
