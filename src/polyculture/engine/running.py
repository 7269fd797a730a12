"""Results of pieces of work: as they are done, in order, or all at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from polyculture.engine.choice import current
from polyculture.engine.here import Function, Pieces, by_joblib, chosen_with_joblib, in_processes, one_by_one
from polyculture.engine.piece import INSIDE
from polyculture.errors import ParameterError


def as_done(
    function: Function, pieces: Pieces, *, shared: tuple[Any, ...] = (), jobs: int = 1
) -> Iterator[tuple[int, Any]]:
    """Places and results of ``function(*shared, *piece)`` for each piece, in the order in which they are done.

    Parameters
    ----------
    function : callable
        Importable by name, so that another process can run it. A piece may run twice, on a cluster of which a part is
        lost: it must do the same then, and change none of its arguments, which other pieces may share.
    pieces : iterable of tuple
        Arguments of each call; asked for one at a time, so that no more are held than are being worked on.
    shared : tuple
        First arguments of every call. They go to a cluster once, and not with every piece; processes of this machine
        have large arrays in common, and get anything else with every piece.
    jobs : int
        Calls at once, each in a process of its own with one thread; 1 runs them here, one after the other, and -1 uses
        every core. An engine that was chosen with :func:`use`, or a backend with ``joblib.parallel_config``, decides
        that for itself.

    Raises
    ------
    ParameterError
        If `jobs` is 0.
    EngineError
        If the engine, or all that it ran a piece on, is lost. What a piece raises is raised as it is.

    Examples
    --------
    >>> from polyculture import engine
    >>> sorted(engine.as_done(pow, [(2, 3), (3, 2)]))
    [(0, 8), (1, 9)]
    """
    if jobs == 0:
        raise ParameterError("jobs is 0; use a number of processes, or -1 for one a core")
    engine = None if INSIDE.get() else current()
    if engine is not None:
        found = engine.as_done(function, pieces, shared)
    elif chosen_with_joblib():
        found = by_joblib(function, pieces, shared)
    elif jobs == 1 or INSIDE.get():
        found = one_by_one(function, pieces, shared)
    else:
        found = in_processes(function, pieces, shared, jobs)
    return found


def each(function: Function, pieces: Pieces, *, shared: tuple[Any, ...] = (), jobs: int = 1) -> Iterator[Any]:
    """The same results in the order of the pieces; those that come early wait for their turn.

    Examples
    --------
    >>> from polyculture import engine
    >>> next(engine.each(pow, [(2, 3), (3, 2)]))
    8
    """
    early: dict[int, Any] = {}
    turn = 0
    with closing(as_done(function, pieces, shared=shared, jobs=jobs)) as coming:  # type: ignore[type-var]
        for place, result in coming:
            early[place] = result
            while turn in early:
                yield early.pop(turn)
                turn += 1


def run(function: Function, pieces: Pieces, *, shared: tuple[Any, ...] = (), jobs: int = 1) -> list[Any]:
    """All results, in the order of the pieces; parameters and errors are those of :func:`as_done`.

    Examples
    --------
    >>> from polyculture import engine
    >>> engine.run(pow, [(2, 3), (3, 2)])
    [8, 9]
    """
    return list(each(function, pieces, shared=shared, jobs=jobs))
