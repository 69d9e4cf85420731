"""How many people move when front lines shift, from where, to where, by which day, and what aid that takes.

>>> import displacement as dp
>>> sorted(dp.__all__)
['InputError', 'Result', 'Scenario', 'estimate_needs', 'load', 'report', 'run', 'write']

The names are loaded when they are first used, so that importing the package imports nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from displacement import report
    from displacement.aid import estimate_needs
    from displacement.io.errors import InputError
    from displacement.pipeline import run
    from displacement.report.folder import write
    from displacement.result import Result
    from displacement.scenario.load import load
    from displacement.scenario.model import Scenario

__all__ = ["InputError", "Result", "Scenario", "estimate_needs", "load", "report", "run", "write"]

_HOME = {
    "InputError": "displacement.io.errors",
    "Result": "displacement.result",
    "Scenario": "displacement.scenario.model",
    "estimate_needs": "displacement.aid",
    "load": "displacement.scenario.load",
    "run": "displacement.pipeline",
    "write": "displacement.report.folder",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name == "report":
        return import_module("displacement.report")
    raise AttributeError(f"module 'displacement' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
