"""Pictures for slides: where people left and where they are, and how many by day."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from displacement.io import results
from displacement.io.errors import InputError, finding
from displacement.io.kept import over_members
from displacement.io.provenance import version
from displacement.io.reports import WHOLE_AREA
from displacement.io.tables import saving
from displacement.report.charts import cut, days_axis, short
from displacement.report.classes import CLASSES, UNKNOWN, Class, class_of
from displacement.report.maps.figures import LEFT, THERE, exact, shared
from displacement.report.maps.zone_layers import boundaries
from displacement.report.rounding import (
    SMALLEST,
    middle,
    quantiles,
    range_in_words,
    ranged,
    shared_people,
    significant,
    words,
)
from displacement.result import LIMITS, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["chart", "picture"]

Array = NDArray[Any]

SIZE, DPI = (16.0, 9.0), 120
"""Of a slide: 1920 x 1080 pixels. [inch], [1/inch]"""
INK, QUIET, LINE = "#1c2329", "#5f6b76", "#8a939c"
MODEL, SEEN = "#0072b2", "#d55e00"
HATCH = "////"
AWAY, EVER = "newly_displaced", LEFT
LINES = ((EVER, "ever left", "--"), (AWAY, "away from home", "-"))
"""Lines of the chart; the range is that of the one drawn whole."""
NAMED = 8
"""Zones that bear their name on the map: those with most people."""
LONGEST = 140.0
"""Room for the name of a zone. [pixel]"""
LEAST = 1_000.0
"""Top of the chart at the least: a line below is not read as a figure of a few people. [person]"""
PANELS = (
    (LEFT, "Left home by {date}, by zone of origin"),
    (THERE, "Where newly displaced people are on {date}"),
)


def picture(result: Result, path: str | Path = "map.png") -> Path:
    """Draw the main map: who ever left, and where the newly displaced are, on the last day.

    Parameters
    ----------
    result : Result
    path : str or pathlib.Path
        A PNG file; an older one is replaced.

    Returns
    -------
    pathlib.Path
        The file: 1920 x 1080 pixels, with scale, date, sources and limits.

    Raises
    ------
    InputError
        If matplotlib is not installed, the area is a network of places, which has no outlines, or the file cannot be
        written.
    """
    target = Path(path)
    if result.inputs.network is not None:
        raise InputError(
            finding(target, "a network of places has no outlines to draw; the chart has its figures")
        )
    figure = _slide(target, result)
    grid = result.inputs.grid
    shapes = results.outlines(grid, result.inputs.cells["zone"].values, grid.crs)
    for at, (measure, title) in enumerate(PANELS):
        axes = figure.add_axes((0.02 + 0.42 * at, 0.155, 0.4, 0.635))
        _panel(axes, result, shapes, measure, title.format(date=_day(result.scenario.period.last)))
    _legend(figure)
    return _saved(figure, target, result)


def chart(result: Result, path: str | Path = "chart.png") -> Path:
    """Draw people displaced by day, with their range and what was reported.

    Parameters, returns and errors are those of `picture`.
    """
    target = Path(path)
    figure = _slide(target, result)
    axes = figure.add_axes((0.075, 0.19, 0.79, 0.59))
    _by_day(axes, result)
    return _saved(figure, target, result)


def _said(result: Result) -> str:
    """The answer in a sentence."""
    away = result.people["newly_displaced"].isel(time=-1).sum("zone").values
    asked = result.scenario.uncertainty.quantiles
    people = f"About {ranged(away, asked)} people" if round(float(middle(away))) else "Nobody"
    return f"{people} newly displaced on {_day(result.scenario.period.last)}."


def _day(date: Any) -> str:
    return f"{date.day} {date:%B %Y}"


def _slide(path: Path, result: Result) -> Figure:
    """An empty slide with the condition as its title, and what everybody has to know at its foot."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        message = "pictures need matplotlib; pip install 'displacement-estimator[png]'"
        raise InputError(finding(path, message)) from None
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    title = textwrap.wrap(f"{result.condition}:", 95, max_lines=2, placeholder=" ...")
    text: dict[str, Any] = {"color": INK, "va": "top", "parse_math": False}
    figure.text(0.02, 0.97, "\n".join(title), size=20, weight="bold", **text)
    figure.text(0.02, 0.955 - 0.043 * len(title), _said(result), size=17, **text)
    figure.text(0.02, 0.015, _foot(result), size=9.5, color=QUIET, va="bottom", parse_math=False)
    return figure


def _foot(result: Result) -> str:
    """Limits, sources and what it was made with."""
    restricted = "RESTRICTED, not to be passed on. " if result.scenario.sensitivity == "restricted" else ""
    sources = " ".join(result.inputs.area.licences) or "not given"
    members, asked = result.people.sizes["member"], result.scenario.uncertainty.quantiles
    made = (
        f"the middle of {members} members, ranges are {range_in_words(asked).removeprefix('the range of ')}"
        if members > 1
        else "one run at the middle of every assumption, without a range"
    )
    parts = [
        (f"{restricted}{LIMITS} {boundaries(result)}", 3),
        (f"Sources: {sources}", 2),
        (f"{result.scenario.title}; {made}; displacement {version()}.", 1),
    ]
    lines = [
        line for text, most in parts for line in textwrap.wrap(text, 220, max_lines=most, placeholder=" ...")
    ]
    return "\n".join(lines)


def _panel(
    axes: Axes, result: Result, shapes: Mapping[int, Mapping[str, Any]], measure: str, title: str
) -> None:
    """One map, with the names of the zones that have most."""
    levels = exact(result, measure, slice(-1, None))
    values = np.asarray(levels["p50"])[0]
    for at, shape in shapes.items():
        _fill(axes, shape, class_of(float(values[at])))
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.margins(0.0)
    axes.set_axis_off()
    axes.set_title(title, size=15, color=INK, loc="left")
    axes.apply_aspect()
    _names(axes, result, shapes, levels)
    _scale_and_north(axes)


def _names(
    axes: Axes, result: Result, shapes: Mapping[int, Mapping[str, Any]], levels: Mapping[str, Array | None]
) -> None:
    """Names and figures of the zones with most people; one that would cover another is left out."""
    values = np.asarray(levels["p50"])[0]
    taken: list[Any] = []
    for at in sorted((at for at in shapes if values[at] >= SMALLEST), key=lambda at: -values[at])[:NAMED]:
        name = result.inputs.zones.name[at] or result.inputs.zones.code[at]
        figure = shared(levels, (0, at)).levels["p50"]
        told = _label(axes, shapes[at], f"{cut(name, LONGEST)}\n{figure:,}")
        box = told.get_window_extent()
        if any(box.overlaps(other) for other in taken):
            told.remove()
        else:
            taken.append(box)


def _rings(shape: Mapping[str, Any]) -> list[Array]:
    """Every ring of a multipolygon. [m]"""
    return [np.asarray(ring, dtype=float) for polygon in shape["coordinates"] for ring in polygon]


def _fill(axes: Axes, shape: Mapping[str, Any], one: Class) -> None:
    """An outline in the colour of its class; holes stay open."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Drawn

    drawn = Drawn.make_compound_path(*(Drawn(ring, closed=True) for ring in _rings(shape)))
    hatch = HATCH if one.hatched else None
    axes.add_patch(
        PathPatch(drawn, facecolor=one.colour, edgecolor=LINE, linewidth=0.5, hatch=hatch, clip_on=False)
    )


def _label(axes: Axes, shape: Mapping[str, Any], text: str) -> Text:
    """A name in the middle of the largest part of a zone, legible on every colour."""
    from matplotlib.patheffects import withStroke

    largest = max(_rings(shape), key=lambda ring: float(np.ptp(ring, axis=0).prod()))
    x, y = (largest.min(axis=0) + largest.max(axis=0)) / 2
    told = axes.text(
        x, y, text, size=9, ha="center", va="center", color=INK, parse_math=False, linespacing=1.05
    )
    halo: list[Any] = [withStroke(linewidth=2.5, foreground="white")]
    told.set_path_effects(halo)
    return told


def _scale_and_north(axes: Axes) -> None:
    """Below the map a bar of a round length, and which way is up: the map lies on a projected grid."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    length, thick = _round_length((east - west) / 4), 0.012 * (north - south)
    bottom = south - 0.045 * (north - south)
    for half, colour in enumerate((INK, "white")):
        left, right = (west + part * length / 2 for part in (half, half + 1))
        square = ([left, right, right, left], [bottom, bottom, bottom + thick, bottom + thick])
        axes.fill(*square, fc=colour, ec=INK, lw=1, clip_on=False)
    axes.text(west + 1.05 * length, bottom, f"{length / 1000:g} km", size=11, color=INK)
    axes.text(west + 1.9 * length, bottom, "N \N{UPWARDS ARROW}", size=13, weight="bold", color=INK)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)


def _round_length(most: float) -> float:
    """The longest of 1, 2, 5, 10, ... kilometres that is not above a length. [m]

    >>> _round_length(61_000.0), _round_length(4_999.0)
    (50000.0, 2000.0)
    """
    decade = 10.0 ** np.floor(np.log10(most))
    return float(max(step * decade for step in (1, 2, 5) if step * decade <= most))


def _legend(figure: Figure) -> None:
    from matplotlib.patches import Patch

    keys = [
        Patch(fc=one.colour, ec=LINE, hatch=HATCH if one.hatched else None, label=one.label)
        for one in reversed(CLASSES)
        if one != UNKNOWN
    ]
    legend = figure.legend(
        handles=keys, loc="center left", frameon=False, fontsize=11.5, labelspacing=0.8, borderpad=0.0
    )
    legend.set_bbox_to_anchor((0.85, 0.47))
    legend.set_title("People")
    legend.get_title().set_fontsize(13)


def _by_day(axes: Axes, result: Result) -> None:
    """Who ever left and who is away, with the range, and what was reported of the whole area."""
    days = result.people["time"].values.astype("datetime64[D]")
    numbers, asked, top = days.astype(int), result.scenario.uncertainty.quantiles, LEAST
    for measure, label, style in LINES:
        total = over_members(result.people[measure], lambda part: part.sum("zone"))
        by_member = total.transpose("member", "time").values
        levels = [_drawn(one) for one in quantiles(by_member, asked).values() if one is not None]
        line = _drawn(middle(by_member))
        if measure == AWAY and len(levels) > 1:
            axes.fill_between(numbers, levels[0], levels[-1], color=MODEL, alpha=0.2, lw=0)
            top = max(top, float(np.nanmax(levels[-1], initial=0.0)))
        axes.plot(numbers, line, color=MODEL, linestyle=style, lw=2.6)
        told, side = words(float(middle(by_member)[-1])), "bottom" if measure == EVER else "top"
        place = (numbers[-1], float(np.nan_to_num(line[-1])))
        axes.annotate(
            f"{label}\n{told}",
            place,
            (10, 0),
            textcoords="offset points",
            size=13,
            color=MODEL,
            va=side,
            annotation_clip=False,
        )
        top = max(top, float(np.nanmax(line, initial=0.0)))
    _finish(axes, max(top, _points(axes, result, days)), days)


def _drawn(values: Array) -> Array:
    """Figures as a line is drawn: finer than they are written, so that it does not go up in steps, and with a gap where
    one is suppressed."""
    return np.array(
        [np.nan if shared_people(float(one))[1] else significant(float(one), 3) for one in values]
    )


def _points(axes: Axes, result: Result, days: Array) -> float:
    """Reported totals of the whole area; the highest of them. [person]"""
    top = 0.0
    for measure, marker in ((EVER, "o"), (AWAY, "s")):
        seen = [
            report
            for report in result.reports
            if report.zone == WHOLE_AREA
            and report.measure == measure
            and np.datetime64(report.date, "D") in days
        ]
        if seen:
            dates = np.array([report.date for report in seen], dtype="datetime64[D]").astype(int)
            people = [report.people for report in seen]
            label = "reported: " + ("ever left" if measure == EVER else "away")
            axes.scatter(dates, people, s=70, marker=marker, fc="white", ec=SEEN, lw=2, zorder=5, label=label)
            top = max(top, *people)
    if top:
        axes.legend(loc="upper left", frameon=False, fontsize=13)
    return top


def _finish(axes: Axes, top: float, days: Array) -> None:
    """Axes that can be read from the last row."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    first, last = (int(day.astype(int)) for day in (days[0], days[-1]))
    last = max(last, first + 1)
    axes.set_xlim(first, last)
    axes.set_ylim(0.0, 1.08 * top)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    marks = days_axis(days, float(first), float(last))[1]
    axes.set_xticks([mark.at for mark in marks], [mark.label for mark in marks])
    axes.set_ylabel("people", size=13, color=INK)
    axes.tick_params(labelsize=13, colors=INK, length=0, pad=9)
    axes.grid(axis="y", color="#d9dee3", lw=1)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _saved(figure: Figure, target: Path, result: Result) -> Path:
    """Write the picture, whole or not at all; what it says of itself holds no time of writing."""
    about = {
        "Title": result.scenario.title,
        "Description": result.notice,
        "Software": f"displacement {version()}",
    }
    with saving(target) as partial:
        figure.savefig(partial, format="png", dpi=DPI, metadata=about)
    return target
