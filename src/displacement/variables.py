"""Every array that passes between rooms: its dimensions, unit and meaning.

`check` holds a dataset to this table where it enters a room, so that a wrong axis or a missing array is
found at the door and not three steps later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

Dataset = TypeVar("Dataset", bound=Any)
"""An `xarray.Dataset`; not imported here, so that the table stays light."""


class Variable(NamedTuple):
    """Dimensions, unit and meaning of one array."""

    dims: tuple[str, ...]
    unit: str
    meaning: str
    flow: bool = False
    """True if the value belongs to a whole step (it adds up over time), False if to the step's end."""


_ZONE = ("member", "time", "zone")
_TYPE = (*_ZONE, "type")

CELLS: Mapping[str, Variable] = {
    "population": Variable(("cell",), "person", "people living in the cell when the run starts"),
    "zone": Variable(("cell",), "1", "position of the cell's zone; -1 outside every zone"),
    "place": Variable(("cell",), "1", "position of the nearest named place; -1 beyond its reach"),
    "any_place": Variable(("cell",), "1", "position of the nearest named place at any distance"),
    "response": Variable(("cell",), "1", "position of the response key of the cell's people"),
    "speed": Variable(("cell",), "km/h", "speed of travel; 0 where nobody can pass"),
}

DEPARTURES: Mapping[str, Variable] = {
    "first_departures": Variable(
        ("member", "time", "group", "origin"), "person", "people who leave home for the first time", True
    ),
    "mean_hazard": Variable(
        ("member", "time", "group", "origin"), "1", "hazard of the block over the step, mean by people", True
    ),
    "start": Variable(("member", "group", "origin"), "person", "people of the block when the run starts"),
}

PEOPLE: Mapping[str, Variable] = {
    "first_departures": Variable(_ZONE, "person", "left home that day, by zone of origin", True),
    "newly_displaced": Variable(_ZONE, "person", "away from home now, by zone of origin"),
    "newly_displaced_cum": Variable(_ZONE, "person", "ever left home, by zone of origin"),
    "displaced_before_cum": Variable(
        _ZONE, "person", "of these, people displaced before the run, by zone where they were"
    ),
    "returned_cum": Variable(_ZONE, "movement", "went home so far, by zone of origin"),
    "arrivals": Variable(_TYPE, "movement", "arrivals that day, by zone of arrival", True),
    "arrivals_again": Variable(
        _TYPE, "movement", "of these, people who had been displaced in this run before", True
    ),
    "present_new": Variable(_TYPE, "person", "newly displaced people in the zone"),
    "present_prior": Variable(_ZONE, "person", "people displaced before the run who are still in the zone"),
    "residents_present": Variable(_ZONE, "person", "residents who are at home, or home again"),
    "in_transit": Variable(_ZONE, "person", "on the way, by zone of origin"),
    "unable_to_leave": Variable(_ZONE, "person", "want to leave, no way open, by zone of origin"),
}

FLOWS: Mapping[str, Variable] = {
    "departures": Variable(
        ("member", "time", "origin", "destination"),
        "movement",
        "set off that day, by zone of origin and first chosen zone of destination",
        True,
    ),
}

NEEDS: Mapping[str, Variable] = {
    "need": Variable(
        ("member", "time", "zone", "item"), "1", "needed for that day, in the item's unit", True
    ),
}

NEEDS_IN_ALL: Mapping[str, Variable] = {
    "need_in_all": Variable(("member", "item"), "1", "needed over the run, in the item's unit"),
    "served": Variable(
        ("item",), "person", "people whom the item serves, day by day added up: the fewest of the quantiles"
    ),
}

_GROUP = (*_ZONE, "group")

IN_NEED: Mapping[str, Variable] = {
    "in_need": Variable((*_GROUP, "cluster"), "person", "people in need of a cluster"),
    "in_need_of_any": Variable(_GROUP, "person", "people in need of any cluster: the highest of them"),
    "population": Variable(_GROUP, "person", "people of the group who are there; of `returned`, home again"),
}

_ITEM = (*_ZONE, "item")

SUPPLY: Mapping[str, Variable] = {
    "need": Variable(_ITEM, "1", "needed for that day, in the item's unit", True),
    "target": Variable(_ITEM, "1", "of this, what is to be met", True),
    "outstanding": Variable(_ITEM, "1", "wanted on that day, with what is still owed"),
    "deliverable": Variable(_ITEM, "1", "what would come if all stock, trucks and money were its own"),
    "delivered": Variable(_ITEM, "1", "handed out that day", True),
    "gap": Variable(_ITEM, "1", "missing at the end of the day"),
    "binding": Variable(_ITEM, "1", "what the gap is for want of: 1 stock, 2 trucks, 3 money, 4 access"),
    "incoming": Variable(
        ("time", "hub", "item"), "1", "reaches a hub in the morning, the opening stock too", True
    ),
    "left": Variable(("member", "time", "hub", "item"), "1", "in store at the end of the day"),
    "lost": Variable(("member", "time", "item"), "1", "lost on the way, by the day of arrival", True),
    "trucks_used": Variable(("member", "time", "route"), "truck", "leave that day", True),
    "trucks_allowed": Variable(("time", "route"), "truck", "may leave that day; inf without a limit", True),
    "money_left": Variable(
        ("member", "time"), "1", "left at the end of the day, in the catalogue's currency"
    ),
}

DRAWN: Mapping[str, Variable] = {
    "score": Variable(("member", "parameter"), "1", "independent standard normal score"),
    "value": Variable(("member", "parameter"), "1", "what it comes to, in the parameter's unit"),
}

OUTCOMES: Mapping[str, Variable] = {
    "peak_displaced": Variable(("member",), "person", "most people away from home at once"),
    "arrivals_in_week": Variable(
        ("member",), "movement", "arrivals of the first seven days in the zone that has most"
    ),
    "tonnes": Variable(("member",), "t", "weight of what hubs supply over the run"),
    "cost": Variable(("member",), "1", "cost of everything over the run, in the catalogue's currency"),
}

_DRIVER = ("output", "parameter")

DRIVERS: Mapping[str, Variable] = {
    "total": Variable(
        _DRIVER, "1", "share of the variance of ln(1 + output) in which the parameter has a part"
    ),
    "first": Variable(_DRIVER, "1", "share of the variance of ln(1 + output) due to the parameter alone"),
    "explained": Variable(
        ("output",), "1", "R2 of the fit behind the shares, of members left out one by one"
    ),
    "low": Variable(("parameter",), "1", "lowest quantile shown of the parameter, in its unit"),
    "high": Variable(("parameter",), "1", "highest quantile shown of the parameter, in its unit"),
}

_VARIANT = ("variant", "member")

VARIANTS: Mapping[str, Variable] = {
    "ever_left": Variable((*_VARIANT, "day"), "person", "ever left home by the end of that day of the run"),
    "peak_displaced": Variable(_VARIANT, "person", OUTCOMES["peak_displaced"].meaning),
    "tonnes": Variable(_VARIANT, "t", OUTCOMES["tonnes"].meaning),
    "arrived": Variable(_VARIANT, "movement", "arrivals inside the area: the people behind the tonnes"),
    "present": Variable((*_VARIANT, "zone"), "person", "newly displaced people in the zone on the last day"),
    "between": Variable(
        ("output",), "1", "share of the variance of ln(1 + output) between variants, counted alike"
    ),
}

FIELDS: Mapping[str, Variable] = {
    "control": Variable(("time", "northing", "easting"), "1", "who controls the cell; -1 nobody named"),
    "departures": Variable(
        ("member", "time", "northing", "easting"),
        "person",
        "leave home that day if there is a way, by cell",
        True,
    ),
}

COORDINATES: Mapping[str, tuple[str, str]] = {
    "time": ("", "day: what lasts belongs to its end, what flows to the whole of it"),
    "member": ("1", "member of the ensemble"),
    "quantile": ("1", "quantile over the members"),
    "zone": ("", "p-code of the zone"),
    "origin": ("", "p-code of the zone of origin"),
    "destination": ("", "p-code of the zone of destination"),
    "type": ("", "kind of destination"),
    "item": ("", "item of aid"),
    "inside": ("", "whether the zone lies inside the area"),
    "mass_kg": ("kg", "mass of one unit of the item"),
    "volume_m3": ("m3", "volume of one unit of the item"),
    "cost": ("1", "cost of one unit of the item, in the currency of the file"),
    "day": ("1", "day of the run"),
    "runs_out": ("", "day on which the hub runs out of the item"),
    "northing": ("m", "northing of the centre of the cell"),
    "easting": ("m", "easting of the centre of the cell"),
}
"""Unit (blank: none) and meaning of what arrays run along, and of what stands beside it."""

BACKTEST: Mapping[str, Variable] = {
    "observed": Variable(("figure",), "person or movement", "what was counted"),
    "observed_low": Variable(("figure",), "person or movement", "its lower bound; NaN where not given"),
    "observed_high": Variable(("figure",), "person or movement", "its upper bound; NaN where not given"),
    "reported": Variable(
        ("figure", "member"), "person or movement", "what would have been counted; NaN without a counterpart"
    ),
    "baselines": Variable(
        ("baseline", "figure"), "person or movement", "what a baseline says; NaN where it says nothing"
    ),
    "displaced": Variable(("day", "member"), "person", "ever left home, as would have been reported"),
}
"""A past case. Along `figure` lie kind, unit, since, date, origin, destination, scope, source, confidence, line and role:
fitted (fitting may read it), checked (it may not), shares (its level is no test) or listed (not compared)."""


def check(dataset: Dataset, table: Mapping[str, Variable], names: Iterable[str] | None = None) -> Dataset:
    """Hold a dataset to the table; return it unchanged.

    Parameters
    ----------
    dataset : xarray.Dataset
        What passes the door.
    table : mapping
        One of the tables above.
    names : iterable of str, optional
        The arrays that must be there; all of the table if left out.

    Raises
    ------
    ValueError
        If an array is missing, its dimensions differ, or it holds a value that is not a finite number.
    """
    for name in table if names is None else names:
        expected = table[name]
        if name not in dataset:
            raise ValueError(f"'{name}' is missing ({expected.meaning}); there are {sorted(dataset)}")
        found = dataset[name]
        if found.dims != expected.dims:
            raise ValueError(f"'{name}' has dimensions {found.dims}; it needs {expected.dims}")
        if not np.isfinite(found.values).all():
            raise ValueError(f"'{name}' holds a missing or infinite value; give every value or leave it out")
    return dataset


def describe(dataset: Dataset, table: Mapping[str, Variable]) -> Dataset:
    """Write unit and meaning on each array of a dataset (CF attributes); return a new dataset."""
    described: Dataset = dataset.copy()
    for name in set(table) & set(dataset):
        variable = table[name]
        described[name].attrs = {"units": variable.unit, "long_name": variable.meaning}
        if "zone" in variable.dims or "origin" in variable.dims:
            over_time = " time: sum" if variable.flow else " time: point"
            described[name].attrs["cell_methods"] = "area: sum" + over_time * ("time" in variable.dims)
    return described
