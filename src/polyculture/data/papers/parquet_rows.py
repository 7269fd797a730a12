"""Rows of Parquet, a piece at a time, by a process that may end without harm; see `parquet` of the audit's input."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.audit_input.parquet import read_parquets
from polyculture.data.papers.raw import Raw
from polyculture.errors import DataError

_CHILD = Path(__file__).with_name("parquet_rows_child.py")
_SECONDS = 600.0


def parquet_rows(path: Path, rows: int | None) -> Generator[Raw]:
    """All columns, at most so many rows at a time.

    Raises
    ------
    DataError
        If the file is damaged, or a disk does not answer.
    """
    if rows is None:
        (frame,) = read_parquets([path], small=False)
        if isinstance(frame, DataError):
            raise frame
        yield Raw(_stripped(frame, path), str(path))
        return
    start = 0
    with closing(_pieces(path, rows)) as pieces:
        for frame in pieces:
            yield Raw(_stripped(frame, path), str(path), start)
            start += frame.height


def _stripped(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Names of columns without spaces around them."""
    names = [name.strip() for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: the column {twice!r} stands twice in the header; rename one")
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _pieces(path: Path, rows: int) -> Generator[pl.DataFrame]:
    with tempfile.TemporaryDirectory(prefix="polyculture-", ignore_cleanup_errors=True) as folder:
        # -P: the modules of this folder must not stand in the way of others of the same name
        command = [sys.executable, "-P", str(_CHILD), str(path), folder, str(rows)]
        with subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as child:
            try:
                while (piece := _asked(child, path)) is not None:
                    # as bytes: a file that is mapped could not go at once everywhere
                    frame = pl.read_ipc(Path(piece).read_bytes())
                    Path(piece).unlink()
                    yield frame
            finally:
                child.kill()
                # a process that ended before it was asked leaves words behind, which closing would try to send again
                with contextlib.suppress(BrokenPipeError):
                    _pipes(child)[0].close()


def _asked(child: subprocess.Popen[str], path: Path) -> str | None:
    """The file of the next piece, None after the last."""
    said = _said(child)
    if said is None:
        raise DataError(f"{path}: was not read within {_SECONDS:.0f} s; copy it to a disk that answers")
    if "error" in said:
        raise DataError(f"{path}: is no whole Parquet file ({said['error']}); write it again")
    return said["file"] or None


def _said(child: subprocess.Popen[str]) -> dict[str, str] | None:
    """What the process answers, None if it does not within some minutes."""
    silent = threading.Event()

    def end() -> None:
        silent.set()
        child.kill()

    timer = threading.Timer(_SECONDS, end)
    timer.start()
    try:
        answer = _exchange(child)
    finally:
        timer.cancel()
    if silent.is_set():
        return None
    return json.loads(answer) if answer.endswith("\n") else {"error": f"the process that read it ended: {child.wait()}"}


def _exchange(child: subprocess.Popen[str]) -> str:
    stdin, stdout = _pipes(child)
    try:
        stdin.write("next\n")
        stdin.flush()
    except BrokenPipeError:
        return ""
    return str(stdout.readline())


def _pipes(child: subprocess.Popen[str]) -> tuple[Any, Any]:
    return child.stdin, child.stdout
