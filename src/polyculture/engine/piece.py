"""One piece of work, wherever it runs, and what the workers of a cluster need for it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any

from polyculture import version
from polyculture.errors import EngineError

AHEAD = 2
"""Pieces that are sent to a cluster for each thread: one is worked on while the next arrives."""
_THRESHOLDS = {-3: 32 * 2**20, -1: 64 * 2**20}
"""M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h, at the ends of what glibc chooses from."""
INSIDE: ContextVar[bool] = ContextVar("inside", default=False)
"""Whether this is a piece of work already: what it loops over runs in it, one after the other."""


def one(function: Callable[..., Any], place: int, piece: tuple[Any, ...], *shared: Any) -> tuple[int, Any]:
    """The result of a piece, with its place among the others."""
    keep_freed_memory()
    token = INSIDE.set(True)
    try:
        return place, function(*shared, *piece)
    finally:
        INSIDE.reset(token)


@cache
def keep_freed_memory() -> None:
    """Let glibc use blocks of up to 32 MiB again that were freed, as it learns to by itself in other processes.

    Dask starts its workers with thresholds by which each array is asked of the system and given back at once; what
    works on arrays takes half as long again for it.

    Examples
    --------
    >>> from polyculture.engine.piece import keep_freed_memory
    >>> keep_freed_memory()
    """
    if sys.platform == "linux":
        choose = getattr(ctypes.CDLL(None), "mallopt", None)
        if choose is not None:
            for name, value in _THRESHOLDS.items():
                choose(name, value)


def installed_version() -> str:
    """Of this package, where the piece runs."""
    return version.__version__


def check_version(found: str, where: str) -> None:
    """Workers must have this package in this version.

    Raises
    ------
    EngineError
        If they have another.
    """
    if found != installed_version():
        raise EngineError(
            f"the workers {where} have polyculture {found}, and this is {installed_version()}; install the same "
            "everywhere"
        )
