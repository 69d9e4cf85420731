"""Folders of wheels: what they hold, what they require where they are to be installed, and what is not there."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["Wheel", "compiled", "reach", "read"]

COMPILED = (".so", ".pyd", ".dll", ".dylib")


class Wheel(NamedTuple):
    """One file of a folder of wheels."""

    path: Path
    name: str
    version: str
    requires: tuple[Requirement, ...]
    files: tuple[str, ...]
    installed: int
    """What its files take once unpacked. [byte]"""


def read(folder: Path) -> dict[str, Wheel]:
    """All wheels of a folder by their normalised name."""
    return {wheel.name: wheel for wheel in map(_read, sorted(folder.glob("*.whl")))}


def _read(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        files = tuple(entry.filename for entry in entries)
        [about] = [name for name in files if name.count("/") == 1 and name.endswith(".dist-info/METADATA")]
        head = HeaderParser().parsestr(archive.read(about).decode("utf-8"))
    requires = tuple(map(Requirement, head.get_all("Requires-Dist", [])))
    installed = sum(entry.file_size for entry in entries)
    return Wheel(path, canonicalize_name(head["Name"]), head["Version"], requires, files, installed)


def compiled(wheel: Wheel) -> list[str]:
    """The files of a wheel that are made for one kind of machine."""
    return [name for name in wheel.files if name.endswith(COMPILED) or ".so." in name]


def reach(
    found: Mapping[str, Wheel], first: str, environment: Mapping[str, str]
) -> tuple[set[str], list[Requirement]]:
    """Follow what a package requires, and what that requires, where the environment is as given.

    pip weighs the conditions of a requirement ("only on Windows") by the machine it runs on, even where it downloads
    for another. So what it brought is followed once more.

    Parameters
    ----------
    found : mapping of str to Wheel
        Wheels by name.
    first : str
        The package to begin with.
    environment : mapping of str to str
        The markers of the machine on which it is installed.

    Returns
    -------
    set of str
        Names of the wheels that are needed.
    list of Requirement
        What is required and is not there, or in a version that does not do.
    """
    needed: set[str] = set()
    missing: dict[str, Requirement] = {}
    open_ones = [Requirement(first)]
    seen = set()
    while open_ones:
        requirement = open_ones.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        wheel = found.get(canonicalize_name(requirement.name))
        if wheel is None or not requirement.specifier.contains(wheel.version, prereleases=True):
            missing[str(requirement)] = requirement
            continue
        needed.add(wheel.name)
        extras = {"", *requirement.extras}
        open_ones += [each for each in wheel.requires if _holds(each, environment, extras)]
    return needed, list(missing.values())


def _holds(requirement: Requirement, environment: Mapping[str, str], extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras)
