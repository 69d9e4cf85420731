"""Names of aid items, as stock lists write them.

A name that may mean two items is never decided: a line that is left out shows, one that is read as
the wrong item does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from displacement.io import cells as written_cells
from displacement.io.gazetteer import normal
from displacement.needs import units
from displacement.needs.item import Item

OTHER_NAMES: Mapping[str, str] = {
    "core relief item kit": "nfi_kit",
    "non-food item kit": "nfi_kit",
    "cooking set": "kitchen_set",
    "kitchen kit": "kitchen_set",
    "iehk": "emergency_health_kit",
    "jerry can": "water_container",
    "jerrycan": "water_container",
    "collapsible jerry can": "water_container",
    "plumpy nut": "therapeutic_food",
    "rutf": "therapeutic_food",
    "rte": "ready_to_eat_ration",
    "rte ration": "ready_to_eat_ration",
    "heater": "heating_stove",
    "high thermal blanket": "winter_blanket",
    "solar lantern": "solar_lamp",
    "solar light": "solar_lamp",
    "tarpaulin": "plastic_sheet",
    **dict.fromkeys(("خيمة", "خيم", "خيام", "خيمة عائلية", "خيم عائلية"), "tent"),
    **dict.fromkeys(("بطانية", "بطانيات"), "blanket"),
    **dict.fromkeys(("بطانية شتوية", "بطانيات شتوية"), "winter_blanket"),
    **dict.fromkeys(("فرشة", "فرشات", "اسفنجة", "اسفنجات", "فرشة اسفنج"), "mattress"),
    **dict.fromkeys(("شادر", "شوادر"), "plastic_sheet"),
    **dict.fromkeys(("طقم مطبخ", "أطقم مطبخ", "أدوات مطبخ"), "kitchen_set"),
    **dict.fromkeys(("سلة نظافة", "سلل نظافة", "حقيبة نظافة", "حقائب نظافة"), "hygiene_kit"),
    **dict.fromkeys(("حقيبة كرامة", "حقائب كرامة", "سلة كرامة"), "dignity_kit"),
    **dict.fromkeys(("بيدون", "بيدونات", "بيدون ماء", "بيدونات مياه"), "water_container"),
    **dict.fromkeys(("مدفأة", "مدافئ"), "heating_stove"),
    **dict.fromkeys(("مصباح شمسي", "مصابيح شمسية"), "solar_lamp"),
    "صابون": "soap",
    "وقود تدفئة": "heating_fuel",
}
"""Common other names of aid items that can mean nothing else, in singular, and the id of each.

A food basket is not here: it is counted in baskets and the ration in kg. Nor is a name of goods of
which one line may hold many, such as sanitary pads.
"""

LEAST_LIKENESS = 91.0
"""Likeness of two words from which one may be a slip of the pen for the other. [percent]

One letter missing in a word of seven ("blankt"), two in a word of twelve. A shorter word is as near to others as to
its own.
"""

LEAST_LEAD = 8.0
"""Lead in likeness over the next item from which one of several that fit is taken. [percent]"""

_MASS_RANGE = 2.0
"""How many times the weight of one, or what part of it, a name may give: gross and net, and makes, differ. [1]"""

_NEAR_ENOUGH = 60.0
"""Likeness from which an id is named as near. [percent]"""

_FILLERS = frozenset(("a", "and", "for", "in", "of", "or", "the", "to", "type", "with"))

_SINGULARS = {"children": "child", "men": "man", "women": "woman", "people": "person"}

_NEEDLESS = {"household": ("family", "household"), "kit_household": ("family", "household")}
"""Words that say of an item only what it serves, by what it is counted per: a family kitchen set is a kitchen set."""


class Meaning(NamedTuple):
    """What a written name stands for."""

    item: Item | None
    """None where it is not sure."""
    exact: bool
    """Whether it is written as the item's id or name."""
    nearest: tuple[str, ...] = ()
    """Ids of the items named most alike, where it is not sure."""


class _Size(NamedTuple):
    """Numbers with a measure: 16 m2, 4 x 6 m."""

    numbers: tuple[float, ...]
    unit: str


class _Known(NamedTuple):
    """The names of one item."""

    item: Item
    spellings: tuple[str, ...]
    """Id, name and other names, as they are compared."""
    keys: tuple[frozenset[str], ...]
    """Words of each name; a text that stands for the item holds all of one."""
    words: frozenset[str]
    """Words of all names; a text that stands for the item holds no others."""
    contents: frozenset[str]
    """Those of them that say what one holds (150 sachets). A text holds all or none: sachets are no carton of them."""
    sizes: tuple[_Size, ...]


def meanings(names: Iterable[str], items: Sequence[Item]) -> dict[str, Meaning]:
    """What written names stand for among some items.

    A name stands for an item if it is its id or name; or else if it holds all words of one name of the item, none
    that no name of the item holds, and no size that the item has not; of several such items, for the one that is
    clearly likest. A long word may be misspelt by a letter.

    Parameters
    ----------
    names : iterable of str
        As somebody wrote them: "Family tents 16m2". Blank ones are left out.
    items : sequence of Item
        What they can stand for.

    Returns
    -------
    dict of str to Meaning
        By name.
    """
    known = _known(items)
    return {name: _meaning(name, known) for name in dict.fromkeys(names) if name}


def _meaning(written: str, known: Sequence[_Known]) -> Meaning:
    text = _compared(written)
    for place in (0, 1):
        same = [one.item for one in known if text == one.spellings[place]]
        literal = [item for item in same if item.id == written]
        if len(literal or same) == 1:
            return Meaning((literal or same)[0], True)
    rest, sizes = _sizes(written)
    words = _words(rest)
    fitting = [one for one in known if _fits(words, sizes, one)]
    best = _likest(words, fitting)
    return Meaning(best.item, False) if best else Meaning(None, False, _nearest(text, known))


def _known(items: Sequence[Item]) -> list[_Known]:
    """The names of each item. What one item is called itself is no other name of another."""
    own = {_compared(name) for item in items for name in (item.id, item.name)}
    others: dict[str, list[str]] = {}
    for name, item_id in OTHER_NAMES.items():
        if _compared(name) not in own:
            others.setdefault(item_id, []).append(name)
    return [_names(item, others.get(item.id, [])) for item in items]


def _names(item: Item, others: Sequence[str]) -> _Known:
    rest, sizes = _sizes(item.name)
    id_words, head = _words(item.id), _words(re.split(r"[,(]", rest, maxsplit=1)[0])
    # Of "Blanket, for babies" the first part alone says less than the id, and would claim every blanket.
    heads = [head] if len(head) >= len(id_words) else []
    keys = (id_words, _words(rest), *heads, *map(_words, others))
    contents = re.search(r"\bof (\d.*)", rest)
    if item.mass_kg is not None and not units.is_measure(item.unit):
        sizes += (_Size((item.mass_kg / _MASS_RANGE, item.mass_kg * _MASS_RANGE), "kg"),)
    return _Known(
        item,
        tuple(_compared(name) for name in (item.id, item.name, *others)),
        tuple(key for key in keys if key),
        frozenset(_NEEDLESS.get(item.per, ())).union(*keys),
        _words(contents[1]) if contents else frozenset(),
        sizes,
    )


def _compared(written: str) -> str:
    """A name as it is compared: words in singular, without case, accents and signs.

    >>> _compared("Hygiene kits"), _compared("hygiene_kit"), _compared("Mattresses (foam)")
    ('hygiene kit', 'hygiene kit', 'mattress foam')
    """
    words = normal(written_cells.plain(written).replace("_", " ")).split()
    return " ".join(filter(None, (_singular(word.removeprefix("ال")) for word in words)))


def _singular(word: str) -> str:
    singular = units.named(word)
    return _SINGULARS.get(singular, singular)


def _words(written: str) -> frozenset[str]:
    """What counts among the words of a name: neither fillers nor bare units."""
    return frozenset(
        word for word in _compared(written).split() if word not in _FILLERS and not units.is_measure(word)
    )


_NUMBER = r"\d+(?:[.,]\d+)?"
_SIZE = re.compile(
    rf"(?<![\w.,])(?P<numbers>{_NUMBER}(?:\s*(?:mm|cm|m)?\s*(?P<by>x|×|\*|-|–|to|or)\s*{_NUMBER})*)"
    r"\s*(?P<unit>[^\W\d_]+[23]?)?(?![\w²³])"
)
_PER_METRE = {"m": 1.0, "cm": 100.0, "mm": 1000.0}


def _sizes(written: str) -> tuple[str, tuple[_Size, ...]]:
    """A name without its sizes, and the sizes; other numbers stay in it.

    >>> _sizes("Family tents 16m²"), _sizes("tarpaulin 400 x 600 cm")[1], _sizes("Kit 3")
    (('family tents  ', (_Size(numbers=(16.0,), unit='m2'),)), (_Size(numbers=(4.0, 6.0), unit='m'),), ('kit 3', ()))
    """
    found: list[_Size] = []

    def taken(match: re.Match[str]) -> str:
        unit, by = match["unit"] or "", match["by"] or ""
        if not (unit in _PER_METRE or units.is_measure(unit) or (not unit and by in ("x", "×", "*"))):
            return match[0]
        scale = _PER_METRE.get(unit, 1.0)
        numbers = tuple(
            float(text.replace(",", ".")) / scale for text in re.findall(_NUMBER, match["numbers"])
        )
        found.append(_Size(numbers, "m" if unit in _PER_METRE else unit))
        return " "

    text = unicodedata.normalize("NFKC", written_cells.plain(written)).casefold()
    return _SIZE.sub(taken, text), tuple(found)


def _fits(words: frozenset[str], sizes: Iterable[_Size], one: _Known) -> bool:
    """Whether a text holds all words of one name of an item, none but words of its names, and no other size."""
    allowed = one.words if one.contents <= words else one.words - one.contents
    return (
        any(all(_among(word, words) for word in key) for key in one.keys)
        and all(_among(word, allowed) for word in words)
        and all(_agrees(size, one.sizes) for size in sizes)
    )


def _among(word: str, words: Iterable[str]) -> bool:
    """Whether a word, or one spelt nearly so, is among some words."""
    from rapidfuzz import fuzz, process

    if word in words:
        return True
    # A number is never misspelt, and a prefix turns the meaning: complicated, uncomplicated.
    others = [other for other in words if other.isalpha() and other[0] == word[0]]
    return process.extractOne(word, others, scorer=fuzz.ratio, score_cutoff=LEAST_LIKENESS) is not None


def _agrees(size: _Size, sizes: Iterable[_Size]) -> bool:
    """Whether a size lies within those of an item; one that the item does not give says nothing.

    So a roll of 4 x 50 m is no sheet of 4 x 6 m.
    """
    comparable = False
    for own in sizes:
        try:
            numbers = [units.converted(number, size.unit, own.unit) for number in size.numbers]
        except units.UnitError:
            continue
        comparable = True
        if min(own.numbers) <= min(numbers) and max(numbers) <= max(own.numbers):
            return True
    return not comparable


def _likest(words: frozenset[str], fitting: Sequence[_Known]) -> _Known | None:
    """The item one of whose names is clearly likest; None if there is none."""
    from rapidfuzz import fuzz

    def likeness(one: _Known) -> float:
        text = " ".join(sorted(words))
        return max(fuzz.token_sort_ratio(text, " ".join(sorted(key))) for key in one.keys)

    ranked = sorted(fitting, key=likeness, reverse=True)
    if len(ranked) > 1 and likeness(ranked[0]) - likeness(ranked[1]) < LEAST_LEAD:
        return None
    return ranked[0] if ranked else None


def _nearest(text: str, known: Sequence[_Known], count: int = 3) -> tuple[str, ...]:
    """Ids of the items that are named most alike."""
    from rapidfuzz import fuzz, process

    likeness = {
        one.item.id: max(
            score
            for _, score, _ in process.extract(text, one.spellings, scorer=fuzz.token_set_ratio, limit=None)
        )
        for one in known
    }
    near = sorted((id for id in likeness if likeness[id] >= _NEAR_ENOUGH), key=lambda id: -likeness[id])
    return tuple(near[:count])
