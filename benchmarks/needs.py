"""The needs of many members: quantiles by day, zone and line, against the whole cube on a part of it.

    python benchmarks/needs.py [--members 256] [--days 60] [--zones 160] [--lines 100]

The answer is checked against NumPy's quantiles of the cube of five zones before anything is timed. `--lines` beyond those
of the standards repeats them. Peak memory is that of the process, the people included.
"""

import argparse
import resource
import time
from typing import Any

import numpy as np
import xarray as xr

from displacement.io.standards import standards
from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, resolve
from displacement.needs.demand import demand
from displacement.needs.draws import drawn, drivers
from displacement.needs.spread import quantiles_of_demand

LEVELS = (0.1, 0.5, 0.9)


def people(members: int, days: int, zones: int) -> xr.Dataset:
    """Invented people who arrive and stay; a tenth of the arrivals are second moves."""
    arrivals = np.random.default_rng(1).uniform(0, 500, (members, days, zones, 2))
    dims = ("member", "time", "zone", "type")
    return xr.Dataset(
        {
            "arrivals": (dims, arrivals),
            "present_new": (dims, np.cumsum(arrivals, axis=1)),
            "arrivals_again": (dims, arrivals * 0.1),
            "returned_cum": (dims[:3], np.cumsum(arrivals[..., 0], axis=1) * 0.1),
        },
        coords={
            "time": np.datetime64("2024-11-01", "ns") + np.arange(days) * np.timedelta64(1, "D"),
            "zone": [f"Z{zone}" for zone in range(zones)],
            "type": ["town", "site"],
        },
    )


def catalogue(count: int) -> Catalogue:
    """So many lines: the standards, all of them listed, then repeated under other names."""
    shipped = standards()
    lines: list[dict[str, Any]] = [dict(line) for line in shipped["items"]]
    for number in range(max(count - len(lines), 0)):
        copied = {key: value for key, value in lines[number].items() if key != "contains"}
        lines.append({**copied, "id": f"{copied['id']}_again"})
    return resolve([("benchmark", {**shipped, "items": lines[:count]}), ("all", {"include": ["all"]})])


def main() -> None:
    """Check, time, and print a line for each way of drawing cohorts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("members", 256), ("days", 60), ("zones", 160), ("lines", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    crowd, lines = people(chosen.members, chosen.days, chosen.zones), catalogue(chosen.lines)
    profile = NeedsAssumptions()
    uniforms = np.random.default_rng(2).random((chosen.members, len(drivers(profile))))
    for name, shares in (
        ("cohorts as they are", None),
        ("cohorts drawn by member", drawn(profile, uniforms)),
    ):
        part = crowd.isel(zone=slice(0, 5))
        cube = np.quantile(demand(part, lines, shares=shares)["need"].values, LEVELS, axis=0)
        found = quantiles_of_demand(part, lines, LEVELS, shares=shares)["need"].values
        error = float(np.abs(found - cube).max() / np.abs(cube).max())
        assert error < 1e-6, error
        began = time.perf_counter()
        quantiles_of_demand(crowd, lines, LEVELS, shares=shares)
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = (
            f"{chosen.members} members x {chosen.zones} zones x {chosen.days} days x {len(lines.items)} lines"
        )
        print(f"{size}, {name}: {seconds:.2f} s, peak {peak:.0f} MB, relative error {error:.0e}")


if __name__ == "__main__":
    main()
