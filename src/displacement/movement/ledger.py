"""Each step's people and trips, added up by zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

from displacement.movement.blocks import Blocks
from displacement.movement.destinations import TYPES, Places
from displacement.variables import FLOWS, PEOPLE, check

Array = NDArray[Any]


class Step(NamedTuple):
    """What happened in a step, and where everybody is at its end."""

    first: Array
    """Who left home for the first time, shape (status, block); status: resident, displaced before. [person]"""
    home: Array
    """At home, those who came back included, same shape."""
    unable: Array
    """Who wants to leave and cannot, same shape."""
    away: Array
    """Who is away, by block of origin, shape (block,)."""
    back: Array
    """Who came home in the step, shape (block,)."""
    in_transit: Array
    """On the way, by zone of origin, shape (zone,)."""
    arrived: Array
    """Arrivals, shape (destination,)."""
    arrived_again: Array
    """Of these, people who had been displaced in this run before, same shape."""
    present: Array
    """Newly displaced people who are there, same shape."""
    sent_from_home: Array
    """Trips, shape (class, destination)."""
    sent_from_places: Array
    """Trips, shape (destination, destination)."""


class Ledger:
    """Keeps the figures of all steps by zone."""

    def __init__(
        self,
        steps: int,
        zones: Sequence[str],
        places: Places,
        blocks: Blocks,
        class_zone: Array,
        trips_over: int = 1,
    ) -> None:
        self.zones, self.places, self.blocks, self.trips_over = list(zones), places, blocks, trips_over
        self.steps = steps
        self._home = self._onward = np.zeros((0, 0))
        shape = (steps, len(self.zones))
        self.by_zone = {
            name: np.zeros((*shape, len(TYPES)) if "type" in PEOPLE[name].dims else shape) for name in PEOPLE
        }
        several = np.float32 if trips_over > 1 else np.float64
        self.sent = np.zeros((-(-steps // trips_over), len(self.zones), len(self.zones)), dtype=several)
        self.of_classes, self.of_places = (_adding(zone, len(zones)) for zone in (class_zone, places.zone))

    def write(self, at: int, step: Step) -> None:
        """Add up one step."""
        out, origin = self.by_zone, self.blocks.zone
        resident, before = 0, 1
        for name, people in (
            ("first_departures", step.first.sum(axis=0)),
            ("displaced_before_cum", step.first[before]),
            ("residents_present", step.home[resident]),
            ("present_prior", step.home[before]),
            ("unable_to_leave", step.unable.sum(axis=0)),
            ("newly_displaced", step.away),
            ("returned_cum", step.back),
        ):
            out[name][at] = np.bincount(origin, people, len(self.zones))
        out["in_transit"][at] = step.in_transit
        types = len(TYPES)
        place = self.places.zone * types + self.places.type
        for name, people in (
            ("arrivals", step.arrived),
            ("arrivals_again", step.arrived_again),
            ("present_new", step.present),
        ):
            out[name][at] = np.bincount(place, people, len(self.zones) * types).reshape(-1, types)
        self._trips(at, step)

    def _trips(self, at: int, step: Step) -> None:
        """Add up the trips of a step, or of several at once."""
        home, places = step.sent_from_home, step.sent_from_places
        if self.trips_over > 1:
            if at % self.trips_over == 0:
                self._home, self._onward = np.zeros_like(home), np.zeros_like(places)
            self._home += home
            self._onward += places
            if (at + 1) % self.trips_over and at + 1 < self.steps:
                return
            home, places = self._home, self._onward
        by_origin = self.of_classes @ home + self.of_places @ places
        self.sent[at // self.trips_over] = (self.of_places @ by_origin.T).T

    def people(self, step_days: float) -> xr.Dataset:
        """The people of all steps, `PEOPLE` of the table of variables."""
        out = dict(self.by_zone)
        out["newly_displaced_cum"] = np.cumsum(out["first_departures"], axis=0)
        for name in ("displaced_before_cum", "returned_cum"):
            out[name] = np.cumsum(out[name], axis=0)
        dataset = xr.Dataset(
            {name: (PEOPLE[name].dims, values[None]) for name, values in out.items()},
            coords={"zone": self.zones, "type": list(TYPES)},
            attrs={"step_days": step_days},
        )
        return check(dataset, PEOPLE)

    def flows(self) -> xr.Dataset:
        """The trips of all steps, `FLOWS` of the table of variables."""
        dataset = xr.Dataset(
            {"departures": (FLOWS["departures"].dims, self.sent[None])},
            coords={"origin": self.zones, "destination": self.zones},
        )
        return check(dataset, FLOWS)


def _adding(zone: Array, zones: int) -> sparse.csr_array:
    """Adds up by zone what is given for each origin or destination, shape (zone, origin)."""
    return sparse.csr_array((np.ones(zone.size), (zone, np.arange(zone.size))), shape=(zones, zone.size))
