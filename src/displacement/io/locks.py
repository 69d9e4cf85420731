"""One writer at a time: a locked file beside what is written. The system lets it go with the process."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from displacement.io.errors import InputError, finding

__all__ = ["alone"]

PATIENCE = 600.0
"""How long to wait for another writer. [s]"""
PAUSE = 0.05
"""Between two tries. [s]"""

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def alone(target: Path, patience: float = PATIENCE) -> Iterator[bool]:
    """Keep others from writing at a place as long as this lasts.

    Parameters
    ----------
    target : pathlib.Path
        What is written; the lock is a hidden file beside it, gone afterwards.
    patience : float
        How long to wait for who writes there now. [s]

    Yields
    ------
    bool
        Whether nobody else can be writing: not every network drive knows locks.

    Raises
    ------
    InputError
        If the other does not end.
    OSError
        If there can be no file beside it.
    """
    lock = target.with_name(f".{target.name}.lock")
    until = time.monotonic() + patience
    while (handle := _locked(lock)) is None:
        if time.monotonic() > until:
            message = "another run is still writing there; let it end, or name another folder"
            raise InputError(finding(target, message))
        time.sleep(PAUSE)
    try:
        yield handle >= 0
    finally:
        _let_go(lock, handle)


def _locked(lock: Path) -> int | None:
    """The open file with the lock on it; None where another has it; -1 where the drive knows no locks."""
    handle = os.open(lock, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        _take(handle)
        if os.path.samestat(os.fstat(handle), lock.stat()):
            return handle
        found = None
    except (BlockingIOError, PermissionError, FileNotFoundError):
        found = None  # another holds it, or took it away as it ended
    except OSError:
        found = -1
    os.close(handle)
    return found


def _let_go(lock: Path, handle: int) -> None:
    """Take the file away and the lock off; Windows takes no file away that is open."""
    open_files_stay = sys.platform == "win32"
    if handle >= 0 and open_files_stay:
        os.close(handle)
    with contextlib.suppress(OSError):
        lock.unlink()
    if handle >= 0 and not open_files_stay:
        os.close(handle)
