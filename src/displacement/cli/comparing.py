"""The command that sets runs side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from displacement.cli.shared import DONE, Progress, command, from_to, memory, told_of

if TYPE_CHECKING:
    from displacement.report.comparing.runs import Run
    from displacement.scenario.model import Scenario

MARK = "#"
"""Between a scenario's file and the name of its variant."""


def add(commands: Any) -> None:
    """Declare `compare`."""
    purpose = "set runs side by side: who moves where, when stocks run out, which assumptions differ"
    compare = command(commands, "compare", purpose, _compare)
    compare.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="two or more: the folder of a run, a scenario's YAML file, or FILE#VARIANT; the first is what the others "
        "are held against",
    )
    compare.add_argument(
        "--out", type=Path, default=Path("runs/compare"), help="folder to write (default: runs/compare)"
    )
    compare.add_argument(
        "--members",
        type=from_to(int, 1, 4096),
        help="members of the scenarios that are run (default: those of the first run folder, or the scenario's)",
    )
    compare.add_argument(
        "--seed",
        type=from_to(int, 0, 2**32),
        help="seed of these (default: that of the first run folder, or the scenario's)",
    )
    compare.add_argument(
        "--workers",
        type=from_to(int, 1, 4096),
        help="processes that share the members (default: the cores, as far as the memory goes)",
    )
    compare.add_argument(
        "--max-memory",
        type=memory,
        metavar="SIZE",
        help="what each run may take, such as 1.5GB (default: half of the machine's)",
    )


def _compare(chosen: argparse.Namespace) -> int:
    asked = [_asked(written) for written in chosen.runs]
    if len(asked) < 2:
        from displacement.io.errors import InputError

        raise InputError("a comparison needs two runs or more; name another scenario or run folder")
    progress = Progress()
    progress("reading")
    from displacement.report.comparing.folder import write
    from displacement.report.comparing.tables import comparison
    from displacement.report.comparing.words import how_sure, sentences

    told = comparison(_runs(asked, chosen, progress))
    progress("writing the folder")
    write(told, chosen.out)
    progress.done()
    print("\n".join([*sentences(told), *how_sure(told)]))
    print(f"To read: {chosen.out / 'compare.html'}")
    print(f"To work with: {chosen.out / 'compare.xlsx'}")
    return DONE


def _asked(written: str) -> Path | Scenario:
    """The folder of a run, or a scenario that is to be run."""
    from displacement.scenario.load import load

    if Path(written).is_dir():
        return Path(written)
    file, mark, variant = written.rpartition(MARK)
    if mark and not Path(written).exists():
        return load(file, variant)
    return load(written)


def _runs(asked: Sequence[Path | Scenario], chosen: argparse.Namespace, progress: Progress) -> list[Run]:
    """Every run; what is run now has the members of the first folder, so that they are the same draws."""
    from displacement.pipeline import run
    from displacement.report.comparing.runs import of_folder, of_result

    folders = {at: of_folder(one) for at, one in enumerate(asked) if isinstance(one, Path)}
    like = next(iter(folders.values()), None)
    members = chosen.members or (like.members if like else None)
    seed = chosen.seed if chosen.seed is not None or like is None else like.seed
    found = []
    for at, one in enumerate(asked):
        if isinstance(one, Path):
            found.append(folders[at])
            continue
        result = run(
            one,
            members=members,
            seed=seed,
            workers=chosen.workers,
            max_memory=chosen.max_memory,
            progress=told_of(progress, one.path.stem + (f", {one.variant}" if one.variant else "")),
        )
        found.append(of_result(result))
    return found
