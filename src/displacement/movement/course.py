"""The events of a run as the compiled kernel of pressure reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.kernels import pressure
from displacement.movement.assumptions import Hazard
from displacement.movement.control import NOBODY
from displacement.movement.threats import (
    Answers,
    Threats,
    breaks_of,
    changed_at,
    declared_at,
    effect_of_fronts,
    effect_of_strikes,
    foreseen_of,
    strikers_of,
)

Array = NDArray[Any]


def course(
    threats: Threats, answers: Answers, key: Array, hazard: Hazard, edges: Array, rates: pressure.Rates
) -> tuple[pressure.Course, pressure.Seen]:
    """Stretches of time, and what the cells see at their ends.

    Parameters
    ----------
    threats, answers, key, hazard, edges
        As for `hazard.panels`.
    rates : pressure.Rates
        How fast what is seen fades.
    """
    psi, cells = answers.response[key], key.size
    fronts = effect_of_fronts(threats, psi, hazard.threat_reach)
    strikes = effect_of_strikes(threats, hazard.strike_reach, hazard.horizon)
    ahead = foreseen_of(fronts, rates.rise, cells)
    breaks, start = breaks_of(threats, edges), float(edges[0])
    begin, end = breaks[:-1], breaks[1:]
    times = np.array([time for time, _ in ahead])
    coming = np.searchsorted(times, end)
    later = coming < times.size
    declared, rows = _declared(threats, psi, hazard.threat_reach, begin)
    stretches = pressure.Course(
        len(edges) - 1,
        end - begin,
        np.searchsorted(edges, begin, side="right") - 1,
        np.where(later, coming, -1),
        np.exp(-rates.rise * (np.append(times, 0.0)[np.where(later, coming, 0)] - end) * later),
        rows,
        _row_at(end, sorted(fronts)),
        _row_at(end, sorted(strikes)),
        _states_at(end, start, threats),
    )
    grip, changed, own, fresh = _states(threats, answers, key, start, rates.fade)
    strikers = strikers_of(threats).size
    remembered, struck = np.zeros(cells), np.zeros((strikers, cells))
    for time in sorted(time for time in fronts if time <= start):
        remembered = np.maximum(remembered, fronts[time] * np.exp(-rates.fall * (start - time)))
    for time in sorted(time for time in strikes if time <= start):
        struck = struck + strikes[time] * np.exp(-rates.forget * (start - time))
    seen = pressure.Seen(
        _stacked([fronts[time] for time in sorted(fronts)], (cells,)),
        _stacked([value for _, value in ahead], (cells,)),
        declared,
        _stacked([strikes[time] for time in sorted(strikes)], (strikers, cells)),
        grip,
        changed,
        own,
        remembered,
        struck,
        fresh,
    )
    return stretches, seen


def _stacked(rows: list[Array], shape: tuple[int, ...]) -> Array:
    """Rows as one array, none of them as an array without rows."""
    return np.stack(rows) if rows else np.zeros((0, *shape))


def _row_at(end: Array, times: list[float]) -> Array:
    """Which of some times the end of each stretch is, -1 for none."""
    row = {time: at for at, time in enumerate(times)}
    return np.array([row.get(float(time), -1) for time in end], dtype=np.int64)


def _declared(threats: Threats, psi: Array, reach: float, begin: Array) -> tuple[Array, Array]:
    """Pressures that hold together, shape (row, cell), and which of them hold from the start of each stretch."""
    row: dict[tuple[int, ...], int] = {}
    found: list[Array] = []
    rows = np.full(begin.size, -1, dtype=np.int64)
    for at, time in enumerate(begin):
        holding = tuple(n for n, one in enumerate(threats.pressures) if one.start <= time < one.end)
        if holding and holding not in row:
            row[holding] = len(found)
            found.append(declared_at(threats, psi, float(time), reach))
        rows[at] = row.get(holding, -1)
    return _stacked(found, (len(psi),)), rows


def _states_at(end: Array, start: float, threats: Threats) -> Array:
    """Which state of control begins at the end of each stretch, -1 for none."""
    return _row_at(end, [-np.inf, *threats.control.times[threats.control.times > start].tolist()])


def _states(
    threats: Threats, answers: Answers, key: Array, start: float, fade: float
) -> tuple[Array, Array, Array, Array]:
    """States of control from the start on, as of `pressure.Seen`: grip, changed, own; and what is left of a takeover.

    Worked out by place, the last of which stands for cells beyond every place's reach.
    """
    control, places = threats.control, threats.control.holder.shape[1]
    keys = len(answers.response)
    psi = np.column_stack([answers.response, np.zeros(keys)])
    foreign = np.column_stack([answers.foreign, np.zeros(keys, dtype=bool)])
    strikers = strikers_of(threats)
    since = np.full(places + 1, -np.inf)
    for time in control.times[control.times <= start]:
        since = np.where(changed_at(control, time), time, since)
    ever = np.isfinite(since)
    fresh = np.exp(-fade * np.where(ever, start - since, np.inf))[threats.place]
    later = [start, *control.times[control.times > start].tolist()]
    grip, changed, own = (np.empty((len(later), key.size)) for _ in range(3))
    pair = key * (places + 1) + np.where(threats.place < 0, places, threats.place)
    for at, time in enumerate(later):
        now = changed_at(control, time) if at else np.zeros(places + 1, dtype=bool)
        ever = ever | now
        holder = np.append(control.at(time), NOBODY)
        np.take(np.where(foreign[:, holder] & ever, psi[:, holder], -1.0), pair, out=grip[at])
        np.take(now.astype(float), threats.place, out=changed[at])
        np.take(_position(holder, strikers), threats.place, out=own[at])
    return grip, changed, own, fresh


def _position(holder: Array, strikers: Array) -> Array:
    """Position of each holder among the strikers, -1 where it is none of them."""
    found = np.full(holder.size, -1.0)
    for at, striker in enumerate(strikers):
        found[holder == striker] = at
    return found
