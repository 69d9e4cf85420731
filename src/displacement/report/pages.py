"""Pages from templates: text of users is text, and a name that is missing is an error."""

from __future__ import annotations

from pathlib import Path

import jinja2

__all__ = ["templates"]


def templates(home: Path) -> jinja2.Environment:
    """The templates of a folder, for pages in HTML."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(home),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
