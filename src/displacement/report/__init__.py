"""What is written of a run: its workbook, brief, layers and pictures, and runs side by side.

The functions are loaded when they are first used, so that the room stays light to enter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from displacement.report.books.book import exact_workbook, workbook
    from displacement.report.briefs.page import brief
    from displacement.report.comparing.folder import compare
    from displacement.report.maps.pictures import chart, picture
    from displacement.report.maps.zone_layers import layers

__all__ = ["brief", "chart", "compare", "exact_workbook", "layers", "picture", "workbook"]

_HOME = {
    "brief": "displacement.report.briefs.page",
    "chart": "displacement.report.maps.pictures",
    "compare": "displacement.report.comparing.folder",
    "exact_workbook": "displacement.report.books.book",
    "layers": "displacement.report.maps.zone_layers",
    "picture": "displacement.report.maps.pictures",
    "workbook": "displacement.report.books.book",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'displacement.report' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
