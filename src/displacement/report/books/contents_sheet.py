"""What kits hold of other lines, reckoned day by day and zone by zone: a surplus of early days covers later ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.report.books.amounts import ADMIN1, ZONE
from displacement.report.books.layout import CONTENTS, EACH_ROW, ID_ROW, NAME_ROW, TOP, UNIT_ROW, Layout
from displacement.report.books.paper import Paper, cell, column

__all__ = ["held_in", "write_contents"]

Array = NDArray[Any]
ABOUT = ("zone", "name", "admin1", "day", "date")
DAY, ADMIN1_CODE, START = 3, 2, len(ABOUT)


def _involved(layout: Layout) -> list[int]:
    """Items that are held, and the kits that hold them."""
    return sorted({*layout.held, *(kit for item in layout.held for kit, _ in layout.holders(item))})


class _Columns(NamedTuple):
    """Columns of the sheet, by item."""

    counts: dict[int, int]
    """People counted so far."""
    fixed: dict[int, int]
    """What zones with a quantity of their own call for so far."""
    needs: dict[int, int]
    """Needed so far."""


@lru_cache(maxsize=4)
def _columns(layout: Layout) -> _Columns:
    """Where counts, what is fixed and needs stand."""
    involved = _involved(layout)
    fixed = [at for at in involved if layout.amounts.daily["fixed"][..., at].any()]
    counts = {item: START + at for at, item in enumerate(involved)}
    others = {item: START + len(counts) + at for at, item in enumerate(fixed)}
    needs = {item: START + len(counts) + len(others) + at for at, item in enumerate(layout.held)}
    return _Columns(counts, others, needs)


def write_contents(paper: Paper, layout: Layout) -> None:
    """Write the sheet."""
    how = (
        "Working sheet. People counted since the first day, and needed so far: the largest amount up to now by "
        "which what "
        "is needed exceeds what kits have brought. Do not sort."
    )
    sheet = paper.sheet(CONTENTS, how, [10, 22, 9, 6, 11, 14], (TOP, 2))
    counts, fixed, needs = _columns(layout)
    paper.texts(sheet, ID_ROW, 0, ABOUT, "head")
    for kind, columns in (("counted so far", counts), ("fixed so far", fixed), ("needed so far", needs)):
        for item, at in columns.items():
            paper.text(sheet, NAME_ROW, at, f"{layout.items[item].name}: {kind}", "about")
            paper.text(
                sheet, UNIT_ROW, at, "person" if columns is counts else layout.items[item].unit, "about"
            )
            paper.text(sheet, ID_ROW, at, layout.items[item].id, "head")
    for item, at in counts.items():
        each = float(layout.amounts.per_unit[item])
        paper.formula(sheet, EACH_ROW, at, layout.line_cell(item, "each"), each, "factor")
    paper.text(sheet, EACH_ROW, START - 1, "for each counted", "about")
    sheet.set_row(NAME_ROW, 60)
    so_far = {name: np.cumsum(values, axis=1) for name, values in layout.amounts.daily.items()}
    needed = _needed(layout, so_far)
    for zone, place in enumerate(layout.zones):
        for day in range(layout.days):
            row = _row(layout, zone, day)
            about = layout.amounts.places[place]
            paper.texts(sheet, row, 0, [about.code, about.name, about.admin1])
            sheet.write_number(row, DAY, day)
            paper.date(sheet, row, DAY + 1, layout.day(day))
            for item, at in counts.items():
                paper.figure(sheet, row, at, float(so_far["count"][zone, day, item]))
            for item, at in fixed.items():
                paper.figure(sheet, row, at, float(so_far["fixed"][zone, day, item]))
            for item, at in needs.items():
                formula = _needed_formula(layout, item, row, day > 0)
                paper.formula(sheet, row, at, formula, float(needed[item][zone, day]))


def _row(layout: Layout, zone: int, day: int) -> int:
    return TOP + zone * layout.days + day


def _needed_formula(layout: Layout, item: int, row: int, before: bool) -> str:
    """Needed so far in a zone: the largest lack up to now."""
    _, _, needs = _columns(layout)
    lack = _own(layout, item, row)
    for kit, holds in layout.holders(item):
        lack += f"-{holds:.15g}*{column(needs[kit])}{row + 1}" if kit in needs else (
            f"-{holds:.15g}*({_own(layout, kit, row)})"
        )  # fmt: skip
    previous = f",{column(needs[item])}{row}" if before else ""
    return f"MAX(0{previous},{lack})"


def _own(layout: Layout, item: int, row: int) -> str:
    """What an item calls for by itself so far."""
    counts, fixed, _ = _columns(layout)
    at = column(counts[item])
    plain = f"{at}{row + 1}*{at}${EACH_ROW + 1}"
    return f"{plain}+{column(fixed[item])}{row + 1}" if item in fixed else plain


def _needed(layout: Layout, so_far: dict[str, Array]) -> dict[int, Array]:
    """Needed so far of each held item, (zone, time), as the formulas have it."""
    own = so_far["count"] * layout.amounts.per_unit + so_far["fixed"]
    found: dict[int, Array] = {}

    def needed(item: int) -> Array:
        if item not in found:
            lack = own[..., item].copy()
            for kit, holds in layout.holders(item):
                lack -= holds * (needed(kit) if kit in layout.held else own[..., kit])
            found[item] = np.maximum.accumulate(np.maximum(lack, 0.0), axis=1)
        return found[item]

    return {item: needed(item) for item in layout.held}


def held_in(layout: Layout, item: int, place: int, window: int | None, day: int = 0) -> str:
    """The formula of an item's need in a place and window, or on a day.

    Parameters
    ----------
    layout : Layout
    item, place : int
        Positions.
    window : int, optional
        Position; None: the day.
    day : int
        From 0.
    """
    spans = layout.amounts.windows
    first, last = (day, day) if window is None else (spans[window].first, spans[window].end - 1)
    _, _, needs = _columns(layout)
    about = layout.amounts.places[place]
    if about.level == ZONE:
        zone = layout.zones.index(place)
        end = cell(_row(layout, zone, last), needs[item], CONTENTS)
        return end if first == 0 else f"{end}-{cell(_row(layout, zone, first - 1), needs[item], CONTENTS)}"
    end = _sum_on(layout, needs[item], last, about.admin1 if about.level == ADMIN1 else "", place)
    if first == 0:
        return end
    return f"{end}-{_sum_on(layout, needs[item], first - 1, about.admin1 if about.level == ADMIN1 else '', place)}"


def _sum_on(layout: Layout, at: int, day: int, admin1: str, place: int) -> str:
    """Needed up to a day by all zones of a place."""
    last = _row(layout, len(layout.zones) - 1, layout.days - 1)

    def whole(which: int) -> str:
        return f"{cell(TOP, which, CONTENTS)}:{cell(last, which)}"

    within = f",{whole(ADMIN1_CODE)},{cell(layout.row(place, 0), 3, 'people')}" if admin1 else ""
    return f"SUMIFS({whole(at)},{whole(DAY)},{day}{within})"
