"""A folder that long work keeps its finished steps in, so that work that was broken off goes on from there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from polyculture.addresses import is_remote
from polyculture.store import records
from polyculture.store.libraries import libraries
from polyculture.store.locks import alone_or_within
from polyculture.store.remote import mirrored
from polyculture.store.run_folder import SCHEMA, begin, check_ours, sweep_beside, tidy
from polyculture.store.steps import Part, named
from polyculture.version import __version__

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """A run folder that this process holds."""

    folder: Path
    send: Callable[[Path], None] | None = None
    """How a finished step is sent to where the folder truly lies."""


_RUN: ContextVar[Run | None] = ContextVar("run", default=None)
_PART: ContextVar[Part | None] = ContextVar("part", default=None)


@contextlib.contextmanager
def run(
    folder: str | Path, *, about: Mapping[str, Any] | None = None, outputs: Collection[Path | None] = ()
) -> Iterator[Run]:
    """Keep the steps of long work in a folder, and take from there those that were finished before.

    What runs inside the ``with`` and knows steps (``fit``, ``audit``, ``survey``) keeps each when it is whole; started
    again on the same folder, it goes on from the last. Steps are found by what they were made from: the data, the
    parameters, the seed and the versions of libraries. One process works on a folder at a time; others wait for it.

    Parameters
    ----------
    folder : path or address
        Made when there is none; nothing but a run may be in it. An address such as ``s3://bucket/run`` is one that
        fsspec knows: steps are brought from there and sent there, and nobody is kept from using it at the same time.
    about : mapping or None
        What the run is of, as plain values. A folder that was begun for something else is refused; None asks nothing.
    outputs : collection of paths
        Files that the work writes in the end: what a killed process left half-written beside them is swept away.

    Raises
    ------
    StoreError
        If the folder holds something else, was begun for something else, or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from polyculture import store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for _ in range(2):
    ...         with store.run(folder), store.part("sums", numbers=[1, 2]):
    ...             found = store.step("sum", lambda: print("computed") or 3)
    computed
    >>> found
    3
    """
    if is_remote(folder):
        with mirrored(folder) as (here, send), _held(here, about, outputs, send) as found:
            yield found
        return
    with _held(Path(os.path.realpath(folder)), about, outputs) as found:
        yield found


@contextlib.contextmanager
def _held(
    folder: Path,
    about: Mapping[str, Any] | None,
    outputs: Collection[Path | None],
    send: Callable[[Path], None] | None = None,
) -> Iterator[Run]:
    check_ours(folder)
    with alone_or_within(folder) as held:
        if held is not None:  # not a folder within itself
            _enter(folder, about, outputs, held=held)
        found = Run(folder, send)
        token = _RUN.set(found)
        try:
            yield found
        finally:
            _RUN.reset(token)


def _enter(folder: Path, about: Mapping[str, Any] | None, outputs: Collection[Path | None], *, held: bool) -> None:
    tidy(folder, held=held)
    for path in outputs:
        if path is not None:
            sweep_beside(path, held=held)
    begin(folder, about)


@contextlib.contextmanager
def part(name: str, /, *, kinds: Collection[type] = (), **inputs: Any) -> Iterator[Part]:
    """One question of the run that is open, known by all that its steps depend on; see :func:`run`.

    Parameters
    ----------
    name : str
    kinds : collection of type
        Classes of records among the inputs.
    **inputs
        Data, parameters and seed, as :func:`polyculture.store.records.to_state` takes them; looked at only where a run
        is open.

    Examples
    --------
    >>> import tempfile
    >>> from polyculture import store
    >>> with tempfile.TemporaryDirectory() as folder, store.run(folder):
    ...     for numbers in ([1, 2], [3, 4], [1, 2]):
    ...         with store.part("sums", numbers=numbers) as part:
    ...             print(part.step("sum", lambda: sum(numbers)))
    3
    7
    3
    """
    held = _RUN.get()
    if held is None:
        yield Part(None)
        return
    given = {**inputs, "schema": SCHEMA, "polyculture": __version__, "libraries": libraries()}
    known = {each: records.digest(value, kinds) for each, value in given.items()}
    found = Part(held.folder / named(name, records.digest(known)), send=held.send)
    token = _PART.set(found)
    try:
        yield found
    finally:
        _PART.reset(token)


def keeping() -> bool:
    """Whether a run is open, so that it is worth finding out what a part depends on.

    Examples
    --------
    >>> from polyculture import store
    >>> store.keeping()
    False
    """
    return _RUN.get() is not None


def here() -> Part:
    """The part whose steps are under way; one that keeps nothing where there is none.

    It can be given to another process, which keeps its steps there.

    Examples
    --------
    >>> from polyculture import store
    >>> store.here()
    Part(folder=None, asked=set())
    """
    return _PART.get() or Part(None)


def step(name: str, compute: Callable[[], T], kinds: Collection[type] = ()) -> T:
    """A step of the part that is under way; see :meth:`Part.step`.

    Examples
    --------
    >>> from polyculture import store
    >>> store.step("sum", lambda: 1 + 2)
    3
    """
    return here().step(name, compute, kinds)
