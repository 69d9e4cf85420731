"""The command line: run, validate, needs, match, template, init, schema."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

DONE, WRONG_INPUT, WRONG_USAGE, FAILED = 0, 1, 2, 3


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
    run.add_argument("--variant", help="a variant of the scenario")
    run.add_argument(
        "--out", type=Path, help="folder to write (default: runs/SCENARIO or runs/SCENARIO_VARIANT)"
    )
    run.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=["control", "departures"],
        help="keep a gridded field in internal/fields.nc",
    )
    validate = _command(commands, "validate", "check scenarios without running them", _validate)
    validate.add_argument("scenarios", type=Path, nargs="+", metavar="SCENARIO")
    _command(commands, "schema", "print the JSON Schema of a scenario", _schema)
    needs = _command(commands, "needs", "reckon the needs of observed or planned figures", _needs)
    needs.add_argument(
        "table", type=Path, help="a table with date, zone or place (name or p-code) and people"
    )
    needs.add_argument("--area", type=Path, required=True, help="the area folder")
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
    needs.add_argument("--until", type=_day, help="last day, such as 2024-12-31 (default: the last figure's)")
    needs.add_argument("--out", type=Path, help="folder to write (default: runs/TABLE_needs)")
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
    name = scenario.path.stem + (f"_{scenario.variant}" if scenario.variant else "")
    target = chosen.out or Path("runs") / name
    progress = _Progress()
    progress("starting")
    from displacement.pipeline import run
    from displacement.report.folder import write

    result = run(scenario, keep=chosen.keep, progress=progress)
    progress("writing the folder")
    write(result, target)
    progress.done()
    print((target / "share" / "summary.md").read_text(encoding="utf-8"))
    for note in result.notes:
        print(f"Note: {note}")
    print(f"To forward:      {target / 'share'}")
    print(f"For the analyst: {target / 'internal'}")
    return DONE


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


def _day(written: str) -> dt.date:
    return dt.date.fromisoformat(written)


def _needs(chosen: argparse.Namespace) -> int:
    from displacement.io import observed, reports
    from displacement.io.gazetteer import Gazetteer

    table: Path = chosen.table
    gazetteer = Gazetteer(chosen.area)
    figures = reports.read(table, gazetteer, observed.MEASURES[chosen.measure])
    people = observed.people(figures, table, gazetteer, chosen.measure, chosen.between, chosen.until)
    from displacement.io.provenance import provenance
    from displacement.pipeline import estimate_needs
    from displacement.report import observed_needs

    target = chosen.out or Path("runs") / f"{table.stem}_needs"
    about = (
        f"From {table.name}: {len(figures)} figures of people {_COUNTED[chosen.measure]}, "
        f"{min(figure.date for figure in figures)} to {people['time'].values[-1].astype('datetime64[D]')}; "
        f"days without a figure: {chosen.between}."
    )
    settings = {"measure": chosen.measure, "between": chosen.between}
    made_of = provenance(settings, [table, gazetteer.table("zones")])
    print(observed_needs.write(people, estimate_needs(people), made_of, about, target))
    print(f"To forward:      {target / 'share'}")
    return DONE


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
