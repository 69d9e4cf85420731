"""YAML + base + variant -> Scenario, or all that is wrong with it at once."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from displacement.io import tables
from displacement.io.documents import Document, Location, explain
from displacement.io.errors import InputError, finding, suggestion
from displacement.io.gazetteer import CONFLICT, OBSERVED, Gazetteer, Kind
from displacement.scenario import aid_lines, model, verbs
from displacement.scenario.compose import PATCH_KEYS, composed, patched
from displacement.scenario.model import Scenario, ScenarioFile, named_files

FAR_DAYS = 90
"""An event further than this outside the period is taken for a slip. [day]"""


def load(path: str | Path, variant: str | None = None) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    path : str or pathlib.Path
        The YAML file.
    variant : str, optional
        One of its variants.

    Returns
    -------
    Scenario
        Frozen; places are p-codes.

    Raises
    ------
    InputError
        All findings at once, a line each: file, line, column, place and what to write instead.
    """
    path = Path(path)
    document, variants = composed(path, ())
    if variant is not None:
        if variant not in variants:
            known = suggestion(variant, sorted(variants)) if variants else "; this scenario has no variants"
            raise InputError(finding(path, f"unknown variant '{variant}'{known}"))
        document = patched(document, variants[variant])
    try:
        written = ScenarioFile.model_validate(document.data)
    except ValidationError as error:
        raise InputError(*_findings(document, error), *_what_else(document)) from None
    folder = (path.parent / written.area).resolve()
    if not folder.is_dir():
        raise InputError(
            document.finding(("area",), f"there is no area folder '{written.area}' beside this file")
        )
    gazetteer = Gazetteer(folder, _own_places(path, folder, document))
    values = _resolved(document, written, gazetteer)
    found = {
        "path": path,
        "variant": variant,
        "variants": tuple(sorted(variants)),
        "area_folder": folder,
        "marks": {at: mark for at, mark in document.marks.items() if at[:1] == ("events",)},
    }
    return Scenario.model_validate(values | found)


def _own_places(path: Path, folder: Path, document: Document) -> Path | None:
    """The table of places that a scenario appends; one that is not there is found with the other files."""
    name = document.data.get("gazetteer")
    places = [base / name for base in (path.parent, folder)] if isinstance(name, str) else []
    return next((place for place in places if place.is_file()), None)


def _findings(document: Document, error: ValidationError) -> list[str]:
    """One line for each error, without the tags that tell events apart."""
    tags = {kind for kinds in verbs.VERBS.values() for kind in kinds} | {
        "ObservedDepartures",
        "literal['model']",
    }
    lines = []
    for detail in error.errors():
        location = tuple(part for part in detail["loc"] if part not in tags)
        if detail["type"] == "event":
            entry = detail.get("input")
            keys = list(entry) if isinstance(entry, Mapping) else []
            written = [key for key in keys if key in verbs.VERBS]
            if written:
                message = f"an event needs one verb (got {' and '.join(written)}); write an event for each"
                lines.append(document.finding(location, message))
                continue
            guess = suggestion(str(keys[0]), list(verbs.VERBS)) if keys else ""
            message = detail["msg"] + (f" (got {', '.join(map(str, keys))}{guess})" if keys else "")
            lines.append(document.finding(location, message))
            continue
        location, message = explain({**detail, "loc": location}, _known_keys(detail["loc"], tags))
        if detail["type"] == "missing" and detail["loc"][-2:] == ("ControlPlaces", "places"):
            message = "is missing; write 'places', or 'along' and 'between', or 'area'"
        lines.append(document.finding(location, message))
    return sorted(set(lines), key=lines.index)


def _known_keys(location: Location, tags: set[str]) -> dict[str, list[str]]:
    """The keys that may stand where an unknown one was found."""
    tag = next((part for part in location if part in tags), None)
    holder: Any = getattr(verbs, str(tag), getattr(model, str(tag), None)) if tag else ScenarioFile
    parts = location[location.index(tag) + 1 : -1] if tag else location[:-1]
    for part in parts:
        if isinstance(part, int):
            continue
        holder = _model_of(holder, str(part))
    if not (isinstance(holder, type) and issubclass(holder, BaseModel)):
        return {}
    keys = [info.alias or name for name, info in holder.model_fields.items()]
    extra = list(PATCH_KEYS[:2]) if holder is ScenarioFile else []
    parent = ""
    for part in location[:-1]:
        if not isinstance(part, int) and part not in tags:
            parent += f".{part}" if parent else str(part)
    return {parent: keys + extra}


def _model_of(holder: Any, field: str) -> Any:
    """The model that a field holds, if it holds one (or a tuple of one)."""
    if not (isinstance(holder, type) and issubclass(holder, BaseModel)):
        return None
    info = holder.model_fields.get(field)
    kind: Any = info.annotation if info else None
    inner = [part for part in getattr(kind, "__args__", ()) if isinstance(part, type)]
    return next(
        (part for part in (kind, *inner) if isinstance(part, type) and issubclass(part, BaseModel)), None
    )


def _resolved(document: Document, written: ScenarioFile, gazetteer: Gazetteer) -> dict[str, Any]:
    """The scenario's values with names replaced by codes; all errors at once."""
    findings: list[str] = []
    values = written.model_dump(by_alias=True)
    findings += _of_a_network(document, written, gazetteer)
    own_routes = tuple(written.supply.routes) if written.supply else ()
    for index, event in enumerate(written.events):
        resolved = values["events"][index]
        if not (isinstance(event, verbs.Trucks) and event.route in own_routes):
            findings += _event(document, event, resolved, index, gazetteer)
        findings += _dates(document, event, written.period, ("events", index))
    for index, response in enumerate(written.departure_response):
        for field in ("controlled_by", "incoming"):
            if getattr(response, field) is not None:
                at = ("departure_response", index, field)
                ids = _ids(document, gazetteer, at, getattr(response, field), findings)
                values["departure_response"][index][field] = ids
        if response.response_group is not None:
            rows = tables.read(gazetteer.table("settlements"), ["response_group"])
            known = sorted({row["response_group"] for row in rows if row["response_group"]})
            if response.response_group not in known:
                message = f"no place has the response group '{response.response_group}'"
                at = ("departure_response", index, "response_group")
                findings.append(document.finding(at, message + suggestion(response.response_group, known)))
    findings += _files(document, written, gazetteer)
    findings += _contradictions(document, values["events"])
    findings += _same_ids(document, written.events)
    last = written.period.last
    aid = (document, written.needs, written.supply, (written.period.start, last), gazetteer, values)
    findings += aid_lines.resolved(*aid)
    if findings:
        raise InputError(*findings)
    return values


ON_NETWORKS = (verbs.Close, verbs.Open)
"""Events that a network of places knows; conflict comes from its table."""


def _of_a_network(document: Document, written: ScenarioFile, gazetteer: Gazetteer) -> Iterator[str]:
    """What a scenario says that its kind of area does not know."""
    if not gazetteer.is_network:
        if written.network is not None:
            yield document.finding(
                ("network",), "is for an area with places.csv and routes.csv; leave it out"
            )
        if written.period.step_days == 1:
            yield document.finding(
                ("period", "step_days"), "must be 0.5 or less where places change hands at noon"
            )
        return
    settings = written.network or model.NetworkSettings()
    counts = settings.counts is not None or (gazetteer.folder / OBSERVED).is_file()
    if settings.totals == "observed" and not counts:
        message = "needs a table of people counted: observed.csv in the area folder, or network.counts"
        yield document.finding(("network", "totals"), message)
    if settings.conflict is None and not (gazetteer.folder / CONFLICT).is_file():
        message = "there is no conflict.csv in the area folder; write it, or name a table in network.conflict"
        yield document.finding(("area",), message)
    for index, event in enumerate(written.events):
        if not isinstance(event, ON_NETWORKS):
            verb = next(verb for verb, kinds in verbs.VERBS.items() if type(event).__name__ in kinds)
            message = f"a network of places knows close and open (got {verb}); give conflict in conflict.csv"
            yield document.finding(("events", index), message)
    for field in ("start_control", "travel_raster", "gazetteer"):
        if getattr(written, field) is not None:
            yield document.finding((field,), "has no meaning on a network of places; leave it out")


def _event(
    document: Document, event: Any, resolved: dict[str, Any], index: int, gazetteer: Gazetteer
) -> list[str]:
    """Write codes for the names of one event, and say which cannot be resolved."""
    findings: list[str] = []
    at: Location = ("events", index)
    if gazetteer.is_network:
        return _way_of_network(document, event, resolved, at, gazetteer)
    for field, kinds in _names(event):
        resolved[field] = _codes(document, gazetteer, (*at, field), resolved[field], kinds, findings)
    for field in _units(event):
        resolved[field] = _unit_codes(document, gazetteer, (*at, field), resolved[field], findings)
    for field in _controllers(event):
        resolved[field] = _ids(document, gazetteer, (*at, field), resolved[field], findings)
    findings += _table(document, event, gazetteer, at, document.path)
    return [*findings, *_map(document, event, gazetteer, at, document.path)]


def _way_of_network(
    document: Document, event: Any, resolved: dict[str, Any], at: Location, gazetteer: Gazetteer
) -> list[str]:
    """Write codes for the names of what a network closes or opens, and say which cannot be resolved."""
    if not isinstance(event, ON_NETWORKS):
        return []
    findings: list[str] = []
    verb = "close" if isinstance(event, verbs.Close) else "open"
    if resolved[verb] != "boundary":
        resolved[verb] = _codes(document, gazetteer, (*at, verb), resolved[verb], ("road", "zone"), findings)
        return findings
    for index, country in enumerate(event.between or ()):
        if country not in gazetteer.countries:
            message = f"no place is in '{country}'" + suggestion(country, sorted(gazetteer.countries))
            findings.append(document.finding((*at, "between", index), message))
    if event.between is None:
        findings.append(document.finding(at, "a boundary needs 'between' with two countries"))
    return findings


def _what_else(document: Document) -> Iterator[str]:
    """What is wrong with the events that are well-formed, where something else is not."""
    area = document.data.get("area")
    folder = document.path.parent / area if isinstance(area, str) else None
    if folder is None or not (folder / "area.yaml").is_file():
        return
    gazetteer = Gazetteer(folder.resolve(), _own_places(document.path, folder.resolve(), document))
    one: TypeAdapter[Any] = TypeAdapter(verbs.Event)
    events = document.data.get("events")
    for index, written in enumerate(events if isinstance(events, list) else ()):
        with contextlib.suppress(ValidationError):
            event = one.validate_python(written)
            yield from _event(document, event, event.model_dump(by_alias=True), index, gazetteer)


def _names(event: Any) -> Iterator[tuple[str, tuple[Kind, ...]]]:
    """Fields of an event that name places, roads or crossings."""
    if isinstance(event, verbs.ControlPlaces):
        yield "places", ("place",)
    elif isinstance(event, verbs.ControlAlong):
        yield "along", ("road",)
        yield "between", ("place",)
    elif isinstance(event, verbs.StrikesAt | verbs.PressureAt):
        yield "at", ("place",)
    elif isinstance(event, verbs.Trucks):
        yield "route", ("road", "crossing")
    elif isinstance(event, verbs.Close | verbs.Open):
        verb = "close" if isinstance(event, verbs.Close) else "open"
        if getattr(event, verb) != "boundary":
            yield verb, ("road", "crossing")
            if event.between is not None:
                yield "between", ("place",)


def _units(event: Any) -> Iterator[str]:
    """Fields of an event that name administrative units."""
    if isinstance(event, verbs.StrikesTimes):
        yield "in"
    elif isinstance(event, verbs.ReturnDeclared):
        yield "to"


def _controllers(event: Any) -> Iterator[str]:
    """Fields of an event that name controllers."""
    if isinstance(event, verbs.ControlPlaces | verbs.ControlAlong | verbs.ControlArea):
        yield "control"
    elif isinstance(event, verbs.PressureAt):
        yield "pressure"
    elif isinstance(event, verbs.StrikesTable | verbs.StrikesAt) and event.by is not None:
        yield "by"
    elif "boundary" in (getattr(event, "close", ""), getattr(event, "open", "")):
        yield "between"


def _codes(
    document: Document,
    gazetteer: Gazetteer,
    at: Location,
    written: Any,
    kinds: tuple[Kind, ...],
    findings: list[str],
) -> Any:
    """P-codes for one name or several."""
    if isinstance(written, tuple | list):
        found = [
            _codes(document, gazetteer, (*at, index), name, kinds, findings)
            for index, name in enumerate(written)
        ]
        return tuple(found)
    try:
        return gazetteer.resolve(written, kinds).code
    except LookupError as error:
        findings.append(document.finding(at, str(error.args[0])))
        return written


def _unit_codes(
    document: Document, gazetteer: Gazetteer, at: Location, written: tuple[str, ...], findings: list[str]
) -> tuple[str, ...]:
    """P-codes of administrative units, or of places that no unit is named after."""
    found = []
    for index, name in enumerate(written):
        try:
            found.append(gazetteer.unit(name).code)
        except LookupError as error:
            findings.append(document.finding((*at, index), str(error.args[0])))
    return tuple(found)


def _ids(document: Document, gazetteer: Gazetteer, at: Location, written: Any, findings: list[str]) -> Any:
    """Ids for one controller or several."""
    if written is None:
        findings.append(document.finding(at[:-1], "a boundary needs 'between' with two controllers"))
        return written
    if isinstance(written, tuple | list):
        return tuple(
            _ids(document, gazetteer, (*at, index), name, findings) for index, name in enumerate(written)
        )
    found = gazetteer.controller(written)
    if found is None:
        message = f"unknown controller '{written}'" + suggestion(written, list(gazetteer.area.controllers))
        findings.append(document.finding(at, message))
    return found


def _dates(document: Document, event: Any, period: model.Period, at: Location) -> Iterator[str]:
    """Dates far outside the period, taken for slips."""
    early, late = (period.start - dt.timedelta(days=FAR_DAYS), period.last + dt.timedelta(days=FAR_DAYS))
    for field in ("date", "until") if isinstance(event, verbs.Dated) else ("date",):
        date = getattr(event, field, None)
        if date is not None and not early <= date <= late:
            message = f"{date} is far outside the period ({period.start} to {period.last}); correct it or the period"
            yield document.finding((*at, field), message)
            return


def _table(document: Document, event: Any, gazetteer: Gazetteer, at: Location, path: Path) -> Iterator[str]:
    """A named table that is neither beside the scenario nor in the area folder."""
    for field in ("control", "strikes"):
        name = getattr(event, field, None)
        if isinstance(event, verbs.ControlTable | verbs.StrikesTable) and isinstance(name, str):
            beside = (path.parent / name, gazetteer.folder / name)
            if not any(file.is_file() for file in beside):
                near = [file.name for file in sorted(gazetteer.folder.glob("*.csv"))]
                message = f"there is no table '{name}' beside the scenario or in the area folder"
                yield document.finding((*at, field), message + suggestion(name, near))


def _files(document: Document, written: ScenarioFile, gazetteer: Gazetteer) -> Iterator[str]:
    """Files that the scenario's own fields name, and that are neither beside it nor in the area folder."""
    folders = (document.path.parent, gazetteer.folder)
    for at, holder, key in named_files(written.model_dump(by_alias=True, exclude={"events"})):
        name = holder[key]
        if any((folder / name).is_file() for folder in folders):
            continue
        if any((folder / name).is_dir() for folder in folders):
            yield document.finding(at, f"is a folder; name a file (got '{name}')")
            continue
        near = [file.name for folder in folders for file in sorted(folder.glob(f"*{Path(name).suffix}"))]
        message = f"there is no file '{name}' beside the scenario or in the area folder"
        yield document.finding(at, message + suggestion(name, near))


def _map(document: Document, event: Any, gazetteer: Gazetteer, at: Location, path: Path) -> Iterator[str]:
    """A map file that is not there, or that cannot say who holds what."""
    if not isinstance(event, verbs.ControlArea):
        return
    from displacement.io import vectors

    beside = [path.parent / event.area, gazetteer.folder / event.area]
    file = next((file for file in beside if file.exists()), None)
    if file is None:
        near = [
            file.name
            for folder in (path.parent, gazetteer.folder)
            for file in sorted(folder.iterdir())
            if file.suffix.casefold() in vectors.FORMATS
        ]
        message = f"there is no file '{event.area}' beside the scenario or in the area folder"
        yield document.finding((*at, "area"), message + suggestion(event.area, near))
        return
    try:
        vectors.drawn(file, gazetteer.area.box)
    except vectors.VectorError as error:
        yield document.finding((*at, "area"), str(error))


def _same_ids(document: Document, events: tuple[Any, ...]) -> Iterator[str]:
    """An id that two events share."""
    seen: dict[str, int] = {}
    for index, event in enumerate(events):
        if event.id is not None and seen.setdefault(event.id, index) != index:
            earlier = _line(document, seen[event.id])
            message = (
                f"'{event.id}' is the id of another event ({earlier}) already; give another, or drop that one"
            )
            yield document.finding(("events", index, "id"), message)


def _line(document: Document, index: int) -> str:
    """File and line of an event."""
    mark = document.marks.get(("events", index))
    return f"{mark.path.name}, line {mark.line}" if mark else f"events[{index}]"


def _contradictions(document: Document, events: list[dict[str, Any]]) -> Iterator[str]:
    """A place that comes under two controllers on one day."""
    seen: dict[tuple[dt.date, str], tuple[str, int]] = {}
    for index, event in enumerate(events):
        for code in (event.get("places") or ()) if event.get("control") else ():
            controller, other = seen.setdefault((event["date"], code), (event["control"], index))
            if controller != event["control"]:
                message = (
                    f"{code} comes under '{event['control']}', and under '{controller}' on the same day, "
                    f"{event['date']} ({_line(document, other)}); keep one"
                )
                yield document.finding(("events", index, "places"), message)
