"""Vectors that were computed once and need not be computed again."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.errors import ShapeError
from polyculture.progress import LOG
from polyculture.store.files import cache_folder

T = TypeVar("T")

_BATCH = 500
_WAIT_SECONDS = 10.0
_TRIES = 50
_PAUSE_SECONDS = 0.02
_CHECK_BYTES = 8


class Cache:
    """Vectors by text, kept in one SQLite file that several processes may share.

    A cache never stands in the way: what is damaged is set aside and built anew, what cannot be written is not kept.

    Parameters
    ----------
    name : str
        What made the vectors: the model and its revision, and all that changes them.
    width : int, >= 1
        Numbers in a vector; kept as float32.
    folder : path or None
        See `cache_folder`; off when ``POLYCULTURE_CACHE`` is ``""`` or ``"off"``.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = Cache("demo", 2, folder=folder)
    ...     cache.put(["a"], np.ones((1, 2)))
    ...     vectors, found = cache.get(["a", "b"])
    >>> vectors.tolist(), found.tolist()
    ([[1.0, 1.0], [0.0, 0.0]], [True, False])
    """

    def __init__(self, name: str, width: int, *, folder: str | Path | None = None) -> None:
        self.name = name
        self.width = width
        home = cache_folder(folder)
        digest = hashlib.blake2b(f"{name}\n{width}".encode(), digest_size=6).hexdigest()
        stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60]
        self.path = None if home is None else home / "vectors" / f"{stem}-{digest}.sqlite"

    def get(self, keys: Sequence[str]) -> tuple[Array, Mask]:
        """Vectors of texts, and which of them are known.

        Parameters
        ----------
        keys : sequence of n str

        Returns
        -------
        float32 array of shape (n, width), zero where unknown, and a mask of shape (n,)
        """
        hashes = [_hash(key) for key in keys]
        rows = self._try(lambda connection: dict(_select(connection, hashes))) or {}
        vectors = np.zeros((len(keys), self.width), dtype=np.float32)
        found = np.zeros(len(keys), dtype=bool)
        for i, key in enumerate(hashes):
            row = self._unseal(key, rows.get(key, b""))
            if row is not None:
                vectors[i], found[i] = row, True
        return vectors, found

    def put(self, keys: Sequence[str], array: Array) -> None:
        """Keep vectors of texts; those of texts that are known are replaced.

        Parameters
        ----------
        keys : sequence of n str
        array : array of shape (n, width)

        Raises
        ------
        ShapeError
            If the array has another shape.
        """
        array = np.ascontiguousarray(array, dtype="<f4")
        if array.shape != (len(keys), self.width):
            raise ShapeError(f"{len(keys)} texts need an array of shape {(len(keys), self.width)}, not {array.shape}")
        rows = [(key := _hash(text), _seal(key, row.tobytes())) for text, row in zip(keys, array, strict=True)]
        self._try(lambda connection: _insert(connection, rows))

    def _unseal(self, key: bytes, sealed: bytes) -> Array | None:
        row = sealed[_CHECK_BYTES:]
        if len(row) != 4 * self.width or sealed != _seal(key, row):
            return None
        return np.frombuffer(row, dtype="<f4")

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        if self.path is None:
            return None
        for _ in range(_TRIES):
            try:
                with closing(_connect(self.path)) as connection, connection:
                    return work(connection)
            except (sqlite3.OperationalError, OSError) as error:
                if not _busy(error):
                    LOG.warning("%s is not used: %s", self.path, error)
                    return None
                time.sleep(_PAUSE_SECONDS)
            except sqlite3.DatabaseError as error:
                LOG.warning("%s is damaged (%s) and is set aside", self.path, error)
                if not _set_aside(self.path):
                    return None
        LOG.warning("%s is not used: others hold it", self.path)
        return None


def _busy(error: Exception) -> bool:
    """Whether another process is at it: the change to a write-ahead log does not wait as other work does."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        # A power cut may lose the last vectors, which can be computed again, but not the file.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID")
    except BaseException:
        connection.close()
        raise
    return connection


def _select(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    left = iter(hashes)
    while batch := list(islice(left, _BATCH)):
        marks = ",".join("?" * len(batch))
        yield from connection.execute(f"SELECT key, row FROM vectors WHERE key IN ({marks})", batch)  # noqa: S608 - marks only


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes]]) -> None:
    connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def _set_aside(path: Path) -> bool:
    try:
        path.replace(path.with_name(f"{path.name}.broken-{os.getpid()}"))
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    except FileNotFoundError:
        return True  # another process was faster
    except OSError:
        return False
    return True


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _seal(key: bytes, row: bytes) -> bytes:
    """A row behind a check of itself and its key: SQLite itself would not notice a flipped bit."""
    return hashlib.blake2b(key + row, digest_size=_CHECK_BYTES).digest() + row
