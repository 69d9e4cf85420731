"""What the commands share: exit codes, how they are declared, how far they are."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

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


def memory(written: str) -> int:
    """Reads an amount of memory with its unit."""
    from displacement.memory import amount

    try:
        return amount(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class Progress:
    """Tells the step on a terminal, with a bar and the time left of a long one; a line a minute where output is piped.

    Parameters
    ----------
    to : text stream
        Where it is told.
    clock : callable
        The time now. [s]

    Examples
    --------
    >>> ticks = iter([0.0, 60.0, 90.0])
    >>> told = Progress(sys.stdout, clock=lambda: next(ticks))
    >>> told("running members", 0, 100); told("running members", 25, 100)
       90 s  running members: 25 of 100, about 90 s left
    """

    def __init__(self, to: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._to = sys.stderr if to is None else to
        self._clock = clock
        self._on_terminal = self._to.isatty()
        self._began = self._step_began = self._told = clock()
        self._step = ""

    def __call__(self, step: str, done: int = 0, of: int = 0) -> None:
        """Show a step, and how many of its parts are done."""
        now = self._clock()
        if step != self._step:
            self._step, self._step_began = step, now
        if self._on_terminal:
            bar = f"  {'█' * (20 * done // of):░<20}" if of else ""
            text = f"{now - self._began:5.0f} s  {step}{bar}{_far(now - self._step_began, done, of)} ..."
            print(f"\r\033[K{text}", end="", file=self._to, flush=True)
        elif done and now - self._told >= EVERY:
            self._told = now
            text = f"{now - self._began:5.0f} s  {step}:{_far(now - self._step_began, done, of)}"
            print(text, file=self._to, flush=True)

    @property
    def seconds(self) -> float:
        """Time since the beginning. [s]"""
        return self._clock() - self._began

    def done(self) -> None:
        """Clear the line."""
        if self._on_terminal:
            print("\r\033[K", end="", file=self._to, flush=True)


def told_of(progress: Progress, name: str) -> Callable[..., None]:
    """Progress that says of which run it speaks."""
    return lambda step, done=0, of=0: progress(f"{name}: {step}", done, of)


def print_notes(notes: Sequence[str], most: int = 20) -> None:
    """What a run asks somebody to look at."""
    for note in notes[:most]:
        print(f"Note: {note}")
    if len(notes) > most:
        print(f"Note: {len(notes) - most} more in internal/notes.txt")


EVERY = 60.0
"""Time between two lines where output is piped. [s]"""


def _far(took: float, done: int, of: int) -> str:
    """How much is done, and how long the rest takes at the same pace; blank where that is not known.

    >>> _far(30.0, 25, 100), _far(0.0, 0, 100), _far(3.0, 0, 0)
    (' 25 of 100, about 90 s left', ' 0 of 100', '')
    """
    if not of:
        return ""
    left = took / done * (of - done) if done else 0.0
    if not left:
        return f" {done} of {of}"
    words = (
        f"{left / 3600:.1f} h" if left >= 7200 else f"{left / 60:.0f} min" if left >= 120 else f"{left:.0f} s"
    )
    return f" {done} of {of}, about {words} left"


def profile(seconds: Mapping[str, float], took: float) -> str:
    """Where the time went, step by step, longest first.

    Parameters
    ----------
    seconds : mapping of str to float
        By step, those of all workers together. [s]
    took : float
        The whole run by the clock. [s]

    Examples
    --------
    >>> print(profile({"reading": 1.0, "moving people": 3.0}, 2.5))
    step                                     seconds  share
    moving people                                3.0   75 %
    reading                                      1.0   25 %
    all steps, of all workers together           4.0  100 %
    by the clock                                 2.5
    """
    whole = sum(seconds.values())
    rows = sorted(seconds.items(), key=lambda row: -row[1])
    lines = [f"{'step':<38}{'seconds':>10}  share"]
    for step, taken in (*rows, ("all steps, of all workers together", whole)):
        lines.append(f"{step:<38}{taken:>10.1f}  {taken / whole if whole else 0.0:>4.0%}".replace("%", " %"))
    return "\n".join([*lines, f"{'by the clock':<38}{took:>10.1f}"])
