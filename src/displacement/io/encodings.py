"""Bytes of a text table to text: UTF-8, UTF-16, and the Arabic and Turkish code pages of Windows."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable

LEAST_FIT = 0.8
"""Share of the foreign letters that must make sense before a code page is believed. [1] Real text has nearly 1."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WORD = re.compile(r"(?:[^\W\d_]|[\u064b-\u0652\u200c-\u200f])+")
_TURKISH = frozenset("çğıöşüâîûÇĞİÖŞÜÂÎÛ")


def decode(content: bytes) -> str:
    """Text of a table.

    A byte-order mark decides; else it is UTF-8 if it can be; else the one of the code pages 1256 (Arabic)
    and 1254 (Turkish) in which the letters beyond ASCII make more sense (`arabic_fit`, `turkish_fit`).

    Raises
    ------
    ValueError
        If it is not text, or of another code page; the message says what to do.

    Examples
    --------
    >>> decode("سراقب".encode("cp1256")), decode("Han Şeyhun".encode("cp1254"))
    ('سراقب', 'Han Şeyhun')
    """
    marked = content.startswith(_UTF16)
    text = _utf16(content) if marked else content.decode("latin-1")
    control = _CONTROL.search(text)
    if control:
        raise ValueError(
            f"is not a table of text (control character {ord(control[0])} at position {control.start() + 1}); "
            "save it as 'CSV UTF-8' or as XLSX"
        )
    return text if marked else _utf8(content)


def _utf16(content: bytes) -> str:
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("is UTF-16 text that is cut off or damaged; save it as 'CSV UTF-8'") from None


def _utf8(content: bytes) -> str:
    """The text as UTF-8, or in the code page that fits."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if _is_mostly_utf8(content):
            raise ValueError(
                f"is UTF-8 text with a damaged letter (byte {error.start + 1}); save it as 'CSV UTF-8' again"
            ) from None
        found = _code_page(content)
        if found is None:
            raise ValueError(
                f"is not UTF-8 text (byte {error.start + 1}), nor surely Arabic or Turkish text of Windows; "
                "save it as 'CSV UTF-8'"
            ) from None
        return found


def _is_mostly_utf8(content: bytes) -> bool:
    """Whether more letters beyond ASCII can be read as UTF-8 than cannot.

    Arabic of a damaged UTF-8 file would pass for Arabic of the code page, in other letters.
    """
    text = content.decode("utf-8", "replace")
    return 2 * text.count("\ufffd") < sum(not letter.isascii() for letter in text)


def _code_page(content: bytes) -> str | None:
    """The text in the code page that fits better; None if none does, or both do alike."""
    fits = []
    for page, fit in (("cp1256", arabic_fit), ("cp1254", turkish_fit)):
        try:
            text = content.decode(page)
        except UnicodeDecodeError:
            continue
        fits.append((fit(text), text))
    fits.sort(reverse=True)
    if not fits or fits[0][0] < LEAST_FIT or (len(fits) > 1 and fits[0][0] == fits[1][0]):
        return None
    return fits[0][1]


def arabic_fit(text: str) -> float:
    """Share of the letters beyond ASCII that stand in words of Arabic letters alone. [1]

    Turkish read as Arabic mixes both within a word.

    >>> arabic_fit("سراقب, Saraqib"), arabic_fit("قeyhun")
    (1.0, 0.0)
    """
    return _share(text, lambda word, letter: all(map(_is_arabic, filter(str.isalpha, word))))


def turkish_fit(text: str) -> float:
    """Share of the letters beyond ASCII that are of the Turkish alphabet. [1]

    Arabic read as Turkish is mostly letters that Turkish does not have.

    >>> turkish_fit("Han Şeyhun"), turkish_fit("ÓÑÇÞÈ")
    (1.0, 0.2)
    """
    return _share(text, lambda word, letter: letter in _TURKISH)


def _share(text: str, fits: Callable[[str, str], bool]) -> float:
    """Share of the letters beyond ASCII that fit; 0 where there is none."""
    found = [
        fits(word, letter)
        for word in _WORD.findall(text)
        if any(map(str.isalpha, word))
        for letter in word
        if not letter.isascii()
    ]
    return sum(found) / len(found) if found else 0.0


def _is_arabic(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("ARABIC")
