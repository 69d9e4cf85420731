"""Arrays of one value a cell: in memory, or in files mapped into it where there are too many cells to hold.

Such an array is gone through band after band. Of a mapped one only the band at work takes memory: what is let go is
read from its file when it is looked at again.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["is_mapped", "let_go", "room", "sent"]

Array = NDArray[Any]

MOST_HELD = 4_000_000
"""Values up to which an array lies in memory."""
PIECE = 1_000_000
"""Values written to a file at a time."""


def room(size: int, dtype: DTypeLike, fill: float = 0) -> Array:
    """An array of one value a cell, all alike; in a file without a name where it is large.

    The file is gone with the array, whatever ends the process.

    Parameters
    ----------
    size : int
        Values.
    dtype : data type
    fill : float
        Each value.

    Raises
    ------
    OSError
        If there is no room for the file; the message says where, and what to do.

    Examples
    --------
    >>> room(3, "float64", 0.5)
    array([0.5, 0.5, 0.5])
    """
    if size <= MOST_HELD:
        return np.full(size, fill, dtype)
    with tempfile.TemporaryFile() as file:
        try:
            _fill(file, size, np.full(PIECE, fill, dtype))
        except OSError as error:
            message = (
                f"no room for {size:,} cells in {tempfile.gettempdir()} ({error.strerror}); "
                "set TMPDIR to a folder on a larger disk, or make the cells larger (grid: cell_km)"
            )
            raise OSError(message) from None
        return _mapped(os.dup(file.fileno()), np.dtype(dtype))


class _Mapping(mmap.mmap):
    """A mapping that knows its file, so that another process can map it too."""

    number: int
    """Under which the file is open."""


def _mapped(number: int, dtype: np.dtype[Any]) -> Array:
    """An array over the whole of a file, by the number it is open under, which is the array's from now on."""
    mapping = _Mapping(number, 0)
    mapping.number = number
    weakref.finalize(mapping, os.close, number)
    return np.frombuffer(mapping, dtype)


def _fill(file: IO[bytes], size: int, piece: Array) -> None:
    """Write a file whole, so that a disk that is full says so now and not when a band is written."""
    for first in range(0, size, piece.size):
        file.write(piece[: size - first].tobytes())
    file.flush()


def let_go(*arrays: Array) -> None:
    """Hand the memory of mapped arrays back to the system; what they hold stays. Others are left as they are."""
    for array in arrays:
        mapping = _mapping(array)
        if mapping is not None and hasattr(mapping, "madvise"):
            mapping.madvise(mmap.MADV_DONTNEED)


def is_mapped(array: Array) -> bool:
    """Whether an array is the whole of a file."""
    mapping = _mapping(array)
    return mapping is not None and len(mapping) == array.nbytes


def sent(array: Array) -> Any:
    """What to pickle in place of an array: a mapped one goes to a process that starts on this machine as its file.

    Where that is not possible (another machine, Windows) its figures are copied. What comes out is an array.
    """
    return _Sent(array)


class _Sent:
    """An array on its way to another process."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing import context, reduction

        mapping = _mapping(self.array) if is_mapped(self.array) else None
        if mapping is None or os.name != "posix" or context.get_spawning_popen() is None:
            return np.asarray, (self.array,)
        return _received, (reduction.DupFd(mapping.number), self.array.dtype)


def _received(number: Any, dtype: np.dtype[Any]) -> Array:
    """What `_Sent` sent, in the other process."""
    return _mapped(number.detach(), dtype)


def _mapping(array: Array) -> _Mapping | None:
    """The mapping that an array, or what it is a part of, lies in."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    held = base.obj if isinstance(base, memoryview) else base
    return held if isinstance(held, _Mapping) else None
