"""A result as a notebook shows it: a few figures, their condition, and where the arrays are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np
import xarray as xr

from displacement.variables import PEOPLE

__all__ = ["page"]

DAYS = (3, 7, 14, 30)
"""Days of the run that are shown, beside the last."""
MEASURES = ("newly_displaced", "newly_displaced_cum", "returned_cum", "unable_to_leave")
PLACES = 5
"""Zones that are named, of those most left and of those most came to."""
FEWEST = 100
"""People below which no figure is shown, for a notebook is forwarded too. [person]"""


def page(
    title: str,
    condition: str,
    people: xr.Dataset,
    levels: Sequence[float],
    arrays: Mapping[str, xr.Dataset | None],
    notice: str,
) -> str:
    """A part of an HTML page; every text is escaped, and nothing is asked of any host.

    Parameters
    ----------
    title, condition, notice : str
        What stands above the figures, and below.
    people : xarray.Dataset
        Measures of people by (member, time, zone[, type]). [person]
    levels : sequence of float
        Quantiles over the members; the range goes from the lowest to the highest.
    arrays : mapping of str to xarray.Dataset or None
        What else can be looked into, by the name that it goes by.
    """
    return "\n".join(
        [
            "<div>",
            f"<p><b>{escape(title)}</b><br>{escape(condition)}:</p>",
            *_by_day(people, levels),
            *_by_zone(people),
            *_looked_into(arrays),
            f"<p><small>{escape(notice)}</small></p>",
            "</div>",
        ]
    )


def _by_day(people: xr.Dataset, levels: Sequence[float]) -> Iterator[str]:
    """A table of the whole area: measures by day."""
    length = people.sizes["time"]
    days = [*(day for day in DAYS if day < length), length]
    dates = np.datetime_as_string(people["time"].values, unit="D")
    yield "<table><thead><tr><th>people</th>"
    yield from (f"<th>day {day}<br>{dates[day - 1]}</th>" for day in days)
    yield "</tr></thead><tbody>"
    for name in MEASURES:
        by_day = (
            people[name].isel(time=[day - 1 for day in days]).sum("zone").transpose("member", "time").values
        )
        cells = "".join(f"<td>{_ranged(by_day[:, at], levels)}</td>" for at in range(len(days)))
        yield f'<tr><th title="{escape(PEOPLE[name].meaning)}">{name}</th>{cells}</tr>'
    yield "</tbody></table>"


def _by_zone(people: xr.Dataset) -> Iterator[str]:
    """Where most left from, and where most are on the last day."""
    last = people.isel(time=-1)
    for label, values in (
        ("From", last["newly_displaced_cum"]),
        ("To", last["present_new"].sum("type")),
    ):
        middle = values.median("member").values
        order = [at for at in np.argsort(-middle, kind="stable")[:PLACES] if round(middle[at])]
        named = (f"{escape(str(last['zone_name'].values[at]))} {_figure(float(middle[at]))}" for at in order)
        yield f"<p>{label}: {', '.join(named) or 'nowhere'}.</p>"


def _looked_into(arrays: Mapping[str, xr.Dataset | None]) -> Iterator[str]:
    """Names, sizes and contents of the arrays."""
    yield "<details><summary>Arrays</summary><ul>"
    for name, held in arrays.items():
        if held is not None:
            sizes = ", ".join(f"{dim} {size}" for dim, size in held.sizes.items())
            inside = escape(", ".join(map(str, held.data_vars)))
            yield f"<li><code>result.{name}</code> ({escape(sizes)}): {inside}</li>"
    yield "</ul></details>"


def _ranged(values: np.ndarray, levels: Sequence[float]) -> str:
    """The middle of the members, and the range of several."""
    middle = _figure(float(np.median(values)))
    if len(values) == 1 or len(levels) == 1:
        return middle
    low, high = (_figure(float(np.quantile(values, level))) for level in (levels[0], levels[-1]))
    return f"{middle}<br><small>{low} to {high}</small>"


def _figure(people: float) -> str:
    """Two significant figures.

    >>> _figure(328_412.0), _figure(42.0), _figure(0.2)
    ('330,000', 'fewer than 100', '0')
    """
    whole = round(people)
    return "fewer than 100" if 0 < whole < FEWEST else f"{float(f'{whole:.2g}'):,.0f}"
