"""Steps of one question: kept when they are whole, and taken from where they are kept."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

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
        place = self.folder / named(name, records.digest(name))
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
