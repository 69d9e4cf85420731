"""A comparison in sentences."""

from __future__ import annotations

import math

import numpy as np

from displacement.report.comparing.differences import Cells
from displacement.report.comparing.tables import AWAY, BY_ZONE, EVER, THERE, TOTALS, Comparison, Line
from displacement.report.rounding import level_names, range_in_words
from displacement.result import LIMITS

__all__ = ["how_sure", "notice", "sentences"]

PLACES = 3
"""Zones that a sentence names."""


def notice(told: Comparison) -> str:
    """What every reader has to know."""
    restricted = "RESTRICTED, not to be passed on. " if any(run.restricted for run in told.runs) else ""
    return (
        f"{restricted}{LIMITS} The assumptions that differ name assumed changes of control: for planning, not to be "
        "published."
    )


def sentences(told: Comparison) -> tuple[str, ...]:
    """Of every run but the first, what changes: how many more or fewer, where, and when stocks run out."""
    found = []
    for at in range(1, len(told.runs)):
        found += [_instead(told, at), *_where(told, at), *_stock(told, at)]
    return tuple(found)


def how_sure(told: Comparison) -> tuple[str, ...]:
    """Of every run but the first, what its differences rest on."""
    first = told.runs[0]
    alike = [other.name for other, why in zip(told.runs[1:], told.unpaired, strict=True) if not why]
    found = [
        f"Differences from {first.name} to {other.name} have no range: {why}."
        for other, why in zip(told.runs[1:], told.unpaired, strict=True)
        if why
    ]
    if alike:
        found.append(
            f"{', '.join([first.name, *alike])} ran with the same {first.members} members (seed {first.seed}). "
            "Differences are taken member by member, and so leave out what runs have in common; in brackets "
            f"{range_in_words(told.levels)}."
        )
    if not told.whole:
        dates = np.datetime_as_string(told.days, unit="D")
        found.append(
            f"The periods differ: people are compared from {dates[0]} to {dates[-1]}, which all runs have. Trips and "
            "needs are sums over a run and are left out."
        )
    return tuple(found)


KNOWN = " (known on "
"""Begins what a condition says of the day that it was asked on."""


def _clauses(first: str, other: str) -> tuple[str, str]:
    """Two conditions as clauses; what both say of the day that they were asked on is said once.

    >>> _clauses("If a (known on 1 May)", "If b (known on 1 May)")
    ('a', 'b (known on 1 May)')
    """
    one, two = (condition.removeprefix("If ") for condition in (first, other))
    if one.partition(KNOWN)[2] == two.partition(KNOWN)[2]:
        one = one.partition(KNOWN)[0]
    return one, two


def _instead(told: Comparison, at: int) -> str:
    """The headline: people away on the last day."""
    first, other = told.runs[0], told.runs[at]
    if first.condition == other.condition:
        begins = f"With {other.name} instead of {first.name}"
    else:
        clause, changed = _clauses(first.condition, other.condition)
        begins = f"If {changed} instead of {clause}"
    date = np.datetime_as_string(told.days[-1], unit="D")
    line = next(
        line
        for line in told.totals
        if line.labels[0] == TOTALS[AWAY] and line.labels[1] == f"day {len(told.days)}"
    )
    change = more_or_fewer(told, line.cells, at)
    return f"{begins}: {change} people newly displaced on {date}{_often(told, at)}."


def _often(told: Comparison, at: int) -> str:
    """In how many members there are more, or fewer, whichever is the case in most."""
    members, (more, fewer) = told.runs[at].members, told.more[at - 1]
    if told.unpaired[at - 1] or members == 1 or not more + fewer:
        return ""
    return f", {'more' if more >= fewer else 'fewer'} in {max(more, fewer)} of {members} members"


def more_or_fewer(told: Comparison, cells: Cells, at: int) -> str:
    """A difference of people in words, such as "about 120,000 (80,000 to 190,000) more"."""
    names = level_names(told.levels)
    levels = dict(zip(names, cells.differences[at - 1], strict=True))
    middle, low, high = levels["p50"], levels[names[0]], levels[names[-1]]
    if middle is None:
        return "fewer than 100 more or fewer" if cells.note else "no known number of"
    if middle == 0 and not (low or high):
        return "as many"
    word = "more" if middle >= 0 else "fewer"
    if middle < 0:
        low, high = high, low
    text = f"about {_count(middle)}"
    if low is None or high is None or len(names) == 1:
        return f"{text} {word}"
    sign = math.copysign(1.0, middle)
    if low * sign >= 0:
        return f"{text} ({_count(low)} to {_count(high)}) {word}"
    other = "fewer" if word == "more" else "more"
    return f"{text} {word} ({_count(low)} {other} to {_count(high)} {word})"


def _count(value: float) -> str:
    return f"{abs(round(value)):,}"


def _where(told: Comparison, at: int) -> list[str]:
    """Zones where most of the difference lies."""
    found = []
    for measure, begins in ((BY_ZONE[EVER], "From"), (BY_ZONE[THERE], "To")):
        lines = [line for line in told.zones if line.labels[0] == measure and _middle(told, line, at)]
        lines.sort(key=lambda line: -abs(_middle(told, line, at)))
        parts = [
            f"{line.labels[2] or line.labels[1]} {_signed(_middle(told, line, at))}"
            for line in lines[:PLACES]
        ]
        if parts:
            found.append(f"{begins}: {', '.join(parts)}.")
    return found


def _middle(told: Comparison, line: Line, at: int) -> float:
    """Middle of a difference; 0 where it is not shown."""
    return line.cells.differences[at - 1][told.levels.index(0.5)] or 0.0


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{_count(value)}"


def _stock(told: Comparison, at: int) -> list[str]:
    """Items whose stock runs out on another day."""
    parts = [
        f"{stock.item.replace('_', ' ')} {_runs_out(stock.days[at])} ({_runs_out(stock.days[0])})"
        for stock in told.stocks
        if stock.days[at] != stock.days[0]
    ]
    first = told.runs[0].name
    return (
        [f"Stocks that run out on another day than with {first} (in brackets): {'; '.join(parts)}."]
        if parts
        else []
    )


def _runs_out(told: str) -> str:
    return f"on {told}" if told[:1].isdigit() else told
