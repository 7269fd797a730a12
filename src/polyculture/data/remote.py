"""Files that lie elsewhere: brought here once, by any file system that fsspec knows."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from polyculture.addresses import is_remote, opened, without_secrets
from polyculture.errors import DataError, PolycultureError
from polyculture.progress import LOG
from polyculture.store import cache_folder

WEB = ("http://", "https://")
VALIDATORS = ("ETag", "Content-MD5", "Digest", "Last-Modified")
"""What a web server may say of a file that changes with it."""


def local_copy(where: str | Path) -> Path:
    """The path of a file: a path as it is, and a copy of what lies at an address.

    Copies are kept in the cache folder by address and by what the file system says of the file (its size, time or
    checksum): a file that did not change is brought once. Of a web server these are ETag and date; where it tells
    neither, the file is brought each time. Where nothing is to be kept, copies go when the process ends. The copy has
    the name of the file; user, password and query of an address are in no name and no message.

    Parameters
    ----------
    where : path or address
        ``s3://``, ``gs://``, ``https://``, ``memory://``, ``file://`` and all else that fsspec, with what is installed
        beside it, can read; credentials are where its file systems look for them.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    MissingExtraError
        If fsspec is not installed.

    Examples
    --------
    >>> from polyculture.data.remote import local_copy
    >>> local_copy("papers.csv") == Path("papers.csv")
    True
    """
    if not is_remote(where):
        return Path(where)
    with _told(where):
        system, path = opened(where)
        if not path.startswith(WEB) and system.isdir(path):  # of a web page, that would be a search for links in it
            raise DataError(f"{without_secrets(where)}: is a folder; name a file in it")
        state = _state(system, path)
        known = hashlib.sha256(f"{where} {state}".encode()).hexdigest()[:16]
        copy = _kept() / known / _name(path)
        if state is None or not copy.is_file():
            LOG.info("%s is brought here", without_secrets(where))
            _bring(system, path, copy)
    return copy


def _state(system: Any, path: str) -> str | None:
    """What changes when the file does; None where nothing tells."""
    if not path.startswith(WEB):
        return str(system.ukey(path))
    info = system.info(path)  # its ukey is made of the address alone
    told = [str(info.get(name, "")) for name in VALIDATORS]
    return "\n".join([*told, str(info.get("size"))]) if any(told) else None


def _name(path: str) -> str:
    """The name of a file, without the query that a web address or a bucket's may end in."""
    if path.startswith(WEB):
        return Path(unquote(urlsplit(path).path)).name or "file"
    plain, _, query = path.partition("?")
    return Path(plain if "=" in query else path).name or "file"


def _kept() -> Path:
    """The folder of copies; one that goes with the process where nothing is to be kept."""
    folder = cache_folder()
    return _passing(os.getpid()) if folder is None else folder / "remote"


@functools.cache
def _passing(process: int) -> Path:
    folder = tempfile.mkdtemp(prefix="polyculture-")
    atexit.register(_remove, folder, process)
    return Path(folder)


def _remove(folder: str, process: int) -> None:
    if process == os.getpid():  # a process that was forked from it ends earlier
        shutil.rmtree(folder, ignore_errors=True)


def _bring(system: Any, path: str, copy: Path) -> None:
    """Copy to a temporary file beside the place, so that what stands there is whole."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=copy.parent, prefix=".", suffix=".tmp")
    os.close(handle)
    part = Path(name)
    try:
        system.get_file(path, name)
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    """What goes wrong with an address, in one sentence without its secrets, which are in what the libraries say."""
    address = without_secrets(where)
    try:
        yield
    except PolycultureError:
        raise
    except Exception as error:  # noqa: BLE001 (each file system raises errors of its own)
        reason = _reason(where, error)
        if reason is None:
            raise DataError(f"{address}: does not exist; check the address") from None
        raise DataError(
            f"{address}: cannot be read ({reason}); check the address, what you may read, the connection and the room "
            "on the disk"
        ) from None


def _reason(where: str, error: Exception) -> str | None:
    """What went wrong; None where there is no such file. Of the web, fsspec says this of all that a server refuses."""
    said: BaseException | None = error
    if isinstance(error, FileNotFoundError):
        said = error.__cause__ if where.startswith(WEB) else None
    status = getattr(said, "status", None)
    if said is None or status in (404, 410):
        return None
    return f"{status} {getattr(said, 'message', '')}" if status else without_secrets(str(said)) or type(said).__name__
