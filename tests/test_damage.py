"""Damaged files: whatever happens to a shipped file, a planner is told or the figures stay as they are."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import xlsxwriter

import displacement as dp
from displacement import asked
from displacement.io import tables
from displacement.io.folders import write_json
from displacement.io.provenance import sha256
from displacement.movement.destinations import TYPES
from displacement.scenario import timeline

ROOT = Path(__file__).parents[1]
MANY, FEW = 1000, 60
"""Damages of a thorough run to each set of files, and of an ordinary one to both."""
NAMES_A_FILE = re.compile(r"/\S+(\.(csv|yaml|json)|/area|/nw_syria)(:\d+){0,2}: ")
"""How a finding begins. A code that two tables share is a matter of the folder."""


def flip_a_bit(content: bytes, draw: np.random.Generator) -> bytes:
    at = int(draw.integers(len(content)))
    return content[:at] + bytes([content[at] ^ (1 << int(draw.integers(8)))]) + content[at + 1 :]


def delete_a_byte(content: bytes, draw: np.random.Generator) -> bytes:
    at = int(draw.integers(len(content)))
    return content[:at] + content[at + 1 :]


def truncate(content: bytes, draw: np.random.Generator) -> bytes:
    return content[: int(draw.integers(len(content)))]


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def delete_a_line(content: bytes, draw: np.random.Generator) -> bytes:
    lines = _lines(content)
    del lines[int(draw.integers(len(lines)))]
    return b"".join(lines)


def duplicate_a_line(content: bytes, draw: np.random.Generator) -> bytes:
    lines = _lines(content)
    at = int(draw.integers(len(lines)))
    return b"".join([*lines[: at + 1], *lines[at:]])


def remove_the_header(content: bytes, draw: np.random.Generator) -> bytes:
    return b"".join(_lines(content)[1:])


def _cells(content: bytes, draw: np.random.Generator) -> tuple[list[bytes], int, list[bytes]]:
    lines = _lines(content)
    at = int(draw.integers(len(lines)))
    return lines, at, lines[at].split(b",")


def delete_a_cell(content: bytes, draw: np.random.Generator) -> bytes:
    lines, at, cells = _cells(content, draw)
    del cells[int(draw.integers(len(cells)))]
    lines[at] = b",".join(cells)
    return b"".join(lines)


def blank_a_cell(content: bytes, draw: np.random.Generator) -> bytes:
    lines, at, cells = _cells(content, draw)
    cells[int(draw.integers(len(cells)))] = b""
    lines[at] = b",".join(cells)
    return b"".join(lines)


def swap_two_cells(content: bytes, draw: np.random.Generator) -> bytes:
    lines, at, cells = _cells(content, draw)
    first, second = draw.integers(len(cells), size=2)
    cells[first], cells[second] = cells[second], cells[first]
    lines[at] = b",".join(cells)
    return b"".join(lines)


def delete_a_column(content: bytes, draw: np.random.Generator) -> bytes:
    rows = [line.split(b",") for line in _lines(content)]
    column = int(draw.integers(len(rows[0])))
    return b"".join(b",".join(row[:column] + row[column + 1 :]) for row in rows)


def _replaced(content: bytes, pattern: bytes, new: bytes | None, draw: np.random.Generator) -> bytes:
    """One match replaced, or by a random digit where nothing is given."""
    found = list(re.finditer(pattern, content))
    if not found:
        return delete_a_byte(content, draw)
    one = found[int(draw.integers(len(found)))]
    return content[: one.start()] + (new or b"%d" % draw.integers(10)) + content[one.end() :]


def replace_a_digit(content: bytes, draw: np.random.Generator) -> bytes:
    return _replaced(content, rb"\d", None, draw)


def change_a_sign(content: bytes, draw: np.random.Generator) -> bytes:
    return _replaced(content, rb"(?<=[,: {])(?=\d)", b"-", draw)


def write_a_number_as_text(content: bytes, draw: np.random.Generator) -> bytes:
    text = (b"many", b"nan", b"inf", b"1e999", b"12.5.7", "\u0661\u0662".encode())[int(draw.integers(6))]
    return _replaced(content, rb"(?<=[,: {])\d+(\.\d+)?", text, draw)


def insert_a_sign(content: bytes, draw: np.random.Generator) -> bytes:
    signs = (
        b",",
        b";",
        b"\t",
        b'"',
        b"'",
        b"\x00",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b":",
        b"{",
        b"]",
        b"#",
        b"&a ",
        b"*",
    )
    at = int(draw.integers(len(content) + 1))
    return content[:at] + signs[int(draw.integers(len(signs)))] + content[at:]


def swap_line_ends(content: bytes, draw: np.random.Generator) -> bytes:
    unix = content.replace(b"\r\n", b"\n")
    return (unix.replace(b"\n", b"\r\n"), unix.replace(b"\n", b"\r"))[int(draw.integers(2))]


Damage = Callable[[bytes, np.random.Generator], bytes]
DAMAGES: tuple[Damage, ...] = (
    *(flip_a_bit, delete_a_byte, truncate, delete_a_line, duplicate_a_line, remove_the_header, delete_a_cell),
    *(blank_a_cell, swap_two_cells, delete_a_column, replace_a_digit, change_a_sign, write_a_number_as_text),
    *(insert_a_sign, swap_line_ends),
)


class Shipped(NamedTuple):
    """A copy of an area and its scenarios, and what it says undamaged."""

    area: Path
    files: tuple[Path, ...]
    """What is damaged, one at a time."""
    question: Path
    """Uses every table of the area; damage to another scenario is read by that one."""
    totals: dict[str, float]


def totals(path: Path) -> tuple[dict[str, float], tuple[str, ...]]:
    """What a scenario is read to say, and its notes: everything before anybody moves."""
    scenario = dp.load(path)
    inputs = asked.read_inputs(scenario)
    events = timeline.of(scenario, inputs)
    sites = inputs.destinations.type == TYPES.index("site")
    length = sum(
        np.hypot(np.diff(road.easting), np.diff(road.northing)).sum() for road in inputs.land.roads.values()
    )
    found: dict[str, Any] = {
        "people": inputs.zones.population.sum(),
        "displaced before": np.nansum(inputs.zones.displaced_before),
        "registered": inputs.destinations.size[sites].sum(),
        "places": len(inputs.places.code),
        "points": len(inputs.coordinates),
        "strikes": sum(strike.weight for strike in events.strikes),
        "changes": sum((events.control.at(day) != inputs.places.start).sum() for day in range(40)),
        "road length": length,
        "crossings": len(inputs.crossings.code),
    }
    return {name: float(value) for name, value in found.items()}, (*inputs.notes, *events.notes)


def copied(folder: Path, area: Path, place: str, scenarios: Path, asked: str, cell_km: float) -> Shipped:
    """A copy of an area that has a manifest, and of its scenarios, on larger cells to be read faster."""
    target, beside = folder / place, folder / "scenarios"
    shutil.copytree(area, target)
    beside.mkdir(exist_ok=True)
    manifest = target / "manifest.json"
    if not manifest.exists():
        hashes = {path.name: {"sha256": sha256(path)} for path in target.iterdir()}
        write_json(manifest, {"files": hashes})
    files = [path for path in sorted(target.iterdir()) if path.suffix in (".csv", ".yaml", ".json")]
    for path in sorted(scenarios.glob("*.yaml")):
        files.append(Path(shutil.copy(path, beside)))
        coarse = f"base: {path.name}\ngrid: {{cell_km: {cell_km}}}\n"
        (beside / f"coarse_{path.name}").write_text(coarse, encoding="utf-8")
    question = beside / f"coarse_{asked}"
    return Shipped(target, tuple(files), question, totals(question)[0])


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shipped, ...]:
    """The shipped area and the toy area, with their scenarios."""
    toy = ROOT / "tests" / "toy"
    large, small = (tmp_path_factory.mktemp(name) for name in ("large", "small"))
    return (
        copied(
            large, ROOT / "data" / "nw_syria", "data/nw_syria", ROOT / "scenarios", "aleppo_2024.yaml", 5.0
        ),
        copied(small, toy / "area", "scenarios/area", toy, "toy.yaml", 5.0),
    )


def wrong(shipped: Shipped, file: Path) -> str:
    """What is wrong with how a damaged file is read; blank if nothing is."""
    beside = shipped.question.parent
    is_scenario = file.parent == beside
    path = beside / f"coarse_{file.name}" if is_scenario else shipped.question
    try:
        found, notes = totals(path)
        for variant in dp.load(path).variants if is_scenario else ():
            dp.load(path, variant)
    except dp.InputError as error:
        silent = [line for line in error.findings if not NAMES_A_FILE.match(line)]
        return f"names no file: {silent[0]}" if silent else ""
    except Exception as error:  # what must never reach a planner
        return f"{type(error).__name__}: {error}"
    if is_scenario:
        return "" if np.isfinite(list(found.values())).all() else f"not finite: {found}"
    if found == shipped.totals or any(
        note.startswith(f"{file.name} is not as manifest.json") for note in notes
    ):
        return "" if np.isfinite(list(found.values())).all() else f"not finite: {found}"
    other = {name: (value, found[name]) for name, value in shipped.totals.items() if found[name] != value}
    return f"read without a word, and other totals: {other}"


def failures(shipped: Shipped, seed: int, count: int) -> Iterator[str]:
    """Damage that is neither answered nor harmless, file after file."""
    for at in range(count):
        draw = np.random.default_rng([seed, at])
        file = shipped.files[at % len(shipped.files)]
        damage = DAMAGES[int(draw.integers(len(DAMAGES)))]
        whole = file.read_bytes()
        try:
            file.write_bytes(damage(whole, draw))
            message = wrong(shipped, file)
        finally:
            file.write_bytes(whole)
        if message:
            yield f"{file.name}, {damage.__name__}, seed {seed}, number {at}: {message}"


def test_a_damaged_file_is_an_error_or_said_or_changes_nothing(shipped):
    found = [failure for one in shipped for failure in failures(one, 1, FEW // 2)]
    assert found == []


@pytest.mark.slow
def test_a_thousand_damages_of_each_set_of_files_are_errors_or_said_or_change_nothing(shipped):
    found = [failure for one in shipped for failure in failures(one, 11, MANY)]
    assert found == []


def test_a_changed_table_is_no_error_and_is_said(shipped):
    """To use other figures is what a table is for: the note says which file, and how many people that makes."""
    area = shipped[1].area / "zones.csv"
    whole = area.read_bytes()
    try:
        area.write_bytes(whole.replace(b",8000,0,", b",9000,0,"))
        found, notes = totals(shipped[1].question)
    finally:
        area.write_bytes(whole)
    assert found["people"] == shipped[1].totals["people"] + 1000
    assert [note for note in notes if "manifest" in note] == [
        "zones.csv is not as manifest.json describes it (29,000 people now): figures come from the changed file; "
        "if that is meant, run `make manifest` or remove manifest.json."
    ]


@pytest.mark.parametrize("at", [0, 1], ids=["shipped", "toy"])
def test_what_is_whole_is_read_without_a_note_on_it(shipped, at):
    found, notes = totals(shipped[at].question)
    assert found == shipped[at].totals
    assert not [note for note in notes if "manifest" in note]


def test_line_ends_of_another_system_are_no_change(shipped):
    file = shipped[1].area / "zones.csv"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole.replace(b"\n", b"\r\n"))
        found, notes = totals(shipped[1].question)
    finally:
        file.write_bytes(whole)
    assert found == shipped[1].totals
    assert not [note for note in notes if "manifest" in note]


def test_a_damaged_workbook_is_an_error_or_read(tmp_path):
    """As a person sends it, compressed, and uncompressed, where damage reaches the text of a sheet."""
    path = tmp_path / "zones.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["zone", "population", "share"])
        for line in range(1, 40):
            sheet.write_row(line, 0, [f"Z{line}", 100 * line])
        sheet.write_formula(5, 2, "=1/0", None, "#DIV/0!")
    plain = tmp_path / "plain.xlsx"
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(plain, "w") as unpacked:
        for name in packed.namelist():
            unpacked.writestr(name, packed.read(name))
    answers = []
    for at in range(400):
        draw = np.random.default_rng([7, at])
        whole = (path, plain)[at % 2].read_bytes()
        damage = (flip_a_bit, delete_a_byte, truncate, _other_parts)[int(draw.integers(4))]
        (tmp_path / "damaged.xlsx").write_bytes(damage(whole, draw))
        try:
            answers.append(len(tables.read(tmp_path / "damaged.xlsx", ["zone", "population"])))
        except dp.InputError as error:
            assert "damaged.xlsx:" in str(error)
    assert 0 < len(answers) < 400


def _other_parts(content: bytes, draw: np.random.Generator) -> bytes:
    """An archive one of whose parts is damaged, though the archive is whole."""
    packed, changed = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with packed, zipfile.ZipFile(changed, "w") as damaged:
        names = packed.namelist()
        struck = names[int(draw.integers(len(names)))]
        for name in names:
            part = packed.read(name)
            damaged.writestr(name, flip_a_bit(part, draw) if name == struck else part)
    return changed.getvalue()
