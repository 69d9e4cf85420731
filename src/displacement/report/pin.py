"""People in need, shaped like the humanitarian programme cycle's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from displacement.report.rounding import middle, shared_people, words

PIN_COLUMNS = [
    *("Country ISO3", "Admin 1 PCode", "Admin 1 Name", "Admin 2 PCode", "Admin 2 Name"),
    *("Admin 3 PCode", "Admin 3 Name", "Description", "Cluster", "Category"),
    *("Population", "In Need", "Targeted", "Affected", "Reached", "Info"),
]
CATEGORIES: Mapping[str, str] = {
    "newly_displaced": "Internally displaced - newly",
    "displaced_before": "Internally displaced - before",
    "resident": "Host community",
    "returned": "Returned",
}
INTERSECTORAL = "ALL"
TOTAL = "Total"


def pin_rows(in_need: xr.Dataset, country: str, places: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Rows of `pin.csv`: the last day by zone, cluster and group, and of all clusters by the rule of the highest.

    Parameters
    ----------
    in_need : xarray.Dataset
        As `people_in_need` returns it.
    country : str
        ISO code; blank if not known.
    places : mapping
        By p-code of a zone: admin 1 code and name, admin 2 code and name, its own name.

    Yields
    ------
    list of str
        One row; what is not known (targeted, affected, reached) is blank. Zones without anybody of the groups are left
        out; 1 to 99 people are suppressed.
    """
    last = in_need.isel(time=-1)
    day = str(np.datetime_as_string(in_need["time"].values[-1], unit="D"))
    groups = [str(group) for group in in_need["group"].values]
    clusters = [str(cluster) for cluster in in_need["cluster"].values]
    about = f"modelled estimate for {day}; groups that no line of aid is for are not counted"
    by_cluster = _middle(last["in_need"], "zone", "group", "cluster")
    of_any, there = (_middle(last[name], "zone", "group") for name in ("in_need_of_any", "population"))
    for at, zone in enumerate(in_need["zone"].values):
        if not round(float(there[at].sum())):
            continue
        admin1, admin1_name, admin2, admin2_name, name = places[str(zone)]
        where = [country, admin1, admin1_name, admin2, admin2_name, str(zone), name, day]
        for number, cluster in enumerate([INTERSECTORAL, *clusters]):
            needing = of_any[at] if number == 0 else by_cluster[at, :, number - 1]
            yield _row(where, cluster, TOTAL, float(there[at].sum()), float(needing.sum()), about)
            for position, group in enumerate(groups):
                figures = float(there[at, position]), float(needing[position])
                if round(figures[0]):
                    yield _row(where, cluster, CATEGORIES[group], *figures, about)


def _middle(values: xr.DataArray, *dims: str) -> Any:
    return middle(values.transpose("member", *dims).values)


def _row(
    where: list[str], cluster: str, category: str, population: float, needing: float, about: str
) -> list[str]:
    (there, note), (needed, other) = shared_people(population), shared_people(needing)
    info = "; ".join(filter(None, (about, note or other)))
    return [*where, cluster, category, there, needed, "", "", "", info]


def pin_lines(in_need: xr.Dataset) -> list[str]:
    """People in need on the last day, cluster by cluster, in two lines.

    Parameters
    ----------
    in_need : xarray.Dataset
        As `people_in_need` returns it.
    """
    last = in_need.isel(time=-1)
    total = float(_middle(last["in_need_of_any"].sum(("zone", "group"))))
    if round(total) < 1:
        return []
    by_cluster = _middle(last["in_need"].sum(("zone", "group")), "cluster")
    parts = [f"{code} {words(float(by_cluster[at]))}" for at, code in enumerate(in_need["cluster"].values)]
    return [f"People in need on the last day: {words(total)} (of any cluster); {', '.join(parts)}."]
