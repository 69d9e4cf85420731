"""What a scenario says about aid, checked when it is read: lines, stock, routes, and the names in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from displacement.io.documents import Document, Location
from displacement.io.errors import suggestion
from displacement.io.gazetteer import Gazetteer, Kind
from displacement.io.standards import catalogue
from displacement.io.stock import in_unit_of
from displacement.needs.catalogue import Catalogue, CatalogueError
from displacement.needs.item import Item
from displacement.needs.logistics import Supply
from displacement.needs.units import UnitError, measured
from displacement.scenario.aid import Needs

__all__ = ["amount", "catalogue_of", "resolved"]


def catalogue_of(needs: Needs, area: Path | None) -> Catalogue:
    """The aid lines of a scenario.

    Parameters
    ----------
    needs : Needs
        Its settings; zones as p-codes.
    area : pathlib.Path, optional
        The area's own lines.

    Raises
    ------
    CatalogueError
        With every mistake in the lines.
    """
    own = {"items": needs.items, "drop": needs.drop, "only": needs.only, "include": needs.include}
    return catalogue(needs, needs.profile, area, own, [site.model_dump() for site in needs.sites])


def amount(written: float | str, item: Item) -> float:
    """A quantity of stock in the unit of its item.

    Raises
    ------
    UnitError
        If it is no quantity, below zero, in a unit that does not measure the item, or a part of a piece.
    """
    given = measured(str(written))
    if given.period_days is not None:
        raise UnitError(
            f"'{written}' is an amount a day or month; stock is what is there: write {given.value:g}"
        )
    if given.value < 0:
        raise UnitError(f"must not be below 0 (got {written})")
    if not given.unit and isinstance(written, str) and "." in written:
        raise UnitError(f"'{written}' can mean two numbers; write it without separators, or without quotes")
    return in_unit_of(item, given.value, given.unit)


def resolved(
    document: Document,
    needs: Needs,
    supply: Supply | None,
    period: tuple[dt.date, dt.date],
    gazetteer: Gazetteer,
    values: dict[str, Any],
) -> Iterator[str]:
    """Write codes for the names in `needs` and `supply` into the values, and say what is wrong.

    Parameters
    ----------
    document : Document
        Where everything stands.
    needs, supply : Needs, Supply or None
        As written.
    period : tuple of date
        First and last day.
    gazetteer : Gazetteer
        The area's names.
    values : dict
        The scenario's plain values; changed in place.

    Yields
    ------
    str
        One finding.
    """
    yield from _sites(document, needs, gazetteer, values["needs"])
    lines: Catalogue | None = None
    try:
        lines = catalogue_of(Needs.model_validate(values["needs"]), gazetteer.standards)
    except CatalogueError as error:
        yield from (_located(document, needs, problem) for problem in error.problems)
    if supply is not None:
        yield from _hubs(document, supply, period, gazetteer, values["supply"], lines)
        yield from _routes(document, supply, gazetteer, values["supply"])


def _located(document: Document, needs: Needs, problem: str) -> str:
    """A problem of the catalogue, where the scenario caused it."""
    layer, _, rest = problem.partition(": ")
    about = rest.partition(":")[0].partition(".")[0]
    place: Location = ("needs",)
    if problem.startswith("profile:"):
        return document.finding(("needs", "profile"), rest)
    for key in ("items", "drop", "only", "include"):
        if rest.startswith(f"{key}"):
            place = ("needs", key)
    for index, item in enumerate(needs.items):
        if str(item.get("id")) in (about, layer.partition(".")[0]):
            place = ("needs", "items", index)
    if layer.startswith("sites["):
        return document.finding(("needs", "sites", int(layer[6:-1]) - 1), rest)
    return document.finding(place, problem.removeprefix("scenario: "))


def _sites(document: Document, needs: Needs, gazetteer: Gazetteer, values: dict[str, Any]) -> Iterator[str]:
    """Zones in which lines differ, as p-codes."""
    for index, site in enumerate(needs.sites):
        codes = []
        for at, written in enumerate(site.zones):
            try:
                codes.append(gazetteer.resolve(written, ("zone",)).code)
            except LookupError as error:
                yield document.finding(("needs", "sites", index, "zones", at), str(error.args[0]))
                codes.append(written)
        values["sites"][index]["zones"] = tuple(codes)


def _hubs(
    document: Document,
    supply: Supply,
    period: tuple[dt.date, dt.date],
    gazetteer: Gazetteer,
    values: dict[str, Any],
    lines: Catalogue | None,
) -> Iterator[str]:
    """Places, items, quantities and dates of hubs."""
    known = {item.id: item for item in (*lines.items, *lines.aside)} if lines else None
    for name, hub in supply.hubs.items():
        at: Location = ("supply", "hubs", name)
        if hub.at is not None:
            try:
                values["hubs"][name]["at"] = gazetteer.resolve(hub.at, ("place", "crossing")).code
            except LookupError as error:
                yield document.finding((*at, "at"), str(error.args[0]))
        for item, quantity in hub.stock.items():
            yield from _amount(document, (*at, "stock", item), item, quantity, known)
        for index, load in enumerate(hub.pipeline):
            where = (*at, "pipeline", index)
            yield from _amount(document, where, load.item, load.quantity, known)
            if not period[0] <= load.date <= period[1]:
                message = f"{load.date} is outside the period ({period[0]} to {period[1]}); correct it or the period"
                yield document.finding((*where, "date"), message)
    for index, grant in enumerate(supply.grants):
        if not period[0] <= grant.date <= period[1]:
            message = (
                f"{grant.date} is outside the period ({period[0]} to {period[1]}); correct it or the period"
            )
            yield document.finding(("supply", "grants", index, "date"), message)


def _amount(
    document: Document, at: Location, item: str, quantity: float | str, known: Mapping[str, Item] | None
) -> Iterator[str]:
    """An unknown item, or a quantity that is none of it."""
    if known is None:
        return
    if item not in known:
        yield document.finding(at, f"unknown item '{item}'" + suggestion(item, list(known)))
        return
    try:
        amount(quantity, known[item])
    except UnitError as error:
        yield document.finding(at, f"{item}: {error}")


def _routes(
    document: Document, supply: Supply, gazetteer: Gazetteer, values: dict[str, Any]
) -> Iterator[str]:
    """Hubs, zones, roads and crossings of routes, as codes."""
    ways: tuple[Kind, ...] = ("road", "crossing")
    for name, route in supply.routes.items():
        at: Location = ("supply", "routes", name)
        if supply.stock is None:
            for index, hub in enumerate(route.hubs):
                if hub not in supply.hubs:
                    message = f"unknown hub '{hub}'" + suggestion(hub, list(supply.hubs))
                    yield document.finding((*at, "hubs", index), message)
        found: dict[str, list[str]] = {"to": [], "via": []}
        for field, written in [("to", to) for to in route.to] + [("via", via) for via in route.via]:
            try:
                named = gazetteer.unit(written) if field == "to" else gazetteer.resolve(written, ways)
                found[field].append(named.code)
                if field == "to" and named.kind == "place":
                    yield document.finding((*at, field), f"'{written}' is a place; name its zone")
            except LookupError as error:
                yield document.finding((*at, field), str(error.args[0]))
        if not route.via:
            found["via"] = [other.code for other in gazetteer.candidates(name, ways)][:1]
        values["routes"][name] |= {field: tuple(codes) for field, codes in found.items()}
