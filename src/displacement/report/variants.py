"""Variants of one question side by side: a table to forward, and the lines of the summary."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.report.behind import fewest
from displacement.report.rounding import (
    EIGHT_IN_TEN,
    level_names,
    middle,
    quantiles,
    shared_people,
    shared_quantity,
    significant,
    words,
)
from displacement.report.share import level_cells

__all__ = ["VARIANT_COLUMNS", "variant_rows", "variants_lines"]

Array = NDArray[Any]

VARIANT_COLUMNS = ("variant", "condition", "measure", "day", "zone", "zone_name", "unit")
"""What stands before the quantiles and the note."""
WIDTH = 96
LABEL = 20
"""Width of the name of a variant."""


def variant_rows(variants: xr.Dataset, asked: Sequence[float] = EIGHT_IN_TEN) -> Iterator[list[str]]:
    """Rows of `variants.csv`: of each variant who ever left by some days, the most away at once, where most are, tonnes.

    Parameters
    ----------
    variants : xarray.Dataset
        As `displacement.sensitivity.side_by_side` returns it.
    asked : sequence of float
        Quantiles over the members.

    Yields
    ------
    list of str
        Figures of 1 to 99 people are suppressed, and tonnes where so few arrive.
    """
    for at, name in enumerate(variants["variant"].values):
        one = variants.isel(variant=at)
        about = [str(name), str(one["condition"].values)]
        for day in _days(one):
            values = one["ever_left"].sel(day=day).values
            yield [*about, "ever_left", str(day), "", "", "person", *_people(values, asked)]
        yield [*about, "peak_displaced", "", "", "", "person", *_people(one["peak_displaced"].values, asked)]
        code, zone_name, there = _most(one)
        yield [*about, "present_where_most_are", "last", code, zone_name, "person", *_people(there, asked)]
        shown = partial(shared_quantity, people=_behind(one, asked))
        tonnes = level_cells(quantiles(one["tonnes"].values, asked), (), shown)
        yield [*about, "tonnes", "", "", "", "t", *tonnes]


def _days(one: xr.Dataset) -> list[int]:
    """The days that a variant's run reaches."""
    reached = ~np.isnan(one["ever_left"].values).any(axis=0)
    return [int(day) for day in one["day"].values[reached]]


def _people(values: Array, asked: Sequence[float]) -> list[str]:
    return level_cells(quantiles(values, asked), (), shared_people)


def _behind(one: xr.Dataset, asked: Sequence[float]) -> float:
    """The fewest people behind the tonnes in any quantile that is shown; 0 where there is nobody."""
    return float(fewest(one["arrived"].values, asked))


def _most(one: xr.Dataset) -> tuple[str, str, Array]:
    """Code and name of the zone where most are at last, blank where fewer than 100 are; and by member, how many."""
    there = np.nan_to_num(one["present"].values)
    most = int(np.argmax(middle(there)))
    shown = bool(shared_people(float(middle(there)[most]))[0].strip("0"))
    code, name = (str(one[label].values[most]) if shown else "" for label in ("zone", "zone_name"))
    return code, name, there[:, most]


def variants_lines(variants: xr.Dataset, start: str, asked: Sequence[float] = EIGHT_IN_TEN) -> list[str]:
    """All variants side by side, and how much of the spread lies between them.

    Parameters
    ----------
    variants : xarray.Dataset
        As `displacement.sensitivity.side_by_side` returns it.
    start : str
        The first day.
    asked : sequence of float
        Quantiles over the members; the range goes from the lowest to the highest.

    Returns
    -------
    list of str
        At most 96 columns.
    """
    names = [str(name) for name in variants["variant"].values]
    lines = ["Side by side, each figure under the condition of its line:"]
    for name, condition in zip(names, variants["condition"].values, strict=True):
        lines += textwrap.wrap(f"* {name}: {condition}.", WIDTH, subsequent_indent="  ")
    days = [int(day) for day in variants["day"].values]
    lines += ["", _row("ever left by", [f"day {day}" for day in days])]
    for at, name in enumerate(names):
        one = variants.isel(variant=at)
        lines += _two_rows(name, [one["ever_left"].sel(day=day).values for day in days], asked)
    lines += ["", _row("", ["most away at once", "tonnes of aid", "where most are"])]
    for at, name in enumerate(names):
        one = variants.isel(variant=at)
        _, zone_name, there = _most(one)
        few = 0 < round(_behind(one, asked)) < 100
        tonnes = one["tonnes"].values if not few else np.full_like(one["tonnes"].values, np.nan)
        lines += _two_rows(name, [one["peak_displaced"].values, tonnes, there], asked, zone_name)
    split = _split(variants)
    return [*lines, "", *textwrap.wrap(f"Days count from {start}. {split}", WIDTH)]


def _two_rows(
    name: str, figures: Sequence[Array], asked: Sequence[float], last: str | None = None
) -> list[str]:
    """The middle of each figure, and the range below it where there are several members.

    With `last`, the zone of the last figure, the one before it is tonnes.
    """
    said = (
        [_people_in_words, _tonnes_in_words, _people_in_words]
        if last is not None
        else [_people_in_words] * len(figures)
    )
    middles = [say(float(middle(values))) for say, values in zip(said, figures, strict=True)]
    if last:
        middles[-1] = f"{last} {middles[-1]}"
    rows = [_row(name, middles)]
    if len(figures[0]) > 1 and len(asked) > 1:
        lowest, highest = level_names(asked)[0], level_names(asked)[-1]
        found = [quantiles(values, asked) for values in figures]
        ranges = [
            _range(levels[lowest], levels[highest], say) for levels, say in zip(found, said, strict=True)
        ]
        rows.append(_row("", ranges))
    return rows


def _people_in_words(value: float) -> str:
    return "-" if np.isnan(value) else words(value).replace("fewer than ", "< ")


def _tonnes_in_words(value: float) -> str:
    rounded = significant(value)
    return "-" if np.isnan(value) else f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def _range(low: Array | None, high: Array | None, say: Callable[[float], str]) -> str:
    if low is None or high is None or np.isnan(low):
        return ""
    return f"{say(float(low))}-{say(float(high))}"


def _row(label: str, cells: Sequence[str]) -> str:
    name = label if len(label) < LABEL - 2 else label[: LABEL - 6] + "..."
    width = (WIDTH - LABEL) // len(cells) - 1
    return ("  " + f"{name:<{LABEL - 2}}" + "".join(f"{cell:<{width}} " for cell in cells)).rstrip()


def _split(variants: xr.Dataset) -> str:
    """How much of the spread lies between the variants, and what that does not mean."""
    questions = "Variants are questions, not probabilities: nothing here says how likely any of them is."
    if "between" not in variants:
        return questions
    away, tonnes = (float(share) for share in variants["between"].values)
    return (
        f"The same {variants.sizes['member']} members ran under each. Of all the spread of the most people away at once "
        f"{away:.0%} lies between the variants, each counted alike, and {1 - away:.0%} among the members within them; "
        f"of tonnes {tonnes:.0%} and {1 - tonnes:.0%}. {questions}"
    )
