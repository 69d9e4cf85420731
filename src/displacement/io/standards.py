"""The aid standards that come with the package, and the layers laid over them: profile, area, scenario, sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from displacement.io.documents import read_document
from displacement.io.errors import suggestion
from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, CatalogueError, resolve

Layer = tuple[str, Mapping[str, Any]]


def standards() -> dict[str, Any]:
    """The shipped standards as plain data."""
    return _shipped("standards.yaml")


def profiles() -> dict[str, Any]:
    """The named profiles, each a layer with a `title`."""
    return _shipped("profiles.yaml")


def catalogue(
    assumptions: NeedsAssumptions,
    profile: str = "sphere",
    area: Path | None = None,
    scenario: Mapping[str, Sequence[Any]] | None = None,
    sites: Sequence[Mapping[str, Any]] = (),
) -> Catalogue:
    """The shipped standards with all layers laid over them.

    Parameters
    ----------
    assumptions : NeedsAssumptions
        Who the displaced are.
    profile : str
        One of the named profiles.
    area : pathlib.Path, optional
        The area's own lines, a YAML file.
    scenario : mapping, optional
        `items`, `drop`, `only` and `include` of a scenario.
    sites : sequence of mapping
        `zones`, `type` and `items` of each part that differs.

    Raises
    ------
    displacement.needs.catalogue.CatalogueError
        With every mistake in the lines.
    InputError
        If the area's file is no YAML.
    """
    named = profiles()
    if profile not in named:
        raise CatalogueError([f"profile: unknown profile '{profile}'{suggestion(profile, list(named))}"])
    layers: list[Layer] = [("standards", standards()), (f"profile {profile}", named[profile])]
    if area is not None:
        layers.append((f"area ({area.name})", read_document(area).data))
    own = {key: list(lines) for key, lines in (scenario or {}).items() if lines}
    if own:
        layers.append(("scenario", own))
    return resolve(layers, assumptions, sites)


@lru_cache(maxsize=4)
def _shipped(name: str) -> dict[str, Any]:
    """A file of the package as plain data; read once, because it never changes. Nobody writes into it."""
    return read_document(Path(str(files("displacement.needs") / name))).data
