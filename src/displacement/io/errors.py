"""Errors that a planner can act on."""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Something a user wrote is wrong: where, what, and what to write instead.

    Several findings may be raised at once; each is one line.
    """

    def __init__(self, *findings: str) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


def finding(
    path: Path | str, message: str, line: int | None = None, column: int | None = None, at: str = ""
) -> str:
    """One line: file, line, column, place in the file, what is wrong and what to write instead.

    >>> finding("a.yaml", "unknown key; did you mean 'title'?", 3, 1, "ttle")
    "a.yaml:3:1: ttle: unknown key; did you mean 'title'?"
    """
    where = ":".join(str(part) for part in (path, line, column) if part is not None)
    return f"{where}: {at + ': ' if at else ''}{message}"


def suggestion(word: str, known: list[str]) -> str:
    """``; did you mean 'x'?`` where a known word is close, else the list of known words.

    >>> suggestion("shelterr", ["shelter", "food"])
    "; did you mean 'shelter'?"
    """
    from difflib import get_close_matches

    close = get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; write one of {', '.join(known)}" if known else ""
