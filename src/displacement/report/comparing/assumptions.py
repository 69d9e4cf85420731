"""The assumptions in which runs differ, and no others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from displacement.report.comparing.runs import Run

__all__ = ["Assumption", "differing"]

SAID_ELSEWHERE = ("title", "condition", "variants", "variant", "base")
"""What stands at the head of a comparison, and what bears on no number."""
ABSENT = "–"


class Assumption(NamedTuple):
    """One assumption in which runs differ."""

    path: str
    """Where it stands in the scenario, such as `movement.travel.hours_per_day`."""
    values: tuple[str, ...]
    """What each run has; a dash where it has none."""


def differing(runs: Sequence[Run]) -> tuple[Assumption, ...]:
    """Settings, events and input files in which any run differs from the first, in the order of the scenario.

    Events and other entries of lists are told apart by their `id` or `name`, or, without one, by all they say.
    """
    told = [_flat({k: v for k, v in run.settings.items() if k not in SAID_ELSEWHERE}, "") for run in runs]
    entries = {path for one in told for path in one.entries}
    alone = {path for path in entries if any(path not in one.entries for one in told)}
    found = []
    for path in dict.fromkeys(path for one in told for path in (*one.fields, *one.entries)):
        if path in entries - alone or any(path.startswith(f"{entry}.") for entry in alone):
            continue
        values = tuple({**one.fields, **one.entries}.get(path, ABSENT) for one in told)
        if len(set(values)) > 1:
            found.append(Assumption(path, values))
    return (*found, *_inputs(runs))


class _Flat(NamedTuple):
    """Plain values by their path."""

    fields: dict[str, str]
    entries: dict[str, str]
    """Entries of lists that have a name, each whole."""


def _flat(value: Any, path: str) -> _Flat:
    if isinstance(value, Mapping):
        parts = [_flat(part, f"{path}.{key}" if path else str(key)) for key, part in value.items()]
        return _joined(parts)
    if isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
        return _listed(value, path)
    return _Flat({path: _text(value)} if _said(value) else {}, {})


def _joined(parts: Sequence[_Flat]) -> _Flat:
    return _Flat(
        {path: text for part in parts for path, text in part.fields.items()},
        {path: text for part in parts for path, text in part.entries.items()},
    )


def _said(value: Any) -> bool:
    """Whether a value says anything: a blank note and an empty list do not."""
    return value not in (None, "", [], ())


def _listed(entries: Sequence[Any], path: str) -> _Flat:
    """Entries of a list: those with a name field by field, the others whole, counted if they stand there twice."""
    names = [_name(entry) for entry in entries]
    once = {name for name, count in Counter(names).items() if count == 1}
    parts: list[_Flat] = []
    whole: Counter[str] = Counter()
    for entry, name in zip(entries, names, strict=True):
        if name and name in once:
            own = {key: part for key, part in entry.items() if key not in ("id", "name")}
            parts += [_flat(own, f"{path}[{name}]"), _Flat({}, {f"{path}[{name}]": _text(own)})]
        else:
            whole[_text(entry)] += 1
    unnamed = {f"{path}: {text}": "yes" if count == 1 else f"{count} times" for text, count in whole.items()}
    return _joined([*parts, _Flat(unnamed, {})])


def _name(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return ""
    return str(entry.get("id") or entry.get("name") or "")


def _text(value: Any) -> str:
    """A plain value on one line; a file by its name, wherever it lies."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(part)}" for key, part in value.items() if _said(part))
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, str):
        return PurePath(value).name if "/" in value and " " not in value else value
    return json.dumps(value, ensure_ascii=False, default=str)


def _inputs(runs: Sequence[Run]) -> list[Assumption]:
    """Files of one name whose content differs; scenarios are left out, for their settings are compared."""
    listed = [run.made_of.get("inputs", {}) for run in runs]
    shared = [name for name in listed[0] if all(name in one for one in listed)]
    found = []
    for name in shared:
        hashes = tuple(str(one[name].get("sha256", ""))[:12] for one in listed)
        if len(set(hashes)) > 1 and not name.endswith((".yaml", ".yml")):
            found.append(Assumption(f"content of {name}", hashes))
    versions = tuple(str(run.made_of.get("package", {}).get("version", "unknown")) for run in runs)
    return [*found, *([Assumption("version of the software", versions)] if len(set(versions)) > 1 else [])]
