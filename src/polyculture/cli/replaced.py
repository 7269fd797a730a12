"""Which outputs a command found there and replaced, in one line on stderr."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

import typer

MANIFESTS = ("manifest.json", "config.json")
"""What is written last into a folder, by any command that writes one."""

LARGE = 2**24
"""Bytes of a file that is not read to know whether it is another now; the time is then enough."""

_FOUND: ContextVar[dict[Path, object]] = ContextVar("found", default={})  # noqa: B039 (never changed in place)


def watch(outputs: Iterable[Path]) -> None:
    """Remember those outputs that are there before the work."""
    _FOUND.set(_FOUND.get() | {path: mark for path in outputs if (mark := _mark(path)) is not None})


def forget() -> None:
    """A command begins: what another one in the same process found is not its own."""
    _FOUND.set({})


def replaced() -> list[Path]:
    """Outputs that were there and are others now."""
    return [path for path, mark in _FOUND.get().items() if _mark(path) not in (mark, None)]


def tell_replaced() -> None:
    """Say what was replaced."""
    from polyculture.cli.common import printable

    for path in replaced():
        typer.echo(f"Replaced {printable(str(path))}", err=True)
    forget()


def _mark(path: Path) -> object:
    """What changes when a file, or the manifest of a folder, gets another content; None where there is none."""
    try:
        if path.is_dir():
            path = next(path / name for name in MANIFESTS if (path / name).is_file())
        found = path.stat()
        return found.st_mtime_ns if found.st_size > LARGE else path.read_bytes()
    except (OSError, StopIteration):
        return None
