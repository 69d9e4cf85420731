"""Past cases held against what was reported: a page to read, tables to work with, and the part of a text that says so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from displacement.io import folders, tables
from displacement.io.provenance import PACKAGE, version
from displacement.report import charts
from displacement.report.figures import BASELINES, ROLES, SCORED, Figure, Split, figures, splits
from displacement.report.pages import templates
from displacement.report.rounding import quantiles, significant
from displacement.report.trust import ALL, Trust, number, trusts
from displacement.result import LIMITS

__all__ = ["MARK", "joined", "markdown", "page", "printed", "read_scores", "write"]

MARK = "backtest"
"""Name of the marks around the table of scores in a text."""
SCORE_COLUMNS = [
    "population", "case", "title", "use", "role", "measure", "unit", "figures", "model",
    "B1", "B2", "B3", "B4", "skill", "note", "members", "seed", "parameters",
]  # fmt: skip
NUMBERS = ["model", "B1", "B2", "B3", "B4", "skill"]
CSV_COLUMNS = [
    "population", "case", "use", "kind", "unit", "since", "date", "origin", "destination", "scope", "role",
    "observed", "observed_low", "observed_high", "p10", "p50", "p90", "factor", "B1", "B2", "B3", "B4",
    "source", "confidence", "line", "members", "seed", "parameters",
]  # fmt: skip
LEVEL_MEASURES = ("factor", "worst factor")
"""Measures that are kept of a median run with another population."""
WIDTH = 520.0
"""Of a drawing half a page wide. [pixel]"""
FULL = 1080.0
"""Of a drawing as wide as the page. [pixel]"""
ROWS = 24
"""Rows of a chart, so that it fits on a printed page."""


def joined(found: Mapping[str, pd.DataFrame], cases: Mapping[str, Sequence[xr.Dataset]]) -> pd.DataFrame:
    """The scores of every population in one table, to four significant digits; the headline first.

    Parameters
    ----------
    found : mapping
        Scores by level of the population (low, central, high); the first is the headline, of the others the factors on
        totals are kept.
    cases : mapping
        The cases that they were made of, by level.

    Returns
    -------
    pandas.DataFrame
        Columns `SCORE_COLUMNS`.
    """
    parts = []
    for at, (level, scores) in enumerate(found.items()):
        kept = scores if at == 0 else scores[scores["measure"].isin(LEVEL_MEASURES)]
        about = {str(case.attrs["case"]): case.attrs for case in cases[level]}
        first = cases[level][0].attrs
        run = {name: first[name] for name in ("members", "seed", "parameters")}
        titles = [about[name]["title"] if name in about else "" for name in kept["case"]]
        parts.append(kept.assign(population=level, title=titles, **run))
    table = pd.concat(parts, ignore_index=True)[SCORE_COLUMNS]
    rounded = {name: [_four(value) for value in table[name]] for name in NUMBERS}
    return table.assign(**rounded, note=table["note"].fillna(""))


def _four(value: Any) -> float:
    return significant(float(value), 4)


def read_scores(path: Path) -> pd.DataFrame:
    """The scores that `write` wrote.

    Raises
    ------
    InputError
        If the file or a column is missing.
    """
    rows = tables.read(path, SCORE_COLUMNS)
    numbers = {name: [row.number_or(name, math.nan) for row in rows] for name in NUMBERS}
    figures = [int(row.number("figures", 0)) for row in rows]
    return pd.DataFrame(list(map(dict, rows)), columns=SCORE_COLUMNS).assign(**numbers, figures=figures)


def markdown(scores: pd.DataFrame) -> str:
    """The table that README and model card carry: how far to trust each case, with how to read it.

    Parameters
    ----------
    scores : pandas.DataFrame
        As `joined` returns it, or `read_scores`.
    """
    first = scores.iloc[0]
    head = [
        "past case",
        "totals off by (worst)",
        "low / high population",
        "inside the range",
        "width",
        "skill",
    ]
    lines = [
        f"{first['members']} members, seed {first['seed']}, parameters: {first['parameters']}, {first['population']} "
        "population. Made by `make backtest`.",
        "",
        "| " + " | ".join([*head, "how far to trust it"]) + " |",
        "| --- " * (len(head) + 1) + "|",
    ]
    for trust in trusts(scores):
        lines.append("| " + " | ".join([_cell(_named(trust)), *_cells(trust), trust.words]) + " |")
    return "\n".join([*lines, "", _HOW_TO_READ])


_HOW_TO_READ = """\
*Totals off by*: factor between the middle estimate and the reported total, geometric mean over the dated totals.
*Low / high population*: the same of a median run with the fewest and the most people who may have lived there.
*Inside the range*: reported figures between p10 and p90; eight in ten should be. *Width*: p90 over p10, mean. *Skill*:
1 - CRPS / CRPS of the best baseline, on the figures that this baseline speaks to; below 0 the plain rule does better."""


def _named(trust: Trust) -> str:
    if trust.case == ALL:
        return "**all cases**"
    return f"{trust.title} (`{trust.case}`, {trust.use})"


def _cell(text: str) -> str:
    """Text that keeps to its cell of a table in Markdown."""
    return " ".join(text.replace("|", "\\|").split())


def _cells(trust: Trust) -> list[str]:
    """Figures of a line, blank as a dash."""
    totals = "–" if trust.factor is None else f"{number(trust.factor)} ({_or_dash(trust.worst)})"
    levels = (trust.factor_low, trust.factor_high)
    beside = "–" if levels == (None, None) else " / ".join(map(_or_dash, levels))
    inside = "–" if trust.inside is None or not trust.figures else f"{trust.inside} of {trust.figures}"
    skill = "–" if trust.skill is None else f"{number(trust.skill)} ({trust.best})"
    return [totals, beside, inside, _or_dash(trust.width), skill]


def _or_dash(value: float | None) -> str:
    return "–" if value is None else number(value)


def printed(scores: pd.DataFrame) -> str:
    """The main scores of every case for a terminal: measure, figures, model, baselines, skill; at most 100 columns."""
    headline = scores[scores["population"] == scores["population"].iloc[0]]
    main = headline[(headline["role"] == ALL) & ~headline["measure"].str.contains(_DETAIL)]
    lines: list[str] = []
    for name, own in main.groupby("case", sort=False):
        titles = "".join(f"{title:>8}" for title in ("figures", "model", *BASELINES, "skill"))
        head = "all cases" if name == ALL else f"{name} ({own['use'].iloc[0]})"
        lines.append(f"{head:<40}{titles}")
        for row in own.to_dict("records"):
            told = "".join(f"{_score(row[column]):>8}" for column in NUMBERS)
            lines.append(f"  {row['measure']:<38.38}{row['figures']:>8}{told}")
        lines.append("")
    return "\n".join(lines)


_DETAIL = r", |\d{4}-\d\d-\d\d"
"""Marks the measures of single counts and dates, which the terminal leaves out."""


def _score(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else ""


def write(
    folder: str | Path,
    cases: Mapping[str, Sequence[xr.Dataset]],
    scores: pd.DataFrame,
    planning: pd.DataFrame,
    provenance: Mapping[str, Any],
) -> Path:
    """Write the folder of a backtest, whole or not at all.

    Parameters
    ----------
    folder : str or pathlib.Path
        Its place; an older one there is replaced when all is written.
    cases : mapping
        Cases by level of the population; the first is the headline.
    scores : pandas.DataFrame
        As `joined` returns it.
    planning : pandas.DataFrame
        Planning figures of the time.
    provenance : mapping
        What it was made from, for the manifest.

    Returns
    -------
    pathlib.Path
        The folder: `backtest.html`, `backtest.csv`, `scores.csv`, `internal/manifest.json`.

    Raises
    ------
    InputError
        If it cannot be written; nothing was changed then.
    """
    target = Path(folder)
    headline = next(iter(cases.values()))
    with folders.whole_folder(target) as partial:
        (partial / "internal").mkdir()
        (partial / "backtest.html").write_text(page(headline, scores, planning), encoding="utf-8")
        tables.write(partial / "backtest.csv", CSV_COLUMNS, _csv_rows(cases))
        tables.write(partial / "scores.csv", SCORE_COLUMNS, _score_rows(scores))
        about = {"package": {"name": PACKAGE, "version": version()}}
        folders.write_manifest(partial, {**about, **provenance})
    return target


def _score_rows(scores: pd.DataFrame) -> Iterator[list[Any]]:
    for row in scores.to_dict("records"):
        yield [_plain(row[column]) for column in SCORE_COLUMNS]


def _plain(value: Any) -> Any:
    """A number without its type, blank where it is missing."""
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    return value


def _csv_rows(cases: Mapping[str, Sequence[xr.Dataset]]) -> Iterator[list[Any]]:
    """Every figure of every case: what was observed and what was said of it, exactly."""
    for level, found in cases.items():
        for case in found:
            run = [case.attrs[name] for name in ("members", "seed", "parameters")]
            for figure in figures(case):
                yield [level, case.attrs["case"], case.attrs["use"], *_csv_row(figure), *run]


def _csv_row(figure: Figure) -> list[Any]:
    text = [figure.kind, figure.unit, str(figure.since), str(figure.date), figure.origin, figure.destination]
    told = [figure.observed, figure.observed_low, figure.observed_high, figure.p10, figure.p50, figure.p90]
    beside = [figure.factor, *(figure.baselines.get(name) for name in BASELINES)]
    numbers = ["" if value is None else repr(value) for value in (*told, *beside)]
    return [*text, figure.scope, figure.role, *numbers, figure.source, figure.confidence, figure.line]


def page(cases: Sequence[xr.Dataset], scores: pd.DataFrame, planning: pd.DataFrame) -> str:
    """One page that opens offline: every case with its charts, figures and scores, then all of them together.

    Parameters
    ----------
    cases : sequence of xarray.Dataset
        `variables.BACKTEST`, of the headline.
    scores : pandas.DataFrame
        As `joined` returns it.
    planning : pandas.DataFrame
        Planning figures of the time beside what was observed.

    Returns
    -------
    str
        HTML without a script and without an address that a browser would ask.
    """
    environment = templates(Path(__file__).parent)
    environment.filters |= {"people": _people, "score": _score_of, "off": _or_dash}
    headline = scores[scores["population"] == scores["population"].iloc[0]]
    return environment.get_template("backtest.html.j2").render(
        trusts=trusts(scores),
        cells=_cells,
        all=ALL,
        about=scores.iloc[0].to_dict(),
        cases=[_of_case(case, headline) for case in cases],
        pooled=headline[headline["case"] == ALL].to_dict("records"),
        planning=planning.to_dict("records"),
        baselines=BASELINES,
        roles=ROLES,
        limits=LIMITS,
        version=version(),
        width=WIDTH,
        full=FULL,
        labels=charts.LABELS,
        share_labels=charts.SHARE_LABELS,
        edge=charts.EDGE,
        step=charts.STEP,
        top=charts.TOP,
        margin=charts.MARGIN,
    )


def _of_case(case: xr.Dataset, scores: pd.DataFrame) -> dict[str, Any]:
    """What the page says of a case."""
    listed = figures(case)
    scored = sorted((one for one in listed if one.role in SCORED), key=_in_chart)
    own = _once(scores[scores["case"] == case.attrs["case"]])
    return {
        **case.attrs,
        "figures": listed,
        "fan": charts.fan(case["day"].values, _by_day(case), _points(scored), (WIDTH, 320.0)),
        "charts": [
            charts.rows([_row(one) for one in scored[at : at + ROWS]], FULL)
            for at in range(0, len(scored), ROWS)
        ],
        "splits": [(split, charts.shares(_share_rows(split), WIDTH)) for split in splits(case)],
        "scores": own.to_dict("records"),
    }


def _once(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores without those by role where all figures of a case have the same one."""
    return scores if scores["role"].nunique() > 2 else scores[scores["role"] == ALL]


def _in_chart(figure: Figure) -> tuple[Any, ...]:
    """Totals first, then departures, arrivals and returns, each by date."""
    order = ("displaced_cum", "departures_cum", "arrivals_cum", "remaining", "returned_cum")
    return order.index(figure.kind), figure.unit != "people", figure.date, figure.line


def _by_day(case: xr.Dataset) -> dict[str, Any]:
    return quantiles(case["displaced"].transpose("member", "day").values)


def _points(scored: Sequence[Figure]) -> list[charts.Seen]:
    """Dated totals of people, for the chart by day."""
    return [
        charts.Seen(
            np.datetime64(one.date),
            one.observed,
            one.observed_low,
            one.observed_high,
            one.role == "fitted",
            f"{one.date}: reported {_people(one.observed)}, estimate {_people(one.p50)}; {one.scope}",
            (one.p10, one.p50, one.p90),
        )
        for one in scored
        if one.kind == "displaced_cum" and one.unit == "people" and not one.origin and not one.destination
    ]


def _row(figure: Figure) -> charts.Told:
    label = f"{figure.label}, {figure.date}"
    told = f"estimate {_people(figure.p50)} ({_people(figure.p10)} to {_people(figure.p90)})"
    return charts.Told(
        label,
        (figure.observed_low, figure.observed, figure.observed_high),
        (figure.p10, figure.p50, figure.p90),
        {name[-1]: value for name, value in figure.baselines.items()},
        figure.role == "fitted",
        f"{label}: reported {_people(figure.observed)}, {told}",
    )


def _share_rows(split: Split) -> list[charts.Told]:
    return [
        charts.Told(
            one.label,
            (None, one.observed, None),
            (one.p10, one.p50, one.p90),
            {},
            split.filled,
            f"{one.label}: reported {one.observed:.0%}, estimate {one.p50:.0%}",
        )
        for one in split.shares
    ]


def _people(value: Any) -> str:
    """A figure of people for a reader, to three significant digits; a dash where there is none.

    >>> _people(328_412.0), _people(None), _people(0.0)
    ('328,000', '–', '0')
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{round(significant(float(value), 3)):,}"


def _score_of(value: Any) -> str:
    return _score(float(value))
