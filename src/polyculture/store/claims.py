"""One writer of an output at a time on a machine; the system lets go when a process dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from polyculture.errors import StoreError
from polyculture.store.locks import grasped, holder, sign


@contextlib.contextmanager
def claimed(outputs: Sequence[Path | None]) -> Iterator[None]:
    """Hold the names of outputs, which may not be there yet, while they are made; nothing is put beside them.

    What is held lies in the folder for temporary files. Where that cannot be written to, nothing is held: each output
    is written whole all the same, and the last writer's stays.

    Raises
    ------
    StoreError
        If another process makes one of them.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder, claimed([pathlib.Path(folder, "model")]):
    ...     sorted(pathlib.Path(folder).iterdir())
    []
    """
    with contextlib.ExitStack() as held:
        for output in outputs:
            if output is not None and hasattr(os, "getuid"):
                _claim(output, held)
        yield


def _claim(output: Path, held: contextlib.ExitStack) -> None:
    try:
        handle = os.open(_place(output), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return
    held.callback(os.close, handle)
    ours = grasped(handle)
    if ours is False:
        raise StoreError(
            f"{output}: is being written by process {holder(handle)}; wait until it has ended, or name another output"
        )
    if ours:
        sign(handle)


def _place(output: Path) -> Path:
    """A file of this user's alone that stands for a path."""
    folder = Path(tempfile.gettempdir()) / f"polyculture-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is another's")
    return folder / hashlib.sha256(os.fsencode(output.resolve())).hexdigest()[:32]
