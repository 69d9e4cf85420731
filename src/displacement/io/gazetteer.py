"""The area file and its names: what a planner writes becomes a p-code.

Needs no NumPy, so that `validate` stays light.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from displacement.io import tables
from displacement.io.documents import Document, Location, read_document
from displacement.io.errors import InputError, finding, suggestion

Kind = Literal["place", "zone", "crossing", "road", "admin1", "admin2"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Box(_Part):
    """What the grid covers, in degrees."""

    south: float = Field(ge=-90, le=90)
    north: float = Field(ge=-90, le=90)
    west: float = Field(ge=-180, le=180)
    east: float = Field(ge=-180, le=180)

    @model_validator(mode="after")
    def _has_an_inside(self) -> Box:
        for low, high in (("south", "north"), ("west", "east")):
            first, last = getattr(self, low), getattr(self, high)
            if first >= last:
                raise ValueError(f"'{low}' ({first:g}) must be below '{high}' ({last:g}); correct them")
        return self


class Controller(_Part):
    """Who controls: an id as in the source data, and a label that may be replaced."""

    label: str
    label_ar: str = ""
    side: str
    """Controllers of one side: people move between them freely and do not leave because of one another."""


class Tables(_Part):
    """The tables of the area, relative to its folder."""

    settlements: str = "settlements.csv"
    zones: str = "zones.csv"
    aliases: str = "aliases.csv"
    sites: str = "sites.csv"
    roads: str = "roads.csv"
    crossings: str = "crossings.csv"


PLACES, ROUTES = "places.csv", "routes.csv"
"""Tables of a network area: named places, and the routes between them."""
ROUTE_MARK = "--"
"""Stands between the two places of a route, in its name."""
_OF_A_NETWORK: Mapping[str, Any] = {
    "crs": "none",
    "box": {"south": -90.0, "north": 90.0, "west": -180.0, "east": 180.0},
    "controllers": {"any": {"label": "not told apart", "side": "any"}},
    "start_control": PLACES,
}
"""What the area file of a network need not say: there is no grid, and control is not followed."""


def route_name(first: str, second: str) -> str:
    """Name of the route between two places.

    >>> route_name("Alder", "Birch")
    'Alder--Birch'
    """
    return f"{first}{ROUTE_MARK}{second}"


class AreaFile(_Part):
    """`area.yaml`: what the folder holds."""

    name: str
    name_ar: str = ""
    crs: str
    """Projected reference system of the grid, such as EPSG:32637."""
    box: Box
    controllers: dict[str, Controller] = Field(min_length=1)
    controller_names: dict[str, str] = {}
    """Other spellings of controllers in the tables, and the id of each."""
    tables: Tables = Tables()
    start_control: str
    """Table with the controller of every place when a run starts (rows without a date)."""
    standards: str | None = None
    """A file with lines of aid that differ in this area (items, include, drop), laid over the standards."""
    country: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """ISO 3166 code of three letters, for exports."""
    licences: tuple[str, ...] = ()


class Name(NamedTuple):
    """One thing that has a name: a place, a zone, a crossing, a road, or a larger administrative unit."""

    code: str
    name: str
    kind: Kind
    zone: str
    population: float

    def __str__(self) -> str:
        inside = f", zone {self.zone}" if self.zone else ""
        return f"{self.name} ({self.code}{inside})"


class Gazetteer:
    """All names of an area, and the area file.

    Parameters
    ----------
    folder : pathlib.Path
        The area folder; `area.yaml` lies in it.
    extra : pathlib.Path, optional
        A table of places to append: pcode (any id that the area does not use), name, lat, lon and, if known,
        name_ar, zone and
        other spellings (alias, several parted by semicolons). A row with the p-code of a known place adds its spellings.

    Raises
    ------
    InputError
        If the folder, the area file or a table is wrong.
    """

    def __init__(self, folder: Path, extra: Path | None = None) -> None:
        self.folder, self.extra = folder, extra
        if not folder.is_dir():
            raise InputError(finding(folder, "there is no such area folder"))
        self.is_network = (folder / PLACES).is_file()
        """Whether the area is one of named places and routes."""
        document = read_document(folder / "area.yaml")
        try:
            given = _OF_A_NETWORK if self.is_network else {}
            self.area = AreaFile.model_validate({**given, **document.data})
        except ValidationError as error:
            raise InputError(*document.findings(error, {"": list(AreaFile.model_fields)})) from None
        self.document: Document = document
        self._check_controllers()
        self._check_tables()

    def _check_tables(self) -> None:
        """Raise an error for a table that the area file names and that is not there."""
        near = sorted(path.name for path in self.folder.glob("*.csv"))
        written = self.document.data.get("tables") or {}
        named: list[tuple[Location, str]] = [(("start_control",), self.area.start_control)]
        named += [(("tables", key), str(getattr(self.area.tables, key))) for key in written]
        named += [(("standards",), self.area.standards)] if self.area.standards else []
        wrong = [
            self.document.finding(
                at, f"there is no table '{name}' in the area folder" + suggestion(name, near)
            )
            for at, name in named
            if not (self.folder / name).is_file()
        ]
        if wrong:
            raise InputError(*wrong)

    def _check_controllers(self) -> None:
        """Raise an error for a spelling that stands for no controller."""
        known = list(self.area.controllers)
        wrong = [
            self.document.finding(
                ("controller_names", written), f"unknown controller '{id}'" + suggestion(id, known)
            )
            for written, id in self.area.controller_names.items()
            if id not in known
        ]
        if wrong:
            raise InputError(*wrong)

    @property
    def standards(self) -> Path | None:
        """The area's own lines of aid, if it has any."""
        return self.folder / self.area.standards if self.area.standards else None

    def table(self, name: str) -> Path:
        """Path of one of the area's tables."""
        return self.folder / str(getattr(self.area.tables, name))

    @cached_property
    def countries(self) -> frozenset[str]:
        """Countries of the places of a network."""
        rows = tables.read(self.folder / PLACES, ["country"]) if self.is_network else []
        return frozenset(row.text("country") for row in rows)

    @cached_property
    def appended(self) -> list[tables.Row]:
        """Rows of the appended table."""
        rows = tables.read(self.extra, ["pcode", "name"]) if self.extra else []
        for row in rows:
            row.text("name")
            if row.text("pcode") not in self._own:
                row.number("lat", -90, 90)
                row.number("lon", -180, 180)
            zone = row.get("zone", "").strip()
            if zone and (zone not in self._own or self._own[zone].kind != "zone"):
                raise row.wrong(
                    "zone", f"there is no zone '{zone}' in this area; write its p-code or leave it blank"
                )
        tables.unique(rows, "pcode")
        return rows

    def controller(self, written: str) -> str | None:
        """Id of a controller, by id or by another spelling of the area file."""
        known = self.area.controllers
        return written if written in known else self.area.controller_names.get(written)

    @cached_property
    def names(self) -> dict[str, Name]:
        """Every code of the area, and what it names. A code is a p-code, or the id of a crossing or road."""
        appended = {
            row["pcode"]: Name(row["pcode"], row.text("name"), "place", row.get("zone", "").strip(), 0.0)
            for row in self.appended
        }
        return {**appended, **self._own}

    @cached_property
    def _own(self) -> dict[str, Name]:
        """Every code of the area's own tables."""
        found: dict[str, Name] = {}

        def add(code: str, name: str, kind: Kind, zone: str = "", population: float = 0.0) -> None:
            other = found.setdefault(code, Name(code, name, kind, zone, population)).kind
            if other != kind and {other, kind} != {
                "place",
                "crossing",
            }:  # an exit may be a place with a controller
                message = f"'{code}' is the code of a {other} and of a {kind}; give one of them another"
                raise InputError(finding(self.folder, message))

        if self.is_network:
            for row in tables.read(self.folder / PLACES, ["place"]):
                add(row.text("place"), row.text("place"), "zone")
            for row in tables.read(self.folder / ROUTES, ["from", "to"]):
                for ends in (("from", "to"), ("to", "from")):
                    name = route_name(*(row.text(end) for end in ends))
                    add(name, name, "road")
            return found
        for row in tables.read(self.table("settlements"), ["pcode", "name", "zone", "population"]):
            add(
                row.text("pcode"), row.text("name"), "place", row["zone"], row.number_or("population", 0.0, 0)
            )
        for row in tables.read(self.folder / self.area.start_control, ["pcode", "name", "zone"]):
            add(row.text("pcode"), row.text("name"), "place", row["zone"])
        for row in tables.read(self.table("zones"), ["zone", "name", "population"]):
            add(row.text("zone"), row.text("name"), "zone", "", row.number_or("population", 0.0, 0))
        for row in tables.read(self.table("crossings"), ["id", "name"]):
            add(row.text("id"), row.text("name"), "crossing")
        for row in tables.read(self.table("roads"), ["road"]):
            add(row.text("road"), row.text("road"), "road")
        return found

    @cached_property
    def spellings(self) -> dict[str, dict[str, bool]]:
        """Codes by normalised spelling; True where the spelling is the official name."""
        found: dict[str, dict[str, bool]] = {}
        for code, name in self.names.items():
            for part in (name.name, *name.name.split(" - "), *name.name.split(" / ")):
                found.setdefault(normal(part), {})[code] = True
        if self.is_network:
            return found
        for table, code_column in (("settlements", "pcode"), ("zones", "zone")):
            for row in tables.read(self.table(table), [code_column, "name_ar"]):
                if row["name_ar"].strip():
                    found.setdefault(normal(row["name_ar"]), {}).setdefault(row.text(code_column), True)
        for row in tables.read(self.table("aliases"), ["pcode", "alias"]):
            if row.text("pcode") in self.names:
                found.setdefault(normal(row.text("alias")), {}).setdefault(row.text("pcode"), False)
        for row in self.appended:
            others = (row["name"], row.get("name_ar", ""), *row.get("alias", "").split(";"))
            for spelling in filter(None, map(normal, others)):
                found.setdefault(spelling, {}).setdefault(row["pcode"], False)
        return found

    def candidates(self, written: str, kinds: Iterable[Kind] = ("place",)) -> list[Name]:
        """What a spelling can mean, the likeliest first.

        An official name counts before another spelling; the more populous place before the smaller.
        """
        kinds = tuple(kinds)
        if written in self.names and self.names[written].kind in kinds:
            return [self.names[written]]
        bare, _, bracket = written.partition("(")
        hits = self.spellings.get(normal(written), {}) or self.spellings.get(normal(bare), {})
        found = [(official, self.names[code]) for code, official in hits.items()]
        found = [(official, name) for official, name in found if name.kind in kinds]
        if bracket:
            inside = normal(bracket.rstrip(")"))
            narrowed = [
                pair for pair in found if inside in (normal(self._zone_name(pair[1])), normal(pair[1].code))
            ]
            found = narrowed or found
        if any(official for official, _ in found):
            found = [pair for pair in found if pair[0]]
        return sorted((name for _, name in found), key=lambda name: (-name.population, name.code))

    def _zone_name(self, name: Name) -> str:
        zone = self.names.get(name.zone)
        return zone.name if zone else ""

    def resolve(self, written: Any, kinds: Iterable[Kind] = ("place",)) -> Name:
        """The one thing a spelling means.

        Raises
        ------
        LookupError
            If nothing or more than one thing has that name; the message lists the likeliest.
        """
        text = str(written).strip()
        kinds = tuple(kinds)
        found = self.candidates(text, kinds)
        if len(found) == 1:
            return found[0]
        if found:
            listed = "; ".join(map(str, found[:5]))
            raise LookupError(f"'{text}' is the name of {len(found)} places: {listed}; write the p-code")
        other = self.names.get(text)
        if other is not None:
            raise LookupError(f"'{text}' is the {other.kind} {other.name}; write a {' or '.join(kinds)}")
        near = "; ".join(map(str, self.near(text, kinds)))
        raise LookupError(
            f"unknown {' or '.join(kinds)} '{text}'" + (f"; did you mean {near}?" if near else "")
        )

    @cached_property
    def units(self) -> dict[str, Name]:
        """Administrative units by p-code: admin 1, admin 2, then zones (admin 3). Places have no part in it."""
        found: dict[str, Name] = {}
        if self.is_network:
            return {code: name for code, name in self.names.items() if name.kind == "zone"}
        columns = ["zone", "name", "admin1", "admin1_name", "admin2", "admin2_name"]
        rows = tables.read(self.table("zones"), columns)
        levels: tuple[tuple[Kind, str, str], ...] = (
            ("admin1", "admin1", "admin1_name"),
            ("admin2", "admin2", "admin2_name"),
            ("zone", "zone", "name"),
        )
        for kind, code, name in levels:
            for row in rows:
                if row[code].strip():
                    unit = Name(row[code].strip(), row[name].strip() or row[code].strip(), kind, "", 0.0)
                    found.setdefault(unit.code, unit)
        return found

    def unit(self, written: Any) -> Name:
        """The administrative unit, or else the place, that a spelling means.

        A p-code says exactly which. A name means the largest unit that has it (admin 1 before admin 2 before
        zone), and where no unit has it, the place. Another spelling of a place's name is a spelling of the
        unit's that is called like the place.

        Raises
        ------
        LookupError
            If nothing, or more than one thing of the largest kind, has that name.
        """
        text = str(written).strip()
        if text in self.units:
            return self.units[text]
        if text in self.names and self.names[text].kind == "place":
            return self.names[text]
        places = self.candidates(text, ("place",))
        for name in (text, places[0].name) if len(places) == 1 else (text,):
            found = self._unit_named(name)
            if found is not None:
                return found
        if places:
            return self.resolve(text, ("place",))
        near = "; ".join(map(str, self._near_units(text)))
        message = f"unknown administrative unit or place '{text}'"
        raise LookupError(message + (f"; did you mean {near}?" if near else "; write a name or p-code"))

    def _unit_named(self, written: str) -> Name | None:
        """The largest unit of a name; an error if there are several, None if there is none."""
        for kind in ("admin1", "admin2"):
            found = [
                unit
                for unit in self.units.values()
                if unit.kind == kind and normal(unit.name) == normal(written)
            ]
            if len(found) > 1:
                listed = "; ".join(map(str, found[:5]))
                raise LookupError(
                    f"'{written}' is the name of {len(found)} units: {listed}; write the p-code"
                )
            if found:
                return found[0]
        return self.resolve(written, ("zone",)) if self.candidates(written, ("zone",)) else None

    def _near_units(self, written: str, count: int = 3) -> list[Name]:
        """The units spelt most alike, then the places."""
        from rapidfuzz import fuzz, process

        named = {unit.code: normal(unit.name) for unit in self.units.values()}
        hits = process.extract(normal(written), named, scorer=fuzz.WRatio, limit=count, score_cutoff=70)
        units = [self.units[code] for _, _, code in hits]
        return [*units, *self.near(written, ("place",), count)][:count]

    def near(self, written: str, kinds: Iterable[Kind] = ("place",), count: int = 3) -> list[Name]:
        """The names spelt most alike."""
        from rapidfuzz import fuzz, process

        kinds = tuple(kinds)
        known = self._spellings_of(kinds)
        hits = process.extract(normal(written), known, scorer=fuzz.WRatio, limit=4 * count, score_cutoff=70)
        found: list[Name] = []
        for spelling, _, _ in hits:
            for code in self.spellings[spelling]:
                if self.names[code].kind in kinds and self.names[code] not in found:
                    found.append(self.names[code])
        return found[:count]

    def alike(
        self, written: str, kinds: Iterable[Kind] = ("place",), least: float = 70
    ) -> list[tuple[Name, float]]:
        """The names whose whole spelling is like the written one, and how like, the likest first.

        Parameters
        ----------
        written : str
            The spelling.
        kinds : iterable of str
            Kinds of names.
        least : float
            Likeness below which a name is left out, 0 to 100: letters in common and in order, twice,
            over all letters of both. [percent]
        """
        from rapidfuzz import fuzz, process

        kinds = tuple(kinds)
        known = self._spellings_of(kinds)
        likeness: dict[Name, float] = {}
        for spelling, score, _ in process.extract(
            normal(written), known, scorer=fuzz.ratio, limit=None, score_cutoff=least
        ):
            for code in self.spellings[spelling]:
                if self.names[code].kind in kinds:
                    likeness.setdefault(self.names[code], score)
        return list(likeness.items())

    def _spellings_of(self, kinds: tuple[Kind, ...]) -> list[str]:
        return [
            spelling
            for spelling, codes in self.spellings.items()
            if any(self.names[code].kind in kinds for code in codes)
        ]


_ARTICLES = {"al", "el", "ar", "as", "ash", "at", "ad", "an", "az", "es", "ed", "er"}
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": None, "ک": "ك", "ی": "ي"}
)


def normal(written: str) -> str:
    """A spelling without case, accents, articles, apostrophes, hyphens and invisible marks of direction.

    >>> normal("Ma'arrat an-Nu'mān"), normal("الأتارب") == normal("الاتارب")
    ('maarrat numan', True)
    >>> normal("Tel Rıfat") == normal("TEL RIFAT") == normal("tel rifat"), normal("İzze")
    (True, 'izze')
    """
    plain = unicodedata.normalize("NFKD", written.translate(_ARABIC)).casefold()
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Mn", "Cf"))
    plain = plain.replace("ı", "i")
    plain = re.sub(r"['’‘`ʿʾʼʻ´]", "", plain)
    words = re.sub(r"[^\w]+", " ", plain).split()
    kept = [word for word in words if word not in _ARTICLES]
    return " ".join(kept or words)
