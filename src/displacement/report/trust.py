"""How far to trust it, case by case: a line of figures and a line of words, made of the scores alone."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

ALL = "all"
"""Stands for every case, and for figures of every role."""
CLOSE, FAIR = 1.5, 2.0
"""Factors on totals up to which an estimate is called close, and fair. [1]"""
ENOUGH, TOO_MANY = 0.65, 0.95
"""Shares of figures inside a range that should hold eight in ten. [1]"""
TOO_WIDE = 10.0
"""Width of a range, high over low, from which it says little. [1]"""


class Trust(NamedTuple):
    """The scores of a case that a planner asks for; nothing where there is none."""

    case: str
    """File of the case; `all`: every case."""
    title: str
    use: str
    totals: int
    """Dated totals."""
    factor: float | None
    """Geometric mean over dated totals."""
    worst: float | None
    factor_low: float | None
    """The same with the low population, median run."""
    factor_high: float | None
    figures: int
    """Figures held against a range."""
    inside: int | None
    """Of these, inside it."""
    width: float | None
    """Mean width of the range, high over low."""
    skill: float | None
    """Against the best baseline, each on the figures that it speaks to."""
    best: str
    """The best baseline."""

    @property
    def words(self) -> str:
        """How far to trust it, in a line."""
        return _words(self)


def trusts(scores: pd.DataFrame) -> tuple[Trust, ...]:
    """A line for each case, and the last for all.

    Parameters
    ----------
    scores : pandas.DataFrame
        As `backtest.joined` returns it.
    """
    names = [name for name in dict.fromkeys(scores["case"]) if name != ALL]
    return tuple(_trust(scores, name) for name in [*names, ALL] if (scores["case"] == name).any())


def _trust(scores: pd.DataFrame, name: str) -> Trust:
    own = scores[(scores["case"] == name) & (scores["role"] == ALL)]
    headline = own[own["population"] == scores["population"].iloc[0]]
    coverage, figures = _value(headline, "coverage"), _count(headline, "coverage")
    best, skill = _skill(headline)
    return Trust(
        case=name,
        title=str(headline["title"].iloc[0]) if len(headline) else "",
        use=str(headline["use"].iloc[0]) if len(headline) else "",
        totals=_count(headline, "factor"),
        factor=_value(headline, "factor"),
        worst=_value(headline, "worst factor"),
        factor_low=_beside(own, headline, "low"),
        factor_high=_beside(own, headline, "high"),
        figures=figures,
        inside=None if coverage is None else round(coverage * figures),
        width=_value(headline, "width"),
        skill=skill,
        best=best,
    )


def _beside(own: pd.DataFrame, headline: pd.DataFrame, level: str) -> float | None:
    """Factor on totals with another population; nothing where it is of fewer totals than the headline's."""
    found = own[own["population"] == level]
    return _value(found, "factor") if _count(found, "factor") == _count(headline, "factor") else None


def _row(scores: pd.DataFrame, measure: str) -> Any:
    found = scores[scores["measure"] == measure]
    return found.iloc[0] if len(found) else None


def _value(scores: pd.DataFrame, measure: str, column: str = "model") -> float | None:
    row = _row(scores, measure)
    return None if row is None or not math.isfinite(row[column]) else float(row[column])


def _count(scores: pd.DataFrame, measure: str) -> int:
    row = _row(scores, measure)
    return 0 if row is None else int(row["figures"])


def _skill(scores: pd.DataFrame) -> tuple[str, float | None]:
    """The best baseline and the skill against it, on the figures that it speaks to."""
    found = {name: _value(scores, f"CRPS on {name}'s figures", "skill") for name in ("B1", "B2", "B3", "B4")}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return "", None
    best = min(known, key=lambda name: known[name])
    return best, known[best]


def _words(trust: Trust) -> str:
    said = [_of_totals(trust), _of_range(trust), _of_skill(trust)]
    text = "; ".join(filter(None, said))
    return text[:1].upper() + text[1:]


def _of_totals(trust: Trust) -> str:
    if trust.factor is None:
        return "no dated total to hold it against"
    if trust.factor <= CLOSE:
        return "totals close"
    if trust.factor <= FAIR:
        return "totals good to a factor of two"
    return f"totals off by a factor of {number(trust.factor)}: plan with the range, not the middle"


def _of_range(trust: Trust) -> str:
    if trust.inside is None or not trust.figures or trust.width is None:
        return ""
    share = trust.inside / trust.figures
    if share < ENOUGH:
        return "the range is too narrow: plan beyond it"
    if trust.width > TOO_WIDE:
        return "the range holds, but is too wide to plan with"
    return "the range holds" if share <= TOO_MANY else "the range holds, with room to spare"


def _of_skill(trust: Trust) -> str:
    if trust.skill is None:
        return ""
    return (
        "scores better than every plain rule"
        if trust.skill > 0
        else f"a plain rule ({trust.best}) scores better"
    )


def number(value: float) -> str:
    """A score for a reader: two significant digits.

    >>> number(1.234), number(12.3), number(346.0), number(-0.05), number(0.0)
    ('1.2', '12', '350', '-0.05', '0.0')
    """
    if abs(value) >= 10:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"
