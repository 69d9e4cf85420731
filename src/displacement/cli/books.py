"""The command that takes an edited workbook back as a scenario."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from displacement.cli.shared import DONE, command, print_notes


def add(commands: Any) -> None:
    """Declare `import-assumptions`."""
    taken = command(
        commands, "import-assumptions", "write what was changed in a workbook as a scenario", _import
    )
    taken.add_argument("workbook", type=Path, help="a needs.xlsx of a run, edited")
    taken.add_argument("-o", "--out", type=Path, required=True, help="the scenario to write")
    taken.add_argument(
        "--base",
        type=Path,
        help="the scenario that the workbook was made of (default: the one that it names)",
    )


def _import(chosen: argparse.Namespace) -> int:
    from displacement.report.books.changes import import_assumptions

    found = import_assumptions(chosen.workbook, chosen.out, chosen.base)
    print_notes(found.notes)
    if found.path is None:
        print(f"{chosen.workbook}: no assumption and no line of stock was changed; nothing is written")
        return DONE
    for change in found.changes:
        print(change)
    variant = f" --variant {found.variant}" if found.variant else ""
    print(f"{found.path}: written. Run it: displacement run {found.path}{variant}")
    return DONE
