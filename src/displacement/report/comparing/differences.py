"""Figures of several runs and their differences from the first: member by member where the members are the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from numpy.typing import NDArray

from displacement.report.comparing.runs import Run
from displacement.report.rounding import SMALLEST, SUPPRESSED, UNKNOWN, middle, quantiles, significant

__all__ = ["Cells", "Sides", "compared", "few_people", "paired", "shared_figures", "unpaired_because"]

Array = NDArray[Any]
Levels = dict[str, Array | None]


class Sides(NamedTuple):
    """One measure of several runs."""

    runs: tuple[Levels, ...]
    """Quantiles over the members of each run."""
    differences: tuple[Levels, ...]
    """Quantiles of run less the first, member by member; of all but the first. Where members are not the same, the
    difference of the middles alone."""


class Cells(NamedTuple):
    """A figure of several runs as it is shared."""

    runs: tuple[tuple[float | None, ...], ...]
    """Quantiles of each run; None where not shown."""
    differences: tuple[tuple[float | None, ...], ...]
    note: str
    """Why something is not shown; blank if all is."""


def unpaired_because(first: Run, other: Run) -> str:
    """Why differences of two runs have no range; blank if they have."""
    if first.members == other.members == 1:
        return "each is one run at the middle of every assumption"
    if first.members != other.members:
        return f"{first.name} has {_members(first)} and {other.name} {_members(other)}"
    if first.seed != other.seed:
        return f"the members of {first.name} and {other.name} were drawn with other seeds"
    version = [run.made_of.get("package", {}).get("version") for run in (first, other)]
    if version[0] != version[1]:
        return f"{first.name} and {other.name} were made by other versions of the software"
    return ""


def _members(run: Run) -> str:
    return f"{run.members} member{'' if run.members == 1 else 's'}"


def paired(first: Run, other: Run) -> bool:
    """Whether the members of two runs are the same draws, so that a difference of two is one of the runs alone."""
    return not unpaired_because(first, other)


def compared(values: Sequence[Array], pairs: Sequence[bool], levels: Sequence[float]) -> Sides:
    """A measure of several runs, and its differences from the first.

    Parameters
    ----------
    values : sequence of arrays of shape (member, ...)
        Of each run.
    pairs : sequence of bool
        Of each run but the first, whether its members are those of the first.
    levels : sequence of float
        Quantiles over the members. [1]

    Returns
    -------
    Sides

    Examples
    --------
    What the members have in common is not in the difference:

    >>> import numpy as np
    >>> first = np.array([100.0, 200.0, 900.0])
    >>> told = compared([first, first + 50.0], [True], (0.1, 0.5, 0.9)).differences[0]
    >>> [float(told[name]) for name in ("p10", "p50", "p90")]
    [50.0, 50.0, 50.0]
    """
    first, *others = values
    differences = []
    for other, same in zip(others, pairs, strict=True):
        if same:
            differences.append(quantiles(other - first, levels))
        else:
            alone = (middle(other) - middle(first))[None]
            differences.append(quantiles(alone, levels))
    return Sides(tuple(quantiles(one, levels) for one in values), tuple(differences))


def shared_figures(sides: Sides, at: tuple[int, ...], served: Sequence[float] | None = None) -> Cells:
    """A figure as it is shared: each number rounded by itself to two digits.

    A run's figure is left out where one of its quantiles is of 1 to 99 people, and with it every difference from or to
    it; a difference also where its own middle is of 1 to 99, and an end of its range where that is.

    Parameters
    ----------
    sides : Sides
    at : tuple of int
        Position of the figure.
    served : sequence of float, optional
        Of a quantity: how many people stand behind the figure of each run. [person]

    Examples
    --------
    >>> import numpy as np
    >>> sides = compared([np.array([1234.0]), np.array([1300.0])], [False], (0.5,))
    >>> shared_figures(sides, ())
    Cells(runs=((1200.0,), (1300.0,)), differences=((None,),), note='lt100')
    """
    told = [_at(levels, at) for levels in sides.runs]
    between = [_at(levels, at) for levels in sides.differences]
    if served is None:
        hidden = [any(map(few_people, levels.values())) for levels in told]
        few = [
            hidden[0] or other or few_people(one["p50"])
            for other, one in zip(hidden[1:], between, strict=True)
        ]
        between = [
            {name: None if few_people(one) else one for name, one in levels.items()} for levels in between
        ]
    else:
        hidden = [few_people(people) for people in served]
        few = [hidden[0] or other for other in hidden[1:]]
    unknown = any(one is not None and math.isnan(one) for levels in told for one in levels.values())
    note = SUPPRESSED if any(hidden) or any(few) else UNKNOWN if unknown else ""
    shown = partial(_shown, whole=served is None)
    return Cells(tuple(map(shown, told, hidden)), tuple(map(shown, between, few)), note)


Figure = Mapping[str, float | None]
"""Quantiles by name; None where there is no range, or where it is not shown."""


def _at(levels: Levels, at: tuple[int, ...]) -> Figure:
    return {name: None if one is None else float(one[at]) for name, one in levels.items()}


def few_people(value: float | None) -> bool:
    """Whether a figure, or a difference, is of 1 to 99 people."""
    return value is not None and not math.isnan(value) and 0 < round(abs(value)) < SMALLEST


def _shown(levels: Figure, hidden: bool, whole: bool) -> tuple[float | None, ...]:
    """A figure rounded, blank where it is hidden or not known; people are whole."""
    return tuple(
        None if hidden or one is None or math.isnan(one) else significant(float(round(one)) if whole else one)
        for one in levels.values()
    )
