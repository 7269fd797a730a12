"""Files and folders by what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path


def content_of(path: str | Path) -> str | None:
    """SHA-256 of a file, or of the names and contents of all files in a folder; None where it cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a").write_text("1")
    ...     content_of(folder) == content_of(folder), content_of(f"{folder}/a")[:8], content_of(f"{folder}/b")
    (True, '6b86b273', None)
    """
    path = Path(path)
    try:
        if not path.is_dir():
            return sha256(path)
        found = hashlib.sha256()
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            name = file.relative_to(path).as_posix()
            found.update(f"{name!r} {sha256(file)}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        return None  # whoever reads it says what is wrong
    return found.hexdigest()


def sha256(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
