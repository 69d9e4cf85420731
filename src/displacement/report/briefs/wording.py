"""What the brief says, in each of its languages: texts as data, figures, days and names put into them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from displacement.io.documents import read_document
from displacement.report.briefs.shown import Shown
from displacement.report.rounding import SUPPRESSED

__all__ = [
    "LANGUAGES",
    "Amount",
    "Coded",
    "Day",
    "Kinds",
    "Listed",
    "Named",
    "People",
    "Percent",
    "Range",
    "Said",
    "both",
    "in_both",
    "number",
    "texts",
    "told",
]

LANGUAGES = ("en", "ar")
"""Languages of the brief; what a text lacks in another stands as it is in the first."""
ISOLATE, END = "\u2068", "\u2069"
"""Around names, which may run the other way than the sentence."""
MILLION = 1_000_000


class Said(NamedTuple):
    """A clause of the user's, in each language; stands in a sentence as it is."""

    en: str
    ar: str


class Named(NamedTuple):
    """A name or text of the user's, in each language."""

    en: str
    ar: str
    """Blank: the same."""


class Coded(NamedTuple):
    """Something that the catalogue of texts names: an item, a unit, a sector."""

    kind: str
    code: str
    name: str
    """Where the catalogue does not know it."""
    short: bool = False
    """Without what follows its first comma."""


class Day(NamedTuple):
    """A date, with or without its year."""

    date: dt.date
    year: bool = False


class People(NamedTuple):
    """A figure of people inside a sentence: "about 330,000 people (210,000 to 520,000)"."""

    shown: Shown


class Amount(NamedTuple):
    """An amount that may be said in millions."""

    shown: Shown


class Range(NamedTuple):
    """The range of an amount alone: "110 million to 610 million"."""

    shown: Shown


class Listed(NamedTuple):
    """Several things that the catalogue names, with commas between them."""

    kind: str
    codes: tuple[str, ...]


class Kinds(NamedTuple):
    """How many events there are of each kind."""

    counts: tuple[tuple[str, int], ...]


class Percent(NamedTuple):
    """A share in whole per cent."""

    share: float


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> Mapping[str, Any]:
    """The catalogue of texts of a language; nobody writes into it."""
    path = files("displacement.report.briefs") / "texts" / f"{language}.yaml"
    found: Mapping[str, Any] = read_document(Path(str(path))).data
    return found


def number(value: float) -> str:
    """A figure that is rounded already, with thousands, in Western digits.

    >>> number(330_000.0), number(0.012), number(9.6)
    ('330,000', '0.012', '9.6')
    """
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def told(language: str, key: str, **values: Any) -> str:
    """A text of the catalogue with its values put in, each in the words of the language."""
    text: str = texts(language)["page"][key]
    return text.format(**{name: _in_words(language, value) for name, value in values.items()})


def both(key: str, **values: Any) -> Markup:
    """A text in all languages, each in an element of its own: the page shows one of them."""
    return Markup("").join(
        Markup('<span lang="{}">{}</span>').format(language, told(language, key, **values))
        for language in LANGUAGES
    )


def in_both(value: Any, element: str = "span") -> Markup:
    """A figure, day or name in all languages; once where they are alike."""
    found = [_in_words(language, value) for language in LANGUAGES]
    if len(set(found)) == 1:
        return Markup("{}").format(found[0])
    return Markup("").join(
        Markup('<{0} lang="{1}">{2}</{0}>').format(element, language, text)
        for language, text in zip(LANGUAGES, found, strict=True)
    )


def _in_words(language: str, value: Any) -> str:
    """A value in the words of a language."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return number(value)
    return _WORDS[type(value)](language, value)


def _said(language: str, said: Said) -> str:
    return said.ar if language == "ar" else said.en


def _named(language: str, name: Named) -> str:
    return ISOLATE + ((name.ar if language == "ar" else "") or name.en) + END


def _coded(language: str, coded: Coded) -> str:
    name = str(texts(language)[coded.kind].get(coded.code, coded.name))
    return re.split("[,،]", name)[0] if coded.short else name


def _listed(language: str, listed: Listed) -> str:
    known = texts(language)[listed.kind]
    names = [str(known.get(code, code.replace("_", " "))) for code in listed.codes]
    return str(texts(language)["page"]["comma"]).join(names)


def _kinds(language: str, kinds: Kinds) -> str:
    events, page = texts(language)["events"], texts(language)["page"]
    named = [str(page["event"]).format(kind=events[kind], count=count) for kind, count in kinds.counts]
    return str(page["comma"]).join(named)


def _date(language: str, day: Day) -> str:
    month = texts(language)["months"][day.date.month - 1]
    return f"{day.date.day} {month}" + (f" {day.date.year}" if day.year else "")


def _people(language: str, people: People) -> str:
    shown = people.shown
    page = texts(language)["page"]
    if shown.note:
        return str(page["few_people"] if shown.note == SUPPRESSED else page["unknown"])
    if not shown.middle:
        return str(page["nobody"])
    if not shown.has_range:
        return str(page["about_people"]).format(middle=number(shown.middle))
    low, high = number(shown.low or 0.0), number(shown.high or 0.0)
    return str(page["about_people_range"]).format(middle=number(shown.middle), low=low, high=high)


def _ranged(
    language: str, shown: Shown, say: Callable[[str, float], str] = lambda _, value: number(value)
) -> str:
    """A figure for a card or a table, with its range."""
    page = texts(language)["page"]
    if shown.middle is None:
        return str(page["few"] if shown.note == SUPPRESSED else page["unknown"])
    if shown.low is None or shown.high is None:
        return say(language, shown.middle)
    levels = {"middle": shown.middle, "low": shown.low, "high": shown.high}
    return str(page["range"]).format(**{name: say(language, value) for name, value in levels.items()})


def _millions(language: str, value: float) -> str:
    """An amount, from a million on in millions."""
    if value < MILLION:
        return number(value)
    return str(texts(language)["page"]["million"]).format(amount=f"{value / MILLION:,g}")


def _range(language: str, amount: Range) -> str:
    low, high = (_millions(language, value or 0.0) for value in (amount.shown.low, amount.shown.high))
    return str(texts(language)["page"]["to"]).format(low=low, high=high)


_WORDS: Mapping[type, Callable[[str, Any], str]] = {
    Said: _said,
    Named: _named,
    Coded: _coded,
    Listed: _listed,
    Kinds: _kinds,
    Day: _date,
    People: _people,
    Shown: _ranged,
    Amount: lambda language, amount: _ranged(language, amount.shown, _millions),
    Range: _range,
    Percent: lambda _, percent: f"{percent.share:.0%}",
}
"""How each kind of value is put into words."""
