"""What a run is told with: its folder, tables, texts and workbook.

The functions that people call by themselves are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from displacement.report.books.book import exact_workbook, workbook

__all__ = ["exact_workbook", "workbook"]

_HOME = {
    "exact_workbook": "displacement.report.books.book",
    "workbook": "displacement.report.books.book",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'displacement.report' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
