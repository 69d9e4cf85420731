"""The answer in a screenful of text."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.ensemble import chosen
from displacement.io.kept import over_members, summed
from displacement.io.reports import WHOLE_AREA
from displacement.movement.calibrated import ParameterSet
from displacement.needs.loads import in_all, mass_and_volume, trucks_needed
from displacement.needs.logistics import Supply
from displacement.report.drivers import drivers_lines
from displacement.report.observed import beside
from displacement.report.pin import pin_lines
from displacement.report.record import said
from displacement.report.rounding import SMALLEST, range_in_words, ranged, significant, words
from displacement.report.rounding import middle as middle_of
from displacement.report.supply import supply_lines
from displacement.report.variants import variants_lines
from displacement.result import LIMITS, Result

Array = NDArray[Any]

DAYS = (3, 7, 14, 30)
WIDTH = 96
EARLY_SHARE = 0.02
"""Share of all newly displaced above which those of the first day are remarked on: the period begins late."""


def middle(values: xr.DataArray) -> Array:
    """The middle estimate over members."""
    return middle_of(values.transpose("member", ...).values)


def summary(result: Result) -> str:
    """The answer: how many, from where, to where, what it takes first, and how sure.

    Returns
    -------
    str
        Markdown, at most 96 columns; what could begin an element of HTML in a user's words is text.
    """
    scenario = result.scenario
    title = scenario.title + (f" [{scenario.variant}]" if scenario.variant else "")
    mark = ["RESTRICTED, not to be passed on.", ""] if scenario.sensitivity == "restricted" else []
    lines = [f"# {title}", "", *mark, *_wrapped(answer(result)), ""]
    lines += [*_by_day(result), *_again(result)]
    lines += ["", *_top(result, "newly_displaced", "From"), *_top(result, "present_new", "To"), ""]
    if result.variants is not None:
        asked = scenario.uncertainty.quantiles
        lines += [*variants_lines(result.variants, str(scenario.period.start), asked), ""]
    lines += _reported(result)
    lines += [*needs_lines(result.needs, result.people, result.aid.logistics), ""]
    if result.supply is not None and not too_few(result.needs, result.people):
        lines += [*supply_lines(result.supply), ""]
    lines += _in_need(result)
    if result.drivers is not None and not too_few(result.needs, result.people):
        lines += [*drivers_lines(result.drivers, result.inputs.zones.name), ""]
    lines += [*_wrapped(sure(result)), *_wrapped(LIMITS), ""]
    return inert_in_markdown("\n".join(lines))


def inert_in_markdown(text: str) -> str:
    r"""Text in which nothing begins an element of HTML, which Markdown would let through.

    >>> print(inert_in_markdown("<b>1</b> < 2"))
    \<b>1\</b> < 2
    """
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)


def answer(result: Result) -> str:
    """The answer in a sentence, with what it depends on."""
    last = result.people.isel(time=-1)
    total = last["newly_displaced"].sum("zone")
    unable = float(middle(last["unable_to_leave"].sum("zone")))
    people = (
        f"about {ranged(total.values, result.scenario.uncertainty.quantiles)} people"
        if round(float(middle(total)))
        else "nobody"
    )
    text = f"{result.condition}: {people} newly displaced on {result.scenario.period.last}"
    if round(unable):
        text += f", and {words(unable)} who want to leave and cannot"
    return text + "."


def _by_day(result: Result) -> list[str]:
    asked = result.scenario.uncertainty.quantiles
    away = over_members(result.people["newly_displaced"], lambda part: part.sum("zone"))
    by_member, total = away.transpose("member", "time").values, middle(away)
    first = result.scenario.period.start
    shown = [day for day in DAYS if day <= len(total)]
    shown = [*shown, len(total)] if len(total) not in shown else shown
    dates = np.datetime_as_string(result.people["time"].values, unit="D")
    cells = [f"day {day} ({dates[day - 1][5:]}): {ranged(by_member[:, day - 1], asked)}" for day in shown]
    text = f"Newly displaced, counted from {first}: " + "; ".join(cells) + "."
    if total[0] > EARLY_SHARE * total[-1]:
        text += f" {words(float(total[0]))} leave on the first day: begin the period earlier to count those before."
    return _wrapped(text)


def _again(result: Result) -> list[str]:
    """Who was displaced before, who moved on, who went home."""
    last = result.people.isel(time=-1)
    before, home = (
        float(middle(last[name].sum("zone"))) for name in ("displaced_before_cum", "returned_cum")
    )
    onward = float(middle(_in_all(result.people["arrivals_again"])))
    parts = [
        f"{words(before)} of those who ever left had been displaced before the run" if round(before) else "",
        f"{words(onward)} arrivals were second or later moves" if round(onward) else "",
        f"{words(home)} went home" if round(home) else "",
    ]
    said = [part for part in parts if part]
    return _wrapped(f"Of the movements: {'; '.join(said)}.") if said else []


def _reported(result: Result, count: int = 10) -> list[str]:
    """Observed figures beside the estimate: those of the whole area first, then the largest."""
    pairs = beside(result)
    if not pairs:
        return []
    order = sorted(pairs, key=lambda pair: (pair.report.zone != WHOLE_AREA, -pair.report.people))
    names = dict(zip(result.inputs.zones.code, result.inputs.zones.name, strict=True))
    rows = []
    for pair in sorted(order[:count], key=lambda pair: (pair.report.date, pair.report.line)):
        report = pair.report
        estimate = "outside the run" if pair.estimate is None else words(pair.estimate)
        ratio = "" if pair.ratio is None else f"{significant(pair.ratio):g} x"
        where = names.get(report.zone, "whole area")
        scope = f" ({report.scope})" if report.scope else ""
        rows.append(
            f"| {report.date} | {where}{scope} | {_name(report.measure)} | {report.people:,.0f} | {estimate} | {ratio} |"
        )
    left = [f"{len(pairs) - count} more in internal/reports.csv."] if len(pairs) > count else []
    head = [
        "| date | where | measure | reported | estimate | estimate / reported |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    return [
        "Reported figures beside the estimate, as reported (they may lag or cover a part):",
        "",
        *head,
        *rows,
        "",
        *left,
    ]


def _top(result: Result, measure: str, word: str, count: int = 5) -> list[str]:
    last = result.people[measure].isel(time=-1)
    values = middle(last.sum("type") if "type" in last.dims else last)
    order = np.argsort(-values, kind="stable")[:count]
    names = result.inputs.zones.name
    parts = [f"{names[at]} {words(float(values[at]))}" for at in order if round(values[at]) > 0]
    return _wrapped(f"{word}: " + (", ".join(parts) if parts else "nobody") + ".")


def _in_need(result: Result) -> list[str]:
    if too_few(result.needs, result.people):
        return []
    said = [line for text in pin_lines(result.in_need) for line in _wrapped(text)]
    return [*said, ""] if said else []


def too_few(needs: xr.Dataset, people: xr.Dataset) -> bool:
    """Whether so few people arrived that a figure of aid would tell of them: 1 to 99."""
    return 0 < round(_arrived(needs, people)) < SMALLEST


def _arrived(needs: xr.Dataset, people: xr.Dataset, again: bool = True) -> float:
    """Arrivals in the zones of the needs; without those who arrive again, people. [movement or person]"""
    inside = people.sel(zone=needs["zone"].values)
    counted = _in_all(inside["arrivals"])
    if not again and "arrivals_again" in inside:
        counted = counted - _in_all(inside["arrivals_again"])
    return float(middle(counted))


def _in_all(arrivals: xr.DataArray) -> xr.DataArray:
    """Arrivals of the whole run in all zones, by member."""
    return over_members(arrivals, lambda part: part.sum(("time", "zone", "type")))


def needs_lines(needs: xr.Dataset, people: xr.Dataset, supply: Supply | None = None) -> list[str]:
    """What is needed, item by item, with the share of tonnes and cost that rests on assumed figures.

    Parameters
    ----------
    needs : xarray.Dataset
        As `demand` returns it.
    people : xarray.Dataset
        `arrivals` that stand behind it; zones without needs are left out.
    supply : Supply, optional
        What a truck carries.
    """
    if too_few(needs, people):
        return ["Needs are not shown: fewer than 100 people are behind them."]
    by_day = summed(needs, "zone")
    total = middle(by_day["need"].sum(("time", "zone"), skipna=False))
    labels = zip(needs["item"].values, needs["unit"].values, strict=True)
    parts = [
        f"{_name(item):<29}{_figure(float(value)):>11} {unit if unit not in _name(item) else ''}"
        for (item, unit), value in zip(labels, total, strict=True)
        if value > 0
    ]
    if not parts:
        return ["No aid is needed for newly displaced people."]
    half = -(-len(parts) // 2)
    pairs = zip(parts[:half], [*parts[half:], ""], strict=False)
    lines = [f"Needed over {needs.sizes['time']} days, inside the area:"]
    lines += [f"  {left:<49}{right}".rstrip() for left, right in pairs]
    return [
        *lines,
        *_wrapped(_households(needs, _arrived(needs, people, again=False))),
        *_wrapped(_rests_on(by_day)),
        *_wrapped(_trucks(by_day, supply)),
        *_wrapped(_not_counted(needs)),
    ]


def _households(needs: xr.Dataset, arrived: float) -> str:
    """Both counts of households, because kits and averages differ."""
    average, packed = needs.attrs["household_size"], needs.attrs["kit_household_size"]
    return (
        f"{words(arrived)} people who arrived are {words(arrived / average)} households of {average:g}; household "
        f"rations are packed for {packed:g} ({words(arrived / packed)})."
    )


def _trucks(needs: xr.Dataset, supply: Supply | None) -> str:
    """Trucks for what hubs supply."""
    found = trucks_needed(needs, supply)
    whole, most, heaviest = (
        float(middle(part))
        for part in (found["trucks_in_all"], *(found[of].max("time") for of in ("trucks", "tonnes")))
    )
    if whole == 0:
        return ""
    carries = Supply() if supply is None else supply
    loads = mass_and_volume(_from_hubs(needs))
    weight, volume = (float(middle_of(in_all(loads, name)[1])) for name in ("mass", "volume"))
    return (
        f"{_figure(whole)} truck loads of {carries.payload_t:g} t or {carries.truck_m3 * carries.stowage:g} m3 carry "
        f"what hubs supply; most on one day: {_figure(most)}, {_figure(heaviest)} t ({weight:.0%} of the weight and "
        f"{volume:.0%} of the volume on assumed lines)."
    )


def _from_hubs(needs: xr.Dataset) -> xr.Dataset:
    """The items that hubs supply."""
    return needs.isel(item=np.flatnonzero((needs["supplied"] == "hub").values))


def _not_counted(needs: xr.Dataset) -> str:
    without = str(needs.attrs.get("items_without_people", "")).replace("_", " ")
    return f"Not known, because the people it is for are not given: {without}." if without else ""


def _name(item: str) -> str:
    return str(item).replace("_", " ")


def _figure(value: float) -> str:
    """A quantity in two significant figures, with thousands."""
    rounded = significant(value)
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def _rests_on(needs: xr.Dataset) -> str:
    """Tonnes from hubs, cost, and how much of both rests on assumed lines."""
    everything, dry = mass_and_volume(needs), mass_and_volume(_from_hubs(needs))
    text = []
    for load, name, unit, what in (
        (dry, "mass", "t", "from hubs (so without local water)"),
        (everything, "cost", str(needs.attrs["currency"]), "for everything"),
    ):
        whole, assumed = (float(middle_of(of_members)) for of_members in in_all(load, name))
        if whole > 0:
            text.append(f"{_figure(whole)} {unit} {what}, {assumed:.0%} of it on assumed lines")
    without = dry.attrs["items_without_mass"].replace("_", " ")
    known = f" In no tonnage and no truck, for want of a mass: {without}." if without else ""
    return f"In all {'; '.join(text)}.{known}" if text else ""


def sure(result: Result) -> str:
    """How sure the figures are, and what they rest on."""
    fitted = chosen(result.scenario)
    record = said(result.scenario.area_folder, fitted.version if fitted else "priors")
    return " ".join(filter(None, (_how_sure(result), record, _fitted(fitted))))


def _fitted(found: ParameterSet | None) -> str:
    """Which assumptions were fitted to past cases."""
    if found is None:
        return "No assumption was fitted to past cases (parameters: priors)."
    cases = ", ".join(case.name for case in found.cases)
    return (
        f"{len(found.parameters)} assumptions are as fitted to {cases} (parameters {found.version}), the others as their "
        "priors or the scenario say."
    )


def _how_sure(result: Result) -> str:
    if result.people.sizes["member"] == 1:
        return (
            "One run at the middle of every assumption, without a range: planning figures of this kind have "
            "been off by a factor of 2.5 at the start of an event."
        )
    asked = result.scenario.uncertainty.quantiles
    brackets = f", in brackets {range_in_words(asked)}" if len(asked) > 1 else ""
    return (
        f"Figures are the middle of {result.people.sizes['member']} members{brackets}: "
        "every assumption with a prior was drawn; how the conflict goes is not part of the range."
    )
