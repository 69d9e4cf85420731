"""Observed figures beside the estimate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from displacement.io.reports import WHOLE_AREA, Report
from displacement.report.rounding import middle
from displacement.result import Result


class Beside(NamedTuple):
    """An observed figure, and what the run says of the same."""

    report: Report
    estimate: float | None
    """None on a day outside the run. [person]"""

    @property
    def ratio(self) -> float | None:
        """Estimate over report, where both are above 0. [1]"""
        if self.estimate is None or self.report.people <= 0 or self.estimate <= 0:
            return None
        return self.estimate / self.report.people


def beside(result: Result) -> list[Beside]:
    """Each observed figure of the scenario's reports, with the middle estimate of the same day, zone and measure.

    Figures of the whole area leave out people beyond its exits where they count arrivals or people present. What
    is compared is the run's state: nothing is done yet about reports that lag, or that cover a part.

    Returns
    -------
    list of Beside
        In the order of the table.
    """
    people = result.people
    days = people["time"].values.astype("datetime64[D]").tolist()
    codes = people["zone"].values.tolist()
    inside = np.arange(len(codes)) < result.inputs.zones.inside
    found = []
    for report in result.reports:
        if report.date not in days:
            found.append(Beside(report, None))
            continue
        values = people[report.measure].isel(time=days.index(report.date))
        values = values.sum("type") if "type" in values.dims else values
        rows = inside if report.zone == WHOLE_AREA else np.array(codes) == report.zone
        estimate = middle(values.transpose("member", "zone").values[:, rows].sum(axis=1))
        found.append(Beside(report, float(estimate)))
    return found
