"""P-codes for a table that has names, in whatever language and spelling.

A name that more than one place bears is never decided by its spelling; whatever is not sure says what
to check.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from displacement.io import tables
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import Gazetteer, Kind, Name, normal

How = Literal["exact", "other spelling", "near", "ambiguous", "none"]
Level = Literal["zone", "admin2", "admin1"]

LEAST_LIKENESS = 90.0
"""Likeness of a near name from which it may be filled in. [percent]"""

LEAST_LEAD = 8.0
"""Lead over the next name from which a near name may be filled in. [percent]

With these two, each of 2,300 known spellings left out in turn: a fifth are filled in, 95 of 100 rightly; of
850 places left out with all their spellings, 2 of 100 are filled in, all wrongly. Hence 'check'.
"""

NAME_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "place": (
        *("place", "place name", "community", "community name", "location", "town", "village", "settlement"),
        *("site", "site name", "camp", "name", "adm4_en", "admin4name_en"),
        *(
            "المكان",
            "البلدة",
            "القرية",
            "المدينة",
            "التجمع",
            "الموقع",
            "المخيم",
            "اسم الموقع",
            "الاسم",
            "اسم",
        ),
        *("بلدة", "قرية", "مدينة", "موقع", "مخيم", "مكان"),
        *("yer", "yer adı", "yerleşim", "köy", "kasaba", "belde", "şehir", "kamp", "ad", "adı", "isim"),
    ),
    "zone": (
        *("zone", "zone name", "sub-district", "subdistrict", "sub district", "admin3"),
        *("adm3_en", "admin3name_en", "ناحية", "الناحية", "nahiye", "bucak", "ilçe"),
    ),
}
"""Headers under which names stand, the likeliest first."""

WITHIN_COLUMNS: Mapping[Level, tuple[str, ...]] = {
    "zone": NAME_COLUMNS["zone"],
    "admin2": ("admin2", "district", "adm2_en", "admin2name_en", "منطقة", "المنطقة", "kaza", "ilçe"),
    "admin1": (
        *("admin1", "governorate", "province", "adm1_en", "admin1name_en"),
        *("محافظة", "المحافظة", "il", "vilayet"),
    ),
}
"""Headers of larger areas, which tell places of one name apart."""

ADDED = ("pcode", "matched_name", "matched_zone", "match", "score", "review")

_COLOURS: Mapping[How, str] = {"near": "#FFF2CC", "ambiguous": "#FCE4D6", "none": "#F8CBAD"}


class Match(NamedTuple):
    """What a written name stands for."""

    how: How
    name: Name | None
    """None where a human must decide."""
    score: float
    """Likeness of the spelling to the best name. [percent]"""
    review: str
    """What a human has to check; blank where the match is sure."""


class Summary(NamedTuple):
    """What came of matching a table."""

    output: Path
    column: str
    """The column whose names were matched."""
    within: tuple[str, ...]
    """The columns that told places of one name apart."""
    counts: Mapping[How, int]
    """Rows by kind of match."""
    coded: int
    """Rows that have a p-code now."""
    review: int
    """Rows that a human has to check."""

    def __str__(self) -> str:
        rows = sum(self.counts.values())
        kinds = ", ".join(f"{count} {how}" for how, count in self.counts.items() if count)
        return f"{self.coded} of {rows} rows have a p-code ({kinds}); {self.review} to check: {self.output}"


def match(
    path: Path,
    gazetteer: Gazetteer,
    output: Path,
    kinds: Sequence[Kind] = ("place",),
    name: str | None = None,
    within: Mapping[Level, str] | None = None,
) -> Summary:
    """Write a copy of a table with p-codes to the names in it.

    A place that the area's tables do not hold, but whose name another place bears, is found as the other;
    columns of larger areas prevent that.

    Parameters
    ----------
    path : pathlib.Path
        A table with names.
    gazetteer : Gazetteer
        The area's names.
    output : pathlib.Path
        Where to write: `.csv`, or `.xlsx` with the rows to check in colour. All columns of the table, then
        `ADDED`, with `_found` behind a name that the table has already.
    kinds : sequence of str
        What the names are of, the preferred kind first.
    name : str, optional
        The column with the names; else the likeliest of `NAME_COLUMNS`, those of the preferred kind first.
    within : mapping, optional
        Columns of the larger areas by level; else those of `WITHIN_COLUMNS` that are there.

    Returns
    -------
    Summary
        How many rows were matched, and how.

    Raises
    ------
    InputError
        If the table cannot be read or has no such column, or the output cannot be written.
    """
    if output.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError(finding(output, "is neither CSV nor XLSX; end its name in .csv or .xlsx"))
    if output.resolve() == path.resolve():
        raise InputError(finding(output, "is the table itself; write to another file"))
    preferred = [column for kind in kinds for column in NAME_COLUMNS.get(kind, ())]
    names = (*preferred, *(column for columns in NAME_COLUMNS.values() for column in columns))
    rows = tables.read(path, [name or names, *(within or {}).values()])
    if not rows:
        raise InputError(finding(path, "has no rows below its header; nothing to match"))
    column = name or _first(rows[0], names)
    larger = dict(within) if within else _larger(rows[0], column)
    found = matches(rows, gazetteer, kinds, column, larger)
    header = [*rows[0], *(_free(added, rows[0]) for added in ADDED)]
    _write(
        output, header, [[*row.values(), *_cells(one)] for row, one in zip(rows, found, strict=True)], found
    )
    counts = Counter(one.how for one in found)
    return Summary(
        output,
        column,
        tuple(larger.values()),
        {how: counts[how] for how in ("exact", "other spelling", "near", "ambiguous", "none")},
        sum(one.name is not None for one in found),
        sum(bool(one.review) for one in found),
    )


def _first(row: tables.Row, names: Iterable[str]) -> str:
    return next(name for name in names if name in row)


def _larger(row: tables.Row, column: str) -> dict[Level, str]:
    """Columns of larger areas that the table has, beside the column of names."""
    taken = {tables.key(column)}
    found: dict[Level, str] = {}
    for level, names in WITHIN_COLUMNS.items():
        there = next((name for name in names if name in row and tables.key(name) not in taken), None)
        if there is not None:
            found[level] = there
            taken.add(tables.key(there))
    return found


def _free(added: str, row: tables.Row) -> str:
    """A name for an added column that the table does not have yet."""
    while added in row:
        added = f"{added}_found"
    return added


def matches(
    rows: Sequence[tables.Row],
    gazetteer: Gazetteer,
    kinds: Sequence[Kind],
    column: str,
    within: Mapping[Level, str],
) -> list[Match]:
    """What the name in each row stands for; the rows are as in `match`."""
    parents = _parents(gazetteer)
    written = [(row[column].strip(), *(row[name].strip() for name in within.values())) for row in rows]
    known = {
        (level, area): _zones_of(gazetteer, parents, level, area)
        for one in set(written)
        for level, area in zip(within, one[1:], strict=True)
    }
    found = {}
    for one in set(written):
        zones = [known[pair] for pair in zip(within, one[1:], strict=True)]
        inside = [allowed for allowed in zones if allowed]
        found[one] = match_name(one[0], gazetteer, kinds, frozenset.intersection(*inside) if inside else None)
    return [found[one] for one in written]


def _parents(gazetteer: Gazetteer) -> dict[str, dict[Level, frozenset[str]]]:
    """Codes and names of each zone and of the larger areas it lies in, by level."""
    return {
        row.text("zone"): {
            "zone": frozenset((row.text("zone"), row["name"])),
            "admin2": frozenset((row.get("admin2", ""), row.get("admin2_name", ""))) - {""},
            "admin1": frozenset((row.get("admin1", ""), row.get("admin1_name", ""))) - {""},
        }
        for row in tables.read(gazetteer.table("zones"), ["zone", "name"])
    }


def _zones_of(
    gazetteer: Gazetteer, parents: Mapping[str, Mapping[Level, frozenset[str]]], level: Level, written: str
) -> frozenset[str]:
    """Zones of a larger area; none if it is blank or nobody knows it.

    Two names are of one area if they are spelt alike, or are names of one place or zone: so a larger area is
    known in every language in which the place it is called after is.
    """

    def meanings(name: str) -> set[str]:
        return {normal(name), *(one.code for one in gazetteer.candidates(name, ("zone", "place")))}

    if not written:
        return frozenset()
    meant = meanings(written)
    areas = {area for of_zone in parents.values() for area in of_zone[level]}
    same = {area for area in areas if not meant.isdisjoint(meanings(area))}
    return frozenset(zone for zone, of_zone in parents.items() if not same.isdisjoint(of_zone[level]))


def match_name(
    written: str, gazetteer: Gazetteer, kinds: Sequence[Kind], inside: frozenset[str] | None = None
) -> Match:
    """What one name stands for.

    Parameters
    ----------
    written : str
        The name or p-code.
    gazetteer : Gazetteer
        The area's names.
    kinds : sequence of str
        What it can name, the preferred kind first.
    inside : frozenset of str, optional
        The zones in which it can lie, where the table says so.
    """
    if not written:
        return Match("none", None, 0, "the name is blank; write it")
    named = [gazetteer.candidates(written, (kind,)) for kind in kinds]
    fitting = next(filter(None, ([one for one in some if _lies(one, inside)] for some in named)), [])
    if len(fitting) == 1:
        how: How = "exact" if _is_official(written, fitting[0], gazetteer) else "other spelling"
        return Match(how, fitting[0], 100, "")
    if fitting:
        return Match("ambiguous", None, 100, f"{len(fitting)} have this name; write one: {_listed(fitting)}")
    elsewhere = [one for some in named for one in some]
    if elsewhere:
        return Match("ambiguous", None, 100, f"lies elsewhere than its row says; check: {_listed(elsewhere)}")
    return _near(written, gazetteer, kinds, inside)


def _near(written: str, gazetteer: Gazetteer, kinds: Sequence[Kind], inside: frozenset[str] | None) -> Match:
    """The name that is spelt most alike, filled in if it is clearly the likest."""
    listed: list[tuple[Name, float]] = []
    for kind in kinds:
        hits = [hit for hit in gazetteer.alike(written, (kind,)) if _lies(hit[0], inside)]
        listed += hits[:3]
        lead = hits[0][1] - hits[1][1] if len(hits) > 1 else 100.0
        if hits and hits[0][1] >= LEAST_LIKENESS and lead >= LEAST_LEAD:
            names = _listed(name for name, _ in hits)
            return Match("near", hits[0][0], hits[0][1], f"check whether it is the first: {names}")
    if listed:
        listed.sort(key=lambda hit: -hit[1])
        names = _listed(name for name, _ in listed)
        return Match("near", None, listed[0][1], f"check whether it is one of: {names}")
    guesses = [name for name in gazetteer.near(written, kinds) if _lies(name, inside)]
    hint = f"; check whether it is one of: {_listed(guesses)}" if guesses else "; write its p-code"
    return Match("none", None, 0, "no such name" + hint)


def _zone(name: Name) -> str:
    return name.code if name.kind == "zone" else name.zone


def _lies(name: Name, inside: frozenset[str] | None) -> bool:
    return inside is None or _zone(name) in inside


def _is_official(written: str, name: Name, gazetteer: Gazetteer) -> bool:
    """Whether what is written is the code or an official name, and not another spelling."""
    bare = written.partition("(")[0]
    return written == name.code or any(
        gazetteer.spellings.get(normal(spelling), {}).get(name.code, False) for spelling in (written, bare)
    )


def _listed(names: Iterable[Name]) -> str:
    return "; ".join(map(str, list(names)[:3]))


def _cells(one: Match) -> list[str]:
    """The added cells of one row."""
    name = one.name
    found = [name.code, name.name, _zone(name)] if name else ["", "", ""]
    return [*found, one.how, f"{one.score:.0f}" if one.score else "", one.review]


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], found: Sequence[Match]) -> None:
    with tables.saving(path) as partial:
        if path.suffix.lower() == ".csv":
            tables.write(partial, header, rows)
        else:
            partial.write_bytes(_workbook(header, rows, [_COLOURS.get(one.how) for one in found]))


_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?", re.ASCII)


def _workbook(header: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str | None]) -> bytes:
    """A workbook of one sheet, a colour a row; plain numbers become numbers, and nothing a formula or link."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("matched")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 18)
        sheet.autofilter(0, 0, len(rows), len(header) - 1)
        bold = book.add_format({"bold": True})
        formats = {colour: book.add_format({"bg_color": colour}) for colour in _COLOURS.values()}
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        for line, (cells, colour) in enumerate(zip(rows, colours, strict=True), 1):
            for column, cell in enumerate(cells):
                form = formats.get(colour or "")
                if _PLAIN_NUMBER.fullmatch(cell):
                    sheet.write_number(line, column, float(cell), form)
                else:
                    sheet.write_string(line, column, cell, form)
    return content.getvalue()
