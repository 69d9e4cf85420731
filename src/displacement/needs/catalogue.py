"""Layers of standards resolved into one catalogue in which every number can be traced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.item import Item
from displacement.needs.layers import (
    Fields,
    Provenance,
    drop,
    include,
    listed,
    merge,
    misshapen,
    suggestion,
    unlike_headers,
)

__all__ = ["Catalogue", "CatalogueError", "SiteChange", "resolve"]

DEFAULT = "default"
"""Name of the layer that stands behind a field which no layer gives."""

_PER = ("person", "household", "kit_household")
_WHERE = ("all", "town", "site")


class CatalogueError(ValueError):
    """Standards that cannot be used; `problems` holds one sentence for each mistake."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type["CatalogueError"], tuple[tuple[str, ...]]]:
        return CatalogueError, (self.problems,)


class SiteChange(NamedTuple):
    """Lines that differ in some zones."""

    name: str
    """Name of the layer, for what explains a number."""
    zones: tuple[str, ...]
    """P-codes."""
    type: str
    """town, site or all: for people in which places of the zones."""
    items: tuple[Item, ...]
    """The lines as they are there."""


@dataclass(frozen=True)
class Catalogue:
    """The aid items of a run, and which layer gave each of their fields."""

    items: tuple[Item, ...]
    """Those that count, in the order in which the layers name them."""
    aside: tuple[Item, ...]
    """Those that count only where they are included."""
    provenance: Mapping[tuple[str, str], str]
    """(item id, field) -> name of the layer that gave it, or "default"."""
    currency: str
    """Currency of every cost."""
    version: str
    """Version of the lowest layer."""
    layers: tuple[str, ...]
    """Names of the layers, lowest first."""
    sites: tuple[SiteChange, ...] = ()
    """Lines that differ in some zones: the highest layer."""

    def item(self, item_id: str) -> Item:
        """The item of that id; a CatalogueError with the nearest ids where there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        known = [item.id for item in self.items]
        if item_id in (item.id for item in self.aside):
            raise CatalogueError([f"{item_id}: is not on the list; name it under needs: include"])
        raise CatalogueError([f"{item_id}: no such item{suggestion(item_id, known)}"])


def resolve(
    layers: Sequence[tuple[str, Mapping[str, Any]]],
    assumptions: NeedsAssumptions | None = None,
    sites: Sequence[Mapping[str, Any]] = (),
) -> Catalogue:
    """One catalogue from layers of standards; a later layer wins field by field.

    A layer has `items`, a list of lines with an `id`, `drop`, a list of ids, `only`, the ids of the lines that count
    alone, and `include`, the ids of lines beside the list that count too (`all`: every one). A line whose id is known
    changes only the fields it gives; any other line is a new item and must be whole. What is dropped goes first. A
    quantity changed without a source counts as assumed, on the layer's word. A quantity may be written with its unit and
    period ("15 litre/day"), which must be those of the line.

    Parameters
    ----------
    layers : sequence of (name, mapping)
        Parsed layers, lowest first. The first states `currency` and `version`.
    assumptions : NeedsAssumptions, optional
        Names the cohorts and shelter situations that lines may refer to.
    sites : sequence of mapping, optional
        Changes in some zones: `zones` (p-codes), `type` (town, site or all) and `items`, lines with an id and the fields
        that differ (quantity, low, high, share, where, source, status).

    Returns
    -------
    Catalogue

    Raises
    ------
    CatalogueError
        With every mistake in every layer, each saying what to write instead.

    Examples
    --------
    >>> line = {"id": "water", "sector": "water", "name": "Water", "kind": "daily",
    ...         "quantity": 15, "unit": "litre", "per": "person",
    ...         "source": "Sphere 2018", "status": "verified"}
    >>> standards = {"version": "1", "currency": "USD", "items": [line]}
    >>> catalogue = resolve([("standards", standards),
    ...                      ("scenario", {"items": [{"id": "water", "quantity": 7.5}]})])
    >>> catalogue.items[0].quantity, catalogue.items[0].status
    (7.5, 'assumed')
    >>> catalogue.provenance["water", "quantity"], catalogue.provenance["water", "unit"]
    ('scenario', 'standards')
    """
    profile = NeedsAssumptions() if assumptions is None else assumptions
    problems: list[str] = []
    lines: dict[str, Fields] = {}
    provenance: Provenance = {}
    for name, layer in layers:
        problems += misshapen(name, layer)
        if isinstance(layer, Mapping):
            problems += drop(name, layer, lines, provenance)
            problems += merge(name, layer, lines, provenance)
            problems += include(name, layer, lines, provenance)
    problems += unlike_headers(layers)
    items = list(_build(lines, provenance, problems))
    ever = set(lines) | _dropped(layers)
    problems += [problem for item in items for problem in _dangling(item, lines, ever, profile)]
    changes = tuple(_site_changes(sites, lines, provenance, problems))
    problems += _circles(items)
    if problems:
        raise CatalogueError(problems)
    header = layers[0][1] if layers else {}
    return Catalogue(
        items=tuple(item for item in items if item.listed),
        aside=tuple(item for item in items if not item.listed),
        provenance=_with_defaults(items, provenance),
        currency=str(header.get("currency", "")),
        version=str(header.get("version", "")),
        layers=tuple(name for name, _ in layers),
        sites=changes,
    )


_SITE_FIELDS = ("id", "quantity", "low", "high", "share", "where", "source", "status")


def _site_changes(
    sites: Sequence[Mapping[str, Any]], lines: dict[str, Fields], provenance: Provenance, problems: list[str]
) -> Iterator[SiteChange]:
    """The lines as they are in some zones."""
    for number, site in enumerate(sites, start=1):
        name = f"sites[{number}]"
        fixed = [
            (line.get("id"), field) for line in site["items"] for field in line if field not in _SITE_FIELDS
        ]
        for item_id, field in fixed:
            known = ", ".join(_SITE_FIELDS[1:])
            problems.append(f"{name}: {item_id}.{field}: cannot differ by zone; these can: {known}")
        if fixed:
            continue
        below = {item_id: dict(fields) for item_id, fields in lines.items()}
        blame = dict(provenance)
        problems += misshapen(name, {"items": list(site["items"])})
        problems += merge(name, {"items": list(site["items"])}, below, blame)
        ids = [line.get("id") for line in site["items"]]
        problems += _again(name, site, sites[: number - 1])
        changed = {item_id: below[item_id] for item_id in ids if item_id in lines}
        yield SiteChange(
            name, tuple(site["zones"]), str(site["type"]), tuple(_build(changed, blame, problems))
        )


def _again(name: str, site: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Lines that differ in a zone by two entries."""
    ids = {line.get("id") for line in site["items"]}
    for number, other in enumerate(before, start=1):
        zones = set(site["zones"]) & set(other["zones"])
        types = {site["type"], other["type"]}
        same = ids & {line.get("id") for line in other["items"]}
        if zones and same and ("all" in types or len(types) == 1):
            yield f"{name}: {min(map(str, same))}: differs in {min(zones)} by entry {number} already; write it once"


def _circles(items: Sequence[Item]) -> Iterator[str]:
    """Lines that contain each other."""
    inside = {item.id: set(item.contains) for item in items}
    for start, held in inside.items():
        reached: set[str] = set()
        ahead = set(held)
        while ahead:
            reached |= ahead
            ahead = {deeper for item_id in ahead for deeper in inside.get(item_id, ())} - reached
        if start in reached:
            yield f"{start}.contains: it holds a line that holds it again; take one of them out"


def _build(lines: Mapping[str, Fields], provenance: Provenance, problems: list[str]) -> Iterator[Item]:
    """The items that are whole and sensible; what is wrong with the others goes to `problems`."""
    for item_id, fields in lines.items():
        try:
            yield Item.model_validate(fields)
        except ValidationError as error:
            problems += [_readable(item_id, problem, provenance) for problem in error.errors()]


def _readable(item_id: str, problem: Any, provenance: Provenance) -> str:
    """One pydantic complaint as a sentence that begins with layer, item and field."""
    field = str(problem["loc"][0]) if problem["loc"] else ""
    blamed = field or "quantity"
    layer = provenance.get((item_id, blamed), provenance.get((item_id, "id"), ""))
    place = f"{layer}: {item_id}" + (f".{field}" if field else "")
    match problem["type"]:
        case "extra_forbidden":
            return f"{place}: unknown field{suggestion(field, Item.model_fields)}"
        case "missing":
            return f"{place}: missing; {_meaning(field)}"
        case "tuple_type":
            return f"{place}: write a list, such as [{problem['input']}]"
        case "value_error" if not field:
            return f"{place}: {problem['ctx']['error']}"
        case _:
            message = problem["msg"].removeprefix("Input ")
            return f"{place}: {message} (got {problem['input']!r}); {_meaning(field)}"


def _meaning(field: str) -> str:
    """First line of what the planner's manual says about a field."""
    description = Item.model_fields[field].description if field in Item.model_fields else None
    return f"{field} is: {(description or field).strip().splitlines()[0]}"


def _dropped(layers: Sequence[tuple[str, Any]]) -> set[str]:
    """Ids that some layer drops."""
    return {
        str(item_id) for _, layer in layers if isinstance(layer, Mapping) for item_id in listed(layer, "drop")
    }


def _dangling(
    item: Item, lines: Mapping[str, Fields], ever: set[str], assumptions: NeedsAssumptions
) -> Iterator[str]:
    """Names in an item that stand for nothing: a cohort, a shelter situation, another item.

    What a kit holds of a dropped line is taken off nothing; what a line follows matters while it counts.
    """
    per = (*_PER, *assumptions.cohort_shares())
    if item.per not in per:
        yield f"{item.id}.per: unknown cohort {item.per!r}{suggestion(item.per, per)}"
    where = (*_WHERE, *assumptions.shelter_shares("town"))
    for place in item.where:
        if place not in where:
            yield f"{item.id}.where: unknown place {place!r}{suggestion(place, where)}"
    if item.after is not None and item.after not in lines and item.listed:
        yield (
            f"{item.id}.after: no such item {item.after!r}{suggestion(item.after, lines)}; "
            "or write after: null if the line starts at arrival"
        )
    for other in item.contains:
        if other not in ever:
            yield f"{item.id}.contains: no such item {other!r}{suggestion(other, lines)}"
    if item.after is not None and item.after in lines and lines[item.after].get("covers_days") is None:
        yield f"{item.id}.after: {item.after} has no covers_days; give it one, or write after: null"


def _with_defaults(items: Iterable[Item], provenance: Provenance) -> Provenance:
    """Provenance of every field of every item."""
    return {
        (item.id, field): provenance.get((item.id, field), DEFAULT)
        for item in items
        for field in Item.model_fields
    }
