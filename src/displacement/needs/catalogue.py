"""Layers of standards resolved into one catalogue in which every number can be traced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.item import Item
from displacement.needs.units import UnitError, converted, measured

__all__ = [
    "Catalogue",
    "CatalogueError",
    "SiteChange",
    "as_plain",
    "from_plain",
    "printed",
    "resolve",
    "table",
]

DEFAULT = "default"
"""Name of the layer that stands behind a field which no layer gives."""

EVERY_LINE = "all"
"""In `include`: every line there is."""

_LAYER_KEYS = ("version", "currency", "title", "items", "drop", "only", "include")
_PER = ("person", "household", "kit_household")
_WHERE = ("all", "town", "site")
_QUANTITY_FIELDS = {"quantity", "low", "high"}
_STATUS_OF = {"mass_kg": "status_mass", "volume_m3": "status_volume", "cost": "status_cost"}

Fields = dict[str, Any]
Provenance = dict[tuple[str, str], str]


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
        raise CatalogueError([f"{item_id}: no such item{_suggestion(item_id, known)}"])


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
        problems += _misshapen(name, layer)
        if isinstance(layer, Mapping):
            problems += _drop(name, layer, lines, provenance)
            problems += _merge(name, layer, lines, provenance)
            problems += _include(name, layer, lines, provenance)
    problems += _unlike_headers(layers)
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


def table(catalogue: Catalogue) -> list[dict[str, Any]]:
    """One row an item, ready to print: its fields, and the layers that gave its numbers; first those on the list.

    Returns
    -------
    list of dict
        The fields of `Item` in their order, `currency`, `quantity_from` (a layer) and `changed_by`
        (the layers above the first that gave any field). A blank is None, never 0.
    """
    return [
        {
            **item.model_dump(),
            "currency": catalogue.currency,
            "quantity_from": catalogue.provenance[item.id, "quantity"],
            "changed_by": tuple(
                layer
                for layer in catalogue.layers[1:]
                if any(catalogue.provenance[item.id, field] == layer for field in Item.model_fields)
            ),
        }
        for item in (*catalogue.items, *catalogue.aside)
    ]


def printed(catalogue: Catalogue, with_aside: bool = False) -> str:
    """The lines as text to read: what, how much for whom, what it weighs and costs, how far to trust it, and who says so.

    Parameters
    ----------
    catalogue : Catalogue
    with_aside : bool
        The lines beside the list too.
    """
    lines, sector = [], ""
    for row in table(catalogue):
        if not row["listed"] and not with_aside:
            continue
        if row["sector"] != sector:
            sector = row["sector"]
            lines += ["", sector.upper()]
        lines += _printed_line(row)
    head = f"Standards {catalogue.version}, layers: {', '.join(catalogue.layers)}; costs in {catalogue.currency}."
    count = f"{len(catalogue.items)} lines on the list, {len(catalogue.aside)} beside it" + (
        " (marked *)." if with_aside else "; --all prints those too."
    )
    return "\n".join([head, count, *lines])


def _printed_line(row: Mapping[str, Any]) -> list[str]:
    """One line of the catalogue as two of text."""
    periodic = row["kind"] in ("daily", "periodic_kit")
    days = row["every_days"] or 1.0
    every = ("/day" if days == 1 else f"/{days:g} days") if periodic else ""
    spread = (
        f" [{row['low']:g}-{row['high']:g}]" if row["low"] is not None and row["high"] is not None else ""
    )
    where = "" if row["where"] == ("all",) else f", {'/'.join(row['where'])}"
    months = f", months {','.join(map(str, row['months']))}" if row["months"] else ""
    weight = f"{row['mass_kg']:g} kg" if row["mass_kg"] is not None else "-"
    cost = f"{row['cost']:g}" if row["cost"] is not None else "-"
    star = "" if row["listed"] else "*"
    amount = f"{row['quantity']:g} {row['unit']}{every}{spread} per {row['per']}"
    first = f"  {row['id'] + star:<34} {amount}, {row['kind']}, {row['phase']}{where}{months}"
    changed = f"; changed by {', '.join(row['changed_by'])}" if row["changed_by"] else ""
    second = (
        f"      {weight}, {cost} | {row['status']}, from {row['quantity_from']}{changed} | {row['source']}"
    )
    return [first, second]


def as_plain(catalogue: Catalogue, assumptions: NeedsAssumptions) -> dict[str, Any]:
    """The catalogue and who the displaced are as plain values, to be kept beside what was reckoned with them."""
    return {
        "version": catalogue.version,
        "currency": catalogue.currency,
        "layers": list(catalogue.layers),
        "items": [item.model_dump(mode="json") for item in catalogue.items],
        "aside": [item.model_dump(mode="json") for item in catalogue.aside],
        "sites": [
            {**change._asdict(), "items": [item.model_dump(mode="json") for item in change.items]}
            for change in catalogue.sites
        ],
        "from": {f"{item}.{field}": layer for (item, field), layer in catalogue.provenance.items()},
        "people": assumptions.model_dump(mode="json", include=set(NeedsAssumptions.model_fields)),
    }


def from_plain(values: Mapping[str, Any]) -> tuple[Catalogue, NeedsAssumptions]:
    """What `as_plain` gave, as it was."""
    items, aside = ([Item.model_validate(line) for line in values[key]] for key in ("items", "aside"))
    sites = [
        SiteChange(
            change["name"],
            tuple(change["zones"]),
            change["type"],
            tuple(Item.model_validate(line) for line in change["items"]),
        )
        for change in values["sites"]
    ]
    parted = {key.partition(".")[::2]: layer for key, layer in values["from"].items()}
    provenance = {(item, field): str(layer) for (item, field), layer in parted.items()}
    catalogue = Catalogue(
        items=tuple(items),
        aside=tuple(aside),
        provenance=provenance,
        currency=values["currency"],
        version=values["version"],
        layers=tuple(values["layers"]),
        sites=tuple(sites),
    )
    return catalogue, NeedsAssumptions.model_validate(values["people"])


def _misshapen(name: str, layer: Any) -> Iterator[str]:
    """Mistakes in the outline of a layer: its keys, its lists, lines without or with equal ids."""
    if not isinstance(layer, Mapping):
        yield f"{name}: a layer is a mapping with items or drop (got {layer!r})"
        return
    for key in layer:
        if key not in _LAYER_KEYS:
            yield f"{name}: {key}: unknown key{_suggestion(key, _LAYER_KEYS)}"
    for key in ("items", "drop", "only", "include"):
        if not isinstance(layer.get(key) or [], list | tuple):
            yield f"{name}: {key}: write a list (got {layer[key]!r})"
    seen: set[str] = set()
    for position, line in enumerate(_list(layer, "items"), start=1):
        if not isinstance(line, Mapping) or not isinstance(line.get("id"), str):
            yield f"{name}: items, line {position}: a line is a mapping with an id (got {line!r})"
        elif line["id"] in seen:
            yield f"{name}: {line['id']}: given twice in this layer; keep one line"
        else:
            seen.add(line["id"])


def _unlike_headers(layers: Sequence[tuple[str, Any]]) -> Iterator[str]:
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


def _drop(
    name: str, layer: Mapping[str, Any], lines: dict[str, Fields], provenance: Provenance
) -> Iterator[str]:
    """Take the dropped items out of `lines`; say which are not there."""
    for item_id in _list(layer, "drop"):
        if item_id not in lines:
            yield f"{name}: drop: {item_id}: no such item{_suggestion(item_id, lines)}"
            continue
        for field in lines.pop(item_id):
            del provenance[item_id, field]


def _include(
    name: str, layer: Mapping[str, Any], lines: dict[str, Fields], provenance: Provenance
) -> Iterator[str]:
    """Put lines on the list, or all but some beside it; say which are not there."""
    only = _list(layer, "only")
    for each in lines if only else ():
        if lines[each].get("listed", True) != (each in only):
            lines[each]["listed"] = each in only
            provenance[each, "listed"] = name
    for item_id in only:
        if item_id not in lines:
            yield f"{name}: only: {item_id}: no such item{_suggestion(item_id, lines)}"
    for item_id in _list(layer, "include"):
        if item_id != EVERY_LINE and item_id not in lines:
            yield f"{name}: include: {item_id}: no such item{_suggestion(item_id, lines)}"
            continue
        for each in lines if item_id == EVERY_LINE else (item_id,):
            if not lines[each].get("listed", True):
                lines[each]["listed"] = True
                provenance[each, "listed"] = name


def _merge(
    name: str, layer: Mapping[str, Any], lines: dict[str, Fields], provenance: Provenance
) -> Iterator[str]:
    """Lay the lines of a layer over `lines`; say which make no whole line."""
    for line in _list(layer, "items"):
        if not isinstance(line, Mapping) or not isinstance(line.get("id"), str):
            continue
        item_id = line["id"]
        below = lines.get(item_id)
        try:
            line = _with_plain_quantities(line, below or {})  # noqa: PLW2901
        except UnitError as error:
            yield f"{name}: {item_id}.quantity: {error}"
            continue
        if below is None:
            missing = [f for f, info in Item.model_fields.items() if info.is_required()]
            missing = [field for field in missing if field not in line]
            if missing:
                yield (
                    f"{name}: {item_id}: no such item{_suggestion(item_id, lines)}; "
                    f"a new item also needs {', '.join(missing)}"
                )
                continue
        else:
            yield from _untraceable(name, line, below)
        given = dict(line) if below is None else _with_a_word_for_it(name, dict(line))
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
        problems += _misshapen(name, {"items": list(site["items"])})
        problems += _merge(name, {"items": list(site["items"])}, below, blame)
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
            return f"{place}: unknown field{_suggestion(field, Item.model_fields)}"
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
        str(item_id) for _, layer in layers if isinstance(layer, Mapping) for item_id in _list(layer, "drop")
    }


def _dangling(
    item: Item, lines: Mapping[str, Fields], ever: set[str], assumptions: NeedsAssumptions
) -> Iterator[str]:
    """Names in an item that stand for nothing: a cohort, a shelter situation, another item.

    What a kit holds of a dropped line is taken off nothing; what a line follows matters while it counts.
    """
    per = (*_PER, *assumptions.cohort_shares())
    if item.per not in per:
        yield f"{item.id}.per: unknown cohort {item.per!r}{_suggestion(item.per, per)}"
    where = (*_WHERE, *assumptions.shelter_shares("town"))
    for place in item.where:
        if place not in where:
            yield f"{item.id}.where: unknown place {place!r}{_suggestion(place, where)}"
    if item.after is not None and item.after not in lines and item.listed:
        yield (
            f"{item.id}.after: no such item {item.after!r}{_suggestion(item.after, lines)}; "
            "or write after: null if the line starts at arrival"
        )
    for other in item.contains:
        if other not in ever:
            yield f"{item.id}.contains: no such item {other!r}{_suggestion(other, lines)}"
    if item.after is not None and item.after in lines and lines[item.after].get("covers_days") is None:
        yield f"{item.id}.after: {item.after} has no covers_days; give it one, or write after: null"


def _with_defaults(items: Iterable[Item], provenance: Provenance) -> Provenance:
    """Provenance of every field of every item."""
    return {
        (item.id, field): provenance.get((item.id, field), DEFAULT)
        for item in items
        for field in Item.model_fields
    }


def _list(layer: Mapping[str, Any], key: str) -> Sequence[Any]:
    given = layer.get(key) or ()
    return given if isinstance(given, list | tuple) else ()


def _suggestion(word: Any, known: Iterable[str]) -> str:
    """A hint at the nearest known word, or at all of them where they are few."""
    known = list(known)
    near = get_close_matches(str(word), known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
