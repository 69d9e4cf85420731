"""The one-file brief: what is said of people, aid and background, put on a page in all its languages."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from displacement.io import tables
from displacement.io.provenance import version
from displacement.io.reports import WHOLE_AREA
from displacement.io.shapes import centres, drawn_outlines
from displacement.report.briefs import background, people, wording
from displacement.report.briefs.aid import aid_of
from displacement.report.briefs.days import Days, days_of
from displacement.report.briefs.drawing import (
    MOST_NAMES,
    Observed,
    chart_item,
    frame_of,
    map_item,
    printed_map,
    script,
    tick_days,
)
from displacement.report.briefs.shown import Shown, shown_at
from displacement.report.briefs.shown import people as figure
from displacement.report.briefs.wording import LANGUAGES, Coded, Named, Said, both, in_both, number, told
from displacement.report.classes import BREAKS, COLOURS, FEW, NOBODY, UNKNOWN
from displacement.report.trust import number as score
from displacement.result import Result

__all__ = ["brief", "page"]

HERE = Path(__file__).parent
TOTALS = ("newly_displaced", "newly_displaced_cum")
"""Measures whose reported totals stand on the chart; of the whole area."""
TOLD_TO_SCRIPT = (
    *("chart_title", "chart_zone", "col_from", "col_there", "day_of", "direction", "few", "map_title"),
    *("other_language", "pause", "play", "range", "slider", "to", "unknown", "zones_note"),
)
"""Texts that the page's script puts in."""
PART = 2
"""Bars are this many per cent long, or a multiple of it."""


def brief(result: Result, path: str | Path = "brief.html", lang: str = "en") -> Path:
    """Write the one-file brief: it opens anywhere, asks no host, and prints.

    Parameters
    ----------
    result : Result
    path : str or pathlib.Path
        The file to write.
    lang : {"en", "ar"}
        The language in which it opens; a button switches to the other.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        If there is no such language.
    InputError
        If it cannot be written.
    """
    text = page(result, lang)
    target = Path(path)
    with tables.saving(target) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return target


def page(result: Result, lang: str = "en") -> str:
    """The brief as HTML.

    Parameters
    ----------
    result : Result
    lang : {"en", "ar"}
        The language in which it opens.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"lang is one of {', '.join(LANGUAGES)} (got {lang!r}); write lang='en'")
    scripts = {"bokeh": _bokeh(), "js": (HERE / "brief.js").read_text(encoding="utf-8")}
    hashes = " ".join(map(_hash, scripts.values()))
    return (
        _environment()
        .get_template("brief.html.j2")
        .render(
            lang=lang,
            direction=wording.texts(lang)["page"]["direction"],
            title=told(lang, "title", title=_title(result)),
            css=Markup((HERE / "brief.css").read_text(encoding="utf-8")),
            hashes=Markup(hashes),
            **{name: Markup(text) for name, text in scripts.items()},
            **_said_of_people(result),
            **_said_of_aid(result),
            **_background(result),
            **_drawn(result),
        )
    )


@lru_cache(maxsize=1)
def _bokeh() -> str:
    """Bokeh's script as it may stand inside an element of a page."""
    return script().replace("</script", "<\\/script")


def _hash(text: str) -> str:
    """What a page's policy says of a script that may run; no other may."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kinds = (
        wording.Amount,
        Coded,
        wording.Day,
        wording.Kinds,
        wording.Listed,
        wording.People,
        wording.Percent,
    )
    environment.globals |= {kind.__name__: kind for kind in kinds}
    environment.globals |= {"Range": wording.Range, "t": both, "said": in_both, "score": score}
    environment.globals |= {"part": _part, "two_lines": _two_lines, "widths": range(0, 101, PART)}
    return environment


def _part(one: Shown, longest: Shown) -> int:
    """Length of a bar beside the longest, in per cent."""
    whole = longest.middle or 1.0
    return PART * round(100 / PART * (one.middle or 0.0) / whole)


def _two_lines(shown: Shown) -> Markup:
    """A figure, and its range below it."""
    middle = in_both(shown.alone)
    if not shown.has_range:
        return middle
    levels = both("to", low=shown.low, high=shown.high)
    return middle + Markup('<br><span class="less">{}</span>').format(levels)


def _title(result: Result) -> Said:
    scenario = result.scenario
    variant = f" [{scenario.variant}]" if scenario.variant else ""
    return Said(scenario.title + variant, (scenario.title_ar or scenario.title) + variant)


def _condition(result: Result) -> Said:
    """What the answer depends on, in all languages."""
    scenario = result.scenario
    if scenario.condition_ar:
        clause = told("ar", "if_as_written", condition=scenario.condition_ar)
    elif scenario.condition:
        clause = told("ar", "if_words", condition=Named(scenario.condition, ""))
    elif scenario.variant:
        clause = told("ar", "if_variant", variant=Named(scenario.variant, ""))
    else:
        clause = told("ar", "if_events")
    known = told("ar", "as_of", date=wording.Day(scenario.as_of, True)) if scenario.as_of else ""
    return Said(result.condition, clause + known)


def _variant_condition(variant: background.Variant) -> Said:
    if variant.condition_ar:
        return Said(variant.condition, told("ar", "if_as_written", condition=variant.condition_ar))
    clause = variant.condition.removeprefix("If ")
    return Said(variant.condition, told("ar", "if_words", condition=Named(clause, "")))


def _said_of_people(result: Result) -> dict[str, Any]:
    zones, period = result.inputs.zones, result.scenario.period
    asked = result.scenario.uncertainty.quantiles
    days, to = people.by_day(result), people.top(result, "present_new")
    reports = people.reported(result)
    unable = result.people["unable_to_leave"].isel(time=-1).sum("zone").transpose("member").values
    totals = [one for one in reports if one.zone is None and one.measure in TOTALS and one.ours]
    return {
        "heading": _title(result),
        "condition": _condition(result),
        "restricted": result.scenario.sensitivity == "restricted",
        "first": period.start,
        "last": period.last,
        "as_of": result.scenario.as_of,
        "total": days[-1].people,
        "most": to[0] if to and to[0].people.middle and days[-1].people.middle else None,
        "unable": figure(unable, asked),
        "days": days,
        "again": people.again(result),
        "sites": people.sites(result),
        "reports": reports,
        "headline_report": totals[-1] if totals else None,
        "top_to": to,
        "top_from": people.top(result, "newly_displaced"),
        "inside": zones.inside,
        "name": lambda at: Named(zones.name[at], zones.name_ar[at]),
        "governorate": lambda at: zones.admin1_name[at],
        "in_sites": people.in_sites(result),
        "population": figure(np.array([np.nansum(zones.population)]), asked),
    }


def _said_of_aid(result: Result) -> dict[str, Any]:
    aid = aid_of(result)
    out = [line for line in aid.lines if line.runs_out is not None]
    return {"aid": aid, "running_out": sorted(out, key=lambda line: (line.runs_out, line.item))}


def _background(result: Result) -> dict[str, Any]:
    asked = result.scenario.uncertainty.quantiles
    return {
        "period_days": result.people.sizes["time"],
        "members": result.people.sizes["member"],
        "range_share": asked[-1] - asked[0],
        "variants": background.variants_of(result),
        "variant_condition": _variant_condition,
        "drivers": background.drivers_of(result),
        "assumed": background.assumed(result),
        "record": background.track_record(result),
        "boundaries": result.inputs.boundaries,
        "licences": result.inputs.area.licences,
        "version": version(),
    }


def _drawn(result: Result) -> dict[str, Any]:
    """The map, the chart and what the page's script needs of them."""
    days, zones = days_of(result), result.inputs.zones
    outlines = drawn_outlines(result.inputs.grid, result.inputs.cells["zone"].values)
    points, observed = centres(outlines), _observed(result)
    there = days.zones["there"].middle
    listed = _listed(days, len(zones.code))
    frame = frame_of(outlines, listed)
    fixed = {"nobody": NOBODY.colour, "few": FEW.colour, "unknown": UNKNOWN.colour}
    return {
        "swatches": fixed | dict(enumerate(COLOURS)),
        "shown_days": days.shown,
        "listed": listed,
        "cell": lambda name, zone: shown_at(days.zones[name], -1, zone),
        "observed_now": any(not one.ever for one in observed),
        "observed_ever": any(one.ever for one in observed),
        "class_labels": [f"{number(edge)}+" for edge in BREAKS],
        "has_unknown": any(None in row for steps in days.zones.values() for row in steps.middle),
        "printed": printed_map(outlines, there[-1], points, frame),
        "map_item": _json(map_item(outlines, there[-1], frame, "map")),
        "chart_item": _json(chart_item(days.area, observed, "chart")),
        "data": _json(
            {
                "first": str(result.scenario.period.start),
                "days": days.shown,
                "ticks": tick_days(len(days.area.middle)),
                "area": days.area._asdict(),
                "zones": {name: steps._asdict() for name, steps in days.zones.items()},
                "codes": zones.code,
                "names": zones.name,
                "names_ar": zones.name_ar,
                "centres": points,
                "most_names": MOST_NAMES,
                "frame": {"left": frame.left, "across": frame.width / frame.scale, "scale": frame.scale},
                "breaks": BREAKS,
                "colours": {"classes": COLOURS, **fixed},
                "sorted_by": 2,
                "texts": {language: _for_script(language, result) for language in LANGUAGES},
            }
        ),
    }


def _listed(days: Days, zones: int) -> list[int]:
    """Zones of which there is a figure to show on a shown day; those where most are on the last day first."""
    measures = [steps.middle for steps in days.zones.values()]
    found = [at for at in range(zones) if any((row[at] or 0) > 0 for steps in measures for row in steps)]
    there = days.zones["there"].middle[-1]
    return sorted(found, key=lambda at: -(there[at] or 0))


def _observed(result: Result) -> Sequence[Observed]:
    start, days = result.scenario.period.start, result.scenario.period.days
    found = []
    for report in result.reports:
        day = (report.date - start).days + 1
        if report.zone == WHOLE_AREA and report.measure in TOTALS and 1 <= day <= days:
            found.append(Observed(day, report.people, report.measure != TOTALS[0]))
    return found


def _for_script(language: str, result: Result) -> Mapping[str, Any]:
    texts = wording.texts(language)
    title = told(language, "title", title=_title(result))
    return {
        **{key: texts["page"][key] for key in TOLD_TO_SCRIPT},
        "months": texts["months"],
        "title": title,
    }


def _json(value: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it ends that element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)
