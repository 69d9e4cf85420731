"""Work on many members, batch by batch, in processes of this machine or wherever a `map` takes it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

__all__ = ["BATCH", "Map", "in_batches", "processes"]

Item = TypeVar("Item")
Done = TypeVar("Done")
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

BATCH = 4
"""The most members that one process works on before it hands them back: they see the same distances to fronts."""


@contextmanager
def processes(workers: int) -> Iterator[Map]:
    """A `map` that shares its work among processes of this machine; the built-in one for a single worker.

    What is the same for all items (the inputs) goes to each process once, when it starts. From a script of your own
    only below ``if __name__ == "__main__":``. What is mapped can be pickled.
    """
    if workers == 1:
        yield map
        return
    with ExitStack() as pools:
        at_work: list[tuple[Any, ProcessPoolExecutor]] = []

        def each(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
            if not at_work or at_work[0][0] is not work:
                pools.close()
                spawned = multiprocessing.get_context("spawn")
                pool = ProcessPoolExecutor(workers, spawned, _take_up, (work,))
                at_work[:] = [(work, pools.enter_context(pool))]
            try:
                yield from at_work[0][1].map(_done, items)
            except BrokenProcessPool:
                message = "a worker was ended from outside, perhaps for want of memory; write fewer --workers"
                raise RuntimeError(message) from None

        yield each


_TASK: list[Callable[[Any], Any]] = []
"""What a worker process does, written down when it starts and not changed after; empty everywhere else."""


def _take_up(work: Callable[[Any], Any]) -> None:
    """Begin a worker process; it ends with the one that started it, also if that is killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _TASK.append(work)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _done(item: Any) -> Any:
    return _TASK[0](item)


def in_batches(
    work: Callable[[Sequence[Item]], Done],
    items: Sequence[Item],
    map: Map,
    told: Callable[[int], None],
    size: int | None = None,
) -> Iterator[Done]:
    """Work through many members batch by batch.

    Parameters
    ----------
    work : callable
        Of a batch of items.
    items : sequence
        One for each member.
    map : callable
        The built-in one, that of `processes`, or a cluster's; gives results in order.
    told : callable
        Told how many are done, after each batch.
    size : int, optional
        Of a batch; no number depends on it. None: `BATCH`.

    Yields
    ------
    What `work` returns of each batch, in order.
    """
    size = size or BATCH
    batches = [items[first : first + size] for first in range(0, len(items), size)]
    ready = 0
    for result, batch in zip(map(work, batches), batches, strict=True):
        ready += len(batch)
        told(ready)
        yield result
