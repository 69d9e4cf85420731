"""What is written of a run, loaded when it is first used, so that importing this imports nothing heavy."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from displacement.report.briefs.page import brief

__all__ = ["brief"]

_HOME = {
    "brief": "displacement.report.briefs.page",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'displacement.report' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
