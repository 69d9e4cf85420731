"""Invented people of every group, aid lines and fitted parameters that tests share."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from ruamel.yaml import YAML

from displacement.movement.calibrated import Diagnostics, FittedCase, Parameter, ParameterSet
from displacement.needs import assumptions
from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, resolve

STANDARDS: dict[str, Any] = YAML(typ="safe").load(
    Path(assumptions.__file__).with_name("standards.yaml").read_text(encoding="utf-8")
)
CATALOGUE = resolve([("standards", STANDARDS)])
EVERYTHING = resolve([("standards", STANDARDS), ("all", {"include": ["all"]})])
PROFILE = NeedsAssumptions()
HOUSEHOLD_ITEM = {
    "sector": "household items",
    "kind": "household_once",
    "quantity": 1,
    "per": "household",
    "source": "a test",
    "status": "assumed",
}
"""Fields of an item of which id, name and unit are still to be given."""
LINE = {
    "id": "thing",
    "sector": "food",
    "name": "Thing",
    "kind": "daily",
    "quantity": 1,
    "unit": "piece",
    "per": "person",
    "source": "invented",
    "status": "verified",
}


def one(**fields: Any) -> Catalogue:
    return resolve([("test", {"version": "1", "currency": "coin", "items": [{**LINE, **fields}]})])


def populace(seed: int, members: int = 2, days: int = 9, zones: int = 3) -> xr.Dataset:
    """Random people of every group; some have gone home."""
    stream = np.random.default_rng(seed)
    shape = (members, days, zones, 2)
    arrivals = stream.uniform(0, 9000, shape) * (stream.random(shape) < 0.6)
    dims = ("member", "time", "zone", "type")
    return xr.Dataset(
        {
            "arrivals": (dims, arrivals),
            "arrivals_again": (dims, arrivals * stream.random(shape) * 0.5),
            "present_new": (dims, np.cumsum(arrivals, axis=1) * stream.random(shape)),
            "present_prior": (dims[:3], stream.uniform(0, 5000, shape[:3])),
            "residents_present": (dims[:3], stream.uniform(0, 90_000, shape[:3])),
            "returned_cum": (dims[:3], np.cumsum(stream.uniform(0, 500, shape[:3]), axis=1)),
        },
        coords={
            "time": np.datetime64("2024-10-28", "ns") + np.arange(days) * np.timedelta64(1, "D"),
            "zone": [f"Z{number}" for number in range(zones)],
            "type": ["town", "site"],
        },
    )


SPREAD = ((0.25, 0.1), (0.1, 0.5))
"""Covariance of the invented parameter set's scores."""


def parameter_set(names=("hazard.threat_reach", "hazard.memory"), score=(-1.0, 0.5), covariance=SPREAD):
    """A fitted parameter set of two parameters."""
    return ParameterSet(
        version="invented",
        made=dt.date(2030, 1, 1),
        code="0",
        seed=1,
        members=4,
        steps=1,
        cases=(
            FittedCase(
                name="invented",
                until=dt.date(2030, 1, 9),
                figures=3,
                event_effect=0.1,
                event_effect_low=0.0,
                event_effect_high=0.2,
            ),
        ),
        parameters=tuple(
            Parameter(name=name, median=1.0, low=0.5, high=2.0, prior_median=1.0, score=at)
            for name, at in zip(names, score, strict=True)
        ),
        covariance=covariance,
        diagnostics=Diagnostics(matched_draws=8, matched_share=0.5, misfit_before=2.0, misfit_after=1.0),
    )
