"""The aid standards that come with the package, with a scenario's changes laid over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from displacement.io.documents import read_document
from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.catalogue import Catalogue, resolve


def standards() -> dict[str, Any]:
    """The shipped standards as plain data."""
    return read_document(Path(str(files("displacement.needs") / "standards.yaml"))).data


def catalogue(
    assumptions: NeedsAssumptions, items: Sequence[Mapping[str, Any]] = (), drop: Sequence[str] = ()
) -> Catalogue:
    """The shipped standards with a scenario's items laid over them.

    Raises
    ------
    displacement.needs.catalogue.CatalogueError
        With every mistake in the scenario's lines.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = [("standards", standards())]
    if items or drop:
        layers.append(("scenario", {"items": [dict(item) for item in items], "drop": list(drop)}))
    return resolve(layers, assumptions)
