"""Commands on past cases: hold them against what was reported, fit to them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from displacement.cli import networks
from displacement.cli.shared import DONE, Progress, command, from_to, told_of

CASES = Path("scenarios/backtests")
"""Where the past cases lie, beside the working directory."""


def add(commands: Any) -> None:
    """Declare the commands."""
    _add_backtest(commands)
    _add_calibrate(commands)


def _add_backtest(commands: Any) -> None:
    purpose = "hold past cases against what was reported"
    backtest = command(commands, "backtest", purpose, _backtest)
    backtest.add_argument(
        "cases",
        type=Path,
        nargs="*",
        metavar="CASE",
        help=f"scenario with a `case:` (default: all in {CASES})",
    )
    backtest.add_argument(
        "--network",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="in place of cases: network areas with counts, or folders in the layout of the field's agent model",
    )
    backtest.add_argument(
        "--members", type=from_to(int, 1, 4096), default=64, help="members of each case (default: 64)"
    )
    backtest.add_argument(
        "--seed", type=from_to(int, 0, 2**32), help="seed of the members (default: each case's)"
    )
    backtest.add_argument(
        "--workers", type=from_to(int, 1, 4096), help="processes that share the members (default: the cores)"
    )
    backtest.add_argument(
        "--population",
        choices=["low", "central", "high", "all"],
        default="all",
        help="people at the start; all (the default): central, and median runs of low and high where a case has them",
    )
    backtest.add_argument(
        "--parameters",
        choices=["calibrated", "priors"],
        help="assumptions as fitted to past cases, or as their priors say (default: each case's, or calibrated)",
    )
    backtest.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("runs/backtest"),
        help="folder to write (default: runs/backtest)",
    )
    backtest.add_argument(
        "--update",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="texts whose part between <!-- backtest --> and <!-- /backtest --> is written anew from the scores",
    )


def _add_calibrate(commands: Any) -> None:
    purpose = "fit assumptions to past cases that are marked for calibration"
    calibrate = command(commands, "calibrate", purpose, _calibrate)
    calibrate.add_argument(
        "cases",
        type=Path,
        nargs="*",
        metavar="CASE",
        help=f"scenario with `case: {{use: calibration}}` (default: those in {CASES})",
    )
    calibrate.add_argument(
        "--draws", type=from_to(int, 8, 2**20), default=2048, help="draws of history matching (default: 2048)"
    )
    calibrate.add_argument(
        "--members", type=from_to(int, 8, 4096), default=256, help="draws of the smoother (default: 256)"
    )
    calibrate.add_argument("--steps", type=from_to(int, 1, 32), default=4, help="its steps (default: 4)")
    calibrate.add_argument("--seed", type=from_to(int, 0, 2**32), default=20241127, help="seed of both")
    calibrate.add_argument(
        "--workers", type=from_to(int, 1, 4096), help="processes that share the draws (default: the cores)"
    )
    calibrate.add_argument("--name", help="name of the parameter set (default: year and month)")
    calibrate.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("parameters.yaml"),
        help="file to write (default: parameters.yaml), for `uncertainty: {parameters_file: FILE}`",
    )


def _calibrate(chosen: argparse.Namespace) -> int:
    import datetime as dt

    from displacement.evaluate.calibrate import calibrate
    from displacement.io import parameters
    from displacement.report.fitted import printed

    progress = Progress()
    fitted = calibrate(
        chosen.cases or [path for path in _all_cases() if _loaded(path).case.use == "calibration"],
        chosen.name or f"{dt.datetime.now(dt.UTC):%Y-%m}",
        draws=chosen.draws,
        members=chosen.members,
        steps=chosen.steps,
        seed=chosen.seed,
        workers=chosen.workers or os.cpu_count() or 1,
        progress=progress,
    )
    parameters.write(fitted, chosen.out)
    progress.done()
    print(printed(fitted))
    print(f"To use: uncertainty: {{parameters_file: {chosen.out}}} in a scenario")
    return DONE


def _backtest(chosen: argparse.Namespace) -> int:
    if chosen.network:
        return networks.backtest(chosen.network, chosen.out)
    from displacement.evaluate import backtest as past
    from displacement.report import backtest as report
    from displacement.report import marked

    scenarios = [_loaded(path) for path in chosen.cases or _all_cases()]
    for path in chosen.update:
        marked.parted(path, report.MARK)
    progress = Progress()
    cases: dict[str, list[Any]] = {}
    for level, members, asked in _runs(scenarios, chosen.population, chosen.members):
        for scenario in asked:
            case = past.run_case(
                scenario,
                members=members,
                seed=chosen.seed,
                population=level,
                parameters=chosen.parameters,
                workers=chosen.workers or os.cpu_count() or 1,
                progress=told_of(progress, f"{scenario.path.stem}, {level} population"),
            )
            cases.setdefault(level, []).append(case)
    progress("scoring")
    scores = report.joined({level: past.scores(found) for level, found in cases.items()}, cases)
    planning = past.planning(next(iter(cases.values())))
    progress("writing the folder")
    report.write(chosen.out, cases, scores, planning, _made_of(scenarios))
    for path in chosen.update:
        marked.update(path, report.MARK, report.markdown(scores))
    progress.done()
    print(report.printed(scores))
    print(f"To read: {chosen.out / 'backtest.html'}")
    return DONE


def _all_cases() -> list[Path]:
    """The past cases beside the working directory."""
    from displacement.io.errors import InputError, finding

    found = sorted(CASES.glob("*.yaml"))
    if not found:
        raise InputError(finding(CASES, "holds no past case (*.yaml); name the scenario files of the cases"))
    return found


def _loaded(path: Path) -> Any:
    """A past case, loaded."""
    from displacement.io.errors import InputError, finding
    from displacement.scenario.load import load

    scenario = load(path)
    if scenario.case is None:
        message = "is no past case; give it use and observations, the table of what was counted"
        raise InputError(finding(path, message, at="case"))
    return scenario


def _runs(scenarios: Sequence[Any], population: str, members: int) -> list[tuple[Any, int, list[Any]]]:
    """Levels of the population, the headline first, with members and the cases that have the level."""
    if population != "all":
        return [(population, members, list(scenarios))]
    beside = [scenario for scenario in scenarios if _has_levels(scenario)]
    others = [(level, 1, beside) for level in ("low", "high") if beside]
    return [("central", members, list(scenarios)), *others]


def _has_levels(scenario: Any) -> bool:
    """Whether the table of a case's population says how low and how high it may be."""
    from displacement.io import tables

    if scenario.population.zones is None:
        return False
    rows = tables.read(scenario.file(scenario.population.zones), ["zone", "population"])
    return bool(rows) and {"low", "high"} <= set(rows[0])


def _made_of(scenarios: Sequence[Any]) -> dict[str, Any]:
    """The cases with the hashes of their own tables, for the manifest."""
    from displacement.io.provenance import provenance

    files = [path for one in scenarios for path in (one.path, one.file(one.case.observations))]
    made = provenance({}, files)
    return {**made, "scenario": {one.path.stem: one.settings() for one in scenarios}}
