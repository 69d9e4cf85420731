"""Parts of texts that are generated: `<!-- NAME -->` and `<!-- /NAME -->` stand around them."""

from __future__ import annotations

import re
from pathlib import Path

from displacement.io import tables
from displacement.io.errors import InputError, finding

__all__ = ["parted", "update", "updated"]


def updated(path: Path, name: str, part: str) -> str:
    """A text with its marked part made anew.

    Parameters
    ----------
    path : pathlib.Path
        The text.
    name : str
        What the marks say.
    part : str
        What goes between them.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    before, after = parted(path, name)
    return f"{before}<!-- {name} -->\n{part}\n<!-- /{name} -->{after}"


def update(path: Path, name: str, part: str) -> None:
    """Write the marked part of a text anew, in its place."""
    text = updated(path, name, part)
    with tables.saving(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def parted(path: Path, name: str) -> tuple[str, str]:
    """What stands before and after the marked part of a text; an error if it has none."""
    begins, ends = f"<!-- {name} -->", f"<!-- /{name} -->"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
    except OSError as error:
        raise InputError(finding(path, f"cannot be read ({error.strerror}); name a text file")) from None
    found = re.fullmatch(rf"(.*){begins}.*{ends}(.*)", text, re.DOTALL)
    if found is None or text.count(begins) != 1 or text.count(ends) != 1:
        message = (
            f"has no part to write anew; put a line {begins} and below it a line {ends} where the table goes"
        )
        raise InputError(finding(path, message))
    return found[1], found[2]
