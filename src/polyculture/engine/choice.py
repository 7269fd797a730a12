"""Which engine runs pieces of work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Protocol, Self

from polyculture.engine.here import Function, Pieces, Processes, chosen_with_joblib
from polyculture.engine.piece import INSIDE
from polyculture.errors import ParameterError

ENGINES = ("local", "dask", "ray")
ADDRESS = re.compile(r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
"""A host, or the address of one, and a port."""


class Engine(Protocol):
    """What runs pieces of work elsewhere: anything with these two methods.

    Examples
    --------
    >>> from polyculture import engine
    >>> class Backwards:
    ...     def as_done(self, function, pieces, shared):
    ...         given = reversed(list(enumerate(pieces)))
    ...         return ((place, function(*shared, *piece)) for place, piece in given)
    ...
    ...     def close(self):
    ...         pass
    >>> with engine.use(Backwards()):
    ...     list(engine.as_done(pow, [(2, 2), (3, 2)]))
    [(1, 9), (0, 4)]
    """

    def as_done(self, function: Function, pieces: Pieces, shared: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
        """Places and results of ``function(*shared, *piece)``, as they are done."""

    def close(self) -> None:
        """Give back what was taken to run them."""


_CURRENT: ContextVar[Engine | None] = ContextVar("engine", default=None)


def current() -> Engine | None:
    """The engine that was chosen; None where pieces run on this machine."""
    return _CURRENT.get()


def elsewhere() -> bool:
    """Whether pieces of work run in several processes or on other machines, so that small pieces pay.

    Examples
    --------
    >>> from polyculture import engine
    >>> engine.elsewhere()
    False
    """
    return not INSIDE.get() and (current() is not None or chosen_with_joblib())


class Used:
    """An engine in use, until it is closed or its ``with`` ends.

    Examples
    --------
    >>> from polyculture import engine
    >>> used = engine.use("local", workers=2)
    >>> engine.elsewhere()
    True
    >>> used.close()
    >>> engine.elsewhere()
    False
    """

    def __init__(self, engine: Engine | None) -> None:
        self._engine = engine
        self._token: Token[Engine | None] | None = _CURRENT.set(engine)

    def close(self) -> None:
        """Take again what was in use before, and end what was started."""
        if self._token is None:
            return
        _CURRENT.reset(self._token)
        self._token = None
        if self._engine is not None:
            self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def use(engine: str | Engine, address: str | None = None, *, workers: int | None = None) -> Used:
    """Run all independent pieces of work on an engine, from now on or within a ``with``.

    Fitting, audits, surveys and evaluations ask for the same pieces whatever runs them, so that the numbers are the
    same: to the last bit with one thread a process, which is what clusters are started with.

    Parameters
    ----------
    engine : {"local", "dask", "ray"}, address, or Engine
        ``"local"`` is this machine and the default; ``"dask"`` and ``"ray"`` start workers of their own here, unless
        an address is given. ``"dask://HOST:PORT"`` and ``"ray://HOST:PORT"`` name a cluster that runs; anything with
        the methods of :class:`Engine` is taken as it is.
    address : str or None
        Where the scheduler listens, ``HOST:PORT`` or as Dask and Ray write it.
    workers : int or None
        Processes to start, each with one thread. None is one a core for Dask and Ray, and for ``"local"`` as many as
        each command or class takes by itself. Not for a cluster that runs already.

    Returns
    -------
    Used
        Ends with ``close()`` or its ``with``.

    Raises
    ------
    ParameterError
        If there is no such engine.
    MissingExtraError
        If its package is not installed.
    EngineError
        If nothing answers at the address, or its workers have another version of this package.

    Notes
    -----
    A backend that was chosen with ``joblib.parallel_config`` is used as well. Workers on other machines read nothing
    from this one but what is sent to them; files that a survey reads must lie where they can read them too.

    Examples
    --------
    >>> from polyculture import engine
    >>> with engine.use("local"):
    ...     engine.run(pow, [(2, 3), (3, 2)])
    [8, 9]
    """
    if not isinstance(engine, str):
        return Used(engine)
    name, named, there = engine.partition("://")
    address = there if named else address
    if name not in ENGINES or (name == "local" and address is not None):
        raise ParameterError(f"engine is {engine!r}; use one of {', '.join(ENGINES)}, or dask://HOST:PORT")
    if address is not None and not ADDRESS.fullmatch(address.rpartition("://")[2]):
        raise ParameterError(f"engine is at {address!r}, which is no HOST:PORT; write dask://10.0.0.5:8786, say")
    if workers is not None and workers < 1:
        raise ParameterError(f"workers is {workers}; use a number from 1")
    if name == "local":
        return Used(None if workers in (None, 1) else Processes(workers))
    return Used(_started(name, address, workers))


def _started(name: str, address: str | None, workers: int | None) -> Engine:
    if name == "dask":
        from polyculture.engine.dask_engine import DaskEngine

        return DaskEngine(address, workers)
    from polyculture.engine.ray_engine import RayEngine

    return RayEngine(address, workers)
