"""How loops over independent pieces of work run."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterable
from typing import Any

from polyculture.errors import ParameterError


def run(function: Callable[..., Any], pieces: Iterable[tuple[Any, ...]], *, jobs: int = 1) -> list[Any]:
    """Results of ``function(*piece)`` for each piece, in order.

    Parameters
    ----------
    function : callable
        Importable by name, so that another process can run it.
    pieces : iterable of tuple
        Arguments of each call; asked for one at a time, so that no more are held than are being worked on.
    jobs : int
        Calls at once, each in a process of its own with one thread; 1 runs them here, one after the other, and -1 uses
        every core.

    Raises
    ------
    ParameterError
        If `jobs` is 0.

    Examples
    --------
    >>> from polyculture import engine
    >>> engine.run(pow, [(2, 3), (3, 2)])
    [8, 9]
    """
    if jobs == 0:
        raise ParameterError("jobs is 0; use a number of processes, or -1 for one a core")
    if jobs == 1:
        return [function(*piece) for piece in pieces]
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky import get_reusable_executor

    give_back_memory()
    # Arrays come to the processes as copies on write: what they share they hold once, and torch may have them.
    try:
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1, mmap_mode="c"):
            found: list[Any] = Parallel()(delayed(_one)(function, piece) for piece in pieces)
    finally:
        # idle processes would keep what their pieces took; reuse=True takes those that are there and makes no new ones
        get_reusable_executor(reuse=True).shutdown(wait=True)
    return found


def _one(function: Callable[..., Any], piece: tuple[Any, ...]) -> Any:
    try:
        return function(*piece)
    finally:
        give_back_memory()


def give_back_memory() -> None:
    """Return freed memory to the system, which glibc keeps for itself: several processes share what there is."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
