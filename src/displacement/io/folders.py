"""Folders that are whole or not there, and what tells a run folder from any other."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from displacement.io.errors import InputError, finding
from displacement.io.provenance import PACKAGE

MANIFEST = "internal/manifest.json"
"""Names every file of a run, and so tells a run folder from any other."""


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into that takes its place only when all is written.

    What stood there before stays until then. A run that is stopped leaves nothing.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    target = target.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise InputError(
            finding(target, f"cannot be written ({error.strerror}); name another folder")
        ) from None
    try:
        yield partial
        partial.chmod(0o755)
        _take_place(partial, target)
    except OSError as error:
        message = f"could not be written ({error.strerror or error}); nothing was changed"
        raise InputError(finding(target, message)) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _others(folder: Path) -> list[str]:
    """What lies in a folder and was not written by an earlier run: it is never deleted."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    with contextlib.suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["package"]["name"] == PACKAGE:
            there -= {MANIFEST, *manifest["written"]}
    return sorted(there)


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write the manifest of a run folder, last, with the names of all files in it."""
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_json(folder / MANIFEST, {**content, "written": written})


def _take_place(partial: Path, target: Path) -> None:
    """Put a finished folder in the place of an older one, which goes only when that is done."""
    if not target.exists():
        partial.replace(target)
        return
    others = _others(target) if target.is_dir() else [target.name]
    if others:
        message = (
            f"{target.name} holds what no run has written ({', '.join(others[:3])}); name another folder"
        )
        raise FileExistsError(0, message)
    older = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-old-"))
    try:
        target.replace(older / "run")
        partial.replace(target)
    except BaseException:
        if not target.exists():
            (older / "run").replace(target)
        older.rmdir()
        raise
    shutil.rmtree(older, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write plain values as JSON."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
