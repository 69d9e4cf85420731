"""Kinds of machines that packages are resolved for: that of Windows, and the one at hand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import NamedTuple

from packaging import markers, tags

__all__ = ["WINDOWS", "Platform", "here", "options"]


class Platform(NamedTuple):
    """A kind of machine and its Python."""

    name: str
    tags: tuple[str, ...]
    python: str
    markers: Mapping[str, str]


WINDOWS = Platform(
    "windows",
    ("win_amd64",),
    "3.12",
    {
        "implementation_name": "cpython",
        "implementation_version": "3.12.0",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "platform_release": "10",
        "platform_system": "Windows",
        "platform_version": "10.0",
        "python_full_version": "3.12.0",
        "python_version": "3.12",
        "sys_platform": "win32",
    },
)


def here() -> Platform:
    """This machine and the Python that runs this."""
    major, minor = sys.version_info[:2]
    known = {key: str(value) for key, value in markers.default_environment().items()}
    return Platform("here", tuple(tags.platform_tags()), f"{major}.{minor}", known)


def options(platform: Platform) -> list[str]:
    """Options of pip for wheels of a platform."""
    wanted = [word for tag in platform.tags for word in ("--platform", tag)]
    return [*wanted, "--implementation", "cp", "--python-version", platform.python, "--only-binary=:all:"]
