"""The sheet of sources: of every line, of the sizes of groups, of the area's tables."""

from __future__ import annotations

from collections.abc import Iterator

from displacement.report.books.layout import SOURCES, Layout
from displacement.report.books.paper import HEAD, Paper

__all__ = ["write_sources"]

COLUMNS = ("of what", "name", "figure", "status", "source", "given by")


def write_sources(paper: Paper, layout: Layout) -> None:
    """Write the sheet."""
    how = (
        "Where figures come from, and how far to trust them: verified in the source, second-hand, or assumed."
    )
    sheet = paper.sheet(SOURCES, how, [16, 34, 18, 14, 90, 24, 10], (HEAD + 1, 2))
    paper.texts(sheet, HEAD, 0, COLUMNS, "head")
    row = HEAD
    for texts in (*_lines(layout), *_groups(layout), *_licences(layout), *_inputs(layout)):
        row += 1
        paper.texts(sheet, row, 0, texts, "wrapped")
        sheet.set_row(row, 15 * (1 + max(len(texts[4]) // 95, len(texts[1]) // 34)))
    sheet.autofilter(HEAD, 0, row, len(COLUMNS) - 1)


def _lines(layout: Layout) -> Iterator[tuple[str, ...]]:
    catalogue = layout.result.aid.catalogue
    for item in layout.items:
        given = catalogue.provenance[item.id, "quantity"]
        yield "line of aid", item.id, f"{item.quantity:g} {item.unit}", item.status, item.source, given
        if item.source_mass:
            given = catalogue.provenance[item.id, "mass_kg"]
            yield "weight, volume", item.id, "", item.mass_status, item.source_mass, given


def _groups(layout: Layout) -> Iterator[tuple[str, ...]]:
    people = layout.result.aid.settings
    for cohort in people.cohorts:
        spread = f"{cohort.share:.3g} ({cohort.low:.3g} to {cohort.high:.3g})"
        yield "share of people", cohort.name, spread, cohort.status, cohort.source, ""
    for situation in people.shelter:
        shares = f"towns {situation.in_town:.0%}, sites {situation.in_site:.0%}"
        yield "shelter", situation.name, shares, situation.status, situation.source, ""


def _licences(layout: Layout) -> Iterator[tuple[str, ...]]:
    for licence in layout.result.inputs.area.licences:
        yield "area", "", "", "", licence, ""


def _inputs(layout: Layout) -> Iterator[tuple[str, ...]]:
    """Files of the run with their hashes: for the analyst."""
    if not layout.showing.exact:
        return
    for name, entry in dict(layout.result.provenance.get("inputs", {})).items():
        told = "; ".join(f"{key} {value}" for key, value in dict(entry).items() if value)
        yield "file", str(name), "", "", told, ""
