"""A scenario file on its base, and its variants: documents that still know where each line stands."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from displacement.io.documents import Document, Location, Mark, read_document
from displacement.io.errors import InputError, suggestion
from displacement.scenario.model import named_files

PATCH_KEYS = ("base", "variants", "drop", "add")
"""Keys that say how a file or variant changes another; they are no field of a scenario."""
LONGEST = 255
"""A longer name is no file's on any system. [byte]"""


def composed(path: Path, above: tuple[Path, ...]) -> tuple[Document, dict[str, Document]]:
    """A document with its `base` applied, and its variants as documents."""
    document = read_document(path)
    _check_names(document)
    here = path.resolve()
    if here in above:
        chain = " -> ".join(step.name for step in (*above, here))
        raise InputError(
            document.finding(("base",), f"a scenario includes itself ({chain}); name another base")
        )
    variants: dict[str, Document] = {}
    if "base" in document.data:
        base = document.data["base"]
        if not isinstance(base, str):
            raise InputError(document.finding(("base",), f"must be a file's name (got {base!r})"))
        if not (path.parent / base).is_file():
            raise InputError(document.finding(("base",), f"there is no file '{base}' beside this one"))
        below, variants = composed(path.parent / base, (*above, here))
        below = _moved(below, path)
        variants = {name: _moved(variant, path) for name, variant in variants.items()}
        own = document.data.get("variants") or {}
        document = patched(below, document)
    else:
        own = document.data.get("variants") or {}
        for key in ("drop", "add"):
            if key in document.data:
                raise InputError(document.finding((key,), "needs 'base', or stands in a variant"))
    if not isinstance(own, Mapping):
        raise InputError(read_document(path).finding(("variants",), "must be names with changes below them"))
    source = read_document(path)
    for name, patch in own.items():
        if patch is None and name in variants:
            variants = {other: variant for other, variant in variants.items() if other != name}
            continue
        if patch is None:
            known = suggestion(str(name), sorted(variants)) if variants else ""
            message = f"is no variant of the base, so there is none to leave out{known or '; drop this line'}"
            raise InputError(source.finding(("variants", name), message))
        if not isinstance(patch, Mapping):
            raise InputError(source.finding(("variants", name), "must hold drop, add or changed fields"))
        variant = Document(path, dict(patch), _below(source.marks, ("variants", name)))
        _check_patch(variant, ("base", "variants"))
        _check_names(variant)
        variants = variants | {str(name): variant}
    data = {key: value for key, value in document.data.items() if key not in PATCH_KEYS}
    return Document(path, data, document.marks), variants


def _check_patch(patch: Document, foreign: tuple[str, ...] = ()) -> None:
    """Raise an error for `drop` or `add` that is no list, and for keys that have no place in a patch."""
    for key in foreign:
        if key in patch.data:
            raise InputError(
                patch.finding((key,), "stands at the top of a file, and not in a variant; move it")
            )
    for key in ("drop", "add"):
        if not isinstance(patch.data.get(key, []), list):
            raise InputError(patch.finding((key,), "must be a list; write it in brackets: [one, other]"))


def _check_names(document: Document) -> None:
    """Raise an error for names of files that no file can have."""
    own = [
        ((key,), document.data, key) for key in ("base", "area") if isinstance(document.data.get(key), str)
    ]
    for at, holder, key in (*own, *named_files(document.data)):
        if any(len(part.encode()) > LONGEST for part in holder[key].split("/")):
            message = f"is too long for the name of a file ({len(holder[key])} letters); correct it"
            raise InputError(document.finding(at, message))


def _moved(document: Document, path: Path) -> Document:
    """A base, or a variant of one, as seen from another folder: its area and files stay where they are."""
    base_folder = document.path.parent.resolve()
    if base_folder == path.parent.resolve():
        return document
    data = copy.deepcopy(document.data)
    if isinstance(data.get("area"), str):
        data["area"] = str((base_folder / data["area"]).resolve())
    for _, holder, key in named_files(data):
        if (base_folder / holder[key]).is_file():
            holder[key] = str(base_folder / holder[key])
    return Document(path, data, document.marks)


def _below(marks: Mapping[Location, Mark], prefix: Location) -> dict[Location, Mark]:
    """The marks below a location, counted from it."""
    return {
        at[len(prefix) :]: mark for at, mark in marks.items() if at[: len(prefix)] == prefix and at != prefix
    }


def patched(base: Document, patch: Document) -> Document:
    """A document with the changed fields, `drop` and `add` of another."""
    data = copy.deepcopy(base.data)
    marks = dict(base.marks)
    _check_patch(patch)
    _change(data, marks, patch, patch.data, (), skip=PATCH_KEYS)
    if {"drop", "add", "events", "condition"} & set(patch.data):
        for name in {"condition", "condition_ar"} - set(patch.data):
            data.pop(name, None)  # what the answer depended on is no longer true
    events = list(data.get("events") or [])
    event_marks = [_below(marks, ("events", index)) for index in range(len(events))]
    heads = [marks.get(("events", index)) for index in range(len(events))]
    for index, name in enumerate(patch.data.get("drop") or ()):
        hits = [
            at for at, event in enumerate(events) if isinstance(event, Mapping) and event.get("id") == name
        ]
        if not hits:
            ids = [str(event["id"]) for event in events if isinstance(event, Mapping) and event.get("id")]
            message = f"no event has the id '{name}'" + suggestion(str(name), ids)
            raise InputError(patch.finding(("drop", index), message))
        for at in reversed(hits):
            del events[at], event_marks[at], heads[at]
    for index, event in enumerate(patch.data.get("add") or ()):
        events.append(event)
        event_marks.append(_below(patch.marks, ("add", index)))
        heads.append(patch.marks.get(("add", index)))
    if events or "events" in data:
        data["events"] = events
        marks = {at: mark for at, mark in marks.items() if at[:1] != ("events",) or len(at) == 1}
        for index, (head, inner) in enumerate(zip(heads, event_marks, strict=True)):
            if head:
                marks[("events", index)] = head
            marks |= {("events", index, *at): mark for at, mark in inner.items()}
    return Document(base.path, data, marks)


def _change(
    data: dict[str, Any],
    marks: dict[Location, Mark],
    patch: Document,
    values: Mapping[str, Any],
    location: Location,
    skip: tuple[str, ...] = (),
) -> None:
    """Replace fields, mapping by mapping, and note where the new ones stand."""
    for key, value in values.items():
        if key in skip:
            continue
        here = (*location, key)
        if isinstance(value, Mapping) and isinstance(data.get(key), dict):
            _change(data[key], marks, patch, value, here)
        else:
            data[key] = copy.deepcopy(value)
            for at in [at for at in marks if at[: len(here)] == here]:
                del marks[at]
        marks |= {at: mark for at, mark in patch.marks.items() if at[: len(here)] == here and at not in marks}
