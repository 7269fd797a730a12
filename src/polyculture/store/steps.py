"""Steps of one question: kept when they are whole, and taken from where they are kept."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from polyculture.errors import StoreError
from polyculture.progress import LOG
from polyculture.store import records
from polyculture.store.artefact import MANIFEST, load, save
from polyculture.store.run_folder import JOURNAL, append

T = TypeVar("T")

_KIND = "step"


@dataclass
class Part:
    """One question that a run answers in steps; without a folder every step is computed and nothing is kept.

    Examples
    --------
    >>> from polyculture.store import Part
    >>> Part(None).step("sum", lambda: 1 + 2)
    3
    """

    folder: Path | None
    asked: set[str] = field(default_factory=set)
    send: Callable[[Path], None] | None = field(default=None, repr=False)
    """Called with each step that is whole."""

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
        if not self.asks(name):
            return compute()
        known = self.kept(name, kinds)
        if known is None:
            self.begun(name)
            return cast("T", self.keep(name, compute(), kinds))
        return cast("T", known["value"])

    def asks(self, name: str) -> bool:
        """Whether a step of this name is kept: within a part, for the first time that it is asked for."""
        first = self.folder is not None and name not in self.asked
        self.asked.add(name)
        return first

    def kept(self, name: str, kinds: Collection[type] = ()) -> dict[str, Any] | None:
        """The ``value`` of a step that was finished before, in a mapping; None where there is none."""
        return _kept(self._place(name), kinds)

    def begun(self, name: str) -> None:
        """Note that a step is under way."""
        self._note(name, "begun")

    def keep(self, name: str, value: Any, kinds: Collection[type] = ()) -> Any:
        """Keep what a step gave, and give what was read back.

        Raises
        ------
        StoreError
            If the value cannot be kept, or the folder cannot be written to.
        """
        place = self._place(name)
        save(place, {"value": records.to_state(value, kinds)}, kind=_KIND, facts={"step": name})
        self._note(name, "kept")
        if self.send is not None:
            self.send(place)
        known = _kept(place, kinds)
        if known is None:
            raise StoreError(f"{place} cannot be read back; see that the disk is sound, and start again")
        return known["value"]

    def _place(self, name: str) -> Path:
        assert self.folder is not None  # noqa: S101 (asked only where steps are kept)
        return self.folder / named(name, records.digest(name))

    def _note(self, name: str, what: str) -> None:
        if self.folder is not None:
            line = {"part": self.folder.name, "step": name, "what": what, "process": os.getpid(), "at": time.time()}
            append(self.folder.parent / JOURNAL, line)


def named(name: str, sha256: str) -> str:
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
