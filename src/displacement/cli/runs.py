"""The commands that run a scenario: as a whole, or some members of it to be merged."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from displacement.cli.shared import DONE, WRONG_USAGE, Progress, command, from_to, print_notes, profile
from displacement.progress import Stopwatch


def add(commands: Any) -> None:
    """Declare `run`."""
    run = command(commands, "run", "run a scenario and write its folder", _run)
    run.add_argument("scenario", type=Path, help="the scenario's YAML file")
    run.add_argument("--variant", help="a variant of the scenario, alone")
    run.add_argument(
        "--no-variants",
        action="store_true",
        help="of a scenario with an as_of date, do not run the variants beside it",
    )
    run.add_argument(
        "--out", type=Path, help="folder to write (default: runs/SCENARIO or runs/SCENARIO_VARIANT)"
    )
    run.add_argument(
        "--members",
        type=from_to(int, 1, 4096),
        help="members of the ensemble (default: the scenario's; 1: median run)",
    )
    run.add_argument(
        "--seed", type=from_to(int, 0, 2**32), help="seed of the members (default: the scenario's)"
    )
    run.add_argument(
        "--parameters",
        choices=["calibrated", "priors"],
        help="assumptions as fitted to past cases, or as their priors say (default: the scenario's, or calibrated)",
    )
    run.add_argument(
        "--quantiles",
        type=_quantiles,
        help="quantiles over the members, such as 0.05,0.5,0.95 (default: the scenario's, or 0.1,0.5,0.9)",
    )
    run.add_argument(
        "--workers",
        type=from_to(int, 1, 4096),
        default=None,
        help="processes that share the members (default: the cores, as far as the memory goes)",
    )
    run.add_argument(
        "--max-memory",
        type=_memory,
        metavar="SIZE",
        help="what the run may take, such as 1.5GB, all processes together (default: half of the machine's)",
    )
    run.add_argument("--profile", action="store_true", help="print where the time went, step by step")
    run.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=["control", "departures"],
        help="keep a gridded field in internal/fields.nc",
    )


def _run(chosen: argparse.Namespace) -> int:
    from displacement.scenario.load import load

    scenario = load(chosen.scenario, chosen.variant)
    if chosen.keep and (chosen.members or scenario.uncertainty.members) > 1:
        print(
            "displacement run: --keep is for one member; leave it out, or run with --members 1",
            file=sys.stderr,
        )
        return WRONG_USAGE
    name = scenario.path.stem + (f"_{scenario.variant}" if scenario.variant else "")
    target = chosen.out or Path("runs") / name
    progress = Progress()
    watch = Stopwatch(progress)
    watch("starting")
    from displacement.pipeline import run, run_variants
    from displacement.report.folder import write

    watch.stop()
    all_of_them = (
        scenario.as_of is not None and scenario.variants and not scenario.variant and not chosen.no_variants
    )
    result = (run_variants if all_of_them else run)(
        scenario,
        members=chosen.members,
        seed=chosen.seed,
        keep=chosen.keep,
        progress=progress,
        workers=chosen.workers,
        quantiles=chosen.quantiles,
        parameters=chosen.parameters,
        max_memory=chosen.max_memory,
    )
    watch.add(result.seconds)
    watch("writing the folder")
    write(result, target)
    seconds = watch.stop()
    progress.done()
    print((target / "share" / "summary.md").read_text(encoding="utf-8"))
    print_notes(result.notes)
    print(f"To forward:      {target / 'share'}")
    print(f"For the analyst: {target / 'internal'}")
    if chosen.profile:
        print(f"\n{profile(seconds, progress.seconds)}")
    return DONE


def _quantiles(written: str) -> tuple[float, ...]:
    """Reads quantiles with commas between them."""
    from displacement.scenario.model import checked_quantiles

    try:
        return checked_quantiles(tuple(float(part) for part in written.split(",")))
    except ValueError as error:
        hint = f"write numbers with commas between, such as 0.05,0.5,0.95 (got {written})"
        raise argparse.ArgumentTypeError(hint if "convert" in str(error) else str(error)) from None


def _memory(written: str) -> int:
    """Reads an amount of memory with its unit."""
    from displacement.memory import amount

    try:
        return amount(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
