"""Commands on networks of places: import one from the field's agent model, hold past ones against counts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from displacement.cli.shared import DONE, Progress, command, print_notes


def add(commands: Any) -> None:
    """Declare `import-network`."""
    purpose = "make a network area of a folder in the layout of the field's agent model (Flee)"
    importing = command(commands, "import-network", purpose, _import)
    importing.add_argument("folder", type=Path, metavar="DIR", help="holds input_csv and source_data")
    importing.add_argument(
        "-o", "--out", type=Path, required=True, metavar="AREA", help="the area folder to write; new or empty"
    )


def _import(chosen: argparse.Namespace) -> int:
    from displacement.io import network_layout

    layout = network_layout.read(chosen.folder)
    for path in network_layout.write_area(layout, chosen.out, chosen.folder.resolve().name):
        print(path)
    print_notes(layout.notes)
    print(f"To run: displacement run {chosen.out / 'scenario.yaml'}")
    if layout.counts:
        print(f"To hold it against what was counted: displacement backtest --network {chosen.out}")
    return DONE


def backtest(folders: Sequence[Path], out: Path) -> int:
    """Run past cases on networks, print their scores and write them down."""
    from displacement.evaluate import network
    from displacement.report import network as report

    progress = Progress()
    cases = []
    for folder in folders:
        progress(f"running {folder.name}")
        cases.append(network.run_case(folder))
    progress.done()
    found = network.scores(cases)
    written = report.write(out, found, network.by_day(cases))
    print(report.printed(found))
    print_notes([note for case in cases for note in case.notes])
    print(f"Written: {', '.join(map(str, written))}")
    return DONE
