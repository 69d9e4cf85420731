"""The catalogue as rows, as text to read, and as plain values to keep and read again."""

from collections.abc import Mapping
from typing import Any

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, SiteChange
from displacement.needs.item import Item

__all__ = ["as_plain", "from_plain", "printed", "table"]


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
