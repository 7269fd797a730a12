"""A folder that long work keeps its finished steps in, so that work that was broken off goes on from there."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from polyculture.errors import StoreError
from polyculture.progress import LOG
from polyculture.store import records
from polyculture.store.artefact import MANIFEST, load, save
from polyculture.store.locks import alone
from polyculture.store.run_folder import JOURNAL, SCHEMA, append, begin, check_ours, sweep_beside, tidy
from polyculture.version import __version__

T = TypeVar("T")

_KIND = "step"


@dataclass(frozen=True)
class Run:
    """A run folder that this process holds."""

    folder: Path


@dataclass
class Part:
    """One question that a run answers in steps; without a folder every step is computed and nothing is kept.

    Examples
    --------
    >>> from polyculture.store.runs import Part
    >>> Part(None).step("sum", lambda: 1 + 2)
    3
    """

    folder: Path | None
    asked: set[str] = field(default_factory=set)

    def step(self, name: str, compute: Callable[[], T], kinds: Collection[type] = ()) -> T:
        """What `compute` gives, or gave when the step was finished before.

        Kept or not, the value is the one that was read back, so that work that goes on does what it did the first
        time. A name that was asked for before is computed again: within a part, a name means one thing.

        Parameters
        ----------
        name : str
        compute : callable
            Without arguments; all that its value depends on is among the inputs of the part, or made from these.
        kinds : collection of type
            Classes of records in the value; see :func:`polyculture.store.records.to_state`.

        Raises
        ------
        StoreError
            If the value cannot be kept, or the folder cannot be written to.
        """
        if self.folder is None or name in self.asked:
            return compute()
        self.asked.add(name)
        place = self.folder / _named(name, records.digest(name))
        known = _kept(place, kinds)
        if known is None:
            self._note(name, "begun")
            save(place, {"value": records.to_state(compute(), kinds)}, kind=_KIND, facts={"step": name})
            self._note(name, "kept")
            known = _kept(place, kinds)
        if known is None:
            raise StoreError(f"{place} cannot be read back; see that the disk is sound, and start again")
        found: T = known["value"]
        return found

    def _note(self, name: str, what: str) -> None:
        if self.folder is not None:
            line = {"part": self.folder.name, "step": name, "what": what, "process": os.getpid(), "at": time.time()}
            append(self.folder.parent / JOURNAL, line)


_RUN: ContextVar[Run | None] = ContextVar("run", default=None)
_PART: ContextVar[Part | None] = ContextVar("part", default=None)


@contextlib.contextmanager
def run(
    folder: str | Path, *, about: Mapping[str, Any] | None = None, outputs: Collection[Path | None] = ()
) -> Iterator[Run]:
    """Keep the steps of long work in a folder, and take from there those that were finished before.

    What runs inside the ``with`` and knows steps (``fit``, ``audit``, ``survey``) keeps each when it is whole; started
    again on the same folder, it goes on from the last. Steps are found by what they were made from: the data, the
    parameters and the seed. One process works on a folder at a time; others wait for it.

    Parameters
    ----------
    folder : path
        Made when there is none; nothing but a run may be in it.
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
    folder = Path(os.path.realpath(folder))
    held = _RUN.get()
    if held is not None and held.folder == folder:
        yield held  # the same folder within itself
        return
    check_ours(folder)
    with alone(folder):
        tidy(folder)
        for path in outputs:
            if path is not None:
                sweep_beside(path)
        begin(folder, about)
        token = _RUN.set(Run(folder))
        try:
            yield Run(folder)
        finally:
            _RUN.reset(token)


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
    """
    held = _RUN.get()
    if held is None:
        yield Part(None)
        return
    given = {**inputs, "schema": SCHEMA, "polyculture": __version__}
    known = {each: records.digest(value, kinds) for each, value in given.items()}
    found = Part(held.folder / _named(name, records.digest(known)))
    token = _PART.set(found)
    try:
        yield found
    finally:
        _PART.reset(token)


def keeping() -> bool:
    """Whether a run is open, so that it is worth finding out what a part depends on."""
    return _RUN.get() is not None


def here() -> Part:
    """The part whose steps are under way; one that keeps nothing where there is none."""
    return _PART.get() or Part(None)


def step(name: str, compute: Callable[[], T], kinds: Collection[type] = ()) -> T:
    """A step of the part that is under way; see :meth:`Part.step`."""
    return here().step(name, compute, kinds)


def _named(name: str, sha256: str) -> str:
    """A plain folder name for any name."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"{stem or 'step'}-{sha256[:12]}"


def _kept(place: Path, kinds: Collection[type]) -> dict[str, Any] | None:
    """What a finished step gave, in a mapping; None where it is not whole."""
    if not (place / MANIFEST).is_file():
        return None
    try:
        return dict(records.from_state(load(place, kind=_KIND), kinds))
    except (StoreError, LookupError, TypeError, ValueError, AttributeError) as error:
        LOG.warning("%s is damaged (%s) and is computed again", place, error)
        return None
