"""A disk that fails at the n-th thing that is asked of it."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from unittest import mock

OF_NUMBERS = ("write", "ftruncate", "truncate")
"""What is asked of a file by its number, as locks and journals are written."""
ASKED = ("open", "fsync", "replace", "rename", "mkdir", "chmod", "fdopen", *OF_NUMBERS)
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)


@dataclass
class Disk:
    """Counts what is asked of files in a folder, and fails one of these calls, or none."""

    root: Path
    fail: int = 0
    error: int = errno.ENOSPC
    asked: list[str] = field(default_factory=list)

    def ask(self, what: str, path: object) -> None:
        """Fail if it is the call that is to."""
        if not self.holds(path):
            return
        self.asked.append(what)
        if len(self.asked) == self.fail:
            raise OSError(self.error, os.strerror(self.error), str(path))

    def holds(self, path: object) -> bool:
        """Whether a path, or what a number stands for, lies in the folder."""
        if isinstance(path, int):
            path = Path(f"/proc/self/fd/{path}").readlink()
        return isinstance(path, str | os.PathLike) and Path(path).absolute().is_relative_to(self.root)

    @property
    def failed(self) -> bool:
        """Whether there were so many calls that one failed."""
        return 0 < self.fail <= len(self.asked)


class _File:
    """A file whose writing can fail."""

    def __init__(self, file: Any, disk: Disk, path: object) -> None:
        self._file, self._disk, self._path = file, disk, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._file.__exit__(*error)

    def write(self, data: Any) -> Any:
        self._disk.ask("write", self._path)
        return self._file.write(data)

    def flush(self) -> None:
        self._disk.ask("flush", self._path)
        self._file.flush()

    def truncate(self, size: int) -> Any:
        self._disk.ask("truncate", self._path)
        return self._file.truncate(size)


@contextmanager
def failing(disk: Disk) -> Iterator[Disk]:
    """What is asked of files goes through a disk."""
    whole = {name: getattr(os, name) for name in ASKED}
    opened = io.open

    def through(name: str) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            disk.ask(f"os.{name}" if name in OF_NUMBERS else name, path)
            return whole[name](path, *args, **kwargs)

        return call

    def fdopen(handle: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = whole["fdopen"](handle, mode, *args, **kwargs)
        return _File(file, disk, handle) if disk.holds(handle) and mode[0] in "wxa" else file

    def open_(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        disk.ask(f"open {mode[0]}", path)
        file = opened(path, mode, *args, **kwargs)
        return _File(file, disk, path) if disk.holds(path) and mode[0] in "wxa" else file

    patches = {name: through(name) for name in whole if name != "fdopen"} | {"fdopen": fdopen}
    with mock.patch.multiple(os, **patches), mock.patch.object(io, "open", open_):
        yield disk
