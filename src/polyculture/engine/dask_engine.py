"""Pieces on a Dask cluster, which schedules them, and runs those anew that were lost with a worker."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Iterator
from concurrent.futures import CancelledError
from itertools import islice
from typing import Any

from polyculture.engine.here import Function, Pieces
from polyculture.engine.piece import AHEAD, check_version, installed_version, one
from polyculture.errors import EngineError, MissingExtraError

LARGE = "distributed.admin.large-graph-warning-threshold"
WORKER = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}
"""Of workers that are started here. Dask's own thresholds give each array back to the system at once, and ask for it
again; these are the upper ends of what glibc chooses from by itself."""
PATIENCE = 30.0
"""Seconds within which a scheduler, and a first worker, must answer."""


class DaskEngine:
    """A cluster of Dask: one that runs at an address, or workers of its own on this machine.

    Parameters
    ----------
    address : str or None
    workers : int or None
        Processes to start where there is no address.
    """

    def __init__(self, address: str | None, workers: int | None) -> None:
        if importlib.util.find_spec("distributed") is None:
            raise MissingExtraError("the engine dask", "dask")
        self._cluster: Any = None
        if address is None:
            self._cluster = _own_cluster(workers or os.cpu_count() or 1)
            address = str(self._cluster.scheduler_address)
        self.address = _written(address)
        try:
            self.client = _client_of(self.address)
            _check_workers(self.client, self.address)
        except BaseException:
            self.close()
            raise

    def as_done(self, function: Function, pieces: Pieces, shared: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
        """Places and results, as they come; a few pieces more are sent than there are threads."""
        dask, distributed, comm = map(importlib.import_module, ("dask", "distributed", "distributed.comm"))
        numbered = enumerate(pieces)
        waiting: Any = None
        try:
            # results of tasks are made anew where they are lost, and data that is only scattered is not
            with dask.config.set({LARGE: 2**63}):
                common = [self.client.submit(_same, value, pure=False) for value in shared]
            threads = sum(self.client.nthreads().values())

            def send(how_many: int) -> list[Any]:
                return [
                    self.client.submit(one, function, place, piece, *common, pure=False)
                    for place, piece in islice(numbered, how_many)
                ]

            waiting = distributed.as_completed(send(max(1, AHEAD * threads)), loop=self.client.loop)
            for future in waiting:
                found = future.result()
                del future
                waiting.update(send(1))
                yield found
        except distributed.KilledWorker as error:
            raise EngineError(
                f"a piece of work ended {error.allowed_failures + 1} workers at {self.address}, as too little memory "
                "would; give them more, or make batches smaller"
            ) from error
        except (CancelledError, comm.CommClosedError) as error:
            raise EngineError(
                f"the Dask scheduler at {self.address} was lost; start it and the same command again, which goes on "
                "from what was finished if it has a run folder"
            ) from error
        finally:
            if waiting is not None and self.client.status == "running":
                self.client.cancel(list(waiting.futures))

    def close(self) -> None:
        """Leave the cluster, and end one that was started here."""
        client = getattr(self, "client", None)
        if client is not None:
            client.close(timeout=2)
        if self._cluster is not None:
            self._cluster.close()


def _client_of(address: str) -> Any:
    """A client of the scheduler at an address, and at least one worker.

    Raises
    ------
    EngineError
        If nothing answers.
    """
    distributed: Any = importlib.import_module("distributed")
    _quiet()
    client = None
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        if client is not None:
            client.close(timeout=2)
        raise EngineError(
            f"no Dask scheduler with a worker answers at {address}; start one with 'dask scheduler' and 'dask worker', "
            "or name another"
        ) from error
    return client


def _check_workers(client: Any, address: str) -> None:
    """Workers must have this package, in this version."""
    try:
        versions = set(client.run(installed_version).values())
    except ImportError as error:
        raise EngineError(
            f"the workers at {address} lack polyculture; install {installed_version()} there ({error})"
        ) from error
    for found in versions:
        check_version(found, f"at {address}")


def _quiet() -> None:
    """What goes wrong is raised here; the loggers of Dask would say it several times more."""
    for name in [
        name for name in logging.root.manager.loggerDict if name.partition(".")[0] in ("distributed", "tornado")
    ]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _own_cluster(workers: int) -> Any:
    distributed: Any = importlib.import_module("distributed")
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        env=WORKER,
        # any free port, and none that other machines reach
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )


def _written(address: str) -> str:
    return address if "://" in address else f"tcp://{address}"


def _same(value: Any) -> Any:
    return value
