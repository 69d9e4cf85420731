"""What the commands share: exit codes, how they are declared, how far they are."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

DONE, WRONG_INPUT, WRONG_USAGE, FAILED = 0, 1, 2, 3


def command(
    commands: Any, name: str, purpose: str, do: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """Declare a command."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=purpose)
    added.add_argument("--debug", action="store_true", help="show the traceback of an error")
    added.set_defaults(do=do)
    return added


def from_to(kind: type[Any], low: float, high: float) -> Callable[[str], Any]:
    """Reads a number of an option that must lie between two bounds."""

    def number(written: str) -> Any:
        value = kind(written)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be from {low} to {high} (got {written})")
        return value

    return number


class Progress:
    """Tells the step on a terminal, and nothing where the output is piped."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.began = time.monotonic()

    def __call__(self, step: str) -> None:
        """Show a step."""
        if self.shown:
            seconds = time.monotonic() - self.began
            print(f"\r\033[K{seconds:5.1f} s  {step} ...", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        """Clear the line."""
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
