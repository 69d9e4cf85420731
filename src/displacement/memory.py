"""How much memory there is, how much a run may take, and what fits into that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["Plan", "TooLittleMemoryError", "amount", "ceiling", "now", "peak", "planned", "written"]

UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
SHARE = 0.5
"""Part of the memory of the machine that a run may take unless it is told. [1]"""
WORKING = 350_000_000
"""What needs, supply and tables take beside the members, whatever their number: they are worked out a part at a time.
[byte]"""
GROWS = 1.15
"""What a worker takes in the end over what it took for its first member: freed memory is not all given back. [1]"""
CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""Where a container says how much memory it has."""


class TooLittleMemoryError(ValueError):
    """A run does not fit under its ceiling."""


def amount(text: str) -> int:
    """An amount of memory in words. [byte]

    Parameters
    ----------
    text : str
        A number and its unit: KB, MB, GB, TB (powers of ten), KiB, MiB, GiB, TiB (powers of two).

    Raises
    ------
    ValueError
        If it is not written so.

    Examples
    --------
    >>> amount("1.5GB"), amount("800 mb"), amount("2GiB")
    (1500000000, 800000000, 2147483648)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([a-z]+)\s*", text, re.IGNORECASE)
    if found is None or found[2].upper() not in UNITS or float(found[1]) == 0:
        raise ValueError(f"write a number and its unit, such as 800MB or 1.5GB (got {text})")
    return round(float(found[1]) * UNITS[found[2].upper()])


def written(size: float) -> str:
    """An amount of memory as it is shown and may be written.

    >>> written(1.52e9), written(8e8)
    ('1.6GB', '800MB')
    """
    if size < 1e9:
        return f"{-(-size // 1e7) * 10:.0f}MB"
    return f"{-(-size // 1e8) / 10:.1f}GB"


def ceiling(asked: str | int | None = None) -> int:
    """What a run may take: what is asked for, or half of the memory of the machine or container. [byte]"""
    if asked is not None:
        return amount(asked) if isinstance(asked, str) else asked
    import psutil

    there = int(psutil.virtual_memory().total)
    limit = CONTAINER.read_text().strip() if CONTAINER.is_file() else ""
    return int(SHARE * min(there, int(limit) if limit.isdigit() else there))


def now() -> int:
    """Memory that this process holds. [byte]"""
    import psutil

    return int(psutil.Process().memory_info().rss)


def peak() -> int:
    """The most that this process has held so far; what it holds now where the system does not say. [byte]"""
    import psutil

    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.is_file() else None
    if found is not None:
        return int(found[1]) * 1024
    held = psutil.Process().memory_info()
    return int(getattr(held, "peak_wset", held.rss))


class Plan(NamedTuple):
    """How a run stays under its ceiling."""

    workers: int
    """Processes that share the members."""
    in_memory: bool
    """Whether there is room for the figures of all members; else they lie in temporary files."""


def planned(limit: int, own: int, each: int, workers: int, kept: int, fewer: bool) -> Plan:
    """Who works, and where the members' figures lie, so that a run stays under its ceiling.

    Parameters
    ----------
    limit : int
        The ceiling. [byte]
    own : int
        What this process takes without the members' figures. [byte]
    each : int
        What a worker took for its first member. [byte]
    workers : int
        Processes beside this one; 0: it works itself.
    kept : int
        The figures of all members. [byte]
    fewer : bool
        Whether fewer workers will do.

    Raises
    ------
    TooLittleMemoryError
        If it does not fit; the message says what does.

    Examples
    --------
    >>> planned(limit=2300_000_000, own=600_000_000, each=400_000_000, workers=4, kept=300_000_000, fewer=True)
    Plan(workers=3, in_memory=True)
    >>> planned(limit=1100_000_000, own=600_000_000, each=400_000_000, workers=4, kept=300_000_000, fewer=True)
    Plan(workers=1, in_memory=False)
    """
    each = round(each * GROWS)
    room = max((limit - own) // max(each, 1), 0)
    fit = min(workers, room) if fewer else workers
    least = max(own + WORKING, own + min(fit or 1, workers) * each)
    if least > limit:
        parts = f"{written(own)} for this process"
        parts += f", {written(each)} for each worker" if workers else f" and {written(WORKING)} to work in"
        fewer_workers = [f"--workers {room}"] if 0 < room < fit else []
        ways = " or ".join([f"--max-memory {written(least)}", *fewer_workers])
        raise TooLittleMemoryError(
            f"max-memory: {written(limit)} is too little, the run takes about {written(least)} ({parts}); write {ways}, "
            "or make the cells larger (grid: cell_km)"
        )
    return Plan(fit, max(own + WORKING, own + fit * each) + kept <= limit)
