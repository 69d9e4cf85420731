"""The folder of a comparison: a page to read and a workbook to work with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from displacement.io import folders
from displacement.io.provenance import PACKAGE, version
from displacement.report.comparing.book import write_book
from displacement.report.comparing.page import page
from displacement.report.comparing.runs import Run, of_folder, of_result
from displacement.report.comparing.tables import Comparison, comparison
from displacement.result import Result

__all__ = ["compare", "run_of", "write"]


def compare(results: Sequence[Result | str | Path], folder: str | Path) -> Path:
    """Set runs side by side: who moves where, when stocks run out, and which assumptions differ.

    Parameters
    ----------
    results : sequence of Result, str or pathlib.Path
        Two or more runs, or folders that `write` wrote; the first is what the others are held against. Runs of the same
        seed and as many members are compared member by member, and only these have ranges of differences.
    folder : str or pathlib.Path
        Its place; an older comparison there is replaced when all is written.

    Returns
    -------
    pathlib.Path
        The folder: `compare.html`, `compare.xlsx`, `internal/manifest.json`.

    Raises
    ------
    InputError
        If there are fewer than two runs, a folder holds none, they have other zones or no day in common, or the folder
        cannot be written.
    """
    return write(comparison([run_of(one) for one in results]), folder)


def run_of(given: Result | str | Path) -> Run:
    """A run, from memory or from its folder."""
    return of_result(given) if isinstance(given, Result) else of_folder(Path(given))


def write(told: Comparison, folder: str | Path) -> Path:
    """Write the folder of a comparison, whole or not at all."""
    target = Path(folder)
    with folders.whole_folder(target) as partial:
        (partial / "internal").mkdir()
        (partial / "compare.html").write_text(page(told), encoding="utf-8")
        write_book(partial / "compare.xlsx", told)
        runs = {run.name: run.made_of for run in told.runs}
        folders.write_manifest(partial, {"package": {"name": PACKAGE, "version": version()}, "runs": runs})
    return target
