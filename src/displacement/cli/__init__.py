"""The command line: runs, comparisons, past cases, needs, explanations, and what fills in tables."""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from displacement.cli import books, comparing, networks, past, runs
from displacement.cli.shared import DONE, FAILED, WRONG_INPUT, WRONG_USAGE, command, from_to, print_notes


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


SEARCHES = (200_000, 20, 100)
"""How rarely Python looks for objects that only hold one another: a run makes millions of objects and few of these."""


def program() -> int:
    """The command as a process of its own, which gives all memory back at once as it ends: `main`."""
    gc.set_threshold(*SEARCHES)
    done = main()
    gc.freeze()
    return done


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
    runs.add(commands)
    comparing.add(commands)
    past.add(commands)
    networks.add(commands)
    books.add(commands)
    validate = command(commands, "validate", "check scenarios without running them", _validate)
    validate.add_argument("scenarios", type=Path, nargs="+", metavar="SCENARIO")
    command(commands, "schema", "print the JSON Schema of a scenario", _schema)
    needs = command(commands, "needs", "reckon the needs of observed or planned figures", _needs)
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
        type=from_to(float, 0, 1),
        help="share of the people in camps and reception centres, from 0 to 1 (default: the scenario's, or 0.27)",
    )
    needs.add_argument("--until", type=_day, help="last day, such as 2024-12-31 (default: the last figure's)")
    needs.add_argument("--out", type=Path, help="folder to write (default: runs/TABLE_needs)")
    explain = command(commands, "explain", "take one number of a run apart, with its sources", _explain)
    explain.add_argument("run", type=Path, metavar="RUN", help="the folder of a run")
    explain.add_argument("--zone", required=True, help="p-code or name")
    explain.add_argument("--item", required=True, help="id of the aid item")
    explain.add_argument("--date", type=_day, required=True, help="the day, such as 2024-12-02")
    standards = command(commands, "standards", "print the aid lines with their sources", _standards)
    standards.add_argument("--profile", default="sphere", help="sphere, winter, survival or practice")
    standards.add_argument("--area", type=Path, help="an area folder, for its own lines")
    standards.add_argument("--all", action="store_true", help="the lines beside the list too")
    match = command(commands, "match", "give the names in a table their p-codes", _match)
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
    template = command(commands, "template", "write an empty workbook to fill in", _template)
    template.add_argument("kind", choices=["stock", "arrivals", "sites", "control"])
    template.add_argument("--out", type=Path, help="the workbook to write (default: KIND.xlsx)")
    init = command(commands, "init", "write an empty area folder to fill in", _init)
    init.add_argument("area", type=Path, metavar="AREA", help="the folder; it must not be there, or be empty")
    return parser


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
    print_notes(aid.notes)
    print(f"To forward:      {target / 'share'}")
    print(f"For the analyst: {target / 'internal'}")
    return DONE


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
