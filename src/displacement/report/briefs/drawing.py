"""The brief's map and chart, drawn with Bokeh: what a page needs to show them without asking any host."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from displacement.report.briefs.shown import HIDDEN, Steps
from displacement.report.classes import FEW, class_of
from displacement.report.rounding import SMALLEST

__all__ = [
    "Observed",
    "Printed",
    "chart_item",
    "colour_of",
    "frame_of",
    "map_item",
    "printed_map",
    "script",
    "tick_days",
]

BLUE, ORANGE = "#0072b2", "#d55e00"
"""Ours, and what was reported: told apart by those who see few colours."""
EDGE, INK, GRID = "#8a949c", "#1c2329", "#e3e7ea"
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans Arabic', 'Noto Kufi Arabic', Tahoma, 'DejaVu Sans', sans-serif"
MAP_SIDE, MAP_MOST = 440, 380
"""Width of the map, and its greatest height. [pixel]"""
CHART = (560, 330)
"""Width and height of the chart. [pixel]"""

MARGIN = 0.03
"""Around the zones of a map, as a share of their larger extent. [1]"""
MOST_NAMES = 5
"""Zones that are named on the map: those with most people."""

Polygon = list[list[tuple[int, int]]]
"""Rings of easting and northing, the outer one first. [m]"""


class Shape(NamedTuple):
    """A zone as it is printed."""

    path: str
    """Its outline in SVG. [pixel]"""
    colour: str
    unknown: bool
    """Hatched."""


class Printed(NamedTuple):
    """The map as it is printed: still, and sharp at any size."""

    width: int
    height: int
    """[pixel]"""
    shapes: tuple[Shape, ...]
    names: tuple[tuple[int, float, float], ...]
    """Zones that are named, and where. [pixel]"""


class Observed(NamedTuple):
    """A reported total on the chart."""

    day: int
    """Counted from the first of the period, which is 1."""
    people: float
    ever: bool
    """True: all who ever left; False: those away."""


def script() -> str:
    """Bokeh's own script, without those of widgets, tables, WebGL and mathematics."""
    from bokeh.resources import Resources

    (text,) = Resources(mode="inline", components=["bokeh"], minified=True).js_raw[:1]
    return str(text)


def colour_of(figure: float | None) -> str:
    """The colour of a shared figure: nobody, suppressed, not known and the classes all differ.

    >>> colour_of(0), colour_of(-1), colour_of(None), colour_of(330_000)
    ('#ffffff', '#ede6d3', '#d9d9d9', '#0c2c84')
    """
    return (FEW if figure == HIDDEN else class_of(figure)).colour


class Frame(NamedTuple):
    """What of the plane a map shows, alike in both directions."""

    left: float
    """[m]"""
    top: float
    """[m]"""
    scale: float
    """[pixel/m]"""
    width: int
    """[pixel]"""
    height: int
    """[pixel]"""


def frame_of(outlines: Mapping[int, list[Polygon]], wanted: Collection[int]) -> Frame:
    """A map that shows some zones whole, as large as there is room.

    Parameters
    ----------
    outlines : mapping
        By position of the zone. [m]
    wanted : collection of int
        Zones that are shown; all where none of them has an outline.

    Examples
    --------
    >>> square = [[[(0, 0), (0, 1000), (1000, 1000), (1000, 0), (0, 0)]]]
    >>> frame_of({3: square}, [3])[3:], frame_of({3: square}, [])[3:]
    ((380, 380), (380, 380))
    """
    shown = [outlines[zone] for zone in wanted if zone in outlines] or list(outlines.values())
    points = [point for one in shown for polygon in one for ring in polygon for point in ring]
    eastings, northings = ([point[axis] for point in points] for axis in (0, 1))
    margin = MARGIN * max(max(eastings) - min(eastings), max(northings) - min(northings))
    left, top = min(eastings) - margin, max(northings) + margin
    across, up = max(eastings) + margin - left, top - min(northings) + margin
    scale = min(MAP_SIDE / across, MAP_MOST / up)
    return Frame(left, top, scale, round(across * scale), round(up * scale))


def map_item(
    outlines: Mapping[int, list[Polygon]], figures: Sequence[Any], frame: Frame, target: str
) -> dict[str, Any]:
    """The map as Bokeh takes it, with the figures of one day; the page changes them.

    Parameters
    ----------
    outlines : mapping
        By position of the zone. [m]
    figures : sequence
        By zone; None not known, -1 suppressed. [person]
    frame : Frame
        What it shows.
    target : str
        Id of the element that it goes into.
    """
    from bokeh.models import ColumnDataSource, HoverTool, Range1d, TapTool
    from bokeh.plotting import figure

    at = sorted(outlines)
    across, up = frame.width / frame.scale, frame.height / frame.scale
    plot = figure(
        width=frame.width,
        height=frame.height,
        x_range=Range1d(start=frame.left, end=frame.left + across),
        y_range=Range1d(start=frame.top - up, end=frame.top),
        min_border=0,
        toolbar_location=None,
        tools="",
        name="map",
    )
    source = ColumnDataSource(
        {
            "xs": [[[[point[0] for point in ring] for ring in one] for one in outlines[zone]] for zone in at],
            "ys": [[[[point[1] for point in ring] for ring in one] for one in outlines[zone]] for zone in at],
            "zone": at,
            "colour": [colour_of(figures[zone]) for zone in at],
            "hatch": ["/" if figures[zone] is None else " " for zone in at],
            "label": ["" for _ in at],
            "told": ["" for _ in at],
        },
        name="zones",
    )
    look: dict[str, Any] = {
        "fill_color": "colour",
        "line_color": EDGE,
        "line_width": 0.6,
        "hatch_pattern": "hatch",
        "hatch_color": EDGE,
        "hatch_alpha": 0.6,
        "hatch_scale": 8,
    }
    zones = plot.multi_polygons("xs", "ys", source=source, **look)
    zones.nonselection_glyph = zones.glyph
    zones.selection_glyph = zones.glyph.clone(line_color=ORANGE, line_width=3)
    zones.hover_glyph = zones.glyph.clone(line_color=INK, line_width=1.6)
    plot.add_tools(
        TapTool(renderers=[zones]),
        HoverTool(
            renderers=[zones], tooltips=[("", "@label"), ("", "@told")], name="hover", attachment="horizontal"
        ),
    )
    _names(plot)
    plot.axis.visible = False
    plot.grid.visible = False
    plot.outline_line_color = None
    return _item(plot, target)


def printed_map(
    outlines: Mapping[int, list[Polygon]],
    figures: Sequence[Any],
    centres: Mapping[int, tuple[int, int]],
    frame: Frame,
) -> Printed:
    """The map of one day as it is printed.

    Parameters
    ----------
    outlines : mapping
        By position of the zone. [m]
    figures : sequence
        By zone; None not known, -1 suppressed. [person]
    centres : mapping
        Where the name of a zone can stand. [m]
    frame : Frame
        What it shows.
    """

    def place(point: tuple[int, int]) -> tuple[float, float]:
        return round((point[0] - frame.left) * frame.scale, 1), round((frame.top - point[1]) * frame.scale, 1)

    def ring(points: list[tuple[int, int]]) -> str:
        return "M" + "L".join("{:g} {:g}".format(*place(point)) for point in points[:-1]) + "Z"

    shapes = tuple(
        Shape(
            "".join(ring(points) for polygon in outlines[zone] for points in polygon),
            colour_of(figures[zone]),
            figures[zone] is None,
        )
        for zone in sorted(outlines)
    )
    most = sorted((zone for zone in outlines if (figures[zone] or 0) > 0), key=lambda zone: -figures[zone])
    names = tuple((zone, *place(centres[zone])) for zone in most[:MOST_NAMES])
    return Printed(frame.width, frame.height, shapes, names)


def _names(plot: Any) -> None:
    """Names on the map; the page says which."""
    from bokeh.models import ColumnDataSource

    source = ColumnDataSource({"x": [], "y": [], "name": []}, name="names")
    plot.text(
        "x",
        "y",
        "name",
        source=source,
        text_font={"value": FONT},
        text_font_size={"value": "11.5px"},
        text_font_style="bold",
        text_color=INK,
        text_align="center",
        text_baseline="middle",
        background_fill_color="#ffffff",
        background_fill_alpha=0.72,
        padding=1,
        border_radius=2,
    )


def chart_item(area: Steps, observed: Sequence[Observed], target: str) -> dict[str, Any]:
    """The chart of people away by day, with its range and what was reported.

    Parameters
    ----------
    area : Steps
        By day. [person]
    observed : sequence of Observed
    target : str
        Id of the element that it goes into.
    """
    from bokeh.models import ColumnDataSource, DataRange1d, FixedTicker, NumeralTickFormatter, Range1d
    from bokeh.models.annotations import Span
    from bokeh.plotting import figure

    days = list(range(1, len(area.middle) + 1))
    plot = figure(
        width=CHART[0],
        height=CHART[1],
        x_range=Range1d(start=0.5, end=len(days) + 0.5),
        y_range=DataRange1d(start=0, min_interval=SMALLEST),
        toolbar_location=None,
        tools="",
        name="chart",
    )
    plot.min_border_right = 26
    source = ColumnDataSource(_columns(days, area), name="steps")
    plot.varea("day", "low", "high", source=source, fill_color=BLUE, fill_alpha=0.22)
    plot.line("day", "middle", source=source, line_color=BLUE, line_width=2.6)
    plot.scatter("day", "middle", source=source, size=3.5, color=BLUE)
    for ever in (False, True):
        seen = [one for one in observed if one.ever is ever]
        plot.scatter(
            [one.day for one in seen],
            [one.people for one in seen],
            size=9,
            line_color=ORANGE,
            line_width=2,
            fill_color="#ffffff" if ever else ORANGE,
            marker="diamond" if ever else "circle",
            name="observed",
        )
    plot.add_layout(
        Span(location=days[-1], dimension="height", line_color=INK, line_dash="dotted", name="now")
    )
    plot.xaxis.ticker = FixedTicker(ticks=tick_days(len(days)))
    plot.yaxis.formatter = NumeralTickFormatter(format="0,0")
    for axis in (plot.xaxis[0], plot.yaxis[0]):
        axis.update(
            major_label_text_font=FONT,
            major_label_text_font_size="11px",
            major_label_text_color=INK,
            minor_tick_line_color=None,
            axis_line_color=EDGE,
            major_tick_line_color=EDGE,
        )
    plot.xaxis[0].name = "days"
    plot.xgrid.visible = False
    plot.ygrid.grid_line_color = GRID
    plot.outline_line_color = None
    return _item(plot, target)


def tick_days(days: int, most: int = 5) -> list[int]:
    """Days with a label: the first, and evenly on.

    >>> tick_days(30), tick_days(5), tick_days(1)
    ([1, 8, 15, 22, 29], [1, 2, 3, 4, 5], [1])
    """
    step = next(step for step in (1, 2, 3, 5, 7, 14, 28, 56, 112, 224) if days <= step * most)
    return list(range(1, days + 1, step))


def _columns(days: Sequence[int], steps: Steps) -> dict[str, list[Any]]:
    """The columns of the chart; what is suppressed leaves a gap."""
    nan = float("nan")

    def plain(values: list[Any] | None) -> list[float]:
        return [
            nan if value is None or value == HIDDEN else float(value) for value in values or [nan] * len(days)
        ]

    return {
        "day": list(days),
        "middle": plain(steps.middle),
        "low": plain(steps.low),
        "high": plain(steps.high),
    }


def _item(plot: Any, target: str) -> dict[str, Any]:
    """What `Bokeh.embed.embed_item` takes, with ids that are the same for the same plot."""
    from bokeh.core.types import ID
    from bokeh.embed import json_item

    item = json_item(plot, ID(target))
    text = json.dumps({"doc": item["doc"], "root_id": item["root_id"]})
    numbers: dict[str, str] = {}
    text = re.sub(r'"p(\d+)"', lambda found: numbers.setdefault(found[0], f'"{target}{len(numbers)}"'), text)
    found: dict[str, Any] = json.loads(text)
    return {"target_id": target, **found}
