"""An attack on `share/`: figures that are shown are added, subtracted and divided to get at one that is suppressed.

Each figure is rounded by itself from the exact one, so all that arithmetic can do is add up the roundings of what it
uses. The attacker here knows the way of rounding and every constant of the standards.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import displacement as dp

FINEST = 10.0
"""Step of two significant figures at 100, the smallest figure of people that is shown. [person]"""


class Known(NamedTuple):
    """What is known of a figure."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low

    def less(self, *others: Known) -> Known:
        """What is left when others are taken off."""
        return Known(self.low - sum(one.high for one in others), self.high - sum(one.low for one in others))


def step_of(text: str) -> float:
    """The step of a figure's rounding as its digits tell it: at most two of them are significant."""
    value = float(text)
    return 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 1.0


def known(text: str) -> Known:
    value, step = float(text), step_of(text)
    return Known(max(value - step / 2, 0.0), value + step / 2)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


@pytest.fixture(scope="module", params=[1, 8])
def run(request, tmp_path_factory, toy) -> tuple[dp.Result, Path]:
    """The toy as a median run and with members."""
    result = dp.run(toy, members=request.param)
    return result, dp.write(result, tmp_path_factory.mktemp("run") / "toy") / "share"


def levels_of(rows: list[dict[str, str]]) -> list[str]:
    """The quantiles that are shown."""
    return [
        name for name in rows[0] if name[0] == "p" and name[1:].isdigit() and any(row[name] for row in rows)
    ]


def attacked(
    rows: list[dict[str, str]], keys: tuple[str, ...], level: str
) -> Iterator[tuple[dict[str, str], Known]]:
    """Each suppressed figure that is alone beside a total, and what the total less all others says of it."""
    by = defaultdict(dict)
    for row in rows:
        by[tuple(row[key] for key in keys)][row["zone"]] = row
    for zones in by.values():
        total = zones.pop("ALL")
        hidden = [row for row in zones.values() if row["note"]]
        if len(hidden) == 1 and not total["note"]:
            yield (
                hidden[0],
                known(total[level]).less(*(known(row[level]) for row in zones.values() if not row["note"])),
            )


def test_no_figure_of_share_has_more_than_two_significant_digits(run):
    _, share = run
    seen = 0
    for path in share.glob("*.csv"):
        for row in table(path):
            figures = [row[name] for name in row if name[0] == "p" and name[1:].isdigit()]
            for text in filter(None, figures):
                assert len(text.replace(".", "").strip("0")) <= 2, (path.name, row)
                seen += 1
    assert seen > 1000


def test_a_suppressed_row_shows_none_of_its_quantiles(run):
    _, share = run
    for path in (share / name for name in ("people.csv", "needs.csv", "origin_destination.csv")):
        hidden = [row for row in table(path) if row["note"] == "lt100"]
        assert hidden
        for row in hidden:
            assert {row[name] for name in row if name[0] == "p" and name[1:].isdigit()} == {""}


def test_totals_less_all_other_zones_tell_a_suppressed_figure_no_closer_than_the_rounding(run):
    result, share = run
    rows = table(share / "people.csv")
    tried = 0
    for level in levels_of(rows):
        for row, found in attacked(rows, ("date", "measure"), level):
            tried += 1
            assert found.width >= FINEST, row
            if result.people.sizes["member"] == 1:
                exact = result.people[row["measure"]].sel(time=row["date"], zone=row["zone"])
                assert found.low - 0.5 <= exact.sum() <= found.high + 0.5, "the attack itself is right"
    assert tried > 10


def test_one_day_less_the_day_before_tells_a_suppressed_figure_no_closer_than_the_rounding(run):
    """Who leaves for the first time on a day is the growth of who ever left."""
    _, share = run
    rows = {(row["measure"], row["zone"], row["date"]): row for row in table(share / "people.csv")}
    days = sorted({date for _, _, date in rows})
    tried = 0
    for (measure, zone, date), row in rows.items():
        if measure != "first_departures" or not row["note"] or date == days[0]:
            continue
        before, after = (rows["newly_displaced_cum", zone, day] for day in (days[days.index(date) - 1], date))
        if not before["note"] and not after["note"] and float(after["p50"]):
            tried += 1
            assert known(after["p50"]).less(known(before["p50"])).width >= FINEST / 2, row
    assert tried


def test_needs_over_the_quantity_for_each_tell_nothing_where_people_are_suppressed(run):
    """An item that is the same for each of a measure's people would tell them: it is suppressed where they are."""
    result, share = run
    needs = result.needs["need"].transpose("member", "time", "zone", "item")
    hidden = {
        (row["measure"], row["date"], row["zone"]) for row in table(share / "people.csv") if row["note"]
    }
    tells = defaultdict(list)
    for name in {measure for measure, _, _ in hidden}:
        counted = result.people[name]
        people = (counted.sum("type") if "type" in counted.dims else counted).sel(zone=needs["zone"])
        people = people.transpose("member", "time", "zone").values
        for at, item in enumerate(needs["item"].values):
            each = needs.values[..., at].sum() / people.sum()
            if each and np.allclose(
                needs.values[..., at], each * people, rtol=1e-6, atol=1e-9 * people.max()
            ):
                tells[str(item)].append(name)
    assert {"arrivals", "present_new"} <= {name for names in tells.values() for name in names}
    tried = 0
    for row in table(share / "needs.csv"):
        for measure in tells[row["item"]]:
            if (measure, row["date"], row["zone"]) in hidden:
                tried += 1
                assert row["note"] == "lt100", row
    assert tried > 10


def test_totals_of_needs_less_all_other_zones_tell_no_closer_than_their_rounding(run):
    """As for people; in shares of the total, for each item has a unit of its own."""
    _, share = run
    rows = table(share / "needs.csv")
    tried = 0
    for level in levels_of(rows):
        for row, found in attacked(rows, ("date", "item"), level):
            total = next(each for each in rows if (each["date"], each["item"]) == (row["date"], row["item"]))
            tried += 1
            assert found.width >= 0.99 * step_of(total[level]), row
            assert step_of(total[level]) >= 0.01 * float(total[level])
    assert tried > 10
