"""The first sheet: the question, what may be changed and what follows, how sure, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from displacement.report.books.layout import READ_ME, Layout
from displacement.report.books.paper import HEAD, Paper
from displacement.report.summary import answer, sure

__all__ = ["FORWARDED", "FOR_THE_ANALYST", "SCENARIO_FILE", "VARIANT", "WRITTEN_FOR", "write_read_me"]

SCENARIO_FILE, VARIANT, WRITTEN_FOR = "scenario file", "variant", "written for"
"""Lines that `import-assumptions` reads."""
FORWARDED, FOR_THE_ANALYST = "forwarding: rounded", "the analyst: exact"


def write_read_me(paper: Paper, layout: Layout, scenario_file: str) -> None:
    """Write the sheet.

    Parameters
    ----------
    paper, layout
    scenario_file : str
        The scenario as it can be found: its name, or its place as seen from the workbook.
    """
    sheet = paper.sheet(
        READ_ME, "What this is, what may be changed, how sure it is.", [24, 120, 12], tall=True
    )
    row = HEAD + 1
    for head, text in (
        *_question(layout, scenario_file),
        *_reading(layout),
        *_assumptions(layout),
        *_notes(layout),
    ):
        paper.text(sheet, row, 0, head, "bold")
        paper.text(sheet, row, 1, text, "wrapped")
        sheet.set_row(row, 15 * (1 + len(text) // 115))
        row += 1


def _question(layout: Layout, scenario_file: str) -> Iterator[tuple[str, str]]:
    result, scenario = layout.result, layout.result.scenario
    yield "question", scenario.title
    yield "condition", f"{result.condition}."
    yield "answer", answer(result)
    yield SCENARIO_FILE, scenario_file
    yield VARIANT, scenario.variant or ""
    yield "period", f"{scenario.period.start} to {scenario.period.last}"
    members = result.people.sizes["member"]
    yield "members", str(members) if members > 1 else "1: the middle of every assumption"
    yield WRITTEN_FOR, FOR_THE_ANALYST if layout.showing.exact else FORWARDED


def _reading(layout: Layout) -> Iterator[tuple[str, str]]:
    yield (
        "what may be changed",
        "Yellow cells: quantities, weights, volumes, costs and sizes of households on 'assumptions'; lines of 'stock'; "
        "'people to plan for' on 'people'. Formulas follow at once. 'displacement import-assumptions' writes changed "
        "assumptions and stock as a scenario, to be run.",
    )
    yield (
        "exact after a change",
        "In proportion, and so just what a new run gives: the need of each line by its quantity and by the sizes of "
        "households; weight, volume, cost and trucks by day, as reckoned from the needs shown.",
    )
    yield "lines that kits hold", _contents(layout)
    yield (
        "gap",
        "Formulas: all hubs together, as if stock alone limited what is delivered, the shortest way for all. Where one "
        "store or route cannot reach every zone, or trucks, money, roads or the order of sectors bind, the gap is "
        "larger: "
        "the columns 'as run' say how large it was and for want of what; run again to see a change.",
    )
    yield (
        "people planned for",
        "Needs of newly displaced people follow those planned for in the zone and week in proportion; sums and the whole "
        "area follow by the difference. This is arithmetic, not a run of the model, and is not taken into a scenario.",
    )
    yield "percentiles", _percentiles(layout)
    if not layout.showing.exact:
        yield (
            "rounding",
            "Every figure has two significant digits and is rounded by itself from the exact one, totals and sums "
            "too, so "
            "they need not add up. 'lt100' stands for 1 to 99 people (of aid: those whom the item is for); "
            "formulas count "
            "it as nothing. What formulas come to rests on these rounded figures.",
        )
    yield "not known", "A figure whose people are not given. A blank is not known; it never means zero."


def _contents(layout: Layout) -> str:
    held = ", ".join(layout.items[at].id for at in layout.held)
    if not held:
        return "None on this list."
    if layout.exact_contents:
        return (
            f"{held}: what kits hold is taken off day by day and zone by zone on 'contents of kits', so a change "
            "is exact; "
            "people planned for scale what comes out."
        )
    return (
        f"{held}: what kits hold is taken off. A change of quantity is added or taken away as a whole; it is near, "
        "not exact, "
        "where kits brought more than was needed for a time. The workbook for the analyst of a single run is exact."
    )


def _percentiles(layout: Layout) -> str:
    if len(layout.amounts.levels) == 1:
        return "None: a single run at the middle of every assumption. With members there is a sheet for each level."
    return (
        f"{', '.join(layout.amounts.levels)} are taken of the members figure by figure and stand side by side, "
        "each level on "
        "a sheet of its own. Percentiles do not add up: not all zones and weeks are high in the same member. So "
        "formulas add up nothing but middle figures, and the sums of those (tonnes, trucks, gap) are not exactly middles."
    )


def _assumptions(layout: Layout) -> Iterator[tuple[str, str]]:
    for setting in layout.settings:
        unit = "" if setting.unit == "1" else f" {setting.unit}"
        yield setting.name, f"{setting.value:g}{unit}. {setting.meaning}"
    catalogue = layout.result.aid.catalogue
    yield (
        "lines of aid",
        f"Standards {catalogue.version}, layers: {', '.join(catalogue.layers)}; see 'assumptions' and 'sources'.",
    )
    yield "how sure", sure(layout.result)
    yield "limits", layout.result.notice


def _notes(layout: Layout) -> Iterator[tuple[str, str]]:
    """What somebody should look at; it may name who holds what, so it is not forwarded."""
    if layout.showing.exact:
        for note in layout.result.notes:
            yield "note", note
