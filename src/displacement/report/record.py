"""How runs have done on past cases, to be said in the same breath as a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from displacement.io.errors import InputError, finding
from displacement.report.trust import ALL, number, trusts

__all__ = ["NAME", "Record", "found", "of_scores", "said", "write"]

NAME = "track_record.json"
"""File of an area folder, which need not be there; `make backtest` writes that of the shipped area."""


class Record(NamedTuple):
    """Scores of all past cases together."""

    parameters: str
    """Version of the parameters that they were run with, or `priors`."""
    cases: int
    factor: float
    """By which totals were off, geometric mean. [1]"""
    worst: float
    """By which the worst total was off. [1]"""
    inside: int
    """Counts within the 80 % range."""
    figures: int
    """All counts."""


def of_scores(scores: pd.DataFrame) -> Record:
    """The record that kept scores make.

    Parameters
    ----------
    scores : pandas.DataFrame
        As `displacement.report.backtest.read_scores` gives them.
    """
    *cases, together = trusts(scores)
    if together.case != ALL or together.factor is None or together.inside is None:
        raise ValueError("a record needs the scores of several cases, run with members")
    return Record(
        str(scores["parameters"].iloc[0]),
        len(cases),
        together.factor,
        float(together.worst or together.factor),
        together.inside,
        together.figures,
    )


def write(record: Record, folder: Path) -> None:
    """Keep a record in an area folder."""
    (folder / NAME).write_text(json.dumps(record._asdict(), indent=1) + "\n", encoding="utf-8")


def found(folder: Path, parameters: str) -> Record | None:
    """The record of an area, if it has one that was made with the same parameters.

    Parameters
    ----------
    folder : pathlib.Path
        The area folder.
    parameters : str
        Version of the parameters of the run, or `priors`.

    Raises
    ------
    InputError
        If the file is no record.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise InputError(finding(path, "is no record of past cases; make it anew, or take it away")) from None
    return record if parameters == record.parameters else None


def said(folder: Path, parameters: str) -> str:
    """The record of an area in a sentence; blank where `found` finds none."""
    record = found(folder, parameters)
    if record is None:
        return ""
    return (
        f"On {record.cases} past cases of this area such runs were off by a factor of {number(record.factor)} on "
        f"totals (at worst {number(record.worst)}), and {record.inside} of {record.figures} counts lay within the "
        "range that should hold eight in ten."
    )
