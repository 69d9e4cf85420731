"""What was changed in a workbook, as a scenario on the one that it was made of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from displacement.aid import aid_lines_of
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.tables import saving
from displacement.needs.catalogue import Catalogue
from displacement.needs.item import Item
from displacement.report.books.edited import Edited, EditedLine, complain, read_edited, said, same, short
from displacement.report.books.layout import ASSUMPTIONS, EDITABLE
from displacement.report.books.stock_changes import changed_stock
from displacement.scenario.load import load
from displacement.scenario.model import Scenario

__all__ = ["Imported", "import_assumptions"]

OF_NEEDS = ("household_size", "kit_household_size")
OF_SUPPLY = ("payload_t", "truck_m3", "stowage", "losses")
STATUSES = ("verified", "second-hand", "assumed")


class Imported(NamedTuple):
    """What came of a workbook."""

    path: Path | None
    """The scenario; None where nothing was changed."""
    variant: str | None
    """The variant of the base that the workbook was made of."""
    changes: tuple[str, ...]
    """What was changed, a line each."""
    notes: tuple[str, ...]


def import_assumptions(book: str | Path, out: str | Path, base: str | Path | None = None) -> Imported:
    """Write what was changed in a workbook as a scenario.

    Parameters
    ----------
    book : str or pathlib.Path
        A `needs.xlsx` that was edited.
    out : str or pathlib.Path
        The scenario to write; it has `base:` and the changes, nothing else.
    base : str or pathlib.Path, optional
        The scenario that the workbook was made of; default: the file that it names.

    Raises
    ------
    InputError
        If the workbook or a cell is not as it must be, or the base is another than the one it was made of.
    """
    edited, target = read_edited(Path(book)), Path(out)
    found = _base(edited, target) if base is None else Path(base)
    if found.resolve() == target.resolve():
        raise InputError(finding(target, "is the scenario that the workbook was made of; name another file"))
    scenario = load(found, edited.variant)
    wrong: list[str] = []
    needs, told = _changed_needs(edited, scenario, wrong)
    supply, more = changed_stock(edited, scenario, wrong)
    settings, others = _changed_settings(edited, scenario, wrong)
    if wrong:
        raise InputError(*wrong)
    needs |= settings["needs"]
    supply |= settings["supply"]
    notes = _notes(edited)
    changes = (*told, *more, *others)
    if not changes:
        return Imported(None, edited.variant, (), notes)
    content: dict[str, Any] = {"base": _from(target, found)}
    content |= {name: value for name, value in (("needs", needs), ("supply", supply)) if value}
    _write(target, content, f"What was changed in {edited.path.name}")
    return Imported(target, edited.variant, changes, notes)


def _notes(edited: Edited) -> tuple[str, ...]:
    if not edited.people_changed:
        return ()
    return ("people planned for are not taken over: in a run people come from the events of the scenario",)


def _base(edited: Edited, target: Path) -> Path:
    """The scenario that a workbook names, where it may be expected."""
    name = edited.scenario_file
    folders = (edited.path.parent, target.parent, Path(), Path("scenarios"))
    places = [folder / name for folder in folders] if name else []
    places += [folder / Path(name).name for folder in folders] if name else []
    for place in places:
        if place.is_file():
            return place
    message = (
        f"was made of {name or 'a scenario that it does not name'}, which is not found; write --base FILE"
    )
    raise InputError(finding(edited.path, message))


def _from(target: Path, base: Path) -> str:
    """The base as seen from the new file."""
    try:
        return Path(os.path.relpath(base.resolve(), target.resolve().parent)).as_posix()
    except ValueError:
        return base.resolve().as_posix()


def _write(path: Path, content: dict[str, Any], comment: str) -> None:
    """Write the scenario if it can be read, and leave what was there if not."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    with saving(path) as partial:
        with partial.open("w", encoding="utf-8") as stream:
            stream.write(f"# {comment.splitlines()[0]}\n")
            yaml.dump(content, stream)
        try:
            load(partial)
        except InputError as error:
            raise InputError(*(line.replace(str(partial), str(path)) for line in error.findings)) from None


def _changed_needs(
    edited: Edited, scenario: Scenario, wrong: list[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Lines whose numbers differ, with those that the scenario has already; and what changed, in words."""
    catalogue = aid_lines_of(scenario)
    found: dict[str, dict[str, Any]] = {}
    told: list[str] = []
    for line in _known(edited, catalogue, wrong):
        item = catalogue.item(line.item)
        changed = _changed_line(edited, line, item, wrong)
        if changed:
            found[line.item] = changed
            told += [
                f"{line.item}: {name} {said(line.numbers[name].was)} -> {said(line.numbers[name].now)}"
                for name in EDITABLE
                if line.numbers[name].changed
            ]
            told += [f"{line.item}: {name}" for name in ("source", "status") if _says_otherwise(line, name)]
    if not found:
        return {}, ()
    own = {str(item.get("id")): dict(item) for item in scenario.needs.items}
    merged = {name: {**line, **found.get(name, {})} for name, line in own.items()}
    merged |= {name: {"id": name, **line} for name, line in found.items() if name not in own}
    return {"items": [_plain(line) for line in merged.values()]}, tuple(told)


def _plain(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as it is written: lists for tuples."""
    return {
        name: list(value)
        if isinstance(value, tuple)
        else dict(value)
        if isinstance(value, Mapping)
        else value
        for name, value in line.items()
    }


def _says_otherwise(line: EditedLine, name: str) -> bool:
    return bool(getattr(line, name) != getattr(line, f"{name}_was"))


def _known(edited: Edited, catalogue: Catalogue, wrong: list[str]) -> Iterator[EditedLine]:
    """Lines that the base has; what is unknown, there twice or gone is wrong."""
    ids = [item.id for item in catalogue.items]
    seen: dict[str, int] = {}
    for line in edited.lines:
        if line.item not in ids:
            hint = suggestion(line.item, ids) if line.item else "; put its id back"
            complain(edited, ASSUMPTIONS, line.row, "item", f"unknown item '{line.item}'{hint}", wrong)
        elif line.item in seen:
            message = f"'{line.item}' stands in row {seen[line.item]} already; keep one of them"
            complain(edited, ASSUMPTIONS, line.row, "item", message, wrong)
        else:
            seen[line.item] = line.row
            yield line
    for name in ids:
        if name not in seen:
            message = (
                f"the row of {name} is gone; put it back, and to leave the line out write needs: {{drop: [{name}]}} "
                "in the scenario"
            )
            wrong.append(finding(edited.path, message, at=f"sheet '{ASSUMPTIONS}'"))


def _changed_line(edited: Edited, line: EditedLine, item: Item, wrong: list[str]) -> dict[str, Any]:
    """The fields of a line that differ from the run."""
    if line.unit != item.unit:
        message = (
            f"the line is in {item.unit} (got '{line.unit}'); put the unit back and convert the quantity"
        )
        complain(edited, ASSUMPTIONS, line.row, "unit", message, wrong)
        return {}
    fields: dict[str, Any] = {}
    for name in EDITABLE:
        number, base = line.numbers[name], getattr(item, name)
        if not same(number.was, base):
            message = (
                f"was {said(number.was)} in the run, and the scenario now has {said(base)}; run it again and "
                "change the "
                "new workbook"
            )
            complain(edited, ASSUMPTIONS, line.row, name, message, wrong)
        elif number.changed and (number.now is None or number.now == 0):
            message = (
                f"must be above 0 (got {said(number.now)}); write a number, or {said(number.was)} as run"
            )
            complain(edited, ASSUMPTIONS, line.row, name, message, wrong)
        elif number.changed:
            fields[name] = short(number.now)
    status = line.status if _says_otherwise(line, "status") else "assumed"
    if status not in STATUSES:
        message = f"'{status}' says nothing of trust; write {', '.join(STATUSES)}"
        complain(edited, ASSUMPTIONS, line.row, "status", message, wrong)
    return _with_its_word(edited, line, fields, status)


def _with_its_word(edited: Edited, line: EditedLine, fields: dict[str, Any], status: str) -> dict[str, Any]:
    """Changed fields with a range that holds them, who says so, and how far to trust it."""
    quantity = fields.get("quantity")
    if quantity is not None:
        low = fields.get("low", line.numbers["low"].now)
        high = fields.get("high", line.numbers["high"].now)
        fields |= {"low": quantity} if low is not None and quantity < low else {}
        fields |= {"high": quantity} if high is not None and quantity > high else {}
    source = line.source if _says_otherwise(line, "source") else f"workbook {edited.path.name}"
    if (
        {"quantity", "low", "high"} & fields.keys()
        or _says_otherwise(line, "source")
        or _says_otherwise(line, "status")
    ):
        fields |= {"source": source, "status": status}
    if {"mass_kg", "volume_m3"} & fields.keys():
        fields["source_mass"] = source
    return fields


def _changed_settings(
    edited: Edited, scenario: Scenario, wrong: list[str]
) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Sizes of households and what a truck takes, where they differ."""
    found: dict[str, dict[str, Any]] = {"needs": {}, "supply": {}}
    told = []
    for name, (row, number) in edited.settings.items():
        if not number.changed:
            continue
        part = "needs" if name in OF_NEEDS else "supply"
        if name not in (*OF_NEEDS, *OF_SUPPLY):
            message = f"cannot be changed here (got {said(number.now)}); write lead_days under a route of the scenario"
            complain(edited, ASSUMPTIONS, row, name, message, wrong)
        elif number.now is None:
            complain(
                edited,
                ASSUMPTIONS,
                row,
                name,
                f"is blank; write a number, or {said(number.was)} as run",
                wrong,
            )
        else:
            found[part][name] = short(number.now)
            told.append(f"{name}: {said(number.was)} -> {said(number.now)}")
    return found, tuple(told)
