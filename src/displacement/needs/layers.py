"""Layers of standards laid over each other, line by line and field by field."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from displacement.needs.item import Item
from displacement.needs.units import UnitError, converted, measured

__all__ = [
    "Fields",
    "Provenance",
    "drop",
    "include",
    "listed",
    "merge",
    "misshapen",
    "suggestion",
    "unlike_headers",
]

EVERY_LINE = "all"
"""In `include`: every line there is."""

_LAYER_KEYS = ("version", "currency", "title", "items", "drop", "only", "include")
_QUANTITY_FIELDS = {"quantity", "low", "high"}
_STATUS_OF = {"mass_kg": "status_mass", "volume_m3": "status_volume", "cost": "status_cost"}

Fields = dict[str, Any]
"""A line as it is written so far."""
Provenance = dict[tuple[str, str], str]
"""(item id, field) -> the layer that gave it."""


def misshapen(name: str, layer: Any) -> Iterator[str]:
    """Mistakes in the outline of a layer: its keys, its lists, lines without or with equal ids."""
    if not isinstance(layer, Mapping):
        yield f"{name}: a layer is a mapping with items or drop (got {layer!r})"
        return
    for key in layer:
        if key not in _LAYER_KEYS:
            yield f"{name}: {key}: unknown key{suggestion(key, _LAYER_KEYS)}"
    for key in ("items", "drop", "only", "include"):
        if not isinstance(layer.get(key) or [], list | tuple):
            yield f"{name}: {key}: write a list (got {layer[key]!r})"
    seen: set[str] = set()
    for position, line in enumerate(listed(layer, "items"), start=1):
        if not isinstance(line, Mapping) or not isinstance(line.get("id"), str):
            yield f"{name}: items, line {position}: a line is a mapping with an id (got {line!r})"
        elif line["id"] in seen:
            yield f"{name}: {line['id']}: given twice in this layer; keep one line"
        else:
            seen.add(line["id"])


def unlike_headers(layers: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """A first layer without currency or version, or a later one in another currency."""
    headers = [(name, layer) for name, layer in layers if isinstance(layer, Mapping)]
    if not headers:
        yield "no standards given; pass at least one layer with currency, version and items"
        return
    first_name, first = headers[0]
    for key in ("currency", "version"):
        if not first.get(key):
            yield f"{first_name}: {key}: missing; write {key}: at the top of the lowest layer"
    for name, layer in headers[1:]:
        if layer.get("currency", first.get("currency")) != first.get("currency"):
            yield (
                f"{name}: currency: costs are in {first.get('currency')} "
                f"(got {layer['currency']}); convert them and leave the key out"
            )


def drop(
    name: str, layer: Mapping[str, Any], lines: dict[str, Fields], provenance: Provenance
) -> Iterator[str]:
    """Take the dropped items out of `lines`; say which are not there."""
    for item_id in listed(layer, "drop"):
        if item_id not in lines:
            yield f"{name}: drop: {item_id}: no such item{suggestion(item_id, lines)}"
            continue
        for field in lines.pop(item_id):
            del provenance[item_id, field]


def include(
    name: str, layer: Mapping[str, Any], lines: dict[str, Fields], provenance: Provenance
) -> Iterator[str]:
    """Put lines on the list, or all but some beside it; say which are not there."""
    only = listed(layer, "only")
    for each in lines if only else ():
        if lines[each].get("listed", True) != (each in only):
            lines[each]["listed"] = each in only
            provenance[each, "listed"] = name
    for item_id in only:
        if item_id not in lines:
            yield f"{name}: only: {item_id}: no such item{suggestion(item_id, lines)}"
    for item_id in listed(layer, "include"):
        if item_id != EVERY_LINE and item_id not in lines:
            yield f"{name}: include: {item_id}: no such item{suggestion(item_id, lines)}"
            continue
        for each in lines if item_id == EVERY_LINE else (item_id,):
            if not lines[each].get("listed", True):
                lines[each]["listed"] = True
                provenance[each, "listed"] = name


def merge(
    name: str, layer: Mapping[str, Any], lines: dict[str, Fields], provenance: Provenance
) -> Iterator[str]:
    """Lay the lines of a layer over `lines`; say which make no whole line."""
    for line in listed(layer, "items"):
        if not isinstance(line, Mapping) or not isinstance(line.get("id"), str):
            continue
        item_id = line["id"]
        below = lines.get(item_id)
        try:
            plain = _with_plain_quantities(line, below or {})
        except UnitError as error:
            yield f"{name}: {item_id}.quantity: {error}"
            continue
        if below is None:
            missing = [f for f, info in Item.model_fields.items() if info.is_required()]
            missing = [field for field in missing if field not in plain]
            if missing:
                yield (
                    f"{name}: {item_id}: no such item{suggestion(item_id, lines)}; "
                    f"a new item also needs {', '.join(missing)}"
                )
                continue
        else:
            yield from _untraceable(name, plain, below)
        given = dict(plain) if below is None else _with_a_word_for_it(name, dict(plain))
        lines[item_id] = {**(below or {}), **given}
        provenance.update({(item_id, field): name for field in given})


def _with_plain_quantities(line: Mapping[str, Any], below: Fields) -> Fields:
    """The line with quantities that were written with a unit as plain numbers in the line's unit and period."""
    plain = dict(line)
    for field in ("quantity", "low", "high"):
        if isinstance(line.get(field), str):
            plain[field] = _plain_quantity(str(line[field]), plain, below)
    return plain


def _plain_quantity(written: str, line: Fields, below: Fields) -> float:
    """A number in the unit and for the period of the line; a new line takes both from what is written."""
    given = measured(written)
    if "unit" not in line and "unit" not in below:
        line["unit"] = given.unit
    unit = str(line.get("unit", below.get("unit", "")))
    value = converted(given.value, given.unit, unit)
    if given.period_days is None:
        return value
    kind = line.get("kind", below.get("kind"))
    if kind not in ("daily", "periodic_kit"):
        raise UnitError(f"a line of kind {kind} has no period; write {value:g} {unit} (got {written!r})")
    if "every_days" not in line and "every_days" not in below and "quantity" not in below:
        line["every_days"] = given.period_days
    period = float(line.get("every_days", below.get("every_days")) or 1.0)
    if abs(period - given.period_days) > 1e-9:
        same = value * period / given.period_days
        raise UnitError(
            f"the line is in {unit} for {period:g} day{'' if period == 1 else 's'} (got {written!r}); that would be "
            f"{same:.3g} {unit}; write it so if that is meant"
        )
    return value


def _untraceable(name: str, line: Mapping[str, Any], below: Fields) -> Iterator[str]:
    """Changes that would leave a number standing beside a unit it was not meant for."""
    item_id = line["id"]
    if line.get("unit", below["unit"]) != below["unit"]:
        yield (
            f"{name}: {item_id}.unit: the line is in {below['unit']} (got {line['unit']!r}); "
            "convert the quantity, or drop the line and add one with its own id"
        )
    for field in ("per", "kind", "every_days"):
        changed = field in line and line[field] != below.get(field)
        if changed and "quantity" not in line:
            yield (
                f"{name}: {item_id}.{field}: changed from {below.get(field)} to {line[field]} "
                "without a quantity; write the quantity that goes with it"
            )


def _with_a_word_for_it(name: str, given: Fields) -> Fields:
    """A changed number must not keep the source of the one it replaces."""
    filled = dict(given)
    if _QUANTITY_FIELDS & given.keys() and "source" not in given:
        filled["source"] = f"stated in {name} without a source"
        filled.setdefault("status", "assumed")
    if given.keys() & {"mass_kg", "volume_m3"}:
        filled.setdefault("source_mass", given.get("source", f"stated in {name} without a source"))
    for field, status in _STATUS_OF.items():
        if field in given:
            filled.setdefault(status, "assumed")
    return filled


def listed(layer: Mapping[str, Any], key: str) -> Sequence[Any]:
    """What a layer lists under a key; nothing where it is no list."""
    given = layer.get(key) or ()
    return given if isinstance(given, list | tuple) else ()


def suggestion(word: Any, known: Iterable[str]) -> str:
    """A hint at the nearest known word, or at all of them where they are few."""
    known = list(known)
    near = get_close_matches(str(word), known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
