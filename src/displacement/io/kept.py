"""Figures of many members: in memory, or in temporary files that are read a part at a time."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Hashable, Iterator
from typing import IO, Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

__all__ = ["AT_ONCE", "Kept", "by_members", "by_zones", "laid_out", "over_members", "summed"]

Array = NDArray[Any]
Held = TypeVar("Held", xr.Dataset, xr.DataArray)

AT_ONCE = 16
"""Members that are read and worked on together. It does not follow the memory there is: how many rows a product has may
change its last bit."""
FIGURES = 1_000_000
"""Figures of all members that are read together where members are compared."""
MAPPED = 32_000_000
"""Bytes of a file that are looked at together. [byte]"""


class Kept:
    """Room for datasets of members that come in parts, one after the other or in any order.

    Parameters
    ----------
    members : int
        How many there will be.
    in_memory : bool
        Else in files without a name: they are gone with the last dataset that reads them, whatever ends the process.
    outermost : {"member", "zone"}
        What lies together in a file: all of a member, or all of a zone, so that either is read in one piece.

    Examples
    --------
    >>> room = Kept(3, in_memory=False, outermost="zone")
    >>> for at in (2, 0, 1):
    ...     room.add(at, xr.Dataset({"people": (("member", "zone"), [[at, 10.0 * at]])}))
    >>> room.dataset()["people"].isel(zone=1).values
    array([ 0., 10., 20.])
    """

    def __init__(self, members: int, in_memory: bool, outermost: str = "member") -> None:
        self.members, self.in_memory, self.outermost = members, in_memory, outermost
        self._arrays: dict[Hashable, Array | _OnDisk] = {}
        self._like = xr.Dataset()

    def add(self, first: int, part: xr.Dataset) -> None:
        """Take in the members from position `first` on; what does not run along `member` is that of the first part."""
        if not self._arrays:
            self._like = part
        for name, values in part.data_vars.items():
            if "member" in values.dims:
                own = values.transpose("member", ...)
                if name not in self._arrays:
                    self._arrays[name] = self._empty(own)
                self._arrays[name][first : first + own.sizes["member"]] = own.values

    def _empty(self, like: xr.DataArray) -> Array | _OnDisk:
        """Room for one array of all members."""
        shape = (self.members, *like.shape[1:])
        if self.in_memory:
            return np.empty(shape, like.dtype)
        outermost = like.dims.index(self.outermost) if self.outermost in like.dims else 0
        return _OnDisk(shape, like.dtype, outermost)

    def dataset(self) -> xr.Dataset:
        """All members, as one dataset whose arrays are read when they are used."""
        found: dict[Hashable, Any] = {}
        for name, values in self._like.data_vars.items():
            array = self._arrays.get(name)
            if array is None:
                found[name] = values
                continue
            dims = values.transpose("member", ...).dims
            held = array if isinstance(array, np.ndarray) else indexing.LazilyIndexedArray(array)
            found[name] = xr.Variable(dims, held, values.attrs)
        coords = {name: each for name, each in self._like.coords.items() if "member" not in each.dims}
        if "member" in self._like.coords:
            coords["member"] = xr.DataArray(np.arange(self.members), dims="member")
        return xr.Dataset(found, coords=coords, attrs=self._like.attrs)


class _OnDisk(BackendArray):
    """An array by member and more, in a file without a name; one of its axes is the outermost in the file."""

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike, outermost: int) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the array
        weakref.finalize(self, self._file.close)
        self._order = (outermost, *(axis for axis in range(len(shape)) if axis != outermost))
        self._lies = tuple(shape[axis] for axis in self._order)
        self._row = self.dtype.itemsize * int(np.prod(self._lies[1:]))

    def __setitem__(self, members: slice, values: Array) -> None:
        by_member = self._order[0] == 0
        pieces = [values] if by_member else values.transpose(self._order)
        of_member = self._row if by_member else self._row // self.shape[0]
        try:
            for at, piece in enumerate(pieces):
                self._file.seek(at * self._row + members.start * of_member)
                self._file.write(piece.tobytes())
            self._file.flush()
        except OSError as error:
            message = (
                f"no room for the members' figures in {tempfile.gettempdir()} ({error.strerror}); "
                "set TMPDIR to a folder on a larger disk, or give more memory"
            )
            raise OSError(message) from None

    def __getitem__(self, key: Any) -> Array:
        found: Array = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._read
        )
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> _OnDisk:
        return self

    def _read(self, key: tuple[int | slice, ...]) -> Array:
        """A part of the array, copied out of the file piece by piece, so that little of it is ever mapped."""
        wanted = [part if isinstance(part, slice) else slice(int(part), int(part) + 1) for part in key]
        outer, *inner = (wanted[axis] for axis in self._order)
        rows = range(self._lies[0])[outer]
        sizes = [len(range(size)[part]) for size, part in zip(self._lies[1:], inner, strict=True)]
        found = np.empty((len(rows), *sizes), self.dtype)
        step = max(1, MAPPED // max(self._row, 1))
        for first in range(0, len(rows), step):
            some = np.asarray(rows[first : first + step])
            mapped = self._mapped(int(some.min()), int(some.max()) + 1)[(slice(None), *inner)]
            found[first : first + len(some)] = mapped[some - some.min()]
        back = found.transpose(np.argsort(self._order))
        return back[tuple(slice(None) if isinstance(part, slice) else 0 for part in key)]

    def _mapped(self, first: int, end: int) -> Array:
        """Some rows of the file."""
        shape = (end - first, *self._lies[1:])
        if not self._row:
            return np.empty(shape, self.dtype)
        return np.memmap(self._file, self.dtype, "r", first * self._row, shape)


def laid_out(part: Held) -> Held:
    """A part of a dataset or array in memory, row by row: the last bit of a sum may hang on how figures lie."""
    if isinstance(part, xr.Dataset):
        return part.assign({name: laid_out(values) for name, values in part.data_vars.items()})
    return part.copy(data=np.ascontiguousarray(part.values).reshape(part.shape))


def by_members(held: Held) -> Iterator[Held]:
    """A dataset or an array, `AT_ONCE` members at a time."""
    for first in range(0, held.sizes["member"], AT_ONCE):
        yield laid_out(held.isel(member=slice(first, first + AT_ONCE)))


def over_members(array: xr.DataArray, work: Callable[[xr.DataArray], xr.DataArray]) -> xr.DataArray:
    """What comes of each member by itself, worked out some members at a time.

    Parameters
    ----------
    array : xarray.DataArray
        By member and more.
    work : callable
        Of some members; keeps the axis `member`.
    """
    parts = [work(part) for part in by_members(array)]
    return parts[0] if len(parts) == 1 else xr.concat(parts, "member")


def summed(needs: xr.Dataset, *dims: str) -> xr.Dataset:
    """Needs added up over some dimensions, of which one step is left; not known where a part is not.

    Parameters
    ----------
    needs : xarray.Dataset
        `need` by (member, time, zone, item).
    dims : str
        Of time and zone.
    """
    total = over_members(needs["need"], lambda part: part.sum(dims, skipna=False, keepdims=True))
    return needs.drop_dims(dims).assign(need=total)


def by_zones(array: xr.DataArray, zone: str = "zone") -> Iterator[slice]:
    """Zones whose figures of all members may be held together."""
    others = max(array.size // max(array.sizes[zone], 1), 1)
    step = max(1, FIGURES // others)
    for first in range(0, array.sizes[zone], step):
        yield slice(first, first + step)
