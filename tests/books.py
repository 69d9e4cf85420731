"""Workbooks for the tests: a scenario with stock, and changes that a planner would make."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
from support import TOY

STOCKED = f"""base: {TOY / "toy.yaml"}
condition: stock is what there is
supply:
  hubs:
    North store:
      stock: {{tent: 100, full_ration: 2 t, soap: 90, kitchen_set: 300}}
      pipeline:
        - {{date: 2030-01-05, item: tent, quantity: 50}}
        - {{date: 2030-01-09, item: full_ration, quantity: 3 t}}
"""
"""Stock alone limits what is delivered: trucks reach every zone in a day, without limit."""


def stocked(folder: Path) -> Path:
    """The scenario as a file."""
    path = folder / "stocked.yaml"
    path.write_text(STOCKED, encoding="utf-8")
    return path


def edit(
    book: Path,
    to: Path,
    lines: Mapping[tuple[str, str], Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    stock: Mapping[tuple[str, dt.date], Any] | None = None,
    added: tuple[Any, ...] | None = None,
) -> Path:
    """A workbook with other numbers: of lines by (item, column), settings by name, stock by (item, date); a new line."""
    opened = openpyxl.load_workbook(book)
    sheet = opened["assumptions"]
    names = {str(row[0].value): row for row in sheet.iter_rows() if row[0].value is not None}
    head = [cell.value for cell in names["item"]]
    for (item, column), value in (lines or {}).items():
        names[item][head.index(column)].value = value
    for name, value in (settings or {}).items():
        names[name][1].value = value
    store = opened["stock"]
    for (item, date), value in (stock or {}).items():
        (row,) = [
            row for row in store.iter_rows(min_row=5) if row[1].value == item and row[4].value.date() == date
        ]
        row[5].value = value
    if added is not None:
        empty = next(row for row in store.iter_rows(min_row=5) if row[0].value is None)
        for cell, value in zip((empty[0], empty[1], empty[4], empty[5]), added, strict=True):
            cell.value = value
    opened.save(to)
    return to


WITHIN = {"ALL": ["Z1", "Z2", "Z3", "Z4"], "N": ["Z1", "Z2"], "S": ["Z3", "Z4"]}
"""Zones of the toy area and of its admin 1 units."""


def in_workbook(path: Path) -> str:
    """All that a workbook says, formulas and properties included; the theme has only colours."""
    with zipfile.ZipFile(path) as parts:
        return " ".join(parts.read(name).decode("utf-8") for name in parts.namelist() if "theme" not in name)


CHANGES: dict[str, Any] = {
    "lines": {
        ("water_domestic", "quantity"): 20,
        ("soap", "quantity"): 0.9,
        ("dignity_kit", "quantity"): 2,
        ("reproductive_health_block_1", "quantity"): 0.0003,
        ("full_ration", "quantity"): 0.4,
        ("tent", "quantity"): 1.3,
        ("tent", "mass_kg"): 70,
        ("tent", "cost"): 400,
    },
    "settings": {"household_size": 5, "losses": 0.1, "payload_t": 10},
    "stock": {("tent", dt.date(2030, 1, 1)): 140, ("blanket", dt.date(2030, 1, 1)): 777},
    "added": ("South store", "soap", dt.datetime(2030, 1, 6), 250),
}
"""Kits and what they hold, households, weight, losses, stock there, new and on the way."""
