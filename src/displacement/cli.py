"""The command line: run, backtest, validate, needs, explain, standards, match, template, init, schema."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

DONE, WRONG_INPUT, WRONG_USAGE, FAILED = 0, 1, 2, 3
CASES = Path("scenarios/backtests")
"""Where the past cases lie, beside the working directory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 done; 1 the scenario or a file it names is wrong; 2 wrong usage; 3 anything else.
    """
    chosen = _parser().parse_args(arguments)
    if chosen.debug:
        return int(chosen.do(chosen))
    from displacement.io.errors import InputError

    try:
        return int(chosen.do(chosen))
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return DONE
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        print(f"{type(error).__name__}: {reason} (run again with --debug for details)", file=sys.stderr)
        return FAILED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from displacement.io.provenance import version

        print(f"displacement-estimator {version()}")
        parser.exit(DONE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="displacement",
        description="How many people move when front lines shift, from where, to where, by which day, "
        "and what aid that takes.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    run = _command(commands, "run", "run a scenario and write its folder", _run)
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
        type=_from_to(int, 1, 4096),
        help="members of the ensemble (default: the scenario's; 1: median run)",
    )
    run.add_argument(
        "--seed", type=_from_to(int, 0, 2**32), help="seed of the members (default: the scenario's)"
    )
    run.add_argument(
        "--quantiles",
        type=_quantiles,
        help="quantiles over the members, such as 0.05,0.5,0.95 (default: the scenario's, or 0.1,0.5,0.9)",
    )
    run.add_argument(
        "--workers",
        type=_from_to(int, 1, 4096),
        default=None,
        help="processes that share the members (default: the cores)",
    )
    run.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=["control", "departures"],
        help="keep a gridded field in internal/fields.nc",
    )
    _add_backtest(commands)
    validate = _command(commands, "validate", "check scenarios without running them", _validate)
    validate.add_argument("scenarios", type=Path, nargs="+", metavar="SCENARIO")
    _command(commands, "schema", "print the JSON Schema of a scenario", _schema)
    needs = _command(commands, "needs", "reckon the needs of observed or planned figures", _needs)
    needs.add_argument(
        "table", type=Path, help="a table with date, zone or place (name or p-code) and people"
    )
    needs.add_argument("--area", type=Path, help="the area folder (default: the scenario's)")
    needs.add_argument(
        "--scenario",
        type=Path,
        help="a scenario whose needs, supply, closures and trucks count; its movement is left out",
    )
    needs.add_argument(
        "--profile", help="a named set of changes to the standards: sphere, winter, survival, practice"
    )
    needs.add_argument("--stock", type=Path, help="a table of stock: hub, item, quantity, unit, date")
    needs.add_argument(
        "--measure",
        required=True,
        choices=["new", "cumulative", "present"],
        help="what the figures count in each zone: arrivals of the day, all arrivals so far, people present",
    )
    needs.add_argument(
        "--between",
        default="hold",
        choices=["hold", "spread"],
        help="days without a figure: nothing changes (hold), or the change is spread evenly (spread)",
    )
    needs.add_argument(
        "--in-sites",
        type=_from_to(float, 0, 1),
        help="share of the people in camps and reception centres, from 0 to 1 (default: the scenario's, or 0.27)",
    )
    needs.add_argument("--until", type=_day, help="last day, such as 2024-12-31 (default: the last figure's)")
    needs.add_argument("--out", type=Path, help="folder to write (default: runs/TABLE_needs)")
    explain = _command(commands, "explain", "take one number of a run apart, with its sources", _explain)
    explain.add_argument("run", type=Path, metavar="RUN", help="the folder of a run")
    explain.add_argument("--zone", required=True, help="p-code or name")
    explain.add_argument("--item", required=True, help="id of the aid item")
    explain.add_argument("--date", type=_day, required=True, help="the day, such as 2024-12-02")
    standards = _command(commands, "standards", "print the aid lines with their sources", _standards)
    standards.add_argument("--profile", default="sphere", help="sphere, winter, survival or practice")
    standards.add_argument("--area", type=Path, help="an area folder, for its own lines")
    standards.add_argument("--all", action="store_true", help="the lines beside the list too")
    match = _command(commands, "match", "give the names in a table their p-codes", _match)
    match.add_argument("table", type=Path, help="a table with names in English, Arabic or Turkish")
    match.add_argument("--area", type=Path, required=True, help="the area folder")
    match.add_argument(
        "--out", type=Path, help="the table to write (default: TABLE_matched, of the same kind)"
    )
    match.add_argument("--name", help="the column that holds the names (default: found by its header)")
    match.add_argument(
        "--kind",
        action="append",
        choices=["place", "zone"],
        help="what the names stand for, in order of preference (default: places, then zones)",
    )
    template = _command(commands, "template", "write an empty workbook to fill in", _template)
    template.add_argument("kind", choices=["stock", "arrivals", "sites", "control"])
    template.add_argument("--out", type=Path, help="the workbook to write (default: KIND.xlsx)")
    init = _command(commands, "init", "write an empty area folder to fill in", _init)
    init.add_argument("area", type=Path, metavar="AREA", help="the folder; it must not be there, or be empty")
    return parser


def _add_backtest(commands: Any) -> None:
    purpose = "hold past cases against what was reported"
    backtest = _command(commands, "backtest", purpose, _backtest)
    backtest.add_argument(
        "cases",
        type=Path,
        nargs="*",
        metavar="CASE",
        help=f"scenario with a `case:` (default: all in {CASES})",
    )
    backtest.add_argument(
        "--members", type=_from_to(int, 1, 4096), default=64, help="members of each case (default: 64)"
    )
    backtest.add_argument(
        "--seed", type=_from_to(int, 0, 2**32), help="seed of the members (default: each case's)"
    )
    backtest.add_argument(
        "--workers", type=_from_to(int, 1, 4096), help="processes that share the members (default: the cores)"
    )
    backtest.add_argument(
        "--population",
        choices=["low", "central", "high", "all"],
        default="all",
        help="people at the start; all (the default): central, and median runs of low and high where a case has them",
    )
    backtest.add_argument("--parameters", metavar="NAME", help="a set of parameters (default: each case's)")
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


def _command(
    commands: Any, name: str, purpose: str, do: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=purpose)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    command.set_defaults(do=do)
    return command


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
    progress = _Progress()
    progress("starting")
    from displacement.pipeline import run, run_variants
    from displacement.report.folder import write

    workers = chosen.workers or os.cpu_count() or 1
    all_of_them = (
        scenario.as_of is not None and scenario.variants and not scenario.variant and not chosen.no_variants
    )
    result = (run_variants if all_of_them else run)(
        scenario,
        members=chosen.members,
        seed=chosen.seed,
        keep=chosen.keep,
        progress=progress,
        workers=workers,
        quantiles=chosen.quantiles,
    )
    progress("writing the folder")
    write(result, target)
    progress.done()
    print((target / "share" / "summary.md").read_text(encoding="utf-8"))
    _print_notes(result.notes)
    print(f"To forward:      {target / 'share'}")
    print(f"For the analyst: {target / 'internal'}")
    return DONE


def _backtest(chosen: argparse.Namespace) -> int:
    from displacement.evaluate import backtest as past
    from displacement.report import backtest as report

    scenarios = [_with_parameters(path, chosen.parameters) for path in chosen.cases or _all_cases()]
    for path in chosen.update:
        report.parted(path)
    progress = _Progress()
    cases: dict[str, list[Any]] = {}
    for level, members, asked in _runs(scenarios, chosen.population, chosen.members):
        for scenario in asked:
            case = past.run_case(
                scenario,
                members=members,
                seed=chosen.seed,
                population=level,
                workers=chosen.workers or os.cpu_count() or 1,
                progress=_told_of(progress, f"{scenario.path.stem}, {level} population"),
            )
            cases.setdefault(level, []).append(case)
    progress("scoring")
    scores = report.joined({level: past.scores(found) for level, found in cases.items()}, cases)
    planning = past.planning(next(iter(cases.values())))
    progress("writing the folder")
    report.write(chosen.out, cases, scores, planning, _made_of(scenarios))
    for path in chosen.update:
        report.update(path, scores)
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


def _with_parameters(path: Path, parameters: str | None) -> Any:
    """A past case, loaded, with a set of parameters in place of its own."""
    from pydantic import ValidationError

    from displacement.io.errors import InputError, finding
    from displacement.scenario.load import load

    scenario = load(path)
    if scenario.case is None:
        message = "is no past case; give it use and observations, the table of what was counted"
        raise InputError(finding(path, message, at="case"))
    if parameters is None:
        return scenario
    settings = scenario.uncertainty
    try:
        changed = type(settings).model_validate(settings.model_dump() | {"parameters": parameters})
    except ValidationError:
        message = f"cannot be run with the parameters '{parameters}'; leave --parameters out"
        raise InputError(finding(path, message, at="uncertainty.parameters")) from None
    return scenario.model_copy(update={"uncertainty": changed})


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


def _told_of(progress: _Progress, name: str) -> Callable[[str], None]:
    """Progress that says of which case it speaks."""
    return lambda step: progress(f"{name}: {step}")


def _made_of(scenarios: Sequence[Any]) -> dict[str, Any]:
    """The cases with the hashes of their own tables, for the manifest."""
    from displacement.io.provenance import provenance

    files = [path for one in scenarios for path in (one.path, one.file(one.case.observations))]
    made = provenance({}, files)
    return {**made, "scenario": {one.path.stem: one.settings() for one in scenarios}}


def _validate(chosen: argparse.Namespace) -> int:
    from displacement.io.errors import InputError
    from displacement.scenario.load import load

    wrong = False
    for path in chosen.scenarios:
        try:
            first = load(path)
            for variant in first.variants:
                load(path, variant)
        except InputError as error:
            print(error, file=sys.stderr)
            wrong = True
        else:
            variants = f" with variants {', '.join(first.variants)}" if first.variants else ""
            print(f"{path}: fine{variants}")
    return WRONG_INPUT if wrong else DONE


def _schema(chosen: argparse.Namespace) -> int:
    import json

    from displacement.scenario.schema import schema

    print(json.dumps(schema(), indent=2, default=str))
    return DONE


def _init(chosen: argparse.Namespace) -> int:
    from displacement.io.blank import write_area

    for path in write_area(chosen.area):
        print(path)
    print("Fill in the tables (their first lines say how), then: displacement run first_question.yaml")
    return DONE


def _from_to(kind: type[Any], low: float, high: float) -> Callable[[str], Any]:
    """Reads a number of an option that must lie between two bounds."""

    def number(written: str) -> Any:
        value = kind(written)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be from {low} to {high} (got {written})")
        return value

    return number


def _quantiles(written: str) -> tuple[float, ...]:
    """Reads quantiles with commas between them."""
    from displacement.scenario.model import checked_quantiles

    try:
        return checked_quantiles(tuple(float(part) for part in written.split(",")))
    except ValueError as error:
        hint = f"write numbers with commas between, such as 0.05,0.5,0.95 (got {written})"
        raise argparse.ArgumentTypeError(hint if "convert" in str(error) else str(error)) from None


def _day(written: str) -> dt.date:
    return dt.date.fromisoformat(written)


def _needs(chosen: argparse.Namespace) -> int:
    from displacement.io import observed, reports
    from displacement.io.errors import InputError, finding
    from displacement.io.gazetteer import Gazetteer

    table: Path = chosen.table
    scenario = None
    if chosen.scenario is not None:
        from displacement.scenario.load import load

        scenario = load(chosen.scenario)
    elif chosen.area is None:
        raise InputError(
            finding(table, "needs an area for its names; write --area FOLDER or --scenario FILE")
        )
    folder = chosen.area or (scenario.area_folder if scenario else Path())
    if scenario is not None and chosen.area is not None and chosen.area.resolve() != scenario.area_folder:
        raise InputError(finding(chosen.scenario, f"has the area {scenario.area_folder}; leave --area out"))
    gazetteer = Gazetteer(folder, scenario.own_places if scenario else None)
    figures = reports.read(table, gazetteer, observed.MEASURES[chosen.measure])
    counted = observed.people(figures, table, gazetteer, chosen.measure, chosen.between, chosen.until)
    from displacement.observed_aid import aid_of
    from displacement.scenario.aid import Needs

    default = (scenario.needs if scenario else Needs()).newly_displaced_in_sites
    in_sites = default if chosen.in_sites is None else chosen.in_sites
    people = observed.in_towns_and_sites(counted, in_sites)
    from displacement.report import observed_needs

    aid, made_of = aid_of(people, gazetteer, scenario, chosen.profile, chosen.stock, table)
    target = chosen.out or Path("runs") / f"{table.stem}_needs"
    count = f"{len(figures)} figure{'' if len(figures) == 1 else 's'}"
    about = (
        f"From {table.name}: {count} of people {_COUNTED[chosen.measure]}, "
        f"{min(figure.date for figure in figures)} to {people['time'].values[-1].astype('datetime64[D]')}; "
        f"days without a figure: {chosen.between}; profile {aid.settings.profile}; {in_sites:.0%} of the people "
        f"taken to be in camps and centres.{_FIRST[chosen.measure]}"
    )
    settings = {"measure": chosen.measure, "between": chosen.between, "profile": aid.settings.profile}
    settings["in_sites"] = in_sites
    print(observed_needs.write(people, aid, gazetteer, made_of | {"settings": settings}, about, target))
    _print_notes(aid.notes)
    print(f"To forward:      {target / 'share'}")
    print(f"For the analyst: {target / 'internal'}")
    return DONE


def _print_notes(notes: Sequence[str], most: int = 20) -> None:
    for note in notes[:most]:
        print(f"Note: {note}")
    if len(notes) > most:
        print(f"Note: {len(notes) - most} more in internal/notes.txt")


def _explain(chosen: argparse.Namespace) -> int:
    from displacement.report.explained import explained

    print("\n".join(explained(chosen.run, chosen.zone, chosen.item, chosen.date)))
    return DONE


def _standards(chosen: argparse.Namespace) -> int:
    from displacement.io.errors import InputError
    from displacement.io.gazetteer import Gazetteer
    from displacement.io.standards import catalogue
    from displacement.needs.assumptions import NeedsAssumptions
    from displacement.needs.catalogue import CatalogueError
    from displacement.needs.listing import printed

    area = Gazetteer(chosen.area).standards if chosen.area else None
    try:
        print(printed(catalogue(NeedsAssumptions(), chosen.profile, area), chosen.all))
    except CatalogueError as error:
        raise InputError(*error.problems) from None
    return DONE


_FIRST = {
    "new": "",
    "cumulative": " The first figure of a zone counts as arrivals of that day.",
    "present": " The first figure of a zone counts as arrivals of that day.",
}
_COUNTED = {"new": "arriving on the day", "cumulative": "arrived so far", "present": "present"}


def _match(chosen: argparse.Namespace) -> int:
    from displacement.io.gazetteer import Gazetteer
    from displacement.io.matching import match

    table: Path = chosen.table
    suffix = ".xlsx" if table.suffix.lower() not in (".csv", ".txt", ".tsv") else ".csv"
    output = chosen.out or table.with_name(f"{table.stem}_matched{suffix}")
    kinds = tuple(chosen.kind or ("place", "zone"))
    print(match(table, Gazetteer(chosen.area), output, kinds, chosen.name))
    return DONE


def _template(chosen: argparse.Namespace) -> int:
    from displacement.io.templates import write

    output = chosen.out or Path(f"{chosen.kind}.xlsx")
    write(chosen.kind, output)
    print(f"{output}: fill in the rows below the example, which is left out when the table is read")
    return DONE


class _Progress:
    """Tells the step on a terminal, and nothing where the output is piped."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.began = time.monotonic()

    def __call__(self, step: str) -> None:
        if self.shown:
            seconds = time.monotonic() - self.began
            print(f"\r\033[K{seconds:5.1f} s  {step} ...", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        """Clear the line."""
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
