"""Units of aid: what a planner writes ("500 t", "15 l/day", "2000 tents") in the unit of a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["Measured", "UnitError", "converted", "is_measure", "measured", "named"]


class UnitError(ValueError):
    """A unit that cannot be read, or that does not fit the line."""


class Measured(NamedTuple):
    """A number with its unit and, where one was written, its period."""

    value: float
    unit: str
    """As written; blank where there is none."""
    period_days: float | None
    """[day]"""


_MEASURES: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "kg": ("mass", 1.0),
        "g": ("mass", 1e-3),
        "t": ("mass", 1e3),
        "litre": ("volume", 1.0),
        "ml": ("volume", 1e-3),
        "m3": ("volume", 1e3),
        "m2": ("area", 1.0),
    }
)
"""Dimension, and size in the first unit of its dimension."""

_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("kgs", "kilo", "kilos", "kilogram", "kilograms"), "kg"),
        **dict.fromkeys(("gram", "grams", "gr"), "g"),
        **dict.fromkeys(("mt", "ton", "tons", "tonne", "tonnes", "metric ton", "metric tons"), "t"),
        **dict.fromkeys(("l", "lt", "ltr", "litres", "liter", "liters"), "litre"),
        **dict.fromkeys(("millilitre", "milliliter"), "ml"),
        **dict.fromkeys(("m³", "cbm", "cubic metre", "cubic metres", "cubic meter", "cubic meters"), "m3"),
        **dict.fromkeys(("m²", "sqm", "square metre", "square metres"), "m2"),
        **dict.fromkeys(("piece", "pieces", "pcs", "pc", "unit", "units", "ea", "each", "no"), ""),
    }
)
"""Other spellings of the units; what only says "one of it" is blank."""

_PERIODS: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("d", "day", "days"), 1.0),
        **dict.fromkeys(("w", "week", "weeks"), 7.0),
        **dict.fromkeys(("month", "months"), 30.4),
        **dict.fromkeys(("quarter", "3 months"), 91.0),
        **dict.fromkeys(("y", "year", "years"), 365.0),
    }
)
"""Days of a period, as the standards count them."""

_WRITTEN = re.compile(
    r"\s*(?P<value>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\d/][^/]*?)?\s*"
    r"(?:(?:/|\bper\b|\ba\b)\s*(?P<period>[\w ]+?))?\s*"
)


def measured(written: str) -> Measured:
    """A number with its unit and period, from text.

    Raises
    ------
    UnitError
        If it is no number with a unit, or the period is unknown.

    Examples
    --------
    >>> measured("15 l/day")
    Measured(value=15.0, unit='l', period_days=1.0)
    >>> measured("500 t"), measured("2000")
    (Measured(value=500.0, unit='t', period_days=None), Measured(value=2000.0, unit='', period_days=None))
    """
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise UnitError(f"'{written}' is no number with a unit; write it like 15 litre/day or 500 t")
    period = found["period"]
    if period is not None and _plain(period) not in _PERIODS:
        raise UnitError(f"unknown period '{period}' in '{written}'; write day, week, month or year")
    return Measured(
        float(found["value"]),
        (found["unit"] or "").strip(),
        None if period is None else _PERIODS[_plain(period)],
    )


def converted(value: float, unit: str, to: str) -> float:
    """A number in another unit of the same dimension.

    Parameters
    ----------
    value : float
        [unit]
    unit : str
        As somebody wrote it. Blank, or a word for "one of it": the unit wanted.
    to : str
        The unit wanted.

    Returns
    -------
    float
        [to]

    Raises
    ------
    UnitError
        If the two do not measure the same.

    Examples
    --------
    >>> converted(2.0, "t", "kg"), converted(40.0, "Tents", "tent"), converted(3.0, "pcs", "tent")
    (2000.0, 40.0, 3.0)
    """
    given, wanted = named(unit), named(to)
    if given in ("", wanted):
        return value
    if given in _MEASURES and wanted in _MEASURES and _MEASURES[given][0] == _MEASURES[wanted][0]:
        return value * (_MEASURES[given][1] / _MEASURES[wanted][1])
    raise UnitError(f"the line is in {to}, and {unit} cannot be made into {to}; write the figure in {to}")


def is_measure(unit: str) -> bool:
    """Whether a unit can be divided (kg, litre, m2), and is not counted in whole pieces.

    >>> is_measure("t"), is_measure("tent")
    (True, False)
    """
    return named(unit) in _MEASURES


def named(unit: str) -> str:
    """A unit as it is compared: one spelling, singular, without case.

    >>> named("Metric Tons"), named("boxes"), named("mattresses")
    ('t', 'box', 'mattress')
    """
    plain = _plain(unit)
    if plain in _MEASURES or plain in _SPELLINGS:
        return _SPELLINGS.get(plain, plain)
    for ending, singular in (
        ("sses", "ss"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("xes", "x"),
        ("ies", "y"),
        ("s", ""),
    ):
        if plain.endswith(ending) and not plain.endswith("ss"):
            return plain.removesuffix(ending) + singular
    return plain


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").strip(" .").split())
