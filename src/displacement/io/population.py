"""People on the grid, from settlements and zone totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from displacement.grid import Grid

Array = NDArray[Any]


@dataclass(frozen=True)
class Settlements:
    """Settlements, or centres of zones."""

    easting: Array
    northing: Array
    """[m]"""
    zone: Array
    population: Array
    """[person]"""
    response: tuple[str, ...]
    """Named response group; blank for the general one."""

    def and_places(self, *others: Settlements) -> Settlements:
        """These and others, one after the other."""
        parts = (self, *others)
        return Settlements(
            easting=np.concatenate([part.easting for part in parts]),
            northing=np.concatenate([part.northing for part in parts]),
            zone=np.concatenate([part.zone for part in parts]),
            population=np.concatenate([part.population for part in parts]),
            response=tuple(group for part in parts for group in part.response),
        )

    def with_centres(self, centres: Settlements) -> Settlements:
        """These, and the centre by people of each zone that has none."""
        first = np.arange(len(centres.zone)) < len(centres.zone) // 2
        missing = first & ~np.isin(centres.zone, self.zone)
        only = Settlements(
            centres.easting[missing],
            centres.northing[missing],
            centres.zone[missing],
            centres.population[missing],
            ("",) * int(missing.sum()),
        )
        return self.and_places(only)


def spread(
    grid: Grid, settlements: Settlements, zone: Array, totals: Array, density: float, open_share: float = 0.5
) -> Array:
    """People by cell, meeting each zone's total.

    Each settlement fills a disc of `density`, inside its own zone. What a zone holds beyond its settlements
    lives in villages that the table does not name: it is spread evenly over the zone's cells, except that a
    zone without a settlement row keeps `open_share` of its people in a disc around its centre by people.

    Parameters
    ----------
    grid : Grid
    settlements : Settlements
        Those with zero people in the only row of a zone stand for the zone's centre.
    zone : array of int, shape (cell,)
        Zone of each cell; -1 outside.
    totals : array of shape (zone,)
        People by zone. [person]
    density : float
        People by area of a settlement's disc. [person/km2]
    open_share : float
        Share of a zone without settlements that lives around its centre. [1]

    Returns
    -------
    array of shape (cell,)
        Sums to `totals` by zone. [person]

    Raises
    ------
    ValueError
        If a zone has people but no cell.
    """
    people = settlements.population.copy()
    listed = np.bincount(settlements.zone, people, totals.size)
    rows = np.bincount(settlements.zone, minlength=totals.size)
    alone = (listed == 0) & (rows == 1)
    centre = alone[settlements.zone]
    people[centre] = open_share * totals[settlements.zone[centre]]
    listed = np.bincount(settlements.zone, people, totals.size)
    shrink = np.divide(totals, listed, out=np.ones_like(totals), where=listed > totals)
    people = people * shrink[settlements.zone]

    population = np.zeros(grid.size)
    easting, northing = grid.centres()
    for at in np.flatnonzero(people > 0):
        cells = _disc(grid, settlements.easting[at], settlements.northing[at], people[at] / density)
        cells = cells[zone[cells] == settlements.zone[at]]
        if cells.size == 0:
            own = np.flatnonzero(zone == settlements.zone[at])
            if own.size == 0:
                raise ValueError(
                    f"zone number {settlements.zone[at]} has people but no cell; use smaller cells"
                )
            away = np.hypot(easting[own] - settlements.easting[at], northing[own] - settlements.northing[at])
            cells = own[np.argmin(away, keepdims=True)]
        population[cells] += people[at] / cells.size
    rest = np.maximum(totals - np.bincount(settlements.zone, people, totals.size), 0.0)
    inside = zone >= 0
    cells_by_zone = np.bincount(zone[inside], minlength=totals.size)
    if ((totals > 0) & (cells_by_zone == 0)).any():
        empty = np.flatnonzero((totals > 0) & (cells_by_zone == 0))
        raise ValueError(f"zone number {empty[0]} has people but no cell; use smaller cells")
    each = np.divide(rest, cells_by_zone, out=np.zeros_like(rest), where=cells_by_zone > 0)
    population[inside] += each[zone[inside]]
    found = np.bincount(zone[inside], population[inside], totals.size)
    exact = np.divide(totals, found, out=np.zeros_like(totals), where=found > 0)
    population[inside] *= exact[zone[inside]]
    return population


def _disc(grid: Grid, easting: float, northing: float, area: float) -> Array:
    """Cells whose centre lies in a disc of an area [km2] around a point; at least the point's own."""
    radius = 1000.0 * np.sqrt(area / np.pi)
    side = grid.cell_km * 1000.0
    reach = int(np.ceil(radius / side)) + 1
    own = int(grid.cell(easting, northing))
    row, column = divmod(own, grid.shape[1])
    rows = np.arange(max(0, row - reach), min(grid.shape[0], row + reach + 1))
    columns = np.arange(max(0, column - reach), min(grid.shape[1], column + reach + 1))
    cells = (rows[:, None] * grid.shape[1] + columns[None, :]).ravel()
    east, north = grid.centres(cells)
    inside = np.hypot(east - easting, north - northing) <= radius
    return np.union1d(cells[inside], [own])
