"""What holds for every file that an audit reads."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from polyculture.errors import DataError

Paths = str | Path | Sequence[str | Path]
"""One path or several."""


def checked(paths: Paths) -> list[Path]:
    """The paths, each of which leads to a file that can be opened and is not empty.

    Raises
    ------
    DataError
        If there is no path, or one leads nowhere, to a folder or to an empty file, or stands there twice.
    """
    several = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    if not several:
        raise DataError("no file was given; name at least one")
    for path in several:
        _check(path)
    twice = [path for path, times in Counter(path.resolve() for path in several).items() if times > 1]
    if twice:
        raise DataError(f"{twice[0]}: is given twice; name each file once")
    return several


def _check(path: Path) -> None:
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
        # a pipe is not opened, for that would wait
        empty = kind == stat.S_IFREG and not _begins(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: does not exist; check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: cannot be read ({reason}); check its name and permissions") from error
    if kind == stat.S_IFDIR:
        raise DataError(f"{path}: is a folder; name the files in it")
    if kind != stat.S_IFREG:
        raise DataError(f"{path}: is a pipe or a device; write what it gives to a file first")
    if empty:
        raise DataError(f"{path}: is empty; write it again")


def _begins(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(1)


def stems(paths: Sequence[Path]) -> list[str]:
    """A name for each file: its own without the ending, with as many of its folders as make all names different.

    Examples
    --------
    >>> stems([Path("a/bert.csv"), Path("a/gpt.csv")]), stems([Path("bert/test.csv"), Path("gpt/test.csv")])
    (['bert', 'gpt'], ['bert/test', 'gpt/test'])
    """
    whole = [path.absolute().with_suffix("").parts for path in paths]
    for length in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-length:]) for parts in whole]
        if len(set(names)) == len(names):
            return names
    return [path.name for path in paths]


def called(paths: Sequence[Path]) -> str:
    """What to call several files in a message."""
    return str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
