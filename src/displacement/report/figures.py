"""The observed figures of a past case with what the model says of each: records that tables and charts are made of."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.report.rounding import quantiles

Array = NDArray[Any]

BASELINES: Mapping[str, str] = {
    "B1": "a fixed share of the people who live where control has changed, or near it",
    "B2": "B1, gone where the wave before went",
    "B3": "B1, gone where displaced people lived before",
    "B4": "the newest reported figure of the same series goes on",
}
"""What a planner could have had without the model."""
BESIDE = "baselines"
"""The array that holds what the baselines say."""
ROLES: Mapping[str, str] = {
    "fitted": "fitting may read it",
    "checked": "never read by fitting",
    "shares": "good for shares only",
    "listed": "shown, not scored",
}
"""What a figure is used for."""
SCORED = ("fitted", "checked")


class Figure(NamedTuple):
    """An observed figure and its estimate."""

    kind: str
    unit: str
    since: dt.date
    date: dt.date
    origin: str
    destination: str
    scope: str
    role: str
    observed: float
    observed_low: float | None
    observed_high: float | None
    p10: float | None
    p50: float | None
    """Middle of the members; nothing where the model has no counterpart."""
    p90: float | None
    baselines: Mapping[str, float]
    """Those that say something of it."""
    source: str
    confidence: str
    line: int
    """Row of the table it comes from."""

    @property
    def factor(self) -> float | None:
        """By what factor the middle is off, 1 or more; nothing where one of both is 0."""
        return off_by(self.p50, self.observed)

    @property
    def inside(self) -> bool | None:
        """Whether the range holds the observed figure; nothing without a range."""
        if self.p10 is None or self.p90 is None:
            return None
        return self.p10 <= self.observed <= self.p90

    @property
    def label(self) -> str:
        """What was counted, in words."""
        return what(self.kind, self.origin, self.destination) + (
            " (movements)" if self.unit == "movements" else ""
        )


def what(kind: str, origin: str, destination: str) -> str:
    """What a figure counts, in words.

    >>> what("displaced_cum", "", ""), what("departures_cum", "Idleb", ""), what("returned_cum", "", "Hama")
    ('left home', 'left Idleb', 'went home to Hama')
    """
    begins = {
        "displaced_cum": "left home",
        "departures_cum": "left",
        "arrivals_cum": "came",
        "remaining": "still away",
        "returned_cum": "went home",
    }[kind]
    if kind == "departures_cum":
        return f"{begins} {origin or 'home'}" + (f" for {destination}" if destination else "")
    ends = (f" from {origin}" if origin else "") + (f" to {destination}" if destination else "")
    return begins + ends


def off_by(estimate: float | None, observed: float) -> float | None:
    """By what factor an estimate is off, too high or too low alike; nothing where one of both is 0.

    >>> off_by(50.0, 100.0), off_by(0.0, 100.0), off_by(None, 1.0)
    (2.0, None, None)
    """
    if estimate is None or estimate <= 0 or observed <= 0:
        return None
    return max(estimate / observed, observed / estimate)


def figures(case: xr.Dataset) -> tuple[Figure, ...]:
    """Every observed figure of a case with its estimate, in the order of its table.

    Parameters
    ----------
    case : xarray.Dataset
        `variables.BACKTEST`.
    """
    told = case["reported"].transpose("member", "figure").values
    levels = quantiles(told)
    names = [str(name) for name in case["baseline"].values]
    beside = case[BESIDE].transpose("figure", "baseline").values
    return tuple(_figure(case, at, levels, dict(zip(names, beside[at], strict=True))) for at in _order(case))


def _order(case: xr.Dataset) -> list[int]:
    return [int(at) for at in np.argsort(case["line"].values, kind="stable")]


def _figure(
    case: xr.Dataset, at: int, levels: Mapping[str, Array | None], baselines: Mapping[str, float]
) -> Figure:
    def text(name: str) -> str:
        return str(case[name].values[at])

    def value(name: str) -> float | None:
        return _known(case[name].values[at])

    def level(name: str) -> float | None:
        found = levels[name]
        return None if found is None else _known(found[at])

    return Figure(
        kind=text("kind"),
        unit=text("unit"),
        since=_date(case["since"].values[at]),
        date=_date(case["date"].values[at]),
        origin=text("origin"),
        destination=text("destination"),
        scope=text("scope"),
        role=text("role"),
        observed=float(case["observed"].values[at]),
        observed_low=value("observed_low"),
        observed_high=value("observed_high"),
        p10=level("p10"),
        p50=level("p50"),
        p90=level("p90"),
        baselines={name: float(found) for name, found in baselines.items() if math.isfinite(found)},
        source=text("source"),
        confidence=text("confidence"),
        line=int(case["line"].values[at]),
    )


def _date(value: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(value.astype("datetime64[D]")))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


class Share(NamedTuple):
    """One place's part of a whole, as observed and as estimated. [1]"""

    label: str
    observed: float
    p10: float | None
    p50: float
    p90: float | None


class Split(NamedTuple):
    """How one count divides among places."""

    title: str
    shares: tuple[Share, ...]
    filled: bool
    """Whether fitting may read it."""


ELSEWHERE = 0.02
"""Share of a total that must be missing in the figures of single places to be shown as a place of its own. [1]"""
FLOWS: Mapping[str, tuple[str, ...]] = {
    "origin": ("departures_cum", "arrivals_cum", "displaced_cum"),
    "destination": ("arrivals_cum",),
}
"""Kinds whose figures make up the shares of each side."""


def splits(case: xr.Dataset) -> tuple[Split, ...]:
    """Counts that name several places, or one and the total: where people came from, and where they went.

    Figures belong together that have one kind, unit, source, first and last day. What a total of the same days and unit
    has beside them is `elsewhere`. A share is that of each member; its levels are taken last.
    """
    told = case["reported"].transpose("figure", "member").values
    usable = [
        at for at in _order(case) if _text(case, "role", at) != "listed" and np.isfinite(told[at]).all()
    ]
    found: list[Split] = []
    for side, kinds in FLOWS.items():
        named = [at for at in usable if _text(case, "kind", at) in kinds and _text(case, side, at)]
        groups: dict[tuple[Any, ...], list[int]] = {}
        for at in named:
            groups.setdefault(_together(case, at, side), []).append(at)
        for group in groups.values():
            split = _split(case, group, side, told, _total(case, group[0], usable))
            found += [split] if split else []
    return tuple(found)


def _text(case: xr.Dataset, name: str, at: int) -> str:
    return str(case[name].values[at])


def _together(case: xr.Dataset, at: int, side: str) -> tuple[Any, ...]:
    """What figures of one count have in common."""
    other = "destination" if side == "origin" else "origin"
    shared = (_text(case, name, at) for name in ("since", "date", "kind", "unit", "source"))
    return (*shared, bool(_text(case, other, at)))


def _total(case: xr.Dataset, of: int, usable: Sequence[int]) -> int | None:
    """Position of the total of the same days and unit, of the same source if it gives one."""
    same = [
        at
        for at in usable
        if _text(case, "kind", at) in (_text(case, "kind", of), "displaced_cum")
        and not (_text(case, "origin", at) or _text(case, "destination", at))
        and all(_text(case, name, at) == _text(case, name, of) for name in ("since", "date", "unit"))
    ]
    return min(same, key=lambda at: _text(case, "source", at) != _text(case, "source", of), default=None)


def _split(case: xr.Dataset, group: Sequence[int], side: str, told: Array, total: int | None) -> Split | None:
    """The shares of one count; none if it names one place alone, or nobody was observed or estimated."""
    labels = list(dict.fromkeys(_text(case, side, at) for at in group))
    adding = np.array([[_text(case, side, at) == label for at in group] for label in labels], dtype=float)
    seen, members = adding @ case["observed"].values[group], adding @ told[group]
    if total is not None:
        whole = float(case["observed"].values[total])
        if whole - seen.sum() > ELSEWHERE * whole:
            labels.append("elsewhere")
            members = np.vstack([members, np.maximum(told[total] - members.sum(axis=0), 0.0)])
            seen = np.append(seen, whole - seen.sum())
    there = members.sum(axis=0) > 0
    if len(labels) < 2 or seen.sum() <= 0 or not there.any():
        return None
    levels = quantiles((members[:, there] / members[:, there].sum(axis=0)).T)

    def level(name: str, row: int) -> float | None:
        found = levels[name]
        return None if found is None else float(found[row])

    shares = tuple(
        Share(
            label,
            float(seen[row] / seen.sum()),
            level("p10", row),
            level("p50", row) or 0.0,
            level("p90", row),
        )
        for row, label in enumerate(labels)
    )
    since, date = (_date(case[name].values[group[0]]) for name in ("since", "date"))
    verb = "Left" if _text(case, "kind", group[0]) != "arrivals_cum" else "Came to"
    title = f"{verb if side == 'destination' or verb == 'Left' else 'Came from'}, {since} to {date}"
    fitted = any(_text(case, "role", at) == "fitted" for at in group)
    return Split(f"{title} ({_text(case, 'unit', group[0])})", shares, fitted)
