"""What a result was made from: inputs with hashes, versions, settings."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from displacement.io.errors import InputError, finding

PACKAGE = "displacement-estimator"
"""Name of the distribution."""
MANIFEST = "manifest.json"
"""Says of each file of an area folder where it comes from, and its hash."""
LIBRARIES = ("numpy", "scipy", "xarray", "pydantic", "pyproj", "rasterio", "shapely", "pyogrio", "netCDF4")


def sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def version() -> str:
    """Version of this package; `unknown` in a source tree that is not installed."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "unknown"


def provenance(settings: dict[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """Inputs with hashes, sources of the area's tables, versions and settings.

    Parameters
    ----------
    settings : dict
        The resolved scenario as plain values.
    files : iterable of pathlib.Path
        Every file that was read.

    Returns
    -------
    dict
        Plain values that JSON holds.
    """
    listed = {}
    for path in dict.fromkeys(files):
        listed[f"{path.resolve().parent.name}/{path.name}"] = {
            "sha256": sha256(path),
            **_source(path),
        }
    return {
        "package": {"name": PACKAGE, "version": version()},
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "inputs": listed,
        "scenario": settings,
    }


def _source(path: Path) -> dict[str, str]:
    """Source and licence of a table, from the manifest of its folder."""
    entry: dict[str, str] = {}
    with contextlib.suppress(InputError):  # beside a planner's own table a manifest may be of another kind
        entry = _described(path.parent).get(path.name, {})
    return {key: entry[key] for key in ("source", "licence", "retrieved") if key in entry}


def changed(folder: Path) -> list[str]:
    """Files of a folder that are there, and not as its manifest describes them.

    Line ends may differ: copying between systems changes them, and nothing else.
    """
    return [
        name
        for name, entry in _described(folder).items()
        if Path(name).suffix != ".md"
        and (folder / name).is_file()
        and not _is_as(folder / name, entry["sha256"])
    ]


def _is_as(path: Path, digest: str) -> bool:
    """Whether a file has a hash, as it is or with the line ends of the other systems.

    One that cannot be read counts as unchanged: whoever needs it says so.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return True
    unix = content.replace(b"\r\n", b"\n")
    return digest in (hashlib.sha256(written).hexdigest() for written in (content, unix))


def _described(folder: Path) -> dict[str, dict[str, str]]:
    """What the manifest of a folder says of each file; nothing where there is none.

    Raises
    ------
    InputError
        If the manifest cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        files: dict[str, dict[str, str]] = json.loads(path.read_bytes())["files"]
        if all(isinstance(entry["sha256"], str) and Path(name).name == name for name, entry in files.items()):
            return files
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise InputError(
        finding(
            path, "does not give the files of the folder with their hashes; run `make manifest`, or remove it"
        )
    )
