"""One process at a time on a folder; the system lets go when a process dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from polyculture.errors import StoreError
from polyculture.progress import LOG

try:
    import fcntl
except ImportError:  # no such locks on this system: one process at a time is then the user's care
    fcntl = None  # type: ignore[assignment]

LOCK = "lock"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder; where another process does, say which one, and wait for it.

    Raises
    ------
    StoreError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder, alone(pathlib.Path(folder)):
    ...     sorted(path.name for path in pathlib.Path(folder).iterdir())
    ['lock']
    """
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written to ({error.strerror}); choose another folder") from error
    try:
        # some network file systems know no locks: steps are whole all the same
        if fcntl is not None:
            with contextlib.suppress(OSError):
                _wait(handle, folder)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def _wait(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        LOG.warning("%s is held by process %s: waiting for it", folder, os.pread(handle, 20, 0).decode() or "?")
        fcntl.flock(handle, fcntl.LOCK_EX)
