"""What lies in a run folder: that it is one, what it is of, and what killed processes left in it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polyculture.errors import StoreError
from polyculture.store.artefact import MANIFEST
from polyculture.store.files import STRAY_SECONDS, older, plain, sweep, write_bytes, write_json
from polyculture.store.locks import LOCK
from polyculture.version import __version__

SCHEMA = 1
RUN, JOURNAL = "run.json", "journal.jsonl"
FILE = "the file "
"""How a setting is called that stands for a file that is read, by its content."""
STEP = re.compile(r"[a-z0-9-]+-[0-9a-f]{12}")


def check_ours(folder: Path) -> None:
    """Make the folder; one that is there must hold nothing but a run.

    Raises
    ------
    StoreError
        Naming what else is in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = [path.name for path in folder.iterdir() if not _ours(path)]
    except OSError as error:
        raise StoreError(f"{folder} cannot be a run folder ({error.strerror}); choose another") from error
    if strange:
        raise StoreError(f"{folder} holds other things than a run ({min(strange)}); name a new folder")


def _ours(path: Path) -> bool:
    if path.is_dir():
        return STEP.fullmatch(path.name) is not None
    return path.name in (RUN, JOURNAL, LOCK) or path.name.endswith(".tmp")


def tidy(folder: Path, *, held: bool) -> None:
    """Take away what a killed process left: temporary files, steps that are not whole, broken lines of the journal.

    A folder that could not be held may be another's as well: then only what nobody touched for an hour goes.

    Raises
    ------
    StoreError
        If the journal cannot be mended.
    """
    age = 0.0 if held else STRAY_SECONDS
    sweep(folder, older_than=age)
    for place in folder.glob("*/*/"):
        sweep(place, older_than=age)
        if STEP.fullmatch(place.name) and not (place / MANIFEST).is_file() and older(place, age):
            shutil.rmtree(place, ignore_errors=True)
    if held and (folder / JOURNAL).is_file():
        _mend(folder / JOURNAL)


def _mend(journal: Path) -> None:
    """Leave out lines that a full disk or a kill broke off."""
    try:
        lines = journal.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise StoreError(f"{journal} cannot be read ({error.strerror}); choose another folder") from error
    sound = [line for line in lines if line.endswith(b"\n") and _is_json(line)]
    if len(sound) < len(lines):
        write_bytes(journal, b"".join(sound))


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def sweep_beside(path: Path, *, held: bool) -> None:
    """What writing this very file or folder left half-done beside it or in it."""
    where, age = Path(os.path.realpath(path)), 0.0 if held else STRAY_SECONDS
    for stray in where.parent.glob(f".{_escaped(where.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if older(stray, age):
                stray.unlink()
    if where.is_dir():
        sweep(where, older_than=age)


def _escaped(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def begin(folder: Path, about: Mapping[str, Any] | None) -> None:
    """Note what the run is of, or see that it is the same.

    Raises
    ------
    StoreError
        Saying what differs.
    """
    place = folder / RUN
    if about is None:
        return
    given = plain({**about, "polyculture": __version__})
    if not place.is_file() or not any(folder.glob(f"*/*/{MANIFEST}")):
        write_json(place, {"schema": SCHEMA, "about": given})
        return
    try:
        known = dict(json.loads(place.read_bytes())["about"])
    except (OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"{place} cannot be read ({error}); remove the folder to begin anew") from error
    if known.get("command") != given.get("command"):
        raise StoreError(
            f"{folder} is the run of {known.get('command')}, and this is {given.get('command')}; name another folder, "
            "or remove it"
        )
    told = [_differs(name, known, given) for name in {**known, **given} if known.get(name) != given.get(name)]
    if told:
        raise StoreError(f"{folder} is the run of something else: {'; '.join(told)}; name another folder, or remove it")


def _differs(name: str, known: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """What a setting was and is; of a file, that it is another, as nobody reads hashes."""
    if not name.startswith(FILE):
        return f"{name} was {known.get(name)!r} and is {given.get(name)!r}"
    if name in known and name in given:
        return f"{name} holds something else than it did"
    return f"{name} {'was read then and is not now' if name in known else 'was not read then'}"


def append(path: Path, line: Mapping[str, Any]) -> None:
    """One line at the end of the journal; a disk that takes only a part of it is full.

    Raises
    ------
    StoreError
        If it cannot be written whole; the next start mends what is there.
    """
    data = (json.dumps(line) + "\n").encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            while data:
                data = data[os.write(handle, data) :]
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}); free some room or choose another place"
        ) from error
