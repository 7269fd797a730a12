"""Pieces on this machine: one after the other, or in several processes."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from polyculture.engine.piece import INSIDE, one
from polyculture.errors import EngineError

Function = Callable[..., Any]
Pieces = Iterable[tuple[Any, ...]]


def one_by_one(function: Function, pieces: Pieces, shared: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
    """Results in order, each computed when it is asked for."""
    for place, piece in enumerate(pieces):
        yield place, function(*shared, *piece)


def in_processes(function: Function, pieces: Pieces, shared: tuple[Any, ...], jobs: int) -> Iterator[tuple[int, Any]]:
    """Results as they come from processes of their own, with one thread each, which end with the pieces."""
    engine = Processes(jobs)
    try:
        yield from engine.as_done(function, pieces, shared)
    finally:
        engine.close()


class Processes:
    """An engine of several processes of this machine, with one thread each."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def as_done(self, function: Function, pieces: Pieces, shared: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
        """Places and results, as they come."""
        from joblib import parallel_config

        give_back_memory()
        # Arrays come to the processes as copies on write: what they share they hold once, and torch may have them.
        with parallel_config("loky", n_jobs=self._workers, inner_max_num_threads=1, mmap_mode="c"):
            yield from by_joblib(function, pieces, shared)

    def close(self) -> None:
        """End the processes: idle ones would keep what their pieces took."""
        from joblib.externals.loky import get_reusable_executor

        # reuse=True takes those that are there and makes no new ones
        get_reusable_executor(reuse=True).shutdown(wait=True)


def by_joblib(function: Function, pieces: Pieces, shared: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
    """Results as they come from joblib, on whatever :func:`joblib.parallel_config` chose."""
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool

    given = (delayed(_one)(function, place, piece, *shared) for place, piece in enumerate(pieces))
    try:
        yield from Parallel(return_as="generator_unordered")(given)
    except BrokenProcessPool as error:
        raise EngineError(
            "a process was ended from outside, as a system does that has no memory left; use fewer processes, and "
            "start again"
        ) from error


def chosen_with_joblib() -> bool:
    """Whether somebody chose a backend of joblib, other than its own processes."""
    if "joblib" not in sys.modules:  # then nobody can have chosen, and loading it takes time
        return False
    from joblib.parallel import get_active_backend

    backend, jobs = get_active_backend()
    return not INSIDE.get() and (type(backend).__name__ != "LokyBackend" or jobs not in (None, 1))


def _one(function: Function, place: int, piece: tuple[Any, ...], *shared: Any) -> tuple[int, Any]:
    try:
        return one(function, place, piece, *shared)
    finally:
        give_back_memory()


def give_back_memory() -> None:
    """Return freed memory to the system, which glibc keeps for itself: several processes share what there is.

    Examples
    --------
    >>> from polyculture import engine
    >>> engine.give_back_memory()
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
