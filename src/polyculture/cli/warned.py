"""Warnings of libraries as one line each: what is said, and not where in the source."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

LONGEST = 300
"""Letters of a warning at most."""


@contextmanager
def one_line_each() -> Iterator[None]:
    """Show each warning in the body of a ``with`` once, on stderr, as a line without a path."""
    from polyculture.cli.common import printable

    said: set[str] = set()

    def tell(message: Warning | str, *_: Any, **__: Any) -> None:
        line = " ".join(str(message).split())
        line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
        if line not in said:
            said.add(line)
            typer.echo(f"Warning: {printable(line)}", err=True)

    with warnings.catch_warnings():
        warnings.showwarning = tell
        yield
