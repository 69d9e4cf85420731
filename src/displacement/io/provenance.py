"""What a result was made from: inputs with hashes, versions, settings."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = "displacement-estimator"
"""Name of the distribution."""
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
    manifest = path.parent / "manifest.json"
    if not manifest.is_file():
        return {}
    entry = json.loads(manifest.read_text(encoding="utf-8")).get("files", {}).get(path.name, {})
    return {key: entry[key] for key in ("source", "licence", "retrieved") if key in entry}
