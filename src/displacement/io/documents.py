"""YAML documents that remember where each value stands."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from displacement.io.errors import InputError, finding, suggestion

if TYPE_CHECKING:
    from pydantic import ValidationError

Location = tuple[int | str, ...]

LARGEST = 1_000_000
"""No scenario or area file is larger. [byte]"""
MOST_VALUES = 100_000
"""A file that holds more values, aliases written out, is no scenario."""
TOO_DEEP = "nests too deep; close brackets that are left open"


class Mark(NamedTuple):
    """Where a key or entry stands."""

    path: Path
    line: int
    column: int


class Document:
    """A YAML file as plain data, with the line and column of each key.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    data : dict
        Plain dictionaries, lists and values.
    marks : mapping
        File, line and column (from 1) by location: a tuple of keys and positions.
    """

    def __init__(self, path: Path, data: dict[str, Any], marks: Mapping[Location, Mark]) -> None:
        self.path, self.data, self.marks = path, data, marks

    def finding(self, location: Iterable[int | str], message: str) -> str:
        """One line about what stands at a location (or the nearest that the file has)."""
        parts = tuple(location)
        for end in range(len(parts), 0, -1):
            if parts[:end] in self.marks:
                mark = self.marks[parts[:end]]
                return finding(mark.path, message, mark.line, mark.column, _dotted(parts))
        return finding(self.path, message, 1, 1, _dotted(parts))

    def findings(self, error: ValidationError, known: Mapping[str, list[str]] | None = None) -> list[str]:
        """One line for each error of a validation, in words of a planner."""
        return [
            self.finding(location, message)
            for location, message in (explain(detail, known or {}) for detail in error.errors())
        ]


def _dotted(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


_PLAIN = {
    "tuple_type": "must be a list; write it in brackets: [one, other]",
    "too_short": "needs at least one entry",
    "string_type": "must be one name or text",
    "model_type": "must be keys with values below it",
    "dict_type": "must be keys with values below it",
    "float_parsing": "must be a number; write digits such as 12.5",
    "float_type": "must be a number; write digits such as 12.5",
    "int_parsing": "must be a whole number; write digits such as 12",
    "int_type": "must be a whole number; write digits such as 12",
    "date_type": "is not a date; write it as 2024-11-27",
    "date_parsing": "is not a date; write it as 2024-11-27",
    "date_from_datetime_parsing": "is not a date; write it as 2024-11-27",
    "date_from_datetime_inexact": "is not a date; write it as 2024-11-27",
}
"""Errors of validation in words of a planner, by pydantic's type."""


def explain(detail: Mapping[str, Any], known: Mapping[str, list[str]]) -> tuple[Location, str]:
    """Location and message of one validation error.

    Parameters
    ----------
    detail : mapping
        One entry of pydantic's `ValidationError.errors()`.
    known : mapping
        Known keys by dotted location of the mapping that holds them, for suggestions.
    """
    location = tuple(detail["loc"])
    kind, written = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        parent = _dotted(tuple(part for part in location[:-1] if not isinstance(part, int)))
        return location, "unknown key" + suggestion(str(location[-1]), known.get(parent, []))
    if kind == "missing":
        return location, "is missing; write it"
    message = _PLAIN.get(kind) or str(detail["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if isinstance(written, str | int | float | bool | dt.date):
        message += f" (got {written!r})" if isinstance(written, str) else f" (got {written})"
    return location, message


def read_document(path: Path) -> Document:
    """Read a YAML 1.2 file; a duplicate key is an error.

    Raises
    ------
    InputError
        If the file cannot be read, is not YAML, or is not a mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    text = _text(path)
    yaml = YAML(typ="rt")
    yaml.Constructor = _constructor()
    try:
        loaded = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        problem = str(error.problem or error.context or "is not YAML").split("\n")[0]
        advice = "keep one" if isinstance(error, DuplicateKeyError) else "check the indentation and quotes"
        raise InputError(finding(path, f"{problem}; {advice}", line, column)) from None
    except ReaderError as error:
        line, column = _line_and_column(text, error.position)
        message = f"holds the control character {error.character}; type it anew"
        raise InputError(finding(path, message, line, column)) from None
    except (YAMLError, ValueError) as error:
        raise InputError(finding(path, f"is not YAML ({str(error).splitlines()[0]})")) from None
    except RecursionError:
        raise InputError(finding(path, TOO_DEEP)) from None
    if loaded is None:
        raise InputError(finding(path, "is empty; write keys with values, such as 'title: My question'", 1))
    if not isinstance(loaded, Mapping):
        raise InputError(finding(path, "must be keys with values, such as 'title: My question'", 1))
    marks: dict[Location, Mark] = {}
    try:
        return Document(path, _plain(loaded, path, (), marks), marks)
    except RecursionError:
        raise InputError(finding(path, TOO_DEEP)) from None


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    """Line and column of a position in a text, from 1."""
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def _text(path: Path) -> str:
    """The file as text."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(finding(path, "there is no such file")) from None
    except IsADirectoryError:
        raise InputError(finding(path, "is a folder; name a YAML file")) from None
    except OSError as error:
        raise InputError(finding(path, f"cannot be read ({error.strerror})")) from None
    if len(content) > LARGEST:
        raise InputError(finding(path, f"is larger than {LARGEST:,} bytes; name a YAML file"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(finding(path, "is not UTF-8 text; save it as UTF-8")) from None


@lru_cache(maxsize=1)
def _constructor() -> Any:
    """Reads dates as text, so that a wrong one is found with its line where it is used."""
    from ruamel.yaml.constructor import RoundTripConstructor

    class _DatesAsText(RoundTripConstructor):
        pass

    _DatesAsText.add_constructor("tag:yaml.org,2002:timestamp", _DatesAsText.construct_yaml_str)
    return _DatesAsText


_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _note_mark(
    marks: dict[Location, Mark], path: Path, at: Location, holder: Any, kind: Literal["key", "item"]
) -> None:
    """Note where a key or entry stands, if it stands in its holder: what is merged or tagged has no place of its own."""
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        line, column = getattr(holder.lc, kind)(at[-1])
        marks[at] = Mark(path, line + 1, column + 1)


def _plain(node: Any, path: Path, location: Location, marks: dict[Location, Mark]) -> Any:
    """Plain data, noting where each key and entry stands."""
    if len(marks) > MOST_VALUES:
        message = f"holds more than {MOST_VALUES:,} values; write fewer, and no aliases of aliases"
        raise InputError(finding(path, message))
    if isinstance(node, Mapping):
        for key in node:
            _note_mark(marks, path, (*location, key), node, "key")
            if not isinstance(key, str | int):
                message = f"a key must be a word (got {key}); write it in quotes if it is one"
                raise InputError(Document(path, {}, marks).finding(location, message))
        return {key: _plain(value, path, (*location, key), marks) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str | bytes):
        for index in range(len(node)):
            _note_mark(marks, path, (*location, index), node, "item")
        return [_plain(value, path, (*location, index), marks) for index, value in enumerate(node)]
    if isinstance(node, bool | dt.date) or node is None:
        return node
    if isinstance(node, str) and _UNSEEN.search(node):
        raise InputError(
            Document(path, {}, marks).finding(
                location, f"holds a control character (got {str(node)!r}); type it anew"
            )
        )
    for plain in (int, float, str):
        if isinstance(node, plain):
            return plain(node)
    return node
