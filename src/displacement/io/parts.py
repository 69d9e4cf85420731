"""Some members of a run, in a folder of their own, to be merged with the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from displacement.io import folders, results
from displacement.io.errors import InputError, finding

__all__ = ["MadeOf", "Part", "read", "together", "unlike", "write"]

MadeOf = Mapping[str, Any]
SHARED = (("package",), ("libraries",), ("scenario", "uncertainty"), ("scenario",), ("inputs",))
"""What parts of one run have in common, of what the manifest says they are made from; what tells most comes first."""
FILES = ("people", "flows")


class Part(NamedTuple):
    """Some members of a run."""

    folder: Path
    first: int
    """The first of them, counted from 0."""
    end: int
    """The one after the last."""
    of: int
    """Members of the whole run."""
    scenario_file: Path
    variant: str | None
    made_of: MadeOf
    """As `io.provenance.provenance` returns it."""
    people: xr.Dataset
    """Read when they are used."""
    flows: xr.Dataset


def write(part: Part) -> None:
    """Write a part's folder, whole or not at all; an older one of a run is replaced.

    Raises
    ------
    InputError
        If it cannot be written; nothing was changed then.
    """
    about = {
        "members": [part.first, part.end],
        "of": part.of,
        "scenario_file": str(part.scenario_file.resolve()),
        "variant": part.variant,
    }
    with folders.whole_folder(part.folder) as partial:
        (partial / "internal").mkdir()
        for name, dataset in zip(FILES, (part.people, part.flows), strict=True):
            about_part = dataset.assign_attrs(title=f"part: {name}")
            results.keep(partial / "internal" / f"{name}.nc", about_part)
        folders.write_manifest(partial, {**part.made_of, "part": about})


def read(folder: Path) -> Part:
    """A part that `write` wrote.

    Raises
    ------
    InputError
        If the folder holds none.
    """
    try:
        made_of = json.loads((folder / folders.MANIFEST).read_text(encoding="utf-8"))
        about = made_of["part"]
        (first, end), of, variant = about["members"], about["of"], about["variant"]
        file = Path(about["scenario_file"])
        people, flows = (results.opened(folder / "internal" / f"{name}.nc") for name in FILES)
    except (OSError, ValueError, KeyError, TypeError):
        message = "holds no members of a run; name folders that `displacement run --member-range` wrote"
        raise InputError(finding(folder, message)) from None
    return Part(folder, first, end, of, file, variant, made_of, people, flows)


def together(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of one run in the order of their members.

    Raises
    ------
    InputError
        If parts are made from something else than the first, or members are missing or there twice.
    """
    first, *others = parts
    problems = [
        finding(part.folder, f"does not belong to {first.folder}: {why}; merge parts of one run")
        for part in others
        if (why := unlike(part.made_of, first.made_of) or _of_another_variant(part, first))
    ]
    if problems:
        raise InputError(*problems)
    ordered = sorted(parts, key=lambda part: part.first)
    for before, after in pairwise(ordered):
        if after.first < before.end:
            twice = f"members {after.first} to {min(before.end, after.end) - 1} are in {before.folder} too"
            problems.append(finding(after.folder, f"{twice}; leave one of them out"))
    reached = 0
    for part in (*ordered, None):
        begins = part.first if part else first.of
        if begins > reached:
            names = ", ".join(str(each.folder) for each in ordered)
            missing = f"members {reached} to {begins - 1} of {first.of} are in none of {names}"
            problems.append(f"{missing}; run them: --member-range {reached}:{begins}")
        reached = max(reached, part.end if part else reached)
    if problems:
        raise InputError(*problems)
    return tuple(ordered)


def _of_another_variant(part: Part, other: Part) -> str:
    if part.variant == other.variant:
        return ""
    return f"it is of the variant {part.variant}, the other of {other.variant}"


def unlike(made_of: MadeOf, other: MadeOf) -> str:
    """In what two things made differ, in words; blank if in nothing that bears on a number.

    >>> unlike({"package": {"version": "1"}}, {"package": {"version": "2"}})
    'package version is 1, not 2'
    """
    for path in SHARED:
        one, two = (reduce(lambda held, name: held.get(name, {}), path, each) for each in (made_of, other))
        found = _difference(one, two, path)
        if found:
            return found
    return ""


def _difference(one: Any, other: Any, path: tuple[str, ...]) -> str:
    """The first place where two plain values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            found = _difference(one.get(key), other.get(key), (*path, str(key)))
            if found:
                return found
        return ""
    if one == other:
        return ""
    where = " ".join(path)
    if path[0] == "inputs":
        return f"{path[1]} {'has other content' if one and other else 'was read for one of them alone'}"
    plain = (int, float, str)
    return (
        f"{where} is {one}, not {other}"
        if isinstance(one, plain) and isinstance(other, plain)
        else f"{where} differs"
    )
