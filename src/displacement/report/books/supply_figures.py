"""What the run's own account of supply says of the whole area, to stand beside the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.needs.supply import CONSTRAINTS
from displacement.report.books.amounts import Window, over_windows
from displacement.report.books.layout import Layout
from displacement.report.rounding import middle
from displacement.report.supply import lacking_by_item, of_area, who_is_owed

__all__ = ["AsRun", "as_run", "by_day"]

Array = NDArray[Any]


@dataclass(frozen=True)
class AsRun:
    """The account of the whole area in some windows or on some days, the middle of the members."""

    delivered: Array
    """(window, item of the account). [unit]"""
    gap: Array
    """What is missing: of daily lines in these days, of others still owed on the last, same shape. [unit]"""
    binding: list[list[str]]
    """What most of the gap is for want of, same shape."""
    behind: Array
    """People who are owed; the fewest of a day on which there are any, same shape. [person]"""
    position: dict[str, int]
    """Of an item in the account."""


def as_run(layout: Layout, spans: Sequence[Window]) -> AsRun | None:
    """The run's own account; nothing where the scenario says nothing of supply."""
    supply = layout.result.supply
    if supply is None:
        return None
    codes = [str(code) for code in supply["item"].values]
    delivered, gap = (of_area(supply, name) for name in ("delivered", "gap"))
    perishes = supply["kind"].values == "daily"

    def missed(values: Array) -> Array:
        return np.where(perishes, over_windows(values, spans, "sum"), over_windows(values, spans, "end"))

    weight = missed(lacking_by_item(supply))
    worst = np.where(weight.max(axis=0) > 0, weight.argmax(axis=0), 0)
    return AsRun(
        middle(over_windows(delivered, spans, "sum")),
        middle(missed(gap)),
        [[CONSTRAINTS[code] for code in row] for row in worst],
        _behind(layout, codes, supply["kind"].values, spans),
        {code: at for at, code in enumerate(codes)},
    )


def by_day(layout: Layout) -> tuple[Window, ...]:
    """Each day by itself."""
    return tuple(Window(str(day), day, day + 1) for day in range(layout.days))


def _behind(layout: Layout, codes: Sequence[str], kinds: Array, spans: Sequence[Window]) -> Array:
    """The fewest people who are owed anything on a day of the window, if there are any."""
    position = {item.id: at for at, item in enumerate(layout.items)}
    today = layout.amounts.behind_by_day[:, [position[code] for code in codes]]
    ever = who_is_owed(today, kinds)
    both = np.stack([today, ever])
    there = np.where(np.rint(both) > 0, both, np.inf).min(axis=0)
    least = np.stack([there[span.first : span.end].min(axis=0) for span in spans])
    return np.where(np.isfinite(least), least, 0.0)
