"""Pressure to leave over a run, cell by cell: the compiled way to do what `movement.hazard` does in NumPy.

A cell is touched once: eight at a time go through all stretches of time in which nothing jumps, and only what is asked
for is kept of them. The equations, and why their integrals are exact, stand in `movement.hazard`, whose functions are
what this kernel is held to.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.kernels import flows

_pressure: Any
try:
    from displacement.kernels import _pressure
except ImportError:  # built without a compiler
    _pressure = None

Array = NDArray[Any]


class Course(NamedTuple):
    """Stretches of time in which nothing jumps, and what happens at the end of each; all of shape (stretch,).

    What happens is a row of an array of `Seen`, or -1 for nothing.
    """

    steps: int
    length: Array
    """[day]"""
    step: Array
    """Step that each lies in, without gaps."""
    ahead: Array
    """What is foreseen."""
    distant: Array
    """What of it is foreseen at the end of the stretch. [1]"""
    declared: Array
    """Pressure that holds during the stretch."""
    front: Array
    strike: Array
    change: Array


class Seen(NamedTuple):
    """What happens, as the cells see it."""

    fronts: Array
    """Of what changes hands, shape (row, cell). [1]"""
    ahead: Array
    """The largest of it and of all that comes later, same shape. [1]"""
    declared: Array
    """Shape (row, cell). [1]"""
    strikes: Array
    """Shape (row, striker, cell). [1]"""
    grip: Array
    """Response to who holds a cell where it came into hands not its people's own, below 0 elsewhere, shape (state, cell).
    The first state is that at the start. [1]"""
    changed: Array
    """1 where a state begins with a change, else 0; same shape."""
    own: Array
    """Position of the holder among the strikers, -1 for none; same shape."""
    remembered: Array
    """Of fronts before the start, shape (cell,). [1]"""
    struck: Array
    """Of strikes before the start, shape (striker, cell). [1]"""
    fresh: Array
    """What is left of a takeover before the start, shape (cell,). [1]"""


class Rates(NamedTuple):
    """Rates by day."""

    fall: float
    rise: float
    fade: float
    forget: float
    """Of memory, foresight, takeovers and strikes. [1/day]"""
    front: float
    takeover: float
    strikes: float
    """Hazards of a full threat, a fresh takeover and heavy strikes. [1/day]"""
    cap: float
    """The most, in any stretch. [1/day]"""
    scale: Array
    """Relative hazards, shape (factor,). [1]"""


class People(NamedTuple):
    """Who lives in the cells, block after block."""

    first: Array
    """Where the cells of each block begin, and the end, shape (block + 1,)."""
    start: Array
    """Shape (group, cell). [person]"""
    factor: Array
    """Relative hazard of each group, shape (group,)."""


def kernel_name() -> str:
    """The kernel in use, as of `flows.kernel_name`."""
    return flows.NUMPY if _pressure is None else flows.kernel_name()


def by_cell(course: Course, seen: Seen, rates: Rates) -> tuple[Array, Array]:
    """Cumulative hazard at each edge, and mean threat with strikes times the length of each step.

    Returns
    -------
    array of shape (factor, step + 1, cell)
        [1]
    array of shape (step, cell)
        [day]
    """
    cells = seen.remembered.size
    hazard = np.empty((rates.scale.size, course.steps + 1, cells))
    danger = np.empty((course.steps, cells))
    nobody = People(np.array([0, cells]), np.zeros((0, cells)), np.zeros(0, dtype=np.int64))
    _run(course, seen, rates, nobody, hazard, danger, None, None)
    return hazard, danger


def by_block(course: Course, seen: Seen, rates: Rates, people: People) -> tuple[Array, Array]:
    """Who never left, and the cumulative hazard that people met, block by block.

    Returns
    -------
    array of shape (group, step + 1, block)
        [person]
    array of shape (group, step + 1, block)
        Hazard times people of the start. [person]
    """
    shape = (len(people.start), course.steps + 1, people.first.size - 1)
    home, pressed = np.empty(shape), np.empty(shape)
    _run(course, seen, rates, people, None, None, home, pressed)
    return home, pressed


def _run(course: Course, seen: Seen, rates: Rates, people: People, *found: Array | None) -> None:
    """Call the compiled kernel; `found` are the arrays it fills."""
    stretches = (
        course.length.size,
        course.steps,
        _real(course.length),
        *(np.exp(-rate * course.length) for rate in rates[:4]),
        _whole(course.step),
        _whole(course.ahead),
        _real(course.distant),
        *(_whole(row) for row in course[5:]),
    )
    _pressure.run(
        kernel_name(),
        stretches,
        seen.remembered.size,
        seen.strikes.shape[1],
        (len(seen.fronts), _real(seen.fronts), _real(seen.ahead)),
        (len(seen.declared), _real(seen.declared)),
        (len(seen.strikes), _real(seen.strikes)),
        (len(seen.grip), _real(seen.grip), _real(seen.changed), _real(seen.own)),
        _real(seen.remembered),
        _real(seen.struck),
        _real(seen.fresh),
        tuple(rates[:8]),
        rates.scale.size,
        _real(rates.scale),
        (
            people.first.size - 1,
            len(people.start),
            _whole(people.first),
            _real(people.start),
            _whole(people.factor),
        ),
        *found,
    )


def _real(values: Array) -> Array:
    """Numbers as the kernel reads them."""
    return np.ascontiguousarray(values, dtype=float)


def _whole(values: Array) -> Array:
    """Positions as the kernel reads them."""
    return np.ascontiguousarray(values, dtype=np.int64)
