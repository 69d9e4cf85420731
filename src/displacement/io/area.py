"""An area folder -> Inputs on a grid: zones, places, population, roads, destinations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import xarray as xr
from numpy.typing import NDArray

from displacement.grid import INDEX, Grid
from displacement.io.area_destinations import destinations_of
from displacement.io.area_tables import AreaTables, nearest
from displacement.io.errors import InputError
from displacement.io.gazetteer import AreaFile, Gazetteer
from displacement.io.inputs import Inputs, Land, NamedPlaces, Zones
from displacement.io.population import Settlements, Sources
from displacement.io.provenance import MANIFEST, changed
from displacement.movement.assumptions import Area
from displacement.movement.blocks import blocks_of
from displacement.movement.destinations import Keys

Array = NDArray[Any]

MOST_CELLS = 100_000_000
"""A grid of more cells is a slip in the box or the cell."""
TRAVEL_CELL_KM = 1.0
"""Side of the smallest cell for travel unless a scenario asks for smaller ones: roads are good to 1 to 2 km. [km]"""
HAZARD_CELL_KM = 1.0
"""Side of the smallest bins for the hazard unless a scenario asks for smaller ones. [km]"""
FALSE_SCALE = 0.1
"""A reference system in which lengths are further off than this is of another part of the world. [1]"""


def read(
    gazetteer: Gazetteer,
    cell_km: float,
    assumptions: Area,
    start_control: Path,
    sources: Sources,
    travel_cell_km: float | None = None,
    hazard_cell_km: float | None = None,
) -> Inputs:
    """Read an area folder onto a grid.

    Parameters
    ----------
    gazetteer : Gazetteer
        The area file and its names.
    cell_km : float
        Side of a cell. [km]
    assumptions : Area
        Reaches and densities.
    start_control : pathlib.Path
        Table with the controller of every place when the run starts.
    sources : Sources
        Files in place of the area's own people, outlines of zones and speeds off the roads.
    travel_cell_km : float, optional
        Side of a cell of the land people travel over; default: the larger of `cell_km` and `TRAVEL_CELL_KM`. [km]
    hazard_cell_km : float, optional
        Side of the bins of cells in which people see the events alike; default: the larger of `cell_km` and
        `HAZARD_CELL_KM`. [km]

    Returns
    -------
    Inputs

    Raises
    ------
    InputError
        If a table is wrong.
    """
    area = gazetteer.area
    _check_crs(gazetteer)
    projection = pyproj.Transformer.from_crs("EPSG:4326", area.crs, always_xy=True)
    grid = _grid(area, projection, cell_km)
    if grid.size > MOST_CELLS:
        message = f"takes {grid.size:,} cells of {cell_km:g} km, more than {MOST_CELLS:,}; shrink it or enlarge these"
        raise InputError(gazetteer.document.finding(("box",), message))
    reader = AreaTables(gazetteer, projection, grid, sources)
    exits = reader.crossing_rows("exit")
    zones = reader.zone_totals(reader.zones(exits))
    zone_index = {code: at for at, code in enumerate(zones.code)}
    settlements = reader.settlements(zone_index)
    centres = reader.centres(zone_index)
    controllers = tuple(area.controllers)
    places = reader.appended(reader.named_places(start_control, controllers))
    points = settlements.and_places(reader.control_points(start_control, zone_index), centres)

    zone = reader.drawn_zones(_zone_of_cell(grid, points, assumptions.zone_reach), zones, settlements)
    zones, population = reader.people(
        zones, zone, settlements.with_centres(centres), assumptions.settled_density
    )
    place, any_place = nearest(grid, places.easting, places.northing, assumptions.control_reach)
    groups, group_of_cell = reader.response_groups(settlements, grid)
    keys, key = _keys(grid, places.start, any_place, group_of_cell, population)
    tile_side = max(1, round(assumptions.block_km / cell_km))
    blocks = blocks_of(grid, population, zone, key, tile_side)
    destinations = destinations_of(reader, zones, exits, places, group_of_cell, any_place)
    side = travel_cell_km or max(cell_km, TRAVEL_CELL_KM)
    land = _land(reader, _covering(grid, side), population, zone, places, any_place)
    sides = sorted({controller.side for controller in area.controllers.values()})
    return Inputs(
        area=area,
        grid=grid,
        cells=xr.Dataset(
            {
                "population": ("cell", population),
                "zone": ("cell", zone),
                "place": ("cell", place),
                "any_place": ("cell", any_place),
                "response": ("cell", key),
            }
        ),
        zones=zones,
        controllers=controllers,
        side=np.array([sides.index(area.controllers[name].side) for name in controllers]),
        places=places,
        keys=keys,
        blocks=blocks,
        destinations=destinations,
        land=land,
        crossings=reader.crossings(),
        response_groups=groups,
        coordinates=reader.coordinates(places),
        files=tuple(reader.files),
        tile_side=tile_side,
        bin_side=max(1, round((hazard_cell_km or max(cell_km, HAZARD_CELL_KM)) / cell_km)),
        boundaries=reader.boundaries,
        notes=(*reader.notes, *_changed_files(gazetteer, zones)),
    )


def _changed_files(gazetteer: Gazetteer, zones: Zones) -> list[str]:
    """A note on each file of the area that is not as the folder's manifest describes it."""
    notes = []
    for name in changed(gazetteer.folder):
        now = f" ({zones.population.sum():,.0f} people now)" if name == gazetteer.area.tables.zones else ""
        notes.append(
            f"{name} is not as {MANIFEST} describes it{now}: figures come from the changed file; if that is "
            f"meant, run `make manifest` or remove {MANIFEST}."
        )
    return notes


def _check_crs(gazetteer: Gazetteer) -> None:
    """Raise an error for a reference system that is none, is not in metres, or whose metres are not true here."""
    written, box = gazetteer.area.crs, gazetteer.area.box
    why = ""
    try:
        crs = pyproj.CRS.from_user_input(written)
        if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
            why = f"'{written}' is no projected reference system in metres"
        else:
            middle = ((box.west + box.east) / 2, (box.south + box.north) / 2)
            factors = pyproj.Proj(crs).get_factors(*middle)
            scales = (factors.meridional_scale, factors.parallel_scale)
            if not all(abs(scale - 1.0) <= FALSE_SCALE for scale in scales):
                why = f"a metre of '{written}' is {scales[0]:.2f} m in the middle of the box"
    except pyproj.exceptions.ProjError:
        why = f"'{written}' is no reference system"
    if why:
        message = f"{why}; write that of the UTM zone, such as EPSG:32637"
        raise InputError(gazetteer.document.finding(("crs",), message))


def _grid(area: AreaFile, projection: pyproj.Transformer, cell_km: float) -> Grid:
    """The grid that covers the box, its corner on a whole multiple of the cell."""
    box = area.box
    along = np.linspace(0.0, 1.0, 21)
    longitude = box.west + along * (box.east - box.west)
    latitude = box.south + along * (box.north - box.south)
    edges = [
        projection.transform(longitude, np.full(21, box.south)),
        projection.transform(longitude, np.full(21, box.north)),
        projection.transform(np.full(21, box.west), latitude),
        projection.transform(np.full(21, box.east), latitude),
    ]
    easting = np.concatenate([edge[0] for edge in edges])
    northing = np.concatenate([edge[1] for edge in edges])
    side = cell_km * 1000.0
    west, north = np.floor(easting.min() / side) * side, np.ceil(northing.max() / side) * side
    rows = int(np.ceil((north - northing.min()) / side))
    columns = int(np.ceil((easting.max() - west) / side))
    return Grid(area.crs, cell_km, float(west), float(north), (rows, columns))


def _covering(grid: Grid, cell_km: float) -> Grid:
    """The grid of other cells that covers a grid, its corner on a whole multiple of the cell."""
    if cell_km == grid.cell_km:
        return grid
    own, side = grid.cell_km * 1000.0, cell_km * 1000.0
    west, north = np.floor(grid.west / side) * side, np.ceil(grid.north / side) * side
    rows = int(np.ceil((north - (grid.north - grid.shape[0] * own)) / side))
    columns = int(np.ceil((grid.west + grid.shape[1] * own - west) / side))
    return Grid(grid.crs, cell_km, float(west), float(north), (rows, columns))


def _land(
    reader: AreaTables, grid: Grid, population: Array, zone: Array, places: NamedPlaces, any_place: Array
) -> Land:
    """What people travel over. Off the roads a cell can be crossed if half of it is in a zone, or people live there."""
    if grid is not reader.grid:
        _, any_place = nearest(grid, places.easting, places.northing, np.inf)
    found = np.zeros((3, grid.size))
    for band in reader.grid.bands(zone, population):
        of_cell = grid.cell(*reader.grid.centres(np.arange(band.start, band.stop)))
        for row, weights in enumerate((None, zone[band] >= 0, population[band])):
            found[row] += np.bincount(of_cell, weights, grid.size)
    count, in_zone, people = found
    roads = reader.roads(grid)
    return Land(
        grid=grid,
        passable=((count > 0) & (in_zone >= 0.5 * count)) | (people > 0),
        any_place=any_place,
        roads=roads,
        terrain_speed=reader.terrain(grid, people, roads),
    )


def _zone_of_cell(grid: Grid, points: Settlements, reach: float) -> Array:
    """Zone of the nearest named place or zone centre within reach; -1 elsewhere.

    A cell that holds a settlement is in the zone of its most populous one.
    """
    of_cell, _ = nearest(grid, points.easting, points.northing, reach)
    of_point = np.append(points.zone, -1).astype(INDEX)
    for band in grid.bands(of_cell):
        of_cell[band] = of_point[of_cell[band]]
    cell = grid.cell(points.easting, points.northing)
    for at in np.argsort(points.population, kind="stable"):
        if cell[at] >= 0:
            of_cell[cell[at]] = points.zone[at]
    return of_cell


def _keys(
    grid: Grid, controller: Array, any_place: Array, group: Array, population: Array
) -> tuple[Keys, Array]:
    """The response keys that occur among inhabited cells, and the key of each cell; 0 where nobody lives."""
    groups = grid.most(group) + 1
    occurs = np.zeros((int(controller.max()) + 1) * groups, dtype=bool)
    key = grid.room(INDEX)
    for band in grid.bands(key, any_place, group, population):
        key[band] = controller[any_place[band]] * groups + group[band]
        occurs[key[band][population[band] > 0]] = True
    used = np.flatnonzero(occurs)
    position = np.where(occurs, np.cumsum(occurs) - 1, 0).astype(INDEX)
    for band in grid.bands(key):
        key[band] = position[key[band]]
    return Keys(used // groups, used % groups), key


def project(crs: str, longitude: float, latitude: float) -> tuple[float, float]:
    """Easting and northing of a point in a reference system. [m]"""
    transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    easting, northing = transformer.transform(longitude, latitude)
    return float(easting), float(northing)
