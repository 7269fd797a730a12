"""One process at a time on a folder; the system lets go when a process dies."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from polyculture.errors import StoreError
from polyculture.progress import LOG

try:
    import fcntl
except ImportError:  # no such locks on this system: one process at a time is then the user's care
    fcntl = None  # type: ignore[assignment]

LOCK = "lock"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Hold a folder, and whether it is really held; where another process does, say which one, and wait for it.

    Some network file systems know no locks: there nobody holds anything, and steps are whole all the same.

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
        held = _waited(handle, folder)
        sign(handle)
        yield held
    finally:
        os.close(handle)


def sign(handle: int) -> None:
    """Write into a lock who holds it: a help to others, and not worth failing for on a full disk."""
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())


def holder(handle: int) -> str:
    """The process that holds a lock, as far as it wrote that into it."""
    return os.pread(handle, 20, 0).decode("ascii", "replace") or "?"


def grasped(handle: int) -> bool | None:
    """Take a lock if nobody has it, and whether that went well; None where there are no locks."""
    if fcntl is None:
        return None  # type: ignore[unreachable]
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _waited(handle: int, folder: Path) -> bool:
    """Take a lock, after whoever has it; False where there are no locks."""
    held = grasped(handle)
    if held is False:
        LOG.warning("%s is held by process %s: waiting for it", folder, holder(handle))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            return False
    return held is not None


@dataclass
class _Held:
    """A folder that this process holds, and by how many it is used."""

    lock: contextlib.ExitStack
    users: int = 1


_HELD: dict[Path, _Held] = {}
_GUARD = threading.Lock()


@contextlib.contextmanager
def alone_or_within(folder: Path) -> Iterator[bool | None]:
    """The same as :func:`alone`; None where this very process holds the folder already, which does not wait.

    The last user in the process lets go.
    """
    held: bool | None = None
    if not _joined(folder):
        with contextlib.ExitStack() as lock:
            held = lock.enter_context(alone(folder))
            _keep(folder, lock)
    try:
        yield held
    finally:
        _leave(folder)


def _keep(folder: Path, lock: contextlib.ExitStack) -> None:
    with _GUARD:
        if folder in _HELD:  # two threads at once, where there are no locks
            _HELD[folder].users += 1
        else:
            _HELD[folder] = _Held(lock.pop_all())


def _joined(folder: Path) -> bool:
    with _GUARD:
        found = _HELD.get(folder)
        if found is not None:
            found.users += 1
    return found is not None


def _leave(folder: Path) -> None:
    with _GUARD:
        found = _HELD[folder]
        found.users -= 1
        if not found.users:
            del _HELD[folder]
            found.lock.close()
