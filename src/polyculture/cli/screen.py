"""Tables on stdout and progress on stderr."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from polyculture.cli.common import printable
from polyculture.progress import LOG

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

_EPOCH = re.compile(r" epoch \d+: ")
_NUMBER = re.compile(r"[-+]?[\d.,]+%?( \[.*\])?|–|")
_LONG = re.compile(r"[^\s,]{61,}")
# A file or a pipe has no edge that a table could be cut at.
_ENDLESS = 100_000


def console() -> Console:
    """Where tables go: as wide as the terminal, or as the table where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if on_terminal() else _ENDLESS)


def on_terminal() -> bool:
    """Whether tables go to a screen, and not to a file or another program."""
    return sys.stdout.isatty()


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; its cells are shown as they are, never obeyed."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    told = in_the_middle if on_terminal() else str
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, *cells in zip(columns, *rows, strict=True):
        numeric = all(_NUMBER.fullmatch(cell) for cell in cells) and any(cells)
        table.add_column(Text(told(printable(name.strip()))), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(told(printable(cell))) for cell in row))
    out = console()
    out.print(Text(printable(title), style="bold"))
    out.print(table)
    out.print()


def in_the_middle(cell: str) -> str:
    """A cell whose long words are cut in the middle, which tells names of one family apart; paths stay.

    Examples
    --------
    >>> from polyculture.cli.screen import in_the_middle
    >>> in_the_middle("a-model" + "-of-many-words" * 6 + "-v2, other")
    'a-model-of-many-words-of-man…ds-of-many-words-v2, other'
    """

    def cut(found: re.Match[str]) -> str:
        word = found[0]
        return word if word.startswith("/") else f"{word[:28]}…{word[-19:]}"

    return _LONG.sub(cut, cell)


def note(sentence: str, *, quiet: bool) -> None:
    """Tell something on stderr that is no error."""
    if not quiet:
        typer.echo(f"Note: {printable(sentence)}", err=True)


@contextmanager
def progress(*, quiet: bool = False, verbose: bool = False) -> Iterator[None]:
    """Show what goes on in the body of a ``with``: a line that changes on a terminal, plain lines elsewhere."""
    if quiet:
        yield
        return
    handler = _Live(verbose=verbose) if sys.stderr.isatty() else _Lines(verbose=verbose)
    level = LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.setLevel(level)
        LOG.removeHandler(handler)
        handler.close()


class _Lines(logging.Handler):
    """Every step that is done, on a line of its own."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__()
        self.verbose = verbose

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message, unless it only says that something begins, or is an epoch that nobody asked for."""
        message = record.getMessage()
        if self.verbose or not (_EPOCH.search(message) or message.endswith(" ...")):
            typer.echo(printable(message), err=True)


class _Live(logging.Handler):
    """What is going on now in one line that changes, and above it what is done."""

    def __init__(self, *, verbose: bool) -> None:
        from rich.console import Console

        super().__init__()
        self.verbose = verbose
        self.status: Status = Console(stderr=True, highlight=False).status("starting")
        self.status.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Show a message."""
        from rich.text import Text

        message = printable(record.getMessage())
        lasting = " done in " in message or record.levelno > logging.INFO
        if lasting or (self.verbose and not message.endswith(" ...")):
            self.status.console.print(Text(message))
        if not lasting:
            self.status.update(Text(message))

    def close(self) -> None:
        """Take the line away."""
        self.status.stop()
        super().close()
