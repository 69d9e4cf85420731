"""Changes of control: from tables, places, fronts along roads and maps, to one record of who holds what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io import vectors
from displacement.io.errors import InputError
from displacement.movement.control import Change, Control, followed, timeline
from displacement.scenario import verbs
from displacement.scenario.fronts import day_of_passage, nearest_on_path, stretch
from displacement.scenario.reading import NOON, Reading, counted

Array = NDArray[Any]

OFF_ROAD = 10.0
"""An end of a front may lie this much further from the road than the front is wide. [km]"""
UNCHANGED = -1
_DATED = verbs.ControlPlaces | verbs.ControlAlong | verbs.ControlArea


class Planned(NamedTuple):
    """A change of control, and the event that it comes from."""

    event: int
    change: Change


def control(reading: Reading) -> Control:
    """Who holds each place over time, by all events of control.

    Tables count first, then single events: on one day an event counts over a table. Two events that give one place
    to different controllers on one day contradict each other. A line on a map is read against what is held in the
    morning of its day.

    Parameters
    ----------
    reading : Reading
        The events on the inputs. Findings and notes are added to it.
    """
    events = list(enumerate(reading.scenario.events))
    start, follows = reading.inputs.places.start, reading.inputs.places.follows
    listed: list[Change] = []
    for _, event in events:
        if isinstance(event, verbs.ControlTable):
            with reading.collecting():
                listed += _of_table(reading, event)
    dated = [(at, event) for at, event in events if isinstance(event, _DATED)]
    planned: list[Planned] = []
    for index, event in sorted(dated, key=lambda pair: pair[1].date):
        morning = float(reading.day(event.date))
        before = [plan.change for plan in planned if plan.change.time < morning + NOON]
        held = timeline(start, followed([*listed, *before], follows)).at(morning)
        with reading.collecting():
            planned += [Planned(index, change) for change in _of_event(reading, index, event, held)]
    reading.findings += _contradictions(reading, planned)
    found = timeline(start, followed([*listed, *(plan.change for plan in planned)], follows))
    for index, _ in dated:
        _tell_effect(reading, index, [plan.change for plan in planned if plan.event == index], found)
    return found


def _of_event(reading: Reading, index: int, event: Any, held: Array) -> list[Change]:
    """Changes of one event.

    Parameters
    ----------
    held : array of int, shape (place,)
        Controller of each place in the morning of its day.
    """
    controller = reading.inputs.controllers.index(event.control)
    if isinstance(event, verbs.ControlAlong):
        return _along(reading, index, event, controller)
    if isinstance(event, verbs.ControlArea):
        return _of_map(reading, index, event, controller, held)
    places = (reading.place(code) for code in event.places)
    noon = reading.day(event.date) + NOON
    return [Change(noon, place, controller) for place in places if place is not None]


def _of_table(reading: Reading, event: verbs.ControlTable) -> Iterator[Change]:
    """Changes of a table: by date, and on one date by `seq`."""
    seen: dict[tuple[str, Any, float], tuple[int, str]] = {}
    found: list[tuple[Any, float, Change]] = []
    for row in reading.rows(event.control, ["pcode", "date", "controller"]):
        if not row["date"].strip():
            continue
        date, code, order = row.date("date"), row.text("pcode"), row.number_or("seq", 0.0)
        controller = reading.controller(row, "controller")
        earlier = seen.setdefault((code, date, order), (row.line, controller))
        if earlier[1] != controller:
            message = f"{code} comes under '{earlier[1]}' (line {earlier[0]}) and '{controller}' on {date}"
            raise row.wrong("controller", message + "; keep one, or give their order in 'seq'")
        if event.until is not None and date > event.until:
            continue
        place = reading.place(code)
        if place is None:
            raise row.wrong("pcode", f"unknown place '{code}'; add it to the area's tables")
        position = reading.inputs.controllers.index(controller)
        found.append((date, order, Change(reading.day(date) + NOON, place, position)))
    yield from (change for _, _, change in sorted(found))


def _along(reading: Reading, index: int, event: verbs.ControlAlong, controller: int) -> list[Change]:
    """Changes beside a road, each on the day on which the front passes."""
    inputs = reading.inputs
    road = inputs.land.roads[event.along]
    path = np.column_stack([road.easting, road.northing])
    ends = np.array([inputs.coordinates[code] for code in event.between])
    off, at = nearest_on_path(path, ends)
    allowed = event.width_km + OFF_ROAD
    wrong = [
        f"{reading.named(code)} lies {distance:.1f} km from {event.along}, further than {allowed:g} km (width_km and "
        f"{OFF_ROAD:g} km); name a place on the road, or another road"
        for code, distance in zip(event.between, off / 1000.0, strict=True)
        if distance > allowed
    ]
    if not wrong and at[0] == at[1]:
        wrong = [f"both places lie beside the same point of {event.along}; name two points of the road"]
    if wrong:
        raise InputError(*(reading.finding(index, "between", message) for message in wrong))
    places = inputs.places
    way = stretch(path, at[0], at[1])
    distance, along = nearest_on_path(way, np.column_stack([places.easting, places.northing]))
    share = along / abs(at[1] - at[0])
    near = distance <= event.width_km * 1000.0
    for code, done in zip(event.between, (0.0, 1.0), strict=True):
        place = reading.place(code)
        near[place], share[place] = True, done
    days = reading.days(event)
    passed = day_of_passage(np.minimum(share, 1.0), days.start, days.stop - 1)
    return [Change(passed[place] + NOON, int(place), controller) for place in np.flatnonzero(near)]


def _of_map(
    reading: Reading, index: int, event: verbs.ControlArea, controller: int, held: Array
) -> list[Change]:
    """Changes inside the polygons, or on the sides of the line, of a map file."""
    inputs = reading.inputs
    path = reading.file(event.area)
    try:
        drawing = vectors.drawn(path, inputs.area.box)
    except vectors.VectorError as error:
        raise reading.wrong(index, "area", str(error)) from None
    longitude, latitude = vectors.degrees(inputs.grid.crs, inputs.places.easting, inputs.places.northing)
    part = vectors.part_of(drawing, longitude, latitude)
    if drawing.kind == "polygons":
        if not (part >= 0).any():
            distance = vectors.distance_km(drawing, longitude, latitude)
            near = int(distance.argmin())
            message = (
                f"{path.name}: no place with a controller lies inside; the nearest, "
                f"{reading.named(inputs.places.code[near])}, lies {distance[near]:.1f} km away; draw it larger, or "
                "name the places"
            )
            raise reading.wrong(index, "area", message)
        reading.note(index, f"{path.name}: {counted((part >= 0).sum(), 'place')} with a controller inside")
        after = np.where(part >= 0, controller, UNCHANGED)
    else:
        try:
            sides = sides_of_line(part, held, controller, len(drawing.parts), len(inputs.controllers))
        except LookupError as error:
            message = f"{path.name}: '{event.control}' {error.args[0]}"
            raise reading.wrong(index, "area", message) from None
        reading.note(index, f"{path.name}: {_choice(reading, drawing, sides)}")
        after = sides.after
    noon = reading.day(event.date) + NOON
    return [Change(noon, int(place), int(after[place])) for place in np.flatnonzero(after != UNCHANGED)]


@dataclass(frozen=True)
class Sides:
    """Whose the sides of a line are, and what that changes."""

    owner: Array
    """Controller of each side; -1 where nobody holds a place, shape (side,)."""
    count: Array
    """Places by side and controller before, shape (side, controller)."""
    after: Array
    """New controller of each place that changes; -1 for the others, shape (place,)."""


def sides_of_line(side: Array, held: Array, controller: int, sides: int, controllers: int) -> Sides:
    """Decide whose each side of a line is, by the places held there, and which places change.

    The controller's own are the sides on which it holds most places; where that is none or all of them, the one
    on which it holds the largest share. Each other side is of the other controller that holds most places on it.
    Places on the own sides that are held by a controller of the others come under the controller; places on
    another side that the controller holds come under that side's. A third controller's places stay as they are.

    Parameters
    ----------
    side : array of int, shape (place,)
        Side on which each place lies; -1 for none.
    held : array of int, shape (place,)
        Controller of each place before; -1 for nobody.
    controller : int
        Whose front the line is.
    sides, controllers : int
        How many there are.

    Returns
    -------
    Sides

    Raises
    ------
    LookupError
        If the controller holds no place, or nobody else does on the other sides.

    Examples
    --------
    >>> found = sides_of_line(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]), 0, 2, 2)
    >>> found.owner.tolist(), found.after.tolist()
    ([0, 1], [-1, -1, 0, -1, -1])
    """
    known = (side >= 0) & (held >= 0)
    count = np.zeros((sides, controllers), dtype=np.int64)
    np.add.at(count, (side[known], held[known]), 1)
    if not count[:, controller].any():
        raise LookupError("holds no place on either side of the line; draw polygons, or name another")
    anybody = count.sum(axis=1)
    own = (anybody > 0) & (count[:, controller] == count.max(axis=1))
    if not own.any() or own[anybody > 0].all():
        share = count[:, controller] / np.maximum(anybody, 1)
        own = np.arange(sides) == share.argmax()
    others = count.copy()
    others[:, controller] = 0
    owner = np.where(others.any(axis=1), others.argmax(axis=1), UNCHANGED)
    owner[own] = controller
    opposed = np.unique(owner[~own & (owner >= 0)])
    if opposed.size == 0:
        raise LookupError("is alone on the far side of the line; draw polygons, or name another")
    whose = np.where(side >= 0, owner[side], UNCHANGED)
    gains = (whose == controller) & np.isin(held, opposed)
    loses = (whose >= 0) & (whose != controller) & (held == controller)
    return Sides(owner, count, np.where(gains | loses, whose, UNCHANGED))


_COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


def _choice(reading: Reading, drawing: vectors.Drawing, sides: Sides) -> str:
    """Which side of a line goes to whom, and how many places change, in words."""
    box, names = reading.inputs.area.box, reading.inputs.controllers
    middle = ((box.west + box.east) / 2, (box.south + box.north) / 2)
    told = []
    for part, owner, count in zip(drawing.parts, sides.owner.tolist(), sides.count, strict=True):
        if owner == UNCHANGED:
            continue
        longitude, latitude = vectors.centre(part)
        angle = np.arctan2(latitude - middle[1], longitude - middle[0])
        where = _COMPASS[round(float(angle) / (np.pi / 4)) % 8]
        told.append(
            f"the side to the {where} goes to {names[owner]} (holds {count[owner]} of {counted(count.sum(), 'place')})"
        )
    changed = [
        f"{counted((sides.after == owner).sum(), 'place')} to {names[owner]}"
        for owner in np.unique(sides.after[sides.after != UNCHANGED])
    ]
    return f"{', '.join(told)}; {'changed: ' + ', '.join(changed) if changed else 'no place changes'}"


def _contradictions(reading: Reading, planned: Sequence[Planned]) -> Iterator[str]:
    """Events that give one place to different controllers on one day."""
    names = reading.inputs.controllers
    seen: dict[tuple[float, int], Planned] = {}
    told: set[tuple[int, int]] = set()
    for plan in planned:
        change = plan.change
        earlier = seen.setdefault((change.time, change.place), plan)
        pair = (earlier.event, plan.event)
        if earlier.change.controller == change.controller or pair in told:
            continue
        told.add(pair)
        message = (
            f"{reading.named(reading.inputs.places.code[change.place])} comes under '{names[change.controller]}', and "
            f"under '{names[earlier.change.controller]}' on the same day, {reading.date(int(change.time))} "
            f"({reading.scenario.line(earlier.event)}); keep one, or change a date"
        )
        yield reading.finding(plan.event, "control", message)


def _tell_effect(reading: Reading, index: int, changes: Sequence[Change], found: Control) -> None:
    """Note what an event does not change, and find fault with a front that changes nothing."""
    if not changes:
        return
    event: Any = reading.scenario.events[index]
    effective = sum(found.at(change.time - NOON)[change.place] != change.controller for change in changes)
    already = f"all {len(changes)} places" if len(changes) > 1 else "the place"
    nothing = f"{already} would be held by '{event.control}' already"
    if isinstance(event, verbs.ControlAlong) and not effective:
        message = (
            f"no place changes: {nothing} within {event.width_km:g} km of the stretch; correct the controller, the "
            "places or the dates, or leave it out"
        )
        reading.findings.append(reading.finding(index, "along", message))
    elif not effective:
        reading.note(index, f"changes nothing: {nothing}")
    elif isinstance(event, verbs.ControlAlong) or effective < len(changes):
        rest = ", the others would be held already" if effective < len(changes) else ""
        reading.note(index, f"{effective} of {counted(len(changes), 'place')} change hands{rest}")
