"""Past cases scored: the model beside the baselines, case by case and together; and what agencies planned for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from displacement.evaluate.baselines import NAMES
from displacement.evaluate.scores import (
    coverage,
    crps_of_logs,
    factor,
    interval,
    skill,
    total_variation,
    width,
)
from displacement.io.observations import read_planning

__all__ = ["COLUMNS", "planning", "scores"]

Array = NDArray[Any]

COLUMNS = ("case", "use", "role", "measure", "unit", "figures", "model", *NAMES, "skill", "note")
ALL = "all"
SCORED = ("fitted", "checked")
ROLES = (ALL, *SCORED)
EARLY_DAYS = 3
"""Days after the first count began whose totals are left out of the worst factor of later days."""
ELSEWHERE = 0.02
"""Share of a total that must be missing in the figures of single places to count as a place of its own. [1]"""
FLOWS_OF: Mapping[str, tuple[str, ...]] = {
    "origin": ("departures_cum", "arrivals_cum", "displaced_cum"),
    "destination": ("arrivals_cum",),
}
"""Kinds whose figures make up shares of each side."""
TOTALS_OF: Mapping[str, tuple[str, ...]] = {
    "origin": ("departures_cum", "displaced_cum"),
    "destination": ("arrivals_cum", "displaced_cum"),
}
"""Kinds of a total that says how many are not in the figures of single places, the first before the second."""


def scores(cases: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Score past cases, one by one and together.

    Parameters
    ----------
    cases : sequence of xarray.Dataset
        Each as `backtest.run_case` returns it.

    Returns
    -------
    pandas.DataFrame
        One score a row, with `COLUMNS`. `role` says of which figures: those that fitting may read, those that it may
        not, or all. `figures` is how many; `unit` is that of the figures. `skill` is against the best baseline: of shares
        and CRPS only.

    Notes
    -----
    factor
        Geometric mean over dated totals of the factor by which the median is off; baselines on the totals they speak of.
    total variation
        Between the medians' shares and those observed, mean over the counts that name several places or one place and
        the total.
    CRPS
        Of log(1 + people), mean over scored figures; of a baseline over the figures it speaks of, so that only the rows
        "CRPS on B1's figures" and so on compare like with like. The skill of the row "CRPS" is the least of theirs.
    coverage, width
        Share of scored figures in the 80 % interval, and its mean width as a factor; of cases with several members.
    remaining share
        How far off those still away are as a share of the highest total, absolutely.
    """
    figures = [_figures(case) for case in cases]
    splits = [list(_splits(case)) for case in cases]
    rows: list[dict[str, Any]] = []
    for case, table, shares in zip(cases, figures, splits, strict=True):
        rows += _of_case(table, shares, {"case": case.attrs["case"], "use": case.attrs["use"]})
    if len(cases) > 1:
        pooled = pd.concat(figures, ignore_index=True)
        rows += _of_case(pooled, [split for part in splits for split in part], {"case": ALL, "use": ALL})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_case(table: pd.DataFrame, splits: Sequence[_Split], about: Mapping[str, str]) -> list[dict[str, Any]]:
    """All rows of a case, or of all cases."""
    rows = []
    for role in ROLES:
        wanted = SCORED if role == ALL else (role,)
        scored = table[table["role"].isin(wanted) & table["median"].notna()]
        shares = [split for split in splits if split.role in wanted]
        single = about["case"] != ALL
        found = (
            *_of_totals(scored),
            *_of_shares(shares, single),
            *_of_all(scored),
            *_of_remaining(scored, single),
        )
        rows += [{**about, "role": role, "skill": np.nan, "note": "", **row} for row in found]
    return rows


def _figures(case: xr.Dataset) -> pd.DataFrame:
    """Each figure of a case with what is needed to score it."""
    seen, told = case["observed"].values, case["reported"].transpose("figure", "member").values
    low, high = interval(told)
    whole = (case["origin"].values == "") & (case["destination"].values == "")
    kept = {name: case[name].values for name in ("role", "kind", "unit", "date", "since")}
    total = whole & (kept["kind"] == "displaced_cum")
    since = kept["since"][kept["role"] != "listed"]
    begins = since.min() if since.size else np.datetime64("NaT")
    median = np.median(told, axis=1)
    peak = total & (kept["unit"] == "people") & np.isfinite(median)
    highest = int(np.argmax(np.where(peak, seen, -1.0))) if peak.any() else -1
    found = {
        **kept,
        "total": total,
        "whole": whole,
        "members": told.shape[1],
        "later": kept["date"] >= begins + np.timedelta64(EARLY_DAYS, "D"),
        "observed": seen,
        "median": median,
        "low": low,
        "high": high,
        "CRPS": crps_of_logs(seen, told),
        "observed_peak": seen[highest] if highest >= 0 else np.nan,
        "median_peak": median[highest] if highest >= 0 else np.nan,
    }
    by_baseline = case["baselines"].transpose("baseline", "figure").values
    found |= dict(zip(NAMES, by_baseline, strict=True))
    return pd.DataFrame(found)


def _row(
    measure: str, part: pd.DataFrame, model: float, said: Mapping[str, float], note: str = ""
) -> dict[str, Any]:
    """One row of the table but for whose it is."""
    units = ", ".join(sorted(set(part["unit"])))
    beside = {name: said.get(name, np.nan) for name in NAMES}
    return {"measure": measure, "unit": units, "figures": len(part), "model": model, **beside, "note": note}


def _of_totals(scored: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """By what factor dated totals are off."""
    totals = scored[scored["total"]]
    parts: tuple[tuple[str, pd.DataFrame, Callable[[Array], float]], ...] = (
        ("factor", totals, lambda off: float(np.exp(np.log(off).mean()))),
        ("worst factor", totals, lambda off: float(off.max())),
        (f"worst factor after day {EARLY_DAYS}", totals[totals["later"]], lambda off: float(off.max())),
    )
    for measure, part, of in parts:
        if len(part):
            said = {
                name: of(factor(spoken[name], spoken["observed"]))
                for name, spoken in _spoken(part)
                if len(spoken)
            }
            yield _row(measure, part, of(factor(part["median"], part["observed"])), said, _fewer(part))


def _spoken(part: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each baseline with the figures that it speaks of."""
    for name in NAMES:
        yield name, part[part[name].notna()]


def _fewer(part: pd.DataFrame) -> str:
    """Of how many figures a baseline speaks, where not of all."""
    counts = {name: len(spoken) for name, spoken in _spoken(part)}
    said = [f"{name} of {count}" for name, count in counts.items() if 0 < count < len(part)]
    return f"speaks of fewer figures: {', '.join(said)}" if said else ""


def _of_all(scored: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """CRPS, coverage and width over all scored figures."""
    if not len(scored):
        return
    on_same = []
    said = {}
    for name, spoken in _spoken(scored):
        if len(spoken):
            own = float(np.abs(np.log1p(spoken[name]) - np.log1p(spoken["observed"])).mean())
            said[name] = own
            row = _row(f"CRPS on {name}'s figures", spoken, float(spoken["CRPS"].mean()), {name: own})
            on_same.append({**row, "skill": skill(row["model"], [own])})
    least = min((row["skill"] for row in on_same if np.isfinite(row["skill"])), default=np.nan)
    yield {**_row("CRPS", scored, float(scored["CRPS"].mean()), said, _fewer(scored)), "skill": least}
    yield from on_same
    ranged = scored[scored["members"] > 1]
    if len(ranged):
        inside = coverage(ranged["observed"], ranged["low"], ranged["high"])
        yield _row("coverage", ranged, inside, {}, "of 80 % intervals")
        yield _row("width", ranged, width(ranged["low"], ranged["high"]), {}, "mean, high over low")


def _of_remaining(scored: pd.DataFrame, single: bool) -> Iterator[dict[str, Any]]:
    """How far off those still away are, as a share of the highest total of their case; if asked for, each one."""
    away = scored[(scored["kind"] == "remaining") & scored["whole"] & scored["observed_peak"].notna()]
    if not len(away):
        return
    seen = (away["observed"] / away["observed_peak"]).to_numpy()
    told = (away["median"] / away["median_peak"]).to_numpy()
    off = np.abs(told - seen)
    beside = np.abs(away["B4"] / away["observed_peak"] - seen)
    known = {"B4": float(beside.mean())} if beside.notna().any() else {}
    yield _row("remaining share", away, float(off.mean()), known, _fewer(away))
    for at, date in enumerate(away["date"] if single else ()):
        note = f"{told[at]:.2f}, observed {seen[at]:.2f}"
        of_date = f"remaining share on {date:%Y-%m-%d}"
        yield _row(of_date, away.iloc[at : at + 1], float(off[at]), {"B4": float(beside.iloc[at])}, note)


class _Split(NamedTuple):
    """How far off the shares of one count are."""

    side: str
    """origin or destination."""
    role: str
    title: str
    unit: str
    places: int
    model: float
    beside: Mapping[str, float]
    note: str


def _of_shares(splits: Sequence[_Split], single: bool) -> Iterator[dict[str, Any]]:
    """Total variation: the mean over counts; then, if asked for, each count."""
    for side in ("destination", "origin"):
        mine = [split for split in splits if split.side == side]
        if not mine:
            continue
        measure = f"total variation of {side}s"
        beside = {name: _known_mean([split.beside[name] for split in mine]) for name in NAMES}
        model = float(np.mean([split.model for split in mine]))
        units = ", ".join(sorted({split.unit for split in mine}))
        places = sum(split.places for split in mine)
        whole = {"measure": measure, "unit": units, "figures": places, "model": model, **beside}
        won = skill(model, list(beside.values()))
        yield {**whole, "skill": won, "note": f"mean over {len(mine)} counts"}
        for split in mine if single else ():
            of_one = {"measure": f"{measure}, {split.title}", "unit": split.unit, "figures": split.places}
            won = skill(split.model, list(split.beside.values()))
            yield {**of_one, "model": split.model, **split.beside, "skill": won, "note": split.note}


def _known_mean(values: Sequence[float]) -> float:
    """Mean of all; not a number where one is not known."""
    return float(np.mean(values))


def _splits(case: xr.Dataset) -> Iterator[_Split]:
    """The counts of a case that name several places, or one and the total."""
    about = pd.DataFrame(
        {name: case[name].values for name in ("kind", "unit", "origin", "destination", "source", "role")}
        | {name: case[name].values.astype("datetime64[D]").astype(str) for name in ("since", "date")}
    )
    told = np.median(case["reported"].transpose("figure", "member").values, axis=1)
    values = np.vstack(
        [case["observed"].values, told, case["baselines"].transpose("baseline", "figure").values]
    )
    usable = about[(about["role"] != "listed") & np.isfinite(told)]
    for side, other in (("destination", "origin"), ("origin", "destination")):
        named = usable[usable["kind"].isin(FLOWS_OF[side]) & (usable[side] != "")]
        for _, part in named.groupby(
            ["since", "date", "unit", "source", "kind", named[other] != ""], sort=False
        ):
            labels = list(dict.fromkeys(part[side]))
            of_place = np.stack(
                [values[:, part.index[part[side] == label]].sum(axis=1) for label in labels], axis=1
            )
            first = part.iloc[0]
            total = _total(usable, first, side)
            if total is not None:
                rest = np.maximum(values[:, total] - of_place.sum(axis=1), 0.0)
                if rest[0] > ELSEWHERE * values[0, total]:
                    of_place = np.column_stack([of_place, rest])
            if of_place.shape[1] > 1:
                yield _split(case, side, first, [*labels, "elsewhere"], of_place)


def _total(usable: pd.DataFrame, first: pd.Series[Any], side: str) -> int | None:
    """Position of the total of the same days and unit, by the same source if it gives one."""
    same = (
        (usable["since"] == first["since"])
        & (usable["date"] == first["date"])
        & (usable["unit"] == first["unit"])
    )
    whole = usable[same & (usable["origin"] == "") & (usable["destination"] == "")]
    for kind in TOTALS_OF[side]:
        found = whole[whole["kind"] == kind]
        own = found[found["source"] == first["source"]]
        if len(found):
            return int((own if len(own) else found).index[0])
    return None


def _split(
    case: xr.Dataset, side: str, first: pd.Series[Any], labels: Sequence[str], of_place: Array
) -> _Split:
    """Scores of one count; `of_place` has a row for what was observed, the model's median and each baseline."""
    until = case.attrs["fit_until"]
    may_fit = case.attrs["use"] == "calibration" and (not until or first["date"] <= until)
    seen, told = of_place[0], of_place[1]
    beside = {
        name: total_variation(row, seen) if np.isfinite(row).all() else float("nan")
        for name, row in zip(NAMES, of_place[2:], strict=True)
    }
    parts = [
        f"{label} {mine / max(told.sum(), 1e-9):.0%}, observed {real / seen.sum():.0%}"
        for label, real, mine in zip(labels, seen, told, strict=False)
    ]
    return _Split(
        side,
        "fitted" if may_fit else "checked",
        f"{first['since']} to {first['date']}, {first['kind'].removesuffix('_cum')}",
        str(first["unit"]),
        of_place.shape[1],
        total_variation(told, seen),
        beside,
        "; ".join(parts),
    )


def planning(cases: Sequence[xr.Dataset], table: Path | None = None) -> pd.DataFrame:
    """What agencies planned for in these cases, what was observed, and what the model says.

    Parameters
    ----------
    cases : sequence of xarray.Dataset
        Each as `backtest.run_case` returns it.
    table : pathlib.Path, optional
        Planning figures; those of the first case's area if left out.

    Returns
    -------
    pandas.DataFrame
        One planning figure a row: `case`, `until`, `made`, `what`, `kind`, `figure`, `observed`, `figure_over_observed`,
        `model_p10`, `model_p50`, `model_p90` (ever displaced by that day; cases add up member by member),
        `model_over_observed`, `observed_what`, `source`, `confidence`. Figures of cases that are not among these are
        left out.
    """
    by_name = {str(case.attrs["case"]): case for case in cases}
    path = table or (Path(cases[0].attrs["planning"]) if cases else Path())
    rows = []
    for one in read_planning(path):
        if set(one.cases) <= set(by_name):
            told = [
                by_name[name]["displaced"].sel(day=np.datetime64(day, "ns")).values
                for name, day in zip(one.cases, one.until, strict=True)
            ]
            members = sum(values[: min(map(len, told))] for values in told)
            low, middle, high = np.quantile(members, [0.1, 0.5, 0.9])
            rows.append(
                {
                    "case": ", ".join(one.cases),
                    "until": ", ".join(day.isoformat() for day in one.until),
                    "made": one.made,
                    "what": one.what,
                    "kind": one.kind,
                    "figure": one.figure,
                    "observed": one.observed,
                    "figure_over_observed": one.figure / one.observed if one.observed else np.nan,
                    "model_p10": low,
                    "model_p50": middle,
                    "model_p90": high,
                    "model_over_observed": middle / one.observed if one.observed else np.nan,
                    "observed_what": one.observed_what,
                    "source": one.source,
                    "confidence": one.confidence,
                }
            )
    return pd.DataFrame(rows)
