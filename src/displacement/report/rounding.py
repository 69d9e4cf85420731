"""What may be shared: rounded to what the interval supports, small figures suppressed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST = 100
"""People below which a shared figure is suppressed. [person]"""
SUPPRESSED = "lt100"
"""Note of a suppressed figure."""
AT_ONCE = 1_000_000
"""Figures of all members whose quantiles are taken together, to hold little memory."""
SLIGHTEST, HUGE = 1e-15, 1e15
"""What lies beyond is rounded one by one."""
EIGHT_IN_TEN = (0.1, 0.5, 0.9)
"""Quantiles that are shown unless a scenario asks for others."""
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


def rounded(values: NDArray[Any], digits: int = 2) -> NDArray[Any]:
    """Many values rounded as `significant` rounds one, to the last bit.

    >>> rounded(np.array([328_412.0, 0.0123, 0.0]))
    array([3.3e+05, 1.2e-02, 0.0e+00])
    """
    flat = np.asarray(values, dtype=float).ravel()
    plain = (np.abs(flat) > SLIGHTEST) & (np.abs(flat) < HUGE)
    order = np.log10(np.where(plain, np.abs(flat), 1.0))
    power = digits - 1 - np.floor(order)
    scale = 10.0 ** np.abs(power)
    scaled = np.where(power >= 0, np.where(plain, flat, 0.0) * scale, flat / scale)
    found = np.where(power >= 0, np.rint(scaled) / scale, np.rint(scaled) * scale)
    near_a_power = np.abs(order - np.rint(order)) < 1e-9
    near_a_tie = np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < 1e-6
    for at in np.flatnonzero((near_a_power | near_a_tie | ~plain) & (flat != 0)):
        found[at] = significant(float(flat[at]), digits)
    return np.asarray(np.where(flat == 0, 0.0, found).reshape(np.shape(values)))


def shared_cells(levels: Mapping[str, NDArray[Any] | None], people: NDArray[Any] | None = None) -> list[Any]:
    """Many figures as shared: of each the text of every level and the note, nested as the figures are.

    What `shared_people` and `shared_quantity` say of one; a suppressed level suppresses the others.

    Parameters
    ----------
    levels : mapping of str to array
        Quantiles by name, all of one shape, of people or of a quantity; None where there is none.
    people : array of the same shape, optional
        Those behind a quantity. [person]

    Examples
    --------
    >>> shared_cells({"p10": None, "p50": np.array([12_345.6, 42.0])})
    [['', '12000', ''], ['', '', 'lt100']]
    """
    shape = next(level.shape for level in levels.values() if level is not None)
    notes = np.full(shape, "", dtype=object)
    texts = []
    for level in levels.values():
        if level is None:
            texts.append(np.full(shape, "", dtype=object))
            continue
        whole = np.rint(level if people is None else people)
        lacking = np.isnan(level) if people is not None else np.zeros(shape, dtype=bool)
        few = (whole > 0) & (whole < SMALLEST) & ~lacking
        shown = whole if people is None else np.where(lacking | (whole == 0), 0.0, level)
        distinct, which = np.unique(rounded(shown), return_inverse=True)
        texts.append(
            np.array([written(value) for value in distinct.tolist()], dtype=object)[which.reshape(shape)]
        )
        first = notes == ""
        notes[first & lacking], notes[first & few] = UNKNOWN, SUPPRESSED
    cells = np.stack([*(np.where(notes == "", text, "") for text in texts), notes], axis=-1)
    found: list[Any] = cells.tolist()
    return found


def level_name(level: float) -> str:
    """The name of a quantile in tables.

    >>> [level_name(level) for level in (0.1, 0.05, 0.025, 0.995)]
    ['p10', 'p05', 'p02_5', 'p99_5']
    """
    whole, _, part = f"{level * 100:.10g}".partition(".")
    return f"p{whole:0>2}" + (f"_{part}" if part else "")


def level_names(levels: Sequence[float]) -> list[str]:
    """The names of quantiles, in their order."""
    return [level_name(level) for level in levels]


def quantiles(values: NDArray[Any], levels: Sequence[float] = EIGHT_IN_TEN) -> dict[str, NDArray[Any] | None]:
    """Quantiles over the first axis (member) by name; only p50 where there is one member.

    >>> quantiles(np.array([[0.0], [10.0], [20.0]]), (0.05, 0.5))
    {'p05': array([1.]), 'p50': array([10.])}
    """
    names = level_names(levels)
    if values.shape[0] == 1:
        return {name: values[0] if name == "p50" else None for name in names}
    rest = values.shape[1:]
    flat = values.reshape(values.shape[0], -1)
    found = np.empty((len(names), flat.shape[1]))
    step = max(1, AT_ONCE // len(flat))
    for first in range(0, flat.shape[1], step):
        part = np.ascontiguousarray(flat[:, first : first + step].T, dtype=float)
        found[:, first : first + step] = np.quantile(part, list(levels), axis=1)
    return dict(zip(names, found.reshape(len(names), *rest), strict=True))


def middle(values: NDArray[Any]) -> NDArray[Any]:
    """The middle of the members, the first axis."""
    return np.asarray(quantiles(values, (0.5,))["p50"])


def middle_day(days: NDArray[Any]) -> NDArray[Any]:
    """The first day by which something has come in half of the members, the first axis; none where it has in fewer.

    >>> never = np.datetime64("NaT")
    >>> middle_day(np.array([never, "2030-01-05", "2030-01-03"], "datetime64[D]"))
    np.datetime64('2030-01-05')
    >>> middle_day(np.array([never, "2030-01-05", never], "datetime64[D]"))
    np.datetime64('NaT','D')
    """
    found: NDArray[Any] = np.sort(days, axis=0)[(len(days) - 1) // 2]  # no day comes last
    return found


def ranged(values: NDArray[Any], levels: Sequence[float] = EIGHT_IN_TEN) -> str:
    """The middle of the members for a sentence, with the range from the lowest to the highest quantile where there are
    several.

    >>> ranged(np.array([328_412.0])), ranged(np.array([100_000.0, 200_000.0, 300_000.0]))
    ('330,000', '200,000 (120,000 to 280,000)')
    """
    found = quantiles(np.asarray(values, dtype=float), levels)
    names = level_names(levels)
    text, low, high = words(float(middle(values))), found[names[0]], found[names[-1]]
    if low is None or high is None or len(names) == 1:
        return text
    return f"{text} ({words(float(low))} to {words(float(high))})"


def range_in_words(levels: Sequence[float] = EIGHT_IN_TEN) -> str:
    """What the range in brackets is.

    >>> range_in_words(), range_in_words((0.05, 0.5, 0.95))
    ('the range of 80 % of them (p10 to p90)', 'the range of 90 % of them (p05 to p95)')
    """
    low, high = levels[0], levels[-1]
    return f"the range of {(high - low) * 100:.4g} % of them ({level_name(low)} to {level_name(high)})"


def words(value: float) -> str:
    """A figure of people for a sentence: two significant figures with thousands, or "fewer than 100".

    >>> words(328_412.0), words(20.0), words(0.0)
    ('330,000', 'fewer than 100', '0')
    """
    text, note = shared_people(value)
    return "fewer than 100" if note else f"{int(text):,}"
