"""Files of fitted parameter sets: the one that comes with the package, and a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML

from displacement.io.documents import explain, read_document
from displacement.io.errors import InputError
from displacement.movement.calibrated import ParameterSet

__all__ = ["NETWORKS", "SHIPPED", "of_networks", "read", "spread_of_networks", "write"]

SHIPPED = Path(str(files("displacement.movement") / "calibrated.yaml"))
"""The parameter set that comes with the package and is used where nothing else is asked for."""

NETWORKS = Path(str(files("displacement.movement") / "networks.yaml"))
"""Assumptions for all networks of places, in place of the defaults; the file says how they were chosen."""

HEAD = "Fitted parameters. Written by `displacement calibrate`; a change by hand is a change of results without a source."


@lru_cache(maxsize=8)
def read(path: Path) -> ParameterSet:
    """Read a parameter set; a file is read once.

    Parameters
    ----------
    path : pathlib.Path
        A file that `write` wrote.

    Returns
    -------
    ParameterSet

    Raises
    ------
    InputError
        If the file is none; all findings at once.
    """
    document = read_document(path)
    try:
        return ParameterSet.model_validate(document.data)
    except ValidationError as error:
        findings = [document.finding(*explain({**detail}, {})) for detail in error.errors()]
        raise InputError(*findings) from None


def of_networks() -> Mapping[str, Mapping[str, float]]:
    """What all networks of places assume where a scenario states nothing, by part and field of the movement."""
    return _networks()["movement"]


def spread_of_networks() -> Mapping[str, Mapping[str, float]]:
    """How far these may be off: geometric standard deviations, by part and field."""
    return _networks()["spread"]


@lru_cache(maxsize=1)
def _networks() -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    return read_document(NETWORKS).data


def write(chosen: ParameterSet, path: Path) -> None:
    """Write a parameter set as YAML that `read` reads."""
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    data = yaml.map(**chosen.model_dump(mode="json"))
    data.yaml_set_start_comment(HEAD)
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(data, stream)
