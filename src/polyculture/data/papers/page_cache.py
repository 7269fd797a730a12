"""Pages that were fetched and need not be fetched again for some days."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from polyculture.errors import StoreError
from polyculture.progress import LOG
from polyculture.store import cache_folder, write_bytes

_DAY = 86_400.0


class PageCache:
    """Pages by address, each a file that begins with a check of the rest.

    Like other caches, it never stands in the way: what is damaged or old is fetched again, what cannot be written is
    not kept.

    Parameters
    ----------
    folder : path or None
        See `polyculture.store.cache_folder`.
    days : float
        How long a page is good for.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = PageCache(folder)
    ...     cache.put("https://example.org/1", {"results": []})
    ...     cache.get("https://example.org/1"), cache.get("https://example.org/2")
    ({'results': []}, None)
    """

    def __init__(self, folder: str | Path | None = None, days: float = 7.0) -> None:
        home = cache_folder(folder)
        self._home = None if home is None else home / "pages"
        self._seconds = days * _DAY

    def get(self, address: str) -> dict[str, Any] | None:
        """The page of an address, None if it is not kept."""
        path = self._path(address)
        try:
            if path is None or time.time() - path.stat().st_mtime > self._seconds:
                return None
            check, _, data = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if check != _check(data):
            LOG.warning("%s is damaged and is fetched again", path)
            return None
        page: dict[str, Any] = json.loads(data)
        return page

    def put(self, address: str, page: dict[str, Any]) -> None:
        """Keep a page."""
        path = self._path(address)
        if path is None:
            return
        data = json.dumps(page).encode()
        try:
            write_bytes(path, _check(data) + b"\n" + data)
        except StoreError as error:
            LOG.warning("a page is not kept: %s", error)

    def _path(self, address: str) -> Path | None:
        name = hashlib.blake2b(address.encode(), digest_size=16).hexdigest()
        return None if self._home is None else self._home / f"{name}.json"


def _check(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).hexdigest().encode()
