"""Arrays that are costly to derive, kept by a hash of everything they are made from."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

Array = NDArray[Any]

ROOM = 2**30
"""What entries of one name may take; the least recently used go first. [byte]"""
STALE = 3600.0
"""What is still half-written after this long was left by a process that was killed. [s]"""


def folder() -> Path | None:
    """Where entries lie: `DISPLACEMENT_CACHE`, or the user's cache; none if that is `off`."""
    chosen = os.environ.get("DISPLACEMENT_CACHE", "")
    if chosen == "off":
        return None
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("displacement"))


def cached(name: str, parts: Sequence[Any], compute: Callable[[], tuple[Array, ...]]) -> tuple[Array, ...]:
    """Arrays from the cache, or computed and kept.

    A cache that cannot be read or written is as good as none: the arrays are computed.

    Parameters
    ----------
    name : str
        What they are, with a version that changes when the way of computing does.
    parts : sequence of arrays, numbers and text
        Everything the arrays are made from.
    compute : callable
        Computes them.

    Returns
    -------
    tuple of arrays
    """
    where = folder()
    if where is None:
        return compute()
    entry = where / f"{name}-{_digest(parts)}.npz"
    with contextlib.suppress(
        OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, SyntaxError
    ):
        with entry.open("rb") as stream, np.load(stream) as stored:
            arrays = tuple(stored[f"array_{at}"] for at in range(len(stored.files)))
        os.utime(entry)
        return arrays
    arrays = compute()
    with contextlib.suppress(OSError):
        _store(entry, arrays)
    return arrays


def _digest(parts: Sequence[Any]) -> str:
    """A hash of arrays (type, shape and content), numbers and text."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).tobytes())
        else:
            total.update(repr(part).encode())
    return total.hexdigest()[:32]


def _named(arrays: tuple[Array, ...]) -> dict[str, Any]:
    return {f"array_{at}": array for at, array in enumerate(arrays)}


def _store(entry: Path, arrays: tuple[Array, ...]) -> None:
    """Write an entry whole or not at all, and let the oldest go."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    for left in entry.parent.glob("*.partial"):
        if time.time() - left.stat().st_mtime > STALE:
            left.unlink(missing_ok=True)
    handle, partial = tempfile.mkstemp(dir=entry.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, **_named(arrays))  # packing them would take longer than working them out
        Path(partial).replace(entry)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    kind = entry.name.rpartition("-")[0]
    there = [(file, file.stat()) for file in entry.parent.glob(f"{kind}-*.npz")]
    there.sort(key=lambda one: one[1].st_mtime, reverse=True)
    taken = itertools.accumulate(stat.st_size for _, stat in there)
    for (old, _), size in zip(there[1:], itertools.islice(taken, 1, None), strict=True):
        if size > ROOM:
            old.unlink(missing_ok=True)
