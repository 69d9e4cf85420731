"""What an area gives a run: zones, places, roads, crossings, cells and destinations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from displacement.grid import Grid
from displacement.io.gazetteer import ROUTE_MARK, AreaFile
from displacement.mapped import is_mapped, let_go, sent
from displacement.movement.blocks import Blocks
from displacement.movement.destinations import Keys, Places

Array = NDArray[Any]


@dataclass(frozen=True)
class Zones:
    """The axis `zone`: the zones of the area, then its exits."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    name_ar: tuple[str, ...]
    admin1: tuple[str, ...]
    admin1_name: tuple[str, ...]
    admin2: tuple[str, ...]
    admin2_name: tuple[str, ...]
    population: Array
    """[person]"""
    displaced_before: Array
    """[person], not a number where unknown."""
    inside: int
    """Number of zones; the rest are exits."""


@dataclass(frozen=True)
class NamedPlaces:
    """Places that have a controller."""

    code: tuple[str, ...]
    easting: Array
    northing: Array
    """[m]"""
    start: Array
    """Position of the controller at the start."""
    follows: Array
    """The place that each one follows until it has a change of its own; -1 for those of the area's tables."""

    def index(self) -> dict[str, int]:
        """Position of each place by its code."""
        return {code: at for at, code in enumerate(self.code)}


@dataclass(frozen=True)
class Road:
    """A road as points along it, about half a cell apart."""

    easting: Array
    northing: Array
    """[m]"""
    cell: Array
    speed: Array
    """[km/h]"""


@dataclass(frozen=True)
class Land:
    """What people travel over, on a grid of its own: that of the people, or a coarser one.

    Parameters
    ----------
    grid : Grid
        Its cells hold whole cells of the people's grid, or nearly: each of these counts to the one its centre lies in.
    passable : array of bool, shape (cell,)
        Where people get through off the roads.
    any_place : array of int, shape (cell,)
        Nearest named place: who controls it.
    roads : mapping of str to Road
    terrain_speed : array of shape (cell,), optional
        Speed off the roads, 0 where nobody can pass; none: that of the track. [km/h]
    """

    grid: Grid
    passable: Array
    any_place: Array
    roads: Mapping[str, Road]
    terrain_speed: Array | None = None


@dataclass(frozen=True)
class Network:
    """Named places and the routes between them, of an area without rasters: places take the part of cells.

    Parameters
    ----------
    kind : tuple of str
        One of `KINDS` for each place.
    country : array of int, shape (place,)
        Position in `countries`.
    countries : tuple of str
    route : tuple of str
        Name of each route.
    ends : array of int, shape (route, 2)
        The two places that each one joins.
    km : array of shape (route,)
        Length. [km]
    forwards : array of int, shape (route,)
        The end (0 or 1) that sends everybody who comes there on along the route; -1 for neither.
    forwards_until : tuple of date or None
        First day on which it no longer does.
    conflict : pathlib.Path
        The area's table of conflict by place and day.
    observed : pathlib.Path, optional
        The area's table of people counted, if it has one.
    """

    kind: tuple[str, ...]
    country: Array
    countries: tuple[str, ...]
    route: tuple[str, ...]
    ends: Array
    km: Array
    forwards: Array
    forwards_until: tuple[dt.date | None, ...]
    conflict: Path
    observed: Path | None = None


@dataclass(frozen=True)
class Crossings:
    """Crossings and exits."""

    code: tuple[str, ...]
    easting: Array
    northing: Array
    """[m]"""
    is_exit: Array
    open_to_people: Array


@dataclass(frozen=True)
class Inputs:
    """Everything that does not depend on the events: an area on its grid."""

    area: AreaFile
    grid: Grid
    cells: xr.Dataset
    """`population`, `zone`, `place`, `any_place`, `response` by cell."""
    zones: Zones
    controllers: tuple[str, ...]
    side: Array
    """Side of each controller, as a number."""
    places: NamedPlaces
    keys: Keys
    blocks: Blocks
    destinations: Places
    land: Land
    crossings: Crossings
    response_groups: tuple[str, ...]
    """Names of the response groups; the first is the general one."""
    coordinates: Mapping[str, tuple[float, float]]
    """Easting and northing of every place that has a p-code. [m]"""
    files: tuple[Path, ...]
    """What was read, for the manifest."""
    tile_side: int
    """Cells along the side of the tiles of origin blocks."""
    bin_side: int = 1
    """Cells along the side of a bin, in which people see the events alike (`displacement.exposure`)."""
    boundaries: str = "statistical areas"
    """What the outlines of the zones are: drawn around the cells, or `official: FILE`."""
    notes: tuple[str, ...] = ()
    """What a planner must know of the people and ways that were read, a line each."""
    network: Network | None = None
    """Of an area of named places and routes: what stands in place of the land; cells and zones are its places."""

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: arrays that lie in files stay there (`displacement.mapped`)."""
        state = dict(vars(self))
        if any(is_mapped(values.values) for values in self.cells.values()):
            state["cells"] = {str(name): sent(values.values) for name, values in self.cells.items()}
            state["blocks"] = replace(self.blocks, of_cell=sent(self.blocks.of_cell))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        cells = state["cells"]
        if isinstance(cells, dict):
            cells = xr.Dataset({name: ("cell", values) for name, values in cells.items()})
        vars(self).update(state, cells=cells)

    @property
    def sides(self) -> tuple[str, ...]:
        """Between whom a boundary can lie: controllers, on a network countries."""
        return self.controllers if self.network is None else self.network.countries

    def named_way(self, name: str) -> str:
        """A road by its name; on a network also by that of the way back."""
        if self.network is None or name in self.network.route:
            return name
        back = ROUTE_MARK.join(reversed(name.split(ROUTE_MARK)))
        return back if back in self.network.route else name

    def let_go(self) -> None:
        """Hand back the memory of what was looked at by cell, where that lies in files (`displacement.mapped`)."""
        let_go(self.blocks.of_cell, *(values.values for values in self.cells.values()))

    @property
    def prior_share(self) -> Array:
        """Share of each zone's people displaced before the run; 0 where unknown. [1]"""
        known = np.nan_to_num(self.zones.displaced_before, nan=0.0)
        people = self.zones.population
        share = np.divide(known, people, out=np.zeros_like(known), where=people > 0)
        return np.asarray(share[: self.zones.inside])
