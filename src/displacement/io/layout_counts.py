"""People counted, in the layout of the field's agent model: a series a camp, corrected where a recount rescales it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path

from displacement.io.layout_lines import MOST_PEOPLE, Line, empty, known, lines

SOURCE = "source_data"
_NO = ("0", "no", "false")

Series = list[tuple[dt.date, float]]
"""Dates, rising, and counts. [person]"""


def counted(folder: Path, names: Collection[str]) -> tuple[dict[str, Series], list[str]]:
    """People counted in each camp that has a series.

    Parameters
    ----------
    folder : pathlib.Path
        Holds `data_layout.csv` and the files that it names; several files of one camp are added up.
    names : collection of str
        The places there are; counts of others are left out, with a note.

    Returns
    -------
    tuple of dict and list of str
        Series by camp, and notes.
    """
    path = folder / "data_layout.csv"
    if not path.is_file():
        return {}, [f"there is no {SOURCE}/{path.name}: nobody was counted"]
    found: dict[str, Series] = {}
    notes = []
    listed = lines(path, ("camp", "location", "name"))
    if not listed:
        raise empty(path, "total,file.csv and then camp,file.csv")
    for line in listed:
        name = line.text(0, "camp")
        if name.casefold() == "total":
            continue
        if name in found:
            raise line.wrong("camp", f"'{name}' stands there already; keep one")
        if name not in names:
            notes.append(
                f"{path.name}, line {line.number}: no place is called '{name}'; its counts are left out"
            )
            continue
        files = [cell for cell in line.cells[1:] if cell]
        if not files:
            raise line.wrong("camp", f"'{name}' has no file of counts")
        for file in files:
            if not (folder / file).is_file():
                raise line.wrong("camp", f"there is no file {SOURCE}/{file}")
        found[name] = _added([_series(folder / file) for file in files])
    return found, notes


def _series(path: Path) -> Series:
    """Dates and counts of a file, dates rising; of several counts on a day the last."""
    counts: dict[dt.date, float] = {}
    for line in _counted_lines(path):
        if line.cell(0) and line.cell(1):
            counts[line.date(0, "date")] = line.value(1, "count", 0, MOST_PEOPLE)
        elif line.cell(1):
            raise line.wrong("date", "is blank; every count needs its date")
    if not counts:
        raise empty(path, "YYYY-MM-DD,count")
    return sorted(counts.items())


def _counted_lines(path: Path) -> list[Line]:
    """Lines with figures; a first one whose second cell is no number names the columns."""
    listed = lines(path, ("date", "datetime"))
    names = bool(listed) and bool(listed[0].cell(1)) and not any(map(str.isdigit, listed[0].cell(1)))
    return listed[1:] if names else listed


def _added(series: Sequence[Series]) -> Series:
    """Several series of one camp added up, each held between its dates by a straight line."""
    if len(series) == 1:
        return series[0]
    dates = sorted({date for one in series for date, _ in one})
    return [(date, sum(_at(one, date) for one in series)) for date in dates]


def _at(series: Series, date: dt.date) -> float:
    """A count on a date, by a straight line; before the first and after the last as there."""
    before = [one for one in series if one[0] <= date]
    after = [one for one in series if one[0] >= date]
    if not before or not after:
        return (before[-1:] or after[:1])[0][1]
    (first, low), (last, high) = before[-1], after[0]
    return low if first == last else low + (high - low) * (date - first).days / (last - first).days


def corrected(
    path: Path, counts: dict[str, Series], names: Collection[str]
) -> tuple[dict[str, Series], list[str]]:
    """Series whose counts before a recount are multiplied by what makes the last of them the recount; and notes."""
    found, notes = dict(counts), []
    for line in lines(path, ("camp", "location", "name"), needed=False):
        name, date = known(line, 0, "camp", names), line.date(1, "date")
        if len(line.cells) > 2 and line.cell(2).casefold() in _NO:
            continue
        series = found.get(name, [])
        before = [one for one in series if one[0] < date]
        after = [one for one in series if one[0] >= date]
        if not before or not after or before[-1][1] <= 0:
            notes.append(
                f"{path.name}, line {line.number}: nothing was counted in {name} on both sides of {date}"
            )
            continue
        factor = after[0][1] / before[-1][1]
        found[name] = [*((day, count * factor) for day, count in before), *after]
    return found, notes
