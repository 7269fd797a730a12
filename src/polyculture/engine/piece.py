"""One piece of work, wherever it runs, and what the workers of a cluster need for it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from polyculture import version
from polyculture.errors import EngineError

AHEAD = 2
"""Pieces that are sent to a cluster for each thread: one is worked on while the next arrives."""
INSIDE: ContextVar[bool] = ContextVar("inside", default=False)
"""Whether this is a piece of work already: what it loops over runs in it, one after the other."""


def one(function: Callable[..., Any], place: int, piece: tuple[Any, ...], *shared: Any) -> tuple[int, Any]:
    """The result of a piece, with its place among the others."""
    token = INSIDE.set(True)
    try:
        return place, function(*shared, *piece)
    finally:
        INSIDE.reset(token)


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
