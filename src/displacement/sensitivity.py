"""What drives the spread of a run: Sobol indices from its own members, and the split between variants and members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import stdtrit

from displacement import variables
from displacement.io.kept import over_members, summed
from displacement.needs.loads import mass_and_volume

__all__ = ["Indices", "at_a_glance", "between", "drivers", "indices", "outcomes", "side_by_side"]

Array = NDArray[np.float64]
Term = tuple[int, ...]

DAYS_OF_ARRIVALS = 7
"""Days over which arrivals in the most affected zone are counted. [day]"""
GLANCES = (7, 14, 30)
"""Days by which those who ever left are compared over variants, beside the last. [day]"""
MEMBERS_FOR_A_TERM = 4
"""Members that stand behind each term of the fit at the least."""
BY_CHANCE = 0.05
"""How often the best of the terms tried may enter where none of them bears on the output. [1]"""
STRONGEST = 6
"""Parameters whose products with all others are tried: those with the largest linear effects."""


class Indices(NamedTuple):
    """Shares of the variance of an output, as far as a polynomial of second order explains it."""

    total: Array
    """Total-order index by parameter: alone and together with others. [1]"""
    first: Array
    """First-order index by parameter: alone. [1]"""
    explained: float
    """R2 of members left out one by one: 1 where the polynomial is exact, at most 0 where it says nothing. [1]"""


def indices(scores: Array, output: Array) -> Indices:
    """Sobol indices of an output from runs that are there already.

    A polynomial chaos expansion in Hermite polynomials of first and second order, orthonormal under the standard
    normal, so that the variance of the output is the sum of the squared coefficients. Terms enter one by one, that
    which explains most first: the linear ones, then squares and products with the strongest parameters. One enters only
    if it explains more than the best of as many inert terms would in one case of twenty (Student's t, Bonferroni), and
    while there are four members for each.

    Parameters
    ----------
    scores : array of shape (member, parameter)
        Independent standard normal scores. [1]
    output : array of shape (member,)

    Returns
    -------
    Indices
        Zeros where the output does not vary or nothing could be told of it.

    Notes
    -----
    Source: Sudret (2008), Global sensitivity analysis using polynomial chaos expansions. R2 is by PRESS, residuals over
    one less their leverage; terms are chosen from all members, so it is slightly too kind.

    Examples
    --------
    >>> scores = np.random.default_rng(1).standard_normal((256, 3))
    >>> found = indices(scores, 3.0 * scores[:, 0] + 4.0 * scores[:, 1])
    >>> found.total.round(2), round(found.explained, 6)
    (array([0.36, 0.64, 0.  ]), 1.0)
    """
    count, parameters = scores.shape
    nothing = Indices(np.zeros(parameters), np.zeros(parameters), 0.0)
    if np.ptp(output) <= 1e-9 * max(1.0, float(np.abs(output).max())):
        return nothing
    chosen = _chosen(scores, output, count // MEMBERS_FOR_A_TERM)
    if not chosen:
        return nothing
    columns = np.column_stack([np.ones(count), *(_polynomial(scores, term) for term in chosen)])
    coefficients: Array = np.asarray(np.linalg.lstsq(columns, output)[0], dtype=float)
    share = coefficients[1:] ** 2 / (coefficients[1:] ** 2).sum()
    total, first = np.zeros(parameters), np.zeros(parameters)
    for term, part in zip(chosen, share, strict=True):
        total[list(set(term))] += part
        if len(set(term)) == 1:
            first[term[0]] += part
    return Indices(total, first, _left_out(columns, output, coefficients))


def _polynomial(scores: Array, term: Term) -> Array:
    """A Hermite polynomial: (i,) is linear, (i, i) the square, (i, j) a product; mean 0, variance 1."""
    if len(term) == 2 and term[0] == term[1]:
        return np.asarray((scores[:, term[0]] ** 2 - 1.0) / np.sqrt(2.0))
    return np.asarray(scores[:, list(term)].prod(axis=1))


def _chosen(scores: Array, output: Array, most: int) -> list[Term]:
    """The terms of the fit, in the order in which they enter."""
    linear: list[Term] = [(one,) for one in range(scores.shape[1])]
    chosen = _entering(scores, output, [], linear, most)
    strongest = {term[0] for term in chosen[:STRONGEST]}
    curved = [
        pair
        for pair in combinations_with_replacement(range(scores.shape[1]), 2)
        if pair[0] == pair[1] or strongest & set(pair)
    ]
    rest = [term for term in linear if term not in chosen]
    return _entering(scores, output, chosen, [*rest, *curved], most)


def _entering(
    scores: Array, output: Array, there: Sequence[Term], tried: Sequence[Term], most: int
) -> list[Term]:
    """The terms that are there, and those of the tried that are worth it."""
    chosen, left = list(there), list(tried)
    basis = [np.full(len(output), len(output) ** -0.5)]
    for term in chosen:
        basis.append(_unit(_apart(_polynomial(scores, term)[:, None], basis))[:, 0])
    residual = _apart(output[:, None], basis)[:, 0]
    columns = (
        _unit(_apart(np.column_stack([_polynomial(scores, term) for term in left]), basis)) if left else None
    )
    whole = float(((output - output.mean()) ** 2).sum())
    while columns is not None and left and len(chosen) < most:
        gain = (columns.T @ residual) ** 2
        best = int(np.argmax(gain))
        unexplained = max(float(residual @ residual - gain[best]), 0.0)
        free = max(len(output) - len(basis) - 1, 1)
        by_chance = float(stdtrit(free, 1.0 - BY_CHANCE / (2 * len(tried)))) ** 2 * unexplained / free
        if gain[best] <= max(by_chance, 1e-12 * whole):
            break
        direction = columns[:, best]
        chosen.append(left.pop(best))
        basis.append(direction)
        residual = residual - direction * (direction @ residual)
        columns = _unit(_apart(np.delete(columns, best, axis=1), [direction]))
    return chosen


def _apart(columns: Array, basis: Sequence[Array]) -> Array:
    """What of the columns is orthogonal to a basis."""
    known = np.column_stack(basis)
    once = columns - known @ (known.T @ columns)
    return np.asarray(once - known @ (known.T @ once))


def _unit(columns: Array) -> Array:
    """Columns of length one; those that are next to nothing become nothing."""
    length = np.sqrt((columns**2).sum(axis=0))
    return np.asarray(columns * np.where(length > 1e-9, 1.0 / np.maximum(length, 1e-9), 0.0))


def _left_out(columns: Array, output: Array, coefficients: Array) -> float:
    """R2 of members that were left out one by one, beside the mean of the others."""
    count = len(output)
    leverage = (np.linalg.qr(columns)[0] ** 2).sum(axis=1)
    wrong = (output - columns @ coefficients) / np.maximum(1.0 - leverage, 1e-9)
    of_mean = (output - output.mean()) * count / (count - 1)
    return float(1.0 - (wrong @ wrong) / (of_mean @ of_mean))


def outcomes(people: xr.Dataset, needs: xr.Dataset) -> xr.Dataset:
    """What is decided by: the most people away at once, arrivals where most arrive, tonnes and cost of aid.

    Parameters
    ----------
    people : xarray.Dataset
        The measures of people by (member, time, zone[, type]), with the coordinate `inside`.
    needs : xarray.Dataset
        As `demand` returns it.

    Returns
    -------
    xarray.Dataset
        `peak_displaced` [person], `arrivals_in_week` [movement], `tonnes` [t], `cost`, all (member). The attribute
        `zone` of arrivals is the position of the zone, inside the area, that has most of them at the median.
    """
    inside = np.flatnonzero(people["inside"].values)
    first_week = people["arrivals"].isel(time=slice(0, DAYS_OF_ARRIVALS), zone=inside)
    by_zone = (
        over_members(first_week, lambda part: part.sum(("time", "type"))).transpose("member", "zone").values
    )
    most = int(np.argmax(np.median(by_zone, axis=0)))
    needed = summed(needs, "time", "zone")
    hubs = needed.isel(item=np.flatnonzero((needs["supplied"] == "hub").values))
    tonnes, cost = mass_and_volume(hubs)["mass"], mass_and_volume(needed)["cost"]
    found = {
        "peak_displaced": _over_zones(people["newly_displaced"]).max(axis=1),
        "arrivals_in_week": by_zone[:, most],
        "tonnes": tonnes.sum("sector").values,
        "cost": cost.sum("sector").values,
    }
    dataset = variables.describe(
        xr.Dataset({name: ("member", values) for name, values in found.items()}), variables.OUTCOMES
    )
    dataset["arrivals_in_week"].attrs["zone"] = int(inside[most])
    dataset["cost"].attrs["units"] = str(needs.attrs["currency"])
    return dataset


def _over_zones(people: xr.DataArray) -> Array:
    """Sum over zones, (member, time)."""
    total: Array = over_members(people, lambda part: part.sum("zone")).transpose("member", "time").values
    return total


def drivers(drawn: xr.Dataset, outputs: xr.Dataset, levels: Sequence[float]) -> xr.Dataset:
    """Which parameters the spread of the outputs comes from.

    Indices are those of ln(1 + output): what doubles a small figure counts as what doubles a large one. Who the displaced
    are (parameters of the room `needs`) bears on tonnes and cost alone.

    Parameters
    ----------
    drawn : xarray.Dataset
        `score` and `value` by (member, parameter), as `ensemble.drawn_ones` gives them.
    outputs : xarray.Dataset
        As `outcomes` returns it.
    levels : sequence of float
        The range of each parameter goes from the lowest to the highest of these quantiles.

    Returns
    -------
    xarray.Dataset
        `total` and `first` by (output, parameter), `explained` by output, `low` and `high` by parameter; the attribute
        `members` is their number.
    """
    of_needs = np.char.startswith(drawn["parameter"].values.astype(str), "needs.")
    total: list[Array] = []
    first: list[Array] = []
    explained: list[float] = []
    for name in outputs.data_vars:
        bears = np.flatnonzero(~of_needs) if name in OF_PEOPLE else np.arange(len(of_needs))
        found = indices(drawn["score"].values[:, bears], np.log1p(outputs[name].values))
        for whole, part in ((total, found.total), (first, found.first)):
            spread = np.zeros(len(of_needs))
            spread[bears] = part
            whole.append(spread)
        explained.append(found.explained)
    low, high = (np.quantile(drawn["value"].values, level, axis=0) for level in (levels[0], levels[-1]))
    dataset = xr.Dataset(
        {
            "total": (("output", "parameter"), np.array(total)),
            "first": (("output", "parameter"), np.array(first)),
            "explained": ("output", np.array(explained)),
            "low": ("parameter", low),
            "high": ("parameter", high),
        },
        coords={**drawn["parameter"].coords, "output": list(outputs.data_vars)},
        attrs={
            "members": drawn.sizes["member"],
            "zone_of_arrivals": outputs["arrivals_in_week"].attrs["zone"],
        },
    )
    return variables.describe(dataset, variables.DRIVERS)


OF_PEOPLE = ("peak_displaced", "arrivals_in_week")
"""Outputs on which it does not bear who the displaced are."""


def between(values: Array) -> float:
    """Share of the variance of ln(1 + value) that lies between groups, each counted alike.

    One-way analysis of variance: the variance of the groups' means over the whole variance. The rest lies within them.

    Parameters
    ----------
    values : array of shape (group, member)
        As many members in each group.

    Returns
    -------
    float
        0 where nothing varies. [1]

    Examples
    --------
    >>> between(np.expm1(np.array([[0.0, 2.0], [4.0, 6.0]])))
    0.8
    """
    logs = np.log1p(values)
    whole = float(((logs - logs.mean()) ** 2).mean())
    if whole <= 1e-18 * max(1.0, float(np.abs(logs).max()) ** 2):
        return 0.0
    return float(((logs.mean(axis=1) - logs.mean()) ** 2).mean()) / whole


def at_a_glance(people: xr.Dataset, needs: xr.Dataset) -> xr.Dataset:
    """The few figures of one run that are set beside those of its variants.

    Parameters
    ----------
    people, needs : xarray.Dataset
        As for `outcomes`.

    Returns
    -------
    xarray.Dataset
        The arrays of `variables.VARIANTS` but `between`, without `variant`.
    """
    found = outcomes(people, needs)[["peak_displaced", "tonnes"]]
    days = people.sizes["time"]
    shown = [*(day for day in GLANCES if day < days), days]
    left = people["newly_displaced_cum"].isel(time=[day - 1 for day in shown])
    inside = people["arrivals"].isel(zone=np.flatnonzero(people["inside"].values))
    arrived = over_members(inside, lambda part: part.sum(("time", "zone", "type")))
    last = people["present_new"].isel(time=-1).sum("type")
    return xr.Dataset(
        {
            "ever_left": (("member", "day"), _over_zones(left)),
            "peak_displaced": ("member", found["peak_displaced"].values),
            "tonnes": ("member", found["tonnes"].values),
            "arrived": ("member", arrived.values),
            "present": (("member", "zone"), last.transpose("member", "zone").values),
        },
        coords={
            "day": shown,
            "zone": people["zone"].values,
            "zone_name": ("zone", people["zone_name"].values),
        },
    )


def side_by_side(runs: Mapping[str, xr.Dataset], conditions: Mapping[str, str]) -> xr.Dataset:
    """The figures of variants beside each other, and how much of their spread lies between the variants.

    Parameters
    ----------
    runs : mapping of str to xarray.Dataset
        By name of the variant, as `at_a_glance` returns them, of the same members.
    conditions : mapping of str to str
        What each depends on.

    Returns
    -------
    xarray.Dataset
        `variables.VARIANTS`; `ever_left` is NaN on a day that a shorter run does not reach, and `between` is left
        out of one member. Variants are questions: that each counts alike does not make them equally likely.
    """
    names = list(runs)
    whole = xr.concat(list(runs.values()), xr.Variable("variant", names), join="outer")
    whole = whole.transpose("variant", "member", "day", "zone")
    whole = whole.assign_coords(condition=("variant", [conditions[name] for name in names]))
    if whole.sizes["member"] > 1:
        outputs = ["peak_displaced", "tonnes"]
        split = [between(whole[name].values) for name in outputs]
        whole = whole.assign(between=("output", split)).assign_coords(output=outputs)
    return variables.describe(whole, variables.VARIANTS)
