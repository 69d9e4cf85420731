"""The commands that run a scenario: as a whole, or some members of it to be merged."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from displacement.cli.shared import (
    DONE,
    WRONG_USAGE,
    Progress,
    command,
    from_to,
    memory,
    print_notes,
    profile,
)
from displacement.progress import Stopwatch

if TYPE_CHECKING:
    from displacement.result import Result
    from displacement.scenario.model import Scenario


def add(commands: Any) -> None:
    """Declare `run` and `merge`."""
    _add_run(commands)
    _add_merge(commands)


def _add_run(commands: Any) -> None:
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
        "--cluster",
        metavar="ADDRESS",
        help="share the members among a Dask cluster: tcp://HOST:8786, or local:N for N processes here",
    )
    run.add_argument(
        "--member-range",
        type=_range,
        metavar="FIRST:END",
        help="some members only, counted from 0, END not included: 0:256 and 256:512 are parts for `merge`",
    )
    _add_limits(run)
    _add_written(run)
    run.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=["control", "departures"],
        help="keep a gridded field in internal/fields.nc",
    )


def _add_merge(commands: Any) -> None:
    merge = command(commands, "merge", "make one run of parts that hold some members each", _merge)
    merge.add_argument("parts", type=Path, nargs="+", metavar="PART", help="a folder of `run --member-range`")
    merge.add_argument("--out", type=Path, help="folder to write (default: as for the whole run)")
    merge.add_argument("--scenario", type=Path, help="the scenario's YAML file, if it is not where it was")
    _add_limits(merge)
    _add_written(merge)


def _add_written(parser: argparse.ArgumentParser) -> None:
    """What is written of a run beside its tables."""
    parser.add_argument(
        "--lang", choices=["en", "ar"], default="en", help="language in which the brief opens (default: en)"
    )
    parser.add_argument(
        "--png", action="store_true", help="also write share/map.png and share/chart.png, for slides"
    )
    parser.add_argument(
        "--daily",
        action="store_true",
        help="needs of every zone by day in the workbooks, beside those by week",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """Options of everything that works on members."""
    parser.add_argument(
        "--max-memory",
        type=memory,
        metavar="SIZE",
        help="what it may take, such as 1.5GB, all processes together (default: half of the machine's)",
    )
    parser.add_argument("--profile", action="store_true", help="print where the time went, step by step")


def _run(chosen: argparse.Namespace) -> int:
    from displacement.scenario.load import load

    scenario = load(chosen.scenario, chosen.variant)
    all_of_them = bool(
        scenario.as_of is not None and scenario.variants and not scenario.variant and not chosen.no_variants
    )
    wrong = _does_not_go_together(chosen, (chosen.members or scenario.uncertainty.members) > 1, all_of_them)
    if wrong:
        print(f"displacement run: {wrong}", file=sys.stderr)
        return WRONG_USAGE
    progress = Progress()
    watch = Stopwatch(progress)
    watch("starting")
    from displacement import jobs, pipeline

    asked = {
        "members": chosen.members,
        "seed": chosen.seed,
        "progress": progress,
        "quantiles": chosen.quantiles,
        "parameters": chosen.parameters,
        "max_memory": chosen.max_memory,
    }
    with _crew(chosen) as crew:
        watch.stop()
        if chosen.member_range is not None:
            first, end = chosen.member_range
            target = chosen.out or Path("runs") / f"{_name(scenario)}_{first}_{end}"
            watch.add(jobs.run_part(scenario, (first, end), target, **asked, **crew))
            progress.done()
            print(f"Members {first} to {end - 1}: {target}")
            print("With the folders of the others: displacement merge FOLDER ... --out FOLDER")
        else:
            run = pipeline.run_variants if all_of_them else pipeline.run
            result = run(scenario, keep=chosen.keep, **asked, **crew)
    if chosen.member_range is None:
        _written(result, chosen, watch, progress)
    if chosen.profile:
        print(f"\n{profile(watch.stop(), progress.seconds)}")
    return DONE


@contextmanager
def _crew(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Who shares the work: processes of our own, or a cluster."""
    if chosen.cluster is None:
        yield {"workers": chosen.workers}
        return
    from displacement.cluster import connected

    with connected(chosen.cluster) as cluster:
        yield {"map": cluster.map, "workers": cluster.here}


def _does_not_go_together(chosen: argparse.Namespace, several: bool, all_variants: bool) -> str:
    """What of the options cannot be done together; blank if all can."""
    if chosen.keep and (several or chosen.member_range):
        return "--keep is for one member; leave it out, or run with --members 1"
    if chosen.cluster and chosen.workers:
        return "--workers is for processes of its own; write --cluster local:N for N of them"
    if chosen.png and chosen.member_range:
        return "--png is for a whole run; write it with `displacement merge`"
    if chosen.png and find_spec("matplotlib") is None:
        return "--png needs matplotlib: pip install 'displacement-estimator[png]'"
    if chosen.member_range and all_variants:
        return "--member-range is for one variant at a time; write --variant NAME, or --no-variants"
    return ""


def _merge(chosen: argparse.Namespace) -> int:
    progress = Progress()
    watch = Stopwatch(progress)
    watch("starting")
    from displacement.jobs import merge

    watch.stop()
    result = merge(chosen.parts, chosen.scenario, progress, chosen.max_memory)
    _written(result, chosen, watch, progress)
    if chosen.profile:
        print(f"\n{profile(watch.stop(), progress.seconds)}")
    return DONE


def _name(scenario: Scenario) -> str:
    """What the folder of a run is called."""
    return scenario.path.stem + (f"_{scenario.variant}" if scenario.variant else "")


def _written(result: Result, asked: argparse.Namespace, watch: Stopwatch, progress: Progress) -> None:
    """Write the folder of a run and print its summary."""
    from displacement.io.folders import HeldOpenError
    from displacement.report.folder import write

    target = asked.out or Path("runs") / _name(result.scenario)
    watch.add(result.seconds)
    watch("writing the folder")
    said = list(result.notes)
    try:
        write(result, target, asked.lang, asked.png, asked.daily)
    except HeldOpenError as held:
        target = held.beside
        said.insert(0, str(held))
    watch.stop()
    progress.done()
    print((target / "share" / "summary.md").read_text(encoding="utf-8"))
    print_notes(said)
    print(f"To forward:      {target / 'share'}")
    print(f"For the analyst: {target / 'internal'}")


def _range(written: str) -> tuple[int, int]:
    """Reads members, the end not included."""
    first, colon, end = written.partition(":")
    if colon and first.isdigit() and end.isdigit() and int(first) < int(end):
        return int(first), int(end)
    raise argparse.ArgumentTypeError(
        f"write FIRST:END, members counted from 0, END not included, such as 0:256 (got {written})"
    )


def _quantiles(written: str) -> tuple[float, ...]:
    """Reads quantiles with commas between them."""
    from displacement.scenario.model import checked_quantiles

    try:
        return checked_quantiles(tuple(float(part) for part in written.split(",")))
    except ValueError as error:
        hint = f"write numbers with commas between, such as 0.05,0.5,0.95 (got {written})"
        raise argparse.ArgumentTypeError(hint if "convert" in str(error) else str(error)) from None
