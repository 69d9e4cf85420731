"""An empty area folder to fill in: every table with its columns explained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from displacement.io.errors import InputError, finding
from displacement.io.folders import whole_folder


class Column(NamedTuple):
    """One column of a table: its name, and what to write in it."""

    name: str
    meaning: str


_PLACE = (
    Column("lat", "latitude of the place [degree]"),
    Column("lon", "longitude of the place [degree]"),
)
_SOURCE = Column("source", "where the row comes from, in your words")

TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "zones.csv": (
        "Sub-districts (admin 3): the units of all results.",
        (
            Column("zone", "p-code"),
            Column("name", "name in Latin letters"),
            Column("name_ar", "name in Arabic, or blank"),
            Column("admin1", "p-code of the governorate"),
            Column("admin1_name", "its name"),
            Column("admin2", "p-code of the district"),
            Column("admin2_name", "its name"),
            *_PLACE,
            Column("popw_lat", "latitude of its centre by people [degree]"),
            Column("popw_lon", "longitude of its centre by people [degree]"),
            Column("population", "everybody who lives there, displaced people included [person]"),
            Column("displaced_before", "of these, displaced before the run; blank where unknown [person]"),
            _SOURCE,
        ),
    ),
    "settlements.csv": (
        "Towns and villages. What a zone has beyond them is spread over the rest of it.",
        (
            Column("pcode", "p-code, or any id of your own"),
            Column("name", "name in Latin letters"),
            Column("name_ar", "name in Arabic, or blank"),
            *_PLACE,
            Column("zone", "p-code of its zone; blank for a place outside the area"),
            Column("population", "people [person]"),
            Column("response_group", "an opaque id for places whose people answer alike, or blank"),
            _SOURCE,
        ),
    ),
    "aliases.csv": (
        "Other spellings of places and zones, one a row.",
        (Column("pcode", "p-code of the place or zone"), Column("alias", "the spelling"), _SOURCE),
    ),
    "control.csv": (
        "Who controls each place: one row without a date a place, and rows with dates for changes.",
        (
            Column("pcode", "p-code of the place"),
            Column("name", "its name"),
            *_PLACE,
            Column("zone", "p-code of its zone, or blank"),
            Column("seq", "order of changes on one day, or blank"),
            Column(
                "date", "blank: when a run starts; else the day it comes under the controller (2024-11-27)"
            ),
            Column("controller", "id of the controller, as in area.yaml"),
            _SOURCE,
        ),
    ),
    "sites.csv": (
        "Camps and reception centres. No row is fine.",
        (
            Column("site", "id"),
            Column("name", "name"),
            Column("pcode", "p-code of its community, or blank"),
            Column("zone", "p-code of its zone"),
            *_PLACE,
            Column("registered", "people registered there [person]"),
            Column("capacity", "people it was made for, or unknown [person]"),
            Column("full", "yes: nobody is taken in beyond the capacity; else blank"),
            _SOURCE,
        ),
    ),
    "roads.csv": (
        "Roads as points along them, in order.",
        (
            Column("road", "name of the road"),
            Column("class", "motorway, primary, secondary or tertiary"),
            Column("seq", "order of the point along the road: 0, 1, 2, ..."),
            Column("place", "what lies there, or blank"),
            *_PLACE,
            Column("speed_kmh", "speed from this point to the next [km/h]"),
            _SOURCE,
        ),
    ),
    "crossings.csv": (
        "Crossings of closed lines, and exits out of the area.",
        (
            Column("id", "id"),
            Column("name", "name"),
            Column("kind", "crossing or exit"),
            *_PLACE,
            Column("controller", "id of the controller, or blank"),
            Column("open_to_people", "yes or no, when a run starts"),
            Column(
                "people_beyond", "of an exit: people who live beyond it; blank lets nobody go there [person]"
            ),
            Column("hours_beyond", "of an exit: hours of travel beyond the edge [h]"),
            _SOURCE,
        ),
    ),
}
"""Every table of an area folder: what it is for, and its columns."""

AREA = """\
# What the folder holds. Lines that begin with # are notes for you.

name: {name}

# A projected reference system in metres for the grid: the UTM zone of the area, such as EPSG:32637.
crs: EPSG:32637

# The edge of the area, in degrees. Places beyond it take part only as exits.
box: {{south: 0.0, north: 0.0, west: 0.0, east: 0.0}}

# Who controls places. Ids are used in the tables and scenarios; labels are yours to choose, in neutral words.
# People of one side move freely among its controllers and do not leave because of one another.
controllers:
  first: {{label: First, side: a}}
  second: {{label: Second, side: b}}

# Other spellings of controllers in your tables, and the id each stands for.
controller_names: {{}}

# Who controls each place when a run starts: the rows of this table without a date.
start_control: control.csv

# To be repeated wherever figures made from this folder are passed on.
licences: []
"""

SCENARIO = """\
# The first question to ask of this area: what if one place comes under another controller?
title: What if PLACE comes under second?
area: .
period: {start: 2025-01-01, days: 14}
events:
  - {control: second, places: [PLACE], date: 2025-01-05}
"""


def write_area(folder: Path) -> list[Path]:
    """Write an empty area folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; it may be there already if it is empty.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    InputError
        If the folder holds something, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(finding(folder, "is there already and not empty; name a new folder"))
    texts = {"area.yaml": AREA.format(name=folder.resolve().name)}
    texts |= {name: _header(purpose, columns) for name, (purpose, columns) in TABLES.items()}
    texts["first_question.yaml"] = SCENARIO
    with whole_folder(folder) as partial:
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _header(purpose: str, columns: tuple[Column, ...]) -> str:
    """Notes about the table and each column, and the line of names."""
    notes = [f"# {purpose}", *(f"# {column.name}: {column.meaning}" for column in columns)]
    return "\n".join([*notes, ",".join(column.name for column in columns), ""])
