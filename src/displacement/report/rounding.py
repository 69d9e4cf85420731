"""What may be shared: rounded to what the interval supports, small figures suppressed."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST = 100
"""People below which a shared figure is suppressed. [person]"""
SUPPRESSED = "lt100"
"""Note of a suppressed figure."""
AT_ONCE = 65_536
"""Figures whose quantiles are taken together, to hold little memory."""
UNKNOWN = "not known"
"""Note of a figure that cannot be given, because the people it counts are not."""


def significant(value: float, digits: int = 2) -> float:
    """A value rounded to significant digits.

    >>> significant(328_412.0), significant(0.0123), significant(0.0)
    (330000.0, 0.012, 0.0)
    """
    if value == 0 or not math.isfinite(value):
        return float(value)
    return float(round(value, digits - 1 - math.floor(math.log10(abs(value)))))


@lru_cache(maxsize=65_536)
def written(value: float) -> str:
    """A number as text without a needless fraction.

    >>> written(330000.0), written(0.012)
    ('330000', '0.012')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def shared_people(value: float) -> tuple[str, str]:
    """A figure of people as shared: text and note; blank where 1 to 99 people stand behind it.

    >>> shared_people(12_345.6), shared_people(42.0), shared_people(0.2)
    (('12000', ''), ('', 'lt100'), ('0', ''))
    """
    whole = round(value)
    if 0 < whole < SMALLEST:
        return "", SUPPRESSED
    return written(significant(whole)), ""


def shared_quantity(value: float, people: float) -> tuple[str, str]:
    """A quantity of aid as shared: suppressed, or nothing, where the people behind it are; blank where it is not known.

    >>> shared_quantity(1234.0, 500.0), shared_quantity(1234.0, 42.0), shared_quantity(1.2, 0.1)
    (('1200', ''), ('', 'lt100'), ('0', ''))
    """
    if math.isnan(value):
        return "", UNKNOWN
    whole = round(people)
    if 0 < whole < SMALLEST:
        return "", SUPPRESSED
    return (written(significant(value)) if whole else "0"), ""


def quantiles(values: NDArray[Any]) -> dict[str, NDArray[Any] | None]:
    """p10, p50 and p90 over the first axis (member); only p50 where there is one member."""
    if values.shape[0] == 1:
        return {"p10": None, "p50": values[0], "p90": None}
    rest = values.shape[1:]
    flat = values.reshape(values.shape[0], -1)
    levels = np.empty((3, flat.shape[1]))
    for first in range(0, flat.shape[1], AT_ONCE):
        part = np.ascontiguousarray(flat[:, first : first + AT_ONCE].T, dtype=float)
        levels[:, first : first + AT_ONCE] = np.quantile(part, [0.1, 0.5, 0.9], axis=1)
    return dict(zip(("p10", "p50", "p90"), levels.reshape(3, *rest), strict=True))


def ranged(values: NDArray[Any]) -> str:
    """The middle of the members for a sentence, with the range of eight in ten of them where there are several.

    >>> ranged(np.array([328_412.0])), ranged(np.array([100_000.0, 200_000.0, 300_000.0]))
    ('330,000', '200,000 (120,000 to 280,000)')
    """
    levels = quantiles(np.asarray(values, dtype=float))
    middle, low, high = (
        None if level is None else float(level) for level in (levels["p50"], levels["p10"], levels["p90"])
    )
    text = words(middle or 0.0)
    return text if low is None or high is None else f"{text} ({words(low)} to {words(high)})"


def words(value: float) -> str:
    """A figure of people for a sentence: two significant figures with thousands, or "fewer than 100".

    >>> words(328_412.0), words(20.0), words(0.0)
    ('330,000', 'fewer than 100', '0')
    """
    text, note = shared_people(value)
    return "fewer than 100" if note else f"{int(text):,}"
