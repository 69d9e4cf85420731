"""Folders that are whole or not there, and what tells a run folder from any other."""

from __future__ import annotations

import contextlib
import errno
import glob
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from displacement.io.errors import InputError, finding
from displacement.io.locks import alone
from displacement.io.provenance import PACKAGE

MANIFEST = "internal/manifest.json"
"""Names every file of a run, and so tells a run folder from any other."""


OWN_MARKS = {"~$": "", ".~lock.": "#", "": "-wal"}
"""What a program puts around the name of a file that it has open, in a file beside it: spreadsheets, databases."""
NOBODYS = (".DS_Store", "Thumbs.db", "desktop.ini", "*-shm", "*.aux.xml")
"""Files that looking into a folder, or opening a map of it, leaves there."""
NEW, OLD = ".new", ".old"
"""Ends of the names of hidden folders: one that is being written, one that makes room."""
ROOM = 2**20
"""A disk with less than this is full: what failed for want of room may have been that large. [byte]"""
TRIES = (0.1, 0.4, 1.0, 0.0)
"""How long to wait after each failed try to move a folder: scanners look into new files for a moment. [s]"""


class HeldOpenError(InputError):
    """A finished folder could not take its place, and is in another beside it."""

    def __init__(self, target: Path, beside: Path) -> None:
        marks = _marks(target)
        held = ", ".join(dict.fromkeys([*marks.values(), *_unwritable(target)])) or "something in it"
        else_ = f" (if nobody has it open, delete {', '.join(marks)})" if marks else ""
        message = (
            f"{held} is open in another program, or may not be changed, so the earlier run was left as it is; "
            f"this one is in {beside}; close the file{else_} and run again to have it in {target.name}"
        )
        super().__init__(finding(target, message))
        self.beside = beside
        """Where everything was written."""


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into that takes its place only when all is written.

    What stood there before stays until then. A run that is stopped leaves nothing; what one leaves that was killed, the
    next takes away. Two that write to one place do so one after the other.

    Raises
    ------
    InputError
        If the place cannot be written to.
    HeldOpenError
        If what stood there is open in another program: what was written is then whole in a folder beside it.
    """
    target = target.resolve()
    with contextlib.ExitStack() as held:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if held.enter_context(alone(target)):
                _tidy(target)
            partial = _hidden(target, NEW)
        except OSError as error:
            message = f"cannot be written ({_reason(error, target)}); name another folder"
            raise InputError(finding(target, message)) from None
        held.callback(shutil.rmtree, partial, ignore_errors=True)
        try:
            yield partial
            partial.chmod(0o755)
            _take_place(partial, target)
        except HeldOpenError:
            raise
        except Exception as error:
            why = error.__context__ if isinstance(error, InputError) else error
            if not isinstance(why, OSError) and not _full(target):
                raise
            message = f"could not be written ({_reason(why or error, target)}); nothing was changed"
            raise InputError(finding(target, message)) from None


def _hidden(target: Path, end: str) -> Path:
    """A new hidden folder beside a place."""
    return Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-", suffix=end))


def _tidy(target: Path) -> None:
    """Take away what killed runs left; an earlier run that one had moved aside comes back."""
    of_target = f".{glob.escape(target.name)}-{'[a-z0-9_]' * 8}"
    for older in target.parent.glob(f"{of_target}{OLD}/run"):
        if not target.exists():
            older.replace(target)
    for end in (NEW, OLD):
        for left in target.parent.glob(f"{of_target}{end}"):
            shutil.rmtree(left, ignore_errors=True)


def _full(place: Path) -> bool:
    """Whether the disk is full. Libraries that write NetCDF and GeoTIFF do not say why they fail."""
    there = next(folder for folder in place.parents if folder.exists())
    return shutil.disk_usage(there).free < ROOM


def _reason(error: BaseException, place: Path) -> str:
    """Why something cannot be written, in words of a planner."""
    if _full(place) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return "the disk is full; make room, or name a folder on another"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def _others(folder: Path) -> list[str]:
    """What lies in a folder and was not written by an earlier run: it is never deleted."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    there -= set(_marks(folder))
    with contextlib.suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["package"]["name"] == PACKAGE:
            there -= {MANIFEST, *manifest["written"]}
    return sorted(name for name in there if not any(PurePosixPath(name).match(each) for each in NOBODYS))


def _marks(folder: Path) -> dict[str, str]:
    """Marks that programs have put beside files they have open: the file of each mark."""
    found = {}
    for path in sorted(folder.rglob("*")):
        for before, after in OWN_MARKS.items():
            name = path.name.removeprefix(before).removesuffix(after)
            if path.name == f"{before}{name}{after}" and name != path.name:
                found[path.relative_to(folder).as_posix()] = (
                    path.with_name(name).relative_to(folder).as_posix()
                )
    return found


def _unwritable(folder: Path) -> list[str]:
    """Files that another program keeps from being written to."""
    held = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                path.open("r+b").close()
        except OSError:
            held.append(path.relative_to(folder).as_posix())
    return held


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write the manifest of a run folder, last, with the names of all files in it."""
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_json(folder / MANIFEST, {**content, "written": written})


def _take_place(partial: Path, target: Path) -> None:
    """Put a finished folder in the place of an older one, which goes only when that is done."""
    if not target.exists():
        _move(partial, target)
        return
    others = _others(target) if target.is_dir() else [target.name]
    if others:
        message = (
            f"{target.name} holds what no run has written ({', '.join(others[:3])}); name another folder"
        )
        raise FileExistsError(0, message)
    older = _hidden(target, OLD)
    try:
        if _marks(target):
            raise PermissionError
        _move(target, older / "run")
        _move(partial, target)
    except BaseException as error:
        if not target.exists():
            (older / "run").replace(target)
        older.rmdir()
        if not isinstance(error, PermissionError):
            raise
        beside = _free_name(target)
        _move(partial, beside)
        raise HeldOpenError(target, beside) from None
    shutil.rmtree(older, ignore_errors=True)


def _move(folder: Path, place: Path) -> None:
    """Move a folder; one that is in use for a moment is waited for."""
    for pause in TRIES:
        try:
            folder.replace(place)
            return
        except PermissionError:
            if not pause:
                raise
            time.sleep(pause)


def _free_name(target: Path) -> Path:
    """The first of NAME-2, NAME-3 ... that is not there."""
    names = (target.with_name(f"{target.name}-{number}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def write_json(path: Path, content: Any) -> None:
    """Write plain values as JSON."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
