"""Lines of text files, plain or compressed, that may be cut short."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self, cast

from polyculture.errors import DataError, MissingExtraError

_LONGEST = 2**26
_BUFFER = 2**18
_CLOSE_TO_END = 6
"""A value that is cut is noticed at its start: ``\\u00`` and ``fals`` are the longest that are not strings."""


class Lines:
    """Lines of a file that ends in ``.gz``, ``.zst`` or anything else, with their ends; closed by a ``with``.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    number : int
        Lines given so far.
    cut : str or None
        After the last line: where the file was cut short, None if it was not.

    Raises
    ------
    DataError
        If the compressed data are damaged, or a line is longer than 64 MiB.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self.cut: str | None = None
        self._stream = opened(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def __iter__(self) -> Iterator[bytes]:
        while line := self._next():
            self.number += 1
            yield line

    def _next(self) -> bytes:
        try:
            line = self._stream.readline(_LONGEST)
        except EOFError:
            self.cut = f"{self.path}: the compressed data end too early, after line {self.number}"
            return b""
        except (zlib.error, gzip.BadGzipFile, OSError, _zstd_error()) as error:
            raise DataError(
                f"{self.path}: is damaged after line {self.number} ({_first(error)}); fetch or write it again"
            ) from error
        if len(line) >= _LONGEST:
            raise DataError(f"{self.path}: line {self.number + 1} is longer than 64 MiB; write one paper a line")
        return line

    def say_cut(self) -> None:
        """Note that the line that was given last is not whole."""
        self.cut = f"{self.path}: is cut in line {self.number}; the lines before it were read"


def decoded(lines: Lines) -> Iterator[str]:
    """Lines as text; a character that a cut has split is left out, and the cut noted.

    Raises
    ------
    DataError
        If a line is not UTF-8.
    """
    for line in lines:
        data = line.removeprefix(b"\xef\xbb\xbf") if lines.number == 1 else line
        try:
            yield data.decode("utf-8")
        except UnicodeDecodeError as error:
            if line.endswith(b"\n") or error.reason != "unexpected end of data":
                raise DataError(f"{lines.path}: line {lines.number} is not UTF-8; save the file as UTF-8") from error
            lines.say_cut()
            yield data[: error.start].decode("utf-8")


def objects(lines: Lines) -> Iterator[Any]:
    """What each line of JSON holds; blank lines are skipped.

    Raises
    ------
    DataError
        If a line is no JSON, unless it is the last and was cut.
    """
    for line in decoded(lines):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            if line.endswith("\n") or not cut_short(error, line):
                raise DataError(
                    f"{lines.path}: line {lines.number} is no valid JSON ({error.msg}); write one object a line"
                ) from error
            lines.say_cut()
        except (RecursionError, ValueError) as error:
            raise DataError(
                f"{lines.path}: line {lines.number} is no valid JSON ({_first(error)}); write one object a line"
            ) from error


def cut_short(error: json.JSONDecodeError, text: str) -> bool:
    """Whether JSON is invalid because its end is missing, and not because of something in its midst.

    Examples
    --------
    >>> def tried(text):
    ...     try:
    ...         json.loads(text)
    ...     except json.JSONDecodeError as error:
    ...         return cut_short(error, text)
    >>> [tried('{"a": [1, {"b'), tried('{"a": tru'), tried('{"a" 1, "bcd": "efg"}')]
    [True, True, False]
    """
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - _CLOSE_TO_END


def opened(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked if its name says that they are packed.

    Raises
    ------
    MissingExtraError
        If it ends in ``.zst`` and the package that unpacks these is not installed.
    """
    ending = path.suffix.lower()
    if ending == ".gz":
        return io.BufferedReader(_Unpacked(gzip.GzipFile(path, "rb")), _BUFFER)
    if ending == ".zst":
        return io.BufferedReader(_Unpacked(_zstd().ZstdFile(path, "rb")), _BUFFER)
    return path.open("rb", buffering=_BUFFER)


class _Unpacked(io.RawIOBase):
    """Unpacked bytes as they come: what can be unpacked is given before the error that ends a file that is cut."""

    def __init__(self, packed: Any) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._packed.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _zstd() -> Any:
    from importlib import import_module

    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise MissingExtraError("reading .zst files", "literature")


def _zstd_error() -> type[Exception]:
    """The error of damaged Zstandard data; one that is never raised where nothing can unpack them."""
    try:
        return cast("type[Exception]", _zstd().ZstdError)
    except MissingExtraError:
        return zlib.error


def _first(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
