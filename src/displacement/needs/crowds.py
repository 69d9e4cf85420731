"""Who is where, group by group, and how many of them each kind of item counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.item import Group, Item, Kind

__all__ = ["COUNTED", "Crowd", "Served", "arrived_within", "crowds"]

Array = npt.NDArray[np.float64]

PEOPLE_DIMS = ("member", "time", "zone", "type")
TYPES = ("town", "site")
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Crowd:
    """The people of one group by step, zone and type, and the figures every item draws from."""

    group: Group
    """Who they are."""
    arrivals: Array
    """People arriving in the step, (member, time, zone, type); of `returned`, who came home. [person]"""
    again: Array
    """Those of them who had arrived somewhere before, same shape. [person]"""
    lost_on_move: float
    """Share of what households were given that is lost when they move on. [1]"""
    present: Array
    """People there at its end, same shape. [person]"""
    months: npt.NDArray[np.int64]
    """Calendar month of each step, (time,). [1..12]"""
    types: tuple[str, ...]
    """Labels of the last axis: town and site, or one that stands for the group."""
    days_per_step: float
    """Length of a step. [day]"""
    acute_days: float
    """Length of the acute phase. [day]"""

    @property
    def there_before(self) -> bool:
        """Whether the group was there before the first step: what is given once is owed to all of it then."""
        return self.group in ("displaced_before", "resident")

    def recent(self, days: float) -> Array:
        """Of the people present, those who arrived in the last `days`. [person]"""
        recent = arrived_within(self.arrivals, days / self.days_per_step)
        return np.minimum(self.present, recent, out=recent)

    @cached_property
    def acute(self) -> Array:
        """People in the acute phase. [person]"""
        return self.recent(self.acute_days)

    @cached_property
    def later(self) -> Array:
        """People present whose acute phase is over. [person]"""
        return self.present - self.acute

    def in_season(self, months: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Whether each step begins in one of the months (always, where there are none), (time,)."""
        return np.isin(self.months, months) if months else np.ones(len(self.months), bool)


class Served(NamedTuple):
    """People whom an item counts, (member, time, zone, type). [person]"""

    total: Array
    """All of them."""
    later: Array | None
    """Those of them whose acute days are over; None: nobody."""


def crowds(people: xr.Dataset, profile: NeedsAssumptions, step: float) -> dict[Group, Crowd]:
    """The people of every group that is given, as checked arrays.

    Parameters
    ----------
    people : Dataset
        `arrivals` and `present_new` (member, time, zone, type), optionally `arrivals_again`; for the other groups
        `present_prior`, `residents_present`, `returned_cum` (member, time, zone). [person]
    profile : NeedsAssumptions
    step : float
        Length of a step. [day]

    Raises
    ------
    ValueError
        If a figure is missing or negative, or a variable, dimension or type is not as above.
    """
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"days_per_step: must be more than 0 days (got {step})")
    arrivals = _checked(people, "arrivals")
    present = _checked(people, "present_new")
    again = _checked(people, "arrivals_again") if "arrivals_again" in people else np.zeros_like(arrivals)
    _refuse(
        people["arrivals"].transpose(*PEOPLE_DIMS),
        again > arrivals * (1 + 1e-9) + 1e-6,
        "fewer than arrive again",
    )
    again = np.minimum(again, arrivals)
    types = tuple(str(label) for label in people["type"].values)
    if unknown := [label for label in types if label not in TYPES]:
        raise ValueError(f"people: type: unknown {', '.join(unknown)}; write town or site")
    months = _months(people, step)

    def crowd(group: Group, come: Array, once_more: Array, there: Array, labels: tuple[str, ...]) -> Crowd:
        times = (step, profile.acute_days)
        return Crowd(group, come, once_more, profile.lost_on_move, there, months, labels, *times)

    found: dict[Group, Crowd] = {"newly_displaced": crowd("newly_displaced", arrivals, again, present, types)}
    others: tuple[tuple[Group, str], ...] = (
        ("displaced_before", "present_prior"),
        ("resident", "residents_present"),
    )
    for group, name in others:
        if name in people:
            there = _checked(people, name, PEOPLE_DIMS[:-1])[..., None]
            nobody = np.zeros_like(there)
            found[group] = crowd(group, nobody, nobody, there, (group,))
    if "returned_cum" in people:
        so_far = _checked(people, "returned_cum", PEOPLE_DIMS[:-1])[..., None]
        home = np.maximum(np.diff(so_far, axis=1, prepend=0.0), 0.0)
        nobody = np.zeros_like(home)
        found["returned"] = crowd("returned", home, nobody, nobody, ("returned",))
    return found


def _months(people: xr.Dataset, step: float) -> npt.NDArray[np.int64]:
    """Calendar month of each step, (time,); the dates must be one step apart."""
    times = people["time"].values
    if not np.issubdtype(times.dtype, np.datetime64):
        raise ValueError(f"people: time: must be dates (got {times.dtype})")
    if len(times) > 1 and not np.allclose(np.diff(times) / DAY, step):
        raise ValueError(
            f"people: time: the dates must follow one another every {step:g} days; put them in order, "
            "fill the days without a figure, or give days_per_step"
        )
    months: npt.NDArray[np.int64] = times.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return months


def arrived_within(arrivals: Array, steps: float) -> Array:
    """People who arrived in the last `steps` steps, this one included.

    Parameters
    ----------
    arrivals : array of shape (member, time, ...)
        People arriving in each step. [person]
    steps : float
        Length of the window; of a part of a step, that part is taken. [step]

    Returns
    -------
    array of the same shape
        [person]

    Examples
    --------
    >>> arrived_within(np.array([[10.0, 0.0, 0.0, 0.0]]), 2.5)
    array([[10., 10.,  5.,  0.]])
    """
    whole = int(steps)
    so_far = np.cumsum(arrivals, axis=1)
    recent = so_far.copy()
    if whole < arrivals.shape[1]:
        days = arrivals.shape[1] - whole
        recent[:, whole:] -= so_far[:, :days]
        if steps > whole:
            recent[:, whole:] += (steps - whole) * arrivals[:, :days]
    return np.maximum(recent, 0.0, out=recent)


def _later(series: Array, steps: int) -> Array:
    """The series shifted `steps` later along time, nothing before it."""
    shifted = np.zeros_like(series)
    kept = max(series.shape[1] - steps, 0)
    shifted[:, series.shape[1] - kept :] = series[:, :kept]
    return shifted


def _on_arrival(item: Item, crowd: Crowd, covered: float | None) -> Served:
    """People arriving in season."""
    return Served(crowd.arrivals * crowd.in_season(item.months)[:, None, None], None)


def _once(item: Item, crowd: Crowd, covered: float | None) -> Served:
    """People arriving in season who have not got it; on its first day everybody who is there at the end of it."""
    lost = crowd.lost_on_move if item.kind == "household_once" else 0.0
    lacking = crowd.again * (lost - 1.0)
    lacking += crowd.arrivals
    there = crowd.present
    if item.phase == "stabilised":
        lacking = np.minimum(_later(lacking, round(crowd.acute_days / crowd.days_per_step)), crowd.present)
        there = crowd.later
    in_season = crowd.in_season(item.months)
    begins = np.zeros_like(in_season)
    begins[1:] = in_season[1:] & ~in_season[:-1]
    begins[:1] = in_season[:1] & crowd.there_before
    lacking[:, ~in_season] = 0.0
    for step in np.flatnonzero(begins):
        lacking[:, step] = there[:, step]
    return Served(lacking, lacking if item.phase == "stabilised" else None)


def _while_present(item: Item, crowd: Crowd, covered: float | None) -> Served:
    """Periods of the item spent by the people of its phase, in season."""
    periods = crowd.in_season(item.months)[:, None, None] * (crowd.days_per_step / item.period_days)
    there = _in_phase(item, crowd, covered)
    return Served(there.total * periods, None if there.later is None else there.later * periods)


def _growth_of_peak(item: Item, crowd: Crowd, covered: float | None) -> Served:
    """People by whom the largest number so far was exceeded; as sheltered at first, but where it is for later."""
    served = _in_phase(item, crowd, covered).total * crowd.in_season(item.months)[:, None, None]
    peak = np.maximum.accumulate(served, axis=1)
    growth = np.diff(peak, axis=1, prepend=0.0)
    return Served(growth, growth if item.phase == "stabilised" else None)


COUNTED: Mapping[Kind, Callable[[Item, Crowd, float | None], Served]] = MappingProxyType(
    {
        "household_once": _once,
        "cohort_once": _once,
        "per_move": _on_arrival,
        "daily": _while_present,
        "periodic_kit": _while_present,
        "peak_capacity": _growth_of_peak,
    }
)
"""How each kind of item counts people.

Contract: (item, crowd, days covered by the item it follows) -> people in units of the item's period, (member, time, zone,
type), never negative, linear in the people (doubling them doubles it).
"""


def _in_phase(item: Item, crowd: Crowd, covered: float | None) -> Served:
    """People present whom the item is for by the time since they arrived."""
    if covered is not None:
        fed = crowd.recent(covered)
        return Served(crowd.present - fed, crowd.present - np.maximum(crowd.acute, fed))
    match item.phase:
        case "acute":
            return Served(crowd.acute, None)
        case "stabilised":
            return Served(crowd.later, crowd.later)
        case "both":
            return Served(crowd.present, crowd.later)


def _checked(people: xr.Dataset, name: str, dims: Sequence[str] = PEOPLE_DIMS) -> Array:
    """One variable as float64 of these dimensions; no figure missing or below zero."""
    if name not in people:
        raise ValueError(f"people: {name}: missing; give it by {', '.join(dims)}")
    variable = people[name]
    if set(variable.dims) != set(dims):
        raise ValueError(
            f"people: {name}: dimensions must be {', '.join(dims)} (got {', '.join(map(str, variable.dims))})"
        )
    ordered = variable.transpose(*dims)
    figures: Array = np.asarray(ordered.values, dtype=np.float64)
    _refuse(ordered, ~np.isfinite(figures), "a figure is missing; write 0 only where nobody was")
    _refuse(ordered, figures < 0, "people cannot be fewer than 0")
    return figures


def _refuse(variable: xr.DataArray, wrong: npt.NDArray[np.bool_], why: str) -> None:
    """Raise an error that names the first place and day where `wrong` holds."""
    if not wrong.any():
        return
    _, time, zone, *rest = np.argwhere(wrong)[0]
    day = np.datetime_as_string(variable["time"].values[time], unit="D")
    where = [f"zone {variable['zone'].values[zone]}", day, *(str(variable["type"].values[at]) for at in rest)]
    raise ValueError(f"people: {variable.name}: {why} ({', '.join(where)}; {int(wrong.sum())} in all)")
