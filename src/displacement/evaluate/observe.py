"""Between state and report (E10): whom a count covers, people or movements, how late it comes, how far off it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from displacement import ensemble
from displacement.io.inputs import Inputs
from displacement.io.observations import Observation
from displacement.movement.assumptions import Assumptions, Prior, assumed
from displacement.movement.control import Control
from displacement.scenario.model import Period

__all__ = [
    "Area",
    "Draws",
    "Observing",
    "area_of",
    "comparable",
    "curve",
    "draws",
    "lagged",
    "main_series",
    "reported",
]

Array = NDArray[Any]
DAY = dt.timedelta(days=1)


class Observing(Assumptions):
    """How counts of people come about."""

    movements_per_person: float = assumed(1.35, "1", ("lognormal", 1.35, 1.15), gt=0)
    """Movements that counts of movements have for each person displaced. [1]
    Source: 367,000 movements for 284,000 people, December 2019; 630,000 for 400,000, August 2019."""
    lag_days: float = assumed(2.0, "day", ("lognormal", 2.0, 1.5), ge=0)
    """Mean time until a person who is displaced stands in the count. [day] Judgement; exponential, by whole days."""
    first_week: int = assumed(7, "day", ge=0)
    """Days after the first of a case's counts began in which counts are less sure. [day] By definition."""
    noise_first_week: float = assumed(2.0, "1", ge=1)
    """Geometric standard deviation of a count in these days. [1] Source: official counts differ by this much."""
    noise_later: float = assumed(1.25, "1", ge=1)
    """The same later. [1] Source: official counts differ by this much."""


@dataclass(frozen=True)
class Area:
    """What a count's scope is told by: the axis `zone`, the units above it and who held it, and the days."""

    zone: tuple[str, ...]
    """Codes of the zones, then of the exits."""
    admin1: tuple[str, ...]
    admin2: tuple[str, ...]
    holder: tuple[str, ...]
    """Controller of most of the people of each zone at the start; blank for nobody. Shorter than `zone`: no exits."""
    first: dt.date
    """First day of the run."""
    last: dt.date

    def covered(self, codes: Iterable[str], held_by: Iterable[str] = ()) -> Array:
        """Zones that some codes cover, of those held by some controllers.

        Parameters
        ----------
        codes : iterable of str
            Codes of admin 1, admin 2, zones or exits, or beginnings of codes of zones; none: every zone, no exit.
        held_by : iterable of str
            Controllers at the start; none: whoever.

        Returns
        -------
        array of bool, shape (zone,)
        """
        codes, held_by = tuple(codes), tuple(held_by)
        inside = np.arange(len(self.zone)) < len(self.holder)
        units = zip(self.zone, self.admin1, self.admin2, strict=True)
        named = [
            any(zone.startswith(code) or code in (admin1, admin2) for code in codes)
            for zone, admin1, admin2 in units
        ]
        found = np.array(named, dtype=bool) if codes else inside
        if held_by:
            held = np.array([holder in held_by for holder in self.holder], dtype=bool)
            found = found & np.pad(held, (0, len(self.zone) - len(held)))
        return found


def area_of(inputs: Inputs, control: Control, period: Period) -> Area:
    """What scopes are told by, of a case.

    Parameters
    ----------
    inputs : Inputs
        The area.
    control : Control
        Who holds each place over time.
    period : Period
        The days of the run.
    """
    zones, cells = inputs.zones, inputs.cells
    held = np.zeros((zones.inside, len(inputs.controllers) + 1))
    lived_in = cells["zone"].values >= 0
    holder = control.start[cells["any_place"].values[lived_in]]
    np.add.at(held, (cells["zone"].values[lived_in], holder), cells["population"].values[lived_in])
    names = (*inputs.controllers, "")
    most = tuple(
        names[at] if people.any() else "" for at, people in zip(held.argmax(axis=1), held, strict=True)
    )
    return Area(zones.code, zones.admin1, zones.admin2, most, period.start, period.last)


def comparable(observation: Observation, area: Area) -> bool:
    """Whether the model has a counterpart of a figure: it may be scored, and its days lie within the run."""
    inside = area.first <= observation.since and observation.date <= area.last
    return observation.score != "no" and inside


def lagged(state: Array, lag_days: Array) -> Array:
    """A state as reports know it, each person after a delay of whole days that is exponential (geometric).

    The weights of the days add up to one and their mean is the lag. Before the first day the state was 0.

    Parameters
    ----------
    state : array of shape (member, day)
        [person]
    lag_days : array of shape (member,)
        Mean delay. [day]

    Returns
    -------
    array of shape (member, day)
        [person]

    Notes
    -----
    With p = 1 / (1 + lag) the share p of those not yet in the count enters it each day, so that
    y[t] = y[t-1] + p (x[t] - y[t-1]); the weight of a delay of k days is p (1 - p)^k, with mean (1 - p) / p.

    Examples
    --------
    >>> lagged(np.array([[8.0, 8.0, 8.0]]), np.array([1.0]))
    array([[4., 6., 7.]])
    """
    enters = 1.0 / (1.0 + np.asarray(lag_days, dtype=float))
    known: Array = np.zeros_like(state, dtype=float)
    before = np.zeros(len(known))
    for day in range(known.shape[1]):
        before = before + enters * (state[:, day] - before)
        known[:, day] = before
    return known


class Draws(NamedTuple):
    """How the counts of each member come about."""

    movements_per_person: Array
    """Shape (member,). [1]"""
    lag_days: Array
    """Shape (member,). [day]"""
    noise: Array
    """Standard normal, shape (figure, member). [1]"""
    noise_of_curve: Array
    """Standard normal, of all days of a curve together, shape (member,). [1]"""

    def of(self, members: slice) -> Draws:
        """Those of some members."""
        return Draws(
            self.movements_per_person[members],
            self.lag_days[members],
            self.noise[:, members],
            self.noise_of_curve[members],
        )


def draws(observing: Observing, members: int, figures: int, seed: int) -> Draws:
    """How counts come about, by member; of one member the medians and no noise.

    Parameters
    ----------
    observing : Observing
        One that stands at its default is drawn through its prior; another is taken as known.
    members, figures : int
        How many.
    seed : int
        Of the streams `observing` and `observation`.
    """
    names = ("movements_per_person", "lag_days")
    if members == 1:
        known = [np.array([float(getattr(observing, name))]) for name in names]
        return Draws(known[0], known[1], np.zeros((figures, 1)), np.zeros(1))
    points = ensemble.uniforms(members, len(names), seed, "observing")
    found = [_drawn(observing, name, points[:, at]) for at, name in enumerate(names)]
    noise = np.asarray(stats.norm.ppf(ensemble.uniforms(members, figures + 1, seed, "observation"))).T
    return Draws(found[0], found[1], noise[:figures], noise[figures])


def _drawn(observing: Observing, name: str, uniform: Array) -> Array:
    """Values of a log-normal assumption by member."""
    info, value = Observing.model_fields[name], float(getattr(observing, name))
    if value != info.default or not isinstance(info.json_schema_extra, dict):
        return np.full(len(uniform), value)
    given: Any = info.json_schema_extra["prior"]
    prior = Prior(*given.values())
    return np.asarray(prior.first * prior.second ** stats.norm.ppf(uniform))


def reported(
    people: xr.Dataset,
    flows: xr.Dataset,
    observations: Sequence[Observation],
    area: Area,
    observing: Observing,
    drawn: Draws,
) -> Array:
    """What would have been reported of the model's people: each observed figure's counterpart.

    Parameters
    ----------
    people, flows : xarray.Dataset
        `PEOPLE` and `FLOWS` of the table of variables, by day.
    observations : sequence of Observation
        The figures of a case.
    area : Area
        What their scopes are told by.
    observing : Observing
        Noise of counts.
    drawn : Draws
        How the counts of each of these members come about.

    Returns
    -------
    array of shape (figure, member)
        In the figure's unit; NaN where the model has no counterpart.

    Notes
    -----
    (people covered, as reports know them on the last day, less those they knew before the first) x movements per
    person where movements were counted x noise. Of `returned_cum` the model knows movements as it is. Where both ends
    matter, people who first leave a zone on a day go where all who set off there that day go.
    """
    found = np.full((len(observations), people.sizes["member"]), np.nan)
    begins = first_count(observations, area)
    for at, observation in enumerate(observations):
        if comparable(observation, area):
            known = lagged(_state(people, flows, observation, area), drawn.lag_days)
            figure = _between(known, observation, area)
            if observation.unit == "movements" and observation.kind != "returned_cum":
                figure = figure * drawn.movements_per_person
            found[at] = figure * _spread(observation.date, begins, observing) ** drawn.noise[at]
    return found


def first_count(observations: Sequence[Observation], area: Area) -> dt.date:
    """The day on which the first of the counts began; that of the run where there is none."""
    return min((one.since for one in observations if comparable(one, area)), default=area.first)


def main_series(observations: Sequence[Observation], area: Area) -> Observation | None:
    """A total in people that stands for the case's main series: of the scope that most totals have, the last."""
    totals = [
        one
        for one in observations
        if comparable(one, area)
        and one.kind == "displaced_cum"
        and one.unit == "people"
        and one.score == "yes"
        if not one.origin and not one.destination
    ]
    scopes = [(one.counts_from, one.held_by) for one in totals]
    return max(totals, key=lambda one: (scopes.count((one.counts_from, one.held_by)), one.date), default=None)


def curve(
    people: xr.Dataset, observations: Sequence[Observation], area: Area, observing: Observing, drawn: Draws
) -> Array:
    """People ever displaced as reports would know them, day by day, with the scope of the main series.

    Returns
    -------
    array of shape (day, member)
        The whole curve of a member is too high or too low together. [person]
    """
    main, begins = main_series(observations, area), first_count(observations, area)
    scope = (main.counts_from, main.held_by) if main else ((), ())
    covered = area.covered(*scope)
    known = lagged(people["newly_displaced_cum"].values[:, :, covered].sum(axis=2), drawn.lag_days)
    days = [area.first + at * DAY for at in range(known.shape[1])]
    spread = np.array([_spread(day, begins, observing) for day in days])
    return np.asarray(known.T * spread[:, None] ** drawn.noise_of_curve[None, :])


def _spread(date: dt.date, begins: dt.date, observing: Observing) -> float:
    """Geometric standard deviation of a count of a day. [1]"""
    early = (date - begins).days < observing.first_week
    return observing.noise_first_week if early else observing.noise_later


def _between(known: Array, observation: Observation, area: Area) -> Array:
    """Of a state that only rises, what came between the first and the last day; of those away, the last day's."""
    last = known[:, (observation.date - area.first).days]
    before = (observation.since - area.first).days - 1
    if observation.kind == "remaining" or before < 0:
        return np.asarray(last)
    return np.asarray(last - known[:, before])


def _state(people: xr.Dataset, flows: xr.Dataset, observation: Observation, area: Area) -> Array:
    """People whom a figure counts, at the end of each day, shape (member, day). [person]"""
    origin = area.covered(observation.origin, observation.held_by) & area.covered(observation.counts_from)
    confined = bool(observation.origin or observation.held_by or observation.counts_from)
    destination = area.covered(observation.destination)
    match observation.kind:
        case "remaining":
            return np.asarray(people["newly_displaced"].values[:, :, origin].sum(axis=2))
        case "returned_cum":
            home = origin & (destination if observation.destination else True)
            return np.asarray(people["returned_cum"].values[:, :, home].sum(axis=2))
    if observation.destination and confined:
        return _from_to(people, flows, origin, destination)
    if observation.destination or (observation.kind == "arrivals_cum" and not confined):
        came = (people["arrivals"] - people["arrivals_again"]).sum("type").values
        return np.asarray(came[:, :, destination].sum(axis=2).cumsum(axis=1))
    return np.asarray(people["newly_displaced_cum"].values[:, :, origin].sum(axis=2))


def _from_to(people: xr.Dataset, flows: xr.Dataset, origin: Array, destination: Array) -> Array:
    """People who left some zones for the first time and set off to some others, so far, shape (member, day)."""
    sent = flows["departures"].values[:, :, origin]
    total, there = sent.sum(axis=3), sent[..., destination].sum(axis=3)
    share = np.divide(there, total, out=np.zeros(total.shape), where=total > 0)
    first = people["first_departures"].values[:, :, origin]
    return np.asarray((first * share).sum(axis=2).cumsum(axis=1))
