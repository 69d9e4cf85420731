"""Administrative units that an event names, on the inputs' zones and places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.io.inputs import Inputs

Array = NDArray[Any]
TIE = 1.0
"""Named places this much further off than the nearest count as nearest too. [m]"""


class Where(NamedTuple):
    """What some codes cover."""

    zones: Array
    """Positions of the zones, rising; none of the exits."""
    places: tuple[str, ...]
    """P-codes of single places."""


def where(inputs: Inputs, codes: Iterable[str]) -> Where:
    """Zones of administrative units of any level, and single places; every zone where no code is given.

    Parameters
    ----------
    inputs : Inputs
        The area.
    codes : iterable of str
        P-codes of admin 1, admin 2, zones or places, as the gazetteer resolves them.
    """
    codes, zones = tuple(codes), inputs.zones
    inside = range(zones.inside)
    if not codes:
        return Where(np.arange(zones.inside), ())
    found: set[int] = set()
    places = []
    for code in codes:
        levels = (zones.admin1, zones.admin2, zones.code)
        members = next((level for level in levels if code in level[: zones.inside]), None)
        if members is None:
            places.append(code)
        else:
            found |= {at for at in inside if members[at] == code}
    return Where(np.array(sorted(found), dtype=np.int64), tuple(places))


def covers(inputs: Inputs, covered: Where, easting: Array, northing: Array) -> Array:
    """Whether points lie in the zones, or have one of the places as their nearest named place.

    Parameters
    ----------
    inputs : Inputs
        The area; a point lies in the zone of its cell.
    covered : Where
        Zones and places.
    easting, northing : array of shape (point,)
        [m]

    Returns
    -------
    array of bool, shape (point,)
    """
    cell = inputs.grid.cell(easting, northing)
    zone = np.where(cell >= 0, inputs.cells["zone"].values[cell], -1)
    found = np.isin(zone, covered.zones)
    if covered.places:
        from scipy.spatial import cKDTree

        points = np.column_stack([easting, northing])
        nearest, _ = cKDTree(np.array(list(inputs.coordinates.values()))).query(points)
        own, _ = cKDTree(np.array([inputs.coordinates[code] for code in covered.places])).query(points)
        found |= own <= nearest + TIE
    return np.asarray(found)
