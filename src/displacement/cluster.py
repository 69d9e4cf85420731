"""Tiles and batches of members on a Dask cluster: a `map` for `pipeline.run`. The only room that knows Dask."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from displacement.crew import Map
from displacement.io.errors import InputError, finding

__all__ = ["Cluster", "connected"]

PATIENCE = 30.0
"""How long a scheduler is waited for. [s]"""
KEPT = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25}
"""Memory that local workers keep for the next array. Dask's own settings give every array above 128 kB back at once, and
half of the time goes into getting it again. [byte]"""
TIMES = 10
"""Workers that may be lost while they are at work on one batch; more, and it is taken to be the batch's fault."""


class Cluster(NamedTuple):
    """What a run needs to know of a cluster."""

    map: Map
    """Works on its workers and gives results in order."""
    here: int
    """Its processes that share this machine's memory."""


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """A cluster to work on until the block ends.

    Parameters
    ----------
    address : str
        ``tcp://host:8786``, the scheduler of a cluster that runs; or ``local:N``, N processes of this machine.

    Yields
    ------
    Cluster

    Raises
    ------
    InputError
        If the address is not written so, nobody answers, or Dask is not installed.
    """
    local = re.fullmatch(r"local:([1-9][0-9]*)", address)
    if local is None and re.fullmatch(r"(tcp|tls|ucx|ws|wss)://\S+", address) is None:
        raise _wrong(
            f"cannot be read (got {address}); write tcp://HOST:PORT, or local:N for N processes here"
        )
    if find_spec("distributed") is None:
        raise _wrong(
            "needs Dask, which is not installed; write: pip install 'displacement-estimator[cluster]'"
        )
    dask, distributed = (import_module(name) for name in ("dask", "distributed"))
    settings = {
        "distributed.scheduler.allowed-failures": TIMES,
        "distributed.admin.large-graph-warning-threshold": "1TiB",  # the inputs, which go once
        **{f"distributed.nanny.pre-spawn-environ.{name}": size for name, size in KEPT.items()},
    }
    with dask.config.set(settings):
        if local is not None:
            workers = int(local[1])
            with (
                distributed.LocalCluster(
                    workers, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=None
                ) as crew,
                distributed.Client(crew) as client,
            ):
                yield Cluster(_mapping(client, distributed.KilledWorker), workers)
        else:
            with _client(distributed, address) as client:
                yield Cluster(_mapping(client, distributed.KilledWorker), 0)


def _wrong(message: str) -> InputError:
    return InputError(finding("cluster", message))


def _client(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=PATIENCE)
    except (OSError, TimeoutError):
        raise _wrong(f"nobody answers at {address}; start a scheduler there, or write local:N") from None


def _mapping(client: Any, lost: type[Exception]) -> Map:
    """A `map` whose work goes to the workers; `lost` is raised where one batch cost too many of them.

    What is the same for all items (the inputs) goes once, as a task of its own: each worker takes it from one that
    has it, and where all who had it are lost, it is made again of what was sent.
    """
    sent: list[tuple[Any, Any]] = []

    def each(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        if not sent or sent[0][0] is not work:
            sent[:] = [(work, client.submit(pickle.loads, pickle.dumps(work), pure=False))]
        left = [client.submit(_done, sent[0][1], item, pure=False) for item in items]
        try:
            while left:
                yield left[0].result()
                del left[0]
        except lost:
            raise RuntimeError(
                f"{TIMES} workers were lost at one batch of members; they may have too little memory: give them more, "
                "or make the cells larger (grid: cell_km)"
            ) from None
        finally:
            client.cancel(left)

    return each


def _done(work: Callable[[Any], Any], item: Any) -> Any:
    return work(item)
