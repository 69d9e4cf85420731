"""How far a run is, and where its time went."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

__all__ = ["Progress", "Stopwatch", "silent"]


class Progress(Protocol):
    """Is told the name of each step as it begins, and of a long one how far it is."""

    def __call__(self, step: str, done: int = 0, of: int = 0) -> None:
        """Take note.

        Parameters
        ----------
        step : str
            What is being done.
        done, of : int
            Parts that are ready, and all parts; 0 and 0: not known.
        """


def silent(step: str, done: int = 0, of: int = 0) -> None:
    """Progress that nobody hears of."""


class Stopwatch:
    """Adds up the time that each step takes, and passes on what it is told.

    Parameters
    ----------
    passed_on : Progress
        Told the same.
    clock : callable
        The time now. [s]

    Examples
    --------
    >>> ticks = iter([0.0, 2.0, 5.0, 6.0])
    >>> watch = Stopwatch(clock=lambda: next(ticks))
    >>> watch("reading"); watch("moving"); watch("reading"); watch.stop()
    {'reading': 3.0, 'moving': 3.0}
    """

    def __init__(self, passed_on: Progress = silent, clock: Callable[[], float] = time.perf_counter) -> None:
        self._passed_on, self._clock = passed_on, clock
        self._seconds: dict[str, float] = {}
        self._step: str | None = None
        self._since = 0.0

    def __call__(self, step: str, done: int = 0, of: int = 0) -> None:
        """A step begins, or goes on."""
        self._count()
        self._step = step
        self._passed_on(step, done, of)

    def tell(self, step: str, done: int = 0, of: int = 0) -> None:
        """A step goes on whose time is counted where it is done."""
        self.stop()
        self._passed_on(step, done, of)

    def add(self, seconds: Mapping[str, float]) -> None:
        """Time that steps took elsewhere. [s]"""
        for step, more in seconds.items():
            self._seconds[step] = self._seconds.get(step, 0.0) + more

    def stop(self) -> dict[str, float]:
        """Count no further until the next step; seconds so far, by step in the order in which they began. [s]"""
        self._count()
        self._step = None
        return dict(self._seconds)

    def _count(self) -> None:
        now = self._clock()
        if self._step is not None:
            self.add({self._step: now - self._since})
        self._since = now
