"""Bytes and lines of files that others wrote: bounded, decoded, and nothing unpacked to the disk."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from polyculture.data.audit_input.files import checked
from polyculture.errors import DataError

BYTES = 2**30
"""A file, and all files of a zip together, unpack to no more than this."""
RATIO, ALWAYS = 200, 2**26
"""What is packed unpacks to 200 times its size, or to 64 MiB; lists of edges are far from that."""
MEMBERS = 20_000
"""Files of a zip or a folder."""


def bounded(path: str | Path) -> bytes:
    """The bytes of a file, unpacked where it ends in ``.gz``.

    Raises
    ------
    DataError
        If it is missing, empty, damaged or too large.
    """
    path = checked(path)[0]
    size = path.stat().st_size
    packed = path.suffix.lower() == ".gz"
    limit = min(BYTES, max(ALWAYS, RATIO * size)) if packed else BYTES
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            # no more than is there: as much memory is asked for as bytes
            data: bytes = stream.read(limit + 1 if packed else min(limit, size) + 1)
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error}); write it again") from error
    if len(data) > limit:
        raise DataError(f"{path}: holds more than {limit:,} bytes, which no list of nodes does; split it")
    if not data:
        raise DataError(f"{path}: is empty; write it again")
    return data


def lines(data: bytes, source: str) -> list[str]:
    """Lines of a text in UTF-8."""
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{source}: line {line} is not UTF-8; save the file as UTF-8") from error


def listed(path: str | Path, endings: tuple[str, ...]) -> dict[str, Callable[[], bytes]]:
    """Names of the files of a folder or a zip that end so, with what reads each.

    Raises
    ------
    DataError
        If it is neither, holds too many files, or a zip names a file outside itself.
    """
    path = Path(path)
    if path.is_dir():
        return _in_folder(path, endings)
    checked(path)
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: is neither a folder nor a zip; name one that holds the graphs")
    return _in_zip(path, endings)


def _in_folder(folder: Path, endings: tuple[str, ...]) -> dict[str, Callable[[], bytes]]:
    paths = [path for path in sorted(folder.rglob("*")) if path.name.lower().endswith(endings) and path.is_file()]
    if len(paths) > MEMBERS:
        raise DataError(f"{folder}: holds {len(paths):,} files, more than {MEMBERS:,}; split it")
    return {str(path): partial(bounded, path) for path in paths}


def _in_zip(path: Path, endings: tuple[str, ...]) -> dict[str, Callable[[], bytes]]:
    with _opened(path) as archive:
        members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    if len(members) > MEMBERS:
        raise DataError(f"{path}: holds {len(members):,} files, more than {MEMBERS:,}; split it")
    for member in members:
        if _outside(member.filename):
            raise DataError(f"{path}: holds {member.filename!r}, which lies outside it; pack it again")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: holds a file twice; pack it again")
    left = [min(BYTES, max(ALWAYS, RATIO * path.stat().st_size))]
    wanted = sorted(name for name in names if name.lower().endswith(endings))
    return {f"{path}: {name}": partial(_member, path, name, left) for name in wanted}


def _outside(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in name


def _member(path: Path, name: str, left: list[int]) -> bytes:
    """The bytes of a member, taken from what the whole zip may unpack to, whatever it says of itself."""
    try:
        with _opened(path) as archive, archive.open(name) as stream:
            data = stream.read(left[0] + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DataError(f"{path}: {name} cannot be unpacked ({error}); pack it again") from error
    left[0] -= len(data)
    if left[0] < 0:
        raise DataError(f"{path}: unpacks to more than its size allows, at {name}; pack what is needed alone")
    return data


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path}: is no whole zip ({error}); write it again") from error


def cells(data: bytes, source: str, separator: str | None) -> Iterator[tuple[int, list[str]]]:
    """Numbers of lines, and the cells of each that is neither empty nor a remark (``#`` or ``%``).

    Without a separator it is a tab, a comma or white space, whichever the first line has.
    """
    rows = lines(data, source)
    kept = [(number, row) for number, row in enumerate(rows, start=1) if row.strip() and row.lstrip()[0] not in "#%"]
    if kept and separator is None:
        separator = next((mark for mark in "\t,;" if mark in kept[0][1]), None)
    for number, row in kept:
        yield number, [cell.strip() for cell in row.split(separator)]
